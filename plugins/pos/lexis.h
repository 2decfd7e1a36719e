/* pos/lexis.h -- the vocabularies of a tagger, and sentences as numbers.
 *
 * A unit has a number in each column, by which its row in the column's table is found:
 *
 *     words       the word; its shape; its first 1, 2 ... and its last 1, 2 ... characters
 *     characters  the character; its shape; it with the one before; it with the one after
 *
 * and besides, a word has its spelling, the letters it consists of.  Number 0 of a table is what is not
 * in it. */
#ifndef POS_LEXIS_H
#define POS_LEXIS_H

#include "units.h"

enum { POS_UNIT, POS_PAIR, POS_AFFIX, POS_SHAPE, POS_LETTER, POS_TABLES };
enum { POS_AFFIX_MAX = 5, POS_COLUMNS = 2 + 2 * POS_AFFIX_MAX, POS_LETTERS_MAX = 24 };

/* "unit", "pair", "affix", "shape", "letter". */
extern const char *const pos_table_names[];

typedef struct pos_column {
    uint8_t table, k; /* k: characters of an affix */
    void (*key)(const pos_units *u, int32_t i, int k, rf_str *out);
} pos_column;

typedef struct pos_lexis {
    int task, columns;
    bool spelling;
    pos_column column[POS_COLUMNS];
    rf_vocab *tags, *table[POS_TABLES]; /* owned; NULL: not used */
    double *count[POS_TABLES]; /* [size] how often each was seen in training; NULL: not known */
} pos_lexis;

/* Columns of a task, tables still empty. */
void pos_lexis_init(pos_lexis *x, int task, int affixes, bool spelling);
void pos_lexis_free(pos_lexis *x);
bool pos_lexis_uses(const pos_lexis *x, int table);

/* What is kept of a table: entries seen at least min_count times, `most` of them (0: all).  `more` are
 * taken besides, such as those of pretrained vectors; or NULL. */
typedef struct pos_keep {
    int64_t min_count;
    int32_t most;
    const rf_vocab *more;
} pos_keep;
/* Learn the tables from sentences `which` [n] of a corpus, and its tags in the order of bytes.  Errors:
 * ENOMEM. */
rf_status pos_lexis_learn(pos_lexis *x, const pos_corpus *c, const int32_t *which, rf_index n,
                          const pos_keep keep[POS_TABLES], rf_error *err);

/* Sentences as numbers. */
typedef struct pos_set {
    rf_index n, cap;
    rf_index *start;  /* [n] first unit */
    int32_t *lengths; /* [n] */
    rf_ids column[POS_COLUMNS];
    rf_ids label, limit, choice; /* of units, as pos_unit has them */
    rf_ids spelling;             /* of units: number of a spelling */
    rf_map *spellings;
    rf_ids letters, letters_at; /* of spellings: letters_at[k] .. letters_at[k + 1] */
} pos_set;

void pos_set_free(pos_set *set);
/* No sentences; memory is kept. */
void pos_set_clear(pos_set *set);
/* Append a sentence, which is not empty.  Errors: ENOMEM. */
rf_status pos_lexis_encode(const pos_lexis *x, pos_set *set, const pos_units *u, rf_error *err);
/* Append sentences `which` [n] of a corpus, or all (NULL).  Labels are by the corpus's tags renamed:
 * rename [tags] gives the number here, or -1.  Sentences without units are left out; `kept` (or NULL)
 * collects those that are not. */
rf_status pos_lexis_corpus(const pos_lexis *x, pos_set *set, const pos_corpus *c,
                           const int32_t *which, rf_index n, bool fixed, rf_ids *kept,
                           rf_error *err);

#endif

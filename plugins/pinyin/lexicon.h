/* pinyin/lexicon.h -- words, their readings, how frequent they are; and where syllables lead.
 *
 * Words are numbered by falling frequency; characters are words, too.  An entry is one reading of
 * one word, one syllable a character.  Entries are sorted by their bases, so that a path of
 * syllables is a range of them. */
#ifndef PINYIN_LEXICON_H
#define PINYIN_LEXICON_H

#include <refrain/model.h>

#include "syllable.h"

#define PY_WORD_LONGEST 12 /* characters */

typedef struct py_entry {
    int32_t word;
    uint32_t reading; /* in `reading` */
    uint8_t length;   /* characters and syllables */
    float cost;       /* nats: how unusual this reading of the word is */
} py_entry;

typedef struct py_lexicon {
    int32_t words;
    char *text;   /* all words, one behind the other */
    uint32_t *at; /* [words+1] where each begins in text */
    float *prior; /* [words] ln of how frequent */
    rf_map *index;
    size_t entries, readings;
    py_entry *entry;   /* in order of word */
    uint16_t *reading; /* [readings] */
    uint32_t *order;   /* [entries] by bases, then by word */
} py_lexicon;

void py_lexicon_free(py_lexicon *x);

/* The number of a word, or -1; its bytes. */
int32_t py_lexicon_find(const py_lexicon *x, const char *word, size_t n);
const char *py_lexicon_word(const py_lexicon *x, int32_t word, size_t *n);
/* The first entry of a word; its others follow. */
size_t py_lexicon_entry_of(const py_lexicon *x, int32_t word);

/* Entries order[lo .. hi) all begin with the same `depth` bases. */
typedef struct py_range {
    uint32_t lo, hi;
    uint8_t depth;
} py_range;
py_range py_lexicon_all(const py_lexicon *x);
/* Those that go on with this base; lo == hi: none. */
py_range py_lexicon_follow(const py_lexicon *x, py_range r, int base);

/* Into a model file and out of it.  Errors: EFORMAT, EINVAL, ENOMEM. */
rf_status py_lexicon_store(const py_lexicon *x, rf_model *m, rf_error *err);
rf_status py_lexicon_load(py_lexicon *x, const rf_model *m, rf_error *err);

/* Fill index and order from the rest.  Used by whoever makes a lexicon.  False: no memory. */
bool py_lexicon_finish(py_lexicon *x);

#endif

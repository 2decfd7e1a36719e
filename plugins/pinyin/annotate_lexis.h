/* pinyin/annotate_lexis.h -- what is known of characters, and sentences as numbers.
 *
 * A character that training told readings of has classes, one a reading: those that were told and those
 * of the lexicon.  Each character of a sentence has a number in each column:
 *
 *     character        pair with the one before, with the one after
 *     hint             how the phrase of the lexicon that it stands in reads it
 *     other            how else that phrase reads it, where the lexica do not agree
 *     place            where in a word it is, as the lexicon's frequencies divide the sentence
 *
 * Number 0 of a column is what is not known. */
#ifndef PINYIN_ANNOTATE_LEXIS_H
#define PINYIN_ANNOTATE_LEXIS_H

#include "annotate_corpus.h"
#include "text.h"

enum { AN_CHAR, AN_BEFORE, AN_AFTER, AN_HINT, AN_OTHER, AN_PLACE, AN_COLUMNS };
enum { AN_NOWHERE, AN_ALONE, AN_BEGIN, AN_INSIDE, AN_END, AN_PLACES };

typedef struct an_lexis {
    py_lexicon x;                    /* x.words 0: there is none */
    rf_vocab *chars, *pairs;         /* 0: unknown */
    rf_vocab *classes;               /* "行xing2", those of one character side by side */
    uint16_t *reading;               /* [classes] */
    rf_map *first;                   /* a character's bytes -> its first class */
    double *char_count, *pair_count; /* [size] in training; NULL: not known */
    py_splitter splitter;
} an_lexis;

void an_lexis_free(an_lexis *x);
/* The lexicon from files, its `words` most frequent words and all characters.  Errors: EIO, EFORMAT,
 * ENOMEM. */
rf_status an_lexis_lexicon(an_lexis *x, const char *const *path, size_t n, int32_t words,
                           rf_error *err);
/* How vocabularies are learned. */
typedef struct an_keep {
    int64_t chars, pairs; /* those seen at least so often */
    bool all;             /* every character that the lexicon reads in several ways has classes */
    const an_lexis *const *more; /* [others]: besides, what these know */
    uint32_t others;
} an_keep;
/* Characters, pairs and classes, from sentences `which` [n].  Errors: EFORMAT (no character has a
 * choice), ENOMEM. */
rf_status an_lexis_learn(an_lexis *x, const an_corpus *c, const int32_t *which, size_t n,
                         const an_keep *keep, rf_error *err);
/* Fill reading and first from classes.  Errors: EFORMAT (they are none), ENOMEM. */
rf_status an_lexis_link(an_lexis *x, const char *name, rf_error *err);

/* The classes of a character: *count of them from the one returned on; -1: none. */
int32_t an_lexis_classes(const an_lexis *x, int32_t code, int32_t *count);
/* The lexicon's first reading of a character, or -1. */
int32_t an_lexis_usual(const an_lexis *x, int32_t code);
#define AN_HINTS (1 + 8 * py_syllable_count())

/* Sentences as numbers. */
typedef struct an_set {
    rf_index n, cap;
    rf_index *start;  /* [n] */
    int32_t *lengths; /* [n] */
    rf_ids column[AN_COLUMNS];
    rf_ids first, count; /* classes of each character; count 0: it has none */
    rf_ids right;        /* the class that was told, or -1 */
} an_set;

void an_set_free(an_set *s);
void an_set_clear(an_set *s);
/* Append a sentence of n > 0 characters; reading as in an_corpus, or NULL.  Errors: ENOMEM. */
rf_status an_lexis_encode(an_lexis *x, an_set *s, const int32_t *code, const int32_t *reading,
                          size_t n, rf_error *err);

/* Append the lexicon's most frequent `most` phrases in which a character has a choice, as sentences that
 * stand in no phrase.  Errors: ENOMEM. */
rf_status an_lexis_phrases(an_lexis *x, an_set *s, rf_index most, rf_error *err);

#endif

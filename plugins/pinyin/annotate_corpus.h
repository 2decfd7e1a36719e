/* pinyin/annotate_corpus.h -- sentences as characters, and how some of these are read.  Two kinds of files:
 *
 *     他▁长▁得很高            one character is marked; its reading is the same line of another file,
 *                            which has .lb for .sent or .sent.gz at the end of its name: zhang3
 *     他很高   ta1 hen3 gao1  behind a tab a syllable for each Chinese character; what is not Chinese
 *                            has none.  The sides may be swapped, and further columns stand before */
#ifndef PINYIN_ANNOTATE_CORPUS_H
#define PINYIN_ANNOTATE_CORPUS_H

#include "text.h"

enum { AN_NEUTRAL = 5 }; /* tone of a syllable that has none */

typedef struct an_corpus {
    rf_ids code;     /* characters of all sentences */
    rf_ids reading;  /* of each, with a tone, none being the neutral one; -1: not told */
    rf_ids start;    /* [n+1] the first of each sentence; n+1 entries once one was read */
    size_t left_out; /* sentences with a syllable that standard Chinese has not */
    py_bans *bans;   /* lines that have one of these in them are not read; or NULL; borrowed */
    size_t banned;   /* such lines */
} an_corpus;

void an_corpus_free(an_corpus *c);
size_t an_corpus_count(const an_corpus *c);
/* Append the sentences of a file.  Errors: EIO; EFORMAT, naming file and line; ENOMEM. */
rf_status an_corpus_read(an_corpus *c, const char *path, rf_error *err);

/* A text in memory, and the name it goes by in messages. */
typedef struct an_text {
    const char *s;
    size_t n;
    const char *name;
} an_text;
/* The same of texts; labels.s NULL: nothing is marked. */
rf_status an_corpus_parse(an_corpus *c, an_text text, an_text labels, rf_error *err);

#endif

/* pos/align.h -- words of one text, as it was written and as it was told, side by side.
 *
 * As the evaluation of the CoNLL 2018 shared task does it: words are ranges of the text's characters
 * without white space.  Two words are the same if they have the same range; parts of a multiword token,
 * whose range is the token's, if they are on a longest common subsequence of forms (letters of either
 * case are one).  Source: universaldependencies.org/conll18/conll18_ud_eval.py. */
#ifndef POS_ALIGN_H
#define POS_ALIGN_H

#include "corpus.h"

typedef struct pos_range {
    int64_t from, to; /* characters that are no white space */
    rf_index word;    /* in its corpus */
    bool multi;       /* part of a multiword token */
} pos_range;

typedef struct pos_ranges {
    pos_range *at; /* words */
    rf_index n;
    pos_range *sentence; /* of a sentence: `word` is its first word */
    rf_index sentences;
    int64_t characters;
    uint64_t hash; /* of the characters, by which texts are compared */
} pos_ranges;

/* The ranges of a corpus.  Errors: ENOMEM. */
rf_status pos_ranges_make(pos_ranges *r, const pos_corpus *c, rf_error *err);
void pos_ranges_free(pos_ranges *r);

/* For each word of `right` the number of the same one of `told`, or -1: to [right.n].  Errors: ENOMEM. */
rf_status pos_align(const pos_ranges *right, const pos_corpus *right_in, const pos_ranges *told,
                    const pos_corpus *told_in, rf_index *to, rf_error *err);
/* How many sentences have the same range. */
rf_index pos_same_sentences(const pos_ranges *a, const pos_ranges *b);

#endif

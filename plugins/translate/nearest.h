/* translate/nearest.h -- sentences that are most alike, by the words and pairs of words they have in
 * common, rare ones first (TF-IDF, cosine). */
#ifndef TRANSLATE_NEAREST_H
#define TRANSLATE_NEAREST_H

#include "dictionary.h"

typedef struct tr_nearest tr_nearest;

/* NULL with err: ENOMEM.
 * Source: Salton, Buckley, "Term-weighting approaches in automatic text retrieval", 1988. */
tr_nearest *tr_nearest_new(const tr_sentences *s, rf_error *err);
void tr_nearest_free(tr_nearest *x);
/* The sentence nearest to n words (-1: a word that none of them has), the first of several; -1: none has
 * anything in common.  Its cosine goes to *cosine, which may be NULL. */
int64_t tr_nearest_find(tr_nearest *x, const int32_t *word, size_t n, double *cosine);

#endif

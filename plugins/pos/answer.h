/* pos/answer.h -- the labels of sentences, by a trained tagger. */
#ifndef POS_ANSWER_H
#define POS_ANSWER_H

#include "lexicon.h"
#include "tagger.h"

typedef struct pos_answer {
    rf_index found;       /* answers, best first */
    const int32_t *label; /* [found, n] */
    const double *logp;   /* [found], ln of the probability of each; NULL unless asked for */
    const double *p;      /* [n] probability of each label of the best; NULL unless asked for */
} pos_answer;

/* Every sentence of a set, batch after batch.  Lengths alike stand together unless `ordered`. */
typedef struct pos_walk {
    rf_graph *g;
    const pos_tagger *m;
    const pos_set *set;
    const pos_lexicon *lexicon; /* or NULL */
    rf_index B;
    bool ordered, probable; /* probable: logp and p are asked for */
    rf_index best;          /* answers that are asked for, at least 1 */
    /* Called after each batch; a status ends the walk.  May be NULL. */
    rf_status (*tell)(void *ctx, double done, double total);
    /* Called for each sentence, in the order of batches. */
    rf_status (*each)(void *ctx, rf_index sentence, const pos_answer *a, rf_error *err);
    void *ctx;
} pos_walk;
/* Errors: ENOMEM, EDIVERGED, those of the callbacks. */
rf_status pos_walk_run(const pos_walk *w, rf_error *err);

/* A word that labels make: units from .. to - 1. */
typedef struct pos_span {
    int32_t from, to, tag;
} pos_span;
/* The word that begins at unit `from` of n. */
pos_span pos_next_span(int task, const int32_t *label, int32_t n, int32_t from);

#endif

/* pos/learner.h -- a tagger that learns from some sentences and is judged on others. */
#ifndef POS_LEARNER_H
#define POS_LEARNER_H

#include "tagger.h"

typedef struct pos_learner {
    rf_training base; /* first */
    pos_tagger *m;
    pos_set train, valid; /* valid.n 0: nothing is held out */
} pos_learner;

/* What validation counts. */
typedef struct pos_tally {
    int64_t told, right, all, units; /* words told, rightly; words there are */
    int64_t cut;                     /* words that are found, whatever their tag */
} pos_tally;

/* Batches of B and all else that fit needs; the tagger has its parameters.  Errors: ENOMEM. */
rf_status pos_learner_begin(pos_learner *l, rf_index B, rf_error *err);
rf_status pos_learner_fit(pos_learner *l, rf_fit_result *result, rf_error *err);
void pos_learner_end(pos_learner *l);

#endif

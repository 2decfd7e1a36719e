/* lm/trainer.h -- the task for rf_fit: batches, loss, carried state, validation, saving. */
#ifndef LM_TRAINER_H
#define LM_TRAINER_H

#include <refrain/training.h>

#include "scorer.h"
#include "session.h"

/* Steps between two reports of the training loss. */
#define LM_TELL_STEPS 500

typedef struct lm_trainer {
    rf_training base; /* first; its ranks are processes that share the batch */
    lm_model *m;
    rf_ids train, valid;
    int64_t valid_characters;
    rf_stream_batches *batches;
    rf_stream_batch batch;
    rf_carried state;  /* from window to window; of this process's lanes */
    rf_sequence last;  /* the nodes of the step in progress */
    lm_scorer *scorer; /* for --sample; else NULL */
    uint8_t *forbid;   /* [V], what a sample may not have: the unknown unit */
} lm_trainer;

rf_fit_task lm_trainer_task(const lm_trainer *t);
/* Write --sample units of text with the parameters as they are. */
rf_status lm_trainer_sample(lm_trainer *t, rf_error *err);

#endif

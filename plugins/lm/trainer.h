/* lm/trainer.h -- the task for rf_fit: batches, loss, carried state, validation, saving. */
#ifndef LM_TRAINER_H
#define LM_TRAINER_H

#include <refrain/train.h>

#include "scorer.h"
#include "session.h"

/* Steps between two lines of the log, and between two reports of the training loss. */
#define LM_REPORT_STEPS 50
#define LM_TELL_STEPS   500

typedef struct lm_trainer {
    rf_session *s;
    const rf_run *r;
    rf_setting *v; /* the run's options, completed from a resumed state */
    uint64_t seed;
    const rf_collective *ranks; /* processes that share the batch; NULL: there are no others */
    rf_device *d;
    rf_graph *g;
    lm_model *m;
    rf_ids train, valid;
    int64_t valid_characters;
    rf_stream_batches *batches;
    rf_stream_batch batch;
    lm_state state;   /* carried from window to window; of this process's lanes */
    rf_index lanes;   /* of all processes */
    rf_sequence last; /* the nodes of the step in progress */
    /* Metadata of model and state: key, JSON text, ..., NULL. */
    const char *const *meta;
    lm_scorer *scorer; /* for --sample; else NULL */
    uint8_t *forbid;   /* [V], what a sample may not have: the unknown unit */
    double total;      /* steps in all as far as is known, or 0 */
    rf_status stopped; /* what the host said: a cancellation, or that the output is lost */
} lm_trainer;

rf_fit_task lm_trainer_task(lm_trainer *t);
/* Write --sample units of text with the parameters as they are. */
rf_status lm_trainer_sample(lm_trainer *t, rf_error *err);

#endif

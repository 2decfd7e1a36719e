/* lm/session.h -- what the verbs share: a model that is read. */
#ifndef LM_SESSION_H
#define LM_SESSION_H

#include <refrain/task.h>
#include <refrain/tensor.h>

#include "model.h"
#include "walk.h"

/* A model, and the device it computes on. */
typedef struct lm_reader {
    lm_model *m;
    rf_device *d;
    rf_graph *g;
} lm_reader;

/* Errors: those of lm_model_read; ENOMEM.  Close it even then. */
rf_status lm_reader_open(lm_reader *x, const rf_run *r, rf_error *err);
/* What walks texts with the weights in a form of the option --weights. */
lm_means lm_reader_means(const lm_reader *x, rf_weights form);
void lm_reader_close(lm_reader *x);

rf_status lm_train(rf_session *s, const rf_run *r);
rf_status lm_eval(rf_session *s, const rf_run *r);
rf_status lm_generate(rf_session *s, const rf_run *r);
rf_status lm_score(rf_session *s, const rf_run *r);
rf_status lm_predict(rf_session *s, const rf_run *r);
rf_status lm_cells(rf_session *s, const rf_run *r);

#endif

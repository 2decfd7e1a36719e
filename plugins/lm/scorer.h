/* lm/scorer.h -- the model one unit at a time, as decoding sees it (rf_scorer over rf_stepper). */
#ifndef LM_SCORER_H
#define LM_SCORER_H

#include <refrain/decode.h>

#include "model.h"

typedef struct lm_scorer lm_scorer;

/* For up to `rows` hypotheses.  Parameters are read when it is made and by lm_scorer_refresh. */
lm_scorer *lm_scorer_new(const lm_model *m, rf_device *d, rf_index rows, rf_weights form,
                         rf_error *err);
void lm_scorer_free(lm_scorer *s);
void lm_scorer_refresh(lm_scorer *s);
const rf_scorer *lm_scorer_interface(const lm_scorer *s);

#endif

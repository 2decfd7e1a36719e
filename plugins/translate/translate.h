/* translate/translate.h -- the verbs and their options. */
#ifndef TRANSLATE_TRANSLATE_H
#define TRANSLATE_TRANSLATE_H

#include <refrain/task.h>

#define TR_PLUGIN "org.refrain.translate"
#define TR_TASK   "translate"

extern const rf_option tr_baseline_options[];
extern const rf_option tr_bpe_options[];
extern const rf_option tr_eval_options[];

rf_status tr_baseline(rf_session *s, const rf_run *r);
rf_status tr_bpe(rf_session *s, const rf_run *r);
rf_status tr_eval(rf_session *s, const rf_run *r);

#endif

/* lab/lab.h -- the verbs of the lab and their options.
 *
 * A verb VERB lives in VERB.c: its options in the order of an enumeration, and lab_VERB, its run. */
#ifndef LAB_LAB_H
#define LAB_LAB_H

#include <refrain/task.h>

/* Who this plugin is, here and in its models. */
#define LAB_ID "org.refrain.lab"

extern const rf_option lab_graph_options[], lab_cell_options[], lab_trace_options[];
rf_status lab_graph(rf_session *s, const rf_run *r);
rf_status lab_cell(rf_session *s, const rf_run *r);
rf_status lab_trace(rf_session *s, const rf_run *r);

extern const rf_option lab_gradients_options[], lab_memory_options[], lab_odyssey_options[];
rf_status lab_gradients(rf_session *s, const rf_run *r);
rf_status lab_memory(rf_session *s, const rf_run *r);
rf_status lab_odyssey(rf_session *s, const rf_run *r);

extern const rf_option lab_series_options[], lab_oscillator_options[], lab_agent_options[];
rf_status lab_series(rf_session *s, const rf_run *r);
rf_status lab_oscillator(rf_session *s, const rf_run *r);
rf_status lab_agent(rf_session *s, const rf_run *r);

extern const rf_option lab_classify_train_options[], lab_classify_eval_options[],
    lab_classify_run_options[], lab_classify_folds_options[];
rf_status lab_classify_train(rf_session *s, const rf_run *r);
rf_status lab_classify_eval(rf_session *s, const rf_run *r);
rf_status lab_classify_run(rf_session *s, const rf_run *r);
rf_status lab_classify_folds(rf_session *s, const rf_run *r);

extern const rf_option lab_cloze_options[];
rf_status lab_cloze_verb(rf_session *s, const rf_run *r);

#endif

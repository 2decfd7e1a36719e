/* translate/translate.h -- the verbs and their options. */
#ifndef TRANSLATE_TRANSLATE_H
#define TRANSLATE_TRANSLATE_H

#include <refrain/task.h>

#define TR_PLUGIN "org.refrain.translate"
#define TR_TASK   "translate"

/* Send a line, to which its end is added: so that an empty one is a line as well.  Errors: the host's,
 * ENOMEM. */
static inline rf_status tr_emit_line(const rf_host *h, int64_t item, rf_str *line, rf_error *err)
{
    rf_str_put(line, "\n");
    if (line->failed) return rf_fail(err, RF_ENOMEM, "no memory for a line");
    return rf_emit_text(h, item, line->s, line->n, NAN);
}

extern const rf_option tr_baseline_options[];
extern const rf_option tr_bpe_options[];
extern const rf_option tr_eval_options[];

rf_status tr_baseline(rf_session *s, const rf_run *r);
rf_status tr_bpe(rf_session *s, const rf_run *r);
rf_status tr_eval(rf_session *s, const rf_run *r);

#endif

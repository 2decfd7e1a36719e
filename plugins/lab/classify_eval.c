/* lab/classify_eval.c -- the verb classify-eval: how well a classifier tells labels. */
#include "classify.h"
#include "mark.h"

static rf_status eval(rf_session *s, const rf_run *r, lab_trained_model *x, lab_samples *samples,
                      rf_error *err)
{
    lab_set set = {0};
    lab_judgement j = {0};
    const char *plot = r->opt[EVAL_PLOT].as.s;
    rf_status st = lab_trained_read(x, samples, r, false, false, err);
    if (!st) st = lab_classify_whole(&set, samples, err);
    if (!st) st = lab_judgement_init(&j, x->m->K, err);
    const lab_walk w = {.g = x->g,
                        .m = x->m,
                        .s = samples,
                        .set = &set,
                        .B = (rf_index)r->opt[READ_BATCH].as.i,
                        .watch = {lab_classify_progress, s}};
    if (!st) st = lab_judge(&j, w, err);
    const char *of = r->arg_count == 1 ? r->arg[0] : r->opt[READ_IMAGES].as.s;
    if (!st)
        st = lab_judgement_emit(&j, s->host, of ? of : "test", x->m->classes,
                                r->opt[EVAL_CONFUSION].as.i);
    if (!st && plot) st = rf_confusion_plot(&j.told, x->m->classes, "label", plot, err);
    if (!st && plot) st = rf_emit_plot(s->host, plot);
    lab_judgement_free(&j);
    lab_set_free(&set);
    return st;
}

rf_status lab_classify_eval(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    lab_trained_model x;
    lab_samples samples = {0};
    rf_status st = lab_trained_open(&x, r, &err);
    if (!st) st = eval(s, r, &x, &samples, &err);
    lab_trained_close(&x);
    st = lab_end_marked(s, st, &samples.where, &err);
    lab_samples_free(&samples);
    return st;
}

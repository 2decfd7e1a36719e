/* lab/learner.c -- a classifier that learns: batches, validation, and rf_fit. */
#include <stdlib.h>
#include <string.h>

#include "classify.h"

/* ---- Sets ------------------------------------------------------------------------------------ */

rf_status lab_learner_set(lab_set *set, const lab_samples *s, const int32_t *which, rf_index n,
                          rf_index window, rf_error *err)
{
    bool done = true;
    for (rf_index i = 0; i < n && done; i++) {
        const lab_item *x = &s->item[which[i]];
        for (rf_index at = 0; at < x->length && done; at += window ? window : x->length) {
            rf_index length = x->length - at;
            if (window && length > window) length = window;
            done = lab_set_add(set, x->start + at, (int32_t)length, which[i]);
        }
    }
    return done ? RF_OK : rf_no_memory(err);
}

/* ---- Callbacks ------------------------------------------------------------------------------- */

static rf_node loss(void *self, rf_graph *g, double *units)
{
    lab_learner *l = self;
    const lab_classified c = lab_classifier_apply(g, l->m, l->s, &l->train, &l->base.batch);
    *units = (double)c.rows;
    return lab_classifier_loss(g, l->m, &c);
}

static rf_status validate(void *self, rf_graph *g, rf_metrics *m, rf_error *err)
{
    static const char *const names[] = {"accuracy", "macro_f1", "loss"};
    lab_learner *l = self;
    lab_judgement j;
    const lab_walk w = {.g = g,
                        .m = l->m,
                        .s = l->s_valid,
                        .set = &l->valid,
                        .B = l->B,
                        .watch = {rf_training_watch, self}};
    rf_status st = lab_judgement_init(&j, l->m->K, err);
    if (!st) st = lab_judge(&j, w, err);
    if (!st) {
        const double value[] = {lab_judgement_accuracy(&j), rf_confusion_macro_f1(&j.told),
                                lab_judgement_loss(&j)};
        rf_metrics_add(m, names[l->metric], value[l->metric]);
        for (int i = 0; i < 3; i++)
            if (i != l->metric) rf_metrics_add(m, names[i], value[i]);
    }
    lab_judgement_free(&j);
    return st;
}

/* ---- Learning -------------------------------------------------------------------------------- */

rf_status lab_learner_begin(lab_learner *l, const rf_setting *v, rf_error *err)
{
    lab_classifier *m = l->m;
    const rf_bucket_spec spec = {
        .lengths = l->train.lengths, .n = l->train.n, .B = (rf_index)v[READ_BATCH].as.i};
    l->B = spec.B;
    l->metric = (int)v[NET_METRIC].as.i;
    rf_params_init(m->params, l->base.seed);
    rf_status st = RF_OK;
    if (!m->tokens && v[NET_SCALE].as.i == LAB_SCALE_TRAINING)
        st = lab_classifier_standardise(m, l->s, &l->train, err);
    if (!st) st = lab_classifier_count(m, l->s, &l->train, err);
    if (st) return st;
    if (m->in.weight && !rf_param_set_sparse(m->in.weight, true)) return rf_no_memory(err);
    l->base.higher = l->metric != METRIC_LOSS && l->valid.n;
    return rf_training_open(&l->base, &spec, m->params, err);
}

/* The majority has nothing to learn; it is judged and saved. */
static rf_status judge_once(lab_learner *l, rf_fit_result *result, rf_error *err)
{
    rf_status st = l->valid.n ? validate(l, l->base.graph, &result->metrics, err) : RF_OK;
    return st || !l->base.r->model ? st : rf_training_save(l, &result->metrics, err);
}

rf_status lab_learner_fit(lab_learner *l, rf_fit_result *result, rf_error *err)
{
    const rf_fit_task task = {.loss = loss, .validate = l->valid.n ? validate : NULL};
    if (l->m->shape.network == LAB_MAJORITY) return judge_once(l, result, err);
    return rf_training_learn(&l->base, task, result, err);
}

void lab_learner_end(lab_learner *l)
{
    lab_classifier_free(l->m);
    lab_set_free(&l->train);
    lab_set_free(&l->valid);
    rf_training_end(&l->base);
}

/* lab/judge.c -- see judge.h. */
#include "judge.h"

#include <math.h>
#include <refrain/task.h>
#include <stdlib.h>

/* ---- Walking --------------------------------------------------------------------------------- */

static rf_status walk_batch(const lab_walk *w, const rf_bucket_batch *b, rf_error *err)
{
    rf_graph_begin(w->g, RF_INFER, (rf_key){0});
    const lab_classified c = lab_classifier_apply(w->g, w->m, w->s, w->set, b);
    rf_status st = rf_graph_status(w->g, err);
    return st ? st : w->each(w->ctx, w->g, b, &c, err);
}

rf_status lab_walk_run(const lab_walk *w, rf_error *err)
{
    const rf_bucket_spec spec = {
        .lengths = w->set->lengths, .n = w->set->n, .B = w->B, .ordered = w->ordered};
    rf_bucket_batches *batches = rf_bucket_batches_new(&spec, err);
    rf_bucket_batch b;
    rf_status st = batches ? RF_OK : err->status;
    double done = 0;
    while (!st && rf_bucket_batches_next(batches, &b)) {
        st = walk_batch(w, &b, err);
        done += (double)b.B;
        if (!st && w->watch.tell) st = w->watch.tell(w->watch.ctx, done, (double)w->set->n);
    }
    rf_bucket_batches_free(batches);
    return st;
}

/* ---- Judging --------------------------------------------------------------------------------- */

rf_status lab_judgement_init(lab_judgement *j, rf_index K, rf_error *err)
{
    *j = (lab_judgement){0};
    return rf_confusion_init(&j->told, K, err);
}

void lab_judgement_free(lab_judgement *j)
{
    rf_confusion_free(&j->told);
    *j = (lab_judgement){0};
}

static double log_sum(const rf_real *x, rf_index K, rf_index *best)
{
    double sum = 0;
    *best = 0;
    for (rf_index k = 1; k < K; k++)
        if (x[k] > x[*best]) *best = k;
    for (rf_index k = 0; k < K; k++) sum += exp((double)x[k] - x[*best]);
    return x[*best] + log(sum);
}

static rf_status judge_batch(void *ctx, const rf_graph *g, const rf_bucket_batch *b,
                             const lab_classified *c, rf_error *err)
{
    lab_judgement *j = ctx;
    const rf_tensor x = rf_value(g, c->logits);
    const rf_index K = j->told.K, rows = rf_shape_count(x.shape) / K;
    (void)b;
    (void)err;
    for (rf_index r = 0; r < rows; r++) {
        rf_index said;
        if (c->target[r] < 0) continue;
        const double all = log_sum(x.data + r * K, K, &said);
        j->nats += all - x.data[r * K + c->target[r]];
        j->told.pair[c->target[r] * K + said]++;
        j->rows++;
    }
    return RF_OK;
}

rf_status lab_judge(lab_judgement *j, lab_walk w, rf_error *err)
{
    w.each = judge_batch;
    w.ctx = j;
    return lab_walk_run(&w, err);
}

/* ---- Scores ---------------------------------------------------------------------------------- */

double lab_judgement_accuracy(const lab_judgement *j)
{
    int64_t right = 0;
    for (rf_index k = 0; k < j->told.K; k++) right += rf_confusion_class(&j->told, k).right;
    return j->rows ? (double)right / (double)j->rows : (double)NAN;
}

double lab_judgement_loss(const lab_judgement *j)
{
    return j->rows ? j->nats / (double)j->rows : (double)NAN;
}

rf_status lab_judgement_emit(const lab_judgement *j, const rf_host *h, const char *of,
                             const rf_vocab *classes, bool confusion)
{
    rf_status st = rf_emit_metric(h, -1, of, "accuracy", lab_judgement_accuracy(j), NULL);
    if (!st) st = rf_emit_metric(h, -1, of, "macro_f1", rf_confusion_macro_f1(&j->told), NULL);
    if (!st) st = rf_emit_metric(h, -1, of, "loss", lab_judgement_loss(j), "nats");
    if (!st) st = rf_emit_metric(h, -1, of, "labels", (double)j->rows, NULL);
    if (!st) st = rf_confusion_emit_classes(&j->told, h, classes, "label");
    if (st || !confusion) return st;
    return rf_confusion_emit_pairs(&j->told, h, classes, "label");
}

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
    *j = (lab_judgement){.K = K, .confusion = calloc((size_t)(K * K), sizeof *j->confusion)};
    return j->confusion ? RF_OK : rf_fail(err, RF_ENOMEM, "no memory");
}

void lab_judgement_free(lab_judgement *j)
{
    free(j->confusion);
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
    const rf_index rows = rf_shape_count(x.shape) / j->K;
    (void)b;
    (void)err;
    for (rf_index r = 0; r < rows; r++) {
        rf_index said;
        if (c->target[r] < 0) continue;
        const double all = log_sum(x.data + r * j->K, j->K, &said);
        j->nats += all - x.data[r * j->K + c->target[r]];
        j->confusion[c->target[r] * j->K + said]++;
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
    for (rf_index k = 0; k < j->K; k++) right += j->confusion[k * j->K + k];
    return j->rows ? (double)right / (double)j->rows : (double)NAN;
}

double lab_judgement_loss(const lab_judgement *j)
{
    return j->rows ? j->nats / (double)j->rows : (double)NAN;
}

lab_class_score lab_judgement_class(const lab_judgement *j, rf_index k)
{
    lab_class_score s = {0};
    const double right = (double)j->confusion[k * j->K + k];
    for (rf_index i = 0; i < j->K; i++) {
        s.count += j->confusion[k * j->K + i];
        s.told += j->confusion[i * j->K + k];
    }
    if (s.told) s.precision = right / (double)s.told;
    if (s.count) s.recall = right / (double)s.count;
    if (right > 0) s.f1 = 2 * right / (double)(s.count + s.told);
    return s;
}

double lab_judgement_macro_f1(const lab_judgement *j)
{
    double sum = 0;
    int classes = 0;
    for (rf_index k = 0; k < j->K; k++) {
        const lab_class_score s = lab_judgement_class(j, k);
        if (!s.count && !s.told) continue;
        sum += s.f1;
        classes++;
    }
    return classes ? sum / classes : (double)NAN;
}

/* ---- Telling --------------------------------------------------------------------------------- */

static rf_status emit_classes(const lab_judgement *j, const rf_host *h, const rf_vocab *classes)
{
    rf_status st = RF_OK;
    for (rf_index k = 0; k < j->K && !st; k++) {
        const lab_class_score s = lab_judgement_class(j, k);
        const rf_field row[] = {rf_field_string("label", rf_vocab_at(classes, (int32_t)k, NULL)),
                                rf_field_int("count", s.count),
                                rf_field_int("told", s.told),
                                rf_field_real("precision", s.precision),
                                rf_field_real("recall", s.recall),
                                rf_field_real("f1", s.f1)};
        st = rf_emit_record(h, k, "class", row, sizeof row / sizeof *row);
    }
    return st;
}

/* Pairs of a true class and what was told instead or rightly, where there are any. */
static rf_status emit_confusion(const lab_judgement *j, const rf_host *h, const rf_vocab *classes)
{
    rf_status st = RF_OK;
    for (rf_index i = 0; i < j->K * j->K && !st; i++) {
        if (!j->confusion[i]) continue;
        const char *is = rf_vocab_at(classes, (int32_t)(i / j->K), NULL);
        const rf_field row[] = {
            rf_field_string("label", is),
            rf_field_string("told", rf_vocab_at(classes, (int32_t)(i % j->K), NULL)),
            rf_field_int("count", j->confusion[i])};
        st = rf_emit_record(h, i, "confusion", row, sizeof row / sizeof *row);
    }
    return st;
}

rf_status lab_judgement_emit(const lab_judgement *j, const rf_host *h, const char *of,
                             const rf_vocab *classes, bool confusion)
{
    rf_status st = rf_emit_metric(h, -1, of, "accuracy", lab_judgement_accuracy(j), NULL);
    if (!st) st = rf_emit_metric(h, -1, of, "macro_f1", lab_judgement_macro_f1(j), NULL);
    if (!st) st = rf_emit_metric(h, -1, of, "loss", lab_judgement_loss(j), "nats");
    if (!st) st = rf_emit_metric(h, -1, of, "labels", (double)j->rows, NULL);
    if (!st) st = emit_classes(j, h, classes);
    return !st && confusion ? emit_confusion(j, h, classes) : st;
}

rf_status lab_judgement_plot(const lab_judgement *j, const rf_vocab *classes, const char *path,
                             rf_error *err)
{
    const size_t K = (size_t)j->K;
    double *part = calloc(K * K, sizeof *part);
    const char **names = calloc(K, sizeof *names);
    rf_plot *p = rf_plot_new("told labels (columns) of each true label (rows)");
    bool done = part && names && p;
    for (size_t i = 0; done && i < K * K; i++) {
        const int64_t all = lab_judgement_class(j, (rf_index)(i / K)).count;
        part[i] = all ? (double)j->confusion[i] / (double)all : (double)NAN;
    }
    for (size_t k = 0; done && k < K; k++) names[k] = rf_vocab_at(classes, (int32_t)k, NULL);
    if (p) rf_plot_axes(p, "told", "true", 0);
    done = done && rf_plot_heat(p, part, K, K, names, names);
    rf_status st = rf_plot_finish(p, done, path, err);
    free(part);
    free(names);
    return st;
}

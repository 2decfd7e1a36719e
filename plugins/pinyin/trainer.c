/* pinyin/trainer.c -- the callbacks of a training.
 *
 * Invariant: what one step hands to the next is in the parameters, the cursor of the batches or the
 * carried state, all of which are in the state file. */
#include "trainer.h"

#include <stdio.h>
#include <string.h>

enum { VALID_LANES = 16, VALID_WINDOW = 32 };

static int next(void *self, rf_error *err)
{
    py_trainer *t = self;
    (void)err;
    if (!rf_stream_batches_next(t->batches, &t->batch)) return 0;
    if (t->batch.first) py_state_reset(&t->state);
    return 1;
}

static rf_node loss(void *self, rf_graph *g, double *units)
{
    py_trainer *t = self;
    *units = (double)t->batch.count;
    t->last = py_net_apply(g, t->m->net, &t->state, t->batch.x, t->batch.T, t->batch.B);
    return py_net_loss(g, t->m->net, t->last.out, t->batch.y);
}

static void carry(void *self, rf_graph *g)
{
    py_trainer *t = self;
    py_state_keep(&t->state, g, t->last);
}

/* ---- Validation ------------------------------------------------------------------------------ */

static rf_status validate_lanes(py_trainer *t, rf_stream_batches *b, py_state *s, rf_mean_value *m,
                                rf_error *err)
{
    rf_stream_batch batch;
    while (rf_stream_batches_next(b, &batch)) {
        rf_graph_begin(t->g, RF_INFER, rf_key_make(0, "valid", 0));
        const rf_sequence q = py_net_apply(t->g, t->m->net, s, batch.x, batch.T, batch.B);
        const rf_node l = py_net_loss(t->g, t->m->net, q.out, batch.y);
        const rf_status st = rf_graph_status(t->g, err);
        if (st) return st;
        rf_mean_add(m, (double)rf_value(t->g, l).data[0], (double)batch.count);
        py_state_keep(s, t->g, q);
        rf_training_stop(t);
    }
    return RF_OK;
}

static rf_status validate(void *self, rf_graph *g, rf_metrics *m, rf_error *err)
{
    py_trainer *t = self;
    const rf_stream_spec spec = {
        .tokens = t->valid.at, .n = (rf_index)t->valid.n, .B = VALID_LANES, .T = VALID_WINDOW};
    rf_stream_batches *b = rf_stream_batches_new(&spec, err);
    py_state s = {0};
    rf_mean_value mean = {0};
    (void)g;
    const rf_index lanes = spec.B < spec.n - 1 ? spec.B : spec.n - 1;
    rf_status st = b ? RF_OK : err->status;
    if (!st && !py_state_init(&s, t->m->net, lanes)) st = rf_fail(err, RF_ENOMEM, "no memory");
    if (!st) st = validate_lanes(t, b, &s, &mean, err);
    py_state_free(&s);
    rf_stream_batches_free(b);
    if (st) return st;
    rf_metrics_add(m, "loss", rf_mean_get(&mean));
    rf_metrics_add(m, "perplexity", rf_perplexity(rf_mean_get(&mean)));
    return RF_OK;
}

/* ---- The model's file ------------------------------------------------------------------------ */

static rf_status write_model(py_trainer *t, rf_model *f, const rf_metrics *m, rf_error *err)
{
    static const rf_dtype storage[] = {RF_F32, RF_F16, RF_BF16};
    rf_status st = RF_OK;
    rf_str metrics = {0};
    for (const char *const *k = t->base.meta; *k && !st; k += 2)
        st = rf_model_set_table(f, k[0], k[1], strlen(k[1]), err);
    rf_str_put(&metrics, "{");
    for (int i = 0; m && i < m->n; i++)
        rf_str_printf(&metrics, "%s\"valid_%s\":%.6g", i ? "," : "", m->m[i].name, m->m[i].value);
    rf_str_put(&metrics, "}");
    if (!st) st = rf_model_set(f, RF_META_METRICS, metrics.failed ? "{}" : metrics.s, err);
    rf_str_free(&metrics);
    if (!st) st = py_model_store(t->m, f, err);
    if (!st && t->m->net)
        st = py_net_store(t->m->net, f, storage[t->v[TRAIN_LEARN + RF_LEARN_STORAGE].as.i],
                          t->v[TRAIN_BYTES].as.i, err);
    return st ? st : rf_model_write(f, t->base.r->model, err);
}

rf_status py_trainer_save(py_trainer *t, const rf_metrics *m, rf_error *err)
{
    rf_model *f = rf_model_new();
    const rf_status st = f ? write_model(t, f, m, err) : rf_fail(err, RF_ENOMEM, "no memory");
    rf_model_free(f);
    return st;
}

static rf_status save(void *self, const rf_metrics *m, rf_error *err)
{
    py_trainer *t = self;
    t->best = *m;
    return py_trainer_save(t, m, err);
}

rf_fit_task py_trainer_task(py_trainer *t)
{
    return (rf_fit_task){.self = t,
                         .next = next,
                         .loss = loss,
                         .carry = carry,
                         .validate = t->valid.n > 2 ? validate : NULL,
                         .save = save,
                         .report = rf_training_report,
                         .stop = rf_training_stop};
}

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
    if (t->batch.first) rf_carried_reset(&t->state);
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
    rf_carried_keep(&t->state, g, t->last);
}

/* ---- Validation ------------------------------------------------------------------------------ */

static rf_status validate_lanes(py_trainer *t, rf_graph *g, rf_stream_batches *b, rf_carried *s,
                                rf_mean_value *m, rf_error *err)
{
    rf_stream_batch batch;
    while (rf_stream_batches_next(b, &batch)) {
        rf_graph_begin(g, RF_INFER, rf_key_make(0, "valid", 0));
        const rf_sequence q = py_net_apply(g, t->m->net, s, batch.x, batch.T, batch.B);
        const rf_node l = py_net_loss(g, t->m->net, q.out, batch.y);
        const rf_status st = rf_graph_status(g, err);
        if (st) return st;
        rf_mean_add(m, (double)rf_value(g, l).data[0], (double)batch.count);
        rf_carried_keep(s, g, q);
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
    rf_carried s = {0};
    rf_mean_value mean = {0};
    const rf_index lanes = spec.B < spec.n - 1 ? spec.B : spec.n - 1;
    rf_status st = b ? RF_OK : err->status;
    if (!st && !rf_carried_init(&s, t->m->net->rnn, lanes)) st = rf_no_memory(err);
    if (!st) st = validate_lanes(t, g, b, &s, &mean, err);
    rf_carried_free(&s);
    rf_stream_batches_free(b);
    if (st) return st;
    rf_metrics_add(m, "loss", rf_mean_get(&mean));
    rf_metrics_add(m, "perplexity", rf_perplexity(rf_mean_get(&mean)));
    return RF_OK;
}

/* ---- The model's file ------------------------------------------------------------------------ */

rf_status py_trainer_store(const void *self, rf_model *f, rf_error *err)
{
    const py_trainer *t = self;
    const rf_status st = py_model_store(t->m, f, err);
    if (st || !t->m->net) return st;
    return py_net_store(t->m->net, f, rf_training_storage(&t->base), t->v[TRAIN_BYTES].as.i, err);
}

static rf_status save(void *self, const rf_metrics *m, rf_error *err)
{
    py_trainer *t = self;
    t->best = *m;
    return rf_training_save(t, m, err);
}

rf_fit_task py_trainer_task(const py_trainer *t)
{
    return (rf_fit_task){.next = next,
                         .loss = loss,
                         .carry = carry,
                         .validate = t->valid.n > 2 ? validate : NULL,
                         .save = save};
}

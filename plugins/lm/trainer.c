/* lm/trainer.c -- the callbacks of a training.
 *
 * Invariant: what one step hands to the next is in the parameters, the cursor of the batches or the
 * carried state, all of which are in the state file. */
#include "trainer.h"

#include "options.h"
#include "pieces.h"
#include "walk.h"

/* ---- Steps ----------------------------------------------------------------------------------- */

static int next(void *self, rf_error *err)
{
    lm_trainer *t = self;
    (void)err;
    if (!rf_stream_batches_next(t->batches, &t->batch)) return 0;
    if (t->batch.first) rf_carried_reset(&t->state);
    return 1;
}

static rf_node loss(void *self, rf_graph *g, double *units)
{
    lm_trainer *t = self;
    *units = (double)t->batch.count;
    t->last = lm_model_apply(g, t->m, &t->state, t->batch.x, t->batch.T, t->batch.B);
    return lm_output_loss(g, &t->m->output, t->last.out, t->batch.y);
}

static void carry(void *self, rf_graph *g)
{
    lm_trainer *t = self;
    rf_carried_keep(&t->state, g, t->last);
}

/* ---- Validation ------------------------------------------------------------------------------ */

static rf_status validate(void *self, rf_graph *g, rf_metrics *m, rf_error *err)
{
    lm_trainer *t = self;
    lm_total total;
    lm_means by = {.m = t->m, .g = g, .ranks = t->base.ranks}; /* full precision */
    rf_status st = lm_evaluate(&by, t->valid.at, (rf_index)t->valid.n, 16,
                               (lm_watch){rf_training_watch, t}, &total, err);
    if (st) return st;
    double nats = total.nats / (double)total.tokens;
    rf_metrics_add(m, "loss", nats);
    rf_metrics_add(m, "perplexity", rf_perplexity(nats));
    rf_metrics_add(m, "bits_per_char", rf_bits(total.nats, (double)t->valid_characters));
    return RF_OK;
}

/* ---- Samples --------------------------------------------------------------------------------- */

static bool on_token(void *ctx, rf_index i, rf_index at, int32_t token, double logp)
{
    (void)i;
    (void)at;
    return lm_pieces_put(ctx, token, logp) == RF_OK;
}

rf_status lm_trainer_sample(lm_trainer *t, rf_error *err)
{
    int32_t eos = rf_tokenizer_eos(t->m->tokens);
    lm_pieces pieces = {.tokens = t->m->tokens, .host = t->base.s->host, .item = -1, .last = -1};
    rf_generate_spec spec = {
        .sample = {.temperature = 0.8, .forbid = t->forbid, .seed = t->base.seed},
        .prompt = &eos,
        .prompts = 1,
        .length = (rf_index)t->base.v[TRAIN_SAMPLE].as.i,
        .end = -1,
        .token = on_token,
        .ctx = &pieces};
    lm_scorer_refresh(t->scorer);
    rf_status st = rf_generate(lm_scorer_interface(t->scorer), &spec, err);
    if (st == RF_ECANCELLED && err) *err = (rf_error){0};
    rf_training_heed(&t->base, lm_pieces_end(&pieces));
    /* The host has been asked to stop: the step loop will. */
    return st == RF_ECANCELLED ? RF_OK : st;
}

static void report(void *self, const rf_fit_event *e)
{
    lm_trainer *t = self;
    rf_training_report(t, e);
    if (e->kind == RF_FIT_VALID && t->scorer && !t->base.stopped)
        rf_training_heed(&t->base, lm_trainer_sample(t, NULL));
}

rf_fit_task lm_trainer_task(const lm_trainer *t)
{
    return (rf_fit_task){.next = next,
                         .loss = loss,
                         .carry = carry,
                         .validate = t->valid.n ? validate : NULL,
                         .report = report};
}

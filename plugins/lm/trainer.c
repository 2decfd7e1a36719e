/* lm/trainer.c -- the callbacks of a training.
 *
 * Invariant: what one step hands to the next is in the parameters, the cursor of the batches or the
 * carried state, all of which are in the state file. */
#include "trainer.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "options.h"
#include "pieces.h"
#include "walk.h"

/* ---- Steps ----------------------------------------------------------------------------------- */

static int next(void *self, rf_error *err)
{
    lm_trainer *t = self;
    (void)err;
    if (!rf_stream_batches_next(t->batches, &t->batch)) return 0;
    if (t->batch.first) lm_state_reset(&t->state);
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
    lm_state_keep(&t->state, g, t->last);
}

static void heed(lm_trainer *t, rf_status st)
{
    if (st && !t->stopped) t->stopped = st;
}

static bool stop(void *self)
{
    lm_trainer *t = self;
    const rf_cursor *c = rf_stream_batches_cursor(t->batches);
    double done = (double)(c->epoch * rf_stream_batches_per_epoch(t->batches) + c->position);
    heed(t, t->s->host->progress(t->s->host, done, t->total > done ? t->total : 0, "steps"));
    return t->stopped != RF_OK;
}

/* ---- Validation ------------------------------------------------------------------------------ */

/* A stop is noticed at once and obeyed after the validation, whose result belongs to the state. */
static rf_status watch(void *ctx, double done, double total)
{
    (void)done;
    (void)total;
    stop(ctx);
    return RF_OK;
}

static rf_status validate(void *self, rf_graph *g, rf_metrics *m, rf_error *err)
{
    lm_trainer *t = self;
    lm_total total;
    lm_means by = {.m = t->m, .g = g, .ranks = t->ranks}; /* full precision */
    rf_status st =
        lm_evaluate(&by, t->valid.at, (rf_index)t->valid.n, 16, (lm_watch){watch, t}, &total, err);
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
    lm_pieces pieces = {.tokens = t->m->tokens, .host = t->s->host, .item = -1, .last = -1};
    rf_generate_spec spec = {.sample = {.temperature = 0.8, .forbid = t->forbid, .seed = t->seed},
                             .prompt = &eos,
                             .prompts = 1,
                             .length = (rf_index)t->v[TRAIN_SAMPLE].as.i,
                             .end = -1,
                             .token = on_token,
                             .ctx = &pieces};
    lm_scorer_refresh(t->scorer);
    rf_status st = rf_generate(lm_scorer_interface(t->scorer), &spec, err);
    if (st == RF_ECANCELLED && err) *err = (rf_error){0};
    heed(t, lm_pieces_end(&pieces));
    /* The host has been asked to stop: the step loop will. */
    return st == RF_ECANCELLED ? RF_OK : st;
}

/* ---- The model's file ------------------------------------------------------------------------ */

static json_t *metrics_json(const rf_metrics *m)
{
    json_t *object = json_object();
    for (int i = 0; object && m && i < m->n; i++) {
        rf_str name = {0};
        rf_str_printf(&name, "valid_%s", m->m[i].name);
        if (name.s && isfinite(m->m[i].value))
            json_object_set_new(object, name.s, json_real(m->m[i].value));
        rf_str_free(&name);
    }
    return object;
}

static rf_status set_metrics(rf_model *f, const rf_metrics *m, rf_error *err)
{
    json_t *object = metrics_json(m);
    char *text = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
    rf_status st =
        text ? rf_model_set(f, RF_META_METRICS, text, err) : rf_fail(err, RF_ENOMEM, "no memory");
    free(text);
    json_decref(object);
    return st;
}

static rf_status save(void *self, const rf_metrics *m, rf_error *err)
{
    static const rf_dtype storage[] = {RF_F32, RF_F16, RF_BF16};
    lm_trainer *t = self;
    rf_model *f = rf_model_new();
    rf_status st = f ? RF_OK : rf_fail(err, RF_ENOMEM, "no memory");
    for (const char *const *k = t->meta; *k && !st; k += 2)
        st = rf_model_set_table(f, k[0], k[1], strlen(k[1]), err);
    if (!st) st = set_metrics(f, m, err);
    if (!st) st = lm_model_store(t->m, f, storage[t->v[TRAIN_STORAGE].as.i], err);
    if (!st) st = rf_model_write(f, t->r->model, err);
    rf_model_free(f);
    return st;
}

/* ---- Reports --------------------------------------------------------------------------------- */

static void report_validation(lm_trainer *t, const rf_fit_event *e)
{
    static const char *const units[] = {"nats", NULL, "bits"};
    const rf_host *h = t->s->host;
    for (int i = 0; e->metrics && i < e->metrics->n; i++)
        heed(t, rf_emit_metric(h, e->step, "valid", e->metrics->m[i].name, e->metrics->m[i].value,
                               i < 3 ? units[i] : NULL));
    if (isfinite(e->learned))
        heed(t, rf_emit_metric(h, e->step, "valid", "train_loss", e->learned, "nats"));
    if (t->scorer && !t->stopped) heed(t, lm_trainer_sample(t, NULL));
}

/* Reports come every so many steps, never by the clock: a run has the same events each time. */
static void report(void *self, const rf_fit_event *e)
{
    lm_trainer *t = self;
    t->total = e->left >= 0 && e->elapsed > 0 && e->steps <= 0
                   ? (double)e->step * (e->elapsed + e->left) / e->elapsed
                   : (double)e->steps;
    if (e->kind == RF_FIT_STEP && e->step % LM_TELL_STEPS == 0)
        heed(t, rf_emit_metric(t->s->host, e->step, "train", "loss", e->loss, "nats"));
    if (e->kind == RF_FIT_VALID) report_validation(t, e);
}

rf_fit_task lm_trainer_task(lm_trainer *t)
{
    return (rf_fit_task){.self = t,
                         .next = next,
                         .loss = loss,
                         .carry = carry,
                         .validate = t->valid.n ? validate : NULL,
                         .save = save,
                         .report = report,
                         .stop = stop};
}

/* lab/attempt.c -- one training on piano rolls. */
#include "attempt.h"

#include <math.h>
#include <refrain/layers.h>
#include <stdlib.h>
#include <string.h>

/* ---- Songs --------------------------------------------------------------------------------------- */

rf_status lab_songs_take(lab_songs *out, const rf_rolls *rolls, rf_split split, rf_error *err)
{
    const rf_index count = rf_rolls_count(rolls, split);
    *out = (lab_songs){.roll = calloc((size_t)count + 1, sizeof *out->roll),
                       .lengths = calloc((size_t)count + 1, sizeof *out->lengths)};
    if (!out->roll || !out->lengths) return rf_no_memory(err);
    for (rf_index i = 0; i < count; i++) {
        const rf_roll roll = rf_rolls_at(rolls, split, i);
        if (roll.steps < 2) continue;
        out->roll[out->n] = roll;
        out->lengths[out->n++] = (int32_t)(roll.steps - 1);
        out->frames += roll.steps - 1;
    }
    if (out->n) return RF_OK;
    return rf_fail(err, RF_EFORMAT, "\"%s\": a piece of two or more time steps is due",
                   rf_split_name(split));
}

void lab_songs_free(lab_songs *s)
{
    free(s->roll);
    free(s->lengths);
    *s = (lab_songs){0};
}

/* ---- The network --------------------------------------------------------------------------------- */

typedef struct trainer {
    const lab_attempt *trial;
    const atomic_bool *stop;
    rf_params *params;
    rf_rnn *rnn;
    rf_linear_layer output;
    rf_device *device;
    rf_graph *graph;
    rf_bucket_batches *batches;
    rf_bucket_batch batch;
} trainer;

static void trainer_free(trainer *t)
{
    rf_bucket_batches_free(t->batches);
    rf_graph_free(t->graph);
    rf_device_free(t->device);
    rf_rnn_free(t->rnn);
    rf_params_free(t->params);
}

static rf_status make_network(trainer *t, rf_error *err)
{
    const lab_attempt *trial = t->trial;
    const double *v = trial->value;
    const rf_rnn_spec spec = {.cell = trial->cell,
                              .input = RF_KEYS,
                              .hidden = (rf_index)v[DRAW_HIDDEN],
                              .layers = trial->frame->layers,
                              .dropout = v[DRAW_DROPOUT],
                              .variational = trial->frame->variational,
                              .weight_dropout = v[DRAW_DROPOUT_WEIGHT],
                              .forget_bias = 1};
    t->params = rf_params_new();
    if (!t->params) return rf_no_memory(err);
    t->rnn = rf_rnn_new(&spec, t->params, "rnn.", err);
    if (!t->rnn) return err->status;
    rf_status st =
        rf_linear_layer_init(&t->output, t->params, "output.", spec.hidden, RF_KEYS, true, err);
    if (!st) rf_params_init(t->params, trial->seed);
    return st;
}

static rf_status trainer_init(trainer *t, const lab_attempt *trial, const atomic_bool *stop,
                              rf_error *err)
{
    const lab_songs *songs = &trial->frame->songs[RF_SPLIT_TRAIN];
    const rf_bucket_spec spec = {
        .lengths = songs->lengths, .n = songs->n, .B = trial->frame->batch, .seed = trial->seed};
    *t = (trainer){.trial = trial, .stop = stop};
    rf_status st = make_network(t, err);
    if (st) return st;
    t->device = rf_device_new(1, err);
    t->graph = t->device ? rf_graph_new(t->device) : NULL;
    t->batches = t->graph ? rf_bucket_batches_new(&spec, err) : NULL;
    return t->batches ? RF_OK : rf_no_memory(err);
}

/* ---- Batches to arrays --------------------------------------------------------------------------- */

/* A batch as the network sees it; all of it is the graph's memory. */
typedef struct arrays {
    rf_index T, B, frames; /* frames N: steps to predict */
    rf_real *x;            /* [T,B,88] */
    rf_real *y;            /* [N,88] what follows */
    int32_t *row;          /* [N] which of the T*B states is to predict it */
} arrays;

/* Semitones to move a piece by: within the frame's limit, and so that it stays on the keyboard. */
static int draw_shift(const trainer *t, const rf_roll *roll, int32_t item)
{
    const int most = t->trial->frame->transpose;
    if (!most) return 0;
    const int64_t epoch = rf_bucket_batches_cursor(t->batches)->epoch;
    const rf_key key = rf_key_make(t->trial->seed, "transpose", (uint64_t)epoch);
    int shift = (int)(rf_uniform(key, (uint64_t)item) * (2 * most + 1)) - most;
    int low = RF_KEYS, high = -1;
    for (rf_index i = 0; i < roll->steps * RF_KEYS; i++) {
        if (!roll->keys[i]) continue;
        const int key_number = (int)(i % RF_KEYS);
        low = key_number < low ? key_number : low;
        high = key_number > high ? key_number : high;
    }
    if (high < 0 || shift < -low) return high < 0 ? 0 : -low;
    return shift > RF_KEYS - 1 - high ? RF_KEYS - 1 - high : shift;
}

static void copy_keys(rf_real *to, const uint8_t *keys, int shift)
{
    for (int k = 0; k < RF_KEYS; k++)
        if (keys[k]) to[k + shift] = 1;
}

static void fill(const trainer *t, arrays *a, const lab_songs *songs, const rf_bucket_batch *b,
                 bool training)
{
    for (rf_index i = 0; i < b->B; i++) {
        const rf_roll *roll = &songs->roll[b->item[i]];
        const int shift = training ? draw_shift(t, roll, b->item[i]) : 0;
        for (rf_index step = 0; step < b->lengths[i]; step++) {
            const rf_index row = step * b->B + i;
            copy_keys(a->x + row * RF_KEYS, roll->keys + step * RF_KEYS, shift);
            copy_keys(a->y + a->frames * RF_KEYS, roll->keys + (step + 1) * RF_KEYS, shift);
            a->row[a->frames++] = (int32_t)row;
        }
    }
}

static void add_noise(rf_graph *g, const arrays *a, double deviation)
{
    const rf_key key = rf_graph_next_key(g);
    for (rf_index i = 0; deviation > 0 && i < a->T * a->B * RF_KEYS; i++)
        a->x[i] += (rf_real)(deviation * rf_normal(key, (uint64_t)i));
}

static rf_real *zeros(rf_graph *g, rf_index n)
{
    rf_real *p = rf_graph_alloc(g, (size_t)n * sizeof *p);
    if (p) memset(p, 0, (size_t)n * sizeof *p);
    return p;
}

/* False: no memory, which the graph remembers. */
static bool make_arrays(const trainer *t, arrays *a, const lab_songs *songs,
                        const rf_bucket_batch *b, bool training)
{
    rf_index frames = 0;
    for (rf_index i = 0; i < b->B; i++) frames += b->lengths[i];
    *a = (arrays){.T = b->T, .B = b->B};
    a->x = zeros(t->graph, b->T * b->B * RF_KEYS);
    a->y = zeros(t->graph, frames * RF_KEYS);
    a->row = rf_graph_alloc(t->graph, (size_t)frames * sizeof *a->row);
    if (!a->x || !a->y || !a->row) return false;
    fill(t, a, songs, b, training);
    if (training) add_noise(t->graph, a, t->trial->value[DRAW_NOISE]);
    return true;
}

static rf_node drop(const trainer *t, rf_node x, double p)
{
    return t->trial->frame->variational ? rf_dropout_shared(t->graph, x, p, 0)
                                        : rf_dropout(t->graph, x, p);
}

/* Nats per frame of a batch.  Only states that have something to predict reach the output. */
static rf_node build(const trainer *t, const lab_songs *songs, const rf_bucket_batch *b,
                     bool training, double *frames)
{
    rf_graph *g = t->graph;
    const double *v = t->trial->value;
    const rf_index H = (rf_index)v[DRAW_HIDDEN];
    arrays a;
    if (!make_arrays(t, &a, songs, b, training)) return RF_POISON;
    *frames = (double)a.frames;
    rf_node x = drop(t, rf_borrow(g, a.x, RF_SHAPE(a.T, a.B, RF_KEYS)), v[DRAW_DROPOUT_INPUT]);
    rf_sequence s = rf_rnn_apply(g, t->rnn, x, RF_NONE, RF_NONE, b->lengths);
    rf_node h = rf_reshape(g, drop(t, s.out, v[DRAW_DROPOUT]), RF_SHAPE(a.T * a.B, H));
    h = rf_embedding(g, h, a.row, RF_SHAPE(a.frames));
    rf_node logits = rf_linear_layer_apply(g, &t->output, h);
    rf_node y = rf_borrow(g, a.y, RF_SHAPE(a.frames, RF_KEYS));
    return rf_affine(g, rf_binary_cross_entropy(g, logits, y), RF_KEYS, 0);
}

/* ---- The task of rf_fit -------------------------------------------------------------------------- */

static int next(void *self, rf_error *err)
{
    trainer *t = self;
    (void)err;
    return rf_bucket_batches_next(t->batches, &t->batch);
}

static rf_node loss(void *self, rf_graph *g, double *units)
{
    trainer *t = self;
    (void)g;
    return build(t, &t->trial->frame->songs[RF_SPLIT_TRAIN], &t->batch, true, units);
}

static bool stop(void *self)
{
    const trainer *t = self;
    return atomic_load_explicit(t->stop, memory_order_relaxed);
}

typedef struct held {
    const trainer *t;
    const lab_songs *songs;
} held;

static rf_node held_loss(void *self, rf_graph *g, const rf_bucket_batch *b, double *units)
{
    const held *h = self;
    (void)g;
    return build(h->t, h->songs, b, false, units);
}

/* Nats per frame of a part. */
static rf_status measure(const trainer *t, rf_split split, double *nats, rf_error *err)
{
    held h = {t, &t->trial->frame->songs[split]};
    const rf_bucket_loss l = {.batches = {.lengths = h.songs->lengths, .n = h.songs->n, .B = 32},
                              .loss = held_loss,
                              .self = &h};
    return rf_bucket_mean(t->graph, &l, nats, err);
}

static rf_status validate(void *self, rf_graph *g, rf_metrics *m, rf_error *err)
{
    const trainer *t = self;
    double nats;
    (void)g;
    if (t->trial->epoch) atomic_fetch_add(t->trial->epoch, 1);
    rf_status st = measure(t, RF_SPLIT_VALID, &nats, err);
    if (!st) rf_metrics_add(m, "loss", nats);
    return st;
}

static rf_fit_spec fit_spec(trainer *t)
{
    const lab_frame *f = t->trial->frame;
    rf_fit_spec spec = {
        .task = {.self = t, .next = next, .loss = loss, .validate = validate, .stop = stop},
        .params = t->params,
        .graph = t->graph,
        .optimizer = rf_optimizer_defaults(f->method),
        .schedule = {.kind = RF_SCHEDULE_CONSTANT, .rate = t->trial->value[DRAW_RATE]},
        .clip = f->clip,
        .seed = t->trial->seed,
        .epochs = f->epochs,
        .patience = f->patience};
    spec.optimizer.momentum = t->trial->value[DRAW_MOMENTUM];
    spec.optimizer.nesterov = spec.optimizer.momentum > 0;
    return spec;
}

/* A training that left the finite numbers counts with the best it had before, if it had any. */
static bool bear(rf_status *st, const rf_fit_result *r, rf_error *err)
{
    if (*st != RF_EDIVERGED) return *st == RF_OK;
    *err = (rf_error){0};
    *st = RF_OK;
    return isfinite(r->best);
}

static int64_t steps_per_epoch(const trainer *t)
{
    const rf_index n = t->trial->frame->songs[RF_SPLIT_TRAIN].n, B = t->trial->frame->batch;
    return (n + B - 1) / B;
}

rf_status lab_attempt_run(const lab_attempt *trial, const atomic_bool *stop_flag, lab_outcome *out,
                          rf_error *err)
{
    trainer t;
    rf_fit_result r = {0};
    rf_status st = trainer_init(&t, trial, stop_flag, err);
    *out = (lab_outcome){.valid = NAN, .test = NAN};
    if (!st) {
        const rf_fit_spec spec = fit_spec(&t);
        out->parameters = rf_params_elements(t.params);
        st = rf_fit(&spec, &r, err);
        if (bear(&st, &r, err)) {
            out->valid = r.best;
            st = measure(&t, RF_SPLIT_TEST, &out->test, err);
        }
        out->epochs = r.epochs;
        out->best_epoch = r.best_step / steps_per_epoch(&t);
        out->seconds = r.elapsed;
    }
    trainer_free(&t);
    return st;
}

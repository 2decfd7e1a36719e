/* cells/stepper.c -- one step at a time without a graph, for decoding.
 *
 * Each layer is an rfi_run with T = 1 whose two time slots change places at every step, so that
 * nothing is copied; memory is laid out once for the largest number of rows. */
#include "cells/rnn.h"
#include "cells/sequence.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* One layer; q.from is the slot that holds the state. */
typedef struct layer {
    rfi_run q;
    rfi_panels px; /* W_ih */
    rf_index input;
    rf_real *memory;
    rf_real *gates; /* [rows,G*H] of the last step, for full gate recurrence */
} layer;

struct rf_stepper {
    rf_device *device;
    const rf_rnn *rnn;
    rf_index most, rows;
    bool half;      /* weights are kept as bf16 */
    rf_real *spare; /* [most, widest state] */
    layer *layer;
    const rf_real *x; /* of the step that runs; NULL: layer 0's projection is there already */

    const rf_real *inputs; /* [count,I] borrowed: what rf_stepper_step_ids chooses from */
    rf_index count;
    rf_real *table; /* [count,G*H] their projections */
};

static const rf_cell *cell_of(const rf_stepper *s) { return s->rnn->spec.cell; }
static bool sees_gates(const rf_stepper *s)
{
    return cell_of(s)->rules == &rfi_lstm_rules && ((const rfi_lstm_spec *)cell_of(s)->spec)->recur;
}

/* ---- Memory and weights ---------------------------------------------------------------------------- */

static void layer_params(const rf_stepper *s, int l, rf_tensor *w)
{
    for (int k = 0; k < s->rnn->params; k++) w[k] = rfi_rnn_params(s->rnn, l, 0)[k]->value;
}

enum { MOST_PARAMS = 16 };

/* Lay out layer l from m on (m->at NULL: only count). */
static void layer_plan(rf_stepper *s, int l, rfi_bump *m)
{
    layer *y = &s->layer[l];
    const rf_cell *cell = cell_of(s);
    const rf_index H = s->rnn->spec.hidden, n = s->most * H;
    rf_tensor w[MOST_PARAMS];
    layer_params(s, l, w);
    y->input = l ? H : s->rnn->spec.input;
    y->q = (rfi_run){.device = s->device,
                     .kernels = rfi_cell_kernels_of(s->device),
                     .spec = cell->spec,
                     .T = 1,
                     .B = s->rows,
                     .H = H,
                     .G = cell->gates,
                     .to = 1};
    y->q.z = rfi_bump_take(m, n * cell->gates);
    y->q.hs = rfi_bump_take(m, 2 * n);
    if (cell->states > 1) y->q.cs = rfi_bump_take(m, 2 * n);
    if (cell->rules->has_aux) y->q.aux = rfi_bump_take(m, n);
    if (sees_gates(s)) y->gates = rfi_bump_take(m, n * cell->gates);
    y->q.first_gates = y->gates;
    y->px = rfi_bump_panels(m, rfi_panels_gates(s->device->k, cell->gates, H, y->input));
    cell->rules->plan(&y->q, w, m, false);
}

static bool layer_open(rf_stepper *s, int l)
{
    rfi_bump m = {NULL, 0};
    layer_plan(s, l, &m);
    s->layer[l].memory = rf_aligned_calloc((size_t)m.used, sizeof(rf_real));
    if (!s->layer[l].memory) return false;
    m = (rfi_bump){s->layer[l].memory, 0};
    layer_plan(s, l, &m);
    return true;
}

rf_stepper *rf_stepper_new(rf_device *d, const rf_rnn *r, rf_index rows, rf_error *err)
{
    if (r->spec.bidirectional || rows < 1) {
        rf_fail(err, RF_ENOTSUP,
                rows < 1 ? "stepper: at least one row is due"
                         : "stepper: a bidirectional network cannot go step by step");
        return NULL;
    }
    rf_stepper *s = calloc(1, sizeof *s);
    if (!s) goto no_memory;
    *s = (rf_stepper){.device = d, .rnn = r, .most = rows, .rows = rows};
    s->layer = calloc((size_t)r->spec.layers, sizeof *s->layer);
    s->spare =
        rf_aligned_calloc((size_t)(rows * r->spec.hidden * r->spec.cell->gates), sizeof(rf_real));
    if (!s->layer || !s->spare) goto no_memory;
    for (int l = 0; l < r->spec.layers; l++)
        if (!layer_open(s, l)) goto no_memory;
    rf_stepper_refresh(s);
    return s;
no_memory:
    rf_fail(err, RF_ENOMEM, "stepper: no memory");
    rf_stepper_free(s);
    return NULL;
}

void rf_stepper_free(rf_stepper *s)
{
    if (!s) return;
    for (int l = 0; s->layer && l < s->rnn->spec.layers; l++) rf_aligned_free(s->layer[l].memory);
    rf_aligned_free(s->spare);
    rf_aligned_free(s->table);
    free(s->layer);
    free(s);
}

static void refresh_worker(void *ctx, int thread, int threads)
{
    const rf_stepper *s = ctx;
    rf_tensor w[MOST_PARAMS];
    for (int l = 0; l < s->rnn->spec.layers; l++) {
        const layer *y = &s->layer[l];
        layer_params(s, l, w);
        rfi_run_pack_gates(&y->q, &y->px, w[0].data, y->input, thread, threads);
        cell_of(s)->rules->pack(&y->q, w, false, thread, threads);
        const rfi_panels *all[] = {&y->px, &y->q.ph, &y->q.pe, &y->q.p2};
        for (int k = 0; s->half && k < 4; k++)
            if (all[k]->data) rfi_run_halve(all[k], thread, threads);
    }
}

/* table = inputs W_ih^T of layer 0 */
static void fill_table(const rf_stepper *s)
{
    const rf_index I = s->rnn->spec.input, n = cell_of(s)->gates * s->rnn->spec.hidden;
    rfi_gemm(s->device, false, true, s->count, n, I, 1, s->inputs, I,
             rfi_rnn_params(s->rnn, 0, 0)[0]->value.data, I, 0, s->table, n);
}

void rf_stepper_refresh(rf_stepper *s)
{
    for (int l = 0; l < s->rnn->spec.layers; l++) {
        const rfi_run old = s->layer[l].q;
        rfi_bump m = {s->layer[l].memory, 0};
        layer_plan(s, l, &m); /* also sums the biases again */
        s->layer[l].q.from = old.from;
        s->layer[l].q.to = old.to;
        s->layer[l].q.alone = old.alone;
        s->layer[l].q.half = s->half;
    }
    rf_device_run(s->device, refresh_worker, s);
    if (s->table) fill_table(s);
}

void rf_stepper_use_bf16(rf_stepper *s, bool on)
{
    s->half = on;
    rf_stepper_refresh(s);
}

bool rf_stepper_set_inputs(rf_stepper *s, const rf_real *inputs, rf_index count, rf_error *err)
{
    const rf_index width = cell_of(s)->gates * s->rnn->spec.hidden;
    rf_real *table = rf_aligned_calloc((size_t)(count * width), sizeof *table);
    if (!table) return rf_fail(err, RF_ENOMEM, "stepper: no memory"), false;
    rf_aligned_free(s->table);
    s->table = table;
    s->inputs = inputs;
    s->count = count;
    fill_table(s);
    return true;
}

/* ---- Steps ------------------------------------------------------------------------------------------ */

static void run_worker(void *ctx, int thread, int threads)
{
    rf_stepper *s = ctx;
    const rf_real *x = s->x;
    for (int l = 0; l < s->rnn->spec.layers; l++) {
        const layer *y = &s->layer[l];
        const rfi_source in = {&y->px, x, y->input};
        if (x) {
            rfi_run_gates(&y->q, 0, 1, &in, y->q.kernels->project, thread, threads);
            rfi_run_barrier(&y->q, thread);
        }
        cell_of(s)->rules->step(&y->q, 0, thread, threads);
        x = rfi_run_slot(&y->q, y->q.hs, y->q.to);
    }
}

/* Multiplications of a step below which waking other threads costs more than it gives. */
enum { ALONE = 100000 };

/* Change the slots' places, so that what was written is the state. */
static void turn_slots(layer *y)
{
    rfi_run *q = &y->q;
    q->from ^= 1, q->to ^= 1;
    if (y->gates) memcpy(y->gates, q->z, (size_t)(q->B * q->G * q->H) * sizeof *q->z);
}

static const rf_real *run_step(rf_stepper *s, const rf_real *x)
{
    const rf_rnn_spec *r = &s->rnn->spec;
    const rf_index work = s->rows * r->layers * r->hidden * r->hidden * r->cell->gates;
    const bool alone = work < ALONE || rf_device_threads(s->device) == 1;
    s->x = x;
    for (int l = 0; l < r->layers; l++) s->layer[l].q.alone = alone;
    if (alone)
        run_worker(s, 0, 1);
    else
        rf_device_run(s->device, run_worker, s);
    for (int l = 0; l < r->layers; l++) turn_slots(&s->layer[l]);
    const rfi_run *top = &s->layer[r->layers - 1].q;
    return rfi_run_slot(top, top->hs, top->from);
}

const rf_real *rf_stepper_step(rf_stepper *s, const rf_real *x)
{
    assert(x);
    return run_step(s, x);
}

const rf_real *rf_stepper_step_ids(rf_stepper *s, const int32_t *ids)
{
    const rfi_run *q = &s->layer[0].q;
    const rf_index width = q->G * q->H;
    assert(s->table && "rf_stepper_set_inputs comes first");
    for (rf_index b = 0; b < s->rows; b++) {
        assert(ids[b] >= 0 && ids[b] < s->count);
        memcpy(q->z + b * width, s->table + ids[b] * width, (size_t)width * sizeof *q->z);
    }
    return run_step(s, NULL);
}

/* ---- States ----------------------------------------------------------------------------------------- */

/* State k of a layer (h, c, last gates) and the reals of one row; NULL past the last. */
static rf_real *layer_state(const rf_stepper *s, int l, int k, rf_index *width)
{
    const layer *y = &s->layer[l];
    *width = y->q.H;
    if (k == 0) return rfi_run_slot(&y->q, y->q.hs, y->q.from);
    if (k == 1 && y->q.cs) return rfi_run_slot(&y->q, y->q.cs, y->q.from);
    *width = y->q.G * y->q.H;
    return k == 2 ? y->gates : NULL;
}

static void set_rows(rf_stepper *s, rf_index rows)
{
    assert(rows >= 0 && rows <= s->most);
    s->rows = rows;
    for (int l = 0; l < s->rnn->spec.layers; l++) {
        rfi_run *q = &s->layer[l].q;
        q->B = rows;
        q->from = 0, q->to = 1;
    }
}

void rf_stepper_reset(rf_stepper *s, rf_index rows)
{
    rf_index width;
    set_rows(s, rows);
    for (int l = 0; l < s->rnn->spec.layers; l++)
        for (int k = 0; k < 3; k++) {
            rf_real *p = layer_state(s, l, k, &width);
            if (p) memset(p, 0, (size_t)(rows * width) * sizeof *p);
        }
}

/* A state's place in slot 0, whatever slot it stands in now. */
static rf_real *layer_home(const rf_stepper *s, int l, int k)
{
    const layer *y = &s->layer[l];
    return k == 0 ? y->q.hs : k == 1 ? y->q.cs : y->gates;
}

void rf_stepper_gather(rf_stepper *s, const int32_t *from, rf_index rows)
{
    rf_index width;
    assert(rows <= s->most);
    for (int l = 0; l < s->rnn->spec.layers; l++)
        for (int k = 0; k < 3; k++) {
            const rf_real *p = layer_state(s, l, k, &width);
            if (!p) continue;
            for (rf_index r = 0; r < rows; r++) {
                assert(from[r] >= 0 && from[r] < s->rows);
                memcpy(s->spare + r * width, p + from[r] * width, (size_t)width * sizeof *p);
            }
            memcpy(layer_home(s, l, k), s->spare, (size_t)(rows * width) * sizeof *p);
        }
    set_rows(s, rows);
}

size_t rf_stepper_state_bytes(const rf_stepper *s)
{
    rf_index width, row = 0;
    for (int k = 0; k < 3; k++)
        if (layer_state(s, 0, k, &width)) row += width;
    return (size_t)(s->rnn->spec.layers * s->rows * row) * sizeof(rf_real);
}

void rf_stepper_get_state(const rf_stepper *s, void *out)
{
    rf_index width;
    char *to = out;
    for (int l = 0; l < s->rnn->spec.layers; l++)
        for (int k = 0; k < 3; k++) {
            const rf_real *p = layer_state(s, l, k, &width);
            const size_t n = p ? (size_t)(s->rows * width) * sizeof *p : 0;
            if (n) memcpy(to, p, n);
            to += n;
        }
}

void rf_stepper_set_state(rf_stepper *s, const void *in)
{
    rf_index width;
    const char *at = in;
    for (int l = 0; l < s->rnn->spec.layers; l++)
        for (int k = 0; k < 3; k++) {
            rf_real *p = layer_state(s, l, k, &width);
            const size_t n = p ? (size_t)(s->rows * width) * sizeof *p : 0;
            if (n) memcpy(p, at, n);
            at += n;
        }
}

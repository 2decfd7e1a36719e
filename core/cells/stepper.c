/* cells/stepper.c -- one step at a time without a graph, for decoding.
 *
 * Each layer is an rfi_run with T = 1 whose two time slots change places at every step, so that
 * nothing is copied; memory is laid out once for the largest number of rows.  A step, its look-up
 * of inputs and its output layer are one piece of work for the threads. */
#include "cells/rnn.h"
#include "cells/sequence.h"

#include "tensor/block.h"
#include "tensor/pool.h"
#include "tensor/qpack.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* One layer; q.from is the slot that holds the state. */
typedef struct layer {
    rfi_run q;     /* first: a tile's function finds its layer by it */
    rfi_panels px; /* W_ih */
    rf_index input;
    rf_real *memory;
    rf_tensor ln[2];      /* layer normalization of the input's product: gain, bias */
    rf_real *gates;       /* [rows,G*H] of the last step, for full gate recurrence */
    const rf_real *table; /* [count,G*H] projections of the inputs that ids choose from */
    const int32_t *ids;   /* [rows] of the step that runs */
} layer;

/* The output layer: scores = h W^T + b. */
typedef struct output {
    rfi_run q; /* H: V; z [most,V]: scores; bias [V] */
    rfi_panels panels;
    const rf_real *weight, *bias; /* [V,H], [V] or NULL: borrowed */
    rf_real *memory;              /* NULL: no output layer */
} output;

struct rf_stepper {
    rf_device *device;
    const rf_rnn *rnn;
    rf_index most, rows;
    int bits;       /* of the weights, as in rfi_panels */
    rf_real *spare; /* [most, widest state] */
    char *rounded;  /* [threads, rounded_n] int8: rows of activations */
    size_t rounded_n;
    layer *layer;
    output out;
    const rf_real *x; /* of the step that runs; NULL: ids say what layer 0 reads */

    const rf_real *inputs; /* [count,I] borrowed: what rf_stepper_step_ids chooses from */
    rf_index count;
    rf_real *table; /* [count,G*H] their projections */
};

static const rf_cell *cell_of(const rf_stepper *s) { return s->rnn->cell; }

/* ---- Memory and weights ---------------------------------------------------------------------------- */

static void layer_params(const rf_stepper *s, int l, rf_tensor *w)
{
    for (int k = 0; k < s->rnn->params; k++) w[k] = rfi_rnn_params(s->rnn, l, 0)[k]->value;
}

enum { MOST_PARAMS = RFI_MOST_PARAMS };

static rfi_run run_of(const rf_stepper *s)
{
    return (rfi_run){.device = s->device,
                     .kernels = rfi_cell_kernels_of(s->device),
                     .spec = cell_of(s)->spec,
                     .T = 1,
                     .B = s->rows,
                     .H = s->rnn->spec.hidden,
                     .G = cell_of(s)->gates,
                     .band = rfi_block_width(s->device->k),
                     .to = 1,
                     .step = s->rnn->spec.step > 0 ? s->rnn->spec.step : 1,
                     .substeps = s->rnn->spec.substeps > 0 ? s->rnn->spec.substeps : 1,
                     .rounded = s->rounded,
                     .rounded_n = s->rounded_n};
}

/* Lay out layer l from m on (m->at NULL: only count). */
static void layer_plan(rf_stepper *s, int l, rfi_bump *m)
{
    layer *y = &s->layer[l];
    const rf_cell *cell = cell_of(s);
    const rf_index H = s->rnn->spec.hidden, n = s->most * H;
    rf_tensor w[MOST_PARAMS];
    layer_params(s, l, w);
    y->input = l ? H : s->rnn->spec.input;
    y->q = run_of(s);
    y->q.z = rfi_bump_take(m, rfi_bands_size(y->q.band, s->most, cell->gates, H));
    y->q.hs = rfi_bump_take(m, 2 * n);
    if (cell->states > 1) y->q.cs = rfi_bump_take(m, 2 * n);
    if (cell->rules->aux_blocks) y->q.aux = rfi_bump_take(m, n * cell->rules->aux_blocks(&y->q));
    if (cell->rules->out_apart) y->q.out = rfi_bump_take(m, n);
    if (rfi_cell_sees_gates(cell)) {
        y->q.seen = rfi_bump_take(m, n * cell->gates);
        y->gates = rfi_bump_take(m, n * cell->gates);
    }
    y->q.first_gates = y->gates;
    rfi_norm_open(&y->q, cell, w, s->most, m);
    if (cell->layer_norm) memcpy(y->ln, w + rfi_cell_own_params(cell), sizeof y->ln);
    y->px = rfi_bump_panels(m, rfi_panels_gates(s->device->k, cell->gates, H, y->input));
    cell->rules->plan(&y->q, w, m, false);
}

static void output_plan(rf_stepper *s, rf_index V, rfi_bump *m)
{
    output *o = &s->out;
    o->q = run_of(s);
    o->q.H = V;
    o->q.z = rfi_bump_take(m, s->most * V);
    o->q.bias = rfi_bump_take(m, V);
    o->panels = rfi_bump_panels(m, rfi_panels_rows(s->device->k, V, s->rnn->spec.hidden));
}

/* Rows from which on panels in pairs are faster. */
enum { MANY = 24 };

static rfi_bump bump(const rf_stepper *s, rf_real *at)
{
    return (rfi_bump){.at = at, .bits = s->bits, .pairs = !s->bits && s->most >= MANY};
}

static bool layer_open(rf_stepper *s, int l)
{
    rfi_bump m = bump(s, NULL);
    layer_plan(s, l, &m);
    s->layer[l].memory = rf_aligned_calloc((size_t)m.used, sizeof(rf_real));
    if (!s->layer[l].memory) return false;
    m = bump(s, s->layer[l].memory);
    layer_plan(s, l, &m);
    return true;
}

/* Memory for rows in 8 bits: of the widest phase, that of two sources or that of the input. */
static bool open_rounded(rf_stepper *s)
{
    const rf_rnn_spec *r = &s->rnn->spec;
    const size_t step = rfi_qrow_bytes(r->hidden) + rfi_qrow_bytes(r->cell->gates * r->hidden);
    const size_t in = rfi_qrow_bytes(r->input);
    if (s->bits != 8) return true;
    s->rounded_n = (size_t)s->most * (in > step ? in : step);
    s->rounded = rf_aligned_calloc((size_t)rf_device_threads(s->device), s->rounded_n);
    return s->rounded;
}

static rf_status check(const rf_rnn_spec *r, rf_index rows, rf_weights form, rf_error *err)
{
    const bool wide = r->input > RFI_I8_MOST || r->cell->gates * r->hidden > RFI_I8_MOST;
    if (rows < 1) return rf_fail(err, RF_ENOTSUP, "stepper: at least one row is due");
    if (r->bidirectional)
        return rf_fail(err, RF_ENOTSUP, "stepper: a bidirectional network cannot go step by step");
    if (form == RF_WEIGHTS_INT8 && wide)
        return rf_fail(err, RF_ENOTSUP, "stepper: too wide for weights in 8 bits");
    return RF_OK;
}

rf_stepper *rf_stepper_new_as(rf_device *d, const rf_rnn *r, rf_index rows, rf_weights form,
                              rf_error *err)
{
    static const int bits[] = {[RF_WEIGHTS_F32] = 0, [RF_WEIGHTS_BF16] = 16, [RF_WEIGHTS_INT8] = 8};
    if (check(&r->spec, rows, form, err)) return NULL;
    rf_stepper *s = calloc(1, sizeof *s);
    if (!s) goto no_memory;
    *s = (rf_stepper){.device = d, .rnn = r, .most = rows, .rows = rows, .bits = bits[form]};
    s->layer = calloc((size_t)r->spec.layers, sizeof *s->layer);
    s->spare =
        rf_aligned_calloc((size_t)(rows * r->spec.hidden * r->spec.cell->gates), sizeof(rf_real));
    if (!s->layer || !s->spare || !open_rounded(s)) goto no_memory;
    for (int l = 0; l < r->spec.layers; l++)
        if (!layer_open(s, l)) goto no_memory;
    rf_stepper_refresh(s);
    return s;
no_memory:
    rf_fail(err, RF_ENOMEM, "stepper: no memory");
    rf_stepper_free(s);
    return NULL;
}

rf_stepper *rf_stepper_new(rf_device *d, const rf_rnn *r, rf_index rows, rf_error *err)
{
    return rf_stepper_new_as(d, r, rows, RF_WEIGHTS_F32, err);
}

void rf_stepper_free(rf_stepper *s)
{
    if (!s) return;
    for (int l = 0; s->layer && l < s->rnn->spec.layers; l++) rf_aligned_free(s->layer[l].memory);
    rf_aligned_free(s->out.memory);
    rf_aligned_free(s->rounded);
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
    }
}

static void output_worker(void *ctx, int thread, int threads)
{
    const output *o = &((const rf_stepper *)ctx)->out;
    rfi_run_pack_gates(&o->q, &o->panels, o->weight, o->panels.K, thread, threads);
}

static void fill_output(rf_stepper *s)
{
    output *o = &s->out;
    if (o->bias) memcpy(o->q.bias, o->bias, (size_t)o->q.H * sizeof *o->bias);
    rf_device_run(s->device, output_worker, s);
}

/* table = inputs W_ih^T of layer 0, normalised where the cell is */
static void fill_table(const rf_stepper *s)
{
    const rf_index I = s->rnn->spec.input, n = cell_of(s)->gates * s->rnn->spec.hidden;
    rfi_gemm(s->device, false, true, s->count, n, I, 1, s->inputs, I,
             rfi_rnn_params(s->rnn, 0, 0)[0]->value.data, I, 0, s->table, n);
    for (rf_index i = 0; cell_of(s)->layer_norm && i < s->count; i++)
        rfi_norm_input_row(&s->layer[0].q, s->layer[0].ln, s->table + i * n);
}

void rf_stepper_refresh(rf_stepper *s)
{
    for (int l = 0; l < s->rnn->spec.layers; l++) {
        const rfi_run old = s->layer[l].q;
        rfi_bump m = bump(s, s->layer[l].memory);
        layer_plan(s, l, &m); /* also sums the biases again */
        s->layer[l].q.from = old.from;
        s->layer[l].q.to = old.to;
        s->layer[l].q.alone = old.alone;
    }
    rf_device_run(s->device, refresh_worker, s);
    if (s->table) fill_table(s);
    if (s->out.memory) fill_output(s);
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
    s->layer[0].table = table;
    fill_table(s);
    return true;
}

bool rf_stepper_set_output(rf_stepper *s, const rf_real *weight, const rf_real *bias, rf_index V,
                           rf_error *err)
{
    rfi_bump m = bump(s, NULL);
    output o = s->out;
    output_plan(s, V, &m);
    rf_real *memory = rf_aligned_calloc((size_t)m.used, sizeof *memory);
    if (!memory) {
        s->out = o;
        return rf_fail(err, RF_ENOMEM, "stepper: no memory"), false;
    }
    rf_aligned_free(o.memory);
    s->out.memory = memory;
    s->out.weight = weight;
    s->out.bias = bias;
    m = bump(s, memory);
    output_plan(s, V, &m);
    fill_output(s);
    return true;
}

/* ---- Steps ------------------------------------------------------------------------------------------ */

/* A tile's part of what layer 0 makes of its inputs, from the table. */
static void look_up(const rfi_run *q, const rfi_tile *k)
{
    const layer *y = (const layer *)q;
    const rf_index left = q->H - k->unit, n = left < y->px.lanes ? left : y->px.lanes;
    for (rf_index b = k->row; b < k->row + k->rows; b++) {
        const rf_real *from = y->table + y->ids[b] * q->G * q->H + k->unit;
        rf_real *z = q->z + rfi_bands_at(q->band, q->B, q->G, b, k->unit);
        for (int g = 0; g < q->G; g++)
            memcpy(z + g * q->band, from + g * q->H, (size_t)n * sizeof *z);
    }
}

static void put_scores(const rfi_run *q, const rfi_tile *k)
{
    const rfi_kernels *f = q->device->k;
    const rf_index left = q->H - k->unit, all = (rf_index)k->vectors * f->lanes;
    for (int r = 0; r < k->rows; r++)
        f->add(left < all ? left : all, k->sum + r * k->width, q->bias + k->unit,
               q->z + (k->row + r) * q->H + k->unit);
}

static void norm_input(const layer *y, int thread, int threads)
{
    rf_index b, end;
    rfi_split(y->q.B, 1, thread, threads, &b, &end);
    rf_real *row = rfi_device_scratch(y->q.device, thread);
    for (; b < end; b++) {
        rfi_bands_get(&y->q, b, row);
        rfi_norm_input_row(&y->q, y->ln, row);
        rfi_bands_put(&y->q, b, row);
    }
    rfi_run_barrier(&y->q, thread);
}

/* What layer y reads, in z.  Looked up by the same tiles as the step's first product: the thread that
 * needs a part has written it. */
static void read_input(const layer *y, const rf_real *x, int thread, int threads)
{
    if (!x) {
        const rfi_source none = {&y->q.ph, NULL, 0};
        rfi_run_gates(&y->q, 0, 1, &none, look_up, thread, threads);
        return;
    }
    const rfi_source in = {&y->px, x, y->input};
    rfi_run_gates(&y->q, 0, 1, &in, y->q.kernels->project, thread, threads);
    rfi_run_barrier(&y->q, thread);
    if (y->q.gain) norm_input(y, thread, threads);
}

/* What layer y gives; its state is in slot `slot`. */
static const rf_real *layer_out(const layer *y, int slot)
{
    return y->q.out ? y->q.out : rfi_run_slot(&y->q, y->q.hs, slot);
}

static void run_worker(void *ctx, int thread, int threads)
{
    rf_stepper *s = ctx;
    const rf_real *x = s->x;
    for (int l = 0; l < s->rnn->spec.layers; l++) {
        const layer *y = &s->layer[l];
        read_input(y, x, thread, threads);
        cell_of(s)->rules->step(&y->q, 0, thread, threads);
        x = layer_out(y, y->q.to);
    }
    if (!s->out.memory) return;
    const rfi_source top = {&s->out.panels, x, s->out.panels.K};
    rfi_run_units(&s->out.q, 0, &top, put_scores, thread, threads);
}

/* Multiplications of a step below which waking other threads costs more than it gives. */
enum { ALONE = 100000 };

static bool runs_alone(const rf_stepper *s)
{
    const rf_rnn_spec *r = &s->rnn->spec;
    const rf_index V = s->out.memory ? s->out.q.H : 0;
    const rf_index work = s->rows * r->hidden * (r->layers * r->hidden * r->cell->gates + V);
    return work < ALONE || rf_device_threads(s->device) == 1;
}

/* Change the slots' places, so that what was written is the state. */
static void turn_slots(layer *y)
{
    rfi_run *q = &y->q;
    q->from ^= 1, q->to ^= 1;
    if (y->gates) memcpy(y->gates, q->seen, (size_t)(q->B * q->G * q->H) * sizeof *q->seen);
}

static const rf_real *run_step(rf_stepper *s, const rf_real *x)
{
    const int layers = s->rnn->spec.layers;
    const bool alone = runs_alone(s);
    s->x = x;
    for (int l = 0; l < layers; l++) s->layer[l].q.alone = alone;
    if (alone) {
        const unsigned long state = rfi_float_flush();
        run_worker(s, 0, 1);
        rfi_float_restore(state);
    } else {
        rf_device_run(s->device, run_worker, s);
    }
    for (int l = 0; l < layers; l++) turn_slots(&s->layer[l]);
    s->out.q.from ^= 1; /* its panels, too, are read to and fro */
    return layer_out(&s->layer[layers - 1], s->layer[layers - 1].q.from);
}

const rf_real *rf_stepper_step(rf_stepper *s, const rf_real *x)
{
    assert(x);
    return run_step(s, x);
}

const rf_real *rf_stepper_step_timed(rf_stepper *s, const rf_real *x, const rf_real *dt)
{
    assert(x && cell_of(s)->timed);
    for (int l = 0; l < s->rnn->spec.layers; l++) s->layer[l].q.dt = dt;
    const rf_real *h = run_step(s, x);
    for (int l = 0; l < s->rnn->spec.layers; l++) s->layer[l].q.dt = NULL;
    return h;
}

const rf_real *rf_stepper_step_ids(rf_stepper *s, const int32_t *ids)
{
    assert(s->table && "rf_stepper_set_inputs comes first");
    for (rf_index b = 0; b < s->rows; b++) assert(ids[b] >= 0 && ids[b] < s->count);
    s->layer[0].ids = ids;
    return run_step(s, NULL);
}

const rf_real *rf_stepper_scores(const rf_stepper *s)
{
    assert(s->out.memory && "rf_stepper_set_output comes first");
    return s->out.q.z;
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
    s->out.q.B = rows;
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

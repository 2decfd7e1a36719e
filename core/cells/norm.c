/* cells/norm.c -- layer normalization in a sequence's run.  Ba, Kiros, Hinton 2016, equations 20-22.
 *
 * The product of the state with W_hh goes to `raw` first; whole rows of it, group by group, become
 * û = (u − mean)/sqrt(var + eps); what the gates then see is gain û + shift.  An LSTM's output sees its
 * cell in the same way.  On the way back dz is the gradient of gain û + shift, and dr that of u, which
 * takes its place in the products with W_hh.  The product of the input is normalised before the run. */
#include "cells/sequence.h"

#include <math.h>
#include <string.h>

enum { LN_IH, LN_IH_SHIFT, LN_HH, LN_HH_SHIFT, LN_C, LN_C_SHIFT, LN_PARAMS };

bool rfi_norm_param(const rf_cell *c, int k, rf_index H, const char **name, rf_shape *shape)
{
    static const char *const names[LN_PARAMS] = {"weight_ln_ih", "bias_ln_ih",  "weight_ln_hh",
                                                 "bias_ln_hh",   "weight_ln_c", "bias_ln_c"};
    if (k < 0 || k >= (c->states > 1 ? LN_PARAMS : LN_C)) return false;
    *name = names[k];
    *shape = RF_SHAPE(k < LN_C ? c->gates * H : H);
    return true;
}

static int blocks_of(const rfi_run *q, const rf_cell *c)
{
    return c->timed ? rfi_run_evaluations(q) : q->G;
}

static int scales_of(const rfi_run *q, const rf_cell *c)
{
    return c->timed ? rfi_run_evaluations(q) : 2;
}

void rfi_norm_open(rfi_run *q, const rf_cell *c, const rf_tensor *w, rf_index rows, rfi_bump *m)
{
    const rf_tensor *ln = w + rfi_cell_own_params(c);
    if (!c->layer_norm) return;
    q->split = c->rules->split ? c->rules->split : c->gates;
    q->gain = ln[LN_HH].data;
    q->shift = ln[LN_HH_SHIFT].data;
    q->raw_ld = rfi_run_apart(blocks_of(q, c) * q->H);
    q->scales = scales_of(q, c);
    q->raw = rfi_bump_take(m, rows * q->raw_ld);
    q->scale = rfi_bump_take(m, rows * q->scales);
    if (c->states < 2) return;
    q->c_gain = ln[LN_C].data;
    q->c_shift = ln[LN_C_SHIFT].data;
    q->c_hat = rfi_bump_take(m, rows * q->H);
    q->c_scale = rfi_bump_take(m, rows);
}

rf_real rfi_norm_row(const rfi_kernels *k, rf_index n, rf_real *x)
{
    k->affine(n, 1, -k->sum(n, x) / (rf_real)n, x, x);
    const rf_real scale = (rf_real)(1 / sqrt(k->sumsq(n, x) / (double)n + RFI_NORM_EPS));
    k->scale(n, scale, x, x);
    return scale;
}

/* g: of û -> of u. */
static void row_bp(const rfi_kernels *k, rf_index n, const rf_real *hat, rf_real scale, rf_real *g)
{
    const rf_real mean = k->sum(n, g) / (rf_real)n, along = k->dot(n, g, hat) / (rf_real)n;
    k->affine(n, scale, -scale * mean, g, g);
    k->axpy(n, -scale * along, hat, g);
}

void rfi_norm_input_row(const rfi_run *q, const rf_tensor *ln, rf_real *z)
{
    const rfi_kernels *k = q->device->k;
    const rf_index H = q->H;
    for (int first = 0, last; first < q->G; first = last) {
        last = first ? q->G : q->split;
        (void)rfi_norm_row(k, (last - first) * H, z + first * H);
    }
    k->mul(q->G * H, z, ln[LN_IH].data, z);
    k->add(q->G * H, z, ln[LN_IH_SHIFT].data, z);
}

/* ---- The state's products -------------------------------------------------------------------------- */

/* A group of blocks in a row of raw: column and width in reals, row of gains, number of its scale. */
typedef struct span {
    rf_index column, n, row;
    int scale;
} span;

static span span_of(const rfi_run *q, int group, int stage)
{
    const int first = group ? q->split : 0, last = group ? q->G : q->split;
    return (span){(first + stage) * q->H, (last - first) * q->H, first * q->H, group + stage};
}

void rfi_norm_rows(const rfi_run *q, rf_index t, int groups, int stage, int thread, int threads)
{
    rf_index b, end;
    rfi_split(q->B, 1, thread, threads, &b, &end);
    for (; b < end; b++)
        for (int g = 0; g < 2; g++) {
            const rf_index row = t * q->B + b;
            const span s = span_of(q, g, stage);
            if (groups >> g & 1)
                q->scale[row * q->scales + s.scale] =
                    rfi_norm_row(q->device->k, s.n, q->raw + row * q->raw_ld + s.column);
        }
    rfi_run_barrier(q, thread);
}

void rfi_norm_rows_bp(const rfi_run *q, rf_index t, int groups, int stage, int thread, int threads)
{
    const rfi_kernels *k = q->device->k;
    rf_index b, end;
    if (!q->gain) return;
    rfi_split(q->B, 1, thread, threads, &b, &end);
    for (; b < end; b++)
        for (int g = 0; g < 2; g++) {
            const rf_index row = t * q->B + b;
            const span s = span_of(q, g, stage);
            rf_real *dr = q->dr + row * q->raw_ld + s.column;
            if (!(groups >> g & 1)) continue;
            k->mul(s.n, q->dz + row * q->dz_ld + s.column, q->gain + s.row, dr);
            row_bp(k, s.n, q->raw + row * q->raw_ld + s.column, q->scale[row * q->scales + s.scale],
                   dr);
        }
    rfi_run_barrier(q, thread);
}

/* ---- An LSTM's cell -------------------------------------------------------------------------------- */

/* to = f(gain ĉ + shift), f being tanh or nothing. */
static void cell_seen(const rfi_run *q, const rf_real *hat, rf_real *to)
{
    const rfi_lstm_spec *s = q->spec;
    memcpy(to, q->c_shift, (size_t)q->H * sizeof *to);
    q->device->k->mul_add(q->H, q->c_gain, hat, to);
    if (!s->linear_out) q->device->k->tanh(q->H, to, to);
}

/* x [H] times the output gate of sequence b, where that is not 1. */
static void times_output_gate(const rfi_run *q, rf_index t, rf_index b, rf_real *x)
{
    const int gate = rfi_lstm_block(q->spec, GATE_O);
    for (rf_index u = 0; gate >= 0 && u < q->H; u += q->band) {
        const rf_index n = q->H - u < q->band ? q->H - u : q->band;
        const rf_index at = rfi_bands_at(q->band, q->T * q->B, q->G, t * q->B + b, u);
        q->device->k->mul(n, q->z + at + gate * q->band, x + u, x + u);
    }
}

void rfi_norm_cell(const rfi_run *q, rf_index t, int thread, int threads)
{
    const rfi_kernels *k = q->device->k;
    const rf_index H = q->H;
    rf_index b, end;
    rfi_split(q->B, 1, thread, threads, &b, &end);
    for (; b < end; b++) {
        const rf_index row = t * q->B + b;
        rf_real *hat = q->c_hat + row * H, *h = rfi_run_slot(q, q->hs, t + q->to) + b * H;
        memcpy(hat, rfi_run_slot(q, q->cs, t + q->to) + b * H, (size_t)H * sizeof *hat);
        q->c_scale[row] = rfi_norm_row(k, H, hat);
        if (!rfi_run_active(q, t, b)) continue;
        cell_seen(q, hat, h);
        times_output_gate(q, t, b, h);
        if (q->out) memcpy(q->out + row * H, h, (size_t)H * sizeof *h);
    }
    rfi_run_barrier(q, thread);
}

void rfi_norm_cell_bp(const rfi_run *q, rf_index t, int thread, int threads)
{
    const rfi_lstm_spec *s = q->spec;
    const rfi_kernels *k = q->device->k;
    const rf_index H = q->H;
    rf_real *gain = q->partial + thread * q->partial_n + (q->G + GATES) * H, *shift = gain + H;
    rf_index b, end;
    rfi_split(q->B, 1, thread, threads, &b, &end);
    for (; b < end; b++) {
        const rf_index row = t * q->B + b;
        const rf_real *hat = q->c_hat + row * H;
        rf_real *y = q->c_seen + b * H, *d = q->c_back + b * H, *n = d;
        if (!rfi_run_active(q, t, b)) continue;
        cell_seen(q, hat, y);
        memcpy(d, q->dh + b * H, (size_t)H * sizeof *d);
        times_output_gate(q, t, b, d);
        for (rf_index i = 0; !s->linear_out && i < H; i++) n[i] *= 1 - y[i] * y[i];
        k->mul_add(H, d, hat, gain);
        k->add(H, d, shift, shift);
        k->mul(H, d, q->c_gain, d);
        row_bp(k, H, hat, q->c_scale[row], d);
    }
    rfi_run_barrier(q, thread);
}

/* ---- Gradients of gains and shifts ------------------------------------------------------------------ */

typedef struct gain_sums {
    const rfi_run *q;
    int blocks; /* of raw that share gains are G apart */
    rf_real *sums;
} gain_sums;

/* Σ dz û of some of the columns. */
static void sum_gains(void *ctx, int thread, int threads)
{
    const gain_sums *s = ctx;
    const rfi_run *q = s->q;
    const rf_index n = q->G * q->H;
    rf_index a, b;
    rfi_split(n, 64, thread, threads, &a, &b);
    if (a < b) memset(s->sums + a, 0, (size_t)(b - a) * sizeof *s->sums);
    for (rf_index row = 0; a < b && row < q->T * q->B; row++)
        for (rf_index at = a; at < s->blocks * q->H; at += n)
            q->device->k->mul_add(b - a, q->dz + row * q->dz_ld + at, q->raw + row * q->raw_ld + at,
                                  s->sums + a);
}

void rfi_norm_gradients(const rfi_run *q, const rf_call *c, const rf_cell *cell)
{
    const int ln = RFI_IN_W + rfi_cell_own_params(cell);
    const rf_index n = q->G * q->H;
    if (!q->gain) return;
    rf_real *sums = rf_graph_scratch(c->graph, (size_t)n * sizeof *sums);
    if (!sums) return;
    gain_sums s = {q, blocks_of(q, cell), sums};
    rf_device_run(q->device, sum_gains, &s);
    rfi_sum_gradient(c, ln + LN_HH, 0, sums, n);
    rfi_sum_gradient(c, ln + LN_HH_SHIFT, 0, q->partial, n);
    if (cell->states < 2) return;
    rfi_sum_gradient(c, ln + LN_C, 0, q->partial + (q->G + GATES) * q->H, q->H);
    rfi_sum_gradient(c, ln + LN_C_SHIFT, 0, q->partial + (q->G + GATES + 1) * q->H, q->H);
}

/* ---- The input's product --------------------------------------------------------------------------- */

/* Rows of x W_ih^T [T,B,G*H], each group normalised. */
rf_node rfi_norm_input(rf_graph *g, const rf_cell *c, rf_node x, const rf_node *w)
{
    const rf_node *ln = w + rfi_cell_own_params(c);
    const rf_shape hh = rf_shape_of(g, w[1]);
    const int split = c->rules->split;
    if (hh.rank != 2) return RF_POISON;
    const rf_index H = hh.dim[1];
    rf_node part[2];
    for (int k = 0; k < 2; k++) {
        const rf_index from = k * split * H, n = (k || !split ? c->gates - k * split : split) * H;
        const rf_node p = rf_linear(g, x, rf_rows(g, w[0], from, n), RF_NONE);
        part[k] = rf_layer_norm(g, p, rf_rows(g, ln[LN_IH], from, n),
                                rf_rows(g, ln[LN_IH_SHIFT], from, n), RFI_NORM_EPS);
        if (!split) return part[0];
    }
    return rf_concat(g, 2, part, 2);
}

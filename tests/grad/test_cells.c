/* test_cells.c -- every row of the table of cells in double precision: the fused op is its
 * expansion, in values and gradients; gradients are central differences and transposed tangents;
 * the vanilla formulas are what a page of scalar code computes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/cell.h>

#include "../net.h"

enum { T = 4, B = 3, I = 2, H = 5, INPUTS = 18, LARGEST = 4096 };
static const int32_t some_lengths[B] = {4, 1, 3};

static const rf_real some_dt[T * B] = {0.5, 1, 0.25, 0, 1.5, 0.7, 0.1, 0.9, 2, 0.3, 0.6, 1.2};
static const rf_clock some_clock = {.dt = some_dt, .substeps = 2};

static double random_at(const char *what, uint64_t i)
{
    return 2 * rf_uniform(rf_key_make(17, what, 0), i) - 1;
}

/* ---- One cell: fused, expanded, differences --------------------------------------------------- */

typedef struct variant {
    const rf_cell *cell;
    bool state, lengths, reverse;
} variant;

/* Numbers of all inputs of a cell, one after the other. */
typedef struct inputs {
    int n;
    rf_shape shape[INPUTS]; /* rank -1: none */
    rf_index at[INPUTS];
    rf_index count;
    rf_real value[LARGEST];
} inputs;

static void inputs_add(inputs *in, rf_shape s)
{
    in->shape[in->n] = s;
    in->at[in->n++] = in->count;
    if (s.rank < 0) return;
    const rf_index n = rf_shape_count(s);
    for (rf_index i = 0; i < n; i++)
        in->value[in->count + i] = (rf_real)random_at("value", (uint64_t)(in->count + i));
    in->count += n;
}

static void inputs_open(inputs *in, const variant *v)
{
    const rf_shape none = {.rank = -1}, state = RF_SHAPE(B, H);
    const char *name;
    rf_shape shape;
    in->n = 0;
    in->count = 0;
    inputs_add(in, RF_SHAPE(T, B, I));
    inputs_add(in, v->state ? state : none);
    inputs_add(in, v->state && v->cell->states > 1 ? state : none);
    for (int k = 0; rf_cell_param(v->cell, k, I, H, &name, &shape); k++) inputs_add(in, shape);
}

typedef rf_sequence build_fn(rf_graph *g, const rf_cell *cell, rf_node x, rf_node h0, rf_node c0,
                             const rf_node *w, const int32_t *lengths, bool reverse,
                             const rf_clock *clock);

/* sum(u x) with numbers u of its own for each name. */
static rf_node weighed(rf_graph *g, rf_node x, const char *name)
{
    rf_real u[LARGEST];
    const rf_shape s = rf_shape_of(g, x);
    for (rf_index i = 0; i < rf_shape_count(s); i++) u[i] = (rf_real)random_at(name, (uint64_t)i);
    return rf_sum(g, rf_mul(g, x, rf_constant(g, u, s)));
}

static rf_node weighed_sequence(rf_graph *g, rf_sequence s)
{
    rf_node loss = rf_add(g, weighed(g, s.out, "u"), weighed(g, s.h, "uh"));
    return s.c == RF_NONE ? loss : rf_add(g, loss, weighed(g, s.c, "uc"));
}

/* The loss with its gradient [count] (NULL: not wanted) and out, h, c one after the other. */
static double loss_of(rf_graph *g, build_fn *build, const variant *v, const inputs *in,
                      rf_real *gradient, rf_real *values)
{
    rf_node x[INPUTS];
    rf_graph_begin(g, RF_TRAIN, rf_key_make(1, "test", 0));
    for (int i = 0; i < in->n; i++)
        x[i] =
            in->shape[i].rank < 0 ? RF_NONE : rf_variable(g, in->value + in->at[i], in->shape[i]);
    const rf_sequence s =
        build(g, v->cell, x[0], x[1], x[2], x + 3, v->lengths ? some_lengths : NULL, v->reverse,
              v->cell->timed ? &some_clock : NULL);
    const rf_node loss = weighed_sequence(g, s), node[] = {s.out, s.h, s.c};
    rf_error err = {0};
    if (rf_graph_status(g, &err)) printf("%s: %s\n", v->cell->name, err.text);
    CU_ASSERT_EQUAL_FATAL(rf_graph_status(g, NULL), RF_OK);
    for (int k = 0; values && k < v->cell->states + 1; k++) {
        const rf_index n = rf_shape_count(rf_shape_of(g, node[k]));
        memcpy(values, rf_value(g, node[k]).data, (size_t)n * sizeof *values);
        values += n;
    }
    const double l = (double)rf_value(g, loss).data[0];
    if (!gradient) return l;
    CU_ASSERT_EQUAL_FATAL(rf_adjoint(g, loss), RF_OK);
    memset(gradient, 0, (size_t)in->count * sizeof *gradient);
    for (int i = 0; i < in->n; i++) {
        const rf_real *gx = x[i] == RF_NONE ? NULL : rf_gradient(g, x[i]);
        if (gx)
            memcpy(gradient + in->at[i], gx,
                   (size_t)rf_shape_count(in->shape[i]) * sizeof *gradient);
    }
    return l;
}

/* d loss along a direction, by the sweep of tangents through the fused node. */
static double tangent_of(rf_graph *g, const variant *v, const inputs *in, const rf_real *direction)
{
    rf_node x[INPUTS];
    rf_graph_begin(g, RF_TRAIN, rf_key_make(1, "test", 0));
    for (int i = 0; i < in->n; i++) {
        x[i] = RF_NONE;
        if (in->shape[i].rank >= 0) x[i] = rf_variable(g, in->value + in->at[i], in->shape[i]);
    }
    const rf_node loss = weighed_sequence(
        g, rf_cell_sequence(g, v->cell, x[0], x[1], x[2], x + 3, v->lengths ? some_lengths : NULL,
                            v->reverse, v->cell->timed ? &some_clock : NULL));
    for (int i = 0; i < in->n; i++)
        if (x[i] != RF_NONE) rf_set_tangent(g, x[i], direction + in->at[i]);
    CU_ASSERT_EQUAL_FATAL(rf_sweep_tangents(g), RF_OK);
    const rf_real *t = rf_tangent(g, loss);
    return t ? (double)t[0] : 0;
}

static double furthest(const rf_real *a, const rf_real *b, rf_index n)
{
    double far = 0;
    for (rf_index i = 0; i < n; i++) far = fmax(far, fabs((double)a[i] - (double)b[i]));
    return far;
}

static double slope_by_differences(rf_graph *g, const variant *v, const inputs *in,
                                   const rf_real *direction)
{
    const double eps = 1e-6;
    static inputs moved;
    double l[2];
    for (int k = 0; k < 2; k++) {
        moved = *in;
        for (rf_index i = 0; i < in->count; i++)
            moved.value[i] += (rf_real)(k ? -eps : eps) * direction[i];
        l[k] = loss_of(g, rf_cell_sequence, v, &moved, NULL, NULL);
    }
    return (l[0] - l[1]) / (2 * eps);
}

static bool near(double a, double b, double tolerance)
{
    return fabs(a - b) <= tolerance * fmax(1, fabs(a));
}

static void check_variant(rf_graph *g, const variant *v)
{
    static inputs in;
    static rf_real grad[LARGEST], grad2[LARGEST], value[LARGEST], value2[LARGEST], dir[LARGEST];
    inputs_open(&in, v);
    const rf_index n = T * B * H + v->cell->states * B * H;
    (void)loss_of(g, rf_cell_sequence, v, &in, grad, value);
    (void)loss_of(g, rf_cell_unrolled, v, &in, grad2, value2);
    double along = 0;
    for (rf_index i = 0; i < in.count; i++) {
        dir[i] = (rf_real)random_at("direction", (uint64_t)i);
        along += (double)grad[i] * (double)dir[i];
    }
    const bool same = furthest(value, value2, n) < 1e-12 && furthest(grad, grad2, in.count) < 1e-11;
    const bool differences = near(slope_by_differences(g, v, &in, dir), along, 1e-7);
    const bool transposed = near(tangent_of(g, v, &in, dir), along, 1e-11);
    CU_ASSERT(same);
    CU_ASSERT(differences);
    CU_ASSERT(transposed);
    if (!same || !differences || !transposed)
        printf("%s normed %d state %d lengths %d reverse %d: values %g gradients %g\n",
               v->cell->name, v->cell->layer_norm, v->state, v->lengths, v->reverse,
               furthest(value, value2, n), furthest(grad, grad2, in.count));
}

static void every_row(void)
{
    for (int threads = 1; threads <= 2; threads++) {
        rf_device *d = rf_device_new(threads, NULL);
        rf_graph *g = rf_graph_new(d);
        for (int i = 0; rf_cell_at(i); i++)
            for (int k = 0; k < 16; k++) {
                const rf_cell *c = k >> 3 ? rf_cell_normed(rf_cell_at(i)) : rf_cell_at(i);
                const variant v = {c, k & 1, k >> 1 & 1, k >> 2 & 1};
                check_variant(g, &v);
            }
        rf_graph_free(g);
        rf_device_free(d);
    }
}

/* ---- rf_rnn: layers, directions, lengths, states ---------------------------------------------- */

static net net_of(rf_rnn_spec spec) { return net_new(&spec, "", 3); }

static net net_open(const char *cell, int layers, bool bidirectional)
{
    return net_of((rf_rnn_spec){.cell = rf_cell_find(cell),
                                .input = I,
                                .hidden = H,
                                .layers = layers,
                                .bidirectional = bidirectional});
}

static rf_node net_variable(const net *n, const char *what, rf_shape s)
{
    rf_real x[LARGEST];
    for (rf_index i = 0; i < rf_shape_count(s); i++) x[i] = (rf_real)random_at(what, (uint64_t)i);
    return rf_variable(n->graph, x, s);
}

static rf_node net_loss(const net *n, bool given)
{
    const rf_rnn_spec *spec = rf_rnn_describe(n->rnn);
    const rf_index D = spec->bidirectional ? 2 : 1;
    rf_graph_begin(n->graph, RF_TRAIN, rf_key_make(1, "net", 0));
    const rf_shape state = RF_SHAPE(spec->layers * D, B, H);
    const rf_node x = net_variable(n, "x", RF_SHAPE(T, B, I));
    const rf_node h0 = given ? net_variable(n, "h0", state) : RF_NONE;
    const rf_node c0 = given && spec->cell->states > 1 ? net_variable(n, "c0", state) : RF_NONE;
    return weighed_sequence(n->graph,
                            rf_rnn_apply(n->graph, n->rnn, x, h0, c0, given ? some_lengths : NULL));
}

static double net_value(const net *n, bool given)
{
    const rf_node l = net_loss(n, given);
    CU_ASSERT_EQUAL_FATAL(rf_graph_status(n->graph, NULL), RF_OK);
    return (double)rf_value(n->graph, l).data[0];
}

/* Move all parameters along their random direction; the gradient's part along it. */
static double net_move(const net *n, double by)
{
    double along = 0;
    for (size_t k = 0; k < rf_params_count(n->params); k++) {
        rf_param *p = rf_params_at(n->params, k);
        for (rf_index i = 0; i < rf_shape_count(p->value.shape); i++) {
            const double d = random_at(p->name, (uint64_t)i);
            p->value.data[i] += (rf_real)(by * d);
            along += d * (double)p->grad[i];
        }
    }
    return along;
}

static void check_net(net n, bool given)
{
    const double eps = 1e-6;
    rf_params_zero_grad(n.params);
    const rf_node l = net_loss(&n, given);
    CU_ASSERT_EQUAL_FATAL(rf_adjoint(n.graph, l), RF_OK);
    const double along = net_move(&n, eps), up = net_value(&n, given);
    (void)net_move(&n, -2 * eps);
    const double slope = (up - net_value(&n, given)) / (2 * eps);
    CU_ASSERT(near(slope, along, 1e-7));
    if (!near(slope, along, 1e-7))
        printf("%s: %.12g is not %.12g\n", rf_rnn_describe(n.rnn)->cell->name, along, slope);
    net_close(&n);
}

static void stacks(void)
{
    for (int i = 0; rf_cell_at(i); i++)
        for (int k = 0; k < 16; k++)
            check_net(net_of((rf_rnn_spec){.cell = rf_cell_at(i),
                                           .input = I,
                                           .hidden = H,
                                           .layers = 1 + (k & 1),
                                           .bidirectional = k >> 1 & 1,
                                           .layer_norm = k >> 3,
                                           .substeps = 2}),
                      k >> 2 & 1);
}

/* Masks are a function of the graph's key, so the loss is differentiable with them. */
static void dropout(void)
{
    static const char *const cells[] = {"lstm", "gru-torch", "lstm-fgr"};
    for (int k = 0; k < 3; k++) {
        rf_rnn_spec spec = {.cell = rf_cell_find(cells[k]), .input = I, .hidden = H, .layers = 3};
        spec.dropout = 0.4;
        spec.variational = k != 1;
        spec.weight_dropout = 0.3;
        spec.bidirectional = k == 1;
        net n = net_of(spec);
        const double dropped = net_value(&n, false);
        rf_rnn_spec plain = spec;
        plain.dropout = plain.weight_dropout = 0;
        net m = net_of(plain);
        CU_ASSERT(fabs(dropped - net_value(&m, false)) > 1e-6);
        net_close(&m);
        check_net(n, true);
    }
}

/* ---- The formulas, by hand -------------------------------------------------------------------- */

static double sigma(double x) { return 1 / (1 + exp(-x)); }

/* Parameter by name: [row, column]. */
static double at(const net *n, const char *name, rf_index row, rf_index columns, rf_index column)
{
    return (double)rf_params_find(n->params, name)->value.data[row * columns + column];
}

/* W x + b + U h + b' of a row; in and h are vectors. */
static double row_of(const net *n, const char *suffix, rf_index row, const double *in,
                     rf_index width, const double *h)
{
    char name[4][64];
    static const char *const stems[] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"};
    for (int k = 0; k < 4; k++) snprintf(name[k], sizeof name[k], "%s_%s", stems[k], suffix);
    double a = at(n, name[2], row, 1, 0) + at(n, name[3], row, 1, 0);
    for (rf_index j = 0; j < width; j++) a += at(n, name[0], row, width, j) * in[j];
    for (rf_index j = 0; j < H; j++) a += at(n, name[1], row, H, j) * h[j];
    return a;
}

/* One step of the cell on one sequence, h and c in place; k is the layer's suffix ("l0"). */
typedef void step_fn(const net *n, const char *k, const double *x, rf_index width, double *h,
                     double *c);

static void elman_step(const net *n, const char *k, const double *x, rf_index width, double *h,
                       double *c)
{
    double next[H];
    (void)c;
    for (int u = 0; u < H; u++) next[u] = tanh(row_of(n, k, u, x, width, h));
    memcpy(h, next, sizeof next);
}

static void lstm_with(const net *n, const char *k, const double *x, rf_index width, double *h,
                      double *c, bool peephole)
{
    double next[H];
    char p[3][64];
    snprintf(p[0], sizeof p[0], "weight_ci_%s", k);
    snprintf(p[1], sizeof p[1], "weight_cf_%s", k);
    snprintf(p[2], sizeof p[2], "weight_co_%s", k);
    for (int u = 0; u < H; u++) {
        const double pi = peephole ? at(n, p[0], u, 1, 0) * c[u] : 0;
        const double pf = peephole ? at(n, p[1], u, 1, 0) * c[u] : 0;
        const double i = sigma(row_of(n, k, u, x, width, h) + pi);
        const double f = sigma(row_of(n, k, H + u, x, width, h) + pf);
        const double g = tanh(row_of(n, k, 2 * H + u, x, width, h));
        c[u] = f * c[u] + i * g;
        const double po = peephole ? at(n, p[2], u, 1, 0) * c[u] : 0;
        next[u] = sigma(row_of(n, k, 3 * H + u, x, width, h) + po) * tanh(c[u]);
    }
    memcpy(h, next, sizeof next);
}

static void lstm_step(const net *n, const char *k, const double *x, rf_index width, double *h,
                      double *c)
{
    lstm_with(n, k, x, width, h, c, false);
}

static void peephole_step(const net *n, const char *k, const double *x, rf_index width, double *h,
                          double *c)
{
    lstm_with(n, k, x, width, h, c, true);
}

/* Cho et al.: h̃ = tanh(W x + U (r∗h)), h = (1−z)∗h + z∗h̃. */
static void gru_step(const net *n, const char *k, const double *x, rf_index width, double *h,
                     double *c)
{
    double reset[H], next[H];
    (void)c;
    for (int u = 0; u < H; u++) reset[u] = sigma(row_of(n, k, u, x, width, h)) * h[u];
    for (int u = 0; u < H; u++) {
        const double z = sigma(row_of(n, k, H + u, x, width, h));
        next[u] = (1 - z) * h[u] + z * tanh(row_of(n, k, 2 * H + u, x, width, reset));
    }
    memcpy(h, next, sizeof next);
}

/* nn.GRU: n = tanh(W x + b + r∗(U h + b')), h = (1−z)∗n + z∗h. */
static void gru_torch_step(const net *n, const char *k, const double *x, rf_index width, double *h,
                           double *c)
{
    double next[H];
    const double zero[H] = {0}, none[LARGEST / H] = {0};
    char bias[64];
    (void)c;
    snprintf(bias, sizeof bias, "bias_hh_%s", k);
    for (int u = 0; u < H; u++) {
        const double r = sigma(row_of(n, k, u, x, width, h));
        const double z = sigma(row_of(n, k, H + u, x, width, h));
        const double both = row_of(n, k, 2 * H + u, none, width, zero);
        const double bh = at(n, bias, 2 * H + u, 1, 0), bi = both - bh;
        const double wx = row_of(n, k, 2 * H + u, x, width, zero) - both;
        const double uh = row_of(n, k, 2 * H + u, none, width, h) - both;
        next[u] = (1 - z) * tanh(wx + bi + r * (uh + bh)) + z * h[u];
    }
    memcpy(h, next, sizeof next);
}

/* out[t] of a layer in one direction from in[t], one sequence. */
static void run_layer(const net *n, step_fn *step, const char *suffix, double in[T][2 * H],
                      rf_index width, bool reverse, double out[T][2 * H], rf_index column)
{
    double h[H] = {0}, c[H] = {0};
    for (int s = 0; s < T; s++) {
        const int t = reverse ? T - 1 - s : s;
        step(n, suffix, in[t], width, h, c);
        memcpy(out[t] + column, h, sizeof h);
    }
}

static void check_formula(const char *cell, step_fn *step, int layers, bool bidirectional)
{
    net n = net_open(cell, layers, bidirectional);
    rf_graph_begin(n.graph, RF_EVAL, rf_key_make(1, "net", 0));
    const rf_node x = net_variable(&n, "x", RF_SHAPE(T, 1, I));
    const rf_sequence s = rf_rnn_apply(n.graph, n.rnn, x, RF_NONE, RF_NONE, NULL);
    double in[T][2 * H] = {{0}}, out[T][2 * H];
    const int D = bidirectional ? 2 : 1;
    for (int t = 0; t < T; t++)
        for (int i = 0; i < I; i++) in[t][i] = (double)rf_value(n.graph, x).data[t * I + i];
    for (int l = 0; l < layers; l++) {
        char name[2][32];
        snprintf(name[0], sizeof name[0], "l%d", l);
        snprintf(name[1], sizeof name[1], "l%d_reverse", l);
        for (int d = 0; d < D; d++) run_layer(&n, step, name[d], in, l ? D * H : I, d, out, d * H);
        memcpy(in, out, sizeof in);
    }
    double far = 0;
    for (int t = 0; t < T; t++)
        for (int u = 0; u < D * H; u++)
            far = fmax(far, fabs((double)rf_value(n.graph, s.out).data[t * D * H + u] - in[t][u]));
    CU_ASSERT(far < 1e-13);
    if (!(far < 1e-13)) printf("%s: %g\n", cell, far);
    net_close(&n);
}

static void formula_elman(void) { check_formula("elman", elman_step, 1, false); }
static void formula_lstm(void) { check_formula("lstm", lstm_step, 1, false); }
static void formula_peephole(void) { check_formula("lstm-peephole", peephole_step, 1, false); }
static void formula_gru(void) { check_formula("gru", gru_step, 1, false); }
static void formula_gru_torch(void) { check_formula("gru-torch", gru_torch_step, 1, false); }

/* →h and ←h of layer i read [→h; ←h] of layer i−1. */
static void formula_deep_bidirectional(void)
{
    check_formula("elman", elman_step, 3, true);
    check_formula("lstm", lstm_step, 2, true);
}

int main(void)
{
    CU_TestInfo tests[] = {{"every row is its expansion", every_row},
                           {"stacks", stacks},
                           {"dropout", dropout},
                           {"formula of Elman's network", formula_elman},
                           {"formula of the LSTM", formula_lstm},
                           {"formula of the peephole LSTM", formula_peephole},
                           {"formula of the GRU", formula_gru},
                           {"formula of nn.GRU", formula_gru_torch},
                           {"formula of deep bidirectional networks", formula_deep_bidirectional},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "cells", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

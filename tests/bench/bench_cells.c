/* bench_cells.c -- recurrent layers alone, forward and adjoint, at the shapes of the workloads W1..W5.
 *
 * usage: bench_cells --workload W1..W5 [--threads N] [--seconds S] [--format text|json]
 * The workload's layers on each other: what peers/compare.py puts beside oneDNN.
 *
 * usage: bench_cells [threads [rounds]]
 * One layer of each kind, then steps of the decoder.  Prints the median and best time of a round, and nominal GFLOP/s of the best (adjoint = twice the
 * forward).  Times vary with what else the machine does: compare runs in turn, not numbers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "cells/sequence.h"

typedef struct shape {
    const char *name, *cell;
    rf_index T, B, I, H;
} shape;

static const shape shapes[] = {
    {"W1", "lstm", 20, 20, 200, 200},    {"W2", "lstm", 35, 20, 650, 650},
    {"W3", "lstm", 64, 64, 512, 512},    {"W4", "gru-torch", 100, 32, 256, 256},
    {"W4", "gru", 100, 32, 256, 256},    {"W5", "lstm", 30, 32, 100, 256},
    {"-", "elman", 35, 20, 650, 650},    {"-", "lstm-peephole", 35, 20, 650, 650},
    {"-", "lstm-fgr", 20, 20, 200, 200}, {"-", "lstm-full-peephole", 20, 20, 200, 200},
    {"-", "jordan", 20, 20, 200, 200},   {"-", "ctrnn", 20, 20, 200, 200},
};

static rf_real *filled(rf_index n, double scale)
{
    rf_real *p = rf_aligned_calloc((size_t)n, sizeof *p);
    const rf_key key = rf_key_make(1, "bench", 0);
    for (rf_index i = 0; p && i < n; i++)
        p[i] = (rf_real)(scale * (2 * rf_uniform(key, (uint64_t)i) - 1));
    return p;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

enum { INPUTS = RFI_IN_W + RFI_MOST_PARAMS, MOST_ROUNDS = 1000 };

static rf_call call_of(const shape *s, rf_tensor *x, rf_real **gx, bool *fresh,
                       rfi_sequence_attr *attr)
{
    const rf_cell *cell = rf_cell_find(s->cell);
    const char *name;
    *attr = (rfi_sequence_attr){.cell = cell, .step = 0.5, .substeps = 1};
    rf_call c = {.op = cell->rules->op,
                 .attr = attr,
                 .mode = RF_TRAIN,
                 .n = RFI_IN_W,
                 .x = x,
                 .gx = gx,
                 .fresh = fresh};
    x[0].shape = RF_SHAPE(s->T, s->B, s->I);
    while (rf_cell_param(cell, c.n - RFI_IN_W, s->I, s->H, &name, &x[c.n].shape)) c.n++;
    for (int i = 0; i < c.n; i++) {
        if (i == RFI_IN_H || i == RFI_IN_C) continue;
        const rf_index n = rf_shape_count(x[i].shape);
        x[i].data = filled(n, i ? 1 / sqrt((double)s->H) : 1);
        gx[i] = rf_aligned_calloc((size_t)n, sizeof(rf_real));
        fresh[i] = true;
    }
    return c;
}

static void measure(const shape *s, rf_device *d, int rounds)
{
    static double t[3][MOST_ROUNDS];
    rf_tensor x[INPUTS] = {{0}};
    rf_real *gx[INPUTS] = {NULL};
    bool fresh[INPUTS] = {false};
    rfi_sequence_attr attr;
    rf_graph *g = rf_graph_new(d);
    rf_call c = call_of(s, x, gx, fresh, &attr);
    c.graph = g;
    c.device = d;
    if (!c.op->shape(&c, &c.y.shape)) return;
    c.y.data = rf_aligned_calloc((size_t)rf_shape_count(c.y.shape), sizeof(rf_real));
    rf_real *gy = filled(rf_shape_count(c.y.shape), 1);
    c.gy = gy;
    c.saved = rf_aligned_calloc(c.op->save(&c), 1);
    for (int i = -1; i < rounds; i++) {
        rf_graph_begin(g, RF_TRAIN, rf_key_make(1, "bench", 0));
        const double t0 = bench_now();
        c.op->forward(&c);
        const double t1 = bench_now();
        c.op->adjoint(&c);
        const double t2 = bench_now();
        if (i >= 0) t[0][i] = t1 - t0, t[1][i] = t2 - t1, t[2][i] = t2 - t0;
    }
    for (int k = 0; k < 3; k++) qsort(t[k], (size_t)rounds, sizeof **t, by_size);
    const double work =
        2.0 * (double)(s->T * s->B) * (double)(s->I + s->H) * (double)(attr.cell->gates * s->H);
    printf(
        "%-3s %-19s forward %7.2f ms %6.1f  adjoint %7.2f ms %6.1f  both %7.2f ms (median %7.2f) "
        "%6.1f GFLOP/s\n",
        s->name, s->cell, t[0][0] * 1e3, work / t[0][0] * 1e-9, t[1][0] * 1e3,
        2 * work / t[1][0] * 1e-9, t[2][0] * 1e3, t[2][rounds / 2] * 1e3,
        3 * work / t[2][0] * 1e-9);
    for (int i = 0; i < c.n; i++) rf_aligned_free(x[i].data), rf_aligned_free(gx[i]);
    rf_aligned_free(c.y.data);
    rf_aligned_free(gy);
    rf_aligned_free(c.saved);
    rf_graph_free(g);
}

/* Steps of a decoder in a second: W6 without its softmax, and a beam of 8. */
static void measure_stepper(rf_device *d, const char *cell, rf_index rows, rf_weights form,
                            int rounds)
{
    enum { I = 96, H = 512, STEPS = 2000 };
    const rf_rnn_spec spec = {.cell = rf_cell_find(cell), .input = I, .hidden = H, .layers = 1};
    rf_params *ps = rf_params_new();
    rf_rnn *r = rf_rnn_new(&spec, ps, "", NULL);
    if (!r) return;
    rf_params_init(ps, 1);
    static const char *const names[] = {"f32", "bf16", "int8"};
    static const double size[] = {4, 2, 1};
    rf_stepper *s = rf_stepper_new_as(d, r, rows, form, NULL);
    rf_real *x = filled(rows * I, 1);
    double best = 1e30;
    for (int k = 0; s && x && k < rounds; k++) {
        const double t0 = bench_now();
        for (int i = 0; i < STEPS; i++) (void)rf_stepper_step(s, x);
        const double t = (bench_now() - t0) / STEPS;
        best = t < best ? t : best;
    }
    const double bytes = size[form] * spec.cell->gates * H * (I + H);
    printf("W6  %-10s %-4s %d rows: %7.1f us a step, %8.0f rows/s, weights %5.1f GB/s\n", cell,
           names[form], (int)rows, best * 1e6, (double)rows / best, bytes / best * 1e-9);
    rf_aligned_free(x);
    rf_stepper_free(s);
    rf_rnn_free(r);
    rf_params_free(ps);
}

/* ---- The layers of a workload --------------------------------------------------------------------- */

typedef struct stack {
    const bench_layers *s;
    rf_graph *g;
    rf_params *ps;
    rf_rnn *rnn;
    rf_real *x, *gy;
} stack;

/* Input gradient and gradients of all weights, as a layer in a deeper network has them. */
static void stack_step(void *ctx)
{
    const stack *k = ctx;
    rf_graph_begin(k->g, RF_TRAIN, rf_key_make(1, "bench", 0));
    const rf_node x = rf_variable(k->g, k->x, RF_SHAPE(k->s->T, k->s->B, k->s->I));
    rf_adjoint_with(k->g, rf_rnn_apply(k->g, k->rnn, x, RF_NONE, RF_NONE, NULL).out, k->gy);
    rf_params_zero_grad(k->ps);
}

static int measure_stack(const bench_options *o, rf_device *d)
{
    const bench_layers *s = o->layers;
    const rf_rnn_spec spec = {.cell = rf_cell_find(s->cell),
                              .input = s->I,
                              .hidden = s->H,
                              .layers = s->layers,
                              .bidirectional = s->directions == 2};
    rf_error err = {0};
    stack k = {.s = s, .g = rf_graph_new(d), .ps = rf_params_new()};
    k.rnn = rf_rnn_new(&spec, k.ps, "", &err);
    k.x = filled(s->T * s->B * s->I, 1);
    k.gy = filled(s->T * s->B * s->directions * s->H, 1e-3);
    rf_params_init(k.ps, 1);
    bench_layers_run(o, "refrain", stack_step, &k);
    const bool failed = rf_graph_status(k.g, &err) != RF_OK;
    if (failed) fprintf(stderr, "bench_cells: %s\n", err.text);
    rf_aligned_free(k.x);
    rf_aligned_free(k.gy);
    rf_rnn_free(k.rnn);
    rf_params_free(k.ps);
    rf_graph_free(k.g);
    return failed;
}

static int one_workload(int argc, char **argv)
{
    bench_options o;
    if (!bench_parse(argc, argv, &o) || o.check) {
        fputs("usage: bench_cells --workload W1..W5 [--threads N] [--seconds S] [--format "
              "text|json]\n",
              stderr);
        return 2;
    }
    rf_device *d = rf_device_new(o.threads, NULL);
    if (!d) return 1;
    const int status = measure_stack(&o, d);
    rf_device_free(d);
    return status;
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] == '-') return one_workload(argc, argv);
    const int threads = argc > 1 ? atoi(argv[1]) : 0;
    int rounds = argc > 2 ? atoi(argv[2]) : 15;
    rounds = rounds < 1 ? 1 : rounds > MOST_ROUNDS ? MOST_ROUNDS : rounds;
    rf_device *d = rf_device_new(threads, NULL);
    if (!d) return 1;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) measure(&shapes[i], d, rounds);
    for (int k = 0; k < 12; k++)
        measure_stepper(d, k % 2 ? "gru-torch" : "lstm", k / 6 ? 8 : 1, (rf_weights)(k / 2 % 3),
                        rounds);
    printf("%d threads, %s, %s\n", rf_device_threads(d), rf_device_isa(d), rf_device_blas(d));
    rf_device_free(d);
    return 0;
}

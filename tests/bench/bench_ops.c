/* bench_ops.c -- how long the ops outside of products and recurrent layers take, forth and back.
 *
 * usage: bench_ops [THREADS] [SECONDS per line]; THREADS 0: all.  Medians. */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include <refrain/graph.h>

enum { T = 35, B = 20, H = 650 };

typedef rf_node op_fn(rf_graph *g, rf_node x);

static rf_node dropout(rf_graph *g, rf_node x) { return rf_dropout(g, x, 0.4); }
static rf_node shared(rf_graph *g, rf_node x) { return rf_dropout_shared(g, x, 0.4, 0); }

static rf_node row(rf_graph *g)
{
    static const rf_real ones[H] = {1};
    return rf_variable(g, ones, RF_SHAPE(H));
}
static rf_node norm(rf_graph *g, rf_node x) { return rf_layer_norm(g, x, row(g), row(g), 1e-5); }
static rf_node add_row(rf_graph *g, rf_node x) { return rf_add(g, x, row(g)); }
static rf_node mul_column(rf_graph *g, rf_node x)
{
    return rf_mul(g, x, rf_variable(g, rf_value(g, x).data, RF_SHAPE(T, B, 1)));
}
static rf_node mul_scalar(rf_graph *g, rf_node x)
{
    return rf_mul(g, x, rf_variable(g, rf_value(g, x).data, RF_SCALAR));
}
static rf_node slice(rf_graph *g, rf_node x) { return rf_slice(g, x, 2, 10, H - 20); }
static rf_node concat(rf_graph *g, rf_node x)
{
    return rf_concat(g, 2, (const rf_node[]){x, x}, 2);
}
static rf_node reverse(rf_graph *g, rf_node x) { return rf_reverse(g, x, NULL); }
static rf_node turn(rf_graph *g, rf_node x) { return rf_transpose(g, x, 1, 2); }
static rf_node sum_time(rf_graph *g, rf_node x) { return rf_sum_dim(g, x, 0, false); }
static rf_node max_time(rf_graph *g, rf_node x) { return rf_max_dim(g, x, 0, false); }
static rf_node max_unit(rf_graph *g, rf_node x) { return rf_max_dim(g, x, 2, false); }
static rf_node mse(rf_graph *g, rf_node x) { return rf_mean_squared_error(g, x, x); }
static rf_node bce(rf_graph *g, rf_node x) { return rf_binary_cross_entropy(g, x, x); }
static rf_node embedding(rf_graph *g, rf_node x)
{
    int32_t id[T * B];
    for (int i = 0; i < T * B; i++) id[i] = i * 31 % (T * B);
    return rf_embedding(g, rf_reshape(g, x, RF_SHAPE(T * B, H)), id, RF_SHAPE(T, B));
}

static const struct {
    const char *name;
    op_fn *build;
} rows[] = {{"tanh", rf_tanh},
            {"dropout", dropout},
            {"dropout, shared", shared},
            {"layer_norm", norm},
            {"add, a row", add_row},
            {"mul, a column", mul_column},
            {"mul, a scalar", mul_scalar},
            {"slice", slice},
            {"concat", concat},
            {"reverse", reverse},
            {"transpose", turn},
            {"sum_dim, time", sum_time},
            {"max_dim, time", max_time},
            {"max_dim, units", max_unit},
            {"embedding", embedding},
            {"squared error", mse},
            {"binary entropy", bce}};

typedef struct times {
    size_t n;
    double forth[2000], back[2000];
} times;

static bool measure(rf_device *d, op_fn *build, double seconds, times *t)
{
    rf_graph *g = rf_graph_new(d);
    rf_real *x = rf_aligned_calloc(T * B * H, sizeof *x);
    const double end = bench_now() + seconds;
    t->n = 0;
    for (int round = 0; g && x && (round < 5 || bench_now() < end) && t->n < 2000; round++) {
        rf_graph_begin(g, RF_TRAIN, rf_key_make(1, "bench", (uint64_t)round));
        rf_node v = rf_variable(g, x, RF_SHAPE(T, B, H));
        const double start = bench_now();
        rf_node y = build(g, v);
        const double between = bench_now();
        if (rf_adjoint_with(g, y, rf_value(g, y).data) != RF_OK) break;
        t->forth[t->n] = between - start;
        t->back[t->n] = bench_now() - between;
        t->n += round > 1; /* memory is warm */
    }
    rf_graph_free(g);
    rf_aligned_free(x);
    return t->n > 0;
}

int main(int argc, char **argv)
{
    static times t;
    rf_device *d = rf_device_new(argc > 1 ? atoi(argv[1]) : 0, NULL);
    const double seconds = argc > 2 ? atof(argv[2]) : 0.3;
    if (!d) return 1;
    printf("%d threads, %s; [%d,%d,%d], milliseconds\n", rf_device_threads(d), rf_device_isa(d), T,
           B, H);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!measure(d, rows[i].build, seconds, &t)) return 1;
        printf("%-18s forth %7.3f  back %7.3f\n", rows[i].name, 1e3 * bench_median(t.forth, t.n),
               1e3 * bench_median(t.back, t.n));
    }
    rf_device_free(d);
    return 0;
}

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

static rf_node dropout_shared(rf_graph *g, rf_node x) { return rf_dropout_shared(g, x, 0.4, 0); }

static const struct {
    const char *name;
    op_fn *build;
} rows[] = {{"tanh", rf_tanh}, {"dropout", dropout}, {"dropout, shared", dropout_shared}};

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

/* bench_convnet.c -- pictures a second of a convolutional network: training steps and inference.
 *
 * usage: bench_convnet [THREADS] [SECONDS] [LAYERS] [SIDE] [B]
 *
 * THREADS 0: all.  LAYERS as in refrain/convnet.h; pictures are SIDE x SIDE, B at a time.  The median
 * of the steps, how many pictures a second of processor time comes to (all threads together, which
 * others on the machine disturb less), and where the time of training goes. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench.h"
#include <refrain/convnet.h>
#include <refrain/train.h>

enum { MOST = 4000 };

typedef struct bench {
    rf_graph *g;
    rf_params *ps;
    rf_convnet *net;
    rf_optimizer *o;
    rf_real *x;
    rf_index B, side;
} bench;

static rf_node forward(const bench *b, rf_mode mode, uint64_t round)
{
    rf_graph_begin(b->g, mode, rf_key_make(1, "bench", round));
    return rf_convnet_forward(b->g, b->net,
                              rf_borrow(b->g, b->x, RF_SHAPE(b->B, b->side, b->side, 3)));
}

static void step(const bench *b, rf_mode mode, uint64_t round)
{
    const rf_node y = forward(b, mode, round);
    if (mode != RF_TRAIN) return;
    rf_adjoint(b->g, rf_mean(b->g, rf_mul(b->g, y, y)));
    rf_graph_span_begin(b->g);
    rf_optimizer_step(b->o, rf_graph_device(b->g), 1e-3, 1);
    rf_graph_span_end(b->g, "optimizer");
}

static void measure(const bench *b, rf_mode mode, double seconds)
{
    static double t[MOST];
    size_t n = 0;
    for (uint64_t i = 0; i < 3; i++) step(b, mode, i); /* memory is warm */
    const double end = bench_now() + seconds, cpu = (double)clock();
    rf_graph_profile(b->g, true, NULL);
    while (n < MOST && (n < 5 || bench_now() < end)) {
        const double start = bench_now();
        step(b, mode, n);
        t[n++] = bench_now() - start;
    }
    const double used = ((double)clock() - cpu) / CLOCKS_PER_SEC, all = (double)b->B * (double)n;
    printf("%-9s %8.0f pictures/s  %8.0f in a second of processor time\n",
           mode == RF_TRAIN ? "training" : "inference", (double)b->B / bench_median(t, n),
           all / used);
    rf_str text = {0};
    rf_graph_profile_text(b->g, &text);
    if (text.s) puts(text.s);
    rf_str_free(&text);
}

static bool make(bench *b, rf_device *d, const char *text, rf_error *err)
{
    rf_convnet_row row[RF_CONVNET_LAYERS];
    rf_convnet_spec spec = {.input = 3, .row = row};
    const rf_optimizer_spec adam = rf_optimizer_defaults(rf_optimizer_find("adam"));
    if (rf_convnet_parse(text, row, &spec.layers, err)) return false;
    b->g = rf_graph_new(d);
    b->ps = rf_params_new();
    b->net = rf_convnet_new(&spec, b->ps, "", err);
    if (!b->net) return false;
    rf_params_init(b->ps, 1);
    b->o = rf_optimizer_new(&adam, b->ps, err);
    const rf_index n = b->B * b->side * b->side * 3;
    b->x = rf_aligned_calloc((size_t)n, sizeof *b->x);
    for (rf_index i = 0; b->x && i < n; i++)
        b->x[i] = (rf_real)rf_uniform(rf_key_make(1, "pictures", 0), (uint64_t)i);
    return b->o && b->x;
}

int main(int argc, char **argv)
{
    rf_error err = {0};
    rf_device *d = rf_device_new(argc > 1 ? atoi(argv[1]) : 0, &err);
    const double seconds = argc > 2 ? atof(argv[2]) : 2;
    const char *text = argc > 3 ? argv[3] : "32/2 64/2 96/2";
    bench b = {.B = argc > 5 ? atoi(argv[5]) : 32, .side = argc > 4 ? atoi(argv[4]) : 64};
    if (d) printf("%d threads, %s; %s\n", rf_device_threads(d), rf_device_isa(d), text);
    const bool ok = d && make(&b, d, text, &err);
    if (ok) measure(&b, RF_TRAIN, seconds);
    if (ok) measure(&b, RF_INFER, seconds);
    if (!ok) fprintf(stderr, "%s\n", err.text);
    rf_aligned_free(b.x);
    rf_optimizer_free(b.o);
    rf_convnet_free(b.net);
    rf_params_free(b.ps);
    rf_graph_free(b.g);
    rf_device_free(d);
    return !ok;
}

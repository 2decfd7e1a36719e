/* bench_kernels.c -- how fast the kernels are on this machine, beside the peak of its FMA units.
 *
 * usage: bench_kernels [THREADS] [SECONDS per line]; THREADS 0: all.  Medians of short rounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "tensor/blas.h"
#include "tensor/pack.h"
#include "tensor/qpack.h"
#include "tensor/vec.h"

typedef struct bench {
    rf_device *d;
    double seconds;
    rf_index B, H, K, N, repeat;
    rfi_panels w;
    rf_real *A, *C, *W;
    rfi_map_fn *map;
    bool ta, tb;
} bench;

/* Median rate of fn, which does `work` units in one call. */
static double rate(bench *b, void (*fn)(bench *), double work)
{
    double at[2000], t0 = bench_now(), end = t0 + b->seconds;
    size_t n = 0;
    fn(b);
    while ((n < 3 || bench_now() < end) && n < 2000) {
        const double t = bench_now();
        fn(b);
        at[n++] = work / (bench_now() - t);
    }
    return bench_median(at, n);
}

/* ---- FMA peak: independent chains in registers ------------------------------------------------------ */

static void panel_in_l1(void *ctx, int thread, int threads)
{
    bench *b = ctx;
    (void)threads;
    rf_real *A = b->A + thread * 4096, *W = b->W + thread * 8192, *C = b->C + thread * 4096;
    for (int i = 0; i < 2000; i++) b->d->k->panel(2, 12, 64, A, 64, W, C, 64, false);
}

static void peak(bench *b) { rf_device_run(b->d, panel_in_l1, b); }

/* ---- A recurrent product: every thread its panels, over and over -------------------------------------- */

static void recurrent_part(void *ctx, int thread, int threads)
{
    bench *b = ctx;
    rf_index p0, p1;
    rfi_split(b->w.count, 1, thread, threads, &p0, &p1);
    const rf_index width = rfi_panel_width(&b->w);
    for (rf_index i = 0; i < b->repeat; i++) {
        for (rf_index p = p0; p < p1; p++)
            rfi_panel_mul(b->d->k, &b->w, p, b->B, b->A, b->K, b->C + p * width, b->w.count * width,
                          false);
        rfi_device_barrier(b->d, thread);
    }
}

static void recurrent(bench *b) { rf_device_run(b->d, recurrent_part, b); }

static void recurrent_rate(bench *b, rf_index B, rf_index H, bool back)
{
    const rfi_kernels *k = b->d->k;
    b->B = B;
    b->K = back ? 4 * H : H;
    b->w = back ? rfi_panels_columns(k, 0, H, 4 * H) : rfi_panels_gates(k, 4, H, H);
    b->w.data = rf_aligned_calloc(rfi_panels_size(&b->w), sizeof(rf_real));
    b->repeat = 1 + (rf_index)(2e7 / (double)(B * H * H * 4));
    memset(b->W, 0, sizeof(rf_real) * (size_t)(4 * H * H));
    if (back)
        rfi_pack_columns(k, &b->w, b->W, H, 0, b->w.count);
    else
        rfi_pack_gates(k, &b->w, b->W, H, 0, b->w.count);
    const double flop = 8.0 * (double)(B * H * H * b->repeat);
    printf("recurrent %-4s B %3d H %4d  %8.1f GFLOP/s\n", back ? "back" : "", (int)B, (int)H,
           rate(b, recurrent, flop) / 1e9);
    rf_aligned_free(b->w.data);
}

/* One row, weights in few bits: generation. */
static void quantised_part(void *ctx, int thread, int threads)
{
    bench *b = ctx;
    rf_index p0, p1;
    rfi_split(b->w.count, 1, thread, threads, &p0, &p1);
    const rf_index width = rfi_panel_width(&b->w);
    char *rows = (char *)(b->C + 65536 * (1 + thread));
    for (rf_index i = 0; i < b->repeat; i++) {
        if (b->w.bits == 8) rfi_qrows(b->d->k, 1, b->K, b->A, b->K, rows);
        for (rf_index p = p0; p < p1; p++)
            rfi_qpanel_mul(b->d->k, &b->w, p, 1, b->w.bits == 8 ? (void *)rows : b->A, b->K,
                           b->C + p * width, width, false);
        rfi_device_barrier(b->d, thread);
    }
}

static void quantised(bench *b) { rf_device_run(b->d, quantised_part, b); }

static void quantised_rate(bench *b, int bits, rf_index H)
{
    b->K = H;
    b->repeat = 20;
    b->w = rfi_panels_gates(b->d->k, 4, H, H);
    b->w.bits = bits;
    b->w.data = rf_aligned_calloc(rfi_panels_size(&b->w), sizeof(rf_real));
    rfi_pack_gates(b->d->k, &b->w, b->W, H, 0, b->w.count);
    const double flop = 8.0 * (double)(H * H * b->repeat);
    printf("recurrent %s B   1 H %4d  %8.1f GFLOP/s\n", bits == 16 ? "bf16" : "int8", (int)H,
           rate(b, quantised, flop) / 1e9);
    rf_aligned_free(b->w.data);
}

/* ---- General products ------------------------------------------------------------------------------- */

static void gemm(bench *b)
{
    rfi_gemm(b->d, b->ta, b->tb, b->B, b->N, b->K, 1, b->A, b->ta ? b->B : b->K, b->W,
             b->tb ? b->K : b->N, 0, b->C, b->N);
}

static void own_part(void *ctx, int thread, int threads)
{
    bench *b = ctx;
    rf_index m0, m1;
    rfi_split(b->B, 16, thread, threads, &m0, &m1); /* rfi_gemm takes the longer side */
    rfi_gemm_own(b->d->k, b->d->scratch + thread * RFI_GEMM_SCRATCH, b->ta, b->tb, m1 - m0, b->N,
                 b->K, 1, b->A + (b->ta ? m0 : m0 * b->K), b->ta ? b->B : b->K, b->W,
                 b->tb ? b->K : b->N, 0, b->C + m0 * b->N, b->N);
}

static void own(bench *b) { rf_device_run(b->d, own_part, b); }

static void gemm_rate(bench *b, const char *name, int form, rf_index M, rf_index N, rf_index K)
{
    b->ta = form & 1, b->tb = form & 2;
    b->B = M, b->N = N, b->K = K;
    const double flop = 2.0 * (double)M * (double)N * (double)K;
    printf("gemm %c%c %5d x %5d x %5d  %8.1f GFLOP/s, own %8.1f  %s\n", b->ta ? 't' : 'n',
           b->tb ? 't' : 'n', (int)M, (int)N, (int)K, rate(b, gemm, flop) / 1e9,
           rate(b, own, flop) / 1e9, name);
}

/* ---- Elementwise --------------------------------------------------------------------------------------- */

static void map(bench *b)
{
    for (int i = 0; i < 100; i++) b->map(4096, b->A, b->C);
}

static void map_rate(bench *b, const char *name, rfi_map_fn *fn)
{
    b->map = fn;
    printf("%-12s %8.0f Melem/s, one thread\n", name, rate(b, map, 409600) / 1e6);
}

static void pack(bench *b) { rfi_pack_gates(b->d->k, &b->w, b->W, 650, 0, b->w.count); }

static void pack_rate(bench *b)
{
    b->w = rfi_panels_gates(b->d->k, 4, 650, 650);
    b->w.data = rf_aligned_calloc(rfi_panels_size(&b->w), sizeof(rf_real));
    printf("pack gates 650 %6.2f GB/s of weights, one thread\n",
           rate(b, pack, 4.0 * 650 * 650 * sizeof(rf_real)) / 1e9);
    rf_aligned_free(b->w.data);
}

int main(int argc, char **argv)
{
    bench b = {.d = rf_device_new(argc > 1 ? atoi(argv[1]) : 0, NULL),
               .seconds = argc > 2 ? atof(argv[2]) : 0.3};
    enum { ROOM = 1400 * 10240 };
    b.A = rf_aligned_calloc(ROOM, sizeof(rf_real));
    b.W = rf_aligned_calloc(ROOM, sizeof(rf_real));
    b.C = rf_aligned_calloc(ROOM, sizeof(rf_real));
    if (!b.d || !b.A || !b.W || !b.C) return 1;
    const rfi_kernels *k = b.d->k;
    const int threads = rf_device_threads(b.d);
    printf("%d threads, %s, %s\n", threads, rf_device_isa(b.d), rf_device_blas(b.d));
    const double flop = 2.0 * 12 * 64 * 2 * k->lanes * 2000 * threads;
    printf("product in registers and L1  %8.1f GFLOP/s\n", rate(&b, peak, flop) / 1e9);
    static const int bh[][2] = {{1, 128},  {1, 512},  {8, 256},   {20, 200}, {20, 650},
                                {32, 256}, {64, 512}, {64, 1024}, {128, 128}};
    for (size_t i = 0; i < sizeof bh / sizeof *bh; i++) {
        recurrent_rate(&b, bh[i][0], bh[i][1], false);
        recurrent_rate(&b, bh[i][0], bh[i][1], true);
    }
    quantised_rate(&b, 16, 512);
    quantised_rate(&b, 8, 512);
    for (int i = 0; i < 4096; i++) b.A[i] = (rf_real)(i % 97) / 10 - 5;
    map_rate(&b, "exp", k->exp);
    map_rate(&b, "sigmoid", k->sigmoid);
    map_rate(&b, "tanh", k->tanh);
    map_rate(&b, "softmax", k->softmax);
    pack_rate(&b);
    memset(b.A, 0, 4096 * sizeof *b.A);
    gemm_rate(&b, "", 0, 2048, 2048, 2048);
    gemm_rate(&b, "small", 2, 32, 32, 32);
    gemm_rate(&b, "small", 2, 64, 64, 64);
    gemm_rate(&b, "vector", 2, 1, 2048, 512);
    gemm_rate(&b, "W1 logits", 2, 400, 10000, 200);
    gemm_rate(&b, "W1 logits: way back", 0, 400, 200, 10000);
    gemm_rate(&b, "W1 logits: weights", 1, 10000, 200, 400);
    gemm_rate(&b, "W1 input", 2, 400, 800, 200);
    gemm_rate(&b, "W1 weights", 1, 800, 200, 400);
    gemm_rate(&b, "W2 logits", 2, 700, 10000, 650);
    gemm_rate(&b, "W2 logits: way back", 0, 700, 650, 10000);
    gemm_rate(&b, "W2 logits: weights", 1, 10000, 650, 700);
    gemm_rate(&b, "W2 input", 2, 700, 2600, 650);
    gemm_rate(&b, "W2 weights", 1, 2600, 650, 700);
    gemm_rate(&b, "W3 input", 2, 4096, 2048, 512);
    gemm_rate(&b, "W3 weights", 1, 2048, 512, 4096);
    gemm_rate(&b, "W4 input", 2, 3200, 768, 256);
    rf_device_free(b.d);
    rf_aligned_free(b.A), rf_aligned_free(b.W), rf_aligned_free(b.C);
    return 0;
}

/* bench.c -- time, medians, the machine's FMA peak. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tensor/device.h"
#include "tensor/kernels.h"

#if defined __x86_64__
#include <immintrin.h>
#endif

double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *at, size_t n)
{
    qsort(at, n, sizeof *at, by_value);
    return at[n / 2];
}

enum { CHAINS = 12, ROUNDS = 200000 };

#if defined __x86_64__
/* Chains of dependent FMAs, enough of them to fill the pipelines; inputs that stay normal. */
__attribute__((target("avx512f"))) static float fma_avx512(void)
{
    __m512 c[CHAINS], a = _mm512_set1_ps(0.999f), b = _mm512_set1_ps(0.001f);
    for (int j = 0; j < CHAINS; j++) c[j] = _mm512_set1_ps((float)j);
    for (int i = 0; i < ROUNDS; i++) {
        __asm__ volatile("" : "+v"(a));
#pragma GCC unroll 12
        for (int j = 0; j < CHAINS; j++) c[j] = _mm512_fmadd_ps(c[j], a, b);
    }
    float sum = 0;
    for (int j = 0; j < CHAINS; j++) sum += _mm512_reduce_add_ps(c[j]);
    return sum;
}

__attribute__((target("avx2,fma"))) static float fma_avx2(void)
{
    __m256 c[CHAINS], a = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(0.001f);
    for (int j = 0; j < CHAINS; j++) c[j] = _mm256_set1_ps((float)j);
    for (int i = 0; i < ROUNDS; i++) {
        __asm__ volatile("" : "+x"(a));
#pragma GCC unroll 12
        for (int j = 0; j < CHAINS; j++) c[j] = _mm256_fmadd_ps(c[j], a, b);
    }
    float sum = 0;
    for (int j = 0; j < CHAINS; j++) sum += _mm256_cvtss_f32(c[j]);
    return sum;
}
#endif

/* Elsewhere: the micro-kernel on operands that stay in the L1 cache. */
static float fma_panel(const rfi_kernels *k)
{
    static const float zero[4096];
    float out[12 * 64];
    for (int i = 0; i < ROUNDS / 512; i++) k->panel(2, 12, 64, zero, 64, zero, out, 64, false);
    return out[0];
}

typedef struct peak {
    rf_device *d;
    float sink[256];
} peak;

static double flop_of(const rf_device *d)
{
#if defined __x86_64__
    if (d->k->lanes >= 8) return 2.0 * CHAINS * ROUNDS * d->k->lanes;
#endif
    return 2.0 * (ROUNDS / 512) * 12 * 64 * 2 * d->k->lanes;
}

static void peak_part(void *ctx, int thread, int threads)
{
    peak *p = ctx;
    (void)threads;
    float s;
#if defined __x86_64__
    if (p->d->k->lanes == 16)
        s = fma_avx512();
    else if (p->d->k->lanes == 8)
        s = fma_avx2();
    else
#endif
        s = fma_panel(p->d->k);
    p->sink[thread & 255] = s;
}

double bench_peak(rf_device *d)
{
    peak p = {.d = d};
    double best = 0;
    for (int i = 0; i < 10; i++) {
        const double t = bench_now();
        rf_device_run(d, peak_part, &p);
        const double rate = rf_device_threads(d) * flop_of(d) / (bench_now() - t) / 1e9;
        best = rate > best ? rate : best;
    }
    return best;
}

/* ---- Recurrent layers alone --------------------------------------------------------------------- */

/* In W3 the first layer is as wide as the second: libraries that take several layers at once want
 * it so. */
static const bench_layers layers[] = {
    {"W1", "lstm", 2, 1, 20, 20, 200, 200}, {"W2", "lstm", 2, 1, 35, 20, 650, 650},
    {"W3", "lstm", 2, 1, 64, 64, 512, 512}, {"W4", "gru-torch", 1, 1, 100, 32, 256, 256},
    {"W5", "lstm", 1, 2, 30, 32, 100, 256},
};

const bench_layers *bench_layers_find(const char *name)
{
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        if (!strcmp(layers[i].name, name)) return &layers[i];
    return NULL;
}

double bench_layers_flop(const bench_layers *s)
{
    const double H = (double)s->H, G = strcmp(s->cell, "lstm") == 0 ? 4 : 3, D = s->directions;
    double inputs = (double)s->I + (s->layers - 1) * D * H;
    return 3 * 2 * (double)(s->T * s->B) * D * G * H * (inputs + s->layers * H);
}

bool bench_parse(int argc, char **argv, bench_options *o)
{
    *o = (bench_options){.seconds = 3};
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        if (!strcmp(name, "--check")) {
            o->check = true;
            continue;
        }
        if (++i >= argc) return false;
        if (!strcmp(name, "--workload"))
            o->layers = bench_layers_find(argv[i]);
        else if (!strcmp(name, "--threads"))
            o->threads = atoi(argv[i]);
        else if (!strcmp(name, "--seconds"))
            o->seconds = atof(argv[i]);
        else if (!strcmp(name, "--format"))
            o->json = strcmp(argv[i], "json") == 0;
        else
            return false;
    }
    return o->layers != NULL;
}

void bench_layers_run(const bench_options *o, const char *who, void (*step)(void *), void *ctx)
{
    enum { MOST = 1 << 17 };
    static double at[MOST];
    size_t n = 0;
    for (int i = 0; i < 3; i++) step(ctx);
    const double end = bench_now() + o->seconds;
    while ((n < 3 || bench_now() < end) && n < MOST) {
        const double t = bench_now();
        step(ctx);
        at[n++] = bench_now() - t;
    }
    const double t = bench_median(at, n);
    printf(o->json ? "{\"workload\": \"%s\", \"library\": \"%s\", \"steps_per_s\": %.2f, "
                     "\"gflops\": %.2f}\n"
                   : "%s  %s  %.2f steps/s  %.1f GFLOP/s\n",
           o->layers->name, who, 1 / t, bench_layers_flop(o->layers) / t / 1e9);
}

void bench_softmax(const rf_device *d, const rf_real *scores, rf_index V, rf_real *p)
{
    d->k->softmax(V, scores, p);
}

/* bench.c -- time, medians, the machine's FMA peak. */
#include "bench.h"

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

void bench_softmax(const rf_device *d, const rf_real *scores, rf_index V, rf_real *p)
{
    d->k->softmax(V, scores, p);
}

/* tensor/gemm.c -- matrix products: by OpenBLAS, by packed panels, split over the workers. */
#include "tensor/blas.h"
#include <limits.h>
#include <string.h>

/* ---- Own product: panels of B of KC rows stay in the L1 cache, blocks of A in L2 --------------- */

enum { KC = 256, MC = 48, WIDTH = 64 };

typedef struct own {
    const rfi_kernels *k;
    bool ta, tb;
    rf_real alpha;
    const rf_real *A, *B;
    rf_index lda, ldb;
} own;

/* alpha op(A)[m0 .. m0+m, k0 .. k0+kc] with rows kc apart. */
static void pack_a(const own *g, rf_index m0, rf_index m, rf_index k0, rf_index kc, rf_real *out)
{
    if (g->ta)
        g->k->transpose(kc, m, g->A + k0 * g->lda + m0, g->lda, out, kc);
    else
        for (rf_index i = 0; i < m; i++)
            memcpy(out + i * kc, g->A + (m0 + i) * g->lda + k0, (size_t)kc * sizeof *out);
    if (g->alpha != 1) g->k->scale(m * kc, g->alpha, out, out);
}

/* op(B)[k0 .. k0+kc, n0 .. n0+n] as one panel of `width` columns, zero from n on. */
static void pack_b(const own *g, rf_index k0, rf_index kc, rf_index n0, rf_index n, rf_index width,
                   rf_real *out)
{
    if (n < width) memset(out, 0, (size_t)(kc * width) * sizeof *out);
    if (g->tb) {
        g->k->transpose(n, kc, g->B + n0 * g->ldb + k0, g->ldb, out, width);
        return;
    }
    for (rf_index i = 0; i < kc; i++)
        memcpy(out + i * width, g->B + (k0 + i) * g->ldb + n0, (size_t)n * sizeof *out);
}

/* C[m, n] (+)= block panel, where n may be less than the panel is wide. */
static void own_tile(const own *g, int v, rf_index m, rf_index n, rf_index kc, const rf_real *a,
                     rf_index lda, const rf_real *panel, rf_real *C, rf_index ldc, bool add)
{
    const rf_index width = (rf_index)v * g->k->lanes;
    if (n == width) {
        g->k->panel(v, m, kc, a, lda, panel, C, ldc, add);
        return;
    }
    rf_real t[MC * WIDTH];
    g->k->panel(v, m, kc, a, lda, panel, t, width, false);
    for (rf_index i = 0; i < m; i++) {
        if (add)
            g->k->add(n, t + i * width, C + i * ldc, C + i * ldc);
        else
            memcpy(C + i * ldc, t + i * width, (size_t)n * sizeof *C);
    }
}

static void own_block(const own *g, rf_index M, rf_index N, rf_index k0, rf_index kc, rf_real *C,
                      rf_index ldc, bool add)
{
    rf_real a[MC * KC];
    rf_real b[KC * WIDTH];
    const int v = g->k->lanes == 1 ? 4 : 2;
    const rf_index width = (rf_index)v * g->k->lanes;
    const bool plain = !g->ta && g->alpha == 1;
    for (rf_index m0 = 0; m0 < M; m0 += plain ? M : MC) {
        const rf_index rows = plain || M - m0 < MC ? M - m0 : MC;
        if (!plain) pack_a(g, m0, rows, k0, kc, a);
        for (rf_index n0 = 0; n0 < N; n0 += width) {
            const rf_index n = N - n0 < width ? N - n0 : width;
            pack_b(g, k0, kc, n0, n, width, b);
            for (rf_index r = 0; r < rows; r += MC)
                own_tile(g, v, rows - r < MC ? rows - r : MC, n, kc,
                         plain ? g->A + (m0 + r) * g->lda + k0 : a + r * kc, plain ? g->lda : kc, b,
                         C + (m0 + r) * ldc + n0, ldc, add);
        }
    }
}

static void scale_rows(const rfi_kernels *k, rf_index M, rf_index N, rf_real beta, rf_real *C,
                       rf_index ldc)
{
    for (rf_index i = 0; i < M; i++) {
        if (beta == 0)
            memset(C + i * ldc, 0, (size_t)N * sizeof *C);
        else
            k->scale(N, beta, C + i * ldc, C + i * ldc);
    }
}

void rfi_gemm_own(const rfi_kernels *k, bool ta, bool tb, rf_index M, rf_index N, rf_index K,
                  rf_real alpha, const rf_real *A, rf_index lda, const rf_real *B, rf_index ldb,
                  rf_real beta, rf_real *C, rf_index ldc)
{
    const own g = {k, ta, tb, alpha, A, B, lda, ldb};
    if (K == 0 || (beta != 0 && beta != 1)) scale_rows(k, M, N, beta, C, ldc);
    for (rf_index k0 = 0; k0 < K; k0 += KC)
        own_block(&g, M, N, k0, K - k0 < KC ? K - k0 : KC, C, ldc, beta != 0 || k0 > 0);
}

/* ---- Choice and split --------------------------------------------------------------------------- */

/* Below this many multiplications OpenBLAS's own overhead is larger than what it saves. */
enum { SMALL = 32 * 32 * 32 };

enum { CBLAS_ROWS = 101, CBLAS_PLAIN = 111, CBLAS_TURNED = 112 };

static bool fits_int(rf_index M, rf_index N, rf_index K, rf_index lda, rf_index ldb, rf_index ldc)
{
    return M <= INT_MAX && N <= INT_MAX && K <= INT_MAX && lda <= INT_MAX && ldb <= INT_MAX &&
           ldc <= INT_MAX;
}

void rfi_gemm_1(const rf_device *d, bool ta, bool tb, rf_index M, rf_index N, rf_index K,
                rf_real alpha, const rf_real *A, rf_index lda, const rf_real *B, rf_index ldb,
                rf_real beta, rf_real *C, rf_index ldc)
{
    if (M <= 0 || N <= 0) return;
    const bool small = (double)M * (double)N * (double)K <= SMALL;
    rfi_cblas_gemm_fn *gemm = small ? NULL : rfi_blas_gemm();
    if (!gemm || !fits_int(M, N, K, lda, ldb, ldc)) {
        rfi_gemm_own(d->k, ta, tb, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc);
        return;
    }
    gemm(CBLAS_ROWS, ta ? CBLAS_TURNED : CBLAS_PLAIN, tb ? CBLAS_TURNED : CBLAS_PLAIN, (int)M,
         (int)N, (int)K, alpha, A, (int)lda, B, (int)ldb, beta, C, (int)ldc);
}

typedef struct product {
    const rf_device *d;
    bool ta, tb;
    rf_index M, N, K;
    rf_real alpha, beta;
    const rf_real *A, *B;
    rf_real *C;
    rf_index lda, ldb, ldc;
} product;

/* Rows or columns of C, whichever are more, in parts that keep whole vectors. */
static void product_part(void *ctx, int thread, int threads)
{
    const product *p = ctx;
    rf_index a, b;
    if (p->M >= p->N) {
        rfi_split(p->M, 16, thread, threads, &a, &b);
        rfi_gemm_1(p->d, p->ta, p->tb, b - a, p->N, p->K, p->alpha, p->A + (p->ta ? a : a * p->lda),
                   p->lda, p->B, p->ldb, p->beta, p->C + a * p->ldc, p->ldc);
    } else {
        rfi_split(p->N, 64, thread, threads, &a, &b);
        rfi_gemm_1(p->d, p->ta, p->tb, p->M, b - a, p->K, p->alpha, p->A, p->lda,
                   p->B + (p->tb ? a * p->ldb : a), p->ldb, p->beta, p->C + a, p->ldc);
    }
}

void rfi_gemm(rf_device *d, bool ta, bool tb, rf_index M, rf_index N, rf_index K, rf_real alpha,
              const rf_real *A, rf_index lda, const rf_real *B, rf_index ldb, rf_real beta,
              rf_real *C, rf_index ldc)
{
    if ((double)M * (double)N * (double)K <= SMALL) {
        rfi_gemm_1(d, ta, tb, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc);
        return;
    }
    product p = {d, ta, tb, M, N, K, alpha, beta, A, B, C, lda, ldb, ldc};
    rf_device_run(d, product_part, &p);
}

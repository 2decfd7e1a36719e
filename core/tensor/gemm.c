/* tensor/gemm.c -- matrix products: who computes them, and how they are split over the workers. */
#include "tensor/blas.h"
#include <limits.h>

/* Below SMALL multiplications OpenBLAS's overhead is larger than what it saves, and so is that of
 * a second thread.  With vectors the own product is the faster one at every size that recurrent
 * networks have (measured: 0 to 15 %), and for a row or two against stored rows, which it need not
 * pack; OpenBLAS is beyond LARGE bytes of factors, and without vectors. */
enum { SMALL = 32 * 32 * 32, LARGE = 40 << 20 };

static bool own_is_faster(const rf_device *d, bool dots, rf_index M, rf_index N, rf_index K)
{
    const double m = (double)M, n = (double)N, k = (double)K;
    if (m * n * k <= SMALL || (dots && M <= 2)) return true;
    return d->k->lanes >= 8 && (m * n + m * k + n * k) * sizeof(rf_real) <= LARGE;
}

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
    rfi_cblas_gemm_fn *gemm = own_is_faster(d, !ta && tb, M, N, K) ? NULL : rfi_blas_gemm();
    if (!gemm || !fits_int(M, N, K, lda, ldb, ldc)) {
        rf_real *scratch = rfi_device_scratch(d, rfi_device_thread(d));
        rfi_gemm_own(d->k, scratch, ta, tb, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc);
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

/* tensor/gemm_own.c -- matrix products on one thread by the micro-kernel of packed panels.
 *
 * A block of op(A) fits the L2 cache; a panel of op(B), KC rows of a few vectors, is copied to where
 * it fits the L1 cache and multiplied with all rows of the block.  The panels that add to the same
 * columns of C follow each other, so that a large C goes through memory once for KS rows of op(B).
 * The block is copied too when it has to be transposed or scaled, or when its rows would fall on
 * the same cache sets. */
#include "tensor/blas.h"
#include <string.h>

enum { KC = 256, KS = 1024, BLOCK = 256 * 1024, PAD = 16, WIDTH = 64, MC = 1024, FEW = 2 };

_Static_assert(BLOCK + MC * PAD + (KC + MC) * WIDTH <= RFI_GEMM_SCRATCH, "scratch of a thread");

typedef struct own {
    const rfi_kernels *k;
    bool ta, tb;
    rf_real alpha;
    const rf_real *A, *B;
    rf_index lda, ldb;
    rf_real *C;
    rf_index ldc;
    rf_real *a;    /* [BLOCK + MC PAD] block of op(A) */
    rf_real *b;    /* [KC, WIDTH] panel of op(B) */
    rf_real *edge; /* [MC, WIDTH] product of a panel that is wider than what is left of C */
} own;

/* Rows of a block of op(A): where they are, and how far apart. */
typedef struct block {
    const rf_real *at;
    rf_index ld, rows, k0, kc;
} block;

static bool usable_in_place(const own *g)
{
    const rf_index bytes = g->lda * (rf_index)sizeof(rf_real);
    return !g->ta && g->alpha == 1 && bytes % 1024 != 0;
}

static block block_of_a(const own *g, rf_index m0, rf_index m, rf_index k0, rf_index kc)
{
    if (usable_in_place(g)) return (block){g->A + m0 * g->lda + k0, g->lda, m, k0, kc};
    const rf_index ld = kc + PAD;
    if (g->ta)
        g->k->transpose(kc, m, g->A + k0 * g->lda + m0, g->lda, g->a, ld);
    else
        for (rf_index i = 0; i < m; i++)
            memcpy(g->a + i * ld, g->A + (m0 + i) * g->lda + k0, (size_t)kc * sizeof *g->a);
    for (rf_index i = 0; g->alpha != 1 && i < m; i++)
        g->k->scale(kc, g->alpha, g->a + i * ld, g->a + i * ld);
    return (block){g->a, ld, m, k0, kc};
}

/* op(B)[k0 .. k0+kc, n0 .. n0+n] as one panel of `width` columns, zero from n on. */
static void pack_b(const own *g, rf_index k0, rf_index kc, rf_index n0, rf_index n, rf_index width)
{
    if (n < width) memset(g->b, 0, (size_t)(kc * width) * sizeof *g->b);
    if (g->tb)
        g->k->transpose(n, kc, g->B + n0 * g->ldb + k0, g->ldb, g->b, width);
    else
        g->k->copy_rows(kc, n, g->B + k0 * g->ldb + n0, g->ldb, g->b, width);
}

static void add_edge(const own *g, rf_index rows, rf_index n, rf_index width, rf_real *C, bool add)
{
    for (rf_index i = 0; i < rows; i++) {
        rf_real *c = C + i * g->ldc;
        if (add)
            g->k->add(n, g->edge + i * width, c, c);
        else
            memcpy(c, g->edge + i * width, (size_t)n * sizeof *c);
    }
}

/* Columns [n0, n0+n) of the block's rows of C. */
static void multiply(const own *g, const block *a, rf_real *C, rf_index n0, rf_index n, bool add)
{
    const int v = (int)((n + g->k->lanes - 1) / g->k->lanes);
    const rf_index width = (rf_index)v * g->k->lanes, parts = (a->kc + KC - 1) / KC;
    for (rf_index q = 0; q < parts; q++) {
        const rf_index k = a->kc * q / parts, kc = a->kc * (q + 1) / parts - k;
        pack_b(g, a->k0 + k, kc, n0, n, width);
        if (n == width)
            g->k->panel(v, a->rows, kc, a->at + k, a->ld, g->b, C + n0, g->ldc, add || q > 0);
        else
            g->k->panel(v, a->rows, kc, a->at + k, a->ld, g->b, g->edge, width, q > 0);
    }
    if (n < width) add_edge(g, a->rows, n, width, C + n0, add);
}

static void scale_rows(const own *g, rf_index M, rf_index N, rf_real beta)
{
    for (rf_index i = 0; i < M; i++) {
        if (beta == 0)
            memset(g->C + i * g->ldc, 0, (size_t)N * sizeof *g->C);
        else
            g->k->scale(N, beta, g->C + i * g->ldc, g->C + i * g->ldc);
    }
}

/* A row or two of A against the rows of B as they are stored: packing would cost more. */
static void few_rows(const own *g, rf_index M, rf_index N, rf_index K, rf_real beta)
{
    for (rf_index n = 0; n < N; n++)
        for (rf_index m = 0; m < M; m++) {
            rf_real *c = g->C + m * g->ldc + n;
            const rf_real s = g->alpha * g->k->dot(K, g->A + m * g->lda, g->B + n * g->ldb);
            *c = beta == 0 ? s : beta * *c + s;
        }
}

void rfi_gemm_own(const rfi_kernels *k, rf_real *scratch, bool ta, bool tb, rf_index M, rf_index N,
                  rf_index K, rf_real alpha, const rf_real *A, rf_index lda, const rf_real *B,
                  rf_index ldb, rf_real beta, rf_real *C, rf_index ldc)
{
    if (M <= 0 || N <= 0) return;
    rf_real *b = scratch + BLOCK + MC * PAD;
    const own g = {k, ta, tb, alpha, A, B, lda, ldb, C, ldc, scratch, b, b + KC * WIDTH};
    if (!ta && tb && M <= FEW) {
        few_rows(&g, M, N, K, beta);
        return;
    }
    if (K == 0 || (beta != 0 && beta != 1)) scale_rows(&g, M, N, beta);
    const rf_index wide = (k->lanes == 1 ? 4 : 2) * (rf_index)k->lanes;
    const rf_index deep = (K + KS - 1) / KS;
    for (rf_index q = 0; q < deep; q++) {
        const rf_index k0 = K * q / deep, kc = K * (q + 1) / deep - k0;
        const rf_index most = BLOCK / kc < MC ? BLOCK / kc : MC, high = (M + most - 1) / most;
        for (rf_index i = 0; i < high; i++) {
            const rf_index m0 = M * i / high, m = M * (i + 1) / high - m0;
            const block a = block_of_a(&g, m0, m, k0, kc);
            for (rf_index n0 = 0; n0 < N; n0 += wide)
                multiply(&g, &a, C + m0 * ldc, n0, N - n0 < wide ? N - n0 : wide,
                         beta != 0 || q > 0);
        }
    }
}

/* tensor/gemm_own.c -- matrix products on one thread, from packed blocks.
 *
 * One factor's block fills half of the L2 cache, in panels or in strips; blocks of the other, a
 * third as large, come and go beside it.  Both run along K for as long as they can, so that C is
 * seldom added to.  Which factor stays is decided by what must be packed again and again. */
#include "tensor/block.h"

#include "tensor/blas.h"
#include <string.h>

enum { KC = 512, LARGE = 256 * 1024, LITTLE = 96 * 1024, MC = 1024, WIDTH = 32, FEW = 2 };

_Static_assert(LARGE + LITTLE + MC * WIDTH <= RFI_GEMM_SCRATCH, "scratch of a thread");

typedef struct own {
    const rfi_kernels *k;
    bool ta, tb;
    rf_real alpha;
    const rf_real *A, *B;
    rf_index lda, ldb;
    rf_real *C;
    rf_index ldc;
    rf_real *a;      /* strips of op(A) */
    rf_real *b;      /* panels of op(B) */
    rf_real *edge;   /* [MC, WIDTH] product of a panel that is wider than what is left of C */
    rf_index mc, nc; /* most rows and columns of a block */
} own;

/* What of the product is computed now: rows, columns, and lines of K. */
typedef struct part {
    rf_index m0, m, n0, n, k0, k;
    bool add;
} part;

static void pack_a(const own *g, const part *p)
{
    if (g->ta)
        g->k->pack_turned(p->m, p->k, g->A + p->k0 * g->lda + p->m0, g->lda, NULL, NULL, g->a);
    else
        g->k->pack_rows(p->m, p->k, g->A + p->m0 * g->lda + p->k0, g->lda, NULL, g->a);
    if (g->alpha != 1) g->k->scale(p->m * p->k, g->alpha, g->a, g->a);
}

static void pack_b(const own *g, const part *p)
{
    const rf_real *B = g->B + (g->tb ? p->n0 * g->ldb + p->k0 : p->k0 * g->ldb + p->n0);
    rfi_block_panels(g->k, g->tb, p->k, p->n, B, g->ldb, g->b);
}

static void multiply(const own *g, const part *p)
{
    rfi_block_multiply(g->k, p->m, p->n, p->k, g->a, g->b, g->C + p->m0 * g->ldc + p->n0, g->ldc,
                       p->add, g->edge);
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

/* Where column block i of n begins: blocks are whole panels, all about equally many. */
static rf_index column_at(rf_index N, rf_index width, rf_index i, rf_index n)
{
    const rf_index at = (N + width - 1) / width * i / n * width;
    return at < N ? at : N;
}

/* The lines [k0, k0+k): panels stay and strips pass by, or the other way round. */
static void multiply_lines(const own *g, rf_index M, rf_index N, part p, bool panels_stay)
{
    const rf_index high = (M + g->mc - 1) / g->mc, wide = (N + g->nc - 1) / g->nc;
    const rf_index width = rfi_block_width(g->k), outer = panels_stay ? wide : high;
    const rf_index inner = panels_stay ? high : wide;
    for (rf_index i = 0; i < outer; i++)
        for (rf_index j = 0; j < inner; j++) {
            const rf_index row = panels_stay ? j : i, column = panels_stay ? i : j;
            p.m0 = M * row / high, p.m = M * (row + 1) / high - p.m0;
            p.n0 = column_at(N, width, column, wide);
            p.n = column_at(N, width, column + 1, wide) - p.n0;
            if (!panels_stay || j == 0) pack_b(g, &p);
            if (panels_stay || j == 0) pack_a(g, &p);
            multiply(g, &p);
        }
}

/* Choose the sizes of blocks for kc lines; true: panels stay. */
static bool choose(own *g, rf_real *scratch, rf_index M, rf_index N, rf_index kc)
{
    const rf_index width = rfi_block_width(g->k);
    const rf_index large = LARGE / kc, little = LITTLE / kc;
    /* Packed again: all of A for each block of columns, or all of B for each block of rows. */
    const bool panels_stay = (N + large - 1) / large * M + N <= (M + large - 1) / large * N + M;
    const rf_index rows = panels_stay ? little : large;
    const rf_index columns = (panels_stay ? large : little) / width * width;
    g->mc = rows < MC ? rows : MC;
    g->nc = columns > width ? columns : width;
    g->a = scratch;
    g->b = scratch + (panels_stay ? LITTLE : LARGE);
    return panels_stay;
}

void rfi_gemm_own(const rfi_kernels *k, rf_real *scratch, bool ta, bool tb, rf_index M, rf_index N,
                  rf_index K, rf_real alpha, const rf_real *A, rf_index lda, const rf_real *B,
                  rf_index ldb, rf_real beta, rf_real *C, rf_index ldc)
{
    if (M <= 0 || N <= 0) return;
    own g = {k, ta, tb, alpha, A, B, lda, ldb, C, ldc, .edge = scratch + LARGE + LITTLE};
    if (!ta && tb && M <= FEW) {
        few_rows(&g, M, N, K, beta);
        return;
    }
    if (K == 0 || (beta != 0 && beta != 1)) scale_rows(&g, M, N, beta);
    const rf_index deep = (K + KC - 1) / KC;
    for (rf_index q = 0; q < deep; q++) {
        part p = {.k0 = K * q / deep, .add = beta != 0 || q > 0};
        p.k = K * (q + 1) / deep - p.k0;
        const bool panels_stay = choose(&g, scratch, M, N, p.k);
        multiply_lines(&g, M, N, p, panels_stay);
    }
}

/* test_products.c -- every instruction set's products against plain loops: panels, few bits, general. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensor/blas.h"
#include "tensor/pack.h"
#include "tensor/qpack.h"

#include "../suite.h"
#include "isa.h"

/* ---- Packed products ------------------------------------------------------------------------------------ */

static void transposes(void)
{
    rf_real *x = noise(70 * 80, 1, 11), *y = rf_aligned_calloc(80 * 90, sizeof *y);
    FOR_ISA(k)
    for (rf_index rows = 0; rows <= 70; rows += rows < 34 ? 3 : 9)
        for (rf_index cols = 1; cols <= 80; cols += 7) {
            for (rf_index i = 0; i < 80 * 90; i++) y[i] = 9;
            k->transpose(rows, cols, x, 80, y, 90);
            bool ok = true;
            for (rf_index c = 0; c < 80; c++)
                for (rf_index r = 0; r < 90; r++)
                    ok = ok && y[c * 90 + r] == (c < cols && r < rows ? x[r * 80 + c] : 9);
            CU_ASSERT(ok);
        }
    rf_aligned_free(x);
    rf_aligned_free(y);
}

/* sum over k of a[i lda + k sa] b[...] in double, for one element. */
static double inner(rf_index K, const rf_real *a, rf_index sa, const rf_real *b, rf_index sb)
{
    double s = 0;
    for (rf_index k = 0; k < K; k++) s += (double)a[k * sa] * (double)b[k * sb];
    return s;
}

/* h [B, K] times W^T, W [G H, K]: each panel's tile has the G gates of its units side by side. */
static void check_gates(const rfi_kernels *k, int G, rf_index B, rf_index H, rf_index K)
{
    rf_real *W = noise(G * H * K, 1, 12), *h = noise(B * K, 1, 13);
    rfi_panels w = rfi_panels_gates(k, G, H, K);
    const rf_index width = rfi_panel_width(&w), ldz = width + 3;
    w.data = rf_aligned_calloc(rfi_panels_size(&w), sizeof(rf_real));
    rf_real *z = rf_aligned_calloc((size_t)(B * ldz), sizeof *z);
    rfi_pack_gates(k, &w, W, K, 0, w.count);
    double bad = 0;
    for (rf_index p = 0; p < w.count; p++) {
        rfi_panel_mul(k, &w, p, B, h, K, z, ldz, false);
        rfi_panel_mul(k, &w, p, B, h, K, z, ldz, true);
        for (rf_index b = 0; b<B; b += B> 20 ? 7 : 1)
            for (rf_index j = 0; j < width; j++) {
                const rf_index u = p * k->lanes + j % k->lanes, g = j / k->lanes;
                const double due = u < H ? 2 * inner(K, h + b * K, 1, W + (g * H + u) * K, 1) : 0;
                bad = fmax(bad, fabs((double)z[b * ldz + j] - due));
            }
    }
    CU_ASSERT(bad < 2e-5 * sqrt((double)K) + 1e-6);
    rf_aligned_free(W);
    rf_aligned_free(h);
    rf_aligned_free(z);
    rf_aligned_free(w.data);
}

static void gate_panels(void)
{
    static const rf_index bh[] = {1, 15, 17, 200};
    FOR_ISA(k)
    for (int G = 1; G <= 4; G++)
        for (int b = 0; b < 4; b++)
            for (int h = 0; h < 3; h++) check_gates(k, G, bh[b], bh[h], bh[h]);
    FOR_ISA(k) check_gates(k, 4, 20, 200, 200);
    FOR_ISA(k) check_gates(k, 3, 5, 650, 65);
    FOR_ISA(k) check_gates(k, 4, 5, 33, 650);
    FOR_ISA(k) for (rf_index B = 1; B <= 40; B++) check_gates(k, 1 + (int)(B % 4), B, 18, 9);
}

/* gz [B, K] times W [K, N]. */
static void check_columns(const rfi_kernels *k, int v, rf_index B, rf_index N, rf_index K)
{
    rf_real *W = noise(N * K, 1, 14), *gz = noise(B * K, 1, 15);
    rfi_panels w = rfi_panels_columns(k, v, N, K);
    const rf_index width = rfi_panel_width(&w), ldc = w.count * width;
    w.data = rf_aligned_calloc(rfi_panels_size(&w), sizeof(rf_real));
    rf_real *C = rf_aligned_calloc((size_t)(B * ldc), sizeof *C);
    rfi_pack_columns(k, &w, W, N, 0, w.count);
    double bad = 0;
    for (rf_index p = 0; p < w.count; p++)
        rfi_panel_mul(k, &w, p, B, gz, K, C + p * width, ldc, false);
    for (rf_index b = 0; b<B; b += B> 20 ? 7 : 1)
        for (rf_index n = 0; n < ldc; n++) {
            const double due = n < N ? inner(K, gz + b * K, 1, W + n, N) : 0;
            bad = fmax(bad, fabs((double)C[b * ldc + n] - due));
        }
    CU_ASSERT(bad < 1e-5 * sqrt((double)K) + 1e-6);
    rf_aligned_free(W);
    rf_aligned_free(gz);
    rf_aligned_free(C);
    rf_aligned_free(w.data);
}

static void column_panels(void)
{
    static const rf_index bh[] = {1, 15, 17, 200};
    FOR_ISA(k)
    for (int v = 0; v <= 4; v++)
        for (int b = 0; b < 4; b++)
            for (int h = 0; h < 3; h++) check_columns(k, v, bh[b], bh[h], 4 * bh[h]);
    FOR_ISA(k) check_columns(k, 0, 20, 65, 2600);
}

/* ---- Weights in few bits ----------------------------------------------------------------------------- */

/* W [G H, K] by gates, or W [H, K] by rows (G 0), in `bits`. */
static rfi_panels few_bits(const rfi_kernels *k, int bits, int G, rf_index H, rf_index K,
                           const rf_real *W)
{
    rfi_panels w = G ? rfi_panels_gates(k, G, H, K) : rfi_panels_rows(k, H, K);
    w.bits = bits;
    w.data = rf_aligned_calloc(rfi_panels_size(&w), sizeof(rf_real));
    rfi_pack_gates(k, &w, W, K, 0, w.count);
    return w;
}

/* The row of W behind column j of panel p; -1: padding. */
static rf_index row_of(const rfi_panels *w, rf_index p, rf_index j)
{
    rf_index n;
    const rf_index from = rfi_panel_from(w, p, j / w->lanes, &n);
    return j % w->lanes < n ? from + j % w->lanes : -1;
}

/* All products of m rows a, out [m, rows of W], added twice. */
static void multiply_few(const rfi_kernels *k, const rfi_panels *w, rf_index m, const rf_real *a,
                         rf_real *out, rf_index N)
{
    const rf_index width = rfi_panel_width(w), K = w->K;
    rf_real *sum = rf_aligned_calloc((size_t)(m * width), sizeof *sum);
    char *rounded = rf_aligned_calloc((size_t)m, rfi_qrow_bytes(K));
    rfi_qrows(k, m, K, a, K, rounded);
    const void *rows = w->bits == 8 ? (const void *)rounded : a;
    for (rf_index p = 0; p < w->count; p++) {
        if (w->bits) {
            rfi_qpanel_mul(k, w, p, m, rows, K, sum, width, false);
            rfi_qpanel_mul(k, w, p, m, rows, K, sum, width, true);
        } else {
            rfi_panel_mul(k, w, p, m, a, K, sum, width, false);
            rfi_panel_mul(k, w, p, m, a, K, sum, width, true);
        }
        for (rf_index r = 0; r < m; r++)
            for (rf_index j = 0; j < width; j++)
                if (row_of(w, p, j) >= 0) out[r * N + row_of(w, p, j)] = sum[r * width + j];
    }
    rf_aligned_free(sum);
    rf_aligned_free(rounded);
}

/* Half a step of the rounding of a number, of the largest one for int8. */
static double half_step(int bits, rf_index K, const rf_real *row)
{
    double most = 0;
    for (rf_index i = 0; i < K; i++) most = fmax(most, fabs((double)row[i]));
    return bits == 8 ? 0.501 / 127 * most : bits == 16 ? most / 256 : 0;
}

/* Within the rounding of weights, and for int8 of rows, of the exact products. */
static bool near_exact(int bits, rf_index m, rf_index N, rf_index K, const rf_real *W,
                       const rf_real *a, const rf_real *got)
{
    for (rf_index r = 0; r < m; r++)
        for (rf_index n = 0; n < N; n++) {
            const double dw = half_step(bits, K, W + n * K);
            const double da = bits == 8 ? half_step(8, K, a + r * K) : 0;
            double bound = 1e-5 * sqrt((double)K) + 1e-6;
            for (rf_index i = 0; i < K; i++)
                bound += dw * fabs((double)a[r * K + i]) + da * (fabs((double)W[n * K + i]) + dw);
            const double due = 2 * inner(K, a + r * K, 1, W + n * K, 1);
            if (!(fabs((double)got[r * N + n] - due) <= 2 * bound)) return false;
        }
    return true;
}

/* Every instruction set: near the exact products; int8 has the bits of plain C. */
static void check_few_bits(int bits, int G, rf_index m, rf_index H, rf_index K)
{
    const rf_index N = (G ? G : 1) * H;
    rf_real *W = noise(N * K, 1, 19), *a = noise(m * K, 1, 20);
    rf_real *due = noise(m * N, 1, 21), *got = noise(m * N, 1, 22);
    FOR_ISA(k)
    {
        rfi_panels w = few_bits(k, bits, G, H, K, W);
        multiply_few(k, &w, m, a, got, N);
        CU_ASSERT(near_exact(bits, m, N, K, W, a, got));
        if (k->isa == RFI_ISA_C) memcpy(due, got, (size_t)(m * N) * sizeof *got);
        CU_ASSERT(bits != 8 || memcmp(due, got, (size_t)(m * N) * sizeof *got) == 0);
        CU_ASSERT(worst(m * N, due, got) < 1e-4);
        rf_aligned_free(w.data);
    }
    rf_real *const all[] = {W, a, due, got};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) rf_aligned_free(all[i]);
}

static void few_bits_are_near(void)
{
    static const rf_index hk[][2] = {{1, 1}, {15, 17}, {17, 2}, {33, 200}, {200, 33}, {97, 650}};
    static const rf_index m[] = {1, 2, 7};
    for (int bits = 0; bits <= 16; bits += 8)
        for (int G = 0; G <= 4; G++)
            for (size_t i = 0; i < sizeof hk / sizeof *hk; i++)
                for (int r = 0; r < 3; r++) check_few_bits(bits, G, m[r], hk[i][0], hk[i][1]);
}

/* Whole numbers that 8 bits hold come out exactly, the largest ones too, from the widest row. */
static void few_bits_are_exact(void)
{
    static const rf_index wide[] = {1, 9, 131072};
    for (int i = 0; i < 3; i++) {
        const rf_index K = wide[i];
        rf_real *W = noise(K, 1, 23), *a = noise(K, 1, 24), got = 0;
        double due = 0;
        for (rf_index n = 0; n < K; n++) {
            W[n] = (rf_real)(n % 3 ? -127 : 127 - n % 5);
            a[n] = (rf_real)(n % 3 ? -127 : 127 - n % 2);
            due += 2 * (double)W[n] * (double)a[n];
        }
        FOR_ISA(k)
        {
            rfi_panels w = few_bits(k, 8, 1, 1, K, W);
            multiply_few(k, &w, 1, a, &got, 1);
            CU_ASSERT(fabs((double)got - due) <= 2e-7 * due);
            rf_aligned_free(w.data);
        }
        rf_aligned_free(W);
        rf_aligned_free(a);
    }
}

/* What is not a number, or infinite, is not hidden by the rounding; zeros and tiny rows are zero. */
static void few_bits_pass_nan(void)
{
    enum { K = 20, N = 3 };
    const rf_real bad[] = {(rf_real)NAN, (rf_real)INFINITY};
    rf_real W[N * K], a[K], got[N];
    FOR_ISA(k)
    for (int bits = 8; bits <= 16; bits += 8)
        for (int in = 0; in < 4; in++) {
            for (int i = 0; i < N * K; i++) W[i] = (rf_real)(i % 7 - 3);
            for (int i = 0; i < K; i++) a[i] = in == 3 ? 0 : 1;
            if (in < 2) W[K + 3] = bad[in];
            if (in == 2) a[K - 1] = bad[0];
            rfi_panels w = few_bits(k, bits, 0, N, K, W);
            multiply_few(k, &w, 1, a, got, N);
            CU_ASSERT(in > 1 || !isfinite(got[1]));
            CU_ASSERT(in > 1 || (isfinite(got[0]) && isfinite(got[2])));
            CU_ASSERT(in != 2 || (isnan(got[0]) && isnan(got[1]) && isnan(got[2])));
            CU_ASSERT(in != 3 || (got[0] == 0 && got[1] == 0 && got[2] == 0));
            rf_aligned_free(w.data);
        }
}

/* ---- General products ------------------------------------------------------------------------------------ */

static void check_gemm(const rfi_kernels *k, int form, rf_index M, rf_index N, rf_index K)
{
    static const rf_real alphas[] = {1, (rf_real)0.5}, betas[] = {0, 1, (rf_real)-0.5};
    const bool ta = form & 1, tb = form & 2;
    const rf_real alpha = alphas[form / 4 % 2], beta = betas[form / 8 % 3];
    const rf_index lda = (ta ? M : K) + 1, ldb = (tb ? K : N) + 2, ldc = N + 3;
    rf_real *A = noise((ta ? K : M) * lda, 1, 16), *B = noise((tb ? N : K) * ldb, 1, 17);
    rf_real *C = noise(M * ldc, 1, 18), *was = noise(M * ldc, 1, 18);
    rf_real *scratch = rf_aligned_calloc(RFI_GEMM_SCRATCH, sizeof *scratch);
    if (beta == 0)
        for (rf_index i = 0; i < M * ldc; i++) C[i] = (rf_real)NAN;
    rfi_gemm_own(k, scratch, ta, tb, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc);
    double bad = 0;
    for (rf_index m = 0; m < M; m++)
        for (rf_index n = 0; n < N; n++) {
            const double ab = inner(K, ta ? A + m : A + m * lda, ta ? lda : 1,
                                    tb ? B + n * ldb : B + n, tb ? 1 : ldb);
            const double due = (double)alpha * ab + (double)beta * (double)was[m * ldc + n];
            const double e = fabs((double)C[m * ldc + n] - due);
            bad = e <= bad ? bad : e;
        }
    CU_ASSERT(bad < 1e-5 * sqrt((double)K) + 1e-6);
    rf_aligned_free(A);
    rf_aligned_free(B);
    rf_aligned_free(C);
    rf_aligned_free(was);
    rf_aligned_free(scratch);
}

static void own_gemm(void)
{
    static const rf_index mnk[][3] = {{1, 1, 1},      {1, 40, 7},   {17, 15, 1},
                                      {33, 31, 65},   {50, 65, 17}, {49, 70, 300},
                                      {100, 33, 258}, {3, 200, 20}, {513, 20, 12}};
    FOR_ISA(k)
    for (int form = 0; form < 24; form++)
        for (size_t i = 0; i < sizeof mnk / sizeof *mnk; i++)
            check_gemm(k, form, mnk[i][0], mnk[i][1], mnk[i][2]);
}
int main(void)
{
    CU_TestInfo tests[] = {{"transpose", transposes},
                           {"gate panels", gate_panels},
                           {"column panels", column_panels},
                           {"few bits are near", few_bits_are_near},
                           {"few bits are exact", few_bits_are_exact},
                           {"few bits pass NaN", few_bits_pass_nan},
                           {"own gemm", own_gemm},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "products", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

/* test_kernels.c -- every instruction set of this CPU against libm, plain C and plain loops. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensor/blas.h"
#include "tensor/pack.h"
#include "tensor/qpack.h"
#include <refrain/base.h>

#include "../suite.h"

static const rf_index sizes[] = {1, 2, 7, 8, 15, 16, 17, 31, 33, 64, 65, 100, 200, 650};
enum { SIZES = sizeof sizes / sizeof *sizes };

#define FOR_ISA(k)                                                                                 \
    for (int isa_ = 0; isa_ < RFI_ISAS; isa_++)                                                    \
        for (const rfi_kernels *k = rfi_kernels_for(isa_); k; k = NULL)

/* Uniform in [-a, a); a fresh stream for each call site. */
static rf_real *noise(rf_index n, double a, uint64_t seed)
{
    rf_real *x = rf_aligned_calloc((size_t)n + 16, sizeof *x);
    const rf_key key = rf_key_make(seed, "test", 0);
    for (rf_index i = 0; i < n; i++) x[i] = (rf_real)((rf_uniform(key, (uint64_t)i) * 2 - 1) * a);
    return x;
}

/* ---- Functions against libm ---------------------------------------------------------------------- */

static double sigmoid_of(double x) { return 1 / (1 + exp(-x)); }

/* Largest relative and absolute error of fn over a grid that covers [lo, hi]. */
static void errors(rfi_map_fn *fn, double (*ref)(double), double lo, double hi, double *rel,
                   double *abso)
{
    enum { N = 200001 };
    rf_real *x = rf_aligned_calloc(N, sizeof *x), *y = rf_aligned_calloc(N, sizeof *y);
    for (int i = 0; i < N; i++) x[i] = (rf_real)(lo + (hi - lo) * i / (N - 1));
    fn(N, x, y);
    *rel = *abso = 0;
    for (int i = 0; i < N; i++) {
        const double want = ref((double)x[i]), e = fabs((double)y[i] - want);
        *abso = fmax(*abso, e);
        if (want != 0) *rel = fmax(*rel, e / fabs(want));
    }
    rf_aligned_free(x);
    rf_aligned_free(y);
}

static void exp_is_close(void)
{
    FOR_ISA(k)
    {
        double rel, abso;
        errors(k->exp, exp, -87, 88.7, &rel, &abso);
        CU_ASSERT(rel <= 3e-7);
        errors(k->exp, exp, -1, 1, &rel, &abso);
        CU_ASSERT(rel <= 1.5e-7);
    }
}

static void log_is_close(void)
{
    FOR_ISA(k)
    {
        double rel, abso;
        errors(k->log, log, 1e-30, 1e-3, &rel, &abso);
        CU_ASSERT(rel <= 2e-7);
        errors(k->log, log, 1e-3, 30, &rel, &abso);
        CU_ASSERT(abso <= 3e-7);
        errors(k->log, log, 1, 1e38, &rel, &abso);
        CU_ASSERT(rel <= 2e-7);
    }
}

static void sigmoid_is_close(void)
{
    FOR_ISA(k)
    {
        double rel, abso;
        errors(k->sigmoid, sigmoid_of, -100, 100, &rel, &abso);
        CU_ASSERT(abso <= 2.5e-7);
        errors(k->sigmoid, sigmoid_of, -80, 20, &rel, &abso);
        CU_ASSERT(rel <= 3e-7);
    }
}

static void tanh_is_close(void)
{
    FOR_ISA(k)
    {
        double rel, abso;
        errors(k->tanh, tanh, -12, 12, &rel, &abso);
        CU_ASSERT(rel <= 3e-7);
        CU_ASSERT(abso <= 2.5e-7);
        errors(k->tanh, tanh, -1e-2, 1e-2, &rel, &abso);
        CU_ASSERT(rel <= 3e-7);
        errors(k->tanh, tanh, -1e-20, 1e-20, &rel, &abso);
        CU_ASSERT(rel <= 3e-7);
    }
}

static void edges_are_right(void)
{
    const rf_real inf = (rf_real)INFINITY, nan = (rf_real)NAN;
    const rf_real x[5] = {-inf, inf, nan, 0, -200};
    rf_real y[5];
    FOR_ISA(k)
    {
        k->exp(5, x, y);
        CU_ASSERT(y[0] == 0 && y[1] == inf && isnan(y[2]) && y[3] == 1 && y[4] < (rf_real)1e-37);
        k->sigmoid(5, x, y);
        CU_ASSERT(y[0] == 0 && y[1] == 1 && isnan(y[2]) && y[3] == (rf_real)0.5);
        k->tanh(5, x, y);
        CU_ASSERT(fabs((double)y[0] + 1) < 2.5e-7 && fabs((double)y[1] - 1) < 2.5e-7);
        CU_ASSERT(isnan(y[2]) && y[3] == 0);
        k->log(5, x, y);
        CU_ASSERT(isnan(y[0]) && y[1] == inf && isnan(y[2]) && y[3] == -inf && isnan(y[4]));
        k->relu(5, x, y);
        CU_ASSERT(y[0] == 0 && y[1] == inf && isnan(y[2]) && y[3] == 0 && y[4] == 0);
    }
}

/* ---- Elementwise kernels: cutting a range changes nothing; two inputs against plain C -------------- */

static void cuts_change_nothing(void)
{
    enum { N = 133 };
    rf_real *x = noise(N, 4, 1), y[N + 1], z[N + 1];
    FOR_ISA(k)
    {
        rfi_map_fn *const maps[] = {k->exp, k->log, k->sigmoid, k->tanh, k->relu, k->sqrt};
        for (size_t f = 0; f < sizeof maps / sizeof *maps; f++)
            for (rf_index cut = 0; cut <= N; cut += 11) {
                maps[f](N, x, y);
                z[N] = 7;
                maps[f](cut, x, z);
                maps[f](N - cut, x + cut, z + cut);
                CU_ASSERT(memcmp(y, z, N * sizeof *y) == 0 && z[N] == 7);
            }
    }
    rf_aligned_free(x);
}

static double worst(rf_index n, const rf_real *a, const rf_real *b)
{
    double w = 0;
    for (rf_index i = 0; i < n; i++) w = fmax(w, fabs((double)a[i] - (double)b[i]));
    return w;
}

static void zips_match_plain(void)
{
    enum { N = 133 };
    const rfi_kernels *c = rfi_kernels_for(RFI_ISA_C);
    rf_real *a = noise(N, 2, 1), *b = noise(N, 2, 2), *z = noise(N, 1, 3), y[N], w[N];
    FOR_ISA(k)
    {
        rfi_zip_fn *const got[] = {k->add,     k->sub,        k->mul,     k->div,
                                   k->mul_add, k->sigmoid_bp, k->tanh_bp, k->relu_bp};
        rfi_zip_fn *const due[] = {c->add,     c->sub,        c->mul,     c->div,
                                   c->mul_add, c->sigmoid_bp, c->tanh_bp, c->relu_bp};
        for (size_t f = 0; f < sizeof got / sizeof *got; f++)
            for (rf_index n = 0; n <= N; n += n < 40 ? 1 : 31) {
                memcpy(y, z, sizeof y);
                memcpy(w, z, sizeof w);
                got[f](n, a, b, y);
                due[f](n, a, b, w);
                CU_ASSERT(worst(n, y, w) <= (f == 3 ? 1e-3 : 2e-6));
                CU_ASSERT(memcmp(y + n, z + n, (size_t)(N - n) * sizeof *y) == 0);
            }
    }
    rf_aligned_free(a);
    rf_aligned_free(b);
    rf_aligned_free(z);
}

static void pairs_match_plain(void)
{
    enum { N = 133, COUNT = 9 };
    const rfi_kernels *c = rfi_kernels_for(RFI_ISA_C);
    rf_real *x = noise(N + 2 * COUNT, 2, 21), *z = noise(N + 1, 2, 22), y[N + 1], w[N + 1];
    const rf_real *a[COUNT], *b[COUNT];
    for (int t = 0; t < COUNT; t++) a[t] = x + t, b[t] = x + 2 * COUNT - t;
    FOR_ISA(k)
    {
        for (int count = 0; count <= COUNT; count += 3)
            for (rf_index n = 0; n <= N; n += n < 40 ? 1 : 31) {
                memcpy(y, z, sizeof y);
                memcpy(w, z, sizeof w);
                k->pairs(n, count, a, b, y);
                for (int t = 0; t < count; t++) c->mul_add(n, a[t], b[t], w);
                CU_ASSERT(worst(n, y, w) <= 4e-6);
                for (int biased = 0; biased < 2; biased++) {
                    memcpy(w, z, sizeof w);
                    for (rf_index i = 0; !biased && i < n; i++) w[i] = 0;
                    for (int t = 0; t < count; t++) c->mul_add(n, a[t], b[t], w);
                    c->clip_rows(1, n, NULL, 0, 6, w, n);
                    k->pairs_clip(n, count, a, b, biased ? z : NULL, 0, 6, y);
                    CU_ASSERT(worst(n, y, w) <= 4e-6);
                }
                CU_ASSERT(memcmp(y + n, z + n, (size_t)(N + 1 - n) * sizeof *y) == 0);
            }
    }
    rf_aligned_free(x);
    rf_aligned_free(z);
}

static void affine_matches_plain(void)
{
    enum { N = 133 };
    rf_real *x = noise(N, 2, 16), y[N + 1];
    FOR_ISA(k)
    for (rf_index n = 0; n <= N; n++) {
        y[n] = 7;
        k->affine(n, (rf_real)1.5, (rf_real)-0.3, x, y);
        for (rf_index i = 0; i < n; i++)
            CU_ASSERT(fabs((double)y[i] - (1.5 * (double)x[i] - 0.3)) < 1e-6);
        CU_ASSERT(y[n] == 7);
    }
    rf_aligned_free(x);
}

static void clipped_rows_match(void)
{
    enum { N = 70, ROWS = 3 };
    rf_real *x = noise(ROWS * N, 8, 17), *b = noise(N, 2, 18), y[ROWS * N];
    x[1] = (rf_real)NAN;
    FOR_ISA(k)
    for (rf_index n = 0; n <= N; n++)
        for (int biased = 0; biased < 2; biased++) {
            memcpy(y, x, sizeof y);
            k->clip_rows(ROWS, n, biased ? b : NULL, 0, 6, y, N);
            for (rf_index i = 0; i < ROWS * N; i++) {
                const double sum = (double)x[i] + (biased ? (double)b[i % N] : 0);
                const double due = i % N < n ? fmin(fmax(sum, 0), 6) : (double)x[i];
                if (i == 1)
                    CU_ASSERT(isnan(y[i]))
                else
                    CU_ASSERT(fabs((double)y[i] - due) < 1e-5);
            }
        }
    rf_aligned_free(x);
    rf_aligned_free(b);
}

static void reductions_match(void)
{
    rf_real *a = noise(650, 1, 4), *b = noise(650, 1, 5);
    FOR_ISA(k)
    {
        for (int s = 0; s < SIZES; s++) {
            const rf_index n = sizes[s];
            double sum = 0, dot = 0, sq = 0, top = -1e30;
            for (rf_index i = 0; i < n; i++) {
                sum += (double)a[i];
                dot += (double)a[i] * (double)b[i];
                sq += (double)a[i] * (double)a[i];
                top = fmax(top, (double)a[i]);
            }
            CU_ASSERT(fabs((double)k->sum(n, a) - sum) < 1e-4);
            CU_ASSERT(fabs((double)k->dot(n, a, b) - dot) < 1e-4);
            CU_ASSERT(fabs(k->sumsq(n, a) - sq) < 1e-4);
            CU_ASSERT((double)k->max(n, a) == top);
            CU_ASSERT(k->finite(n, a));
            const rf_real keep = a[n / 2];
            a[n / 2] = (rf_real)INFINITY;
            CU_ASSERT(!k->finite(n, a));
            a[n / 2] = keep;
        }
    }
    rf_aligned_free(a);
    rf_aligned_free(b);
}

/* ---- Rows of softmax --------------------------------------------------------------------------------- */

static void softmax_rows(void)
{
    rf_real *x = noise(650, 20, 6), y[650], l[650], g[650];
    FOR_ISA(k)
    {
        for (int s = 0; s < SIZES; s++) {
            const rf_index n = sizes[s], t = n / 3;
            double sum = 0;
            for (rf_index i = 0; i < n; i++) sum += exp((double)x[i]);
            k->softmax(n, x, y);
            k->log_softmax(n, x, l);
            const double loss = (double)k->softmax_xent(n, x, t, (rf_real)0.5, g);
            CU_ASSERT(fabs(loss - (log(sum) - (double)x[t])) < 1e-5 * (1 + fabs(loss)));
            CU_ASSERT((double)k->softmax_xent(n, x, t, 1, NULL) - loss < 1e-5 * (1 + fabs(loss)));
            for (rf_index i = 0; i < n; i++) {
                const double p = exp((double)x[i]) / sum;
                CU_ASSERT(fabs((double)y[i] - p) < 1e-6);
                CU_ASSERT(fabs((double)l[i] - log(p)) < 1e-5);
                CU_ASSERT(fabs((double)g[i] - 0.5 * (p - (i == t))) < 1e-6);
            }
        }
    }
    rf_aligned_free(x);
}

/* ---- Optimisers, as torch.optim writes them ------------------------------------------------------------ */

typedef struct state {
    double p, s, t;
} state;

static state update_ref(int rule, const rfi_update *u, double g, state x)
{
    const double lr = (double)u->lr, b1 = (double)u->beta1, b2 = (double)u->beta2;
    const double eps = (double)u->eps, decay = (double)u->decay;
    g *= (double)u->clip;
    if (rule == 4) x.p -= lr * decay * x.p;
    if (rule != 4) g += decay * x.p;
    if (rule == 0) x.p -= lr * g;
    if (rule == 1) {
        x.s = b1 * x.s + g;
        x.p -= lr * (u->nesterov ? g + b1 * x.s : x.s);
    }
    if (rule == 2) {
        x.t = b2 * x.t + (1 - b2) * g * g;
        x.p -= lr * g / (sqrt(x.t) + eps);
    }
    if (rule >= 3) {
        x.s = b1 * x.s + (1 - b1) * g;
        x.t = b2 * x.t + (1 - b2) * g * g;
        x.p -= lr * (x.s / (double)u->bias1) / (sqrt(x.t / (double)u->bias2) + eps);
    }
    return x;
}

static void check_update(const rfi_kernels *k, int rule, rf_index n, bool nesterov)
{
    rfi_update_fn *const fn[] = {k->sgd, k->momentum, k->rmsprop, k->adam, k->adamw};
    const rfi_update u = {.lr = (rf_real)0.1,
                          .clip = (rf_real)0.7,
                          .decay = (rf_real)0.01,
                          .beta1 = (rf_real)0.9,
                          .beta2 = (rf_real)0.99,
                          .eps = (rf_real)1e-8,
                          .bias1 = (rf_real)0.19,
                          .bias2 = (rf_real)0.0199,
                          .nesterov = nesterov};
    rf_real *g = noise(n, 1, 7), *p = noise(n, 1, 8), *s = noise(n, 1, 9), *t = noise(n, 1, 10);
    rf_real *was = noise(n, 1, 8), *first = noise(n, 1, 9);
    for (rf_index i = 0; i < n; i++) t[i] = (rf_real)fabs((double)t[i]);
    rf_real *second = rf_aligned_calloc((size_t)n, sizeof *t);
    memcpy(second, t, (size_t)n * sizeof *t);
    fn[rule](&u, n, g, p, rule == 0 || rule == 2 ? NULL : s, rule < 2 ? NULL : t);
    for (rf_index i = 0; i < n; i++) {
        const state was_i = {(double)was[i], (double)first[i], (double)second[i]};
        const state due = update_ref(rule, &u, (double)g[i], was_i);
        CU_ASSERT(fabs((double)p[i] - due.p) < 1e-5 * (1 + fabs(due.p)));
        CU_ASSERT(fabs((double)s[i] - due.s) < 1e-6 && fabs((double)t[i] - due.t) < 1e-6);
    }
    rf_real *const all[] = {g, p, s, t, was, first, second};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) rf_aligned_free(all[i]);
}

static void optimisers(void)
{
    FOR_ISA(k)
    for (int rule = 0; rule < 5; rule++)
        for (int s = 0; s < SIZES; s++) {
            check_update(k, rule, sizes[s], false);
            check_update(k, rule, sizes[s], true);
        }
}

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

static void best_is_a_row(void)
{
    CU_ASSERT_PTR_NOT_NULL(rfi_kernels_for(RFI_ISA_C));
    CU_ASSERT_PTR_NULL(rfi_kernels_for(RFI_ISAS));
    setenv("REFRAIN_ISA", "c", 1);
    CU_ASSERT_STRING_EQUAL(rfi_kernels_best()->name, "c");
    setenv("REFRAIN_ISA", "nonsense", 1);
    const rfi_kernels *best = rfi_kernels_best();
    unsetenv("REFRAIN_ISA");
    CU_ASSERT_PTR_EQUAL(best, rfi_kernels_best());
    for (int isa = best->isa + 1; isa < RFI_ISAS; isa++) CU_ASSERT_PTR_NULL(rfi_kernels_for(isa));
}

int main(void)
{
    CU_TestInfo tests[] = {{"exp", exp_is_close},
                           {"log", log_is_close},
                           {"sigmoid", sigmoid_is_close},
                           {"tanh", tanh_is_close},
                           {"infinities and NaN", edges_are_right},
                           {"cutting a range changes no bit", cuts_change_nothing},
                           {"two inputs", zips_match_plain},
                           {"pairs match plain C", pairs_match_plain},
                           {"affine matches plain", affine_matches_plain},
                           {"clipped rows match", clipped_rows_match},
                           {"reductions", reductions_match},
                           {"softmax", softmax_rows},
                           {"optimisers", optimisers},
                           {"transpose", transposes},
                           {"gate panels", gate_panels},
                           {"column panels", column_panels},
                           {"few bits are near", few_bits_are_near},
                           {"few bits are exact", few_bits_are_exact},
                           {"few bits pass NaN", few_bits_pass_nan},
                           {"own gemm", own_gemm},
                           {"choice of instructions", best_is_a_row},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "kernels", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

/* test_kernels.c -- every instruction set of this CPU against libm, plain C and plain loops. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/base.h>

#include "../suite.h"
#include "isa.h"
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
                           {"choice of instructions", best_is_a_row},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "kernels", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

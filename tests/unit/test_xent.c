/* test_xent.c -- the fused loss of many classes (graph/xent.c), against sums in double. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/loss.h"

#include "../suite.h"

typedef struct problem {
    rf_index R, V, H;
    rf_real *x, *w, *b;
    int32_t *target;
    double *loss, *gx, *gw, *gb; /* what is due, for the scale below */
} problem;

static const double SCALE = 0.25;

static rf_real *draw(rf_index n, double scale, const char *what)
{
    const rf_key key = rf_key_make(7, what, 0);
    rf_real *p = rf_aligned_calloc((size_t)n, sizeof *p);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    for (rf_index i = 0; i < n; i++)
        p[i] = (rf_real)(scale * (2 * rf_uniform(key, (uint64_t)i) - 1));
    return p;
}

static void solve_row(problem *p, rf_index r, double *e)
{
    const rf_real *x = p->x + r * p->H;
    double most = -INFINITY, sum = 0;
    for (rf_index v = 0; v < p->V; v++) {
        e[v] = p->b ? (double)p->b[v] : 0;
        for (rf_index h = 0; h < p->H; h++) e[v] += (double)x[h] * (double)p->w[v * p->H + h];
        most = fmax(most, e[v]);
    }
    for (rf_index v = 0; v < p->V; v++) sum += exp(e[v] - most);
    if (p->target[r] < 0) return;
    p->loss[r] = log(sum) + most - e[p->target[r]];
    for (rf_index v = 0; v < p->V; v++) {
        const double d = SCALE * (exp(e[v] - most) / sum - (v == p->target[r]));
        p->gb[v] += d;
        for (rf_index h = 0; h < p->H; h++) {
            p->gx[r * p->H + h] += d * (double)p->w[v * p->H + h];
            p->gw[v * p->H + h] += d * (double)x[h];
        }
    }
}

/* Logits of about `size`. */
static problem problem_open(rf_index R, rf_index V, rf_index H, bool bias, double size)
{
    problem p = {.R = R, .V = V, .H = H};
    p.x = draw(R * H, 1, "x");
    p.w = draw(V * H, size / sqrt((double)H), "w");
    p.b = bias ? draw(V, 1, "b") : NULL;
    p.target = calloc((size_t)R, sizeof *p.target);
    p.loss = calloc((size_t)R, sizeof *p.loss);
    p.gx = calloc((size_t)(R * H), sizeof *p.gx);
    p.gw = calloc((size_t)(V * H), sizeof *p.gw);
    p.gb = calloc((size_t)V, sizeof *p.gb);
    double *e = calloc((size_t)V, sizeof *e);
    for (rf_index r = 0; r < R; r++) {
        p.target[r] = r % 5 == 3 ? -1 : (int32_t)(r % 2 ? V - 1 - r : r * 37 % V);
        solve_row(&p, r, e);
    }
    free(e);
    return p;
}

static void problem_close(problem *p)
{
    rf_aligned_free(p->x), rf_aligned_free(p->w), rf_aligned_free(p->b);
    free(p->target), free(p->loss), free(p->gx), free(p->gw), free(p->gb);
}

/* Largest difference of n numbers, which held 1 before where they were added to. */
static double far(rf_index n, const rf_real *got, const double *due, bool fresh)
{
    double most = 0;
    for (rf_index i = 0; i < n; i++) {
        const double d = fabs((double)got[i] - (fresh ? 0 : 1) - due[i]);
        if (!(d <= most)) most = d;
    }
    return most;
}

static rf_real *ones(rf_index n)
{
    rf_real *p = rf_aligned_calloc((size_t)n, sizeof *p);
    for (rf_index i = 0; i < n; i++) p[i] = 1;
    return p;
}

static void check_gradients(const problem *p, const rfi_xent *x, rf_real *D, bool fresh, double tol)
{
    rf_real *gx = ones(p->R * p->H), *gw = ones(p->V * p->H), *gb = ones(p->V), *sum = ones(p->V);
    const rfi_xent_grads all = {gx, gw, p->b ? gb : NULL, sum, fresh, fresh, fresh};
    rfi_xent_adjoint(x, D, 1, &all);
    CU_ASSERT(far(p->R * p->H, gx, p->gx, fresh) < tol);
    CU_ASSERT(far(p->V * p->H, gw, p->gw, fresh) < tol);
    if (p->b) CU_ASSERT(far(p->V, gb, p->gb, fresh) < tol);
    const rfi_xent_grads half = {.x = gx, .fresh_x = true}; /* the rest is not wanted; gy is -1 */
    rfi_xent_adjoint(x, D, -1, &half);
    for (rf_index i = 0; i < p->R * p->H; i++) gx[i] = -gx[i];
    CU_ASSERT(far(p->R * p->H, gx, p->gx, true) < tol);
    rf_aligned_free(gx), rf_aligned_free(gw), rf_aligned_free(gb), rf_aligned_free(sum);
}

static void check(const problem *p, int threads, double tol)
{
    rf_device *d = rf_device_new(threads, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(d);
    const rfi_xent x = {d, p->R, p->V, p->H, p->x, p->w, p->b, p->target};
    rf_real *loss = ones(p->R);
    for (int keep = 0; keep < 2; keep++) {
        rf_real *D = rf_aligned_calloc((size_t)rfi_xent_size(&x, keep), sizeof *D);
        rfi_xent_forward(&x, keep, (rf_real)SCALE, D, loss);
        CU_ASSERT(far(p->R, loss, p->loss, true) < tol);
        if (keep) check_gradients(p, &x, D, true, tol);
        if (keep) check_gradients(p, &x, D, false, tol);
        rf_aligned_free(D);
    }
    rf_aligned_free(loss);
    rf_device_free(d);
}

static void sizes_agree(void)
{
    static const struct {
        rf_index R, V, H;
        bool bias;
    } size[] = {{1, 1024, 1, true},   {6, 1100, 2, true},    {40, 2500, 37, false},
                {7, 1025, 200, true}, {1030, 1040, 8, true}, {150, 1500, 700, true}};
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        problem p = problem_open(size[i].R, size[i].V, size[i].H, size[i].bias, 2);
        for (int threads = 1; threads <= 3; threads++) check(&p, threads, 3e-5);
        problem_close(&p);
    }
}

/* More threads than there are panels of classes. */
static void threads_without_work(void)
{
    problem p = problem_open(5, 1030, 3, true, 1);
    check(&p, 80, 3e-5);
    problem_close(&p);
}

/* A block whose largest logit is far below the row's: its factors would vanish. */
static void far_logits(void)
{
    problem p = problem_open(9, 1500, 4, true, 1);
    p.b[0] = 300; /* so is the loss of all targets but the first */
    for (rf_index v = 700; v < 1500; v++) p.b[v] = -300;
    memset(p.gx, 0, sizeof *p.gx * 36), memset(p.gw, 0, sizeof *p.gw * 6000);
    memset(p.gb, 0, sizeof *p.gb * 1500);
    double *e = calloc(1500, sizeof *e);
    for (rf_index r = 0; r < 9; r++) solve_row(&p, r, e);
    free(e);
    for (int threads = 1; threads <= 2; threads++) check(&p, threads, 2e-4);
    problem_close(&p);
}

static void divergence_is_seen(void)
{
    problem p = problem_open(4, 1100, 3, true, 1);
    rf_device *d = rf_device_new(1, NULL);
    const rfi_xent x = {d, p.R, p.V, p.H, p.x, p.w, p.b, p.target};
    rf_real *D = rf_aligned_calloc((size_t)rfi_xent_size(&x, true), sizeof *D), loss[4];
    p.w[500 * 3] = (rf_real)NAN;
    rfi_xent_forward(&x, true, (rf_real)SCALE, D, loss);
    CU_ASSERT(isnan(loss[0]));
    p.w[500 * 3] = (rf_real)INFINITY;
    rfi_xent_forward(&x, true, (rf_real)SCALE, D, loss);
    CU_ASSERT(!isfinite(loss[0]));
    rf_aligned_free(D);
    rf_device_free(d);
    problem_close(&p);
}

int main(void)
{
    CU_TestInfo tests[] = {{"sizes agree", sizes_agree},
                           {"threads without work", threads_without_work},
                           {"far logits", far_logits},
                           {"divergence is seen", divergence_is_seen},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "xent", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

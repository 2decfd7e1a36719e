/* test_lab_evolve.c -- the evolution strategy finds minima, and Jacobi's method eigenvectors. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/lab/evolve.h"
#include "../suite.h"

enum { N = 8, MOST = 64 };

typedef double (*function)(const double *x, size_t n);

static double sphere(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (x[i] - 1) * (x[i] - 1);
    return sum;
}

/* A thousand to one, and turned: only a strategy that learns the covariance gets far. */
static double ellipse(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double y = x[i] + x[(i + 1) % n] - 0.5 * x[(i + 2) % n];
        sum += pow(1e6, (double)i / (double)(n - 1)) * y * y;
    }
    return sum;
}

static double rosenbrock(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i + 1 < n; i++)
        sum += 100 * pow(x[i + 1] - x[i] * x[i], 2) + pow(1 - x[i], 2);
    return sum;
}

/* The value at the mean after at most so many generations. */
static double minimum(function f, size_t n, int generations, uint64_t seed, double *mean)
{
    /* Near enough for Rosenbrock's function, which has another minimum. */
    static const double start[N] = {0.5, -0.2, 0.1, 0, 0.2, -0.1, -0.3, 0.5};
    const lab_evolution_spec spec = {.n = n, .sigma = 0.5, .mean = start, .seed = seed};
    lab_evolution *e = lab_evolution_new(&spec);
    double x[MOST * N], cost[MOST];
    CU_ASSERT_PTR_NOT_NULL_FATAL(e);
    const size_t lambda = lab_evolution_lambda(e);
    CU_ASSERT_FATAL(lambda <= MOST);
    do {
        lab_evolution_ask(e, x);
        for (size_t k = 0; k < lambda; k++) cost[k] = f(x + k * n, n);
    } while (lab_evolution_tell(e, cost) && lab_evolution_generation(e) < generations);
    const double value = f(lab_evolution_mean(e), n);
    if (mean) memcpy(mean, lab_evolution_mean(e), n * sizeof *mean);
    lab_evolution_free(e);
    return value;
}

static void finds_minima(void)
{
    CU_ASSERT(minimum(sphere, N, 150, 1, NULL) < 1e-10);
    CU_ASSERT(minimum(sphere, 1, 150, 1, NULL) < 1e-10);
    CU_ASSERT(minimum(sphere, 2, 150, 1, NULL) < 1e-10);
    CU_ASSERT(minimum(ellipse, N, 600, 1, NULL) < 1e-10);
    CU_ASSERT(minimum(rosenbrock, N, 700, 1, NULL) < 1e-10);
}

/* What is not finite is the worst: the minimum lies at the edge of what is allowed. */
static double walled(const double *x, size_t n) { return x[0] > 0.7 ? NAN : sphere(x, n); }

static void bears_what_is_not_finite(void)
{
    double mean[2];
    minimum(walled, 2, 400, 3, mean);
    CU_ASSERT_DOUBLE_EQUAL(mean[0], 0.7, 1e-2);
    CU_ASSERT_DOUBLE_EQUAL(mean[1], 1, 1e-2);
}

static void seeds_decide(void)
{
    double a[N], b[N], c[N];
    minimum(rosenbrock, N, 20, 5, a);
    minimum(rosenbrock, N, 20, 5, b);
    minimum(rosenbrock, N, 20, 6, c);
    CU_ASSERT_EQUAL(memcmp(a, b, sizeof a), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(a, c, sizeof a), 0);
}

static void eigenvectors(void)
{
    double a[N * N], copy[N * N], v[N * N], d[N];
    const rf_key key = rf_key_make(1, "eigen", 0);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j <= i; j++) a[i * N + j] = a[j * N + i] = rf_normal(key, i * N + j);
    memcpy(copy, a, sizeof a);
    lab_eigen(a, d, v, N);
    for (size_t k = 0; k < N; k++)
        for (size_t i = 0; i < N; i++) {
            double sum = 0, dot = 0;
            for (size_t j = 0; j < N; j++) {
                sum += copy[i * N + j] * v[j * N + k];
                dot += v[j * N + i] * v[j * N + k];
            }
            CU_ASSERT_DOUBLE_EQUAL(sum, d[k] * v[i * N + k], 1e-10);
            CU_ASSERT_DOUBLE_EQUAL(dot, i == k, 1e-12);
        }
}

int main(void)
{
    CU_TestInfo tests[] = {{"finds minima", finds_minima},
                           {"bears what is not finite", bears_what_is_not_finite},
                           {"seeds decide", seeds_decide},
                           {"eigenvectors", eigenvectors},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "evolve", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

/* lab/evolve.c -- see evolve.h.
 *
 * Names are those of the tutorial: m mean, C = B D^2 B^T, p_c and p_s evolution paths, y a step. */
#include "evolve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct lab_evolution {
    size_t n, lambda, mu;
    uint64_t seed;
    int64_t generation, decomposed; /* when B and D were made last */
    double sigma, mu_eff, c_s, d_s, c_c, c_1, c_mu, chi;
    double *memory;
    double *weight;    /* [mu] */
    double *m;         /* [n] */
    double *C, *B, *A; /* [n,n]; A is scratch */
    double *D;         /* [n] square roots of the eigenvalues */
    double *p_c, *p_s; /* [n] */
    double *y;         /* [lambda,n] steps of this generation: (x - m) / sigma */
    double *step;      /* [n] their weighted mean */
    double *z;         /* [n] scratch */
    size_t *order;     /* [lambda] from the best to the worst */
};

/* ---- Jacobi's method --------------------------------------------------------------------------- */

/* Rotate rows and columns p and q so that a[p,q] becomes 0. */
static void rotate(double *a, double *v, size_t n, size_t p, size_t q)
{
    const double apq = a[p * n + q];
    if (apq == 0) return;
    const double tau = (a[q * n + q] - a[p * n + p]) / (2 * apq);
    const double t = (tau >= 0 ? 1 : -1) / (fabs(tau) + sqrt(1 + tau * tau));
    const double c = 1 / sqrt(1 + t * t), s = t * c;
    for (size_t k = 0; k < n; k++) {
        const double x = a[k * n + p], y = a[k * n + q];
        a[k * n + p] = c * x - s * y;
        a[k * n + q] = s * x + c * y;
    }
    for (size_t k = 0; k < n; k++) {
        const double x = a[p * n + k], y = a[q * n + k];
        a[p * n + k] = c * x - s * y;
        a[q * n + k] = s * x + c * y;
    }
    for (size_t k = 0; k < n; k++) {
        const double x = v[k * n + p], y = v[k * n + q];
        v[k * n + p] = c * x - s * y;
        v[k * n + q] = s * x + c * y;
    }
}

/* The size of what is off the diagonal, and of all. */
static double rest(const double *a, size_t n, double *all)
{
    double off = 0;
    *all = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            const double square = a[i * n + j] * a[i * n + j];
            *all += square;
            if (i != j) off += square;
        }
    return off;
}

void lab_eigen(double *a, double *values, double *v, size_t n)
{
    double all;
    for (size_t i = 0; i < n * n; i++) v[i] = i % (n + 1) == 0;
    for (int sweep = 0; sweep < 60 && rest(a, n, &all) > 1e-26 * all; sweep++)
        for (size_t p = 0; p + 1 < n; p++)
            for (size_t q = p + 1; q < n; q++) rotate(a, v, n, p, q);
    for (size_t i = 0; i < n; i++) values[i] = a[i * n + i];
}

/* ---- The strategy ------------------------------------------------------------------------------ */

/* Table 1 of the tutorial. */
static void set_constants(lab_evolution *e)
{
    const double n = (double)e->n;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < e->mu; i++) {
        e->weight[i] = log(((double)e->lambda + 1) / 2) - log((double)i + 1);
        sum += e->weight[i];
    }
    for (size_t i = 0; i < e->mu; i++) {
        e->weight[i] /= sum;
        squares += e->weight[i] * e->weight[i];
    }
    const double mu = e->mu_eff = 1 / squares;
    e->c_s = (mu + 2) / (n + mu + 5);
    e->d_s = 1 + 2 * fmax(0, sqrt((mu - 1) / (n + 1)) - 1) + e->c_s;
    e->c_c = (4 + mu / n) / (n + 4 + 2 * mu / n);
    e->c_1 = 2 / ((n + 1.3) * (n + 1.3) + mu);
    e->c_mu = fmin(1 - e->c_1, 2 * (mu - 2 + 1 / mu) / ((n + 2) * (n + 2) + mu));
    e->chi = sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
}

static bool take_memory(lab_evolution *e)
{
    const size_t n = e->n, lambda = e->lambda;
    double *at = e->memory = calloc(e->mu + 3 * n * n + 6 * n + lambda * n, sizeof *at);
    e->order = calloc(lambda, sizeof *e->order);
    if (!at || !e->order) return false;
    struct {
        double **p;
        size_t count;
    } parts[] = {{&e->weight, e->mu}, {&e->m, n}, {&e->C, n * n},     {&e->B, n * n},
                 {&e->A, n * n},      {&e->D, n}, {&e->p_c, n},       {&e->p_s, n},
                 {&e->step, n},       {&e->z, n}, {&e->y, lambda * n}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        *parts[i].p = at;
        at += parts[i].count;
    }
    return true;
}

lab_evolution *lab_evolution_new(const lab_evolution_spec *spec)
{
    lab_evolution *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    e->n = spec->n;
    e->lambda = spec->lambda ? spec->lambda : 4 + (size_t)(3 * log((double)spec->n));
    if (e->lambda < 4) e->lambda = 4;
    e->mu = e->lambda / 2;
    e->seed = spec->seed;
    e->sigma = spec->sigma;
    if (!take_memory(e)) {
        lab_evolution_free(e);
        return NULL;
    }
    set_constants(e);
    if (spec->mean) memcpy(e->m, spec->mean, e->n * sizeof *e->m);
    for (size_t i = 0; i < e->n; i++) e->C[i * (e->n + 1)] = e->B[i * (e->n + 1)] = e->D[i] = 1;
    return e;
}

void lab_evolution_free(lab_evolution *e)
{
    if (!e) return;
    free(e->memory);
    free(e->order);
    free(e);
}

size_t lab_evolution_lambda(const lab_evolution *e) { return e->lambda; }
int64_t lab_evolution_generation(const lab_evolution *e) { return e->generation; }
double lab_evolution_sigma(const lab_evolution *e) { return e->sigma; }
const double *lab_evolution_mean(const lab_evolution *e) { return e->m; }

/* out = M x, or M^T x. */
static void multiply(const double *M, bool turned, const double *x, double *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t j = 0; j < n; j++) sum += M[turned ? j * n + i : i * n + j] * x[j];
        out[i] = sum;
    }
}

/* x_k = m + sigma y_k, y_k = B D z_k, z_k ~ N(0, I): equations 38 to 40. */
void lab_evolution_ask(lab_evolution *e, double *x)
{
    const rf_key key = rf_key_make(e->seed, "lab.evolve", (uint64_t)e->generation);
    for (size_t k = 0; k < e->lambda; k++) {
        double *y = e->y + k * e->n;
        for (size_t i = 0; i < e->n; i++) e->z[i] = e->D[i] * rf_normal(key, k * e->n + i);
        multiply(e->B, false, e->z, y, e->n);
        for (size_t i = 0; i < e->n; i++) x[k * e->n + i] = e->m[i] + e->sigma * y[i];
    }
}

static bool is_better(const double *cost, size_t a, size_t b)
{
    const bool fa = isfinite(cost[a]), fb = isfinite(cost[b]);
    if (fa != fb) return fa;
    if (fa && cost[a] != cost[b]) return cost[a] < cost[b];
    return a < b;
}

/* By insertion: a generation is small. */
static void rank(lab_evolution *e, const double *cost)
{
    for (size_t k = 0; k < e->lambda; k++) {
        size_t i = k;
        for (; i && is_better(cost, k, e->order[i - 1]); i--) e->order[i] = e->order[i - 1];
        e->order[i] = k;
    }
}

/* Equations 41, 42: the mean goes to the weighted mean of the better half. */
static void move_mean(lab_evolution *e)
{
    memset(e->step, 0, e->n * sizeof *e->step);
    for (size_t i = 0; i < e->mu; i++)
        for (size_t j = 0; j < e->n; j++) e->step[j] += e->weight[i] * e->y[e->order[i] * e->n + j];
    for (size_t j = 0; j < e->n; j++) e->m[j] += e->sigma * e->step[j];
}

/* Equations 43, 44.  The length of p_s. */
static double adapt_sigma(lab_evolution *e)
{
    const double keep = 1 - e->c_s, add = sqrt(e->c_s * (2 - e->c_s) * e->mu_eff);
    double squares = 0;
    /* C^{-1/2} step = B D^{-1} B^T step; a row of A is free. */
    multiply(e->B, true, e->step, e->z, e->n);
    for (size_t i = 0; i < e->n; i++) e->z[i] /= e->D[i];
    multiply(e->B, false, e->z, e->A, e->n);
    for (size_t i = 0; i < e->n; i++) {
        e->p_s[i] = keep * e->p_s[i] + add * e->A[i];
        squares += e->p_s[i] * e->p_s[i];
    }
    e->sigma *= exp(e->c_s / e->d_s * (sqrt(squares) / e->chi - 1));
    return sqrt(squares);
}

/* Equations 45, 47: rank one along the path, rank mu along the better steps. */
static void adapt_covariance(lab_evolution *e, double length)
{
    const size_t n = e->n;
    const double life = sqrt(1 - pow(1 - e->c_s, 2 * ((double)e->generation + 1)));
    const double h = length / life < (1.4 + 2 / ((double)n + 1)) * e->chi;
    const double add = h * sqrt(e->c_c * (2 - e->c_c) * e->mu_eff);
    const double keep = 1 + (1 - h) * e->c_1 * e->c_c * (2 - e->c_c) - e->c_1 - e->c_mu;
    for (size_t i = 0; i < n; i++) e->p_c[i] = (1 - e->c_c) * e->p_c[i] + add * e->step[i];
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = 0;
            for (size_t k = 0; k < e->mu; k++) {
                const double *y = e->y + e->order[k] * n;
                sum += e->weight[k] * y[i] * y[j];
            }
            double *c = &e->C[i * n + j];
            *c = keep * *c + e->c_1 * e->p_c[i] * e->p_c[j] + e->c_mu * sum;
            e->C[j * n + i] = *c;
        }
}

/* C = B D^2 B^T, not at every generation when that would cost most of the time (tutorial, B.2). */
static bool decompose(lab_evolution *e)
{
    const double n = (double)e->n, often = 1 / (10 * n * (e->c_1 + e->c_mu));
    if ((double)(e->generation - e->decomposed) < often) return true;
    e->decomposed = e->generation;
    memcpy(e->A, e->C, e->n * e->n * sizeof *e->A);
    lab_eigen(e->A, e->D, e->B, e->n);
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < e->n; i++) {
        low = fmin(low, e->D[i]);
        high = fmax(high, e->D[i]);
        e->D[i] = sqrt(e->D[i]);
    }
    return low > 0 && high < 1e14 * low && e->sigma * sqrt(high) > 1e-12;
}

bool lab_evolution_tell(lab_evolution *e, const double *cost)
{
    rank(e, cost);
    move_mean(e);
    adapt_covariance(e, adapt_sigma(e));
    e->generation++;
    return isfinite(e->sigma) && decompose(e);
}

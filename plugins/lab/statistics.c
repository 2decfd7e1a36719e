/* lab/statistics.c -- means, Welch's t-test, the exact rank test, Holm's correction. */
#include "statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double lab_mean(const double *x, rf_index n)
{
    double sum = 0;
    for (rf_index i = 0; i < n; i++) sum += x[i];
    return sum / (double)n;
}

static double variance(const double *x, rf_index n)
{
    const double mean = lab_mean(x, n);
    double sum = 0;
    for (rf_index i = 0; i < n; i++) sum += (x[i] - mean) * (x[i] - mean);
    return n > 1 ? sum / (double)(n - 1) : (double)NAN;
}

double lab_deviation(const double *x, rf_index n) { return sqrt(variance(x, n)); }

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double lab_median(const double *x, rf_index n)
{
    double *y = malloc((size_t)n * sizeof *y);
    if (!y) return NAN;
    memcpy(y, x, (size_t)n * sizeof *y);
    qsort(y, (size_t)n, sizeof *y, by_size);
    const double m = (y[(n - 1) / 2] + y[n / 2]) / 2;
    free(y);
    return m;
}

/* ---- Student's distribution --------------------------------------------------------------------- */

/* The continued fraction of the incomplete beta function, by Lentz's method: Abramowitz & Stegun
 * 26.5.8 in the form b0 + a1/(1+ a2/(1+ ...)).  Converges fast for x < (a+1)/(a+b+2). */
static double beta_fraction(double x, double a, double b)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double f = d;
    for (int m = 1; m < 500; m++) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double step = 1;
        for (int half = 0; half < 2; half++) {
            const double e = half ? odd : even;
            d = 1 + e * d;
            c = 1 + e / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            step = c * d;
            f *= step;
        }
        if (fabs(step - 1) < 1e-15) break;
    }
    return f;
}

/* lgamma writes a global: the reentrant one does not. */
static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

/* I_x(a, b), regularised. */
static double beta_part(double x, double a, double b)
{
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    const double log_front =
        log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x);
    if (x < (a + 1) / (a + b + 2)) return exp(log_front) * beta_fraction(x, a, b) / a;
    return 1 - exp(log_front) * beta_fraction(1 - x, b, a) / b;
}

double lab_student_p(double t, double df)
{
    if (isinf(t)) return 0;
    return beta_part(df / (df + t * t), df / 2, 0.5);
}

lab_welch lab_welch_test(const double *a, int n, const double *b, int m)
{
    const double va = variance(a, n) / n, vb = variance(b, m) / m, v = va + vb;
    const double difference = lab_mean(a, n) - lab_mean(b, m);
    lab_welch w = {.t = difference / sqrt(v), .df = n + m - 2};
    if (!(v > 0)) {
        w.t = difference == 0 ? 0 : copysign(INFINITY, difference);
        w.p = difference == 0 ? 1 : 0;
        return w;
    }
    w.df = v * v / (va * va / (n - 1) + vb * vb / (m - 1));
    w.p = lab_student_p(w.t, w.df);
    return w;
}

/* ---- Ranks --------------------------------------------------------------------------------------- */

/* Twice the rank, so that a mean of ranks is a whole number: 2 for the smallest. */
static int double_rank(const double *all, int count, double x)
{
    int below = 0, equal = 0;
    for (int i = 0; i < count; i++) {
        below += all[i] < x;
        equal += all[i] == x;
    }
    return 2 * below + equal + 1;
}

/* Ways to choose 0..n of the ranks with each sum: ways[k * (sum + 1) + s]. */
static double *count_ways(const int *rank, int count, int n, int sum)
{
    const size_t row = (size_t)sum + 1;
    double *ways = calloc(((size_t)n + 1) * row, sizeof *ways);
    if (!ways) return NULL;
    ways[0] = 1;
    for (int i = 0; i < count; i++)
        for (int k = i < n ? i : n - 1; k >= 0; k--) {
            const double *from = ways + (size_t)k * row;
            double *to = ways + (size_t)(k + 1) * row + rank[i];
            for (int s = 0; s + rank[i] <= sum; s++) to[s] += from[s];
        }
    return ways;
}

double lab_rank_test(const double *a, int n, const double *b, int m)
{
    double all[2 * LAB_RANK_MOST];
    int rank[2 * LAB_RANK_MOST], mine = 0, sum = 0;
    const int count = n + m, middle = n * (count + 1);
    memcpy(all, a, (size_t)n * sizeof *a);
    memcpy(all + n, b, (size_t)m * sizeof *b);
    for (int i = 0; i < count; i++) {
        rank[i] = double_rank(all, count, all[i]);
        sum += rank[i];
        if (i < n) mine += rank[i];
    }
    double *ways = count_ways(rank, count, n, sum), far = 0, total = 0;
    if (!ways) return NAN;
    const double *last = ways + (size_t)n * ((size_t)sum + 1);
    for (int s = 0; s <= sum; s++) {
        total += last[s];
        if (abs(s - middle) >= abs(mine - middle)) far += last[s];
    }
    free(ways);
    return far / total;
}

/* Pearson's correlation of the ranks. */
double lab_spearman(const double *x, const double *y, int n)
{
    double xx = 0, yy = 0, xy = 0;
    for (int i = 0; i < n; i++) {
        const double a = double_rank(x, n, x[i]) - (n + 1), b = double_rank(y, n, y[i]) - (n + 1);
        xx += a * a;
        yy += b * b;
        xy += a * b;
    }
    return xy / sqrt(xx * yy);
}

double lab_rank_least(int n, int m)
{
    return 2 * exp(log_gamma(n + 1) + log_gamma(m + 1) - log_gamma(n + m + 1));
}

/* ---- Many comparisons ---------------------------------------------------------------------------- */

/* The place of p[i] in rising order, from 0. */
static int place_of(const double *p, int k, int i)
{
    int place = 0;
    for (int j = 0; j < k; j++) place += p[j] < p[i] || (p[j] == p[i] && j < i);
    return place;
}

void lab_holm(const double *p, int k, double *out)
{
    for (int i = 0; i < k; i++) {
        const int mine = place_of(p, k, i);
        out[i] = 0;
        for (int j = 0; j < k; j++) {
            const int place = place_of(p, k, j);
            if (place <= mine) out[i] = fmax(out[i], fmin(1, p[j] * (k - place)));
        }
    }
}

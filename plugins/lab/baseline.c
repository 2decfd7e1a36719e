/* lab/baseline.c -- see baseline.h. */
#include "baseline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "squares.h"

/* ---- Seasons ----------------------------------------------------------------------------------- */

#define LIKE_ITSELF 0.2
#define MOST_ROWS   ((size_t)20000) /* that are looked at, the last ones */
#define MOST_LAG    ((size_t)5000)

/* out [n]: z without its straight line. */
static void remove_trend(const double *z, size_t n, size_t stride, double *out)
{
    const double middle = ((double)n - 1) / 2;
    double mean = 0, slope = 0, square = 0;
    for (size_t i = 0; i < n; i++) mean += z[i * stride] / (double)n;
    for (size_t i = 0; i < n; i++) {
        slope += ((double)i - middle) * (z[i * stride] - mean);
        square += ((double)i - middle) * ((double)i - middle);
    }
    if (square > 0) slope /= square;
    for (size_t i = 0; i < n; i++) out[i] = z[i * stride] - mean - slope * ((double)i - middle);
}

/* Of pairs `lag` apart, by the variance of those alone: a season counts as much late as early. */
static double correlation(const double *x, size_t n, size_t lag)
{
    double xy = 0, xx = 0, yy = 0;
    for (size_t i = lag; i < n; i++) {
        xy += x[i] * x[i - lag];
        xx += x[i - lag] * x[i - lag];
        yy += x[i] * x[i];
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

size_t lab_find_period(const double *z, size_t n, size_t stride)
{
    if (n > MOST_ROWS) z += (n - MOST_ROWS) * stride, n = MOST_ROWS;
    const size_t most = n / 2 < MOST_LAG ? n / 2 : MOST_LAG;
    double *x = calloc(n + most + 3, sizeof *x), *r = x ? x + n : NULL;
    size_t best = 0, lag = 1;
    if (!x) return 0;
    remove_trend(z, n, stride, x);
    for (size_t k = 0; k <= most + 1; k++) r[k] = correlation(x, n, k);
    while (lag < most && r[lag] > 0) lag++; /* past the slope down from lag 0 */
    for (; lag <= most; lag++) {
        const bool peak = lag >= 2 && r[lag] >= r[lag - 1] && r[lag] >= r[lag + 1];
        if (peak && r[lag] > LIKE_ITSELF && (!best || r[lag] > r[best])) best = lag;
    }
    free(x);
    return best;
}

double lab_persistence(const double *z, size_t columns, size_t t) { return z[t * columns]; }

double lab_seasonal(const double *z, size_t columns, size_t t, size_t step, size_t period)
{
    const size_t back = (step + period - 1) / period * period;
    return z[(t + step >= back ? t + step - back : t) * columns];
}

double lab_naive_error(const double *z, size_t rows, size_t columns)
{
    double sum = 0;
    for (size_t t = 1; t < rows; t++) sum += fabs(z[t * columns] - z[(t - 1) * columns]);
    return rows > 1 ? sum / ((double)rows - 1) : NAN;
}

/* ---- Linear models ----------------------------------------------------------------------------- */

static const size_t orders[] = {1, 2, 3, 4, 5, 7, 10, 14, 21, 28};

static size_t inputs_of(const lab_linear *l)
{
    return (l->map ? (l->lags + 1) * (l->columns - 1) : l->lags * l->columns) + 1;
}

static size_t outputs_of(const lab_linear *l) { return l->map ? 1 : l->columns; }

/* What row t is made of. */
static void put_inputs(const lab_linear *l, const double *z, size_t t, double *out)
{
    const size_t skip = l->map ? 1 : 0; /* a regression does not see what it is to tell */
    for (size_t lag = l->map ? 0 : 1; lag <= l->lags; lag++)
        for (size_t c = skip; c < l->columns; c++) *out++ = z[(t - lag) * l->columns + c];
    *out = 1;
}

/* Akaike's criterion of column 0 over rows [from, rows), after a fit to them; NaN: not possible. */
static double fit_order(lab_linear *l, const double *z, size_t from, size_t rows)
{
    const size_t m = rows - from, n = inputs_of(l), k = outputs_of(l);
    double *a = calloc(m * (n + k) + n, sizeof *a), *b = a ? a + m * n : NULL, squares = 0;
    l->w = calloc(n * k, sizeof *l->w);
    for (size_t i = 0; a && i < m; i++) {
        put_inputs(l, z, from + i, a + i * n);
        memcpy(b + i * k, z + (from + i) * l->columns, k * sizeof *b);
    }
    if (!a || !l->w || !lab_least_squares(a, b, m, n, k, l->w)) {
        free(a);
        return NAN;
    }
    for (size_t i = 0; i < m; i++) {
        double sum = -z[(from + i) * l->columns];
        put_inputs(l, z, from + i, a);
        for (size_t j = 0; j < n; j++) sum += a[j] * l->w[j * k];
        squares += sum * sum;
    }
    free(a);
    return (double)m * log(squares / (double)m + 1e-300) + 2 * (double)n;
}

rf_status lab_linear_fit(lab_linear *l, const double *z, size_t rows, size_t columns, size_t lags,
                         bool map, rf_error *err)
{
    const size_t *order = lags ? &lags : orders, count = lags ? 1 : sizeof orders / sizeof *orders;
    double best = INFINITY;
    *l = (lab_linear){0};
    if (rows > MOST_ROWS) z += (rows - MOST_ROWS) * columns, rows = MOST_ROWS;
    for (size_t i = 0; i < count; i++) {
        lab_linear one = {.columns = columns, .lags = order[i], .map = map};
        const size_t from = order[count - 1] < rows / 4 ? order[count - 1] : order[i];
        if (rows < from || rows - from < 2 * inputs_of(&one)) break;
        const double criterion = fit_order(&one, z, from, rows);
        if (criterion < best) {
            free(l->w);
            *l = one;
            best = criterion;
        } else
            free(one.w);
    }
    if (l->w) return RF_OK;
    return rf_fail(err, RF_EINVAL, "%zu rows to learn from: too few for a linear model", rows);
}

static void apply(const lab_linear *l, const double *in, double *out)
{
    const size_t n = inputs_of(l), k = outputs_of(l);
    for (size_t c = 0; c < k; c++) {
        out[c] = 0;
        for (size_t j = 0; j < n; j++) out[c] += in[j] * l->w[j * k + c];
    }
}

bool lab_linear_forecast(const lab_linear *l, const double *z, size_t t, size_t steps, double *out)
{
    const size_t C = l->columns, p = l->lags;
    double *past = calloc((p + steps) * C + inputs_of(l), sizeof *past);
    double *in = past ? past + (p + steps) * C : NULL;
    if (!past) return false;
    memcpy(past, z + (t + 1 - p) * C, p * C * sizeof *past);
    for (size_t s = 0; s < steps; s++) {
        put_inputs(l, past, p + s, in);
        apply(l, in, past + (p + s) * C);
        out[s] = past[(p + s) * C];
    }
    free(past);
    return true;
}

double lab_linear_map(const lab_linear *l, const double *z, size_t t)
{
    const size_t n = inputs_of(l);
    double out = 0, *in = calloc(n, sizeof *in);
    if (!in) return NAN;
    put_inputs(l, z, t, in);
    apply(l, in, &out);
    free(in);
    return out;
}

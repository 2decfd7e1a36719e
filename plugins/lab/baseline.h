/* lab/baseline.h -- forecasts that a network has to beat.
 *
 * All of them look at a table z [rows,columns] whose column 0 is what is forecast. */
#ifndef LAB_BASELINE_H
#define LAB_BASELINE_H

#include <refrain/base.h>

/* The lag, at least 2 and at most half of n, at which z [n,stride] is most like itself: the highest
 * peak of the autocorrelation of what remains after a straight line; 0: none reaches 0.2.  Of a longer
 * table the last 20,000 rows and lags up to 5000 are looked at. */
size_t lab_find_period(const double *z, size_t n, size_t stride);

/* z[t + step] by persistence, z[t]; by the season of `period` rows (at least 1), the same place of the
 * last whole season up to t.  step >= 1. */
double lab_persistence(const double *z, size_t columns, size_t t);
double lab_seasonal(const double *z, size_t columns, size_t t, size_t step, size_t period);

/* A linear model of rows by rows before (autoregression), or of column 0 by other columns of the same
 * row and of rows before (regression). */
typedef struct lab_linear {
    size_t columns, lags;
    bool map;  /* regression */
    double *w; /* [inputs, outputs]; the last input is 1 */
} lab_linear;

/* Fit it to rows [0, rows), or to the last 20,000 of them.  lags 0: as many as Akaike's criterion finds best, up to 28.
 * Free w even after an error.  Errors: EINVAL (too few rows), ENOMEM. */
rf_status lab_linear_fit(lab_linear *l, const double *z, size_t rows, size_t columns, size_t lags,
                         bool map, rf_error *err);
/* Column 0 of rows t + 1 ... t + steps, forecasts of all columns being fed back; t + 1 >= lags.
 * False: no memory. */
bool lab_linear_forecast(const lab_linear *l, const double *z, size_t t, size_t steps, double *out);
/* Of a regression: column 0 of row t, t >= lags. */
double lab_linear_map(const lab_linear *l, const double *z, size_t t);

/* The mean distance of neighbours, |z[t + 1] - z[t]|, in rows [0, rows): what MASE is measured in.
 * Source: Hyndman & Koehler, "Another look at measures of forecast accuracy", 2006. */
double lab_naive_error(const double *z, size_t rows, size_t columns);

#endif

/* lab/series.h -- what the parts of the verb series share. */
#ifndef LAB_SERIES_H
#define LAB_SERIES_H

#include "baseline.h"
#include "forecast.h"
#include "table.h"

/* Who forecasts; a map has a mean instead of the last two. */
enum { LAB_NETWORK, LAB_LINEAR, LAB_PERSISTENCE, LAB_SEASONAL, LAB_MODELS };

typedef struct lab_study {
    rf_session *s;
    const rf_run *r;
    lab_forecast_kind kind;
    const char **names; /* [columns] lent; column 0 is the target */
    size_t columns, horizon, period;
    lab_table table;
    double *z, *mean,
        *deviation;            /* [rows,columns] standardised by [columns] of the training part */
    double *gap;               /* [rows], or NULL: rows are evenly apart */
    double unit;               /* most rows are so far apart */
    size_t train, valid, rows; /* the test part is rows [valid,rows) */
    lab_linear linear;
    lab_forecaster *net;
    size_t *last;             /* [count] rows that are forecast from; a map: rows that are told */
    size_t count;             /* one more stands behind them: the table's last row (not of a map) */
    double *told[LAB_MODELS]; /* [count + 1,horizon] standardised; NULL: no such model */
} lab_study;

const char *lab_study_model(const lab_study *x, int model);
/* Row `step` (from 1; a map: 0) after last[i], standardised back; NaN beyond the table. */
double lab_study_truth(const lab_study *x, size_t i, size_t step);
double lab_study_told(const lab_study *x, int model, size_t i, size_t step);
/* The mean distance and the root of the mean square of a model's forecasts `step` rows on. */
void lab_study_error(const lab_study *x, int model, size_t step, double *mae, double *rmse);

/* Errors by horizon, and the last `show` forecasts, as records. */
rf_status lab_study_tell(const lab_study *x, size_t show);
/* Errors: EIO, ENOMEM. */
rf_status lab_study_plot(const lab_study *x, const char *path, rf_error *err);

#endif

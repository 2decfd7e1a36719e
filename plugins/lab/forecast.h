/* lab/forecast.h -- a recurrent network that forecasts a table's column 0.
 *
 *   recursive  reads row t and tells row t + 1, which is fed back for the rows after it
 *   direct     reads row t and tells column 0 of rows t + 1 ... t + horizon
 *   map        reads the other columns of row t and tells column 0 of row t
 *
 * Whatever it tells, it has read `window` rows up to row t, beginning with an empty memory. */
#ifndef LAB_FORECAST_H
#define LAB_FORECAST_H

#include <refrain/cell.h>
#include <refrain/task.h>

typedef enum lab_forecast_kind { LAB_RECURSIVE, LAB_DIRECT, LAB_MAP } lab_forecast_kind;

typedef struct lab_forecast_spec {
    lab_forecast_kind kind;
    const rf_cell *cell;
    rf_index hidden;
    int layers;
    size_t window, horizon; /* horizon: 1 for a map */
    /* What is learned from: lent. */
    const double *z; /* [rows,columns] standardised; a map needs 2 columns at least */
    size_t rows, columns;
    const double
        *gap; /* [rows] time from a row to the next, in the unit of most of them; NULL: 1 */
    size_t train, valid; /* rows [0,train) are learned from, rows [train,valid) validate */
    /* How. */
    size_t batch;
    int64_t epochs;
    int patience;
    double rate;
    uint64_t seed;
    int threads;
} lab_forecast_spec;

typedef struct lab_forecaster lab_forecaster;

/* NULL with err: EINVAL (too few rows for the window), ENOMEM. */
lab_forecaster *lab_forecaster_new(const lab_forecast_spec *spec, rf_session *s, rf_error *err);
void lab_forecaster_free(lab_forecaster *f);
rf_index lab_forecaster_parameters(const lab_forecaster *f);
/* Train, sending the metric of validations as events; the best parameters remain. */
rf_status lab_forecaster_train(lab_forecaster *f, rf_error *err);
/* out [count,horizon]: what follows each of the rows `last` (map: of that row).  last + 1 >= window.
 * Errors: what the host said to progress. */
rf_status lab_forecaster_run(lab_forecaster *f, const size_t *last, size_t count, double *out);

#endif

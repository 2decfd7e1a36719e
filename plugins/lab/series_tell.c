/* lab/series_tell.c -- errors by horizon, and forecasts beside what came, as records. */
#include <math.h>
#include <stdio.h>

#include "series.h"

const char *lab_study_model(const lab_study *x, int model)
{
    static const char *const names[] = {"network", "linear", "persistence", "seasonal"};
    return x->kind == LAB_MAP && model == LAB_PERSISTENCE ? "mean" : names[model];
}

static double back(const lab_study *x, double z) { return x->mean[0] + x->deviation[0] * z; }

double lab_study_truth(const lab_study *x, size_t i, size_t step)
{
    const size_t t = x->last[i] + step;
    return t < x->rows ? x->table.x[t * x->columns] : NAN;
}

double lab_study_told(const lab_study *x, int model, size_t i, size_t step)
{
    return back(x, x->told[model][i * x->horizon + step - (step > 0)]);
}

void lab_study_error(const lab_study *x, int model, size_t step, double *mae, double *rmse)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < x->count; i++) {
        const double d = lab_study_told(x, model, i, step) - lab_study_truth(x, i, step);
        sum += fabs(d);
        squares += d * d;
    }
    *mae = sum / (double)x->count;
    *rmse = sqrt(squares / (double)x->count);
}

static rf_status tell_error(const lab_study *x, const char *horizon, int model, double mae,
                            double rmse)
{
    const double naive = lab_naive_error(x->table.x, x->train, x->columns);
    const rf_field row[] = {
        rf_field_string("horizon", horizon), rf_field_string("model", lab_study_model(x, model)),
        rf_field_real("mae", mae), rf_field_real("rmse", rmse), rf_field_real("mase", mae / naive)};
    return rf_emit_record(x->s->host, -1, "error", row, sizeof row / sizeof *row);
}

/* Each horizon, and the mean over all of them. */
static rf_status tell_errors(const lab_study *x, int model)
{
    const size_t first = x->kind == LAB_MAP ? 0 : 1, n = x->horizon;
    double mae, rmse, all = 0, squares = 0;
    rf_status st = RF_OK;
    for (size_t k = first; k < first + n && !st; k++) {
        char name[32];
        snprintf(name, sizeof name, "%zu", k);
        lab_study_error(x, model, k, &mae, &rmse);
        all += mae / (double)n;
        squares += rmse * rmse / (double)n;
        st = tell_error(x, name, model, mae, rmse);
    }
    return st || n == 1 ? st : tell_error(x, "all", model, all, sqrt(squares));
}

/* The time of a row, also of one to come. */
static const char *when(const lab_study *x, size_t t, char buf[32])
{
    const lab_table *a = &x->table;
    if (t < x->rows && a->when) return a->when[t];
    if (t < x->rows || !a->when) {
        snprintf(buf, 32, "%zu", t + 1);
        return buf;
    }
    const double time = a->time[x->rows - 1] + x->unit * (double)(t - x->rows + 1);
    if (a->dates)
        lab_date_text(time, buf);
    else
        snprintf(buf, 32, "%.10g", time);
    return buf;
}

static rf_status tell_forecast(const lab_study *x, size_t i, size_t step)
{
    char buf[32];
    rf_field row[3 + LAB_MODELS] = {rf_field_string("when", when(x, x->last[i] + step, buf)),
                                    rf_field_int("horizon", (int64_t)step),
                                    rf_field_real("truth", lab_study_truth(x, i, step))};
    size_t n = 3;
    for (int m = 0; m < LAB_MODELS; m++)
        if (x->told[m])
            row[n++] = rf_field_real(lab_study_model(x, m), lab_study_told(x, m, i, step));
    return rf_emit_record(x->s->host, (int64_t)i, "forecast", row, n);
}

/* The last ones of the test part; then what is to come after the table's end. */
static rf_status tell_forecasts(const lab_study *x, size_t show)
{
    const bool map = x->kind == LAB_MAP;
    const size_t from = map ? 0 : 1, end = x->count + (map ? 0 : 1);
    rf_status st = RF_OK;
    for (size_t i = show < x->count ? x->count - show : 0; i < end && !st; i++)
        for (size_t k = from; k < from + x->horizon && !st; k++) st = tell_forecast(x, i, k);
    return st;
}

rf_status lab_study_tell(const lab_study *x, size_t show)
{
    rf_status st = RF_OK;
    for (int m = 0; m < LAB_MODELS && !st; m++)
        if (x->told[m]) st = tell_errors(x, m);
    return st ? st : tell_forecasts(x, show);
}

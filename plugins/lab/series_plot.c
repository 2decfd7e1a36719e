/* lab/series_plot.c -- pictures of forecasts and of their errors. */
#include <math.h>
#include <refrain/task.h>
#include <stdlib.h>

#include "series.h"

#define HISTORY  6 /* horizons shown before a forecast, and at least so many rows: */
#define ROWS     30
#define YEAR     365.2425
#define TRUTH    7 /* colours */
#define FORECAST 1

/* Time for people: years of dates, else as the file has it. */
static double shown_time(const lab_study *x, size_t t)
{
    const double last = x->table.time[x->rows - 1];
    const double time = t < x->rows ? x->table.time[t] : last + x->unit * (double)(t - x->rows + 1);
    return x->table.dates ? 1970 + time / YEAR : time;
}

static const char *time_axis(const lab_study *x)
{
    return x->table.dates ? "year" : x->table.when ? "time" : "row";
}

/* Forecast i of every model, with the history before it. */
static bool plot_one(const lab_study *x, rf_plot *part, size_t i, double *a, double *b)
{
    const size_t t = x->last[i], h = x->horizon;
    const size_t most = HISTORY * h > ROWS ? HISTORY * h : ROWS,
                 from = t + 1 > most ? t + 1 - most : 0;
    size_t n = 0;
    for (size_t r = from; r <= t + h && r < x->rows; r++, n++) {
        a[n] = (double)r - (double)t;
        b[n] = x->table.x[r * x->columns];
    }
    rf_plot_axes(part, "rows from the last one read", x->names[0], 0);
    bool ok = rf_plot_series(part, "truth", a, b, n, (rf_stroke){0, TRUTH});
    for (int m = 0; m < LAB_MODELS && ok; m++) {
        if (!x->told[m]) continue;
        a[0] = 0;
        b[0] = x->table.x[t * x->columns];
        for (size_t k = 1; k <= h; k++) {
            a[k] = (double)k;
            b[k] = lab_study_told(x, m, i, k);
        }
        const rf_stroke stroke = {m ? RF_STROKE_THIN : 0, FORECAST + m};
        ok = rf_plot_series(part, lab_study_model(x, m), a, b, h + 1, stroke);
    }
    return ok;
}

/* All of the test part; forecasts that follow each other, or a map's as one line. */
static bool plot_all(const lab_study *x, rf_plot *part, double *a, double *b)
{
    const size_t h = x->horizon, from = x->kind == LAB_MAP ? 0 : 1;
    size_t n = 0;
    for (size_t t = x->valid; t < x->rows; t++, n++) {
        a[n] = shown_time(x, t);
        b[n] = x->table.x[t * x->columns];
    }
    rf_plot_axes(part, time_axis(x), x->names[0], 0);
    if (!rf_plot_series(part, "truth", a, b, n, (rf_stroke){RF_STROKE_THIN, TRUTH})) return false;
    n = 0;
    for (size_t i = 0; i < x->count; i += h) {
        for (size_t k = from; k < from + h; k++, n++) {
            a[n] = shown_time(x, x->last[i] + k);
            b[n] = lab_study_told(x, LAB_NETWORK, i, k);
        }
        if (h > 1) a[n] = b[n] = NAN, n++;
    }
    return rf_plot_series(part, "network", a, b, n, (rf_stroke){0, FORECAST});
}

static bool plot_errors(const lab_study *x, rf_plot *part, double *a, double *b)
{
    bool ok = true;
    rf_plot_axes(part, "rows ahead", "mean distance", 0);
    for (int m = 0; m < LAB_MODELS && ok; m++) {
        if (!x->told[m]) continue;
        for (size_t k = 1; k <= x->horizon; k++) {
            double rmse;
            a[k - 1] = (double)k;
            lab_study_error(x, m, k, &b[k - 1], &rmse);
        }
        ok = rf_plot_series(part, lab_study_model(x, m), a, b, x->horizon,
                            (rf_stroke){0, FORECAST + m});
    }
    return ok;
}

static bool plot_parts(const lab_study *x, rf_plot *p, double *a, double *b)
{
    rf_plot *part;
    if (!(part = rf_plot_part(p, "the test part", 1)) || !plot_all(x, part, a, b)) return false;
    if (x->kind == LAB_MAP) return true;
    if (!(part = rf_plot_part(p, "the last forecast of the test part", 1)) ||
        !plot_one(x, part, x->count - 1, a, b))
        return false;
    if (!(part = rf_plot_part(p, "what is to come", 1)) || !plot_one(x, part, x->count, a, b))
        return false;
    if (x->horizon == 1) return true;
    part = rf_plot_part(p, "how errors grow", 1);
    return part && plot_errors(x, part, a, b);
}

rf_status lab_study_plot(const lab_study *x, const char *path, rf_error *err)
{
    const size_t room = 2 * (x->rows + x->count) + (HISTORY + 4) * x->horizon + ROWS + 4;
    double *a = calloc(2 * room, sizeof *a);
    rf_plot *p = rf_plot_new(NULL);
    const bool ok = a && p && plot_parts(x, p, a, a + room);
    rf_status st = rf_plot_finish(p, ok, path, err);
    free(a);
    return st;
}

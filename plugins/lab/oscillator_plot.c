/* lab/oscillator_plot.c -- the phase plane of two neurons, and their course in time. */
#include <math.h>
#include <refrain/task.h>
#include <stdio.h>
#include <stdlib.h>

#include "oscillator.h"

enum { GRID = 15, CURVE = 400, ORBIT = 7, NULLCLINE_1 = 1, NULLCLINE_2 = 2 };

typedef struct box {
    double low[2], high[2];
} box;

static double sigma(double x) { return 1 / (1 + exp(-x)); }

static void slope(const lab_pair *p, const double y[2], double dy[2])
{
    for (int i = 0; i < 2; i++) {
        dy[i] = -y[i] + p->input[i];
        for (int j = 0; j < 2; j++) dy[i] += p->w[2 * i + j] * sigma(y[j] - p->theta[j]);
        dy[i] /= p->tau[i];
    }
}

static box around(const lab_orbit *o)
{
    box b = {{INFINITY, INFINITY}, {-INFINITY, -INFINITY}};
    for (size_t i = 0; i < (o->steps + 1) * o->starts * 2; i++) {
        b.low[i % 2] = fmin(b.low[i % 2], o->y[i]);
        b.high[i % 2] = fmax(b.high[i % 2], o->y[i]);
    }
    for (int i = 0; i < 2; i++) {
        const double room = 0.05 * (b.high[i] - b.low[i]) + 1e-3;
        b.low[i] -= room;
        b.high[i] += room;
    }
    return b;
}

/* Directions alone: every arrow has the same length, in parts of the box. */
static bool plot_field(rf_plot *plane, const lab_pair *p, const box *b)
{
    double x[GRID * GRID * 3], y[GRID * GRID * 3];
    size_t n = 0;
    for (int i = 0; i < GRID; i++)
        for (int j = 0; j < GRID; j++) {
            const double wide[2] = {b->high[0] - b->low[0], b->high[1] - b->low[1]};
            const double at[2] = {b->low[0] + wide[0] * (i + 0.5) / GRID,
                                  b->low[1] + wide[1] * (j + 0.5) / GRID};
            double d[2];
            slope(p, at, d);
            const double size = hypot(d[0] / wide[0], d[1] / wide[1]) * GRID / 0.45;
            x[n] = at[0];
            y[n++] = at[1];
            x[n] = at[0] + (size > 0 ? d[0] / size : 0);
            y[n++] = at[1] + (size > 0 ? d[1] / size : 0);
            x[n] = y[n] = NAN;
            n++;
        }
    return rf_plot_series(plane, NULL, x, y, n,
                          (rf_stroke){RF_STROKE_ARROWS | RF_STROKE_THIN, ORBIT});
}

/* Where dy_i/dt = 0: for each y_i the other unit's y that makes it so, where there is one. */
static bool plot_nullcline(rf_plot *plane, const lab_pair *p, const box *b, int i)
{
    double own[CURVE], other[CURVE];
    const int j = 1 - i;
    for (int k = 0; k < CURVE; k++) {
        own[k] = b->low[i] + (b->high[i] - b->low[i]) * k / (CURVE - 1);
        const double self = p->w[2 * i + i] * sigma(own[k] - p->theta[i]) + p->input[i];
        const double rate = (own[k] - self) / p->w[2 * i + j];
        other[k] = rate > 0 && rate < 1 ? p->theta[j] + log(rate / (1 - rate)) : NAN;
        if (!(other[k] >= b->low[j] && other[k] <= b->high[j])) other[k] = NAN;
    }
    return rf_plot_series(plane, i ? "dy2/dt = 0" : "dy1/dt = 0", i ? other : own, i ? own : other,
                          CURVE, (rf_stroke){RF_STROKE_DASHED, i ? NULLCLINE_2 : NULLCLINE_1});
}

/* Unit u's course from start k, or the time. */
static void course(const lab_orbit *o, size_t k, size_t u, double *out)
{
    for (size_t t = 0; t <= o->steps; t++) out[t] = o->y[(t * o->starts + k) * 2 + u];
}

static bool plot_orbits(rf_plot *plane, const lab_orbit *o, double *x, double *y)
{
    bool ok = true;
    for (size_t k = 0; k < o->starts && ok; k++) {
        course(o, k, 0, x);
        course(o, k, 1, y);
        const rf_stroke stroke = {0, 3 + (int)(k % 3)};
        ok = rf_plot_series(plane, k ? NULL : "paths", x, y, o->steps + 1, stroke) &&
             rf_plot_series(plane, k ? NULL : "their starts", x, y, 1,
                            (rf_stroke){RF_STROKE_POINTS, stroke.colour});
    }
    return ok;
}

static bool plot_time(rf_plot *part, const lab_orbit *o, double *x, double *y)
{
    for (size_t t = 0; t <= o->steps; t++) x[t] = o->dt * (double)t;
    rf_plot_axes(part, "time", "y", 0);
    for (size_t u = 0; u < 2; u++) {
        course(o, 0, u, y);
        if (!rf_plot_line(part, u ? "y2" : "y1", x, y, o->steps + 1)) return false;
    }
    return true;
}

rf_status lab_pair_plot(const lab_pair *p, const lab_orbit *orbit, const char *path, rf_error *err)
{
    rf_plot *all = rf_plot_new("two neurons in continuous time");
    rf_plot *plane = all ? rf_plot_part(all, "phase plane", 2) : NULL;
    rf_plot *time = plane ? rf_plot_part(all, "from the first start", 2) : NULL;
    double *x = calloc(2 * (orbit->steps + 1), sizeof *x), *y = x ? x + orbit->steps + 1 : NULL;
    const box b = around(orbit);
    if (plane) rf_plot_axes(plane, "y1", "y2", 0);
    const bool ok = time && x && plot_field(plane, p, &b) && plot_nullcline(plane, p, &b, 0) &&
                    plot_nullcline(plane, p, &b, 1) && plot_orbits(plane, orbit, x, y) &&
                    plot_time(time, orbit, x, y);
    rf_status st = rf_plot_finish(all, ok, path, err);
    free(x);
    return st;
}

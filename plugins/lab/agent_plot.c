/* lab/agent_plot.c -- pictures of an evolution, of paths, and of neurons. */
#include <math.h>
#include <refrain/task.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent.h"

enum { COLUMNS = 3 };

rf_status lab_agent_plot_costs(const lab_generation *g, size_t count, const char *path,
                               rf_error *err)
{
    rf_plot *p = rf_plot_new("evolution of an agent that catches balls");
    rf_plot *cost = p ? rf_plot_part(p, NULL, 1) : NULL,
            *hits = cost ? rf_plot_part(p, NULL, 1) : NULL;
    double *x = calloc(4 * count + 1, sizeof *x), *best = x + count, *mean = best + count;
    double *caught = mean + count;
    size_t seen = 0;
    bool ok = hits && x;
    for (size_t i = 0; ok && i < count; i++) {
        x[i] = (double)i;
        best[i] = g[i].best;
        mean[i] = g[i].mean;
    }
    if (ok) {
        rf_plot_axes(cost, "generation", "mean distance at landing", 0);
        ok = rf_plot_line(cost, "mean of candidates", x, mean, count) &&
             rf_plot_line(cost, "best candidate", x, best, count);
    }
    for (size_t i = 0; ok && i < count; i++) {
        if (!isfinite(g[i].caught)) continue;
        x[seen] = (double)i;
        caught[seen++] = g[i].caught;
    }
    if (ok) {
        rf_plot_axes(hits, "generation", "caught (%)", 0);
        ok = rf_plot_line(hits, "validation balls", x, caught, seen);
    }
    free(x);
    return rf_plot_finish(p, ok, path, err);
}

/* ---- What happened in a trial ------------------------------------------------------------------ */

/* A record of one step: positions of all trials, and the units of trial 0. */
typedef struct film {
    lab_controller *c;
    size_t trials, units, steps, cap;
    double *time;                  /* [steps] */
    double *agent, *ball, *height; /* [steps,trials]; NaN after landing */
    rf_real *y;                    /* [steps,trials,units] */
    bool failed;
} film;

static bool grow(film *f)
{
    const size_t cap = f->cap ? 2 * f->cap : 512, n = cap * f->trials;
    if (!rf_resize(&f->time, cap, sizeof *f->time) || !rf_resize(&f->agent, n, sizeof *f->agent) ||
        !rf_resize(&f->ball, n, sizeof *f->ball) || !rf_resize(&f->height, n, sizeof *f->height) ||
        !rf_resize(&f->y, n * f->units, sizeof *f->y))
        return false;
    f->cap = cap;
    return true;
}

static void film_step(void *ctx, const lab_catch_view *v)
{
    film *f = ctx;
    if (f->failed || (f->steps == f->cap && !grow(f))) {
        f->failed = true;
        return;
    }
    const size_t at = f->steps * f->trials;
    f->time[f->steps] = v->time;
    for (size_t i = 0; i < v->count; i++) {
        /* The place of landing itself is shown once. */
        const bool gone = f->steps && v->landed[i] &&
                          (!isfinite(f->height[at - f->trials + i]) ||
                           f->height[at - f->trials + i] <= v->height[i]);
        f->agent[at + i] = gone ? NAN : v->agent[i];
        f->ball[at + i] = gone ? NAN : v->x[i];
        f->height[at + i] = gone ? NAN : v->height[i];
    }
    lab_controller_state(f->c, f->y + at * f->units);
    f->steps++;
}

static void film_free(film *f)
{
    free(f->time);
    free(f->agent);
    free(f->ball);
    free(f->height);
    free(f->y);
}

static film film_take(lab_controller *c, const lab_ball *balls, size_t trials, double *miss)
{
    film f = {.c = c, .trials = trials, .units = 2 * c->pairs};
    const lab_policy p = lab_controller_policy(c);
    lab_catch(&p, balls, trials, miss, film_step, &f);
    return f;
}

/* ---- Paths ------------------------------------------------------------------------------------- */

static void column(const double *from, size_t rows, size_t width, size_t at, double *out)
{
    for (size_t i = 0; i < rows; i++) out[i] = from[i * width + at];
}

static bool plot_trial(rf_plot *part, const film *f, size_t i, double *scratch)
{
    double *agent = scratch, *ball = agent + f->steps, *height = ball + f->steps;
    const double reach[] = {-LAB_CATCH_REACH, LAB_CATCH_REACH};
    size_t n = 0;
    column(f->agent, f->steps, f->trials, i, agent);
    column(f->ball, f->steps, f->trials, i, ball);
    column(f->height, f->steps, f->trials, i, height);
    while (n < f->steps && isfinite(height[n])) n++;
    rf_plot_axes(part, "sideways", "height of the ball", 0);
    if (!n) return true;
    const double x[] = {agent[n - 1] + reach[0], agent[n - 1] + reach[1]};
    const double y[] = {height[n - 1], height[n - 1]};
    return rf_plot_series(part, "ball", ball, height, n, (rf_stroke){RF_STROKE_ARROWS, 2}) &&
           rf_plot_series(part, "agent", agent, height, n, (rf_stroke){0, 1}) &&
           rf_plot_series(part, "its width", x, y, 2, (rf_stroke){0, 3});
}

rf_status lab_agent_plot_paths(lab_controller *c, const lab_ball *balls, size_t trials,
                               const char *path, rf_error *err)
{
    double miss[LAB_CATCH_MOST];
    film f = film_take(c, balls, trials, miss);
    rf_plot *p = rf_plot_new("where ball and agent were while the ball fell");
    double *scratch = calloc(3 * f.steps + 1, sizeof *scratch);
    bool ok = p && scratch && !f.failed;
    for (size_t i = 0; ok && i < trials; i++) {
        char title[96];
        snprintf(title, sizeof title, "drift %.1f: %s, %.1f off", balls[i].vx,
                 fabs(miss[i]) <= LAB_CATCH_REACH ? "caught" : "missed", fabs(miss[i]));
        rf_plot *part = rf_plot_part(p, title, trials < COLUMNS ? trials : COLUMNS);
        ok = part && plot_trial(part, &f, i, scratch);
    }
    free(scratch);
    film_free(&f);
    return rf_plot_finish(p, ok, path, err);
}

/* ---- Neurons ----------------------------------------------------------------------------------- */

static bool plot_units(rf_plot *part, const film *f, const rf_real *theta, double *scratch)
{
    rf_plot_axes(part, "time", "firing rate", 0);
    for (size_t u = 0; u < f->units; u++) {
        char name[32];
        const bool motor = u == 0 || u + 1 == f->units;
        for (size_t t = 0; t < f->steps; t++)
            scratch[t] = 1 / (1 + exp((double)theta[u] - (double)f->y[t * f->units + u]));
        snprintf(name, sizeof name, motor ? u ? "right motor" : "left motor" : "unit %zu", u + 1);
        if (!rf_plot_series(part, name, f->time, scratch, f->steps,
                            (rf_stroke){motor ? 0 : RF_STROKE_THIN, 0}))
            return false;
    }
    return true;
}

static bool plot_distance(rf_plot *part, const film *f, double *scratch)
{
    const double limit = LAB_CATCH_REACH;
    double x[] = {0, f->steps ? f->time[f->steps - 1] : 1};
    double low[] = {-limit, -limit}, high[] = {limit, limit};
    for (size_t t = 0; t < f->steps; t++) scratch[t] = f->ball[t] - f->agent[t];
    rf_plot_axes(part, "time", "ball, seen from the agent", 0);
    return rf_plot_series(part, "sideways", f->time, scratch, f->steps, (rf_stroke){0, 2}) &&
           rf_plot_series(part, "its width", x, low, 2, (rf_stroke){RF_STROKE_DASHED, 3}) &&
           rf_plot_series(part, NULL, x, high, 2, (rf_stroke){RF_STROKE_DASHED, 3});
}

rf_status lab_agent_plot_neurons(lab_controller *c, const lab_ball *ball, const char *path,
                                 rf_error *err)
{
    double miss;
    film f = film_take(c, ball, 1, &miss);
    rf_plot *p = rf_plot_new("neurons of the agent while a ball falls");
    rf_plot *distance = p ? rf_plot_part(p, NULL, 1) : NULL;
    rf_plot *units = distance ? rf_plot_part(p, NULL, 1) : NULL;
    double *scratch = calloc(f.steps + 1, sizeof *scratch);
    const rf_real *theta = lab_circuit_values(&c->net, "theta");
    const bool ok = units && scratch && !f.failed && plot_distance(distance, &f, scratch) &&
                    plot_units(units, &f, theta, scratch);
    free(scratch);
    film_free(&f);
    return rf_plot_finish(p, ok, path, err);
}

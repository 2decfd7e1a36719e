/* lab/trials.c -- results of the verb memory as tables and pictures. */
#include <math.h>
#include <refrain/plot.h>
#include <stdio.h>
#include <stdlib.h>

#include "trials.h"

int lab_trials_count(const lab_trials *ts) { return ts->cells * ts->lengths * ts->seeds; }

rf_status lab_trials_init(lab_trials *ts, const lab_task *task, const lab_cell_kind *cell,
                          int cells, const rf_index *length, int lengths, uint64_t seed, int seeds,
                          int64_t most, rf_error *err)
{
    *ts = (lab_trials){
        .task = task, .solved = task->solved, .cells = cells, .lengths = lengths, .seeds = seeds};
    const int n = lab_trials_count(ts);
    bool ok = (ts->trial = calloc((size_t)n, sizeof *ts->trial)) != NULL;
    for (int i = 0; ok && i < n; i++) {
        lab_trial *t = &ts->trial[i];
        t->cell = cell[i / (lengths * seeds)];
        t->length = length[i / seeds % lengths];
        t->seed = seed + (uint64_t)(i % seeds);
        t->solved = -1;
        t->step = calloc((size_t)most, sizeof *t->step);
        t->value = calloc((size_t)most, sizeof *t->value);
        ok = t->step && t->value;
    }
    return ok ? RF_OK : rf_no_memory(err);
}

void lab_trials_free(lab_trials *ts)
{
    for (int i = 0; ts->trial && i < lab_trials_count(ts); i++) {
        free(ts->trial[i].step);
        free(ts->trial[i].value);
    }
    free(ts->trial);
    ts->trial = NULL;
}

const char *lab_metric_name(lab_metric m) { return m == LAB_MSE ? "mse" : "accuracy"; }

bool lab_trials_solves(const lab_trials *ts, double value)
{
    return ts->task->metric == LAB_MSE ? value < ts->solved : value >= ts->solved;
}

/* ---- Tables ---------------------------------------------------------------------------------------- */

static double last(const lab_trial *t) { return t->n ? t->value[t->n - 1] : NAN; }

static rf_status tell_trial(const lab_trials *ts, const rf_host *h, const lab_trial *t)
{
    const char *end = t->solved >= 0 ? "yes" : t->diverged ? "diverged" : "no";
    const rf_field row[] = {rf_field_string("task", ts->task->name),
                            rf_field_string("cell", t->cell.name),
                            rf_field_int("length", t->length),
                            rf_field_int("seed", (int64_t)t->seed),
                            rf_field_int("parameters", t->parameters),
                            rf_field_real("rate", t->rate),
                            rf_field_string("solved", end),
                            rf_field_int("steps", t->solved >= 0 ? t->solved : t->steps),
                            rf_field_real(lab_metric_name(ts->task->metric), last(t)),
                            rf_field_real("guess", ts->guess)};
    return rf_emit_record(h, -1, "result", row, sizeof row / sizeof *row);
}

/* The trials of one cell and length begin at t. */
static rf_status tell_seeds(const lab_trials *ts, const rf_host *h, const lab_trial *t)
{
    int solved = 0;
    rf_mean_value steps = {0}, attained = {0};
    for (int i = 0; i < ts->seeds; i++) {
        rf_mean_add(&attained, last(&t[i]), 1);
        if (t[i].solved < 0) continue;
        rf_mean_add(&steps, (double)t[i].solved, 1);
        solved++;
    }
    const rf_field row[] = {
        rf_field_string("task", ts->task->name),
        rf_field_string("cell", t->cell.name),
        rf_field_int("length", t->length),
        rf_field_int("seeds", ts->seeds),
        rf_field_int("solved", solved),
        rf_field_real("mean_steps", rf_mean_get(&steps)),
        rf_field_real(lab_metric_name(ts->task->metric), rf_mean_get(&attained))};
    return rf_emit_record(h, -1, "summary", row, sizeof row / sizeof *row);
}

rf_status lab_trials_tell(const lab_trials *ts, const rf_host *h)
{
    const int n = lab_trials_count(ts);
    rf_status st = RF_OK;
    for (int i = 0; i < n && !st; i++) st = tell_trial(ts, h, &ts->trial[i]);
    for (int i = 0; i < n && !st && ts->seeds > 1; i += ts->seeds)
        st = tell_seeds(ts, h, &ts->trial[i]);
    return st;
}

static int64_t group_from(int k) { return k ? lab_distance_to(k - 1) + 1 : 1; }

rf_status lab_trials_tell_distances(const lab_trials *ts, const rf_host *h)
{
    rf_status st = RF_OK;
    for (int i = 0; i < lab_trials_count(ts); i++)
        for (int k = 0; k < LAB_DISTANCES && !st; k++) {
            const lab_trial *t = &ts->trial[i];
            const rf_mean_value *m = &t->by_distance[k];
            if (m->weight <= 0) continue;
            const rf_field row[] = {rf_field_string("cell", t->cell.name),
                                    rf_field_int("length", t->length),
                                    rf_field_int("seed", (int64_t)t->seed),
                                    rf_field_int("from", group_from(k)),
                                    rf_field_int("to", lab_distance_to(k)),
                                    rf_field_real("accuracy", rf_mean_get(m)),
                                    rf_field_int("answers", (int64_t)m->weight)};
            st = rf_emit_record(h, -1, "distance", row, sizeof row / sizeof *row);
        }
    return st;
}

/* ---- Pictures --------------------------------------------------------------------------------------- */

/* A picture that is being made; ok is false when memory ran out. */
typedef struct picture {
    rf_plot *p;
    double *x, *y;
    bool ok;
} picture;

static picture begin(const lab_trials *ts, size_t points, const char *what, const char *x,
                     unsigned flags)
{
    char title[160];
    snprintf(title, sizeof title, "%s: %s", ts->task->name, what);
    picture f = {rf_plot_new(title), calloc(points, sizeof(double)), calloc(points, sizeof(double)),
                 false};
    f.ok = f.p && f.x && f.y;
    if (f.ok)
        rf_plot_axes(f.p, x, ts->task->metric == LAB_MSE ? "mean squared error" : "accuracy",
                     flags | (ts->task->metric == LAB_MSE ? RF_PLOT_LOG_Y : 0));
    return f;
}

static void add_line(picture *f, const char *name, size_t n)
{
    f->ok = f->ok && rf_plot_line(f->p, name, f->x, f->y, n);
}

/* The level of a network without a memory, from one end to the other. */
static void add_guess(picture *f, const lab_trials *ts, double from, double to)
{
    if (!f->ok) return;
    f->x[0] = from;
    f->x[1] = to;
    f->y[0] = f->y[1] = ts->guess;
    add_line(f, "without memory", 2);
}

static rf_status finish(picture *f, const char *path, rf_error *err)
{
    rf_status st = rf_plot_finish(f->p, f->ok, path, err);
    free(f->x);
    free(f->y);
    return st;
}

/* The mean over seeds at measurement k; what ended before stays where it ended. */
static double mean_at(const lab_trials *ts, const lab_trial *t, int k)
{
    rf_mean_value m = {0};
    for (int i = 0; i < ts->seeds; i++)
        if (t[i].n) rf_mean_add(&m, t[i].value[k < t[i].n ? k : t[i].n - 1], 1);
    return rf_mean_get(&m);
}

static const lab_trial *longest(const lab_trials *ts, const lab_trial *t)
{
    const lab_trial *most = t;
    for (int i = 1; i < ts->seeds; i++)
        if (t[i].n > most->n) most = &t[i];
    return most;
}

static void add_curve(picture *f, const lab_trials *ts, const lab_trial *t)
{
    const lab_trial *most = longest(ts, t);
    char name[96];
    snprintf(name, sizeof name, ts->lengths > 1 ? "%s, %lld" : "%s", t->cell.name,
             (long long)t->length);
    for (int k = 0; f->ok && k < most->n; k++) {
        f->x[k] = most->step[k];
        f->y[k] = mean_at(ts, t, k);
    }
    add_line(f, name, (size_t)most->n);
}

rf_status lab_trials_plot(const lab_trials *ts, const char *path, rf_error *err)
{
    const int n = lab_trials_count(ts);
    int points = 2;
    double end = 1;
    for (int i = 0; i < n; i++) {
        points = ts->trial[i].n > points ? ts->trial[i].n : points;
        end = fmax(end, (double)ts->trial[i].steps);
    }
    picture f = begin(ts, (size_t)points, ts->task->summary, "step of learning", 0);
    for (int i = 0; i < n; i += ts->seeds) add_curve(&f, ts, &ts->trial[i]);
    add_guess(&f, ts, 0, end);
    return finish(&f, path, err);
}

rf_status lab_trials_plot_lengths(const lab_trials *ts, const char *path, rf_error *err)
{
    double least = INFINITY, most = 0;
    char axis[80];
    snprintf(axis, sizeof axis, "length (%s)", ts->task->unit);
    picture f = begin(ts, (size_t)ts->lengths + 2, ts->task->summary, axis, 0);
    for (int c = 0; c < ts->cells; c++) {
        const lab_trial *t = &ts->trial[c * ts->lengths * ts->seeds];
        for (int l = 0; f.ok && l < ts->lengths; l++) {
            f.x[l] = (double)t[l * ts->seeds].length;
            f.y[l] = mean_at(ts, &t[l * ts->seeds], INT32_MAX);
            least = fmin(least, f.x[l]);
            most = fmax(most, f.x[l]);
        }
        add_line(&f, t->cell.name, (size_t)ts->lengths);
    }
    add_guess(&f, ts, least, most);
    return finish(&f, path, err);
}

/* Right answers in group k, over seeds. */
static double mean_in_group(const lab_trials *ts, const lab_trial *t, int k)
{
    rf_mean_value m = {0};
    for (int i = 0; i < ts->seeds; i++) {
        m.sum += t[i].by_distance[k].sum;
        m.weight += t[i].by_distance[k].weight;
    }
    return rf_mean_get(&m);
}

rf_status lab_trials_plot_distances(const lab_trials *ts, const char *path, rf_error *err)
{
    double least = INFINITY, most = 0;
    picture f = begin(ts, LAB_DISTANCES, ts->task->summary, "steps since what is asked for", 0);
    for (int c = 0; c < ts->cells; c++) {
        const lab_trial *t = &ts->trial[((c + 1) * ts->lengths - 1) * ts->seeds];
        size_t n = 0;
        for (int k = 0; f.ok && k < LAB_DISTANCES; k++) {
            const double y = mean_in_group(ts, t, k);
            if (!isfinite(y)) continue;
            f.x[n] = (double)(group_from(k) + lab_distance_to(k)) / 2;
            f.y[n++] = y;
            least = fmin(least, f.x[n - 1]);
            most = fmax(most, f.x[n - 1]);
        }
        add_line(&f, t->cell.name, n);
    }
    if (most > 0) add_guess(&f, ts, least, most);
    return finish(&f, path, err);
}

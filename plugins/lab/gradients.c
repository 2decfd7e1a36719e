/* lab/gradients.c -- the verb gradients: how the gradient that reaches a state fades with the number
 * of steps between the state and the loss, cell by cell, while they learn (see lags.h). */
#include <math.h>
#include <refrain/plot.h>
#include <stdio.h>
#include <stdlib.h>

#include "experiment.h"
#include "lab.h"
#include "lags.h"
#include "statistics.h"

enum { LENGTH = TRY_COUNT, MOMENTS, SEQUENCES, LAG, ALL, PLOT, PLOT_TRAINING, COUNT };

enum { MOST_CELLS = 32 };

#define MEASURE "What is measured"
#define FILES   "Pictures"

const rf_option lab_gradients_options[COUNT + 1] = {
    TRY_ROWS("elman:0.001,elman-relu:0.001,irnn:0.0003,lstm,gru", "2000", 0,
             "steps of learning; 0: none, as the networks begin"),
    [LENGTH] = {.name = "length",
                .type = RF_INT,
                .letter = 'l',
                .def = "60",
                .min = 1,
                .max = 100000,
                .help =
                    "in the task's own unit: of what is measured, and the most that is learned"},
    [MOMENTS] = {.name = "moments",
                 .type = RF_INT,
                 .def = "10",
                 .min = 1,
                 .max = 10000,
                 .group = MEASURE,
                 .help = "how often it is measured while they learn, besides at the beginning"},
    [SEQUENCES] = {.name = "sequences",
                   .type = RF_INT,
                   .def = "64",
                   .min = 1,
                   .max = 65536,
                   .group = MEASURE,
                   .help = "how many are measured, each by itself; none is learned from"},
    [LAG] = {.name = "lag",
             .type = RF_INT,
             .def = "50",
             .min = 1,
             .max = 100000,
             .unit = "steps",
             .group = MEASURE,
             .help = "t - k at which the cells are compared; at most the length"},
    [ALL] = {.name = "all",
             .type = RF_BOOL,
             .letter = 'a',
             .group = MEASURE,
             .help = "a row for every lag, not for 0, 1, 2, 5, 10, 20, 50 ... only"},
    [PLOT] = {.name = "svg",
              .type = RF_OUTFILE,
              .meta = "FILE.svg",
              .group = FILES,
              .help = "the norm against the lag, when all has been learned"},
    [PLOT_TRAINING] = {.name = "plot",
                       .type = RF_OUTFILE,
                       .meta = "FILE.svg",
                       .group = FILES,
                       .help = "the norm at --lag against the step of learning"},
};

/* What is kept of one cell: [moments, T] means over sequences, by moment and lag. */
typedef struct course {
    lab_cell_kind cell;
    int n; /* moments measured */
    double *step, *mean, *score;
} course;

typedef struct study {
    rf_session *s;
    const rf_run *r;
    const lab_task *task;
    lab_task_size size;
    rf_device *d;
    rf_graph *g;
    int cells, moments; /* moments: as many at most */
    course course[MOST_CELLS];
    rf_index T, lag;
    lab_lags lags;
    lab_experiment e; /* of the cell whose turn it is */
    course *now;
    rf_error *err;
} study;

/* ---- Measuring ---------------------------------------------------------------------------------- */

/* 0, 1, 2, 5, 10, 20, 50, 100 ... */
static bool is_round(rf_index lag)
{
    while (lag >= 10 && lag % 10 == 0) lag /= 10;
    return lag == 0 || lag == 1 || lag == 2 || lag == 5;
}

static rf_status tell_lag(const study *u, int64_t step, rf_index lag)
{
    const lab_lags *l = &u->lags;
    const bool two = u->now->cell.cell->states > 1;
    const rf_field row[] = {rf_field_string("cell", u->now->cell.name),
                            rf_field_int("step", step),
                            rf_field_int("lag", lag),
                            rf_field_real("mean", lab_mean(l->all + lag * l->B, l->B)),
                            rf_field_real("median", lab_median(l->all + lag * l->B, l->B)),
                            rf_field_real("mean_h", lab_mean(l->h + lag * l->B, l->B)),
                            rf_field_real("mean_c", two ? lab_mean(l->c + lag * l->B, l->B) : NAN)};
    return rf_emit_record(u->s->host, -1, "gradient", row, sizeof row / sizeof *row);
}

/* The state of things after `step` steps of learning. */
static rf_status take_moment(study *u, rf_graph *g, int64_t step, rf_metrics *m)
{
    course *c = u->now;
    lab_score score = {0};
    rf_status st = lab_lags_measure(&u->lags, g, &u->e.net, &u->e.test, u->err);
    rf_graph_begin(g, RF_INFER, rf_key_make(u->e.seed, "lab score", 0));
    if (!st) st = lab_network_score(g, &u->e.net, &u->e.test, &score, u->err);
    for (rf_index l = 0; l < u->T && !st; l++) {
        c->mean[c->n * u->T + l] = lab_mean(u->lags.all + l * u->lags.B, u->lags.B);
        if (u->r->opt[ALL].as.i || is_round(l) || l == u->lag) st = tell_lag(u, step, l);
    }
    if (st) return st;
    c->step[c->n] = (double)step;
    c->score[c->n++] = rf_mean_get(&score.metric);
    rf_metrics_add(m, "loss", rf_mean_get(&score.loss));
    return RF_OK;
}

static rf_status measure(void *self, rf_graph *g, rf_metrics *m, rf_error *err)
{
    lab_experiment *e = self;
    study *u = e->owner;
    (void)err;
    return take_moment(u, g, e->training.step, m);
}

/* ---- Cells, one after the other -------------------------------------------------------------------- */

static rf_status learn(study *u, int i)
{
    lab_trained done;
    rf_error *err = u->err;
    u->e.owner = u;
    u->e.training.before = (double)i * (double)u->e.training.steps;
    u->e.training.measure = measure;
    rf_metrics unused = {0};
    lab_task_size full = u->e.size;
    full.fixed = true;
    lab_batch_draw(&u->e.test, u->task, &full, rf_key_make(u->r->seed, "lab gradients", 0));
    const rf_host *h = u->s->host;
    rf_status st = h->progress(h, u->e.training.before, u->e.training.total, "steps");
    if (!st) st = take_moment(u, u->g, 0, &unused);
    if (!st && u->e.training.steps) st = lab_train(&u->e.training, &done, err);
    return st;
}

static rf_status study_cell(study *u, int i)
{
    const rf_setting *v = u->r->opt;
    const int64_t steps = v[TRY_STEPS].as.i;
    course *c = u->now = &u->course[i];
    const size_t moments = (size_t)u->moments;
    const lab_training loop = {.host = u->s->host,
                               .graph = u->g,
                               .every = (steps + v[MOMENTS].as.i - 1) / v[MOMENTS].as.i,
                               .total = (double)u->cells * (double)steps};
    c->step = calloc(moments, sizeof *c->step);
    c->score = calloc(moments, sizeof *c->score);
    c->mean = calloc(moments * (size_t)u->T, sizeof *c->mean);
    if (!c->step || !c->score || !c->mean) return rf_no_memory(u->err);
    rf_status st = lab_experiment_init(&u->e, u->task, &u->size, &c->cell, v, u->lags.B, &loop,
                                       u->r->seed, u->err);
    if (st) return st;
    st = learn(u, i);
    lab_experiment_free(&u->e);
    return st;
}

/* ---- Results ----------------------------------------------------------------------------------------- */

/* How much less reaches the state at the lag than at the loss. */
static double fall(const study *u, const course *c, int moment)
{
    const double *mean = c->mean + moment * u->T;
    return mean[0] / mean[u->lag];
}

static double least_fall(const study *u, int moment)
{
    double least = INFINITY;
    for (int i = 0; i < u->cells; i++)
        if (moment < u->course[i].n) least = fmin(least, fall(u, &u->course[i], moment));
    return least;
}

static rf_status tell_falls(const study *u)
{
    rf_status st = RF_OK;
    for (int m = 0; m < u->moments; m++)
        for (int i = 0; i < u->cells && !st; i++) {
            const course *c = &u->course[i];
            if (m >= c->n) continue;
            const double *mean = c->mean + m * u->T;
            const rf_field row[] = {
                rf_field_string("cell", c->cell.name),
                rf_field_int("step", (int64_t)c->step[m]),
                rf_field_real(u->task->metric == LAB_MSE ? "mse" : "accuracy", c->score[m]),
                rf_field_real("at_0", mean[0]),
                rf_field_int("lag", u->lag),
                rf_field_real("at_lag", mean[u->lag]),
                rf_field_real("fall", fall(u, c, m)),
                rf_field_real("times_least", fall(u, c, m) / least_fall(u, m))};
            st = rf_emit_record(u->s->host, -1, "fall", row, sizeof row / sizeof *row);
        }
    return st;
}

static rf_status write_plot(const study *u, rf_plot *p, bool complete, const char *path)
{
    rf_status st = rf_plot_finish(p, complete, path, u->err);
    return st ? st : rf_emit_plot(u->s->host, path);
}

#define NORM "norm of ∂E_t/∂s_k, mean over sequences"

/* The norm against the lag, of each cell as it ended. */
static rf_status plot_lags(const study *u, const char *path)
{
    char title[128];
    double *x = calloc((size_t)u->T, sizeof *x);
    snprintf(title, sizeof title,
             "What reaches the state t − k steps before the loss: %s, step %lld", u->task->name,
             (long long)u->r->opt[TRY_STEPS].as.i);
    rf_plot *p = rf_plot_new(title);
    bool ok = p && x;
    for (rf_index l = 0; ok && l < u->T; l++) x[l] = (double)l;
    if (ok) rf_plot_axes(p, "t − k (steps)", NORM, RF_PLOT_LOG_Y);
    for (int i = 0; i < u->cells && ok; i++) {
        const course *c = &u->course[i];
        ok = rf_plot_line(p, c->cell.name, x, c->mean + (c->n - 1) * u->T, (size_t)u->T);
    }
    free(x);
    return write_plot(u, p, ok, path);
}

/* The norm at the lag against the step of learning. */
static rf_status plot_training(const study *u, const char *path)
{
    char title[128];
    double *y = calloc((size_t)u->moments, sizeof *y);
    snprintf(title, sizeof title, "What reaches the state %lld steps before the loss: %s",
             (long long)u->lag, u->task->name);
    rf_plot *p = rf_plot_new(title);
    bool ok = p && y;
    if (ok) rf_plot_axes(p, "step of learning", NORM, RF_PLOT_LOG_Y);
    for (int i = 0; i < u->cells && ok; i++) {
        const course *c = &u->course[i];
        for (int m = 0; m < c->n; m++) y[m] = c->mean[m * u->T + u->lag];
        ok = rf_plot_line(p, c->cell.name, c->step, y, (size_t)c->n);
    }
    free(y);
    return write_plot(u, p, ok, path);
}

/* ---- The verb ---------------------------------------------------------------------------------------- */

static rf_status prepare(study *u)
{
    const rf_setting *v = u->r->opt;
    lab_cell_kind cells[MOST_CELLS];
    double guess;
    lab_batch shape = {0};
    rf_status st = lab_cells_parse(&lab_gradients_options[TRY_CELL], v[TRY_CELL].as.s, cells,
                                   MOST_CELLS, &u->cells, u->err);
    if (!st) st = lab_task_find(u->r->arg_count ? u->r->arg[0] : "adding", &u->task, u->err);
    u->size = (lab_task_size){.length = (rf_index)v[LENGTH].as.i};
    if (!st) st = lab_task_fit(u->task, &u->size, u->err);
    if (st) return st;
    if (!u->task->last)
        return rf_fail(u->err, RF_EINVAL, "%s: asks nothing at its last step", u->task->name);
    for (int i = 0; i < u->cells; i++) u->course[i].cell = cells[i];
    u->task->shape(&u->size, &shape, &guess);
    u->T = shape.T;
    u->lag = (rf_index)v[LAG].as.i;
    if (u->lag >= u->T)
        return rf_fail(u->err, RF_EINVAL, "--lag: %lld: the sequences have %lld steps",
                       (long long)u->lag, (long long)u->T);
    u->moments = (int)v[MOMENTS].as.i + 2;
    u->d = rf_device_new((int)u->r->threads, u->err);
    u->g = u->d ? rf_graph_new(u->d) : NULL;
    if (!u->g) return rf_no_memory(u->err);
    return lab_lags_init(&u->lags, u->T, (rf_index)v[SEQUENCES].as.i, u->err);
}

static rf_status study_all(study *u)
{
    const rf_setting *v = u->r->opt;
    rf_status st = prepare(u);
    for (int i = 0; i < u->cells && !st; i++) st = study_cell(u, i);
    if (!st) st = tell_falls(u);
    if (!st && v[PLOT].as.s) st = plot_lags(u, v[PLOT].as.s);
    if (!st && v[PLOT_TRAINING].as.s) st = plot_training(u, v[PLOT_TRAINING].as.s);
    return st;
}

rf_status lab_gradients(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    study u = {.s = s, .r = r, .err = &err};
    rf_status st = study_all(&u);
    for (int i = 0; i < u.cells && i < MOST_CELLS; i++) {
        free(u.course[i].step);
        free(u.course[i].mean);
        free(u.course[i].score);
    }
    lab_lags_free(&u.lags);
    rf_graph_free(u.g);
    rf_device_free(u.d);
    return rf_session_end(s, st, &err);
}

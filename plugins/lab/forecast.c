/* lab/forecast.c -- see forecast.h. */
#include "forecast.h"

#include <math.h>
#include <refrain/layers.h>
#include <refrain/train.h>
#include <stdlib.h>

#define BLOCK    256 /* forecasts side by side */
#define OVERLAP  4   /* windows of an epoch that hold a row */
#define TELL     10  /* epochs between two reports */
#define CLIP     1.0
#define FLOOR    0.05
#define SUBSTEPS 8 /* of timed cells, at most */

struct lab_forecaster {
    lab_forecast_spec s;
    size_t inputs, outputs, ahead; /* I, O; rows after t that row t's targets reach */
    rf_device *device;
    rf_graph *graph;
    rf_params *params;
    rf_rnn *rnn;
    rf_linear_layer out;
    rf_stepper *stepper;
    /* A batch: x [T,B,I], dt [T,B], y [T,B,O]. */
    rf_real *x, *dt, *y;
    uint32_t *start, *order; /* [windows] of this epoch */
    size_t windows, next, B;
    int64_t epoch;
    /* Forecasts side by side: x [BLOCK,I], dt [BLOCK]. */
    rf_real *block_x, *block_dt;
    /* For validation. */
    size_t *last;
    double *told; /* [count of last, horizon] */
    size_t validations;
    rf_session *session;
    rf_status stopped;
};

/* ---- What the network sees --------------------------------------------------------------------- */

static bool sees_gap(const lab_forecast_spec *s) { return s->gap && !s->cell->timed; }

/* The time that passes with row t: until the next one, or of a map since the one before. */
static double gap_of(const lab_forecast_spec *s, size_t t)
{
    if (!s->gap || t >= s->rows || (s->kind == LAB_MAP && !t)) return 1;
    return s->gap[s->kind == LAB_MAP ? t - 1 : t];
}

/* Row t, whose columns are in z. */
static void put_input(const lab_forecaster *f, const double *z, size_t t, rf_real *out)
{
    for (size_t c = f->s.kind == LAB_MAP ? 1 : 0; c < f->s.columns; c++) *out++ = (rf_real)z[c];
    if (sees_gap(&f->s)) *out = (rf_real)(gap_of(&f->s, t) - 1);
}

/* Row t as the network sees it, plus what it tells, is the row to come; what a map tells is all. */
static void put_target(const lab_forecaster *f, size_t t, rf_real *out)
{
    const size_t C = f->s.columns;
    const double *z = f->s.z;
    for (size_t k = 0; k < f->outputs; k++)
        out[k] = (rf_real)(f->s.kind == LAB_MAP      ? z[t * C]
                           : f->s.kind == LAB_DIRECT ? z[(t + 1 + k) * C] - z[t * C]
                                                     : z[(t + 1) * C + k] - z[t * C + k]);
}

/* ---- Making ------------------------------------------------------------------------------------ */

static rf_status make_network(lab_forecaster *f, rf_error *err)
{
    const lab_forecast_spec *s = &f->s;
    double longest = 1;
    for (size_t t = 0; s->gap && t < s->rows; t++) longest = fmax(longest, s->gap[t]);
    const rf_rnn_spec spec = {.cell = s->cell,
                              .input = (rf_index)f->inputs,
                              .hidden = s->hidden,
                              .layers = s->layers,
                              .substeps = (int)fmin(ceil(longest), SUBSTEPS)};
    f->params = rf_params_new();
    f->rnn = f->params ? rf_rnn_new(&spec, f->params, "rnn.", err) : NULL;
    if (!f->rnn) return rf_fail(err, RF_ENOMEM, "no memory for a network");
    rf_status st = rf_linear_layer_init(&f->out, f->params, "out.", s->hidden, (rf_index)f->outputs,
                                        true, err);
    if (st) return st;
    rf_params_init(f->params, s->seed);
    f->device = rf_device_new(s->threads, err);
    f->graph = f->device ? rf_graph_new(f->device) : NULL;
    f->stepper = f->graph ? rf_stepper_new(f->device, f->rnn, BLOCK, err) : NULL;
    if (!f->stepper) return rf_fail(err, RF_ENOMEM, "no memory for a network");
    return rf_stepper_set_output(f->stepper, f->out.weight->value.data, f->out.bias->value.data,
                                 (rf_index)f->outputs, err)
               ? RF_OK
               : RF_ENOMEM;
}

static rf_status take_memory(lab_forecaster *f, rf_error *err)
{
    const lab_forecast_spec *s = &f->s;
    const size_t cells = s->window * s->batch, held = s->valid - s->train;
    f->x = calloc(cells * (f->inputs + f->outputs + 1), sizeof *f->x);
    f->start = calloc(2 * s->train, sizeof *f->start);
    f->block_x = calloc(BLOCK * (f->inputs + 1), sizeof *f->block_x);
    f->last = calloc(held + 1, sizeof *f->last);
    f->told = calloc(held * s->horizon + 1, sizeof *f->told);
    if (!f->x || !f->start || !f->block_x || !f->last || !f->told)
        return rf_fail(err, RF_ENOMEM, "no memory for windows of %zu rows", s->window);
    f->y = f->x + cells * f->inputs;
    f->dt = f->y + cells * f->outputs;
    f->order = f->start + s->train;
    f->block_dt = f->block_x + BLOCK * f->inputs;
    return RF_OK;
}

static rf_status check(const lab_forecaster *f, rf_error *err)
{
    const lab_forecast_spec *s = &f->s;
    const size_t due = s->window + f->ahead;
    if (s->train < due + 1)
        return rf_fail(err, RF_EINVAL,
                       "%zu rows to learn from where --window and --horizon need %zu", s->train,
                       due + 1);
    if (s->valid < s->train + s->horizon)
        return rf_fail(err, RF_EINVAL, "%zu rows for validation where --horizon needs %zu",
                       s->valid - s->train, s->horizon);
    return RF_OK;
}

lab_forecaster *lab_forecaster_new(const lab_forecast_spec *spec, rf_session *s, rf_error *err)
{
    lab_forecaster *f = calloc(1, sizeof *f);
    if (!f) {
        rf_fail(err, RF_ENOMEM, "no memory for a network");
        return NULL;
    }
    const bool map = spec->kind == LAB_MAP, direct = spec->kind == LAB_DIRECT;
    f->s = *spec;
    f->session = s;
    f->inputs = spec->columns - map + sees_gap(spec);
    f->outputs = map ? 1 : direct ? spec->horizon : spec->columns;
    f->ahead = map ? 0 : direct ? spec->horizon : 1;
    rf_status st = check(f, err);
    if (!st) st = take_memory(f, err);
    if (!st) st = make_network(f, err);
    if (!st) return f;
    lab_forecaster_free(f);
    return NULL;
}

void lab_forecaster_free(lab_forecaster *f)
{
    if (!f) return;
    rf_stepper_free(f->stepper);
    rf_graph_free(f->graph);
    rf_rnn_free(f->rnn);
    rf_params_free(f->params);
    rf_device_free(f->device);
    free(f->x);
    free(f->start);
    free(f->block_x);
    free(f->last);
    free(f->told);
    free(f);
}

rf_index lab_forecaster_parameters(const lab_forecaster *f)
{
    return rf_params_elements(f->params);
}

/* ---- Forecasts --------------------------------------------------------------------------------- */

static void step(lab_forecaster *f)
{
    if (f->s.cell->timed)
        rf_stepper_step_timed(f->stepper, f->block_x, f->block_dt);
    else
        rf_stepper_step(f->stepper, f->block_x);
}

static void read_windows(lab_forecaster *f, const size_t *last, size_t count)
{
    const size_t W = f->s.window, C = f->s.columns;
    rf_stepper_reset(f->stepper, (rf_index)count);
    for (size_t w = 0; w < W; w++) {
        for (size_t i = 0; i < count; i++) {
            const size_t t = last[i] + 1 + w - W;
            put_input(f, f->s.z + t * C, t, f->block_x + i * f->inputs);
            f->block_dt[i] = (rf_real)gap_of(&f->s, t);
        }
        step(f);
    }
}

/* Row last + k from what was told of it, for the row after. */
static void feed_back(lab_forecaster *f, const size_t *last, size_t count, size_t k)
{
    const rf_real *told = rf_stepper_scores(f->stepper);
    const size_t C = f->s.columns;
    for (size_t i = 0; i < count; i++) {
        rf_real *x = f->block_x + i * f->inputs;
        const double gap = gap_of(&f->s, last[i] + k);
        for (size_t c = 0; c < C; c++) x[c] += told[i * C + c];
        if (sees_gap(&f->s)) x[C] = (rf_real)(gap - 1);
        f->block_dt[i] = (rf_real)gap;
    }
    step(f);
}

static void run_block(lab_forecaster *f, const size_t *last, size_t count, double *out)
{
    const size_t h = f->s.horizon, O = f->outputs;
    const bool recursive = f->s.kind == LAB_RECURSIVE, map = f->s.kind == LAB_MAP;
    read_windows(f, last, count);
    for (size_t k = 1; k <= h; k++) {
        const rf_real *told = rf_stepper_scores(f->stepper);
        for (size_t i = 0; i < count; i++)
            out[i * h + k - 1] = (map ? 0 : (double)f->block_x[i * f->inputs]) +
                                 (double)told[i * O + (recursive ? 0 : k - 1)];
        if (recursive && k < h) feed_back(f, last, count, k);
    }
}

static rf_status tell_progress(lab_forecaster *f)
{
    const rf_host *h = f->session->host;
    if (!f->stopped) f->stopped = h->progress(h, (double)f->epoch, (double)f->s.epochs, "epochs");
    return f->stopped;
}

rf_status lab_forecaster_run(lab_forecaster *f, const size_t *last, size_t count, double *out)
{
    rf_stepper_refresh(f->stepper);
    for (size_t i = 0; i < count; i += BLOCK) {
        run_block(f, last + i, count - i < BLOCK ? count - i : BLOCK, out + i * f->s.horizon);
        tell_progress(f);
    }
    return f->stopped;
}

/* ---- Training ---------------------------------------------------------------------------------- */

/* Windows evenly apart, from another row on in each epoch, in a new order. */
static void begin_epoch(lab_forecaster *f)
{
    const lab_forecast_spec *s = &f->s;
    const size_t span = s->window + f->ahead, room = s->train - span + 1;
    const size_t apart = s->window / OVERLAP + 1;
    const rf_key key = rf_key_make(s->seed, "lab.series.phase", (uint64_t)f->epoch);
    const size_t phase = (size_t)(rf_uniform(key, 0) * (double)(apart < room ? apart : room));
    f->windows = 0;
    for (size_t t = phase; t < room; t += apart) f->start[f->windows++] = (uint32_t)t;
    rf_shuffle(rf_key_make(s->seed, "lab.series.order", (uint64_t)f->epoch), f->order,
               (uint32_t)f->windows);
    f->next = 0;
}

static int next(void *self, rf_error *err)
{
    lab_forecaster *f = self;
    (void)err;
    if (!f->next) begin_epoch(f);
    if (f->next >= f->windows) {
        f->next = 0;
        f->epoch++;
        return 0;
    }
    const size_t left = f->windows - f->next;
    f->B = left < f->s.batch ? left : f->s.batch;
    for (size_t w = 0; w < f->s.window; w++)
        for (size_t b = 0; b < f->B; b++) {
            const size_t t = f->start[f->order[f->next + b]] + w, at = w * f->B + b;
            put_input(f, f->s.z + t * f->s.columns, t, f->x + at * f->inputs);
            put_target(f, t, f->y + at * f->outputs);
            f->dt[at] = (rf_real)gap_of(&f->s, t);
        }
    f->next += f->B;
    return 1;
}

static rf_node loss(void *self, rf_graph *g, double *units)
{
    lab_forecaster *f = self;
    const rf_index T = (rf_index)f->s.window, B = (rf_index)f->B;
    const rf_node x = rf_borrow(g, f->x, RF_SHAPE(T, B, (rf_index)f->inputs));
    const rf_sequence q = f->s.cell->timed
                              ? rf_rnn_apply_timed(g, f->rnn, x, f->dt, RF_NONE, RF_NONE, NULL)
                              : rf_rnn_apply(g, f->rnn, x, RF_NONE, RF_NONE, NULL);
    const rf_node y = rf_linear_layer_apply(g, &f->out, q.out);
    *units = (double)(T * B);
    return rf_mean_squared_error(g, y, rf_borrow(g, f->y, RF_SHAPE(T, B, (rf_index)f->outputs)));
}

/* The mean distance over all horizons, as the test measures it. */
static rf_status validate(void *self, rf_graph *g, rf_metrics *m, rf_error *err)
{
    lab_forecaster *f = self;
    const lab_forecast_spec *s = &f->s;
    const bool map = s->kind == LAB_MAP;
    const size_t h = s->horizon, first = map ? s->train : s->train - 1;
    size_t count = 0;
    double sum = 0;
    (void)g;
    (void)err;
    for (size_t t = first; t + (map ? 0 : h) < s->valid; t++) f->last[count++] = t;
    lab_forecaster_run(f, f->last, count, f->told);
    for (size_t i = 0; i < count * h; i++) {
        const size_t row = f->last[i / h] + (map ? 0 : 1 + i % h);
        sum += fabs(f->told[i] - s->z[row * s->columns]);
    }
    rf_metrics_add(m, "distance", sum / (double)(count * h));
    return RF_OK;
}

static void report(void *self, const rf_fit_event *e)
{
    lab_forecaster *f = self;
    const rf_host *h = f->session->host;
    if (e->kind != RF_FIT_VALID || f->stopped || f->validations++ % TELL) return;
    f->stopped = rf_emit_metric(h, e->step, "train", "loss", e->learned, NULL);
    if (!f->stopped)
        f->stopped = rf_emit_metric(h, e->step, "valid", "distance", e->metrics->m[0].value, NULL);
}

static bool stop(void *self) { return tell_progress(self) != RF_OK; }

rf_status lab_forecaster_train(lab_forecaster *f, rf_error *err)
{
    rf_fit_result result;
    const size_t apart = f->s.window / OVERLAP + 1, room = f->s.train - f->s.window - f->ahead + 1;
    const size_t steps = (room / apart + f->s.batch) / f->s.batch;
    rf_fit_spec fit = {.task = {f, next, loss, NULL, validate, NULL, report, stop},
                       .params = f->params,
                       .graph = f->graph,
                       .optimizer = rf_optimizer_defaults(rf_optimizer_find("adam")),
                       .schedule = {.kind = RF_SCHEDULE_COSINE,
                                    .rate = f->s.rate,
                                    .total = f->s.epochs * (int64_t)steps,
                                    .floor = FLOOR},
                       .clip = CLIP,
                       .seed = f->s.seed,
                       .epochs = f->s.epochs,
                       .patience = f->s.patience};
    rf_status st = rf_fit(&fit, &result, err);
    return st == RF_ECANCELLED && f->stopped ? f->stopped : st;
}

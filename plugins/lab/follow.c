/* lab/follow.c -- a continuous-time network without input is trained to follow a cycle, and then runs
 * on by itself.
 *
 * What is learned: all parameters of the layer, the state it starts from, and a linear reading of its
 * firing rates.  Gradients come by backpropagation through all steps of the cycles. */
#include <math.h>
#include <refrain/layers.h>
#include <refrain/plot.h>
#include <stdio.h>
#include <stdlib.h>

#include "circuit.h"
#include "cycle.h"
#include "oscillator.h"
#include "trainer.h"

#define PI       3.14159265358979323846
#define CLIP     1.0
#define REPORTS  10 /* of the loss */
#define FLOOR    0.01
#define STRENGTH 8.0 /* of the first weights: weak ones do not oscillate */
#define FASTNESS 10  /* time constants start at this part of the period */

typedef struct follower {
    rf_session *s;
    const rf_run *r;
    const lab_follow_spec *spec;
    lab_circuit net;
    rf_linear_layer out;
    rf_param *start; /* [1,1,H] */
    rf_graph *graph;
    size_t T, all;             /* steps of the training; with those after it */
    double *time, *goal, *y;   /* [all] */
    rf_real *target, *nothing; /* [T] */
    rf_error *err;
} follower;

/* ---- Setting up -------------------------------------------------------------------------------- */

static double goal_at(const lab_follow_spec *s, double t)
{
    const double phase = 2 * PI * t / s->period;
    return sin(phase) + (s->harmonics > 1 ? 0.5 * sin(2 * phase + 1) : 0);
}

static rf_status take_memory(follower *f)
{
    f->T = (size_t)lround(f->spec->period * (double)f->spec->cycles / f->spec->dt);
    f->all = f->T + (size_t)lround(f->spec->period * (double)f->spec->free / f->spec->dt);
    f->time = calloc(3 * f->all, sizeof *f->time);
    f->target = calloc(2 * f->T, sizeof *f->target);
    if (!f->time || !f->target)
        return rf_fail(f->err, RF_ENOMEM, "no memory for %zu steps", f->all);
    f->goal = f->time + f->all;
    f->y = f->goal + f->all;
    f->nothing = f->target + f->T;
    for (size_t t = 0; t < f->all; t++) {
        f->time[t] = f->spec->dt * (double)(t + 1);
        f->goal[t] = goal_at(f->spec, f->time[t]);
        if (t < f->T) f->target[t] = (rf_real)f->goal[t];
    }
    return RF_OK;
}

/* Each unit's threshold stands where its input is in the middle of its range, so that all units are
 * sensitive to each other (Beer 1995, "center-crossing"). */
static void begin_in_the_middle(follower *f)
{
    const size_t H = f->spec->hidden;
    const rf_real *hh = lab_circuit_values(&f->net, "weight_hh");
    rf_real *theta = lab_circuit_values(&f->net, "theta");
    for (size_t i = 0; i < H; i++) {
        theta[i] = 0;
        for (size_t j = 0; j < H; j++) theta[i] += hh[i * H + j] / 2;
        f->start->value.data[i] += theta[i];
    }
}

static rf_status make(follower *f)
{
    const rf_index H = (rf_index)f->spec->hidden;
    const rf_init noise = {RF_INIT_NORMAL, 1};
    const rf_rnn_spec spec = {.cell = rf_cell_find(f->spec->cell),
                              .input = 1,
                              .hidden = H,
                              .layers = 1,
                              .step = f->spec->dt,
                              .tau = f->spec->period / FASTNESS};
    rf_status st = take_memory(f);
    if (!st) st = lab_circuit_open(&f->net, &spec, 1, f->err);
    if (!st) st = rf_linear_layer_init(&f->out, f->net.params, "out.", H, 1, true, f->err);
    if (st) return st;
    f->start = rf_params_add(f->net.params, "start", RF_SHAPE(1, 1, H), noise, f->err);
    f->graph = f->start ? rf_graph_new(f->net.device) : NULL;
    if (!f->graph) return rf_fail(f->err, RF_ENOMEM, "no memory for a graph");
    rf_params_find(f->net.params, "weight_hh_l0")->init.scale = STRENGTH / sqrt((double)H);
    rf_params_init(f->net.params, f->r->seed);
    begin_in_the_middle(f);
    return RF_OK;
}

/* ---- Learning ---------------------------------------------------------------------------------- */

static rf_node loss(void *self, rf_graph *g, int64_t step)
{
    const follower *f = self;
    const rf_index T = (rf_index)f->T;
    (void)step;
    const rf_node x = rf_borrow(g, f->nothing, RF_SHAPE(T, 1, 1));
    const rf_node h0 = rf_parameter(g, f->start);
    const rf_sequence q = rf_rnn_apply(g, f->net.rnn, x, h0, RF_NONE, NULL);
    const rf_node y = rf_linear_layer_apply(g, &f->out, q.out);
    return rf_mean_squared_error(g, y, rf_borrow(g, f->target, RF_SHAPE(T, 1, 1)));
}

static rf_status told(void *self, const rf_fit_event *e, bool *enough)
{
    const follower *f = self;
    (void)enough;
    return rf_emit_metric(f->s->host, e->step, "train", "rmse", sqrt(e->learned), NULL);
}

static rf_status learn(follower *f)
{
    const lab_follow_spec *s = f->spec;
    lab_trained done;
    lab_training t = {.host = f->s->host,
                      .params = f->net.params,
                      .graph = f->graph,
                      .seed = f->r->seed,
                      .rate = s->rate,
                      .clip = CLIP,
                      .schedule = RF_SCHEDULE_COSINE,
                      .floor = FLOOR,
                      .steps = s->steps,
                      .every = s->steps / REPORTS + 1,
                      .total = (double)s->steps,
                      .self = f,
                      .loss = loss,
                      .told = told};
    return lab_train(&t, &done, f->err);
}

/* ---- Running on -------------------------------------------------------------------------------- */

static void run_on(follower *f)
{
    const rf_real *w = f->out.weight->value.data, b = f->out.bias->value.data[0], nothing = 0;
    rf_stepper_refresh(f->net.stepper);
    rf_stepper_reset(f->net.stepper, 1);
    rf_stepper_set_state(f->net.stepper, f->start->value.data);
    for (size_t t = 0; t < f->all; t++) {
        const rf_real *rate = rf_stepper_step(f->net.stepper, &nothing);
        double sum = (double)b;
        for (size_t i = 0; i < f->spec->hidden; i++) sum += (double)w[i] * (double)rate[i];
        f->y[t] = sum;
    }
}

static rf_status tell_part(follower *f, const char *name, size_t from, size_t to)
{
    double squares = 0;
    for (size_t t = from; t < to; t++) squares += (f->y[t] - f->goal[t]) * (f->y[t] - f->goal[t]);
    const lab_cycle c = lab_cycle_of(f->y + from, to - from, f->spec->dt);
    const lab_cycle goal = lab_cycle_of(f->goal + from, to - from, f->spec->dt);
    const rf_field row[] = {rf_field_string("part", name),
                            rf_field_real("from", f->spec->dt * (double)from),
                            rf_field_real("to", f->spec->dt * (double)to),
                            rf_field_real("rmse", sqrt(squares / (double)(to - from))),
                            rf_field_real("period", c.period),
                            rf_field_real("period_due", f->spec->period),
                            rf_field_real("amplitude", c.amplitude),
                            rf_field_real("amplitude_due", goal.amplitude)};
    return rf_emit_record(f->s->host, -1, "followed", row, sizeof row / sizeof *row);
}

static bool plot_part(rf_plot *all, const char *title, const follower *f, size_t from, size_t to)
{
    rf_plot *part = rf_plot_part(all, title, 1);
    if (!part) return false;
    rf_plot_axes(part, "time", "y", 0);
    return rf_plot_series(part, "network", f->time + from, f->y + from, to - from,
                          (rf_stroke){0, 1}) &&
           rf_plot_series(part, "due", f->time + from, f->goal + from, to - from,
                          (rf_stroke){RF_STROKE_DASHED, 7});
}

static rf_status draw(follower *f)
{
    const char *path = f->spec->svg;
    if (!path) return RF_OK;
    rf_plot *p = rf_plot_new("a network in continuous time follows a cycle");
    const bool ok = p && plot_part(p, "trained on this", f, 0, f->T) &&
                    plot_part(p, "running on by itself", f, f->T, f->all);
    rf_status st = rf_plot_finish(p, ok, path, f->err);
    return st ? st : rf_emit_plot(f->s->host, path);
}

rf_status lab_follow(rf_session *s, const rf_run *r, const lab_follow_spec *spec, rf_error *err)
{
    follower f = {.s = s, .r = r, .spec = spec, .err = err};
    rf_status st = make(&f);
    if (!st) st = learn(&f);
    if (!st) run_on(&f);
    if (!st) st = tell_part(&f, "trained", 0, f.T);
    if (!st) st = tell_part(&f, "free", f.T, f.all);
    if (!st) st = draw(&f);
    rf_graph_free(f.graph);
    lab_circuit_close(&f.net);
    free(f.time);
    free(f.target);
    return st;
}

/* lab/oscillator.c -- the verb oscillator: two neurons in continuous time on a limit cycle. */
#include "oscillator.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "circuit.h"
#include "cycle.h"
#include "lab.h"
#include "mark.h"

#define SHOWN 100        /* steps between two looks at the host */
#define MOST  10000000.0 /* steps */

enum {
    OSCILLATOR_WEIGHTS,
    OSCILLATOR_THETA,
    OSCILLATOR_TAU,
    OSCILLATOR_INPUT,
    OSCILLATOR_STARTS,
    OSCILLATOR_TIME,
    OSCILLATOR_STEP,
    OSCILLATOR_SVG,
    OSCILLATOR_TRAIN,
    OSCILLATOR_HIDDEN,
    OSCILLATOR_HARMONICS,
    OSCILLATOR_PERIOD,
    OSCILLATOR_CYCLES,
    OSCILLATOR_FREE,
    OSCILLATOR_METHOD,
    OSCILLATOR_STEPS,
    OSCILLATOR_RATE,
    OSCILLATOR_COUNT
};

#define NEURONS  "Two neurons"
#define TRAINING "With --train"

static const char *const methods[] = {"euler", "rk4", NULL};
static const char *const cells[] = {"ctrnn", "ctrnn-rk4"};

const rf_option lab_oscillator_options[OSCILLATOR_COUNT + 1] = {
    [OSCILLATOR_WEIGHTS] = {.name = "weights",
                            .type = RF_STRING,
                            .letter = 'w',
                            .def = "4.5,1,-1,4.5",
                            .meta = "W,W,W,W",
                            .group = NEURONS,
                            .help = "to 1 from 1, to 1 from 2, to 2 from 1, to 2 from 2"},
    [OSCILLATOR_THETA] = {.name = "theta",
                          .type = RF_STRING,
                          .def = "2.75,1.75",
                          .meta = "X,X",
                          .group = NEURONS,
                          .help = "their thresholds"},
    [OSCILLATOR_TAU] = {.name = "tau",
                        .type = RF_STRING,
                        .def = "1,1",
                        .meta = "X,X",
                        .group = NEURONS,
                        .help = "their time constants"},
    [OSCILLATOR_INPUT] = {.name = "input",
                          .type = RF_STRING,
                          .def = "0,0",
                          .meta = "X,X",
                          .group = NEURONS,
                          .help = "a constant input to each"},
    [OSCILLATOR_STARTS] = {.name = "starts",
                           .type = RF_INT,
                           .def = "5",
                           .min = 1,
                           .max = LAB_STARTS,
                           .group = NEURONS,
                           .help = "how many starting points"},
    [OSCILLATOR_TIME] = {.name = "time",
                         .type = RF_REAL,
                         .letter = 't',
                         .def = "200",
                         .max = 1e6,
                         .flags = RF_OPT_ABOVE,
                         .group = NEURONS,
                         .help = "how long they are followed"},
    [OSCILLATOR_STEP] = {.name = "step",
                         .type = RF_REAL,
                         .def = "0",
                         .min = 0,
                         .max = 10,
                         .help = "of time; 0: 0.1, or with --train a 40th of the period"},
    [OSCILLATOR_SVG] = {.name = "svg",
                        .type = RF_OUTFILE,
                        .meta = "FILE.svg",
                        .help = "picture of phase plane and time course"},
    [OSCILLATOR_TRAIN] = {.name = "train",
                          .type = RF_BOOL,
                          .def = "0",
                          .group = TRAINING,
                          .help = "train a network to follow a cycle instead, and let it run on"},
    [OSCILLATOR_HIDDEN] = {.name = "hidden",
                           .type = RF_INT,
                           .letter = 'H',
                           .def = "12",
                           .min = 2,
                           .max = 1024,
                           .group = TRAINING,
                           .help = "its neurons"},
    [OSCILLATOR_HARMONICS] = {.name = "harmonics",
                              .type = RF_INT,
                              .def = "2",
                              .min = 1,
                              .max = 2,
                              .group = TRAINING,
                              .help = "1: a sine; 2: with half as much of twice the frequency"},
    [OSCILLATOR_PERIOD] = {.name = "period",
                           .type = RF_REAL,
                           .def = "20",
                           .max = 1e6,
                           .flags = RF_OPT_ABOVE,
                           .group = TRAINING,
                           .help = "of the cycle, in units of time"},
    [OSCILLATOR_CYCLES] = {.name = "cycles",
                           .type = RF_INT,
                           .def = "3",
                           .min = 1,
                           .max = 1000,
                           .group = TRAINING,
                           .help = "how many it is trained on"},
    [OSCILLATOR_FREE] = {.name = "free",
                         .type = RF_INT,
                         .def = "10",
                         .min = 1,
                         .max = 10000,
                         .unit = "cycles",
                         .group = TRAINING,
                         .help = "how long it then runs on by itself"},
    [OSCILLATOR_METHOD] = {.name = "method",
                           .type = RF_CHOICE,
                           .def = "rk4",
                           .choices = methods,
                           .group = TRAINING,
                           .help = "of integration"},
    [OSCILLATOR_STEPS] = {.name = "steps",
                          .type = RF_INT,
                          .def = "5000",
                          .min = 1,
                          .max = 1e9,
                          .group = TRAINING,
                          .help = "of learning"},
    [OSCILLATOR_RATE] = {.name = "learning-rate",
                         .type = RF_REAL,
                         .letter = 'r',
                         .def = "0.02",
                         .max = 1000,
                         .flags = RF_OPT_ABOVE | RF_OPT_LOGSCALE,
                         .group = TRAINING,
                         .help = "size of a step of Adam, falling to a hundredth of it"},
};

/* ---- Options ----------------------------------------------------------------------------------- */

/* "a,b,c" into n numbers. */
static rf_status read_numbers(const rf_run *r, int option, double *out, size_t n, rf_str *where,
                              rf_error *err)
{
    const char *text = r->opt[option].as.s, *name = lab_oscillator_options[option].name;
    const char *item = text, *rest = text;
    size_t length, i = 0;
    bool more;
    while ((more = rf_list_next(&rest, &item, &length)) && i < n &&
           rf_number_parse(item, length, &out[i]))
        i++;
    if (i == n && !more) return RF_OK;
    lab_mark(where, text, strlen(text), more ? (size_t)(item - text) : strlen(text));
    return rf_fail(err, RF_EINVAL, "--%s: %s: %zu numbers are due, with commas between", name, text,
                   n);
}

static rf_status read_pair(const rf_run *r, lab_pair *p, rf_str *where, rf_error *err)
{
    rf_status st = read_numbers(r, OSCILLATOR_WEIGHTS, p->w, 4, where, err);
    if (!st) st = read_numbers(r, OSCILLATOR_THETA, p->theta, 2, where, err);
    if (!st) st = read_numbers(r, OSCILLATOR_TAU, p->tau, 2, where, err);
    if (!st) st = read_numbers(r, OSCILLATOR_INPUT, p->input, 2, where, err);
    if (!st && !(p->tau[0] > 0 && p->tau[1] > 0))
        st = rf_fail(err, RF_EINVAL, "--tau: %s: above 0 is due", r->opt[OSCILLATOR_TAU].as.s);
    return st;
}

static double step_of(const rf_run *r)
{
    const double step = r->opt[OSCILLATOR_STEP].as.f;
    if (step > 0) return step;
    return r->opt[OSCILLATOR_TRAIN].as.i ? r->opt[OSCILLATOR_PERIOD].as.f / 40 : 0.1;
}

static rf_status check_steps(const rf_run *r, rf_error *err)
{
    const rf_setting *v = r->opt;
    const double cycles = (double)(v[OSCILLATOR_CYCLES].as.i + v[OSCILLATOR_FREE].as.i);
    const double time =
        v[OSCILLATOR_TRAIN].as.i ? v[OSCILLATOR_PERIOD].as.f * cycles : v[OSCILLATOR_TIME].as.f;
    if (time / step_of(r) <= MOST) return RF_OK;
    return rf_fail(err, RF_EINVAL, "--step: more than %.0f steps", MOST);
}

/* ---- Simulation -------------------------------------------------------------------------------- */

static void set_pair(lab_circuit *c, const lab_pair *p)
{
    for (size_t i = 0; i < 2; i++) {
        lab_circuit_values(c, "weight_ih")[i] = 0;
        lab_circuit_values(c, "weight_hh")[2 * i] = (rf_real)p->w[2 * i];
        lab_circuit_values(c, "weight_hh")[2 * i + 1] = (rf_real)p->w[2 * i + 1];
        lab_circuit_values(c, "bias_ih")[i] = (rf_real)p->input[i];
        lab_circuit_values(c, "theta")[i] = (rf_real)p->theta[i];
        lab_circuit_values(c, "log_tau")[i] = (rf_real)log(p->tau[i]);
    }
    rf_stepper_refresh(c->stepper);
}

static rf_status follow_orbit(lab_circuit *c, lab_orbit *o, const rf_host *h)
{
    rf_real y[2 * LAB_STARTS];
    const rf_real nothing[LAB_STARTS] = {0};
    const size_t n = 2 * o->starts;
    rf_status st = RF_OK;
    for (size_t i = 0; i < n; i++) y[i] = (rf_real)o->y[i];
    rf_stepper_reset(c->stepper, (rf_index)o->starts);
    rf_stepper_set_state(c->stepper, y);
    for (size_t t = 1; t <= o->steps && !st; t++) {
        rf_stepper_step(c->stepper, nothing);
        rf_stepper_get_state(c->stepper, y);
        for (size_t i = 0; i < n; i++) o->y[t * n + i] = (double)y[i];
        if (t % SHOWN == 0) st = h->progress(h, (double)t, (double)o->steps, "steps");
    }
    return st;
}

rf_status lab_pair_simulate(const lab_pair *p, const char *cell, int substeps, const double *start,
                            lab_orbit *orbit, const rf_host *h, rf_error *err)
{
    lab_circuit c;
    const rf_rnn_spec spec = {.cell = rf_cell_find(cell),
                              .input = 1,
                              .hidden = 2,
                              .layers = 1,
                              .step = orbit->dt,
                              .substeps = substeps};
    rf_status st = lab_circuit_open(&c, &spec, (rf_index)orbit->starts, err);
    orbit->y = calloc((orbit->steps + 1) * orbit->starts * 2, sizeof *orbit->y);
    if (!st && !orbit->y) st = rf_fail(err, RF_ENOMEM, "no memory for %zu steps", orbit->steps);
    if (!st) {
        memcpy(orbit->y, start, 2 * orbit->starts * sizeof *start);
        set_pair(&c, p);
        st = follow_orbit(&c, orbit, h);
    }
    lab_circuit_close(&c);
    return st;
}

/* ---- What is found ----------------------------------------------------------------------------- */

static const struct method {
    const char *name, *cell;
    int substeps;
} runs[] = {{"euler", "ctrnn", 1}, {"rk4", "ctrnn-rk4", 1}, {"rk4/16", "ctrnn-rk4", 16}};
enum { RUNS = sizeof runs / sizeof *runs, REFERENCE = RUNS - 1 };

/* Around the point where both units are in the middle of their range (y = Θ). */
static void choose_starts(const lab_pair *p, size_t n, double *start)
{
    static const double around[LAB_STARTS][2] = {{0.05, 0}, {-3, -3}, {3, 3}, {-3, 3},
                                                 {3, -3},   {0, 4},   {4, 0}, {-4, 0}};
    for (size_t i = 0; i < 2 * n; i++) start[i] = p->theta[i % 2] + around[i / 2][i % 2];
}

/* The second half of unit u's course, from start k. */
static lab_cycle cycle_of(const lab_orbit *o, size_t k, size_t u, double *scratch)
{
    const size_t from = o->steps / 2;
    for (size_t t = from; t <= o->steps; t++) scratch[t - from] = o->y[(t * o->starts + k) * 2 + u];
    return lab_cycle_of(scratch, o->steps - from + 1, o->dt);
}

static double furthest(const lab_orbit *a, const lab_orbit *b, size_t k)
{
    double most = 0;
    for (size_t t = 0; t <= a->steps; t++)
        for (size_t u = 0; u < 2; u++) {
            const size_t i = (t * a->starts + k) * 2 + u;
            most = fmax(most, fabs(a->y[i] - b->y[i]));
        }
    return most;
}

static rf_status tell_cycles(const rf_host *h, const struct method *m, const lab_orbit *o,
                             const lab_orbit *reference, double *scratch)
{
    rf_status st = RF_OK;
    for (size_t k = 0; k < o->starts && !st; k++) {
        const lab_cycle a = cycle_of(o, k, 0, scratch), b = cycle_of(o, k, 1, scratch);
        const rf_field row[] = {
            rf_field_string("method", m->name),
            rf_field_real("step", o->dt),
            rf_field_real("start_1", o->y[2 * k]),
            rf_field_real("start_2", o->y[2 * k + 1]),
            rf_field_real("period", a.period),
            rf_field_real("amplitude_1", a.amplitude),
            rf_field_real("amplitude_2", b.amplitude),
            rf_field_real("furthest", o == reference ? NAN : furthest(o, reference, k))};
        st = rf_emit_record(h, -1, "cycle", row, sizeof row / sizeof *row);
    }
    return st;
}

static rf_status simulate_all(rf_session *s, const rf_run *r, const lab_pair *p, rf_error *err)
{
    const rf_setting *v = r->opt;
    const double dt = step_of(r);
    const char *svg = v[OSCILLATOR_SVG].as.s;
    double start[2 * LAB_STARTS];
    lab_orbit o[RUNS] = {{0}};
    rf_status st = RF_OK;
    const size_t starts = (size_t)v[OSCILLATOR_STARTS].as.i;
    const size_t steps = (size_t)ceil(v[OSCILLATOR_TIME].as.f / dt);
    double *scratch = calloc(steps + 2, sizeof *scratch);
    if (!scratch) st = rf_fail(err, RF_ENOMEM, "no memory for %zu steps", steps);
    choose_starts(p, starts, start);
    for (size_t i = 0; i < RUNS && !st; i++) {
        o[i] = (lab_orbit){.starts = starts, .steps = steps, .dt = dt};
        st = lab_pair_simulate(p, runs[i].cell, runs[i].substeps, start, &o[i], s->host, err);
    }
    for (size_t i = 0; i < RUNS && !st; i++)
        st = tell_cycles(s->host, &runs[i], &o[i], &o[REFERENCE], scratch);
    if (!st && svg) st = lab_pair_plot(p, &o[1], svg, err);
    if (!st && svg) st = rf_emit_plot(s->host, svg);
    for (size_t i = 0; i < RUNS; i++) free(o[i].y);
    free(scratch);
    return st;
}

static rf_status train(rf_session *s, const rf_run *r, rf_error *err)
{
    const rf_setting *v = r->opt;
    const lab_follow_spec spec = {.hidden = (size_t)v[OSCILLATOR_HIDDEN].as.i,
                                  .harmonics = (size_t)v[OSCILLATOR_HARMONICS].as.i,
                                  .cycles = (size_t)v[OSCILLATOR_CYCLES].as.i,
                                  .free = (size_t)v[OSCILLATOR_FREE].as.i,
                                  .period = v[OSCILLATOR_PERIOD].as.f,
                                  .dt = step_of(r),
                                  .rate = v[OSCILLATOR_RATE].as.f,
                                  .steps = v[OSCILLATOR_STEPS].as.i,
                                  .cell = cells[v[OSCILLATOR_METHOD].as.i],
                                  .svg = v[OSCILLATOR_SVG].as.s};
    return lab_follow(s, r, &spec, err);
}

rf_status lab_oscillator(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    rf_str where = {0};
    lab_pair p;
    rf_status st = read_pair(r, &p, &where, &err);
    if (!st) st = check_steps(r, &err);
    if (!st) st = r->opt[OSCILLATOR_TRAIN].as.i ? train(s, r, &err) : simulate_all(s, r, &p, &err);
    st = lab_end_marked(s, st, &where, &err);
    rf_str_free(&where);
    return st;
}

/* lab/oscillator.h -- two neurons in continuous time, their simulation and its picture. */
#ifndef LAB_OSCILLATOR_H
#define LAB_OSCILLATOR_H

#include <refrain/task.h>

/* τ_i dy_i/dt = −y_i + Σ_j w_ji σ(y_j − Θ_j) + I_i */
typedef struct lab_pair {
    double w[4]; /* w[2 i + j]: to unit i from unit j */
    double theta[2], tau[2], input[2];
} lab_pair;

enum { LAB_STARTS = 8 };

/* What a method makes of several starting points: y [steps+1,starts,2], the starts at first. */
typedef struct lab_orbit {
    size_t starts, steps;
    double dt;
    double *y; /* owned */
} lab_orbit;

/* Simulate by the core's stepper: cell ctrnn or ctrnn-rk4, each step in `substeps` parts.
 *   start  [starts,2]
 * Free orbit.y even after an error.  Errors: ENOMEM, or what progress returned. */
rf_status lab_pair_simulate(const lab_pair *p, const char *cell, int substeps, const double *start,
                            lab_orbit *orbit, const rf_host *h, rf_error *err);

/* The phase plane with nullclines and directions, and y over time.  Errors: EIO, ENOMEM. */
rf_status lab_pair_plot(const lab_pair *p, const lab_orbit *orbit, const char *path, rf_error *err);

/* The other half of the verb: train a network to follow a cycle. */
typedef struct lab_follow_spec {
    size_t hidden, harmonics, cycles, free;
    double period, dt, rate;
    int64_t steps;
    const char *cell, *svg;
} lab_follow_spec;
rf_status lab_follow(rf_session *s, const rf_run *r, const lab_follow_spec *spec, rf_error *err);

#endif

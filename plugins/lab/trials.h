/* lab/trials.h -- what came of each cell at each length with each seed, as tables and pictures. */
#ifndef LAB_TRIALS_H
#define LAB_TRIALS_H

#include <refrain/plugin.h>

#include "experiment.h"

typedef struct lab_trial {
    lab_cell_kind cell;
    rf_index length;
    uint64_t seed;
    rf_index parameters;
    double rate;          /* learning rate */
    int n;                /* measurements: value[i], of the task's metric, after step[i] steps */
    double *step, *value; /* [n] */
    int64_t solved;       /* the step after which it was solved first; -1: it was not */
    int64_t steps;        /* steps learned */
    bool diverged;
    rf_mean_value by_distance[LAB_DISTANCES]; /* of the last measurement */
} lab_trial;

typedef struct lab_trials {
    const lab_task *task;
    double guess;  /* what is attained without a memory */
    double solved; /* where the task counts as solved */
    int cells, lengths, seeds;
    lab_trial *trial; /* [cells, lengths, seeds] */
} lab_trials;

/* Trials of every cell, length and seed from `seed` on, with room for `most` measurements. */
rf_status lab_trials_init(lab_trials *ts, const lab_task *task, const lab_cell_kind *cell,
                          int cells, const rf_index *length, int lengths, uint64_t seed, int seeds,
                          int64_t most, rf_error *err);
void lab_trials_free(lab_trials *ts);
int lab_trials_count(const lab_trials *ts);

const char *lab_metric_name(lab_metric m); /* "mse", "accuracy" */
/* Whether a metric solves the task. */
bool lab_trials_solves(const lab_trials *ts, double value);

/* A row for each trial; with several seeds, one for each cell and length besides. */
rf_status lab_trials_tell(const lab_trials *ts, const rf_host *h);
/* A row for each trial and group of distances. */
rf_status lab_trials_tell_distances(const lab_trials *ts, const rf_host *h);

/* Means over seeds: the metric against the step of learning; what was attained against the length;
 * accuracy of the last length against the distance. */
rf_status lab_trials_plot(const lab_trials *ts, const char *path, rf_error *err);
rf_status lab_trials_plot_lengths(const lab_trials *ts, const char *path, rf_error *err);
rf_status lab_trials_plot_distances(const lab_trials *ts, const char *path, rf_error *err);

#endif

/* lab/agent.h -- what the verb agent shares with its pictures. */
#ifndef LAB_AGENT_H
#define LAB_AGENT_H

#include "controller.h"

/* One generation of an evolution: costs are mean distances at landing. */
typedef struct lab_generation {
    double best, mean, caught; /* of the candidates; caught: of validation balls, or NaN */
} lab_generation;

/* Pictures, written to a file each.  Errors: EIO, ENOMEM. */
rf_status lab_agent_plot_costs(const lab_generation *g, size_t count, const char *path,
                               rf_error *err);
/* The paths of `trials` balls and of the agents below them. */
rf_status lab_agent_plot_paths(lab_controller *c, const lab_ball *balls, size_t trials,
                               const char *path, rf_error *err);
/* Rays, firing rates and the ball's distance over time, for the first ball. */
rf_status lab_agent_plot_neurons(lab_controller *c, const lab_ball *ball, const char *path,
                                 rf_error *err);

#endif

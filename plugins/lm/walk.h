/* lm/walk.h -- the probability of given text: windows over lanes, the state carried over. */
#ifndef LM_WALK_H
#define LM_WALK_H

#include <refrain/collective.h>

#include "model.h"
#include "scorer.h"

/* What computes: in full precision windows on a graph; with weights in few bits a scorer, unit by
 * unit.  d is for the latter only.  Where there are ranks, lm_evaluate shares its work with them. */
typedef struct lm_means {
    const lm_model *m;
    rf_graph *g;
    rf_device *d;
    rf_weights weights;
    lm_scorer *scorer; /* made when it is first needed, for `rows` lanes; freed by lm_means_free */
    rf_index rows;
    const rf_collective *ranks; /* or NULL */
} lm_means;

void lm_means_free(lm_means *by);

/* B lanes of text that are read side by side. */
typedef struct lm_walker {
    lm_means *by;
    rf_carried state;
    double *row; /* [V]; NULL: full precision, on the graph */
    rf_index B;
} lm_walker;

/* `by` is borrowed, by one walker at a time.  Errors: ENOMEM; those of
 * rf_stepper_new_as. */
rf_status lm_walker_init(lm_walker *w, lm_means *by, rf_index B, rf_error *err);
void lm_walker_free(lm_walker *w);
/* How many steps fit into one window's memory, at most 128. */
rf_index lm_walker_window(const lm_walker *w);
/* x [T,B] -> logp [T,B]: log p(y), 0 where y is negative. */
rf_status lm_walk(lm_walker *w, const int32_t *x, const int32_t *y, rf_index T, double *logp,
                  rf_error *err);

typedef struct lm_total {
    double nats;    /* sum of -log p */
    int64_t tokens; /* of so many */
} lm_total;

/* Asked once a window; anything but RF_OK ends the evaluation. */
typedef struct lm_watch {
    rf_status (*ask)(void *ctx, double done, double total);
    void *ctx;
} lm_watch;

/* All ids [n] of a text, after the id `before`, read in up to `lanes` parts side by side.  Each
 * part but the first begins with 128 ids of what stands before it, which are not counted again.
 * Ranks share the parts, and all get the total. */
rf_status lm_evaluate(lm_means *by, const int32_t *ids, rf_index n, rf_index lanes, lm_watch watch,
                      lm_total *out, rf_error *err);

#endif

/* lm/walk.h -- the probability of given text: windows over lanes, the state carried over. */
#ifndef LM_WALK_H
#define LM_WALK_H

#include "model.h"

/* B lanes of text that are read side by side. */
typedef struct lm_walker {
    const lm_model *m;
    rf_graph *g;
    lm_state state;
    rf_index B;
} lm_walker;

rf_status lm_walker_init(lm_walker *w, const lm_model *m, rf_graph *g, rf_index B, rf_error *err);
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
 * part but the first begins with 128 ids of what stands before it, which are not counted again. */
rf_status lm_evaluate(const lm_model *m, rf_graph *g, const int32_t *ids, rf_index n,
                      rf_index lanes, lm_watch watch, lm_total *out, rf_error *err);

#endif

/* music/roll_net.h -- the network that reads frames and tells how probable each key is at the next.
 *
 * Recurrent layers, and one of two outputs:
 *
 *   sigmoid  each key by itself: one logistic unit a key
 *   nade     keys in their order, from the lowest, each given those below it (rf_nade)
 *
 * Pieces are read whole, side by side; what fills up the shorter ones is not counted. */
#ifndef MUSIC_ROLL_NET_H
#define MUSIC_ROLL_NET_H

#include <refrain/cell.h>
#include <refrain/layers.h>
#include <refrain/train.h>

#include "roll_set.h"

enum { ROLL_SIGMOID, ROLL_NADE };

typedef struct roll_shape {
    const rf_cell *cell;
    rf_index hidden, nade; /* units of a layer, and of the estimator */
    int layers, output;
    bool variational;
    double drop_input, drop_hidden, drop_output, drop_weight, forget_bias;
} roll_shape;

typedef struct roll_net {
    roll_shape shape;
    rf_params *params;
    rf_rnn *rnn;
    rf_linear_layer sigmoid; /* one of the two */
    rf_nade_layer nade;
} roll_net;

/* NULL with err: ENOMEM, EINVAL. */
roll_net *roll_net_new(const roll_shape *shape, rf_error *err);
void roll_net_free(roll_net *m);
/* The biases of the keys, [88]. */
rf_param *roll_net_bias(const roll_net *m);

/* How pieces of a batch are moved, in semitones [B], or NULL. */
typedef struct roll_batch {
    const roll_set *set;
    const rf_bucket_batch *b;
    const int32_t *shift;
} roll_batch;

/* What came of a batch.  The frames to predict stand piece by piece, in time. */
typedef struct roll_told {
    rf_node logits, target; /* [frames,88] */
    rf_index frames;
} roll_told;

/* Errors are the graph's. */
roll_told roll_net_apply(rf_graph *g, const roll_net *m, const roll_batch *batch);
/* Nats per frame: summed over the keys, mean over the frames. */
rf_node roll_net_loss(rf_graph *g, const roll_told *t);

/* The most semitones that a piece can be moved by, at most `most` either way: *down <= 0 <= *up. */
void roll_range(const roll_piece *p, int most, int *down, int *up);

/* What was measured of a piece, or of all. */
typedef struct roll_score {
    double nats;
    rf_index frames, notes; /* predicted; that begin in them */
} roll_score;

/* Measure a set, B pieces at a time: score [n], a piece each.  `watch` is told how far it is and ends it
 * by a status; with `each`, the log-odds [frames,88] of every piece.  Errors: the graph's. */
typedef struct roll_meter {
    rf_graph *g;
    const roll_net *m;
    rf_index B;
    rf_status (*watch)(void *ctx, double done, double total);
    rf_status (*each)(void *ctx, rf_index piece, const rf_real *logits);
    void *ctx;
} roll_meter;
rf_status roll_measure(const roll_meter *w, const roll_set *set, roll_score *score, rf_error *err);
/* The sum of scores. */
roll_score roll_total(const roll_score *score, rf_index n);

#endif

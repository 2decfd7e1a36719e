/* graph/loss.h -- what the cross entropies share: targets, and a product fused with its loss. */
#ifndef RFI_GRAPH_LOSS_H
#define RFI_GRAPH_LOSS_H

#include "graph/ops.h"

/* All of n targets are below K (negative ones do not count); false after rf_call_fail. */
bool rfi_targets_fit(const rf_call *c, rf_index n, const int32_t *target, rf_index K);
/* One over the number of rows that count, 0 of none. */
double rfi_row_weight(rf_index n, const int32_t *target);
double rfi_sum_losses(rf_index n, const rf_real *loss);
/* -mean_r logp[r, target[r]] over the n rows that count, from primitive ops; logp [..,K]. */
rf_node rfi_mean_loss(rf_graph *g, rf_node logp, rf_index n, const int32_t *target);

/* loss[r] = -ln softmax(x w^T + b)[r, target[r]]; 0 where the target is negative.
 *
 *   x [R,H], w [V,H], b [V] or NULL, target [R] */
typedef struct rfi_xent {
    rf_device *device;
    rf_index R, V, H;
    const rf_real *x, *w, *b;
    const int32_t *target;
} rfi_xent;

/* Reals of memory that D takes; with `keep` it holds what the adjoint needs. */
rf_index rfi_xent_size(const rfi_xent *p, bool keep);
/* loss [R]; scale is what D is multiplied with: the weight of a row. */
void rfi_xent_forward(const rfi_xent *p, bool keep, rf_real scale, rf_real *D, rf_real *loss);

/* Where gradients go: NULL, not wanted; fresh, to be written instead of added to. */
typedef struct rfi_xent_grads {
    rf_real *x, *w, *b, *sum; /* sum [V]: scratch, needed with b */
    bool fresh_x, fresh_w, fresh_b;
} rfi_xent_grads;
/* With D = scale (softmax - onehot), the gradient with respect to the logits: x (+)= gy D w,
 * w (+)= gy D^T x, b (+)= gy times the sum of D's rows. */
void rfi_xent_adjoint(const rfi_xent *p, rf_real *D, rf_real gy, const rfi_xent_grads *g);

/* That of a call whose inputs begin with x [..,H], w [V,H], b [V] or none. */
rfi_xent rfi_xent_of(const rf_call *c, const int32_t *target);
/* False: no memory for the sum. */
bool rfi_xent_grads_of(const rf_call *c, rfi_xent_grads *g);

#endif

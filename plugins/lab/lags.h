/* lab/lags.h -- how much the loss of the last step still depends on the states before it.
 *
 * Of one sequence, E_T is the loss of what is asked at its last step T, and s_k the state that step
 * k hands to the next: h_k; of an LSTM h_k and c_k side by side; of all layers.  Measured is the
 * 2-norm of the total derivative dE_T/ds_k, through every later step, of each sequence by itself.
 *
 *     dE_T/ds_k = dE_T/ds_T  ds_T/ds_{T-1} ... ds_{k+1}/ds_k
 *
 * It is exact: the network is run step by step, each state is a node of the graph, and one reverse
 * sweep gives the gradient of every node.
 *
 * Source: Bengio, Simard, Frasconi 1994; Pascanu, Mikolov, Bengio, ICML 2013, section 2. */
#ifndef LAB_LAGS_H
#define LAB_LAGS_H

#include "network.h"

/* Row l is lag T - k = l; all^2 = h^2 + c^2.  At lag 0, h is the output of the last step, which
 * alone the loss sees, and c has no gradient. */
typedef struct lab_lags {
    rf_index T, B;
    double *all, *h, *c; /* [T,B] */
} lab_lags;

/* ENOMEM. */
rf_status lab_lags_init(lab_lags *lags, rf_index T, rf_index B, rf_error *err);
void lab_lags_free(lab_lags *lags);
/* Measure batch b of that size.  Gradients of the parameters are zero afterwards.
 * ENOTSUP: a cell whose steps hand on more than h and c. */
rf_status lab_lags_measure(lab_lags *lags, rf_graph *g, const lab_network *net, const lab_batch *b,
                           rf_error *err);

#endif

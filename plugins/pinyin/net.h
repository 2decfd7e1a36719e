/* pinyin/net.h -- the recurrent language model over characters.
 *
 *     token -> embedding -> dropout -> recurrent layers -> dropout -> output layer -> the next
 *     token
 *
 * Tied, the output layer has the embedding as its weight. */
#ifndef PINYIN_NET_H
#define PINYIN_NET_H

#include <refrain/layers.h>
#include <refrain/task.h>

typedef struct py_net_shape {
    const rf_cell *cell;
    rf_index V, hidden, embed;
    int layers;
    bool tie; /* embed is hidden then */
} py_net_shape;

typedef struct py_net {
    py_net_shape shape;
    double dropout;
    rf_params *params;
    rf_embedding_layer in;
    rf_rnn *rnn;
    rf_param *weight, *bias;
} py_net;

/* Parameters are zero.  NULL with err: EINVAL, ENOMEM. */
py_net *py_net_new(const py_net_shape *shape, double dropout, rf_error *err);
void py_net_free(py_net *n);

/* x [T,B] -> out [T,B,H], and the states. */
rf_sequence py_net_apply(rf_graph *g, const py_net *n, const rf_carried *s, const int32_t *x,
                         rf_index T, rf_index B);
/* Mean of -ln p(y), of out. */
rf_node py_net_loss(rf_graph *g, const py_net *n, rf_node out, const int32_t *y);
/* ln p(y) of each, [T,B]. */
rf_node py_net_logp(rf_graph *g, const py_net *n, rf_node out, const int32_t *y);

/* Parameters into a model; `bytes`: matrices in 8 bits a number, NAME as I8 with a scale for each
 * row in NAME.scale, instead of `storage`.  And back, from either.  Errors: EFORMAT, EINVAL,
 * ENOMEM. */
rf_status py_net_store(const py_net *n, rf_model *m, rf_dtype storage, bool bytes, rf_error *err);
rf_status py_net_load(py_net *n, const rf_model *m, rf_error *err);

/* Decoding: hypotheses in any order, each with a state of its own. */
typedef struct py_machine py_machine;
py_machine *py_machine_new(const py_net *n, rf_device *d, rf_index rows, rf_weights form,
                           rf_error *err);
void py_machine_free(py_machine *m);
rf_index py_machine_rows(const py_machine *m);
/* Numbers that a hypothesis keeps: its state, then V scores; and what ln of a sum of e^ of them
 * is. */
size_t py_machine_numbers(const py_machine *m);
/* Feed tokens [rows]; before[r] is what the last step left, or NULL: nothing came before.  What it
 * leaves goes to after[r]. */
void py_machine_step(py_machine *m, const float *const *before, const int32_t *tokens,
                     rf_index rows, float *const *after);
/* ln p(token) after that step. */
float py_machine_logp(const py_machine *m, const float *after, int32_t token);

#endif

/* lm/model.h -- the network of a language model, and its file.
 *
 *     id -> embedding -> dropout -> recurrent layers -> dropout -> output layer -> the next id
 *
 * Tied, the output layer has the embedding as its weight (Press & Wolf, EACL 2017).  Tensors in the
 * file: embedding.weight [V,E], rnn.weight_ih_l0 ..., and those of output.h. */
#ifndef LM_MODEL_H
#define LM_MODEL_H

#include <refrain/cell.h>
#include <refrain/layers.h>
#include <refrain/model.h>
#include <refrain/text.h>

#include "output.h"

#define LM_ID      "org.refrain.lm"
#define LM_VERSION "1.0.0"

typedef struct lm_shape {
    const rf_cell *cell;
    rf_index hidden, embed; /* H, E */
    int layers;             /* L */
    bool tie, layer_norm;
    double forget_bias;
    lm_softmax softmax;
    lm_cutoffs cutoffs; /* of an adaptive softmax */
} lm_shape;

/* Probabilities, while training. */
typedef struct lm_dropout {
    double input, hidden, output, weight;
    bool variational;
} lm_dropout;

typedef struct lm_model {
    lm_shape shape;
    lm_dropout drop;
    rf_tokenizer *tokens; /* owned */
    int32_t V;
    rf_params *params;
    rf_embedding_layer in;
    rf_rnn *rnn;
    lm_output output;
} lm_model;

/* An untrained model, all parameters zero.  It takes the tokenizer, also when it fails.  NULL with
 * err: EINVAL (tie with E != H or an adaptive softmax; cutoffs), ENOMEM. */
lm_model *lm_model_new(const lm_shape *shape, const lm_dropout *drop, rf_tokenizer *tokens,
                       rf_error *err);
void lm_model_free(lm_model *m);

/* Read a model that `train` wrote.  NULL with err: EIO; EFORMAT (no model, or another plugin's). */
lm_model *lm_model_read(const char *path, rf_error *err);

/* x [T,B] ids, from the state on -> out [T,B,H] after its dropout, and the states. */
rf_sequence lm_model_apply(rf_graph *g, const lm_model *m, const rf_carried *s, const int32_t *x,
                           rf_index T, rf_index B);
#endif

/* pos/tagger.h -- the network that gives scores of labels to the units of sentences.
 *
 *     columns -> embeddings -\
 *                             concatenation -> dropout -> recurrent layers -> dropout -> linear -> scores
 *     letters -> embedding -> recurrent layer in both directions, last states -/
 *
 * On the scores stands a linear-chain conditional random field, or a softmax at each unit alone.
 * Sources: Huang, Xu, Yu 2015 (arXiv 1508.01991); Lample et al., NAACL 2016; word dropout: Iyyer et al.
 * 2015, with the rate of Kiperwasser & Goldberg 2016.
 *
 * Tensors in the file: unit.weight, pair.weight, affix.weight, shape.weight, letter.weight [V,E];
 * spelling.weight_ih_l0 ..., rnn.weight_ih_l0 ...; output.weight [K,D*H], output.bias; crf.transitions
 * [K,K], crf.start_transitions, crf.end_transitions [K]. */
#ifndef POS_TAGGER_H
#define POS_TAGGER_H

#include <refrain/cell.h>
#include <refrain/decode.h>
#include <refrain/layers.h>
#include <refrain/training.h>

#include "lexis.h"

#define POS_ID   "org.refrain.pos"
#define POS_TASK "pos"

typedef struct pos_shape {
    const rf_cell *cell;
    rf_index hidden, spelling;  /* H of the layers, of the letters' layer (0: none) */
    rf_index embed[POS_TABLES]; /* E of each table */
    int layers;
    bool bidirectional, crf;
    /* Of a training only. */
    double forget_bias, drop_input, drop_hidden, drop_output;
    double drop_words; /* a unit seen n times is unknown with probability a / (a + n) */
} pos_shape;

typedef struct pos_tagger {
    pos_shape shape;
    pos_lexis lexis; /* owned */
    int32_t K;       /* labels */
    rf_params *params;
    rf_embedding_layer table[POS_TABLES];
    rf_rnn *spelling, *rnn;
    rf_linear_layer out;
    rf_crf_layer crf;
    uint8_t *forbid; /* [K+1,K+1], or NULL */
} pos_tagger;

/* An untrained network; takes the lexis, also when it fails.  NULL with err. */
pos_tagger *pos_tagger_new(const pos_shape *shape, pos_lexis *lexis, rf_error *err);
void pos_tagger_free(pos_tagger *m);

/* A batch of sentences through the network: scores [T,B,K]. */
rf_node pos_tagger_apply(rf_graph *g, const pos_tagger *m, const pos_set *set,
                         const rf_bucket_batch *b);
/* Mean loss of the batch over its labels, *units of them. */
rf_node pos_tagger_loss(rf_graph *g, const pos_tagger *m, const pos_set *set,
                        const rf_bucket_batch *b, double *units);
/* Sequence b of a batch of scores as a chain; `allowed` or NULL. */
rf_chain pos_tagger_chain(const pos_tagger *m, rf_tensor scores, const rf_bucket_batch *b,
                          rf_index k, const uint64_t *allowed);

#endif

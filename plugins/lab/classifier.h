/* lab/classifier.h -- a network that gives a label to a sequence, or to each of its frames.
 *
 *     units -> embedding \
 *                         -> dropout -> recurrent layers -> dropout -> pooling -> linear -> softmax
 *     frames, (x-m)*s    /                                 (none where frames have labels)
 *
 * Pooling by attention: u_t = tanh(W h_t + b), a = softmax_t(v . u_t), sum_t a_t h_t.
 * Source: Yang et al., "Hierarchical attention networks", NAACL 2016, equations 5 to 7.
 *
 * Two baselines have the same inputs and outputs: `logistic`, a linear softmax on each frame, or on the
 * mean of a sequence's frames or one-hot units; `majority`, which sees nothing.
 *
 * Tensors in the file: input.mean, input.scale [I] of frames; embedding.weight [V,E];
 * rnn.weight_ih_l0 ...; attention.weight [A,D*H], attention.bias, attention.v [1,A]; output.weight
 * [K,D*H], output.bias. */
#ifndef LAB_CLASSIFIER_H
#define LAB_CLASSIFIER_H

#include <refrain/cell.h>
#include <refrain/layers.h>
#include <refrain/training.h>

#include "lab.h"
#include "samples.h"

enum { LAB_RECURRENT, LAB_LOGISTIC, LAB_MAJORITY };                      /* networks */
enum { LAB_POOL_ATTENTION, LAB_POOL_LAST, LAB_POOL_MEAN, LAB_POOL_MAX }; /* pooling */

typedef struct lab_classifier_shape {
    int network, input;
    bool per_frame;
    const rf_cell *cell;
    rf_index embed, hidden, attention; /* E, H, A */
    int layers, pool;
    bool bidirectional, layer_norm;
    /* Of a training only. */
    bool identity;              /* begin as an IRNN: Le, Jaitly, Hinton 2015 */
    double forget_bias, chrono; /* as in rf_rnn_spec */
    double drop_units, drop_input, drop_hidden, drop_output;
    bool balance; /* classes count alike, however many sequences each has */
} lab_classifier_shape;

typedef struct lab_classifier {
    lab_classifier_shape shape;
    rf_index V, I, K;     /* units or numbers of a frame; classes */
    rf_tokenizer *tokens; /* owned; NULL: frames */
    rf_vocab *classes;    /* owned */
    rf_params *params;
    rf_param *mean, *scale; /* [I], frozen */
    rf_embedding_layer in;
    rf_rnn *rnn;
    rf_linear_layer attend, out;
    rf_param *v;
    rf_real *weight; /* [K] of classes in the loss, or NULL */
} lab_classifier;

/* Some of the samples, or windows of them. */
typedef struct lab_set {
    rf_index n, cap;
    rf_index *start;  /* [n] in ids or frames */
    int32_t *lengths; /* [n] */
    int32_t *item;    /* [n] */
} lab_set;

/* False: no memory. */
bool lab_set_add(lab_set *set, rf_index start, int32_t length, int32_t item);
void lab_set_free(lab_set *set);

/* An untrained network with parameters of zero.  Takes tokens and classes, also when it fails.
 * I: of frames.  NULL with err. */
lab_classifier *lab_classifier_new(const lab_classifier_shape *shape, rf_tokenizer *tokens,
                                   rf_vocab *classes, rf_index I, rf_error *err);
void lab_classifier_free(lab_classifier *m);
/* Mean and scale of the frames of a training set; of images one for all numbers. */
rf_status lab_classifier_standardise(lab_classifier *m, const lab_samples *s, const lab_set *set,
                                     rf_error *err);
/* Weights of classes for --balance, and what the majority is. */
rf_status lab_classifier_count(lab_classifier *m, const lab_samples *s, const lab_set *set,
                               rf_error *err);

/* One batch through the network. */
typedef struct lab_classified {
    rf_node logits;        /* [B,K], or [T,B,K] where frames have labels */
    rf_node attention;     /* [B,T] or RF_NONE */
    const int32_t *target; /* [B] or [T,B], -1 beyond the end; valid as long as the graph */
    rf_index rows;         /* labels in the batch */
} lab_classified;
lab_classified lab_classifier_apply(rf_graph *g, const lab_classifier *m, const lab_samples *s,
                                    const lab_set *set, const rf_bucket_batch *b);
/* Mean loss of the batch. */
rf_node lab_classifier_loss(rf_graph *g, const lab_classifier *m, const lab_classified *c);

#endif

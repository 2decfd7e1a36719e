/* refrain/layers.h -- small modules: parameters with the builder that uses them.
 *
 * Names of parameters follow PyTorch's modules: PREFIXweight, PREFIXbias.  A module borrows its
 * parameters from the set it was made in. */
#ifndef REFRAIN_LAYERS_H
#define REFRAIN_LAYERS_H

#include <refrain/graph.h>

RF_BEGIN

/* y = x w^T + b; weight [O,I], bias [O]; initial values uniform in ±1/sqrt(I), as nn.Linear. */
typedef struct rf_linear_layer {
    rf_param *weight, *bias; /* bias NULL: none */
} rf_linear_layer;
RF_API rf_status rf_linear_layer_init(rf_linear_layer *l, rf_params *ps, const char *prefix,
                                      rf_index in, rf_index out, bool bias, rf_error *err);
RF_API rf_node rf_linear_layer_apply(rf_graph *g, const rf_linear_layer *l, rf_node x);

/* Rows of weight [V,E] by id; initial values normal with deviation `scale`. */
typedef struct rf_embedding_layer {
    rf_param *weight;
} rf_embedding_layer;
RF_API rf_status rf_embedding_layer_init(rf_embedding_layer *l, rf_params *ps, const char *prefix,
                                         rf_index vocabulary, rf_index size, double scale,
                                         rf_error *err);
RF_API rf_node rf_embedding_layer_apply(rf_graph *g, const rf_embedding_layer *l,
                                        const int32_t *ids, rf_shape shape);

/* The adaptive softmax (rf_adaptive).  Classes below cutoff[0] are the head's own; cluster k has
 * those from cutoff[k] up to the next cutoff, the last up to `classes`, in I / divisor^(k+1)
 * dimensions, at least 1.  Parameters as nn.AdaptiveLogSoftmaxWithLoss: PREFIXhead.weight [S+n,I],
 * PREFIXhead.bias [S+n], PREFIXtail.K.0.weight [h,I], PREFIXtail.K.1.weight [o,h]. */
typedef struct rf_adaptive_spec {
    rf_index in, classes;   /* I, V: numbered by falling frequency */
    int cutoffs;            /* n, 1 to RF_ADAPTIVE_CLUSTERS */
    const rf_index *cutoff; /* [n], rising, from 1 to V-1 */
    double divisor;         /* 0: 4 */
    bool bias;              /* of the head */
} rf_adaptive_spec;
typedef struct rf_adaptive_layer {
    rf_linear_layer head;
    int clusters;
    rf_linear_layer down[RF_ADAPTIVE_CLUSTERS], up[RF_ADAPTIVE_CLUSTERS];
} rf_adaptive_layer;
/* Errors: EINVAL (cutoffs, divisor), those of rf_params_add. */
RF_API rf_status rf_adaptive_layer_init(rf_adaptive_layer *l, rf_params *ps, const char *prefix,
                                        const rf_adaptive_spec *spec, rf_error *err);
/* rf_adaptive_cross_entropy and rf_adaptive_log_softmax. */
RF_API rf_node rf_adaptive_layer_loss(rf_graph *g, const rf_adaptive_layer *l, rf_node x,
                                      const int32_t *targets);
RF_API rf_node rf_adaptive_layer_apply(rf_graph *g, const rf_adaptive_layer *l, rf_node x);

/* A linear-chain conditional random field (rf_crf) over K tags.  Parameters as in pytorch-crf:
 * PREFIXtransitions [K,K], PREFIXstart_transitions [K], PREFIXend_transitions [K], uniform in ±0.1. */
typedef struct rf_crf_layer {
    rf_param *transitions, *start, *end;
    const uint8_t *forbid; /* [K+1,K+1], the caller's; NULL: all is allowed */
} rf_crf_layer;
RF_API rf_status rf_crf_layer_init(rf_crf_layer *l, rf_params *ps, const char *prefix,
                                   rf_index tags, const uint8_t *forbid, rf_error *err);
/* rf_crf_loss. */
RF_API rf_node rf_crf_layer_loss(rf_graph *g, const rf_crf_layer *l, rf_node emissions,
                                 const int32_t *lengths, const int32_t *targets);

/* The neural autoregressive distribution estimator of V ordered binaries with N hidden units, whose
 * biases are linear in x [..,I]: rf_nade.  Parameters PREFIXvisible.weight [V,I], PREFIXvisible.bias,
 * PREFIXhidden.weight [N,I], PREFIXhidden.bias, PREFIXw and PREFIXu [V,N], uniform in ±1/sqrt(N). */
typedef struct rf_nade_layer {
    rf_linear_layer visible, hidden;
    rf_param *w, *u;
} rf_nade_layer;
RF_API rf_status rf_nade_layer_init(rf_nade_layer *l, rf_params *ps, const char *prefix,
                                    rf_index in, rf_index values, rf_index hidden, rf_error *err);
/* x [..,I], v [..,V] -> log-odds of each value given those before it [..,V]. */
RF_API rf_node rf_nade_layer_apply(rf_graph *g, const rf_nade_layer *l, rf_node x, rf_node v);

/* gain [I] (weight, from 1), bias [I] (from 0), eps 1e-5. */
typedef struct rf_norm_layer {
    rf_param *weight, *bias;
} rf_norm_layer;
RF_API rf_status rf_norm_layer_init(rf_norm_layer *l, rf_params *ps, const char *prefix,
                                    rf_index size, rf_error *err);
RF_API rf_node rf_norm_layer_apply(rf_graph *g, const rf_norm_layer *l, rf_node x);

/* Attention of queries over the S states of an encoder.
 *   additive  score = v · tanh(W_q q + W_k k)   Bahdanau et al. 2015, appendix A.1.2
 *   dot       score = q · k                     Luong et al. 2015, section 3.1
 *   general   score = q · W k                   likewise */
typedef enum rf_attention_kind {
    RF_ATTENTION_ADDITIVE,
    RF_ATTENTION_DOT,
    RF_ATTENTION_GENERAL
} rf_attention_kind;
/* Parameters PREFIXquery.weight, PREFIXkey.weight and PREFIXv.weight, each as an nn.Linear's. */
typedef struct rf_attention_layer {
    rf_attention_kind kind;
    rf_param *query, *key, *v; /* query [A,Q], key [A,K] or [Q,K], v [1,A]; NULL where unused */
} rf_attention_layer;
RF_API rf_status rf_attention_layer_init(rf_attention_layer *l, rf_params *ps, const char *prefix,
                                         rf_attention_kind kind, rf_index query, rf_index key,
                                         rf_index size, rf_error *err);
/* The keys of one graph, turned and projected once for any number of queries.  `lengths` is borrowed
 * until the last of them. */
typedef struct rf_attention_memory {
    rf_node keys, projected; /* [B,S,K]; [B,S,A], [B,S,Q] or the keys themselves */
    const int32_t *lengths;
} rf_attention_memory;
RF_API rf_attention_memory rf_attention_layer_prepare(rf_graph *g, const rf_attention_layer *l,
                                                      rf_node keys, const int32_t *lengths);
/* query [Tq,B,Q], keys [S,B,K], lengths [B] or NULL -> context [Tq,B,K]; weights [Tq,B,S]. */
typedef struct rf_attended {
    rf_node context, weights;
} rf_attended;
RF_API rf_attended rf_attention_layer_attend(rf_graph *g, const rf_attention_layer *l,
                                             const rf_attention_memory *m, rf_node query);
RF_API rf_attended rf_attention_layer_apply(rf_graph *g, const rf_attention_layer *l, rf_node query,
                                            rf_node keys, const int32_t *lengths);

/* Messages name the caller's file and line. */
#ifndef RF_NO_PLACES
/* clang-format off */
#define rf_linear_layer_apply(g, ...)      rf_linear_layer_apply(RF_HERE(g), __VA_ARGS__)
#define rf_embedding_layer_apply(g, ...)   rf_embedding_layer_apply(RF_HERE(g), __VA_ARGS__)
#define rf_adaptive_layer_loss(g, ...)     rf_adaptive_layer_loss(RF_HERE(g), __VA_ARGS__)
#define rf_adaptive_layer_apply(g, ...)    rf_adaptive_layer_apply(RF_HERE(g), __VA_ARGS__)
#define rf_crf_layer_loss(g, ...)          rf_crf_layer_loss(RF_HERE(g), __VA_ARGS__)
#define rf_nade_layer_apply(g, ...)        rf_nade_layer_apply(RF_HERE(g), __VA_ARGS__)
#define rf_norm_layer_apply(g, ...)        rf_norm_layer_apply(RF_HERE(g), __VA_ARGS__)
#define rf_attention_layer_prepare(g, ...) rf_attention_layer_prepare(RF_HERE(g), __VA_ARGS__)
#define rf_attention_layer_attend(g, ...)  rf_attention_layer_attend(RF_HERE(g), __VA_ARGS__)
#define rf_attention_layer_apply(g, ...)   rf_attention_layer_apply(RF_HERE(g), __VA_ARGS__)
/* clang-format on */
#endif

RF_END
#endif

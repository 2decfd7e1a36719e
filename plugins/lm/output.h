/* lm/output.h -- the output layer: from states to how probable each unit is next.
 *
 *   full      softmax(weight h + bias)
 *   adaptive  frequent units at once, rare ones by cluster (rf_adaptive_layer): less work for a
 *             large vocabulary, in training and afterwards
 *   sampled   trained against a few drawn units (rf_sampled_cross_entropy), afterwards full
 *
 * Units are numbered by falling frequency, as the tokenizer does for all but bytes.  Tensors in the
 * file: output.weight [V,H] unless tied and output.bias [V]; or, adaptive, output.head.weight,
 * output.head.bias, output.tail.K.0.weight and output.tail.K.1.weight, as
 * nn.AdaptiveLogSoftmaxWithLoss has them. */
#ifndef LM_OUTPUT_H
#define LM_OUTPUT_H

#include <refrain/layers.h>

/* The words of --softmax, in order. */
typedef enum lm_softmax { LM_FULL, LM_ADAPTIVE, LM_SAMPLED, LM_SOFTMAXES } lm_softmax;

/* Where the clusters of an adaptive softmax begin. */
typedef struct lm_cutoffs {
    int n;
    rf_index at[RF_ADAPTIVE_CLUSTERS];
} lm_cutoffs;

/* "2000,10000" for V units.  False: no such list, or it does not rise from above 0 to below V. */
bool lm_cutoffs_parse(const char *text, rf_index V, lm_cutoffs *out);
/* Such that the frequent units make up four fifths of the ids [n], those before the last cluster
 * 19 of 20.  Needs V >= 2.  False: no memory. */
bool lm_cutoffs_choose(const int32_t *ids, size_t n, rf_index V, lm_cutoffs *out);
void lm_cutoffs_write(const lm_cutoffs *c, rf_str *out);

typedef struct lm_output {
    lm_softmax kind;
    rf_param *weight, *bias; /* NULL of an adaptive one */
    rf_adaptive_layer adaptive;
    rf_index samples; /* of a sampled one, while training */
} lm_output;

/* tied: the units' vectors [V,H], or NULL.  Errors: those of rf_params_add, rf_adaptive_layer_init. */
rf_status lm_output_init(lm_output *o, rf_params *ps, lm_softmax kind, const lm_cutoffs *cutoffs,
                         rf_index V, rf_index H, rf_param *tied, rf_error *err);

/* Mean of -log p(y) over the y that are not negative, of states h [..,H]. */
rf_node lm_output_loss(rf_graph *g, const lm_output *o, rf_node h, const int32_t *y);
/* [..,V]: log p of each unit; and what differs from it by a constant a row, where that is cheaper. */
rf_node lm_output_log_probabilities(rf_graph *g, const lm_output *o, rf_node h);
rf_node lm_output_logits(rf_graph *g, const lm_output *o, rf_node h);

#endif

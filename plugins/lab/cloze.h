/* lab/cloze.h -- a network that tells a word left out, from both sides or from the left side alone.
 *
 *     y_t = softmax(U [→h_{t−1}; ←h_{t+1}] + c)       both sides
 *     y_t = softmax(U →h_{t−1} + c)                   the left side; →h is twice as wide
 *
 * Tensors: embedding.weight [V,E]; forward.weight_ih_l0 ..., backward.weight_ih_l0 ...;
 * output.weight [V,2H], output.bias. */
#ifndef LAB_CLOZE_H
#define LAB_CLOZE_H

#include <refrain/cell.h>
#include <refrain/layers.h>
#include <refrain/training.h>

#include "classifier.h"

#define LAB_BLANK "___"

typedef struct lab_cloze_shape {
    bool both;
    const rf_cell *cell;
    int layers;
    rf_index hidden, embed; /* H, E */
    double dropout;
    rf_index batch;
} lab_cloze_shape;

/* Of words that were left out one after the other. */
typedef struct lab_cloze_score {
    double nats;
    rf_index blanks, right;
} lab_cloze_score;

typedef struct lab_cloze {
    lab_cloze_shape shape;
    rf_tokenizer *tokens;       /* borrowed */
    const lab_samples *samples; /* borrowed */
    rf_index V;
    int32_t edge; /* stands before the first word and after the last */
    rf_params *params;
    rf_embedding_layer in;
    rf_rnn *forward, *backward; /* backward NULL: one direction */
    rf_linear_layer out;
    lab_cloze_score score; /* on the held-out sentences, after learning */
    /* While learning. */
    rf_training *base;
    const lab_set *set;
    rf_bucket_batches *batches;
    rf_bucket_batch batch;
} lab_cloze;

rf_status lab_cloze_init(lab_cloze *c, const lab_cloze_shape *shape, rf_tokenizer *tokens,
                         const lab_samples *samples, rf_error *err);
void lab_cloze_free(lab_cloze *c);
/* Learn from some sentences, then count what is told right of the others. */
rf_status lab_cloze_learn(lab_cloze *c, rf_training *base, rf_graph *g, const lab_set *train,
                          const lab_set *valid, rf_error *err);

/* Units of a sentence with LAB_BLANK in it: `blanks` says which of the ids are blanks (the unknown unit
 * stands there).  Errors: EFORMAT (not UTF-8), ENOMEM. */
rf_status lab_cloze_encode(rf_tokenizer *tokens, const char *sentence, rf_ids *ids, rf_ids *blanks,
                           rf_error *err);

/* The most probable units at place `at`, best first; neither unknown ones nor the edge.  Behind the
 * last there is, id is -1. */
typedef struct lab_cloze_word {
    int32_t id;
    double p;
} lab_cloze_word;
rf_status lab_cloze_fill(const lab_cloze *c, rf_graph *g, const rf_ids *ids, int32_t at,
                         lab_cloze_word *out, size_t top, rf_error *err);

#endif

/* lab/tagger.h -- a network that tags the words of a sentence.
 *
 *     word -> one-hot vector or embedding -> recurrent layers -> output layer -> a score for each tag
 *
 * With its memory cut every word is a sequence of its own. */
#ifndef LAB_TAGGER_H
#define LAB_TAGGER_H

#include <refrain/layers.h>

#include "sentences.h"
#include "steps.h"

typedef struct lab_tagger {
    const lab_sentences *text;
    bool memory;
    rf_rnn_spec spec;
    rf_params *params;
    rf_rnn *rnn;
    rf_embedding_layer in; /* weight NULL: one-hot */
    rf_linear_layer out;
    rf_index state, outputs; /* what the output layer reads and gives */
} lab_tagger;

typedef struct lab_tagger_shape {
    const rf_cell *cell;
    rf_index hidden, outputs;
    rf_index embed; /* 0: one-hot */
    int layers;
    bool bidirectional, memory;
} lab_tagger_shape;

/* Errors: those of rf_rnn_new and the layers.  Close it even then. */
rf_status lab_tagger_open(lab_tagger *m, const lab_tagger_shape *shape, const lab_sentences *text,
                          uint64_t seed, rf_error *err);
void lab_tagger_close(lab_tagger *m);

/* All weights 1, all biases 0; embeddings are rounded to one decimal, so that a person can follow. */
void lab_tagger_set_ones(lab_tagger *m);

/* One sentence, from primitive ops: its gates and states, and nodes by time. */
typedef struct lab_tagger_reading {
    lab_steps steps;
    rf_node in, state, scores; /* [n,I], [n,state], [n,outputs] */
} lab_tagger_reading;
rf_status lab_tagger_read(lab_tagger_reading *r, rf_graph *g, const lab_tagger *m,
                          const lab_sentence *sentence, rf_error *err);

/* Mean cross entropy over the tagged words of all sentences. */
rf_node lab_tagger_loss(rf_graph *g, const lab_tagger *m);

#endif

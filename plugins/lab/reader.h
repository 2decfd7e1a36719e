/* lab/reader.h -- any model that reads text by a recurrent network: its layers, tokenizer and output.
 *
 * Tensors: rnn.weight_ih_l0 ... as rf_rnn names them; embedding.weight [V,E], or one-hot vectors where
 * there is none; output.weight [V,D*H] (tied: embedding.weight) and output.bias [V], where the model
 * predicts the next unit.  Its options name the cell; all sizes are those of the tensors. */
#ifndef LAB_READER_H
#define LAB_READER_H

#include <refrain/model.h>
#include <refrain/text.h>

#include "steps.h"

typedef struct lab_reader {
    rf_rnn_spec spec;
    rf_tokenizer *tokens;
    rf_index V;
    bool continues; /* a language model: texts are read as they stand after a line end */
    rf_params *params;
    rf_rnn *rnn;
    rf_param *embedding, *weight, *bias; /* NULL: none */
} lab_reader;

/* Errors, a line that names file and tensor: EIO, EFORMAT, ENOMEM.  Close it even then. */
rf_status lab_reader_open(lab_reader *m, const char *path, rf_error *err);
/* The same of a file that was read. */
rf_status lab_reader_parse(lab_reader *m, const rf_model *f, rf_error *err);
void lab_reader_close(lab_reader *m);

/* ids [T] -> what enters the first layer, [T,1,I]. */
rf_node lab_reader_inputs(rf_graph *g, const lab_reader *m, const int32_t *ids, rf_index T);
/* out [T,1,D*H] -> the probability of every unit to be next, [T,1,V]; RF_NONE: it does not predict. */
rf_node lab_reader_next(rf_graph *g, const lab_reader *m, rf_node out);
/* What an id stands for, on one line: "a", "␣", "↵", "\xe5". */
void lab_reader_label(const lab_reader *m, int32_t id, rf_str *out);

#endif

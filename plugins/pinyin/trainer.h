/* pinyin/trainer.h -- learning a model: data, counts, the network, the weights between them. */
#ifndef PINYIN_TRAINER_H
#define PINYIN_TRAINER_H

#include <refrain/training.h>

#include "options.h"
#include "text.h"

typedef struct py_trainer {
    rf_training base; /* first */
    rf_setting v[TRAIN_COUNT];
    py_model *m;
    rf_str text, held;   /* to learn from, held out */
    rf_ids train, valid; /* their characters */
    size_t lines, left_out;
    rf_stream_batches *batches;
    rf_stream_batch batch;
    rf_carried state;
    rf_sequence last;
    rf_metrics best;
    rf_error *err;
} py_trainer;

/* Texts, lexicon and n-grams, from files.  Errors: EIO, EFORMAT, EINVAL, ENOMEM. */
rf_status py_trainer_read(py_trainer *t);
rf_fit_task py_trainer_task(const py_trainer *t);
/* For rf_training: all of the model into its file. */
rf_status py_trainer_store(const void *self, rf_model *f, rf_error *err);
/* The part of the network, by expectation and maximisation; then the weight of words, by
 * decoding. */
rf_status py_trainer_tune(py_trainer *t);

#endif

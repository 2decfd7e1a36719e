/* pinyin/model.h -- all that one model file holds: characters, lexicon, n-grams, network,
 * weights. */
#ifndef PINYIN_MODEL_H
#define PINYIN_MODEL_H

#include "lexicon.h"
#include "net.h"
#include "ngram.h"

#define PY_ID   "org.refrain.pinyin"
#define PY_TASK "pinyin"

typedef struct py_model {
    rf_vocab *chars;
    py_lexicon x;
    uint16_t *token;  /* characters of all words, one word behind the other */
    uint32_t *tokens; /* [words+1] where those of each word begin */
    py_ngram by_char, by_word;
    py_net *net;  /* NULL: n-grams alone */
    double mix;   /* part of the network in the probability of a character; the rest is by_char's */
    double words; /* weight of the words' logarithm; 1 - that is the characters' */
} py_model;

void py_model_free(py_model *m);
/* Fill token and tokens.  Errors: ENOMEM. */
rf_status py_model_finish(py_model *m, rf_error *err);

/* Read a model that `train` wrote, without options other than its own.  NULL with err: EIO,
 * EFORMAT. */
py_model *py_model_read(const char *path, rf_error *err);
/* What the model has besides parameters, options and metadata.  Errors: EINVAL, ENOMEM. */
rf_status py_model_store(const py_model *m, rf_model *f, rf_error *err);

#endif

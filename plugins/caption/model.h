/* caption/model.h -- a describer: what it sees, its networks and its words, made of options or read from
 * its file. */
#ifndef CAPTION_MODEL_H
#define CAPTION_MODEL_H

#include <refrain/seq2seq.h>

#include "caption.h"
#include "lexis.h"
#include "sight.h"

#define CAP_META_WORDS "caption.words"
#define CAP_META_SIGHT "caption.sight"
#define CAP_META_DATA  "caption.data" /* of the state: what it learns from */

/* The networks.  Start it as {0}. */
typedef struct cap_network {
    rf_params *params;
    cap_sight sight;
    rf_convnet *net; /* of pictures; else NULL */
    rf_seq2seq *m;
} cap_network;

/* Errors: EINVAL (an unknown cell, options that do not go together). */
rf_status cap_check_options(const rf_setting *v, rf_error *err);
/* Make the networks that options stand for; kind, and of features rows, columns and channels, of
 * n->sight are set before.  `file`, or NULL: its tensors must be of their sizes, which is looked at
 * before memory is taken.  Errors: EINVAL, EFORMAT, ENOMEM. */
rf_status cap_network_make(cap_network *n, const rf_setting *v, int32_t words, const rf_model *file,
                           rf_error *err);
void cap_network_free(cap_network *n);

/* A sight as a JSON text, and back: {"kind": "features", "rows": 7, ..., "encoder": "mobilenetv2"}.
 * encoder: NULL, or where the features came from.  Errors: EFORMAT, ENOMEM. */
rf_status cap_sight_write(const cap_sight *s, const char *encoder, rf_str *json, rf_error *err);
rf_status cap_sight_parse(cap_sight *s, const char *json, const char *file, rf_str *encoder,
                          rf_error *err);

/* A model that is used. */
typedef struct cap_model {
    rf_setting v[TRAIN_COUNT]; /* of the training */
    rf_arena *texts;
    rf_vocab *words;
    rf_str encoder; /* of features: where they came from, if it is known */
    cap_network n;
    rf_device *d;
    rf_graph *g;
} cap_model;

/* Close it even after an error.  Errors: EIO, EFORMAT, ENOMEM. */
rf_status cap_model_open(cap_model *x, const char *path, const rf_run *r, rf_error *err);
void cap_model_close(cap_model *x);
/* The words of a model's file.  NULL with err: EFORMAT, ENOMEM. */
rf_vocab *cap_words_read(const rf_model *f, rf_error *err);
/* Whether the model knows a language. */
bool cap_model_knows(const cap_model *x, int language);

#endif

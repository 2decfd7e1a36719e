/* translate/model.h -- a translator in its file: options, units and numbers. */
#ifndef TRANSLATE_MODEL_H
#define TRANSLATE_MODEL_H

#include "pairs.h"
#include "translate.h"

#define TR_META_SOURCE "translate.source"
#define TR_META_TARGET "translate.target"
#define TR_META_DATA   "translate.data" /* of the state: what it learns from */

/* The network that options and vocabularies stand for. */
rf_seq2seq_spec tr_spec_of(const rf_setting *v, const tr_lexis *x);
/* Errors: EINVAL (an unknown cell; options that do not go together). */
rf_status tr_check_options(const rf_setting *v, rf_error *err);

/* A model that is used. */
typedef struct tr_model {
    rf_setting v[TRAIN_COUNT]; /* of the training */
    rf_arena *texts;
    tr_lexis lexis;
    rf_params *params;
    rf_seq2seq *m;
    rf_device *d;
    rf_graph *g;
} tr_model;

/* Close it even after an error.  Errors: EIO, EFORMAT, ENOMEM. */
rf_status tr_model_open(tr_model *x, const char *path, const rf_run *r, rf_error *err);
void tr_model_close(tr_model *x);

#endif

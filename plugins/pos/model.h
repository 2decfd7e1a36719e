/* pos/model.h -- a tagger in its file: options, vocabularies, tags and numbers. */
#ifndef POS_MODEL_H
#define POS_MODEL_H

#include "pos.h"
#include "tagger.h"

/* Metadata besides those of every task: rf_vocab_write of the tags and of each table. */
#define POS_META_TAGS "pos.tags"
#define POS_META_DATA "pos.data" /* of the state: pos_corpus_hash */
/* "pos.unit" ... */
#define POS_META_NAME 24
void pos_meta_table(int table, char name[POS_META_NAME]);

/* The options of a training as a shape and as columns. */
pos_shape pos_shape_of(const rf_setting *v);
void pos_lexis_of(const rf_setting *v, pos_lexis *x);
/* Errors: EINVAL (an unknown cell). */
rf_status pos_check_options(const rf_setting *v, rf_error *err);

/* A model that is used. */
typedef struct pos_model {
    pos_tagger *m;
    rf_setting v[TRAIN_COUNT]; /* of the training */
    rf_arena *texts;
    rf_device *d;
    rf_graph *g;
} pos_model;

/* Close it even after an error.  Errors: EIO, EFORMAT, ENOMEM. */
rf_status pos_model_open(pos_model *x, const char *path, const rf_run *r, rf_error *err);
void pos_model_close(pos_model *x);

/* Tables from a model's or a state's metadata.  Errors: EFORMAT, ENOMEM. */
rf_status pos_lexis_read(pos_lexis *x, const rf_model *f, rf_error *err);

#endif

/* lab/classify.h -- what the verbs classify-... share: their options, and a model with its samples. */
#ifndef LAB_CLASSIFY_H
#define LAB_CLASSIFY_H

#include "classifier.h"
#include "judge.h"
#include "lab.h"

#define LAB_CLASSIFY "classify" /* the task in a model's metadata */

/* How files are read: in every verb's table, these rows come first. */
enum {
    READ_SEPARATOR,
    READ_HEADER,
    READ_LABEL,
    READ_TEXT,
    READ_SEQUENCE,
    READ_IGNORE,
    READ_END,
    READ_COUNT,
    READ_COUNTS = READ_COUNT, /* not kept in the model, as what follows */
    READ_IMAGES,
    READ_LABELS,
    READ_BATCH,
    READ_END_OF_ROWS
};

/* What shapes network and learning: classify-train and classify-folds. */
enum {
    NET_INPUT = READ_END_OF_ROWS,
    NET_UNIT,
    NET_VOCABULARY,
    NET_MIN_COUNT,
    NET_BPE_MERGES,
    NET_MAX_LENGTH,
    NET_LABEL_OF,
    NET_PIXELS,
    NET_SCALE,
    NET_NETWORK,
    NET_CELL,
    NET_LAYER_NORM,
    NET_LAYERS,
    NET_HIDDEN,
    NET_EMBED,
    NET_BIDIRECTIONAL,
    NET_POOL,
    NET_ATTENTION,
    NET_IDENTITY,
    NET_FORGET_BIAS,
    NET_CHRONO,
    NET_DROPOUT,
    NET_DROPOUT_UNITS,
    NET_DROPOUT_INPUT,
    NET_DROPOUT_HIDDEN,
    NET_BALANCE,
    NET_WINDOW,
    NET_METRIC,
    NET_END
};

enum {
    TRAIN_VALID = NET_END,
    TRAIN_VALID_FRACTION,
    TRAIN_LEARN,
    TRAIN_COUNT = TRAIN_LEARN + RF_LEARN_COUNT
};

enum {
    FOLDS_FOLDS = NET_END,
    FOLDS_BASELINES,
    FOLDS_LEARN,
    FOLDS_COUNT = FOLDS_LEARN + RF_LEARN_FILES, /* of RF_LEARN_ROWS those before files */
    FOLDS_SETTINGS = FOLDS_LEARN + RF_LEARN_COUNT
};

enum { EVAL_CONFUSION = READ_END_OF_ROWS, EVAL_PLOT, EVAL_COUNT };
enum { RUN_PLAIN = READ_END_OF_ROWS, RUN_ALL, RUN_ATTENTION, RUN_PLOT, RUN_COUNT };

enum { METRIC_ACCURACY, METRIC_MACRO_F1, METRIC_LOSS };

/* ---- Reading --------------------------------------------------------------------------------- */

/* The options as a reading: v has the rows READ_..., net those NET_... of the training. */
lab_reading lab_classify_reading(const rf_setting *v, const rf_setting *net);
/* The operands, or --images.  Errors: EINVAL (both or neither), those of the readers. */
rf_status lab_classify_read(lab_samples *s, const lab_reading *how, const rf_run *r,
                            const rf_setting *v, rf_error *err);

/* All items, whole.  Errors: ENOMEM. */
rf_status lab_classify_whole(lab_set *set, const lab_samples *s, rf_error *err);

/* ---- Learning -------------------------------------------------------------------------------- */

lab_classifier_shape lab_classify_shape(const rf_setting *v);
/* Errors: EINVAL (an unknown cell; what does not go together). */
rf_status lab_classify_check(const rf_setting *v, rf_error *err);

/* A network that learns from some samples and is judged on others. */
typedef struct lab_learner {
    rf_training base;           /* first */
    const lab_samples *s;       /* to learn from */
    const lab_samples *s_valid; /* the same, or other files' */
    lab_set train, valid;       /* valid.n 0: nothing is held out */
    lab_classifier *m;
    rf_index B;
    int metric;
} lab_learner;

/* Batches and the metric, by the options. */
rf_status lab_learner_begin(lab_learner *l, const rf_setting *v, rf_error *err);
rf_status lab_learner_fit(lab_learner *l, rf_fit_result *result, rf_error *err);
/* Frees all but the samples. */
void lab_learner_end(lab_learner *l);
/* Items `which` whole, or in windows of --window frames. */
rf_status lab_learner_set(lab_set *set, const lab_samples *s, const int32_t *which, rf_index n,
                          rf_index window, rf_error *err);

/* ---- A trained model --------------------------------------------------------------------------- */

typedef struct lab_trained_model {
    lab_classifier *m;
    rf_setting net[TRAIN_COUNT];        /* the training's options */
    rf_setting v[READ_END_OF_ROWS + 8]; /* the run's, with how files are read from the training's */
    rf_arena *texts;
    rf_device *d;
    rf_graph *g;
} lab_trained_model;

/* Close it even after an error. */
rf_status lab_trained_open(lab_trained_model *x, const rf_run *r, rf_error *err);
void lab_trained_close(lab_trained_model *x);
/* Read the operands as the training's files were read; `unlabelled`: labels are not needed. */
rf_status lab_trained_read(lab_trained_model *x, lab_samples *s, const rf_run *r, bool unlabelled,
                           bool plain, rf_error *err);

/* Metadata of a model. */
#define LAB_META_CLASSES "classify.classes" /* rf_vocab_write */
#define LAB_META_DATA    "classify.data"    /* of the state: lab_samples_hash */

/* Tells a host of progress: a lab_watch. */
rf_status lab_classify_progress(void *session, double done, double total);

#endif

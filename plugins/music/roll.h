/* music/roll.h -- the verbs roll-train, roll-eval and roll-sample: networks over frames of keys. */
#ifndef MUSIC_ROLL_H
#define MUSIC_ROLL_H

#include <refrain/training.h>

#include "music.h"
#include "roll_net.h"

#define ROLL_TASK      "roll"
#define ROLL_META_DATA "roll.data" /* of the state: roll_set_hash */

enum {
    ROLL_TRAIN_GRID,
    ROLL_TRAIN_VALID,
    ROLL_TRAIN_VALID_FRACTION,
    ROLL_TRAIN_TRANSPOSE,
    ROLL_TRAIN_OUTPUT,
    ROLL_TRAIN_NADE,
    ROLL_TRAIN_CELL,
    ROLL_TRAIN_LAYERS,
    ROLL_TRAIN_HIDDEN,
    ROLL_TRAIN_FORGET_BIAS,
    ROLL_TRAIN_DROPOUT,
    ROLL_TRAIN_DROPOUT_INPUT,
    ROLL_TRAIN_DROPOUT_HIDDEN,
    ROLL_TRAIN_DROPOUT_WEIGHT,
    ROLL_TRAIN_VARIATIONAL,
    ROLL_TRAIN_BATCH,
    ROLL_TRAIN_CELLS,
    ROLL_TRAIN_LEARN,
    ROLL_TRAIN_COUNT = ROLL_TRAIN_LEARN + RF_LEARN_COUNT
};

enum {
    ROLL_EVAL_PART,
    ROLL_EVAL_PIECES,
    ROLL_EVAL_SVG,
    ROLL_EVAL_PIECE,
    ROLL_EVAL_FROM,
    ROLL_EVAL_FRAMES,
    ROLL_EVAL_BATCH,
    ROLL_EVAL_COUNT
};

enum {
    ROLL_SAMPLE_MIDI,
    ROLL_SAMPLE_SVG,
    ROLL_SAMPLE_PART,
    ROLL_SAMPLE_PIECE,
    ROLL_SAMPLE_PRIME,
    ROLL_SAMPLE_LENGTH,
    ROLL_SAMPLE_TEMPERATURE,
    ROLL_SAMPLE_QPM,
    ROLL_SAMPLE_COUNT
};

extern const rf_option roll_train_options[], roll_eval_options[], roll_sample_options[];
rf_status roll_train(rf_session *s, const rf_run *r);
rf_status roll_eval(rf_session *s, const rf_run *r);
rf_status roll_sample(rf_session *s, const rf_run *r);

/* The options of a training as a shape.  Errors: EINVAL (an unknown cell). */
rf_status roll_shape_of(const rf_setting *v, roll_shape *out, rf_error *err);

/* A model that is used. */
typedef struct roll_model {
    roll_net *m;
    rf_setting v[ROLL_TRAIN_COUNT]; /* of the training */
    rf_arena *texts;
    rf_device *d;
    rf_graph *g;
    int32_t grid; /* steps a quarter note */
} roll_model;

/* Close it even after an error.  Errors: EIO, EFORMAT, ENOMEM. */
rf_status roll_model_open(roll_model *x, const rf_run *r, rf_error *err);
void roll_model_close(roll_model *x);

#endif

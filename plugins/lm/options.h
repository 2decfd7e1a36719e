/* lm/options.h -- the options of every verb, as indices into rf_run.opt.
 *
 * One table a verb, in options.c: adding an option is one name here and one row there. */
#ifndef LM_OPTIONS_H
#define LM_OPTIONS_H

#include <refrain/training.h>

enum {
    TRAIN_UNIT,
    TRAIN_VALID,
    TRAIN_VALID_FRACTION,
    TRAIN_VOCABULARY,
    TRAIN_MIN_COUNT,
    TRAIN_BPE_MERGES,
    TRAIN_CELL,
    TRAIN_LAYER_NORM,
    TRAIN_LAYERS,
    TRAIN_HIDDEN,
    TRAIN_EMBED,
    TRAIN_TIE,
    TRAIN_SOFTMAX,
    TRAIN_CUTOFFS,
    TRAIN_SAMPLES,
    TRAIN_DROPOUT,
    TRAIN_DROPOUT_INPUT,
    TRAIN_DROPOUT_HIDDEN,
    TRAIN_DROPOUT_OUTPUT,
    TRAIN_WEIGHT_DROPOUT,
    TRAIN_VARIATIONAL,
    TRAIN_FORGET_BIAS,
    TRAIN_INIT,
    TRAIN_BPTT,
    TRAIN_BATCH,
    TRAIN_SAMPLE,
    TRAIN_LEARN, /* what all trainings have: RF_LEARN_... from here on */
    TRAIN_COUNT = TRAIN_LEARN + RF_LEARN_COUNT
};

enum { EVAL_BATCH, EVAL_WEIGHTS, EVAL_COUNT };

enum {
    GENERATE_PROMPT,
    GENERATE_LENGTH,
    GENERATE_LINES,
    GENERATE_COUNT,
    GENERATE_TEMPERATURE,
    GENERATE_TOP_K,
    GENERATE_TOP_P,
    GENERATE_BEAM,
    GENERATE_ECHO,
    GENERATE_WEIGHTS,
    GENERATE_OPTIONS
};

enum { SCORE_PER_TOKEN, SCORE_RANK, SCORE_BATCH, SCORE_WEIGHTS, SCORE_COUNT };

enum { PREDICT_TOP, PREDICT_WEIGHTS, PREDICT_COUNT };

/* The words of --rank, in order. */
enum { RANK_NONE, RANK_TOTAL, RANK_MEAN };

extern const rf_option lm_train_options[TRAIN_COUNT + 1];
extern const rf_option lm_eval_options[EVAL_COUNT + 1];
extern const rf_option lm_generate_options[GENERATE_OPTIONS + 1];
extern const rf_option lm_score_options[SCORE_COUNT + 1];
extern const rf_option lm_predict_options[PREDICT_COUNT + 1];

#endif

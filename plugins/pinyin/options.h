/* pinyin/options.h -- the options of every verb, as indices into rf_run.opt. */
#ifndef PINYIN_OPTIONS_H
#define PINYIN_OPTIONS_H

#include <refrain/training.h>

#include "decode.h"
#include "net.h"

enum {
    TRAIN_LEXICON,
    TRAIN_EXCLUDE,
    TRAIN_LEXICON_WORDS,
    TRAIN_VOCABULARY,
    TRAIN_MIN_COUNT,
    TRAIN_HELD,
    TRAIN_ORDER,
    TRAIN_WORD_ORDER,
    TRAIN_PRUNE,
    TRAIN_WORD_PRUNE,
    TRAIN_PRIOR,
    TRAIN_NETWORK,
    TRAIN_CELL,
    TRAIN_LAYERS,
    TRAIN_HIDDEN,
    TRAIN_EMBED,
    TRAIN_TIE,
    TRAIN_DROPOUT,
    TRAIN_BPTT,
    TRAIN_BATCH,
    TRAIN_BYTES,
    TRAIN_TUNE,
    TRAIN_LEARN, /* what all trainings have: RF_LEARN_... from here on */
    TRAIN_COUNT = TRAIN_LEARN + RF_LEARN_COUNT
};

/* What all verbs have that decode. */
enum {
    HOW_BEAM,
    HOW_FUZZY,
    HOW_INITIALS,
    HOW_CORRECT,
    HOW_TONES,
    HOW_MIX,
    HOW_WORDS,
    HOW_WEIGHTS,
    HOW_COUNT
};

enum {
    DECODE_NBEST = HOW_COUNT,
    DECODE_CONTEXT,
    DECODE_FIX,
    DECODE_WORDS_SHOWN,
    DECODE_LATTICE,
    DECODE_COUNT
};

enum { SCORE_PINYIN = HOW_COUNT, SCORE_CONTEXT, SCORE_COUNT };

enum {
    EVAL_TONED = HOW_COUNT,
    EVAL_JOINED,
    EVAL_COMPARE,
    EVAL_MOST,
    EVAL_ERRORS,
    EVAL_TRAINING,
    EVAL_COUNT
};

enum { LIVE_SHOWN = HOW_COUNT, LIVE_CONTEXT, LIVE_COUNT };

extern const rf_option py_train_options[TRAIN_COUNT + 1];
extern const rf_option py_decode_options[DECODE_COUNT + 1];
extern const rf_option py_score_options[SCORE_COUNT + 1];
extern const rf_option py_eval_options[EVAL_COUNT + 1];
extern const rf_option py_live_options[LIVE_COUNT + 1];

/* The shape that options of training say. */
py_net_shape py_options_shape(const rf_setting *v, rf_index V);
/* How to decode, from the first HOW_COUNT options.  Errors: EINVAL (--fuzzy). */
rf_status py_options_how(const rf_setting *v, const py_model *m, py_decode_spec *spec,
                         rf_error *err);

#endif

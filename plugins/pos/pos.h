/* pos/pos.h -- the verbs and their options. */
#ifndef POS_POS_H
#define POS_POS_H

#include <refrain/training.h>

enum {
    TRAIN_TASK,
    TRAIN_INPUT,
    TRAIN_TAG,
    TRAIN_VALID,
    TRAIN_VALID_FRACTION,
    TRAIN_VOCABULARY,
    TRAIN_MIN_COUNT,
    TRAIN_PAIRS,
    TRAIN_PAIR_COUNT,
    TRAIN_VECTORS,
    TRAIN_OUTPUT,
    TRAIN_CELL,
    TRAIN_LAYERS,
    TRAIN_HIDDEN,
    TRAIN_BIDIRECTIONAL,
    TRAIN_EMBED,
    TRAIN_EMBED_PAIR,
    TRAIN_SPELLING,
    TRAIN_EMBED_LETTER,
    TRAIN_AFFIXES,
    TRAIN_EMBED_AFFIX,
    TRAIN_FORGET_BIAS,
    TRAIN_DROPOUT,
    TRAIN_DROPOUT_INPUT,
    TRAIN_DROPOUT_HIDDEN,
    TRAIN_DROPOUT_WORDS,
    TRAIN_BATCH,
    TRAIN_LONGEST,
    TRAIN_LEARN,
    TRAIN_COUNT = TRAIN_LEARN + RF_LEARN_COUNT
};

enum { TAG_INPUT, TAG_STYLE, TAG_COLUMN, TAG_NBEST, TAG_LEXICON, TAG_BATCH, TAG_COUNT };

enum {
    EVAL_INPUT,
    EVAL_TAG,
    EVAL_RAW,
    EVAL_GIVEN,
    EVAL_SEEN,
    EVAL_LEXICON,
    EVAL_CONFUSION,
    EVAL_PLOT,
    EVAL_BATCH,
    EVAL_COUNT
};

/* Words of --input and --style, in the order of the tables in options.c. */
enum { POS_IN_AUTO, POS_IN_CONLLU, POS_IN_TAGGED, POS_IN_TOKENS, POS_IN_RAW };
enum { POS_STYLE_AUTO, POS_STYLE_CONLLU, POS_STYLE_SLASH, POS_STYLE_TSV, POS_STYLE_TABLE };
/* Of --tag and --column. */
enum { POS_UPOS, POS_XPOS, POS_FEATS };
enum { POS_CRF, POS_SOFTMAX };

extern const rf_option pos_train_options[], pos_tag_options[], pos_eval_options[];
rf_status pos_train(rf_session *s, const rf_run *r);
rf_status pos_tag(rf_session *s, const rf_run *r);
rf_status pos_eval(rf_session *s, const rf_run *r);

#endif

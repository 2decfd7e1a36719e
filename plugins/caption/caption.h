/* caption/caption.h -- the verbs and their options. */
#ifndef CAPTION_CAPTION_H
#define CAPTION_CAPTION_H

#include <refrain/training.h>

#include "captions.h"

#define CAP_PLUGIN "org.refrain.caption"
#define CAP_TASK   "caption"

enum {
    ENCODE_ENCODER,
    ENCODE_TOP,
    ENCODE_FEATURES,
    ENCODE_MAP,
    ENCODE_CROP,
    ENCODE_BACKGROUND,
    ENCODE_BATCH,
    ENCODE_COUNT
};

enum { SCENES_COUNT, SCENES_SIZE, SCENES_SPLIT, SCENES_NOISE, SCENES_OPTIONS };

enum {
    TRAIN_CAPTIONS,
    TRAIN_SPLITS,
    TRAIN_SPLIT,
    TRAIN_VALID_SPLIT,
    TRAIN_VALID_FRACTION,
    TRAIN_TEXT,
    TRAIN_REPEAT,
    TRAIN_LANGUAGE,
    TRAIN_MIN_COUNT,
    TRAIN_LONGEST,
    TRAIN_FEATURES,
    TRAIN_ENCODER,
    TRAIN_POOLED,
    TRAIN_BLIND,
    TRAIN_CROP,
    TRAIN_GREY,
    TRAIN_SIZE,
    TRAIN_NETWORK,
    TRAIN_CELL,
    TRAIN_EMBED,
    TRAIN_HIDDEN,
    TRAIN_LAYERS,
    TRAIN_ATTENTION,
    TRAIN_COMPARE,
    TRAIN_ATTEND,
    TRAIN_TIED,
    TRAIN_DROPOUT,
    TRAIN_DROPOUT_INPUT,
    TRAIN_DROPOUT_HIDDEN,
    TRAIN_DROPOUT_PICTURE,
    TRAIN_SHIFT,
    TRAIN_NOISE,
    TRAIN_SMOOTHING,
    TRAIN_SAMPLING,
    TRAIN_EVEN,
    TRAIN_BATCH,
    TRAIN_METRIC,
    TRAIN_BEGIN,
    TRAIN_LEARN,
    TRAIN_COUNT = TRAIN_LEARN + RF_LEARN_COUNT
};

/* The word of --language after those of cap_languages. */
enum { CAP_BOTH = CAP_LANGUAGES };

enum {
    DESCRIBE_LANGUAGE,
    DESCRIBE_NBEST,
    DESCRIBE_FEATURES,
    DESCRIBE_ATTENTION,
    DESCRIBE_SVG,
    DESCRIBE_LOOK /* those of look.h */
};

extern const rf_option cap_train_options[], cap_describe_options[];
extern const rf_option cap_encode_options[], cap_scenes_options[];
extern const rf_option cap_eval_options[], cap_baseline_options[];

rf_status cap_eval(rf_session *s, const rf_run *r);
rf_status cap_baseline_verb(rf_session *s, const rf_run *r);
rf_status cap_train(rf_session *s, const rf_run *r);
rf_status cap_describe(rf_session *s, const rf_run *r);
rf_status cap_encode(rf_session *s, const rf_run *r);
rf_status cap_scenes(rf_session *s, const rf_run *r);

#endif

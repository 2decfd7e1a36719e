/* caption/caption.h -- the verbs and their options. */
#ifndef CAPTION_CAPTION_H
#define CAPTION_CAPTION_H

#include <refrain/task.h>

#define CAP_PLUGIN "org.refrain.caption"

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

extern const rf_option cap_encode_options[], cap_scenes_options[];
extern const rf_option cap_eval_options[], cap_baseline_options[];

rf_status cap_eval(rf_session *s, const rf_run *r);
rf_status cap_baseline_verb(rf_session *s, const rf_run *r);
rf_status cap_encode(rf_session *s, const rf_run *r);
rf_status cap_scenes(rf_session *s, const rf_run *r);

#endif

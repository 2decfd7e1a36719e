/* music/song_verbs.h -- the verbs of songs and their options. */
#ifndef MUSIC_SONG_VERBS_H
#define MUSIC_SONG_VERBS_H

#include <refrain/training.h>

#include "music.h"
#include "song_model.h"

#define SONG_TASK "song"

enum {
    TRAIN_STEPS,
    TRAIN_WINDOW,
    TRAIN_DRUMS,
    TRAIN_QPM,
    TRAIN_PROGRAMS,
    TRAIN_CELL,
    TRAIN_LAYERS,
    TRAIN_HIDDEN,
    TRAIN_HIDDEN_CHORDS,
    TRAIN_HIDDEN_DRUMS,
    TRAIN_FORGET_BIAS,
    TRAIN_DROPOUT,
    TRAIN_DROPOUT_INPUT,
    TRAIN_BATCH,
    TRAIN_LEARN,
    TRAIN_COUNT = TRAIN_LEARN + RF_LEARN_COUNT
};

/* The options that compose, continue and harmonize share, in this order from where each says. */
enum {
    MAKE_STYLE,
    MAKE_MIDI,
    MAKE_SVG,
    MAKE_AUDIO,
    MAKE_TRACKS,
    MAKE_QPM,
    MAKE_PROGRAMS,
    MAKE_TEMPERATURE,
    MAKE_TOP_P,
    MAKE_COUNT
};

enum {
    COMPOSE_BARS = MAKE_COUNT,
    COMPOSE_FORM,
    COMPOSE_METRE,
    COMPOSE_KEY,
    COMPOSE_SCALE,
    COMPOSE_CHORDS,
    COMPOSE_PRIMER,
    COMPOSE_SONGS,
    COMPOSE_COUNT
};
enum { CONTINUE_BARS = MAKE_COUNT, CONTINUE_COUNT };
enum { HARMONIZE_COUNT = MAKE_COUNT };

extern const rf_option song_train_options[], song_compose_options[], song_continue_options[],
    song_harmonize_options[];

rf_status music_train(rf_session *s, const rf_run *r);
rf_status music_compose(rf_session *s, const rf_run *r);
rf_status music_continue(rf_session *s, const rf_run *r);
rf_status music_harmonize(rf_session *s, const rf_run *r);

/* ---- Models in their files --------------------------------------------------------------------- */

/* The shape that the options of a training ask for, but for V and M. */
song_shape song_shape_of(const rf_setting *v);
/* Three programs, "0,0,32", from `text`; NULL: -1 each.  Errors: EINVAL. */
rf_status song_programs_parse(const rf_option *o, const char *text, int programs[3], rf_error *err);

/* A model from its file.  NULL with err: EIO, EFORMAT, ENOMEM. */
song_model *song_model_read(const char *path, rf_error *err);
/* That of --model or --style, whichever is given.  NULL with err; EINVAL: neither, or an unknown style. */
song_model *song_model_choose(const rf_host *h, const rf_run *r, rf_error *err);

#endif

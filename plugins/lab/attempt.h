/* lab/attempt.h -- one training on piano rolls: settings in, negative log-likelihoods out.
 *
 * The network reads 88 keys a step and says how probable each is at the next: recurrent layers, then
 * one logistic unit a key.  The first step of a piece is read but not predicted.  Pieces are read
 * whole, side by side; what fills up the shorter ones is not counted. */
#ifndef LAB_ATTEMPT_H
#define LAB_ATTEMPT_H

#include <refrain/cell.h>
#include <refrain/music.h>
#include <refrain/train.h>
#include <stdatomic.h>

/* What a search may draw. */
enum {
    DRAW_HIDDEN,
    DRAW_RATE,
    DRAW_DROPOUT,
    DRAW_DROPOUT_INPUT,
    DRAW_DROPOUT_WEIGHT,
    DRAW_NOISE,
    DRAW_MOMENTUM,
    DRAWS
};

/* The pieces of one part that have a step to predict. */
typedef struct lab_songs {
    rf_index n, frames; /* pieces, and steps to predict in all of them */
    rf_roll *roll;      /* [n] */
    int32_t *lengths;   /* [n] steps to predict of each: one fewer than it has */
} lab_songs;

/* Errors: EFORMAT, a part without such a piece; ENOMEM. */
rf_status lab_songs_take(lab_songs *out, const rf_rolls *rolls, rf_split split, rf_error *err);
void lab_songs_free(lab_songs *s);

/* What all trainings of a run have in common. */
typedef struct lab_frame {
    lab_songs songs[RF_SPLITS];
    int layers;
    rf_index batch; /* pieces a step */
    int64_t epochs; /* at most */
    int patience;   /* epochs without improvement on the validation part that are borne */
    bool variational;
    int transpose; /* each piece is moved by up to so many semitones, drawn anew each epoch */
    double clip;
    const rf_optimizer_row *method;
} lab_frame;

typedef struct lab_attempt {
    const lab_frame *frame;
    const rf_cell *cell;
    double value[DRAWS];
    uint64_t seed;
    atomic_llong *epoch; /* told the epochs that are done, while it runs; NULL: nobody asks */
} lab_attempt;

/* In nats per frame: summed over the 88 keys, mean over the frames.  NaN: the training left the finite
 * numbers before its first validation. */
typedef struct lab_outcome {
    double valid, test; /* of the parameters that are best on the validation part */
    int64_t parameters, epochs, best_epoch;
    double seconds;
} lab_outcome;

/* On one thread.  `stop` is looked at between steps.  Errors: ECANCELLED; those of rf_fit. */
rf_status lab_attempt_run(const lab_attempt *t, const atomic_bool *stop, lab_outcome *out,
                          rf_error *err);

#endif

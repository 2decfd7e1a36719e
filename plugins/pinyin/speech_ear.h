/* pinyin/speech_ear.h -- from samples to the inputs of a network: log-mel, normalised, slopes, stacks. */
#ifndef PINYIN_SPEECH_EAR_H
#define PINYIN_SPEECH_EAR_H

#include "mel.h"

typedef struct speech_ear_spec {
    speech_mel_spec mel;
    speech_norm norm;
    bool slopes;    /* and their slopes */
    rf_index stack; /* frames in a step */
} speech_ear_spec;

typedef struct speech_ear {
    speech_ear_spec spec;
    rf_index M, W,
        I; /* numbers of a frame, bands first; the same of a frame, with slopes; numbers of a step: W stack */
    speech_mel *mel;
    speech_sums sums;
    const rf_real *mean, *deviation; /* [M] of the training, lent by the caller */
    rf_real *frame, *wide;           /* grow: [T,M] and [T,W] of the last sound */
    size_t frames, wides;
} speech_ear;

/* Errors: EINVAL (bands), ENOMEM.  Free it in either case. */
rf_status speech_ear_init(speech_ear *e, const speech_ear_spec *spec, rf_error *err);
void speech_ear_free(speech_ear *e);

/* Frames of x [n], as they are: e->frame [T,M].  Returns T; -1: no memory. */
rf_index speech_ear_frames(speech_ear *e, const float *x, size_t n);
/* Normalise e->frame by the spec. */
void speech_ear_normalise(speech_ear *e, rf_index T);
/* Steps of frames x [T,M]: from step `first` on, `count` of them, into out, rows `stride` apart; beyond
 * the last frame it is repeated.  False: no memory. */
bool speech_ear_steps(speech_ear *e, const rf_real *x, rf_index T, rf_index first, rf_index count,
                      rf_real *out, rf_index stride);

#endif

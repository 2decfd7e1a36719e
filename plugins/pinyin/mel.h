/* pinyin/mel.h -- what a network hears: log-mel spectra, normalised, with their slopes, stacked. */
#ifndef PINYIN_MEL_H
#define PINYIN_MEL_H

#include "pitch.h"

/* ---- Fourier transform ------------------------------------------------------------------------------ */

/* X_k = sum_j x_j e^(-2 pi i j k / n) in place; n a power of 2 from 1 on.  wave [n/2,2]: cosines and
 * sines of 2 pi k / n, from speech_fft_wave. */
void speech_fft_wave(size_t n, float *wave);
void speech_fft(size_t n, const float *wave, float *re, float *im);

/* ---- Log-mel ---------------------------------------------------------------------------------------- */

typedef struct speech_mel_spec {
    int rate;        /* samples per second */
    int mels;        /* M, bands from `low` Hz to half the rate, evenly spaced in HTK's mel */
    double low;      /* Hz */
    double floor;    /* dB below full scale of white noise whose mean power is added; 0: none */
    bool pitch;      /* the numbers of pitch.h, too */
    double window;   /* ms: 25 is usual */
    double hop;      /* ms: 10 */
    double emphasis; /* x_t - emphasis x_(t-1): 0.97 */
} speech_mel_spec;

/* Each frame: mean taken off, emphasis, Hann window, power spectrum, triangles over mel
 * 2595 log10(1 + f / 700), natural logarithm of at least 1e-10.  Source: Young et al., The HTK Book,
 * section 5.6. */
typedef struct speech_mel speech_mel;

/* M: numbers of a frame. */
static inline rf_index speech_mel_numbers(const speech_mel_spec *s)
{
    return s->mels + (s->pitch ? SPEECH_PITCH : 0);
}
/* NULL with err: EINVAL (more bands than the spectrum has lines for), ENOMEM. */
speech_mel *speech_mel_new(const speech_mel_spec *spec, rf_error *err);
void speech_mel_free(speech_mel *m);
rf_index speech_mel_window(const speech_mel *m); /* in samples */
rf_index speech_mel_hop(const speech_mel *m);
/* Whole windows in n samples, and at least one of any. */
rf_index speech_mel_frames(const speech_mel *m, size_t n);
/* Frame t of x [n], what is beyond the end being zeros: out [M], bands and then the pitch. */
void speech_mel_frame(speech_mel *m, const float *x, size_t n, rf_index t, rf_real *out);

/* Is there more in a frame than silence, or a constant? */
bool speech_mel_sounds(const speech_mel *m, const rf_real *frame);

/* mel [M] -> the first n coefficients of its cosine transform, out [n]. */
void speech_mel_cepstrum(const rf_real *mel, rf_index M, rf_index n, rf_real *out);

/* ---- Normalisation ------------------------------------------------------------------------------------ */

/* How the mean and the deviation of each band are made 0 and 1.
 *   utterance  over all frames of a sound
 *   running    over the frames up to now, beginning with `prior` ones that are as the training's:
 *              the same whether a sound comes at once or in pieces
 *   training   over those of the training: nothing of the sound itself */
typedef enum speech_norm {
    SPEECH_NORM_NONE,
    SPEECH_NORM_UTTERANCE,
    SPEECH_NORM_RUNNING,
    SPEECH_NORM_TRAINING
} speech_norm;
#define SPEECH_NORM_PRIOR 100.0

/* Sums of frames [M]; start it with speech_sums_new.  mean and square are those of the training. */
typedef struct speech_sums {
    rf_index M;
    double n, *sum, *square; /* [M] each, one allocation */
} speech_sums;
bool speech_sums_new(speech_sums *s, rf_index M);
void speech_sums_free(speech_sums *s);
/* As if `prior` frames of that mean and deviation had been seen, or none. */
void speech_sums_begin(speech_sums *s, const rf_real *mean, const rf_real *deviation, double prior);
void speech_sums_add(speech_sums *s, const rf_real *x);
void speech_sums_apply(const speech_sums *s, rf_real *x);
/* Normalise frames x [T,M]. */
void speech_normalise(speech_norm how, speech_sums *s, const rf_real *mean,
                      const rf_real *deviation, rf_real *x, rf_index T);

/* ---- Slopes and stacks ---------------------------------------------------------------------------------- */

/* d_t = sum_(k = 1, 2) k (x_(t+k) - x_(t-k)) / 10 over x [T,M] with its ends repeated.  Frame t of them
 * needs frames up to t + SPEECH_SLOPE. */
enum { SPEECH_SLOPE = 2 };
void speech_slope(const rf_real *x, rf_index T, rf_index M, rf_index t, rf_real *out);
/* Steps of `stack` frames each, the last one filled up with copies of the last frame. */
rf_index speech_steps(rf_index frames, rf_index stack);

#endif

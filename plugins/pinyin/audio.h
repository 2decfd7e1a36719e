/* pinyin/audio.h -- sound for the speech front end: files and raw streams to one channel at one rate. */
#ifndef PINYIN_AUDIO_H
#define PINYIN_AUDIO_H

#include <refrain/io.h>

#define SPEECH_RATE_MOST 384000 /* of files, frames per second */

/* ---- Another rate ------------------------------------------------------------------------------- */

/* A windowed sinc, 16 zero crossings on each side under a Kaiser window, that cuts off at the lower of
 * the two rates' halves.  Fed in any pieces it gives the same numbers; samples before and after a
 * sound are zeros.  Source: Smith, "Digital audio resampling", CCRMA 2002. */
typedef struct speech_resampler speech_resampler;
/* `step` input samples for each output sample, from 1/64 to 64.  NULL: no memory. */
speech_resampler *speech_resampler_new(double step);
void speech_resampler_free(speech_resampler *r);
/* Begin another sound. */
void speech_resampler_reset(speech_resampler *r);
/* Begin another sound at another step.  False: no memory. */
bool speech_resampler_begin(speech_resampler *r, double step);
/* Feed n samples, `end` with the last of them; what comes out is valid until the next call.  Output k
 * stands at input k * step; there are ceil(n / step) of a sound of n.  NULL: no memory. */
const float *speech_resampler_feed(speech_resampler *r, const float *x, size_t n, bool end,
                                   size_t *count);

/* ---- Sound in memory ------------------------------------------------------------------------------ */

/* One channel.  Start it as {0}; free x. */
typedef struct speech_sound {
    float *x; /* within about -1 to 1 */
    size_t n, cap;
    int rate; /* samples per second */
} speech_sound;
void speech_sound_free(speech_sound *s);
bool speech_sound_add(speech_sound *s, const float *x, size_t n);

/* ---- Sources of sound ----------------------------------------------------------------------------- */

/* A sound that is read piece by piece: WAV, FLAC, OGG, MP3 and what else libsndfile knows, of any rate
 * and number of channels, which are averaged. */
typedef struct speech_source speech_source;
/* Open a file at `rate` samples per second (0: the file's own).  "-" is standard input.
 * NULL with err: EIO; EFORMAT (no sound, or none that is known); ENOMEM. */
speech_source *speech_source_open(const char *path, int rate, rf_error *err);
/* The same of bytes in memory, which are lent; `name` stands for them in messages. */
speech_source *speech_source_parse(const void *bytes, size_t n, const char *name, int rate,
                                   rf_error *err);
/* Samples without a header on standard input, as they come: 16 bits, little-endian, one channel. */
speech_source *speech_source_raw(int from_rate, int rate, rf_error *err);
void speech_source_free(speech_source *s);
int speech_source_rate(const speech_source *s);
/* How many samples there are in all, as the file says; 0: not known. */
double speech_source_length(const speech_source *s);
/* The next samples, valid until the next call: 1: some (maybe none yet), 0: no more, negative: a
 * status, EFORMAT (a sample that is no number) or ENOMEM. */
int speech_source_next(speech_source *s, const float **x, size_t *n, rf_error *err);

/* A whole file.  Errors: those of speech_source_open and _next; EFORMAT (more than `most` seconds). */
rf_status speech_sound_read(const char *path, int rate, double most, speech_sound *out,
                            rf_error *err);

#endif

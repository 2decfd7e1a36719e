/* music/meter.h -- listening by measurement: files of sound, read a piece at a time. */
#ifndef MUSIC_METER_H
#define MUSIC_METER_H

#include "sound.h"

#define MUSIC_CHANNELS_MOST 16

typedef struct music_meter music_meter;

/* For sound of so many frames a second and channels.  NULL: no memory. */
music_meter *music_meter_new(int rate, int channels);
void music_meter_free(music_meter *m);
/* Hear n frames more: x [n, channels].  Errors: ENOMEM. */
rf_status music_meter_hear(music_meter *m, const float *x, int64_t n, rf_error *err);

/* What was heard.  Levels are in dB of full scale, -INFINITY for silence. */
typedef struct music_hearing {
    int rate, channels;
    int64_t frames;
    double seconds;
    double peak, rms;
    double
        loudness; /* integrated, in LUFS; NAN: shorter than 0.4 s, or under 8000 frames a second */
    int64_t clipped; /* samples at or beyond full scale of 16 bits */
    double silence;  /* seconds of the longest stretch below -60 dB between first and last sound */
    double from, to; /* seconds: where sound begins and ends */
    double offset;   /* the largest mean of a channel: how far it is off zero */
} music_hearing;

/* Loudness: ITU-R BS.1770-4, all channels with weight 1: K-weighting, blocks of 0.4 s every 0.1 s,
 * gated at -70 LUFS and at 10 LU below what passes that. */
music_hearing music_meter_read(const music_meter *m);

/* Hear a whole file that libsndfile reads: WAV, FLAC, OGG and others.
 * Errors: EIO; EFORMAT (no sound; damaged; a sample that is no number); ENOMEM; what `watch` returns. */
rf_status music_audio_hear(const char *path, music_hearing *out, music_watch watch, rf_error *err);

#endif

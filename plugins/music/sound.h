/* music/sound.h -- sound as numbers: what the synthesisers make and files are written from. */
#ifndef MUSIC_SOUND_H
#define MUSIC_SOUND_H

#include <refrain/music.h>

#define MUSIC_SECONDS_MOST 3600.0 /* no longer piece is rendered */
#define MUSIC_TAIL         2.5    /* seconds that the last note has to die away */

/* Stereo.  Free `x` by music_sound_free. */
typedef struct music_sound {
    float *x; /* [frames,2], left and right */
    int64_t frames;
    int rate; /* frames per second */
} music_sound;

/* Told how far a synthesiser is; what is not RF_OK stops it. */
typedef struct music_watch {
    rf_status (*progress)(void *ctx, double done, double total);
    void *ctx;
} music_watch;

/* Tell it that frame `at` is reached, in seconds. */
rf_status music_watch_frames(music_watch watch, const music_sound *s, int64_t at);

/* Silence, long enough for the notes of a score and the tail.
 * Errors: EINVAL (no notes; longer than MUSIC_SECONDS_MOST), ENOMEM. */
rf_status music_sound_new(music_sound *out, const rf_score *s, int rate, rf_error *err);
void music_sound_free(music_sound *s);

/* The note's first frame. */
int64_t music_sound_frame(const music_sound *out, const rf_score *s, int64_t tick);

/* The built-in synthesiser: adds the score to the sound.  The same score and seed give the same numbers.
 * Errors: ENOMEM; what `watch` returns. */
rf_status music_synth_own(music_sound *out, const rf_score *s, uint64_t seed, music_watch watch,
                          rf_error *err);

/* Make the mean power of what is heard -18 dB of full scale, and limit to -1 dB without clipping; end
 * where nothing is heard any more.  Errors: ENOMEM; what `watch` returns. */
rf_status music_sound_finish(music_sound *s, music_watch watch, rf_error *err);

typedef struct music_measure {
    double seconds;
    double peak, power; /* dB of full scale; -INFINITY: silence */
    double silence; /* seconds of the longest stretch below -60 dB between first and last sound */
} music_measure;
music_measure music_sound_measure(const music_sound *s);

/* "wav", "flac" or "ogg": whether the name of a file ends so. */
bool music_audio_known(const char *path);
/* Write it in the format that the name says: 16 bits (WAV, FLAC) or Vorbis (OGG), atomically.
 * Errors: EINVAL (another ending), EIO, ENOMEM; what `watch` returns. */
rf_status music_audio_write(const music_sound *s, const char *title, const char *path,
                            music_watch watch, rf_error *err);

#endif

/* music/judge.h -- a model of songs, as an evaluation sees it. */
#ifndef MUSIC_JUDGE_H
#define MUSIC_JUDGE_H

#include "song_model.h"

/* What is told of a song, one after the other. */
typedef enum music_voice { MUSIC_MELODY, MUSIC_CHORDS, MUSIC_BEAT, MUSIC_VOICES } music_voice;

/* Nats that a song costs: of its melody by notes, its chords by half bars, its drums by steps; 0 of 0 what it
 * does not have or nobody can tell. */
typedef struct music_nats {
    double sum[MUSIC_VOICES];
    int64_t count[MUSIC_VOICES];
} music_nats;

typedef struct music_judge {
    const char *name;
    void *ctx;
    /* Add what a song costs.  Errors: ENOMEM. */
    rf_status (*nats)(void *ctx, const song *x, music_nats *to, rf_error *err);
    /* Song number i, with the metre, key and length of `like`.  NULL with err. */
    song *(*compose)(void *ctx, const song *like, uint64_t seed, int64_t i, rf_error *err);
} music_judge;
/* ---- The networks as a judge ------------------------------------------------------------------- */

/* Takes the model over.  NULL with err: ENOMEM. */
typedef struct music_networks music_networks;
music_networks *music_networks_new(song_model *m, int threads, double temperature, double top_p,
                                   rf_error *err);
void music_networks_free(music_networks *x);
music_judge music_networks_judge(music_networks *x);

#endif

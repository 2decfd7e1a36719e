/* music/song_set.h -- songs made ready to be learned: all in C, cut into windows, with drums. */
#ifndef MUSIC_SONG_SET_H
#define MUSIC_SONG_SET_H

#include "groove.h"
#include "song_model.h"

#define SONG_BARS_LEAST 4 /* shorter songs teach nothing of bars that recur */

/* Make a song ready: bars of rest at both ends go, of several in a row one stays; then all moves to C by the
 * shorter way, which is as if every song had been learned in every key.  False: too short. */
bool song_prepare(song *s);

/* Songs to learn from, or held out. */
typedef struct song_set {
    song **song; /* [n], borrowed */
    size_t n;
    song_view *view;     /* [n] */
    uint8_t *profiles;   /* of all songs */
    song_window *window; /* [windows] */
    int32_t *lengths;    /* [windows] steps of the melody */
    rf_index windows;
} song_set;

/* Windows of `bars` bars.  Errors: ENOMEM. */
rf_status song_set_make(song_set *x, song **songs, size_t n, const song_profiles *p, int bars,
                        rf_error *err);
void song_set_free(song_set *x);

/* ---- What is counted --------------------------------------------------------------------------- */

/* What was in each song before song_prepare. */
typedef struct song_origin {
    int tonic, lowest, highest;
} song_origin;
song_origin song_origin_of(const song *s);

/* Metres and sets of drums that occur, the most frequent first: M and V of the shape. */
typedef struct song_census {
    int metres, patterns;
    int metre[SONG_METRES_MOST][2];
    uint16_t pattern[SONG_PATTERNS_MOST];
} song_census;
void song_census_take(song_census *c, song *const *songs, size_t n);

/* Fill in the style of a model but its profiles; programs [3] below 0 are counted as well. */
void song_style_count(song_model *m, const song_census *c, song *const *songs,
                      const song_origin *origin, size_t n, const int *programs);

#endif

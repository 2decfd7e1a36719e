/* music/view.h -- what the networks see of a song: the inputs of each layer at each of its steps, and
 * what it is to tell there.
 *
 * The song is in C (its tonic is 0).  At step t a layer sees of its own voice what was before t only, so
 * that a song can be looked at while it is made.  Of the voices below it sees what is now and next:
 * chords see the melody, drums see melody and chords.
 *
 *     voice        of the step before, and 1, 2, 4, 8 bars ago: skip connections over bars
 *     matches      whether the step before was as 1, 2, 4, 8 bars ago
 *     place        step in the bar, length of the bar, bar of 8, bars to the end, scale
 *     melody       the profile of the two bars (see profile.h), and the pitch that sounds
 *
 * Source: Chu, Urtasun, Fidler, arXiv 1611.03477, section 3, with bars where it has time steps. */
#ifndef MUSIC_VIEW_H
#define MUSIC_VIEW_H

#include <refrain/tensor.h>

#include "song.h"

typedef enum song_layer {
    SONG_LAYER_MELODY,
    SONG_LAYER_CHORDS,
    SONG_LAYER_DRUMS,
    SONG_LAYERS
} song_layer;

#define SONG_PITCHES  (SONG_HIGHEST - SONG_LOWEST + 1)
#define SONG_ACTS     3
#define SONG_LAGS     4
#define SONG_PROFILES 10

/* In bars: 1, 2, 4, 8. */
int song_lag(int i);
/* "melody", "chords", "drums". */
const char *song_layer_name(int layer);

typedef struct song_view {
    const song *s;          /* in C */
    const uint8_t *profile; /* [(bars + 1) / 2] number of each two bars' profile */
} song_view;

/* Steps of a layer in a bar: the song's, and for chords 2. */
int song_layer_steps(const song *s, int layer);
/* How many numbers a layer sees, I. */
rf_index song_view_size(int layer);
/* Those at step t into x [I]. */
void song_view_fill(const song_view *v, int layer, int t, rf_real *x);
/* Whether a bar of the melody is the same as `lag` bars before, and is not all rest or held. */
bool song_bar_recurs(const song *s, int bar, int lag);

#endif

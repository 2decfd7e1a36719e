/* music/stats.h -- what songs are like in numbers, and how far two sets of songs are from each other. */
#ifndef MUSIC_STATS_H
#define MUSIC_STATS_H

#include "view.h"

#define MUSIC_INTERVALS 27 /* -12 .. 12 semitones, and more than that down and up, first and last */
#define MUSIC_LENGTHS   33 /* 1 .. 32 steps, and more */

/* The distributions that are kept. */
typedef enum music_what {
    MUSIC_INTERVAL, /* from note to note, in semitones */
    MUSIC_LENGTH,   /* of notes, in steps */
    MUSIC_DEGREE,   /* pitch classes above the tonic */
    MUSIC_ONSET,    /* where in its quarter note a note begins, in steps */
    MUSIC_ROOT,     /* roots of chords above the tonic */
    MUSIC_WHATS
} music_what;

/* Their names, and how many values they have. */
const char *music_what_name(music_what w);
int music_what_size(music_what w);

/* Sums over songs; start it as {0}. */
typedef struct music_stats {
    double hist[MUSIC_WHATS][MUSIC_LENGTHS]; /* counts */
    double songs, bars, notes;
    double in_scale;           /* notes */
    double sounding, in_chord; /* steps with melody and chord; of them, pitch in chord */
    double again[SONG_LAGS],
        pairs[SONG_LAGS]; /* bars as the one so many before; bars that have one */
} music_stats;

void music_stats_add(music_stats *s, const song *x);

/* Parts of a whole, NAN of none. */
double music_stats_in_scale(const music_stats *s);
double music_stats_in_chord(const music_stats *s);
double music_stats_notes_per_bar(const music_stats *s);
/* The share of bars with the same melody as the one song_lag(i) before; bars in which nothing is struck do not count. */
double music_stats_repetition(const music_stats *s, int i);
/* Means of absolute interval (semitones) and length (quarter notes). */
double music_stats_interval(const music_stats *s);
double music_stats_length(const music_stats *s);

/* Between two distributions of counts over n values: total variation, 0 to 1, and the divergence of Jensen
 * and Shannon in bits, 0 to 1.  NAN: one is empty.
 * Source: Lin, Divergence measures based on the Shannon entropy, IEEE Trans. Information Theory 37 (1), 1991. */
double music_variation(const double *a, const double *b, int n);
double music_divergence(const double *a, const double *b, int n);
/* The mean over the lags of how much repetition differs. */
double music_repetition_distance(const music_stats *a, const music_stats *b);

#endif

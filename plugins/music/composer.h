/* music/composer.h -- a song from a model: what is wished for in, a song out.
 *
 * What is always kept, whatever the network says: whole bars; notes on the grid, within the style's range
 * and at most two bars long, rests shorter than a bar; the scale, if one is wished for, else at most one note in six outside it; no leap beyond an octave; a chord
 * that has something in common with the melody; a dominant or subdominant before the last bar and the tonic, in melody and
 * harmony, in it.  How often bars recur after 1, 2, 4 and 8 bars is drawn as it was counted. */
#ifndef MUSIC_COMPOSER_H
#define MUSIC_COMPOSER_H

#include "song_model.h"

#define SONG_FORM_MOST 64

/* What is wished for. */
typedef struct song_wish {
    int bars;
    const char *form;         /* letters, or NULL: AABA in sections of 8 or 4 bars */
    int beats, unit;          /* 0: the style's */
    int tonic, scale;         /* -1: the style's */
    bool keep_scale;          /* the melody keeps to the scale */
    double qpm;               /* 0: the style's */
    const song_chord *chords; /* [chord_count] a half bar each, over and over; NULL: composed */
    int chord_count;
    const song *
        given; /* its melody comes first; with as many bars, it is all.  Its metre, and its key unless wished otherwise; or NULL */
    double temperature, top_p;
    uint64_t seed;
    int64_t number; /* song number: the same in every run */
} song_wish;

typedef struct song_composer song_composer;

/* NULL with err: ENOMEM. */
song_composer *song_composer_new(rf_device *d, const song_model *m, rf_error *err);
void song_composer_free(song_composer *c);
/* Compose.  NULL with err: EINVAL (a metre that the style does not have), ENOMEM. */
song *song_composer_make(song_composer *c, const song_wish *w, rf_error *err);

#endif

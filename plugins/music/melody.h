/* music/melody.h -- which track has the melody, and the melody as one voice. */
#ifndef MUSIC_MELODY_H
#define MUSIC_MELODY_H

#include "align.h"

/* The part of a track's notes during which no other sounds, but for overlaps of a step. */
double music_track_single(const rf_track *t);
/* The track with the melody: the one named so, else the highest of those that are mostly of single
 * notes and play often.  -1: no track has pitches. */
int music_melody_track(const rf_score *q);
/* Write its highest notes into the steps first .. first + n of q: a lower note does not begin under one
 * that is held, unless the track has single notes, where the next note ends the one before. */
void music_melody_write(const rf_track *t, int64_t first, int64_t n, song_note *out);
/* Bring pitches into the range of melodies by octaves: all by the same, then those still outside. */
void music_melody_fit(song_note *m, int64_t n);
/* Hold notes up to the next one, and the last up to the end of its bar of `bar` steps, where the rest between is but articulation: an eighth of the way to it at
 * most; or less than a quarter note, of notes that were played. */
void music_melody_join(song_note *m, int64_t n, int bar, bool played);

#endif

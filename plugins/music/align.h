/* music/align.h -- where the grid and the bars of a score are. */
#ifndef MUSIC_ALIGN_H
#define MUSIC_ALIGN_H

#include "song.h"

/* A score on the grid of songs, and its bars. */
typedef struct music_grid {
    rf_score *score;          /* its ticks are steps; owned */
    int32_t beats, unit, bar; /* metre, and steps a bar */
    int64_t first;            /* step of a bar line, before all notes: may be negative */
    int64_t end;              /* step where the metre ends */
    bool
        played; /* where notes end is on no grid: they were played, and are shorter than they are meant */
} music_grid;

/* Put a score on the grid.
 *
 * Notes of which most are off the sixteenths by the same bit are moved by that bit.  The metre is the one
 * that lasts longest.  Where a file has none, or bars of one beat, or is off the grid, it is found: beats are
 * where most notes begin, and bars, of four beats or three, where long and low ones do; and where `change`
 * [changes] says at which ticks chords change, there.  So it is too where chords change elsewhere than on
 * the file's bar lines.
 *
 * Errors: EINVAL (notes off any grid; a metre that the grid does not hold), ENOMEM. */
rf_status music_grid_find(music_grid *g, const rf_score *s, const int64_t *change, size_t changes,
                          rf_error *err);
void music_grid_free(music_grid *g);

#endif

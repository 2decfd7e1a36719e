/* music/groove.h -- drum patterns: what the drums layer learns from, where songs have no drums. */
#ifndef MUSIC_GROOVE_H
#define MUSIC_GROOVE_H

#include "song.h"

#define GROOVE_BARS 4 /* of each kind, at most */

typedef enum groove_feel { GROOVE_CALM, GROOVE_EVEN, GROOVE_BUSY } groove_feel;

typedef struct song_groove {
    char name[32];
    int beats, unit, bar; /* metre, and steps a bar */
    groove_feel feel;
    int bars, fills;
    uint16_t drums[2][GROOVE_BARS][SONG_BAR_MOST]; /* of bars, of fills */
} song_groove;

typedef struct song_grooves {
    song_groove *groove; /* [count] */
    int count, room;
} song_grooves;

/* Read a table as data/music/drums.txt has it.
 * Errors: EIO; EFORMAT, "drums.txt:12: 15 steps where a bar of 4/4 has 16"; ENOMEM. */
rf_status song_grooves_read(song_grooves *g, const char *path, rf_error *err);
rf_status song_grooves_parse(song_grooves *g, const char *text, size_t n, const char *name,
                             rf_error *err);
void song_grooves_free(song_grooves *g);

/* Give a song without drums a groove of its metre: one of those whose feel the melody's density asks for,
 * drawn by name and seed; fills end phrases of four and eight bars, a crash begins what follows, and the
 * last bar is one stroke.  False: there is none for the metre. */
bool song_groove_play(const song_grooves *g, song *s, uint64_t seed);

#endif

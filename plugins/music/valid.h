/* music/valid.h -- the rules that a composed song keeps, as a table, and a checker. */
#ifndef MUSIC_VALID_H
#define MUSIC_VALID_H

#include "song.h"

/* What a rule looks at: the score as it is in the file, and the song that it is. */
typedef struct music_piece {
    const rf_score *score;
    const song *song;
} music_piece;

typedef struct music_rule {
    const char *name, *says; /* "range", "every note can be played ..." */
    bool (*kept)(const music_piece *p);
} music_rule;

/* Rule i; NULL past the last.  There are at most 32. */
const music_rule *music_rule_at(int i);

/* The rules that a piece breaks: bit i is rule i.  0: it is valid. */
uint32_t music_rules_broken(const music_piece *p);
/* The same of a song, as it would be written.  Errors: ENOMEM. */
rf_status music_song_broken(const song *x, uint32_t *broken, rf_error *err);

#endif

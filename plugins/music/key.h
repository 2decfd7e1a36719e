/* music/key.h -- which key a piece is in. */
#ifndef MUSIC_KEY_H
#define MUSIC_KEY_H

#include <refrain/music.h>

typedef struct music_key {
    int tonic; /* pitch class, 0 is C */
    bool minor;
    double r; /* correlation with the key's profile, NAN if there are no notes */
} music_key;

/* The key whose profile fits best how long each pitch class sounds; drums do not count.
 * Source: Krumhansl, Cognitive foundations of musical pitch, 1990, chapter 4 (Krumhansl-Schmuckler). */
music_key music_key_find(const rf_score *s);
/* How well one key fits: the correlation, NAN if there are no notes. */
double music_key_fit(const rf_score *s, int tonic, bool minor);
/* Its signature, of the two that sound alike the one with fewer sharps or flats. */
int music_key_sharps(const music_key *k);

#endif

/* music/markov.h -- melodies as a Markov chain: what a network has to be better than.
 *
 * An event is a note or a rest with its length; pitch is counted from the tonic.  The chain of order K gives
 * the next event by the K before it, interpolated with all shorter contexts as Witten and Bell have it; the
 * shortest is that of no event at all, which is interpolated with pitch and length told apart.
 * Source: Witten, Bell, The zero-frequency problem, IEEE Trans. Information Theory 37 (4), 1991;
 * Chen, Goodman, An empirical study of smoothing techniques for language modeling, 1998, 2.5. */
#ifndef MUSIC_MARKOV_H
#define MUSIC_MARKOV_H

#include <refrain/base.h>

#include "song.h"

#define MUSIC_ORDER_MOST 8

typedef struct music_markov music_markov;

/* An empty chain.  NULL: no memory. */
music_markov *music_markov_new(int order);
void music_markov_free(music_markov *m);
/* Add a melody, and, after the last one, make the chain ready.  Errors: ENOMEM. */
rf_status music_markov_add(music_markov *m, const song *x, rf_error *err);
rf_status music_markov_settle(music_markov *m, rf_error *err);
/* Nats of a melody, of which `notes` are struck, its length being known. */
rf_status music_markov_nats(const music_markov *m, const song *x, double *nats, int64_t *notes,
                            rf_error *err);
/* Write another melody into a song, in place of the one it has; key and length are those of the song. */
void music_markov_sample(const music_markov *m, song *x, rf_key key);

#endif

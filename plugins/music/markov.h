/* music/markov.h -- melodies as a Markov chain: what a network has to be better than.
 *
 * An event is a note or a rest with its length; pitch is counted from the tonic.  The chain of order K gives
 * the next event by the K before it, interpolated with all shorter contexts as Witten and Bell have it:
 *
 *     p_k(e) = (c(e) + w_k * kinds * p_k-1(e)) / (c + w_k * kinds)
 *
 * where a context of k events was seen c times, before so many kinds of events.  Their w is 1; but tunes repeat
 * themselves, which makes contexts look surer than they are of another tune, so w_k is chosen on songs that
 * were not counted.  p_0 is interpolated with kind and length told apart.
 * Source: Witten, Bell, The zero-frequency problem, IEEE Trans. Information Theory 37 (4), 1991, method C;
 * Chen, Goodman, An empirical study of smoothing techniques for language modeling, 1998, 2.5. */
#ifndef MUSIC_MARKOV_H
#define MUSIC_MARKOV_H

#include <refrain/base.h>

#include "song.h"
#include "sound.h"

#define MUSIC_ORDER_MOST 8

typedef struct music_markov music_markov;

/* An empty chain.  NULL: no memory. */
music_markov *music_markov_new(int order);
void music_markov_free(music_markov *m);
/* First add melodies; then settle, which makes the chain ready; then, if weights are to be chosen, hold others
 * and tune, so that these cost least, from the shortest context to the longest.
 * Errors: ENOMEM; what `watch` returns. */
rf_status music_markov_add(music_markov *m, const song *x, rf_error *err);
rf_status music_markov_settle(music_markov *m, music_watch watch, rf_error *err);
rf_status music_markov_hold(music_markov *m, const song *x, rf_error *err);
void music_markov_tune(music_markov *m);
/* Nats of a melody, of which `notes` are struck, its length being known. */
rf_status music_markov_nats(const music_markov *m, const song *x, double *nats, int64_t *notes,
                            rf_error *err);
/* Write another melody into a song, in place of the one it has; key and length are those of the song. */
void music_markov_sample(const music_markov *m, song *x, rf_key key);

#endif

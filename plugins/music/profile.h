/* music/profile.h -- melody profiles: what a melody is like over two bars, as one of a few clusters.
 *
 * A profile says which part of two bars each pitch class sounds, which part is rest, how dense the notes
 * are and how high.  Ten clusters of them (k-means) stand for what a melody can be like; a song has a
 * chain of clusters, whose chances are learned, and the network hears which one it is in.
 *
 * Source: Chu, Urtasun, Fidler, arXiv 1611.03477, section 3.2, "melody profile". */
#ifndef MUSIC_PROFILE_H
#define MUSIC_PROFILE_H

#include "view.h"

#define PROFILE_SIZE 15

typedef struct song_profiles {
    rf_real *centre; /* [SONG_PROFILES, PROFILE_SIZE] */
    rf_real
        *follow; /* [SONG_PROFILES + 1, SONG_PROFILES]: chances after each, and at the beginning */
} song_profiles;

/* The profile of bars 2 k and 2 k + 1 of a song in C, into x [PROFILE_SIZE]. */
void song_profile_of(const song *s, int k, rf_real *x);
/* The cluster of each two bars, into out [(bars + 1) / 2]. */
void song_profiles_tell(const song_profiles *p, const song *s, uint8_t *out);
/* Learn centres and chances from songs in C.  Errors: ENOMEM. */
rf_status song_profiles_learn(song_profiles *p, song *const *songs, size_t n, uint64_t seed,
                              rf_error *err);
/* -ln of the chance of a chain of n clusters. */
double song_profiles_nats(const song_profiles *p, const uint8_t *chain, int n);

#endif

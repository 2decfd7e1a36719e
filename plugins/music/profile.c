/* music/profile.c -- see profile.h. */
#include "profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 30

void song_profile_of(const song *s, int k, rf_real *x)
{
    const int from = 2 * k * s->bar,
              to = from + 2 * s->bar < song_steps(s) ? from + 2 * s->bar : song_steps(s);
    const rf_real share = 1 / (rf_real)(to - from);
    rf_real high = 0, sounds = 0;
    memset(x, 0, PROFILE_SIZE * sizeof *x);
    for (int t = from; t < to; t++) {
        const song_note n = s->melody[t];
        if (n.act == SONG_REST) {
            x[12] += share;
            continue;
        }
        x[n.pitch % 12] += share;
        x[13] += n.act == SONG_PRESS ? 2 * share : 0;
        high += (rf_real)(n.pitch - 60) / 12;
        sounds += 1;
    }
    if (sounds > 0) x[14] = high / sounds;
}

static rf_real apart(const rf_real *a, const rf_real *b)
{
    rf_real sum = 0;
    for (int i = 0; i < PROFILE_SIZE; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

static int nearest(const rf_real *centre, int n, const rf_real *x, rf_real *distance)
{
    int best = 0;
    *distance = apart(centre, x);
    for (int i = 1; i < n; i++) {
        const rf_real d = apart(centre + i * PROFILE_SIZE, x);
        if (d >= *distance) continue;
        *distance = d;
        best = i;
    }
    return best;
}

void song_profiles_tell(const song_profiles *p, const song *s, uint8_t *out)
{
    rf_real x[PROFILE_SIZE], d;
    for (int k = 0; k < (s->bars + 1) / 2; k++) {
        song_profile_of(s, k, x);
        out[k] = (uint8_t)nearest(p->centre, SONG_PROFILES, x, &d);
    }
}

/* ---- k-means ----------------------------------------------------------------------------------- */

/* The first centres, far from one another by chance.  Source: Arthur, Vassilvitskii, SODA 2007 (k-means++). */
static void begin(rf_real *centre, const rf_real *x, rf_index n, uint64_t seed)
{
    const rf_key key = rf_key_make(seed, "profiles", 0);
    for (int c = 0; c < SONG_PROFILES; c++) {
        double total = 0;
        rf_index chosen = 0;
        rf_real d = 1;
        for (rf_index i = 0; i < n; i++) {
            if (c) nearest(centre, c, x + i * PROFILE_SIZE, &d);
            total += (double)d;
            /* Each is kept with its share of what was seen so far. */
            if (total > 0 && rf_uniform(key, (uint64_t)(c * n + i)) * total < (double)d) chosen = i;
        }
        memcpy(centre + c * PROFILE_SIZE, x + chosen * PROFILE_SIZE, PROFILE_SIZE * sizeof *x);
    }
}

/* One round: centres become the means of what is nearest to them; one without any stays. */
static void improve(rf_real *centre, const rf_real *x, rf_index n)
{
    double sum[SONG_PROFILES][PROFILE_SIZE] = {{0}}, count[SONG_PROFILES] = {0};
    rf_real d;
    for (rf_index i = 0; i < n; i++) {
        const int c = nearest(centre, SONG_PROFILES, x + i * PROFILE_SIZE, &d);
        count[c] += 1;
        for (int k = 0; k < PROFILE_SIZE; k++) sum[c][k] += (double)x[i * PROFILE_SIZE + k];
    }
    for (int c = 0; c < SONG_PROFILES; c++)
        for (int k = 0; k < PROFILE_SIZE && count[c] > 0; k++)
            centre[c * PROFILE_SIZE + k] = (rf_real)(sum[c][k] / count[c]);
}

/* Chances, each as if it had been seen half a time more. */
static void count_chains(song_profiles *p, song *const *songs, size_t n, uint8_t *chain)
{
    for (int i = 0; i < (SONG_PROFILES + 1) * SONG_PROFILES; i++) p->follow[i] = (rf_real)0.5;
    for (size_t i = 0; i < n; i++) {
        int last = SONG_PROFILES;
        song_profiles_tell(p, songs[i], chain);
        for (int k = 0; k < (songs[i]->bars + 1) / 2; k++) {
            p->follow[last * SONG_PROFILES + chain[k]] += 1;
            last = chain[k];
        }
    }
    for (int i = 0; i <= SONG_PROFILES; i++) {
        rf_real *row = p->follow + i * SONG_PROFILES, sum = 0;
        for (int k = 0; k < SONG_PROFILES; k++) sum += row[k];
        for (int k = 0; k < SONG_PROFILES; k++) row[k] /= sum;
    }
}

rf_status song_profiles_learn(song_profiles *p, song *const *songs, size_t n, uint64_t seed,
                              rf_error *err)
{
    rf_index count = 0, at = 0;
    for (size_t i = 0; i < n; i++) count += (songs[i]->bars + 1) / 2;
    rf_real *x = calloc((size_t)count * PROFILE_SIZE + 1, sizeof *x);
    uint8_t *chain = malloc(SONG_BARS_MOST);
    if (x && chain) {
        for (size_t i = 0; i < n; i++)
            for (int k = 0; k < (songs[i]->bars + 1) / 2; k++, at++)
                song_profile_of(songs[i], k, x + at * PROFILE_SIZE);
        begin(p->centre, x, count, seed);
        for (int r = 0; r < ROUNDS; r++) improve(p->centre, x, count);
        count_chains(p, songs, n, chain);
    }
    const bool done = x && chain;
    free(x);
    free(chain);
    return done ? RF_OK : rf_no_memory(err);
}

double song_profiles_nats(const song_profiles *p, const uint8_t *chain, int n)
{
    double nats = 0;
    int last = SONG_PROFILES;
    for (int k = 0; k < n; k++) {
        nats -= log((double)p->follow[last * SONG_PROFILES + chain[k]]);
        last = chain[k];
    }
    return nats;
}

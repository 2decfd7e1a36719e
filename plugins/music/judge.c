/* music/judge.c -- the networks as a judge of songs. */
#include <stdlib.h>

#include "composer.h"
#include "judge.h"

struct music_networks {
    song_model *m;
    rf_device *d;
    rf_graph *g;
    song_composer *c;
    double temperature, top_p;
};

music_networks *music_networks_new(song_model *m, int threads, double temperature, double top_p,
                                   rf_error *err)
{
    music_networks *x = calloc(1, sizeof *x);
    if (!x) {
        song_model_free(m);
        rf_no_memory(err);
        return NULL;
    }
    *x = (music_networks){.m = m, .temperature = temperature, .top_p = top_p};
    x->d = rf_device_new(threads, err);
    x->g = x->d ? rf_graph_new(x->d) : NULL;
    x->c = x->g ? song_composer_new(x->d, m, err) : NULL;
    if (x->c) return x;
    if (x->d && !x->g) rf_no_memory(err);
    music_networks_free(x);
    return NULL;
}

void music_networks_free(music_networks *x)
{
    if (!x) return;
    song_composer_free(x->c);
    rf_graph_free(x->g);
    rf_device_free(x->d);
    song_model_free(x->m);
    free(x);
}

/* The chain of profiles is made from the melody, which hears it: so it is paid for with the melody. */
static rf_status cost(void *ctx, const song *s, music_nats *to, rf_error *err)
{
    music_networks *x = ctx;
    const song_profiles p = song_model_profiles(x->m);
    uint8_t *profile = calloc((size_t)(s->bars + 1) / 2 + 1, 1);
    if (!profile) return rf_no_memory(err);
    double nats[SONG_NATS], profiles;
    rf_index count[SONG_NATS];
    song_profiles_tell(&p, s, profile);
    const song_view v = {s, profile};
    rf_status st = song_model_nats(x->g, x->m, &v, nats, count, &profiles, err);
    free(profile);
    if (st) return st;
    to->sum[MUSIC_MELODY] += nats[SONG_NATS_ACT] + nats[SONG_NATS_PITCH] + profiles;
    to->count[MUSIC_MELODY] += count[SONG_NATS_PITCH];
    to->sum[MUSIC_CHORDS] += nats[SONG_NATS_CHORD];
    to->count[MUSIC_CHORDS] += count[SONG_NATS_CHORD];
    to->sum[MUSIC_BEAT] += nats[SONG_NATS_DRUMS];
    to->count[MUSIC_BEAT] += count[SONG_NATS_DRUMS];
    return RF_OK;
}

/* In the metre of `like`, or one of the style's, where it does not have that. */
static song *compose(void *ctx, const song *like, uint64_t seed, int64_t i, rf_error *err)
{
    music_networks *x = ctx;
    rf_error metre = {0};
    song_wish w = {.bars = like->bars,
                   .beats = like->beats,
                   .unit = like->unit,
                   .tonic = -1,
                   .scale = -1,
                   .temperature = x->temperature,
                   .top_p = x->top_p,
                   .seed = seed,
                   .number = i};
    song *s = song_composer_make(x->c, &w, &metre);
    if (s) return s;
    if (metre.status != RF_EINVAL) {
        rf_fail(err, metre.status, "%s", metre.text);
        return NULL;
    }
    w.beats = w.unit = 0;
    return song_composer_make(x->c, &w, err);
}

music_judge music_networks_judge(music_networks *x)
{
    return (music_judge){"model", x, cost, compose};
}

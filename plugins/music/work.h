/* music/work.h -- a song in the making: what the parts of the composer share. */
#ifndef MUSIC_WORK_H
#define MUSIC_WORK_H

#include <refrain/decode.h>

#include "composer.h"

/* Heads of the networks; SONG_NATS_ACT .. _DRUMS number them. */
struct song_composer {
    const song_model *m;
    rf_stepper *step[SONG_LAYERS];
    rf_sampler *sampler[SONG_NATS];
    rf_real *x;      /* what a layer sees */
    rf_real *scores; /* of a head */
    uint8_t *forbid; /* [classes] of the head that is asked next */
    void *saved;     /* a state of the melody's layers */
};

typedef struct song_work {
    song_composer *c;
    const song_wish *w;
    song *s; /* in C */
    song_view view;
    uint8_t *profile;
    int given;           /* bars of the melody that are there before */
    int *source;         /* [bars] the bar of which one is a variation, or -1 */
    int *lag;            /* [bars] how many bars before the same one is; 0: it is new */
    int lowest, highest; /* of pitches, in C */
    int shift;           /* semitones from C to the key, -5 .. 6 */
    rf_key key;
    uint64_t draws;
} song_work;

/* The next random number. */
double song_work_draw(song_work *k);
/* An index of n weights by chance; -1: all are 0. */
int song_work_choose(song_work *k, const rf_real *weight, int n, int stride);
/* Feed a layer what it sees at step t. */
const rf_real *song_work_step(song_work *k, int layer, int t);
/* Scores of a head, in c->scores, for what the layer told; nothing is forbidden yet. */
rf_real *song_work_scores(song_work *k, int head, const rf_real *h);
/* A class by these scores and c->forbid, or `otherwise` where nothing is left; cooler than wished by a
 * factor, among the likeliest that have probability top_p together (1: all). */
int song_work_pick(song_work *k, int head, double cooler, double top_p, int otherwise);
/* Classes of a head. */
int song_head_classes(const song_model *m, int head);

void song_work_melody(song_work *k);
void song_work_chords(song_work *k);
void song_work_drums(song_work *k);

#endif

/* music/synth.c -- the built-in synthesiser: every note of every track, panned, in a small room. */
#include <math.h>
#include <stdlib.h>

#include "sound.h"
#include "voice.h"

#define BLOCK 1024 /* frames */
#define WET   0.16 /* of the room */

/* From left to right, as players sit; the first track in the middle. */
static const double seats[] = {0, -0.35, 0.35, -0.6, 0.6, -0.2, 0.2};
#define SEATS (sizeof seats / sizeof *seats)

typedef struct player {
    music_sound *out;
    const rf_score *s;
    uint64_t seed;
    music_watch watch;
    double done, total; /* notes */
} player;

/* Add mono frames at a place; what is beyond the end is lost. */
static void place(music_sound *out, int64_t at, const double *x, int n, double pan)
{
    const double angle = (pan + 1) * 0.7853981633974483; /* equal power */
    const double left = cos(angle), right = sin(angle);
    for (int i = 0; i < n && at + i < out->frames; i++) {
        out->x[2 * (at + i)] += (float)(left * x[i]);
        out->x[2 * (at + i) + 1] += (float)(right * x[i]);
    }
}

static rf_status play_tone(player *p, size_t track, size_t k, rf_error *err)
{
    const rf_track *t = &p->s->track[track];
    const rf_tone *tone = &t->tone[k];
    const bool drum = t->channel == RF_DRUMS;
    const int64_t from = music_sound_frame(p->out, p->s, tone->on);
    const int64_t to = music_sound_frame(p->out, p->s, tone->on + tone->len);
    double block[BLOCK];
    uint32_t noise[4];
    voice v;
    rf_random(rf_key_make(p->seed, "sound", track), k, noise);
    if (!voice_begin(&v, t->program, drum, tone, to - from, p->out->rate, noise[0]))
        return rf_fail(err, RF_ENOMEM, "no memory for a note");
    const double pan = drum ? v.drum->pan : seats[track % SEATS];
    rf_status st = RF_OK;
    for (int64_t at = from; at < p->out->frames && !st && voice_next(&v, block, BLOCK);
         at += BLOCK) {
        place(p->out, at, block, BLOCK, pan);
        if (at / BLOCK % 64 == 0) st = p->watch.progress(p->watch.ctx, p->done, p->total);
    }
    voice_end(&v);
    p->done++;
    return st ? st : p->watch.progress(p->watch.ctx, p->done, p->total);
}

/* ---- The room ---------------------------------------------------------------------------------- */

#define COMBS 4
#define LINES (COMBS + 2)

/* A line of delay, in frames at 44.1 kHz; those of the right ear are longer. */
static const struct {
    int frames;
    double back;
} lines[LINES] = {{1557, 0.78}, {1617, 0.77}, {1491, 0.79}, {1422, 0.80}, {225, 0.5}, {556, 0.5}};
#define EAR 23 /* frames */

typedef struct delay {
    float *x;
    int64_t n, at;
    double low;
} delay;

/* One frame through the combs side by side, then the all-passes one after the other (Schroeder 1962). */
static double echo(delay *d, double x)
{
    double y = 0;
    for (int k = 0; k < COMBS; k++) {
        float *here = &d[k].x[d[k].at];
        y += *here / COMBS;
        d[k].low += 0.7 * (*here - d[k].low); /* walls are dull */
        *here = (float)(x + lines[k].back * d[k].low);
        d[k].at = (d[k].at + 1) % d[k].n;
    }
    for (int k = COMBS; k < LINES; k++) {
        float *here = &d[k].x[d[k].at];
        const double old = *here;
        *here = (float)(y + lines[k].back * old);
        y = old - lines[k].back * *here;
        d[k].at = (d[k].at + 1) % d[k].n;
    }
    return y;
}

static rf_status add_room(const player *p, int ear, rf_error *err)
{
    music_sound *s = p->out;
    delay d[LINES] = {0};
    rf_status st = RF_OK;
    for (int k = 0; k < LINES && !st; k++) {
        d[k].n = (int64_t)(lines[k].frames + ear * EAR) * s->rate / 44100 + 1;
        d[k].x = calloc((size_t)d[k].n, sizeof *d[k].x);
        if (!d[k].x) st = rf_fail(err, RF_ENOMEM, "no memory for the room");
    }
    for (int64_t i = 0; !st && i < s->frames; i++) {
        float *x = &s->x[2 * i + ear];
        *x += (float)(WET * echo(d, *x));
        if (i % (BLOCK * 64) == 0) st = p->watch.progress(p->watch.ctx, p->done, p->total);
    }
    for (int k = 0; k < LINES; k++) free(d[k].x);
    return st;
}

rf_status music_synth_own(music_sound *out, const rf_score *s, uint64_t seed, music_watch watch,
                          rf_error *err)
{
    player p = {out, s, seed, watch, 0, (double)rf_score_count(s)};
    rf_status st = RF_OK;
    for (size_t i = 0; i < s->tracks; i++)
        for (size_t k = 0; k < s->track[i].count && !st; k++) st = play_tone(&p, i, k, err);
    for (int ear = 0; ear < 2 && !st; ear++) st = add_room(&p, ear, err);
    return st;
}

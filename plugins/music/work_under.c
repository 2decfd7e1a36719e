/* music/work_under.c -- chords under a melody, and drums under both. */
#include "work.h"

/* Nats that make a chord likelier which stood there when the bar was heard before. */
#define SAME_CHORD  2.0
/* Chords and drums are chosen more soberly than melodies. */
#define COOL_CHORDS 0.8
#define COOL_DRUMS  0.6

enum { KICK = 1 << 0, CRASH = 1 << 7 };
/* Roots that lead home: II, IV, V, VII of major and of minor. */
enum { LEADING = 1 << 2 | 1 << 5 | 1 << 7 | 1 << 10 | 1 << 11 };

/* ---- Chords ------------------------------------------------------------------------------------ */

/* Pitch classes that the melody sounds for a quarter of half bar i or more. */
static uint16_t heard(const song *s, int i)
{
    int steps[12] = {0};
    unsigned notes = 0;
    for (int t = i * s->bar / 2; t < (i + 1) * s->bar / 2; t++)
        if (s->melody[t].act != SONG_REST) steps[s->melody[t].pitch % 12]++;
    for (int p = 0; p < 12; p++) notes |= 8 * steps[p] >= s->bar ? 1u << p : 0;
    return (uint16_t)notes;
}

static song_chord tonic_chord(const song *s)
{
    return (song_chord){0, song_scale_at(s->scale)->minor ? 1 : 0};
}

/* The chord that is to stand in half bar i whatever the network says. */
static bool fixed_chord(const song_work *k, int i, song_chord *out)
{
    const song_wish *w = k->w;
    const song *s = k->s;
    const bool composed = k->given < s->bars, last = i >= 2 * (s->bars - 1);
    const song_chord tonic = tonic_chord(s);
    const uint16_t sung = heard(s, i);
    if (last && (composed || !sung || sung & song_chord_notes(tonic))) {
        *out = tonic;
        return true;
    }
    if (!w->chords) return false;
    *out = w->chords[i % w->chord_count];
    if (out->root >= 0) out->root = (int8_t)(((out->root - k->shift) % 12 + 12) % 12);
    return true;
}

/* Chords that have nothing in common with the melody, and before the end those that do not lead there. */
static void forbid_chords(song_work *k, int i, bool lead)
{
    const uint16_t sung = heard(k->s, i);
    k->c->forbid[0] = 1;
    for (int n = 1; n < SONG_CHORDS; n++) {
        const song_chord c = song_chord_at(n);
        const bool fits = !sung || (sung & song_chord_notes(c));
        k->c->forbid[n] = !fits || (lead && !(LEADING >> c.root & 1));
    }
}

static bool none_left(const song_work *k)
{
    for (int n = 1; n < SONG_CHORDS; n++)
        if (!k->c->forbid[n]) return false;
    return true;
}

static song_chord choose_chord(song_work *k, int i, const rf_real *h)
{
    const int bar = i / 2, lag = k->lag[bar], source = lag ? bar - lag : k->source[bar];
    const bool lead = i == 2 * (k->s->bars - 1) - 1;
    rf_real *scores = song_work_scores(k, SONG_NATS_CHORD, h);
    forbid_chords(k, i, lead);
    if (none_left(k)) forbid_chords(k, i, false);
    if (source >= 0)
        scores[song_chord_number(k->s->chord[i - 2 * (bar - source)])] += (rf_real)SAME_CHORD;
    const int tonic = song_chord_number(tonic_chord(k->s));
    return song_chord_at(song_work_pick(k, SONG_NATS_CHORD, COOL_CHORDS, k->w->top_p, tonic));
}

void song_work_chords(song_work *k)
{
    rf_stepper_reset(k->c->step[SONG_LAYER_CHORDS], 1);
    for (int i = 0; i < 2 * k->s->bars; i++) {
        const rf_real *h = song_work_step(k, SONG_LAYER_CHORDS, i);
        if (!fixed_chord(k, i, &k->s->chord[i])) k->s->chord[i] = choose_chord(k, i, h);
    }
    k->s->has_chords = true;
}

/* ---- Drums ------------------------------------------------------------------------------------- */

void song_work_drums(song_work *k)
{
    song *s = k->s;
    const int last = (s->bars - 1) * s->bar;
    rf_stepper_reset(k->c->step[SONG_LAYER_DRUMS], 1);
    for (int t = 0; t < last; t++) {
        const rf_real *h = song_work_step(k, SONG_LAYER_DRUMS, t);
        song_work_scores(k, SONG_NATS_DRUMS, h);
        s->drums[t] = song_model_pattern(
            k->c->m, song_work_pick(k, SONG_NATS_DRUMS, COOL_DRUMS, k->w->top_p, 0));
    }
    s->drums[last] = KICK | CRASH;
    s->has_drums = true;
}

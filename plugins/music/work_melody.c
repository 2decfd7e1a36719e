/* music/work_melody.c -- the melody of a song, bar by bar: copied, varied, new, and its end. */
#include <math.h>
#include <stdlib.h>

#include "work.h"

#define STRAY 6 /* at most one note in six is outside the scale */
#define TRIES 6 /* at a bar that is to be unlike those before */

/* Of rhythm, rare strokes are most of what there is: only the rarest are cut off. */
#define RARE_ACTS 0.25

/* Nats that make what a variation varies likelier. */
#define SAME_ACT   2.0
#define SAME_PITCH 1.2
/* And chord tones, where the harmony is given: where half bars begin, and on other beats. */
#define CHORD_TONE 2.5
#define BEAT_TONE  1.0

/* ---- One step ---------------------------------------------------------------------------------- */

static int since(const song *s, int t, bool rest)
{
    int n = 0;
    while (t - n > 0 && (s->melody[t - n - 1].act == SONG_REST) == rest) {
        n++;
        if (!rest && s->melody[t - n].act == SONG_PRESS) break;
    }
    return n;
}

static int choose_act(song_work *k, int t, int source, const rf_real *h)
{
    const song *s = k->s;
    rf_real *scores = song_work_scores(k, SONG_NATS_ACT, h);
    const bool sounds = t > 0 && s->melody[t - 1].act != SONG_REST;
    k->c->forbid[SONG_HOLD] = !sounds || since(s, t, false) >= 2 * s->bar;
    k->c->forbid[SONG_REST] = since(s, t, true) >= s->bar - 1;
    if (source >= 0) scores[s->melody[source].act] += (rf_real)SAME_ACT;
    return song_work_pick(k, SONG_NATS_ACT, 1, 1 - RARE_ACTS * (1 - k->w->top_p), SONG_PRESS);
}

/* The last pitch before step t, or one in the middle. */
static int last_pitch(const song_work *k, int t)
{
    while (t > 0 && k->s->melody[t - 1].act == SONG_REST) t--;
    return t ? k->s->melody[t - 1].pitch : (k->lowest + k->highest) / 2;
}

static uint16_t given_chord(const song_work *k, int t)
{
    const song_wish *w = k->w;
    if (!w->chords) return 0;
    song_chord c = w->chords[t / (k->s->bar / 2) % w->chord_count];
    if (c.root >= 0) c.root = (int8_t)(((c.root - k->shift) % 12 + 12) % 12);
    return song_chord_notes(c);
}

/* Whether of the notes struck from step `from` until `to` at most one in STRAY is outside the scale, one
 * more of `more` counted too. */
static bool strays_little(const song_work *k, int from, int to, int more)
{
    const uint16_t scale = song_scale_at(k->s->scale)->notes;
    int struck = more, strays = more;
    for (int t = from; t < to; t++) {
        const song_note n = k->s->melody[t];
        struck += n.act == SONG_PRESS;
        strays += n.act == SONG_PRESS && !(scale >> (n.pitch % 12) & 1);
    }
    return strays * STRAY <= struck;
}

static int choose_pitch(song_work *k, int t, int source, const rf_real *h)
{
    const song *s = k->s;
    const int last = last_pitch(k, t), half = s->bar / 2;
    const uint16_t scale = song_scale_at(s->scale)->notes, chord = given_chord(k, t);
    const double bonus = t % half == 0 ? CHORD_TONE : t % SONG_QUARTER == 0 ? BEAT_TONE : 0;
    const bool stray = !k->w->keep_scale && strays_little(k, k->given * s->bar, t, 1);
    rf_real *scores = song_work_scores(k, SONG_NATS_PITCH, h);
    for (int i = 0; i < SONG_PITCHES; i++) {
        const int pitch = SONG_LOWEST + i;
        const bool in_scale = stray || (scale >> (pitch % 12) & 1);
        k->c->forbid[i] =
            pitch < k->lowest || pitch > k->highest || abs(pitch - last) > 12 || !in_scale;
        if (chord >> (pitch % 12) & 1) scores[i] += (rf_real)bonus;
    }
    if (source >= 0 && s->melody[source].act == SONG_PRESS)
        scores[s->melody[source].pitch - SONG_LOWEST] += (rf_real)SAME_PITCH;
    const int otherwise = (last < k->lowest    ? k->lowest
                           : last > k->highest ? k->highest
                                               : last) -
                          SONG_LOWEST;
    return SONG_LOWEST + song_work_pick(k, SONG_NATS_PITCH, 1, k->w->top_p, otherwise);
}

static song_note choose_note(song_work *k, int t, int source, const rf_real *h)
{
    const int act = choose_act(k, t, source, h);
    if (act == SONG_REST) return (song_note){0};
    if (act == SONG_HOLD) return (song_note){SONG_HOLD, k->s->melody[t - 1].pitch};
    return (song_note){SONG_PRESS, (uint8_t)choose_pitch(k, t, source, h)};
}

/* ---- Bars -------------------------------------------------------------------------------------- */

/* The same note again, unless what it would hold is not there. */
static song_note copied(const song *s, int t, int from)
{
    song_note n = s->melody[from];
    const song_note before = t ? s->melody[t - 1] : (song_note){0};
    if (n.act == SONG_HOLD && (before.act == SONG_REST || before.pitch != n.pitch))
        n.act = SONG_PRESS;
    return n;
}

/* The tonic nearest to what was sung last. */
static int nearest_tonic(const song_work *k, int t)
{
    const int last = last_pitch(k, t);
    int best = -1;
    for (int p = (k->lowest + 11) / 12 * 12; p <= k->highest; p += 12)
        if (best < 0 || abs(p - last) < abs(best - last)) best = p;
    return best < 0 ? 60 : best;
}

static void hear_bar(song_work *k, int bar)
{
    for (int t = bar * k->s->bar; t < (bar + 1) * k->s->bar; t++)
        song_work_step(k, SONG_LAYER_MELODY, t);
}

static void copy_bar(song_work *k, int bar, int lag)
{
    const int from = bar * k->s->bar;
    for (int t = from; t < from + k->s->bar; t++) {
        song_work_step(k, SONG_LAYER_MELODY, t);
        k->s->melody[t] = copied(k->s, t, t - lag * k->s->bar);
    }
}

static void write_bar(song_work *k, int bar, int source)
{
    const int from = bar * k->s->bar, back = (bar - source) * k->s->bar;
    for (int t = from; t < from + k->s->bar; t++) {
        const rf_real *h = song_work_step(k, SONG_LAYER_MELODY, t);
        k->s->melody[t] = choose_note(k, t, source < 0 ? -1 : t - back, h);
    }
}

static bool recurs(const song *s, int bar)
{
    for (int i = 0; i < SONG_LAGS; i++)
        if (bar >= song_lag(i) && song_bar_recurs(s, bar, song_lag(i))) return true;
    return false;
}

/* A bar unlike those 1, 2, 4 and 8 before, as far as a few tries lead there. */
static void new_bar(song_work *k, int bar)
{
    rf_stepper *step = k->c->step[SONG_LAYER_MELODY];
    rf_stepper_get_state(step, k->c->saved);
    for (int i = 0; i < TRIES; i++) {
        if (i) rf_stepper_set_state(step, k->c->saved);
        write_bar(k, bar, i < TRIES / 2 ? k->source[bar] : -1);
        if (!recurs(k->s, bar)) break;
    }
}

static void last_bar(song_work *k, int bar)
{
    const int from = bar * k->s->bar, pitch = nearest_tonic(k, from);
    for (int t = from; t < from + k->s->bar; t++)
        k->s->melody[t] = (song_note){t == from ? SONG_PRESS : SONG_HOLD, (uint8_t)pitch};
}

/* Whether the bar that begins at step `from` may follow what stands before step t. */
static bool no_leap(const song_work *k, int t, int from)
{
    int first = from;
    while (first + 1 < from + k->s->bar && k->s->melody[first].act == SONG_REST) first++;
    const song_note to = k->s->melody[first];
    return !t || to.act == SONG_REST || abs(to.pitch - last_pitch(k, t)) <= 12;
}

/* How many bars before a bar is to recur, drawn as it was counted; 0: it is new, as is what strays much, or
 * would come with a leap. */
static int draw_lag(song_work *k, int bar)
{
    const rf_real *row = k->c->m->style.repeat->value.data + song_place(bar) * (1 + SONG_LAGS);
    const int kind = song_work_choose(k, row, 1 + SONG_LAGS, 1);
    const int lag = kind > 0 ? song_lag(kind - 1) : 0, from = (bar - lag) * k->s->bar;
    const bool fits = lag && lag <= bar && strays_little(k, from, from + k->s->bar, 0);
    return fits && no_leap(k, bar * k->s->bar, from) ? lag : 0;
}

void song_work_melody(song_work *k)
{
    const int last = k->s->bars - 1;
    rf_stepper_reset(k->c->step[SONG_LAYER_MELODY], 1);
    for (int bar = 0; bar <= last; bar++) {
        if (bar < k->given) {
            hear_bar(k, bar);
            continue;
        }
        k->lag[bar] = bar == last ? 0 : draw_lag(k, bar);
        if (bar == last)
            last_bar(k, bar);
        else if (k->lag[bar])
            copy_bar(k, bar, k->lag[bar]);
        else
            new_bar(k, bar);
    }
}

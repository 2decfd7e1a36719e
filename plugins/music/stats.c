/* music/stats.c -- what songs are like in numbers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"

static const struct {
    const char *name;
    int size;
} whats[MUSIC_WHATS] = {[MUSIC_INTERVAL] = {"interval", MUSIC_INTERVALS},
                        [MUSIC_LENGTH] = {"length", MUSIC_LENGTHS},
                        [MUSIC_DEGREE] = {"degree", 12},
                        [MUSIC_ONSET] = {"onset", SONG_QUARTER},
                        [MUSIC_ROOT] = {"root", 12}};

const char *music_what_name(music_what w) { return whats[w].name; }

int music_what_size(music_what w) { return whats[w].size; }

/* ---- Counting ---------------------------------------------------------------------------------- */

static int held(const song *x, int i)
{
    int n = 1;
    while (i + n < song_steps(x) && x->melody[i + n].act == SONG_HOLD) n++;
    return n;
}

static int within(int i, int n) { return i < 0 ? 0 : i >= n ? n - 1 : i; }

static void add_note(music_stats *s, const song *x, int i, int before)
{
    const int pitch = x->melody[i].pitch, degree = (pitch - x->tonic + 120) % 12;
    s->notes++;
    s->in_scale += song_scale_at(x->scale)->notes >> degree & 1;
    s->hist[MUSIC_DEGREE][degree]++;
    s->hist[MUSIC_LENGTH][within(held(x, i) - 1, MUSIC_LENGTHS)]++;
    s->hist[MUSIC_ONSET][i % x->bar % SONG_QUARTER]++;
    if (before >= 0)
        s->hist[MUSIC_INTERVAL][within(pitch - before + MUSIC_INTERVALS / 2, MUSIC_INTERVALS)]++;
}

static void add_notes(music_stats *s, const song *x)
{
    int before = -1;
    for (int i = 0; i < song_steps(x); i++) {
        if (x->melody[i].act != SONG_PRESS) continue;
        add_note(s, x, i, before);
        before = x->melody[i].pitch;
    }
}

static void add_chords(music_stats *s, const song *x)
{
    if (!x->has_chords) return;
    for (int i = 0; i < 2 * x->bars; i++)
        if (x->chord[i].root >= 0) s->hist[MUSIC_ROOT][(x->chord[i].root - x->tonic + 12) % 12]++;
    for (int i = 0; i < song_steps(x); i++) {
        const song_chord c = x->chord[i / (x->bar / 2)];
        if (x->melody[i].act == SONG_REST || c.root < 0) continue;
        s->sounding++;
        s->in_chord += song_chord_notes(c) >> (x->melody[i].pitch % 12) & 1;
    }
}

static bool struck(const song *x, int bar)
{
    for (int i = 0; i < x->bar; i++)
        if (x->melody[bar * x->bar + i].act == SONG_PRESS) return true;
    return false;
}

static void add_repetition(music_stats *s, const song *x)
{
    for (int k = 0; k < SONG_LAGS; k++)
        for (int b = song_lag(k); b < x->bars; b++) {
            s->pairs[k] += struck(x, b);
            s->again[k] += song_bar_recurs(x, b, song_lag(k));
        }
}

void music_stats_add(music_stats *s, const song *x)
{
    s->songs++;
    s->bars += x->bars;
    add_notes(s, x);
    add_chords(s, x);
    add_repetition(s, x);
}

/* ---- Asking ------------------------------------------------------------------------------------ */

static double part(double some, double all) { return all > 0 ? some / all : NAN; }

double music_stats_in_scale(const music_stats *s) { return part(s->in_scale, s->notes); }

double music_stats_in_chord(const music_stats *s) { return part(s->in_chord, s->sounding); }

double music_stats_notes_per_bar(const music_stats *s) { return part(s->notes, s->bars); }

double music_stats_repetition(const music_stats *s, int i)
{
    return part(s->again[i], s->pairs[i]);
}

double music_stats_interval(const music_stats *s)
{
    double sum = 0, n = 0;
    for (int i = 0; i < MUSIC_INTERVALS; i++) {
        sum += abs(i - MUSIC_INTERVALS / 2) * s->hist[MUSIC_INTERVAL][i];
        n += s->hist[MUSIC_INTERVAL][i];
    }
    return part(sum, n);
}

double music_stats_length(const music_stats *s)
{
    double sum = 0;
    for (int i = 0; i < MUSIC_LENGTHS; i++) sum += (i + 1) * s->hist[MUSIC_LENGTH][i];
    return part(sum, SONG_QUARTER * s->notes);
}

/* ---- Distances --------------------------------------------------------------------------------- */

static double total(const double *a, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += a[i];
    return sum;
}

double music_variation(const double *a, const double *b, int n)
{
    const double all_a = total(a, n), all_b = total(b, n);
    double sum = 0;
    if (!(all_a > 0 && all_b > 0)) return NAN;
    for (int i = 0; i < n; i++) sum += fabs(a[i] / all_a - b[i] / all_b);
    return sum / 2;
}

/* p ln (p / m) in bits. */
static double surprise(double p, double m) { return p > 0 ? p * log2(p / m) : 0; }

double music_divergence(const double *a, const double *b, int n)
{
    const double all_a = total(a, n), all_b = total(b, n);
    double sum = 0;
    if (!(all_a > 0 && all_b > 0)) return NAN;
    for (int i = 0; i < n; i++) {
        const double p = a[i] / all_a, q = b[i] / all_b, m = (p + q) / 2;
        sum += (surprise(p, m) + surprise(q, m)) / 2;
    }
    return sum;
}

double music_repetition_distance(const music_stats *a, const music_stats *b)
{
    double sum = 0;
    for (int i = 0; i < SONG_LAGS; i++)
        sum += fabs(music_stats_repetition(a, i) - music_stats_repetition(b, i)) / SONG_LAGS;
    return sum;
}

/* music/align.c -- where the grid and the bars of a score are, whatever its file says of them.
 *
 * Files of transcribed recordings have their first note where the recording has it, so that notes are on a
 * grid, but not on that which begins at tick 0; and their metre is often a dummy. */
#include <math.h>
#include <stdlib.h>

#include "align.h"

#define TAU      6.283185307179586
#define ENOUGH   32        /* onsets from which it can be said that there is no grid */
#define TOGETHER 0.25      /* length of the mean direction of onsets within a step, at least */
#define PLAYED   0.6       /* the same of where notes end: less of played ones */
#define NEAR     (1 / 6.0) /* of a step: this far from the file's grid is on it */
#define LONG     16        /* steps: longer notes count as such */
#define LOW      55        /* lower notes count twice */
#define FAVOUR   1.1       /* of what the file has, or what is usual */
#define FEW      8         /* changes of chords do not tell where bars are */
#define AGREED   0.8
#define LAST     0.1 /* of all weight, for the beat of the last onset */

void music_grid_free(music_grid *g)
{
    rf_score_free(g->score);
    *g = (music_grid){0};
}

/* ---- The grid ---------------------------------------------------------------------------------- */

/* How far notes begin behind the sixteenths, or end there, as a part of a step from -0.5 to 0.5: their mean
 * direction on the circle that a step is; *r is its length, 1 if all agree. */
static double phase_of(const rf_score *s, bool at_end, double *r, size_t *n)
{
    const double step = (double)s->division / SONG_QUARTER;
    double x = 0, y = 0;
    *n = 0;
    for (size_t i = 0; i < s->tracks; i++)
        for (size_t k = 0; k < s->track[i].count; k++, (*n)++) {
            const rf_tone *t = &s->track[i].tone[k];
            const double a = TAU * fmod((double)(t->on + (at_end ? t->len : 0)), step) / step;
            x += cos(a), y += sin(a);
        }
    *r = *n ? hypot(x, y) / (double)*n : 0;
    return *n ? atan2(y, x) / TAU : 0;
}

static bool copy_track(rf_score *to, const rf_track *t, int64_t later)
{
    if (!rf_score_add_track(to, t->name, t->channel, t->program)) return false;
    for (size_t k = 0; k < t->count; k++) {
        rf_tone tone = t->tone[k];
        tone.on += later;
        if (!rf_score_add_tone(to, to->tracks - 1, tone)) return false;
    }
    return true;
}

/* A copy in which everything but what is at tick 0 is later by so many ticks. */
static rf_score *moved(const rf_score *s, int64_t later)
{
    rf_score *to = rf_score_new(s->division);
    bool ok = to && rf_score_name(to, s->title);
    for (size_t i = 0; i < s->tracks && ok; i++) ok = copy_track(to, &s->track[i], later);
    for (size_t i = 0; i < s->tempos && ok; i++) {
        const rf_tempo *t = &s->tempo[i];
        ok = rf_score_add_tempo(to, t->tick ? t->tick + later : 0, t->us);
    }
    for (size_t i = 0; i < s->metres && ok; i++) {
        const rf_metre *m = &s->metre[i];
        ok = rf_score_add_metre(to, m->tick ? m->tick + later : 0, m->beats, m->unit);
    }
    for (size_t i = 0; i < s->signatures && ok; i++) {
        const rf_signature *k = &s->signature[i];
        ok = rf_score_add_signature(to, k->tick ? k->tick + later : 0, k->sharps, k->minor);
    }
    if (ok && rf_score_order(to)) return to;
    rf_score_free(to);
    return NULL;
}

/* ---- Beats and bars ---------------------------------------------------------------------------- */

/* How much begins at every step. */
typedef struct weights {
    double *w;       /* [n] */
    int64_t n, last; /* the last step at which a note begins */
} weights;

static rf_status weigh_notes(weights *w, const rf_score *q, rf_error *err)
{
    w->n = q->end + SONG_BAR_MOST;
    if (w->n > (int64_t)SONG_BARS_MOST * SONG_BAR_MOST)
        return rf_fail(err, RF_EINVAL, "more than %d bars", SONG_BARS_MOST);
    w->w = calloc((size_t)w->n, sizeof *w->w);
    if (!w->w) return rf_fail(err, RF_ENOMEM, "no memory for %lld steps", (long long)w->n);
    for (size_t i = 0; i < q->tracks; i++)
        for (size_t k = 0; k < q->track[i].count && q->track[i].channel != RF_DRUMS; k++) {
            const rf_tone *t = &q->track[i].tone[k];
            const double length = (double)(t->len < LONG ? t->len : LONG);
            w->w[t->on] += t->pitch < LOW ? 2 * length : length;
            if (t->on > w->last) w->last = t->on;
        }
    return RF_OK;
}

/* Chords that change say more than notes. */
static void weigh_changes(weights *w, const int64_t *step, size_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < w->n; i++) sum += w->w[i];
    for (size_t i = 0; i < n; i++)
        if (step[i] >= 0 && step[i] < w->n) w->w[step[i]] += 4 * (sum + 1) / (double)n;
}

/* The share of the steps first, first + period ... in the weight of first, first + unit ...; the best
 * beginning (of which there are period / unit) is left in *at. */
static double best_comb(const weights *w, int64_t first, int period, int unit, int *at)
{
    double sum[SONG_BAR_MOST] = {0}, all = 0;
    for (int64_t i = first; i < w->n; i += unit) {
        const int k = (int)((i - first) % period);
        sum[k] += w->w[i], all += w->w[i];
    }
    int best = 0;
    sum[0] *= FAVOUR;
    for (int k = unit; k < period; k += unit)
        if (sum[k] > sum[best]) best = k;
    *at = best;
    return all > 0 ? sum[best] / all : 0;
}

/* Four beats or three, and where they begin. */
static void find_bars(music_grid *g, weights *w)
{
    int beat, three, four;
    best_comb(w, 0, SONG_QUARTER, 1, &beat);
    double sum = 0;
    for (int64_t i = beat; i < w->n; i += SONG_QUARTER) sum += w->w[i];
    if (w->last >= beat) w->w[w->last - (w->last - beat) % SONG_QUARTER] += LAST * sum;
    /* From 0, as good as chance, to 1. */
    const double by3 = best_comb(w, beat, 3 * SONG_QUARTER, SONG_QUARTER, &three) * 3 / 2 - 1 / 2.0,
                 by4 = best_comb(w, beat, 4 * SONG_QUARTER, SONG_QUARTER, &four) * 4 / 3 - 1 / 3.0;
    const bool triple = by3 > by4 * FAVOUR + LAST;
    g->beats = triple ? 3 : 4;
    g->unit = 4;
    g->first = beat + (triple ? three : four);
}

/* ---- The file's metre -------------------------------------------------------------------------- */

static int64_t stretch_end(const rf_score *q, size_t i)
{
    const rf_metre *m = &q->metre[i];
    for (size_t k = i + 1; k < q->metres; k++)
        if (q->metre[k].beats != m->beats || q->metre[k].unit != m->unit) return q->metre[k].tick;
    return q->end;
}

/* The one that lasts longest. */
static void take_metre(music_grid *g)
{
    const rf_score *q = g->score;
    int64_t longest = -1;
    for (size_t i = 0; i < q->metres; i++) {
        const int64_t end = stretch_end(q, i), from = q->metre[i].tick;
        if (end - from <= longest) continue;
        longest = end - from;
        g->beats = q->metre[i].beats, g->unit = q->metre[i].unit;
        g->first = from, g->end = end;
    }
}

/* Whether chords change where the file's bars begin, about as much as they would on any other step of a
 * bar; or change so seldom that they tell nothing. */
static bool agrees(const music_grid *g, const int64_t *step, size_t n)
{
    size_t at[SONG_BAR_MOST] = {0}, most = 0;
    const int64_t bar = 4 * (int64_t)SONG_QUARTER * g->beats / g->unit;
    if (bar < 1 || bar > SONG_BAR_MOST) return false;
    for (size_t i = 0; i < n; i++) at[((step[i] - g->first) % bar + bar) % bar]++;
    for (int i = 0; i < bar; i++)
        if (at[i] > most) most = at[i];
    return n < FEW || (double)at[0] >= AGREED * (double)most;
}

/* ---- All --------------------------------------------------------------------------------------- */

static rf_status find_metre(music_grid *g, const int64_t *change, size_t changes, rf_error *err)
{
    weights w = {0};
    rf_status st = weigh_notes(&w, g->score, err);
    if (!st && changes) weigh_changes(&w, change, changes);
    if (!st) find_bars(g, &w);
    g->end = g->score->end;
    free(w.w);
    return st;
}

/* Ticks as steps. */
static int64_t *snapped(const int64_t *tick, size_t n, int64_t later, int32_t division)
{
    int64_t *step = calloc(n ? n : 1, sizeof *step);
    for (size_t i = 0; step && i < n; i++)
        step[i] = (2 * (tick[i] + later) * SONG_QUARTER + division) / (2 * (int64_t)division);
    return step;
}

static rf_status set_bar(music_grid *g, rf_error *err)
{
    const int64_t whole = 4 * (int64_t)SONG_QUARTER * g->beats;
    g->bar = (int32_t)(whole / g->unit);
    if (whole % g->unit || g->bar % 2 || g->bar > SONG_BAR_MOST || g->bar < 2)
        return rf_fail(err, RF_EINVAL, "a metre of %d/%d, whose bars have no grid of sixteenths",
                       g->beats, g->unit);
    while (g->first > 0) g->first -= g->bar;
    return RF_OK;
}

rf_status music_grid_find(music_grid *g, const rf_score *s, const int64_t *change, size_t changes,
                          rf_error *err)
{
    const double step = (double)s->division / SONG_QUARTER;
    double r, ends;
    size_t n;
    *g = (music_grid){0};
    phase_of(s, true, &ends, &n);
    const double phase = phase_of(s, false, &r, &n);
    if (n >= ENOUGH && r < TOGETHER)
        return rf_fail(err, RF_EINVAL, "its notes are on no grid of sixteenths");
    const bool off = fabs(phase) > NEAR;
    const int64_t later = off ? (int64_t)llround((phase < 0 ? -phase : 1 - phase) * step) : 0;
    rf_score *at = moved(s, later);
    g->score = at ? rf_score_quantize(at, SONG_QUARTER) : NULL;
    rf_score_free(at);
    int64_t *changed = snapped(change, changes, later, s->division);
    g->played = ends < PLAYED;
    rf_status st = g->score && changed ? RF_OK : rf_fail(err, RF_ENOMEM, "no memory for the grid");
    if (!st) take_metre(g);
    const bool dummy = !g->beats || 2 * g->beats <= g->unit / 2;
    if (!st && (dummy || off || !agrees(g, changed, changes)))
        st = find_metre(g, changed, changes, err);
    free(changed);
    if (!st) st = set_bar(g, err);
    if (st) music_grid_free(g);
    return st;
}

/* io/score.c -- scores: building and ordering them, and what time and bar a tick is in.
 *
 * Additions only append; rf_score_order sorts once.  So a score of n events takes n log n steps to build,
 * in whatever order a file names them. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "io/score.h"

#define TEMPO_DEFAULT 500000u /* microseconds per quarter note */

rf_score *rf_score_new(int32_t division)
{
    assert(division >= 1 && division <= 32767);
    rf_score *s = calloc(1, sizeof *s);
    if (s) s->division = division;
    return s;
}

void rf_score_free(rf_score *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->tracks; i++) {
        free(s->track[i].name);
        free(s->track[i].tone);
    }
    free(s->track);
    free(s->tempo);
    free(s->metre);
    free(s->signature);
    free(s->title);
    free(s);
}

void *rfi_room(void *array, size_t *room, size_t count, size_t size)
{
    if (count < *room) return array;
    const size_t more = *room ? 2 * *room : 16;
    void *p = reallocarray(array, more, size);
    if (p) *room = more;
    return p;
}

/* Make room for one more element of s->field. */
#define ROOM(array, room, count)                                                                   \
    void *grown = rfi_room((array), &(room), (count), sizeof *(array));                            \
    if (!grown) return false;                                                                      \
    (array) = grown

bool rf_score_name(rf_score *s, const char *title)
{
    char *copy = title ? strdup(title) : NULL;
    if (title && !copy) return false;
    free(s->title);
    s->title = copy;
    return true;
}

bool rf_score_add_track(rf_score *s, const char *name, int channel, int program)
{
    assert(channel >= 0 && channel < 16 && program >= 0 && program < 128);
    ROOM(s->track, s->track_room, s->tracks);
    char *copy = name ? strdup(name) : NULL;
    if (name && !copy) return false;
    s->track[s->tracks++] =
        (rf_track){.name = copy, .channel = (uint8_t)channel, .program = (uint8_t)program};
    return true;
}

bool rf_score_add_tone(rf_score *s, size_t i, rf_tone tone)
{
    assert(i < s->tracks && tone.on >= 0 && tone.len > 0 && tone.on + tone.len <= RF_TICK_MOST);
    assert(tone.pitch < 128 && tone.velocity >= 1 && tone.velocity < 128);
    rf_track *t = &s->track[i];
    ROOM(t->tone, t->room, t->count);
    t->tone[t->count++] = tone;
    return true;
}

bool rf_score_add_tempo(rf_score *s, int64_t tick, uint32_t us)
{
    assert(us > 0 && us < 1u << 24);
    ROOM(s->tempo, s->tempo_room, s->tempos);
    s->tempo[s->tempos++] = (rf_tempo){.tick = tick, .us = us};
    return true;
}

bool rf_score_add_metre(rf_score *s, int64_t tick, int beats, int unit)
{
    assert(beats > 0 && beats < 256 && unit > 0 && unit <= 128 && !(unit & (unit - 1)));
    ROOM(s->metre, s->metre_room, s->metres);
    s->metre[s->metres++] = (rf_metre){.tick = tick, .beats = beats, .unit = unit};
    return true;
}

bool rf_score_add_signature(rf_score *s, int64_t tick, int sharps, bool minor)
{
    assert(sharps >= -7 && sharps <= 7);
    ROOM(s->signature, s->signature_room, s->signatures);
    s->signature[s->signatures++] = (rf_signature){tick, sharps, minor};
    return true;
}

/* ---- Order ------------------------------------------------------------------------------------- */

/* Merge the sorted runs [0, half) and [half, n) of a into out; of equals, those of the first run first. */
static void merge(char *out, const char *a, size_t half, size_t n, size_t size, rfi_compare before)
{
    size_t i = 0, j = half;
    for (size_t k = 0; k < n; k++) {
        const bool second = i == half || (j < n && before(a + j * size, a + i * size) < 0);
        memcpy(out + k * size, a + (second ? j++ : i++) * size, size);
    }
}

bool rfi_sort(void *array, size_t n, size_t size, rfi_compare compare)
{
    char *a = array, *spare = n > 1 ? reallocarray(NULL, n, size) : NULL;
    if (n < 2) return true;
    if (!spare) return false;
    for (size_t run = 1; run < n; run *= 2) {
        for (size_t i = 0; i < n; i += 2 * run) {
            const size_t here = n - i < 2 * run ? n - i : 2 * run;
            merge(spare + i * size, a + i * size, here < run ? here : run, here, size, compare);
        }
        memcpy(a, spare, n * size);
    }
    free(spare);
    return true;
}

static int by_number(int64_t a, int64_t b) { return (a > b) - (a < b); }

static int by_tone(const void *a, const void *b)
{
    const rf_tone *x = a, *y = b;
    int c = by_number(x->on, y->on);
    if (!c) c = by_number(x->pitch, y->pitch);
    if (!c) c = by_number(x->len, y->len);
    return c ? c : by_number(x->velocity, y->velocity);
}

/* Changes begin with their tick. */
static int by_tick(const void *a, const void *b)
{
    int64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return by_number(x, y);
}

/* Sort changes and keep the last at each tick.  Returns how many are left, or -1: no memory. */
static int64_t order_changes(void *array, size_t n, size_t size)
{
    char *a = array;
    size_t left = 0;
    if (!rfi_sort(a, n, size, by_tick)) return -1;
    for (size_t i = 0; i < n; i++) {
        if (left && !by_tick(a + (left - 1) * size, a + i * size)) left--;
        memmove(a + left++ * size, a + i * size, size);
    }
    return (int64_t)left;
}

static double tick_seconds(const rf_score *s, int64_t ticks, uint32_t us)
{
    return (double)ticks * us / (1e6 * s->division);
}

static void time_tempi(rf_score *s)
{
    double at = 0;
    int64_t tick = 0;
    uint32_t us = TEMPO_DEFAULT;
    for (size_t i = 0; i < s->tempos; i++) {
        rf_tempo *t = &s->tempo[i];
        at += tick_seconds(s, t->tick - tick, us);
        t->seconds = at;
        tick = t->tick, us = t->us;
    }
}

/* Metre k of the score, counted from 1; 0 is what holds before the first. */
static rf_metre metre_at(const rf_score *s, size_t k)
{
    return k ? s->metre[k - 1] : (rf_metre){.beats = 4, .unit = 4};
}

static int64_t bar_ticks(const rf_score *s, const rf_metre *m)
{
    const int64_t ticks = (int64_t)s->division * 4 * m->beats / m->unit;
    return ticks ? ticks : 1;
}

/* The bars that begin under metre k before `tick`. */
static int64_t bars_begun(const rf_score *s, size_t k, int64_t tick)
{
    const rf_metre m = metre_at(s, k);
    const int64_t ticks = bar_ticks(s, &m);
    return (tick - m.tick + ticks - 1) / ticks;
}

static void number_bars(rf_score *s)
{
    int64_t number = 0;
    for (size_t k = 0; k < s->metres; k++) {
        number += bars_begun(s, k, s->metre[k].tick);
        s->metre[k].bar = number;
    }
}

bool rf_score_order(rf_score *s)
{
    const int64_t tempos = order_changes(s->tempo, s->tempos, sizeof *s->tempo);
    const int64_t metres = order_changes(s->metre, s->metres, sizeof *s->metre);
    const int64_t signatures = order_changes(s->signature, s->signatures, sizeof *s->signature);
    if (tempos < 0 || metres < 0 || signatures < 0) return false;
    s->tempos = (size_t)tempos, s->metres = (size_t)metres, s->signatures = (size_t)signatures;
    for (size_t i = 0; i < s->tracks; i++) {
        const rf_track *t = &s->track[i];
        if (!rfi_sort(t->tone, t->count, sizeof *t->tone, by_tone)) return false;
        for (size_t k = 0; k < t->count; k++)
            if (t->tone[k].on + t->tone[k].len > s->end) s->end = t->tone[k].on + t->tone[k].len;
    }
    time_tempi(s);
    number_bars(s);
    return true;
}

size_t rf_score_count(const rf_score *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->tracks; i++) n += s->track[i].count;
    return n;
}

/* ---- Time -------------------------------------------------------------------------------------- */

/* How many changes are at `tick` or before. */
static size_t changes_until(const void *array, size_t n, size_t size, int64_t tick)
{
    size_t low = 0;
    while (low < n) {
        const size_t middle = low + (n - low) / 2;
        if (by_tick((const char *)array + middle * size, &tick) <= 0)
            low = middle + 1;
        else
            n = middle;
    }
    return low;
}

double rf_score_seconds(const rf_score *s, int64_t tick)
{
    const size_t i = changes_until(s->tempo, s->tempos, sizeof *s->tempo, tick);
    if (!i) return tick_seconds(s, tick, TEMPO_DEFAULT);
    const rf_tempo *t = &s->tempo[i - 1];
    return t->seconds + tick_seconds(s, tick - t->tick, t->us);
}

/* The bar that begins at `start` under metre k. */
static rf_bar bar_from(const rf_score *s, size_t k, int64_t start, int64_t number)
{
    const rf_metre m = metre_at(s, k);
    int64_t end = start + bar_ticks(s, &m);
    if (k < s->metres && s->metre[k].tick < end) end = s->metre[k].tick;
    return (rf_bar){number, start, end, m.beats, m.unit};
}

rf_bar rf_score_bar(const rf_score *s, int64_t tick)
{
    const size_t k = changes_until(s->metre, s->metres, sizeof *s->metre, tick);
    const rf_metre m = metre_at(s, k);
    const int64_t whole = (tick - m.tick) / bar_ticks(s, &m);
    return bar_from(s, k, m.tick + whole * bar_ticks(s, &m), m.bar + whole);
}

rf_bar rf_score_bar_next(const rf_score *s, const rf_bar *bar)
{
    const size_t k = changes_until(s->metre, s->metres, sizeof *s->metre, bar->end);
    return bar_from(s, k, bar->end, bar->number + 1);
}

int64_t rf_score_bars(const rf_score *s)
{
    return s->end ? rf_score_bar(s, s->end - 1).number + 1 : 0;
}

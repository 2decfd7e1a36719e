/* music/markov.c -- melodies as a Markov chain.
 *
 * For every context length the places of all events stand sorted by context and event: those with a given
 * context lie together, and within them those with a given event.  So counts are differences of places,
 * and a place drawn from them is an event drawn by frequency. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "markov.h"

#define LONGEST 64 /* steps of an event; what lasts longer goes on in another */
#define START   (-1)

/* What an event is. */
enum {
    REST,
    ON,
    NOTE
}; /* ON: the note before goes on; NOTE + k: pitch NOTE_LOWEST + k above the tonic */
#define NOTE_LOWEST (SONG_LOWEST - 6)
#define KINDS       (NOTE + SONG_HIGHEST + 5 - NOTE_LOWEST + 1)

typedef struct ranks {
    uint32_t *place; /* [places]: sorted */
    uint32_t *kinds; /* [places + 1]: how many context-event pairs differ among those before */
    double weight;   /* w_k */
} ranks;

/* How often a context was seen, the event in it, and how many kinds of events. */
typedef struct tally {
    float all, it, kinds;
} tally;

struct music_markov {
    int order;
    int32_t *event; /* [count], each song begins with `order` times START */
    size_t count, room;
    uint32_t *real; /* [places]: which are events */
    size_t places;
    ranks by[MUSIC_ORDER_MOST + 1];
    tally *held; /* [holds, order + 1]: of events to choose weights by */
    double *p;   /* [holds]: their chance by contexts shorter than the one whose weight is chosen */
    size_t holds, hold_room;
    double kind[KINDS], length[LONGEST]; /* ln of the chance of each, told apart */
};

music_markov *music_markov_new(int order)
{
    music_markov *m = calloc(1, sizeof *m);
    for (int k = 0; m && k <= MUSIC_ORDER_MOST; k++) m->by[k].weight = 1;
    if (m) m->order = order < 0 ? 0 : order > MUSIC_ORDER_MOST ? MUSIC_ORDER_MOST : order;
    return m;
}

void music_markov_free(music_markov *m)
{
    if (!m) return;
    for (int k = 0; k <= MUSIC_ORDER_MOST; k++) {
        free(m->by[k].place);
        free(m->by[k].kinds);
    }
    free(m->event);
    free(m->held);
    free(m->p);
    free(m->real);
    free(m);
}

/* ---- Events ------------------------------------------------------------------------------------ */

/* The tonic from five semitones below C to six above. */
static int tonic_of(const song *x) { return x->tonic > 6 ? x->tonic - 12 : x->tonic; }

/* The event at step i of a song, and how long it lasts. */
static int32_t event_at(const song *x, int i, int *steps)
{
    const song_note n = x->melody[i];
    const int same = n.act == SONG_REST ? SONG_REST : SONG_HOLD;
    int to = i + 1;
    while (to < song_steps(x) && x->melody[to].act == same && to - i < LONGEST) to++;
    *steps = to - i;
    const int kind = n.act == SONG_REST   ? REST
                     : n.act == SONG_HOLD ? ON
                                          : NOTE + n.pitch - tonic_of(x) - NOTE_LOWEST;
    return kind * LONGEST + *steps - 1;
}

static bool put(music_markov *m, int32_t event)
{
    if (m->count == m->room) {
        const size_t room = m->room ? 2 * m->room : 4096;
        if (!rf_resize(&m->event, room, sizeof *m->event)) return false;
        m->room = room;
    }
    m->event[m->count++] = event;
    return true;
}

rf_status music_markov_add(music_markov *m, const song *x, rf_error *err)
{
    bool ok = m->count < UINT32_MAX / 2;
    for (int k = 0; k < m->order && ok; k++) ok = put(m, START);
    for (int i = 0, steps; i < song_steps(x) && ok; i += steps) ok = put(m, event_at(x, i, &steps));
    return ok ? RF_OK : rf_fail(err, RF_ENOMEM, "no memory for the Markov chain");
}

/* ---- Places in order --------------------------------------------------------------------------- */

typedef struct sorting {
    const int32_t *event;
    int context;
} sorting;

/* By context, then event: the numbers from `context` before a place to it. */
static int compare(const void *a, const void *b, void *ctx)
{
    const sorting *s = ctx;
    const int32_t *x = s->event + *(const uint32_t *)a, *y = s->event + *(const uint32_t *)b;
    for (int k = -s->context; k <= 0; k++)
        if (x[k] != y[k]) return x[k] < y[k] ? -1 : 1;
    return 0;
}

static bool sort(music_markov *m, int k)
{
    ranks *r = &m->by[k];
    sorting s = {m->event, k};
    r->place = calloc(m->places + 1, sizeof *r->place);
    r->kinds = calloc(m->places + 1, sizeof *r->kinds);
    if (!r->place || !r->kinds) return false;
    memcpy(r->place, m->real, m->places * sizeof *r->place);
    qsort_r(r->place, m->places, sizeof *r->place, compare, &s);
    for (size_t i = 0; i < m->places; i++)
        r->kinds[i + 1] =
            r->kinds[i] + (i == 0 || compare(&r->place[i - 1], &r->place[i], &s) != 0);
    return true;
}

/* ln of frequencies to each of which one is added. */
static void as_chances(double *x, int n, double sum)
{
    for (int i = 0; i < n; i++) x[i] = log((x[i] + 1) / (sum + n));
}

rf_status music_markov_settle(music_markov *m, music_watch watch, rf_error *err)
{
    m->real = calloc(m->count + 1, sizeof *m->real);
    bool ok = m->real != NULL;
    for (size_t i = 0; ok && i < m->count; i++) {
        if (m->event[i] == START) continue;
        m->real[m->places++] = (uint32_t)i;
        m->kind[m->event[i] / LONGEST]++, m->length[m->event[i] % LONGEST]++;
    }
    as_chances(m->kind, KINDS, (double)m->places);
    as_chances(m->length, LONGEST, (double)m->places);
    rf_status st = RF_OK;
    for (int k = 0; k <= m->order && ok && !st; k++) {
        ok = sort(m, k);
        st = watch.progress(watch.ctx, k, m->order + 1);
    }
    return ok ? st : rf_fail(err, RF_ENOMEM, "no memory for the Markov chain");
}

/* ---- Chances ----------------------------------------------------------------------------------- */

/* How the n numbers that end with an event compare with those at a place. */
static int against(const int32_t *x, const int32_t *y, int n)
{
    for (int k = 0; k < n; k++)
        if (x[k] != y[k]) return x[k] < y[k] ? -1 : 1;
    return 0;
}

/* The first place whose n numbers are not below x, or, with `above`, are above; between two. */
static size_t bound(const music_markov *m, int context, const int32_t *x, int n, bool above,
                    size_t from, size_t to)
{
    while (from < to) {
        const size_t mid = from + (to - from) / 2;
        const int32_t *y = m->event + m->by[context].place[mid] - context;
        const int c = against(x, y, n);
        if (c > 0 || (above && c == 0))
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

typedef struct range {
    size_t from, to;
} range;

static range find(const music_markov *m, int context, const int32_t *x, int n, range in)
{
    in.from = bound(m, context, x, n, false, in.from, in.to);
    in.to = bound(m, context, x, n, true, in.from, in.to);
    return in;
}

/* Of the event at x[0] in the context x[-k] ... x[-1]. */
static tally tally_of(const music_markov *m, int k, const int32_t *x)
{
    const ranks *r = &m->by[k];
    const range all = find(m, k, x - k, k, (range){0, m->places});
    const range it = find(m, k, x - k, k + 1, all);
    return (tally){(float)(all.to - all.from), (float)(it.to - it.from),
                   (float)(r->kinds[all.to] - r->kinds[all.from])};
}

static double mix(tally t, double weight, double shorter)
{
    const double kinds = weight * (double)t.kinds;
    return ((double)t.it + kinds * shorter) / ((double)t.all + kinds);
}

/* Kind and length told apart. */
static double apart(const music_markov *m, int32_t event)
{
    return exp(m->kind[event / LONGEST] + m->length[event % LONGEST]);
}

/* The chance of the event at x[0], of which x[-order] ... x[-1] are the context. */
static double chance(const music_markov *m, const int32_t *x)
{
    double p = apart(m, *x);
    for (int k = 0; k <= m->order; k++) {
        const tally t = tally_of(m, k, x);
        if (!(t.all > 0)) break; /* no longer context is known either */
        p = mix(t, m->by[k].weight, p);
    }
    return p;
}

/* The events of a song behind its beginning; *n of both.  NULL: no memory. */
static int32_t *events_of(const music_markov *m, const song *x, int *n)
{
    int32_t *e = calloc((size_t)(song_steps(x) + m->order), sizeof *e);
    for (*n = 0; e && *n < m->order; ++*n) e[*n] = START;
    for (int i = 0, steps; e && i < song_steps(x); i += steps) e[(*n)++] = event_at(x, i, &steps);
    return e;
}

rf_status music_markov_nats(const music_markov *m, const song *x, double *nats, int64_t *notes,
                            rf_error *err)
{
    int n;
    int32_t *e = events_of(m, x, &n);
    if (!e) return rf_fail(err, RF_ENOMEM, "no memory for the Markov chain");
    *nats = 0, *notes = 0;
    for (int i = m->order; i < n; i++) {
        *nats -= log(chance(m, e + i));
        *notes += e[i] / LONGEST >= NOTE;
    }
    free(e);
    return RF_OK;
}

/* ---- Weights ----------------------------------------------------------------------------------- */

static bool hold(music_markov *m, const int32_t *x)
{
    const size_t wide = (size_t)m->order + 1;
    if (m->holds == m->hold_room) {
        const size_t room = m->hold_room ? 2 * m->hold_room : 4096;
        if (!rf_resize(&m->held, room * wide, sizeof *m->held) ||
            !rf_resize(&m->p, room, sizeof *m->p))
            return false;
        m->hold_room = room;
    }
    for (int k = 0; k <= m->order; k++) m->held[m->holds * wide + (size_t)k] = tally_of(m, k, x);
    m->p[m->holds++] = apart(m, *x);
    return true;
}

rf_status music_markov_hold(music_markov *m, const song *x, rf_error *err)
{
    int n;
    int32_t *e = events_of(m, x, &n);
    bool ok = e != NULL;
    for (int i = m->order; i < n && ok; i++) ok = hold(m, e + i);
    free(e);
    return ok ? RF_OK : rf_fail(err, RF_ENOMEM, "no memory for the Markov chain");
}

/* The weight of contexts of k events with which the held events cost least. */
static void tune(music_markov *m, int k)
{
    const size_t wide = (size_t)m->order + 1;
    const tally *t = m->held + k;
    double best = 1, least = INFINITY;
    for (double w = 0.5; w <= 64; w *= 2) {
        double nats = 0;
        for (size_t i = 0; i < m->holds; i++)
            if (t[i * wide].all > 0) nats -= log(mix(t[i * wide], w, m->p[i]));
        if (nats < least) least = nats, best = w;
    }
    m->by[k].weight = best;
    for (size_t i = 0; i < m->holds; i++)
        if (t[i * wide].all > 0) m->p[i] = mix(t[i * wide], best, m->p[i]);
}

void music_markov_tune(music_markov *m)
{
    for (int k = 0; k <= m->order && m->holds; k++) tune(m, k);
}

/* ---- Sampling ---------------------------------------------------------------------------------- */

static int32_t draw_from(const double *ln, int n, double u)
{
    for (int i = 0; i < n - 1; i++) {
        u -= exp(ln[i]);
        if (u < 0) return i;
    }
    return n - 1;
}

/* From the longest context that is known down, each with its weight. */
static int32_t draw(const music_markov *m, const int32_t *x, rf_key key, uint64_t *at)
{
    for (int k = m->order; k >= 0; k--) {
        const range all = find(m, k, x - k, k, (range){0, m->places});
        const double n = (double)(all.to - all.from);
        if (all.from == all.to) continue;
        const ranks *r = &m->by[k];
        const double kinds = r->weight * (r->kinds[all.to] - r->kinds[all.from]);
        const double u = rf_uniform(key, (*at)++) * (n + kinds);
        if (u < n) return m->event[m->by[k].place[all.from + (size_t)u]];
    }
    const int32_t kind = draw_from(m->kind, KINDS, rf_uniform(key, (*at)++));
    return kind * LONGEST + draw_from(m->length, LONGEST, rf_uniform(key, (*at)++));
}

static uint8_t in_range(int pitch)
{
    while (pitch < SONG_LOWEST) pitch += 12;
    while (pitch > SONG_HIGHEST) pitch -= 12;
    return (uint8_t)pitch;
}

void music_markov_sample(const music_markov *m, song *x, rf_key key)
{
    int32_t past[MUSIC_ORDER_MOST + 1];
    song_note now = {SONG_REST, 0};
    uint64_t at = 0;
    for (int k = 0; k <= MUSIC_ORDER_MOST; k++) past[k] = START;
    for (int i = 0; i < song_steps(x);) {
        const int32_t e = draw(m, past + MUSIC_ORDER_MOST, key, &at);
        const int kind = e / LONGEST, steps = e % LONGEST + 1;
        if (kind == REST) now = (song_note){SONG_REST, 0};
        if (kind >= NOTE)
            now = (song_note){SONG_PRESS, in_range(kind - NOTE + NOTE_LOWEST + tonic_of(x))};
        for (int k = 0; k < steps && i < song_steps(x); k++, i++) {
            x->melody[i] = now;
            if (now.act == SONG_PRESS) now.act = SONG_HOLD;
        }
        past[MUSIC_ORDER_MOST] = e;
        memmove(past, past + 1, MUSIC_ORDER_MOST * sizeof *past);
        past[MUSIC_ORDER_MOST] = START;
    }
}

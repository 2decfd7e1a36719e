/* music/song_set.c -- see song_set.h. */
#include "song_set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Preparing --------------------------------------------------------------------------------- */

static bool silent(const song *s, int bar)
{
    for (int t = bar * s->bar; t < (bar + 1) * s->bar; t++)
        if (s->melody[t].act == SONG_PRESS) return false;
    return true;
}

static void move_bar(song *s, int to, int from)
{
    const size_t bar = (size_t)s->bar;
    memmove(s->melody + to * s->bar, s->melody + from * s->bar, bar * sizeof *s->melody);
    memmove(s->drums + to * s->bar, s->drums + from * s->bar, bar * sizeof *s->drums);
    memmove(s->chord + to * 2, s->chord + from * 2, 2 * sizeof *s->chord);
    s->section[to] = s->section[from];
}

/* A note that was held over a bar that went is over. */
static void mend(song *s)
{
    for (int t = 0; t < song_steps(s); t++) {
        const song_note before = t ? s->melody[t - 1] : (song_note){0};
        if (s->melody[t].act != SONG_HOLD) continue;
        if (before.act == SONG_REST || before.pitch != s->melody[t].pitch)
            s->melody[t] = (song_note){0};
    }
}

bool song_prepare(song *s)
{
    int last = s->bars, n = 0;
    while (last > 0 && silent(s, last - 1)) last--;
    for (int bar = 0; bar < last; bar++)
        if (!silent(s, bar) || (n && !silent(s, bar - 1))) move_bar(s, n++, bar);
    if (n < SONG_BARS_LEAST) return false;
    s->bars = n;
    s->section[n] = 0;
    mend(s);
    song_transpose(s, s->tonic <= 6 ? -s->tonic : 12 - s->tonic);
    return true;
}

/* ---- Windows ----------------------------------------------------------------------------------- */

static bool reserve(song_set *x, song **songs, size_t n, int bars)
{
    size_t profiles = 0, windows = 0;
    for (size_t i = 0; i < n; i++) {
        profiles += (size_t)(songs[i]->bars + 1) / 2;
        windows += (size_t)((songs[i]->bars + bars - 1) / bars);
    }
    x->view = calloc(n + 1, sizeof *x->view);
    x->profiles = malloc(profiles + 1);
    x->window = calloc(windows + 1, sizeof *x->window);
    x->lengths = calloc(windows + 1, sizeof *x->lengths);
    return x->view && x->profiles && x->window && x->lengths;
}

rf_status song_set_make(song_set *x, song **songs, size_t n, const song_profiles *p, int bars,
                        rf_error *err)
{
    *x = (song_set){.song = songs, .n = n};
    if (!reserve(x, songs, n, bars)) return rf_no_memory(err);
    uint8_t *profile = x->profiles;
    for (size_t i = 0; i < n; i++) {
        const song *s = songs[i];
        x->view[i] = (song_view){s, profile};
        song_profiles_tell(p, s, profile);
        profile += (s->bars + 1) / 2;
        for (int first = 0; first < s->bars; first += bars) {
            const int left = s->bars - first, count = left < bars ? left : bars;
            x->window[x->windows] = (song_window){&x->view[i], first, count};
            x->lengths[x->windows++] = count * s->bar;
        }
    }
    return RF_OK;
}

void song_set_free(song_set *x)
{
    free(x->view);
    free(x->profiles);
    free(x->window);
    free(x->lengths);
    *x = (song_set){0};
}

/* ---- Census ------------------------------------------------------------------------------------ */

song_origin song_origin_of(const song *s)
{
    song_origin o = {s->tonic, SONG_HIGHEST, SONG_LOWEST};
    for (int t = 0; t < song_steps(s); t++) {
        const song_note n = s->melody[t];
        if (n.act == SONG_REST) continue;
        if (n.pitch < o.lowest) o.lowest = n.pitch;
        if (n.pitch > o.highest) o.highest = n.pitch;
    }
    return o;
}

static void count_metres(song_census *c, song *const *songs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int k = 0;
        while (k < c->metres &&
               (c->metre[k][0] != songs[i]->beats || c->metre[k][1] != songs[i]->unit))
            k++;
        if (k < c->metres || k == SONG_METRES_MOST) continue;
        c->metre[k][0] = songs[i]->beats;
        c->metre[k][1] = songs[i]->unit;
        c->metres++;
    }
}

void song_census_take(song_census *c, song *const *songs, size_t n)
{
    int64_t count[1 << SONG_DRUMS] = {0};
    bool drums = false;
    *c = (song_census){0};
    count_metres(c, songs, n);
    for (size_t i = 0; i < n; i++) {
        if (!songs[i]->has_drums) continue;
        drums = true;
        for (int t = 0; t < song_steps(songs[i]); t++) count[songs[i]->drums[t]]++;
    }
    while (drums && c->patterns < SONG_PATTERNS_MOST) {
        int best = 0;
        for (int k = 1; k < 1 << SONG_DRUMS; k++)
            if (count[k] > count[best]) best = k;
        if (!count[best]) break;
        c->pattern[c->patterns++] = (uint16_t)best;
        count[best] = 0;
    }
}

/* ---- Style ------------------------------------------------------------------------------------- */

/* Each scale and tonic as if it had been seen a fiftieth of a time more. */
static void count_keys(rf_real *key, song *const *songs, const song_origin *origin, size_t n)
{
    for (int i = 0; i < SONG_SCALES * 12; i++) key[i] = (rf_real)(i < 24 ? 0.02 : 0);
    for (size_t i = 0; i < n; i++) key[songs[i]->scale * 12 + origin[i].tonic] += 1;
    rf_real sum = 0;
    for (int i = 0; i < SONG_SCALES * 12; i++) sum += key[i];
    for (int i = 0; i < SONG_SCALES * 12; i++) key[i] /= sum;
}

static void count_tempi(rf_real *row, song *const *songs, size_t n, size_t *seen)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        if ((rf_real)songs[i]->beats != row[0] || (rf_real)songs[i]->unit != row[1]) continue;
        const double x = log(songs[i]->qpm);
        sum += x;
        squares += x * x;
        ++*seen;
    }
    const double mean = sum / (double)*seen;
    row[SONG_METRE_SHARE] = (rf_real)((double)*seen / (double)n);
    row[SONG_METRE_TEMPO] = (rf_real)mean;
    row[SONG_METRE_SPREAD] = (rf_real)sqrt(fmax(0, squares / (double)*seen - mean * mean));
}

static int most_frequent(song *const *songs, size_t n, int part)
{
    size_t count[128] = {0};
    int best = 0;
    for (size_t i = 0; i < n; i++) count[songs[i]->programs[part] & 127]++;
    for (int k = 1; k < 128; k++)
        if (count[k] > count[best]) best = k;
    return best;
}

/* The range of nine songs out of ten, at each end. */
static void find_range(rf_real *range, const song_origin *origin, size_t n)
{
    size_t low[128] = {0}, high[128] = {0}, seen = 0;
    for (size_t i = 0; i < n; i++) {
        low[origin[i].lowest & 127]++;
        high[origin[i].highest & 127]++;
    }
    int a = 0, b = 127;
    while (a < 127 && (seen += low[a]) * 10 <= n) a++;
    seen = 0;
    while (b > a && (seen += high[b]) * 10 <= n) b--;
    range[0] = (rf_real)a;
    range[1] = (rf_real)(b < a + 12 ? a + 12 : b);
}

/* Of the bars where that is possible, which part recurs after 1, 2, 4 or else 8 bars. */
static void count_repeats(rf_real *repeat, song *const *songs, size_t n)
{
    for (int i = 0; i < SONG_PLACES; i++)
        for (int k = 0; k <= SONG_LAGS; k++) repeat[i * (1 + SONG_LAGS) + k] = k ? 0 : (rf_real)0.1;
    for (size_t i = 0; i < n; i++)
        for (int bar = 1; bar < songs[i]->bars; bar++) {
            int kind = 0;
            for (int k = 0; k < SONG_LAGS && !kind; k++)
                if (bar >= song_lag(k) && song_bar_recurs(songs[i], bar, song_lag(k))) kind = 1 + k;
            repeat[song_place(bar) * (1 + SONG_LAGS) + kind] += 1;
        }
    for (int i = 0; i < SONG_PLACES; i++) {
        rf_real *row = repeat + i * (1 + SONG_LAGS), sum = 0;
        for (int k = 0; k <= SONG_LAGS; k++) sum += row[k];
        for (int k = 0; k <= SONG_LAGS; k++) row[k] /= sum;
    }
}

void song_style_count(song_model *m, const song_census *c, song *const *songs,
                      const song_origin *origin, size_t n, const int *programs)
{
    const song_style *s = &m->style;
    count_keys(s->key->value.data, songs, origin, n);
    for (int k = 0; k < c->metres; k++) {
        rf_real *row = s->metre->value.data + k * SONG_METRE_SIZE;
        size_t seen = 0;
        row[SONG_METRE_BEATS] = (rf_real)c->metre[k][0];
        row[SONG_METRE_UNIT] = (rf_real)c->metre[k][1];
        count_tempi(row, songs, n, &seen);
    }
    for (int i = 0; i < 3; i++)
        s->program->value.data[i] =
            (rf_real)(programs[i] >= 0 ? programs[i] : most_frequent(songs, n, i));
    find_range(s->range->value.data, origin, n);
    count_repeats(s->repeat->value.data, songs, n);
    for (int k = 0; k < c->patterns; k++)
        for (int d = 0; d < SONG_DRUMS; d++)
            s->pattern->value.data[k * SONG_DRUMS + d] = (rf_real)(c->pattern[k] >> d & 1);
}

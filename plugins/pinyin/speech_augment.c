/* pinyin/speech_augment.c -- see speech_augment.h. */
#include "speech_augment.h"

#include <math.h>
#include <stdlib.h>

/* ---- Plans ------------------------------------------------------------------------------------------ */

/* Items of group g. */
static rf_index size_of(rf_index g, int join, bool alone)
{
    if (!alone || join < 2) return 1 + g % join;
    return g % 2 ? 2 + g / 2 % (join - 1) : 1;
}

bool speech_plan_new(speech_plan *p, rf_index n, int join, bool alone)
{
    *p = (speech_plan){.n = n};
    for (rf_index at = 0; at < n;) at += size_of(p->groups++, join, alone);
    p->order = malloc((size_t)n * sizeof *p->order);
    p->start = malloc((size_t)(p->groups + 1) * sizeof *p->start);
    p->length = malloc((size_t)p->groups * sizeof *p->length);
    if (!p->order || !p->start || !p->length) return false;
    rf_index at = 0;
    for (rf_index g = 0; g < p->groups; at += size_of(g++, join, alone)) p->start[g] = at;
    p->start[p->groups] = n;
    return true;
}

void speech_plan_free(speech_plan *p)
{
    free(p->order);
    free(p->start);
    free(p->length);
    *p = (speech_plan){0};
}

void speech_plan_round(speech_plan *p, const speech_set *s, const int32_t *item, uint64_t seed,
                       uint64_t round)
{
    rf_shuffle(rf_key_make(seed, "speech.plan", round), (uint32_t *)p->order, (uint32_t)p->n);
    for (rf_index i = 0; i < p->n; i++) p->order[i] = item[p->order[i]];
    for (rf_index g = 0; g < p->groups; g++) {
        size_t n = 0;
        for (rf_index i = p->start[g]; i < p->start[g + 1]; i++)
            n += speech_set_samples(s, p->order[i]);
        p->length[g] = (int32_t)(n / 1000 + 1);
    }
}

/* ---- Sounds ----------------------------------------------------------------------------------------- */

/* What is drawn for an item, each in [0, 1). */
enum { DRAW_SPEED, DRAW_GAIN, DRAW_GAP, DRAW_GAP_LEVEL, DRAW_NOISE, DRAW_LEVEL, DRAWS };

static double draw(const speech_augment *a, uint64_t round, int32_t item, int what)
{
    return rf_uniform(rf_key_make(a->seed, "speech.draw", round),
                      (uint64_t)item * DRAWS + (uint64_t)what);
}

static double between(double low, double high, double u) { return low + (high - low) * u; }

/* Add white noise of deviation `level` to x [n]. */
static void add_noise(rf_key key, float *x, size_t n, double level)
{
    const float scale = (float)(level * sqrt(3) / 2147483648.0);
    for (size_t i = 0; i < n; i += 4) {
        uint32_t word[4];
        rf_random(key, i / 4, word);
        for (size_t k = 0; k < 4 && i + k < n; k++)
            x[i + k] += scale * (float)(int32_t)(word[k] ^ 0x80000000u);
    }
}

static rf_key noise_key(const speech_augment *a, uint64_t round, int32_t item, bool gap)
{
    return rf_key_make(a->seed, gap ? "speech.gap" : "speech.noise",
                       round << 32 | (uint64_t)(uint32_t)item);
}

static bool add_gap(const speech_augment *a, int32_t item, uint64_t round, speech_sound *out)
{
    const double seconds = between(a->gap_least, a->gap_most, draw(a, round, item, DRAW_GAP));
    const size_t from = out->n, n = (size_t)fmax(0, seconds * out->rate);
    const float zero[256] = {0};
    for (size_t left = n; left;) {
        const size_t part = left < 256 ? left : 256;
        if (!speech_sound_add(out, zero, part)) return false;
        left -= part;
    }
    const double level = pow(10, between(-4.5, -3, draw(a, round, item, DRAW_GAP_LEVEL)));
    add_noise(noise_key(a, round, item, true), out->x + from, n, level);
    return true;
}

/* Behind `out`, the item at its speed and loudness. */
static bool add_item(const speech_augment *a, const speech_set *s, int32_t item, uint64_t round,
                     speech_sound *out)
{
    const size_t from = out->n;
    const double u = 2 * draw(a, round, item, DRAW_SPEED) - 1;
    if (!speech_set_put(s, item, out)) return false;
    if (a->speed > 0) {
        size_t n;
        if (!speech_resampler_begin(a->player, 1 + a->speed * u)) return false;
        const float *x = speech_resampler_feed(a->player, out->x + from, out->n - from, true, &n);
        out->n = from;
        if (!x || !speech_sound_add(out, x, n)) return false;
    }
    const double db = a->gain * (2 * draw(a, round, item, DRAW_GAIN) - 1);
    for (size_t i = from; i < out->n; i++) out->x[i] *= (float)pow(10, db / 20);
    return true;
}

static double power(const speech_sound *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->n; i++) sum += (double)s->x[i] * (double)s->x[i];
    return s->n ? sum / (double)s->n : 0;
}

bool speech_augment_join(const speech_augment *a, const speech_set *s, const int32_t *item,
                         rf_index count, uint64_t round, speech_sound *out)
{
    out->n = 0;
    out->rate = s->rate;
    for (rf_index i = 0; i < count; i++) {
        if (i && !add_gap(a, item[i], round, out)) return false;
        if (!add_item(a, s, item[i], round, out)) return false;
    }
    if (count && draw(a, round, item[0], DRAW_NOISE) < a->noise) {
        const double below = between(10, 40, draw(a, round, item[0], DRAW_LEVEL));
        add_noise(noise_key(a, round, item[0], false), out->x, out->n,
                  sqrt(power(out)) * pow(10, -below / 20));
    }
    return true;
}

/* ---- Masks ------------------------------------------------------------------------------------------ */

/* A range of up to `most` of n. */
static rf_index mask_range(rf_key key, uint64_t k, rf_index n, rf_index most, rf_index *from)
{
    if (most > n) most = n;
    const rf_index width = (rf_index)((double)(most + 1) * rf_uniform(key, 2 * k));
    *from = (rf_index)((double)(n - width + 1) * rf_uniform(key, 2 * k + 1));
    return width;
}

void speech_augment_mask(const speech_augment *a, int32_t item, uint64_t round, rf_real *x,
                         rf_index T, rf_index M)
{
    const rf_key key = rf_key_make(a->seed, "speech.mask", round << 32 | (uint64_t)(uint32_t)item);
    for (int k = 0; k < a->masks; k++) {
        rf_index t, b;
        const rf_index times =
            mask_range(key, (uint64_t)(2 * k), T, (rf_index)(a->mask_time * (double)T), &t);
        const rf_index bands = mask_range(key, (uint64_t)(2 * k + 1), M, a->mask_bands, &b);
        for (rf_index i = t; i < t + times; i++)
            for (rf_index m = 0; m < M; m++) x[i * M + m] = 0;
        for (rf_index i = 0; i < T; i++)
            for (rf_index m = b; m < b + bands; m++) x[i * M + m] = 0;
    }
}

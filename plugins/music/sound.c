/* music/sound.c -- room for sound, its level, and what can be measured of it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sound.h"

#define LEVEL   0.126 /* of the mean power of what is heard: -18 dB */
#define CEILING 0.891 /* of all samples: -1 dB */
#define HEARD   1e-3  /* -60 dB */
#define FAINT   1e-4  /* -80 dB: where the end is cut off */
#define WINDOW  0.05  /* seconds in which the limiter turns down and up */
#define FADE    0.02  /* seconds at the end */

#define OFTEN ((int64_t)1 << 18) /* frames between two looks at the watch */

rf_status music_watch_frames(music_watch watch, const music_sound *s, int64_t at)
{
    return watch.progress(watch.ctx, (double)at / s->rate, (double)s->frames / s->rate);
}

static int64_t last_tick(const rf_score *s)
{
    int64_t end = 0;
    for (size_t i = 0; i < s->tracks; i++)
        for (size_t k = 0; k < s->track[i].count; k++) {
            const rf_tone *t = &s->track[i].tone[k];
            if (t->on + t->len > end) end = t->on + t->len;
        }
    return end;
}

rf_status music_sound_new(music_sound *out, const rf_score *s, int rate, rf_error *err)
{
    const double seconds = rf_score_seconds(s, last_tick(s));
    *out = (music_sound){.rate = rate};
    if (!rf_score_count(s)) return rf_fail(err, RF_EINVAL, "there are no notes to play");
    if (seconds > MUSIC_SECONDS_MOST)
        return rf_fail(err, RF_EINVAL, "%.4g seconds of sound, where at most %g are made", seconds,
                       MUSIC_SECONDS_MOST);
    out->frames = (int64_t)ceil((seconds + MUSIC_TAIL) * rate);
    out->x = calloc((size_t)out->frames, 2 * sizeof *out->x);
    return out->x ? RF_OK : rf_fail(err, RF_ENOMEM, "no memory for %.4g seconds of sound", seconds);
}

void music_sound_free(music_sound *s)
{
    free(s->x);
    *s = (music_sound){0};
}

int64_t music_sound_frame(const music_sound *out, const rf_score *s, int64_t tick)
{
    return (int64_t)llround(rf_score_seconds(s, tick) * out->rate);
}

/* ---- Measures ---------------------------------------------------------------------------------- */

static double frame_peak(const music_sound *s, int64_t i)
{
    return fmax(fabs((double)s->x[2 * i]), fabs((double)s->x[2 * i + 1]));
}

/* The mean square of the frames that are louder than a hundredth of the loudest. */
static double power_of(const music_sound *s)
{
    double sum = 0, peak = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < s->frames; i++) peak = fmax(peak, frame_peak(s, i));
    for (int64_t i = 0; i < s->frames; i++) {
        const double l = s->x[2 * i], r = s->x[2 * i + 1];
        if (frame_peak(s, i) <= peak / 100) continue;
        sum += (l * l + r * r) / 2;
        n++;
    }
    return n ? sum / (double)n : 0;
}

music_measure music_sound_measure(const music_sound *s)
{
    double peak = 0;
    int64_t last = -1, longest = 0;
    for (int64_t i = 0; i < s->frames; i++) {
        const double x = frame_peak(s, i);
        peak = fmax(peak, x);
        if (x < HEARD) continue;
        if (last >= 0 && i - last - 1 > longest) longest = i - last - 1;
        last = i;
    }
    return (music_measure){.seconds = (double)s->frames / s->rate,
                           .peak = 20 * log10(peak),
                           .power = 10 * log10(power_of(s)),
                           .silence = (double)longest / s->rate};
}

/* ---- Level ------------------------------------------------------------------------------------- */

/* In place of what each frame needs: the least over it and the w - 1 frames that follow.  `queue` [w] holds
 * frames of the window, rising to the right, each lower than all before it. */
static void least_ahead(float *need, int64_t n, int64_t w, int64_t *at, float *value)
{
    int64_t head = 0, tail = 0; /* a ring */
    for (int64_t i = n - 1; i >= 0; i--) {
        while (tail > head && value[(tail - 1) % w] >= need[i]) tail--;
        if (tail > head && at[head % w] >= i + w) head++;
        at[tail % w] = i, value[tail % w] = need[i];
        tail++;
        need[i] = value[head % w];
    }
}

/* Each frame's gain is the mean of w minima whose windows all hold the frame: never more than it needs,
 * and smooth. */
static rf_status apply(music_sound *s, const float *least, int64_t w, double gain,
                       music_watch watch)
{
    double sum = (double)least[0] * (double)w;
    rf_status st = RF_OK;
    for (int64_t i = 0; i < s->frames && !st; i++) {
        sum += (double)least[i] - (double)least[i < w ? 0 : i - w];
        const double g = gain * fmin(sum / (double)w, 1);
        s->x[2 * i] = (float)(s->x[2 * i] * g);
        s->x[2 * i + 1] = (float)(s->x[2 * i + 1] * g);
        if (i % OFTEN == 0) st = music_watch_frames(watch, s, i);
    }
    return st;
}

static rf_status limit(music_sound *s, double gain, music_watch watch, rf_error *err)
{
    const int64_t w = (int64_t)(WINDOW * s->rate);
    float *need = calloc((size_t)s->frames, sizeof *need),
          *value = calloc((size_t)w, sizeof *value);
    int64_t *at = calloc((size_t)w, sizeof *at);
    rf_status st = need && value && at ? RF_OK : RF_ENOMEM;
    if (st) rf_fail(err, st, "no memory for the limiter");
    for (int64_t i = 0; !st && i < s->frames; i++) {
        const double x = gain * frame_peak(s, i);
        need[i] = (float)(x > CEILING ? CEILING / x : 1);
        if (i % OFTEN == 0) st = music_watch_frames(watch, s, i);
    }
    if (!st) least_ahead(need, s->frames, w, at, value);
    if (!st) st = apply(s, need, w, gain, watch);
    free(need);
    free(value);
    free(at);
    return st;
}

/* Cut off what nobody hears at the end, and fade there. */
static void trim(music_sound *s)
{
    const int64_t fade = (int64_t)(FADE * s->rate);
    int64_t n = s->frames;
    while (n > 0 && frame_peak(s, n - 1) < FAINT) n--;
    s->frames = n + fade < s->frames ? n + fade : s->frames;
    for (int64_t i = 0; i < fade && i < s->frames; i++) {
        const float g = (float)i / (float)fade;
        s->x[2 * (s->frames - 1 - i)] *= g;
        s->x[2 * (s->frames - 1 - i) + 1] *= g;
    }
}

rf_status music_sound_finish(music_sound *s, music_watch watch, rf_error *err)
{
    const double power = power_of(s);
    if (!(power > 0)) return RF_OK;
    rf_status st = limit(s, LEVEL / sqrt(power), watch, err);
    if (!st) trim(s);
    return st;
}

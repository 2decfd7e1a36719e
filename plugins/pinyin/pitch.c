/* pinyin/pitch.c -- see pitch.h. */
#include "pitch.h"

#include <math.h>
#include <stdlib.h>

#define LOWEST  70.0
#define HIGHEST 500.0
#define MIDDLE  200.0
#define AGAINST 0.125 /* taken off r at the longest lag */
#define LANES   8

struct speech_pitch {
    size_t each;              /* samples that become one */
    double rate;              /* of those */
    size_t least, most, room; /* lags; samples */
    float *x;                 /* [room], then zeros for the last lanes */
    float *r;                 /* [most+2] */
};

speech_pitch *speech_pitch_new(int rate, size_t window)
{
    speech_pitch *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->each = rate < 16000 ? 1 : (size_t)rate / 8000;
    p->rate = (double)rate / (double)p->each;
    p->least = (size_t)floor(p->rate / HIGHEST);
    p->most = (size_t)ceil(p->rate / LOWEST);
    p->room = window / p->each;
    p->x = calloc(p->room + p->most + 2 * LANES, sizeof *p->x);
    p->r = calloc(p->most + 2, sizeof *p->r);
    if (p->x && p->r) return p;
    speech_pitch_free(p);
    return NULL;
}

void speech_pitch_free(speech_pitch *p)
{
    if (!p) return;
    free(p->x);
    free(p->r);
    free(p);
}

/* Fewer samples, their mean 0; how many.  What is left of earlier frames behind them is cleared. */
static size_t take(speech_pitch *p, const float *x, size_t n)
{
    const size_t count = n / p->each;
    float mean = 0;
    for (size_t i = 0; i < count; i++) {
        float sum = 0;
        for (size_t k = 0; k < p->each; k++) sum += x[i * p->each + k];
        p->x[i] = sum;
        mean += sum / (float)count;
    }
    for (size_t i = 0; i < count; i++) p->x[i] -= mean;
    for (size_t i = count; i < p->room; i++) p->x[i] = 0;
    return count;
}

/* sum x_t y_t over n, which is rounded up to whole lanes. */
static float product(const float *x, const float *y, size_t n)
{
    float sum[LANES] = {0}, all = 0;
    for (size_t t = 0; t < n; t += LANES)
        for (size_t k = 0; k < LANES; k++) sum[k] += x[t + k] * y[t + k];
    for (size_t k = 0; k < LANES; k++) all += sum[k];
    return all;
}

/* r at lags least - 1 .. most + 1 that leave at least a third of the frame. */
static size_t correlate(speech_pitch *p, size_t n)
{
    const size_t most = p->most + 1 < 2 * n / 3 ? p->most + 1 : 2 * n / 3;
    double head = 0, tail = 0;
    for (size_t t = 0; t < n; t++) head += (double)p->x[t] * (double)p->x[t];
    tail = head;
    for (size_t lag = 1; lag <= most; lag++) {
        head -= (double)p->x[n - lag] * (double)p->x[n - lag];
        tail -= (double)p->x[lag - 1] * (double)p->x[lag - 1];
        if (lag + 1 < p->least) continue;
        const double size = head > 0 && tail > 0 ? sqrt(head * tail) : 0;
        p->r[lag] = size > 1e-9 ? (float)((double)product(p->x, p->x + lag, n - lag) / size) : 0;
    }
    return most;
}

/* Where the parabola through three neighbours is highest, from the middle one on, and how high. */
static double summit(const float *r, double *height)
{
    const double bend = (double)r[-1] - 2 * (double)r[0] + (double)r[1];
    const double slope = ((double)r[1] - (double)r[-1]) / 2;
    const double at = bend < 0 ? -slope / bend : 0;
    *height = (double)r[0] + slope * at / 2;
    return at;
}

void speech_pitch_of(speech_pitch *p, const float *x, size_t n, rf_real out[SPEECH_PITCH])
{
    const size_t count = take(p, x, n), most = correlate(p, count);
    double best = 0, r = 0, period = 1;
    for (size_t lag = p->least; lag < most; lag++) {
        const float *at = p->r + lag;
        if (at[0] < at[-1] || at[0] < at[1]) continue;
        double height;
        const double place = (double)lag + summit(at, &height);
        const double worth = height * (1 - AGAINST * (double)lag / (double)p->most);
        if (worth <= best) continue;
        best = worth;
        r = fmin(height, 1);
        period = place;
    }
    out[0] = (rf_real)(r * r);
    out[1] = (rf_real)(r * r * log(p->rate / period / MIDDLE));
}

/* pinyin/speech_nearest.c -- see speech_nearest.h. */
#include "speech_nearest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define C SPEECH_CEPSTRA

static bool room(speech_templates *t, size_t rows)
{
    if (t->n + 1 >= t->room) {
        const size_t n = (size_t)(t->room ? 2 * t->room : 64);
        if (!rf_resize(&t->at, n + 1, sizeof *t->at)) return false;
        if (!t->room) t->at[0] = 0;
        t->room = (rf_index)n;
    }
    const size_t need = (t->at[t->n] + rows) * C;
    if (need <= t->cap) return true;
    if (!rf_resize(&t->x, 2 * need, sizeof *t->x)) return false;
    t->cap = 2 * need;
    return true;
}

bool speech_templates_add(speech_templates *t, speech_ear *e, const float *x, size_t n)
{
    const rf_index T = speech_ear_frames(e, x, n);
    if (T < 0 || !room(t, (size_t)T)) return false;
    speech_normalise(SPEECH_NORM_UTTERANCE, &e->sums, NULL, NULL, e->frame, T);
    for (rf_index i = 0; i < T; i++) {
        rf_real c[C];
        speech_mel_cepstrum(e->frame + i * e->M, e->spec.mel.mels, C, c);
        float *to = t->x + (t->at[t->n] + (size_t)i) * C;
        for (int k = 0; k < C; k++) to[k] = (float)c[k];
    }
    t->at[t->n + 1] = t->at[t->n] + (size_t)T;
    t->n++;
    return true;
}

void speech_templates_free(speech_templates *t)
{
    free(t->x);
    free(t->at);
    *t = (speech_templates){0};
}

static double apart(const float *a, const float *b)
{
    float sum = 0;
    for (int k = 0; k < C; k++) sum += (a[k] - b[k]) * (a[k] - b[k]);
    return sqrt((double)sum);
}

/* Row i of costs from the row before; only columns near the diagonal are possible.  Returns the least. */
static double warp_row(const float *a, const float *b, size_t m, size_t from, size_t to,
                       const double *before, double *now)
{
    double least = INFINITY;
    for (size_t j = 0; j <= m; j++) now[j] = INFINITY;
    for (size_t j = from; j <= to; j++) {
        const double d = apart(a, b + (j - 1) * C);
        const double across = before[j - 1] + 2 * d, above = before[j] + d, left = now[j - 1] + d;
        now[j] = fmin(across, fmin(above, left));
        least = fmin(least, now[j]);
    }
    return least;
}

double speech_warp(const float *a, size_t n, const float *b, size_t m, double least, double *row)
{
    double *before = row, *now = row + m + 1;
    const double slope = (double)m / (double)n, band = fmax(8, 0.2 * (double)m);
    for (size_t j = 0; j <= m; j++) before[j] = j ? INFINITY : 0;
    for (size_t i = 1; i <= n; i++) {
        const double middle = (double)i * slope;
        const size_t from = middle - band > 1 ? (size_t)(middle - band) : 1;
        const size_t to = middle + band < (double)m ? (size_t)(middle + band) : m;
        const double best = warp_row(a + (i - 1) * C, b, m, from, to, before, now);
        if (best > least * (double)(n + m)) return INFINITY;
        double *const other = before;
        before = now;
        now = other;
    }
    return before[m] / (double)(n + m);
}

rf_index speech_nearest(const speech_templates *t, const float *a, size_t n)
{
    size_t longest = 0;
    rf_index best = -1;
    double least = INFINITY;
    for (rf_index i = 0; i < t->n; i++)
        if (t->at[i + 1] - t->at[i] > longest) longest = t->at[i + 1] - t->at[i];
    double *row = malloc(2 * (longest + 1) * sizeof *row);
    for (rf_index i = 0; row && n && i < t->n; i++) {
        const size_t m = t->at[i + 1] - t->at[i];
        const double d = m ? speech_warp(a, n, t->x + t->at[i] * C, m, least, row) : INFINITY;
        if (d < least) least = d, best = i;
    }
    free(row);
    return best;
}

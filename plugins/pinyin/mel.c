/* pinyin/mel.c -- see mel.h. */
#include "mel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI              3.14159265358979323846
#define FLOOR           1e-10
#define LEAST_DEVIATION 1e-3

/* ---- Fourier transform ------------------------------------------------------------------------------ */

void speech_fft_wave(size_t n, float *wave)
{
    for (size_t k = 0; k < n / 2; k++) {
        wave[2 * k] = (float)cos(2 * PI * (double)k / (double)n);
        wave[2 * k + 1] = (float)sin(2 * PI * (double)k / (double)n);
    }
}

/* Element i changes places with the one whose number has its bits in reverse. */
static void reverse_bits(size_t n, float *re, float *im)
{
    for (size_t i = 1, j = 0; i < n; i++) {
        size_t bit = n >> 1;
        for (; j & bit; bit >>= 1) j ^= bit;
        j ^= bit;
        if (i >= j) continue;
        const float r = re[i], s = im[i];
        re[i] = re[j], im[i] = im[j];
        re[j] = r, im[j] = s;
    }
}

void speech_fft(size_t n, const float *wave, float *re, float *im)
{
    reverse_bits(n, re, im);
    for (size_t half = 1; half < n; half *= 2) {
        const size_t stride = n / (2 * half);
        for (size_t from = 0; from < n; from += 2 * half)
            for (size_t k = 0; k < half; k++) {
                const float c = wave[2 * k * stride], s = wave[2 * k * stride + 1];
                float *a = re + from + k, *b = im + from + k;
                const float r = a[half] * c + b[half] * s, i = b[half] * c - a[half] * s;
                a[half] = *a - r, b[half] = *b - i;
                *a += r, *b += i;
            }
    }
}

/* ---- Log-mel ---------------------------------------------------------------------------------------- */

struct speech_mel {
    speech_mel_spec spec;
    size_t window, hop, n; /* n: of the transform */
    int *first, *count;    /* [M] lines of the spectrum in a band */
    float *weight;         /* [M, n/2 + 1] */
    float *wave, *half;    /* of transforms of n and n / 2 */
    float *shape, *re, *im, *power;
    double *floor;       /* [M] power that is added */
    speech_pitch *pitch; /* NULL: not asked for */
};

static double mel_of(double f) { return 2595 * log10(1 + f / 700); }

static void fill_bands(speech_mel *m)
{
    const speech_mel_spec *s = &m->spec;
    const double low = mel_of(s->low), step = (mel_of(s->rate / 2.0) - low) / (s->mels + 1);
    const size_t lines = m->n / 2 + 1;
    for (int b = 0; b < s->mels; b++) {
        const double left = low + b * step;
        for (size_t k = 0; k < lines; k++) {
            const double at = (mel_of((double)k * s->rate / (double)m->n) - left) / step;
            const double w = at <= 0 || at >= 2 ? 0 : at < 1 ? at : 2 - at;
            if (w > 0 && !m->count[b]) m->first[b] = (int)k;
            if (w > 0) m->weight[(size_t)b * lines + (size_t)m->count[b]++] = (float)w;
        }
    }
}

/* What white noise puts into each band, its emphasis left aside. */
static void fill_floor(speech_mel *m)
{
    double power = 0;
    for (size_t i = 0; i < m->window; i++) power += (double)m->shape[i] * (double)m->shape[i];
    power *= m->spec.floor > 0 ? pow(10, -m->spec.floor / 10) : 0;
    for (int b = 0; b < m->spec.mels; b++)
        for (int k = 0; k < m->count[b]; k++)
            m->floor[b] += power * (double)m->weight[(size_t)b * (m->n / 2 + 1) + (size_t)k];
}

static bool take_memory(speech_mel *m)
{
    const size_t M = (size_t)m->spec.mels;
    m->first = calloc(2 * M, sizeof *m->first);
    m->count = m->first ? m->first + M : NULL;
    m->weight = calloc(M * (m->n / 2 + 1), sizeof *m->weight);
    m->wave = malloc((m->n + m->n / 2 + m->window + m->n + m->n / 2 + 1) * sizeof *m->wave);
    m->floor = calloc(M, sizeof *m->floor);
    if (!m->first || !m->weight || !m->wave || !m->floor) return false;
    m->half = m->wave + m->n;
    m->shape = m->half + m->n / 2;
    m->re = m->shape + m->window;
    m->im = m->re + m->n / 2;
    m->power = m->im + m->n / 2;
    return true;
}

/* A band without a line of the spectrum would be silent for ever. */
static rf_status check_bands(const speech_mel *m, rf_error *err)
{
    for (int b = 0; b < m->spec.mels; b++)
        if (!m->count[b])
            return rf_fail(err, RF_EINVAL, "%d bands are too many for %d samples per second",
                           m->spec.mels, m->spec.rate);
    return RF_OK;
}

speech_mel *speech_mel_new(const speech_mel_spec *spec, rf_error *err)
{
    speech_mel *m = calloc(1, sizeof *m);
    if (m) {
        m->spec = *spec;
        m->window = (size_t)fmax(1, round(spec->window * spec->rate / 1000));
        m->hop = (size_t)fmax(1, round(spec->hop * spec->rate / 1000));
        for (m->n = 2; m->n < m->window;) m->n *= 2;
    }
    if (m && spec->pitch) m->pitch = speech_pitch_new(spec->rate, m->window);
    if (!m || !take_memory(m) || (spec->pitch && !m->pitch)) {
        speech_mel_free(m);
        rf_no_memory(err);
        return NULL;
    }
    speech_fft_wave(m->n, m->wave);
    speech_fft_wave(m->n / 2, m->half);
    for (size_t i = 0; i < m->window; i++)
        m->shape[i] = (float)(0.5 - 0.5 * cos(2 * PI * ((double)i + 0.5) / (double)m->window));
    fill_bands(m);
    fill_floor(m);
    if (!check_bands(m, err)) return m;
    speech_mel_free(m);
    return NULL;
}

void speech_mel_free(speech_mel *m)
{
    if (!m) return;
    free(m->first);
    free(m->weight);
    free(m->wave);
    free(m->floor);
    speech_pitch_free(m->pitch);
    free(m);
}

rf_index speech_mel_window(const speech_mel *m) { return (rf_index)m->window; }

rf_index speech_mel_hop(const speech_mel *m) { return (rf_index)m->hop; }

rf_index speech_mel_frames(const speech_mel *m, size_t n)
{
    if (!n) return 0;
    return n < m->window ? 1 : (rf_index)((n - m->window) / m->hop) + 1;
}

/* Samples at even places are the real parts of half as many numbers, those at odd ones the imaginary. */
static void shape_frame(speech_mel *m, const float *x, size_t n)
{
    float mean = 0;
    for (size_t i = 0; i < n; i++) mean += x[i];
    mean /= (float)n;
    memset(m->re, 0, m->n * sizeof *m->re);
    for (size_t i = 0; i < n; i++) {
        const float before = x[i ? i - 1 : 0] - mean;
        const float y = (x[i] - mean - (float)m->spec.emphasis * before) * m->shape[i];
        *(i % 2 ? m->im + i / 2 : m->re + i / 2) = y;
    }
}

/* The power spectrum of n real numbers from the transform of n / 2 complex ones: the even and the odd
 * ones' transforms are its parts that mirror themselves and that do not. */
static void fill_power(speech_mel *m)
{
    const size_t half = m->n / 2;
    speech_fft(half, m->half, m->re, m->im);
    m->power[0] = (m->re[0] + m->im[0]) * (m->re[0] + m->im[0]);
    m->power[half] = (m->re[0] - m->im[0]) * (m->re[0] - m->im[0]);
    for (size_t k = 1; k < half; k++) {
        const float c = m->wave[2 * k], s = m->wave[2 * k + 1];
        const float er = m->re[k] + m->re[half - k], ei = m->im[k] - m->im[half - k];
        const float dr = m->im[k] + m->im[half - k], di = m->re[half - k] - m->re[k];
        const float r = er + dr * c + di * s, i = ei + di * c - dr * s;
        m->power[k] = (r * r + i * i) / 4;
    }
}

void speech_mel_frame(speech_mel *m, const float *x, size_t n, rf_index t, rf_real *out)
{
    const size_t from = (size_t)t * m->hop, here = n - from < m->window ? n - from : m->window;
    shape_frame(m, x + from, here);
    fill_power(m);
    for (int b = 0; b < m->spec.mels; b++) {
        const float *w = m->weight + (size_t)b * (m->n / 2 + 1);
        double sum = m->floor[b];
        for (int k = 0; k < m->count[b]; k++) sum += (double)(w[k] * m->power[m->first[b] + k]);
        out[b] = (rf_real)log(fmax(sum, FLOOR));
    }
    if (m->pitch) speech_pitch_of(m->pitch, x + from, here, out + m->spec.mels);
}

bool speech_mel_sounds(const speech_mel *m, const rf_real *frame)
{
    for (int b = 0; b < m->spec.mels; b++)
        if (frame[b] > (rf_real)(log(fmax(m->floor[b], FLOOR)) + 0.01)) return true;
    return false;
}

void speech_mel_cepstrum(const rf_real *mel, rf_index M, rf_index n, rf_real *out)
{
    for (rf_index k = 0; k < n; k++) {
        double sum = 0;
        for (rf_index j = 0; j < M; j++)
            sum += (double)mel[j] * cos(PI * (double)k * ((double)j + 0.5) / (double)M);
        out[k] = (rf_real)(sum * sqrt(2 / (double)M));
    }
}

/* ---- Normalisation ------------------------------------------------------------------------------------ */

bool speech_sums_new(speech_sums *s, rf_index M)
{
    *s = (speech_sums){.M = M, .sum = calloc(2 * (size_t)M, sizeof *s->sum)};
    s->square = s->sum ? s->sum + M : NULL;
    return s->sum != NULL;
}

void speech_sums_free(speech_sums *s)
{
    free(s->sum);
    *s = (speech_sums){0};
}

void speech_sums_begin(speech_sums *s, const rf_real *mean, const rf_real *deviation, double prior)
{
    s->n = prior;
    for (rf_index i = 0; i < s->M; i++) {
        const double m = prior > 0 ? (double)mean[i] : 0, d = prior > 0 ? (double)deviation[i] : 0;
        s->sum[i] = prior * m;
        s->square[i] = prior * (d * d + m * m);
    }
}

void speech_sums_add(speech_sums *s, const rf_real *x)
{
    s->n++;
    for (rf_index i = 0; i < s->M; i++) {
        s->sum[i] += (double)x[i];
        s->square[i] += (double)x[i] * (double)x[i];
    }
}

void speech_sums_apply(const speech_sums *s, rf_real *x)
{
    for (rf_index i = 0; i < s->M; i++) {
        const double mean = s->sum[i] / s->n, variance = s->square[i] / s->n - mean * mean;
        const double d = sqrt(fmax(variance, LEAST_DEVIATION * LEAST_DEVIATION));
        x[i] = (rf_real)(((double)x[i] - mean) / d);
    }
}

void speech_normalise(speech_norm how, speech_sums *s, const rf_real *mean,
                      const rf_real *deviation, rf_real *x, rf_index T)
{
    if (how == SPEECH_NORM_NONE) return;
    const bool running = how == SPEECH_NORM_RUNNING;
    if (how == SPEECH_NORM_TRAINING) {
        speech_sums_begin(s, mean, deviation, 1);
        for (rf_index t = 0; t < T; t++) speech_sums_apply(s, x + t * s->M);
        return;
    }
    speech_sums_begin(s, mean, deviation, running ? SPEECH_NORM_PRIOR : 0);
    for (rf_index t = 0; t < T; t++) {
        speech_sums_add(s, x + t * s->M);
        if (running) speech_sums_apply(s, x + t * s->M);
    }
    for (rf_index t = 0; t < T && !running; t++) speech_sums_apply(s, x + t * s->M);
}

/* ---- Slopes and stacks ---------------------------------------------------------------------------------- */

static const rf_real *frame_at(const rf_real *x, rf_index T, rf_index M, rf_index t)
{
    return x + (t < 0 ? 0 : t >= T ? T - 1 : t) * M;
}

void speech_slope(const rf_real *x, rf_index T, rf_index M, rf_index t, rf_real *out)
{
    for (rf_index i = 0; i < M; i++) {
        rf_real sum = 0;
        for (rf_index k = 1; k <= SPEECH_SLOPE; k++)
            sum += (rf_real)k * (frame_at(x, T, M, t + k)[i] - frame_at(x, T, M, t - k)[i]);
        out[i] = sum / 10;
    }
}

rf_index speech_steps(rf_index frames, rf_index stack) { return (frames + stack - 1) / stack; }

/* music/meter.c -- listening by measurement. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "meter.h"

#define PI        3.14159265358979323846
#define FULL      (32767.0 / 32768) /* full scale of 16 bits */
#define AUDIBLE   1e-3              /* -60 dB */
#define HOPS      4                 /* a block of 0.4 s in steps of 0.1 s */
#define LOUD_RATE 8000              /* below, there is no place for the K-weighting's shelf */
#define GATE      (-70.0)
#define BELOW     (-10.0)

/* A filter of second order, in direct form II transposed. */
typedef struct biquad {
    double b[3], a[2];
} biquad;

typedef struct state {
    double z[2][2]; /* of both filters */
    double sum;     /* of samples */
} state;

struct music_meter {
    int rate, channels;
    int64_t frames, clipped, first, last, longest; /* first < 0: nothing was loud enough yet */
    double peak, squares;
    biquad k[2];
    state *channel;
    double hop[HOPS]; /* weighted squares of the last tenths of a second, a ring */
    int64_t hop_frames, hops;
    double now;    /* of this tenth */
    double *block; /* [blocks] mean square of each 0.4 s */
    size_t blocks, room;
};

/* ---- K-weighting ------------------------------------------------------------------------------- */

/* The standard gives coefficients for 48 kHz; these are its analogue filters for any rate: a shelf of 4 dB
 * above 1.7 kHz, and a high pass at 38 Hz. */
static biquad shelf(double rate)
{
    const double q = 0.7071752369554196, high = pow(10, 3.999843853973347 / 20),
                 band = pow(high, 0.4996667741545416), k = tan(PI * 1681.974450955533 / rate),
                 a0 = 1 + k / q + k * k;
    return (biquad){{(high + band * k / q + k * k) / a0, 2 * (k * k - high) / a0,
                     (high - band * k / q + k * k) / a0},
                    {2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0}};
}

static biquad high_pass(double rate)
{
    const double q = 0.5003270373238773, k = tan(PI * 38.13547087602444 / rate),
                 a0 = 1 + k / q + k * k;
    return (biquad){{1, -2, 1}, {2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0}};
}

static double filter(const biquad *f, double z[2], double x)
{
    const double y = f->b[0] * x + z[0];
    z[0] = f->b[1] * x - f->a[0] * y + z[1];
    z[1] = f->b[2] * x - f->a[1] * y;
    return y;
}

/* ---- Hearing ----------------------------------------------------------------------------------- */

music_meter *music_meter_new(int rate, int channels)
{
    music_meter *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    *m = (music_meter){.rate = rate, .channels = channels, .first = -1, .last = -1};
    m->k[0] = shelf(rate), m->k[1] = high_pass(rate);
    m->hop_frames = rate / 10;
    m->channel = calloc((size_t)channels, sizeof *m->channel);
    if (m->channel) return m;
    music_meter_free(m);
    return NULL;
}

void music_meter_free(music_meter *m)
{
    if (!m) return;
    free(m->channel);
    free(m->block);
    free(m);
}

/* A tenth of a second is over; with three before it, it makes a block. */
static bool end_hop(music_meter *m)
{
    m->hop[m->hops++ % HOPS] = m->now;
    m->now = 0;
    if (m->hops < HOPS) return true;
    if (m->blocks == m->room) {
        const size_t room = m->room ? 2 * m->room : 256;
        if (!rf_resize(&m->block, room, sizeof *m->block)) return false;
        m->room = room;
    }
    double sum = 0;
    for (int i = 0; i < HOPS; i++) sum += m->hop[i];
    m->block[m->blocks++] = sum / (double)(HOPS * m->hop_frames);
    return true;
}

/* The loudest of a frame's samples, all of which are counted in. */
static double hear_frame(music_meter *m, const float *x)
{
    double peak = 0;
    for (int c = 0; c < m->channels; c++) {
        state *s = &m->channel[c];
        const double v = x[c], y = filter(&m->k[1], s->z[1], filter(&m->k[0], s->z[0], v));
        s->sum += v;
        m->squares += v * v;
        m->now += y * y;
        m->clipped += fabs(v) >= FULL;
        peak = fmax(peak, fabs(v));
    }
    return peak;
}

rf_status music_meter_hear(music_meter *m, const float *x, int64_t n, rf_error *err)
{
    for (int64_t i = 0; i < n; i++, m->frames++) {
        const double peak = hear_frame(m, x + i * m->channels);
        m->peak = fmax(m->peak, peak);
        if (peak >= AUDIBLE) {
            if (m->first < 0)
                m->first = m->frames;
            else if (m->frames - m->last - 1 > m->longest)
                m->longest = m->frames - m->last - 1;
            m->last = m->frames;
        }
        if (m->rate >= LOUD_RATE && (m->frames + 1) % m->hop_frames == 0 && !end_hop(m))
            return rf_fail(err, RF_ENOMEM, "no memory to hear it all");
    }
    return RF_OK;
}

/* ---- Reading ----------------------------------------------------------------------------------- */

static double lufs(double mean_square) { return -0.691 + 10 * log10(mean_square); }

/* The mean of the blocks that are louder than a gate. */
static double gated(const music_meter *m, double gate)
{
    double sum = 0, n = 0;
    for (size_t i = 0; i < m->blocks; i++)
        if (lufs(m->block[i]) > gate) sum += m->block[i], n++;
    return n > 0 ? sum / n : 0;
}

static double loudness(const music_meter *m)
{
    if (!m->blocks) return NAN;
    return lufs(gated(m, fmax(GATE, lufs(gated(m, GATE)) + BELOW)));
}

music_hearing music_meter_read(const music_meter *m)
{
    const double rate = m->rate, samples = (double)m->frames * m->channels;
    double offset = 0;
    for (int c = 0; c < m->channels && m->frames; c++)
        offset = fmax(offset, fabs(m->channel[c].sum) / (double)m->frames);
    return (music_hearing){.rate = m->rate,
                           .channels = m->channels,
                           .frames = m->frames,
                           .seconds = (double)m->frames / rate,
                           .peak = 20 * log10(m->peak),
                           .rms = samples > 0 ? 10 * log10(m->squares / samples) : -INFINITY,
                           .loudness = loudness(m),
                           .clipped = m->clipped,
                           .silence = (double)m->longest / rate,
                           .from = m->first < 0 ? 0 : (double)m->first / rate,
                           .to = (double)(m->last + 1) / rate,
                           .offset = offset};
}

/* music/voice.c -- one note: sums of sines, frequency modulation, plucked strings, drums.
 *
 * A sum of sines is made by points that turn in the complex plane, each a partial; where they lose height
 * at every turn they die away, high ones first.  A plucked string is noise that goes round in a loop as
 * long as a period and is smoothed at every turn (Karplus & Strong 1983), tuned between frames by an
 * all-pass filter (Jaffe & Smith 1983).  Frequency modulation is Chowning's (1973). */
#include <math.h>
#include <stdlib.h>

#include "voice.h"

#define TURN      6.283185307179586
#define NYQUIST   0.45   /* of the rate: no partial is higher */
#define SHORTEST  4.0    /* frames in the period of a string */
#define QUIET     1e-4   /* where a note is over */
#define DRUM_EDGE 0.0005 /* seconds in which a drum begins */

/* White noise, -1 .. 1. */
static double next_noise(voice *v)
{
    v->noise = v->noise * 1664525u + 1013904223u;
    return (double)(int32_t)v->noise / 2147483648.0;
}

/* ---- Beginning --------------------------------------------------------------------------------- */

/* Partials of one player, tuned `cents` away; returns their power. */
static double add_partials(voice *v, double cents)
{
    const voice_timbre *t = v->t;
    double power = 0;
    for (int k = 1; k <= t->partials && v->sines < VOICE_PARTIALS; k++) {
        const double f = v->f * pow(2, cents / 1200) * k * sqrt(1 + t->stretch * k * k);
        const double a = pow(k, -t->slope) * (k % 2 ? 1 : t->even);
        const double keep = exp(-t->fade * (k - 1) / v->rate), w = TURN * f / v->rate;
        if (f > NYQUIST * v->rate || a == 0) continue;
        const double phase = TURN * 0.618 * k + cents; /* not all at once at the top */
        v->re[v->sines] = a * cos(phase), v->im[v->sines] = a * sin(phase);
        v->cos[v->sines] = keep * cos(w), v->sin[v->sines] = keep * sin(w);
        v->sines++;
        power += a * a;
    }
    return power;
}

static void begin_sines(voice *v)
{
    double power = add_partials(v, -v->t->spread / 2);
    if (v->t->spread > 0) power += add_partials(v, v->t->spread / 2);
    if (power > 0) v->amplitude /= sqrt(power);
}

/* Noise without a mean, and of one power. */
static void fill_loop(voice *v)
{
    /* A finger is softer than noise, the same number of partials at every pitch. */
    const double soft = fmin(1, TURN * v->f / v->rate * (1 + 8 * v->t->bright));
    double low = 0, mean = 0, power = 0;
    for (int64_t i = 0; i < v->period; i++) {
        low += soft * (next_noise(v) - low);
        v->loop[i] = (float)low;
        mean += low / (double)v->period;
    }
    for (int64_t i = 0; i < v->period; i++) {
        v->loop[i] -= (float)mean;
        power += (double)v->loop[i] * (double)v->loop[i] / (double)v->period;
    }
    for (int64_t i = 0; i < v->period && power > 0; i++) v->loop[i] /= (float)(2 * sqrt(power));
}

/* What the loop's length lacks to a period is left to the filters. */
static bool begin_string(voice *v)
{
    const double period = v->rate / v->f - 0.5; /* the smoothing takes half a frame */
    v->period = (int64_t)floor(period - 0.1);
    const double d = period - (double)v->period;
    v->fraction = (1 - d) / (1 + d);
    v->loop = malloc((size_t)v->period * sizeof *v->loop);
    if (!v->loop) return false;
    fill_loop(v);
    return true;
}

bool voice_begin(voice *v, int program, bool drum, const rf_tone *tone, int64_t held, double rate,
                 uint32_t noise)
{
    *v = (voice){.t = voice_timbre_of(program),
                 .drum = drum ? voice_drum_of(tone->pitch) : NULL,
                 .rate = rate,
                 .f = 440 * pow(2, (tone->pitch - 69) / 12.0),
                 .held = held,
                 .noise = noise,
                 .end = -1};
    v->amplitude = (drum ? v->drum->gain : v->t->gain) * pow(tone->velocity / 127.0, 1.5);
    v->kind = drum ? VOICE_DRUM : v->t->kind;
    /* A string so short has no partial but the first, if that. */
    if (v->kind == VOICE_STRING && v->f * SHORTEST > rate) v->kind = VOICE_SINES;
    if (v->kind == VOICE_SINES) begin_sines(v);
    return v->kind != VOICE_STRING || begin_string(v);
}

void voice_end(voice *v) { free(v->loop); }

/* ---- Going on ---------------------------------------------------------------------------------- */

static void next_sines(voice *v, double *out, int n)
{
    for (int i = 0; i < n; i++) out[i] = 0;
    for (int k = 0; k < v->sines; k++) {
        double re = v->re[k], im = v->im[k];
        const double c = v->cos[k], s = v->sin[k];
        if (re * re + im * im < QUIET * QUIET * QUIET) continue;
        for (int i = 0; i < n; i++) {
            out[i] += im;
            const double turned = re * c - im * s;
            im = re * s + im * c;
            re = turned;
        }
        v->re[k] = re, v->im[k] = im;
    }
}

static void next_fm(voice *v, double *out, int n)
{
    const double w = TURN * v->f / v->rate, m = w * v->t->ratio;
    /* High notes have less: their side bands would come back from beyond half the rate. */
    const double most = fmax(0, NYQUIST * v->rate / v->f - 1) / fmax(v->t->ratio, 1);
    const double index = fmin(v->t->index, most);
    for (int i = 0; i < n; i++) {
        const double seconds = (double)(v->at + i) / v->rate;
        out[i] = sin(v->phase + index * exp(-seconds / v->t->index_decay) * sin(v->modulator));
        v->phase = fmod(v->phase + w, TURN);
        v->modulator = fmod(v->modulator + m, TURN);
    }
}

static void next_string(voice *v, double *out, int n)
{
    const double keep = exp(-1 / (v->f * v->t->decay)); /* at each turn of the loop */
    for (int i = 0; i < n; i++) {
        float *here = &v->loop[(v->at + i) % v->period];
        const double now = *here;
        const double smooth = keep * 0.5 * (now + v->last);
        v->last = now;
        /* The all-pass: y = c x + x' - c y', where low holds x' - c y'. */
        const double tuned = v->fraction * smooth + v->low;
        v->low = smooth - v->fraction * tuned;
        *here = (float)tuned;
        out[i] = now;
    }
}

static void next_drum(voice *v, double *out, int n)
{
    const voice_drum *d = v->drum;
    for (int i = 0; i < n; i++) {
        const double t = (double)(v->at + i) / v->rate;
        const double f = d->to + (d->from - d->to) * exp(-t / d->fall);
        const double noise = next_noise(v);
        v->low += 0.25 * (noise - v->low);
        v->phase = fmod(v->phase + TURN * f / v->rate, TURN);
        out[i] = fmin(t / DRUM_EDGE, 1) *
                 (d->tone * exp(-t / d->tone_decay) * sin(v->phase) +
                  d->noise * exp(-t / d->noise_decay) * (noise - d->high * v->low));
    }
}

/* The envelope at a frame. */
static double envelope(voice *v, int64_t at)
{
    const voice_timbre *t = v->t;
    const double seconds = (double)at / v->rate;
    if (at >= v->held) {
        if (v->end < 0) v->end = v->level;
        return v->end * exp(-(double)(at - v->held) / v->rate / t->release);
    }
    const double decay =
        t->kind == VOICE_STRING
            ? 1 /* the loop has its own */
            : t->sustain + (1 - t->sustain) * exp(-fmax(0, seconds - t->attack) / t->decay);
    v->level = fmin(seconds / t->attack, 1) * decay;
    return v->level;
}

static bool over(const voice *v)
{
    if (v->drum) {
        const double slow = fmax(v->drum->tone_decay, v->drum->noise_decay);
        return (double)v->at / v->rate > slow * -log(QUIET);
    }
    return v->at > v->held
               ? v->end * exp(-(double)(v->at - v->held) / v->rate / v->t->release) < QUIET
               : v->at > 0 && v->t->sustain == 0 && v->level < QUIET;
}

bool voice_next(voice *v, double *out, int n)
{
    static void (*const next[])(voice *, double *, int) = {[VOICE_SINES] = next_sines,
                                                           [VOICE_FM] = next_fm,
                                                           [VOICE_STRING] = next_string,
                                                           [VOICE_DRUM] = next_drum};
    if (over(v)) return false;
    next[v->kind](v, out, n);
    for (int i = 0; i < n; i++) out[i] *= v->amplitude * (v->drum ? 1 : envelope(v, v->at + i));
    v->at += n;
    return true;
}

/* pinyin/audio.c -- see audio.h.
 *
 * Reading is libsndfile's: a file as it is, standard input from memory. */
#include "audio.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sndfile.h>

/* ---- Another rate ------------------------------------------------------------------------------- */

#define CROSSINGS 16
#define FINE      512 /* points of the kernel between two zero crossings */
#define POINTS    (CROSSINGS * FINE)
#define PHASES    256 /* places between two inputs whose weights are kept */
#define LANES     8   /* sums side by side, which one instruction can add to */
#define KAISER    8.0
#define PI        3.14159265358979323846

/* x [n] are the samples from input `first` on; out comes from `at` on. */
struct speech_resampler {
    double step, cut; /* cut: 1 and below, where the sinc cuts off, in half the input's rate */
    double reach;     /* input samples on each side that count */
    int64_t half;     /* reach, rounded up */
    size_t taps;      /* inputs of an output, from `half` - 1 before it on: a multiple of LANES */
    float *weight;    /* [PHASES+1,taps], then [taps] of room for inputs beyond an end */
    float *x, *out;
    size_t n, cap, out_cap, weight_cap;
    int64_t first, at;
    float kernel[POINTS + 2];
};

/* The modified Bessel function of order 0. */
static double bessel(double x)
{
    double sum = 1, term = 1;
    for (int k = 1; k < 40; k++) {
        term *= x / (2 * k) * (x / (2 * k));
        sum += term;
    }
    return sum;
}

static void fill_kernel(speech_resampler *r)
{
    const double whole = bessel(KAISER);
    for (int i = 0; i < POINTS; i++) {
        const double t = (double)i / FINE, u = t / CROSSINGS;
        const double sinc = i ? sin(PI * t) / (PI * t) : 1;
        r->kernel[i] = (float)(sinc * bessel(KAISER * sqrt(1 - u * u)) / whole);
    }
}

/* The kernel at t input samples from its centre. */
static float kernel(const speech_resampler *r, double t)
{
    const double at = fabs(t) * r->cut * FINE;
    const int i = (int)at;
    if (i >= POINTS) return 0;
    const float part = (float)(at - i);
    return (float)r->cut * (r->kernel[i] + part * (r->kernel[i + 1] - r->kernel[i]));
}

static bool room(float **x, size_t *cap, size_t n)
{
    if (n <= *cap) return true;
    if (!rf_resize(x, n + n / 2 + 256, sizeof **x)) return false;
    *cap = n + n / 2 + 256;
    return true;
}

void speech_resampler_reset(speech_resampler *r)
{
    r->n = 0;
    r->first = r->at = 0;
}

bool speech_resampler_begin(speech_resampler *r, double step)
{
    speech_resampler_reset(r);
    r->step = step < 1.0 / 64 ? 1.0 / 64 : step > 64 ? 64 : step;
    r->cut = r->step > 1 ? 1 / r->step : 1;
    r->reach = CROSSINGS / r->cut;
    r->half = (int64_t)ceil(r->reach);
    r->taps = ((size_t)(2 * r->half) + LANES - 1) / LANES * LANES;
    if (!room(&r->weight, &r->weight_cap, (PHASES + 2) * r->taps)) return false;
    for (size_t p = 0; p <= PHASES; p++)
        for (size_t k = 0; k < r->taps; k++)
            r->weight[p * r->taps + k] =
                kernel(r, (double)p / PHASES + (double)r->half - 1 - (double)k);
    return true;
}

speech_resampler *speech_resampler_new(double step)
{
    speech_resampler *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    fill_kernel(r);
    if (speech_resampler_begin(r, step)) return r;
    speech_resampler_free(r);
    return NULL;
}

void speech_resampler_free(speech_resampler *r)
{
    if (!r) return;
    free(r->weight);
    free(r->x);
    free(r->out);
    free(r);
}

/* The inputs of the weights, from `from` on, where there are none zeros. */
static const float *inputs(const speech_resampler *r, int64_t from)
{
    const int64_t taps = (int64_t)r->taps, n = (int64_t)r->n;
    const int64_t at = from - r->first;
    if (at >= 0 && at + taps <= n) return r->x + at;
    float *edge = r->weight + (PHASES + 1) * r->taps;
    for (int64_t k = 0; k < taps; k++) edge[k] = at + k >= 0 && at + k < n ? r->x[at + k] : 0;
    return edge;
}

/* Weights between those of two phases. */
static float output(const speech_resampler *r, double centre)
{
    const double whole = floor(centre), phase = (centre - whole) * PHASES;
    const float *x = inputs(r, (int64_t)whole - r->half + 1);
    const float *w = r->weight + (size_t)phase * r->taps, *v = w + r->taps;
    const float part = (float)(phase - floor(phase));
    float sum[LANES] = {0}, all = 0;
    for (size_t k = 0; k < r->taps; k += LANES)
        for (size_t i = 0; i < LANES; i++)
            sum[i] += x[k + i] * (w[k + i] + part * (v[k + i] - w[k + i]));
    for (size_t i = 0; i < LANES; i++) all += sum[i];
    return all;
}

/* Forget the samples that no output needs any more. */
static void forget(speech_resampler *r)
{
    const int64_t from = (int64_t)floor((double)r->at * r->step - r->reach) - 1;
    int64_t drop = from - r->first;
    if (drop <= 0) return;
    if (drop > (int64_t)r->n) drop = (int64_t)r->n;
    memmove(r->x, r->x + drop, (r->n - (size_t)drop) * sizeof *r->x);
    r->n -= (size_t)drop;
    r->first += drop;
}

const float *speech_resampler_feed(speech_resampler *r, const float *x, size_t n, bool end,
                                   size_t *count)
{
    forget(r);
    if (!room(&r->x, &r->cap, r->n + n + 1)) return NULL;
    if (n) memcpy(r->x + r->n, x, n * sizeof *x);
    r->n += n;
    const double have = (double)(r->first + (int64_t)r->n);
    const double most = (have - (double)r->at * r->step) / r->step + 2;
    if (!room(&r->out, &r->out_cap, most > 0 ? (size_t)most : 1)) return NULL;
    *count = 0;
    for (;; r->at++) {
        const double centre = (double)r->at * r->step;
        if (end ? centre >= have : floor(centre + r->reach) >= have) break;
        r->out[(*count)++] = output(r, centre);
    }
    return r->out;
}

/* ---- Sound in memory ------------------------------------------------------------------------------ */

void speech_sound_free(speech_sound *s)
{
    free(s->x);
    *s = (speech_sound){0};
}

bool speech_sound_add(speech_sound *s, const float *x, size_t n)
{
    if (!room(&s->x, &s->cap, s->n + n)) return false;
    if (n) memcpy(s->x + s->n, x, n * sizeof *x);
    s->n += n;
    return true;
}

/* ---- Bytes in memory, for libsndfile --------------------------------------------------------------- */

typedef struct memory {
    const char *bytes;
    sf_count_t n, at;
} memory;

static sf_count_t memory_length(void *m) { return ((memory *)m)->n; }

static sf_count_t memory_tell(void *m) { return ((memory *)m)->at; }

static sf_count_t memory_seek(sf_count_t offset, int whence, void *ctx)
{
    memory *m = ctx;
    const sf_count_t from = whence == SEEK_CUR ? m->at : whence == SEEK_END ? m->n : 0;
    if (from + offset < 0) return -1;
    m->at = from + offset;
    return m->at;
}

static sf_count_t memory_read(void *out, sf_count_t n, void *ctx)
{
    memory *m = ctx;
    const sf_count_t left = m->n > m->at ? m->n - m->at : 0;
    if (n > left) n = left;
    if (n > 0) memcpy(out, m->bytes + m->at, (size_t)n);
    m->at += n;
    return n;
}

static sf_count_t memory_write(const void *bytes, sf_count_t n, void *ctx)
{
    (void)bytes;
    (void)n;
    (void)ctx;
    return 0;
}

/* ---- Sources --------------------------------------------------------------------------------------- */

#define BLOCK 4096 /* frames at a time */

struct speech_source {
    char *name;
    SNDFILE *file; /* NULL: raw samples on standard input */
    memory memory;
    rf_str bytes; /* of standard input */
    SF_INFO info;
    int rate;
    speech_resampler *resampler; /* NULL: the rate is as wished */
    float *frames;               /* [BLOCK, channels] */
    float *mono;                 /* [BLOCK] */
    unsigned char half;          /* raw: the first byte of a sample whose second is not here yet */
    bool split, ended;
};

void speech_source_free(speech_source *s)
{
    if (!s) return;
    if (s->file) sf_close(s->file);
    speech_resampler_free(s->resampler);
    rf_str_free(&s->bytes);
    free(s->frames);
    free(s->mono);
    free(s->name);
    free(s);
}

static rf_status check_info(const speech_source *s, rf_error *err)
{
    if (s->info.channels < 1 || s->info.channels > 1024)
        return rf_fail(err, RF_EFORMAT, "%s: %d channels", s->name, s->info.channels);
    if (s->info.samplerate < 100 || s->info.samplerate > SPEECH_RATE_MOST)
        return rf_fail(err, RF_EFORMAT, "%s: %d samples per second, where 100 to %d are due",
                       s->name, s->info.samplerate, SPEECH_RATE_MOST);
    return RF_OK;
}

/* What all sources have once the file's format is known. */
static rf_status prepare(speech_source *s, int rate, rf_error *err)
{
    rf_status st = check_info(s, err);
    if (st) return st;
    s->rate = rate ? rate : s->info.samplerate;
    s->frames = malloc((size_t)(BLOCK * s->info.channels) * sizeof *s->frames);
    s->mono = malloc(BLOCK * sizeof *s->mono);
    if (s->rate != s->info.samplerate)
        s->resampler = speech_resampler_new((double)s->info.samplerate / s->rate);
    if (s->frames && s->mono && (s->resampler || s->rate == s->info.samplerate)) return RF_OK;
    return rf_fail(err, RF_ENOMEM, "%s: no memory", s->name);
}

static speech_source *source_new(const char *name, rf_error *err)
{
    speech_source *s = calloc(1, sizeof *s);
    if (s) s->name = strdup(name);
    if (s && s->name) return s;
    free(s);
    rf_fail(err, RF_ENOMEM, "%s: no memory", name);
    return NULL;
}

static speech_source *opened(speech_source *s, rf_status st, int rate, rf_error *err)
{
    if (!st && !s->file)
        st = rf_fail(err, RF_EFORMAT, "%s: not a sound file that can be read (WAV, FLAC, OGG, MP3)",
                     s->name);
    if (!st) st = prepare(s, rate, err);
    if (!st) return s;
    speech_source_free(s);
    return NULL;
}

static void open_memory(speech_source *s, const char *bytes, size_t n)
{
    SF_VIRTUAL_IO io = {memory_length, memory_seek, memory_read, memory_write, memory_tell};
    s->memory = (memory){bytes, (sf_count_t)n, 0};
    s->file = sf_open_virtual(&io, SFM_READ, &s->info, &s->memory);
}

speech_source *speech_source_open(const char *path, int rate, rf_error *err)
{
    const bool input = !strcmp(path, "-");
    rf_status st = RF_OK;
    speech_source *s = source_new(input ? "standard input" : path, err);
    if (!s) return NULL;
    if (input) {
        st = rf_file_read(path, 0, &s->bytes, err);
        if (!st) open_memory(s, s->bytes.s, s->bytes.n);
    } else if (access(path, R_OK)) {
        st = rf_fail(err, RF_EIO, "%s: cannot be read", path);
    } else {
        s->file = sf_open(path, SFM_READ, &s->info);
    }
    return opened(s, st, rate, err);
}

speech_source *speech_source_parse(const void *bytes, size_t n, const char *name, int rate,
                                   rf_error *err)
{
    speech_source *s = source_new(name, err);
    if (!s) return NULL;
    open_memory(s, bytes, n);
    return opened(s, RF_OK, rate, err);
}

speech_source *speech_source_raw(int from_rate, int rate, rf_error *err)
{
    speech_source *s = source_new("standard input", err);
    if (!s) return NULL;
    s->info = (SF_INFO){.samplerate = from_rate, .channels = 1};
    if (!prepare(s, rate, err)) return s;
    speech_source_free(s);
    return NULL;
}

int speech_source_rate(const speech_source *s) { return s->rate; }

double speech_source_length(const speech_source *s)
{
    const double n = (double)s->info.frames;
    return n > 0 && n < 1e15 ? n * s->rate / s->info.samplerate : 0;
}

/* Raw samples, at least one byte of them unless the stream has ended. */
static size_t read_raw(speech_source *s)
{
    unsigned char bytes[2 * BLOCK];
    size_t n = 0, at = 0;
    if (s->split) bytes[n++] = s->half;
    const ssize_t got = read(STDIN_FILENO, bytes + n, sizeof bytes - n);
    s->ended = got <= 0;
    n += got > 0 ? (size_t)got : 0;
    for (; 2 * at + 1 < n; at++) {
        const unsigned u = (unsigned)(bytes[2 * at] | bytes[2 * at + 1] << 8);
        s->mono[at] = (float)((int)u - (u & 0x8000u ? 65536 : 0)) / 32768;
    }
    s->split = n % 2;
    if (s->split) s->half = bytes[n - 1];
    return at;
}

/* Frames of the file, their channels averaged. */
static size_t read_file(speech_source *s)
{
    const sf_count_t n = sf_readf_float(s->file, s->frames, BLOCK);
    const int C = s->info.channels;
    for (sf_count_t i = 0; i < n; i++) {
        float sum = 0;
        for (int c = 0; c < C; c++) sum += s->frames[i * C + c];
        s->mono[i] = sum / (float)C;
    }
    s->ended = n < BLOCK;
    return n > 0 ? (size_t)n : 0;
}

int speech_source_next(speech_source *s, const float **x, size_t *n, rf_error *err)
{
    if (s->ended) return 0;
    const size_t got = s->file ? read_file(s) : read_raw(s);
    for (size_t i = 0; i < got; i++)
        if (!isfinite(s->mono[i]))
            return rf_fail(err, RF_EFORMAT, "%s: a sample is not a finite number", s->name);
    *x = s->mono;
    *n = got;
    if (s->resampler) *x = speech_resampler_feed(s->resampler, s->mono, got, s->ended, n);
    return *x ? 1 : rf_fail(err, RF_ENOMEM, "%s: no memory", s->name);
}

rf_status speech_sound_read(const char *path, int rate, double most, speech_sound *out,
                            rf_error *err)
{
    const float *x;
    size_t n;
    int more = 0;
    speech_source *s = speech_source_open(path, rate, err);
    if (!s) return err ? err->status : RF_EFORMAT;
    out->n = 0;
    out->rate = s->rate;
    rf_status st = RF_OK;
    while (!st && (more = speech_source_next(s, &x, &n, err)) > 0) {
        if (!speech_sound_add(out, x, n)) st = rf_fail(err, RF_ENOMEM, "%s: no memory", path);
        if (!st && most > 0 && (double)out->n > most * s->rate)
            st = rf_fail(err, RF_EFORMAT, "%s: more than %g seconds", path, most);
    }
    if (!st && more < 0) st = more;
    if (!st && !out->n) st = rf_fail(err, RF_EFORMAT, "%s: there is no sample in it", path);
    speech_source_free(s);
    return st;
}

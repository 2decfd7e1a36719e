/* music/audio.c -- sound files, by libsndfile: made in memory, then written at once; and heard.
 *
 * The same sound is the same bytes: where Ogg wants a random number for its stream, a fixed one is put. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <refrain/io.h>
#include <sndfile.h>

#include "meter.h"

#define BLOCK  4096 /* frames at a time: Vorbis has them on the stack */
#define SERIAL 1u   /* of an Ogg stream */

static const struct {
    const char *ending;
    int format;
} formats[] = {{".wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16},
               {".flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
               {".ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS}};

/* The format that a name stands for, or 0. */
static int format_of(const char *path)
{
    const size_t n = strlen(path);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        const size_t k = strlen(formats[i].ending);
        if (n > k && !strcasecmp(path + n - k, formats[i].ending)) return formats[i].format;
    }
    return 0;
}

bool music_audio_known(const char *path) { return format_of(path) != 0; }

/* ---- A file in memory -------------------------------------------------------------------------- */

typedef struct memory {
    rf_str bytes;
    sf_count_t at;
} memory;

static sf_count_t memory_length(void *m) { return (sf_count_t)((memory *)m)->bytes.n; }

static sf_count_t memory_tell(void *m) { return ((memory *)m)->at; }

static sf_count_t memory_seek(sf_count_t offset, int whence, void *ctx)
{
    memory *m = ctx;
    const sf_count_t from = whence == SEEK_CUR   ? m->at
                            : whence == SEEK_END ? (sf_count_t)m->bytes.n
                                                 : 0;
    if (from + offset < 0) return -1;
    m->at = from + offset;
    return m->at;
}

static sf_count_t memory_read(void *out, sf_count_t n, void *ctx)
{
    memory *m = ctx;
    const sf_count_t left = (sf_count_t)m->bytes.n - m->at;
    if (n > left) n = left > 0 ? left : 0;
    if (n) memcpy(out, m->bytes.s + m->at, (size_t)n);
    m->at += n;
    return n;
}

static sf_count_t memory_write(const void *bytes, sf_count_t n, void *ctx)
{
    memory *m = ctx;
    while (m->at > (sf_count_t)m->bytes.n && !m->bytes.failed) rf_str_add(&m->bytes, "", 1);
    const sf_count_t over = (sf_count_t)m->bytes.n - m->at,
                     here = n < over ? n : over; /* what is there already */
    if (m->bytes.failed) return 0;
    if (here) memcpy(m->bytes.s + m->at, bytes, (size_t)here);
    rf_str_add(&m->bytes, (const char *)bytes + here, (size_t)(n - here));
    if (m->bytes.failed) return 0;
    m->at += n;
    return n;
}

static rf_status write_frames(SNDFILE *f, const music_sound *s, const char *path, music_watch watch,
                              rf_error *err)
{
    rf_status st = RF_OK;
    for (int64_t at = 0; at < s->frames && !st; at += BLOCK) {
        const int64_t n = s->frames - at < BLOCK ? s->frames - at : BLOCK;
        if (sf_writef_float(f, s->x + 2 * at, n) != n)
            return rf_fail(err, RF_ENOMEM, "%s: %s", path, sf_strerror(f));
        st = music_watch_frames(watch, s, at);
    }
    return st;
}

/* ---- Ogg --------------------------------------------------------------------------------------- */

#define PAGE_HEAD   27 /* bytes, before the table of segments */
#define PAGE_SERIAL 14
#define PAGE_SUM    22

static void put_le32(char *p, uint32_t x)
{
    for (int i = 0; i < 4; i++) p[i] = (char)(x >> (8 * i) & 0xff);
}

/* The checksum of a page: CRC-32 of 0x04c11db7, highest bit first, nothing inverted (RFC 3533). */
static uint32_t page_sum(const char *p, size_t n)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum ^= (uint32_t)(unsigned char)p[i] << 24;
        for (int b = 0; b < 8; b++) sum = sum << 1 ^ (sum & 0x80000000u ? 0x04c11db7u : 0);
    }
    return sum;
}

/* Give every page the same number of its stream. */
static void fix_serial(rf_str *ogg)
{
    for (size_t at = 0; at + PAGE_HEAD <= ogg->n && !memcmp(ogg->s + at, "OggS", 4);) {
        char *page = ogg->s + at;
        const size_t segments = (unsigned char)page[PAGE_HEAD - 1];
        size_t n = PAGE_HEAD + segments;
        for (size_t i = 0; i < segments && at + PAGE_HEAD + i < ogg->n; i++)
            n += (unsigned char)page[PAGE_HEAD + i];
        if (n > ogg->n - at) return;
        put_le32(page + PAGE_SERIAL, SERIAL);
        put_le32(page + PAGE_SUM, 0);
        put_le32(page + PAGE_SUM, page_sum(page, n));
        at += n;
    }
}

rf_status music_audio_write(const music_sound *s, const char *title, const char *path,
                            music_watch watch, rf_error *err)
{
    SF_VIRTUAL_IO io = {memory_length, memory_seek, memory_read, memory_write, memory_tell};
    SF_INFO info = {.samplerate = s->rate, .channels = 2, .format = format_of(path)};
    memory m = {0};
    if (!info.format)
        return rf_fail(err, RF_EINVAL, "%s: a name that ends in .wav, .flac or .ogg is due", path);
    SNDFILE *f = sf_open_virtual(&io, SFM_WRITE, &info, &m);
    if (!f) return rf_fail(err, RF_EIO, "%s: %s", path, sf_strerror(NULL));
    if (title) sf_set_string(f, SF_STR_TITLE, title);
    rf_status st = write_frames(f, s, path, watch, err);
    if (sf_close(f) && !st) st = rf_fail(err, RF_EIO, "%s: cannot be completed", path);
    if (!st && m.bytes.failed) st = rf_fail(err, RF_ENOMEM, "%s: no memory", path);
    if (!st && (info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_OGG) fix_serial(&m.bytes);
    if (!st) st = rf_file_write(path, m.bytes.s, m.bytes.n, err);
    rf_str_free(&m.bytes);
    return st;
}

/* ---- Reading ----------------------------------------------------------------------------------- */

static rf_status not_a_number(const float *x, int64_t n, int channels, int64_t at, const char *path,
                              rf_error *err)
{
    for (int64_t i = 0; i < n * channels; i++)
        if (!isfinite(x[i]))
            return rf_fail(err, RF_EFORMAT, "%s: frame %lld: a sample that is no number", path,
                           (long long)(at + i / channels));
    return RF_OK;
}

static rf_status hear_frames(SNDFILE *f, const SF_INFO *info, music_meter *m, float *x,
                             const char *path, music_watch watch, rf_error *err)
{
    rf_status st = RF_OK;
    for (int64_t at = 0, n; !st && (n = sf_readf_float(f, x, BLOCK)) > 0; at += n) {
        st = not_a_number(x, n, info->channels, at, path, err);
        if (!st) st = music_meter_hear(m, x, n, err);
        if (!st)
            st = watch.progress(watch.ctx, (double)at / info->samplerate,
                                (double)info->frames / info->samplerate);
    }
    if (!st && sf_error(f)) st = rf_fail(err, RF_EFORMAT, "%s: %s", path, sf_strerror(f));
    return st;
}

rf_status music_audio_hear(const char *path, music_hearing *out, music_watch watch, rf_error *err)
{
    SF_INFO info = {0};
    SNDFILE *f = sf_open(path, SFM_READ, &info);
    if (!f) return rf_fail(err, RF_EFORMAT, "%s: %s", path, sf_strerror(NULL));
    const bool fits = info.channels <= MUSIC_CHANNELS_MOST;
    music_meter *m = fits ? music_meter_new(info.samplerate, info.channels) : NULL;
    float *x = fits ? calloc((size_t)info.channels * BLOCK, sizeof *x) : NULL;
    rf_status st = RF_OK;
    if (!fits)
        st = rf_fail(err, RF_ENOTSUP, "%s: %d channels, where at most %d are heard", path,
                     info.channels, MUSIC_CHANNELS_MOST);
    else if (!m || !x)
        st = rf_fail(err, RF_ENOMEM, "%s: no memory", path);
    if (!st) st = hear_frames(f, &info, m, x, path, watch, err);
    if (!st) *out = music_meter_read(m);
    music_meter_free(m);
    free(x);
    sf_close(f);
    return st;
}

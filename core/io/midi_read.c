/* io/midi_read.c -- scores from Standard MIDI Files.
 *
 *     MThd 00000006  type count division        the header, big-endian like all that follows
 *     MTrk length    delta event delta event ... count times; chunks of other names are passed over
 *
 * Events are read in the file's order.  What a note's program is depends on all parts of the file, so
 * notes and changes of program are collected first, and notes get their tracks at the end.  Whatever is
 * collected takes bytes of the file: memory is bounded by its size. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include <refrain/io.h>

#include "io/score.h"

#define MIDI_LIMIT ((size_t)1 << 26) /* most bytes of a file, after unpacking */
#define NONE       UINT32_MAX        /* no note */

/* A note of the file.  `order` counts events: of two at one tick the lower one comes first. */
typedef struct found {
    rf_tone tone;
    size_t order;
    uint32_t part;   /* number of the MTrk, from 0 */
    uint32_t next;   /* the next open note on the same key */
    uint8_t channel; /* 0 .. 15 */
    uint8_t program; /* known at the end */
} found;

typedef struct change {
    int64_t tick;
    size_t order;
    uint8_t channel, program;
} change;

/* Notes that sound on one key, in the order they began. */
typedef struct line {
    uint32_t first, last;
} line;

typedef struct reader {
    const uint8_t *bytes;
    size_t at, n;     /* of the whole file */
    size_t end;       /* of the part that is being read */
    const char *name; /* of the file */
    rf_error *err;
    rf_score *s;
    bool film; /* SMPTE division: tempi do not count */
    int64_t tick;
    size_t order;
    uint32_t part;
    char **names; /* [parts], each may be NULL */
    uint32_t parts, type;
    found *note;
    size_t notes, note_room;
    change *program;
    size_t programs, program_room;
    line open[16][128];
} reader;

/* ---- Bytes ------------------------------------------------------------------------------------- */

static bool no_memory(const reader *r)
{
    rf_fail(r->err, RF_ENOMEM, "%s: no memory", r->name);
    return false;
}

static bool RF_PRINTF(3, 4) wrong(const reader *r, size_t where, const char *fmt, ...);

static bool wrong(const reader *r, size_t where, const char *fmt, ...)
{
    char text[200];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    rf_fail(r->err, RF_EFORMAT, "%s: byte %zu: %s", r->name, where, text);
    return false;
}

/* n <= 4 bytes as a number; the caller has checked that they are there. */
static uint32_t number(reader *r, int n)
{
    uint32_t x = 0;
    while (n-- > 0) x = x << 8 | r->bytes[r->at++];
    return x;
}

static bool byte(reader *r, uint8_t *out)
{
    if (r->at >= r->end) return wrong(r, r->at, "part %u ends within an event", r->part + 1);
    *out = r->bytes[r->at++];
    return true;
}

/* A number of up to four groups of seven bits. */
static bool length(reader *r, uint32_t *out)
{
    const size_t from = r->at;
    uint8_t b = 0x80;
    *out = 0;
    for (int i = 0; i < 4 && b & 0x80; i++) {
        if (!byte(r, &b)) return false;
        *out = *out << 7 | (b & 0x7f);
    }
    return !(b & 0x80) || wrong(r, from, "a length of more than four bytes");
}

/* A length and so many bytes behind it. */
static bool block(reader *r, const uint8_t **bytes, uint32_t *n)
{
    const size_t from = r->at;
    if (!length(r, n)) return false;
    if (*n > r->end - r->at)
        return wrong(r, from, "%u bytes where %zu are left in part %u", *n, r->end - r->at,
                     r->part + 1);
    *bytes = r->bytes + r->at;
    r->at += *n;
    return true;
}

/* ---- Notes ------------------------------------------------------------------------------------- */

static bool note_on(reader *r, uint8_t channel, uint8_t pitch, uint8_t velocity)
{
    line *l = &r->open[channel][pitch];
    if (r->tick == RF_TICK_MOST) return wrong(r, r->at, "a note at tick 2^40");
    found *grown = rfi_room(r->note, &r->note_room, r->notes, sizeof *r->note);
    if (!grown) return no_memory(r);
    r->note = grown;
    const uint32_t i = (uint32_t)r->notes++;
    r->note[i] = (found){.tone = {r->tick, 0, pitch, velocity},
                         .order = r->order,
                         .part = r->part,
                         .next = NONE,
                         .channel = channel};
    if (l->first == NONE)
        l->first = i;
    else
        r->note[l->last].next = i;
    l->last = i;
    return true;
}

/* End the note that began first; without one there is nothing to end. */
static void note_off(reader *r, uint8_t channel, uint8_t pitch)
{
    line *l = &r->open[channel][pitch];
    if (l->first == NONE) return;
    rf_tone *t = &r->note[l->first].tone;
    t->len = r->tick > t->on ? r->tick - t->on : 1;
    l->first = r->note[l->first].next;
}

static void end_all(reader *r)
{
    for (int c = 0; c < 16; c++)
        for (int p = 0; p < 128; p++)
            while (r->open[c][p].first != NONE) note_off(r, (uint8_t)c, (uint8_t)p);
}

static bool set_program(reader *r, uint8_t channel, uint8_t program)
{
    change *grown = rfi_room(r->program, &r->program_room, r->programs, sizeof *r->program);
    if (!grown) return no_memory(r);
    r->program = grown;
    r->program[r->programs++] = (change){r->tick, r->order, channel, program};
    return true;
}

/* ---- Meta events ------------------------------------------------------------------------------- */

static bool valid_utf8(const uint8_t *s, size_t n)
{
    utf8proc_int32_t code;
    for (utf8proc_ssize_t k; n; s += k, n -= (size_t)k)
        if ((k = utf8proc_iterate(s, (utf8proc_ssize_t)n, &code)) <= 0) return false;
    return true;
}

/* Text as UTF-8 on one line, without blanks at its ends; NULL with an error, or if nothing is left. */
static char *text(reader *r, const uint8_t *s, size_t n)
{
    const bool utf8 = valid_utf8(s, n);
    rf_str out = {0};
    for (size_t i = 0; i < n; i++) {
        const uint8_t c = s[i] < 0x20 || s[i] == 0x7f ? ' ' : s[i];
        const char latin[2] = {(char)(0xc0 | c >> 6), (char)(0x80 | (c & 0x3f))};
        if (c == ' ' && !out.n) continue;
        if (c >= 0x80 && !utf8)
            rf_str_add(&out, latin, 2);
        else
            rf_str_add(&out, (const char *)&c, 1);
    }
    while (out.n && out.s[out.n - 1] == ' ') out.s[--out.n] = 0;
    if (out.failed) no_memory(r);
    if (out.n && !out.failed) return out.s;
    rf_str_free(&out);
    return NULL;
}

static bool meta_name(reader *r, const uint8_t *s, uint32_t n, size_t where)
{
    (void)where;
    if (r->names[r->part]) return true;
    r->names[r->part] = text(r, s, n);
    return r->names[r->part] || !r->err->status;
}

static bool meta_tempo(reader *r, const uint8_t *s, uint32_t n, size_t where)
{
    const uint32_t us = n == 3 ? (uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2] : 0;
    if (n != 3) return wrong(r, where, "a tempo of %u bytes where 3 are due", n);
    if (!us) return wrong(r, where, "a tempo of 0 microseconds");
    if (r->film) return true;
    return rf_score_add_tempo(r->s, r->tick, us) || no_memory(r);
}

static bool meta_metre(reader *r, const uint8_t *s, uint32_t n, size_t where)
{
    if (n < 2) return wrong(r, where, "a metre of %u bytes where 4 are due", n);
    if (!s[0] || s[1] > 7) return wrong(r, where, "a metre of %u/2^%u", s[0], s[1]);
    return rf_score_add_metre(r->s, r->tick, s[0], 1 << s[1]) || no_memory(r);
}

static bool meta_signature(reader *r, const uint8_t *s, uint32_t n, size_t where)
{
    if (n != 2) return wrong(r, where, "a key signature of %u bytes where 2 are due", n);
    const int sharps = (int8_t)s[0];
    if (sharps < -7 || sharps > 7 || s[1] > 1)
        return wrong(r, where, "a key signature of %d sharps, mode %u", sharps, s[1]);
    return rf_score_add_signature(r->s, r->tick, sharps, s[1]) || no_memory(r);
}

#define META_END 0x2f

static const struct {
    uint8_t type;
    bool (*read)(reader *r, const uint8_t *s, uint32_t n, size_t where);
} metas[] = {{0x03, meta_name}, {0x51, meta_tempo}, {0x58, meta_metre}, {0x59, meta_signature}};

static bool meta(reader *r, size_t where, bool *last)
{
    const uint8_t *s = NULL;
    uint32_t n = 0;
    uint8_t type = 0;
    if (!byte(r, &type) || !block(r, &s, &n)) return false;
    *last = type == META_END;
    for (size_t i = 0; i < sizeof metas / sizeof *metas; i++)
        if (metas[i].type == type) return metas[i].read(r, s, n, where);
    return true;
}

/* ---- Events ------------------------------------------------------------------------------------ */

/* A channel's event with its first byte of data. */
static bool channel_event(reader *r, uint8_t status, uint8_t a)
{
    const uint8_t kind = status & 0xf0, channel = status & 0x0f;
    uint8_t b = 0;
    if (kind == 0xc0) return set_program(r, channel, a);
    if (kind == 0xd0) return true;
    if (!byte(r, &b)) return false;
    if (b & 0x80) return wrong(r, r->at - 1, "0x%02x where data below 0x80 are due", b);
    if (kind == 0x90 && b) return note_on(r, channel, a, b);
    if (kind == 0x80 || kind == 0x90) note_off(r, channel, a);
    return true;
}

/* One event.  `status` is the running one, which outlives meta events, as some sequencers expect. */
static bool event(reader *r, uint8_t *status, bool *last)
{
    const size_t where = r->at;
    const uint8_t *bytes;
    uint32_t n;
    uint8_t b = 0;
    if (!byte(r, &b)) return false;
    if (b == 0xff) return meta(r, where, last);
    if (b == 0xf0 || b == 0xf7) return block(r, &bytes, &n);
    if (b >= 0xf0) return wrong(r, where, "0x%02x has no place in a file", b);
    if (b < 0x80)
        return *status ? channel_event(r, *status, b)
                       : wrong(r, where, "0x%02x where an event is due", b);
    *status = b;
    if (!byte(r, &b)) return false;
    if (b & 0x80) return wrong(r, r->at - 1, "0x%02x where data below 0x80 are due", b);
    return channel_event(r, *status, b);
}

/* The part from r->at to r->end. */
static bool read_part(reader *r)
{
    uint8_t status = 0;
    bool last = false;
    r->tick = 0;
    while (r->at < r->end && !last) {
        const size_t where = r->at;
        uint32_t delta;
        if (!length(r, &delta)) return false;
        r->tick += delta;
        r->order++;
        if (r->tick > RF_TICK_MOST) return wrong(r, where, "later than tick 2^40");
        if (!event(r, &status, &last)) return false;
    }
    end_all(r);
    if (r->tick > r->s->end) r->s->end = r->tick;
    r->at = r->end;
    return true;
}

/* ---- Chunks ------------------------------------------------------------------------------------ */

static bool division(reader *r, uint32_t d)
{
    const int frames = 256 - (int)(d >> 8), ticks = (int)(d & 0xff);
    r->film = d & 0x8000;
    if (!r->film && !d) return wrong(r, 12, "0 ticks in a quarter note");
    if (!r->film) return (r->s = rf_score_new((int32_t)d)) || no_memory(r);
    const int whole = frames == 29 ? 30 : frames; /* 30 frames in 1.001 s */
    if ((whole != 24 && whole != 25 && whole != 30) || !ticks)
        return wrong(r, 12, "%d ticks in each of %d frames a second", ticks, frames);
    r->s = rf_score_new(whole * ticks);
    return (r->s && rf_score_add_tempo(r->s, 0, frames == 29 ? 1001000 : 1000000)) || no_memory(r);
}

static bool header(reader *r)
{
    if (r->n < 14 || memcmp(r->bytes, "MThd", 4)) return wrong(r, 0, "no MIDI file");
    r->at = 4;
    const uint32_t n = number(r, 4);
    r->type = number(r, 2), r->parts = number(r, 2);
    const uint32_t d = number(r, 2);
    if (n < 6 || n > r->n - 8) return wrong(r, 4, "a header of %u bytes", n);
    r->at = 8 + (size_t)n;
    const size_t most = (r->n - r->at) / 8;
    if (r->type == 2) {
        rf_fail(r->err, RF_ENOTSUP,
                "%s: byte 8: type 2, of patterns that stand alone, cannot be read", r->name);
        return false;
    }
    if (r->type > 2) return wrong(r, 8, "type %u where 0 or 1 is due", r->type);
    if (!r->parts) return wrong(r, 10, "no tracks");
    if (r->parts > most)
        return wrong(r, 10, "%u tracks where at most %zu have room", r->parts, most);
    if (!division(r, d)) return false;
    r->names = calloc(r->parts, sizeof *r->names);
    return r->names || no_memory(r);
}

/* The next part; chunks of other names before it are passed over. */
static bool next_part(reader *r)
{
    for (;;) {
        const size_t where = r->at;
        if (r->n - r->at < 8)
            return wrong(r, where, "the end, where track %u of %u is due", r->part + 1, r->parts);
        const bool part = !memcmp(r->bytes + r->at, "MTrk", 4);
        r->at += 4;
        const uint32_t n = number(r, 4);
        if (n > r->n - r->at)
            return wrong(r, where + 4, "a chunk of %u bytes where %zu are left", n, r->n - r->at);
        r->end = r->at + n;
        if (part) return true;
        r->at = r->end;
    }
}

/* ---- Tracks ------------------------------------------------------------------------------------ */

static int before(int64_t t, size_t order, const change *c)
{
    if (t != c->tick) return t < c->tick ? -1 : 1;
    return (order > c->order) - (order < c->order);
}

static int by_time(const void *a, const void *b)
{
    const change *x = a;
    const int channel = x->channel - ((const change *)b)->channel;
    return channel ? channel : before(x->tick, x->order, b);
}

/* The program of a note, by the sorted changes: that of the last one before it on its channel, or 0. */
static uint8_t program_of(const reader *r, const found *f)
{
    size_t low = 0, high = r->programs;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const change *c = &r->program[middle];
        if (c->channel < f->channel ||
            (c->channel == f->channel && before(f->tone.on, f->order, c) > 0))
            low = middle + 1;
        else
            high = middle;
    }
    const bool any = low && r->program[low - 1].channel == f->channel;
    return any ? r->program[low - 1].program : 0;
}

/* The track of a part, a channel and a program; -1: no memory. */
static int64_t track_of(reader *r, rf_map *tracks, const found *f)
{
    const uint32_t key[3] = {f->part, f->channel, f->program};
    const char *name = r->type == 0 ? NULL : r->names[f->part];
    const int64_t i = rf_map_get(tracks, (const char *)key, sizeof key, -1);
    if (i >= 0) return i;
    if (!rf_score_add_track(r->s, name, f->channel, f->program)) return -1;
    const int64_t added = (int64_t)r->s->tracks - 1;
    return rf_map_put(tracks, (const char *)key, sizeof key, added) ? added : -1;
}

static bool sort_into_tracks(reader *r)
{
    rf_map *tracks = rf_map_new();
    bool ok = tracks && rfi_sort(r->program, r->programs, sizeof *r->program, by_time);
    for (size_t i = 0; i < r->notes && ok; i++) {
        found *f = &r->note[i];
        f->program = program_of(r, f);
        const int64_t track = track_of(r, tracks, f);
        ok = track >= 0 && rf_score_add_tone(r->s, (size_t)track, f->tone);
    }
    ok = ok && rf_score_name(r->s, r->names[0]) && rf_score_order(r->s);
    rf_map_free(tracks);
    return ok || no_memory(r);
}

static bool read_all(reader *r)
{
    if (!header(r)) return false;
    for (; r->part < r->parts; r->part++)
        if (!next_part(r) || !read_part(r)) return false;
    return sort_into_tracks(r);
}

rf_score *rf_midi_parse(const void *bytes, size_t n, const char *name, rf_error *err)
{
    rf_error own = {0};
    reader *r = calloc(1, sizeof *r);
    if (!r) {
        rf_fail(err, RF_ENOMEM, "%s: no memory", name);
        return NULL;
    }
    r->bytes = bytes, r->n = n, r->name = name, r->err = err ? err : &own;
    memset(r->open, 0xff, sizeof r->open); /* NONE */
    rf_score *s = read_all(r) ? r->s : NULL;
    if (!s) rf_score_free(r->s);
    for (uint32_t i = 0; r->names && i < r->parts; i++) free(r->names[i]);
    free(r->names);
    free(r->note);
    free(r->program);
    free(r);
    return s;
}

rf_score *rf_midi_read(const char *path, rf_error *err)
{
    rf_str text = {0};
    rf_status st = rf_file_read(path, MIDI_LIMIT, &text, err);
    rf_score *s = st ? NULL : rf_midi_parse(text.s, text.n, path, err);
    rf_str_free(&text);
    return s;
}

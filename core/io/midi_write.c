/* io/midi_write.c -- scores as Standard MIDI Files of type 1.
 *
 * Part 0 has title, tempi, metres and keys, the others a track each.  At one tick ends of notes stand
 * before changes of program, and these before new notes. */
#include <stdlib.h>
#include <string.h>

#include <refrain/io.h>

#include "io/score.h"

#define DELTA_MOST 0x0fffffff /* what four groups of seven bits hold */
#define PARTS_MOST 65535
#define RELEASE    64 /* velocity of ends */
#define META_TEXT  0x01
#define META_NAME  0x03
#define META_END   0x2f
#define META_TEMPO 0x51
#define META_METRE 0x58
#define META_KEY   0x59

typedef enum rank { ENDS, PROGRAM, BEGINS } rank;

/* An event of a track: what it is and the note it belongs to. */
typedef struct event {
    int64_t tick;
    rank rank;
    const rf_tone *tone;
} event;

static void put_byte(rf_str *out, unsigned b)
{
    const char c = (char)(unsigned char)b;
    rf_str_add(out, &c, 1);
}

static void put_number(rf_str *out, uint32_t x, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) put_byte(out, x >> (8 * i) & 0xff);
}

static void put_length(rf_str *out, uint32_t x)
{
    for (int i = 3; i > 0; i--)
        if (x >> (7 * i)) put_byte(out, 0x80 | (x >> (7 * i) & 0x7f));
    put_byte(out, x & 0x7f);
}

static void put_meta(rf_str *out, unsigned type, const void *bytes, size_t n)
{
    put_byte(out, 0xff);
    put_byte(out, type);
    put_length(out, (uint32_t)n);
    if (n) rf_str_add(out, bytes, n);
}

/* The time from *now to tick; what a delta cannot hold is bridged by empty texts. */
static void put_delta(rf_str *out, int64_t *now, int64_t tick)
{
    for (; tick - *now > DELTA_MOST; *now += DELTA_MOST) {
        put_length(out, DELTA_MOST);
        put_meta(out, META_TEXT, NULL, 0);
    }
    put_length(out, (uint32_t)(tick - *now));
    *now = tick;
}

/* "MTrk" and room for its length, which end_part fills in. */
static size_t begin_part(rf_str *out)
{
    rf_str_add(out, "MTrk\0\0\0\0", 8);
    return out->n;
}

static void end_part(rf_str *out, size_t from, int64_t *now, int64_t tick)
{
    put_delta(out, now, tick);
    put_meta(out, META_END, NULL, 0);
    if (out->failed) return;
    const uint32_t n = (uint32_t)(out->n - from);
    for (int i = 0; i < 4; i++) out->s[from - 1 - (size_t)i] = (char)(n >> (8 * i) & 0xff);
}

static void put_name(rf_str *out, const char *name)
{
    if (!name || !*name) return;
    put_length(out, 0);
    put_meta(out, META_NAME, name, strlen(name));
}

/* ---- Part 0 ------------------------------------------------------------------------------------ */

static void put_tempo(rf_str *out, const rf_tempo *t)
{
    const uint8_t us[] = {(uint8_t)(t->us >> 16), (uint8_t)(t->us >> 8), (uint8_t)t->us};
    put_meta(out, META_TEMPO, us, sizeof us);
}

static void put_metre(rf_str *out, const rf_metre *m)
{
    uint8_t power = 0;
    while (1 << power < m->unit) power++;
    const uint8_t bytes[] = {(uint8_t)m->beats, power, 24, 8};
    put_meta(out, META_METRE, bytes, sizeof bytes);
}

static void put_signature(rf_str *out, const rf_signature *k)
{
    const uint8_t bytes[] = {(uint8_t)(int8_t)k->sharps, k->minor};
    put_meta(out, META_KEY, bytes, sizeof bytes);
}

/* The changes in the order of their ticks. */
static void put_changes(rf_str *out, const rf_score *s)
{
    const size_t from = begin_part(out);
    int64_t now = 0;
    put_name(out, s->title);
    for (size_t i = 0, j = 0, k = 0; i < s->tempos || j < s->metres || k < s->signatures;) {
        const int64_t t = i < s->tempos ? s->tempo[i].tick : INT64_MAX;
        const int64_t m = j < s->metres ? s->metre[j].tick : INT64_MAX;
        const int64_t g = k < s->signatures ? s->signature[k].tick : INT64_MAX;
        const int64_t next = t < m ? (t < g ? t : g) : m < g ? m : g;
        put_delta(out, &now, next);
        if (t == next)
            put_tempo(out, &s->tempo[i++]);
        else if (m == next)
            put_metre(out, &s->metre[j++]);
        else
            put_signature(out, &s->signature[k++]);
    }
    end_part(out, from, &now, s->end > now ? s->end : now);
}

/* ---- The other parts --------------------------------------------------------------------------- */

static int by_event(const void *a, const void *b)
{
    const event *x = a, *y = b;
    if (x->tick != y->tick) return x->tick < y->tick ? -1 : 1;
    return (int)x->rank - (int)y->rank;
}

static void put_event(rf_str *out, const rf_track *t, const event *e)
{
    static const unsigned status[] = {[ENDS] = 0x80, [PROGRAM] = 0xc0, [BEGINS] = 0x90};
    put_byte(out, status[e->rank] | t->channel);
    put_byte(out, e->rank == PROGRAM ? t->program : e->tone->pitch);
    if (e->rank == ENDS) put_byte(out, RELEASE);
    if (e->rank == BEGINS) put_byte(out, e->tone->velocity);
}

/* Channels that tracks with different programs share. */
static void find_shared(const rf_score *s, bool shared[16])
{
    int program[16];
    memset(shared, 0, 16 * sizeof *shared);
    for (int c = 0; c < 16; c++) program[c] = -1;
    for (size_t i = 0; i < s->tracks; i++) {
        const rf_track *t = &s->track[i];
        if (program[t->channel] >= 0 && program[t->channel] != t->program)
            shared[t->channel] = true;
        program[t->channel] = t->program;
    }
}

/* The track's events in their order, [3 * count + 1]; a program that must be set before each note if
 * `often`, else at the beginning.  0: no memory. */
static size_t list_events(const rf_track *t, event *list, bool often)
{
    size_t n = 0;
    if (!often) list[n++] = (event){0, PROGRAM, NULL};
    for (size_t k = 0; k < t->count; k++) {
        const rf_tone *tone = &t->tone[k];
        if (often) list[n++] = (event){tone->on, PROGRAM, tone};
        list[n++] = (event){tone->on, BEGINS, tone};
        list[n++] = (event){tone->on + tone->len, ENDS, tone};
    }
    return rfi_sort(list, n, sizeof *list, by_event) ? n : 0;
}

static rf_status put_track(rf_str *out, const rf_track *t, bool often, rf_error *err)
{
    event *list = reallocarray(NULL, 3 * t->count + 1, sizeof *list);
    const size_t n = list ? list_events(t, list, often) : 0;
    const size_t from = begin_part(out);
    int64_t now = 0;
    put_name(out, t->name);
    for (size_t i = 0; i < n; i++) {
        put_delta(out, &now, list[i].tick);
        put_event(out, t, &list[i]);
    }
    end_part(out, from, &now, now);
    const bool ok = list && (n || (often && !t->count));
    free(list);
    return ok ? RF_OK : rf_no_memory(err);
}

rf_status rf_midi_bytes(const rf_score *s, rf_str *out, rf_error *err)
{
    if (s->tracks >= PARTS_MOST)
        return rf_fail(err, RF_EINVAL, "%zu tracks where a MIDI file has at most %d", s->tracks,
                       PARTS_MOST - 1);
    bool shared[16];
    find_shared(s, shared);
    rf_str_add(out, "MThd\0\0\0\6\0\1", 10);
    put_number(out, (uint32_t)s->tracks + 1, 2);
    put_number(out, (uint32_t)s->division, 2);
    put_changes(out, s);
    rf_status st = RF_OK;
    for (size_t i = 0; i < s->tracks && !st; i++)
        st = put_track(out, &s->track[i], shared[s->track[i].channel], err);
    return st || !out->failed ? st : rf_no_memory(err);
}

rf_status rf_midi_write(const rf_score *s, const char *path, rf_error *err)
{
    rf_str out = {0};
    rf_status st = rf_midi_bytes(s, &out, err);
    if (!st) st = rf_file_write(path, out.s, out.n, err);
    rf_str_free(&out);
    return st;
}

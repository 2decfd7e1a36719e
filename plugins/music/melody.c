/* music/melody.c -- which track has the melody, and the melody as one voice. */
#include <string.h>
#include <strings.h>

#include "melody.h"

#define ARTICULATION 8   /* a rest of that part of the way to the next note is none */
#define SINGLE       0.8 /* a track of single notes has so many */

double music_track_single(const rf_track *t)
{
    size_t single = 0;
    int64_t end = -1;
    for (size_t k = 0; k < t->count; k++) {
        const rf_tone *n = &t->tone[k];
        const bool clear = k + 1 == t->count || n->on + n->len <= t->tone[k + 1].on + 1;
        single += clear && n->on >= end - 1 && !(k + 1 < t->count && t->tone[k + 1].on == n->on);
        if (n->on + n->len > end) end = n->on + n->len;
    }
    return t->count ? (double)single / (double)t->count : 0;
}

static bool named(const rf_track *t, const char *const *words)
{
    for (; t->name && *words; words++)
        if (strcasestr(t->name, *words)) return true;
    return false;
}

/* How likely a track is the melody; negative if it cannot be. */
static double worth(const rf_track *t, size_t most)
{
    static const char *const leads[] = {"melod", "vocal", "lead vox", "voice", "sopran", NULL};
    static const char *const others[] = {"chord", "bass", "accomp", "drum", "perc", "pad", NULL};
    double pitch = 0;
    if (t->channel == RF_DRUMS || !t->count) return -1;
    for (size_t k = 0; k < t->count; k++) pitch += t->tone[k].pitch / (double)t->count;
    double w = pitch / 12 + 3 * music_track_single(t) + 3 * (double)t->count / (double)most;
    if (t->program >= 32 && t->program < 40) w /= 2; /* basses */
    if (named(t, leads)) w += 100;
    return named(t, others) ? w / 4 : w;
}

int music_melody_track(const rf_score *q)
{
    size_t most = 1;
    int best = -1;
    double w = -1;
    for (size_t i = 0; i < q->tracks; i++)
        if (q->track[i].count > most && q->track[i].channel != RF_DRUMS) most = q->track[i].count;
    for (size_t i = 0; i < q->tracks; i++) {
        const double x = worth(&q->track[i], most);
        if (x > w) w = x, best = (int)i;
    }
    return best;
}

/* Semitones, in octaves, by which most notes are in the range of melodies. */
static int octaves_of(const song_note *m, int64_t n)
{
    int best = 0;
    int64_t most = 0;
    for (int i = 0; i < 17; i++) {
        const int up = 12 * (i % 2 ? -(i + 1) / 2 : i / 2); /* 0, -12, 12, -24 ... */
        int64_t in = 0;
        for (int64_t k = 0; k < n; k++) {
            const int pitch = m[k].pitch + up;
            in += m[k].act == SONG_PRESS && pitch >= SONG_LOWEST && pitch <= SONG_HIGHEST;
        }
        if (in > most) most = in, best = up;
    }
    return best;
}

/* The others, by octaves of their own. */
static uint8_t in_range(int pitch)
{
    while (pitch < SONG_LOWEST) pitch += 12;
    while (pitch > SONG_HIGHEST) pitch -= 12;
    return (uint8_t)pitch;
}

void music_melody_fit(song_note *m, int64_t n)
{
    const int up = octaves_of(m, n);
    for (int64_t i = 0; i < n; i++)
        if (m[i].act != SONG_REST) m[i].pitch = in_range(m[i].pitch + up);
}

static void put_note(const rf_tone *t, int64_t first, int64_t n, song_note *out)
{
    const int64_t on = t->on - first;
    for (int64_t i = on < 0 ? 0 : on; i < on + t->len && i < n; i++)
        out[i] = (song_note){i == on || i == 0 ? SONG_PRESS : SONG_HOLD, t->pitch};
    /* What the note before went on with. */
    for (int64_t i = on + t->len; i >= 0 && i < n && out[i].act == SONG_HOLD; i++)
        out[i] = (song_note){SONG_REST, 0};
}

void music_melody_write(const rf_track *t, int64_t first, int64_t n, song_note *out)
{
    const bool single = music_track_single(t) >= SINGLE;
    rf_tone now = {.on = -1, .len = 0};
    memset(out, 0, (size_t)n * sizeof *out);
    for (size_t k = 0; k < t->count; k++) {
        const rf_tone *x = &t->tone[k];
        /* Of those that begin together the last is the highest. */
        if (k + 1 < t->count && t->tone[k + 1].on == x->on) continue;
        const bool held = now.on + now.len > x->on + 1 && now.pitch > x->pitch;
        if (held && !single) continue;
        if (x->on + x->len > first) put_note(x, first, n, out);
        now = *x;
    }
    music_melody_fit(out, n);
}

static void hold(song_note *m, int64_t from, int64_t to)
{
    for (int64_t k = from; k < to; k++) m[k] = (song_note){SONG_HOLD, m[k - 1].pitch};
}

void music_melody_join(song_note *m, int64_t n, int bar, bool played)
{
    int64_t on = -1, off = 0; /* of the last note */
    for (int64_t i = 0; i < n; i++) {
        if (m[i].act == SONG_PRESS && on >= 0 &&
            (ARTICULATION * (i - off) <= i - on || (played && i - off < SONG_QUARTER)))
            hold(m, off, i);
        if (m[i].act == SONG_PRESS) on = i;
        if (m[i].act != SONG_REST) off = i + 1;
    }
    const int64_t end = (off + bar - 1) / bar * bar;
    if (on >= 0 && end <= n && ARTICULATION * (end - off) <= end - on) hold(m, off, end);
}

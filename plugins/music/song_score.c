/* music/song_score.c -- a song as a score: chords are voiced, the bass is made, the drums are struck. */
#include <math.h>
#include <stdlib.h>

#include "song.h"

#define TICKS 480 /* a quarter note */
#define STEP  (TICKS / SONG_QUARTER)

enum { MELODY_CHANNEL, CHORD_CHANNEL, BASS_CHANNEL };
enum { CHORD_LOWEST = 52, CHORD_HIGHEST = 71, BASS_LOWEST = 36 };

typedef struct writer {
    rf_score *s;
    const song *song;
    size_t track;
} writer;

static bool add(const writer *w, int from, int steps, int pitch, int velocity)
{
    const int64_t len = (int64_t)steps * STEP;
    return rf_score_add_tone(w->s, w->track,
                             (rf_tone){.on = (int64_t)from * STEP,
                                       .len = len - (len > STEP ? STEP / 8 : 0),
                                       .pitch = (uint8_t)pitch,
                                       .velocity = (uint8_t)velocity});
}

static bool begin(writer *w, const char *name, int channel, int program)
{
    if (!rf_score_add_track(w->s, name, channel, program)) return false;
    w->track = w->s->tracks - 1;
    return true;
}

/* ---- Melody and drums -------------------------------------------------------------------------- */

/* Steps on beats are louder than those between. */
static int accent(const song *s, int step, int loud)
{
    const int at = step % s->bar, beat = 4 * SONG_QUARTER / s->unit;
    return at == 0 ? loud : at % beat == 0 ? loud - 8 : loud - 16;
}

static bool write_melody(writer *w)
{
    const song *s = w->song;
    const int steps = song_steps(s);
    if (!begin(w, "Melody", MELODY_CHANNEL, s->programs[0])) return false;
    for (int i = 0; i < steps;) {
        int end = i + 1;
        while (end < steps && s->melody[end].act == SONG_HOLD) end++;
        if (s->melody[i].act == SONG_PRESS &&
            !add(w, i, end - i, s->melody[i].pitch, accent(s, i, 100)))
            return false;
        i = end;
    }
    return true;
}

static bool write_drums(writer *w)
{
    const song *s = w->song;
    if (!begin(w, "Drums", RF_DRUMS, 0)) return false;
    for (int i = 0; i < song_steps(s); i++)
        for (int d = 0; d < SONG_DRUMS; d++)
            if (s->drums[i] >> d & 1 &&
                !add(w, i, 1, song_drum_pitch(d), accent(s, i, d < 2 ? 96 : 76)))
                return false;
    return true;
}

/* ---- Chords ------------------------------------------------------------------------------------ */

/* How far the notes of a set of pitch classes, stacked upwards from `lowest`, are from the last ones. */
static double distance(uint16_t notes, int lowest, const int *last, int n)
{
    double sum = 0;
    for (int p = lowest; p < lowest + 12; p++) {
        if (!(notes >> (p % 12) & 1)) continue;
        double near = n ? 99 : fabs(p - 60.0);
        for (int i = 0; i < n; i++) near = fmin(near, fabs((double)(p - last[i])));
        sum += near;
    }
    return sum + 0.1 * fabs(lowest + 5.0 - 60.0);
}

/* The chord's notes in close position, the inversion nearest to the last chord's; *n of them. */
static void voice(uint16_t notes, int *pitch, int *n)
{
    int best = CHORD_LOWEST;
    double least = INFINITY;
    for (int lowest = CHORD_LOWEST; lowest + 11 <= CHORD_HIGHEST; lowest++) {
        const double d = notes >> (lowest % 12) & 1 ? distance(notes, lowest, pitch, *n) : INFINITY;
        if (d >= least) continue;
        least = d;
        best = lowest;
    }
    *n = 0;
    for (int p = best; p < best + 12; p++)
        if (notes >> (p % 12) & 1) pitch[(*n)++] = p;
}

static bool same(song_chord a, song_chord b) { return a.root == b.root && a.quality == b.quality; }

/* A chord is struck where it changes and where a bar begins. */
static bool write_chords(writer *w)
{
    const song *s = w->song;
    int pitch[12], n = 0;
    if (!begin(w, "Chords", CHORD_CHANNEL, s->programs[1])) return false;
    for (int i = 0; i < 2 * s->bars; i++) {
        const song_chord c = s->chord[i];
        const bool whole = i % 2 == 0 && same(c, s->chord[i + 1]);
        const int at = i * s->bar / 2;
        if (c.root >= 0) voice(song_chord_notes(c), pitch, &n);
        for (int k = 0; c.root >= 0 && k < n; k++)
            if (!add(w, at, whole ? s->bar : s->bar / 2, pitch[k], accent(s, at, 72))) return false;
        i += whole;
    }
    return true;
}

/* ---- Bass -------------------------------------------------------------------------------------- */

static int bass_pitch(int pc) { return BASS_LOWEST + (pc - BASS_LOWEST % 12 + 12) % 12; }

/* With drums the bass plays where the kick does, and where chords change. */
static bool bass_on(const song *s, int step)
{
    const int half = s->bar / 2;
    if (step % half == 0)
        return step % s->bar == 0 || s->has_drums == false ||
               !same(s->chord[step / half], s->chord[step / half - 1]) || (s->drums[step] & 1);
    return s->has_drums && (s->drums[step] & 1);
}

/* The root; the fifth where a bar's second half has the same chord as its first. */
static int bass_class(const song *s, int step)
{
    const int i = step / (s->bar / 2);
    const song_chord c = s->chord[i];
    const uint16_t notes = song_chord_notes(c);
    const int fifth = notes >> ((c.root + 7) % 12) & 1   ? 7
                      : notes >> ((c.root + 6) % 12) & 1 ? 6
                                                         : 0;
    const bool last = step >= song_steps(s) - s->bar;
    return (c.root + (i % 2 && !last && same(c, s->chord[i - 1]) ? fifth : 0)) % 12;
}

static bool write_bass(writer *w)
{
    const song *s = w->song;
    const int steps = song_steps(s), half = s->bar / 2;
    if (!begin(w, "Bass", BASS_CHANNEL, s->programs[2])) return false;
    for (int i = 0; i < steps;) {
        int end = i + 1;
        while (end < steps && !bass_on(s, end) && same(s->chord[end / half], s->chord[i / half]))
            end++;
        if (s->chord[i / half].root >= 0 &&
            !add(w, i, end - i, bass_pitch(bass_class(s, i)), accent(s, i, 88)))
            return false;
        i = end;
    }
    return true;
}

/* ---- The score --------------------------------------------------------------------------------- */

static bool write_all(writer *w, unsigned tracks)
{
    const song *s = w->song;
    const uint32_t us = (uint32_t)fmin(fmax(60e6 / s->qpm, 1), (1 << 24) - 1);
    return rf_score_name(w->s, s->title ? s->title : s->name) && rf_score_add_tempo(w->s, 0, us) &&
           rf_score_add_metre(w->s, 0, s->beats, s->unit) &&
           rf_score_add_signature(w->s, 0, song_sharps(s->tonic, s->scale),
                                  song_scale_at(s->scale)->minor) &&
           (!(tracks & SONG_MELODY) || write_melody(w)) &&
           (!(tracks & SONG_HARMONY) || !s->has_chords || write_chords(w)) &&
           (!(tracks & SONG_BASS) || !s->has_chords || write_bass(w)) &&
           (!(tracks & SONG_BEAT) || !s->has_drums || write_drums(w)) && rf_score_order(w->s);
}

rf_score *song_score(const song *s, unsigned tracks, rf_error *err)
{
    writer w = {.s = rf_score_new(TICKS), .song = s};
    if (w.s && write_all(&w, tracks)) return w.s;
    rf_score_free(w.s);
    rf_no_memory(err);
    return NULL;
}

/* music/song.c -- see song.h. */
#include "song.h"

#include <stdlib.h>
#include <string.h>

/* ---- Memory ------------------------------------------------------------------------------------ */

static char *copy_text(const char *s)
{
    const size_t n = strlen(s) + 1;
    char *out = malloc(n);
    if (out) memcpy(out, s, n);
    return out;
}

static bool reserve(song *s)
{
    const size_t steps = (size_t)song_steps(s), bars = (size_t)s->bars;
    s->melody = calloc(steps, sizeof *s->melody);
    s->chord = calloc(bars * 2, sizeof *s->chord);
    s->drums = calloc(steps, sizeof *s->drums);
    s->section = malloc(bars + 1);
    if (!s->name || !s->melody || !s->chord || !s->drums || !s->section) return false;
    for (size_t i = 0; i < bars * 2; i++) s->chord[i].root = -1;
    memset(s->section, ' ', bars);
    s->section[bars] = 0;
    return true;
}

song *song_new(const char *name, int beats, int unit, int bars, rf_error *err)
{
    const int whole = 4 * SONG_QUARTER,
              bar = unit > 0 && whole % unit == 0 ? beats * (whole / unit) : 0;
    song *s = NULL;
    if (bar < 2 || bar % 2 || bar > SONG_BAR_MOST) {
        rf_fail(err, RF_EINVAL,
                "%s: a metre of %d/%d, which has no grid of %d steps a quarter note", name, beats,
                unit, SONG_QUARTER);
        return NULL;
    }
    if (bars < 1 || bars > SONG_BARS_MOST) {
        rf_fail(err, RF_EINVAL, "%s: %d bars where 1 to %d are due", name, bars, SONG_BARS_MOST);
        return NULL;
    }
    if (!(s = calloc(1, sizeof *s))) {
        rf_no_memory(err);
        return NULL;
    }
    *s = (song){.name = copy_text(name),
                .beats = beats,
                .unit = unit,
                .bar = bar,
                .bars = bars,
                .qpm = 120,
                .programs = {0, 0, 32}};
    if (reserve(s)) return s;
    song_free(s);
    rf_no_memory(err);
    return NULL;
}

void song_free(song *s)
{
    if (!s) return;
    free(s->name);
    free(s->title);
    free(s->melody);
    free(s->chord);
    free(s->drums);
    free(s->section);
    free(s);
}

song *song_copy(const song *s, int first, int bars, rf_error *err)
{
    song *t = song_new(s->name, s->beats, s->unit, bars, err);
    if (!t) return NULL;
    const int from = first * s->bar, n = bars * s->bar;
    memcpy(t->melody, s->melody + from, (size_t)n * sizeof *t->melody);
    memcpy(t->chord, s->chord + first * 2, (size_t)bars * 2 * sizeof *t->chord);
    memcpy(t->drums, s->drums + from, (size_t)n * sizeof *t->drums);
    memcpy(t->section, s->section + first, (size_t)bars);
    for (int i = 0; i < n && t->melody[i].act == SONG_HOLD; i++) t->melody[i] = (song_note){0};
    t->qpm = s->qpm;
    t->tonic = s->tonic;
    t->scale = s->scale;
    t->has_chords = s->has_chords;
    t->has_drums = s->has_drums;
    memcpy(t->programs, s->programs, sizeof t->programs);
    if (s->title && !(t->title = copy_text(s->title))) {
        song_free(t);
        rf_no_memory(err);
        return NULL;
    }
    return t;
}

/* ---- Transposition ----------------------------------------------------------------------------- */

/* Octaves that bring lowest .. highest into range, as nearly as one can. */
static int into_range(int lowest, int highest)
{
    int octaves = 0;
    while (lowest + 12 * octaves < SONG_LOWEST && highest + 12 * (octaves + 1) <= SONG_HIGHEST)
        octaves++;
    while (highest + 12 * octaves > SONG_HIGHEST && lowest + 12 * (octaves - 1) >= SONG_LOWEST)
        octaves--;
    return octaves;
}

int song_fold(int pitch)
{
    while (pitch < SONG_LOWEST) pitch += 12;
    while (pitch > SONG_HIGHEST) pitch -= 12;
    return pitch;
}

void song_transpose(song *s, int semitones)
{
    const int steps = song_steps(s);
    int lowest = 255, highest = 0;
    for (int i = 0; i < steps; i++) {
        if (s->melody[i].act == SONG_REST) continue;
        const int pitch = s->melody[i].pitch;
        if (pitch < lowest) lowest = pitch;
        if (pitch > highest) highest = pitch;
    }
    const int by = semitones + 12 * into_range(lowest + semitones, highest + semitones);
    for (int i = 0; i < steps; i++)
        if (s->melody[i].act != SONG_REST)
            s->melody[i].pitch = (uint8_t)song_fold(s->melody[i].pitch + by);
    for (int i = 0; i < 2 * s->bars; i++)
        if (s->chord[i].root >= 0)
            s->chord[i].root = (int8_t)(((s->chord[i].root + semitones) % 12 + 12) % 12);
    s->tonic = ((s->tonic + semitones) % 12 + 12) % 12;
}

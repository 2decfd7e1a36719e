/* music/valid.c -- the rules that a composed song keeps. */
#include <stdlib.h>

#include "melody.h"
#include "valid.h"

#define HELD_BARS   4    /* no note lasts longer */
#define SILENT_BARS 2    /* the melody does not rest for longer */
#define IN_SCALE    0.75 /* of the melody's notes, at least */

/* ---- Rules of the score ------------------------------------------------------------------------ */

static bool every_tone(const music_piece *p,
                       bool (*ok)(const rf_score *s, const rf_track *t, const rf_tone *n))
{
    const rf_score *s = p->score;
    for (size_t i = 0; i < s->tracks; i++)
        for (size_t k = 0; k < s->track[i].count; k++)
            if (!ok(s, &s->track[i], &s->track[i].tone[k])) return false;
    return true;
}

static bool tone_in_range(const rf_score *s, const rf_track *t, const rf_tone *n)
{
    (void)s;
    if (t->channel == RF_DRUMS) return rf_drum_name(n->pitch) != NULL;
    return n->pitch >= RF_KEY_LOWEST && n->pitch < RF_KEY_LOWEST + RF_KEYS;
}

static bool range(const music_piece *p) { return every_tone(p, tone_in_range); }

static bool tone_ends(const rf_score *s, const rf_track *t, const rf_tone *n)
{
    (void)t;
    const rf_bar bar = rf_score_bar(s, n->on);
    return n->len <= HELD_BARS * (bar.end - bar.start);
}

static bool ends(const music_piece *p) { return every_tone(p, tone_ends); }

static bool tone_on_grid(const rf_score *s, const rf_track *t, const rf_tone *n)
{
    (void)t;
    return n->on * SONG_QUARTER % s->division == 0;
}

static bool grid(const music_piece *p) { return every_tone(p, tone_on_grid); }

/* The melody has one note at a time. */
static bool single(const music_piece *p)
{
    const int at = music_melody_track(p->score);
    if (at < 0) return false;
    const rf_track *t = &p->score->track[at];
    for (size_t k = 1; k < t->count; k++)
        if (t->tone[k - 1].on + t->tone[k - 1].len > t->tone[k].on) return false;
    return true;
}

static int64_t last_end(const rf_track *t)
{
    int64_t end = 0;
    for (size_t k = 0; k < t->count; k++)
        if (t->tone[k].on + t->tone[k].len > end) end = t->tone[k].on + t->tone[k].len;
    return end;
}

/* One metre, and no track breaks off. */
static bool whole_bars(const music_piece *p)
{
    const rf_score *s = p->score;
    const int64_t bar = (int64_t)p->song->bar * s->division / SONG_QUARTER;
    int64_t end = 0;
    for (size_t i = 0; i < s->metres; i++)
        if (s->metre[i].tick || s->metre[i].beats != p->song->beats ||
            s->metre[i].unit != p->song->unit)
            return false;
    for (size_t i = 0; i < s->tracks; i++)
        if (last_end(&s->track[i]) > end) end = last_end(&s->track[i]);
    for (size_t i = 0; i < s->tracks; i++)
        if (s->track[i].count && last_end(&s->track[i]) < end - 2 * bar) return false;
    return true;
}

/* ---- Rules of the song ------------------------------------------------------------------------- */

static int last_pitch(const song *x)
{
    for (int i = song_steps(x) - 1; i >= 0; i--)
        if (x->melody[i].act != SONG_REST) return x->melody[i].pitch % 12;
    return -1;
}

static bool tonic(const music_piece *p) { return last_pitch(p->song) == p->song->tonic; }

static bool cadence(const music_piece *p)
{
    const song *x = p->song;
    if (!x->has_chords) return true;
    for (int i = 2 * x->bars - 1; i >= 0; i--)
        if (x->chord[i].root >= 0) return x->chord[i].root == x->tonic;
    return false;
}

static bool scale(const music_piece *p)
{
    const song *x = p->song;
    int in = 0, notes = 0;
    for (int i = 0; i < song_steps(x); i++) {
        if (x->melody[i].act != SONG_PRESS) continue;
        notes++;
        in += song_scale_at(x->scale)->notes >> ((x->melody[i].pitch - x->tonic + 120) % 12) & 1;
    }
    return notes > 0 && in >= IN_SCALE * notes;
}

static bool sings(const music_piece *p)
{
    const song *x = p->song;
    int rest = 0, longest = 0;
    for (int i = 0; i < song_steps(x); i++) {
        rest = x->melody[i].act == SONG_REST ? rest + 1 : 0;
        if (rest > longest) longest = rest;
    }
    return longest <= SILENT_BARS * x->bar;
}

/* A song may begin without a chord. */
static bool harmony(const music_piece *p)
{
    const song *x = p->song;
    bool begun = false;
    for (int i = 0; i < song_steps(x) && x->has_chords; i++) {
        const bool chord = x->chord[i / (x->bar / 2)].root >= 0;
        begun |= chord;
        if (x->melody[i].act == SONG_PRESS && begun && !chord) return false;
    }
    return true;
}

/* ---- The table --------------------------------------------------------------------------------- */

static const music_rule rules[] = {
    {"range", "notes are on the piano's keys, drums among those of General MIDI", range},
    {"ends", "no note lasts longer than four bars: none is stuck", ends},
    {"grid", "every note begins on a sixteenth", grid},
    {"single", "the melody has one note at a time", single},
    {"bars", "there is one metre, and all tracks end within two bars of one another", whole_bars},
    {"sings", "the melody rests for two bars at most", sings},
    {"scale", "of the melody's notes at least three in four belong to its scale", scale},
    {"harmony", "from the first chord on, every note of the melody has one", harmony},
    {"tonic", "the melody ends on the tonic", tonic},
    {"cadence", "the last chord is that of the tonic", cadence},
};

const music_rule *music_rule_at(int i)
{
    return i >= 0 && i < (int)(sizeof rules / sizeof *rules) ? &rules[i] : NULL;
}

uint32_t music_rules_broken(const music_piece *p)
{
    uint32_t broken = 0;
    for (int i = 0; music_rule_at(i); i++)
        if (!rules[i].kept(p)) broken |= 1u << i;
    return broken;
}

rf_status music_song_broken(const song *x, uint32_t *broken, rf_error *err)
{
    rf_score *s = song_score(x, SONG_ALL, err);
    if (!s) return RF_ENOMEM;
    *broken = music_rules_broken(&(music_piece){s, x});
    rf_score_free(s);
    return RF_OK;
}

/* music/transcribe.c -- a score as a song: bars, melody, chords, drums, key, tempo. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "corpus.h"
#include "key.h"
#include "melody.h"
#include "transcribe.h"

#define RELATIVE 0.1  /* how much a last note counts for the key that it is the tonic of */
#define CHORAL   0.8  /* a track with fewer single notes has chords */
#define BEATEN   0.25 /* of all bars have drums where there are drums */

typedef struct scribe {
    const rf_score *s; /* as it was read */
    const char *name;
    const music_annotation *chord;
    size_t chords;
    music_grid g;
    int melody; /* track */
    int64_t at; /* step of g.score where the song begins */
    song *x;
    rf_error *err;
} scribe;

/* ---- When chords change ------------------------------------------------------------------------ */

/* The tick at a time; *at is the tempo that held before, for times that rise. */
static double tick_at(const rf_score *s, double seconds, size_t *at)
{
    while (*at < s->tempos && s->tempo[*at].seconds <= seconds) ++*at;
    if (!*at) return seconds * 2 * s->division;
    const rf_tempo *t = &s->tempo[*at - 1];
    return (double)t->tick + (seconds - t->seconds) * 1e6 / t->us * s->division;
}

static bool same_chord(song_chord a, song_chord b)
{
    return a.root == b.root && a.quality == b.quality;
}

/* The ticks at which the known chords change; *n of them. */
static int64_t *changes_of(const scribe *w, size_t *n)
{
    int64_t *tick = calloc(w->chords + 1, sizeof *tick);
    size_t tempo = 0;
    *n = 0;
    for (size_t i = 0; tick && i < w->chords; i++) {
        const double at = tick_at(w->s, w->chord[i].from, &tempo);
        if (i && same_chord(w->chord[i].chord, w->chord[i - 1].chord)) continue;
        if (at < (double)RF_TICK_MOST / 8) tick[(*n)++] = (int64_t)llround(at);
    }
    return tick;
}

static rf_status find_grid(scribe *w)
{
    size_t n;
    int64_t *change = changes_of(w, &n);
    rf_status st = change ? music_grid_find(&w->g, w->s, change, n, w->err) : rf_no_memory(w->err);
    free(change);
    return st;
}

/* ---- Melody ------------------------------------------------------------------------------------ */

static bool sounds(const song_note *m, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        if (m[i].act != SONG_REST) return true;
    return false;
}

/* The bars from the first with melody to the last become the song. */
static rf_status cut_bars(scribe *w, const song_note *m, int64_t bars)
{
    const music_grid *g = &w->g;
    int64_t first = 0, last = bars;
    while (first < bars && !sounds(m + first * g->bar, g->bar)) first++;
    while (last > first && !sounds(m + (last - 1) * g->bar, g->bar)) last--;
    if (first == last) return rf_fail(w->err, RF_EINVAL, "no melody");
    if (last - first > SONG_BARS_MOST)
        return rf_fail(w->err, RF_EINVAL, "%lld bars, where at most %d are taken",
                       (long long)(last - first), SONG_BARS_MOST);
    w->at = g->first + first * g->bar;
    w->x = song_new(w->name, g->beats, g->unit, (int)(last - first), w->err);
    if (!w->x) return w->err ? w->err->status : RF_ENOMEM;
    memcpy(w->x->melody, m + first * g->bar, (size_t)song_steps(w->x) * sizeof *m);
    return RF_OK;
}

static rf_status find_melody(scribe *w)
{
    const music_grid *g = &w->g;
    const int64_t bars = (g->end - g->first + g->bar - 1) / g->bar;
    w->melody = music_melody_track(g->score);
    if (w->melody < 0 || bars <= 0) return rf_fail(w->err, RF_EINVAL, "no melody");
    if (bars > SONG_BARS_MOST)
        return rf_fail(w->err, RF_EINVAL, "more than %d bars", SONG_BARS_MOST);
    song_note *m = calloc((size_t)(bars * g->bar), sizeof *m);
    if (!m) return rf_fail(w->err, RF_ENOMEM, "no memory for %lld bars", (long long)bars);
    const int64_t inside = g->end - g->first; /* what begins later is of another metre */
    music_melody_write(&g->score->track[w->melody], g->first, inside, m);
    music_melody_join(m, bars * g->bar, g->bar, g->played);
    rf_status st = cut_bars(w, m, bars);
    free(m);
    return st;
}

/* ---- Chords ------------------------------------------------------------------------------------ */

/* In seconds of the score as read, when step i of the song is.  The grid may have moved it by less than
 * a step, which does not matter here. */
static double seconds_at(const scribe *w, int64_t i)
{
    const int64_t step = w->at + i;
    return rf_score_seconds(w->g.score, step > 0 ? step : 0);
}

/* The known chord that lasts longest between two times; *at is the first that is not over before. */
static song_chord known_chord(const scribe *w, double from, double to, size_t *at)
{
    double longest = 0;
    song_chord c = {-1, 0};
    while (*at < w->chords && w->chord[*at].to <= from) ++*at;
    for (size_t i = *at; i < w->chords && w->chord[i].from < to; i++) {
        const music_annotation *a = &w->chord[i];
        const double lasts = fmin(to, a->to) - fmax(from, a->from);
        if (lasts > longest) longest = lasts, c = a->chord;
    }
    return c;
}

static void take_chords(scribe *w)
{
    song *x = w->x;
    const int half = x->bar / 2;
    size_t at = 0;
    for (int i = 0; i < 2 * x->bars; i++)
        x->chord[i] = known_chord(w, seconds_at(w, (int64_t)i * half),
                                  seconds_at(w, (int64_t)(i + 1) * half), &at);
    x->has_chords = true;
}

static void add_tone(scribe *w, music_sonority *x, int *lowest, const rf_tone *t)
{
    const int64_t half = w->x->bar / 2, n = 2 * (int64_t)w->x->bars;
    const int64_t on = t->on - w->at, off = on + t->len;
    for (int64_t i = on < 0 ? 0 : on / half; i < n && i * half < off; i++) {
        const int64_t from = on > i * half ? on : i * half,
                      to = off < (i + 1) * half ? off : (i + 1) * half;
        x[i].weight[t->pitch % 12] += (double)(to - from);
        if (from != i * half || (lowest[i] && lowest[i] <= t->pitch)) continue;
        x[i].bass = t->pitch % 12;
        lowest[i] = t->pitch;
    }
}

static bool accompanies(const scribe *w, size_t i)
{
    const rf_track *t = &w->g.score->track[i];
    return t->count && t->channel != RF_DRUMS && (int)i != w->melody;
}

/* Tracks beside the melody, or a melody's own track that has chords. */
static bool choose_tracks(const scribe *w, bool *from)
{
    bool any = false;
    const rf_score *q = w->g.score;
    for (size_t i = 0; i < q->tracks; i++) any |= from[i] = accompanies(w, i);
    if (any) return true;
    from[w->melody] = music_track_single(&q->track[w->melody]) < CHORAL;
    return from[w->melody];
}

static rf_status recognise(scribe *w)
{
    const rf_score *q = w->g.score;
    const size_t n = 2 * (size_t)w->x->bars;
    music_sonority *x = calloc(n, sizeof *x);
    int *bass = calloc(n, sizeof *bass);
    bool *from = calloc(q->tracks, sizeof *from);
    rf_status st = x && bass && from ? RF_OK : rf_fail(w->err, RF_ENOMEM, "no memory for chords");
    for (size_t i = 0; !st && i < n; i++) x[i].bass = -1;
    if (!st && choose_tracks(w, from)) {
        for (size_t i = 0; i < q->tracks; i++)
            for (size_t k = 0; from[i] && k < q->track[i].count; k++)
                add_tone(w, x, bass, &q->track[i].tone[k]);
        w->x->has_chords = true;
        st = music_harmony_find(x, (int)n, w->x->chord, w->err);
    }
    free(x);
    free(bass);
    free(from);
    return st;
}

/* ---- Drums ------------------------------------------------------------------------------------- */

static void take_drums(scribe *w)
{
    song *x = w->x;
    const rf_score *q = w->g.score;
    int beaten = 0;
    for (size_t i = 0; i < q->tracks; i++)
        for (size_t k = 0; q->track[i].channel == RF_DRUMS && k < q->track[i].count; k++) {
            const int64_t at = q->track[i].tone[k].on - w->at;
            const int drum = song_drum_of(q->track[i].tone[k].pitch);
            if (drum >= 0 && at >= 0 && at < song_steps(x)) x->drums[at] |= (uint16_t)(1 << drum);
        }
    for (int b = 0; b < x->bars; b++) {
        bool any = false;
        for (int i = 0; i < x->bar; i++) any |= x->drums[b * x->bar + i] != 0;
        beaten += any;
    }
    x->has_drums = beaten >= BEATEN * x->bars;
    if (!x->has_drums) memset(x->drums, 0, (size_t)song_steps(x) * sizeof *x->drums);
}

/* ---- Key, tempo, programs ---------------------------------------------------------------------- */

static int last_pitch(const song *x)
{
    for (int i = song_steps(x) - 1; i >= 0; i--)
        if (x->melody[i].act != SONG_REST) return x->melody[i].pitch % 12;
    return -1;
}

/* The signature's key or its relative, where the file has one other than that of C, which stands in
 * files by default; else the key that the piece sounds like or its relative.  The last note helps. */
static void find_key(scribe *w)
{
    const rf_score *q = w->g.score;
    const int last = last_pitch(w->x);
    music_key best = music_key_find(q);
    int major = best.minor ? (best.tonic + 3) % 12 : best.tonic;
    if (q->signatures && q->signature[0].sharps) major = (7 * q->signature[0].sharps + 84) % 12;
    double most = -INFINITY;
    for (int minor = 0; minor < 2; minor++) {
        const int tonic = minor ? (major + 9) % 12 : major;
        const double r = music_key_fit(q, tonic, minor) + (last == tonic ? RELATIVE : 0);
        if (r > most) most = r, best = (music_key){tonic, minor, r};
    }
    w->x->tonic = best.tonic, w->x->scale = best.minor ? 1 : 0;
}

static void find_tempo(scribe *w)
{
    const int64_t from = w->at > 0 ? w->at : 0, to = w->at + song_steps(w->x);
    const double n = (double)(to - from),
                 seconds = rf_score_seconds(w->g.score, to) - rf_score_seconds(w->g.score, from);
    const double qpm = seconds > 0 ? n / SONG_QUARTER / seconds * 60 : 120;
    w->x->qpm = round(fmin(fmax(qpm, 20), 400) * 100) / 100;
}

static void take_programs(scribe *w)
{
    const rf_score *q = w->g.score;
    w->x->programs[0] = q->track[w->melody].program;
    for (size_t i = q->tracks; i-- > 0;)
        if (accompanies(w, i)) w->x->programs[1] = q->track[i].program;
}

/* ---- All --------------------------------------------------------------------------------------- */

static rf_status set_title(scribe *w)
{
    if (!w->s->title || !*w->s->title) return RF_OK;
    w->x->title = strdup(w->s->title);
    return w->x->title ? RF_OK : rf_no_memory(w->err);
}

song *music_transcribe(const rf_score *s, const char *name, const music_annotation *chord,
                       size_t chords, rf_error *err)
{
    rf_error mine = {0};
    scribe w = {.s = s, .name = name, .chord = chord, .chords = chords, .err = err ? err : &mine};
    rf_status st = rf_score_count(s) ? RF_OK : rf_fail(w.err, RF_EINVAL, "no notes");
    if (!st) st = find_grid(&w);
    if (!st) st = find_melody(&w);
    if (!st) st = set_title(&w);
    if (!st && chords) take_chords(&w);
    if (!st && !chords) st = recognise(&w);
    if (!st) {
        take_drums(&w);
        find_key(&w);
        find_tempo(&w);
        take_programs(&w);
    }
    music_grid_free(&w.g);
    if (!st) return w.x;
    song_free(w.x);
    return NULL;
}

/* music/tunes.c -- melodies and chords as text. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/base.h>

#include "melody.h"
#include "tunes.h"

#define BAR_CHORDS 16 /* in a bar, at most */

typedef struct bar {
    song_note note[SONG_BAR_MOST];
    song_chord half[2];
} bar;

struct music_tunes {
    const char *at, *end, *file;
    size_t line;
    /* The tune that is being read. */
    char name[128], title[256];
    int beats, unit, tonic, scale, steps; /* steps a bar */
    double qpm;
    int programs[2];
    bar *bar;
    size_t bars, room;
    bool begun;
    rf_error *err;
};

music_tunes *music_tunes_open(const char *text, size_t n, const char *name)
{
    music_tunes *t = calloc(1, sizeof *t);
    if (t) t->at = text, t->end = text + n, t->file = name;
    return t;
}

void music_tunes_free(music_tunes *t)
{
    if (!t) return;
    free(t->bar);
    free(t);
}

/* ---- Words ------------------------------------------------------------------------------------- */

typedef struct word {
    const char *s;
    size_t n;
} word;

static word next_word(word *rest)
{
    while (rest->n && isspace((unsigned char)*rest->s)) rest->s++, rest->n--;
    word w = {rest->s, 0};
    while (w.n < rest->n && !isspace((unsigned char)w.s[w.n])) w.n++;
    rest->s += w.n, rest->n -= w.n;
    return w;
}

static bool is(word w, const char *text) { return w.n == strlen(text) && !memcmp(w.s, text, w.n); }

static rf_status bad(const music_tunes *t, word w, const char *due)
{
    return rf_fail(t->err, RF_EFORMAT, "%s:%zu: \"%.*s\" where %s is due", t->file, t->line,
                   w.n < 20 ? (int)w.n : 20, w.s, due);
}

/* What is left of a line, without the blanks around it. */
static void copy_rest(word rest, char *out, size_t room)
{
    while (rest.n && isspace((unsigned char)*rest.s)) rest.s++, rest.n--;
    while (rest.n && isspace((unsigned char)rest.s[rest.n - 1])) rest.n--;
    snprintf(out, room, "%.*s", (int)(rest.n < room ? rest.n : room - 1), rest.s);
}

static bool small_number(word w, int most, int *out)
{
    double x;
    if (!w.n || !rf_number_parse(w.s, w.n, &x) || x < 0 || x > most || x != (int)x) return false;
    *out = (int)x;
    return true;
}

/* ---- Fields ------------------------------------------------------------------------------------ */

static rf_status read_key(music_tunes *t, word rest)
{
    const word tonic = next_word(&rest), scale = next_word(&rest);
    char name[4] = "";
    if (tonic.n < sizeof name) memcpy(name, tonic.s, tonic.n);
    t->tonic = song_tonic_find(name);
    t->scale = is(scale, "minor");
    if (t->tonic < 0) return bad(t, tonic, "a key like F# or Bb");
    return t->scale || is(scale, "major") ? RF_OK : bad(t, scale, "major or minor");
}

static rf_status read_metre(music_tunes *t, word rest)
{
    const word w = next_word(&rest);
    const char *slash = memchr(w.s, '/', w.n);
    const size_t n = slash ? (size_t)(slash - w.s) : 0;
    if (!n || !small_number((word){w.s, n}, 255, &t->beats) ||
        !small_number((word){slash + 1, w.n - n - 1}, 128, &t->unit) || !t->beats || !t->unit)
        return bad(t, w, "a metre like 3/4");
    const int whole = 4 * SONG_QUARTER * t->beats;
    t->steps = whole / t->unit;
    if (whole % t->unit || t->steps % 2 || t->steps < 2 || t->steps > SONG_BAR_MOST)
        return rf_fail(t->err, RF_EINVAL,
                       "%s:%zu: a metre of %d/%d, whose bars have no grid of sixteenths", t->file,
                       t->line, t->beats, t->unit);
    return t->bars ? bad(t, w, "a metre before all bars") : RF_OK;
}

static rf_status read_tempo(music_tunes *t, word rest)
{
    const word w = next_word(&rest);
    if (!rf_number_parse(w.s, w.n, &t->qpm) || t->qpm < 10 || t->qpm > 1000)
        return bad(t, w, "a tempo from 10 to 1000");
    return RF_OK;
}

static rf_status read_programs(music_tunes *t, word rest)
{
    for (int i = 0; i < 2; i++) {
        const word w = next_word(&rest);
        if (!small_number(w, 127, &t->programs[i])) return bad(t, w, "a program from 0 to 127");
    }
    return RF_OK;
}

static rf_status read_title(music_tunes *t, word rest)
{
    copy_rest(rest, t->title, sizeof t->title);
    return RF_OK;
}

/* ---- Bars -------------------------------------------------------------------------------------- */

/* "f#4h." as a pitch (-1: a rest) and steps. */
static bool parse_note(word w, int *pitch, int *steps)
{
    static const char lengths[] = "whqes";
    static const int classes[] = {9, 11, 0, 2, 4, 5, 7}; /* a ... g */
    size_t i = 1;
    *pitch = -1, *steps = 4;
    if (!w.n || (w.s[0] != 'r' && (w.s[0] < 'a' || w.s[0] > 'g'))) return false;
    if (w.s[0] != 'r') {
        int p = classes[w.s[0] - 'a'];
        if (i < w.n && w.s[i] == '#')
            p++, i++;
        else if (i < w.n && w.s[i] == 'b')
            p--, i++;
        if (i == w.n || !isdigit((unsigned char)w.s[i])) return false;
        *pitch = p + 12 * (w.s[i++] - '0' + 1);
    }
    const char *l = i < w.n ? memchr(lengths, w.s[i], 5) : NULL;
    if (l) *steps = 16 >> (l - lengths), i++;
    const bool dot = i < w.n && w.s[i] == '.';
    if (dot && *steps % 2) return false; /* a step and a half */
    if (dot) *steps += *steps / 2, i++;
    return i == w.n;
}

static rf_status read_notes(music_tunes *t, word rest, bar *b)
{
    int at = 0;
    for (word w = next_word(&rest); w.n; w = next_word(&rest)) {
        int pitch, steps;
        if (!parse_note(w, &pitch, &steps)) return bad(t, w, "a note like f#4h or re");
        if (pitch > 127) return bad(t, w, "a note up to g9");
        for (int i = 0; i < steps && at < t->steps; i++, at++)
            if (pitch >= 0)
                b->note[at] = (song_note){i ? SONG_HOLD : SONG_PRESS, (uint8_t)pitch};
            else
                b->note[at] = (song_note){SONG_REST, 0};
        if (at == t->steps && next_word(&(word){rest.s, rest.n}).n) at = t->steps + 1;
        if (at > t->steps) break;
    }
    if (at == t->steps) return RF_OK;
    return rf_fail(t->err, RF_EFORMAT, "%s:%zu: bar %zu has %s than %g quarter notes", t->file,
                   t->line, t->bars + 1, at > t->steps ? "more" : "fewer",
                   (double)t->steps / SONG_QUARTER);
}

static rf_status read_chords(music_tunes *t, word rest, bar *b)
{
    song_chord c[BAR_CHORDS];
    int n = 0;
    for (word w = next_word(&rest); w.n; w = next_word(&rest)) {
        if (n == BAR_CHORDS || !song_chord_parse(w.s, w.n, &c[n++]))
            return bad(t, w, "a chord like Gm7 or N");
    }
    for (int i = 0; i < 2; i++) b->half[i] = n ? c[i * n / 2] : (song_chord){-1, 0};
    return RF_OK;
}

static rf_status read_bar(music_tunes *t, word text)
{
    const char *colon = memchr(text.s, ':', text.n);
    bar b = {0};
    if (!colon) return bad(t, text, "chords, a colon and notes");
    const size_t n = (size_t)(colon - text.s);
    rf_status st = read_chords(t, (word){text.s, n}, &b);
    if (!st) st = read_notes(t, (word){colon + 1, text.n - n - 1}, &b);
    if (st) return st;
    if (t->bars == SONG_BARS_MOST)
        return rf_fail(t->err, RF_EINVAL, "%s:%zu: more than %d bars", t->file, t->line,
                       SONG_BARS_MOST);
    if (t->bars == t->room) {
        const size_t room = t->room ? 2 * t->room : 32;
        if (!rf_resize(&t->bar, room, sizeof *t->bar))
            return rf_fail(t->err, RF_ENOMEM, "%s: no memory", t->file);
        t->room = room;
    }
    t->bar[t->bars++] = b;
    return RF_OK;
}

static rf_status read_bars(music_tunes *t, word rest)
{
    rf_status st = RF_OK;
    while (!st && rest.n) {
        const char *line = memchr(rest.s, '|', rest.n);
        const word text = {rest.s, line ? (size_t)(line - rest.s) : rest.n};
        word look = text;
        if (next_word(&look).n) st = read_bar(t, text);
        rest.s += text.n, rest.n -= text.n;
        if (rest.n) rest.s++, rest.n--; /* the bar line */
    }
    return st;
}

/* ---- Tunes ------------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    rf_status (*read)(music_tunes *t, word rest);
} fields[] = {{"title", read_title}, {"key", read_key},           {"metre", read_metre},
              {"tempo", read_tempo}, {"programs", read_programs}, {"|", read_bars}};

static rf_status read_line(music_tunes *t, word line)
{
    const word first = next_word(&line);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (!is(first, fields[i].word)) continue;
        return t->begun ? fields[i].read(t, line) : bad(t, first, "\"tune\" and a name");
    }
    return RF_OK;
}

static void begin(music_tunes *t, word rest)
{
    copy_rest(rest, t->name, sizeof t->name);
    t->title[0] = 0;
    t->beats = t->unit = 4, t->steps = 4 * SONG_QUARTER;
    t->tonic = t->scale = 0, t->qpm = 120;
    t->programs[0] = t->programs[1] = 0;
    t->bars = 0, t->begun = true;
}

/* The tune that is complete as a song, or NULL if it has no bars. */
static rf_status finish(music_tunes *t, song **out)
{
    if (!t->bars) return RF_OK;
    song *x = song_new(t->name, t->beats, t->unit, (int)t->bars, t->err);
    if (!x) return t->err->status;
    for (size_t i = 0; i < t->bars; i++) {
        memcpy(x->melody + i * (size_t)x->bar, t->bar[i].note, (size_t)x->bar * sizeof *x->melody);
        x->chord[2 * i] = t->bar[i].half[0], x->chord[2 * i + 1] = t->bar[i].half[1];
    }
    music_melody_fit(x->melody, song_steps(x));
    x->has_chords = true, x->qpm = t->qpm, x->tonic = t->tonic, x->scale = t->scale;
    x->programs[0] = t->programs[0], x->programs[1] = t->programs[1];
    x->title = *t->title ? strdup(t->title) : NULL;
    t->bars = 0;
    *out = x;
    return RF_OK;
}

rf_status music_tunes_next(music_tunes *t, song **out, rf_error *err)
{
    rf_error mine = {0};
    rf_status st = RF_OK;
    t->err = err ? err : &mine;
    *out = NULL;
    while (!st && !*out && t->at < t->end) {
        const char *stop = memchr(t->at, '\n', (size_t)(t->end - t->at));
        word line = {t->at, (size_t)((stop ? stop : t->end) - t->at)}, rest = line;
        t->at = stop ? stop + 1 : t->end;
        t->line++;
        if (!is(next_word(&rest), "tune")) {
            st = read_line(t, line);
            continue;
        }
        st = finish(t, out);
        begin(t, rest);
    }
    if (!st && !*out) st = finish(t, out);
    return st;
}

/* music/groove.c -- see groove.h. */
#include "groove.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/io.h>
#include <refrain/task.h>

#define TABLE_LIMIT ((size_t)1 << 20)

static const char *const drums[SONG_DRUMS + 1] = {"kick", "snare", "hat",   "open", "low",
                                                  "mid",  "high",  "crash", "ride", NULL};
static const char *const feels[] = {"calm", "even", "busy", NULL};
enum { KICK = 1 << 0, CRASH = 1 << 7 };

/* ---- Reading ----------------------------------------------------------------------------------- */

typedef struct reader {
    song_grooves *g;
    const char *file;
    int line;
    uint16_t *bar; /* that is being read, or NULL */
    rf_error *err;
} reader;

static rf_status wrong(const reader *r, const char *what, const char *word)
{
    return rf_fail(r->err, RF_EFORMAT, "%s:%d: %s: %s", r->file, r->line, word, what);
}

static int word_of(const char *const *words, const char *word)
{
    for (int i = 0; words[i]; i++)
        if (!strcmp(words[i], word)) return i;
    return -1;
}

static song_groove *last(const reader *r)
{
    return r->g->count ? &r->g->groove[r->g->count - 1] : NULL;
}

static rf_status begin_groove(reader *r, const char *name)
{
    if (r->g->count == r->g->room) {
        const int room = r->g->room ? 2 * r->g->room : 32;
        if (!rf_resize(&r->g->groove, (size_t)room, sizeof *r->g->groove))
            return rf_no_memory(r->err);
        r->g->room = room;
    }
    song_groove *x = &r->g->groove[r->g->count++];
    *x = (song_groove){.feel = GROOVE_EVEN};
    snprintf(x->name, sizeof x->name, "%s", name);
    r->bar = NULL;
    return RF_OK;
}

static rf_status read_metre(reader *r, const char *rest)
{
    song_groove *x = last(r);
    char end;
    if (sscanf(rest, "%3d/%3d%c", &x->beats, &x->unit, &end) != 2 || x->beats < 1 || x->unit < 1 ||
        16 % x->unit)
        return wrong(r, "no metre, such as 4/4", rest);
    x->bar = x->beats * 16 / x->unit;
    return x->bar <= SONG_BAR_MOST ? RF_OK : wrong(r, "a bar too long for the grid", rest);
}

static rf_status begin_bar(reader *r, bool fill)
{
    song_groove *x = last(r);
    int *n = fill ? &x->fills : &x->bars;
    if (!x->bar) return wrong(r, "its metre is to stand before its bars", x->name);
    if (*n == GROOVE_BARS) return wrong(r, "more than 4 of a kind", x->name);
    r->bar = x->drums[fill][(*n)++];
    return RF_OK;
}

static rf_status read_strokes(reader *r, int drum, const char *rest)
{
    const song_groove *x = last(r);
    int n = 0;
    if (!r->bar) return wrong(r, "no bar began before", drums[drum]);
    for (; *rest; rest++) {
        if (*rest == ' ') continue;
        if (*rest != 'x' && *rest != '.') return wrong(r, "only x, . and blanks are due", rest);
        if (n < x->bar && *rest == 'x') r->bar[n] |= (uint16_t)(1u << drum);
        n++;
    }
    if (n == x->bar) return RF_OK;
    return rf_fail(r->err, RF_EFORMAT, "%s:%d: %d steps where a bar of %d/%d has %d", r->file,
                   r->line, n, x->beats, x->unit, x->bar);
}

static rf_status read_line(reader *r, char *line)
{
    static const char *const words[] = {"metre", "feel", "bar", "fill", NULL};
    char *rest = line + strcspn(line, " ");
    if (*rest) *rest++ = 0;
    rest += strspn(rest, " ");
    if (!strcmp(line, "groove")) return begin_groove(r, rest);
    if (!last(r)) return wrong(r, "a groove is to begin first", line);
    const int drum = word_of(drums, line), feel = word_of(feels, rest);
    if (drum >= 0) return read_strokes(r, drum, rest);
    switch (word_of(words, line)) {
    case 0:
        return read_metre(r, rest);
    case 1:
        if (feel < 0) return rf_word_unknown(RF_EFORMAT, "there is no feel", rest, feels, r->err);
        last(r)->feel = (groove_feel)feel;
        return RF_OK;
    case 2:
        return begin_bar(r, false);
    case 3:
        return begin_bar(r, true);
    default:
        return wrong(r, "neither a word of the table nor a drum", line);
    }
}

rf_status song_grooves_parse(song_grooves *g, const char *text, size_t n, const char *name,
                             rf_error *err)
{
    reader r = {.g = g, .file = name, .err = err};
    rf_status st = RF_OK;
    for (size_t at = 0; at < n && !st;) {
        const char *end = memchr(text + at, '\n', n - at);
        const size_t len = end ? (size_t)(end - text) - at : n - at;
        char line[256] = "";
        r.line++;
        if (len >= sizeof line || memchr(text + at, 0, len))
            return wrong(&r, "no line of text", "...");
        memcpy(line, text + at, len);
        at += len + 1;
        for (size_t k = len; k && strchr(" \t\r", line[k - 1]); k--) line[k - 1] = 0;
        if (*line && *line != '#') st = read_line(&r, line);
    }
    for (int i = 0; i < g->count && !st; i++)
        if (!g->groove[i].bars) st = wrong(&r, "a groove without a bar", g->groove[i].name);
    if (!st && !g->count) st = rf_fail(err, RF_EFORMAT, "%s: no grooves", name);
    return st;
}

rf_status song_grooves_read(song_grooves *g, const char *path, rf_error *err)
{
    rf_str text = {0};
    rf_status st = rf_file_read(path, TABLE_LIMIT, &text, err);
    if (!st) st = song_grooves_parse(g, text.s, text.n, path, err);
    rf_str_free(&text);
    return st;
}

void song_grooves_free(song_grooves *g)
{
    free(g->groove);
    *g = (song_grooves){0};
}

/* ---- Playing ----------------------------------------------------------------------------------- */

static groove_feel feel_of(const song *s)
{
    int struck = 0;
    for (int t = 0; t < song_steps(s); t++) struck += s->melody[t].act == SONG_PRESS;
    const double per_quarter = (double)struck * SONG_QUARTER / song_steps(s);
    return per_quarter < 0.9 ? GROOVE_CALM : per_quarter < 1.6 ? GROOVE_EVEN : GROOVE_BUSY;
}

static const song_groove *choose(const song_grooves *g, const song *s, bool by_feel, rf_key key)
{
    const song_groove *chosen = NULL;
    const groove_feel feel = feel_of(s);
    int seen = 0;
    for (int i = 0; i < g->count; i++) {
        const song_groove *x = &g->groove[i];
        if (x->beats != s->beats || x->unit != s->unit || (by_feel && x->feel != feel)) continue;
        if (rf_uniform(key, (uint64_t)i) * ++seen < 1) chosen = x;
    }
    return chosen;
}

static void play_bar(const song_groove *x, song *s, int bar, rf_key key)
{
    const bool phrase = bar % 8 == 7, half = bar % 8 == 3;
    const bool fill = x->fills && (phrase || (half && rf_uniform(key, (uint64_t)bar + 1000) < 0.5));
    const uint16_t *from = fill ? x->drums[1][bar / 4 % x->fills] : x->drums[0][bar % x->bars];
    uint16_t *to = s->drums + bar * s->bar;
    memcpy(to, from, (size_t)s->bar * sizeof *to);
    if (bar && bar % 8 == 0) to[0] |= CRASH;
}

bool song_groove_play(const song_grooves *g, song *s, uint64_t seed)
{
    const rf_key key = rf_key_make(seed, "groove", rf_hash(RF_HASH, s->name, strlen(s->name)));
    const song_groove *x = choose(g, s, true, key);
    if (!x) x = choose(g, s, false, key);
    if (!x) return false;
    for (int bar = 0; bar < s->bars; bar++) play_bar(x, s, bar, key);
    uint16_t *end = s->drums + (s->bars - 1) * s->bar;
    memset(end, 0, (size_t)s->bar * sizeof *end);
    end[0] = KICK | CRASH;
    s->has_drums = true;
    return true;
}

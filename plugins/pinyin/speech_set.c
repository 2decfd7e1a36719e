/* pinyin/speech_set.c -- see speech_set.h. */
#include "speech_set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 64

/* ---- Tables ----------------------------------------------------------------------------------------- */

typedef struct row {
    char *text; /* a copy of the line, cut at its tabs */
    const char *cell[COLUMNS];
    int n;
} row;

typedef struct table {
    const speech_query *q;
    rf_lines *lines;
    row head, now;           /* head.n 0: columns have no names */
    int transcript, kept[2]; /* columns; -1: none is kept */
    rf_error *err;
} table;

static rf_status cut(row *r, const char *line, rf_error *err)
{
    free(r->text);
    *r = (row){.text = strdup(line)};
    if (!r->text) return rf_no_memory(err);
    for (char *at = r->text; at && r->n < COLUMNS;) {
        r->cell[r->n++] = at;
        at = strchr(at, '\t');
        if (at) *at++ = 0;
    }
    return RF_OK;
}

static int column_named(const table *t, const char *name, size_t n)
{
    for (int i = 0; i < t->head.n; i++)
        if (strlen(t->head.cell[i]) == n && !memcmp(t->head.cell[i], name, n)) return i;
    return -1;
}

static rf_status no_column(const table *t, const char *name, size_t n)
{
    const char *file = rf_lines_name(t->lines);
    if (!t->head.n)
        return rf_fail(t->err, RF_EFORMAT, "%s: its first line does not name a column %.*s", file,
                       (int)n, name);
    rf_str names = {0};
    for (int i = 0; i < t->head.n; i++)
        rf_str_printf(&names, "%s%s", i ? ", " : "", t->head.cell[i]);
    rf_fail(t->err, RF_EFORMAT, "%s: has no column %.*s; it has %s", file, (int)n, name,
            names.s ? names.s : "");
    rf_str_free(&names);
    return RF_EFORMAT;
}

static rf_status find_transcript(table *t)
{
    static const char *const usual[] = {"pinyin", "transcript", "text"};
    const char *name = t->q->column;
    t->transcript = t->head.n ? -1 : 1;
    if (name) t->transcript = column_named(t, name, strlen(name));
    for (size_t i = 0; !name && t->transcript < 0 && i < sizeof usual / sizeof *usual; i++)
        t->transcript = column_named(t, usual[i], strlen(usual[i]));
    for (int i = 0; i < 2; i++) {
        const char *keep = t->q->keep[i];
        t->kept[i] = keep ? column_named(t, keep, strlen(keep)) : -1;
        if (keep && t->kept[i] < 0) return no_column(t, keep, strlen(keep));
    }
    if (t->transcript >= 0) return RF_OK;
    return name ? no_column(t, name, strlen(name))
                : rf_fail(t->err, RF_EFORMAT,
                          "%s: which column has the transcripts? none is called pinyin, "
                          "transcript or text",
                          rf_lines_name(t->lines));
}

/* Do all conditions hold for the row? */
static rf_status holds(const table *t, bool *out)
{
    *out = true;
    for (const char *const *w = t->q->where; w && *w; w++) {
        const char *equal = strchr(*w, '=');
        if (!equal || equal == *w)
            return rf_fail(t->err, RF_EINVAL, "--where: %s where column=value is due", *w);
        const bool differs = equal[-1] == '!';
        const size_t n = (size_t)(equal - *w) - differs;
        const int k = column_named(t, *w, n);
        if (k < 0) return no_column(t, *w, n);
        *out &= k < t->now.n && !strcmp(t->now.cell[k], equal + 1) != differs;
    }
    return RF_OK;
}

/* ---- Items ------------------------------------------------------------------------------------------ */

static bool room(speech_set *s)
{
    if (s->n + 1 < s->cap) return true;
    const size_t cap = (size_t)(s->cap ? 2 * s->cap : 64);
    if (!rf_resize(&s->at, cap + 1, sizeof *s->at) || !rf_resize(&s->name, cap, sizeof *s->name) ||
        !rf_resize(&s->kept, 2 * cap, sizeof *s->kept) ||
        !rf_resize(&s->clean, cap, sizeof *s->clean))
        return false;
    if (!s->cap) s->at[0] = 0;
    s->cap = (rf_index)cap;
    return true;
}

static bool add_samples(speech_set *s, const speech_sound *x)
{
    size_t at = s->at[s->n];
    if (at + x->n > s->pcm_cap) {
        const size_t cap = 2 * s->pcm_cap + x->n;
        if (!rf_resize(&s->pcm, cap, sizeof *s->pcm)) return false;
        s->pcm_cap = cap;
    }
    for (size_t i = 0; i < x->n; i++, at++)
        s->pcm[at] = (int16_t)lrintf(fminf(fmaxf(x->x[i], -1), 32767.0f / 32768) * 32768);
    s->at[s->n + 1] = at;
    return true;
}

static size_t keep_text(speech_set *s, const char *text)
{
    const size_t at = s->text.n;
    rf_str_add(&s->text, text, strlen(text) + 1);
    return at;
}

static rf_status add(speech_set *s, const table *t, const char *file, const char *clean,
                     speech_sound *sound, rf_error *err)
{
    rf_status st = speech_sound_read(file, t->q->rate, t->q->most, sound, err);
    if (st) return st;
    if (!room(s) || !add_samples(s, sound)) return rf_no_memory(err);
    s->name[s->n] = keep_text(s, file);
    for (int i = 0; i < 2; i++) {
        const int k = t->kept[i];
        s->kept[2 * s->n + i] = keep_text(s, k >= 0 && k < t->now.n ? t->now.cell[k] : "");
    }
    s->clean[s->n++] = keep_text(s, clean);
    return s->text.failed ? rf_no_memory(err) : RF_OK;
}

/* FOLDER/FILE, the table's folder if there is none given; absolute names stay. */
static void file_path(const table *t, const char *file, rf_str *out)
{
    const char *name = rf_lines_name(t->lines), *end = strrchr(name, '/');
    rf_str_clear(out);
    if (*file != '/' && t->q->folder)
        rf_str_printf(out, "%s/", t->q->folder);
    else if (*file != '/' && end)
        rf_str_add(out, name, (size_t)(end - name) + 1);
    rf_str_put(out, file);
}

static rf_status add_row(speech_set *s, const table *t, rf_str *path, rf_str *clean,
                         speech_sound *sound)
{
    const char *wrong, *name = rf_lines_name(t->lines);
    const long long line = (long long)rf_lines_number(t->lines);
    size_t n;
    if (t->now.n <= t->transcript)
        return rf_fail(t->err, RF_EFORMAT, "%s:%lld: %d columns where %d are due", name, line,
                       t->now.n, t->transcript + 1);
    rf_str_clear(clean);
    if (!speech_units_clean(t->q->kind, t->now.cell[t->transcript], clean, &wrong, &n)) {
        s->left_out++;
        return RF_OK;
    }
    file_path(t, t->now.cell[0], path);
    if (path->failed || clean->failed) return rf_no_memory(t->err);
    rf_error why = {0};
    const rf_status st = add(s, t, path->s, clean->s ? clean->s : "", sound, &why);
    return st ? rf_fail(t->err, st, "%s:%lld: %s", name, line, why.text) : RF_OK;
}

static rf_status read_rows(speech_set *s, table *t, const rf_host *h)
{
    rf_str path = {0}, clean = {0};
    speech_sound sound = {0};
    const char *line;
    size_t n;
    int more = 0;
    rf_status st = RF_OK;
    while (!st && (more = rf_lines_next(t->lines, &line, &n, t->err)) > 0) {
        bool wanted;
        if (!n) continue;
        st = rf_utf8_check(line, n, rf_lines_name(t->lines), t->err);
        if (!st) st = cut(&t->now, line, t->err);
        if (!st && rf_lines_number(t->lines) == 1 && !strcmp(t->now.cell[0], "file")) {
            st = cut(&t->head, line, t->err);
            if (!st) st = find_transcript(t);
            continue;
        }
        if (!st && !t->transcript) st = find_transcript(t);
        if (!st) st = holds(t, &wanted);
        if (!st && wanted) st = add_row(s, t, &path, &clean, &sound);
        if (!st) st = h->progress(h, (double)s->n, 0, "files");
    }
    speech_sound_free(&sound);
    rf_str_free(&path);
    rf_str_free(&clean);
    return !st && more < 0 ? more : st;
}

rf_status speech_set_read(speech_set *s, const char *path, const speech_query *q, const rf_host *h,
                          rf_error *err)
{
    table t = {.q = q, .err = err, .lines = rf_lines_open(path, err)};
    if (!t.lines) return err->status;
    s->rate = q->rate;
    const rf_status st = read_rows(s, &t, h);
    rf_lines_free(t.lines);
    free(t.head.text);
    free(t.now.text);
    return st;
}

void speech_set_free(speech_set *s)
{
    free(s->pcm);
    free(s->at);
    free(s->name);
    free(s->clean);
    free(s->kept);
    rf_str_free(&s->text);
    *s = (speech_set){0};
}

bool speech_set_put(const speech_set *s, rf_index i, speech_sound *out)
{
    float x[1024];
    for (size_t at = s->at[i], to = s->at[i + 1]; at < to;) {
        size_t n = 0;
        for (; n < 1024 && at < to; n++, at++) x[n] = (float)s->pcm[at] / 32768;
        if (!speech_sound_add(out, x, n)) return false;
    }
    out->rate = s->rate;
    return true;
}

uint64_t speech_set_hash(const speech_set *s)
{
    uint64_t h = rf_hash(RF_HASH, s->text.s, s->text.n);
    return s->n ? rf_hash(h, s->pcm, s->at[s->n] * sizeof *s->pcm) : h;
}

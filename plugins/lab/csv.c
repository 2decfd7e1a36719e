/* lab/csv.c -- see csv.h. */
#include "csv.h"

#include <math.h>
#include <refrain/io.h>
#include <refrain/text.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mark.h"

#define SHOWN 40 /* bytes of a field in a message, at most */

/* ---- Opening ----------------------------------------------------------------------------------- */

static char find_separator(const char *s, size_t n)
{
    static const char candidates[] = {',', ';', '\t'};
    size_t count[sizeof candidates] = {0}, best = 0;
    bool quoted = false;
    for (size_t i = 0; i < n && s[i] != '\n'; i++) {
        if (s[i] == '"') quoted = !quoted;
        for (size_t k = 0; k < sizeof candidates; k++) count[k] += !quoted && s[i] == candidates[k];
    }
    for (size_t k = 1; k < sizeof candidates; k++)
        if (count[k] > count[best]) best = k;
    return candidates[best];
}

void lab_csv_lend(lab_csv *c, const char *text, size_t n, const char *name, char separator,
                  rf_str *where)
{
    *c = (lab_csv){.name = name,
                   .text = text,
                   .n = n,
                   .next_line = 1,
                   .separator = separator ? separator : find_separator(text, n),
                   .where = where};
}

rf_status lab_csv_open(lab_csv *c, const char *path, char separator, rf_str *where, rf_error *err)
{
    rf_str whole = {0};
    rf_status st = rf_text_read(path, &whole, err);
    const char *text = whole.s ? whole.s : "";
    lab_csv_lend(c, text, whole.n, rf_input_name(path), separator, where);
    c->whole = whole;
    return st;
}

void lab_csv_close(lab_csv *c)
{
    free(c->field);
    rf_str_free(&c->row);
    rf_str_free(&c->whole);
    *c = (lab_csv){0};
}

/* ---- Messages ---------------------------------------------------------------------------------- */

static rf_status fail_at(lab_csv *c, size_t at, rf_error *err, const char *what)
{
    size_t line = c->line, start = 0;
    for (size_t i = at; i && !start; i--)
        if (c->text[i - 1] == '\n') start = i;
    /* A field of a row over several lines begins on one of these. */
    for (size_t i = c->count ? c->field[0].at : at; i < at; i++) line += c->text[i] == '\n';
    if (c->where) lab_mark(c->where, c->text, c->n, at);
    return rf_fail(err, RF_EFORMAT, "%s:%zu:%zu: %s", c->name, line,
                   rf_utf8_count(c->text + start, at - start) + 1, what);
}

/* Where field `i` begins; of the one after the last, where the row ends. */
static size_t place_of(const lab_csv *c, size_t i)
{
    if (i < c->count) return c->field[i].at;
    size_t end = c->next;
    if (end && c->text[end - 1] == '\n') end--;
    if (end && end < c->n && c->text[end - 1] == '\r' && c->text[end] == '\n') end--;
    return end;
}

rf_status lab_csv_wrong(lab_csv *c, size_t i, rf_error *err, const char *fmt, ...)
{
    char what[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    return fail_at(c, place_of(c, i), err, what);
}

/* Whole characters of a field for a message, without control characters. */
static const char *shown(const lab_csv_field *f, char buf[SHOWN + 8])
{
    size_t n = f->n < SHOWN ? f->n : SHOWN;
    while (n < f->n && n && ((unsigned char)f->s[n] & 0xc0) == 0x80) n--;
    for (size_t i = 0; i < n; i++) buf[i] = (unsigned char)f->s[i] < 0x20 ? ' ' : f->s[i];
    strcpy(buf + n, n < f->n ? "..." : "");
    return buf;
}

rf_status lab_csv_number(lab_csv *c, size_t i, double *out, rf_error *err)
{
    const lab_csv_field *f = &c->field[i];
    char buf[SHOWN + 8];
    if (rf_number_parse(f->s, f->n, out)) return RF_OK;
    if (!f->n) return lab_csv_wrong(c, i, err, "nothing where a number is due");
    return lab_csv_wrong(c, i, err, "'%s' where a number is due", shown(f, buf));
}

rf_status lab_csv_expect(lab_csv *c, size_t count, rf_error *err)
{
    if (c->count == count) return RF_OK;
    return lab_csv_wrong(c, c->count < count ? c->count : count, err,
                         "%zu field%s where %zu are due", c->count, c->count == 1 ? "" : "s",
                         count);
}

/* ---- Rows -------------------------------------------------------------------------------------- */

static bool ends_line(const lab_csv *c, size_t i)
{
    return i >= c->n || c->text[i] == '\n' ||
           (c->text[i] == '\r' && (i + 1 >= c->n || c->text[i + 1] == '\n'));
}

/* A field in quotes from its first one on; where it ends, behind its last one. */
static size_t take_quoted(lab_csv *c, size_t i, rf_status *st, rf_error *err)
{
    const size_t open = i++;
    for (; i < c->n; i++) {
        if (c->text[i] != '"') {
            rf_str_add(&c->row, c->text + i, 1);
            continue;
        }
        if (i + 1 >= c->n || c->text[i + 1] != '"') break;
        rf_str_add(&c->row, "\"", 1);
        i++;
    }
    if (i >= c->n) {
        *st = fail_at(c, open, err, "the quote is not closed");
        return i;
    }
    i++;
    if (!ends_line(c, i) && c->text[i] != c->separator)
        *st = fail_at(c, i, err, "a separator is due after the closing quote");
    return i;
}

static bool separates(const lab_csv *c, size_t i)
{
    return c->text[i] == c->separator || (c->separator == ' ' && c->text[i] == '\t');
}

static size_t take_bare(lab_csv *c, size_t i)
{
    const size_t from = i;
    while (!ends_line(c, i) && !separates(c, i)) i++;
    rf_str_add(&c->row, c->text + from, i - from);
    return i;
}

/* The fields' texts move while the row grows: they are found when it is whole. */
static void place_texts(lab_csv *c)
{
    size_t at = 0;
    for (size_t k = 0; k < c->count; k++) {
        c->field[k].s = c->row.s + at;
        at += c->field[k].n + 1;
    }
}

static bool add_field(lab_csv *c, size_t at)
{
    if (c->count == c->cap) {
        const size_t cap = c->cap ? 2 * c->cap : 16;
        lab_csv_field *list = realloc(c->field, cap * sizeof *list);
        if (!list) return false;
        c->field = list;
        c->cap = cap;
    }
    c->field[c->count++] = (lab_csv_field){.at = at};
    return true;
}

static size_t take_field(lab_csv *c, size_t i, rf_status *st, rf_error *err)
{
    const size_t before = c->row.n;
    if (!add_field(c, i)) {
        *st = rf_fail(err, RF_ENOMEM, "%s: no memory for a row", c->name);
        return i;
    }
    const bool quotes = c->separator != '\t' && c->separator != ' ';
    i = quotes && i < c->n && c->text[i] == '"' ? take_quoted(c, i, st, err) : take_bare(c, i);
    c->field[c->count - 1].n = c->row.n - before;
    rf_str_add(&c->row, "", 1);
    return i;
}

/* Behind the end of the line at i. */
static size_t pass_end(const lab_csv *c, size_t i)
{
    if (i < c->n && c->text[i] == '\r') i++;
    return i < c->n ? i + 1 : i;
}

static size_t count_lines(const lab_csv *c, size_t from, size_t to)
{
    size_t lines = 0;
    for (size_t i = from; i < to; i++) lines += c->text[i] == '\n';
    return lines;
}

/* Over the blanks at i, where those separate. */
static size_t pass_blanks(const lab_csv *c, size_t i)
{
    while (c->separator == ' ' && i < c->n && separates(c, i)) i++;
    return i;
}

static bool take_row(lab_csv *c, size_t i, rf_status *st, rf_error *err)
{
    const size_t start = i;
    for (i = pass_blanks(c, i);; i += c->separator != ' ') {
        i = pass_blanks(c, take_field(c, i, st, err));
        if (*st || ends_line(c, i)) break;
    }
    if (c->row.failed && !*st) *st = rf_fail(err, RF_ENOMEM, "%s: no memory for a row", c->name);
    if (*st) return false;
    c->next = pass_end(c, i);
    c->next_line += count_lines(c, start, c->next);
    place_texts(c);
    return true;
}

bool lab_csv_next(lab_csv *c, rf_status *st, rf_error *err)
{
    *st = RF_OK;
    c->gap = false;
    for (size_t i; c->next < c->n && ends_line(c, i = pass_blanks(c, c->next)); c->gap = true) {
        c->next = pass_end(c, i);
        c->next_line++;
    }
    c->count = 0;
    c->line = c->next_line;
    rf_str_clear(&c->row);
    return c->next < c->n && take_row(c, c->next, st, err);
}

/* lab/fault.c -- what is wrong with an expression, and where: the line, and a mark below the place that is
 * right on a display, whatever script the line is in. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "expression.h"

enum { WINDOW = 56 }; /* columns of a long line that are shown before the mark */

/* Append n bytes as columns: what does not print is a blank. */
static void put_columns(rf_str *out, const char *s, size_t n)
{
    int32_t c;
    for (int k; n; s += k, n -= (size_t)k) {
        k = rf_utf8_next(s, n, &c);
        const bool prints = k > 0 && c >= 0x20 && c != 0x7f && (c < 0x80 || c >= 0xa0);
        if (k < 0) k = 1;
        rf_str_add(out, prints ? s : "?", prints ? (size_t)k : 1);
    }
}

/* How far to skip so that the mark is seen, at a character's beginning. */
static size_t skipped(const char *line, size_t before)
{
    size_t skip = 0;
    while (before - skip > 3 * WINDOW || rf_utf8_width(line + skip, before - skip) > WINDOW) {
        skip++;
        while (skip < before && ((unsigned char)line[skip] & 0xc0) == 0x80) skip++;
    }
    return skip;
}

static void show_line(lab_fault *f, const char *source, lab_place x)
{
    size_t start = x.at, end = x.at;
    while (start && source[start - 1] != '\n') start--;
    while (source[end] && source[end] != '\n' && end - x.at < WINDOW) end++;
    while (((unsigned char)source[end] & 0xc0) == 0x80) end++;
    const size_t skip = skipped(source + start, x.at - start), n = x.at - start - skip;
    rf_str_put(&f->line, skip ? "... " : "");
    const size_t indent = f->line.n;
    put_columns(&f->line, source + start + skip, n);
    const size_t before = f->line.s ? rf_utf8_width(f->line.s + indent, f->line.n - indent) : 0;
    put_columns(&f->line, source + x.at, end - x.at);
    for (size_t k = 0; k < indent + before; k++) rf_str_put(&f->mark, " ");
    rf_str_put(&f->mark, "^");
    size_t width = x.at + x.n <= end ? rf_utf8_width(source + x.at, x.n) : 1;
    for (size_t k = 1; k < width; k++) rf_str_put(&f->mark, "~");
}

/* "expression 2, line 1, column 7"; the line is left out where there is one only. */
static void put_where(rf_str *out, const lab_program *p, lab_place x)
{
    const char *s = p->source[x.source];
    size_t line = 1, start = 0;
    for (size_t k = 0; k < x.at; k++)
        if (s[k] == '\n') line++, start = k + 1;
    if (p->sources > 1) rf_str_printf(out, "expression %d, ", x.source + 1);
    if (strchr(s, '\n')) rf_str_printf(out, "line %zu, ", line);
    rf_str_printf(out, "column %zu", rf_utf8_count(s + start, x.at - start) + 1);
}

rf_status lab_program_fail(lab_program *p, lab_place place, const char *fmt, ...)
{
    lab_fault *f = &p->fault;
    rf_str where = {0};
    char text[400];
    va_list args;
    if (f->err.status) return f->err.status;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    put_where(&where, p, place);
    rf_fail(&f->err, RF_EINVAL, "%s: %s", where.s ? where.s : "expression", text);
    show_line(f, p->source[place.source], place);
    rf_str_free(&where);
    return RF_EINVAL;
}

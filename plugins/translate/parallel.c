/* translate/parallel.c -- see parallel.h. */
#include "parallel.h"

#include <stdlib.h>
#include <string.h>

void tr_text_free(tr_text *t)
{
    rf_str_free(&t->bytes);
    free(t->at);
    *t = (tr_text){0};
}

void tr_text_clear(tr_text *t)
{
    rf_str_clear(&t->bytes);
    t->n = 0;
}

bool tr_text_add(tr_text *t, const char *line, size_t n)
{
    if (t->n == t->cap) {
        const size_t cap = t->cap ? 2 * t->cap : 256;
        if (!rf_resize(&t->at, cap, sizeof *t->at)) return false;
        t->cap = cap;
    }
    t->at[t->n] = t->bytes.n;
    rf_str_add(&t->bytes, line, n);
    rf_str_add(&t->bytes, "", 1);
    t->n += !t->bytes.failed;
    return !t->bytes.failed;
}

const char *tr_text_line(const tr_text *t, size_t i, size_t *n)
{
    const size_t end = i + 1 < t->n ? t->at[i + 1] : t->bytes.n;
    if (n) *n = end - t->at[i] - 1;
    return t->bytes.s + t->at[i];
}

void tr_parallel_free(tr_parallel *p)
{
    tr_text_free(&p->side[0]);
    tr_text_free(&p->side[1]);
}

/* ---- Lines from anywhere --------------------------------------------------------------------- */

/* A file, or a text in memory. */
typedef struct feed {
    rf_lines *lines;
    const char *text;
    size_t left, number;
    const char *name;
} feed;

static rf_status open_file(feed *s, const char *path, rf_error *err)
{
    rf_error local = {0};
    *s = (feed){.lines = rf_lines_open(path, err ? err : &local)};
    if (s->lines) s->name = rf_lines_name(s->lines);
    return s->lines ? RF_OK : (err ? err : &local)->status;
}

static int take_line(feed *s, const char **line, size_t *n, rf_error *err)
{
    if (s->lines) return rf_lines_next(s->lines, line, n, err);
    if (!s->left) return 0;
    const char *nl = memchr(s->text, '\n', s->left);
    const size_t whole = nl ? (size_t)(nl - s->text) + 1 : s->left;
    *line = s->text;
    *n = whole - (nl != NULL);
    if (nl && *n && nl[-1] == '\r') --*n;
    s->text += whole;
    s->left -= whole;
    return 1;
}

static rf_status check_line(const feed *s, const char *line, size_t n, rf_error *err)
{
    int32_t code;
    size_t i = 0;
    for (int k; i < n && (k = rf_utf8_next(line + i, n - i, &code)) > 0 && code; i += (size_t)k)
        continue;
    if (i == n) return RF_OK;
    if (!line[i])
        return rf_fail(err, RF_EFORMAT, "%s:%zu:%zu: a NUL byte", s->name, s->number, i + 1);
    return rf_fail(err, RF_EFORMAT, "%s:%zu:%zu: byte 0x%02x is not UTF-8", s->name, s->number,
                   i + 1, (unsigned)(unsigned char)line[i]);
}

/* 1: a line, checked, without a byte order mark; 0: no more; negative: a status. */
static int next_line(feed *s, const char **line, size_t *n, rf_error *err)
{
    const int more = take_line(s, line, n, err);
    if (more <= 0) return more;
    s->number++;
    const rf_status st = check_line(s, *line, *n, err);
    if (st) return st;
    if (s->number == 1 && *n >= 3 && !memcmp(*line, "\xef\xbb\xbf", 3)) {
        *line += 3;
        *n -= 3;
    }
    return 1;
}

static rf_status no_memory(const feed *s, rf_error *err)
{
    return rf_fail(err, RF_ENOMEM, "%s:%zu: no memory", s->name, s->number);
}

/* ---- One text -------------------------------------------------------------------------------- */

static rf_status read_text(tr_text *t, feed *s, rf_error *err)
{
    const char *line;
    size_t n;
    int more = 0;
    rf_status st = RF_OK;
    while (!st && (more = next_line(s, &line, &n, err)) > 0)
        if (!tr_text_add(t, line, n)) st = no_memory(s, err);
    return st ? st : more;
}

rf_status tr_text_read(tr_text *t, const char *path, rf_error *err)
{
    feed s;
    rf_status st = open_file(&s, path, err);
    if (!st) st = read_text(t, &s, err);
    rf_lines_free(s.lines);
    return st;
}

rf_status tr_text_parse(tr_text *t, const char *text, size_t n, const char *name, rf_error *err)
{
    feed s = {.text = text, .left = n, .name = name};
    return read_text(t, &s, err);
}

/* ---- Two files ------------------------------------------------------------------------------- */

rf_status tr_parallel_read_files(tr_parallel *p, const char *source, const char *target,
                                 rf_error *err)
{
    const char *path[2] = {source, target};
    size_t begin[2], lines[2];
    rf_status st = RF_OK;
    for (int k = 0; k < 2 && !st; k++) {
        begin[k] = p->side[k].n;
        st = tr_text_read(&p->side[k], path[k], err);
        lines[k] = p->side[k].n - begin[k];
    }
    if (st || lines[0] == lines[1]) return st;
    const int longer = lines[1] > lines[0];
    return rf_fail(err, RF_EFORMAT, "%s:%zu: no line of %s is its translation: that has %zu",
                   path[longer], lines[!longer] + 1, path[!longer], lines[!longer]);
}

/* ---- Tables ---------------------------------------------------------------------------------- */

/* Column `want` of a row, and how many there are in all. */
static size_t find_column(const char *row, size_t n, int32_t want, const char **at, size_t *length)
{
    size_t column = 0, from = 0;
    for (size_t i = 0; i <= n; i++) {
        if (i < n && row[i] != '\t') continue;
        if ((int64_t)++column == want) {
            *at = row + from;
            *length = i - from;
        }
        from = i + 1;
    }
    return column;
}

static const char *plural(size_t n) { return n == 1 ? "" : "s"; }

static rf_status add_row(tr_parallel *p, const feed *s, tr_columns c, const char *row, size_t n,
                         size_t *columns, rf_error *err)
{
    const char *at[2] = {NULL, NULL};
    size_t length[2] = {0, 0};
    const size_t first = find_column(row, n, c.side[0], &at[0], &length[0]);
    const size_t least = (size_t)(c.side[0] > c.side[1] ? c.side[0] : c.side[1]);
    find_column(row, n, c.side[1], &at[1], &length[1]);
    if (first < least)
        return rf_fail(err, RF_EFORMAT, "%s:%zu: %zu column%s where %zu are due, apart by tabs",
                       s->name, s->number, first, plural(first), *columns ? *columns : least);
    if (*columns && first != *columns)
        return rf_fail(err, RF_EFORMAT, "%s:%zu: %zu column%s where the first row has %zu", s->name,
                       s->number, first, plural(first), *columns);
    *columns = first;
    for (int k = 0; k < 2; k++)
        if (!tr_text_add(&p->side[k], at[k], length[k])) return no_memory(s, err);
    return RF_OK;
}

static rf_status read_table(tr_parallel *p, feed *s, tr_columns c, rf_error *err)
{
    const char *row;
    size_t n, columns = 0;
    int more = 0;
    rf_status st = RF_OK;
    while (!st && (more = next_line(s, &row, &n, err)) > 0)
        st = add_row(p, s, c, row, n, &columns, err);
    return st ? st : more;
}

rf_status tr_parallel_read_table(tr_parallel *p, const char *path, tr_columns columns,
                                 rf_error *err)
{
    feed s;
    rf_status st = open_file(&s, path, err);
    if (!st) st = read_table(p, &s, columns, err);
    rf_lines_free(s.lines);
    return st;
}

rf_status tr_parallel_parse(tr_parallel *p, const char *text, size_t n, const char *name,
                            tr_columns columns, rf_error *err)
{
    feed s = {.text = text, .left = n, .name = name};
    return read_table(p, &s, columns, err);
}

rf_status tr_columns_parse(const char *text, const char *option, tr_columns *out, rf_error *err)
{
    const char *item, *rest = text;
    size_t n;
    double x[2] = {0, 0};
    for (int k = 0; k < 2; k++)
        if (!rf_list_next(&rest, &item, &n) || !rf_number_parse(item, n, &x[k]) || x[k] > 1000)
            x[k] = 0;
    *out = (tr_columns){{(int32_t)x[0], (int32_t)x[1]}};
    const bool whole = x[0] == out->side[0] && x[1] == out->side[1];
    if (!rest && whole && out->side[0] > 0 && out->side[1] > 0) return RF_OK;
    return rf_fail(err, RF_EINVAL, "%s: two columns counted from 1 are due, such as 1,2", option);
}

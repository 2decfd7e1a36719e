/* text/source.c -- see source.h. */
#include "text/source.h"

#include <refrain/text.h>
#include <string.h>

rf_status rfi_source_open(rfi_source *s, const char *path, rf_error *err)
{
    rf_error local = {0};
    err = err ? err : &local;
    *s = (rfi_source){.lines = rf_lines_open(path, err)};
    if (s->lines) s->name = rf_lines_name(s->lines);
    return s->lines ? RF_OK : err->status;
}

void rfi_source_lend(rfi_source *s, const char *text, size_t n, const char *name)
{
    *s = (rfi_source){.text = text, .left = n, .name = name};
}

void rfi_source_close(rfi_source *s)
{
    rf_lines_free(s->lines);
    *s = (rfi_source){0};
}

static int next_in_memory(rfi_source *s, const char **line, size_t *n)
{
    if (!s->left) return 0;
    const char *nl = memchr(s->text, '\n', s->left);
    const size_t whole = nl ? (size_t)(nl - s->text) + 1 : s->left;
    *line = s->text;
    *n = whole - (nl != NULL);
    s->ending = nl != NULL;
    if (nl && *n && nl[-1] == '\r') {
        s->ending = 2;
        --*n;
    }
    s->text += whole;
    s->left -= whole;
    return 1;
}

static int next_of_file(rfi_source *s, const char **line, size_t *n, rf_error *err)
{
    const int st = rf_lines_next(s->lines, line, n, err);
    if (st > 0) s->ending = rf_lines_end(s->lines);
    return st;
}

/* Name the first byte that is not UTF-8. */
static rf_status fail_byte(const rfi_source *s, const char *line, size_t n, rf_error *err)
{
    int32_t code;
    size_t i = 0;
    for (int k; i < n && (k = rf_utf8_next(line + i, n - i, &code)) > 0;) i += (size_t)k;
    return rf_fail(err, RF_EFORMAT, "%s:%zu:%zu: byte 0x%02x is not UTF-8", s->name, s->number,
                   i + 1, (unsigned)(unsigned char)line[i]);
}

static rf_status check_line(rfi_source *s, const char *line, size_t n, rf_error *err)
{
    if (s->number == 1) s->crlf = s->ending == 2;
    if (s->ending && (s->ending == 2) != s->crlf)
        return rf_fail(err, RF_EFORMAT, "%s:%zu: the line ends in %s, those before in %s", s->name,
                       s->number, s->crlf ? "LF" : "CR LF", s->crlf ? "CR LF" : "LF");
    if (n > RFI_LINE_LIMIT)
        return rf_fail(err, RF_EFORMAT, "%s:%zu: a line of %zu bytes; at most %zu are read",
                       s->name, s->number, n, RFI_LINE_LIMIT);
    if (rf_utf8_check(line, n, s->name, NULL)) return fail_byte(s, line, n, err);
    const char *nul = n ? memchr(line, 0, n) : NULL, *cr = n ? memchr(line, '\r', n) : NULL;
    if (!nul && !cr) return RF_OK;
    return rf_fail(err, RF_EFORMAT, "%s:%zu:%zu: a %s within the line", s->name, s->number,
                   (size_t)((nul ? nul : cr) - line) + 1, nul ? "NUL byte" : "carriage return");
}

int rfi_source_next(rfi_source *s, const char **line, size_t *n, rf_error *err)
{
    static const char mark[] = "\xef\xbb\xbf"; /* byte order */
    const int st = s->lines ? next_of_file(s, line, n, err) : next_in_memory(s, line, n);
    if (st <= 0) return st;
    s->number++;
    const rf_status bad = check_line(s, *line, *n, err);
    if (bad) return bad;
    if (s->number == 1 && *n >= 3 && !memcmp(*line, mark, 3)) {
        *line += 3;
        *n -= 3;
    }
    return 1;
}

const char *rfi_shown(const char *s, size_t n, char buf[RFI_SHOWN])
{
    size_t m = n < RFI_SHOWN - 4 ? n : RFI_SHOWN - 4;
    while (m < n && m && ((unsigned char)s[m] & 0xc0) == 0x80) m--;
    for (size_t i = 0; i < m; i++) buf[i] = (unsigned char)s[i] < 0x20 || s[i] == 0x7f ? ' ' : s[i];
    strcpy(buf + m, m < n ? "..." : "");
    return buf;
}

/* host/layout.c -- text in columns on a terminal; numbers and strings for people and as JSON.
 *
 * Widths are of characters, not of bytes: Chinese takes two columns each and breaks anywhere. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "host/host.h"

/* Bytes and columns of the character at s; a byte that is no UTF-8 counts as one column. */
static size_t char_at(const char *s, size_t n, size_t *width, utf8proc_int32_t *c)
{
    utf8proc_ssize_t len = utf8proc_iterate((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n, c);
    if (len <= 0) {
        *c = -1;
        *width = 1;
        return 1;
    }
    int w = utf8proc_charwidth(*c);
    *width = w > 0 ? (size_t)w : 0;
    return (size_t)len;
}

size_t rfi_width(const char *s, size_t n)
{
    size_t sum = 0, w;
    utf8proc_int32_t c;
    for (size_t k = 0; k < n; sum += w) k += char_at(s + k, n - k, &w, &c);
    return sum;
}

/* Bytes of the next thing that must not be broken: a word, or one wide character. */
static size_t piece(const char *s, size_t *width)
{
    size_t n = 0, total = strlen(s), w;
    utf8proc_int32_t c;
    *width = 0;
    while (n < total && s[n] != ' ' && s[n] != '\n') {
        size_t len = char_at(s + n, total - n, &w, &c);
        if (w == 2 && n) break;
        n += len;
        *width += w;
        if (w == 2) break;
    }
    return n;
}

void rfi_pad(rf_str *out, size_t col, size_t to)
{
    if (col && col >= to) {
        rf_str_put(out, "\n");
        col = 0;
    }
    for (; col < to; col++) rf_str_put(out, " ");
}

size_t rfi_wrap(rf_str *out, const char *text, size_t col, size_t indent)
{
    bool space = false;
    for (const char *s = text; *s;) {
        size_t width, n = piece(s, &width);
        if (!n) {
            space = true;
            s++;
            continue;
        }
        if (col + space + width > HELP_WIDTH && col > indent) {
            rf_str_put(out, "\n");
            rfi_pad(out, 0, indent);
            col = indent;
            space = false;
        }
        if (space) rf_str_put(out, " ");
        rf_str_add(out, s, n);
        col += space + width;
        space = false;
        s += n;
    }
    return col;
}

/* ---- Numbers and JSON ----------------------------------------------------------------------- */

const char *rfi_number(double x, char buf[NUMBER_TEXT])
{
    if (isnan(x)) return strcpy(buf, "nan");
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(buf, NUMBER_TEXT, "%.*g", digits, x);
        if (strtod(buf, NULL) == x) break;
    }
    /* 1e+06 and 100000 are both short; people read the second. */
    if (x == floor(x) && fabs(x) < 1e7) snprintf(buf, NUMBER_TEXT, "%.0f", x);
    return buf;
}

void rfi_json_number(rf_str *out, double x)
{
    char buf[NUMBER_TEXT];
    rf_str_put(out, isfinite(x) ? rfi_number(x, buf) : "null");
}

static void json_char(rf_str *out, const char *s, size_t len, utf8proc_int32_t c)
{
    static const char special[] = "\"\\\n\r\t", letter[] = "\"\\nrt";
    const char *at = c > 0 && c < 128 ? strchr(special, (int)c) : NULL;
    if (c < 0)
        rf_str_put(out, "\xEF\xBF\xBD");
    else if (at)
        rf_str_printf(out, "\\%c", letter[at - special]);
    else if (c < 32 || c == 127)
        rf_str_printf(out, "\\u%04x", (unsigned)c);
    else
        rf_str_add(out, s, len);
}

void rfi_json_string(rf_str *out, const char *s, size_t n)
{
    size_t w;
    utf8proc_int32_t c;
    rf_str_put(out, "\"");
    for (size_t k = 0; k < n;) {
        size_t len = char_at(s + k, n - k, &w, &c);
        json_char(out, s + k, len, c);
        k += len;
    }
    rf_str_put(out, "\"");
}

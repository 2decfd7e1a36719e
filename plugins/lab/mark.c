/* lab/mark.c -- see mark.h. */
#include "mark.h"

#include <refrain/text.h>

#define BEFORE 48 /* columns shown before the caret, at most */
#define AFTER  24
#define BYTES  4 /* of a character, at most */

static bool is_end(char c) { return c == '\n' || c == '\r'; }

/* The character that ends before byte i > 0 begins here. */
static size_t back(const char *s, size_t i)
{
    for (i--; i && ((unsigned char)s[i] & 0xc0) == 0x80;) i--;
    return i;
}

static size_t forward(const char *s, size_t n, size_t i)
{
    int32_t code;
    const int k = rf_utf8_next(s + i, n - i, &code);
    return i + (k > 0 ? (size_t)k : 1);
}

static void put_shown(rf_str *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)s[i];
        rf_str_add(out, c < 0x20 || c == 0x7f ? " " : s + i, 1);
    }
}

void lab_mark(rf_str *where, const char *text, size_t n, size_t at)
{
    size_t from = at, to = at;
    for (size_t b = at; b && text[b - 1] != '\n' && at - b <= (size_t)BEFORE * BYTES;) {
        b = back(text, b);
        if (rf_utf8_width(text + b, at - b) > BEFORE) break;
        from = b;
    }
    for (int k = 0; k < AFTER && to < n && !is_end(text[to]); k++) to = forward(text, n, to);
    rf_str_clear(where);
    if (from && text[from - 1] != '\n') rf_str_put(where, "...");
    put_shown(where, text + from, at - from);
    const size_t blanks = where->n ? rf_utf8_width(where->s, where->n) : 0;
    put_shown(where, text + at, to - at);
    if (to < n && !is_end(text[to])) rf_str_put(where, "...");
    rf_str_put(where, "\n");
    for (size_t i = 0; i < blanks; i++) rf_str_put(where, " ");
    rf_str_put(where, "^");
}

rf_status lab_end_marked(rf_session *s, rf_status st, const rf_str *where, const rf_error *err)
{
    const char *end = st && where->n && !where->failed ? strchr(where->s, '\n') : NULL;
    if (end) {
        rf_str line = {0};
        rf_str_add(&line, where->s, (size_t)(end - where->s));
        if (line.s) s->host->log(s->host, RF_LOG_INFO, line.s);
        s->host->log(s->host, RF_LOG_INFO, end + 1);
        rf_str_free(&line);
    }
    return rf_session_end(s, st, err);
}

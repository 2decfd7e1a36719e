/* base/str.c -- growing strings, what people type, and the nearest of several words. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/base.h>

/* Room for n more bytes and the NUL. */
static bool reserve(rf_str *b, size_t n)
{
    if (b->failed) return false;
    if (n < b->cap - b->n) return true; /* cap 0 and n 0: 0 < 0 is false, so the NUL gets room */
    if (n > SIZE_MAX / 4 - b->n) return !(b->failed = true);
    size_t cap = b->n + n + 1 < 32 ? 32 : (b->n + n + 1) + (b->n + n + 1) / 2;
    char *s = realloc(b->s, cap);
    if (!s) return !(b->failed = true);
    b->s = s;
    b->cap = cap;
    return true;
}

void rf_str_add(rf_str *b, const char *bytes, size_t n)
{
    if (!reserve(b, n)) return;
    if (n) memcpy(b->s + b->n, bytes, n);
    b->n += n;
    b->s[b->n] = '\0';
}

void rf_str_put(rf_str *b, const char *text) { rf_str_add(b, text, strlen(text)); }

void rf_str_printf(rf_str *b, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    if (n < 0) b->failed = true;
    if (n >= 0 && reserve(b, (size_t)n)) {
        vsnprintf(b->s + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

void rf_str_clear(rf_str *b)
{
    b->n = 0;
    b->failed = false;
    if (b->s) b->s[0] = '\0';
}

void rf_str_free(rf_str *b)
{
    free(b->s);
    *b = (rf_str){0};
}

/* ---- What people type --------------------------------------------------------------------------- */

bool rf_list_next(const char **rest, const char **item, size_t *n)
{
    const char *at = *rest;
    if (!at) return false;
    at += strspn(at, " ");
    const size_t whole = strcspn(at, ",");
    *item = at;
    *rest = at[whole] ? at + whole + 1 : NULL;
    for (*n = whole; *n && at[*n - 1] == ' ';) --*n;
    return true;
}

/* strtod would take infinities and hexadecimal numbers, too. */
bool rf_number_parse(const char *s, size_t n, double *out)
{
    char copy[400], *end;
    while (n && *s == ' ') s++, n--;
    while (n && s[n - 1] == ' ') n--;
    if (!n || n >= sizeof copy) return false;
    memcpy(copy, s, n);
    copy[n] = '\0';
    *out = strtod(copy, &end);
    return strspn(copy, "0123456789+-.eE") == n && end == copy + n && isfinite(*out);
}

uint64_t rf_hash(uint64_t h, const void *bytes, size_t n)
{
    const uint8_t *b = bytes;
    for (size_t i = 0; i < n; i++) h = (h ^ b[i]) * UINT64_C(0x100000001b3);
    return h;
}

/* ---- Nearest word ------------------------------------------------------------------------------ */

#define WORD_MAX 127 /* longer words are compared by their beginnings */

static int min(int a, int b) { return a < b ? a : b; }

int rf_edit_distance(const char *a, const char *b)
{
    int n = (int)strnlen(a, WORD_MAX), m = (int)strnlen(b, WORD_MAX);
    int rows[3][WORD_MAX + 1];
    int *before = rows[0], *last = rows[1], *row = rows[2];
    for (int j = 0; j <= m; j++) row[j] = j;
    for (int i = 1; i <= n; i++) {
        int *oldest = before;
        before = last, last = row, row = oldest;
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            row[j] = min(min(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min(row[j], before[j - 2] + 1);
        }
    }
    return row[m];
}

const char *rf_nearest(const char *word, const char *const *words)
{
    const char *best = NULL;
    int least = (int)(strnlen(word, WORD_MAX) + 2) / 3 + 1; /* nearer than this is near */
    for (; *words; words++) {
        int d = rf_edit_distance(word, *words);
        if (d < least) least = d, best = *words;
    }
    return best;
}

/* text/utf8.c -- valid UTF-8 and nothing else, by utf8proc; and growing arrays of ids. */
#include <stdlib.h>
#include <string.h>

#include <refrain/io.h>
#include <refrain/text.h>
#include <utf8proc.h>

int rf_utf8_next(const char *s, size_t n, int32_t *code)
{
    if (!n) return 0;
    if ((unsigned char)*s < 0x80) {
        *code = *s;
        return 1;
    }
    utf8proc_ssize_t k =
        utf8proc_iterate((const utf8proc_uint8_t *)s, n < 4 ? (utf8proc_ssize_t)n : 4, code);
    return k > 0 ? (int)k : -1;
}

int rf_utf8_put(int32_t code, char out[4])
{
    if (!utf8proc_codepoint_valid(code)) return 0;
    return (int)utf8proc_encode_char(code, (utf8proc_uint8_t *)out);
}

/* The first byte that is not UTF-8; n: there is none. */
static size_t first_invalid(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n) {
        uint64_t eight;
        int32_t code;
        if (n - i >= 8 && (memcpy(&eight, s + i, 8), !(eight & 0x8080808080808080u))) {
            i += 8;
            continue;
        }
        int k = rf_utf8_next(s + i, n - i, &code);
        if (k < 0) return i;
        i += (size_t)k;
    }
    return n;
}

rf_status rf_utf8_check(const char *s, size_t n, const char *name, rf_error *err)
{
    size_t bad = first_invalid(s, n), line = 1, start = 0;
    if (bad == n) return RF_OK;
    for (size_t i = 0; i < bad; i++)
        if (s[i] == '\n') line++, start = i + 1;
    return rf_fail(err, RF_EFORMAT, "%s:%zu:%zu: byte 0x%02x is not UTF-8", name, line,
                   bad - start + 1, (unsigned)(unsigned char)s[bad]);
}

size_t rf_utf8_count(const char *s, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += (s[i] & 0xc0) != 0x80;
    return count;
}

size_t rf_utf8_width(const char *s, size_t n)
{
    size_t width = 0;
    int32_t code;
    for (int k; (k = rf_utf8_next(s, n, &code)) > 0; s += k, n -= (size_t)k) {
        int w = utf8proc_charwidth(code);
        width += w > 0 ? (size_t)w : 0;
    }
    return width;
}

rf_status rf_text_read(const char *path, rf_str *out, rf_error *err)
{
    static const char mark[] = "\xef\xbb\xbf"; /* byte order */
    size_t start = out->n, m = sizeof mark - 1;
    rf_status st = rf_file_read(path, 0, out, err);
    if (st != RF_OK) return st;
    const char *name = rf_input_name(path);
    st = rf_utf8_check(out->s + start, out->n - start, name, err);
    size_t n = st == RF_OK ? out->n - start : 0, skip = n >= m && !memcmp(out->s + start, mark, m);
    if (skip) memmove(out->s + start, out->s + start + m, n -= m);
    out->n = start + n;
    out->s[out->n] = '\0';
    return st;
}

/* ---- Growing arrays of ids --------------------------------------------------------------------- */

void rf_ids_add(rf_ids *a, int32_t id)
{
    if (a->failed) return;
    if (a->n == a->cap) {
        size_t cap = a->cap ? a->cap + a->cap / 2 : 64;
        int32_t *at = cap < SIZE_MAX / sizeof *at ? realloc(a->at, cap * sizeof *at) : NULL;
        a->failed = !at;
        if (!at) return;
        a->at = at;
        a->cap = cap;
    }
    a->at[a->n++] = id;
}

void rf_ids_free(rf_ids *a)
{
    free(a->at);
    *a = (rf_ids){0};
}

/* pos/keys.c -- see keys.h. */
#include "keys.h"

#include <string.h>
#include <utf8proc.h>

enum { SHAPE_RUNS = 8 };

static int32_t narrow(int32_t code)
{
    if (code == 0x3000) return ' ';
    return code >= 0xff01 && code <= 0xff5e ? code - 0xff01 + '!' : code;
}

static int32_t fold(int32_t code)
{
    code = narrow(code);
    if (code >= '0' && code <= '9') return '0';
    return code < 0x80 ? (code >= 'A' && code <= 'Z' ? code + 32 : code) : utf8proc_tolower(code);
}

static void put(rf_str *out, int32_t code)
{
    char bytes[4];
    rf_str_add(out, bytes, (size_t)rf_utf8_put(code, bytes));
}

/* The next code point; what is not UTF-8 counts as a byte, so that this always ends. */
static size_t step(const char *s, size_t n, int32_t *code)
{
    const int k = rf_utf8_next(s, n, code);
    if (k > 0) return (size_t)k;
    *code = (unsigned char)*s;
    return 1;
}

void pos_key_word(const char *s, size_t n, rf_str *out)
{
    int32_t code;
    for (size_t i = 0; i < n;) {
        i += step(s + i, n - i, &code);
        put(out, fold(code));
    }
}

void pos_key_letter(const char *s, size_t n, rf_str *out)
{
    int32_t code;
    if (!n) return;
    step(s, n, &code);
    put(out, narrow(code));
}

void pos_key_prefix(const char *s, size_t n, int k, rf_str *out)
{
    int32_t code;
    size_t end = 0;
    int seen = 0;
    for (; end < n && seen < k; seen++) end += step(s + end, n - end, &code);
    rf_str_put(out, "^");
    if (seen == k) pos_key_word(s, end, out);
}

void pos_key_suffix(const char *s, size_t n, int k, rf_str *out)
{
    size_t from = n;
    int seen = 0;
    for (; from > 0 && seen < k; seen++)
        for (from--; from && ((unsigned char)s[from] & 0xc0) == 0x80;) from--;
    if (seen == k) pos_key_word(s + from, n - from, out);
    rf_str_put(out, "$");
}

static char class_of(int32_t code)
{
    code = narrow(code);
    if (code >= '0' && code <= '9') return 'd';
    switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LT:
        return 'X';
    case UTF8PROC_CATEGORY_LL:
        return 'x';
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return 'd';
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
        return 'h';
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
        return 'p';
    default:
        return 's';
    }
}

void pos_key_shape(const char *s, size_t n, rf_str *out)
{
    int32_t code;
    char last = 0;
    int runs = 0;
    for (size_t i = 0; i < n && runs < SHAPE_RUNS;) {
        i += step(s + i, n - i, &code);
        const char c = class_of(code);
        if (c == last) continue;
        rf_str_add(out, &c, 1);
        last = c;
        runs++;
    }
}

bool pos_is_blank(int32_t code)
{
    return code == ' ' || (code >= '\t' && code <= '\r') || code == 0x85 || code == 0xfeff ||
           utf8proc_category(code) == UTF8PROC_CATEGORY_ZS;
}

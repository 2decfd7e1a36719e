/* lab/lexer.c -- the words of an expression: numbers, names of any script, signs as people type them.
 *
 * Full-width forms (（ ＝ ；) count as what they stand for. */
#include "lexer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Signs beyond ASCII, and the token that each is. */
static const struct {
    int32_t code;
    char sign;
} signs[] = {{0xb7, '*'},   {0xd7, '*'},   {0x22c5, '*'}, {0x2217, '*'}, {0xf7, '/'},
             {0x2212, '-'}, {0x3000, ' '}, {0x3010, '['}, {0x3011, ']'}, {0x3001, ','}};

static int32_t folded(int32_t c)
{
    if (c >= 0xff01 && c <= 0xff5e) return c - 0xfee0;
    for (size_t k = 0; k < sizeof signs / sizeof *signs; k++)
        if (signs[k].code == c) return signs[k].sign;
    return c;
}

/* ⁰ ¹ ² ... ⁹; -1: none of them. */
static int superscript(int32_t c)
{
    if (c == 0xb9) return 1;
    if (c == 0xb2 || c == 0xb3) return c - 0xb0;
    return c == 0x2070 || (c >= 0x2074 && c <= 0x2079) ? c - 0x2070 : -1;
}

enum { SUPER_MINUS = 0x207b };

/* Letters, marks and digits of any script; what is above 127 and no sign known to be something else. */
static bool in_name(int32_t c)
{
    static const int32_t other[][2] = {
        {0x80, 0xa9},     {0xab, 0xb4},     {0xb6, 0xb9},     {0xbb, 0xbf},     {0xd7, 0xd7},
        {0xf7, 0xf7},     {0x2000, 0x207f}, {0x208a, 0x208e}, {0x20a0, 0x20cf}, {0x2190, 0x2bff},
        {0x3000, 0x3004}, {0x3008, 0x3020}, {0xe000, 0xf8ff}, {0xfe00, 0xfe6f}, {0xff01, 0xff0f},
        {0xff1a, 0xff20}, {0xff3b, 0xff40}, {0xff5b, 0xffef}, {0xfff0, 0xffff}};
    if (c < 0x80)
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               c == '_';
    for (size_t k = 0; k < sizeof other / sizeof *other; k++)
        if (c >= other[k][0] && c <= other[k][1]) return false;
    return true;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static size_t digits(const char *s)
{
    size_t n = 0;
    while (is_digit(s[n])) n++;
    return n;
}

static lab_token bad(lab_token t, size_t n, const char *why)
{
    t.kind = LAB_BAD;
    t.place.n = n;
    t.why = why;
    return t;
}

/* 12, 1.5, .5, 1e-3; no sign, no hexadecimal. */
static lab_token numeral(const char *s, lab_token t)
{
    char copy[64];
    size_t n = digits(s);
    if (s[n] == '.') n += 1 + digits(s + n + 1);
    if (s[n] == 'e' || s[n] == 'E') {
        const size_t sign = s[n + 1] == '+' || s[n + 1] == '-', more = digits(s + n + 1 + sign);
        if (more) n += 1 + sign + more;
    }
    if (n >= sizeof copy) return bad(t, n, "a number of more than 63 characters");
    memcpy(copy, s, n);
    copy[n] = 0;
    t.number = strtod(copy, NULL);
    t.kind = LAB_NUMERAL;
    t.place.n = n;
    return fabs(t.number) <= 3e38 ? t : bad(t, n, "a number too large for a float");
}

static lab_token superscripts(const char *s, size_t room, lab_token t)
{
    size_t n = 0;
    int32_t c = 0;
    double x = 0;
    int k = rf_utf8_next(s, room, &c), count = 0;
    const bool minus = c == SUPER_MINUS;
    if (minus) n += (size_t)k;
    while ((k = rf_utf8_next(s + n, room - n, &c)) > 0 && superscript(c) >= 0 && count++ < 9) {
        x = 10 * x + superscript(c);
        n += (size_t)k;
    }
    t.kind = LAB_SUPERSCRIPT;
    t.number = minus ? -x : x;
    t.place.n = n;
    return count ? t : bad(t, n, "an exponent is due");
}

static lab_token name(const char *s, size_t room, lab_token t)
{
    int32_t c;
    size_t n = 0;
    for (int k; (k = rf_utf8_next(s + n, room - n, &c)) > 0 && in_name(c); n += (size_t)k) {
    }
    t.kind = LAB_NAME;
    t.place.n = n;
    return n <= 64 ? t : bad(t, n, "a name of more than 64 bytes");
}

static bool is_blank(int32_t c, bool nested)
{
    return c == ' ' || c == '\t' || c == '\r' || (nested && c == '\n');
}

lab_token lab_token_at(const char *source, size_t end, int number, size_t at, bool nested)
{
    int32_t c = 0;
    int k;
    while ((k = rf_utf8_next(source + at, end - at, &c)) > 0 && is_blank(folded(c), nested))
        at += (size_t)k;
    const char *s = source + at;
    lab_token t = {.kind = LAB_END, .place = {number, at, 0}};
    if (k == 0) return t;
    if (k < 0) return bad(t, 1, "not UTF-8");
    if (is_digit(*s) || (*s == '.' && is_digit(s[1]))) return numeral(s, t);
    if (superscript(c) >= 0 || c == SUPER_MINUS) return superscripts(s, end - at, t);
    const int32_t sign = folded(c);
    t.place.n = (size_t)k;
    t.kind = sign;
    if (sign < 0x80 && sign > 0 && strchr("+-*/^@()[],;=\n", sign)) return t;
    if (in_name(c)) return name(s, end - at, t);
    return bad(t, (size_t)k, "no sign of an expression");
}

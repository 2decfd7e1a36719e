/* text/metric_tokens.c -- lines cut into words as sacreBLEU's tokenizers cut them.
 *
 * These are lists of regular expressions that replace one after the other, from left to right, without
 * overlap; each is written here as a loop over code points that does the same. */
#include <string.h>
#include <utf8proc.h>

#include "text/metric.h"

const char *const rf_text_tokenizers[] = {
    [RF_TOKENS_13A] = "13a",   [RF_TOKENS_ZH] = "zh",     [RF_TOKENS_INTL] = "intl",
    [RF_TOKENS_CHAR] = "char", [RF_TOKENS_NONE] = "none", NULL};

bool rfi_is_space(int32_t c)
{
    if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x1f);
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
           c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

void rfi_codes(const char *s, size_t n, rf_ids *out)
{
    int32_t code;
    for (size_t i = 0; i < n;) {
        const int k = rf_utf8_next(s + i, n - i, &code);
        if (k < 1) return;
        rf_ids_add(out, code);
        i += (size_t)k;
    }
}

/* ---- Classes of characters ----------------------------------------------------------------------- */

static bool is_digit(int32_t c) { return c >= '0' && c <= '9'; }

static bool is_no_digit(int32_t c) { return !is_digit(c); }

static bool is_stop(int32_t c) { return c == '.' || c == ','; }

static bool is_dash(int32_t c) { return c == '-'; }

/* [\{-\~\[-\` -\&\(-\+\:-\@\/] */
static bool is_mark(int32_t c)
{
    return (c >= '{' && c <= '~') || (c >= '[' && c <= '`') || (c >= ' ' && c <= '&') ||
           (c >= '(' && c <= '+') || (c >= ':' && c <= '@') || c == '/';
}

static bool in_classes(int32_t c, utf8proc_category_t first, utf8proc_category_t last)
{
    const utf8proc_category_t k = utf8proc_category(c);
    return k >= first && k <= last;
}

static bool is_punctuation(int32_t c)
{
    return in_classes(c, UTF8PROC_CATEGORY_PC, UTF8PROC_CATEGORY_PO);
}

static bool is_symbol(int32_t c)
{
    return in_classes(c, UTF8PROC_CATEGORY_SM, UTF8PROC_CATEGORY_SO);
}

static bool is_no_number(int32_t c)
{
    return !in_classes(c, UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_NO);
}

/* sacreBLEU's ranges, and what they come to: two of them are written with five hexadecimal digits where
 * four are read, and so hold U+2001 .. U+2A6D, general punctuation among them. */
static bool is_chinese(int32_t c)
{
    static const int32_t range[][2] = {
        {0x2001, 0x2a6d}, {0x2e80, 0x2fdf}, {0x2ff0, 0x303f}, {0x3100, 0x312f}, {0x31a0, 0x31bf},
        {0x31c0, 0x31ef}, {0x3200, 0x33ff}, {0x3400, 0x4db5}, {0x4e00, 0x9fbb}, {0xf900, 0xfa2d},
        {0xfa30, 0xfa6a}, {0xfa70, 0xfad9}, {0xfe10, 0xfe1f}, {0xfe30, 0xfe4f}, {0xff00, 0xffef}};
    for (size_t i = 0; i < sizeof range / sizeof *range; i++)
        if (c >= range[i][0] && c <= range[i][1]) return true;
    return false;
}

/* ---- Replacements -------------------------------------------------------------------------------- */

/* A character of the class with blanks on both sides. */
static void space_out(rf_ids *x, rf_ids *to, bool (*class)(int32_t))
{
    to->n = 0;
    for (size_t i = 0; i < x->n; i++) {
        const bool apart = class(x->at[i]);
        if (apart) rf_ids_add(to, ' ');
        rf_ids_add(to, x->at[i]);
        if (apart) rf_ids_add(to, ' ');
    }
}

typedef bool (*in_class)(int32_t c);

/* Two neighbours of the classes: a blank before the first where `before`, one between them, and one
 * behind the second where `behind`. */
static void split_pairs(rf_ids *x, rf_ids *to, in_class first, in_class second, bool before,
                        bool behind)
{
    to->n = 0;
    for (size_t i = 0; i < x->n; i++) {
        const bool pair = i + 1 < x->n && first(x->at[i]) && second(x->at[i + 1]);
        if (pair && before) rf_ids_add(to, ' ');
        rf_ids_add(to, x->at[i]);
        if (!pair) continue;
        rf_ids_add(to, ' ');
        rf_ids_add(to, x->at[++i]);
        if (behind) rf_ids_add(to, ' ');
    }
}

/* TokenizerRegexp of sacreBLEU: x through y and back. */
static void cut_western(rf_ids *x, rf_ids *y)
{
    space_out(x, y, is_mark);
    split_pairs(y, x, is_no_digit, is_stop, false, true);
    split_pairs(x, y, is_stop, is_no_digit, true, false);
    split_pairs(y, x, is_digit, is_dash, false, true);
}

/* Replace one text by another, in place: it is not longer. */
static void replace(rf_str *s, const char *from, const char *by)
{
    const size_t n = strlen(from), m = strlen(by);
    size_t to = 0;
    for (size_t i = 0; i < s->n;) {
        if (s->n - i >= n && !memcmp(s->s + i, from, n)) {
            memcpy(s->s + to, by, m);
            to += m;
            i += n;
        } else {
            s->s[to++] = s->s[i++];
        }
    }
    if (s->s) s->s[s->n = to] = '\0';
}

/* ---- The tokenizers ------------------------------------------------------------------------------ */

static size_t without_spaces_behind(const rf_ids *x)
{
    size_t n = x->n;
    while (n && rfi_is_space(x->at[n - 1])) n--;
    return n;
}

static void cut_13a(const char *line, size_t n, rf_ids *x, rf_ids *y)
{
    rf_str s = {0};
    rf_str_add(&s, line, n);
    replace(&s, "<skipped>", "");
    replace(&s, "-\n", "");
    replace(&s, "\n", " ");
    replace(&s, "&quot;", "\"");
    replace(&s, "&amp;", "&");
    replace(&s, "&lt;", "<");
    replace(&s, "&gt;", ">");
    if (s.failed) x->failed = true;
    rf_ids_add(x, ' ');
    rfi_codes(s.s, s.n, x);
    rf_ids_add(x, ' ');
    rf_str_free(&s);
    cut_western(x, y);
}

/* Blanks in front are left away: a comma at the beginning has no character before it. */
static void cut_zh(const char *line, size_t n, rf_ids *x, rf_ids *y)
{
    size_t first = 0;
    rfi_codes(line, n, y);
    while (first < y->n && rfi_is_space(y->at[first])) first++;
    for (size_t i = first; i < y->n; i++) rf_ids_add(x, y->at[i]);
    space_out(x, y, is_chinese);
    x->n = 0;
    for (size_t i = 0; i < y->n; i++) rf_ids_add(x, y->at[i]);
    cut_western(x, y);
}

static void cut_intl(const char *line, size_t n, rf_ids *x, rf_ids *y)
{
    rfi_codes(line, n, x);
    split_pairs(x, y, is_no_number, is_punctuation, false, true);
    split_pairs(y, x, is_punctuation, is_no_number, true, false);
    space_out(x, y, is_symbol);
    x->n = 0;
    for (size_t i = 0; i < y->n; i++) rf_ids_add(x, y->at[i]);
}

static void cut_char(const char *line, size_t n, rf_ids *x, rf_ids *y)
{
    rfi_codes(line, n, y);
    for (size_t i = 0; i < y->n; i++) {
        rf_ids_add(x, y->at[i]);
        rf_ids_add(x, ' ');
    }
}

static void cut_none(const char *line, size_t n, rf_ids *x, rf_ids *y)
{
    (void)y;
    rfi_codes(line, n, x);
}

static void (*const cutters[])(const char *, size_t, rf_ids *,
                               rf_ids *) = {[RF_TOKENS_13A] = cut_13a,
                                            [RF_TOKENS_ZH] = cut_zh,
                                            [RF_TOKENS_INTL] = cut_intl,
                                            [RF_TOKENS_CHAR] = cut_char,
                                            [RF_TOKENS_NONE] = cut_none};

static void put_words(const rf_ids *x, rf_str *out)
{
    const size_t begin = out->n;
    bool blank = false;
    for (size_t i = 0; i < x->n; i++) {
        char s[4];
        if (rfi_is_space(x->at[i])) {
            blank = true;
            continue;
        }
        if (blank && out->n > begin) rf_str_put(out, " ");
        blank = false;
        const int k = rf_utf8_put(x->at[i], s);
        rf_str_add(out, s, (size_t)k);
    }
}

/* The bytes of a line without the blanks at its end. */
static size_t trimmed(const char *line, size_t n)
{
    rf_ids codes = {0};
    size_t bytes = 0;
    rfi_codes(line, n, &codes);
    const size_t kept = without_spaces_behind(&codes);
    for (size_t i = 0; i < kept; i++) {
        char s[4];
        bytes += (size_t)rf_utf8_put(codes.at[i], s);
    }
    const bool failed = codes.failed;
    rf_ids_free(&codes);
    return failed ? n : bytes;
}

void rf_text_tokenize(rf_text_tokens how, const char *line, size_t n, rf_str *out)
{
    rf_ids x = {0}, y = {0};
    cutters[how](line, trimmed(line, n), &x, &y);
    if (x.failed || y.failed) out->failed = true;
    put_words(&x, out);
    rf_ids_free(&x);
    rf_ids_free(&y);
}

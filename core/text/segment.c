/* text/segment.c -- the rules of splitting as a table, what they share, and the two simple ones. */
#include "text/segment.h"

#include <refrain/text.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

typedef struct rule_row {
    const char *name;
    void (*split)(const char *text, size_t n, rf_segments *out);
} rule_row;

static const rule_row rules[] = {
    [RF_SEGMENT_ENGLISH] = {"english", rfi_segment_english},
    [RF_SEGMENT_CHINESE] = {"chinese", rfi_segment_chinese},
    [RF_SEGMENT_BLANKS] = {"blanks", rfi_segment_blanks},
};
enum { RULES = sizeof rules / sizeof *rules };

const char *rf_segment_name(int rule)
{
    return rule >= 0 && rule < RULES ? rules[rule].name : NULL;
}

int rf_segment_find(const char *name)
{
    for (int i = 0; i < RULES; i++)
        if (!strcmp(name, rules[i].name)) return i;
    return -1;
}

rf_status rf_segment_text(rf_segment_rule rule, const char *text, size_t n, rf_segments *out,
                          rf_error *err)
{
    const uint32_t shown =
        RF_SEGMENT_INSIDE | RF_SEGMENT_SPACE | RF_SEGMENT_SENTENCE | RF_SEGMENT_PARAGRAPH;
    out->n = 0;
    out->failed = false;
    if (!rf_segment_name((int)rule))
        return rf_fail(err, RF_EINVAL, "no rule %d of segments", (int)rule);
    const rf_status st = rf_utf8_check(text, n, "text", err);
    if (st) return st;
    if (n && memchr(text, 0, n)) return rf_fail(err, RF_EFORMAT, "text: a NUL byte");
    rules[rule].split(text, n, out);
    if (out->failed) return rf_fail(err, RF_ENOMEM, "no memory for the words of a text");
    for (size_t i = 0; i < out->n; i++) out->word[i].flags &= shown;
    if (out->n) out->word[out->n - 1].flags |= RF_SEGMENT_SPACE;
    return RF_OK;
}

void rf_segments_free(rf_segments *s)
{
    free(s->word);
    *s = (rf_segments){0};
}

/* ---- Words ------------------------------------------------------------------------------------- */

static bool reserve(rf_segments *s)
{
    if (s->n < s->cap) return true;
    const size_t cap = s->cap ? 2 * s->cap : 256;
    rf_segment *word = realloc(s->word, cap * sizeof *word);
    s->failed |= !word;
    if (!word) return false;
    s->word = word;
    s->cap = cap;
    return true;
}

void rfi_segment_add(rf_segments *s, size_t at, size_t n, uint32_t flags)
{
    if (n && reserve(s)) s->word[s->n++] = (rf_segment){at, n, flags};
}

void rfi_segment_cut(rf_segments *s, size_t i, size_t n, uint32_t flags)
{
    if (!n || n >= s->word[i].n || !reserve(s)) return;
    rf_segment *w = &s->word[i];
    memmove(w + 1, w, (s->n - i) * sizeof *w);
    s->n++;
    w[1] = (rf_segment){w->at + n, w->n - n, flags | (w->flags & RF_SEGMENT_SPACE)};
    w->n = n;
    w->flags &= ~(uint32_t)RF_SEGMENT_SPACE;
}

rfi_kind rfi_segment_kind(const char *s, size_t n, int32_t *code, size_t *length)
{
    const int k = rf_utf8_next(s, n, code);
    *length = k > 0 ? (size_t)k : 1;
    const int32_t c = *code;
    if (c < 0x80) {
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return RFI_LETTER;
        if (c >= '0' && c <= '9') return RFI_DIGIT;
        return c == ' ' || (c >= 9 && c <= 13) ? RFI_BLANK : RFI_MARK;
    }
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
        return RFI_LETTER;
    case UTF8PROC_CATEGORY_ND:
        return RFI_DIGIT;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return RFI_BLANK;
    default:
        return c == 0x85 ? RFI_BLANK : RFI_MARK;
    }
}

/* ---- Blanks and lines ------------------------------------------------------------------------------ */

/* What begins after blanks that were passed over: a paragraph after an empty line, a sentence after
 * the end of any. */
static uint32_t after(size_t line_ends, bool first)
{
    if (first || line_ends > 1) return RF_SEGMENT_SENTENCE | RF_SEGMENT_PARAGRAPH;
    return line_ends ? RF_SEGMENT_SENTENCE : 0;
}

/* Over blanks from i on; counts line ends, and lets the last word know of a blank. */
static size_t pass_blanks(const char *text, size_t n, size_t i, size_t *line_ends, rf_segments *out)
{
    int32_t code;
    size_t length;
    const size_t from = i;
    for (*line_ends = 0; i < n && rfi_segment_kind(text + i, n - i, &code, &length) == RFI_BLANK;
         i += length)
        *line_ends += code == '\n';
    if (i > from && out->n) out->word[out->n - 1].flags |= RF_SEGMENT_SPACE;
    return i;
}

void rfi_segment_blanks(const char *text, size_t n, rf_segments *out)
{
    int32_t code;
    size_t length, line_ends;
    for (size_t i = 0, from; i < n && !out->failed;) {
        i = pass_blanks(text, n, i, &line_ends, out);
        for (from = i; i < n && rfi_segment_kind(text + i, n - i, &code, &length) != RFI_BLANK;)
            i += length;
        rfi_segment_add(out, from, i - from, after(line_ends, !out->n));
    }
}

/* ---- Chinese ----------------------------------------------------------------------------------------- */

/* Latin letters and digits, of one or of two columns. */
static bool is_latin(int32_t c)
{
    if (c >= 0xff01 && c <= 0xff5e) c -= 0xfee0;
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= 0xc0 && c < 0x250);
}

static bool is_one_of(int32_t c, const int32_t *list)
{
    while (*list && *list != c) list++;
    return *list != 0;
}

/* Ends of sentences, and what may close behind them. */
static const int32_t full_stops[] = {0x3002, 0xff01, 0xff1f, '!', '?', 0x2026, 0};
static const int32_t closers[] = {0x201d, 0x2019, 0x300d, 0x300f, 0xff09, ')',
                                  '"',    0x300b, 0x3011, '\'',   0};

static size_t latin_end(const char *text, size_t n, size_t i)
{
    int32_t code;
    size_t length;
    while (i < n && rfi_segment_kind(text + i, n - i, &code, &length) != RFI_BLANK &&
           is_latin(code))
        i += length;
    return i;
}

/* Is a sentence over before character c, of which the marks so far say `ended`? */
static bool begins_sentence(bool ended, int32_t c)
{
    return ended && !is_one_of(c, full_stops) && !is_one_of(c, closers);
}

void rfi_segment_chinese(const char *text, size_t n, rf_segments *out)
{
    int32_t code;
    size_t length, line_ends;
    bool ended = false;
    for (size_t i = 0; (i = pass_blanks(text, n, i, &line_ends, out)) < n && !out->failed;) {
        rfi_segment_kind(text + i, n - i, &code, &length);
        const size_t latin = latin_end(text, n, i);
        uint32_t flags = after(line_ends ? 2 : 0, !out->n);
        if (begins_sentence(ended, code)) flags |= RF_SEGMENT_SENTENCE;
        ended = is_one_of(code, full_stops) || (ended && !flags && is_one_of(code, closers));
        rfi_segment_add(out, i, latin > i ? latin - i : length, flags);
        i += latin > i ? latin - i : length;
    }
}

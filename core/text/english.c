/* text/english.c -- English words and sentences, as the English Web Treebank divides them.
 *
 * What stands between blanks (a chunk) is read from left to right: at each place the first of a table
 * of patterns that fits takes its word.  Ends of sentences are found among the words of a paragraph,
 * see english_sentences.c.  Source of the conventions: Bies, Mott, Warner, Kulick, "English Web Treebank", LDC
 * 2012; Silveira et al., LREC 2014. */
#include "text/english.h"

#include <refrain/text.h>
#include <string.h>
#include <strings.h>

#include "text/segment.h"

/* A chunk: bytes [from, to) of n of text, of which those before `at` are words already. */
typedef struct chunk {
    const char *text;
    size_t n, from, to, at;
    int open; /* single quotes of the paragraph that are not closed */
    rf_segments *out;
} chunk;

/* ---- Looking ------------------------------------------------------------------------------------- */

typedef struct seen {
    rfi_kind kind;
    int32_t code;
    size_t length;
} seen;

/* The character at byte i; a blank beyond the chunk. */
static seen look(const chunk *c, size_t i)
{
    seen s = {RFI_BLANK, ' ', 1};
    if (i < c->to) s.kind = rfi_segment_kind(c->text + i, c->to - i, &s.code, &s.length);
    return s;
}

static bool is_word(seen s) { return s.kind == RFI_LETTER || s.kind == RFI_DIGIT || s.code == '_'; }

/* The end of letters, and of letters and digits, from byte i on. */
static size_t end_of(const chunk *c, size_t i, rfi_kind kind)
{
    for (seen s; (s = look(c, i)).kind == kind;) i += s.length;
    return i;
}
static size_t word_end(const chunk *c, size_t i)
{
    for (seen s; is_word(s = look(c, i));) i += s.length;
    return i;
}

static bool is_apostrophe(int32_t code) { return code == '\'' || code == 0x2019 || code == '`'; }

static bool is_upper(int32_t code) { return code >= 'A' && code <= 'Z'; }

static char byte_at(const chunk *c, size_t i) { return i < c->to ? c->text[i] : ' '; }

static bool starts(const chunk *c, size_t i, const char *what)
{
    const size_t n = strlen(what);
    return c->to - i >= n && !strncasecmp(c->text + i, what, n);
}

/* ---- Patterns: the end of the word at c->at, or c->at: it does not fit ------------------------------ */

/* Marks that end a sentence or close a quotation do not belong to an address before them. */
static size_t without_tail(const chunk *c, size_t end)
{
    while (end > c->at + 1 && strchr(".,;:!?)>]}'\"", c->text[end - 1])) end--;
    return end;
}

static size_t take_url(const chunk *c, uint32_t *flags)
{
    static const char *const heads[] = {"http://", "https://", "ftp://", "www.", "mailto:"};
    (void)flags;
    for (size_t k = 0; k < sizeof heads / sizeof *heads; k++) {
        if (!starts(c, c->at, heads[k])) continue;
        size_t end = c->at;
        while (end < c->to && !strchr("<>\"", c->text[end])) end++;
        return without_tail(c, end);
    }
    return c->at;
}

static size_t take_mail(const chunk *c, uint32_t *flags)
{
    size_t i = c->at;
    (void)flags;
    while (i < c->to && (is_word(look(c, i)) || strchr(".%+-", c->text[i]))) i += look(c, i).length;
    if (i == c->at || byte_at(c, i) != '@' || !is_word(look(c, i + 1))) return c->at;
    for (i++; i < c->to && (is_word(look(c, i)) || strchr(".-", c->text[i]));)
        i += look(c, i).length;
    return without_tail(c, i);
}

/* A file's name to the end of the chunk, whatever is in it: 02-05-02.doc; or the end of one: .doc */
static size_t take_file(const chunk *c, uint32_t *flags)
{
    const size_t end = without_tail(c, c->to);
    size_t dot = end;
    (void)flags;
    while (dot > c->at && c->text[dot - 1] != '.') dot--;
    if (dot == c->at || !rfi_english_has(RFI_EN_ENDINGS, c->text + dot, end - dot)) return c->at;
    for (size_t i = c->at; i < dot; i++)
        if (strchr("/:,;'\"()<>@", c->text[i]) || (unsigned char)c->text[i] >= 0x80) return c->at;
    return end;
}

/* -> and what is drawn of such marks. */
static size_t take_drawing(const chunk *c, uint32_t *flags)
{
    size_t n = 0;
    (void)flags;
    while (c->at + n < c->to && strchr("-=<>|+*~_^{}", c->text[c->at + n])) n++;
    if (c->at > c->from || n < 2 || c->at + n != c->to) return c->at;
    return memchr(c->text + c->at, '-', n) || memchr(c->text + c->at, '=', n) ||
                   memchr(c->text + c->at, '~', n)
               ? c->to
               : c->at;
}

static size_t take_face(const chunk *c, uint32_t *flags)
{
    const size_t n = rfi_english_face(c->text + c->at, c->to - c->at);
    if (!n) return c->at;
    const bool letters = look(c, c->at).kind == RFI_LETTER; /* XD */
    if (letters && (c->at > c->from || c->at + n < c->to)) return c->at;
    const seen next = look(c, c->at + n);
    if (is_word(next) || next.code == '/') return c->at;
    *flags |= RFI_SEGMENT_FACE;
    return c->at + n;
}

/* '72, 'em */
static size_t take_clipped(const chunk *c, uint32_t *flags)
{
    const seen s = look(c, c->at);
    (void)flags;
    if (!is_apostrophe(s.code) || (c->at > c->from && is_word(look(c, c->at - 1)))) return c->at;
    const size_t from = c->at + s.length, end = word_end(c, from),
                 digits = end_of(c, from, RFI_DIGIT);
    if (digits == from + 2 && (end == digits || (end == digits + 1 && c->text[digits] == 's')))
        return end;
    return rfi_english_has(RFI_EN_CLIPPED, c->text + from, end - from) ? end : c->at;
}

/* Groups of digits apart by hyphens that are one word: 345-9945, 713-853-7557, but 5-10 and
 * 1969-1970 are three. */
static size_t hyphened_digits(const chunk *c)
{
    size_t i = end_of(c, c->at, RFI_DIGIT), group = i - c->at, groups = 1, last = group;
    const size_t first = group;
    while (byte_at(c, i) == '-' && look(c, i + 1).kind == RFI_DIGIT) {
        const size_t end = end_of(c, i + 1, RFI_DIGIT);
        last = end - i - 1;
        i = end;
        groups++;
    }
    if (is_word(look(c, i))) return c->at;
    if (groups > 2) return i;
    return groups == 2 && last == 4 && first != 4 && first != 2 ? i : c->at;
}

/* Digits with what may stand among them: 1,000.50, 7:30, 12/25/2001. */
static size_t plain_number(const chunk *c)
{
    size_t i = end_of(c, c->at, RFI_DIGIT);
    while (i < c->to && strchr(".,:/", c->text[i]) && look(c, i + 1).kind == RFI_DIGIT)
        i = end_of(c, i + 1, RFI_DIGIT);
    return i;
}

/* 1/2 is three words, 9/11 and 12/25/2001 are dates. */
static size_t cut_fraction(const chunk *c, size_t end)
{
    const size_t first = end_of(c, c->at, RFI_DIGIT);
    if (end - c->at != 3 || byte_at(c, first) != '/') return end;
    return first;
}

/* 503/464-7927, of which `end` is at the hyphen. */
static bool is_telephone(const chunk *c, size_t end)
{
    return byte_at(c, end) == '-' && memchr(c->text + c->at, '/', end - c->at) &&
           end_of(c, end + 1, RFI_DIGIT) == end + 5;
}

/* 80's, of which `end` is at the apostrophe. */
static bool is_decade(const chunk *c, size_t end)
{
    const seen s = look(c, end);
    return end > c->at + 1 && is_apostrophe(s.code) && byte_at(c, end + s.length) == 's' &&
           !is_word(look(c, end + s.length + 1));
}

static size_t take_number(const chunk *c, uint32_t *flags)
{
    const bool point = byte_at(c, c->at) == '.' && look(c, c->at + 1).kind == RFI_DIGIT &&
                       !(c->at > c->from && c->text[c->at - 1] == '.');
    (void)flags;
    const bool plus = c->at == c->from && byte_at(c, c->at) == '+';
    if (point || (plus && look(c, c->at + 1).kind == RFI_DIGIT))
        return end_of(c, c->at + 1, RFI_DIGIT);
    if (look(c, c->at).kind != RFI_DIGIT) return c->at;
    const size_t hyphened = hyphened_digits(c);
    if (hyphened > c->at) return hyphened;
    const size_t end = cut_fraction(c, plain_number(c)), letters = word_end(c, end);
    if (is_telephone(c, end)) return end + 5;
    if (is_decade(c, end)) return end + look(c, end).length + 1;
    if (letters == end + 1 && c->text[end] == 'm') return end; /* 2.7|m */
    size_t unit = letters;
    if (byte_at(c, unit) == '.' && look(c, unit + 1).kind == RFI_LETTER) /* 2p.m. */
        unit = end_of(c, unit + 1, RFI_LETTER);
    if (rfi_english_has(RFI_EN_UNITS, c->text + end, unit - end)) return end;
    const bool money = c->at > c->from && c->text[c->at - 1] == '$';
    return money ? end : letters;
}

/* ---- Words ---------------------------------------------------------------------------------------- */

/* Single letters with dots between them up to byte i: U.S, a.m; or Ph.D. */
static bool is_dotted(const chunk *c, size_t i)
{
    size_t dots = 0;
    for (size_t k = c->at; k < i; k++) {
        if (c->text[k] == '.') {
            dots++;
            continue;
        }
        if (k > c->at && c->text[k - 1] != '.' && dots) return false;
    }
    return dots && (c->text[c->at + 1] == '.' || !strncasecmp(c->text + c->at, "ph.d", 4));
}

/* Does the dot at byte i join a host's or file's name, or single letters? */
static bool dot_joins(const chunk *c, size_t i)
{
    if (look(c, i + 1).kind != RFI_LETTER && look(c, i + 1).kind != RFI_DIGIT) return false;
    const size_t end = word_end(c, i + 1);
    if (end - i == 2 && (i - c->at == 1 || is_dotted(c, i))) return true;
    if (end - i == 2 && !strncasecmp(c->text + c->at, "ph.d", 4)) return true;
    if (rfi_english_has(RFI_EN_ENDINGS, c->text + i + 1, end - i - 1) && i - c->at > 1) return true;
    /* Names of three parts in lower case: comp.mail.maps. */
    if (memchr(c->text + c->at, '.', i - c->at) && end > i + 2) return true;
    return byte_at(c, end) == '.' && end_of(c, end + 1, RFI_LETTER) > end + 2 &&
           !is_upper(byte_at(c, c->at)) && !is_upper(byte_at(c, i + 1));
}

static bool hyphen_joins(const chunk *c, size_t i)
{
    const seen next = look(c, i + 1);
    const size_t end = word_end(c, i + 1);
    if (next.kind != RFI_LETTER && next.kind != RFI_DIGIT) return false;
    return rfi_english_has(RFI_EN_PREFIXES, c->text + c->at, i - c->at) ||
           rfi_english_has(RFI_EN_HYPHENED, c->text + c->at, end - c->at);
}

/* AT&T, PG&E, P&L. */
static bool and_joins(const chunk *c, size_t i)
{
    const size_t end = end_of(c, i + 1, RFI_LETTER);
    return i - c->at <= 3 && end > i + 1 && end - i <= 3 &&
           is_upper(c->text[c->at]) == is_upper(c->text[i + 1]);
}

static bool joins(const chunk *c, size_t i)
{
    const seen s = look(c, i), next = look(c, i + s.length);
    if (is_apostrophe(s.code)) return next.kind == RFI_LETTER;
    if (s.code == '.') return dot_joins(c, i);
    if (s.code == '-') return hyphen_joins(c, i);
    if (s.code == '&') return and_joins(c, i);
    return s.code == '*' && next.kind == RFI_LETTER;
}

/* Does a number follow byte i, behind blanks? */
static bool is_digit_next(const chunk *c, size_t i)
{
    while (i < c->n && (c->text[i] == ' ' || c->text[i] == '\n')) i++;
    return i < c->n && c->text[i] >= '0' && c->text[i] <= '9';
}

/* The full stop of an abbreviation at byte i, or of an initial. */
static uint32_t stop_flags(const chunk *c, size_t i)
{
    const char *s = c->text + c->at;
    const size_t n = i - c->at;
    if (byte_at(c, i) != '.' || byte_at(c, i + 1) == '.') return 0;
    if (rfi_english_has(RFI_EN_TITLES, s, n)) return RFI_SEGMENT_SHORT | RFI_SEGMENT_TITLE;
    if (rfi_english_has(RFI_EN_SHORT, s, n) || is_dotted(c, i)) return RFI_SEGMENT_SHORT;
    if (rfi_english_has(RFI_EN_NUMBERED, s, n) && is_digit_next(c, i + 1))
        return RFI_SEGMENT_SHORT | RFI_SEGMENT_TITLE;
    if (n == 1 && is_upper(*s) && *s != 'I') return RFI_SEGMENT_SHORT | RFI_SEGMENT_TITLE;
    return 0;
}

static size_t take_word(const chunk *c, uint32_t *flags)
{
    size_t i = word_end(c, c->at);
    if (i == c->at || (byte_at(c, c->at) == '_' && look(c, c->at + 1).kind == RFI_LETTER))
        return c->at;
    while (c->text[i - 1] == '_' && c->text[c->at] != '_') i--; /* _emphasis_ */
    while (i < c->to && joins(c, i)) i = word_end(c, i + look(c, i).length);
    const uint32_t stop = stop_flags(c, i);
    if (byte_at(c, i) == '$' && i - c->at <= 2 && is_upper(c->text[c->at])) return i + 1;
    if (i == c->at + 1 && byte_at(c, i) == '/') {
        const size_t end = end_of(c, i + 1, RFI_LETTER); /* l/c, w/, w/o, w/out */
        const bool with = starts(c, c->at, "w/") && (end == i + 1 || starts(c, i + 1, "o"));
        const bool pair = end == i + 2 && byte_at(c, end) != '/' && !starts(c, c->at, "c/o");
        if (with || pair) return end;
    }
    *flags |= stop;
    return i + (stop != 0);
}

/* ---- Marks --------------------------------------------------------------------------------------------- */

/* The same mark several times is one word; . ! and ? mix. */
static size_t take_run(const chunk *c, uint32_t *flags)
{
    static const char marks[] = ".-!?*=_~#+<>`'$^|/\\";
    const char first = c->text[c->at];
    const bool dots = first == '.' && byte_at(c, c->at + 1) == '.';
    const bool loud = !dots && strchr(".!?", first);
    size_t i = c->at;
    (void)flags;
    if (!strchr(marks, first)) {
        const seen s = look(c, c->at);
        if (s.code != 0x2019 && s.code != 0x2018 && s.code != 0x2014 && s.code != 0x2026)
            return c->at;
        while (look(c, i).code == s.code) i += s.length;
        return i;
    }
    while (i < c->to && (c->text[i] == first || (loud && strchr(".!?", c->text[i])))) i++;
    return i;
}

static size_t take_mark(const chunk *c, uint32_t *flags)
{
    (void)flags;
    return c->at + look(c, c->at).length;
}

static size_t (*const patterns[])(const chunk *, uint32_t *) = {
    take_url,     take_mail,   take_file, take_drawing, take_face,
    take_clipped, take_number, take_word, take_run,     take_mark,
};

/* ---- Chunks ---------------------------------------------------------------------------------------------- */

/* Cut word i of the split, can|not, do|n't, and parts of these again. */
static void cut_word(const chunk *c, size_t i)
{
    const rf_segment *w = &c->out->word[i];
    for (size_t n; !c->out->failed && (n = rfi_english_cut(c->text + w->at, w->n));
         w = &c->out->word[i])
        rfi_segment_cut(c->out, i, n, RF_SEGMENT_INSIDE);
}

/* The apostrophe of parents', unless it closes a quotation: a word of the same token. */
static bool take_possessive(chunk *c)
{
    const seen s = look(c, c->at), next = look(c, c->at + s.length);
    const char last = c->at > c->from ? c->text[c->at - 1] : ' ';
    if ((s.code != '\'' && s.code != 0x2019) || (last != 's' && last != 'S') || c->open > 0)
        return false;
    if (next.kind == RFI_LETTER || is_apostrophe(next.code)) return false;
    rfi_segment_add(c->out, c->at, s.length, RF_SEGMENT_INSIDE);
    c->at += s.length;
    return true;
}

static void count_quotes(chunk *c, size_t end)
{
    const seen s = look(c, c->at);
    if (!is_apostrophe(s.code) && s.code != 0x2018) return;
    if (end - c->at != s.length) return;
    const bool opens = c->at == c->from || !is_word(look(c, c->at - 1));
    const bool closes = end == c->to || !is_word(look(c, end));
    if (opens && !closes) c->open++;
    if (closes && c->open > 0 && !(opens && !closes)) c->open--;
}

static void split_chunk(chunk *c)
{
    while (c->at < c->to && !c->out->failed) {
        uint32_t flags = 0;
        size_t end = c->at;
        if (take_possessive(c)) continue;
        for (size_t k = 0; end == c->at; k++) {
            flags = 0;
            end = patterns[k](c, &flags);
        }
        count_quotes(c, end);
        const size_t i = c->out->n;
        const bool word = look(c, c->at).kind == RFI_LETTER;
        rfi_segment_add(c->out, c->at, end - c->at, flags);
        if (word && !c->out->failed && !flags) cut_word(c, i);
        c->at = end;
    }
    if (c->out->n) c->out->word[c->out->n - 1].flags |= RF_SEGMENT_SPACE;
}

/* ---- Paragraphs ----------------------------------------------------------------------------------------------- */

static size_t chunk_end(const char *text, size_t n, size_t i)
{
    int32_t code;
    size_t length;
    while (i < n && rfi_segment_kind(text + i, n - i, &code, &length) != RFI_BLANK) i += length;
    return i;
}

/* Over blanks; lines: how many line ends there were. */
static size_t pass(const char *text, size_t n, size_t i, int *lines)
{
    int32_t code;
    size_t length;
    for (*lines = 0; i < n && rfi_segment_kind(text + i, n - i, &code, &length) == RFI_BLANK;
         i += length)
        *lines += code == '\n';
    return i;
}

void rfi_segment_english(const char *text, size_t n, rf_segments *out)
{
    int lines = 2, open = 0;
    size_t first = 0, i = pass(text, n, 0, &lines);
    for (lines = 2; i < n && !out->failed;) {
        const size_t end = chunk_end(text, n, i), word = out->n;
        chunk c = {text, n, i, end, i, lines > 1 ? 0 : open, out};
        if (lines > 1) {
            rfi_english_mark(text, out, first);
            first = out->n;
        }
        const size_t begin = lines > 1 ? first : word;
        split_chunk(&c);
        open = c.open;
        if (lines > 1 && !out->failed)
            out->word[begin].flags |= RF_SEGMENT_SENTENCE | RF_SEGMENT_PARAGRAPH;
        i = pass(text, n, end, &lines);
    }
    if (!out->failed) rfi_english_mark(text, out, first);
}

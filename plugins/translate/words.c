/* translate/words.c -- text to words and back: English, Chinese, and words that are apart already. */
#include "words.h"

#include <string.h>
#include <utf8proc.h>

typedef enum kind { BLANK, LETTER, IDEOGRAPH, DIGIT, MARK } kind;

/* ---- Characters ------------------------------------------------------------------------------ */

static bool is_ideograph(int32_t c)
{
    return (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x4e00 && c <= 0x9fff) || c == 0x3005 ||
           c == 0x3007 || (c >= 0x3040 && c <= 0x30ff) || (c >= 0xf900 && c <= 0xfaff) ||
           (c >= 0x20000 && c <= 0x3ffff);
}

static bool is_blank(int32_t c)
{
    if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13);
    return c == 0x85 || (utf8proc_category(c) >= UTF8PROC_CATEGORY_ZS &&
                         utf8proc_category(c) <= UTF8PROC_CATEGORY_ZP);
}

static kind kind_of(int32_t c)
{
    if (is_blank(c)) return BLANK;
    if (is_ideograph(c)) return IDEOGRAPH;
    const utf8proc_category_t k = utf8proc_category(c);
    if (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_ME) return LETTER;
    return k == UTF8PROC_CATEGORY_ND ? DIGIT : MARK;
}

/* The character at s[i] and its length; behind the end a blank. */
static int32_t code_at(const char *s, size_t n, size_t i, size_t *length)
{
    int32_t code = ' ';
    const int k = i < n ? rf_utf8_next(s + i, n - i, &code) : 0;
    *length = k > 0 ? (size_t)k : 1;
    return k > 0 ? code : ' ';
}

rf_text_tokens tr_words_tokens(int language)
{
    static const rf_text_tokens how[] = {
        [TR_NONE] = RF_TOKENS_NONE, [TR_EN] = RF_TOKENS_13A, [TR_ZH] = RF_TOKENS_ZH};
    return how[language];
}

/* ---- Splitting ------------------------------------------------------------------------------- */

static bool is_wordlike(kind k) { return k == LETTER || k == DIGIT; }

/* Does a mark stay within a word, given what stands on both sides: it's, 3.5, well-known, 10:30? */
static bool joins(int32_t mark, kind before, kind after)
{
    const bool digits = before == DIGIT && after == DIGIT;
    if (!is_wordlike(before) || !is_wordlike(after)) return false;
    if (mark == '\'' || mark == 0x2019 || mark == '-' || mark == '_') return true;
    if (mark == '.') return before == after;
    return (mark == ',' || mark == ':' || mark == '/') && digits;
}

/* The end of the word of letters and digits that begins at i. */
static size_t end_of_word(const char *s, size_t n, size_t i)
{
    kind last = MARK;
    for (size_t k, m; i < n; i += k) {
        const int32_t code = code_at(s, n, i, &k);
        const kind now = kind_of(code);
        if (!is_wordlike(now) && !joins(code, last, kind_of(code_at(s, n, i + k, &m)))) break;
        last = now;
    }
    return i;
}

/* The end of a run of ideographs, or of the same mark ("...", "——"). */
static size_t end_of_run(const char *s, size_t n, size_t i, bool marks)
{
    size_t k;
    const int32_t first = code_at(s, n, i, &k);
    for (i += k; i < n; i += k) {
        const int32_t code = code_at(s, n, i, &k);
        if (marks ? code != first : !is_ideograph(code)) break;
    }
    return i;
}

static bool repeats(int32_t c) { return c == '.' || c == '-' || c == 0x2026 || c == 0x2014; }

static size_t end_of_piece(const char *s, size_t n, size_t i, bool glue)
{
    size_t k;
    const int32_t code = code_at(s, n, i, &k);
    const kind now = kind_of(code);
    if (is_wordlike(now)) return end_of_word(s, n, i);
    if (now == IDEOGRAPH && glue) return end_of_run(s, n, i, false);
    return now == MARK && repeats(code) ? end_of_run(s, n, i, true) : i + k;
}

static size_t end_of_blank_word(const char *s, size_t n, size_t i)
{
    for (size_t k; i < n && !is_blank(code_at(s, n, i, &k));) i += k;
    return i;
}

static void put_word(rf_str *out, size_t begin, const char *s, size_t n)
{
    if (out->n > begin) rf_str_put(out, " ");
    rf_str_add(out, s, n);
}

void tr_words_split(int language, bool glue, const char *line, size_t n, rf_str *out)
{
    const size_t begin = out->n;
    /* Characters stay together where they are no Chinese. */
    const bool whole = language == TR_EN || glue;
    for (size_t i = 0, k, end; i < n; i = end) {
        const int32_t code = code_at(line, n, i, &k);
        end = i + k;
        if (is_blank(code)) continue;
        end = language == TR_NONE ? end_of_blank_word(line, n, i) : end_of_piece(line, n, i, whole);
        put_word(out, begin, line + i, end - i);
    }
}

bool tr_word_next(const char **at, const char *end, const char **word, size_t *n)
{
    while (*at < end && **at == ' ') ++*at;
    *word = *at;
    while (*at < end && **at != ' ') ++*at;
    *n = (size_t)(*at - *word);
    return *n > 0;
}

/* ---- Joining --------------------------------------------------------------------------------- */

/* Is the word in the list, whose words are apart by blanks? */
static bool is_among(const char *list, const char *word, size_t n)
{
    const char *end = list + strlen(list), *other;
    for (size_t m; tr_word_next(&list, end, &other, &m);)
        if (m == n && !memcmp(other, word, n)) return true;
    return false;
}

typedef struct joiner {
    rf_str *out;
    size_t begin;
    bool stuck;     /* no blank before the next word */
    bool open[2];   /* a straight double, single quote is open */
    size_t singles; /* single quotes of the line: an odd number are apostrophes */
    int32_t last;   /* character of the text */
} joiner;

static void put(joiner *j, const char *word, size_t n, bool blank)
{
    if (blank && j->out->n > j->begin) rf_str_put(j->out, " ");
    rf_str_add(j->out, word, n);
}

/* A straight quote opens and closes in turn. */
static void put_quote(joiner *j, int which, const char *word)
{
    const bool closes = j->open[which];
    put(j, word, 1, !closes && !j->stuck);
    j->stuck = !closes;
    j->open[which] = !closes;
}

static void put_english(joiner *j, const char *word, size_t n)
{
    static const char left[] = ". , ; : ! ? % ) ] } ... … ’ ” » ° n't",
                      right[] = "( [ { $ £ € # ¿ ¡ ‘ “ «", both[] = "/ @";
    if (n == 1 && *word == '"') return put_quote(j, 0, word);
    if (n == 1 && *word == '\'' && j->singles % 2 == 0) return put_quote(j, 1, word);
    const bool ending = *word == '\'' || (n > 3 && !memcmp(word, "’", 3)),
               tight = is_among(both, word, n);
    put(j, word, n, !(j->stuck || tight || ending || is_among(left, word, n)));
    j->stuck = tight || is_among(right, word, n);
}

/* Blanks stand between words in Latin letters alone, and behind their commas and stops. */
static void put_chinese(joiner *j, const char *word, size_t n)
{
    size_t k;
    const int32_t first = code_at(word, n, 0, &k);
    const bool stop = j->last && j->last < 0x80 && strchr(",.!?;:", j->last);
    put(j, word, n, is_wordlike(kind_of(first)) && (stop || is_wordlike(kind_of(j->last))));
    for (size_t i = 0; i < n; i += k) j->last = code_at(word, n, i, &k);
}

void tr_words_join(int language, const char *words, size_t n, rf_str *out)
{
    joiner j = {.out = out, .begin = out->n, .last = ' '};
    const char *at = words, *end = words + n, *word;
    for (size_t m; tr_word_next(&at, end, &word, &m);) j.singles += m == 1 && *word == '\'';
    at = words;
    for (size_t m; tr_word_next(&at, end, &word, &m);) {
        if (language == TR_EN) put_english(&j, word, m);
        if (language == TR_ZH) put_chinese(&j, word, m);
        if (language == TR_NONE) put(&j, word, m, true);
    }
}

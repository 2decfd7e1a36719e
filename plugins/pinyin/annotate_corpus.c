/* pinyin/annotate_corpus.c -- see annotate_corpus.h. */
#include "annotate_corpus.h"

#include <refrain/io.h>
#include <string.h>

#include "source.h"

#define MARK "\xe2\x96\x81" /* U+2581 */
enum { MARK_CODE = 0x2581 };

typedef struct place {
    const char *name;
    size_t line;
    rf_error *err;
} place;

void an_corpus_free(an_corpus *c)
{
    rf_ids_free(&c->code);
    rf_ids_free(&c->reading);
    rf_ids_free(&c->start);
    *c = (an_corpus){0};
}

size_t an_corpus_count(const an_corpus *c) { return c->start.n ? c->start.n - 1 : 0; }

static void add(an_corpus *c, int32_t code, int32_t reading)
{
    rf_ids_add(&c->code, code);
    rf_ids_add(&c->reading, reading);
}

/* The sentence since the last one is whole; not good: forget it. */
static void end_sentence(an_corpus *c, bool good)
{
    if (!good) {
        c->left_out++;
        c->code.n = c->reading.n = (size_t)c->start.at[c->start.n - 1];
    } else if (c->code.n > (size_t)c->start.at[c->start.n - 1])
        rf_ids_add(&c->start, (int32_t)c->code.n);
}

/* "lu:4" is lv4; no tone is the neutral one. */
static bool parse_reading(const char *s, size_t n, int32_t *out)
{
    char text[16];
    uint16_t r;
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        if (m == sizeof text) return false;
        if (s[i] == ':' && m && text[m - 1] == 'u')
            text[m - 1] = 'v';
        else
            text[m++] = s[i];
    }
    if (!py_reading_parse(text, m, &r)) return false;
    *out = PY_TONE(r) ? r : PY_READING(PY_BASE(r), AN_NEUTRAL);
    return true;
}

/* ---- A marked character ---------------------------------------------------------------------- */

static rf_status read_marked(an_corpus *c, const char *s, size_t n, const char *label,
                             size_t label_n, const place *p)
{
    int marks = 0;
    size_t inside = 0;
    int32_t code, reading = -1;
    const bool known = parse_reading(label, label_n, &reading);
    for (size_t i = 0; i < n;) {
        const int k = rf_utf8_next(s + i, n - i, &code);
        i += (size_t)k;
        if (code == MARK_CODE) {
            marks++;
            continue;
        }
        inside += marks == 1;
        add(c, code, marks == 1 ? reading : -1);
    }
    if (marks != 2 || inside != 1)
        return rf_fail(p->err, RF_EFORMAT, "%s:%zu: one character between two " MARK " is due",
                       p->name, p->line);
    end_sentence(c, known);
    return RF_OK;
}

/* ---- A syllable for each character ----------------------------------------------------------- */

static bool has_hanzi(const char *s, size_t n)
{
    int32_t code;
    for (size_t i = 0; i < n; i += (size_t)rf_utf8_next(s + i, n - i, &code))
        if (rf_utf8_next(s + i, n - i, &code) > 0 && py_is_hanzi(code)) return true;
    return false;
}

/* The next stretch without blanks that has a letter in it. */
static bool next_syllable(const char *s, size_t n, size_t *at, size_t *m)
{
    char letter;
    int tone;
    for (*at += *m; *at < n; *at += *m) {
        while (*at < n && s[*at] == ' ') (*at)++;
        *m = 0;
        while (*at + *m < n && s[*at + *m] != ' ') (*m)++;
        if (*m && py_letter(s + *at, *m, &letter, &tone)) return true;
    }
    return false;
}

static rf_status read_told(an_corpus *c, const char *s, size_t n, const char *pinyin,
                           size_t pinyin_n, const place *p)
{
    size_t hanzi = 0, told = 0, at = 0, m = 0;
    bool good = true;
    int32_t code;
    while (next_syllable(pinyin, pinyin_n, &at, &m)) told++;
    at = m = 0;
    for (size_t i = 0; i < n;) {
        int32_t reading = -1;
        i += (size_t)rf_utf8_next(s + i, n - i, &code);
        if (py_is_hanzi(code)) {
            hanzi++;
            if (next_syllable(pinyin, pinyin_n, &at, &m))
                good = parse_reading(pinyin + at, m, &reading) && good;
        }
        add(c, code, reading);
    }
    if (hanzi != told)
        return rf_fail(p->err, RF_EFORMAT, "%s:%zu: %zu syllables for %zu characters", p->name,
                       p->line, told, hanzi);
    end_sentence(c, good);
    return RF_OK;
}

static rf_status read_columns(an_corpus *c, const char *s, size_t n, const place *p)
{
    const char *tab = s ? memrchr(s, '\t', n) : NULL; /* an empty line may have no text at all */
    if (!tab)
        return rf_fail(p->err, RF_EFORMAT,
                       "%s:%zu: no tab between characters and pinyin, nor " MARK
                       " around a character",
                       p->name, p->line);
    const size_t before = (size_t)(tab - s), last = n - before - 1;
    const char *other = memrchr(s, '\t', before);
    const char *first = other ? other + 1 : s;
    const size_t first_n = (size_t)(tab - first);
    return has_hanzi(first, first_n) ? read_told(c, first, first_n, tab + 1, last, p)
                                     : read_told(c, tab + 1, last, first, first_n, p);
}

/* ---- Files ----------------------------------------------------------------------------------- */

/* The next line of a text from *at on, without its end.  False: no more. */
static bool next_line(an_text t, size_t *at, const char **line, size_t *n)
{
    if (*at >= t.n) return false;
    const char *end = memchr(t.s + *at, '\n', t.n - *at);
    *line = t.s + *at;
    *n = end ? (size_t)(end - *line) : t.n - *at;
    *at += *n + 1;
    if (*n && (*line)[*n - 1] == '\r') --*n;
    return true;
}

rf_status an_corpus_parse(an_corpus *c, an_text text, an_text labels, rf_error *err)
{
    place p = {.name = text.name, .err = err};
    size_t at = 0, label_at = 0, n, label_n = 0;
    const char *line, *label = "";
    rf_status st = rf_utf8_check(text.s, text.n, text.name, err);
    if (!st && labels.s) st = rf_utf8_check(labels.s, labels.n, labels.name, err);
    if (!c->start.n) rf_ids_add(&c->start, 0);
    if (c->start.failed) return rf_no_memory(err);
    while (!st && next_line(text, &at, &line, &n)) {
        p.line++;
        if (labels.s && !next_line(labels, &label_at, &label, &label_n))
            return rf_fail(err, RF_EFORMAT, "%s: %zu lines are too few for %s", labels.name,
                           p.line - 1, text.name);
        if (c->bans && py_bans_hit(c->bans, line, n))
            c->banned++;
        else if (n)
            st = labels.s ? read_marked(c, line, n, label, label_n, &p)
                          : read_columns(c, line, n, &p);
        if (!st && (c->code.failed || c->reading.failed || c->start.failed)) st = rf_no_memory(err);
    }
    if (st && c->start.n) c->code.n = c->reading.n = (size_t)c->start.at[c->start.n - 1];
    return st;
}

static bool ends_with(const rf_str *s, const char *end)
{
    const size_t n = strlen(end);
    return s->n >= n && !strcmp(s->s + s->n - n, end);
}

/* dev.sent.gz -> dev.lb */
static void labels_path(const char *path, rf_str *out)
{
    static const char *const ends[] = {".gz", ".sent"};
    rf_str_put(out, path);
    for (size_t i = 0; i < sizeof ends / sizeof *ends && !out->failed; i++)
        if (ends_with(out, ends[i])) out->s[out->n -= strlen(ends[i])] = 0;
    rf_str_put(out, ".lb");
}

rf_status an_corpus_read(an_corpus *c, const char *path, rf_error *err)
{
    rf_str text = {0}, labels = {0}, labels_name = {0};
    rf_status st = rf_text_read(path, &text, err);
    const bool marked = !st && memmem(text.s, text.n, MARK, sizeof MARK - 1);
    if (marked) labels_path(path, &labels_name);
    if (labels_name.failed) st = rf_no_memory(err);
    if (!st && marked) st = rf_text_read(labels_name.s, &labels, err);
    if (!st)
        st = an_corpus_parse(c, (an_text){text.s, text.n, path},
                             (an_text){labels.s, labels.n, labels_name.s}, err);
    rf_str_free(&text);
    rf_str_free(&labels);
    rf_str_free(&labels_name);
    return st;
}

/* pinyin/source.c -- reading lexica, and the words with their readings from all of them. */
#include "source.h"

#include <math.h>
#include <refrain/io.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_READINGS = 8, MOST_PHRASES = 4 };

/* Nats for the first, second ... reading of a character that stands alone, or of a phrase. */
static const float rank_cost[MOST_READINGS] = {0, 3, 4.5F, 5.5F, 6.5F, 7, 7.5F, 8};

/* Readings of one word or character, `length` syllables each, in the pool. */
typedef struct known {
    uint32_t at[MOST_READINGS];
    uint8_t count, length;
} known;

struct py_source {
    rf_map *readings; /* word -> number of its `known` */
    rf_map *freq;     /* word -> count */
    known *known;
    size_t n, cap;
    uint16_t *pool;
    size_t used, pool_cap;
    size_t left_out;
};

py_source *py_source_new(void)
{
    py_source *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->readings = rf_map_new();
    s->freq = rf_map_new();
    if (s->readings && s->freq) return s;
    py_source_free(s);
    return NULL;
}

void py_source_free(py_source *s)
{
    if (!s) return;
    rf_map_free(s->readings);
    rf_map_free(s->freq);
    free(s->known);
    free(s->pool);
    free(s);
}

size_t py_source_left_out(const py_source *s) { return s->left_out; }

bool py_is_hanzi(int32_t code)
{
    return (code >= 0x4e00 && code <= 0x9fff) || (code >= 0x3400 && code <= 0x4dbf) ||
           code == 0x3007 || (code >= 0x20000 && code <= 0x323af);
}

/* How many characters; 0: not Chinese ones alone, or too many. */
static size_t hanzi_count(const char *s, size_t n)
{
    size_t count = 0;
    int32_t code;
    for (size_t i = 0; i < n; count++) {
        const int k = rf_utf8_next(s + i, n - i, &code);
        if (k <= 0 || !py_is_hanzi(code)) return 0;
        i += (size_t)k;
    }
    return count > PY_WORD_LONGEST ? 0 : count;
}

/* ---- What is known of a word ----------------------------------------------------------------- */

static const known *find_known(const py_source *s, const char *word, size_t n)
{
    const int64_t i = rf_map_get(s->readings, word, n, -1);
    return i < 0 ? NULL : &s->known[i];
}

bool py_source_reads(const py_source *s, const char *word, size_t n)
{
    const known *k = find_known(s, word, n);
    return k && k->count;
}

static known *take_known(py_source *s, const char *word, size_t n, size_t length)
{
    const int64_t i = rf_map_get(s->readings, word, n, -1);
    if (i >= 0) return &s->known[i];
    if (s->n == s->cap) {
        const size_t cap = s->cap ? 2 * s->cap : 1024;
        if (!rf_resize(&s->known, cap, sizeof *s->known)) return NULL;
        s->cap = cap;
    }
    if (!rf_map_put(s->readings, word, n, (int64_t)s->n)) return NULL;
    s->known[s->n] = (known){.length = (uint8_t)length};
    return &s->known[s->n++];
}

/* A reading that is new goes to the end.  False: no memory. */
static bool add_reading(py_source *s, const char *word, size_t n, const uint16_t *r, size_t length)
{
    known *k = take_known(s, word, n, length);
    if (!k) return false;
    for (int i = 0; i < k->count; i++)
        if (!memcmp(s->pool + k->at[i], r, length * sizeof *r)) return true;
    if (k->count == MOST_READINGS) return true;
    if (s->used + length > s->pool_cap) {
        const size_t cap = 2 * s->pool_cap + 1024;
        if (!rf_resize(&s->pool, cap, sizeof *s->pool)) return false;
        s->pool_cap = cap;
    }
    memcpy(s->pool + s->used, r, length * sizeof *r);
    k->at[k->count++] = (uint32_t)s->used;
    s->used += length;
    return true;
}

/* ---- Lines ----------------------------------------------------------------------------------- */

typedef struct place {
    const char *name;
    size_t line;
    rf_error *err;
} place;

/* "U+4E00: yī,yí". */
static rf_status read_character(py_source *s, const char *line, size_t n, const place *p)
{
    char word[4];
    char *end = NULL;
    const char *item, *rest;
    size_t m;
    bool any = false;
    rf_str list = {0};
    const long code = strtol(line + 2, &end, 16);
    const int bytes = code > 0 && code < 0x110000 ? rf_utf8_put((int32_t)code, word) : 0;
    const char *colon = memchr(line, ':', n);
    if (!bytes || end != colon)
        return rf_fail(p->err, RF_EFORMAT, "%s:%zu: no character, where \"U+4E00: yī\" is due",
                       p->name, p->line);
    rf_str_add(&list, colon + 1, (size_t)(line + n - colon - 1));
    rest = list.s ? list.s : "";
    bool good = !list.failed;
    while (good && py_is_hanzi((int32_t)code) && rf_list_next(&rest, &item, &m)) {
        uint16_t r;
        if (!py_reading_parse(item, m, &r)) continue;
        any = true;
        good = add_reading(s, word, (size_t)bytes, &r, 1);
    }
    s->left_out += !any;
    rf_str_free(&list);
    return good ? RF_OK : rf_no_memory(p->err);
}

/* "银行: yín háng". */
static rf_status read_phrase(py_source *s, const char *line, const char *colon, size_t n,
                             const place *p)
{
    const size_t bytes = (size_t)(colon - line), length = hanzi_count(line, bytes);
    uint16_t r[PY_WORD_LONGEST];
    size_t count = 0, i = bytes + 1;
    bool good = length > 0;
    while (good && i < n) {
        const size_t from = i + strspn(line + i, " \t"), m = strcspn(line + from, " \t");
        i = from + m;
        if (!m) break;
        good = count < length && py_reading_parse(line + from, m, &r[count]);
        count++;
    }
    if (!good || count != length) {
        s->left_out++;
        return RF_OK;
    }
    return add_reading(s, line, bytes, r, length) ? RF_OK : rf_no_memory(p->err);
}

/* "银行 8350 n". */
static rf_status read_count(py_source *s, const char *line, size_t n, const place *p)
{
    const size_t word = strcspn(line, " \t"), from = word + strspn(line + word, " \t");
    const size_t m = strcspn(line + from, " \t");
    double count = 1;
    if (!word || (m && (!rf_number_parse(line + from, m, &count) || count < 0 || count > 1e15)))
        return rf_fail(p->err, RF_EFORMAT,
                       "%s:%zu: no entry of a lexicon: \"phrase: pinyin\", \"U+4E00: pinyin\" or "
                       "\"word count\" is due",
                       p->name, p->line);
    (void)n;
    if (!hanzi_count(line, word)) {
        s->left_out++;
        return RF_OK;
    }
    return rf_map_put(s->freq, line, word, (int64_t)count + 1) ? RF_OK : rf_no_memory(p->err);
}

static rf_status read_line(py_source *s, char *line, size_t n, const place *p)
{
    char *remark = memchr(line, '#', n);
    if (remark) n = (size_t)(remark - line);
    while (n && strchr(" \t\r", line[n - 1])) n--;
    line[n] = 0;
    if (!n) return RF_OK;
    if (strlen(line) != n)
        return rf_fail(p->err, RF_EFORMAT, "%s:%zu: a NUL byte", p->name, p->line);
    if (!strncmp(line, "U+", 2)) return read_character(s, line, n, p);
    const char *colon = strchr(line, ':');
    return colon ? read_phrase(s, line, colon, n, p) : read_count(s, line, n, p);
}

rf_status py_source_parse(py_source *s, const char *text, size_t n, const char *name, rf_error *err)
{
    place p = {.name = name, .err = err};
    rf_str line = {0};
    rf_status st = rf_utf8_check(text, n, name, err);
    for (size_t i = 0; i < n && !st;) {
        const char *end = memchr(text + i, '\n', n - i);
        const size_t m = end ? (size_t)(end - text) - i : n - i;
        p.line++;
        rf_str_clear(&line);
        rf_str_add(&line, text + i, m);
        rf_str_put(&line, "");
        st = line.failed ? rf_no_memory(p.err) : line.n ? read_line(s, line.s, line.n, &p) : RF_OK;
        i += m + 1;
    }
    rf_str_free(&line);
    return st;
}

rf_status py_source_read(py_source *s, const char *path, rf_error *err)
{
    rf_str text = {0};
    rf_status st = rf_text_read(path, &text, err);
    if (!st) st = py_source_parse(s, text.s ? text.s : "", text.n, path, err);
    rf_str_free(&text);
    return st;
}

/* ---- The lexicon ----------------------------------------------------------------------------- */

typedef struct candidate {
    const char *word;
    size_t n;
    double count;
} candidate;

typedef struct builder {
    const py_source *s;
    py_lexicon *x;
    candidate *list;
    size_t n;
    rf_map *chars; /* that are taken */
} builder;

static int by_count(const void *a, const void *b)
{
    const candidate *p = a, *q = b;
    if (p->count != q->count) return p->count > q->count ? -1 : 1;
    const int d = memcmp(p->word, q->word, p->n < q->n ? p->n : q->n);
    return d ? d : p->n < q->n ? -1 : p->n > q->n;
}

static size_t char_bytes(const char *s)
{
    const unsigned char c = (unsigned char)*s;
    return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* The reading of a word that no file reads: of the longest phrases in it, and of characters. */
static bool compose(const py_source *s, const char *word, size_t n, uint16_t *out)
{
    for (size_t i = 0; i < n;) {
        const known *k = NULL;
        size_t m = n - i;
        while (m > 0) {
            if (m < n && (k = find_known(s, word + i, m)) && k->count) break;
            do m--;
            while (m > 0 && ((unsigned char)word[i + m] & 0xc0) == 0x80);
        }
        if (!m || !k) return false;
        memcpy(out, s->pool + k->at[0], k->length * sizeof *out);
        out += k->length;
        i += m;
    }
    return true;
}

static bool add_entry(py_lexicon *x, int32_t word, const uint16_t *r, size_t length, float cost)
{
    if (!(x->entries & (x->entries - 1)) || !x->entries)
        if (!rf_resize(&x->entry, 2 * x->entries + 1, sizeof *x->entry)) return false;
    if (!rf_resize(&x->reading, x->readings + length, sizeof *x->reading)) return false;
    memcpy(x->reading + x->readings, r, length * sizeof *r);
    x->entry[x->entries++] = (py_entry){word, (uint32_t)x->readings, (uint8_t)length, cost};
    x->readings += length;
    return true;
}

/* The readings of one base differ in tone only, and share their rank. */
static bool add_known(py_lexicon *x, int32_t word, const py_source *s, const known *k)
{
    int rank = 0;
    for (int i = 0; i < k->count; i++) {
        const uint16_t *r = s->pool + k->at[i];
        float cost = -1;
        if (k->length > 1 && i >= MOST_PHRASES) break;
        for (int j = 0; j < i && cost < 0; j++)
            if (PY_BASE(s->pool[k->at[j]]) == PY_BASE(*r))
                cost = x->entry[x->entries - (size_t)(i - j)].cost;
        if (cost < 0) cost = k->length > 1 ? 0 : rank_cost[rank++];
        if (!add_entry(x, word, r, k->length, cost)) return false;
    }
    return true;
}

/* Add a word; *added: it has a reading.  False: no memory. */
static bool add_word(builder *b, const candidate *c, bool *added)
{
    py_lexicon *x = b->x;
    uint16_t r[PY_WORD_LONGEST];
    const known *k = find_known(b->s, c->word, c->n);
    const int32_t w = x->words;
    *added = true;
    if (k && k->count) {
        if (!add_known(x, w, b->s, k)) return false;
    } else if (compose(b->s, c->word, c->n, r)) {
        if (!add_entry(x, w, r, hanzi_count(c->word, c->n), 0)) return false;
    } else {
        *added = false;
        return true;
    }
    memcpy(x->text + x->at[w], c->word, c->n);
    x->at[w + 1] = x->at[w] + (uint32_t)c->n;
    x->prior[w] = (float)c->count;
    x->words++;
    return true;
}

/* Remember the characters of a word. */
static bool take_chars(builder *b, const candidate *c)
{
    for (size_t i = 0; i < c->n; i += char_bytes(c->word + i))
        if (!rf_map_put(b->chars, c->word + i, char_bytes(c->word + i), 1)) return false;
    return true;
}

/* All that any file names, by falling count; characters that no file counts only if something needs
 * them. */
static bool collect(builder *b, int32_t words, const rf_vocab *chars)
{
    const py_source *s = b->s;
    const size_t most = rf_map_count(s->freq) + rf_map_count(s->readings);
    size_t all = 0, kept = 0;
    b->list = calloc(most + 1, sizeof *b->list);
    b->chars = rf_map_new();
    if (!b->list || !b->chars) return false;
    for (size_t i = 0; i < most; i++) {
        const size_t counted = rf_map_count(s->freq);
        candidate *c = &b->list[all];
        int64_t count = 0;
        c->word = i < counted ? rf_map_at(s->freq, i, &c->n, &count)
                              : rf_map_at(s->readings, i - counted, &c->n, &count);
        if (i >= counted && rf_map_get(s->freq, c->word, c->n, -1) >= 0) continue;
        c->count = i < counted ? (double)count : 0.5;
        all++;
    }
    qsort(b->list, all, sizeof *b->list, by_count);
    for (size_t i = 0; i < all; i++) {
        const candidate c = b->list[i];
        const bool one = char_bytes(c.word) == c.n;
        if (!one && kept >= (size_t)words) continue;
        if (!one && !take_chars(b, &c)) return false;
        kept += !one;
        b->list[b->n++] = c;
    }
    for (all = 0, kept = 0; all < b->n; all++) {
        const candidate c = b->list[all];
        if (char_bytes(c.word) < c.n || c.count >= 1 || rf_map_get(b->chars, c.word, c.n, 0) ||
            (chars && rf_vocab_find(chars, c.word, c.n) >= 0))
            b->list[kept++] = c;
    }
    b->n = kept;
    return true;
}

/* Counts to logarithms of parts. */
static void set_priors(py_lexicon *x)
{
    double total = 0;
    for (int32_t w = 0; w < x->words; w++) total += (double)x->prior[w];
    for (int32_t w = 0; w < x->words; w++) x->prior[w] = logf((float)((double)x->prior[w] / total));
}

rf_status py_source_build(const py_source *s, int32_t words, const rf_vocab *chars, py_lexicon *out,
                          rf_error *err)
{
    builder b = {.s = s, .x = out};
    size_t bytes = 0;
    *out = (py_lexicon){0};
    bool good = collect(&b, words, chars), added;
    for (size_t i = 0; i < b.n && good; i++) bytes += b.list[i].n;
    out->text = malloc(bytes + 1);
    out->at = calloc(b.n + 1, sizeof *out->at);
    out->prior = calloc(b.n + 1, sizeof *out->prior);
    good = good && out->text && out->at && out->prior;
    for (size_t i = 0; i < b.n && good; i++) good = add_word(&b, &b.list[i], &added);
    if (good) set_priors(out);
    if (good) good = py_lexicon_finish(out);
    free(b.list);
    rf_map_free(b.chars);
    if (!good) return rf_no_memory(err);
    return out->words ? RF_OK
                      : rf_fail(err, RF_EFORMAT, "the lexica have no character with a reading");
}

/* pinyin/annotate_lexis.c -- see annotate_lexis.h. */
#include "annotate_lexis.h"

#include <stdlib.h>
#include <string.h>

#include "source.h"

/* Cost of an entry that no phrase of a file gives, but the readings of its parts. */
static const float composed = 1;

static const char *const special[] = {RF_UNK, NULL};

void an_lexis_free(an_lexis *x)
{
    py_lexicon_free(&x->x);
    py_splitter_free(&x->splitter);
    rf_vocab_free(x->chars);
    rf_vocab_free(x->pairs);
    rf_vocab_free(x->classes);
    rf_map_free(x->first);
    free(x->reading);
    free(x->char_count);
    free(x->pair_count);
    *x = (an_lexis){0};
}

/* ---- The lexicon ----------------------------------------------------------------------------- */

static void mark_composed(py_lexicon *x, const py_source *s)
{
    size_t n;
    for (size_t i = 0; i < x->entries; i++) {
        const char *word = py_lexicon_word(x, x->entry[i].word, &n);
        if (x->entry[i].length > 1) x->entry[i].cost = py_source_reads(s, word, n) ? 0 : composed;
    }
}

rf_status an_lexis_lexicon(an_lexis *x, const char *const *path, size_t n, int32_t words,
                           rf_error *err)
{
    py_source *s = py_source_new();
    rf_status st = s ? RF_OK : rf_no_memory(err);
    for (size_t i = 0; i < n && !st; i++) st = py_source_read(s, path[i], err);
    if (!st) st = py_source_build(s, words, NULL, &x->x, err);
    if (!st) mark_composed(&x->x, s);
    py_source_free(s);
    return st;
}

/* A lexicon has no sign for the neutral tone, where a text has 5. */
static uint16_t toned(uint16_t r) { return PY_TONE(r) ? r : PY_READING(PY_BASE(r), AN_NEUTRAL); }

static int32_t word_of(const an_lexis *x, int32_t code)
{
    char s[4];
    const int k = rf_utf8_put(code, s);
    return x->x.words && k ? py_lexicon_find(&x->x, s, (size_t)k) : -1;
}

int32_t an_lexis_usual(const an_lexis *x, int32_t code)
{
    const int32_t w = word_of(x, code);
    if (w < 0) return -1;
    const size_t e = py_lexicon_entry_of(&x->x, w);
    return e < x->x.entries && x->x.entry[e].word == w ? toned(x->x.reading[x->x.entry[e].reading])
                                                       : -1;
}

/* ---- Keys ------------------------------------------------------------------------------------ */

/* Digits are taken as one, letters as one; the ends of a sentence (-1) are a sign of their own. */
static void put_key(rf_str *out, int32_t code)
{
    char s[4];
    if (code >= '0' && code <= '9') code = '0';
    if ((code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z')) code = 'a';
    if (code < 0) code = '\n';
    rf_str_add(out, s, (size_t)rf_utf8_put(code, s));
}

static const rf_str *key_of(rf_str *out, int32_t a, int32_t b, bool pair)
{
    rf_str_clear(out);
    put_key(out, a);
    if (pair) put_key(out, b);
    return out;
}

static int32_t find(const rf_vocab *v, const rf_str *key)
{
    const int32_t id = key->s ? rf_vocab_find(v, key->s, key->n) : 0;
    return id < 0 ? 0 : id;
}

/* ---- Learning -------------------------------------------------------------------------------- */

static bool count_keys(rf_map *map, const an_corpus *c, const int32_t *which, size_t n, bool pair)
{
    rf_str key = {0};
    bool good = map != NULL;
    for (size_t i = 0; i < n && good; i++) {
        const int32_t from = c->start.at[which[i]], to = c->start.at[which[i] + 1];
        for (int32_t k = from; k < to + pair && good; k++) {
            const int32_t before = k > from ? c->code.at[k - 1] : -1;
            const int32_t here = k < to ? c->code.at[k] : -1;
            key_of(&key, pair ? before : here, here, pair);
            good = !key.failed && rf_map_add(map, key.s, key.n, 1) != INT64_MIN;
        }
    }
    rf_str_free(&key);
    return good;
}

static bool add_keys(rf_vocab *v, const rf_vocab *more)
{
    for (int32_t i = 0; i < rf_vocab_size(more); i++) {
        size_t n;
        const char *s = rf_vocab_at(more, i, &n);
        if (rf_vocab_find(v, s, n) < 0 && rf_vocab_add(v, s, n) < 0) return false;
    }
    return true;
}

static bool add_others(rf_vocab *v, const an_keep *keep, bool pair)
{
    for (uint32_t i = 0; i < keep->others; i++)
        if (!add_keys(v, pair ? keep->more[i]->pairs : keep->more[i]->chars)) return false;
    return true;
}

static rf_vocab *learn_keys(const an_corpus *c, const int32_t *which, size_t n, bool pair,
                            const an_keep *keep, double **count, rf_error *err)
{
    rf_map *map = rf_map_new();
    rf_vocab *v = NULL;
    if (count_keys(map, c, which, n, pair))
        v = rf_vocab_build(map, special, pair ? keep->pairs : keep->chars, 0, err);
    else
        rf_no_memory(err);
    if (v && !add_others(v, keep, pair)) {
        rf_no_memory(err);
        rf_vocab_free(v);
        v = NULL;
    }
    *count = v ? calloc((size_t)rf_vocab_size(v), sizeof **count) : NULL;
    for (int32_t i = 1; *count && i < rf_vocab_size(v); i++) {
        size_t m;
        const char *s = rf_vocab_at(v, i, &m);
        (*count)[i] = (double)rf_map_get(map, s, m, 0);
    }
    rf_map_free(map);
    return v;
}

/* "行xing2" */
static bool add_class(rf_vocab *v, int32_t code, int32_t reading)
{
    rf_str text = {0};
    put_key(&text, code);
    py_reading_text((uint16_t)reading, &text);
    const bool good = !text.failed && rf_vocab_add(v, text.s, text.n) >= 0;
    rf_str_free(&text);
    return good;
}

typedef struct told {
    int32_t code, reading;
} told;

static int by_code(const void *a, const void *b)
{
    const told *p = a, *q = b;
    if (p->code != q->code) return p->code < q->code ? -1 : 1;
    return p->reading < q->reading ? -1 : p->reading > q->reading;
}

/* The lexicon's readings of a character, after those that were told. */
static bool add_lexicon_classes(an_lexis *x, int32_t code)
{
    const int32_t w = word_of(x, code);
    if (w < 0) return true;
    for (size_t e = py_lexicon_entry_of(&x->x, w); e < x->x.entries && x->x.entry[e].word == w;
         e++) {
        if (!add_class(x->classes, code, toned(x->x.reading[x->x.entry[e].reading]))) return false;
    }
    return true;
}

typedef struct told_list {
    told *at;
    size_t n, cap;
    bool failed;
} told_list;

static void add_told(told_list *l, int32_t code, int32_t reading)
{
    if (l->n == l->cap) {
        const size_t cap = 2 * l->cap + 64;
        if (!rf_resize(&l->at, cap, sizeof *l->at)) l->failed = true;
        if (l->failed) return;
        l->cap = cap;
    }
    l->at[l->n++] = (told){code, reading};
}

static int32_t code_at(const rf_vocab *v, int32_t i)
{
    size_t n;
    int32_t code = -1;
    const char *s = rf_vocab_at(v, i, &n);
    return rf_utf8_next(s, n, &code) > 0 ? code : -1;
}

/* Characters that the lexicon reads in several ways. */
static void tell_by_lexicon(const an_lexis *x, told_list *l)
{
    for (int32_t i = 1; i < rf_vocab_size(x->chars); i++) {
        const int32_t code = code_at(x->chars, i), w = word_of(x, code);
        const size_t e = w < 0 ? x->x.entries : py_lexicon_entry_of(&x->x, w);
        if (py_is_hanzi(code) && e + 1 < x->x.entries && x->x.entry[e + 1].word == w)
            add_told(l, code, toned(x->x.reading[x->x.entry[e].reading]));
    }
}

static void tell_by_text(told_list *l, const an_corpus *c, const int32_t *which, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (int32_t k = c->start.at[which[i]]; k < c->start.at[which[i] + 1]; k++)
            if (c->reading.at[k] >= 0) add_told(l, c->code.at[k], c->reading.at[k]);
}

static void tell_by_other(told_list *l, const an_lexis *x)
{
    for (int32_t i = 0; i < rf_vocab_size(x->classes); i++)
        add_told(l, code_at(x->classes, i), x->reading[i]);
}

static rf_status learn_classes(an_lexis *x, const an_corpus *c, const int32_t *which, size_t n,
                               const an_keep *keep, rf_error *err)
{
    told_list l = {0};
    x->classes = rf_vocab_new();
    tell_by_text(&l, c, which, n);
    if (keep->all) tell_by_lexicon(x, &l);
    for (uint32_t i = 0; i < keep->others; i++) tell_by_other(&l, keep->more[i]);
    bool good = x->classes && !l.failed;
    if (good && l.n) qsort(l.at, l.n, sizeof *l.at, by_code);
    for (size_t i = 0; i < l.n && good; i++) {
        good = add_class(x->classes, l.at[i].code, l.at[i].reading);
        if (good && (i + 1 == l.n || l.at[i + 1].code != l.at[i].code))
            good = add_lexicon_classes(x, l.at[i].code);
    }
    free(l.at);
    return good ? RF_OK : rf_no_memory(err);
}

rf_status an_lexis_learn(an_lexis *x, const an_corpus *c, const int32_t *which, size_t n,
                         const an_keep *keep, rf_error *err)
{
    x->chars = learn_keys(c, which, n, false, keep, &x->char_count, err);
    if (x->chars) x->pairs = learn_keys(c, which, n, true, keep, &x->pair_count, err);
    if (!x->pairs) return err->status;
    if (!x->char_count || !x->pair_count) return rf_no_memory(err);
    rf_status st = learn_classes(x, c, which, n, keep, err);
    return st ? st : an_lexis_link(x, "the training", err);
}

rf_status an_lexis_link(an_lexis *x, const char *name, rf_error *err)
{
    const int32_t n = rf_vocab_size(x->classes);
    x->reading = calloc((size_t)n + 1, sizeof *x->reading);
    x->first = rf_map_new();
    if (!x->reading || !x->first) return rf_no_memory(err);
    for (int32_t i = 0; i < n; i++) {
        size_t m;
        int32_t code;
        const char *s = rf_vocab_at(x->classes, i, &m);
        const int k = rf_utf8_next(s, m, &code);
        if (k <= 0 || !py_reading_parse(s + k, m - (size_t)k, &x->reading[i]))
            return rf_fail(err, RF_EFORMAT, "%s: its readings are damaged", name);
        if (rf_map_get(x->first, s, (size_t)k, -1) < 0 && !rf_map_put(x->first, s, (size_t)k, i))
            return rf_no_memory(err);
    }
    return n ? RF_OK : rf_fail(err, RF_EFORMAT, "%s: no character has a reading", name);
}

int32_t an_lexis_classes(const an_lexis *x, int32_t code, int32_t *count)
{
    char s[4];
    size_t m;
    const int k = rf_utf8_put(code, s);
    const int32_t n = rf_vocab_size(x->classes);
    const int32_t first = k ? (int32_t)rf_map_get(x->first, s, (size_t)k, -1) : -1;
    *count = 0;
    while (first >= 0 && first + *count < n) {
        const char *text = rf_vocab_at(x->classes, first + *count, &m);
        if (m <= (size_t)k || memcmp(text, s, (size_t)k)) break;
        ++*count;
    }
    return first;
}

/* ---- Sentences as numbers -------------------------------------------------------------------- */

void an_set_free(an_set *s)
{
    free(s->start);
    free(s->lengths);
    for (int i = 0; i < AN_COLUMNS; i++) rf_ids_free(&s->column[i]);
    rf_ids_free(&s->first);
    rf_ids_free(&s->count);
    rf_ids_free(&s->right);
    *s = (an_set){0};
}

void an_set_clear(an_set *s)
{
    for (int i = 0; i < AN_COLUMNS; i++) s->column[i].n = 0;
    s->n = 0;
    s->first.n = s->count.n = s->right.n = 0;
}

/* How else the word's entries behind e read its character k than e does, plus 1; 0: not otherwise. */
static int32_t other_reading(const an_lexis *x, size_t e, size_t k)
{
    const py_entry *first = &x->x.entry[e];
    const uint16_t reading = toned(x->x.reading[first->reading + k]);
    for (size_t i = e + 1; i < x->x.entries && x->x.entry[i].word == first->word; i++) {
        const uint16_t r = toned(x->x.reading[x->x.entry[i].reading + k]);
        if (r != reading) return 1 + r;
    }
    return 0;
}

/* Hints and place of each character of a word; of one that is none, -1. */
static void put_word(const an_lexis *x, an_set *s, int32_t word)
{
    size_t bytes = 0, n = 1, e = x->x.entries;
    if (word >= 0) {
        const char *text = py_lexicon_word(&x->x, word, &bytes);
        n = rf_utf8_count(text, bytes);
        e = py_lexicon_entry_of(&x->x, word);
    }
    const bool read =
        n > 1 && e < x->x.entries && x->x.entry[e].word == word && x->x.entry[e].cost < composed;
    for (size_t k = 0; k < n; k++) {
        rf_ids_add(&s->column[AN_HINT],
                   read ? 1 + toned(x->x.reading[x->x.entry[e].reading + k]) : 0);
        rf_ids_add(&s->column[AN_OTHER], read ? other_reading(x, e, k) : 0);
        rf_ids_add(&s->column[AN_PLACE], n == 1       ? AN_ALONE
                                         : !k         ? AN_BEGIN
                                         : k == n - 1 ? AN_END
                                                      : AN_INSIDE);
    }
}

/* A stretch of Chinese characters. */
static bool put_stretch(an_lexis *x, an_set *s, const int32_t *code, size_t n)
{
    rf_str text = {0};
    rf_ids words = {0};
    x->splitter.x = &x->x;
    for (size_t i = 0; i < n; i++) {
        char c[4];
        rf_str_add(&text, c, (size_t)rf_utf8_put(code[i], c));
    }
    bool good = !text.failed && py_split(&x->splitter, text.s, text.n, &words);
    for (size_t i = 0; i < words.n && good; i++) put_word(x, s, words.at[i]);
    rf_str_free(&text);
    rf_ids_free(&words);
    return good;
}

static bool put_words(an_lexis *x, an_set *s, const int32_t *code, size_t n)
{
    for (size_t i = 0, k; i < n; i += k) {
        k = 0;
        while (x->x.words && i + k < n && py_is_hanzi(code[i + k])) k++;
        if (k && !put_stretch(x, s, code + i, k)) return false;
        if (k) continue;
        rf_ids_add(&s->column[AN_HINT], 0);
        rf_ids_add(&s->column[AN_OTHER], 0);
        rf_ids_add(&s->column[AN_PLACE], AN_NOWHERE);
        k = 1;
    }
    return true;
}

static void put_classes(const an_lexis *x, an_set *s, int32_t code, int32_t reading)
{
    int32_t count, right = -1;
    const int32_t first = an_lexis_classes(x, code, &count);
    for (int32_t i = 0; i < count; i++)
        if (x->reading[first + i] == reading) right = i;
    rf_ids_add(&s->first, first);
    rf_ids_add(&s->count, count);
    rf_ids_add(&s->right, right);
}

static bool put_keys(const an_lexis *x, an_set *s, const int32_t *code, size_t n)
{
    rf_str key = {0};
    for (size_t i = 0; i < n; i++) {
        const int32_t before = i ? code[i - 1] : -1, after = i + 1 < n ? code[i + 1] : -1;
        rf_ids_add(&s->column[AN_CHAR], find(x->chars, key_of(&key, code[i], 0, false)));
        rf_ids_add(&s->column[AN_BEFORE], find(x->pairs, key_of(&key, before, code[i], true)));
        rf_ids_add(&s->column[AN_AFTER], find(x->pairs, key_of(&key, code[i], after, true)));
    }
    const bool good = !key.failed;
    rf_str_free(&key);
    return good;
}

rf_status an_lexis_encode(an_lexis *x, an_set *s, const int32_t *code, const int32_t *reading,
                          size_t n, rf_error *err)
{
    if (s->n == s->cap) {
        const rf_index cap = 2 * s->cap + 64;
        if (!rf_resize(&s->start, (size_t)cap, sizeof *s->start) ||
            !rf_resize(&s->lengths, (size_t)cap, sizeof *s->lengths))
            return rf_no_memory(err);
        s->cap = cap;
    }
    s->start[s->n] = (rf_index)s->first.n;
    s->lengths[s->n++] = (int32_t)n;
    bool good = put_keys(x, s, code, n) && put_words(x, s, code, n);
    for (size_t i = 0; i < n; i++) put_classes(x, s, code[i], reading ? reading[i] : -1);
    for (int i = 0; i < AN_COLUMNS; i++) good = good && !s->column[i].failed;
    good = good && !s->first.failed && !s->count.failed && !s->right.failed;
    return good ? RF_OK : rf_no_memory(err);
}

/* ---- Phrases as sentences -------------------------------------------------------------------- */

/* What told the phrase is not told again, nor is where it stands. */
static void hide_phrase(an_set *s)
{
    const rf_index from = s->start[s->n - 1], last = from + s->lengths[s->n - 1] - 1;
    for (rf_index k = from; k <= last; k++)
        s->column[AN_HINT].at[k] = s->column[AN_OTHER].at[k] = 0;
    s->column[AN_BEFORE].at[from] = s->column[AN_AFTER].at[last] = 0;
}

static rf_status add_phrase(an_lexis *x, an_set *s, const py_entry *e, rf_index *left,
                            rf_error *err)
{
    int32_t code[PY_WORD_LONGEST], reading[PY_WORD_LONGEST], count;
    size_t bytes, at = 0;
    bool choice = false;
    const char *text = py_lexicon_word(&x->x, e->word, &bytes);
    for (int k = 0; k < e->length; k++) {
        at += (size_t)rf_utf8_next(text + at, bytes - at, &code[k]);
        reading[k] = toned(x->x.reading[e->reading + (uint32_t)k]);
        an_lexis_classes(x, code[k], &count);
        choice = choice || count > 1;
    }
    if (!choice) return RF_OK;
    const rf_status st = an_lexis_encode(x, s, code, reading, e->length, err);
    if (!st) hide_phrase(s);
    --*left;
    return st;
}

rf_status an_lexis_phrases(an_lexis *x, an_set *s, rf_index most, rf_error *err)
{
    rf_status st = RF_OK;
    int32_t last = -1;
    for (size_t i = 0; i < x->x.entries && most > 0 && !st; i++) {
        const py_entry *e = &x->x.entry[i];
        if (e->length > 1 && e->cost < composed && e->word != last)
            st = add_phrase(x, s, e, &most, err);
        last = e->word;
    }
    return st;
}

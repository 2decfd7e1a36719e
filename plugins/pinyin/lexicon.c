/* pinyin/lexicon.c -- looking words and syllables up, and the lexicon in a model file.
 *
 * In the file: pinyin.words, the words one a line; pinyin.prior, -ln of the frequency in steps of
 * 1/10; pinyin.entries, how many readings each word has; pinyin.readings, of all entries;
 * pinyin.costs, in steps of 1/10. */
#include "lexicon.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float step = 0.1F;

void py_lexicon_free(py_lexicon *x)
{
    free(x->text);
    free(x->at);
    free(x->prior);
    rf_map_free(x->index);
    free(x->entry);
    free(x->reading);
    free(x->order);
    *x = (py_lexicon){0};
}

int32_t py_lexicon_find(const py_lexicon *x, const char *word, size_t n)
{
    return (int32_t)rf_map_get(x->index, word, n, -1);
}

const char *py_lexicon_word(const py_lexicon *x, int32_t word, size_t *n)
{
    *n = x->at[word + 1] - x->at[word];
    return x->text + x->at[word];
}

size_t py_lexicon_entry_of(const py_lexicon *x, int32_t word)
{
    size_t lo = 0, hi = x->entries;
    while (lo < hi) {
        const size_t mid = (lo + hi) / 2;
        if (x->entry[mid].word < word)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* ---- Order ----------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b, void *ctx)
{
    const py_lexicon *x = ctx;
    const uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    const py_entry *p = &x->entry[i], *q = &x->entry[j];
    for (int k = 0; k < p->length && k < q->length; k++) {
        const int d = PY_BASE(x->reading[p->reading + (uint32_t)k]) -
                      PY_BASE(x->reading[q->reading + (uint32_t)k]);
        if (d) return d;
    }
    if (p->length != q->length) return p->length - q->length;
    return i < j ? -1 : i > j;
}

bool py_lexicon_finish(py_lexicon *x)
{
    x->index = rf_map_new();
    x->order = malloc((x->entries + 1) * sizeof *x->order);
    if (!x->index || !x->order) return false;
    for (int32_t w = 0; w < x->words; w++)
        if (!rf_map_put(x->index, x->text + x->at[w], x->at[w + 1] - x->at[w], w)) return false;
    for (uint32_t i = 0; i < x->entries; i++) x->order[i] = i;
    qsort_r(x->order, x->entries, sizeof *x->order, compare, x);
    return true;
}

py_range py_lexicon_all(const py_lexicon *x) { return (py_range){.hi = (uint32_t)x->entries}; }

/* The base at r.depth of the i-th in order; those that end before come first. */
static int base_at(const py_lexicon *x, uint32_t i, int depth)
{
    const py_entry *e = &x->entry[x->order[i]];
    return e->length <= depth ? -1 : PY_BASE(x->reading[e->reading + (uint32_t)depth]);
}

static uint32_t bound(const py_lexicon *x, py_range r, int base)
{
    while (r.lo < r.hi) {
        const uint32_t mid = r.lo + (r.hi - r.lo) / 2;
        if (base_at(x, mid, r.depth) < base)
            r.lo = mid + 1;
        else
            r.hi = mid;
    }
    return r.lo;
}

py_range py_lexicon_follow(const py_lexicon *x, py_range r, int base)
{
    return (py_range){bound(x, r, base), bound(x, r, base + 1), (uint8_t)(r.depth + 1)};
}

/* ---- The file -------------------------------------------------------------------------------- */

static uint8_t steps_of(float nats)
{
    const float s = roundf(nats / step);
    return s < 0 ? 0 : s > 255 ? 255 : (uint8_t)s;
}

static rf_status store_bytes(const py_lexicon *x, rf_model *m, rf_error *err)
{
    uint8_t *prior = malloc((size_t)x->words + 1), *count = calloc((size_t)x->words + 1, 1);
    uint8_t *cost = malloc(x->entries + 1);
    rf_status st = prior && count && cost ? RF_OK : rf_no_memory(err);
    for (int32_t w = 0; w < x->words && !st; w++) prior[w] = steps_of(-x->prior[w]);
    for (size_t i = 0; i < x->entries && !st; i++) {
        cost[i] = steps_of(x->entry[i].cost);
        count[x->entry[i].word]++;
    }
    if (!st) st = rf_model_add(m, "pinyin.prior", RF_U8, RF_SHAPE(x->words), prior, err);
    if (!st) st = rf_model_add(m, "pinyin.entries", RF_U8, RF_SHAPE(x->words), count, err);
    if (!st) st = rf_model_add(m, "pinyin.costs", RF_U8, RF_SHAPE((rf_index)x->entries), cost, err);
    free(prior);
    free(count);
    free(cost);
    return st;
}

rf_status py_lexicon_store(const py_lexicon *x, rf_model *m, rf_error *err)
{
    rf_str words = {0};
    for (int32_t w = 0; w < x->words; w++) {
        rf_str_add(&words, x->text + x->at[w], x->at[w + 1] - x->at[w]);
        rf_str_put(&words, "\n");
    }
    rf_status st = words.failed ? rf_no_memory(err) : RF_OK;
    if (!st) st = rf_model_add(m, "pinyin.words", RF_U8, RF_SHAPE((rf_index)words.n), words.s, err);
    if (!st)
        st = rf_model_add(m, "pinyin.readings", RF_U16, RF_SHAPE((rf_index)x->readings), x->reading,
                          err);
    rf_str_free(&words);
    return st ? st : store_bytes(x, m, err);
}

static rf_status broken(const rf_model *m, rf_error *err)
{
    return rf_fail(err, RF_EFORMAT, "%s: its lexicon is damaged", rf_model_name(m));
}

/* The words of the text; the number of lines, or -1. */
static rf_status load_words(py_lexicon *x, const rf_stored *s, const rf_model *m, rf_error *err)
{
    const char *text = s->data;
    size_t lines = 0, out = 0;
    if (!s->bytes || s->bytes > UINT32_MAX || text[s->bytes - 1] != '\n' ||
        rf_utf8_check(text, s->bytes, "words", NULL))
        return broken(m, err);
    for (size_t i = 0; i < s->bytes; i++) lines += text[i] == '\n';
    x->text = malloc(s->bytes + 1);
    x->at = calloc(lines + 1, sizeof *x->at);
    x->prior = calloc(lines + 1, sizeof *x->prior);
    if (!x->text || !x->at || !x->prior) return rf_no_memory(err);
    for (size_t i = 0; i < s->bytes; i++)
        if (text[i] == '\n')
            x->at[++x->words] = (uint32_t)out;
        else
            x->text[out++] = text[i];
    return RF_OK;
}

/* Entries from what each word says; every reading has as many syllables as the word characters. */
static rf_status load_entries(py_lexicon *x, const uint8_t *count, const uint8_t *cost,
                              const rf_model *m, rf_error *err)
{
    size_t at = 0, k = 0;
    for (int32_t w = 0; w < x->words; w++) {
        const size_t bytes = x->at[w + 1] - x->at[w];
        const size_t length = rf_utf8_count(x->text + x->at[w], bytes);
        if (!length || length > PY_WORD_LONGEST) return broken(m, err);
        for (int i = 0; i < count[w]; i++, at += length) {
            if (k == x->entries || at + length > x->readings) return broken(m, err);
            x->entry[k] = (py_entry){w, (uint32_t)at, (uint8_t)length, step * (float)cost[k]};
            k++;
        }
    }
    for (size_t i = 0; i < x->readings; i++)
        if (PY_BASE(x->reading[i]) >= py_syllable_count()) return broken(m, err);
    return k == x->entries && at == x->readings ? RF_OK : broken(m, err);
}

rf_status py_lexicon_load(py_lexicon *x, const rf_model *m, rf_error *err)
{
    const rf_stored *words = rf_model_find(m, "pinyin.words");
    const rf_stored *prior = rf_model_find(m, "pinyin.prior");
    const rf_stored *count = rf_model_find(m, "pinyin.entries");
    const rf_stored *cost = rf_model_find(m, "pinyin.costs");
    const rf_stored *reading = rf_model_find(m, "pinyin.readings");
    *x = (py_lexicon){0};
    if (!words || !prior || !count || !cost || !reading || words->dtype != RF_U8 ||
        prior->dtype != RF_U8 || count->dtype != RF_U8 || cost->dtype != RF_U8 ||
        reading->dtype != RF_U16)
        return rf_fail(err, RF_EFORMAT, "%s: has no lexicon", rf_model_name(m));
    rf_status st = load_words(x, words, m, err);
    if (st) return st;
    if (prior->bytes != (size_t)x->words || count->bytes != (size_t)x->words) return broken(m, err);
    x->entries = cost->bytes;
    x->readings = reading->bytes / 2;
    x->entry = calloc(x->entries + 1, sizeof *x->entry);
    x->reading = malloc(reading->bytes + 2);
    if (!x->entry || !x->reading) return rf_no_memory(err);
    memcpy(x->reading, reading->data, reading->bytes);
    for (int32_t w = 0; w < x->words; w++)
        x->prior[w] = -step * (float)((const uint8_t *)prior->data)[w];
    st = load_entries(x, count->data, cost->data, m, err);
    if (!st && !py_lexicon_finish(x)) st = rf_no_memory(err);
    return st;
}

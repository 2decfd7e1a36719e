/* pinyin/text.c -- text to tokens, words by the most probable split. */
#include "text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

static const char *const special[] = {RF_PAD, RF_EOS, RF_UNK, "<lat>", NULL};

/* What a code point is to us. */
typedef enum sign { SIGN_HANZI, SIGN_LATIN, SIGN_BLANK, SIGN_OTHER } sign;

static sign sign_of(int32_t code)
{
    if (py_is_hanzi(code)) return SIGN_HANZI;
    if (code < 0x80 && isalnum(code)) return SIGN_LATIN;
    if ((code >= 0xff10 && code <= 0xff19) || (code >= 0xff21 && code <= 0xff5a) ||
        (code >= 0xc0 && code < 0x250))
        return SIGN_LATIN;
    return code == ' ' || code == '\t' || code == '\r' || code == 0x3000 ? SIGN_BLANK : SIGN_OTHER;
}

/* ---- Characters ------------------------------------------------------------------------------ */

rf_vocab *py_chars_learn(const char *text, size_t n, int64_t least, int32_t most, rf_error *err)
{
    rf_map *counts = rf_map_new();
    int32_t code;
    bool good = counts != NULL;
    for (size_t i = 0; i < n && good;) {
        const int k = rf_utf8_next(text + i, n - i, &code);
        const size_t m = k > 0 ? (size_t)k : 1;
        if (k > 0 && py_is_hanzi(code)) good = rf_map_add(counts, text + i, m, 1) != INT64_MIN;
        i += m;
    }
    rf_vocab *v = good ? rf_vocab_build(counts, special, least, most, err) : NULL;
    if (!good) rf_no_memory(err);
    rf_map_free(counts);
    return v;
}

bool py_chars_good(const rf_vocab *v)
{
    for (int32_t i = 0; special[i]; i++)
        if (rf_vocab_find(v, special[i], strlen(special[i])) != i) return false;
    return rf_vocab_size(v) < PY_TOKENS;
}

static void add_end(rf_ids *out)
{
    if (!out->n || out->at[out->n - 1] != PY_END) rf_ids_add(out, PY_END);
}

void py_text_chars(const rf_vocab *chars, const char *text, size_t n, rf_ids *out)
{
    sign last = SIGN_OTHER;
    int32_t code;
    add_end(out);
    for (size_t i = 0; i < n;) {
        const int k = rf_utf8_next(text + i, n - i, &code);
        const size_t m = k > 0 ? (size_t)k : 1;
        const sign s = k > 0 ? sign_of(code) : SIGN_OTHER;
        if (s == SIGN_HANZI) {
            const int32_t id = rf_vocab_find(chars, text + i, m);
            rf_ids_add(out, id < 0 ? PY_UNKNOWN : id);
        } else if (s == SIGN_LATIN && last != SIGN_LATIN)
            rf_ids_add(out, PY_LATIN);
        else if (s == SIGN_OTHER)
            add_end(out);
        last = s;
        i += m;
    }
    add_end(out);
}

bool py_stretch_next(const char *text, size_t bytes, size_t *from, size_t *n)
{
    size_t i = *from + *n;
    int32_t code;
    for (int k; i<bytes; i += k> 0 ? (size_t)k : 1) {
        k = rf_utf8_next(text + i, bytes - i, &code);
        if (k > 0 && py_is_hanzi(code)) break;
    }
    *from = i;
    for (int k; i < bytes; i += (size_t)k) {
        k = rf_utf8_next(text + i, bytes - i, &code);
        if (k <= 0 || !py_is_hanzi(code)) break;
    }
    *n = i - *from;
    return *n > 0;
}

/* ---- Words ----------------------------------------------------------------------------------- */

void py_splitter_free(py_splitter *s)
{
    free(s->best);
    free(s->word);
    free(s->at);
    *s = (py_splitter){0};
}

static bool room(py_splitter *s, size_t n)
{
    if (n + 2 <= s->cap) return true;
    const size_t cap = 2 * n + 64;
    if (!rf_resize(&s->best, cap, sizeof *s->best) || !rf_resize(&s->word, cap, sizeof *s->word) ||
        !rf_resize(&s->at, cap, sizeof *s->at))
        return false;
    s->cap = cap;
    return true;
}

/* The best split of the first i characters, for every i. */
static void split_forward(py_splitter *s, const char *text, size_t count)
{
    const float unknown = -25;
    s->best[0] = 0;
    for (size_t i = 1; i <= count; i++) {
        s->best[i] = s->best[i - 1] + unknown;
        s->word[i] = -1;
        for (size_t k = 1; k <= PY_WORD_LONGEST && k <= i; k++) {
            const size_t from = s->at[i - k];
            const int32_t w = py_lexicon_find(s->x, text + from, s->at[i] - from);
            if (w < 0 || s->best[i - k] + s->x->prior[w] <= s->best[i]) continue;
            s->best[i] = s->best[i - k] + s->x->prior[w];
            s->word[i] = w;
        }
    }
}

bool py_split(py_splitter *s, const char *text, size_t n, rf_ids *out)
{
    size_t count = 0, first = out->n;
    int32_t code;
    if (!room(s, n)) return false;
    for (size_t i = 0; i < n; count++) {
        s->at[count] = (uint32_t)i;
        i += (size_t)rf_utf8_next(text + i, n - i, &code);
    }
    s->at[count] = (uint32_t)n;
    split_forward(s, text, count);
    for (size_t i = count; i > 0;) {
        const int32_t w = s->word[i];
        rf_ids_add(out, w < 0 ? -(int32_t)i : w);
        i -= w < 0 ? 1 : rf_utf8_count(s->x->text + s->x->at[w], s->x->at[w + 1] - s->x->at[w]);
    }
    for (size_t i = first, j = out->n; i + 1 < j && !out->failed; i++) {
        const int32_t swap = out->at[i];
        out->at[i] = out->at[--j];
        out->at[j] = swap;
    }
    return !out->failed;
}

bool py_text_words(py_splitter *s, const char *text, size_t n, rf_ids *out)
{
    sign last = SIGN_OTHER;
    int32_t code;
    add_end(out);
    for (size_t i = 0; i < n && !out->failed;) {
        const int k = rf_utf8_next(text + i, n - i, &code);
        const sign is = k > 0 ? sign_of(code) : SIGN_OTHER;
        size_t from = i, m = 0;
        if (is == SIGN_HANZI && py_stretch_next(text, n, &from, &m)) {
            const size_t first = out->n;
            if (!py_split(s, text + i, m, out)) return false;
            for (size_t j = first; j < out->n; j++) {
                const int32_t w = out->at[j];
                out->at[j] = w < 0 || w + PY_FIRST >= PY_TOKENS ? PY_UNKNOWN : w + PY_FIRST;
            }
            i += m;
        } else {
            if (is == SIGN_LATIN && last != SIGN_LATIN) rf_ids_add(out, PY_UNKNOWN);
            if (is == SIGN_OTHER) add_end(out);
            i += k > 0 ? (size_t)k : 1;
        }
        last = is;
    }
    add_end(out);
    return !out->failed;
}

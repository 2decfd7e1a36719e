/* translate/forms.c -- capitals: small letters, and the usual forms of words. */
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "words.h"

static void put_code(rf_str *out, int32_t code)
{
    char s[4];
    const int n = rf_utf8_put(code, s);
    rf_str_add(out, s, (size_t)n);
}

void tr_lower(const char *s, size_t n, rf_str *out)
{
    int32_t code;
    for (size_t i = 0; i < n;) {
        const int k = rf_utf8_next(s + i, n - i, &code);
        if (k < 1) return;
        put_code(out, code < 0x80 ? (code >= 'A' && code <= 'Z' ? code + 32 : code)
                                  : utf8proc_tolower(code));
        i += (size_t)k;
    }
}

void tr_forms_free(tr_forms *f)
{
    rf_vocab_free(f->form);
    rf_vocab_free(f->small);
    *f = (tr_forms){0};
}

/* ---- Where sentences begin ------------------------------------------------------------------- */

/* Does the word have letters that are large or small? */
static bool has_case(const char *s, size_t n)
{
    int32_t code;
    for (size_t i = 0; i < n;) {
        const int k = rf_utf8_next(s + i, n - i, &code);
        if (k < 1) return false;
        if (utf8proc_tolower(code) != code || utf8proc_toupper(code) != code) return true;
        i += (size_t)k;
    }
    return false;
}

static bool ends_sentence(const char *s, size_t n)
{
    static const char *const stops[] = {".", "!", "?", "。", "！", "？"};
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        if (strlen(stops[i]) == n && !memcmp(stops[i], s, n)) return true;
    return false;
}

/* Of the words of a line in turn: is this the first one with letters of its sentence? */
static bool is_first(bool *open, const char *word, size_t n)
{
    const bool first = *open && has_case(word, n);
    if (first) *open = false;
    if (ends_sentence(word, n)) *open = true;
    return first;
}

/* ---- Learning -------------------------------------------------------------------------------- */

static bool count_line(rf_map *counts, const char *words, size_t n)
{
    const char *at = words, *end = words + n, *word;
    bool open = true, done = true;
    for (size_t m; done && tr_word_next(&at, end, &word, &m);)
        if (!is_first(&open, word, m) && has_case(word, m))
            done = rf_map_add(counts, word, m, 1) != INT64_MIN;
    return done;
}

/* Forms by falling count: the first of a word is its usual one. */
static bool take_forms(tr_forms *f, const rf_map *counts)
{
    rf_vocab *all = rf_vocab_build(counts, NULL, 1, 0, NULL);
    rf_str small = {0};
    bool done = all != NULL;
    for (int32_t i = 0; done && i < rf_vocab_size(all); i++) {
        size_t n;
        const char *form = rf_vocab_at(all, i, &n);
        rf_str_clear(&small);
        tr_lower(form, n, &small);
        done = !small.failed;
        if (!done || rf_vocab_find(f->small, small.s, small.n) >= 0) continue;
        done = rf_vocab_add(f->small, small.s, small.n) >= 0 && rf_vocab_add(f->form, form, n) >= 0;
    }
    rf_str_free(&small);
    rf_vocab_free(all);
    return done;
}

bool tr_forms_learn(tr_forms *f, const tr_text *lines)
{
    rf_map *counts = rf_map_new();
    bool done = counts != NULL;
    *f = (tr_forms){rf_vocab_new(), rf_vocab_new()};
    done = done && f->form && f->small;
    for (size_t i = 0; done && i < lines->n; i++) {
        size_t n;
        const char *words = tr_text_line(lines, i, &n);
        done = count_line(counts, words, n);
    }
    done = done && take_forms(f, counts);
    rf_map_free(counts);
    return done;
}

bool tr_forms_take(tr_forms *f, rf_vocab *list)
{
    rf_str small = {0};
    *f = (tr_forms){list, rf_vocab_new()};
    bool done = list && f->small;
    for (int32_t i = 0; done && i < rf_vocab_size(list); i++) {
        size_t n;
        const char *form = rf_vocab_at(list, i, &n);
        rf_str_clear(&small);
        tr_lower(form, n, &small);
        done = !small.failed && rf_vocab_add(f->small, small.s ? small.s : "", small.n) == i;
    }
    rf_str_free(&small);
    return done;
}

/* ---- Applying -------------------------------------------------------------------------------- */

static void put_form(const tr_forms *f, const char *word, size_t n, rf_str *out)
{
    rf_str small = {0};
    tr_lower(word, n, &small);
    const int32_t id = small.failed ? -1 : rf_vocab_find(f->small, small.s, small.n);
    if (small.failed) out->failed = true;
    if (id >= 0) word = rf_vocab_at(f->form, id, &n);
    rf_str_add(out, word, n);
    rf_str_free(&small);
}

static void put_capital(const char *word, size_t n, rf_str *out)
{
    int32_t code;
    const int k = rf_utf8_next(word, n, &code);
    if (k < 1) return;
    put_code(out, utf8proc_toupper(code));
    rf_str_add(out, word + k, n - (size_t)k);
}

/* Words, the first of each sentence in another form: the usual one, or without f a capital. */
static void put_words(const tr_forms *f, const char *words, size_t n, rf_str *out)
{
    const char *at = words, *end = words + n, *word;
    bool open = true;
    for (size_t m; tr_word_next(&at, end, &word, &m);) {
        if (word > words) rf_str_put(out, " ");
        if (!is_first(&open, word, m))
            rf_str_add(out, word, m);
        else if (f)
            put_form(f, word, m, out);
        else
            put_capital(word, m, out);
    }
}

void tr_forms_apply(const tr_forms *f, const char *words, size_t n, rf_str *out)
{
    put_words(f, words, n, out);
}

void tr_forms_undo(const char *words, size_t n, rf_str *out) { put_words(NULL, words, n, out); }

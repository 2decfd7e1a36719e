/* text/division.c -- two divisions of one text compared, as the CoNLL 2018 evaluator does.
 *
 * A division keeps the text's characters without blanks; tokens, words and sentences are spans of
 * its bytes.  Words of a token with several share the token's span. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/segment.h>
#include <refrain/text.h>
#include <utf8proc.h>

#include "text/segment.h"
#include "text/source.h"

typedef struct span {
    size_t from, to;
} span;

typedef struct spans {
    span *at;
    size_t n, cap;
} spans;

/* A word's columns begin at `column` in the strings; joined: its token has several. */
typedef struct word {
    size_t column[RF_COLUMNS];
    bool joined;
} word;

struct rf_division {
    rf_str text, strings;
    spans tokens, sentences, words;
    word *word; /* [words.cap] */
    size_t cap;
    rf_ids pairs;
};

rf_division *rf_division_new(void) { return calloc(1, sizeof(rf_division)); }

void rf_division_free(rf_division *d)
{
    if (!d) return;
    rf_str_free(&d->text);
    rf_str_free(&d->strings);
    free(d->tokens.at);
    free(d->sentences.at);
    free(d->words.at);
    free(d->word);
    rf_ids_free(&d->pairs);
    free(d);
}

size_t rf_division_words(const rf_division *d) { return d->words.n; }

const char *rf_division_column(const rf_division *d, size_t i, int column)
{
    return d->strings.s + d->word[i].column[column];
}

/* ---- Adding -------------------------------------------------------------------------------------- */

static bool add_span(spans *s, size_t from, size_t to)
{
    if (s->n == s->cap) {
        const size_t cap = s->cap ? 2 * s->cap : 256;
        span *at = realloc(s->at, cap * sizeof *at);
        if (!at) return false;
        s->at = at;
        s->cap = cap;
    }
    s->at[s->n++] = (span){from, to};
    return true;
}

/* Append a form without its blanks. */
static void add_text(rf_str *text, const char *form)
{
    size_t n = strlen(form), length;
    int32_t code;
    for (; n; form += length, n -= length)
        if (rfi_segment_kind(form, n, &code, &length) != RFI_BLANK) rf_str_add(text, form, length);
}

static bool add_word(rf_division *d, const rf_row *row, span at, bool joined)
{
    if (d->words.n == d->cap) {
        const size_t cap = d->cap ? 2 * d->cap : 256;
        word *list = realloc(d->word, cap * sizeof *list);
        if (!list) return false;
        d->word = list;
        d->cap = cap;
    }
    word *w = &d->word[d->words.n];
    w->joined = joined;
    for (int k = 0; k < RF_COLUMNS; k++) {
        const char *s = row->column[k] ? row->column[k] : "_";
        w->column[k] = d->strings.n;
        rf_str_add(&d->strings, s, strlen(s) + 1);
    }
    return !d->strings.failed && add_span(&d->words, at.from, at.to);
}

rf_status rf_division_add(rf_division *d, const rf_sentence *s, rf_error *err)
{
    const size_t begin = d->text.n;
    span token = {begin, begin};
    int32_t covered = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < s->rows; i++) {
        const rf_row *row = &s->row[i];
        const bool joined = row->kind == RF_ROW_WORD && row->first <= covered;
        if (row->kind == RF_ROW_EMPTY) continue;
        if (!joined) {
            token.from = d->text.n;
            add_text(&d->text, row->column[RF_FORM] ? row->column[RF_FORM] : "_");
            token.to = d->text.n;
            ok = add_span(&d->tokens, token.from, token.to);
        }
        if (row->kind == RF_ROW_RANGE)
            covered = row->last;
        else
            ok = ok && add_word(d, row, token, joined);
    }
    ok = ok && !d->text.failed && add_span(&d->sentences, begin, d->text.n);
    return ok ? RF_OK : rf_fail(err, RF_ENOMEM, "no memory for a sentence");
}

/* ---- Scores ------------------------------------------------------------------------------------- */

static rf_division_score score(size_t gold, size_t system, size_t right, size_t aligned)
{
    const double g = (double)gold, s = (double)system, r = (double)right;
    return (rf_division_score){.gold = (int64_t)gold,
                               .system = (int64_t)system,
                               .right = (int64_t)right,
                               .precision = system ? r / s : 0,
                               .recall = gold ? r / g : 0,
                               .f1 = gold + system ? 2 * r / (g + s) : 0,
                               .accuracy = aligned ? r / (double)aligned : (double)NAN};
}

static rf_division_score score_spans(const spans *gold, const spans *system)
{
    size_t g = 0, s = 0, right = 0;
    while (g < gold->n && s < system->n) {
        const span a = gold->at[g], b = system->at[s];
        right += a.from == b.from && a.to == b.to;
        g += a.from <= b.from;
        s += b.from <= a.from;
    }
    return score(gold->n, system->n, right, 0);
}

/* ---- Words side by side ------------------------------------------------------------------------------- */

/* Words [g, g_end) of gold and [s, s_end) of the system. */
typedef struct window {
    size_t g, g_end, s, s_end;
} window;

/* Does the word lie beyond what ends at `end`? */
static bool is_beyond(const rf_division *d, size_t i, size_t end)
{
    if (i >= d->words.n) return true;
    return d->word[i].joined ? d->words.at[i].from >= end : d->words.at[i].to > end;
}

static size_t extended(const rf_division *d, size_t i, size_t end)
{
    return d->word[i].joined && d->words.at[i].to > end ? d->words.at[i].to : end;
}

/* The least stretch of whole words around a token of several that begins at g or s. */
static window stretch(const rf_division *gold, const rf_division *system, size_t g, size_t s)
{
    const span *G = gold->words.at, *S = system->words.at;
    size_t end;
    if (gold->word[g].joined) {
        end = G[g].to;
        if (!system->word[s].joined && S[s].from < G[g].from) s++;
    } else {
        end = S[s].to;
        if (!gold->word[g].joined && G[g].from < S[s].from) g++;
    }
    window w = {g, g, s, s};
    while (!is_beyond(gold, w.g_end, end) || !is_beyond(system, w.s_end, end)) {
        const bool take_gold = w.g_end < gold->words.n &&
                               (w.s_end >= system->words.n || G[w.g_end].from <= S[w.s_end].from);
        end = take_gold ? extended(gold, w.g_end, end) : extended(system, w.s_end, end);
        w.g_end += take_gold;
        w.s_end += !take_gold;
    }
    return w;
}

static bool same_form(const rf_division *gold, size_t g, const rf_division *system, size_t s)
{
    const char *a = rf_division_column(gold, g, RF_FORM);
    const char *b = rf_division_column(system, s, RF_FORM);
    int32_t x = 1, y = 1;
    while (*a && *b && x == y) {
        const int m = rf_utf8_next(a, strlen(a), &x), n = rf_utf8_next(b, strlen(b), &y);
        if (m < 1 || n < 1) return false;
        a += m;
        b += n;
        x = utf8proc_tolower(x);
        y = utf8proc_tolower(y);
    }
    return x == y && !*a && !*b;
}

static void add_pair(rf_division *gold, size_t g, size_t s)
{
    rf_ids_add(&gold->pairs, (int32_t)g);
    rf_ids_add(&gold->pairs, (int32_t)s);
}

/* A longest common subsequence of the forms of a window.  lcs [n+1,m+1]: lengths from there on. */
static bool align_window(rf_division *gold, const rf_division *system, window w)
{
    const size_t n = w.g_end - w.g, m = w.s_end - w.s, row = m + 1;
    int32_t *lcs = n < 4096 && m < 4096 ? calloc((n + 1) * row, sizeof *lcs) : NULL;
    if (!lcs) return false;
    for (size_t g = n; g-- > 0;)
        for (size_t s = m; s-- > 0;) {
            const int32_t down = lcs[(g + 1) * row + s], right = lcs[g * row + s + 1];
            const bool same = same_form(gold, w.g + g, system, w.s + s);
            const int32_t across = same ? 1 + lcs[(g + 1) * row + s + 1] : 0;
            const int32_t best = down > right ? down : right;
            lcs[g * row + s] = across > best ? across : best;
        }
    for (size_t g = 0, s = 0; g < n && s < m;) {
        if (same_form(gold, w.g + g, system, w.s + s))
            add_pair(gold, w.g + g++, w.s + s++);
        else if (lcs[g * row + s] == lcs[(g + 1) * row + s])
            g++;
        else
            s++;
    }
    free(lcs);
    return true;
}

static bool align(rf_division *gold, const rf_division *system)
{
    size_t g = 0, s = 0;
    gold->pairs.n = 0;
    while (g < gold->words.n && s < system->words.n) {
        if (gold->word[g].joined || system->word[s].joined) {
            const window w = stretch(gold, system, g, s);
            if (w.g_end > w.g && w.s_end > w.s && !align_window(gold, system, w)) return false;
            g = w.g_end;
            s = w.s_end;
            continue;
        }
        const span a = gold->words.at[g], b = system->words.at[s];
        const bool same = a.from == b.from && a.to == b.to;
        if (same) add_pair(gold, g, s);
        g += same || a.from <= b.from;
        s += same || a.from > b.from;
    }
    return !gold->pairs.failed;
}

/* ---- Comparing ------------------------------------------------------------------------------------------ */

static rf_status check_texts(const rf_division *gold, const rf_division *system, rf_error *err)
{
    const rf_str *a = &gold->text, *b = &system->text;
    char here[RFI_SHOWN], there[RFI_SHOWN];
    size_t i = 0;
    if (!gold->words.n || !system->words.n)
        return rf_fail(err, RF_EINVAL, "no words to compare in %s",
                       gold->words.n ? "what was divided" : "the gold division");
    if (a->n == b->n && !memcmp(a->s, b->s, a->n)) return RF_OK;
    while (i < a->n && i < b->n && a->s[i] == b->s[i]) i++;
    while (i && i < a->n && ((unsigned char)a->s[i] & 0xc0) == 0x80) i--;
    return rf_fail(err, RF_EFORMAT, "the texts differ at character %zu: '%s' where gold has '%s'",
                   rf_utf8_count(a->s, i) + 1,
                   rfi_shown(b->s + i, b->n - i < 40 ? b->n - i : 40, there),
                   rfi_shown(a->s + i, a->n - i < 40 ? a->n - i : 40, here));
}

static void score_columns(const rf_division *gold, const rf_division *system,
                          rf_division_scores *out)
{
    for (int k = 0; k < RF_COLUMNS; k++) {
        size_t right = 0;
        for (size_t i = 0; i < out->aligned; i++)
            right += !strcmp(rf_division_column(gold, (size_t)out->pair[2 * i], k),
                             rf_division_column(system, (size_t)out->pair[2 * i + 1], k));
        out->column[k] = score(gold->words.n, system->words.n, right, out->aligned);
    }
}

rf_status rf_division_compare(rf_division *gold, const rf_division *system, rf_division_scores *out,
                              rf_error *err)
{
    const rf_status st = check_texts(gold, system, err);
    if (st) return st;
    if (!align(gold, system)) return rf_fail(err, RF_ENOMEM, "no memory to align words");
    *out = (rf_division_scores){.aligned = gold->pairs.n / 2, .pair = gold->pairs.at};
    out->tokens = score_spans(&gold->tokens, &system->tokens);
    out->sentences = score_spans(&gold->sentences, &system->sentences);
    out->words = score(gold->words.n, system->words.n, out->aligned, out->aligned);
    score_columns(gold, system, out);
    return RF_OK;
}

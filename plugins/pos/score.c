/* pos/score.c -- see score.h. */
#include "score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"

/* ---- Counting -------------------------------------------------------------------------------- */

static bool is_seen(const pos_corpus *c, rf_index word, const rf_vocab *seen, rf_str *key)
{
    size_t n;
    const char *form = pos_corpus_form(c, word, &n);
    if (!seen) return true;
    rf_str_clear(key);
    pos_key_word(form, n, key);
    return key->s && rf_vocab_find(seen, key->s, key->n) >= 0;
}

/* Each word there is, `to` being the told one or -1. */
static void count_word(pos_score *s, const pos_corpus *right, const pos_corpus *told, rf_index word,
                       rf_index to, bool seen)
{
    const int32_t is = right->word[word].tag;
    const bool hit = to >= 0 && is >= 0 && told->word[to].tag == is;
    s->words++;
    s->found += to >= 0;
    s->right += hit;
    s->unknown += !seen;
    s->unknown_found += !seen && to >= 0;
    s->unknown_right += !seen && hit;
    if (is >= 0 && to >= 0 && told->word[to].tag >= 0)
        s->confusion.pair[is * s->confusion.K + told->word[to].tag]++;
    if (is >= 0 && to < 0) s->confusion.missed[is]++;
}

/* Sentences in which all is right. */
static void count_whole(pos_score *s, const pos_corpus *right, const pos_corpus *told,
                        const rf_index *to)
{
    for (rf_index i = 0; i < right->n; i++) {
        bool whole = true;
        rf_index last = -1;
        for (rf_index k = right->start[i]; k < right->start[i + 1] && whole; k++) {
            whole = to[k] >= 0 && told->word[to[k]].tag == right->word[k].tag &&
                    (last < 0 || to[k] == last + 1);
            last = to[k];
        }
        s->whole += whole;
    }
}

/* Told words that are none. */
static void count_made(pos_score *s, const pos_corpus *told, const rf_index *to, rf_index n,
                       bool *used)
{
    for (rf_index k = 0; k < n; k++)
        if (to[k] >= 0) used[to[k]] = true;
    for (rf_index k = 0; k < told->words; k++)
        if (!used[k] && told->word[k].tag >= 0) s->confusion.extra[told->word[k].tag]++;
}

static rf_status compare(pos_score *s, const pos_corpus *right, const pos_corpus *told,
                         const rf_vocab *seen, rf_error *err)
{
    rf_index *to = calloc((size_t)right->words + 1, sizeof *to);
    bool *used = calloc((size_t)told->words + 1, sizeof *used);
    rf_division_score sentences = {0};
    rf_str key = {0};
    rf_status st = to && used ? pos_align(right, told, to, &sentences, err) : rf_no_memory(err);
    for (rf_index k = 0; k < right->words && !st; k++)
        count_word(s, right, told, k, to[k], is_seen(right, k, seen, &key));
    if (!st) count_whole(s, right, told, to);
    if (!st) count_made(s, told, to, right->words, used);
    s->told = told->words;
    s->sentences = right->n;
    s->sentence_f1 = sentences.f1;
    rf_str_free(&key);
    free(to);
    free(used);
    return st;
}

rf_status pos_score_make(pos_score *s, const pos_corpus *right, const pos_corpus *told,
                         const rf_vocab *seen, rf_error *err)
{
    *s = (pos_score){.tags = right->tags};
    const rf_status st = rf_confusion_init(&s->confusion, rf_vocab_size(right->tags), err);
    if (st) return st;
    return compare(s, right, told, seen, err);
}

void pos_score_free(pos_score *s)
{
    rf_confusion_free(&s->confusion);
    *s = (pos_score){0};
}

/* ---- Numbers --------------------------------------------------------------------------------- */

static double part(int64_t n, int64_t of) { return of ? (double)n / (double)of : (double)NAN; }

double pos_f1(int64_t n, int64_t a, int64_t b) { return part(2 * n, a + b); }

/* ---- Telling --------------------------------------------------------------------------------- */

typedef struct metric {
    const char *name;
    double value;
} metric;

/* Those that are numbers. */
static rf_status emit_metrics(const rf_host *h, const char *of, const metric *m, size_t n)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < n && !st; i++)
        if (!isnan(m[i].value)) st = rf_emit_metric(h, -1, of, m[i].name, m[i].value, NULL);
    return st;
}

static rf_status emit_summary(const pos_score *s, const rf_host *h, const char *of, bool found,
                              bool sentences)
{
    const metric given[] = {{"accuracy", part(s->right, s->words)},
                            {"accuracy_unknown", part(s->unknown_right, s->unknown)}};
    const metric words[] = {{"word_precision", part(s->found, s->told)},
                            {"word_recall", part(s->found, s->words)},
                            {"word_f1", pos_f1(s->found, s->told, s->words)},
                            {"tag_f1", pos_f1(s->right, s->told, s->words)},
                            {"tag_accuracy_of_found", part(s->right, s->found)},
                            {"word_recall_unknown", part(s->unknown_found, s->unknown)}};
    const metric last[] = {{"sentence_accuracy", part(s->whole, s->sentences)},
                           {"words", (double)s->words},
                           {"words_unknown", (double)s->unknown},
                           {"sentences", (double)s->sentences}};
    rf_status st = found ? emit_metrics(h, of, words, sizeof words / sizeof *words)
                         : emit_metrics(h, of, given, sizeof given / sizeof *given);
    if (!st && sentences) st = rf_emit_metric(h, -1, of, "sentence_f1", s->sentence_f1, NULL);
    return st ? st : emit_metrics(h, of, last, sizeof last / sizeof *last);
}

rf_status pos_score_emit(const pos_score *s, const rf_host *h, const char *of, bool found,
                         bool sentences, bool confusion)
{
    rf_status st = emit_summary(s, h, of, found, sentences);
    if (!st) st = rf_confusion_emit_classes(&s->confusion, h, s->tags, "tag");
    if (st || !confusion) return st;
    return rf_confusion_emit_pairs(&s->confusion, h, s->tags, "tag");
}

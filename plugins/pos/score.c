/* pos/score.c -- see score.h. */
#include "score.h"

#include <math.h>
#include <refrain/plot.h>
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
        s->confusion[(int64_t)is * s->K + told->word[to].tag]++;
    if (is >= 0 && to < 0) s->lost[is]++;
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
        if (!used[k] && told->word[k].tag >= 0) s->made[told->word[k].tag]++;
}

static rf_status compare(pos_score *s, const pos_corpus *right, const pos_corpus *told,
                         const rf_vocab *seen, rf_error *err)
{
    rf_index *to = calloc((size_t)right->words + 1, sizeof *to);
    bool *used = calloc((size_t)told->words + 1, sizeof *used);
    rf_division_score sentences = {0};
    rf_str key = {0};
    rf_status st = to && used ? pos_align(right, told, to, &sentences, err)
                              : rf_fail(err, RF_ENOMEM, "no memory");
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
    *s = (pos_score){.tags = right->tags, .K = rf_vocab_size(right->tags)};
    const size_t K = (size_t)s->K;
    s->confusion = calloc(K * K, sizeof *s->confusion);
    s->lost = calloc(2 * K, sizeof *s->lost);
    if (!s->confusion || !s->lost) return rf_fail(err, RF_ENOMEM, "no memory");
    s->made = s->lost + K;
    return compare(s, right, told, seen, err);
}

void pos_score_free(pos_score *s)
{
    free(s->confusion);
    free(s->lost);
    *s = (pos_score){0};
}

/* ---- Numbers --------------------------------------------------------------------------------- */

static double part(int64_t n, int64_t of) { return of ? (double)n / (double)of : (double)NAN; }

double pos_f1(int64_t n, int64_t a, int64_t b) { return part(2 * n, a + b); }

pos_tag_score pos_score_tag(const pos_score *s, int32_t tag)
{
    pos_tag_score t = {.right = s->confusion[(int64_t)tag * s->K + tag]};
    t.count = s->lost[tag];
    t.told = s->made[tag];
    for (int32_t i = 0; i < s->K; i++) {
        t.count += s->confusion[(int64_t)tag * s->K + i];
        t.told += s->confusion[(int64_t)i * s->K + tag];
    }
    t.precision = part(t.right, t.told);
    t.recall = part(t.right, t.count);
    t.f1 = pos_f1(t.right, t.told, t.count);
    return t;
}

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

static rf_status emit_tags(const pos_score *s, const rf_host *h)
{
    rf_status st = RF_OK;
    for (int32_t k = 0; k < s->K && !st; k++) {
        const pos_tag_score t = pos_score_tag(s, k);
        if (!t.count && !t.told) continue;
        const rf_field row[] = {rf_field_string("tag", rf_vocab_at(s->tags, k, NULL)),
                                rf_field_int("count", t.count),
                                rf_field_int("told", t.told),
                                rf_field_real("precision", t.precision),
                                rf_field_real("recall", t.recall),
                                rf_field_real("f1", t.f1)};
        st = rf_emit_record(h, k, "tag", row, sizeof row / sizeof *row);
    }
    return st;
}

typedef struct pair {
    int64_t count;
    int32_t is, told;
} pair;

static int by_count(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return x->is != y->is ? x->is - y->is : x->told - y->told;
}

/* Pairs of a true tag and the one that was told instead, the most frequent first. */
static rf_status emit_confusion(const pos_score *s, const rf_host *h)
{
    const int32_t K = s->K;
    pair *list = calloc((size_t)K * (size_t)K, sizeof *list);
    size_t n = 0;
    rf_status st = list ? RF_OK : h->fail(h, RF_ENOMEM, "no memory");
    for (int32_t i = 0; i < K && list; i++)
        for (int32_t j = 0; j < K; j++)
            if (i != j && s->confusion[(int64_t)i * K + j])
                list[n++] = (pair){s->confusion[(int64_t)i * K + j], i, j};
    if (n) qsort(list, n, sizeof *list, by_count);
    for (size_t i = 0; i < n && !st; i++) {
        const rf_field row[] = {rf_field_string("tag", rf_vocab_at(s->tags, list[i].is, NULL)),
                                rf_field_string("told", rf_vocab_at(s->tags, list[i].told, NULL)),
                                rf_field_int("count", list[i].count)};
        st = rf_emit_record(h, (int64_t)i, "confusion", row, sizeof row / sizeof *row);
    }
    free(list);
    return st;
}

rf_status pos_score_emit(const pos_score *s, const rf_host *h, const char *of, bool found,
                         bool sentences, bool confusion)
{
    rf_status st = emit_summary(s, h, of, found, sentences);
    if (!st) st = emit_tags(s, h);
    return !st && confusion ? emit_confusion(s, h) : st;
}

/* ---- The picture ----------------------------------------------------------------------------- */

/* The parts of each true tag, without tags that occur on neither side. */
static size_t parts(const pos_score *s, double *part_of, const char **names)
{
    size_t n = 0;
    int32_t which[4096];
    for (int32_t k = 0; k < s->K && n < 4096; k++) {
        const pos_tag_score t = pos_score_tag(s, k);
        if (!t.count && !t.told) continue;
        names[n] = rf_vocab_at(s->tags, k, NULL);
        which[n++] = k;
    }
    for (size_t i = 0; i < n; i++) {
        int64_t all = 0;
        for (size_t k = 0; k < n; k++) all += s->confusion[(int64_t)which[i] * s->K + which[k]];
        for (size_t k = 0; k < n; k++)
            part_of[i * n + k] = part(s->confusion[(int64_t)which[i] * s->K + which[k]], all);
    }
    return n;
}

rf_status pos_score_plot(const pos_score *s, const char *path, rf_error *err)
{
    const size_t K = (size_t)s->K;
    double *part_of = calloc(K * K, sizeof *part_of);
    const char **names = calloc(K, sizeof *names);
    rf_plot *p = rf_plot_new("told tags (columns) of each true tag (rows)");
    bool done = part_of && names && p;
    const size_t n = done ? parts(s, part_of, names) : 0;
    if (p) rf_plot_axes(p, "told", "true", 0);
    done = done && rf_plot_heat(p, part_of, n, n, names, names);
    rf_status st = done ? rf_plot_write(p, path, err) : rf_fail(err, RF_ENOMEM, "no memory");
    rf_plot_free(p);
    free(part_of);
    free(names);
    return st;
}

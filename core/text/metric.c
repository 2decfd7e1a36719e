/* text/metric.c -- the table of metrics, sentences added, sums and samples of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "text/metric.h"

/* ---- N-grams ------------------------------------------------------------------------------------- */

bool rfi_grams_count(rfi_grams *g, const rf_ids *ids, int order)
{
    g->tokens = (int64_t)ids->n;
    g->count = rf_map_new();
    bool done = g->count && !ids->failed;
    for (size_t n = 1; n <= (size_t)order; n++)
        for (size_t i = 0; i + n <= ids->n && done; i++)
            done = rf_map_add(g->count, (const char *)&ids->at[i], n * sizeof *ids->at, 1) !=
                   INT64_MIN;
    return done;
}

void rfi_grams_free(rfi_grams *g)
{
    rf_map_free(g->count);
    *g = (rfi_grams){0};
}

void rfi_grams_match(const rfi_grams *a, const rfi_grams *b, int order, int64_t *match)
{
    for (int n = 0; n < order; n++) match[n] = 0;
    for (size_t i = 0; i < rf_map_count(a->count); i++) {
        size_t n;
        int64_t count;
        const char *key = rf_map_at(a->count, i, &n, &count);
        const int64_t other = rf_map_get(b->count, key, n, 0);
        match[n / sizeof(int32_t) - 1] += count < other ? count : other;
    }
}

int64_t rfi_grams_total(const rfi_grams *g, int n) { return g->tokens < n ? 0 : g->tokens - n + 1; }

/* ---- The metrics --------------------------------------------------------------------------------- */

static const rfi_metric metrics[] = {
    {.name = "bleu",
     .called = "BLEU",
     .width = rfi_bleu_width,
     .collect = rfi_bleu_collect,
     .score = rfi_bleu_score,
     .sign = rfi_bleu_sign},
    {.name = "bleu-1",
     .called = "BLEU-1",
     .word_order = 1,
     .width = rfi_bleu_width,
     .collect = rfi_bleu_collect,
     .score = rfi_bleu_n_score,
     .sign = rfi_words_sign},
    {.name = "bleu-2",
     .called = "BLEU-2",
     .word_order = 2,
     .width = rfi_bleu_width,
     .collect = rfi_bleu_collect,
     .score = rfi_bleu_n_score,
     .sign = rfi_words_sign},
    {.name = "bleu-3",
     .called = "BLEU-3",
     .word_order = 3,
     .width = rfi_bleu_width,
     .collect = rfi_bleu_collect,
     .score = rfi_bleu_n_score,
     .sign = rfi_words_sign},
    {.name = "bleu-4",
     .called = "BLEU-4",
     .word_order = 4,
     .width = rfi_bleu_width,
     .collect = rfi_bleu_collect,
     .score = rfi_bleu_n_score,
     .sign = rfi_words_sign},
    {.name = "chrf",
     .width = rfi_chrf_width,
     .collect = rfi_chrf_collect,
     .score = rfi_chrf_score,
     .title = rfi_chrf_title,
     .sign = rfi_chrf_sign},
    {.name = "chrf++",
     .word_order = 2,
     .width = rfi_chrf_width,
     .collect = rfi_chrf_collect,
     .score = rfi_chrf_score,
     .title = rfi_chrf_title,
     .sign = rfi_chrf_sign},
    {.name = "rouge-1",
     .called = "ROUGE-1",
     .width = rfi_rouge_width,
     .collect = rfi_rouge_1_collect,
     .score = rfi_rouge_score,
     .sign = rfi_words_sign},
    {.name = "rouge-2",
     .called = "ROUGE-2",
     .width = rfi_rouge_width,
     .collect = rfi_rouge_2_collect,
     .score = rfi_rouge_score,
     .sign = rfi_words_sign},
    {.name = "rouge-l",
     .called = "ROUGE-L",
     .width = rfi_rouge_width,
     .collect = rfi_rouge_l_collect,
     .score = rfi_rouge_score,
     .sign = rfi_words_sign},
    {.name = "rouge-l-coco",
     .called = "ROUGE-L (COCO)",
     .width = rfi_rouge_width,
     .collect = rfi_rouge_coco_collect,
     .score = rfi_rouge_score,
     .sign = rfi_words_sign},
    {.name = "cider",
     .called = "CIDEr-D",
     .width = rfi_cider_width,
     .collect = rfi_cider_collect,
     .settle = rfi_cider_settle,
     .score = rfi_cider_score,
     .sign = rfi_words_sign,
     .free_own = rfi_cider_free},
    {.name = "meteor",
     .called = "METEOR-like",
     .width = rfi_meteor_width,
     .collect = rfi_meteor_collect,
     .score = rfi_meteor_score,
     .sign = rfi_meteor_sign},
    {.name = "exact",
     .called = "exact match",
     .width = rfi_exact_width,
     .collect = rfi_exact_collect,
     .score = rfi_exact_score,
     .sign = rfi_words_sign},
};
enum { METRICS = sizeof metrics / sizeof *metrics };

int rf_text_metric_find(const char *name)
{
    for (int i = 0; i < METRICS; i++)
        if (!strcmp(name, metrics[i].name)) return i;
    return -1;
}

const char *rf_text_metric_name_at(int metric)
{
    return metric >= 0 && metric < METRICS ? metrics[metric].name : NULL;
}

/* ---- Making -------------------------------------------------------------------------------------- */

static rf_status check_options(int metric, const rf_text_metric_options *o, rf_error *err)
{
    if (metric < 0 || metric >= METRICS)
        return rf_fail(err, RF_EINVAL, "there is no metric %d", metric);
    if (o->char_order < 1 || o->char_order > RFI_GRAMS_ORDER || o->word_order < 0 ||
        o->word_order > RFI_WORDS_ORDER || o->beta < 0)
        return rf_fail(err, RF_EINVAL,
                       "chrf: orders of 1 to %d characters and 0 to %d words are due",
                       RFI_GRAMS_ORDER, RFI_WORDS_ORDER);
    return RF_OK;
}

rf_text_metric *rf_text_metric_new(int metric, const rf_text_metric_options *o, rf_error *err)
{
    if (check_options(metric, o, err)) return NULL;
    rf_text_metric *s = calloc(1, sizeof *s);
    if (s) s->words = rf_vocab_new();
    if (!s || !s->words) {
        rf_fail(err, RF_ENOMEM, "no memory for a score");
        free(s);
        return NULL;
    }
    s->row = &metrics[metric];
    s->o = *o;
    if (s->row->word_order) s->o.word_order = s->row->word_order;
    s->width = s->row->width(&s->o);
    return s;
}

void rf_text_metric_free(rf_text_metric *s)
{
    if (!s) return;
    if (s->row->free_own) s->row->free_own(s->own);
    rf_vocab_free(s->words);
    free(s->stats);
    free(s);
}

size_t rf_text_metric_count(const rf_text_metric *s) { return s->n; }

/* ---- Sentences ----------------------------------------------------------------------------------- */

bool rfi_metric_words(rf_text_metric *s, const char *text, rf_ids *ids)
{
    rf_str words = {0};
    rf_text_tokenize(s->o.tokens, text, strlen(text), &words);
    bool done = !words.failed;
    for (size_t i = 0, from = 0; i <= words.n && done; i++) {
        if (i < words.n && words.s[i] != ' ') continue;
        const int32_t id = i > from ? rf_vocab_add(s->words, words.s + from, i - from) : 0;
        if (i > from) rf_ids_add(ids, id);
        done = id >= 0 && !ids->failed;
        from = i + 1;
    }
    rf_str_free(&words);
    return done;
}

/* A copy in small letters where that is asked for, else as it is.  NULL: no memory. */
static char *copy_text(const rf_text_metric *s, const char *text)
{
    rf_ids codes = {0};
    rf_str out = {0};
    if (!s->o.lowercase) return strdup(text);
    rfi_codes(text, strlen(text), &codes);
    rf_str_put(&out, "");
    for (size_t i = 0; i < codes.n; i++) {
        char c[4];
        rf_str_add(&out, c, (size_t)rf_utf8_put(utf8proc_tolower(codes.at[i]), c));
    }
    if (codes.failed || out.failed) rf_str_free(&out);
    rf_ids_free(&codes);
    return out.s;
}

static rf_status no_memory(rf_error *err)
{
    return rf_fail(err, RF_ENOMEM, "no memory for a score");
}

static rf_status check_sentence(const rf_text_metric *s, const char *hypothesis,
                                const char *const *reference, size_t count, rf_error *err)
{
    char name[40];
    size_t given = 0;
    snprintf(name, sizeof name, "sentence %zu", s->n + 1);
    rf_status st = rf_utf8_check(hypothesis, strlen(hypothesis), name, err);
    for (size_t i = 0; i < count && !st; i++) {
        if (!reference[i]) continue;
        given++;
        st = rf_utf8_check(reference[i], strlen(reference[i]), name, err);
    }
    if (!st && !given) st = rf_fail(err, RF_EINVAL, "%s: no reference", name);
    return st;
}

static bool reserve(rf_text_metric *s)
{
    if (s->n < s->cap) return true;
    const size_t cap = s->cap ? 2 * s->cap : 256;
    if (!rf_resize(&s->stats, cap * (size_t)s->width, sizeof *s->stats)) return false;
    s->cap = cap;
    return true;
}

static bool collect(rf_text_metric *s, const char *hypothesis, char **text, size_t given)
{
    char *told = copy_text(s, hypothesis);
    rfi_sentence x = {told, (const char *const *)text, given};
    double *stats = s->stats + s->n * (size_t)s->width;
    memset(stats, 0, (size_t)s->width * sizeof *stats);
    const bool done = told && s->row->collect(s, &x, stats);
    free(told);
    return done;
}

rf_status rf_text_metric_add(rf_text_metric *s, const char *hypothesis,
                             const char *const *reference, size_t count, rf_error *err)
{
    rf_status st = check_sentence(s, hypothesis, reference, count, err);
    if (st) return st;
    char **text = calloc(count, sizeof *text);
    size_t given = 0;
    bool done = text && reserve(s);
    for (size_t i = 0; i < count && done; i++) {
        if (!reference[i]) continue;
        text[given] = copy_text(s, reference[i]);
        done = text[given++] != NULL;
    }
    done = done && collect(s, hypothesis, text, given);
    for (size_t i = 0; text && i < given; i++) free(text[i]);
    free(text);
    if (!done) return no_memory(err);
    s->references = !s->n || s->references == (int)given ? (int)given : -1;
    s->n++;
    s->settled = false;
    return RF_OK;
}

/* ---- Scores -------------------------------------------------------------------------------------- */

void rfi_score_part(rf_text_score *out, const char *name, double value)
{
    if (out->parts == RF_TEXT_SCORE_PARTS) return;
    out->part[out->parts].name = name;
    out->part[out->parts++].value = value;
}

/* False: no memory, and then there is no score. */
static bool settle(rf_text_metric *s)
{
    if (!s->settled) s->settled = !s->row->settle || s->row->settle(s);
    return s->settled;
}

static void score_sum(const rf_text_metric *s, const double *sum, rf_text_score *out)
{
    *out = (rf_text_score){.value = NAN};
    if (s->settled) s->row->score(&s->o, sum, out);
}

static void add_sentence(const rf_text_metric *s, size_t i, double *sum)
{
    const double *stats = s->stats + i * (size_t)s->width;
    for (int k = 0; k < s->width; k++) sum[k] += stats[k];
}

void rf_text_metric_corpus(rf_text_metric *s, rf_text_score *out)
{
    double sum[RFI_METRIC_WIDTH] = {0};
    settle(s);
    for (size_t i = 0; i < s->n; i++) add_sentence(s, i, sum);
    score_sum(s, sum, out);
}

void rf_text_metric_sentence(rf_text_metric *s, size_t i, rf_text_score *out)
{
    settle(s);
    score_sum(s, s->stats + i * (size_t)s->width, out);
}

void rf_text_score_parts(const rf_text_score *x, rf_str *out)
{
    int i = 0;
    for (; i < x->parts && !strncmp(x->part[i].name, "precision_", 10); i++)
        rf_str_printf(out, "%s%.1f", i ? "/" : "", x->part[i].value);
    rf_str_put(out, i ? " (" : "(");
    for (const char *gap = ""; i < x->parts; i++, gap = " ")
        rf_str_printf(out, strstr(x->part[i].name, "_len") ? "%s%s = %.0f" : "%s%s = %.3f", gap,
                      x->part[i].name, x->part[i].value);
    rf_str_put(out, ")");
}

void rf_text_metric_title(const rf_text_metric *s, rf_str *out)
{
    if (s->row->called)
        rf_str_put(out, s->row->called);
    else
        s->row->title(&s->o, out);
}

void rf_text_metric_sign(const rf_text_metric *s, rf_str *out)
{
    if (s->references < 0) rf_str_put(out, "nrefs:var");
    if (s->references >= 0) rf_str_printf(out, "nrefs:%d", s->references);
    rf_str_printf(out, "|case:%s", s->o.lowercase ? "lc" : "mixed");
    s->row->sign(&s->o, out);
}

/* ---- The bootstrap ------------------------------------------------------------------------------- */

typedef struct samples {
    double *score[2]; /* [count] of each system */
    int count;
} samples;

static double score_of(const rf_text_metric *s, const double *sum)
{
    rf_text_score score;
    score_sum(s, sum, &score);
    return score.value;
}

/* One test set, the same for both systems. */
static void draw(rf_text_metric *const system[2], rf_key key, samples *to, int at)
{
    double sum[2][RFI_METRIC_WIDTH] = {{0}};
    const size_t n = system[0]->n;
    for (size_t i = 0; i < n; i++) {
        const size_t one = (size_t)(rf_uniform(key, i) * (double)n);
        for (int k = 0; k < 2 && system[k]; k++) add_sentence(system[k], one, sum[k]);
    }
    for (int k = 0; k < 2 && system[k]; k++) to->score[k][at] = score_of(system[k], sum[k]);
}

static int compare_reals(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* How many differences are as far from their mean as the real one is from zero.  (sacreBLEU counts those
 * that are farther, and so finds a system unlike itself.) */
static double chance_of(const samples *x, double difference)
{
    double mean = 0;
    int larger = 0;
    for (int i = 0; i < x->count; i++) mean += fabs(x->score[0][i] - x->score[1][i]) / x->count;
    for (int i = 0; i < x->count; i++)
        larger += fabs(x->score[0][i] - x->score[1][i]) - mean >= fabs(difference);
    return (larger + 1.0) / (x->count + 1.0);
}

/* Between what 95 % of them are.  They are sorted. */
static void find_range(double *score, int count, double *low, double *high)
{
    const int cut = count / 40;
    qsort(score, (size_t)count, sizeof *score, compare_reals);
    *low = score[cut];
    *high = score[count - cut - 1];
}

static void summarize(const samples *x, bool pair, rf_bootstrap *out)
{
    for (int i = 0; i < x->count; i++) out->mean += x->score[0][i] / x->count;
    for (int i = 0; i < x->count && pair; i++) x->score[1][i] = x->score[0][i] - x->score[1][i];
    if (pair) find_range(x->score[1], x->count, &out->difference_low, &out->difference_high);
    find_range(x->score[0], x->count, &out->low, &out->high);
}

static rf_status check_pair(const rf_text_metric *s, const rf_text_metric *against, int count,
                            rf_error *err)
{
    if (!s->n || count < 1) return rf_fail(err, RF_EINVAL, "no sentences to draw samples from");
    if (!against || (against->row == s->row && against->n == s->n && against->width == s->width))
        return RF_OK;
    return rf_fail(err, RF_EINVAL, "two systems are compared on the same sentences: %zu and %zu",
                   s->n, against->n);
}

static rf_status draw_all(rf_text_metric *const system[2], uint64_t seed, samples *x,
                          bool (*go_on)(void *, double), void *ctx, rf_error *err)
{
    for (int i = 0; i < x->count; i++) {
        if (go_on && !go_on(ctx, (double)i / x->count))
            return rf_fail(err, RF_ECANCELLED, "interrupted");
        draw(system, rf_key_make(seed, "bootstrap", (uint64_t)i), x, i);
    }
    return RF_OK;
}

rf_status rf_text_metric_bootstrap(rf_text_metric *s, rf_text_metric *against, int count,
                                   uint64_t seed, bool (*go_on)(void *ctx, double part), void *ctx,
                                   rf_bootstrap *out, rf_error *err)
{
    rf_text_metric *const system[2] = {s, against};
    rf_text_score score[2] = {{0}};
    samples x = {.count = count};
    rf_status st = check_pair(s, against, count, err);
    if (st) return st;
    for (int k = 0; k < 2; k++) x.score[k] = calloc((size_t)count, sizeof *x.score[k]);
    if (!x.score[0] || !x.score[1]) st = no_memory(err);
    for (int k = 0; k < 2 && system[k] && !st; k++) rf_text_metric_corpus(system[k], &score[k]);
    if (!st) st = draw_all(system, seed, &x, go_on, ctx, err);
    if (!st) {
        *out = (rf_bootstrap){.value = score[0].value,
                              .p = NAN,
                              .difference = NAN,
                              .difference_low = NAN,
                              .difference_high = NAN};
        if (against) out->difference = score[0].value - score[1].value;
        if (against) out->p = chance_of(&x, out->difference);
        summarize(&x, against != NULL, out);
    }
    free(x.score[0]);
    free(x.score[1]);
    return st;
}

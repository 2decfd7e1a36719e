/* text/metric_bleu.c -- BLEU: n-grams of words that are right, and a penalty for texts that are short.
 *
 * A sentence contributes: its length, that of the closest reference, then for n = 1 .. 4 the n-grams
 * that are right, and all. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text/metric.h"

enum { LENGTH, CLOSEST, RIGHT, ALL = RIGHT + RFI_WORDS_ORDER, WIDTH = ALL + RFI_WORDS_ORDER };

const char *const rf_text_smoothings[] = {[RF_SMOOTH_EXP] = "exp",
                                          [RF_SMOOTH_FLOOR] = "floor",
                                          [RF_SMOOTH_ADD_K] = "add-k",
                                          [RF_SMOOTH_NONE] = "none",
                                          NULL};

static double smooth_value(const rf_text_metric_options *o)
{
    if (!isnan(o->smooth_value)) return o->smooth_value;
    return o->smoothing == RF_SMOOTH_FLOOR ? 0.1 : 1;
}

int rfi_bleu_width(const rf_text_metric_options *o)
{
    (void)o;
    return WIDTH;
}

/* ---- Counting ------------------------------------------------------------------------------------ */

/* Of each n-gram the largest count of any reference. */
static bool merge_grams(rfi_grams *into, const rfi_grams *from)
{
    for (size_t i = 0; i < rf_map_count(from->count); i++) {
        size_t n;
        int64_t count;
        const char *key = rf_map_at(from->count, i, &n, &count);
        if (count > rf_map_get(into->count, key, n, 0) && !rf_map_put(into->count, key, n, count))
            return false;
    }
    return true;
}

/* Of two equally close lengths the shorter one. */
static int64_t closer(int64_t to, int64_t a, int64_t b)
{
    const int64_t x = llabs(a - to), y = llabs(b - to);
    return x < y || (x == y && a < b) ? a : b;
}

static bool count_references(rf_text_metric *s, const rfi_sentence *x, rfi_grams *all,
                             int64_t length, int64_t *closest)
{
    bool done = true;
    for (size_t i = 0; i < x->count && done; i++) {
        rf_ids ids = {0};
        rfi_grams one = {0};
        rfi_grams *to = i ? &one : all;
        done = rfi_metric_words(s, x->reference[i], &ids) &&
               rfi_grams_count(to, &ids, RFI_WORDS_ORDER) && (!i || merge_grams(all, &one));
        *closest = i ? closer(length, to->tokens, *closest) : to->tokens;
        rfi_grams_free(&one);
        rf_ids_free(&ids);
    }
    return done;
}

bool rfi_bleu_collect(rf_text_metric *s, const rfi_sentence *x, double *stats)
{
    rf_ids ids = {0};
    rfi_grams told = {0}, right = {0};
    int64_t match[RFI_WORDS_ORDER], closest = 0;
    bool done = rfi_metric_words(s, x->hypothesis, &ids) &&
                rfi_grams_count(&told, &ids, RFI_WORDS_ORDER) &&
                count_references(s, x, &right, told.tokens, &closest);
    if (done) rfi_grams_match(&told, &right, RFI_WORDS_ORDER, match);
    stats[LENGTH] = (double)told.tokens;
    stats[CLOSEST] = (double)closest;
    for (int n = 0; n < RFI_WORDS_ORDER && done; n++) {
        stats[RIGHT + n] = (double)match[n];
        stats[ALL + n] = (double)rfi_grams_total(&told, n + 1);
    }
    rfi_grams_free(&told);
    rfi_grams_free(&right);
    rf_ids_free(&ids);
    return done;
}

/* ---- The score ----------------------------------------------------------------------------------- */

/* In percent, smoothed; how many of them count. */
static int precisions(const rf_text_metric_options *o, const double *sum, double *p)
{
    int counts = RFI_WORDS_ORDER;
    double half = 1;
    const double value = smooth_value(o);
    for (int n = 0; n < RFI_WORDS_ORDER; n++) {
        const double more = o->smoothing == RF_SMOOTH_ADD_K && n ? value : 0;
        const double right = sum[RIGHT + n] + more, all = sum[ALL + n] + more;
        if (all == 0) break;
        if (o->effective_order) counts = n + 1;
        if (right != 0)
            p[n] = 100 * right / all;
        else if (o->smoothing == RF_SMOOTH_EXP)
            p[n] = 100 / ((half *= 2) * all);
        else if (o->smoothing == RF_SMOOTH_FLOOR)
            p[n] = 100 * value / all;
    }
    return counts;
}

static double brevity(const double *sum)
{
    if (sum[LENGTH] >= sum[CLOSEST]) return 1;
    return sum[LENGTH] > 0 ? exp(1 - sum[CLOSEST] / sum[LENGTH]) : 0;
}

static void lengths(const double *sum, rf_text_score *out)
{
    rfi_score_part(out, "BP", brevity(sum));
    rfi_score_part(out, "ratio", sum[CLOSEST] > 0 ? sum[LENGTH] / sum[CLOSEST] : 0);
    rfi_score_part(out, "hyp_len", sum[LENGTH]);
    rfi_score_part(out, "ref_len", sum[CLOSEST]);
}

void rfi_bleu_score(const rf_text_metric_options *o, const double *sum, rf_text_score *out)
{
    static const char *const names[RFI_WORDS_ORDER] = {"precision_1", "precision_2", "precision_3",
                                                       "precision_4"};
    double p[RFI_WORDS_ORDER] = {0}, logs = 0;
    bool any = false;
    for (int n = 0; n < RFI_WORDS_ORDER; n++) any |= sum[RIGHT + n] != 0;
    const int counts = any ? precisions(o, sum, p) : 0;
    for (int n = 0; n < counts; n++) logs += p[n] > 0 ? log(p[n]) : -9999999999.0;
    out->value = any ? brevity(sum) * exp(logs / counts) : 0;
    for (int n = 0; n < RFI_WORDS_ORDER; n++) rfi_score_part(out, names[n], p[n]);
    lengths(sum, out);
}

/* As captions are scored: n-grams up to a length that the metric's name says, nothing smoothed. */
void rfi_bleu_n_score(const rf_text_metric_options *o, const double *sum, rf_text_score *out)
{
    double logs = 0;
    bool all = true;
    for (int n = 0; n < o->word_order; n++) {
        all = all && sum[RIGHT + n] > 0;
        if (all) logs += log(sum[RIGHT + n] / sum[ALL + n]) / o->word_order;
    }
    out->value = all ? 100 * brevity(sum) * exp(logs) : 0;
    lengths(sum, out);
}

void rfi_bleu_sign(const rf_text_metric_options *o, rf_str *out)
{
    rf_str_printf(out, "|eff:%s|tok:%s|smooth:%s", o->effective_order ? "yes" : "no",
                  rf_text_tokenizers[o->tokens], rf_text_smoothings[o->smoothing]);
    if (o->smoothing == RF_SMOOTH_FLOOR || o->smoothing == RF_SMOOTH_ADD_K)
        rf_str_printf(out, "[%.2f]", smooth_value(o));
    rf_str_put(out, "|version:2.6.0");
}

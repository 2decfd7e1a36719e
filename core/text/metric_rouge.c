/* text/metric_rouge.c -- ROUGE: how much of what people wrote is there, in n-grams or in a longest
 * common subsequence of words.
 *
 * A sentence contributes precision, recall and F beside the reference with the best F1, and itself. */
#include <stdlib.h>
#include <string.h>

#include "text/metric.h"

enum { PRECISION, RECALL, F1, COUNT, WIDTH };

int rfi_rouge_width(const rf_text_metric_options *o)
{
    (void)o;
    return WIDTH;
}

/* ---- What two texts have in common --------------------------------------------------------------- */

/* Of n-grams: how many; of both, of each.  False: no memory. */
typedef bool (*common_fn)(const rf_ids *told, const rf_ids *right, int order, double *common,
                          double *all);

static bool common_grams(const rf_ids *told, const rf_ids *right, int order, double *common,
                         double *all)
{
    rfi_grams a = {0}, b = {0};
    int64_t match[RFI_WORDS_ORDER];
    const bool done = rfi_grams_count(&a, told, order) && rfi_grams_count(&b, right, order);
    if (done) {
        rfi_grams_match(&a, &b, order, match);
        *common = (double)match[order - 1];
        all[0] = (double)rfi_grams_total(&a, order);
        all[1] = (double)rfi_grams_total(&b, order);
    }
    rfi_grams_free(&a);
    rfi_grams_free(&b);
    return done;
}

/* The longest common subsequence, row by row. */
static bool common_sequence(const rf_ids *told, const rf_ids *right, int order, double *common,
                            double *all)
{
    size_t *row = calloc(right->n + 1, sizeof *row);
    (void)order;
    if (!row) return false;
    for (size_t i = 0; i < told->n; i++) {
        size_t corner = 0; /* what stood above and to the left */
        for (size_t k = 1; k <= right->n; k++) {
            const size_t above = row[k];
            if (told->at[i] == right->at[k - 1])
                row[k] = corner + 1;
            else if (row[k - 1] > above)
                row[k] = row[k - 1];
            corner = above;
        }
    }
    *common = (double)row[right->n];
    all[0] = (double)told->n;
    all[1] = (double)right->n;
    free(row);
    return true;
}

/* ---- A sentence ---------------------------------------------------------------------------------- */

static void keep_best(double common, const double *all, double *stats)
{
    const double p = all[0] > 0 ? common / all[0] : 0, r = all[1] > 0 ? common / all[1] : 0;
    const double f = p + r > 0 ? 2 * p * r / (p + r) : 0;
    if (stats[COUNT] > 0 && f <= stats[F1]) return;
    stats[PRECISION] = p;
    stats[RECALL] = r;
    stats[F1] = f;
    stats[COUNT] = 1;
}

/* The best precision and the best recall, of whichever references, and recall weighs more: what the COCO
 * caption challenge measures. */
static void keep_each_best(double common, const double *all, double *stats)
{
    const double weight = 1.2 * 1.2;
    const double p = all[0] > 0 ? common / all[0] : 0, r = all[1] > 0 ? common / all[1] : 0;
    if (p > stats[PRECISION]) stats[PRECISION] = p;
    if (r > stats[RECALL]) stats[RECALL] = r;
    const double below = stats[RECALL] + weight * stats[PRECISION];
    stats[F1] = below > 0 ? (1 + weight) * stats[PRECISION] * stats[RECALL] / below : 0;
    stats[COUNT] = 1;
}

static bool collect(rf_text_metric *s, const rfi_sentence *x, common_fn common, int order,
                    void (*keep)(double common, const double *all, double *stats), double *stats)
{
    rf_ids told = {0};
    bool done = rfi_metric_words(s, x->hypothesis, &told);
    for (size_t i = 0; i < x->count && done; i++) {
        rf_ids right = {0};
        double both = 0, all[2] = {0, 0};
        done = rfi_metric_words(s, x->reference[i], &right) &&
               common(&told, &right, order, &both, all);
        if (done) keep(both, all, stats);
        rf_ids_free(&right);
    }
    rf_ids_free(&told);
    return done;
}

bool rfi_rouge_1_collect(rf_text_metric *s, const rfi_sentence *x, double *stats)
{
    return collect(s, x, common_grams, 1, keep_best, stats);
}

bool rfi_rouge_2_collect(rf_text_metric *s, const rfi_sentence *x, double *stats)
{
    return collect(s, x, common_grams, 2, keep_best, stats);
}

bool rfi_rouge_l_collect(rf_text_metric *s, const rfi_sentence *x, double *stats)
{
    return collect(s, x, common_sequence, 0, keep_best, stats);
}

bool rfi_rouge_coco_collect(rf_text_metric *s, const rfi_sentence *x, double *stats)
{
    return collect(s, x, common_sequence, 0, keep_each_best, stats);
}

/* ---- The score ----------------------------------------------------------------------------------- */

void rfi_rouge_score(const rf_text_metric_options *o, const double *sum, rf_text_score *out)
{
    const double n = sum[COUNT] > 0 ? sum[COUNT] : 1;
    (void)o;
    out->value = 100 * sum[F1] / n;
    rfi_score_part(out, "precision", 100 * sum[PRECISION] / n);
    rfi_score_part(out, "recall", 100 * sum[RECALL] / n);
}

void rfi_words_sign(const rf_text_metric_options *o, rf_str *out)
{
    rf_str_printf(out, "|tok:%s", rf_text_tokenizers[o->tokens]);
}

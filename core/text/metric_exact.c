/* text/metric_exact.c -- how many texts are, word by word, what somebody wrote. */
#include <string.h>

#include "text/metric.h"

enum { SAME, COUNT, WIDTH };

int rfi_exact_width(const rf_text_metric_options *o)
{
    (void)o;
    return WIDTH;
}

bool rfi_exact_collect(rf_text_metric *s, const rfi_sentence *x, double *stats)
{
    rf_ids told = {0};
    bool done = rfi_metric_words(s, x->hypothesis, &told);
    for (size_t i = 0; i < x->count && done; i++) {
        rf_ids right = {0};
        done = rfi_metric_words(s, x->reference[i], &right);
        if (done && told.n == right.n &&
            (!told.n || !memcmp(told.at, right.at, told.n * sizeof *told.at)))
            stats[SAME] = 1;
        rf_ids_free(&right);
    }
    stats[COUNT] = 1;
    rf_ids_free(&told);
    return done;
}

void rfi_exact_score(const rf_text_metric_options *o, const double *sum, rf_text_score *out)
{
    (void)o;
    out->value = sum[COUNT] > 0 ? 100 * sum[SAME] / sum[COUNT] : 0;
    rfi_score_part(out, "same", sum[SAME]);
}

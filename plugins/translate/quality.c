/* translate/quality.c -- see quality.h. */
#include "quality.h"

#include <math.h>
#include <refrain/metric_text.h>

#include "units.h"

/* A tr_quality is a metric. */
static rf_scorer *metric_of(tr_quality *q) { return (rf_scorer *)(void *)q; }

tr_quality *tr_quality_new(int language, bool lowercase, rf_error *err)
{
    static const rf_score_tokens how[] = {
        [TR_NONE] = RF_SCORE_NONE, [TR_EN] = RF_SCORE_13A, [TR_ZH] = RF_SCORE_ZH};
    rf_scorer_options o = RF_SCORER_OPTIONS;
    o.tokens = how[language];
    o.lowercase = lowercase;
    return (tr_quality *)(void *)rf_scorer_new(rf_scorer_find("bleu"), &o, err);
}

void tr_quality_free(tr_quality *q) { rf_scorer_free(metric_of(q)); }

rf_status tr_quality_add(tr_quality *q, const char *translation, const char *reference,
                         rf_error *err)
{
    return rf_scorer_add(metric_of(q), translation, &reference, 1, err);
}

double tr_quality_get(tr_quality *q)
{
    rf_text_score score;
    rf_scorer_corpus(metric_of(q), &score);
    return score.value;
}

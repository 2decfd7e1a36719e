/* decode/told.c -- a scorer around another, for searches that somebody waits for. */
#include <refrain/decode.h>

static void reset(void *self, rf_index rows)
{
    const rf_told_scorer *t = self;
    t->scorer.reset(t->scorer.self, rows);
}

static const rf_real *step(void *self, const int32_t *tokens, rf_index rows)
{
    rf_told_scorer *t = self;
    t->stopped = t->tell ? t->tell(t->ctx, t->done, t->total) : RF_OK;
    return t->stopped ? NULL : t->scorer.step(t->scorer.self, tokens, rows);
}

static void gather(void *self, const int32_t *from, rf_index rows)
{
    const rf_told_scorer *t = self;
    t->scorer.gather(t->scorer.self, from, rows);
}

rf_scorer rf_told_scorer_of(rf_told_scorer *t)
{
    return (rf_scorer){.self = t,
                       .vocabulary = t->scorer.vocabulary,
                       .rows = t->scorer.rows,
                       .normalized = t->scorer.normalized,
                       .reset = reset,
                       .step = step,
                       .gather = gather};
}

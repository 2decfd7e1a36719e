/* decode/ensemble.c -- several models as one: the mean of what they hold probable.
 *
 * Invariant: row r of each member has read the same tokens. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "decode/row.h"

struct rf_ensemble {
    rf_scorer *member; /* [n] */
    size_t n;
    int32_t vocabulary;
    rf_index rows;   /* that each of them can hold */
    double *sum;     /* [rows,V], of probabilities */
    rf_real *scores; /* [rows,V] */
};

void rf_ensemble_free(rf_ensemble *e)
{
    if (!e) return;
    free(e->member);
    free(e->sum);
    free(e->scores);
    free(e);
}

static rf_status check(const rf_scorer *member, size_t n, rf_error *err)
{
    if (!n) return rf_fail(err, RF_EINVAL, "ensemble: has no member");
    for (size_t k = 1; k < n; k++)
        if (member[k].vocabulary != member->vocabulary)
            return rf_fail(err, RF_EINVAL, "ensemble: member %zu knows %d tokens, the first %d",
                           k + 1, (int)member[k].vocabulary, (int)member->vocabulary);
    return RF_OK;
}

static bool allocate(rf_ensemble *e)
{
    const size_t V = (size_t)e->vocabulary;
    e->member = calloc(e->n, sizeof *e->member);
    e->sum = calloc((size_t)e->rows, V * sizeof *e->sum);
    e->scores = calloc((size_t)e->rows, V * sizeof *e->scores);
    return e->member && e->sum && e->scores;
}

rf_ensemble *rf_ensemble_new(const rf_scorer *member, size_t n, rf_error *err)
{
    if (check(member, n, err)) return NULL;
    rf_ensemble *e = calloc(1, sizeof *e);
    if (!e) return rf_fail(err, RF_ENOMEM, "ensemble: no memory"), NULL;
    e->n = n;
    e->vocabulary = member->vocabulary;
    e->rows = member->rows;
    for (size_t k = 1; k < n; k++)
        if (member[k].rows < e->rows) e->rows = member[k].rows;
    if (!allocate(e)) {
        rf_ensemble_free(e);
        return rf_fail(err, RF_ENOMEM, "ensemble: no memory"), NULL;
    }
    memcpy(e->member, member, n * sizeof *member);
    return e;
}

/* ---- As a scorer --------------------------------------------------------------------------------- */

static void reset(void *self, rf_index rows)
{
    const rf_ensemble *e = self;
    for (size_t k = 0; k < e->n; k++) e->member[k].reset(e->member[k].self, rows);
}

static void gather(void *self, const int32_t *from, rf_index rows)
{
    const rf_ensemble *e = self;
    for (size_t k = 0; k < e->n; k++) e->member[k].gather(e->member[k].self, from, rows);
}

/* A member's scores of a row are added to the sums [V] of probabilities. */
static void add(const rf_scorer *m, const rf_real *scores, double *sum)
{
    const int32_t V = m->vocabulary;
    const double shift = m->normalized ? 0 : rfi_exact_log_sum(scores, V);
    for (int32_t v = 0; v < V; v++) sum[v] += exp((double)scores[v] - shift);
}

static const rf_real *step(void *self, const int32_t *tokens, rf_index rows)
{
    rf_ensemble *e = self;
    const rf_index V = e->vocabulary;
    memset(e->sum, 0, (size_t)(rows * V) * sizeof *e->sum);
    for (size_t k = 0; k < e->n; k++) {
        const rf_scorer *m = &e->member[k];
        const rf_real *scores = m->step(m->self, tokens, rows);
        if (!scores) return NULL;
        for (rf_index r = 0; r < rows; r++) add(m, scores + r * V, e->sum + r * V);
    }
    for (rf_index i = 0; i < rows * V; i++) e->scores[i] = (rf_real)log(e->sum[i] / (double)e->n);
    return e->scores;
}

rf_scorer rf_ensemble_scorer(rf_ensemble *e)
{
    return (rf_scorer){.self = e,
                       .vocabulary = e->vocabulary,
                       .rows = e->rows,
                       .normalized = true,
                       .reset = reset,
                       .step = step,
                       .gather = gather};
}

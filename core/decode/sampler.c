/* decode/sampler.c -- one token from one row of scores.
 *
 * Probabilities are computed in double and tokens are ordered by probability, then by number: a
 * total order, so the choice is a function of scores, options and u. */
#include <math.h>
#include <stdlib.h>

#include "decode/row.h"

struct rf_sampler {
    int32_t V;
    rf_choice *choice; /* [V] */
};

rf_sampler *rf_sampler_new(int32_t V, rf_error *err)
{
    rf_sampler *s = V > 0 ? calloc(1, sizeof *s) : NULL;
    if (s) {
        s->V = V;
        s->choice = calloc((size_t)V, sizeof *s->choice);
    }
    if (!s || !s->choice) {
        rf_fail(err, V > 0 ? RF_ENOMEM : RF_EINVAL, "sampler: %s for %d tokens",
                V > 0 ? "no memory" : "no use", (int)V);
        rf_sampler_free(s);
        return NULL;
    }
    return s;
}

void rf_sampler_free(rf_sampler *s)
{
    if (!s) return;
    free(s->choice);
    free(s);
}

double rfi_exact_log_sum(const rf_real *scores, int32_t V)
{
    double top = -INFINITY, sum = 0;
    for (int32_t v = 0; v < V; v++) top = fmax(top, (double)scores[v]);
    for (int32_t v = 0; v < V; v++) sum += exp((double)scores[v] - top);
    return top + log(sum);
}

void rf_log_probabilities(const rf_real *scores, int32_t V, double *out)
{
    const double shift = rfi_exact_log_sum(scores, V);
    for (int32_t v = 0; v < V; v++) out[v] = (double)scores[v] - shift;
}

double rfi_log_sum(const rfi_kernels *k, const rf_real *scores, int32_t V)
{
    enum { PART = 256 }; /* summed in reals; the parts in double */
    rf_real e[PART];
    if (V <= PART || !isfinite(k->sum(V, scores))) return rfi_exact_log_sum(scores, V);
    const rf_real top = k->max(V, scores);
    double sum = 0;
    for (int32_t from = 0; from < V; from += PART) {
        const rf_index n = V - from < PART ? V - from : PART;
        k->affine(n, 1, -top, scores + from, e);
        k->exp(n, e, e);
        sum += (double)k->sum(n, e);
    }
    return (double)top + log(sum);
}

/* ---- Order: probable first, then by token -------------------------------------------------------- */

static bool precedes(const rf_choice *a, const rf_choice *b)
{
    return a->p > b->p || (a->p == b->p && a->token < b->token);
}

/* Heap with the best choice on top. */
static void sift(rf_choice *heap, int32_t n, int32_t at)
{
    const rf_choice moving = heap[at];
    for (int32_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && precedes(&heap[child + 1], &heap[child])) child++;
        if (!precedes(&heap[child], &moving)) break;
        heap[at] = heap[child];
    }
    heap[at] = moving;
}

/* The best of n choices goes behind them; the order of places is turned round at the end. */
static void pop(rf_choice *heap, int32_t n)
{
    const rf_choice best = heap[0];
    heap[0] = heap[n - 1];
    heap[n - 1] = best;
    sift(heap, n - 1, 0);
}

static void reverse(rf_choice *c, int32_t n)
{
    for (int32_t i = 0, k = n - 1; i < k; i++, k--) {
        const rf_choice t = c[i];
        c[i] = c[k];
        c[k] = t;
    }
}

/* ---- Filters ------------------------------------------------------------------------------------- */

/* Scores of the allowed tokens that are not impossible; how many. */
static int32_t collect(rf_sampler *s, const rf_real *scores, const rf_sample_spec *spec)
{
    int32_t n = 0;
    for (int32_t v = 0; v < s->V; v++) {
        const double x = (double)scores[v];
        if (isnan(x) || x == (double)-INFINITY || (spec->forbid && spec->forbid[v])) continue;
        s->choice[n++] = (rf_choice){v, x};
    }
    return n;
}

static const rf_choice *only_best(rf_sampler *s, int32_t *n)
{
    for (int32_t i = 1; i < *n; i++)
        if (precedes(&s->choice[i], &s->choice[0])) s->choice[0] = s->choice[i];
    s->choice[0].p = 1;
    *n = 1;
    return s->choice;
}

/* Scores to probabilities at the temperature.  One infinite score stands for certainty. */
static double soften(rf_choice *c, int32_t n, double temperature)
{
    double top = -INFINITY, sum = 0;
    for (int32_t i = 0; i < n; i++) top = fmax(top, c[i].p);
    for (int32_t i = 0; i < n; i++) {
        c[i].p = c[i].p == top ? 1 : exp((c[i].p - top) / temperature);
        sum += c[i].p;
    }
    return sum;
}

/* Pop choices, in order, until `most` are taken or their sum reaches `limit`, at least one; they
 * stand at the end of the n, the best one last. */
static int32_t take(rf_choice *c, int32_t n, int32_t most, double limit, double *sum)
{
    int32_t taken = 0;
    *sum = 0;
    for (int32_t i = n / 2 - 1; i >= 0; i--) sift(c, n, i);
    for (; taken < most && (taken == 0 || *sum < limit); taken++) {
        *sum += c[0].p;
        pop(c, n - taken);
    }
    return taken;
}

/* The fewest leading choices whose sum reaches the limit, at least one. */
static int32_t lead(const rf_choice *c, int32_t n, double limit, double *sum)
{
    int32_t taken = 0;
    *sum = 0;
    for (; taken < n && (taken == 0 || *sum < limit); taken++) *sum += c[taken].p;
    return taken;
}

const rf_choice *rf_sampler_filter(rf_sampler *s, const rf_real *scores, const rf_sample_spec *spec,
                                   int32_t *n)
{
    const int32_t all = *n = collect(s, scores, spec);
    if (all == 0) return s->choice;
    if (spec->temperature <= 0) return only_best(s, n);
    double sum = soften(s->choice, all, spec->temperature);
    const bool nucleus = spec->top_p > 0 && spec->top_p < 1;
    const bool limited = spec->top_k > 0 && spec->top_k < all;
    const double limit = nucleus && !limited ? spec->top_p * sum : INFINITY;
    *n = take(s->choice, all, limited ? spec->top_k : all, limit, &sum);
    rf_choice *best = s->choice + (all - *n);
    reverse(best, *n);
    if (nucleus && limited) *n = lead(best, *n, spec->top_p * sum, &sum);
    for (int32_t i = 0; i < *n; i++) best[i].p /= sum;
    return best;
}

/* The choice at which the running sum passes u of `sum`. */
static int32_t draw(const rf_choice *c, int32_t n, double u, double sum)
{
    double below = 0;
    int32_t last = -1;
    for (int32_t i = 0; i < n; i++) {
        if (c[i].p <= 0) continue;
        below += c[i].p;
        last = c[i].token;
        if (u * sum < below) break;
    }
    return last;
}

int32_t rf_sampler_pick(rf_sampler *s, const rf_real *scores, const rf_sample_spec *spec, double u)
{
    int32_t n;
    const bool filtered = spec->top_k > 0 || (spec->top_p > 0 && spec->top_p < 1);
    if (filtered || spec->temperature <= 0) {
        const rf_choice *c = rf_sampler_filter(s, scores, spec, &n);
        return draw(c, n, u, 1);
    }
    n = collect(s, scores, spec);
    return draw(s->choice, n, u, soften(s->choice, n, spec->temperature));
}

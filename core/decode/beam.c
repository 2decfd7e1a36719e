/* decode/beam.c -- beam search over a scorer.
 *
 * Several searches go on side by side.  Invariant: live hypothesis k of a search is row first + k of
 * the scorer; live ones have equal length and are in order of log-probability; a search that is over
 * has no rows.  Ended ones leave the beam for the pool, which keeps the best `best`.  Each
 * step looks at the 2 beam best continuations: at most `beam` of them end, so `beam` go on.
 * It does not normalise while searching: the length penalty ranks results only. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "decode/row.h"

typedef struct candidate {
    double logp;
    int32_t row, token;
} candidate;

typedef struct search {
    const rf_scorer *scorer;
    const rf_beam_spec *spec;
    rf_index best;        /* places in the pool */
    rf_index first;       /* its first row of the scorer */
    rf_index t;           /* tokens of each live hypothesis */
    rf_index live;        /* hypotheses */
    double *logp;         /* [beam] */
    int32_t *tokens;      /* [beam, max_length] */
    int32_t *spare;       /* likewise, where the next step's are made */
    int32_t *next, *from; /* [beam] */
    const rfi_kernels *k;
    rf_real *row;    /* [V] one row's scores without what is forbidden; shared */
    candidate *heap; /* [2 beam], the worst on top */
    rf_index candidates;
    rf_hypotheses *pool;
    int32_t *pool_tokens; /* [best, max_length] */
} search;

/* ---- Candidates --------------------------------------------------------------------------------- */

static int compare(const candidate *a, const candidate *b)
{
    if (a->logp != b->logp) return a->logp > b->logp ? -1 : 1;
    if (a->row != b->row) return a->row < b->row ? -1 : 1;
    return (a->token > b->token) - (a->token < b->token);
}

static void sift(candidate *heap, rf_index n, rf_index at)
{
    const candidate moving = heap[at];
    for (rf_index child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && compare(&heap[child + 1], &heap[child]) > 0) child++;
        if (compare(&heap[child], &moving) < 0) break;
        heap[at] = heap[child];
    }
    heap[at] = moving;
}

static void rise(candidate *heap, rf_index at)
{
    const candidate moving = heap[at];
    for (; at > 0 && compare(&moving, &heap[(at - 1) / 2]) > 0; at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = moving;
}

static void offer(search *s, candidate c)
{
    if (!(c.logp > (double)-INFINITY)) return;
    if (s->candidates < 2 * s->spec->beam) {
        s->heap[s->candidates] = c;
        rise(s->heap, s->candidates++);
    } else if (compare(&c, &s->heap[0]) < 0) {
        s->heap[0] = c;
        sift(s->heap, s->candidates, 0);
    }
}

/* The heap becomes a list, the best first. */
static void sort_candidates(search *s)
{
    for (rf_index n = s->candidates; n > 1; n--) {
        const candidate worst = s->heap[0];
        s->heap[0] = s->heap[n - 1];
        s->heap[n - 1] = worst;
        sift(s->heap, n - 1, 0);
    }
}

/* No n-gram of m tokens twice: what followed the last m - 1 tokens before must not follow again. */
static void block_repeats(const search *s, const int32_t *tokens)
{
    const rf_index m = s->spec->no_repeat, n = s->t;
    if (m < 1) return;
    for (rf_index i = 0; i + m <= n; i++)
        if (!memcmp(tokens + i, tokens + n - (m - 1), (size_t)(m - 1) * sizeof *tokens))
            s->row[tokens[i + m - 1]] = -INFINITY;
}

static bool is_short(const search *s) { return s->spec->end >= 0 && s->t < s->spec->min_length; }

/* The scores without what must not follow `tokens`. */
static const rf_real *allowed(const search *s, const int32_t *tokens, const rf_real *scores)
{
    const rf_beam_spec *spec = s->spec;
    if (!spec->forbid && spec->no_repeat < 1 && !is_short(s)) return scores;
    const int32_t V = s->scorer->vocabulary;
    for (int32_t v = 0; v < V; v++)
        s->row[v] = spec->forbid && spec->forbid[v] ? -(rf_real)INFINITY : scores[v];
    if (is_short(s)) s->row[spec->end] = -INFINITY;
    block_repeats(s, tokens);
    return s->row;
}

/* Scores that are looked at together. */
enum { TOGETHER = 64 };

/* Most scores are too low for the candidates: a maximum passes over many at once.  Only roundings
 * could let it pass over a candidate, so they are allowed for. */
static void offer_scores(search *s, int32_t k, const rf_real *scores, double shift)
{
    const int32_t V = s->scorer->vocabulary;
    const double before = s->logp[k];
    for (int32_t from = 0; from < V; from += TOGETHER) {
        const int32_t to = V - from < TOGETHER ? V : from + TOGETHER;
        if (s->candidates == 2 * s->spec->beam) {
            const double top = (double)s->k->max(to - from, scores + from) - shift;
            if (before + top < s->heap[0].logp - 1e-9 * fabs(s->heap[0].logp)) continue;
        }
        for (int32_t v = from; v < to; v++)
            offer(s, (candidate){before + ((double)scores[v] - shift), k, v});
    }
}

static void offer_row(search *s, int32_t k, const rf_real *scores)
{
    const int32_t V = s->scorer->vocabulary;
    const double shift = s->scorer->normalized ? 0 : rfi_log_sum(s->k, scores, V);
    if (s->t < s->spec->prefixes) {
        const int32_t v = s->spec->prefix[s->t];
        offer(s, (candidate){s->logp[k] + ((double)scores[v] - shift), k, v});
        return;
    }
    offer_scores(s, k, allowed(s, s->tokens + k * s->spec->max_length, scores), shift);
}

/* ---- The pool of results -------------------------------------------------------------------------- */

static double penalised(const rf_beam_spec *spec, double logp, rf_index n)
{
    if (spec->penalty == RF_LENGTH_PLAIN) return logp / pow((double)n, spec->alpha);
    if (spec->penalty == RF_LENGTH_GNMT) return logp / pow((5 + (double)n) / 6, spec->alpha);
    return logp;
}

static int compare_tokens(const rf_hypothesis *a, const rf_hypothesis *b)
{
    for (rf_index i = 0; i < a->n && i < b->n; i++)
        if (a->tokens[i] != b->tokens[i]) return a->tokens[i] < b->tokens[i] ? -1 : 1;
    return (a->n > b->n) - (a->n < b->n);
}

static bool outranks(const rf_hypothesis *a, const rf_hypothesis *b)
{
    if (a->ended != b->ended) return a->ended;
    if (a->score != b->score) return a->score > b->score;
    return compare_tokens(a, b) < 0;
}

/* Put a result of n tokens into the pool if it is good enough; the last one may fall out, and its
 * tokens' place becomes the free one. */
static void pool_add(search *s, rf_hypothesis h, const int32_t *tokens)
{
    rf_hypotheses *pool = s->pool;
    h.tokens = tokens;
    rf_index at = pool->n;
    while (at > 0 && outranks(&h, &pool->h[at - 1])) at--;
    if (at == s->best) return;
    int32_t *place = s->pool_tokens + pool->n * s->spec->max_length;
    if (pool->n == s->best) {
        const rf_index last = pool->h[pool->n - 1].tokens - s->pool_tokens;
        place = s->pool_tokens + last;
    } else {
        pool->n++;
    }
    memmove(pool->h + at + 1, pool->h + at, (size_t)(pool->n - 1 - at) * sizeof *pool->h);
    if (h.n) memcpy(place, tokens, (size_t)h.n * sizeof *tokens);
    h.tokens = place;
    pool->h[at] = h;
}

/* Candidate c is a result: it ends, or is cut off here. */
static void finish(search *s, const candidate *c, bool ended)
{
    const rf_beam_spec *spec = s->spec;
    int32_t *tokens = s->tokens + c->row * spec->max_length;
    const rf_index n = s->t + (ended ? 0 : 1);
    tokens[s->t] = c->token; /* beyond the parent's tokens: nobody else reads it */
    rf_hypothesis h = {.n = n, .logp = c->logp, .ended = ended};
    h.score = penalised(spec, c->logp, s->t + 1);
    if (spec->bonus) h.score += spec->bonus(spec->ctx, s->first + c->row, tokens, n);
    pool_add(s, h, tokens);
}

/* ---- Steps ------------------------------------------------------------------------------------------ */

static void go_on(search *s, const candidate *c)
{
    const rf_index k = s->live++, L = s->spec->max_length;
    int32_t *to = s->spare + k * L;
    memcpy(to, s->tokens + c->row * L, (size_t)s->t * sizeof *to);
    to[s->t] = c->token;
    s->next[k] = c->token;
    s->from[k] = c->row;
    s->logp[k] = c->logp;
}

/* Choose among the candidates: results to the pool, the others are the next live hypotheses. */
static void advance(search *s)
{
    const rf_beam_spec *spec = s->spec;
    const bool last = s->t + 1 == spec->max_length;
    rf_index cut = 0;
    sort_candidates(s);
    s->live = 0;
    for (rf_index rank = 0; rank < s->candidates; rank++) {
        const candidate *c = &s->heap[rank];
        if (spec->end >= 0 && c->token == spec->end) {
            if (rank < spec->beam) finish(s, c, true);
        } else if (last) {
            if (cut++ < spec->beam) finish(s, c, false);
        } else if (s->live < spec->beam) {
            go_on(s, c);
        }
    }
    int32_t *t = s->tokens;
    s->tokens = s->spare;
    s->spare = t;
    s->t++;
}

/* Whether no live hypothesis can enter the pool any more: a log-probability only falls, and its
 * penalised value is at most that at the shortest or at the longest possible length.  A beam of one is
 * greedy: it ends where it ends. */
static bool is_settled(const search *s)
{
    const rf_beam_spec *spec = s->spec;
    const rf_hypotheses *pool = s->pool;
    if (pool->n < s->best || !pool->h[pool->n - 1].ended) return false;
    if (spec->beam == 1) return true;
    if (spec->bonus && !spec->malus) return false;
    const double bound =
        fmax(penalised(spec, s->logp[0], s->t + 1), penalised(spec, s->logp[0], spec->max_length));
    return bound < pool->h[pool->n - 1].score;
}

/* ---- Searches side by side -------------------------------------------------------------------------- */

typedef struct searches {
    const rf_scorer *scorer;
    search *at;
    rf_index n;
    rf_real *row;         /* [V] */
    int32_t *next, *from; /* [sum of beams] of all rows */
    int32_t *prompt;      /* [n] */
} searches;

/* All read their prompts, which have equal lengths. */
static const rf_real *read_prompts(const searches *a)
{
    const rf_scorer *scorer = a->scorer;
    const rf_real *scores = NULL;
    scorer->reset(scorer->self, a->n);
    for (rf_index t = 0; t < a->at[0].spec->prompts; t++) {
        for (rf_index i = 0; i < a->n; i++) a->prompt[i] = a->at[i].spec->prompt[t];
        if (!(scores = scorer->step(scorer->self, a->prompt, a->n))) break;
    }
    return scores;
}

/* One search goes on by a token, or is over. */
static void advance_one(search *s, const rf_real *scores, int32_t V)
{
    s->candidates = 0;
    for (rf_index k = 0; k < s->live; k++) offer_row(s, (int32_t)k, scores + (s->first + k) * V);
    advance(s);
    if (s->live && is_settled(s)) s->live = 0;
}

/* The rows of those that go on, behind one another. */
static rf_index place_rows(const searches *a)
{
    rf_index rows = 0;
    for (rf_index i = 0; i < a->n; i++) {
        search *s = &a->at[i];
        for (rf_index k = 0; k < s->live; k++) {
            a->next[rows + k] = s->next[k];
            a->from[rows + k] = (int32_t)s->first + s->from[k];
        }
        s->first = rows;
        rows += s->live;
    }
    return rows;
}

static rf_status run(const searches *a, rf_error *err)
{
    const rf_scorer *scorer = a->scorer;
    const rf_real *scores = read_prompts(a);
    for (rf_index i = 0; i < a->n; i++) {
        a->at[i].live = 1;
        a->at[i].first = i;
    }
    for (rf_index rows = a->n; scores && rows;) {
        for (rf_index i = 0; i < a->n; i++)
            if (a->at[i].live) advance_one(&a->at[i], scores, scorer->vocabulary);
        rows = place_rows(a);
        if (!rows) break;
        scorer->gather(scorer->self, a->from, rows);
        scores = scorer->step(scorer->self, a->next, rows);
    }
    if (!scores) return rf_fail(err, RF_EINTERNAL, "beam search: the model gave no scores");
    for (rf_index i = 0; i < a->n; i++)
        if (!a->at[i].pool->n)
            return rf_fail(err, RF_EDIVERGED, "beam search: no continuation has a finite score");
    return RF_OK;
}

/* ---- Checks and memory ------------------------------------------------------------------------------ */

static rf_status check_tokens(const rf_beam_spec *spec, const rf_scorer *scorer, rf_error *err)
{
    for (rf_index i = 0; i < spec->prompts + spec->prefixes; i++) {
        const bool late = i >= spec->prompts;
        const int32_t v = late ? spec->prefix[i - spec->prompts] : spec->prompt[i];
        if (v < 0 || v >= scorer->vocabulary || (late && v == spec->end))
            return rf_fail(err, RF_EINVAL, "beam search: token %d in the %s", (int)v,
                           late ? "prefix" : "prompt");
    }
    return RF_OK;
}

static rf_status check(const rf_beam_spec *spec, const rf_scorer *scorer, rf_error *err)
{
    if (spec->beam < 1 || spec->beam > scorer->rows || spec->beam > INT32_MAX)
        return rf_fail(err, RF_EINVAL, "beam: is %lld; 1 to %lld is due", (long long)spec->beam,
                       (long long)scorer->rows);
    if (spec->best < 0 || spec->best > INT32_MAX)
        return rf_fail(err, RF_EINVAL, "beam search: %lld results", (long long)spec->best);
    if (spec->prompts < 1) return rf_fail(err, RF_EINVAL, "prompt: is empty");
    if (spec->max_length < 1 || spec->max_length > INT32_MAX ||
        spec->prefixes >= spec->max_length + (spec->end < 0))
        return rf_fail(err, RF_EINVAL, "beam search: max length %lld with %lld tokens of prefix",
                       (long long)spec->max_length, (long long)spec->prefixes);
    if (spec->end >= scorer->vocabulary || !isfinite(spec->alpha))
        return rf_fail(err, RF_EINVAL, "beam search: end token %d, alpha %g", (int)spec->end,
                       spec->alpha);
    return check_tokens(spec, scorer, err);
}

static bool allocate(search *s)
{
    const size_t beam = (size_t)s->spec->beam, L = (size_t)s->spec->max_length;
    const size_t best = (size_t)s->best;
    s->logp = calloc(beam, sizeof *s->logp);
    s->tokens = calloc(beam, L * sizeof *s->tokens);
    s->spare = calloc(beam, L * sizeof *s->spare);
    s->next = calloc(2 * beam, sizeof *s->next);
    s->heap = calloc(2 * beam, sizeof *s->heap);
    s->pool->h = calloc(best, sizeof *s->pool->h);
    s->pool->memory = s->pool_tokens = calloc(best, L * sizeof *s->pool_tokens);
    if (!s->next) return false;
    s->from = s->next + beam;
    return s->logp && s->tokens && s->spare && s->heap && s->pool->h && s->pool_tokens;
}

static void search_free(search *s)
{
    free(s->logp);
    free(s->tokens);
    free(s->spare);
    free(s->next);
    free(s->heap);
}

static rf_status check_all(const rf_scorer *scorer, const rf_beam_spec *spec, rf_index n,
                           rf_error *err)
{
    rf_index rows = 0;
    for (rf_index i = 0; i < n; i++) {
        const rf_status status = check(&spec[i], scorer, err);
        if (status) return status;
        if (spec[i].prompts != spec[0].prompts)
            return rf_fail(err, RF_EINVAL, "beam search: prompts of different lengths");
        rows += spec[i].beam;
    }
    if (rows <= scorer->rows) return RF_OK;
    return rf_fail(err, RF_EINVAL, "beam search: %lld hypotheses where there is room for %lld",
                   (long long)rows, (long long)scorer->rows);
}

static bool allocate_all(searches *a, const rf_beam_spec *spec, rf_hypotheses *out)
{
    size_t rows = 0;
    bool done = true;
    const rfi_kernels *k = rfi_kernels_best();
    a->at = calloc((size_t)a->n, sizeof *a->at);
    a->prompt = calloc((size_t)a->n, sizeof *a->prompt);
    a->row = calloc((size_t)a->scorer->vocabulary, sizeof *a->row);
    for (rf_index i = 0; a->at && done && i < a->n; i++) {
        search *s = &a->at[i];
        *s =
            (search){.scorer = a->scorer, .spec = &spec[i], .pool = &out[i], .k = k, .row = a->row};
        s->best = spec[i].best > 0 ? spec[i].best : 1;
        done = allocate(s);
        rows += (size_t)spec[i].beam;
    }
    a->next = calloc(2 * rows + 1, sizeof *a->next);
    a->from = a->next ? a->next + rows : NULL;
    return done && a->at && a->prompt && a->row && a->next;
}

rf_status rf_beam_search_many(const rf_scorer *scorer, const rf_beam_spec *spec, rf_index n,
                              rf_hypotheses *out, rf_error *err)
{
    for (rf_index i = 0; i < n; i++) out[i] = (rf_hypotheses){0};
    rf_status status = check_all(scorer, spec, n, err);
    if (status || n < 1) return status;
    searches a = {.scorer = scorer, .n = n};
    status = allocate_all(&a, spec, out) ? run(&a, err)
                                         : rf_fail(err, RF_ENOMEM, "beam search: no memory");
    for (rf_index i = 0; a.at && i < n; i++) search_free(&a.at[i]);
    free(a.at);
    free(a.prompt);
    free(a.row);
    free(a.next);
    for (rf_index i = 0; status && i < n; i++) rf_hypotheses_free(&out[i]);
    return status;
}

rf_status rf_beam_search(const rf_scorer *scorer, const rf_beam_spec *spec, rf_hypotheses *out,
                         rf_error *err)
{
    return rf_beam_search_many(scorer, spec, 1, out, err);
}

void rf_hypotheses_free(rf_hypotheses *h)
{
    if (!h) return;
    free(h->h);
    free(h->memory);
    *h = (rf_hypotheses){0};
}

/* test_beam.c -- beam search against exhaustive search, and a scorer that tells how far it is. */
#include "../suite.h"
#include "decode/row.h"
#include "hash_model.h"
#include "hypotheses.h"

/* ---- Beam search against exhaustive search ------------------------------------------------------------ */

typedef struct result {
    int32_t token[MOST_LENGTH];
    rf_index n;
    double logp, score;
    bool ended;
} result;

typedef struct exhaustive {
    const hash_model *m;
    const rf_beam_spec *spec;
    result all[40000];
    int n;
} exhaustive;

static double penalised(const rf_beam_spec *spec, double logp, rf_index n)
{
    const double length = (double)n;
    switch (spec->penalty) {
    case RF_LENGTH_PLAIN:
        return logp / pow(length, spec->alpha);
    case RF_LENGTH_GNMT:
        return logp / (pow(5 + length, spec->alpha) / pow(6, spec->alpha));
    default:
        return logp;
    }
}

static bool repeats(const rf_beam_spec *spec, const result *r)
{
    const int m = spec->no_repeat, n = (int)r->n;
    for (int i = 0; m > 0 && i + m < n; i++)
        if (!memcmp(r->token + i, r->token + n - m, (size_t)m * sizeof *r->token)) return true;
    return false;
}

static void add(exhaustive *e, const result *r, bool ended)
{
    result *to = &e->all[e->n++];
    *to = *r;
    to->ended = ended;
    to->score = penalised(e->spec, r->logp, r->n + ended);
    if (e->spec->bonus) to->score += e->spec->bonus(e->spec->ctx, 0, r->token, r->n);
}

/* Try every continuation of r, of which n tokens are there. */
static void enumerate(exhaustive *e, uint64_t state, const result *r)
{
    const rf_beam_spec *spec = e->spec;
    double logp[MOST_V];
    row_logp(e->m, state, logp);
    for (int32_t v = 0; v < e->m->V; v++) {
        result next = *r;
        const bool forced = r->n < spec->prefixes;
        if (forced && v != spec->prefix[r->n]) continue;
        if (!forced && spec->forbid && spec->forbid[v]) continue;
        next.logp += logp[v];
        if (v == spec->end) {
            if (r->n >= spec->min_length) add(e, &next, true);
            continue;
        }
        next.token[next.n++] = v;
        if (!forced && repeats(spec, &next)) continue;
        if (next.n == spec->max_length)
            add(e, &next, false);
        else
            enumerate(e, follow(state, v), &next);
    }
}

static int by_rank(const void *pa, const void *pb)
{
    const result *a = pa, *b = pb;
    if (a->ended != b->ended) return a->ended ? -1 : 1;
    return (a->score < b->score) - (a->score > b->score);
}

/* Beam search as wide as everything finds what enumeration finds, in the same order. */
static void compare_with_exhaustive(const hash_model *cm, rf_beam_spec spec, rf_index beam)
{
    hash_model *m = hash_new(cm->seed, cm->V, cm->normalized);
    exhaustive *e = calloc(1, sizeof *e);
    *e = (exhaustive){.m = m, .spec = &spec};
    spec.prompt = LIST(int32_t, 1);
    spec.prompts = 1;
    spec.beam = beam;
    enumerate(e, follow(0, 1), &(result){0});
    qsort(e->all, (size_t)e->n, sizeof *e->all, by_rank);
    spec.best = spec.best ? spec.best : e->n;
    const rf_scorer scorer = scorer_of(m, beam);
    rf_hypotheses got;
    CU_ASSERT_EQUAL_FATAL(rf_beam_search(&scorer, &spec, &got, NULL), RF_OK);
    CU_ASSERT_EQUAL_FATAL(got.n, spec.best < e->n ? spec.best : e->n);
    for (rf_index i = 0; i < got.n; i++) {
        const result *due = &e->all[i];
        CU_ASSERT_EQUAL(got.h[i].ended, due->ended);
        CU_ASSERT_DOUBLE_EQUAL(got.h[i].score, due->score, 1e-9);
        CU_ASSERT_DOUBLE_EQUAL(got.h[i].logp, due->logp, 1e-9);
        CU_ASSERT_EQUAL_FATAL(got.h[i].n, due->n);
        CU_ASSERT_EQUAL(memcmp(got.h[i].tokens, due->token, (size_t)due->n * sizeof *due->token),
                        0);
    }
    rf_hypotheses_free(&got);
    free(e);
    hash_free(m);
}

static double count_ones(void *ctx, rf_index row, const int32_t *tokens, rf_index n)
{
    (void)ctx, (void)row;
    double sum = 0;
    for (rf_index i = 0; i < n; i++) sum += tokens[i] == 1;
    return sum;
}

static double minus_ones(void *ctx, rf_index row, const int32_t *tokens, rf_index n)
{
    return -0.3 * count_ones(ctx, row, tokens, n);
}

static void wide_beam_is_exhaustive(void)
{
    const rf_beam_spec specs[] = {
        {.max_length = 4, .end = 0},
        {.max_length = 4, .end = 0, .best = 3},
        {.max_length = 4, .end = -1},
        {.max_length = 5, .end = 2, .penalty = RF_LENGTH_PLAIN, .alpha = 1},
        {.max_length = 5, .end = 2, .penalty = RF_LENGTH_PLAIN, .alpha = 1, .best = 1},
        {.max_length = 5, .end = 2, .penalty = RF_LENGTH_PLAIN, .alpha = -0.5, .best = 2},
        {.max_length = 5, .end = 1, .penalty = RF_LENGTH_GNMT, .alpha = 0.8},
        {.max_length = 5, .end = 1, .penalty = RF_LENGTH_GNMT, .alpha = 2, .best = 4},
        {.max_length = 5, .end = 3, .min_length = 3},
        {.max_length = 5, .end = 0, .no_repeat = 1},
        {.max_length = 5, .end = 0, .no_repeat = 2},
        {.max_length = 5, .end = -1, .no_repeat = 3},
        {.max_length = 5, .end = 0, .prefix = LIST(int32_t, 2, 2, 1), .prefixes = 3},
        {.max_length = 4, .end = 0, .forbid = LIST(uint8_t, 0, 1, 0, 0)},
        {.max_length = 4, .end = 0, .bonus = count_ones, .best = 5},
        {.max_length = 4, .end = 0, .bonus = minus_ones, .malus = true, .best = 2},
        {.max_length = 1, .end = 0},
    };
    for (uint64_t seed = 0; seed < 5; seed++)
        for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
            compare_with_exhaustive(&(hash_model){.seed = seed, .V = 4, .normalized = seed % 2},
                                    specs[i], 1024);
}
/* A narrow beam gives real continuations with their real probabilities, never better than the best. */
static void narrow_beams_are_honest(void)
{
    for (rf_index beam = 1; beam <= 16; beam *= 2) {
        hash_model *m = hash_new(77, 12, false);
        const rf_beam_spec spec = {.beam = beam,
                                   .best = beam,
                                   .prompt = LIST(int32_t, 4),
                                   .prompts = 1,
                                   .max_length = 9,
                                   .end = 5,
                                   .penalty = RF_LENGTH_GNMT,
                                   .alpha = 0.6};
        const rf_scorer scorer = scorer_of(m, beam);
        rf_hypotheses got;
        CU_ASSERT_EQUAL_FATAL(rf_beam_search(&scorer, &spec, &got, NULL), RF_OK);
        for (rf_index i = 0; i < got.n; i++) {
            const rf_hypothesis *h = &got.h[i];
            uint64_t state = follow(0, 4);
            double sum = 0, logp[MOST_V];
            for (rf_index t = 0; t < h->n + h->ended; t++) {
                const int32_t v = t < h->n ? h->tokens[t] : 5;
                row_logp(m, state, logp);
                sum += logp[v];
                state = follow(state, v);
            }
            CU_ASSERT_DOUBLE_EQUAL(h->logp, sum, 1e-9);
            CU_ASSERT_DOUBLE_EQUAL(h->score, penalised(&spec, sum, h->n + h->ended), 1e-9);
            if (i > 0 && h->ended == h[-1].ended) CU_ASSERT(h->score <= h[-1].score);
        }
        rf_hypotheses_free(&got);
        hash_free(m);
    }
}

static double nothing(void *ctx, rf_index row, const int32_t *tokens, rf_index n)
{
    (void)ctx, (void)row, (void)tokens, (void)n;
    return 0;
}

/* What a narrow beam finds is the same if it is made to go on to the longest results, as with a bonus of
 * which nothing is known; steps: how many it takes by itself. */
static void compare_with_longest(uint64_t seed, const rf_beam_spec *spec, rf_index *steps)
{
    rf_beam_spec longest = *spec;
    rf_hypotheses got, due;
    longest.bonus = nothing;
    hash_model *m = hash_new(seed, 6, false);
    const rf_scorer scorer = scorer_of(m, spec->beam);
    CU_ASSERT_EQUAL_FATAL(rf_beam_search(&scorer, spec, &got, NULL), RF_OK);
    *steps = m->steps;
    CU_ASSERT_EQUAL_FATAL(rf_beam_search(&scorer, &longest, &due, NULL), RF_OK);
    CU_ASSERT(m->steps - *steps >= *steps);
    CU_ASSERT_EQUAL_FATAL(got.n, due.n);
    for (rf_index i = 0; i < got.n; i++) {
        CU_ASSERT_EQUAL(got.h[i].score, due.h[i].score);
        CU_ASSERT_EQUAL_FATAL(got.h[i].n, due.h[i].n);
        CU_ASSERT(!memcmp(got.h[i].tokens, due.h[i].tokens, (size_t)got.h[i].n * 4));
    }
    rf_hypotheses_free(&got);
    rf_hypotheses_free(&due);
    hash_free(m);
}

static void beams_end_when_nothing_better_can_come(void)
{
    bool early = false;
    for (uint64_t seed = 0; seed < 40; seed++) {
        const rf_beam_spec spec = {.beam = 2 + (rf_index)(seed % 3),
                                   .best = 1 + (rf_index)(seed % 2),
                                   .prompt = LIST(int32_t, 4),
                                   .prompts = 1,
                                   .max_length = 9,
                                   .end = 5,
                                   .penalty = RF_LENGTH_GNMT,
                                   .alpha = 0.5 * (double)(seed % 4)};
        rf_index steps;
        compare_with_longest(seed, &spec, &steps);
        early = early || steps < spec.max_length;
    }
    CU_ASSERT(early);
}

/* All tokens equally probable: lower tokens first. */
static const rf_real *flat_step(void *self, const int32_t *tokens, rf_index rows)
{
    (void)tokens, (void)rows;
    return ((hash_model *)self)->scores;
}

static void ties_go_to_lower_tokens(void)
{
    hash_model *m = hash_new(0, 6, false);
    rf_scorer scorer = scorer_of(m, 50);
    scorer.step = flat_step;
    rf_beam_spec spec = {.beam = 50,
                         .best = 8,
                         .prompt = LIST(int32_t, 0),
                         .prompts = 1,
                         .max_length = 2,
                         .end = -1};
    rf_hypotheses got;
    CU_ASSERT_EQUAL_FATAL(rf_beam_search(&scorer, &spec, &got, NULL), RF_OK);
    CU_ASSERT_EQUAL_FATAL(got.n, 8);
    for (int32_t i = 0; i < 8; i++) {
        CU_ASSERT_EQUAL(got.h[i].tokens[0], i / 6);
        CU_ASSERT_EQUAL(got.h[i].tokens[1], i % 6);
    }
    rf_hypotheses_free(&got);
    spec.beam = 2; /* within the beam too: the better hypothesis, then the lower token */
    CU_ASSERT_EQUAL_FATAL(rf_beam_search(&scorer, &spec, &got, NULL), RF_OK);
    CU_ASSERT_EQUAL_FATAL(got.n, 2);
    CU_ASSERT(got.h[0].tokens[0] == 0 && got.h[0].tokens[1] == 0);
    CU_ASSERT(got.h[1].tokens[0] == 0 && got.h[1].tokens[1] == 1);
    rf_hypotheses_free(&got);
    hash_free(m);
}

/* ---- Large vocabularies: sums by vectors, low scores passed over together ---------------------------- */

enum { LONG = 1003, KEPT = 5 };

static void put_long(rf_real *out, uint64_t seed)
{
    const rf_key key = rf_key_make(seed, "long row", 0);
    for (int32_t v = 0; v < LONG; v++) out[v] = (rf_real)(3 * rf_normal(key, (uint64_t)v));
}

static void long_rows_are_summed(void)
{
    static const float odd[] = {0, -INFINITY, INFINITY, NAN};
    rf_real row[LONG];
    double due[LONG];
    for (uint64_t seed = 0; seed < 20; seed++) {
        put_long(row, seed);
        if (seed % 5) row[17 * seed] = (rf_real)odd[seed % 4];
        rf_log_probabilities(row, LONG, due);
        const double got = (double)row[0] - rfi_log_sum(rfi_kernels_best(), row, LONG);
        CU_ASSERT(isnan(got) == isnan(due[0]));
        if (!isnan(got)) CU_ASSERT_DOUBLE_EQUAL(got, due[0], 1e-7);
    }
}

/* The scores after a token depend on it alone. */
typedef struct long_model {
    rf_index rows;
    rf_real scores[KEPT * LONG];
} long_model;

static void long_reset(void *self, rf_index rows) { ((long_model *)self)->rows = rows; }

static const rf_real *long_step(void *self, const int32_t *tokens, rf_index rows)
{
    long_model *m = self;
    for (rf_index r = 0; r < rows; r++) put_long(m->scores + r * LONG, (uint64_t)tokens[r]);
    return m->scores;
}

static void long_gather(void *self, const int32_t *from, rf_index rows)
{
    (void)from;
    ((long_model *)self)->rows = rows;
}

/* The log-probability of the best pair of tokens whose first one is among the KEPT best, none of
 * them forbidden. */
static double best_pair(const uint8_t *forbid)
{
    static double first[LONG], second[LONG];
    rf_real row[LONG];
    double best = -INFINITY;
    put_long(row, 7);
    rf_log_probabilities(row, LONG, first);
    for (int k = 0; k < KEPT; k++) {
        int32_t top = -1;
        for (int32_t v = 0; v < LONG; v++)
            if (!forbid[v] && (top < 0 || first[v] > first[top])) top = v;
        put_long(row, (uint64_t)top);
        rf_log_probabilities(row, LONG, second);
        for (int32_t v = 0; v < LONG; v++)
            if (!forbid[v]) best = fmax(best, first[top] + second[v]);
        first[top] = -INFINITY;
    }
    return best;
}

static void long_rows_are_searched(void)
{
    static long_model m;
    uint8_t forbid[LONG] = {0};
    const rf_scorer scorer = {.self = &m,
                              .vocabulary = LONG,
                              .rows = KEPT,
                              .reset = long_reset,
                              .step = long_step,
                              .gather = long_gather};
    const rf_beam_spec spec = {.beam = KEPT,
                               .prompt = LIST(int32_t, 7),
                               .prompts = 1,
                               .max_length = 2,
                               .end = -1,
                               .forbid = forbid};
    for (int round = 0; round < 8; round++) {
        rf_hypotheses got;
        CU_ASSERT_EQUAL_FATAL(rf_beam_search(&scorer, &spec, &got, NULL), RF_OK);
        CU_ASSERT_DOUBLE_EQUAL(got.h[0].logp, best_pair(forbid), 1e-6);
        CU_ASSERT(!forbid[got.h[0].tokens[0]] && !forbid[got.h[0].tokens[1]]);
        forbid[got.h[0].tokens[round % 2]] = 1; /* the next round must find another */
        rf_hypotheses_free(&got);
    }
}

static void beam_search_says_no(void)
{
    hash_model *m = hash_new(0, 6, false);
    const rf_scorer scorer = scorer_of(m, 4);
    const rf_beam_spec good = {
        .beam = 4, .prompt = LIST(int32_t, 0), .prompts = 1, .max_length = 3, .end = 5};
    rf_beam_spec bad[8];
    for (int i = 0; i < 8; i++) bad[i] = good;
    bad[0].beam = 0;
    bad[1].beam = 5;
    bad[2].prompts = 0;
    bad[3].prompt = LIST(int32_t, 6);
    bad[4].max_length = 0;
    bad[5].prefix = LIST(int32_t, 1, 5), bad[5].prefixes = 2; /* the end token */
    bad[6].end = 6;
    bad[7].alpha = NAN;
    rf_hypotheses got;
    for (int i = 0; i < 8; i++)
        CU_ASSERT_EQUAL(rf_beam_search(&scorer, &bad[i], &got, NULL), RF_EINVAL);
    rf_beam_spec none = good;
    none.forbid = LIST(uint8_t, 1, 1, 1, 1, 1, 1);
    CU_ASSERT_EQUAL(rf_beam_search(&scorer, &none, &got, NULL), RF_EDIVERGED);
    CU_ASSERT_PTR_NULL(got.h);
    CU_ASSERT_EQUAL(rf_beam_search(&scorer, &good, &got, NULL), RF_OK);
    rf_hypotheses_free(&got);
    rf_hypotheses_free(&got);
    rf_hypotheses_free(NULL);
    hash_free(m);
}
/* A search is told of before each step, and stops where it is told to. */
typedef struct watch {
    int calls, stop_at;
} watch;

static rf_status watch_tell(void *ctx, double done, double total)
{
    watch *w = ctx;
    CU_ASSERT(done == 3 && total == 5);
    return ++w->calls == w->stop_at ? RF_ECANCELLED : RF_OK;
}

static void told_searches_are_searches(void)
{
    hash_model *m = hash_new(5, 12, false);
    const rf_scorer plain = scorer_of(m, 4);
    const rf_beam_spec spec = {.beam = 4,
                               .best = 4,
                               .prompt = (const int32_t[]){1, 2},
                               .prompts = 2,
                               .max_length = 6,
                               .end = 7};
    watch w = {0};
    rf_told_scorer told = {.scorer = plain, .tell = watch_tell, .ctx = &w, .done = 3, .total = 5};
    const rf_scorer scorer = rf_told_scorer_of(&told);
    rf_hypotheses a, b;
    CU_ASSERT_EQUAL_FATAL(rf_beam_search(&plain, &spec, &a, NULL), RF_OK);
    m->steps = 0;
    CU_ASSERT_EQUAL_FATAL(rf_beam_search(&scorer, &spec, &b, NULL), RF_OK);
    CU_ASSERT_EQUAL(w.calls, m->steps);
    same_hypotheses(&a, &b, 0);
    rf_hypotheses_free(&a);
    rf_hypotheses_free(&b);
    w = (watch){.stop_at = 3};
    CU_ASSERT_NOT_EQUAL(rf_beam_search(&scorer, &spec, &b, NULL), RF_OK);
    CU_ASSERT_EQUAL(told.stopped, RF_ECANCELLED);
    CU_ASSERT_EQUAL(w.calls, 3);
    told.tell = NULL;
    CU_ASSERT_EQUAL(rf_beam_search(&scorer, &spec, &b, NULL), RF_OK);
    rf_hypotheses_free(&b);
    hash_free(m);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"wide beam is exhaustive", wide_beam_is_exhaustive},
        {"narrow beams are honest", narrow_beams_are_honest},
        {"beams end when nothing better can come", beams_end_when_nothing_better_can_come},
        {"long rows are summed", long_rows_are_summed},
        {"long rows are searched", long_rows_are_searched},
        {"ties go to lower tokens", ties_go_to_lower_tokens},
        {"beam search says no", beam_search_says_no},
        {"told searches are searches", told_searches_are_searches},
        CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "beam", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

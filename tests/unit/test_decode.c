/* test_decode.c -- choosing tokens: filters, sampling, beam search against exhaustive search.
 *
 * The model under test is a hash: each hypothesis's state is a number made of all its tokens, and
 * scores are random numbers keyed by it.  A wrong gather therefore changes everything. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/decode.h>

#include "../suite.h"

enum { MOST_V = 64, MOST_ROWS = 4096, MOST_LENGTH = 16 };

/* ---- The hash model ---------------------------------------------------------------------------- */

typedef struct hash_model {
    uint64_t seed;
    int32_t V;
    bool normalized;
    rf_index rows, steps;
    uint64_t *state, *spare; /* [MOST_ROWS] */
    rf_real *scores;         /* [MOST_ROWS, V] */
} hash_model;

static uint64_t follow(uint64_t state, int32_t token)
{
    return (state ^ (uint64_t)(token + 1)) * 0x9e3779b97f4a7c15u + (state >> 29);
}

static void state_scores(const hash_model *m, uint64_t state, rf_real *out)
{
    rf_key key = rf_key_make(m->seed, "hash model", state);
    double sum = 0;
    for (int32_t v = 0; v < m->V; v++) {
        out[v] = (rf_real)(1.5 * rf_normal(key, (uint64_t)v));
        sum += exp((double)out[v]);
    }
    for (int32_t v = 0; m->normalized && v < m->V; v++) out[v] -= (rf_real)log(sum);
}

static void hash_reset(void *self, rf_index rows)
{
    hash_model *m = self;
    m->rows = rows;
    memset(m->state, 0, (size_t)rows * sizeof *m->state);
}

static const rf_real *hash_step(void *self, const int32_t *tokens, rf_index rows)
{
    hash_model *m = self;
    m->steps++;
    if (rows != m->rows) return NULL;
    for (rf_index r = 0; r < rows; r++) {
        m->state[r] = follow(m->state[r], tokens[r]);
        state_scores(m, m->state[r], m->scores + r * m->V);
    }
    return m->scores;
}

static void hash_gather(void *self, const int32_t *from, rf_index rows)
{
    hash_model *m = self;
    for (rf_index r = 0; r < rows; r++) m->spare[r] = m->state[from[r]];
    memcpy(m->state, m->spare, (size_t)rows * sizeof *m->state);
    m->rows = rows;
}

static hash_model *hash_new(uint64_t seed, int32_t V, bool normalized)
{
    hash_model *m = calloc(1, sizeof *m);
    *m = (hash_model){.seed = seed, .V = V, .normalized = normalized};
    m->state = calloc(MOST_ROWS, sizeof *m->state);
    m->spare = calloc(MOST_ROWS, sizeof *m->spare);
    m->scores = calloc((size_t)MOST_ROWS * (size_t)V, sizeof *m->scores);
    return m;
}

static void hash_free(hash_model *m)
{
    free(m->state);
    free(m->spare);
    free(m->scores);
    free(m);
}

static rf_scorer scorer_of(hash_model *m, rf_index rows)
{
    return (rf_scorer){.self = m,
                       .vocabulary = m->V,
                       .rows = rows,
                       .normalized = m->normalized,
                       .reset = hash_reset,
                       .step = hash_step,
                       .gather = hash_gather};
}

static void row_logp(const hash_model *m, uint64_t state, double *out)
{
    rf_real scores[MOST_V];
    state_scores(m, state, scores);
    if (m->normalized)
        for (int32_t v = 0; v < m->V; v++) out[v] = (double)scores[v];
    else
        rf_log_probabilities(scores, m->V, out);
}

/* ---- Filters ------------------------------------------------------------------------------------ */

static void log_probabilities_sum_to_one(void)
{
    const rf_real rows[][4] = {{0, 0, 0, 0}, {1000, -1000, 999, 0}, {-INFINITY, 3, -INFINITY, 3}};
    for (size_t r = 0; r < 3; r++) {
        double out[4], sum = 0;
        rf_log_probabilities(rows[r], 4, out);
        for (int v = 0; v < 4; v++) sum += exp(out[v]);
        CU_ASSERT_DOUBLE_EQUAL(sum, 1, 1e-12);
    }
    double out[2];
    rf_log_probabilities((rf_real[]){-INFINITY, -INFINITY}, 2, out);
    CU_ASSERT(isnan(out[0]) && isnan(out[1]));
}

/* Filter scores with the spec and compare tokens and probabilities. */
static void expect(rf_sample_spec spec, int32_t V, const rf_real *scores, int32_t n,
                   const int32_t *token, const double *p)
{
    rf_sampler *s = rf_sampler_new(V, NULL);
    int32_t got;
    const rf_choice *c = rf_sampler_filter(s, scores, &spec, &got);
    CU_ASSERT_EQUAL_FATAL(got, n);
    for (int32_t i = 0; i < n; i++) {
        CU_ASSERT_EQUAL(c[i].token, token[i]);
        CU_ASSERT_DOUBLE_EQUAL(c[i].p, p[i], 1e-6);
    }
    rf_sampler_free(s);
}

#define LIST(type, ...) ((const type[]){__VA_ARGS__})
#define EXPECT(V, scores, n, tokens, p, ...)                                                       \
    expect((rf_sample_spec){__VA_ARGS__}, V, scores, n, tokens, p)

static void filters_keep_what_they_should(void)
{
    const rf_real s[] = {0, (rf_real)log(4), (rf_real)log(2), (rf_real)log(8), (rf_real)log(1)};
    const double z = 16; /* 1 + 4 + 2 + 8 + 1 */
    EXPECT(5, s, 5, LIST(int32_t, 3, 1, 2, 0, 4), LIST(double, 8 / z, 4 / z, 2 / z, 1 / z, 1 / z),
           .temperature = 1);
    EXPECT(5, s, 2, LIST(int32_t, 3, 1), LIST(double, 8. / 12, 4. / 12), .temperature = 1,
           .top_k = 2);
    EXPECT(5, s, 4, LIST(int32_t, 3, 1, 2, 0), LIST(double, 8. / 15, 4. / 15, 2. / 15, 1. / 15),
           .temperature = 1, .top_k = 4);
    EXPECT(5, s, 5, LIST(int32_t, 3, 1, 2, 0, 4), LIST(double, 8 / z, 4 / z, 2 / z, 1 / z, 1 / z),
           .temperature = 1, .top_k = 99);
    EXPECT(5, s, 1, LIST(int32_t, 3), LIST(double, 1), .temperature = 0);
    EXPECT(5, s, 2, LIST(int32_t, 3, 1), LIST(double, 64. / 80, 16. / 80), .temperature = 0.5,
           .top_k = 2);
    EXPECT(5, s, 2, LIST(int32_t, 1, 2), LIST(double, 4. / 6, 2. / 6), .temperature = 1, .top_k = 2,
           .forbid = LIST(uint8_t, 0, 0, 0, 1, 0));
    /* the same after a change of all scores by a constant */
    const rf_real far[] = {100, 100 + (rf_real)log(4)};
    EXPECT(2, far, 2, LIST(int32_t, 1, 0), LIST(double, 0.8, 0.2), .temperature = 1);
}

static void top_p_at_its_edges(void)
{
    const rf_real s[] = {(rf_real)log(1), (rf_real)log(2), (rf_real)log(1)}; /* 1/4 1/2 1/4 */
    EXPECT(3, s, 1, LIST(int32_t, 1), LIST(double, 1), .temperature = 1, .top_p = 1e-9);
    EXPECT(3, s, 1, LIST(int32_t, 1), LIST(double, 1), .temperature = 1, .top_p = 0.4999);
    EXPECT(3, s, 2, LIST(int32_t, 1, 0), LIST(double, 2. / 3, 1. / 3), .temperature = 1,
           .top_p = 0.5001);
    EXPECT(3, s, 2, LIST(int32_t, 1, 0), LIST(double, 2. / 3, 1. / 3), .temperature = 1,
           .top_p = 0.7499);
    EXPECT(3, s, 3, LIST(int32_t, 1, 0, 2), LIST(double, 0.5, 0.25, 0.25), .temperature = 1,
           .top_p = 0.7501);
    EXPECT(3, s, 3, LIST(int32_t, 1, 0, 2), LIST(double, 0.5, 0.25, 0.25), .temperature = 1,
           .top_p = 1);
    /* exactly reached: equal scores have exactly equal shares */
    const rf_real even[] = {7, 7, 7, 7};
    EXPECT(4, even, 2, LIST(int32_t, 0, 1), LIST(double, 0.5, 0.5), .temperature = 1, .top_p = 0.5);
    /* the share is of what top-k leaves: 2/3 and 1/3 */
    EXPECT(3, s, 1, LIST(int32_t, 1), LIST(double, 1), .temperature = 1, .top_k = 2, .top_p = 0.66);
    EXPECT(3, s, 2, LIST(int32_t, 1, 0), LIST(double, 2. / 3, 1. / 3), .temperature = 1, .top_k = 2,
           .top_p = 0.67);
}

static void hard_scores_are_survived(void)
{
    EXPECT(3, LIST(rf_real, 5, 5, 5), 1, LIST(int32_t, 0), LIST(double, 1), .temperature = 0);
    EXPECT(3, LIST(rf_real, NAN, 1, -INFINITY), 1, LIST(int32_t, 1), LIST(double, 1),
           .temperature = 1);
    EXPECT(3, LIST(rf_real, 1, INFINITY, 2), 3, LIST(int32_t, 1, 0, 2), LIST(double, 1, 0, 0),
           .temperature = 1);
    EXPECT(2, LIST(rf_real, 1, 2), 2, LIST(int32_t, 1, 0), LIST(double, 1, 0),
           .temperature = 1e-300);
    EXPECT(2, LIST(rf_real, NAN, -INFINITY), 0, NULL, NULL, .temperature = 1);
    rf_sampler *s = rf_sampler_new(2, NULL);
    const rf_sample_spec none = {.temperature = 1, .forbid = LIST(uint8_t, 1, 1)};
    CU_ASSERT_EQUAL(rf_sampler_pick(s, LIST(rf_real, 1, 2), &none, 0.5), -1);
    rf_sampler_free(s);
    rf_sampler_free(NULL);
    rf_error err = {0};
    CU_ASSERT_PTR_NULL(rf_sampler_new(0, &err));
    CU_ASSERT_EQUAL(err.status, RF_EINVAL);
}

/* Pearson's statistic of N draws against the filtered distribution. */
static double chi_square(const rf_sample_spec *spec, const rf_real *scores, int32_t V, int N,
                         int *freedom)
{
    rf_sampler *s = rf_sampler_new(V, NULL);
    double count[MOST_V] = {0}, sum = 0;
    for (int i = 0; i < N; i++) {
        const double u = rf_uniform(rf_key_make(11, "chi", 0), (uint64_t)i);
        count[rf_sampler_pick(s, scores, spec, u)]++;
    }
    int32_t n;
    double seen = 0;
    const rf_choice *c = rf_sampler_filter(s, scores, spec, &n);
    for (int32_t i = 0; i < n; i++) {
        const double due = c[i].p * N, off = count[c[i].token] - due;
        sum += off * off / due;
        seen += count[c[i].token];
    }
    CU_ASSERT_EQUAL(seen, N); /* nothing outside the filter */
    *freedom = n - 1;
    rf_sampler_free(s);
    return sum;
}

static void samples_follow_their_distribution(void)
{
    enum { V = 12 };
    rf_real scores[V];
    for (int v = 0; v < V; v++) scores[v] = (rf_real)(0.25 * ((v * 7) % V));
    const rf_sample_spec specs[] = {{.temperature = 1},
                                    {.temperature = 0.7},
                                    {.temperature = 2, .top_k = 5},
                                    {.temperature = 1, .top_p = 0.8},
                                    {.temperature = 1.3, .top_k = 9, .top_p = 0.9}};
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        int freedom;
        const double chi = chi_square(&specs[i], scores, V, 20000, &freedom);
        /* mean f and deviation sqrt(2 f): beyond 4.5 deviations is no chance */
        CU_ASSERT(chi < freedom + 4.5 * sqrt(2.0 * freedom));
        CU_ASSERT(chi > 0);
    }
}

/* ---- Generating ----------------------------------------------------------------------------------- */

typedef struct heard {
    int32_t token[32][MOST_LENGTH];
    double logp[32];
    rf_index n[32];
    int done[32], ended[32];
    rf_index stop_at, calls;
} heard;

static bool hear_token(void *ctx, rf_index i, rf_index t, int32_t token, double logp)
{
    heard *h = ctx;
    CU_ASSERT_EQUAL(t, h->n[i]);
    h->token[i][h->n[i]++] = token;
    h->logp[i] += logp;
    return ++h->calls != h->stop_at;
}

static bool hear_done(void *ctx, rf_index i, bool ended)
{
    heard *h = ctx;
    h->done[i]++;
    h->ended[i] = ended;
    return true;
}

static rf_generate_spec generate_spec(heard *h)
{
    static const int32_t prompt[] = {1, 2, 3};
    *h = (heard){0};
    return (rf_generate_spec){.sample = {.temperature = 1, .seed = 5},
                              .prompt = prompt,
                              .prompts = 3,
                              .length = 10,
                              .end = -1,
                              .count = 1,
                              .token = hear_token,
                              .done = hear_done,
                              .ctx = h};
}

static void greedy_takes_the_best(void)
{
    hash_model *m = hash_new(3, 20, false);
    heard h;
    rf_generate_spec spec = generate_spec(&h);
    spec.sample.temperature = 0;
    const rf_scorer scorer = scorer_of(m, 1);
    CU_ASSERT_EQUAL(rf_generate(&scorer, &spec, NULL), RF_OK);
    CU_ASSERT_EQUAL_FATAL(h.n[0], 10);
    CU_ASSERT_EQUAL(h.done[0], 1);
    CU_ASSERT_EQUAL(m->steps, 3 + 9);
    uint64_t state = follow(follow(follow(0, 1), 2), 3);
    double sum = 0;
    for (int t = 0; t < 10; t++) {
        double logp[MOST_V];
        int32_t best = 0;
        row_logp(m, state, logp);
        for (int32_t v = 1; v < 20; v++)
            if (logp[v] > logp[best]) best = v;
        CU_ASSERT_EQUAL(h.token[0][t], best);
        sum += logp[best];
        state = follow(state, best);
    }
    CU_ASSERT_DOUBLE_EQUAL(h.logp[0], sum, 1e-9);
    hash_free(m);
}

static void samples_do_not_depend_on_rows(void)
{
    hash_model *m = hash_new(4, 9, false);
    heard all, part;
    rf_generate_spec spec = generate_spec(&all);
    spec.count = 23;
    spec.end = 4;
    rf_scorer scorer = scorer_of(m, 23);
    CU_ASSERT_EQUAL(rf_generate(&scorer, &spec, NULL), RF_OK);
    const rf_index rows[] = {1, 2, 7, 40};
    for (size_t k = 0; k < 4; k++) {
        spec = generate_spec(&part);
        spec.count = 23;
        spec.end = 4;
        scorer = scorer_of(m, rows[k]);
        CU_ASSERT_EQUAL(rf_generate(&scorer, &spec, NULL), RF_OK);
        CU_ASSERT_EQUAL(memcmp(all.token, part.token, sizeof all.token), 0);
        CU_ASSERT_EQUAL(memcmp(all.logp, part.logp, sizeof all.logp), 0);
        CU_ASSERT_EQUAL(memcmp(all.ended, part.ended, sizeof all.ended), 0);
    }
    spec = generate_spec(&part); /* sample 17 alone */
    spec.first = 17;
    spec.end = 4;
    CU_ASSERT_EQUAL(rf_generate(&scorer, &spec, NULL), RF_OK);
    CU_ASSERT_EQUAL(memcmp(all.token[17], part.token[17], sizeof all.token[17]), 0);
    int different = 0;
    for (int i = 1; i < 23; i++)
        different += memcmp(all.token[0], all.token[i], sizeof all.token[0]) != 0;
    CU_ASSERT(different > 11); /* some end at once */
    hash_free(m);
}

static void samples_end(void)
{
    hash_model *m = hash_new(6, 3, false);
    heard h;
    rf_generate_spec spec = generate_spec(&h);
    spec.prompt = LIST(int32_t, 0);
    spec.prompts = 1;
    spec.count = 32;
    spec.end = 2;
    spec.min_length = 4;
    const rf_scorer scorer = scorer_of(m, 8);
    CU_ASSERT_EQUAL(rf_generate(&scorer, &spec, NULL), RF_OK);
    int early = 0;
    for (int i = 0; i < 32; i++) {
        CU_ASSERT_EQUAL(h.done[i], 1);
        CU_ASSERT(h.n[i] >= 4 && h.n[i] <= 10);
        CU_ASSERT(h.ended[i] || h.n[i] == 10);
        early += h.ended[i];
        for (int t = 0; t < h.n[i]; t++) CU_ASSERT(h.token[i][t] != 2);
    }
    CU_ASSERT(early > 10);
    hash_free(m);
}

static void generating_says_no(void)
{
    hash_model *m = hash_new(6, 5, false);
    heard h;
    const rf_scorer scorer = scorer_of(m, 4);
    rf_error err = {0};
    rf_generate_spec spec = generate_spec(&h);
    h.stop_at = 3;
    CU_ASSERT_EQUAL(rf_generate(&scorer, &spec, &err), RF_ECANCELLED);
    CU_ASSERT_EQUAL(h.calls, 3);

    err = (rf_error){0};
    spec.prompts = 0;
    CU_ASSERT_EQUAL(rf_generate(&scorer, &spec, &err), RF_EINVAL);
    CU_ASSERT_STRING_EQUAL(err.text, "prompt: is empty; at least one token is due");
    err = (rf_error){0};
    spec.prompt = LIST(int32_t, 1, 5);
    spec.prompts = 2;
    CU_ASSERT_EQUAL(rf_generate(&scorer, &spec, &err), RF_EINVAL);
    CU_ASSERT_STRING_EQUAL(err.text, "prompt: token 2 is 5; 0 to 4 is due");

    spec = generate_spec(&h);
    spec.sample.forbid = LIST(uint8_t, 1, 1, 1, 1, 1);
    CU_ASSERT_EQUAL(rf_generate(&scorer, &spec, NULL), RF_EDIVERGED);
    spec = generate_spec(&h);
    spec.length = 0;
    CU_ASSERT_EQUAL(rf_generate(&scorer, &spec, NULL), RF_OK);
    CU_ASSERT_EQUAL(h.calls, 0);
    hash_free(m);
}

static void given_tokens_are_scored(void)
{
    hash_model *m = hash_new(8, 7, true);
    const int32_t text[] = {3, 1, 4, 1, 5};
    double logp[4], due[MOST_V];
    const rf_scorer scorer = scorer_of(m, 1);
    CU_ASSERT_EQUAL(rf_score_tokens(&scorer, text, 5, logp, NULL), RF_OK);
    uint64_t state = 0;
    for (int i = 0; i < 4; i++) {
        state = follow(state, text[i]);
        row_logp(m, state, due);
        CU_ASSERT_DOUBLE_EQUAL(logp[i], due[text[i + 1]], 1e-5);
    }
    CU_ASSERT_EQUAL(rf_score_tokens(&scorer, text, 1, logp, NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_score_tokens(&scorer, text, 0, logp, NULL), RF_EINVAL);
    hash_free(m);
}

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

static void beam_of_one_is_greedy(void)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        hash_model *m = hash_new(seed, 11, false);
        heard h;
        rf_generate_spec g = generate_spec(&h);
        g.sample.temperature = 0;
        g.end = 7;
        const rf_scorer scorer = scorer_of(m, 1);
        CU_ASSERT_EQUAL(rf_generate(&scorer, &g, NULL), RF_OK);
        const rf_beam_spec spec = {.beam = 1,
                                   .prompt = g.prompt,
                                   .prompts = 3,
                                   .max_length = 10,
                                   .end = 7,
                                   .penalty = RF_LENGTH_GNMT,
                                   .alpha = 2.0 * (double)(seed % 2)};
        rf_hypotheses got;
        CU_ASSERT_EQUAL(rf_beam_search(&scorer, &spec, &got, NULL), RF_OK);
        CU_ASSERT_EQUAL_FATAL(got.n, 1);
        CU_ASSERT_EQUAL(got.h[0].n, h.n[0]);
        CU_ASSERT_EQUAL(memcmp(got.h[0].tokens, h.token[0], (size_t)h.n[0] * 4), 0);
        rf_hypotheses_free(&got);
        hash_free(m);
    }
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

int main(void)
{
    CU_TestInfo tests[] = {
        {"log probabilities sum to one", log_probabilities_sum_to_one},
        {"filters keep what they should", filters_keep_what_they_should},
        {"top-p at its edges", top_p_at_its_edges},
        {"hard scores are survived", hard_scores_are_survived},
        {"samples follow their distribution", samples_follow_their_distribution},
        {"greedy takes the best", greedy_takes_the_best},
        {"samples do not depend on rows", samples_do_not_depend_on_rows},
        {"samples end", samples_end},
        {"generating says no", generating_says_no},
        {"given tokens are scored", given_tokens_are_scored},
        {"wide beam is exhaustive", wide_beam_is_exhaustive},
        {"beam of one is greedy", beam_of_one_is_greedy},
        {"narrow beams are honest", narrow_beams_are_honest},
        {"beams end when nothing better can come", beams_end_when_nothing_better_can_come},
        {"ties go to lower tokens", ties_go_to_lower_tokens},
        {"beam search says no", beam_search_says_no},
        CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "decode", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

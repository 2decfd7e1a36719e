/* test_decode.c -- choosing tokens: filters, sampling, generating, scoring. */
#include "../suite.h"
#include "hash_model.h"

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

/* What three models of different seeds, one of them with logits, hold probable on average. */
static void ensembles_are_means(void)
{
    hash_model *m[3];
    rf_scorer member[3];
    for (int k = 0; k < 3; k++) {
        m[k] = hash_new((uint64_t)k, 6, k != 1);
        member[k] = scorer_of(m[k], 4 + k);
    }
    rf_ensemble *e = rf_ensemble_new(member, 3, NULL);
    CU_ASSERT_FATAL(e != NULL);
    const rf_scorer all = rf_ensemble_scorer(e);
    CU_ASSERT(all.rows == 4 && all.vocabulary == 6 && all.normalized);
    all.reset(all.self, 1);
    all.step(all.self, LIST(int32_t, 3), 1);
    all.gather(all.self, LIST(int32_t, 0, 0), 2);
    const rf_real *got = all.step(all.self, LIST(int32_t, 1, 4), 2);
    CU_ASSERT_FATAL(got != NULL);
    for (int r = 0; r < 2; r++)
        for (int32_t v = 0; v < 6; v++) {
            double p = 0, logp[MOST_V];
            for (int k = 0; k < 3; k++) {
                row_logp(m[k], follow(follow(0, 3), r ? 4 : 1), logp);
                p += exp(logp[v]) / 3;
            }
            CU_ASSERT_DOUBLE_EQUAL(got[6 * r + v], log(p), 1e-5);
        }
    CU_ASSERT_PTR_NULL(all.step(all.self, LIST(int32_t, 0, 0, 0), 3)); /* a member fails */
    rf_ensemble_free(e);
    member[1].vocabulary = 5;
    CU_ASSERT_PTR_NULL(rf_ensemble_new(member, 3, NULL));
    CU_ASSERT_PTR_NULL(rf_ensemble_new(member, 0, NULL));
    for (int k = 0; k < 3; k++) hash_free(m[k]);
}

int main(void)
{
    CU_TestInfo tests[] = {{"log probabilities sum to one", log_probabilities_sum_to_one},
                           {"filters keep what they should", filters_keep_what_they_should},
                           {"top-p at its edges", top_p_at_its_edges},
                           {"hard scores are survived", hard_scores_are_survived},
                           {"samples follow their distribution", samples_follow_their_distribution},
                           {"greedy takes the best", greedy_takes_the_best},
                           {"samples do not depend on rows", samples_do_not_depend_on_rows},
                           {"samples end", samples_end},
                           {"generating says no", generating_says_no},
                           {"given tokens are scored", given_tokens_are_scored},
                           {"beam of one is greedy", beam_of_one_is_greedy},
                           {"ensembles are means", ensembles_are_means},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "decode", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

/* test_crf.c -- chains of tags: decoding against all paths one by one, and the loss against decoding. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/decode.h>
#include <refrain/layers.h>

#include "../suite.h"

enum { MOST_T = 5, MOST_K = 4, MOST_PATHS = 1024 };

static double draw(uint64_t seed, const char *what, uint64_t i)
{
    return 4 * rf_uniform(rf_key_make(seed, what, 0), i) - 2;
}

static bool chance(uint64_t seed, const char *what, uint64_t i, double p)
{
    return rf_uniform(rf_key_make(seed, what, 1), i) < p;
}

/* ---- Small chains and all their paths -------------------------------------------------------------- */

typedef struct small {
    rf_real e[MOST_T * (MOST_K + 2)], A[MOST_K * MOST_K], start[MOST_K], end[MOST_K];
    uint8_t forbid[(MOST_K + 1) * (MOST_K + 1)];
    uint64_t allowed[MOST_T];
    rf_chain c;
} small;

/* `closed`: how probable it is that a transition or a tag at a step is forbidden. */
static small *small_new(uint64_t seed, rf_index T, rf_index K, double closed)
{
    small *s = calloc(1, sizeof *s);
    for (uint64_t i = 0; i < sizeof s->e / sizeof *s->e; i++) s->e[i] = (rf_real)draw(seed, "e", i);
    for (uint64_t i = 0; i < MOST_K * MOST_K; i++) s->A[i] = (rf_real)draw(seed, "A", i);
    for (uint64_t i = 0; i < MOST_K; i++) s->start[i] = (rf_real)draw(seed, "start", i);
    for (uint64_t i = 0; i < MOST_K; i++) s->end[i] = (rf_real)draw(seed, "end", i);
    for (uint64_t i = 0; i < sizeof s->forbid; i++) s->forbid[i] = chance(seed, "f", i, closed);
    for (uint64_t i = 0; i < (uint64_t)(T * K); i++)
        if (!chance(seed, "a", i, closed)) s->allowed[i / (uint64_t)K] |= 1u << i % (uint64_t)K;
    s->c = (rf_chain){.T = T,
                      .K = K,
                      .stride = K + 2,
                      .emission = s->e,
                      .transitions = s->A,
                      .start = s->start,
                      .end = s->end,
                      .forbid = closed > 0 ? s->forbid : NULL,
                      .allowed = closed > 0 ? s->allowed : NULL};
    return s;
}

/* The definition, term by term. */
static double score_of(const rf_chain *c, const int32_t *tag)
{
    const rf_index K = c->K, K1 = K + 1;
    double sum = 0;
    bool closed =
        c->T > 0 && c->forbid && (c->forbid[K * K1 + tag[0]] || c->forbid[tag[c->T - 1] * K1 + K]);
    for (rf_index t = 0; t < c->T; t++) {
        sum += (double)c->emission[t * c->stride + tag[t]];
        closed |= c->allowed && !(c->allowed[t] >> tag[t] & 1);
        if (t == 0) continue;
        if (c->transitions) sum += (double)c->transitions[tag[t - 1] * K + tag[t]];
        closed |= c->forbid && c->forbid[tag[t - 1] * K1 + tag[t]];
    }
    if (c->start) sum += (double)c->start[tag[0]];
    if (c->end) sum += (double)c->end[tag[c->T - 1]];
    return closed ? -INFINITY : sum;
}

typedef struct path {
    double score;
    int32_t tag[MOST_T];
} path;

static int by_score(const void *a, const void *b)
{
    const double x = ((const path *)a)->score, y = ((const path *)b)->score;
    return (x < y) - (x > y);
}

/* All paths that are allowed, best first. */
static int all_paths(const rf_chain *c, path *out)
{
    int n = 0, total = 1;
    for (rf_index t = 0; t < c->T; t++) total *= (int)c->K;
    for (int code = 0; code < total; code++) {
        path p = {0};
        for (rf_index t = 0, rest = code; t < c->T; t++, rest /= c->K)
            p.tag[t] = (int32_t)(rest % c->K);
        p.score = score_of(c, p.tag);
        if (p.score > -INFINITY) out[n++] = p;
    }
    qsort(out, (size_t)n, sizeof *out, by_score);
    return n;
}

static void same_paths(rf_chain_work *w, const rf_chain *c, const path *due, int n)
{
    static const rf_index counts[] = {1, 3, MOST_PATHS + 1};
    static int32_t tags[(MOST_PATHS + 1) * MOST_T];
    static double scores[MOST_PATHS + 1];
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        rf_index found;
        CU_ASSERT_EQUAL_FATAL(rf_chain_list(w, c, counts[k], tags, scores, &found, NULL), RF_OK);
        CU_ASSERT_EQUAL(found, n < counts[k] ? n : counts[k]);
        for (rf_index i = 0; i < found; i++) {
            CU_ASSERT_DOUBLE_EQUAL(scores[i], due[i].score, 1e-12);
            CU_ASSERT_EQUAL(memcmp(tags + i * c->T, due[i].tag, (size_t)c->T * sizeof *tags), 0);
        }
    }
}

static void same_sums(rf_chain_work *w, const rf_chain *c, const path *all, int n)
{
    double p[MOST_T * MOST_K], log_z, due[MOST_T * MOST_K] = {0}, sum = 0;
    CU_ASSERT_EQUAL_FATAL(rf_chain_marginals(w, c, p, &log_z, NULL), RF_OK);
    for (int i = 0; i < n; i++) sum += exp(all[i].score);
    for (int i = 0; i < n; i++)
        for (rf_index t = 0; t < c->T; t++)
            due[t * c->K + all[i].tag[t]] += exp(all[i].score) / sum;
    CU_ASSERT_DOUBLE_EQUAL(log_z, log(sum), 1e-12);
    for (rf_index i = 0; i < c->T * c->K; i++) CU_ASSERT_DOUBLE_EQUAL(p[i], due[i], 1e-12);
}

static void decoding_is_exhaustive(void)
{
    static path all[MOST_PATHS];
    rf_chain_work *w = rf_chain_work_new();
    int closed = 0;
    for (uint64_t seed = 0; seed < 300; seed++) {
        const rf_index T = 1 + (rf_index)(seed % MOST_T), K = 1 + (rf_index)(seed / 5 % MOST_K);
        small *s = small_new(seed, T, K, seed % 3 == 0 ? 0 : seed % 3 == 1 ? 0.15 : 0.4);
        if (seed % 7 == 0) s->c.start = s->c.end = NULL;
        if (seed % 11 == 0) s->c.transitions = NULL;
        const int n = all_paths(&s->c, all);
        int32_t tags[MOST_T];
        double score;
        const rf_status st = rf_chain_best(w, &s->c, tags, &score, NULL);
        CU_ASSERT_EQUAL(st, n ? RF_OK : RF_EINVAL);
        closed += !n;
        if (n) {
            CU_ASSERT_DOUBLE_EQUAL(score, all[0].score, 1e-12);
            CU_ASSERT_EQUAL(memcmp(tags, all[0].tag, (size_t)T * sizeof *tags), 0);
            same_paths(w, &s->c, all, n);
            same_sums(w, &s->c, all, n);
        }
        free(s);
    }
    CU_ASSERT(closed > 10 && closed < 150);
    rf_chain_work_free(w);
}

/* Many tags, of which few may follow each other: the best path against the list of one. */
static void best_is_first_of_list(void)
{
    enum { N = 40, LONG = 23 };
    rf_chain_work *w = rf_chain_work_new();
    for (uint64_t seed = 0; seed < 20; seed++) {
        rf_real e[LONG * N], A[N * N];
        uint8_t forbid[(N + 1) * (N + 1)];
        for (uint64_t i = 0; i < LONG * N; i++) e[i] = (rf_real)draw(seed, "e", i);
        for (uint64_t i = 0; i < N * N; i++) A[i] = (rf_real)draw(seed, "A", i);
        for (uint64_t i = 0; i < sizeof forbid; i++)
            forbid[i] = chance(seed, "f", i, i % 3 ? 0.95 : 0.2);
        const rf_chain c = {.T = LONG, .K = N, .emission = e, .transitions = A, .forbid = forbid};
        int32_t best[LONG], first[LONG];
        double score, due;
        rf_index found;
        CU_ASSERT_EQUAL_FATAL(rf_chain_best(w, &c, best, &score, NULL), RF_OK);
        CU_ASSERT_EQUAL_FATAL(rf_chain_list(w, &c, 1, first, &due, &found, NULL), RF_OK);
        CU_ASSERT_DOUBLE_EQUAL(score, due, 1e-12);
        CU_ASSERT_EQUAL(memcmp(best, first, sizeof best), 0);
    }
    rf_chain_work_free(w);
}

static void decoding_says_no(void)
{
    rf_chain_work *w = rf_chain_work_new();
    small *s = small_new(1, 4, 3, 0);
    int32_t tags[2 * MOST_T];
    double score = 7, p[MOST_T * MOST_K];
    rf_index found;
    rf_error err = {0};
    const uint64_t allowed[] = {7, 7, 0, 7};
    s->c.allowed = allowed;
    CU_ASSERT_EQUAL(rf_chain_best(w, &s->c, tags, NULL, &err), RF_EINVAL);
    CU_ASSERT_STRING_EQUAL(err.text, "no path of allowed tags passes step 2");
    CU_ASSERT_EQUAL(rf_chain_list(w, &s->c, 2, tags, p, &found, NULL), RF_EINVAL);
    CU_ASSERT_EQUAL(found, 0);
    CU_ASSERT_EQUAL(rf_chain_marginals(w, &s->c, p, &score, NULL), RF_EINVAL);
    s->c.allowed = NULL;
    CU_ASSERT_EQUAL(rf_chain_list(w, &s->c, 0, tags, p, &found, NULL), RF_EINVAL);
    s->e[0] = (rf_real)NAN;
    CU_ASSERT_EQUAL(rf_chain_best(w, &s->c, tags, NULL, NULL), RF_EDIVERGED);
    s->e[0] = 0;
    s->A[4] = (rf_real)NAN;
    CU_ASSERT_EQUAL(rf_chain_best(w, &s->c, tags, NULL, NULL), RF_EDIVERGED);
    CU_ASSERT_EQUAL(rf_chain_marginals(w, &s->c, p, NULL, NULL), RF_EDIVERGED);
    s->c.T = 0;
    CU_ASSERT_EQUAL(rf_chain_best(w, &s->c, tags, &score, NULL), RF_OK);
    CU_ASSERT_EQUAL(score, 0);
    CU_ASSERT_EQUAL(rf_chain_list(w, &s->c, 2, tags, p, &found, NULL), RF_OK);
    CU_ASSERT_EQUAL(found, 1);
    rf_chain_work_free(w);
    rf_chain_work_free(NULL);
    free(s);
}

/* ---- The loss ------------------------------------------------------------------------------------------ */

enum { T = 11, B = 5, K = 37 };
static const int32_t lengths[B] = {11, 1, 0, 7, 10};

typedef struct large {
    rf_real e[T * B * K], A[K * K], start[K], end[K];
    int32_t target[T * B];
} large;

static large *large_new(double scale)
{
    large *l = calloc(1, sizeof *l);
    for (uint64_t i = 0; i < T * B * K; i++) l->e[i] = (rf_real)(scale * draw(1, "e", i));
    for (uint64_t i = 0; i < K * K; i++) l->A[i] = (rf_real)(scale * draw(2, "A", i));
    for (uint64_t i = 0; i < K; i++) l->start[i] = (rf_real)(scale * draw(3, "s", i));
    for (uint64_t i = 0; i < K; i++) l->end[i] = (rf_real)(scale * draw(4, "n", i));
    for (int i = 0; i < T * B; i++) l->target[i] = (i * 29 + i / 7) % K;
    return l;
}

static rf_chain chain_of(const large *l, int b)
{
    return (rf_chain){.T = lengths[b],
                      .K = K,
                      .stride = B * K,
                      .emission = l->e + b * K,
                      .transitions = l->A,
                      .start = l->start,
                      .end = l->end};
}

/* Loss and emissions' gradients against ln Z and marginals, which are made another way. */
static void compare_loss(double scale, int threads)
{
    large *l = large_new(scale);
    rf_device *d = rf_device_new(threads, NULL);
    rf_graph *g = rf_graph_new(d);
    rf_chain_work *w = rf_chain_work_new();
    rf_graph_begin(g, RF_EVAL, (rf_key){0});
    const rf_node e = rf_variable(g, l->e, RF_SHAPE(T, B, K));
    const rf_crf crf = {.transitions = rf_variable(g, l->A, RF_SHAPE(K, K)),
                        .start = rf_variable(g, l->start, RF_SHAPE(K)),
                        .end = rf_variable(g, l->end, RF_SHAPE(K))};
    const rf_node loss = rf_crf_loss(g, e, &crf, lengths, l->target);
    CU_ASSERT_EQUAL_FATAL(rf_adjoint(g, loss), RF_OK);
    double due = 0, p[T * K], most = 0, steps = 0;
    for (int b = 0; b < B; b++) {
        const rf_chain c = chain_of(l, b);
        int32_t tag[T] = {0};
        double log_z;
        for (int t = 0; t < lengths[b]; t++) tag[t] = l->target[t * B + b];
        CU_ASSERT_EQUAL(rf_chain_marginals(w, &c, p, &log_z, NULL), RF_OK);
        if (lengths[b]) due += log_z - score_of(&c, tag);
        steps += lengths[b];
        for (int i = 0; i < T * K; i++) {
            const int t = i / K, k = i % K;
            const double there = t < lengths[b] ? p[i] - (k == tag[t]) : 0;
            const double has = (double)rf_gradient(g, e)[(t * B + b) * K + k] * 29;
            most = fmax(most, fabs(there - has));
        }
    }
    CU_ASSERT_EQUAL(steps, 29);
    CU_ASSERT_DOUBLE_EQUAL((double)*rf_value(g, loss).data, due / 29, 1e-5 * fabs(due / 29));
    CU_ASSERT(most < 2e-4);
    rf_chain_work_free(w);
    rf_graph_free(g);
    rf_device_free(d);
    free(l);
}

static void loss_agrees_with_decoding(void)
{
    compare_loss(1, 1);
    compare_loss(1, 3);
    compare_loss(0, 1);
    compare_loss(100, 2); /* sums of products underflow */
}

/* Without transitions tags do not see each other: cross entropy, unlabelled steps and all. */
static void loss_without_transitions_is_cross_entropy(void)
{
    large *l = large_new(1);
    rf_device *d = rf_device_new(1, NULL);
    rf_graph *g = rf_graph_new(d);
    for (int i = 0; i < T * B; i += 3) l->target[i] = -1;
    rf_graph_begin(g, RF_EVAL, (rf_key){0});
    const rf_node e = rf_variable(g, l->e, RF_SHAPE(T, B, K));
    const rf_crf crf = {rf_zeros(g, RF_SHAPE(K, K)), rf_zeros(g, RF_SHAPE(K)),
                        rf_zeros(g, RF_SHAPE(K)), NULL};
    const rf_node loss = rf_crf_loss(g, e, &crf, NULL, l->target);
    const rf_node due = rf_cross_entropy(g, e, l->target);
    CU_ASSERT_DOUBLE_EQUAL((double)*rf_value(g, loss).data, (double)*rf_value(g, due).data, 1e-5);
    CU_ASSERT_EQUAL_FATAL(rf_adjoint(g, rf_sub(g, loss, due)), RF_OK);
    for (int i = 0; i < T * B * K; i++)
        CU_ASSERT_DOUBLE_EQUAL((double)rf_gradient(g, e)[i], 0, 1e-6);
    rf_graph_free(g);
    rf_device_free(d);
    free(l);
}

/* ---- The layer, and refusals ------------------------------------------------------------------------------ */

static const char *message(rf_graph *g, rf_node y, rf_error *err)
{
    *err = (rf_error){0};
    CU_ASSERT_EQUAL(y, RF_POISON);
    rf_graph_status(g, err);
    const char *colon = strchr(err->text, ':');
    return colon ? colon + 2 : "";
}

static void refused(rf_params *ps, const rf_crf_layer *l, rf_shape s, const int32_t *length,
                    const int32_t *target, const char *due)
{
    rf_device *d = rf_device_new(1, NULL);
    rf_graph *g = rf_graph_new(d);
    rf_error err;
    (void)ps;
    rf_graph_begin(g, RF_EVAL, (rf_key){0});
    const char *has = message(g, rf_crf_layer_loss(g, l, rf_zeros(g, s), length, target), &err);
    if (strncmp(has, due, strlen(due))) CU_FAIL(due);
    rf_graph_free(g);
    rf_device_free(d);
}

static void layer_and_refusals(void)
{
    /* Tags 0 and 1: 1 follows 0 alone, and ends nothing. */
    static const uint8_t forbid[] = {0, 0, 0, 0, 1, 1, 0, 1, 0};
    rf_params *ps = rf_params_new();
    rf_crf_layer l;
    CU_ASSERT_EQUAL_FATAL(rf_crf_layer_init(&l, ps, "crf.", 2, forbid, NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_params_count(ps), 3);
    CU_ASSERT_PTR_EQUAL(l.transitions, rf_params_find(ps, "crf.transitions"));
    CU_ASSERT_PTR_EQUAL(l.start, rf_params_find(ps, "crf.start_transitions"));
    CU_ASSERT_PTR_EQUAL(l.end, rf_params_find(ps, "crf.end_transitions"));
    CU_ASSERT(rf_shape_equal(l.transitions->value.shape, RF_SHAPE(2, 2)));
    const rf_shape s = RF_SHAPE(3, 1, 2);
    refused(ps, &l, RF_SHAPE(3, 2), NULL, (const int32_t[]){0, 0, 0},
            "[3,2] where emissions [T,B,K] are due");
    refused(ps, &l, RF_SHAPE(3, 1, 4), NULL, (const int32_t[]){0, 0, 0},
            "[3,1,4] and [2,2] do not fit");
    refused(ps, &l, s, (const int32_t[]){4}, (const int32_t[]){0, 0, 0},
            "length 4 of sequence 0 is not within 0..3");
    refused(ps, &l, s, NULL, (const int32_t[]){0, 2, 0},
            "target 2 of step 1 of sequence 0 is not below 2");
    refused(ps, &l, s, NULL, (const int32_t[]){1, 0, 0},
            "sequence 0: the targets up to step 0 need a transition that is forbidden");
    refused(ps, &l, s, NULL, (const int32_t[]){-1, 1, 1},
            "sequence 0: the targets up to step 2 need a transition that is forbidden");
    refused(ps, &l, s, NULL, (const int32_t[]){-1, -1, 1},
            "sequence 0: the targets up to step 2 need a transition that is forbidden");
    CU_ASSERT_NOT_EQUAL(rf_crf_layer_init(&l, ps, "crf.", 2, NULL, NULL), RF_OK);
    rf_params_free(ps);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"decoding is exhaustive", decoding_is_exhaustive},
        {"best is first of list", best_is_first_of_list},
        {"decoding says no", decoding_says_no},
        {"loss agrees with decoding", loss_agrees_with_decoding},
        {"loss without transitions is cross entropy", loss_without_transitions_is_cross_entropy},
        {"layer and refusals", layer_and_refusals},
        CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "crf", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

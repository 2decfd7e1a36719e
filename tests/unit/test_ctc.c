/* test_ctc.c -- labels from frames: loss, prefix search and alignment against all paths one by one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/decode.h>
#include <refrain/graph.h>

#include "../suite.h"

enum { MOST_T = 6, MOST_K = 4, MOST_TEXTS = 4096 };

/* ---- All paths ------------------------------------------------------------------------------------- */

/* Labels that some path collapses to: the sum over those paths, and the best of them. */
typedef struct text {
    int32_t label[MOST_T];
    int n;
    double p, best;
    int32_t path[MOST_T]; /* the best path */
} text;

typedef struct small {
    rf_index T, K;
    int32_t blank;
    rf_real logit[MOST_T * MOST_K], logp[MOST_T * MOST_K];
    text *text;
    int texts;
} small;

static int collapse(const int32_t *path, rf_index T, int32_t blank, int32_t *out)
{
    int n = 0;
    for (rf_index t = 0; t < T; t++)
        if (path[t] != blank && (t == 0 || path[t] != path[t - 1])) out[n++] = path[t];
    return n;
}

static text *find(small *s, const int32_t *label, int n)
{
    for (int i = 0; i < s->texts; i++)
        if (s->text[i].n == n && !memcmp(s->text[i].label, label, (size_t)n * sizeof *label))
            return &s->text[i];
    return NULL;
}

static void add_path(small *s, const int32_t *path)
{
    int32_t label[MOST_T];
    double logp = 0;
    for (rf_index t = 0; t < s->T; t++) logp += (double)s->logp[t * s->K + path[t]];
    const int n = collapse(path, s->T, s->blank, label);
    text *x = find(s, label, n);
    if (!x) {
        x = &s->text[s->texts++];
        *x = (text){.n = n, .best = -INFINITY};
        memcpy(x->label, label, sizeof label);
    }
    x->p += exp(logp);
    if (logp <= x->best) return;
    x->best = logp;
    memcpy(x->path, path, (size_t)s->T * sizeof *path);
}

static void make(small *s, uint64_t seed)
{
    static text texts[MOST_TEXTS];
    *s = (small){.T = 1 + (rf_index)(seed % MOST_T), .K = 2 + (rf_index)(seed % (MOST_K - 1))};
    s->blank = (int32_t)(seed / 3 % (uint64_t)s->K);
    s->text = texts;
    rf_index paths = 1;
    for (rf_index t = 0; t < s->T; t++) {
        double z = 0;
        paths *= s->K;
        for (rf_index k = 0; k < s->K; k++) {
            const rf_index i = t * s->K + k;
            s->logit[i] = (rf_real)(2 * rf_normal(rf_key_make(seed, "logit", 0), (uint64_t)i));
            z += exp((double)s->logit[i]);
        }
        for (rf_index k = 0; k < s->K; k++)
            s->logp[t * s->K + k] = (rf_real)((double)s->logit[t * s->K + k] - log(z));
    }
    for (rf_index code = 0; code < paths; code++) {
        int32_t path[MOST_T];
        for (rf_index t = 0, rest = code; t < s->T; t++, rest /= s->K)
            path[t] = (int32_t)(rest % s->K);
        add_path(s, path);
    }
}

static rf_ctc_frames frames_of(const small *s)
{
    return (rf_ctc_frames){.T = s->T, .K = s->K, .logp = s->logp, .blank = s->blank};
}

/* ---- The loss --------------------------------------------------------------------------------------- */

static double loss_of(const small *s, const text *x)
{
    rf_device *d = rf_device_new(1, NULL);
    rf_graph *g = rf_graph_new(d);
    const int32_t count = x->n;
    const rf_ctc ctc = {.labels = x->label, .counts = &count, .blank = s->blank};
    rf_graph_begin(g, RF_INFER, (rf_key){0});
    const rf_node logits = rf_borrow(g, s->logit, RF_SHAPE(s->T, 1, s->K));
    const rf_node y = rf_ctc_loss(g, logits, &ctc);
    CU_ASSERT_EQUAL_FATAL(rf_graph_status(g, NULL), RF_OK);
    const double loss = (double)*rf_value(g, y).data;
    rf_graph_free(g);
    rf_device_free(d);
    return loss;
}

static void loss_is_the_sum_over_paths(void)
{
    small s;
    for (uint64_t seed = 0; seed < 36; seed++) {
        make(&s, seed);
        double sum = 0;
        for (int i = 0; i < s.texts; i++) sum += s.text[i].p;
        CU_ASSERT_DOUBLE_EQUAL(sum, 1, 1e-5);
        for (int i = 0; i < s.texts; i += 1 + s.texts / 16)
            CU_ASSERT_DOUBLE_EQUAL(loss_of(&s, &s.text[i]), -log(s.text[i].p), 2e-5);
    }
}

/* The graph's message for labels of a sequence of 3 frames. */
static void refused(const char *why, const int32_t *labels, int32_t count, int32_t steps,
                    int32_t blank)
{
    const rf_real x[3 * 3] = {0};
    rf_error err = {0};
    rf_device *d = rf_device_new(1, NULL);
    rf_graph *g = rf_graph_new(d);
    const rf_ctc ctc = {.steps = &steps, .labels = labels, .counts = &count, .blank = blank};
    rf_graph_begin(g, RF_EVAL, (rf_key){0});
    CU_ASSERT_EQUAL(rf_ctc_loss(g, rf_variable(g, x, RF_SHAPE(3, 1, 3)), &ctc), RF_POISON);
    CU_ASSERT(rf_graph_status(g, &err) != RF_OK);
    if (!strstr(err.text, why)) printf("%s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, why));
    rf_graph_free(g);
    rf_device_free(d);
}

static void loss_says_no(void)
{
    const int32_t labels[] = {1, 1, 2, 0, 3};
    refused("sequence 0: its 3 labels need 4 frames where there are 3", labels, 3, 3, 0);
    refused("sequence 0: its 1 labels need 1 frames where there are 0", labels, 1, 0, 0);
    refused("length 4 of sequence 0 is not within 0..3", labels, 1, 4, 0);
    refused("label 3 of sequence 0 is the blank", labels + 0, 4, 3, 0);
    refused("label 3 of sequence 0 is not within 0..2", labels + 4, 1, 3, 0);
    refused("blank 3 is not within 0..2", labels, 1, 3, 3);
    refused("sequence 0 has -1 labels", labels, -1, 3, 0);
}

/* Large logits and many frames: neither underflow nor infinite gradients. */
static void loss_bears_long_sequences(void)
{
    enum { T = 3000, K = 3 };
    rf_real *x = calloc(T * K, sizeof *x);
    int32_t labels[200], count = 200;
    for (uint64_t i = 0; i < T * K; i++)
        x[i] = (rf_real)(30 * rf_normal(rf_key_make(1, "long", 0), i));
    for (int i = 0; i < 200; i++) labels[i] = 1 + i / 3 % 2;
    rf_device *d = rf_device_new(1, NULL);
    rf_graph *g = rf_graph_new(d);
    const rf_ctc ctc = {.labels = labels, .counts = &count};
    rf_graph_begin(g, RF_EVAL, (rf_key){0});
    const rf_node logits = rf_variable(g, x, RF_SHAPE(T, 1, K));
    const rf_node loss = rf_sum(g, rf_ctc_loss(g, logits, &ctc));
    CU_ASSERT_EQUAL_FATAL(rf_adjoint(g, loss), RF_OK);
    CU_ASSERT(isfinite(*rf_value(g, loss).data) && *rf_value(g, loss).data > 0);
    for (int t = 0; t < T; t++) {
        double sum = 0;
        for (int k = 0; k < K; k++) sum += (double)rf_gradient(g, logits)[t * K + k];
        CU_ASSERT_DOUBLE_EQUAL_FATAL(sum, 0, 1e-4);
    }
    rf_graph_free(g);
    rf_device_free(d);
    free(x);
}

/* ---- Decoding --------------------------------------------------------------------------------------- */

static int by_p(const void *a, const void *b)
{
    const double x = ((const text *)a)->p, y = ((const text *)b)->p;
    return (x < y) - (x > y);
}

/* A beam that holds all prefixes finds what the sum over paths says; fed at once or row by row. */
static void search_is_exhaustive(void)
{
    small s;
    for (uint64_t seed = 0; seed < 36; seed++) {
        make(&s, seed);
        qsort(s.text, (size_t)s.texts, sizeof *s.text, by_p);
        const rf_ctc_spec spec = {.beam = MOST_TEXTS};
        rf_ctc_search *search = rf_ctc_search_new(&spec, s.K, s.blank, NULL);
        rf_hypotheses all;
        CU_ASSERT_PTR_NOT_NULL_FATAL(search);
        for (int round = 0; round < 2; round++) {
            rf_ctc_search_reset(search);
            for (rf_index t = 0; t < s.T; t += round ? 1 : s.T)
                CU_ASSERT_EQUAL(
                    rf_ctc_search_feed(search, s.logp + t * s.K, round ? 1 : s.T, 0, NULL), RF_OK);
            CU_ASSERT_EQUAL(rf_ctc_search_best(search, MOST_TEXTS, &all, NULL), RF_OK);
            CU_ASSERT_EQUAL_FATAL(all.n, s.texts);
            for (rf_index i = 0; i < all.n; i++) {
                const rf_hypothesis *h = &all.h[i];
                text *x = find(&s, h->tokens, (int)h->n);
                CU_ASSERT_PTR_NOT_NULL_FATAL(x);
                CU_ASSERT_DOUBLE_EQUAL(h->logp, log(x->p), 1e-5);
                CU_ASSERT_DOUBLE_EQUAL(h->logp, log(s.text[i].p), 1e-5);
                CU_ASSERT_EQUAL(h->score, h->logp);
            }
            rf_hypotheses_free(&all);
        }
        rf_ctc_search_free(search);
    }
}

/* Where all else is equal: label 1 is never followed by 2, and a text ends in 1. */
static double follow(void *ctx, int64_t state, int32_t label, int64_t *next)
{
    ++*(int *)ctx;
    *next = label;
    return state == 1 && label == 2 ? -INFINITY : 0.5;
}

static double end(void *ctx, int64_t state)
{
    (void)ctx;
    return state == 1 ? -1 : -INFINITY;
}

static double weighed(const text *x)
{
    double score = log(x->p) - 1;
    for (int i = 0; i < x->n; i++) score += 0.75;
    for (int i = 0; i + 1 < x->n; i++)
        if (x->label[i] == 1 && x->label[i + 1] == 2) return -INFINITY;
    return x->n && x->label[x->n - 1] == 1 ? score : -INFINITY;
}

static void search_heeds_what_follows(void)
{
    small s;
    int calls = 0, found = 0;
    for (uint64_t seed = 0; seed < 36; seed++) {
        make(&s, seed);
        if (s.blank == 1) continue;
        const rf_ctc_spec spec = {
            .beam = MOST_TEXTS, .bonus = 0.25, .follow = follow, .end = end, .ctx = &calls};
        rf_ctc_search *search = rf_ctc_search_new(&spec, s.K, s.blank, NULL);
        rf_hypotheses all;
        double before = INFINITY;
        rf_index due = 0;
        for (int i = 0; i < s.texts; i++) due += weighed(&s.text[i]) > -INFINITY;
        CU_ASSERT_EQUAL(rf_ctc_search_feed(search, s.logp, s.T, 0, NULL), RF_OK);
        CU_ASSERT_EQUAL(rf_ctc_search_best(search, MOST_TEXTS, &all, NULL), RF_OK);
        CU_ASSERT_EQUAL(all.n, due);
        for (rf_index i = 0; i < all.n; i++, found++) {
            text *x = find(&s, all.h[i].tokens, (int)all.h[i].n);
            CU_ASSERT_DOUBLE_EQUAL(all.h[i].score, weighed(x), 1e-5);
            CU_ASSERT(all.h[i].score <= before);
            before = all.h[i].score;
        }
        rf_hypotheses_free(&all);
        rf_ctc_search_free(search);
    }
    CU_ASSERT(calls > 0 && found > 50);
}

/* A narrow beam: no better than the truth, and hardly worse. */
static void narrow_beams_are_close(void)
{
    small s;
    int same = 0;
    for (uint64_t seed = 0; seed < 36; seed++) {
        make(&s, seed);
        qsort(s.text, (size_t)s.texts, sizeof *s.text, by_p);
        const rf_ctc_spec spec = {.beam = 3, .prune = 20};
        rf_ctc_search *search = rf_ctc_search_new(&spec, s.K, s.blank, NULL);
        rf_hypotheses best;
        CU_ASSERT_EQUAL(rf_ctc_search_feed(search, s.logp, s.T, 0, NULL), RF_OK);
        CU_ASSERT_EQUAL(rf_ctc_search_best(search, 1, &best, NULL), RF_OK);
        CU_ASSERT_EQUAL_FATAL(best.n, 1);
        CU_ASSERT(best.h[0].logp <= log(s.text[0].p) + 1e-5);
        same += best.h[0].n == s.text[0].n &&
                !memcmp(best.h[0].tokens, s.text[0].label, (size_t)s.text[0].n * sizeof(int32_t));
        rf_hypotheses_free(&best);
        rf_ctc_search_free(search);
    }
    CU_ASSERT(same >= 33);
}

static void greedy_is_the_best_path(void)
{
    small s;
    for (uint64_t seed = 0; seed < 36; seed++) {
        make(&s, seed);
        const rf_ctc_frames f = frames_of(&s);
        int32_t label[MOST_T], at[MOST_T];
        double logp, best = -INFINITY;
        int which = 0;
        for (int i = 0; i < s.texts; i++)
            if (s.text[i].best > best) best = s.text[which = i].best;
        const rf_index n = rf_ctc_greedy(&f, label, at, &logp);
        CU_ASSERT_DOUBLE_EQUAL(logp, best, 1e-5);
        CU_ASSERT_EQUAL_FATAL(n, s.text[which].n);
        for (rf_index i = 0; i < n; i++) {
            CU_ASSERT_EQUAL(label[i], s.text[which].label[i]);
            CU_ASSERT_EQUAL(s.text[which].path[at[i]], label[i]);
            CU_ASSERT(i == 0 || at[i] > at[i - 1]);
        }
    }
}

static void alignment_is_the_best_path_of_its_labels(void)
{
    small s;
    for (uint64_t seed = 0; seed < 36; seed++) {
        make(&s, seed);
        const rf_ctc_frames f = frames_of(&s);
        for (int i = 0; i < s.texts; i++) {
            const text *x = &s.text[i];
            int32_t from[MOST_T], to[MOST_T], path[MOST_T];
            double logp, sum = 0;
            CU_ASSERT_EQUAL_FATAL(rf_ctc_align(&f, x->label, x->n, from, to, &logp, NULL), RF_OK);
            CU_ASSERT_DOUBLE_EQUAL(logp, x->best, 1e-5);
            for (rf_index t = 0; t < s.T; t++) path[t] = s.blank;
            for (int k = 0; k < x->n; k++)
                for (int32_t t = from[k]; t < to[k]; t++) path[t] = x->label[k];
            for (rf_index t = 0; t < s.T; t++) sum += (double)s.logp[t * s.K + path[t]];
            CU_ASSERT_DOUBLE_EQUAL(sum, x->best, 1e-5);
        }
    }
}

static void decoding_says_no(void)
{
    rf_real logp[3 * 3] = {-1, -1, -1, -1, -1, -1, -1, -1, -1};
    const rf_ctc_frames f = {.T = 3, .K = 3, .logp = logp};
    const int32_t labels[] = {1, 1, 2, 0};
    int32_t from[4], to[4];
    rf_error err = {0};
    CU_ASSERT_EQUAL(rf_ctc_align(&f, labels, 3, from, to, NULL, &err), RF_EINVAL);
    CU_ASSERT_STRING_EQUAL(err.text, "3 labels need 4 frames where there are 3");
    CU_ASSERT_EQUAL(rf_ctc_align(&f, labels + 3, 1, from, to, NULL, NULL), RF_EINVAL);
    CU_ASSERT_EQUAL(rf_ctc_align(&f, labels, 0, from, to, NULL, NULL), RF_OK);
    CU_ASSERT_PTR_NULL(rf_ctc_search_new(&(rf_ctc_spec){.beam = -1}, 3, 0, NULL));
    CU_ASSERT_PTR_NULL(rf_ctc_search_new(&(rf_ctc_spec){0}, 3, 3, NULL));
    rf_ctc_search *s = rf_ctc_search_new(&(rf_ctc_spec){0}, 3, 0, NULL);
    rf_hypotheses none;
    CU_ASSERT_EQUAL(rf_ctc_search_best(s, 4, &none, NULL), RF_OK);
    CU_ASSERT(none.n == 1 && none.h[0].n == 0 && none.h[0].logp == 0);
    rf_hypotheses_free(&none);
    logp[4] = (rf_real)NAN;
    CU_ASSERT_EQUAL(rf_ctc_search_feed(s, logp, 3, 0, NULL), RF_EDIVERGED);
    logp[4] = (rf_real)-INFINITY;
    logp[3] = logp[5] = (rf_real)-INFINITY;
    CU_ASSERT_EQUAL(rf_ctc_align(&f, labels, 1, from, to, NULL, NULL), RF_EDIVERGED);
    rf_ctc_search_free(s);
    rf_ctc_search_free(NULL);
}

int main(void)
{
    CU_TestInfo loss[] = {{"is the sum over paths", loss_is_the_sum_over_paths},
                          {"says no", loss_says_no},
                          {"bears long sequences", loss_bears_long_sequences},
                          CU_TEST_INFO_NULL};
    CU_TestInfo decoding[] = {
        {"search is exhaustive", search_is_exhaustive},
        {"search heeds what follows", search_heeds_what_follows},
        {"narrow beams are close", narrow_beams_are_close},
        {"greedy is the best path", greedy_is_the_best_path},
        {"alignment is the best path of its labels", alignment_is_the_best_path_of_its_labels},
        {"says no", decoding_says_no},
        CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "loss", .pTests = loss},
                             {.pName = "decoding", .pTests = decoding},
                             CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

/* test_seq2seq.c -- the translator against the graph; batches against single sentences; searches against
 * greedy choice and against all there is; smoothing; a task that is learned. */
#include <math.h>
#include <string.h>

#include <refrain/seq2seq.h>
#include <refrain/train.h>

#include "../suite.h"
#include "hypotheses.h"

enum { V = 9, S = 6, B = 4, BOS = 0, END = 1, UNKNOWN = 2 };

static const int32_t source[S * B] = {3, 4, 5, 6, 4, 5, 6, 7, 5, 6, 7, 8,
                                      6, 7, 8, 1, 7, 8, 1, 0, 1, 1, 0, 0};
static const int32_t lengths[B] = {6, 6, 5, 4};

typedef struct world {
    rf_device *d;
    rf_graph *g;
    rf_params *ps;
    rf_seq2seq *m;
} world;

static world world_of(const char *cell, rf_seq2seq_spec spec)
{
    rf_error err = {0};
    world w = {.d = rf_device_new(2, NULL), .ps = rf_params_new()};
    w.g = rf_graph_new(w.d);
    spec.cell = rf_cell_find(cell);
    spec.source = spec.target = V;
    spec.embed = 7;
    spec.hidden = 10;
    spec.unknown = UNKNOWN;
    if (!spec.encoder_layers) spec.encoder_layers = 1;
    w.m = rf_seq2seq_new(&spec, w.ps, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w.m);
    rf_params_init(w.ps, 3);
    /* Wide enough for scores that differ. */
    for (size_t i = 0; i < rf_params_count(w.ps); i++) {
        rf_tensor v = rf_params_at(w.ps, i)->value;
        for (rf_index k = 0; k < rf_shape_count(v.shape); k++) v.data[k] *= 3;
    }
    return w;
}

static void world_free(world *w)
{
    rf_seq2seq_free(w->m);
    rf_params_free(w->ps);
    rf_graph_free(w->g);
    rf_device_free(w->d);
}

static const rf_seq2seq_spec specs[] = {
    {.decoder_layers = 2, .encoder_layers = 2, .attention = RF_ATTENTION_GENERAL},
    {.decoder_layers = 3, .attention = RF_ATTENTION_ADDITIVE},
    {.decoder_layers = 1, .attend = RF_ATTEND_AFTER, .attention = RF_ATTENTION_DOT, .tied = true},
    {.decoder_layers = 2, .attend = RF_ATTEND_FEED, .attention = RF_ATTENTION_GENERAL},
    {.decoder_layers = 1, .attend = RF_ATTEND_FEED, .coverage = true},
    {.decoder_layers = 1, .attend = RF_ATTEND_FEED, .coverage = true, .copy = true},
    {.decoder_layers = 2, .copy = true, .shared = true}};
enum { SPECS = sizeof specs / sizeof *specs };
static const char *const cells[] = {"lstm", "gru", "elman", "lstm-fgr"};

/* ---- Steps against the graph --------------------------------------------------------------------- */

enum { T = 5 };
static const int32_t input[T * B] = {0, 0, 0, 0, 3, 4, 8, 2, 5, 5, 7, 2, 6, 8, 3, 4, 3, 3, 3, 3};
/* With copying, the decoder has written token V before. */
static const int32_t copied[T * B] = {0, 0, 0, 0, 3, 9, 8, 2, 5, 5, 9, 2, 6, 8, 3, 4, 3, 3, 3, 3};
static const int32_t target[T * B] = {3, 4, 8, 2, 5, 5, 7, 2, 6, 8, 3, 4, 3, 3, 3, 3, 1, 1, 1, 1};
static const int32_t copies[S * B] = {3, 4, 9, 6, 4, 9, 6, 7, 5, 6,  7,  8,
                                      6, 7, 8, 1, 7, 8, 1, 0, 1, -1, -1, -1};

static rf_seq2seq_batch batch_of(const int32_t *from, const int32_t *to)
{
    return (rf_seq2seq_batch){S, T, B, source, lengths, from, to, copies, RF_NONE};
}

static void compare_step(const world *w, rf_translator *t, const rf_scorer *s, const rf_forced *f,
                         const int32_t *read, rf_index step)
{
    const rf_real *scores = s->step(s->self, read + step * B, B);
    double p[V + 1];
    CU_ASSERT_PTR_NOT_NULL_FATAL(scores);
    for (rf_index b = 0; b < B; b++) {
        const rf_real *row = scores + b * s->vocabulary;
        rf_log_probabilities(row, s->vocabulary, p);
        for (int32_t v = 0; s->normalized && v < s->vocabulary; v++) p[v] = (double)row[v];
        const double due = (double)rf_value(w->g, f->logp).data[step * B + b];
        if (fabs(p[target[step * B + b]] - due) > 2e-5 * (1 + fabs(due)))
            fprintf(stderr, "%d b%d t%d %.9g %.9g\n", (int)step, (int)b, target[step * B + b],
                    p[target[step * B + b]], due);
        CU_ASSERT_DOUBLE_EQUAL(p[target[step * B + b]], due, 2e-5 * (1 + fabs(due)));
        for (rf_index k = 0; k < S; k++)
            CU_ASSERT_DOUBLE_EQUAL((double)rf_translator_weights(t, b)[k],
                                   (double)rf_value(w->g, f->weights).data[(step * B + b) * S + k],
                                   1e-5);
    }
}

static void steps_are_the_graph(void)
{
    for (size_t i = 0; i < SPECS * 4; i++) {
        const bool gates = !strcmp(cells[i % 4], "lstm-fgr");
        if (gates && specs[i / 4].attend == RF_ATTEND_FEED) continue; /* refused, see below */
        world w = world_of(cells[i % 4], specs[i / 4]);
        const int32_t *read = specs[i / 4].copy ? copied : input;
        const rf_seq2seq_batch b = batch_of(read, target);
        rf_translator *t = rf_translator_new(w.d, w.m, B, NULL);
        rf_graph_begin(w.g, RF_INFER, (rf_key){0});
        CU_ASSERT_EQUAL_FATAL(rf_translator_read(t, w.g, &b, 1, NULL), RF_OK);
        const rf_scorer s = rf_translator_scorer(t);
        rf_graph_begin(w.g, RF_EVAL, (rf_key){0});
        const rf_forced f = rf_seq2seq_forced(w.g, w.m, &b);
        CU_ASSERT_EQUAL_FATAL(rf_graph_status(w.g, NULL), RF_OK);
        s.reset(s.self, B);
        for (rf_index step = 0; step < T; step++) compare_step(&w, t, &s, &f, read, step);
        rf_translator_free(t);
        world_free(&w);
    }
}

/* ---- Searches ------------------------------------------------------------------------------------ */

/* Sentence k alone, as long as it is. */
static rf_seq2seq_batch alone(rf_index k, int32_t *x, int32_t *c)
{
    for (rf_index s = 0; s < lengths[k]; s++) x[s] = source[s * B + k], c[s] = copies[s * B + k];
    return (rf_seq2seq_batch){lengths[k], 0, 1, x, lengths + k, NULL, NULL, c, RF_NONE};
}

static void batches_are_single_sentences(void)
{
    for (size_t i = 0; i < SPECS; i++) {
        world w = world_of("lstm", specs[i]);
        const rf_seq2seq_batch all = batch_of(NULL, NULL);
        const rf_index beam = 3;
        rf_translator *t = rf_translator_new(w.d, w.m, B * beam, NULL);
        rf_beam_spec spec[B];
        rf_hypotheses many[B];
        for (int k = 0; k < B; k++) spec[k] = beam_of(beam, 7 + k);
        rf_graph_begin(w.g, RF_INFER, (rf_key){0});
        CU_ASSERT_EQUAL_FATAL(rf_translator_read(t, w.g, &all, 1, NULL), RF_OK);
        rf_scorer s = rf_translator_scorer(t);
        CU_ASSERT_EQUAL_FATAL(rf_beam_search_many(&s, spec, B, many, NULL), RF_OK);
        for (int k = 0; k < B; k++) {
            int32_t x[S], c[S];
            const rf_seq2seq_batch one = alone(k, x, c);
            rf_hypotheses single;
            rf_graph_begin(w.g, RF_INFER, (rf_key){0});
            CU_ASSERT_EQUAL_FATAL(rf_translator_read(t, w.g, &one, 1, NULL), RF_OK);
            s = rf_translator_scorer(t);
            CU_ASSERT_EQUAL_FATAL(rf_beam_search(&s, &spec[k], &single, NULL), RF_OK);
            same_hypotheses(&single, &many[k], 1e-5);
            rf_hypotheses_free(&single);
            rf_hypotheses_free(&many[k]);
        }
        rf_translator_free(t);
        world_free(&w);
    }
}

/* The best by choosing the best token each time. */
static rf_index greedy(const rf_scorer *s, int32_t *out, rf_index most)
{
    int32_t token = BOS;
    rf_index n = 0;
    s->reset(s->self, 1);
    while (n < most) {
        const rf_real *row = s->step(s->self, &token, 1);
        token = (int32_t)rf_argmax(row, s->vocabulary);
        if (token == END) break;
        out[n++] = token;
    }
    return n;
}

static void beam_of_one_is_greedy(void)
{
    for (size_t i = 0; i < SPECS; i++) {
        world w = world_of("gru", specs[i]);
        rf_translator *t = rf_translator_new(w.d, w.m, 1, NULL);
        int32_t x[S], c[S], due[12];
        for (int k = 0; k < B; k++) {
            const rf_seq2seq_batch one = alone(k, x, c);
            rf_graph_begin(w.g, RF_INFER, (rf_key){0});
            CU_ASSERT_EQUAL_FATAL(rf_translator_read(t, w.g, &one, 1, NULL), RF_OK);
            const rf_scorer s = rf_translator_scorer(t);
            const rf_beam_spec spec = beam_of(1, 12);
            rf_hypotheses got;
            const rf_index n = greedy(&s, due, 12);
            CU_ASSERT_EQUAL_FATAL(rf_beam_search(&s, &spec, &got, NULL), RF_OK);
            CU_ASSERT_EQUAL_FATAL(got.h[0].n, n);
            CU_ASSERT(!memcmp(got.h[0].tokens, due, (size_t)n * sizeof *due));
            rf_hypotheses_free(&got);
        }
        rf_translator_free(t);
        world_free(&w);
    }
}

/* All outputs of up to three tokens, by the graph: the best score of an ended one. */
static double best_of_all(const world *w, const rf_seq2seq_batch *one, double alpha, int32_t *best,
                          rf_index *n)
{
    double top = -INFINITY;
    for (int32_t code = 0; code < V * V * V; code++) {
        const int32_t t[] = {code % V, code / V % V, code / V / V};
        const rf_index len = t[0] == END ? 0 : t[1] == END ? 1 : t[2] == END ? 2 : -1;
        if (len < 0 || (len < 2 && t[2]) || (len < 1 && t[1])) continue;
        const int32_t in[] = {BOS, t[0], t[1]};
        rf_seq2seq_batch b = *one;
        b.T = 3;
        b.input = in;
        b.target = t;
        rf_graph_begin(w->g, RF_INFER, (rf_key){0});
        const rf_real *logp = rf_value(w->g, rf_seq2seq_forced(w->g, w->m, &b).logp).data;
        double sum = 0;
        for (rf_index i = 0; i <= len; i++) sum += (double)logp[i];
        sum /= pow((5 + (double)len + 1) / 6, alpha);
        if (sum <= top) continue;
        top = sum;
        *n = len;
        memcpy(best, t, sizeof t);
    }
    return top;
}

/* Whatever the length penalty: it must not end while something better can come. */
static void compare_with_all(const world *w, rf_translator *t, rf_index sentence, double alpha)
{
    int32_t x[S], c[S], due[3];
    rf_index n = 0;
    const rf_seq2seq_batch one = alone(sentence, x, c);
    const double top = best_of_all(w, &one, alpha, due, &n);
    rf_beam_spec spec = beam_of(V * V * V, 3);
    rf_hypotheses got;
    spec.best = 1;
    spec.alpha = alpha;
    rf_graph_begin(w->g, RF_INFER, (rf_key){0});
    CU_ASSERT_EQUAL_FATAL(rf_translator_read(t, w->g, &one, 0, NULL), RF_OK);
    const rf_scorer s = rf_translator_scorer(t);
    CU_ASSERT_EQUAL_FATAL(rf_beam_search(&s, &spec, &got, NULL), RF_OK);
    CU_ASSERT_DOUBLE_EQUAL(got.h[0].score, top, 2e-5 * (1 + fabs(top)));
    CU_ASSERT_EQUAL(got.h[0].n, n);
    CU_ASSERT(!memcmp(got.h[0].tokens, due, (size_t)n * sizeof *due));
    rf_hypotheses_free(&got);
}

static void wide_beam_is_exhaustive(void)
{
    static const double alphas[] = {0, 1, 4};
    for (size_t i = 0; i < SPECS; i += 2) {
        world w = world_of("lstm", specs[i]);
        rf_translator *t = rf_translator_new(w.d, w.m, V * V * V, NULL);
        for (size_t k = 0; k < sizeof alphas / sizeof *alphas; k++)
            for (rf_index sentence = 0; sentence < 2; sentence++)
                compare_with_all(&w, t, sentence, alphas[k]);
        rf_translator_free(t);
        world_free(&w);
    }
}

/* ---- Losses -------------------------------------------------------------------------------------- */

/* (1 − ε) mean(-ln p_y) + ε mean over all tokens of -ln p. */
static void smoothing_is_what_it_says(void)
{
    const double eps = 0.3;
    rf_seq2seq_spec spec = {.decoder_layers = 2, .smoothing = eps};
    world w = world_of("lstm", spec);
    int32_t y[T * B], each[T * B];
    double right = 0, all = 0;
    int count = 0;
    memcpy(y, target, sizeof y);
    y[T * B - 1] = y[T * B - 2] = -1;
    const rf_seq2seq_batch b = batch_of(input, y);
    rf_graph_begin(w.g, RF_TRAIN, (rf_key){0});
    const double loss = (double)rf_value(w.g, rf_seq2seq_loss(w.g, w.m, &b)).data[0];
    for (int32_t v = -1; v < V; v++) {
        for (int i = 0; i < T * B; i++) each[i] = v < 0 ? y[i] : v;
        const rf_seq2seq_batch bv = batch_of(input, each);
        rf_graph_begin(w.g, RF_INFER, (rf_key){0});
        const rf_real *logp = rf_value(w.g, rf_seq2seq_forced(w.g, w.m, &bv).logp).data;
        for (int i = 0; i < T * B; i++) {
            if (y[i] < 0) continue;
            count += v < 0;
            if (v < 0)
                right -= (double)logp[i];
            else
                all -= (double)logp[i] / V;
        }
    }
    CU_ASSERT_DOUBLE_EQUAL(loss, ((1 - eps) * right + eps * all) / count, 1e-4);
    rf_graph_begin(w.g, RF_EVAL, (rf_key){0});
    const double plain = (double)rf_value(w.g, rf_seq2seq_loss(w.g, w.m, &b)).data[0];
    CU_ASSERT_DOUBLE_EQUAL(plain, right / count, 1e-4);
    world_free(&w);
}

/* Reversing sequences is learned by every way of attending, with scheduled sampling too. */
static double learn(rf_seq2seq_spec spec, int steps)
{
    world w = world_of("gru", spec);
    rf_params_init(w.ps, 1);
    rf_optimizer_spec adam = rf_optimizer_defaults(rf_optimizer_find("adam"));
    rf_optimizer *o = rf_optimizer_new(&adam, w.ps, NULL);
    enum { N = 16, L = 4 };
    static const int32_t all[N] = {L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L};
    double loss = 0;
    for (int step = 0; step < steps; step++) {
        int32_t x[L * N], in[(L + 1) * N], y[(L + 1) * N];
        for (int i = 0; i < L * N; i++)
            x[i] = 3 + (int32_t)(rf_uniform(rf_key_make(1, "x", (uint64_t)step), (uint64_t)i) * 6);
        for (int t = 0; t <= L; t++)
            for (int k = 0; k < N; k++) {
                y[t * N + k] = t < L ? x[(L - 1 - t) * N + k] : END;
                in[t * N + k] = t ? y[(t - 1) * N + k] : BOS;
            }
        const rf_seq2seq_batch b = {L, L + 1, N, x, all, in, y, x, RF_NONE};
        rf_graph_begin(w.g, RF_TRAIN, rf_key_make(1, "train", (uint64_t)step));
        const rf_node node = rf_seq2seq_loss(w.g, w.m, &b);
        rf_adjoint(w.g, node);
        loss = (double)rf_value(w.g, node).data[0];
        rf_optimizer_step(o, w.d, 0.02, rf_clip_scale(rf_gradient_norm(w.d, w.ps), 1));
    }
    rf_optimizer_free(o);
    world_free(&w);
    return loss;
}

static void reversing_is_learned(void)
{
    rf_seq2seq_spec sampling = specs[0], coverage = specs[4];
    sampling.sampling = 0.3;
    coverage.coverage_weight = 0.1;
    CU_ASSERT(learn(specs[0], 350) < 0.15);
    CU_ASSERT(learn(sampling, 400) < 0.3);
    CU_ASSERT(learn(specs[2], 400) < 0.3);
    CU_ASSERT(learn(coverage, 300) < 0.4);
    CU_ASSERT(learn(specs[6], 300) < 0.15);
}

/* ---- Refusals ------------------------------------------------------------------------------------ */

static void it_says_no(void)
{
    const rf_seq2seq_spec good = {.cell = rf_cell_find("gru"),
                                  .source = 5,
                                  .target = 5,
                                  .embed = 4,
                                  .hidden = 4,
                                  .encoder_layers = 1,
                                  .decoder_layers = 2};
    rf_seq2seq_spec bad[8] = {good, good, good, good, good, good, good, good};
    bad[0].hidden = 3;
    bad[1].decoder_layers = 1;
    bad[2].coverage = true;
    bad[3].shared = true, bad[3].source = 6;
    bad[4].copy = true, bad[4].smoothing = 0.1;
    bad[5].drop_input = 1;
    bad[6].cell = NULL;
    bad[7].cell = rf_cell_find("lstm-fgr"), bad[7].attend = RF_ATTEND_FEED;
    for (int i = -1; i < 8; i++) {
        rf_params *ps = rf_params_new();
        rf_error err = {0};
        rf_seq2seq *m = rf_seq2seq_new(i < 0 ? &good : &bad[i], ps, &err);
        CU_ASSERT_EQUAL(m != NULL, i < 0);
        CU_ASSERT_EQUAL(err.status, i < 0 ? RF_OK : RF_EINVAL);
        rf_seq2seq_free(m);
        rf_params_free(ps);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"steps are the graph", steps_are_the_graph},
                           {"batches are single sentences", batches_are_single_sentences},
                           {"beam of one is greedy", beam_of_one_is_greedy},
                           {"wide beam is exhaustive", wide_beam_is_exhaustive},
                           {"smoothing is what it says", smoothing_is_what_it_says},
                           {"reversing is learned", reversing_is_learned},
                           {"it says no", it_says_no},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "encoder and decoder", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

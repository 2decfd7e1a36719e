/* test_vectors.c -- a decoder over vectors that are given: steps against the graph, batches against
 * single sources, what is learned through the vectors, and what is refused. */
#include <math.h>
#include <string.h>

#include <refrain/seq2seq.h>
#include <refrain/train.h>

#include "../suite.h"
#include "hypotheses.h"

enum { V = 9, S = 6, B = 3, D = 5, T = 4, BOS = 0, END = 1 };

static const int32_t lengths[B] = {6, 3, 5};
static const int32_t input[T * B] = {0, 0, 0, 3, 4, 8, 5, 5, 7, 6, 8, 3};
static const int32_t target[T * B] = {3, 4, 8, 5, 5, 7, 6, 8, 3, 1, 1, 1};

typedef struct world {
    rf_device *d;
    rf_graph *g;
    rf_params *ps;
    rf_seq2seq *m;
    rf_real x[S * B * D];
} world;

static const rf_seq2seq_spec specs[] = {
    {.decoder_layers = 1, .attend = RF_ATTEND_AFTER, .attention = RF_ATTENTION_ADDITIVE},
    {.decoder_layers = 1, .attend = RF_ATTEND_AFTER, .attention = RF_ATTENTION_DOT, .tied = true},
    {.decoder_layers = 2, .attention = RF_ATTENTION_GENERAL},
    {.decoder_layers = 1, .attend = RF_ATTEND_FEED, .coverage = true},
    {.decoder_layers = 1, .attend = RF_ATTEND_FEED, .coverage = true, .compare = 3},
    {.decoder_layers = 2, .compare = 21},
    {.decoder_layers = 2, .attend = RF_ATTEND_FEED, .attention = RF_ATTENTION_GENERAL},
    {.decoder_layers = 2, .attend = RF_ATTEND_NONE}};
enum { SPECS = sizeof specs / sizeof *specs };
static const char *const cells[] = {"lstm", "gru", "elman"};
enum { CELLS = sizeof cells / sizeof *cells };

static rf_seq2seq_spec completed(const char *cell, rf_seq2seq_spec spec)
{
    spec.cell = rf_cell_find(cell);
    spec.features = D;
    spec.target = V;
    spec.embed = 7;
    spec.hidden = 10;
    return spec;
}

/* Weights wide enough for scores that differ. */
static world world_of(const char *cell, rf_seq2seq_spec spec)
{
    rf_error err = {0};
    world w = {.d = rf_device_new(2, NULL), .ps = rf_params_new()};
    w.g = rf_graph_new(w.d);
    spec = completed(cell, spec);
    w.m = rf_seq2seq_new(&spec, w.ps, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w.m);
    rf_params_init(w.ps, 3);
    for (size_t i = 0; i < rf_params_count(w.ps); i++) {
        rf_tensor v = rf_params_at(w.ps, i)->value;
        for (rf_index k = 0; k < rf_shape_count(v.shape); k++) v.data[k] *= 3;
    }
    for (int i = 0; i < S * B * D; i++)
        w.x[i] = (rf_real)rf_normal(rf_key_make(1, "x", 0), (uint64_t)i);
    return w;
}

static void world_free(world *w)
{
    rf_seq2seq_free(w->m);
    rf_params_free(w->ps);
    rf_graph_free(w->g);
    rf_device_free(w->d);
}

/* All sources, on the graph that was begun. */
static rf_seq2seq_batch batch_of(const world *w)
{
    return (rf_seq2seq_batch){.S = S,
                              .T = T,
                              .B = B,
                              .source_lengths = lengths,
                              .input = input,
                              .target = target,
                              .features = rf_borrow(w->g, w->x, RF_SHAPE(S, B, D))};
}

/* Source k alone, as long as it is. */
static rf_seq2seq_batch alone(const world *w, rf_index k, rf_real *x)
{
    for (rf_index s = 0; s < lengths[k]; s++)
        memcpy(x + s * D, w->x + (s * B + k) * D, D * sizeof *x);
    return (rf_seq2seq_batch){.S = lengths[k],
                              .B = 1,
                              .source_lengths = lengths + k,
                              .features = rf_borrow(w->g, x, RF_SHAPE(lengths[k], 1, D))};
}

/* ---- Steps against the graph --------------------------------------------------------------------- */

static void compare_step(const world *w, rf_translator *t, const rf_scorer *s, const rf_forced *f,
                         rf_index step)
{
    const rf_real *scores = s->step(s->self, input + step * B, B);
    double p[V];
    CU_ASSERT_PTR_NOT_NULL_FATAL(scores);
    for (rf_index b = 0; b < B; b++) {
        const double due = (double)rf_value(w->g, f->logp).data[step * B + b];
        rf_log_probabilities(scores + b * V, V, p);
        CU_ASSERT_DOUBLE_EQUAL(p[target[step * B + b]], due, 2e-5 * (1 + fabs(due)));
        for (rf_index k = 0; k < S; k++) {
            const double a = f->weights == RF_NONE
                                 ? 0
                                 : (double)rf_value(w->g, f->weights).data[(step * B + b) * S + k];
            CU_ASSERT_DOUBLE_EQUAL((double)rf_translator_weights(t, b)[k], a, 1e-5);
        }
    }
}

static void steps_are_the_graph(void)
{
    for (size_t i = 0; i < SPECS * CELLS; i++) {
        world w = world_of(cells[i % CELLS], specs[i / CELLS]);
        rf_translator *t = rf_translator_new(w.d, w.m, B, NULL);
        rf_graph_begin(w.g, RF_INFER, (rf_key){0});
        rf_seq2seq_batch b = batch_of(&w);
        CU_ASSERT_EQUAL_FATAL(rf_translator_read(t, w.g, &b, 0, NULL), RF_OK);
        const rf_scorer s = rf_translator_scorer(t);
        rf_graph_begin(w.g, RF_EVAL, (rf_key){0});
        b = batch_of(&w);
        const rf_forced f = rf_seq2seq_forced(w.g, w.m, &b);
        CU_ASSERT_EQUAL_FATAL(rf_graph_status(w.g, NULL), RF_OK);
        CU_ASSERT_EQUAL(f.weights == RF_NONE, specs[i / CELLS].attend == RF_ATTEND_NONE);
        s.reset(s.self, B);
        for (rf_index step = 0; step < T; step++) compare_step(&w, t, &s, &f, step);
        rf_translator_free(t);
        world_free(&w);
    }
}

/* ---- Searches ------------------------------------------------------------------------------------ */

static void batches_are_single_sources(void)
{
    for (size_t i = 0; i < SPECS; i++) {
        world w = world_of("lstm", specs[i]);
        const rf_index beam = 3;
        rf_translator *t = rf_translator_new(w.d, w.m, B * beam, NULL);
        rf_beam_spec spec[B];
        rf_hypotheses many[B];
        for (int k = 0; k < B; k++) spec[k] = beam_of(beam, 6 + k);
        rf_graph_begin(w.g, RF_INFER, (rf_key){0});
        const rf_seq2seq_batch all = batch_of(&w);
        CU_ASSERT_EQUAL_FATAL(rf_translator_read(t, w.g, &all, 0, NULL), RF_OK);
        rf_scorer s = rf_translator_scorer(t);
        CU_ASSERT_EQUAL_FATAL(rf_beam_search_many(&s, spec, B, many, NULL), RF_OK);
        for (int k = 0; k < B; k++) {
            rf_real x[S * D];
            rf_hypotheses single;
            rf_graph_begin(w.g, RF_INFER, (rf_key){0});
            const rf_seq2seq_batch one = alone(&w, k, x);
            CU_ASSERT_EQUAL_FATAL(rf_translator_read(t, w.g, &one, 0, NULL), RF_OK);
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

/* ---- Losses -------------------------------------------------------------------------------------- */

/* λ Σ_s (1 − Σ_t a_ts)² over targets that are there, from the attention that the graph shows. */
static void even_attention_is_what_it_says(void)
{
    enum { CASES = 2 };
    double loss[CASES], due = 0;
    for (int i = 0; i < CASES; i++) {
        rf_seq2seq_spec spec = specs[0];
        int32_t y[T * B];
        spec.even = i ? 0.3 : 0;
        world w = world_of("gru", spec);
        memcpy(y, target, sizeof y);
        y[T * B - 1] = -1;
        rf_graph_begin(w.g, RF_TRAIN, (rf_key){0});
        rf_seq2seq_batch b = batch_of(&w);
        b.target = y;
        loss[i] = (double)rf_value(w.g, rf_seq2seq_loss(w.g, w.m, &b)).data[0];
        const rf_real *a = rf_value(w.g, rf_seq2seq_forced(w.g, w.m, &b).weights).data;
        for (rf_index k = 0; i && k < B * S; k++) {
            double sum = 0;
            for (rf_index t = 0; t < T; t++)
                if (y[t * B + k / S] >= 0) sum += (double)a[t * B * S + k];
            due += spec.even * (1 - sum) * (1 - sum) / B;
        }
        world_free(&w);
    }
    CU_ASSERT(due > 0.1);
    CU_ASSERT_DOUBLE_EQUAL(loss[1] - loss[0], due, 1e-4);
}

/* Tell the tokens that the places stand for: the vectors are made by a table that is learned along. */
static double learn(rf_seq2seq_spec spec, int steps)
{
    enum { N = 16, L = 3 };
    static const int32_t all[N] = {L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L};
    world w = world_of("gru", spec);
    rf_embedding_layer table;
    CU_ASSERT_EQUAL_FATAL(rf_embedding_layer_init(&table, w.ps, "table.", L * V, D, 1, NULL),
                          RF_OK);
    rf_params_init(w.ps, 1);
    rf_optimizer_spec adam = rf_optimizer_defaults(rf_optimizer_find("adam"));
    rf_optimizer *o = rf_optimizer_new(&adam, w.ps, NULL);
    double loss = 0;
    for (int step = 0; step < steps; step++) {
        int32_t x[L * N], in[(L + 1) * N], y[(L + 1) * N];
        for (int t = 0; t <= L; t++)
            for (int k = 0; k < N; k++) {
                const uint64_t i = (uint64_t)(t * N + k);
                const double u = rf_uniform(rf_key_make(1, "x", (uint64_t)step), i);
                y[i] = t < L ? 3 + (int32_t)(u * (V - 3)) : END;
                if (t < L) x[i] = t * V + y[i];
                in[i] = t ? y[i - N] : BOS;
            }
        rf_graph_begin(w.g, RF_TRAIN, rf_key_make(1, "train", (uint64_t)step));
        const rf_seq2seq_batch b = {.S = L,
                                    .T = L + 1,
                                    .B = N,
                                    .source_lengths = all,
                                    .input = in,
                                    .target = y,
                                    .features =
                                        rf_embedding_layer_apply(w.g, &table, x, RF_SHAPE(L, N))};
        const rf_node node = rf_seq2seq_loss(w.g, w.m, &b);
        rf_adjoint(w.g, node);
        loss = (double)rf_value(w.g, node).data[0];
        rf_optimizer_step(o, w.d, 0.02, rf_clip_scale(rf_gradient_norm(w.d, w.ps), 1));
    }
    rf_optimizer_free(o);
    world_free(&w);
    return loss;
}

static void places_are_told(void)
{
    rf_seq2seq_spec even = specs[0];
    even.even = 0.01;
    CU_ASSERT(learn(specs[0], 250) < 0.15);
    CU_ASSERT(learn(specs[2], 250) < 0.15);
    CU_ASSERT(learn(even, 250) < 0.2);
    CU_ASSERT(learn(specs[SPECS - 1], 400) < 0.4);
}

/* ---- Refusals ------------------------------------------------------------------------------------ */

static void it_says_no(void)
{
    const rf_seq2seq_spec good = completed("gru", specs[0]);
    rf_seq2seq_spec bad[7] = {good, good, good, good, good, good, good};
    bad[0].source = 5;
    bad[1].features = 0;
    bad[2].copy = true;
    bad[3].shared = true;
    bad[4].attend = RF_ATTEND_NONE, bad[4].even = 1;
    bad[5].features = -1;
    bad[6].compare = -1;
    for (int i = -1; i < 7; i++) {
        rf_params *ps = rf_params_new();
        rf_error err = {0};
        rf_seq2seq *m = rf_seq2seq_new(i < 0 ? &good : &bad[i], ps, &err);
        CU_ASSERT_EQUAL(m != NULL, i < 0);
        CU_ASSERT_EQUAL(err.status, i < 0 ? RF_OK : RF_EINVAL);
        rf_seq2seq_free(m);
        rf_params_free(ps);
    }
}

/* Vectors of another width poison the graph, and the message says so. */
static void widths_are_checked(void)
{
    world w = world_of("gru", specs[0]);
    rf_error err = {0};
    rf_graph_begin(w.g, RF_EVAL, (rf_key){0});
    rf_seq2seq_batch b = batch_of(&w);
    b.features = rf_borrow(w.g, w.x, RF_SHAPE(S, B, D - 1));
    CU_ASSERT_EQUAL(rf_seq2seq_loss(w.g, w.m, &b), RF_POISON);
    CU_ASSERT_EQUAL(rf_graph_status(w.g, &err), RF_ESHAPE);
    world_free(&w);
}

int main(void)
{
    CU_TestInfo tests[] = {{"steps are the graph", steps_are_the_graph},
                           {"batches are single sources", batches_are_single_sources},
                           {"even attention is what it says", even_attention_is_what_it_says},
                           {"places are told", places_are_told},
                           {"it says no", it_says_no},
                           {"widths are checked", widths_are_checked},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "decoder over vectors", .pTests = tests},
                             CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

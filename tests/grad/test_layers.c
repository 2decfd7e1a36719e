/* test_layers.c -- the layers, with their parameters. */
#include "check.h"

#include <string.h>

#include <refrain/layers.h>

#include "../suite.h"

/* ---- Linear, normalization, embedding ------------------------------------------------------------ */

/* All checks of a layer that has one input, drawn from -2 to 2. */
static void check_layer(const char *name, check_builder build, const void *layer, rf_shape input,
                        rf_params *ps)
{
    const check_problem p = {.name = name,
                             .build = build,
                             .ctx = layer,
                             .n = 1,
                             .shape = {input},
                             .low = -2,
                             .high = 2,
                             .params = ps};
    check_all(&p);
}

static rf_node build_linear(rf_graph *g, const rf_node *x, const void *ctx)
{
    return rf_tanh(g, rf_linear_layer_apply(g, ctx, x[0]));
}

static void linear_layer(bool bias, rf_shape in)
{
    rf_linear_layer l;
    rf_params *ps = rf_params_new();
    CU_ASSERT_EQUAL(rf_linear_layer_init(&l, ps, "out.", 5, 3, bias, NULL), RF_OK);
    rf_params_init(ps, 1);
    check_layer(bias ? "linear layer" : "linear layer without bias", build_linear, &l, in, ps);
    rf_params_free(ps);
}

static void linear_holds(void)
{
    linear_layer(true, RF_SHAPE(4, 2, 5));
    linear_layer(false, RF_SHAPE(5));
    linear_layer(true, RF_SHAPE(1, 5));
}

static rf_node build_norm(rf_graph *g, const rf_node *x, const void *ctx)
{
    return rf_norm_layer_apply(g, ctx, x[0]);
}

static void norm_holds(void)
{
    rf_norm_layer l;
    rf_params *ps = rf_params_new();
    CU_ASSERT_EQUAL(rf_norm_layer_init(&l, ps, "norm.", 6, NULL), RF_OK);
    rf_params_init(ps, 1);
    for (int i = 0; i < 6; i++) l.weight->value.data[i] += 0.1 * i;
    check_layer("norm layer", build_norm, &l, RF_SHAPE(3, 2, 6), ps);
    rf_params_free(ps);
}

static rf_node build_crf(rf_graph *g, const rf_node *x, const void *ctx)
{
    static const int32_t lengths[] = {3, 1}, targets[] = {0, 1, 1, -9, -1, -9};
    return rf_crf_layer_loss(g, ctx, x[0], lengths, targets);
}

static void crf_holds(void)
{
    static const uint8_t forbid[] = {0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
    for (int masked = 0; masked < 2; masked++) {
        rf_crf_layer l;
        rf_params *ps = rf_params_new();
        CU_ASSERT_EQUAL(rf_crf_layer_init(&l, ps, "crf.", 3, masked ? forbid : NULL, NULL), RF_OK);
        rf_params_init(ps, 1);
        check_layer(masked ? "crf layer with a mask" : "crf layer", build_crf, &l,
                    RF_SHAPE(3, 2, 3), ps);
        rf_params_free(ps);
    }
}

static rf_node build_nade(rf_graph *g, const rf_node *x, const void *ctx)
{
    static const rf_real v[] = {0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1};
    return rf_nade_layer_apply(g, ctx, x[0], rf_constant(g, v, RF_SHAPE(2, 2, 5)));
}

static void nade_holds(void)
{
    rf_nade_layer l;
    rf_params *ps = rf_params_new();
    CU_ASSERT_EQUAL(rf_nade_layer_init(&l, ps, "nade.", 4, 5, 3, NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_params_count(ps), 6);
    CU_ASSERT_PTR_EQUAL(rf_params_find(ps, "nade.u"), l.u);
    rf_params_init(ps, 1);
    check_layer("nade layer", build_nade, &l, RF_SHAPE(2, 2, 4), ps);
    rf_params_free(ps);
}

static rf_node build_embedding(rf_graph *g, const rf_node *x, const void *ctx)
{
    static const int32_t ids[] = {0, 3, 3, 6, 1, 3};
    return rf_mul(g, x[0], rf_embedding_layer_apply(g, ctx, ids, RF_SHAPE(3, 2)));
}

static void embedding_layer(bool sparse)
{
    rf_embedding_layer l;
    rf_params *ps = rf_params_new();
    CU_ASSERT_EQUAL(rf_embedding_layer_init(&l, ps, "embed.", 7, 4, 1, NULL), RF_OK);
    rf_params_init(ps, 1);
    CU_ASSERT_EQUAL(rf_param_set_sparse(l.weight, sparse), true);
    check_layer(sparse ? "sparse embedding layer" : "embedding layer", build_embedding, &l,
                RF_SHAPE(3, 2, 4), ps);
    rf_params_free(ps);
}

static void embedding_holds(void)
{
    embedding_layer(false);
    embedding_layer(true);
}

/* The same weight read by id and, as nn.Linear's, turned around: a language model with tied weights.
 * A sparse gradient has to become one that names all rows. */
static rf_node build_tied(rf_graph *g, const rf_node *x, const void *ctx)
{
    static const int32_t ids[] = {0, 3, 3, 6, 1, 3}, targets[] = {3, 3, 6, 1, -1, 2};
    const rf_embedding_layer *l = ctx;
    const rf_node h = rf_mul(g, x[0], rf_embedding_layer_apply(g, l, ids, RF_SHAPE(3, 2)));
    const rf_node w = rf_parameter(g, l->weight);
    return rf_linear_cross_entropy(g, h, w, RF_NONE, targets);
}

static void tied_weights_hold(void)
{
    for (int sparse = 0; sparse < 2; sparse++) {
        rf_embedding_layer l;
        rf_params *ps = rf_params_new();
        rf_embedding_layer_init(&l, ps, "embed.", 7, 4, 1, NULL);
        rf_params_init(ps, 2);
        CU_ASSERT_EQUAL(rf_param_set_sparse(l.weight, sparse), true);
        check_layer(sparse ? "tied sparse weights" : "tied weights", build_tied, &l,
                    RF_SHAPE(3, 2, 4), ps);
        rf_params_free(ps);
    }
}

/* ---- Attention ------------------------------------------------------------------------------------ */

enum { B = 3, S = 5, Q = 4, K = 3, A = 6 };

typedef struct attention_case {
    const char *name;
    rf_attention_kind kind;
    const int32_t *lengths;
    rf_index steps;
    bool both; /* the weights are in the output, too */
} attention_case;

typedef struct attention_problem {
    attention_case c;
    rf_attention_layer l;
} attention_problem;

static rf_node build_attention(rf_graph *g, const rf_node *x, const void *ctx)
{
    const attention_problem *a = ctx;
    const rf_attended r = rf_attention_layer_apply(g, &a->l, x[0], x[1], a->c.lengths);
    const rf_node both[] = {r.context, r.weights};
    return a->c.both ? rf_concat(g, 2, both, 2) : r.context;
}

/* Two steps over one memory, the second query depending on the first context. */
static rf_node build_steps(rf_graph *g, const rf_node *x, const void *ctx)
{
    const attention_problem *a = ctx;
    const rf_attention_memory m = rf_attention_layer_prepare(g, &a->l, x[1], a->c.lengths);
    const rf_attended first = rf_attention_layer_attend(g, &a->l, &m, x[0]);
    const rf_node size = rf_mul(g, first.context, first.context);
    const rf_node query = rf_mul(g, x[0], rf_sum_dim(g, size, 2, true));
    return rf_attention_layer_attend(g, &a->l, &m, query).context;
}

static void attention_holds(void)
{
    static const int32_t lengths[B] = {5, 1, 3};
    static const attention_case cases[] = {
        {"additive", RF_ATTENTION_ADDITIVE, NULL, 2, true},
        {"additive, lengths", RF_ATTENTION_ADDITIVE, lengths, 2, true},
        {"additive, one step", RF_ATTENTION_ADDITIVE, lengths, 1, false},
        {"dot", RF_ATTENTION_DOT, NULL, 2, false},
        {"dot, lengths", RF_ATTENTION_DOT, lengths, 2, true},
        {"dot, one step", RF_ATTENTION_DOT, lengths, 1, false},
        {"general", RF_ATTENTION_GENERAL, NULL, 2, true},
        {"general, lengths", RF_ATTENTION_GENERAL, lengths, 2, false},
        {"general, one step", RF_ATTENTION_GENERAL, lengths, 1, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        attention_problem a = {.c = cases[i]};
        const rf_index q = a.c.kind == RF_ATTENTION_DOT ? K : Q;
        rf_params *ps = rf_params_new();
        rf_error err = {0};
        CU_ASSERT_EQUAL(rf_attention_layer_init(&a.l, ps, "a.", a.c.kind, q, K, A, &err), RF_OK);
        rf_params_init(ps, 3);
        check_problem p = {.name = a.c.name,
                           .build = build_attention,
                           .ctx = &a,
                           .n = 2,
                           .shape = {RF_SHAPE(a.c.steps, B, q), RF_SHAPE(S, B, K)},
                           .low = -1,
                           .high = 1,
                           .params = ps};
        check_all(&p);
        p.build = build_steps;
        check_all(&p);
        rf_params_free(ps);
    }
}

/* ---- Adaptive softmax ------------------------------------------------------------------------------ */

static rf_node build_adaptive_loss(rf_graph *g, const rf_node *x, const void *ctx)
{
    static const int32_t target[] = {11, 0, 4, -1, 2, 7};
    return rf_adaptive_layer_loss(g, ctx, x[0], target);
}

static rf_node build_adaptive(rf_graph *g, const rf_node *x, const void *ctx)
{
    return rf_adaptive_layer_apply(g, ctx, x[0]);
}

static void adaptive_holds(void)
{
    static const rf_index cutoff[] = {3, 7};
    const rf_adaptive_spec spec = {
        .in = 6, .classes = 12, .cutoffs = 2, .cutoff = cutoff, .divisor = 2, .bias = true};
    rf_adaptive_layer l;
    rf_params *ps = rf_params_new();
    CU_ASSERT_EQUAL_FATAL(rf_adaptive_layer_init(&l, ps, "out.", &spec, NULL), RF_OK);
    rf_params_init(ps, 1);
    check_layer("adaptive layer, loss", build_adaptive_loss, &l, RF_SHAPE(2, 3, 6), ps);
    check_layer("adaptive layer, log-probabilities", build_adaptive, &l, RF_SHAPE(2, 3, 6), ps);
    rf_params_free(ps);
}

/* ---- Sampled softmax ------------------------------------------------------------------------------- */

typedef struct sampled_problem {
    rf_param *w;
    rf_index samples;
} sampled_problem;

/* Tied: w is read by id, too. */
static rf_node build_sampled(rf_graph *g, const rf_node *x, const void *ctx)
{
    static const int32_t target[] = {8, 1, -1, 2}, id[] = {8, 3, 3, 0};
    const sampled_problem *s = ctx;
    rf_node w = rf_parameter(g, s->w);
    rf_node in = rf_mul(g, x[0], rf_embedding(g, w, id, RF_SHAPE(4)));
    return rf_sampled_cross_entropy(g, in, w, x[1], target, s->samples);
}

static void sampled_holds(void)
{
    rf_params *ps = rf_params_new();
    sampled_problem s = {
        .w = rf_params_add(ps, "w", RF_SHAPE(9, 3), (rf_init){RF_INIT_NORMAL, 1}, NULL)};
    rf_params_init(ps, 1);
    for (s.samples = 1; s.samples <= 10; s.samples += 3) {
        check_problem p = {.name = "sampled, tied",
                           .build = build_sampled,
                           .ctx = &s,
                           .n = 2,
                           .shape = {RF_SHAPE(4, 3), RF_SHAPE(9)},
                           .low = -1,
                           .high = 1,
                           .params = ps,
                           .mode = RF_TRAIN};
        check_all(&p);
    }
    rf_params_free(ps);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"linear holds", linear_holds},          {"norm holds", norm_holds},
        {"conditional random field", crf_holds}, {"ordered binaries", nade_holds},
        {"embedding holds", embedding_holds},    {"tied weights hold", tied_weights_hold},
        {"attention holds", attention_holds},    {"adaptive holds", adaptive_holds},
        {"sampled holds", sampled_holds},        CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "layers", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

/* test_layers.c -- layers against scalar code, their parameters and their refusals. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <refrain/layers.h>

#include "../graph_suite.h"

static rf_params *ps;

static void begin(void)
{
    ps = rf_params_new();
    rf_graph_begin(g, RF_EVAL, rf_key_make(1, "layers", 0));
}

static void end(void)
{
    rf_error err = {0};
    if (rf_graph_status(g, &err)) printf("\n%s\n", err.text);
    CU_ASSERT_EQUAL(err.status, RF_OK);
    rf_params_free(ps);
}

static void near(double a, double b)
{
    if (fabs(a - b) <= 2e-5 * (1 + fabs(b))) return;
    printf("\n%.9g where %.9g is due\n", a, b);
    CU_FAIL("values differ");
}

static void draw(rf_real *x, rf_index n, const char *what)
{
    const rf_key key = rf_key_make(5, what, 0);
    for (rf_index i = 0; i < n; i++) x[i] = (rf_real)(2 * rf_uniform(key, (uint64_t)i) - 1);
}

static void has_shape(rf_node x, rf_shape due)
{
    CU_ASSERT(rf_shape_equal(rf_shape_of(g, x), due));
}

/* ---- Linear, embedding, normalization ----------------------------------------------------------- */

static void linear_layer(void)
{
    enum { N = 7, I = 5, O = 3 };
    rf_linear_layer l;
    rf_real x[N * I];
    begin();
    CU_ASSERT_EQUAL(rf_linear_layer_init(&l, ps, "out.", I, O, true, NULL), RF_OK);
    rf_params_init(ps, 3);
    CU_ASSERT_PTR_EQUAL(rf_params_find(ps, "out.weight"), l.weight);
    CU_ASSERT_PTR_EQUAL(rf_params_find(ps, "out.bias"), l.bias);
    for (int i = 0; i < O * I; i++) CU_ASSERT(fabs((double)l.weight->value.data[i]) <= 1 / sqrt(I));
    draw(x, N * I, "x");
    rf_node y = rf_linear_layer_apply(g, &l, rf_constant(g, x, RF_SHAPE(N, I)));
    has_shape(y, RF_SHAPE(N, O));
    for (int n = 0; n < N; n++)
        for (int o = 0; o < O; o++) {
            double s = (double)l.bias->value.data[o];
            for (int i = 0; i < I; i++)
                s += (double)(x[n * I + i] * l.weight->value.data[o * I + i]);
            near((double)rf_value(g, y).data[n * O + o], s);
        }
    end();
}

static void linear_layer_without_bias(void)
{
    rf_linear_layer l;
    const rf_real x[] = {1, 2};
    begin();
    CU_ASSERT_EQUAL(rf_linear_layer_init(&l, ps, "", 2, 1, false, NULL), RF_OK);
    CU_ASSERT_PTR_NULL(l.bias);
    CU_ASSERT_EQUAL(rf_params_count(ps), 1);
    l.weight->value.data[0] = 3;
    l.weight->value.data[1] = -1;
    rf_node y = rf_linear_layer_apply(g, &l, rf_constant(g, x, RF_SHAPE(2)));
    has_shape(y, RF_SHAPE(1));
    near((double)rf_value(g, y).data[0], 1);
    end();
}

static void embedding_layer(void)
{
    const int32_t ids[] = {4, 0, 4, 2, 1, 3};
    rf_embedding_layer l;
    begin();
    CU_ASSERT_EQUAL(rf_embedding_layer_init(&l, ps, "embed.", 5, 3, 0.1, NULL), RF_OK);
    rf_params_init(ps, 3);
    CU_ASSERT_PTR_EQUAL(rf_params_find(ps, "embed.weight"), l.weight);
    rf_node y = rf_embedding_layer_apply(g, &l, ids, RF_SHAPE(2, 3));
    has_shape(y, RF_SHAPE(2, 3, 3));
    for (int i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(memcmp(rf_value(g, y).data + 3 * i, l.weight->value.data + 3 * ids[i],
                               3 * sizeof(rf_real)),
                        0);
    end();
}

static void norm_layer(void)
{
    enum { N = 4, I = 6 };
    rf_norm_layer l;
    rf_real x[N * I];
    begin();
    CU_ASSERT_EQUAL(rf_norm_layer_init(&l, ps, "norm.", I, NULL), RF_OK);
    rf_params_init(ps, 3);
    draw(x, N * I, "x");
    for (int i = 0; i < I; i++) {
        near((double)l.weight->value.data[i], 1);
        near((double)l.bias->value.data[i], 0);
        l.weight->value.data[i] = (rf_real)(1 + i);
        l.bias->value.data[i] = (rf_real)(-i);
    }
    rf_node y = rf_norm_layer_apply(g, &l, rf_constant(g, x, RF_SHAPE(2, 2, I)));
    for (int n = 0; n < N; n++) {
        double mean = 0, var = 0;
        for (int i = 0; i < I; i++) mean += (double)x[n * I + i] / I;
        for (int i = 0; i < I; i++) var += pow((double)x[n * I + i] - mean, 2) / I;
        for (int i = 0; i < I; i++)
            near((double)rf_value(g, y).data[n * I + i],
                 (1 + i) * ((double)x[n * I + i] - mean) / sqrt(var + 1e-5) - i);
    }
    end();
}

/* ---- Attention ------------------------------------------------------------------------------------ */

enum { TQ = 3, B = 2, S = 5, Q = 4, K = 4, A = 3 };

typedef struct sample {
    rf_real query[TQ * B * Q], keys[S * B * K];
    const int32_t *lengths;
} sample;

/* Row r of w [.., n] times v. */
static double row_dot(const rf_param *w, int r, int n, const rf_real *v)
{
    double s = 0;
    for (int i = 0; i < n; i++) s += (double)w->value.data[r * n + i] * (double)v[i];
    return s;
}

static double score(const rf_attention_layer *l, const rf_real *q, const rf_real *k)
{
    double s = 0;
    if (l->kind == RF_ATTENTION_DOT)
        for (int i = 0; i < Q; i++) s += (double)q[i] * (double)k[i];
    if (l->kind == RF_ATTENTION_GENERAL)
        for (int i = 0; i < Q; i++) s += (double)q[i] * row_dot(l->key, i, K, k);
    if (l->kind == RF_ATTENTION_ADDITIVE)
        for (int a = 0; a < A; a++)
            s += (double)l->v->value.data[a] *
                 tanh(row_dot(l->query, a, Q, q) + row_dot(l->key, a, K, k));
    return s;
}

/* weights [S] and context [K] of query t of sequence b. */
static void attend(const rf_attention_layer *l, const sample *x, int t, int b, double *weights,
                   double *context)
{
    const int n = x->lengths ? x->lengths[b] : S;
    double sum = 0;
    memset(weights, 0, S * sizeof *weights);
    memset(context, 0, K * sizeof *context);
    for (int s = 0; s < n; s++)
        sum += weights[s] = exp(score(l, x->query + (t * B + b) * Q, x->keys + (s * B + b) * K));
    for (int s = 0; s < n; s++) {
        weights[s] /= sum;
        for (int k = 0; k < K; k++) context[k] += weights[s] * (double)x->keys[(s * B + b) * K + k];
    }
}

static void compare_attended(const rf_attention_layer *l, const sample *x, rf_attended r, int from,
                             int steps)
{
    has_shape(r.context, RF_SHAPE(steps, B, K));
    has_shape(r.weights, RF_SHAPE(steps, B, S));
    if (rf_graph_status(g, NULL)) return;
    for (int t = 0; t < steps; t++)
        for (int b = 0; b < B; b++) {
            double weights[S], context[K];
            attend(l, x, from + t, b, weights, context);
            for (int s = 0; s < S; s++)
                near((double)rf_value(g, r.weights).data[(t * B + b) * S + s], weights[s]);
            for (int k = 0; k < K; k++)
                near((double)rf_value(g, r.context).data[(t * B + b) * K + k], context[k]);
        }
}

static void attention(rf_attention_kind kind, const int32_t *lengths)
{
    rf_attention_layer l;
    sample x = {.lengths = lengths};
    begin();
    CU_ASSERT_EQUAL(rf_attention_layer_init(&l, ps, "attention.", kind, Q, K, A, NULL), RF_OK);
    rf_params_init(ps, 4);
    draw(x.query, TQ * B * Q, "query");
    draw(x.keys, S * B * K, "keys");
    rf_node query = rf_constant(g, x.query, RF_SHAPE(TQ, B, Q));
    rf_node keys = rf_constant(g, x.keys, RF_SHAPE(S, B, K));
    compare_attended(&l, &x, rf_attention_layer_apply(g, &l, query, keys, lengths), 0, TQ);
    rf_attention_memory m = rf_attention_layer_prepare(g, &l, keys, lengths);
    for (int t = 0; t < TQ; t++) {
        rf_node step = rf_rows(g, query, t, 1);
        compare_attended(&l, &x, rf_attention_layer_attend(g, &l, &m, step), t, 1);
    }
    end();
}

static void attention_of_every_kind(void)
{
    static const int32_t lengths[B] = {3, 5};
    attention(RF_ATTENTION_ADDITIVE, NULL);
    attention(RF_ATTENTION_ADDITIVE, lengths);
    attention(RF_ATTENTION_DOT, NULL);
    attention(RF_ATTENTION_DOT, lengths);
    attention(RF_ATTENTION_GENERAL, NULL);
    attention(RF_ATTENTION_GENERAL, lengths);
}

static void attention_parameters(void)
{
    rf_attention_layer l;
    begin();
    CU_ASSERT_EQUAL(rf_attention_layer_init(&l, ps, "a.", RF_ATTENTION_ADDITIVE, 4, 6, 3, NULL), 0);
    CU_ASSERT_EQUAL(rf_attention_layer_init(&l, ps, "b.", RF_ATTENTION_GENERAL, 4, 6, 3, NULL), 0);
    CU_ASSERT_EQUAL(rf_attention_layer_init(&l, ps, "c.", RF_ATTENTION_DOT, 4, 4, 3, NULL), 0);
    CU_ASSERT_EQUAL(rf_params_count(ps), 4);
    CU_ASSERT(rf_shape_equal(rf_params_find(ps, "a.query.weight")->value.shape, RF_SHAPE(3, 4)));
    CU_ASSERT(rf_shape_equal(rf_params_find(ps, "a.key.weight")->value.shape, RF_SHAPE(3, 6)));
    CU_ASSERT(rf_shape_equal(rf_params_find(ps, "a.v.weight")->value.shape, RF_SHAPE(1, 3)));
    CU_ASSERT(rf_shape_equal(rf_params_find(ps, "b.key.weight")->value.shape, RF_SHAPE(4, 6)));
    end();
}

/* ---- Refusals --------------------------------------------------------------------------------------- */

static void layers_refuse(void)
{
    rf_error err = {0};
    rf_linear_layer l;
    rf_attention_layer a;
    begin();
    CU_ASSERT_EQUAL(rf_linear_layer_init(&l, ps, "x.", 2, 3, true, &err), RF_OK);
    CU_ASSERT_EQUAL(rf_linear_layer_init(&l, ps, "x.", 2, 3, true, &err), RF_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "x.weight"));
    CU_ASSERT_NOT_EQUAL(rf_linear_layer_init(&l, ps, "x.", 2, 3, true, NULL), RF_OK);
    err = (rf_error){0};
    CU_ASSERT_EQUAL(rf_linear_layer_init(&l, ps, "y.", 0, 3, true, &err), RF_ESHAPE);
    err = (rf_error){0};
    CU_ASSERT_EQUAL(rf_attention_layer_init(&a, ps, "z.", RF_ATTENTION_DOT, 2, 3, 1, &err),
                    RF_ESHAPE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "query size 2 and key size 3"));
    end();
}

static void attention_names_wrong_shapes(void)
{
    rf_attention_layer l;
    rf_error err = {0};
    begin();
    rf_attention_layer_init(&l, ps, "", RF_ATTENTION_ADDITIVE, 4, 4, 3, NULL);
    rf_node flat = rf_zeros(g, RF_SHAPE(3, 4)), whole = rf_zeros(g, RF_SHAPE(2, 3, 4));
    rf_attended r = rf_attention_layer_apply(g, &l, flat, whole, NULL);
    CU_ASSERT_EQUAL(r.context, RF_POISON);
    CU_ASSERT_EQUAL(r.weights, RF_POISON);
    CU_ASSERT_EQUAL(rf_graph_status(g, &err), RF_ESHAPE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "query [3,4] where [Tq,B,Q] is due"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "test_layers.c"));
    rf_graph_begin(g, RF_EVAL, rf_key_make(1, "layers", 0));
    rf_params_free(ps);
}

int main(void)
{
    CU_TestInfo tests[] = {{"linear layer", linear_layer},
                           {"linear layer without bias", linear_layer_without_bias},
                           {"embedding layer", embedding_layer},
                           {"norm layer", norm_layer},
                           {"attention of every kind", attention_of_every_kind},
                           {"attention parameters", attention_parameters},
                           {"layers refuse", layers_refuse},
                           {"attention names wrong shapes", attention_names_wrong_shapes},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {
        {.pName = "layers", .pInitFunc = open_all, .pCleanupFunc = close_all, .pTests = tests},
        CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

/* test_nade.c -- ordered binaries: a distribution, the same by any way, and drawn as it says. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/decode.h>
#include <refrain/graph.h>

#include "../suite.h"

enum { MOST_V = 88, MOST_N = 130, MOST_R = 9 };

/* R rows of V values and N hidden units, of chance. */
typedef struct estimator {
    rf_index R, V, N;
    rf_real b[MOST_R * MOST_V], c[MOST_R * MOST_N], v[MOST_R * MOST_V];
    rf_real w[MOST_V * MOST_N], u[MOST_V * MOST_N];
} estimator;

static void fill(rf_real *x, rf_index n, const char *what, double scale)
{
    const rf_key key = rf_key_make(3, what, 0);
    for (rf_index i = 0; i < n; i++) x[i] = (rf_real)(scale * rf_normal(key, (uint64_t)i));
}

static estimator *estimator_new(rf_index R, rf_index V, rf_index N)
{
    estimator *e = calloc(1, sizeof *e);
    e->R = R, e->V = V, e->N = N;
    fill(e->b, R * V, "b", 0.7);
    fill(e->c, R * N, "c", 1);
    fill(e->w, V * N, "w", 1.5);
    fill(e->u, V * N, "u", 1);
    for (rf_index i = 0; i < R * V; i++)
        e->v[i] = rf_uniform(rf_key_make(3, "v", 0), (uint64_t)i) < 0.2;
    return e;
}

static rf_node apply(rf_graph *g, const estimator *e, rf_node *v)
{
    const rf_index R = e->R, V = e->V, N = e->N;
    *v = rf_constant(g, e->v, RF_SHAPE(R, V));
    return rf_nade(g, rf_variable(g, e->b, RF_SHAPE(R, V)), rf_variable(g, e->c, RF_SHAPE(R, N)),
                   rf_variable(g, e->w, RF_SHAPE(V, N)), rf_variable(g, e->u, RF_SHAPE(V, N)), *v);
}

/* ln p(v) of the first row, by graph and loss. */
static double log_p(rf_graph *g, const estimator *e)
{
    rf_node v;
    rf_graph_begin(g, RF_INFER, (rf_key){0});
    const rf_node z = apply(g, e, &v);
    return -(double)e->V * (double)rf_value(g, rf_binary_cross_entropy(g, z, v)).data[0];
}

static void all_rows_sum_to_one(void)
{
    rf_device *d = rf_device_new(1, NULL);
    rf_graph *g = rf_graph_new(d);
    estimator *e = estimator_new(1, 7, 5);
    double sum = 0;
    for (int bits = 0; bits < 1 << 7; bits++) {
        for (int i = 0; i < 7; i++) e->v[i] = (rf_real)(bits >> i & 1);
        sum += exp(log_p(g, e));
    }
    CU_ASSERT_DOUBLE_EQUAL(sum, 1, 1e-5);
    free(e);
    rf_graph_free(g);
    rf_device_free(d);
}

/* Values and gradients beside those of the primitive ops; `threads` add up in another order. */
static void beside_the_textbook(int threads, rf_index R, rf_index V, rf_index N)
{
    rf_device *d = rf_device_new(threads, NULL);
    rf_graph *g = rf_graph_new(d);
    estimator *e = estimator_new(R, V, N);
    rf_real *kept = calloc((size_t)(R * V + 4 * MOST_V * MOST_N), sizeof *kept), *at = kept;
    double furthest = 0;
    for (int textbook = 0; textbook < 2; textbook++, at = kept) {
        rf_node v;
        rf_graph_begin(g, RF_EVAL, (rf_key){0});
        rf_node z = apply(g, e, &v);
        const rf_node fused = z;
        if (textbook) z = rf_expand(g, z);
        CU_ASSERT_EQUAL_FATAL(rf_adjoint(g, rf_binary_cross_entropy(g, z, v)), RF_OK);
        const rf_node *x = rf_graph_node(g, fused).input;
        for (int i = -1; i < 4; i++) {
            const rf_tensor t = rf_value(g, i < 0 ? z : x[i]);
            const rf_real *from = i < 0 ? t.data : rf_gradient(g, x[i]);
            for (rf_index k = 0, n = rf_shape_count(t.shape); k < n; k++, at++) {
                const rf_real x_k = from ? from[k] : 0;
                if (textbook) furthest = fmax(furthest, fabs((double)(*at - x_k)));
                *at = x_k;
            }
        }
    }
    CU_ASSERT(furthest < 2e-5);
    free(kept);
    free(e);
    rf_graph_free(g);
    rf_device_free(d);
}

static void fused_is_textbook(void)
{
    beside_the_textbook(1, 9, 88, 130);
    beside_the_textbook(2, 9, 88, 130);
    beside_the_textbook(2, 1, 17, 15);
    beside_the_textbook(1, 3, 1, 1);
}

static void draws_are_what_they_say(void)
{
    enum { V = 4, DRAWS = 20000 };
    rf_device *d = rf_device_new(1, NULL);
    rf_graph *g = rf_graph_new(d);
    estimator *e = estimator_new(1, V, 6);
    const rf_nade_row row = {.V = V, .N = 6, .b = e->b, .c = e->c, .w = e->w, .u = e->u};
    rf_real scratch[12];
    double told[1 << V] = {0};
    int count[1 << V] = {0};
    for (int i = 0; i < DRAWS; i++) {
        const double p =
            rf_nade_draw(d, &row, 1, rf_key_make(5, "draw", (uint64_t)i), e->v, scratch);
        int bits = 0;
        for (int k = 0; k < V; k++) bits |= (e->v[k] > 0) << k;
        if (!count[bits]++) CU_ASSERT_DOUBLE_EQUAL(p, log_p(g, e), 1e-4);
        told[bits] = exp(p);
    }
    for (int i = 0; i < 1 << V; i++) {
        const double deviation = sqrt(told[i] * (1 - told[i]) / DRAWS);
        CU_ASSERT_DOUBLE_EQUAL((double)count[i] / DRAWS, told[i], 5 * deviation + 1e-3);
    }
    free(e);
    rf_graph_free(g);
    rf_device_free(d);
}

static void temperatures(void)
{
    enum { V = 3, DRAWS = 4000 };
    static const rf_real z[V] = {-1, 2, 0.5};
    rf_real v[V];
    const double p = rf_binary_draw(V, z, 0, rf_key_make(1, "x", 0), v);
    CU_ASSERT(v[0] == 0 && v[1] == 1 && v[2] == 1);
    CU_ASSERT_DOUBLE_EQUAL(p, -log1p(exp(-1)) - log1p(exp(-2)) - log1p(exp(-0.5)), 1e-6);
    int hot[V] = {0}, plain[V] = {0};
    for (uint64_t i = 0; i < DRAWS; i++) {
        rf_binary_draw(V, z, 10, rf_key_make(1, "x", i), v);
        for (int k = 0; k < V; k++) hot[k] += v[k] > 0;
        rf_binary_draw(V, z, 1, rf_key_make(1, "x", i), v);
        for (int k = 0; k < V; k++) plain[k] += v[k] > 0;
    }
    for (int k = 0; k < V; k++) {
        CU_ASSERT_DOUBLE_EQUAL((double)plain[k] / DRAWS, 1 / (1 + exp(-(double)z[k])), 0.03);
        CU_ASSERT_DOUBLE_EQUAL((double)hot[k] / DRAWS, 1 / (1 + exp(-(double)z[k] / 10)), 0.03);
    }
}

static void refused(const char *due, rf_shape b, rf_shape c, rf_shape w, rf_shape v)
{
    rf_device *d = rf_device_new(1, NULL);
    rf_graph *g = rf_graph_new(d);
    rf_error err = {0};
    rf_graph_begin(g, RF_EVAL, (rf_key){0});
    const rf_node z =
        rf_nade(g, rf_zeros(g, b), rf_zeros(g, c), rf_zeros(g, w), rf_zeros(g, w), rf_zeros(g, v));
    CU_ASSERT_EQUAL(z, RF_POISON);
    CU_ASSERT_NOT_EQUAL(rf_graph_status(g, &err), RF_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, due));
    rf_graph_free(g);
    rf_device_free(d);
}

static void refusals(void)
{
    const rf_shape b = RF_SHAPE(2, 5), c = RF_SHAPE(2, 3), w = RF_SHAPE(5, 3);
    refused("visible biases [..,V] are due", (rf_shape){.rank = 0}, c, w, b);
    refused("hidden biases [..,N] are due", b, RF_SHAPE(3, 3), w, b);
    refused("weights [V,N] are due", b, c, RF_SHAPE(3, 5), b);
    refused("values [..,V] are due", b, c, w, RF_SHAPE(2, 3));
}

int main(void)
{
    CU_TestInfo tests[] = {{"all rows sum to one", all_rows_sum_to_one},
                           {"fused is textbook", fused_is_textbook},
                           {"draws are what they say", draws_are_what_they_say},
                           {"temperatures", temperatures},
                           {"refusals", refusals},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "nade", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

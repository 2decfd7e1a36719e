/* test_wide.c -- ops of sizes that threads share: their number changes no bit. */
#include <stdlib.h>
#include <string.h>

#include "draw.h"

#include "../suite.h"

/* One loss through long elementwise ops, dropout, softmax and reductions; its gradient to out. */
static double long_chain(rf_device *d, rf_real *out)
{
    rf_graph *g = rf_graph_new(d);
    rf_graph_begin(g, RF_TRAIN, rf_key_make(2, "long", 0));
    int32_t targets[300];
    for (int i = 0; i < 300; i++) targets[i] = i % 7 ? i % 200 : -1;
    rf_node x = drawn(g, "x", RF_SHAPE(300, 200)), row = drawn(g, "row", RF_SHAPE(200));
    rf_node y = rf_mul(g, rf_tanh(g, rf_add(g, x, row)), rf_sigmoid(g, x));
    y = rf_layer_norm(g, rf_dropout(g, rf_softmax(g, y), 0.3), row, row, 1e-5);
    rf_node loss = rf_cross_entropy(g, y, targets);
    CU_ASSERT_EQUAL(rf_adjoint(g, loss), RF_OK);
    const double value_of_loss = (double)*rf_value(g, loss).data;
    memcpy(out, rf_gradient(g, x), 60000 * sizeof *out);
    rf_graph_free(g);
    return value_of_loss;
}

static void threads_change_nothing(void)
{
    rf_device *one = rf_device_new(1, NULL), *two = rf_device_new(2, NULL);
    rf_real *a = malloc(60000 * sizeof *a), *b = malloc(60000 * sizeof *b);
    const double x = long_chain(one, a), y = long_chain(two, b);
    CU_ASSERT_EQUAL(x, y);
    CU_ASSERT_EQUAL(memcmp(a, b, 60000 * sizeof *a), 0);
    CU_ASSERT_EQUAL(long_chain(two, a), y);
    CU_ASSERT_EQUAL(memcmp(a, b, 60000 * sizeof *a), 0);
    free(a);
    free(b);
    rf_device_free(one);
    rf_device_free(two);
}

/* Ops of sizes that threads share, most of them ragged; inputs that stand still too. */
enum { WT = 13, WB = 37, WH = 79, WIDE = WT * WB * WH };
typedef rf_node wide_fn(rf_graph *g, rf_node x);

static rf_node wide_norm(rf_graph *g, rf_node x)
{
    return rf_layer_norm(g, x, drawn(g, "gain", RF_SHAPE(WH)), drawn(g, "bias", RF_SHAPE(WH)),
                         1e-5);
}
static rf_node wide_row(rf_graph *g, rf_node x)
{
    rf_node a = rf_mul(g, drawn(g, "row", RF_SHAPE(WH)), x);
    return rf_sub(g, a, rf_mul(g, rf_rows(g, x, 3, 1), x)); /* x twice, once standing still */
}
static rf_node wide_column(rf_graph *g, rf_node x)
{
    rf_node a = rf_mul(g, x, drawn(g, "column", RF_SHAPE(WB, 1)));
    return rf_div(g, a, rf_affine(g, drawn(g, "middle", RF_SHAPE(WT, 1, WH)), 0.2, 3));
}
static rf_node wide_scalar(rf_graph *g, rf_node x)
{
    return rf_mul(g, rf_part(g, x, 5, RF_SCALAR), x);
}
static rf_node wide_moves(rf_graph *g, rf_node x)
{
    int32_t lengths[WB];
    for (int b = 0; b < WB; b++) lengths[b] = b % (WT + 1);
    rf_node all = rf_concat(g, 2, (const rf_node[]){rf_slice(g, x, 0, 2, 9), x}, 0);
    x = rf_slice(g, all, 0, 5, WT);
    rf_node s = rf_slice(g, x, 2, 3, WH - 7), c = rf_concat(g, 2, (const rf_node[]){s, x}, 2);
    rf_node back = rf_transpose(g, rf_reverse(g, rf_transpose(g, c, 1, 2), NULL), 1, 2);
    return rf_reverse(g, rf_transpose(g, rf_transpose(g, back, 0, 1), 0, 1), lengths);
}
static rf_node wide_sums(rf_graph *g, rf_node x)
{
    rf_node units = rf_sum_dim(g, x, 2, true), time = rf_sum_dim(g, x, 0, true);
    return rf_mul(g, rf_sum(g, x), rf_mul(g, units, time));
}
static rf_node wide_maxima(rf_graph *g, rf_node x)
{
    return rf_add(g, rf_max_dim(g, x, 2, true), rf_max_dim(g, x, 0, true));
}
static rf_node wide_lookup(rf_graph *g, rf_node x)
{
    int32_t id[WT * WB];
    for (int i = 0; i < WT * WB; i++) id[i] = i * i % 101;
    return rf_embedding(g, rf_reshape(g, x, RF_SHAPE(WT * WB, WH)), id, RF_SHAPE(WT, WB));
}
static rf_node wide_errors(rf_graph *g, rf_node x)
{
    rf_node y = rf_sigmoid(g, rf_rows(g, x, 0, WT));
    return rf_add(g, rf_mean_squared_error(g, x, y), rf_binary_cross_entropy(g, x, y));
}

/* Value and gradient of one op on a device, to y (at most 2 WIDE numbers) and gx. */
static void run_wide(rf_device *d, wide_fn *fn, rf_real *y, rf_real *gx)
{
    rf_graph *g = rf_graph_new(d);
    rf_graph_begin(g, RF_EVAL, rf_key_make(1, "wide", 0));
    rf_node x = drawn(g, "x", RF_SHAPE(WT, WB, WH)), z = fn(g, x);
    CU_ASSERT_EQUAL_FATAL(rf_graph_status(g, NULL), RF_OK);
    const rf_tensor v = rf_value(g, z);
    const rf_index n = rf_shape_count(v.shape);
    CU_ASSERT_FATAL(n <= 2 * WIDE);
    memcpy(y, v.data, (size_t)n * sizeof *y);
    CU_ASSERT_EQUAL_FATAL(rf_adjoint_with(g, z, y), RF_OK);
    memcpy(gx, rf_gradient(g, x), WIDE * sizeof *gx);
    rf_graph_free(g);
}

static void wide_ops_ignore_threads(void)
{
    static wide_fn *const ops[] = {wide_norm, wide_row,    wide_column, wide_scalar, wide_moves,
                                   wide_sums, wide_maxima, wide_lookup, wide_errors};
    rf_device *d[] = {rf_device_new(1, NULL), rf_device_new(2, NULL), rf_device_new(3, NULL)};
    rf_real *at[6];
    for (int i = 0; i < 6; i++) at[i] = calloc(2 * WIDE, sizeof *at[i]);
    for (size_t k = 0; k < sizeof ops / sizeof *ops; k++) {
        run_wide(d[0], ops[k], at[0], at[1]);
        for (int i = 1; i < 3; i++) {
            run_wide(d[i], ops[k], at[2 * i], at[2 * i + 1]);
            CU_ASSERT_EQUAL(memcmp(at[0], at[2 * i], 2 * WIDE * sizeof **at), 0);
            CU_ASSERT_EQUAL(memcmp(at[1], at[2 * i + 1], WIDE * sizeof **at), 0);
        }
    }
    for (int i = 0; i < 6; i++) free(at[i]);
    for (int i = 0; i < 3; i++) rf_device_free(d[i]);
}

int main(void)
{
    CU_TestInfo tests[] = {{"threads change nothing", threads_change_nothing},
                           {"wide ops ignore threads", wide_ops_ignore_threads},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "wide", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

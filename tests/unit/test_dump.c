/* test_dump.c -- the graph as text and as DOT. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <refrain/graph.h>

#include "../graph_suite.h"

static rf_str out;

static int close_text(void)
{
    rf_str_free(&out);
    return close_all();
}

static const char *text(uint32_t flags)
{
    rf_str_clear(&out);
    rf_graph_text(g, &out, flags);
    return out.s;
}

static const char *dot(uint32_t flags)
{
    rf_str_clear(&out);
    rf_graph_dot(g, &out, flags);
    return out.s;
}

static void holds(const char *haystack, const char *needle)
{
    if (haystack && strstr(haystack, needle)) return;
    printf("\n%s\nlacks: %s\n", haystack ? haystack : "(nothing)", needle);
    CU_FAIL("a part is missing");
}

/* e = (a + b)(b + 1) with a = 2, b = 1. */
static rf_node example(rf_mode mode)
{
    const rf_real a = 2, b = 1;
    rf_graph_begin(g, mode, rf_key_make(1, "dump", 0));
    rf_node x = rf_name(g, rf_variable(g, &a, RF_SCALAR), "a");
    rf_node y = rf_name(g, rf_variable(g, &b, RF_SCALAR), "b");
    rf_node sum = rf_add(g, x, y);
    return rf_name(g, rf_mul(g, sum, rf_affine(g, y, 1, 1)), "e");
}

static void one_line_a_node(void)
{
    example(RF_EVAL);
    CU_ASSERT_STRING_EQUAL(text(0), "1  variable       []  a\n"
                                    "2  variable       []  b\n"
                                    "3  add       1 2  []\n"
                                    "4  affine    2    []\n"
                                    "5  mul       3 4  []  e\n");
}

static void values_and_gradients(void)
{
    rf_adjoint(g, example(RF_EVAL));
    CU_ASSERT_STRING_EQUAL(text(RF_DUMP_VALUES | RF_DUMP_GRADIENTS),
                           "1  variable       []  a  = 2  grad 2\n"
                           "2  variable       []  b  = 1  grad 5\n"
                           "3  add       1 2  []  = 3  grad 2\n"
                           "4  affine    2    []  = 2  grad 3\n"
                           "5  mul       3 4  []  e  = 6  grad 1\n");
}

static void small_tensors_are_nested(void)
{
    const rf_real x[] = {1, 2.5f, -3, 0, (rf_real)NAN, (rf_real)INFINITY};
    rf_graph_begin(g, RF_EVAL, rf_key_make(1, "dump", 0));
    rf_constant(g, x, RF_SHAPE(3, 1, 2));
    rf_zeros(g, RF_SHAPE(0, 4));
    CU_ASSERT_STRING_EQUAL(text(RF_DUMP_VALUES),
                           "1  constant    [3,1,2]  = [[[1, 2.5]], [[-3, 0]], [[nan, inf]]]\n"
                           "2  constant    [0,4]    = []\n");
}

static void long_tensors_are_cut(void)
{
    rf_real x[100];
    for (int i = 0; i < 100; i++) x[i] = (rf_real)i;
    rf_graph_begin(g, RF_EVAL, rf_key_make(1, "dump", 0));
    rf_constant(g, x, RF_SHAPE(10, 10));
    CU_ASSERT_STRING_EQUAL(
        text(RF_DUMP_VALUES),
        "1  constant    [10,10]  = [0, 1, 2, ..., 97, 98, 99] min 0 max 99 mean 49.5\n");
}

static void many_inputs_are_cut(void)
{
    rf_node x[20];
    rf_graph_begin(g, RF_EVAL, rf_key_make(1, "dump", 0));
    for (int i = 0; i < 20; i++) x[i] = rf_zeros(g, RF_SHAPE(2));
    rf_stack(g, 20, x);
    holds(text(0), "21 22 23 24 25 26 ... 40 (20)  [20,2]\n");
}

static void names_are_escaped(void)
{
    rf_graph_begin(g, RF_EVAL, rf_key_make(1, "dump", 0));
    rf_name(g, rf_zeros(g, RF_SCALAR), "a\nb\"c\\d\xff 歌");
    holds(text(0), "a\\x0ab\"c\\\\d\\xff 歌\n");
    holds(dot(0), "\"a\\\\x0ab\\\"c\\\\\\\\d\\\\xff 歌\\nconstant");
}

static void a_failure_is_told(void)
{
    rf_graph_begin(g, RF_EVAL, rf_key_make(1, "dump", 0));
    rf_node two = rf_zeros(g, RF_SHAPE(2));
    rf_add(g, two, rf_zeros(g, RF_SHAPE(3)));
    holds(text(RF_DUMP_EXPAND), "failed: add: [2] and [3] do not broadcast");
    holds(dot(RF_DUMP_EXPAND), "}\n");
}

static void dot_has_nodes_and_edges(void)
{
    rf_error err = {0};
    rf_params *ps = rf_params_new();
    const rf_init init = {RF_INIT_CONSTANT, 1};
    rf_param *p = rf_params_add(ps, "out.weight", RF_SHAPE(2), init, &err);
    rf_graph_begin(g, RF_EVAL, rf_key_make(1, "dump", 0));
    rf_node w = rf_parameter(g, p);
    rf_mul(g, w, rf_zeros(g, RF_SHAPE(2)));
    const char *s = dot(0);
    CU_ASSERT_EQUAL(strncmp(s, "digraph refrain {\n", 18), 0);
    holds(s, "n1 [label=\"out.weight\\nparameter\\n[2]\", shape=box");
    holds(s, "n3 [label=\"mul\\n[2]\"];\n");
    holds(s, "n1 -> n3 [label=\"1\"];\n");
    holds(s, "n2 -> n3 [label=\"2\"];\n");
    rf_params_free(ps);
}

/* A fused op shows what it stands for, and the graph does not notice. */
static void expansion_leaves_no_trace(void)
{
    const rf_real x[] = {1, 2, 3, 4}, w[] = {1, 0, 1, 0, 1, 0};
    rf_graph_begin(g, RF_EVAL, rf_key_make(1, "dump", 0));
    rf_node a = rf_variable(g, x, RF_SHAPE(2, 2)), b = rf_variable(g, w, RF_SHAPE(3, 2));
    rf_node loss = rf_sum(g, rf_linear(g, a, b, RF_NONE));
    const rf_index count = rf_graph_count(g);
    const rf_key before = rf_graph_next_key(g);
    holds(text(RF_DUMP_EXPAND | RF_DUMP_VALUES),
          "    3.3  matmul     3.1 3.2  [2,3]  = [[1, 1, 1], [3, 3, 3]]\n");
    CU_ASSERT_EQUAL(rf_graph_count(g), count);
    holds(dot(RF_DUMP_EXPAND), "subgraph cluster_3 {");
    holds(out.s, "n1 -> n3_");
    holds(out.s, "-> n3 [style=dashed];");
    CU_ASSERT_EQUAL(rf_graph_count(g), count);
    CU_ASSERT_EQUAL(rf_graph_status(g, NULL), RF_OK);
    CU_ASSERT_EQUAL(rf_adjoint(g, loss), RF_OK);
    CU_ASSERT_EQUAL(rf_gradient(g, a)[0], 3);
    CU_ASSERT_NOT_EQUAL(rf_graph_next_key(g).stream, before.stream);
}

static void dumps_are_repeatable(void)
{
    rf_str first = {0};
    rf_adjoint(g, example(RF_EVAL));
    rf_graph_text(g, &first, 7);
    CU_ASSERT_STRING_EQUAL(first.s, text(7));
    rf_str_clear(&first);
    rf_graph_dot(g, &first, 7);
    CU_ASSERT_STRING_EQUAL(first.s, dot(7));
    rf_str_free(&first);
}

static void an_empty_graph(void)
{
    rf_graph_begin(g, RF_INFER, rf_key_make(1, "dump", 0));
    rf_str_clear(&out);
    rf_graph_text(g, &out, 7);
    CU_ASSERT_EQUAL(out.n, 0);
    holds(dot(7), "digraph refrain {");
}

int main(void)
{
    CU_TestInfo tests[] = {{"one line a node", one_line_a_node},
                           {"values and gradients", values_and_gradients},
                           {"small tensors are nested", small_tensors_are_nested},
                           {"long tensors are cut", long_tensors_are_cut},
                           {"many inputs are cut", many_inputs_are_cut},
                           {"names are escaped", names_are_escaped},
                           {"a failure is told", a_failure_is_told},
                           {"dot has nodes and edges", dot_has_nodes_and_edges},
                           {"expansion leaves no trace", expansion_leaves_no_trace},
                           {"dumps are repeatable", dumps_are_repeatable},
                           {"an empty graph", an_empty_graph},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {
        {.pName = "dump", .pInitFunc = open_all, .pCleanupFunc = close_text, .pTests = tests},
        CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

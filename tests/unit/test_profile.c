/* test_profile.c -- what a graph's profile counts, and that no moment counts twice. */
#include <string.h>
#include <time.h>

#include <refrain/graph.h>

#include "../suite.h"

enum { R = 3, I = 5, O = 7 };

static rf_device *device;
static rf_graph *graph;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void burn(double seconds)
{
    for (const double end = now() + seconds; now() < end;)
        ;
}

/* ---- An op that takes its time, and one that is made of it ---------------------------------------- */

static bool same_shape(const rf_call *c, rf_shape *y)
{
    *y = c->x[0].shape;
    return true;
}

static void copy(const rf_call *c)
{
    memcpy(c->y.data, c->x[0].data, (size_t)rf_shape_count(c->y.shape) * sizeof(rf_real));
}

static void slow_forward(const rf_call *c)
{
    burn(0.02);
    copy(c);
}

static void slow_adjoint(const rf_call *c)
{
    for (rf_index i = 0; i < rf_shape_count(c->y.shape); i++) c->gx[0][i] += c->gy[i];
}

static const rf_op slow = {.name = "slow",
                           .arity = 1,
                           .shape = same_shape,
                           .forward = slow_forward,
                           .adjoint = slow_adjoint};

static rf_node fused_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    (void)c;
    return rf_apply(g, &slow, 1, x, NULL, 0);
}

static const rf_op fused = {
    .name = "fused", .arity = 1, .shape = same_shape, .forward = copy, .expand = fused_expand};

/* ---- Helpers ---------------------------------------------------------------------------------------- */

static const rf_profile_row *find(const char *name)
{
    int n;
    double seconds;
    const rf_profile_row *r = rf_graph_profile_rows(graph, &n, &seconds);
    for (int i = 0; i < n; i++)
        if (!strcmp(r[i].name, name)) return &r[i];
    return NULL;
}

/* Seconds that all rows have together; *whole: since counting began. */
static double sum(double *whole)
{
    int n;
    double all = 0;
    const rf_profile_row *r = rf_graph_profile_rows(graph, &n, whole);
    for (int i = 0; i < n; i++) all += r[i].forward + r[i].backward;
    return all;
}

static rf_node drawn(rf_shape shape)
{
    rf_real data[O * I];
    for (int i = 0; i < O * I; i++) data[i] = (rf_real)(i % 5) - 2;
    return rf_variable(graph, data, shape);
}

static void begin(void)
{
    rf_graph_begin(graph, RF_TRAIN, rf_key_make(1, "test", 0));
    CU_ASSERT_EQUAL(rf_graph_profile(graph, true, NULL), RF_OK);
}

/* ---- Tests ------------------------------------------------------------------------------------------ */

static void off_counts_nothing(void)
{
    int n = -1;
    double seconds = -1;
    rf_str out = {0};
    CU_ASSERT_EQUAL(rf_graph_profile(graph, false, NULL), RF_OK);
    rf_graph_span_begin(graph);
    rf_graph_span_end(graph, "span");
    CU_ASSERT_PTR_NULL(rf_graph_profile_rows(graph, &n, &seconds));
    CU_ASSERT_EQUAL(n, 0);
    CU_ASSERT_EQUAL(seconds, 0);
    rf_graph_profile_text(graph, &out);
    CU_ASSERT_EQUAL(out.n, 0);
}

static void ops_are_counted(void)
{
    begin();
    rf_node w = drawn(RF_SHAPE(O, I)), x = drawn(RF_SHAPE(R, I));
    for (int i = 0; i < 4; i++) rf_linear(graph, x, w, RF_NONE);
    rf_node y = rf_sum(graph, rf_tanh(graph, rf_linear(graph, x, w, RF_NONE)));
    CU_ASSERT_EQUAL(rf_adjoint(graph, y), RF_OK);
    const rf_profile_row *r = find("linear");
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    CU_ASSERT_EQUAL(r->calls, 5);
    CU_ASSERT_EQUAL(r->flop, (5 + 2) * 2.0 * R * I * O); /* one of them has an adjoint */
    CU_ASSERT(r->forward > 0 && r->backward > 0);
    r = find("tanh");
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    CU_ASSERT_EQUAL(r->calls, 1);
    CU_ASSERT_EQUAL(r->flop, 0);
    CU_ASSERT_PTR_NULL(find("variable"));
    begin();
    CU_ASSERT_PTR_NULL(find("linear")); /* from zero */
}

static void no_moment_counts_twice(void)
{
    begin();
    rf_node y =
        rf_sum(graph, rf_apply(graph, &fused, 1, (rf_node[]){drawn(RF_SHAPE(R, I))}, NULL, 0));
    CU_ASSERT_EQUAL(rf_adjoint(graph, y), RF_OK);
    const rf_profile_row *inner = find("slow"), *outer = find("fused");
    CU_ASSERT_PTR_NOT_NULL_FATAL(inner);
    CU_ASSERT_PTR_NOT_NULL_FATAL(outer);
    CU_ASSERT(inner->forward >= 0.02);
    CU_ASSERT(outer->backward >= 0);
    double whole, all = sum(&whole);
    CU_ASSERT(all <= whole * (1 + 1e-9));
}

static void spans_take_what_is_in_them(void)
{
    begin();
    rf_node x = drawn(RF_SHAPE(R, I));
    for (int i = 0; i < 2; i++) {
        rf_graph_span_begin(graph);
        rf_graph_span_begin(graph);
        rf_apply(graph, &slow, 1, &x, NULL, 0);
        rf_graph_span_end(graph, "inner");
        rf_graph_span_end(graph, "outer");
    }
    CU_ASSERT_PTR_NULL(find("slow"));
    CU_ASSERT_PTR_NULL(find("inner"));
    const rf_profile_row *r = find("outer");
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    CU_ASSERT_EQUAL(r->calls, 2);
    CU_ASSERT(r->forward >= 0.04);
    rf_apply(graph, &slow, 1, &x, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL(find("slow"));
    double whole, all = sum(&whole);
    CU_ASSERT(all <= whole * (1 + 1e-9));
}

static void the_table_is_sorted_and_whole(void)
{
    begin();
    rf_node x = drawn(RF_SHAPE(R, I));
    rf_apply(graph, &slow, 1, (rf_node[]){rf_tanh(graph, x)}, NULL, 0);
    rf_str out = {0};
    rf_graph_profile_text(graph, &out);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out.s);
    const char *first = strstr(out.s, "slow"), *second = strstr(out.s, "tanh");
    CU_ASSERT(first && second && first < second);
    CU_ASSERT_PTR_NOT_NULL(strstr(out.s, "rest"));
    rf_str_free(&out);
}

int main(void)
{
    CU_TestInfo tests[] = {{"off counts nothing", off_counts_nothing},
                           {"ops are counted", ops_are_counted},
                           {"no moment counts twice", no_moment_counts_twice},
                           {"spans take what is in them", spans_take_what_is_in_them},
                           {"the table is sorted and whole", the_table_is_sorted_and_whole},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "profile", .pTests = tests}, CU_SUITE_INFO_NULL};
    device = rf_device_new(1, NULL);
    graph = rf_graph_new(device);
    const int status = run_suites(suites);
    rf_graph_free(graph);
    rf_device_free(device);
    return status;
}

/* test_graph.c -- the computational graph: the lecture's worked examples, failures, memory,
 * parameters, views, random masks.  Derivatives of every op are tested in tests/grad. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>
#include <refrain/graph.h>

#include "draw.h"

/* ---- A count of the process's allocations, where the C library allows to be overridden ---------- */

#if defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED 1
#endif

static volatile long allocations;

#if defined __GLIBC__ && !defined SANITIZED
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t count, size_t n);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t align, size_t n);

void *malloc(size_t n)
{
    allocations++;
    return __libc_malloc(n);
}

void *calloc(size_t count, size_t n)
{
    allocations++;
    return __libc_calloc(count, n);
}

void *realloc(void *p, size_t n)
{
    allocations++;
    return __libc_realloc(p, n);
}

void *aligned_alloc(size_t align, size_t n)
{
    allocations++;
    return __libc_memalign(align, n);
}
#endif

/* ---- Helpers --------------------------------------------------------------------------------------- */

static rf_device *device;
static rf_graph *graph;

static rf_graph *begin(rf_mode mode)
{
    rf_graph_begin(graph, mode, rf_key_make(1, "test", 0));
    return graph;
}

static rf_node variable(rf_graph *g, double value)
{
    const rf_real v = (rf_real)value;
    return rf_variable(g, &v, RF_SCALAR);
}

static double value(rf_graph *g, rf_node x) { return (double)*rf_value(g, x).data; }
static double gradient(rf_graph *g, rf_node x) { return (double)*rf_gradient(g, x); }
static double tangent(rf_graph *g, rf_node x) { return (double)*rf_tangent(g, x); }

static void set_tangent(rf_graph *g, rf_node x, double dx)
{
    const rf_real v = (rf_real)dx;
    rf_set_tangent(g, x, &v);
}

/* ---- The lecture's examples ---------------------------------------------------------------------------- */

/* e = (a+b)(b+1) at a = 2, b = 1. */
typedef struct example {
    rf_node a, b, c, d, e;
} example;

static example build_example(rf_graph *g)
{
    example x = {.a = variable(g, 2), .b = variable(g, 1)};
    x.c = rf_add(g, x.a, x.b);
    x.d = rf_affine(g, x.b, 1, 1);
    x.e = rf_mul(g, x.c, x.d);
    return x;
}

static void example_reverse(void)
{
    rf_graph *g = begin(RF_EVAL);
    const example x = build_example(g);
    CU_ASSERT_EQUAL(value(g, x.c), 3);
    CU_ASSERT_EQUAL(value(g, x.d), 2);
    CU_ASSERT_EQUAL(value(g, x.e), 6);
    CU_ASSERT_EQUAL(rf_adjoint(g, x.e), RF_OK); /* one sweep for the one output */
    CU_ASSERT_EQUAL(gradient(g, x.a), 2);
    CU_ASSERT_EQUAL(gradient(g, x.b), 5);
    CU_ASSERT_EQUAL(gradient(g, x.c), 2);
    CU_ASSERT_EQUAL(gradient(g, x.d), 3);
    CU_ASSERT_EQUAL(gradient(g, x.e), 1);
    CU_ASSERT_EQUAL(rf_graph_visits(g), 5);
    CU_ASSERT_EQUAL(rf_adjoint(g, x.c), RF_OK); /* another output, another sweep */
    CU_ASSERT_EQUAL(gradient(g, x.a), 1);
    CU_ASSERT_EQUAL(gradient(g, x.b), 1);
    CU_ASSERT_PTR_NULL(rf_gradient(g, x.d));
}

static void example_forward(void)
{
    rf_graph *g = begin(RF_EVAL);
    const example x = build_example(g);
    set_tangent(g, x.b, 1);
    CU_ASSERT_EQUAL(rf_sweep_tangents(g), RF_OK); /* one sweep for b: all nodes at once */
    CU_ASSERT_EQUAL(tangent(g, x.c), 1);
    CU_ASSERT_EQUAL(tangent(g, x.d), 1);
    CU_ASSERT_EQUAL(tangent(g, x.e), 5);
    CU_ASSERT_PTR_NULL(rf_tangent(g, x.a));
    rf_set_tangent(g, x.b, NULL);
    set_tangent(g, x.a, 1);
    CU_ASSERT_EQUAL(rf_sweep_tangents(g), RF_OK); /* and one for a */
    CU_ASSERT_EQUAL(tangent(g, x.c), 1);
    CU_ASSERT_PTR_NULL(rf_tangent(g, x.d));
    CU_ASSERT_EQUAL(tangent(g, x.e), 2);
}

/* y = x exp(x^2): the shared x collects 2x exp(x^2) x and exp(x^2). */
static void sharing_adds_up(void)
{
    rf_graph *g = begin(RF_EVAL);
    const double x0 = 0.5, inner = 2 * x0 * exp(x0 * x0) * x0, outer = exp(x0 * x0);
    rf_node x = variable(g, x0);
    rf_node y = rf_mul(g, x, rf_exp(g, rf_mul(g, x, x)));
    rf_node in = variable(g, x0), out = variable(g, x0);
    rf_node apart = rf_mul(g, out, rf_exp(g, rf_mul(g, in, in)));
    CU_ASSERT_EQUAL(rf_adjoint(g, apart), RF_OK);
    CU_ASSERT_DOUBLE_EQUAL(gradient(g, in), inner, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(gradient(g, out), outer, 1e-6);
    CU_ASSERT_EQUAL(rf_adjoint(g, y), RF_OK);
    CU_ASSERT_DOUBLE_EQUAL(gradient(g, x), inner + outer, 1e-6);
    set_tangent(g, x, 1);
    CU_ASSERT_EQUAL(rf_sweep_tangents(g), RF_OK);
    CU_ASSERT_DOUBLE_EQUAL(tangent(g, y), inner + outer, 1e-6);
}

/* Three edges from x to y: y = a x + b x + c x. */
static rf_node three_edges(rf_graph *g, rf_node x, double a, double b, double c)
{
    const rf_node edge[] = {rf_affine(g, x, a, 0), rf_affine(g, x, b, 0), rf_affine(g, x, c, 0)};
    return rf_sum(g, rf_stack(g, 3, edge));
}

/* dZ/dX = (alpha+beta+gamma)(delta+epsilon+zeta): edges are visited, not paths. */
static void paths_factor(void)
{
    rf_graph *g = begin(RF_EVAL);
    const rf_index stage = 3 + 3 + 1; /* edges to the factors, to the stack, to the sum */
    rf_node x = variable(g, 1), y = three_edges(g, x, 2, 3, 5), z = three_edges(g, y, 7, 11, 13);
    CU_ASSERT_EQUAL(rf_adjoint(g, z), RF_OK);
    CU_ASSERT_EQUAL(gradient(g, x), (2 + 3 + 5) * (7 + 11 + 13));
    CU_ASSERT_EQUAL(rf_graph_visits(g), 2 * stage);
    set_tangent(g, x, 1);
    CU_ASSERT_EQUAL(rf_sweep_tangents(g), RF_OK);
    CU_ASSERT_EQUAL(tangent(g, z), 310);
    CU_ASSERT_EQUAL(rf_graph_visits(g), 2 * stage);
    rf_node end = z;
    for (int i = 2; i < 9; i++) end = three_edges(g, end, 1, 1, -1);
    CU_ASSERT_EQUAL(rf_adjoint(g, end), RF_OK); /* 3^9 paths */
    CU_ASSERT_EQUAL(gradient(g, x), 310);
    CU_ASSERT_EQUAL(rf_graph_visits(g), 9 * stage);
}

/* Row i of y's Jacobian with respect to x, both of n elements. */
static const rf_real *jacobian_row(rf_graph *g, rf_node y, rf_node x, rf_index i)
{
    rf_real e[8] = {0};
    e[i] = 1;
    CU_ASSERT_EQUAL(rf_adjoint_with(g, y, e), RF_OK);
    return rf_gradient(g, x);
}

static void activations_are_diagonal(void)
{
    rf_graph *g = begin(RF_EVAL);
    rf_node z = drawn(g, "z", RF_SHAPE(5)), s = rf_sigmoid(g, z), t = rf_tanh(g, z);
    for (rf_index i = 0; i < 5; i++) {
        const double si = (double)rf_value(g, s).data[i], ti = (double)rf_value(g, t).data[i];
        const rf_real *row = jacobian_row(g, s, z, i);
        for (rf_index j = 0; j < 5; j++)
            CU_ASSERT_DOUBLE_EQUAL(row[j], i == j ? si * (1 - si) : 0, i == j ? 1e-6 : 0);
        row = jacobian_row(g, t, z, i);
        for (rf_index j = 0; j < 5; j++)
            CU_ASSERT_DOUBLE_EQUAL(row[j], i == j ? 1 - ti * ti : 0, i == j ? 1e-6 : 0);
    }
}

/* C = -ln y_r; dC/dz = y - onehot; softmax's Jacobian y_i (delta_ij - y_j). */
static void classifier_loss(void)
{
    rf_graph *g = begin(RF_EVAL);
    const int32_t right = 2;
    rf_node z = drawn(g, "z", RF_SHAPE(1, 5)), y = rf_softmax(g, z);
    rf_node c = rf_cross_entropy(g, z, &right);
    rf_node by_hand = rf_affine(g, rf_pick(g, rf_log(g, y), &right), -1, 0);
    const rf_real *p = rf_value(g, y).data;
    CU_ASSERT_DOUBLE_EQUAL(value(g, c), -log((double)p[2]), 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(value(g, by_hand), value(g, c), 1e-6);
    for (rf_index i = 0; i < 5; i++) {
        const rf_real *row = jacobian_row(g, y, z, i);
        for (rf_index j = 0; j < 5; j++)
            CU_ASSERT_DOUBLE_EQUAL(row[j], p[i] * ((i == j) - p[j]), 1e-6);
    }
    CU_ASSERT_EQUAL(rf_adjoint(g, c), RF_OK);
    for (rf_index i = 0; i < 5; i++)
        CU_ASSERT_DOUBLE_EQUAL(rf_gradient(g, z)[i], p[i] - (i == 2), 1e-6);
}

/* ---- Failures ---------------------------------------------------------------------------------------- */

static void expect(rf_graph *g, rf_node x, int line, const char *text)
{
    char due[400];
    rf_error err = {0};
    snprintf(due, sizeof due, "%s (test_graph.c:%d)", text, line);
    CU_ASSERT_EQUAL(x, RF_POISON);
    CU_ASSERT_NOT_EQUAL(rf_graph_status(g, &err), RF_OK);
    CU_ASSERT_STRING_EQUAL(err.text, line ? due : text);
    if (strcmp(err.text, line ? due : text)) printf("\n  got: %s\n  due: %s\n", err.text, due);
    begin(RF_EVAL);
}

static void poison_names_place(void)
{
    rf_graph *g = begin(RF_EVAL);
    const rf_shape s32 = RF_SHAPE(20, 32), s33 = RF_SHAPE(20, 33);
    const int32_t seven = 7, id[20] = {[3] = 40};
#define Z(s) rf_zeros(g, s)
    expect(g, rf_mul(g, Z(s32), Z(s33)), __LINE__, "mul: [20,32] and [20,33] do not broadcast");
    expect(g, rf_matmul(g, Z(s32), Z(s33)), __LINE__,
           "matmul: [20,32] and [20,33] do not multiply");
    expect(g, rf_linear(g, Z(s32), Z(s33), RF_NONE), __LINE__,
           "linear: [20,32] and [20,33] do not fit: the last dimensions should be equal");
    expect(g, rf_linear(g, Z(s32), RF_NONE, RF_NONE), __LINE__, "linear: x or w is left out");
    expect(g, rf_tanh(g, RF_NONE), __LINE__, "tanh: input 1 is left out");
    expect(g, rf_transpose(g, Z(s32), 0, 2), __LINE__, "transpose: [20,32] has no dimension 2");
    expect(g, rf_reshape(g, Z(s32), s33), __LINE__,
           "reshape: [20,32] has not as many elements as [20,33]");
    expect(g, rf_rows(g, Z(s32), 15, 6), __LINE__,
           "rows: 6 rows from row 15 on are not within [20,32]");
    expect(g, rf_embedding(g, Z(RF_SHAPE(7, 2)), &seven, RF_SHAPE(1)), __LINE__,
           "embedding: id 7 is not within 0..6");
    expect(g, rf_cross_entropy(g, Z(s32), id), __LINE__,
           "cross_entropy: target 40 of row 3 is not below 32");
    expect(g, rf_concat(g, 2, (rf_node[]){Z(s32), Z(s33)}, 0), __LINE__,
           "concat: [20,32] and [20,33] differ in more than the joined dimension");
    expect(g, rf_zeros(g, RF_SHAPE(-1)), 0, "constant: the shape is absurd");
    expect(g, rf_zeros(g, RF_SHAPE(1ll << 40, 1ll << 40)), 0, "constant: the shape is absurd");
#undef Z
}

static void poison_sticks(void)
{
    rf_graph *g = begin(RF_EVAL);
    rf_error err = {0};
    rf_node x = rf_zeros(g, RF_SHAPE(2, 3));
    rf_node bad = rf_add(g, x, rf_zeros(g, RF_SHAPE(2, 4)));
    const int line = __LINE__ - 1;
    rf_node y = rf_tanh(g, bad), z = rf_mul(g, x, rf_zeros(g, RF_SHAPE(9)));
    char due[100];
    snprintf(due, sizeof due, "add: [2,3] and [2,4] do not broadcast (test_graph.c:%d)", line);
    CU_ASSERT_EQUAL(y, RF_POISON);
    CU_ASSERT_EQUAL(z, RF_POISON);
    CU_ASSERT_EQUAL(rf_graph_status(g, &err), RF_ESHAPE);
    CU_ASSERT_STRING_EQUAL(err.text, due);
    CU_ASSERT_PTR_NULL(rf_value(g, y).data);
    CU_ASSERT_EQUAL(rf_shape_of(g, y).rank, 0);
    CU_ASSERT_PTR_NULL(rf_gradient(g, y));
    CU_ASSERT_PTR_NULL(rf_tangent(g, y));
    CU_ASSERT_EQUAL(rf_adjoint(g, y), RF_ESHAPE);
    CU_ASSERT_EQUAL(rf_sweep_tangents(g), RF_ESHAPE);
    begin(RF_EVAL);
    CU_ASSERT_EQUAL(rf_graph_status(g, NULL), RF_OK);
}

static void sweeps_refuse(void)
{
    rf_graph *g = begin(RF_EVAL);
    rf_error err = {0};
    CU_ASSERT_EQUAL(rf_adjoint(g, drawn(g, "x", RF_SHAPE(2, 3))), RF_ESHAPE);
    rf_graph_status(g, &err);
    CU_ASSERT_STRING_EQUAL(err.text, "adjoint: [2,3] is not a scalar");
    g = begin(RF_INFER);
    CU_ASSERT_EQUAL(rf_adjoint(g, variable(g, 1)), RF_EINVAL);
    g = begin(RF_INFER);
    CU_ASSERT_EQUAL(rf_sweep_tangents(g), RF_EINVAL);
}

/* ---- Memory -------------------------------------------------------------------------------------------- */

static rf_node training_step(rf_graph *g, rf_param *table, rf_param *w, rf_param *b, int step)
{
    int32_t ids[24], targets[24];
    for (int i = 0; i < 24; i++) ids[i] = (i + step) % 11, targets[i] = (i * 3 + step) % 11;
    rf_graph_begin(g, RF_TRAIN, rf_key_make(3, "step", (uint64_t)step));
    rf_node x = rf_dropout(g, rf_embedding(g, rf_parameter(g, table), ids, RF_SHAPE(4, 6)), 0.2);
    rf_node weight = rf_parameter(g, w), h = x;
    for (int i = 0; i < 40; i++) h = rf_tanh(g, rf_linear(g, h, weight, rf_parameter(g, b)));
    return rf_linear_cross_entropy(g, rf_add(g, h, x), rf_parameter(g, table), RF_NONE, targets);
}

static void warm_step_allocates_nothing(void)
{
    const rf_init init = {RF_INIT_UNIFORM, 0.3};
    rf_graph *g = rf_graph_new(device);
    rf_params *ps = rf_params_new();
    rf_param *table = rf_params_add(ps, "table", RF_SHAPE(11, 32), init, NULL);
    rf_param *w = rf_params_add(ps, "w", RF_SHAPE(32, 32), init, NULL);
    rf_param *b = rf_params_add(ps, "b", RF_SHAPE(32), init, NULL);
    rf_params_init(ps, 1);
    long cold = allocations, before = 0;
    for (int step = 0; step < 8; step++) {
        if (step == 3) before = allocations;
        rf_params_zero_grad(ps);
        rf_node loss = training_step(g, table, w, b, step);
        CU_ASSERT_EQUAL(rf_adjoint(g, loss), RF_OK);
    }
    CU_ASSERT_EQUAL(allocations, before);
#if defined __GLIBC__ && !defined SANITIZED
    CU_ASSERT(before > cold); /* the count counts */
#else
    (void)cold;
#endif
    rf_params_free(ps);
    rf_graph_free(g);
    rf_graph_free(NULL);
    rf_params_free(NULL);
}

/* ---- Leaves, views, parameters ---------------------------------------------------------------------------- */

static void leaves_copy_or_borrow(void)
{
    rf_graph *g = begin(RF_EVAL);
    rf_real data[2] = {1, 2};
    rf_node copy = rf_constant(g, data, RF_SHAPE(2)), same = rf_borrow(g, data, RF_SHAPE(2));
    rf_node v = rf_variable(g, data, RF_SHAPE(2));
    data[0] = 9;
    CU_ASSERT_EQUAL(rf_value(g, copy).data[0], 1);
    CU_ASSERT_EQUAL(rf_value(g, v).data[0], 1);
    CU_ASSERT_PTR_EQUAL(rf_value(g, same).data, data);
    rf_node y = rf_sum(g, rf_mul(g, rf_mul(g, copy, same), v));
    CU_ASSERT_EQUAL(rf_adjoint(g, y), RF_OK);
    CU_ASSERT_PTR_NULL(rf_gradient(g, copy));
    CU_ASSERT_PTR_NULL(rf_gradient(g, same));
    CU_ASSERT_EQUAL(rf_gradient(g, v)[0], 9);
    CU_ASSERT_EQUAL(rf_name(g, v, "v"), v);
    CU_ASSERT_EQUAL(rf_graph_count(g), 6);
}

static void nodes_are_listed(void)
{
    rf_graph *g = begin(RF_EVAL);
    rf_node x = rf_name(g, drawn(g, "x", RF_SHAPE(2, 3)), "x"), c = rf_scalar(g, 2);
    rf_node y = rf_linear(g, x, rf_mul(g, x, c), RF_NONE);
    rf_node_info mul = rf_graph_node(g, 3), linear = rf_graph_node(g, y);
    CU_ASSERT_STRING_EQUAL(rf_graph_node(g, x).name, "x");
    CU_ASSERT_TRUE(rf_graph_node(g, x).differentiable);
    CU_ASSERT_FALSE(rf_graph_node(g, c).differentiable);
    CU_ASSERT_PTR_EQUAL(mul.op, rf_op_find("mul"));
    CU_ASSERT_PTR_NULL(mul.name);
    CU_ASSERT_EQUAL(mul.inputs, 2);
    CU_ASSERT(mul.input[0] == x && mul.input[1] == c);
    CU_ASSERT_EQUAL(mul.shape.rank, 2);
    CU_ASSERT_EQUAL(linear.inputs, 3);
    CU_ASSERT_EQUAL(linear.input[2], RF_NONE);
    CU_ASSERT_PTR_NULL(rf_graph_node(g, RF_NONE).op);
    CU_ASSERT_PTR_NULL(rf_graph_node(g, RF_POISON).op);
}

static void views_share(void)
{
    rf_graph *g = begin(RF_EVAL);
    rf_node x = drawn(g, "x", RF_SHAPE(4, 6)), h = rf_tanh(g, x);
    rf_node row = rf_rows(g, h, 1, 2), flat = rf_reshape(g, row, RF_SHAPE(12));
    rf_node part = rf_part(g, flat, 3, RF_SHAPE(2, 2));
    CU_ASSERT_PTR_EQUAL(rf_value(g, part).data, rf_value(g, h).data + 9);
    rf_node y = rf_add(g, rf_sum(g, part), rf_affine(g, rf_sum(g, row), 2, 0));
    CU_ASSERT_EQUAL(rf_adjoint(g, y), RF_OK);
    CU_ASSERT_PTR_EQUAL(rf_gradient(g, part), rf_gradient(g, h) + 9);
    for (rf_index i = 0; i < 24; i++) {
        const rf_real due = i < 6 || i >= 18 ? 0 : i >= 9 && i < 13 ? 3 : 2;
        CU_ASSERT_EQUAL(rf_gradient(g, h)[i], due);
    }
    rf_real *one = draw(24, "x");
    for (int i = 0; i < 24; i++) one[i] = (rf_real)i;
    rf_set_tangent(g, x, one);
    free(one);
    CU_ASSERT_EQUAL(rf_sweep_tangents(g), RF_OK);
    CU_ASSERT_PTR_EQUAL(rf_tangent(g, part), rf_tangent(g, h) + 9);
}

static void params_have_names(void)
{
    rf_params *ps = rf_params_new();
    rf_error err = {0};
    const rf_init init = {RF_INIT_CONSTANT, 0.5};
    rf_param *a = rf_params_add(ps, "a", RF_SHAPE(2, 3), init, &err);
    CU_ASSERT_PTR_NULL(rf_params_add(ps, "a", RF_SHAPE(2), init, &err));
    CU_ASSERT_STRING_EQUAL(err.text, "a: a parameter of this name exists");
    err = (rf_error){0};
    CU_ASSERT_PTR_NULL(rf_params_add(ps, "b", RF_SHAPE(2, 0), init, &err));
    CU_ASSERT_STRING_EQUAL(err.text, "b: a parameter cannot have shape [2,0]");
    rf_param *c = rf_params_add(ps, "c", RF_SHAPE(4), init, NULL);
    CU_ASSERT_PTR_EQUAL(rf_params_find(ps, "a"), a);
    CU_ASSERT_PTR_NULL(rf_params_find(ps, "b"));
    CU_ASSERT_EQUAL(rf_params_count(ps), 2);
    CU_ASSERT_PTR_EQUAL(rf_params_at(ps, 1), c);
    CU_ASSERT_EQUAL(rf_params_elements(ps), 10);
    CU_ASSERT(a->decay && !c->decay);
    rf_params_init(ps, 1);
    CU_ASSERT_EQUAL(c->value.data[3], (rf_real)0.5);
    rf_params_free(ps);
}

static void init_ignores_order(void)
{
    rf_params *p = rf_params_new(), *q = rf_params_new();
    const rf_init u = {RF_INIT_UNIFORM, 0.1}, n = {RF_INIT_NORMAL, 2};
    rf_param *p1 = rf_params_add(p, "first", RF_SHAPE(300), u, NULL);
    rf_param *p2 = rf_params_add(p, "second", RF_SHAPE(300), n, NULL);
    rf_param *q2 = rf_params_add(q, "second", RF_SHAPE(300), n, NULL);
    rf_param *q1 = rf_params_add(q, "first", RF_SHAPE(300), u, NULL);
    rf_params_init(p, 7);
    rf_params_init(q, 7);
    CU_ASSERT_EQUAL(memcmp(p1->value.data, q1->value.data, 300 * sizeof(rf_real)), 0);
    CU_ASSERT_EQUAL(memcmp(p2->value.data, q2->value.data, 300 * sizeof(rf_real)), 0);
    double sum = 0, square = 0;
    for (int i = 0; i < 300; i++) {
        CU_ASSERT(fabs((double)p1->value.data[i]) <= 0.1);
        sum += (double)p2->value.data[i];
        square += (double)p2->value.data[i] * (double)p2->value.data[i];
    }
    CU_ASSERT(fabs(sum / 300) < 0.5 && fabs(sqrt(square / 300) - 2) < 0.3);
    rf_params_init(q, 8);
    CU_ASSERT_NOT_EQUAL(memcmp(p1->value.data, q1->value.data, 300 * sizeof(rf_real)), 0);
    rf_params_free(p);
    rf_params_free(q);
}

static void init_orthogonal(void)
{
    rf_params *ps = rf_params_new();
    rf_param *a =
        rf_params_add(ps, "tall", RF_SHAPE(12, 5), (rf_init){RF_INIT_ORTHOGONAL, 2}, NULL);
    rf_param *e = rf_params_add(ps, "eye", RF_SHAPE(3, 3), (rf_init){RF_INIT_IDENTITY, 4}, NULL);
    rf_params_init(ps, 1);
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 5; j++) {
            double s = 0;
            for (int r = 0; r < 12; r++)
                s += (double)a->value.data[r * 5 + i] * (double)a->value.data[r * 5 + j];
            CU_ASSERT_DOUBLE_EQUAL(s, i == j ? 4 : 0, 1e-5);
        }
    for (int i = 0; i < 9; i++) CU_ASSERT_EQUAL(e->value.data[i], i % 4 ? 0 : 4);
    rf_params_free(ps);
}

/* A parameter's gradient is added to, sweep after sweep, until it is set to zero. */
static void param_gradients_accumulate(void)
{
    rf_params *ps = rf_params_new();
    rf_param *w = rf_params_add(ps, "w", RF_SHAPE(3, 2), (rf_init){RF_INIT_UNIFORM, 1}, NULL);
    rf_param *f = rf_params_add(ps, "f", RF_SHAPE(3), (rf_init){RF_INIT_UNIFORM, 1}, NULL);
    rf_params_init(ps, 1);
    f->frozen = true;
    rf_graph *g = begin(RF_EVAL);
    rf_node x = drawn(g, "x", RF_SHAPE(4, 2));
    rf_node y = rf_sum(g, rf_linear(g, x, rf_parameter(g, w), rf_parameter(g, f)));
    CU_ASSERT_EQUAL(rf_adjoint(g, y), RF_OK);
    rf_real once[6];
    memcpy(once, w->grad, sizeof once);
    CU_ASSERT(once[0] != 0);
    CU_ASSERT_EQUAL(f->grad[0], 0);
    CU_ASSERT_EQUAL(rf_adjoint(g, y), RF_OK);
    for (int i = 0; i < 6; i++) CU_ASSERT_DOUBLE_EQUAL(w->grad[i], 2 * once[i], 1e-6);
    rf_params_zero_grad(ps);
    for (int i = 0; i < 6; i++) CU_ASSERT_EQUAL(w->grad[i], 0);
    CU_ASSERT_EQUAL(rf_adjoint(g, y), RF_OK);
    CU_ASSERT_EQUAL(memcmp(once, w->grad, sizeof once), 0);
    rf_params_free(ps);
}

static void sparse_rows(void)
{
    rf_params *ps = rf_params_new();
    rf_param *w = rf_params_add(ps, "w", RF_SHAPE(9, 2), (rf_init){RF_INIT_UNIFORM, 1}, NULL);
    CU_ASSERT(rf_param_set_sparse(w, true));
    rf_graph *g = begin(RF_EVAL);
    const int32_t ids[] = {4, 7, 4};
    rf_node y = rf_sum(g, rf_embedding(g, rf_parameter(g, w), ids, RF_SHAPE(3)));
    CU_ASSERT_EQUAL(rf_adjoint(g, y), RF_OK);
    CU_ASSERT_EQUAL(w->rows, 2);
    CU_ASSERT(w->row[0] == 4 && w->row[1] == 7 && w->touched[4] && w->touched[7] && !w->touched[0]);
    CU_ASSERT(w->grad[8] == 2 && w->grad[14] == 1 && w->grad[0] == 0);
    rf_params_zero_grad(ps);
    CU_ASSERT(w->rows == 0 && !w->touched[4] && w->grad[8] == 0);
    rf_node part = rf_rows(g, rf_parameter(g, w), 3, 4); /* row 1 of it is row 4 */
    const int32_t one = 1;
    CU_ASSERT_EQUAL(rf_adjoint(g, rf_sum(g, rf_embedding(g, part, &one, RF_SCALAR))), RF_OK);
    CU_ASSERT(w->rows == 1 && w->row[0] == 4 && w->grad[8] == 1);
    CU_ASSERT_EQUAL(rf_adjoint(g, rf_sum(g, rf_parameter(g, w))), RF_OK); /* a dense use */
    CU_ASSERT(w->rows == 9 && w->grad[8] == 2 && w->grad[0] == 1);
    rf_params_free(ps);
}

/* ---- Dropout ------------------------------------------------------------------------------------------------ */

static void dropout_follows_key(void)
{
    enum { N = 20000 };
    rf_real *x = malloc(N * sizeof *x), *kept = malloc(N * sizeof *kept);
    for (int i = 0; i < N; i++) x[i] = 1;
    rf_graph *g = begin(RF_EVAL);
    rf_node a = rf_constant(g, x, RF_SHAPE(N));
    CU_ASSERT_EQUAL(rf_dropout(g, a, 0.25), a);
    g = begin(RF_TRAIN);
    a = rf_constant(g, x, RF_SHAPE(N));
    rf_node b = rf_dropout(g, a, 0.25), c = rf_dropout(g, a, 0.25);
    memcpy(kept, rf_value(g, b).data, N * sizeof *kept);
    int zeros = 0, same = 0;
    for (int i = 0; i < N; i++) {
        CU_ASSERT_FATAL(kept[i] == 0 || kept[i] == (rf_real)(1 / 0.75));
        zeros += kept[i] == 0;
        same += kept[i] == rf_value(g, c).data[i];
    }
    CU_ASSERT(abs(zeros - N / 4) < N / 50);
    CU_ASSERT(abs(same - N * 10 / 16) < N / 40); /* .75^2 + .25^2: the second mask is its own */
    g = begin(RF_TRAIN);
    b = rf_dropout(g, rf_constant(g, x, RF_SHAPE(N)), 0.25);
    CU_ASSERT_EQUAL(memcmp(kept, rf_value(g, b).data, N * sizeof *kept), 0);
    rf_node s = rf_dropout_shared(g, rf_constant(g, x, RF_SHAPE(20, 1000)), 0.25, 0);
    const rf_real *v = rf_value(g, s).data;
    for (int t = 1; t < 20; t++) CU_ASSERT_EQUAL(memcmp(v, v + t * 1000, 1000 * sizeof *v), 0);
    free(x);
    free(kept);
}

/* ---- Every op in float ------------------------------------------------------------------------------------------ */

/* Fused against expanded, and <u, J v> against <J^T u, v>, in the precision that is shipped. */
static void check_float(const rf_op *op, const rf_case *c)
{
    rf_graph *g = begin(RF_EVAL);
    rf_node x[RF_CASE_INPUTS];
    for (int i = 0; i < c->n; i++) {
        if (c->shape[i].rank < 0) {
            x[i] = RF_NONE;
            continue;
        }
        const rf_index n = rf_shape_count(c->shape[i]);
        rf_real *p = draw(n, i ? "other" : "x"), *v = draw(n, i ? "v" : "w");
        for (rf_index k = 0; k < n; k++)
            p[k] = (rf_real)(c->low + (c->high - c->low) * 0.5 * ((double)p[k] + 1));
        const bool fixed = c->constant >> i & 1;
        x[i] = fixed ? rf_constant(g, p, c->shape[i]) : rf_variable(g, p, c->shape[i]);
        if (!fixed) rf_set_tangent(g, x[i], v);
        free(p);
        free(v);
    }
    rf_node y = rf_apply(g, op, c->n, x, c->attr, c->attr_bytes), e = rf_expand(g, y);
    CU_ASSERT_EQUAL_FATAL(rf_graph_status(g, NULL), RF_OK);
    const rf_index n = rf_shape_count(rf_shape_of(g, y));
    rf_real *u = draw(n, "u");
    CU_ASSERT_EQUAL(rf_sweep_tangents(g), RF_OK);
    CU_ASSERT_EQUAL(rf_adjoint_with(g, y, u), RF_OK);
    double left = 0, right = 0, size = 1;
    for (rf_index k = 0; k < n; k++) {
        CU_ASSERT_DOUBLE_EQUAL(rf_value(g, y).data[k], rf_value(g, e).data[k], 2e-5);
        if (rf_tangent(g, y)) left += (double)u[k] * (double)rf_tangent(g, y)[k];
        if (rf_tangent(g, y)) size += fabs((double)u[k] * (double)rf_tangent(g, y)[k]);
    }
    for (int i = 0; i < c->n; i++) {
        const rf_real *gx = rf_gradient(g, x[i]), *dx = rf_tangent(g, x[i]);
        for (rf_index k = 0; gx && dx && k < rf_shape_count(c->shape[i]); k++)
            right += (double)gx[k] * (double)dx[k];
    }
    CU_ASSERT_DOUBLE_EQUAL(left, right, 2e-5 * size);
    if (fabs(left - right) > 2e-5 * size) printf("\n  %s: %g, %g\n", op->name, left, right);
    free(u);
}

static void every_op_in_float(void)
{
    for (int i = 0; rf_op_at(i); i++) {
        rf_case c = {.low = -1, .high = 1};
        for (int k = 0; rf_op_at(i)->sample && rf_op_at(i)->sample(k, &c); k++) {
            check_float(rf_op_at(i), &c);
            c = (rf_case){.low = -1, .high = 1};
        }
    }
}

/* ---- The fused loss ----------------------------------------------------------------------------------------------- */

/* Large enough that the fused loss works in several blocks of rows. */
static void fused_loss_in_blocks(void)
{
    enum { R = 150, V = 60000, H = 8 };
    rf_graph *g = begin(RF_EVAL);
    int32_t targets[R];
    for (int i = 0; i < R; i++) targets[i] = i % 5 ? i * 399 : -1;
    rf_node x = drawn(g, "x", RF_SHAPE(R, H)), w = drawn(g, "w", RF_SHAPE(V, H));
    rf_node b = drawn(g, "b", RF_SHAPE(V));
    rf_node fused = rf_linear_cross_entropy(g, x, w, b, targets);
    rf_node plain = rf_cross_entropy(g, rf_linear(g, x, w, b), targets);
    CU_ASSERT_DOUBLE_EQUAL(value(g, fused), value(g, plain), 1e-5);
    rf_real first[R * H];
    CU_ASSERT_EQUAL(rf_adjoint(g, fused), RF_OK);
    memcpy(first, rf_gradient(g, x), sizeof first);
    CU_ASSERT_EQUAL(rf_adjoint(g, plain), RF_OK);
    for (int i = 0; i < R * H; i++) CU_ASSERT_DOUBLE_EQUAL(first[i], rf_gradient(g, x)[i], 1e-6);
    const double due = value(g, fused);
    g = begin(RF_INFER);
    x = drawn(g, "x", RF_SHAPE(R, H)), w = drawn(g, "w", RF_SHAPE(V, H));
    b = drawn(g, "b", RF_SHAPE(V));
    CU_ASSERT_DOUBLE_EQUAL(value(g, rf_linear_cross_entropy(g, x, w, b, targets)), due, 1e-5);
}

static const struct {
    const char *name;
    void (*run)(void);
} tests[] = {{"worked example, reverse mode", example_reverse},
             {"worked example, forward mode", example_forward},
             {"a shared variable collects", sharing_adds_up},
             {"paths factor", paths_factor},
             {"activations have diagonal Jacobians", activations_are_diagonal},
             {"classifier loss", classifier_loss},
             {"poison names the place", poison_names_place},
             {"poison sticks", poison_sticks},
             {"sweeps refuse", sweeps_refuse},
             {"a warm step allocates nothing", warm_step_allocates_nothing},
             {"leaves copy or borrow", leaves_copy_or_borrow},
             {"nodes are listed", nodes_are_listed},
             {"views share", views_share},
             {"parameters have names", params_have_names},
             {"first values ignore order", init_ignores_order},
             {"first values, orthogonal and identity", init_orthogonal},
             {"parameter gradients accumulate", param_gradients_accumulate},
             {"sparse rows", sparse_rows},
             {"dropout follows its key", dropout_follows_key},
             {"every op in float", every_op_in_float},
             {"fused loss in blocks", fused_loss_in_blocks}};

int main(void)
{
    if (CU_initialize_registry()) return 2;
    device = rf_device_new(2, NULL);
    graph = rf_graph_new(device);
    CU_pSuite suite = CU_add_suite("graph", NULL, NULL);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        if (!suite || !CU_add_test(suite, tests[i].name, tests[i].run)) return 2;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    const unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    rf_graph_free(graph);
    rf_device_free(device);
    return failed ? 1 : 0;
}

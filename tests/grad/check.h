/* check.h -- all that must hold of anything built from ops, tested on one small problem.
 *
 * A problem is a builder on a few leaves (and parameters, if any).  With y = f(x), random u of y's
 * shape, random v of the leaves', and differences of five points in double precision:
 *
 *   adjoint      J^T u       =  differences of <u, f(x)> in every element of every leaf
 *   tangent      J v         =  differences of f along v, and the sum of J v_i, leaf by leaf
 *   duality      <u, J v>    =  <J^T u, v>
 *   textbook     value, J^T u and J v are those of the graph with every fused op expanded
 *   accumulate   two uses of the leaves add up, in one sweep, and a second sweep starts from zero
 *   view         leaves that are parts of a larger node, whose rest stays zero
 *   constants    a leaf that is constant has no gradient, and leaves the others' alone
 *   inference    the value is the same, to the bit, when nothing is recorded
 *
 *     static rf_node build(rf_graph *g, const rf_node *x, const void *ctx) {...}
 *     check_problem p = {.name = "attention", .build = build, .n = 2,
 *                        .shape = {RF_SHAPE(2, 3, 4), RF_SHAPE(5, 3, 4)}, .low = -1, .high = 1};
 *     check_all(&p);
 *
 * Failures are CUnit's, each naming the problem, the leaf, the element and both numbers. */
#ifndef RF_TESTS_GRAD_CHECK_H
#define RF_TESTS_GRAD_CHECK_H

#include <refrain/graph.h>

#ifndef RF_REAL_DOUBLE
#error "gradients are tested in double precision"
#endif

#define CHECK_LEAVES 32

typedef rf_node (*check_builder)(rf_graph *g, const rf_node *x, const void *ctx);

typedef struct check_problem {
    const char *name;
    check_builder build;
    const void *ctx;
    int n;
    rf_shape shape[CHECK_LEAVES]; /* rank -1: RF_NONE is passed */
    double low, high;             /* leaves are drawn uniformly from [low, high) */
    uint32_t constant;            /* bit i: leaf i is not differentiated */
    rf_params *params;            /* NULL: none.  Used by the builder; their values are restored */
    rf_mode mode;                 /* 0: RF_EVAL */
    uint64_t seed;
} check_problem;

/* All checks.  Failures beyond the first few of each kind are counted only. */
void check_all(const check_problem *p);
/* Leaves i and j, of equal shape, being one node: its gradient is the sum of theirs. */
void check_shared(const check_problem *p, int i, int j);
/* Fails the running test with a formatted message. */
void check_fail(const char *fmt, ...) RF_PRINTF(1, 2);

#endif

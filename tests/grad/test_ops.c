/* test_ops.c -- every op of the table, on every sample that its row gives.
 *
 * An op with rules and without a sample fails: nothing can be added to ops.def and stay untested. */
#include "check.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/Basic.h>

enum { CASES = 64 };

typedef struct op_case {
    const rf_op *op;
    rf_case c;
} op_case;

static rf_node apply(rf_graph *g, const rf_node *x, const void *ctx)
{
    const op_case *o = ctx;
    return rf_apply(g, o->op, o->c.n, x, o->c.attr, o->c.attr_bytes);
}

/* rf_expand on the node itself: what the generic check's textbook mode takes another way to. */
static rf_node apply_expanded(rf_graph *g, const rf_node *x, const void *ctx)
{
    return rf_expand(g, apply(g, x, ctx));
}

static check_problem problem_of(const op_case *o, const char *name, int k)
{
    check_problem p = {.name = name,
                       .build = apply,
                       .ctx = o,
                       .n = o->c.n,
                       .low = o->c.low,
                       .high = o->c.high,
                       .constant = o->c.constant,
                       .seed = (uint64_t)k};
    memcpy(p.shape, o->c.shape, (size_t)o->c.n * sizeof *p.shape);
    return p;
}

static bool differentiated(const rf_case *c, int i)
{
    return c->shape[i].rank >= 0 && !(c->constant >> i & 1);
}

static void check_case(const op_case *o, int k)
{
    char name[120];
    snprintf(name, sizeof name, "%s, case %d", o->op->name, k);
    check_problem p = problem_of(o, name, k);
    check_all(&p);
    for (int i = 0; i < o->c.n; i++)
        for (int j = i + 1; j < o->c.n; j++)
            if (differentiated(&o->c, i) && differentiated(&o->c, j) &&
                rf_shape_equal(p.shape[i], p.shape[j]))
                check_shared(&p, i, j);
    if (!o->op->expand) return;
    snprintf(name, sizeof name, "%s, case %d, expanded", o->op->name, k);
    p.build = apply_expanded;
    check_all(&p);
}

/* The running test's name is the op's. */
static void op_holds(void)
{
    const rf_op *op = rf_op_find(CU_get_current_test()->pName);
    CU_ASSERT_PTR_NOT_NULL_FATAL(op);
    if (!op->sample) {
        if (!(op->flags & (RF_OP_VIEW | RF_OP_LEAF))) check_fail("%s: has no sample", op->name);
        return;
    }
    op_case o = {.op = op, .c = {.low = -1, .high = 1}};
    int k = 0;
    for (; k < CASES && op->sample(k, &o.c); k++) {
        CU_ASSERT_FATAL(o.c.n >= 0 && o.c.n <= RF_CASE_INPUTS);
        check_case(&o, k);
        o.c = (rf_case){.low = -1, .high = 1};
    }
    if (k == 0) check_fail("%s: its sample has no case", op->name);
}

static void rows_are_whole(void)
{
    int n = 0;
    for (const rf_op *op; (op = rf_op_at(n)); n++) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(op->name);
        if (rf_op_find(op->name) != op) check_fail("%s: stands twice in the table", op->name);
        if (op->flags & (RF_OP_VIEW | RF_OP_LEAF)) continue;
        if (!op->formula) check_fail("%s: has no formula", op->name);
        if (!op->shape || !op->forward) check_fail("%s: has no shape or value", op->name);
        if (!op->adjoint && !op->expand) check_fail("%s: has no adjoint", op->name);
        if (!op->tangent && !op->expand) check_fail("%s: has no tangent", op->name);
    }
    CU_ASSERT(n > 0);
    CU_ASSERT_PTR_NULL(rf_op_at(n));
    CU_ASSERT_PTR_NULL(rf_op_at(-1));
    CU_ASSERT_PTR_NULL(rf_op_find("no such op"));
}

int main(void)
{
    if (CU_initialize_registry()) return 2;
    CU_pSuite suite = CU_add_suite("ops", NULL, NULL);
    if (!suite || !CU_add_test(suite, "rows are whole", rows_are_whole)) return 2;
    for (int i = 0; rf_op_at(i); i++)
        if (!CU_add_test(suite, rf_op_at(i)->name, op_holds)) return 2;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}

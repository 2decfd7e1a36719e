/* test_cells.c -- the table of cells, and every instruction set's kernels against plain C, forward and
 * adjoint, for every row at ragged sizes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cells/sequence.h"
#include "graph/tape.h"
#include <refrain/cell.h>

#include "../suite.h"
#include "arrays.h"

/* ---- The table -------------------------------------------------------------------------------------- */

static void table_is_whole(void)
{
    static const char *const names[] = {
        "elman",         "elman-relu", "elman-sigmoid",   "elman-identity",     "lstm",
        "lstm-peephole", "lstm-nig",   "lstm-nfg",        "lstm-nog",           "lstm-niaf",
        "lstm-noaf",     "lstm-cifg",  "lstm-fgr",        "lstm-full-peephole", "gru",
        "gru-torch",     "jordan",     "jordan-identity", "jordan-softmax",     "ctrnn",
        "ctrnn-rk4"};
    const int n = sizeof names / sizeof *names;
    for (int i = 0; i < n; i++) {
        const rf_cell *c = rf_cell_find(names[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(c);
        CU_ASSERT_PTR_EQUAL(c, rf_cell_at(i));
        CU_ASSERT_EQUAL((int)strlen(c->order), c->gates);
        CU_ASSERT(strlen(c->equations) > 8 && strlen(c->summary) > 0 && strlen(c->source) > 0);
    }
    CU_ASSERT_PTR_NULL(rf_cell_at(n));
    CU_ASSERT_PTR_NULL(rf_cell_at(-1));
    CU_ASSERT_PTR_NULL(rf_cell_find("lstm-x"));
}

static int count_params(const char *cell, rf_index I, rf_index H)
{
    const char *name;
    rf_shape shape;
    rf_index n = 0;
    for (int k = 0; rf_cell_param(rf_cell_find(cell), k, I, H, &name, &shape); k++)
        n += rf_shape_count(shape);
    return (int)n;
}

/* I = 3, H = 4: a gate has 12 + 16 + 4 + 4 = 36 numbers, a peephole 4. */
static void parameters_are_counted(void)
{
    CU_ASSERT_EQUAL(count_params("elman", 3, 4), 36);
    CU_ASSERT_EQUAL(count_params("lstm", 3, 4), 4 * 36);
    CU_ASSERT_EQUAL(count_params("lstm-peephole", 3, 4), 4 * 36 + 12);
    CU_ASSERT_EQUAL(count_params("lstm-nig", 3, 4), 3 * 36 + 8);
    CU_ASSERT_EQUAL(count_params("lstm-cifg", 3, 4), 3 * 36 + 8);
    CU_ASSERT_EQUAL(count_params("lstm-niaf", 3, 4), 4 * 36 + 12);
    CU_ASSERT_EQUAL(count_params("lstm-fgr", 3, 4), 4 * 36 + 12 + 9 * 16);
    CU_ASSERT_EQUAL(count_params("lstm-full-peephole", 3, 4), 4 * 36 + 3 * 16);
    CU_ASSERT_EQUAL(count_params("gru", 3, 4), 3 * 36);
    CU_ASSERT_EQUAL(count_params("jordan", 3, 4), 36 + 20);
    CU_ASSERT_EQUAL(count_params("ctrnn", 3, 4), 36 + 4);
}

/* ---- Kernels against plain C ---------------------------------------------------------------------- */

enum { INPUTS = RFI_IN_W + RFI_MOST_PARAMS };

/* An op applied by hand, so that the instruction set can be chosen. */
typedef struct trial {
    const rf_cell *cell;
    rfi_sequence_attr attr;
    int n;
    rf_tensor x[INPUTS];
    rf_real *gx[INPUTS];
    bool fresh[INPUTS];
    rf_tensor y;
    rf_real *gy;
    int32_t *lengths;
    rf_real *dt;
} trial;

static void trial_input(trial *r, rf_shape shape, double scale)
{
    const rf_index n = rf_shape_count(shape);
    r->x[r->n] = (rf_tensor){filled(n, (uint64_t)r->n, scale), shape};
    r->gx[r->n] = rf_aligned_calloc((size_t)n, sizeof(rf_real));
    r->fresh[r->n] = r->n % 2; /* both ways of handing over */
    r->n++;
}

/* The input added last is none. */
static void leave_out(trial *r)
{
    const int k = r->n - 1;
    rf_aligned_free(r->x[k].data);
    rf_aligned_free(r->gx[k]);
    r->x[k] = (rf_tensor){0};
    r->gx[k] = NULL;
}

static trial trial_open(const rf_cell *cell, rf_index T, rf_index B, rf_index I, rf_index H,
                        bool ragged, bool reverse)
{
    trial r = {.cell = cell, .attr = {.cell = cell, .reverse = reverse}};
    r.attr.projected = cell->layer_norm;
    const char *name;
    rf_shape shape;
    const double scale = 1 / sqrt((double)H);
    trial_input(&r, RF_SHAPE(T, B, r.attr.projected ? cell->gates * H : I), 1);
    trial_input(&r, RF_SHAPE(B, H), 1);
    trial_input(&r, RF_SHAPE(B, H), 1);
    if (cell->states < 2) leave_out(&r);
    for (int k = 0; rf_cell_param(cell, k, I, H, &name, &shape); k++) {
        trial_input(&r, shape, strstr(name, "_ln_") ? 1 : scale);
        if (rfi_sequence_left_out(&r.attr, k)) leave_out(&r);
    }
    if (ragged) r.attr.lengths = r.lengths = calloc((size_t)B, sizeof *r.lengths);
    for (rf_index b = 0; ragged && b < B; b++) r.lengths[b] = (int32_t)(T - b % T);
    r.attr.step = 0.7;
    r.attr.substeps = H * B < 300 ? 2 : 1;
    if (cell->timed && ragged) r.attr.dt = r.dt = filled(T * B, 31, 0.5);
    for (rf_index i = 0; r.dt && i < T * B; i++) r.dt[i] += (rf_real)0.5;
    r.y.shape = RF_SHAPE(T + cell->states, B, H);
    const rf_index n = rf_shape_count(r.y.shape);
    r.y.data = rf_aligned_calloc((size_t)n, sizeof(rf_real));
    r.gy = filled(n, 99, 1);
    return r;
}

static void trial_close(trial *r)
{
    for (int i = 0; i < r->n; i++) rf_aligned_free(r->x[i].data), rf_aligned_free(r->gx[i]);
    rf_aligned_free(r->y.data);
    rf_aligned_free(r->gy);
    rf_aligned_free(r->dt);
    free(r->lengths);
}

static void trial_run(trial *r, rf_device *d)
{
    rf_graph *g = rf_graph_new(d);
    rf_graph_begin(g, RF_TRAIN, rf_key_make(1, "trial", 0));
    rf_call c = {.graph = g,
                 .device = d,
                 .op = r->cell->rules->op,
                 .attr = &r->attr,
                 .mode = RF_TRAIN,
                 .n = r->n,
                 .x = r->x,
                 .y = r->y,
                 .gy = r->gy,
                 .gx = r->gx,
                 .fresh = r->fresh};
    rf_shape shape;
    CU_ASSERT_FATAL(c.op->shape(&c, &shape));
    CU_ASSERT(rf_shape_equal(shape, r->y.shape));
    c.saved = rf_aligned_calloc(c.op->save(&c), 1);
    c.op->forward(&c);
    c.op->adjoint(&c);
    rf_aligned_free(c.saved);
    CU_ASSERT_EQUAL(rf_graph_status(g, NULL), RF_OK);
    rf_graph_free(g);
}

static void compare_trials(const trial *a, const trial *b, const char *what)
{
    double far = distance(a->y.data, b->y.data, rf_shape_count(a->y.shape));
    for (int i = 0; i < a->n; i++)
        if (a->gx[i]) far = fmax(far, distance(a->gx[i], b->gx[i], rf_shape_count(a->x[i].shape)));
    CU_ASSERT(far < 3e-5);
    if (!(far < 3e-5))
        printf("%s %s: %g at H %d, B %d\n", a->cell->name, what, far, (int)a->y.shape.dim[2],
               (int)a->y.shape.dim[1]);
}

static void compare_isa(const rf_cell *cell, rf_index H, rf_index B, bool ragged, bool reverse)
{
    rf_device *d = rf_device_new(2, NULL);
    const rfi_kernels *mine = d->k;
    trial ref = trial_open(cell, 3, B, 5, H, ragged, reverse);
    d->k = rfi_kernels_for(RFI_ISA_C);
    trial_run(&ref, d);
    for (int isa = RFI_ISA_C + 1; isa < RFI_ISAS; isa++) {
        if (!rfi_kernels_for(isa)) continue;
        trial r = trial_open(cell, 3, B, 5, H, ragged, reverse);
        d->k = rfi_kernels_for(isa);
        trial_run(&r, d);
        compare_trials(&ref, &r, d->k->name);
        trial_close(&r);
    }
    trial_close(&ref);
    d->k = mine;
    rf_device_free(d);
}

static void kernels_agree(void)
{
    static const rf_index sizes[][2] = {{1, 1},   {1, 200},  {15, 17}, {17, 15},
                                        {200, 1}, {200, 15}, {15, 650}};
    for (int i = 0; rf_cell_at(i); i++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            compare_isa(rf_cell_at(i), sizes[s][0], sizes[s][1], s % 2 == 0, s / 2 % 2 == 0);
}

/* With layer normalization; small variances are far from each other in two sums of different order. */
static void normed_kernels_agree(void)
{
    static const rf_index sizes[][2] = {{3, 1}, {15, 17}, {33, 5}, {200, 3}};
    for (int i = 0; rf_cell_at(i); i++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            compare_isa(rf_cell_normed(rf_cell_at(i)), sizes[s][0], sizes[s][1], s % 2 == 0,
                        (s + (size_t)i) % 2 == 0);
    compare_isa(rf_cell_normed(rf_cell_find("lstm")), 650, 3, true, false);
    compare_isa(rf_cell_normed(rf_cell_find("gru")), 37, 200, true, true);
}

/* The largest size. */
static void kernels_agree_wide(void)
{
    for (int i = 0; rf_cell_at(i); i++)
        compare_isa(rf_cell_at(i), 650, i % 2 ? 1 : 17, i % 3 != 0, i / 2 % 2);
    for (int i = 0; rf_cell_at(i); i++) /* rows of whole pages */
        compare_isa(rf_cell_at(i), 1024, 3, i % 2, i / 2 % 2);
    compare_isa(rf_cell_find("lstm"), 200, 650, true, false);
    compare_isa(rf_cell_find("gru-torch"), 17, 650, true, true);
}

/* One and two threads agree; the same threads give the same bits. */
static void threads_agree_on(bool norm)
{
    for (int i = 0; rf_cell_at(i); i++) {
        const rf_cell *c = norm ? rf_cell_normed(rf_cell_at(i)) : rf_cell_at(i);
        trial r[3];
        for (int k = 0; k < 3; k++) {
            rf_device *d = rf_device_new(k ? 2 : 1, NULL);
            r[k] = trial_open(c, 4, 19, 6, 37, true, i % 2);
            trial_run(&r[k], d);
            rf_device_free(d);
        }
        compare_trials(&r[0], &r[1], "one and two threads");
        const size_t bytes = (size_t)rf_shape_count(r[1].y.shape) * sizeof(rf_real);
        CU_ASSERT_EQUAL(memcmp(r[1].y.data, r[2].y.data, bytes), 0);
        for (int k = 0; k < r[1].n; k++)
            if (r[1].gx[k])
                CU_ASSERT_EQUAL(memcmp(r[1].gx[k], r[2].gx[k],
                                       (size_t)rf_shape_count(r[1].x[k].shape) * sizeof(rf_real)),
                                0);
        for (int k = 0; k < 3; k++) trial_close(&r[k]);
    }
}

static void threads_agree(void) { threads_agree_on(false), threads_agree_on(true); }

/* Looked up or multiplied, a one-hot input is the same. */
static void one_hot_is_looked_up(void)
{
    enum { T = 4, B = 19, V = 21, H = 37 };
    int32_t ids[T * B];
    for (int i = 0; i < T * B; i++) ids[i] = i * 8 % V;
    rf_device *d = rf_device_new(2, NULL);
    for (int i = 0; rf_cell_at(i); i++) {
        trial r[2];
        for (int k = 0; k < 2; k++) {
            r[k] = trial_open(rf_cell_at(i), T, B, V, H, i % 3, i % 2);
            memset(r[k].x[0].data, 0, T * B * V * sizeof(rf_real));
            for (int j = 0; j < T * B; j++) r[k].x[0].data[j * V + ids[j]] = 1;
            r[k].attr.ids = k ? ids : NULL;
            trial_run(&r[k], d);
        }
        compare_trials(&r[0], &r[1], "one-hot input");
        for (int k = 0; k < 2; k++) trial_close(&r[k]);
    }
    rf_device_free(d);
}

/* The node of rf_one_hot is known by its ids; bad ids poison. */
static void one_hot_nodes(void)
{
    const int32_t ids[4] = {2, 0, 1, 2};
    rf_device *d = rf_device_new(1, NULL);
    rf_graph *g = rf_graph_new(d);
    rf_graph_begin(g, RF_EVAL, rf_key_make(1, "one-hot", 0));
    const rf_node x = rf_one_hot(g, 3, ids, RF_SHAPE(2, 2));
    const rf_real due[12] = {0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1};
    CU_ASSERT_EQUAL_FATAL(rf_graph_status(g, NULL), RF_OK);
    CU_ASSERT_EQUAL(memcmp(rf_value(g, x).data, due, sizeof due), 0);
    CU_ASSERT_EQUAL(memcmp(rf_one_hot_ids(g, x), ids, sizeof ids), 0);
    CU_ASSERT_PTR_NULL(rf_one_hot_ids(g, rf_affine(g, x, 1, 0)));
    CU_ASSERT_EQUAL(rf_one_hot(g, 2, ids, RF_SHAPE(2, 2)), RF_POISON);
    CU_ASSERT_PTR_NULL(rf_one_hot_ids(g, RF_POISON));
    rf_graph_free(g);
    rf_device_free(d);
}
int main(void)
{
    CU_TestInfo tests[] = {{"table is whole", table_is_whole},
                           {"parameters are counted", parameters_are_counted},
                           {"kernels agree", kernels_agree},
                           {"normed kernels agree", normed_kernels_agree},
                           {"kernels agree wide", kernels_agree_wide},
                           {"threads agree", threads_agree},
                           {"one-hot is looked up", one_hot_is_looked_up},
                           {"one-hot nodes", one_hot_nodes},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "cells", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

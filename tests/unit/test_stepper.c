/* test_stepper.c -- decoding with weights in full precision, bf16 and int8: every cell, every
 * instruction set of this CPU against plain C at ragged sizes, scores, threads, and no allocation. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cells/sequence.h"
#include <refrain/cell.h>

#include "../suite.h"
#include "allocations.h"

/* ---- A network with an output layer --------------------------------------------------------------- */

enum { I = 5, V = 37, T = 4, MOST_ROWS = 7 };

typedef struct net {
    rf_device *device;
    rf_params *params;
    rf_rnn *rnn;
    rf_index H;
    rf_param *weight, *bias; /* of the output layer */
    rf_real inputs[V * I];   /* of the ids */
} net;

static net net_of(const char *cell, rf_index H, int layers, int threads, bool norm)
{
    net n = {.device = rf_device_new(threads, NULL), .params = rf_params_new(), .H = H};
    const rf_rnn_spec spec = {
        .cell = rf_cell_find(cell), .input = I, .hidden = H, .layers = layers, .layer_norm = norm};
    const rf_init uniform = {RF_INIT_UNIFORM, 1 / sqrt((double)H)};
    n.rnn = rf_rnn_new(&spec, n.params, "rnn.", NULL);
    n.weight = rf_params_add(n.params, "weight", RF_SHAPE(V, H), uniform, NULL);
    n.bias = rf_params_add(n.params, "bias", RF_SHAPE(V), uniform, NULL);
    CU_ASSERT_FATAL(n.device && n.rnn && n.weight && n.bias);
    rf_params_init(n.params, 7);
    for (int i = 0; i < V * I; i++)
        n.inputs[i] = (rf_real)(2 * rf_uniform(rf_key_make(3, "test", 0), (uint64_t)i) - 1);
    return n;
}

static net net_open(const char *cell, rf_index H, int layers, int threads)
{
    return net_of(cell, H, layers, threads, false);
}

static void net_close(net *n)
{
    rf_rnn_free(n->rnn);
    rf_params_free(n->params);
    rf_device_free(n->device);
}

static rf_stepper *stepper_open(net *n, rf_weights form)
{
    rf_stepper *s = rf_stepper_new_as(n->device, n->rnn, MOST_ROWS, form, NULL);
    CU_ASSERT_FATAL(s && rf_stepper_set_inputs(s, n->inputs, V, NULL));
    CU_ASSERT_FATAL(rf_stepper_set_output(s, n->weight->value.data, n->bias->value.data, V, NULL));
    return s;
}

/* T steps of `rows` hypotheses, the first by vectors, others by ids; all states and scores, in out. */
static rf_index take_steps(net *n, rf_stepper *s, rf_index rows, rf_real *out)
{
    rf_real *at = out;
    rf_stepper_reset(s, rows);
    for (int t = 0; t < T; t++) {
        int32_t ids[MOST_ROWS];
        for (int b = 0; b < MOST_ROWS; b++) ids[b] = (7 * t + 11 * b) % V;
        const rf_real *h = t ? rf_stepper_step_ids(s, ids) : rf_stepper_step(s, n->inputs);
        memcpy(at, h, (size_t)(rows * n->H) * sizeof *at);
        at += rows * n->H;
        memcpy(at, rf_stepper_scores(s), (size_t)(rows * V) * sizeof *at);
        at += rows * V;
    }
    return at - out;
}

static rf_real *room(const net *n)
{
    return rf_aligned_calloc((size_t)(T * MOST_ROWS * (n->H + V)), sizeof(rf_real));
}

static double distance(const rf_real *a, const rf_real *b, rf_index n)
{
    double far = 0;
    for (rf_index i = 0; i < n; i++) {
        const double d = fabs((double)a[i] - (double)b[i]);
        far = d <= far ? far : d; /* NaN counts */
    }
    return far;
}

/* ---- Instruction sets -------------------------------------------------------------------------------- */

/* How far the steps of an instruction set are from those of plain C.  With int8 a state that lies
 * on the edge between two whole numbers may fall to either side: a step of its rounding. */
static double allowed(rf_weights form) { return form == RF_WEIGHTS_INT8 ? 5e-3 : 1e-5; }

static void compare_isas(const char *cell, rf_index H, rf_index rows, int layers, rf_weights form)
{
    net n = net_open(cell, H, layers, 2);
    rf_real *due = room(&n), *got = room(&n);
    for (int isa = 0; isa < RFI_ISAS; isa++) {
        if (!rfi_kernels_for(isa)) continue;
        n.device->k = rfi_kernels_for(isa);
        rf_stepper *s = stepper_open(&n, form);
        const rf_index size = take_steps(&n, s, rows, got);
        if (isa == RFI_ISA_C) memcpy(due, got, (size_t)size * sizeof *got);
        const double far = distance(due, got, size);
        CU_ASSERT(far <= allowed(form));
        if (!(far <= allowed(form)))
            printf("%s H %d rows %d form %d %s: off by %g\n", cell, (int)H, (int)rows, (int)form,
                   n.device->k->name, far);
        rf_stepper_free(s);
    }
    rf_aligned_free(due);
    rf_aligned_free(got);
    net_close(&n);
}

static void instructions_agree(void)
{
    static const rf_index widths[] = {1, 15, 17}, rows[] = {1, 2, 7};
    for (int i = 0; rf_cell_at(i); i++)
        for (int form = RF_WEIGHTS_F32; form <= RF_WEIGHTS_INT8; form++) {
            for (int k = 0; k < 9; k++)
                compare_isas(rf_cell_at(i)->name, widths[k / 3], rows[k % 3], 1 + k % 2,
                             (rf_weights)form);
            compare_isas(rf_cell_at(i)->name, 200, rows[(i + form) % 3], 2, (rf_weights)form);
        }
}

static void instructions_agree_wide(void)
{
    static const char *const cells[] = {"lstm",  "lstm-fgr",       "gru",      "gru-torch",
                                        "elman", "jordan-softmax", "ctrnn-rk4"};
    for (int i = 0; i < 7; i++)
        for (int form = RF_WEIGHTS_F32; form <= RF_WEIGHTS_INT8; form++)
            compare_isas(cells[i], 650, (i + form) % 2 ? 1 : 7, 1, (rf_weights)form);
}

/* ---- Precision ---------------------------------------------------------------------------------------- */

/* Far from full precision by no more than the form's rounding makes, but not equal.  Normalization
 * makes the small sums of this network larger, and their errors with them. */
static void forms_are_close(void)
{
    static const double most[] = {[RF_WEIGHTS_BF16] = 1e-2, [RF_WEIGHTS_INT8] = 3e-2};
    for (int i = 0; rf_cell_at(i / 2); i++)
        for (int form = RF_WEIGHTS_BF16; form <= RF_WEIGHTS_INT8; form++) {
            net n = net_of(rf_cell_at(i / 2)->name, 50, 2, 1, i % 2);
            rf_stepper *full = stepper_open(&n, RF_WEIGHTS_F32);
            rf_stepper *few = stepper_open(&n, (rf_weights)form);
            rf_real *due = room(&n), *got = room(&n);
            take_steps(&n, full, 3, due);
            const double far = distance(due, got, take_steps(&n, few, 3, got));
            const double near = most[form] * (i % 2 ? 5 : 1);
            CU_ASSERT(far > 0 && far < near);
            if (!(far > 0 && far < near))
                printf("%s normed %d form %d: off by %g\n", rf_cell_at(i / 2)->name, i % 2, form,
                       far);
            rf_stepper_free(full), rf_stepper_free(few);
            rf_aligned_free(due), rf_aligned_free(got);
            net_close(&n);
        }
}

/* Weights that bf16 can hold are kept exactly. */
static void bf16_keeps_what_it_holds(void)
{
    for (int i = 0; rf_cell_at(i); i++) {
        net n = net_open(rf_cell_at(i)->name, 33, 2, 1);
        for (size_t k = 0; k < rf_params_count(n.params); k++) {
            const rf_tensor w = rf_params_at(n.params, k)->value;
            for (rf_index j = 0; j < rf_shape_count(w.shape); j++) {
                uint32_t bits;
                memcpy(&bits, w.data + j, sizeof bits);
                bits &= 0xffff0000u;
                memcpy(w.data + j, &bits, sizeof bits);
            }
        }
        rf_stepper *full = stepper_open(&n, RF_WEIGHTS_F32);
        rf_stepper *half = stepper_open(&n, RF_WEIGHTS_BF16);
        rf_real *due = room(&n), *got = room(&n);
        take_steps(&n, full, 2, due);
        CU_ASSERT(distance(due, got, take_steps(&n, half, 2, got)) < 3e-6);
        rf_stepper_free(full), rf_stepper_free(half);
        rf_aligned_free(due), rf_aligned_free(got);
        net_close(&n);
    }
}

/* ---- Scores, threads, refreshing ---------------------------------------------------------------------- */

/* Scores are the state times the weights plus the bias, with a bias and without. */
static void scores_are_the_output_layer(void)
{
    net n = net_open("lstm", 40, 1, 1);
    rf_stepper *s = stepper_open(&n, RF_WEIGHTS_F32);
    for (int with = 0; with < 2; with++) {
        const rf_real *bias = with ? n.bias->value.data : NULL;
        CU_ASSERT(rf_stepper_set_output(s, n.weight->value.data, bias, V, NULL));
        rf_stepper_reset(s, 2);
        const rf_real *h = rf_stepper_step(s, n.inputs), *y = rf_stepper_scores(s);
        for (int r = 0; r < 2; r++)
            for (int v = 0; v < V; v++) {
                double due = bias ? (double)bias[v] : 0;
                for (int k = 0; k < 40; k++)
                    due += (double)h[r * 40 + k] * (double)n.weight->value.data[v * 40 + k];
                CU_ASSERT(fabs((double)y[r * V + v] - due) < 1e-6);
            }
    }
    rf_stepper_free(s);
    net_close(&n);
}

/* One and two threads agree to the bit: no sum is divided between them. */
static void threads_change_no_bit(void)
{
    static const char *const cells[] = {"lstm",  "lstm-fgr",       "lstm-full-peephole", "gru",
                                        "elman", "jordan-softmax", "ctrnn-rk4"};
    for (int i = 0; i < 7; i++)
        for (int form = RF_WEIGHTS_F32; form <= RF_WEIGHTS_INT8; form++) {
            rf_real *out[2];
            rf_index size = 0;
            for (int t = 0; t < 2; t++) {
                net n = net_open(cells[i], 200, 2, t + 1);
                rf_stepper *s = stepper_open(&n, (rf_weights)form);
                out[t] = room(&n);
                size = take_steps(&n, s, 7, out[t]);
                rf_stepper_free(s);
                net_close(&n);
            }
            CU_ASSERT_EQUAL(memcmp(out[0], out[1], (size_t)size * sizeof(rf_real)), 0);
            rf_aligned_free(out[0]), rf_aligned_free(out[1]);
        }
}

/* A stepper that is refreshed is one made anew: output layer, table and weights. */
static void refreshing_reads_all(void)
{
    for (int form = RF_WEIGHTS_F32; form <= RF_WEIGHTS_INT8; form++) {
        net n = net_open("lstm-peephole", 20, 2, 2);
        rf_stepper *s = stepper_open(&n, (rf_weights)form);
        rf_real *due = room(&n), *got = room(&n);
        const rf_index size = take_steps(&n, s, 3, got);
        rf_params_init(n.params, 8);
        rf_stepper *fresh = stepper_open(&n, (rf_weights)form);
        take_steps(&n, fresh, 3, due);
        CU_ASSERT_NOT_EQUAL(memcmp(due, got, (size_t)size * sizeof *due), 0);
        rf_stepper_refresh(s);
        take_steps(&n, s, 3, got);
        CU_ASSERT_EQUAL(memcmp(due, got, (size_t)size * sizeof *due), 0);
        rf_stepper_free(s), rf_stepper_free(fresh);
        rf_aligned_free(due), rf_aligned_free(got);
        net_close(&n);
    }
}

static void steps_do_not_allocate(void)
{
    static const char *const cells[] = {"lstm",  "lstm-fgr",       "lstm-full-peephole", "gru",
                                        "elman", "jordan-softmax", "ctrnn-rk4"};
    for (int i = 0; i < 7; i++)
        for (int form = RF_WEIGHTS_F32; form <= RF_WEIGHTS_INT8; form++) {
            const int32_t from[] = {2, 0, 0, 1};
            net n = net_open(cells[i], 100, 2, 2);
            rf_stepper *s = stepper_open(&n, (rf_weights)form);
            rf_real *out = room(&n);
            take_steps(&n, s, 3, out);
            const long before = allocations;
            for (int round = 0; round < 20; round++) {
                take_steps(&n, s, 3, out);
                rf_stepper_gather(s, from, 4);
            }
            CU_ASSERT_EQUAL(allocations, before);
            rf_aligned_free(out);
            rf_stepper_free(s);
            net_close(&n);
        }
}

/* Sums of 8 bits are 32-bit numbers: wider rows are refused, in full precision they are not. */
static void too_wide_is_refused(void)
{
    rf_error err = {0};
    rf_device *d = rf_device_new(1, NULL);
    rf_params *ps = rf_params_new();
    const rf_rnn_spec spec = {
        .cell = rf_cell_find("elman"), .input = (1 << 17) + 1, .hidden = 2, .layers = 1};
    rf_rnn *r = rf_rnn_new(&spec, ps, "", NULL);
    CU_ASSERT_PTR_NULL(rf_stepper_new_as(d, r, 1, RF_WEIGHTS_INT8, &err));
    CU_ASSERT_EQUAL(err.status, RF_ENOTSUP);
    rf_stepper *s = rf_stepper_new_as(d, r, 1, RF_WEIGHTS_BF16, &err);
    CU_ASSERT_PTR_NOT_NULL(s);
    rf_stepper_free(s);
    rf_rnn_free(r);
    rf_params_free(ps);
    rf_device_free(d);
}

int main(void)
{
    CU_TestInfo tests[] = {{"instructions agree", instructions_agree},
                           {"instructions agree wide", instructions_agree_wide},
                           {"forms are close", forms_are_close},
                           {"bf16 keeps what it holds", bf16_keeps_what_it_holds},
                           {"scores are the output layer", scores_are_the_output_layer},
                           {"threads change no bit", threads_change_no_bit},
                           {"refreshing reads all", refreshing_reads_all},
                           {"steps do not allocate", steps_do_not_allocate},
                           {"too wide is refused", too_wide_is_refused},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "stepper", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

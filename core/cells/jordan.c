/* cells/jordan.c -- the network whose output is fed back: h_t = σ(U x_t + W y_{t−1} + b),
 * y_t = φ(V h_t + c), σ and φ being data.
 *
 * The state is y.  A step has two phases, and a third where φ is a softmax, which needs whole rows. */
#include "cells/sequence.h"

#include <string.h>

enum { WEIGHT_HO = 4, BIAS_HO };

static bool jordan_param(const rf_cell *c, int k, rf_index I, rf_index H, const char **name,
                         rf_shape *shape)
{
    if (k < WEIGHT_HO) return rfi_cell_param_common(c->gates, k, I, H, name, shape);
    *name = k == WEIGHT_HO ? "weight_ho" : "bias_ho";
    *shape = k == WEIGHT_HO ? RF_SHAPE(H, H) : RF_SHAPE(H);
    return k <= BIAS_HO;
}

static int jordan_blocks(const rfi_run *q)
{
    (void)q;
    return 2;
}

static int jordan_aux(const rfi_run *q)
{
    (void)q;
    return 1;
}

static void jordan_plan(rfi_run *q, const rf_tensor *w, rfi_bump *memory, bool adjoint)
{
    const rfi_kernels *k = q->device->k;
    const rf_index H = q->H;
    q->bias = rfi_bump_take(memory, 2 * H);
    if (q->bias) {
        rfi_bias_sum(w, 0, H, q->bias);
        memcpy(q->bias + H, w[BIAS_HO].data, (size_t)H * sizeof *q->bias);
    }
    const rfi_panels p = adjoint ? rfi_panels_columns(k, 0, H, H) : rfi_panels_gates(k, 1, H, H);
    q->ph = rfi_bump_panels(memory, p);
    q->p2 = rfi_bump_panels(memory, p);
}

static void jordan_pack(const rfi_run *q, const rf_tensor *w, bool adjoint, int thread, int threads)
{
    void (*pack)(const rfi_run *, const rfi_panels *, const rf_real *, rf_index, int, int) =
        adjoint ? rfi_run_pack_columns : rfi_run_pack_gates;
    pack(q, &q->ph, w[1].data, q->H, thread, threads);
    pack(q, &q->p2, w[WEIGHT_HO].data, q->H, thread, threads);
}

/* ---- Steps ---------------------------------------------------------------------------------------- */

static bool is_softmax(const rfi_run *q) { return ((const rfi_jordan_spec *)q->spec)->softmax; }

/* y = softmax(y) of this thread's rows. */
static void softmax_rows(const rfi_run *q, rf_index t, int thread, int threads)
{
    const rf_index H = q->H;
    rf_index b, end;
    rfi_split(q->B, 1, thread, threads, &b, &end);
    for (; b < end; b++) {
        rf_real *y = rfi_run_slot(q, q->hs, t + q->to) + b * H;
        if (!rfi_run_active(q, t, b)) continue;
        q->device->k->softmax(H, y, y);
        if (q->out) memcpy(q->out + (t * q->B + b) * H, y, (size_t)H * sizeof *y);
    }
}

static void jordan_step(const rfi_run *q, rf_index t, int thread, int threads)
{
    const rfi_source state = {&q->ph, rfi_run_slot(q, q->hs, t + q->from), q->H,
                              .norm = rfi_norm_groups(q, 1)};
    rfi_run_gates(q, t, 1, &state, q->kernels->jordan_hidden, thread, threads);
    rfi_run_barrier(q, thread);
    const rfi_source hidden = {&q->p2, rfi_run_slot(q, q->aux, t), q->H};
    rfi_run_gates(q, t, 1, &hidden, q->kernels->jordan_output, thread, threads);
    rfi_run_barrier(q, thread);
    if (!is_softmax(q)) return;
    softmax_rows(q, t, thread, threads);
    rfi_run_barrier(q, thread);
}

/* From dy to the gradient of the softmax's argument, y∗(dy − ⟨dy, y⟩), in this thread's rows. */
static void softmax_rows_bp(const rfi_run *q, rf_index t, int thread, int threads)
{
    const rfi_kernels *k = q->device->k;
    const rf_index H = q->H;
    rf_real *sums = q->partial + thread * q->partial_n + H;
    rf_index b, end;
    rfi_split(q->B, 1, thread, threads, &b, &end);
    for (; b < end; b++) {
        const rf_real *y = rfi_run_slot(q, q->hs, t + q->to) + b * H;
        rf_real *d = q->dz + (t * q->B + b) * q->dz_ld + H;
        if (!rfi_run_active(q, t, b)) continue;
        k->affine(H, 1, -k->dot(H, d, y), d, d);
        k->mul(H, d, y, d);
        k->add(H, sums, d, sums);
    }
}

static void jordan_step_bp(const rfi_run *q, rf_index t, rf_index later, int thread, int threads)
{
    const rf_index rows = q->B * q->dz_ld;
    rfi_source src = {.panels = &q->ph};
    src.a = rfi_run_back(q, later, &src.lda);
    rfi_run_units(q, t, &src, q->kernels->jordan_output_bp, thread, threads);
    rfi_run_barrier(q, thread);
    if (is_softmax(q)) {
        softmax_rows_bp(q, t, thread, threads);
        rfi_run_barrier(q, thread);
    }
    const rfi_source output = {&q->p2, q->dz + t * rows + q->H, q->dz_ld};
    rfi_run_units(q, t, &output, q->kernels->jordan_hidden_bp, thread, threads);
    rfi_run_barrier(q, thread);
    rfi_norm_rows_bp(q, t, 1, 0, thread, threads);
}

static void jordan_gradients(const rfi_run *q, const rf_call *c)
{
    const rf_index H = q->H;
    rfi_input_gradients(q, c, 0, 0, 1, true);
    rfi_weight_gradient(q, c, RFI_IN_W + 1, 0, 0, H, rfi_run_slot(q, q->hs, q->from), H);
    rfi_sum_gradient(c, RFI_IN_W + 2, 0, q->partial, H);
    rfi_sum_gradient(c, RFI_IN_W + 3, 0, q->partial, H);
    rfi_weight_gradient(q, c, RFI_IN_W + WEIGHT_HO, 0, H, H, q->aux, H);
    rfi_sum_gradient(c, RFI_IN_W + BIAS_HO, 0, q->partial + H, H);
}

/* ---- The formula ---------------------------------------------------------------------------------- */

/* Source: Jordan, Attractor dynamics and parallelism in a connectionist sequential machine, 1986. */
static void jordan_unroll(rfi_unroll *u)
{
    const rfi_jordan_spec *s = u->cell->spec;
    /* h_t = σ(U x_t + W y_{t−1} + b) */
    const rf_node h = rfi_unroll_activate(u->g, s->act, rfi_unroll_block(u, 0));
    /* y_t = φ(V h_t + c) */
    const rf_node a = rf_linear(u->g, h, u->w[WEIGHT_HO], u->w[BIAS_HO]);
    u->h = s->softmax ? rf_softmax(u->g, a) : rfi_unroll_activate(u->g, s->out, a);
    rf_name(u->g, h, "h_t"), rf_name(u->g, u->h, "y_t");
}

static bool jordan_sample(int k, rf_case *out)
{
    return rfi_sequence_sample(&rfi_jordan_rules, k, out);
}

const rfi_cell_rules rfi_jordan_rules = {
    .op = &rfi_op_jordan,
    .param = jordan_param,
    .aux_blocks = jordan_aux,
    .dz_blocks = jordan_blocks,
    .partial_blocks = jordan_blocks,
    .plan = jordan_plan,
    .pack = jordan_pack,
    .step = jordan_step,
    .step_bp = jordan_step_bp,
    .gradients = jordan_gradients,
    .unroll = jordan_unroll,
};

const rf_op rfi_op_jordan = {
    .name = "jordan",
    .arity = -1,
    .flags = RF_OP_OVERWRITES | RF_OP_OPTIONAL,
    .formula = "h = σ(U x + W y + b); y = φ(V h + c)",
    .shape = rfi_sequence_shape,
    .save = rfi_sequence_save,
    .forward = rfi_sequence_forward,
    .adjoint = rfi_sequence_adjoint,
    .expand = rfi_sequence_expand,
    .sample = jordan_sample,
    .flop = rfi_sequence_flop,
};

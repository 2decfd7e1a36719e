/* cells/elman.c -- the simple recurrent network h_t = σ(U x_t + W h_{t−1} + b), σ being a datum. */
#include "cells/sequence.h"

static bool elman_param(const rf_cell *c, int k, rf_index I, rf_index H, const char **name,
                        rf_shape *shape)
{
    return rfi_cell_param_common(c->gates, k, I, H, name, shape);
}

static int elman_blocks(const rfi_run *q) { return q->G; }

static void elman_plan(rfi_run *q, const rf_tensor *w, rfi_bump *memory, bool adjoint)
{
    const rfi_kernels *k = q->device->k;
    q->bias = rfi_bump_take(memory, q->H);
    if (q->bias) rfi_bias_sum(w, 0, q->H, q->bias);
    q->ph = rfi_bump_panels(memory, adjoint ? rfi_panels_columns(k, 0, q->H, q->H)
                                            : rfi_panels_gates(k, 1, q->H, q->H));
}

static void elman_pack(const rfi_run *q, const rf_tensor *w, bool adjoint, int thread, int threads)
{
    if (adjoint)
        rfi_run_pack_columns(q, &q->ph, w[1].data, q->H, thread, threads);
    else
        rfi_run_pack_gates(q, &q->ph, w[1].data, q->H, thread, threads);
}

static void elman_step(const rfi_run *q, rf_index t, int thread, int threads)
{
    const rfi_source src = {&q->ph, rfi_run_slot(q, q->hs, t + q->from), q->H,
                            .norm = rfi_norm_groups(q, 1)};
    rfi_run_gates(q, t, 1, &src, q->kernels->elman, thread, threads);
    rfi_run_barrier(q, thread);
}

static void elman_step_bp(const rfi_run *q, rf_index t, rf_index later, int thread, int threads)
{
    rfi_source src = {.panels = &q->ph};
    src.a = rfi_run_back(q, later, &src.lda);
    rfi_run_units(q, t, &src, q->kernels->elman_bp, thread, threads);
    rfi_run_barrier(q, thread);
    rfi_norm_rows_bp(q, t, 1, 0, thread, threads);
}

static void elman_gradients(const rfi_run *q, const rf_call *c)
{
    const rf_index H = q->H;
    rfi_input_gradients(q, c, 0, 0, 1, true);
    rfi_weight_gradient(q, c, RFI_IN_W + 1, 0, 0, H, rfi_run_slot(q, q->hs, q->from), H);
    rfi_sum_gradient(c, RFI_IN_W + 2, 0, q->partial, H);
    rfi_sum_gradient(c, RFI_IN_W + 3, 0, q->partial, H);
}

/* Source: Elman, Finding structure in time, Cognitive Science 1990. */
static void elman_unroll(rfi_unroll *u)
{
    const rfi_elman_spec *s = u->cell->spec;
    /* h_t = σ(U x_t + W h_{t−1} + b) */
    u->h = rfi_unroll_activate(u->g, s->act, rfi_unroll_block(u, 0));
    rf_name(u->g, u->h, "h_t");
}

static bool elman_sample(int k, rf_case *out)
{
    return rfi_sequence_sample(&rfi_elman_rules, k, out);
}

const rfi_cell_rules rfi_elman_rules = {
    .op = &rfi_op_elman,
    .param = elman_param,
    .dz_blocks = elman_blocks,
    .partial_blocks = elman_blocks,
    .plan = elman_plan,
    .pack = elman_pack,
    .step = elman_step,
    .step_bp = elman_step_bp,
    .gradients = elman_gradients,
    .unroll = elman_unroll,
};

const rf_op rfi_op_elman = {
    .name = "elman",
    .arity = -1,
    .flags = RF_OP_OVERWRITES | RF_OP_OPTIONAL,
    .formula = "h = σ(U x + W h + b)",
    .shape = rfi_sequence_shape,
    .save = rfi_sequence_save,
    .forward = rfi_sequence_forward,
    .adjoint = rfi_sequence_adjoint,
    .expand = rfi_sequence_expand,
    .sample = elman_sample,
    .flop = rfi_sequence_flop,
};

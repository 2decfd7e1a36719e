/* cells/gru.c -- the GRU family: parameters, phases of a step, gradients, and the formulas.
 *
 * Rows of the parameters are r z n, as nn.GRU's.  With the reset gate before the product a step has
 * two phases, since n needs r h of all units. */
#include "cells/sequence.h"

#include <string.h>

static const rfi_gru_spec *spec_of(const rf_cell *c) { return c->spec; }

static bool gru_param(const rf_cell *c, int k, rf_index I, rf_index H, const char **name,
                      rf_shape *shape)
{
    return rfi_cell_param_common(c->gates, k, I, H, name, shape);
}

static int gru_blocks(const rfi_run *q) { return ((const rfi_gru_spec *)q->spec)->after ? 4 : 3; }

static int gru_aux(const rfi_run *q)
{
    (void)q;
    return 1;
}

static void fill_bias(const rfi_run *q, const rf_tensor *w, const rfi_gru_spec *s)
{
    const rf_index H = q->H;
    rfi_bias_sum(w, 0, (s->after ? 2 : 3) * H, q->bias);
    if (!s->after) return;
    memcpy(q->bias + 2 * H, w[2].data + 2 * H, (size_t)H * sizeof(rf_real));
    memcpy(q->bias + 3 * H, w[3].data + 2 * H, (size_t)H * sizeof(rf_real));
}

static void gru_plan(rfi_run *q, const rf_tensor *w, rfi_bump *memory, bool adjoint)
{
    const rfi_gru_spec *s = q->spec;
    const rfi_kernels *k = q->device->k;
    const rf_index H = q->H;
    const int blocks = s->after ? 3 : 2;
    q->bias = rfi_bump_take(memory, 4 * H);
    if (q->bias) fill_bias(q, w, s);
    q->ph = rfi_bump_panels(memory, adjoint ? rfi_panels_columns(k, 0, H, blocks * H)
                                            : rfi_panels_gates(k, blocks, H, H));
    if (!s->after)
        q->p2 = rfi_bump_panels(memory, adjoint ? rfi_panels_columns(k, 0, H, H)
                                                : rfi_panels_gates(k, 1, H, H));
}

static void gru_pack(const rfi_run *q, const rf_tensor *w, bool adjoint, int thread, int threads)
{
    const rfi_gru_spec *s = q->spec;
    const rf_index H = q->H;
    const rf_real *un = w[1].data + 2 * H * H;
    if (adjoint) {
        rfi_run_pack_columns(q, &q->ph, w[1].data, H, thread, threads);
        if (!s->after) rfi_run_pack_columns(q, &q->p2, un, H, thread, threads);
        return;
    }
    rfi_run_pack_gates(q, &q->ph, w[1].data, H, thread, threads);
    if (!s->after) rfi_run_pack_gates(q, &q->p2, un, H, thread, threads);
}

static void gru_step(const rfi_run *q, rf_index t, int thread, int threads)
{
    const rfi_gru_spec *s = q->spec;
    const rfi_source state = {&q->ph, rfi_run_slot(q, q->hs, t + q->from), q->H,
                              .norm = rfi_norm_groups(q, s->after ? 3 : 1)};
    rfi_run_gates(q, t, 1, &state, s->after ? q->kernels->gru_after : q->kernels->gru_gates, thread,
                  threads);
    rfi_run_barrier(q, thread);
    if (s->after) return;
    const rfi_source reset = {&q->p2, rfi_run_slot(q, q->aux, t), q->H,
                              .norm = rfi_norm_groups(q, 2)};
    rfi_run_gates(q, t, 1, &reset, q->kernels->gru_state, thread, threads);
    rfi_run_barrier(q, thread);
}

static void gru_step_bp(const rfi_run *q, rf_index t, rf_index later, int thread, int threads)
{
    const rfi_gru_spec *s = q->spec;
    rfi_source src = {.panels = &q->ph}, reset = {.panels = &q->p2};
    src.a = rfi_run_back(q, later, &src.lda);
    rfi_run_units(q, t, &src, s->after ? q->kernels->gru_after_bp : q->kernels->gru_state_bp,
                  thread, threads);
    rfi_run_barrier(q, thread);
    rfi_norm_rows_bp(q, t, s->after ? 3 : 2, 0, thread, threads);
    if (s->after) return;
    reset.a = rfi_run_back(q, t, &reset.lda) + 2 * q->H;
    rfi_run_units(q, t, &reset, q->kernels->gru_reset_bp, thread, threads);
    rfi_run_barrier(q, thread);
    rfi_norm_rows_bp(q, t, 1, 0, thread, threads);
}

static void gru_gradients(const rfi_run *q, const rf_call *c)
{
    const rfi_gru_spec *s = q->spec;
    const rf_index H = q->H;
    const rf_real *h0 = rfi_run_slot(q, q->hs, q->from);
    const int wn = s->after ? 3 : 2; /* block of dz with the gradient of n's argument */
    rfi_input_gradients(q, c, 0, 0, s->after ? 2 : 3, true);
    if (s->after) rfi_input_gradients(q, c, 3, 2, 1, false);
    rfi_weight_gradient(q, c, RFI_IN_W + 1, 0, 0, (s->after ? 3 : 2) * H, h0, H);
    if (!s->after) rfi_weight_gradient(q, c, RFI_IN_W + 1, 2 * H, 2 * H, H, q->aux, H);
    rfi_sum_gradient(c, RFI_IN_W + 2, 0, q->partial, 2 * H);
    rfi_sum_gradient(c, RFI_IN_W + 2, 2 * H, q->partial + wn * H, H);
    rfi_sum_gradient(c, RFI_IN_W + 3, 0, q->partial, 3 * H);
}

/* Source: Cho et al. 2014, equations 5-8 (reset before); PyTorch's nn.GRU (after). */
static void gru_unroll(rfi_unroll *u)
{
    rf_graph *g = u->g;
    const rfi_gru_spec *s = spec_of(u->cell);
    const rf_node h = u->h;
    /* r_t = σ(W_r x_t + U_r h_{t−1} + b_r) */
    const rf_node r = rf_sigmoid(g, rfi_unroll_block(u, 0));
    /* z_t = σ(W_z x_t + U_z h_{t−1} + b_z) */
    const rf_node z = rf_sigmoid(g, rfi_unroll_block(u, 1));
    /* before: h̃_t = tanh(W x_t + b + U (r_t∗h_{t−1}) + b′); after: tanh(W x_t + b + r_t∗(U h_{t−1} + b′)) */
    const rf_node uh = rfi_unroll_state(u, 2, s->after ? h : rf_mul(g, r, h), u->w[3]);
    const rf_node n =
        rf_tanh(g, rf_add(g, rfi_unroll_input(u, 2), s->after ? rf_mul(g, r, uh) : uh));
    /* h_t = (1−z_t)∗h_{t−1} + z_t∗h̃_t, or with z_t and 1−z_t exchanged */
    const rf_node other = rf_affine(g, z, -1, 1);
    u->h = rf_add(g, rf_mul(g, s->z_new ? z : other, n), rf_mul(g, s->z_new ? other : z, h));
    rf_name(g, r, "r_t"), rf_name(g, z, "z_t"), rf_name(g, n, s->after ? "n_t" : "h̃_t");
    rf_name(g, u->h, "h_t");
}

static bool gru_sample(int k, rf_case *out) { return rfi_sequence_sample(&rfi_gru_rules, k, out); }

const rfi_cell_rules rfi_gru_rules = {
    .op = &rfi_op_gru,
    .param = gru_param,
    .aux_blocks = gru_aux,
    .dz_blocks = gru_blocks,
    .partial_blocks = gru_blocks,
    .plan = gru_plan,
    .pack = gru_pack,
    .step = gru_step,
    .step_bp = gru_step_bp,
    .gradients = gru_gradients,
    .unroll = gru_unroll,
    .split = 2,
};

const rf_op rfi_op_gru = {
    .name = "gru",
    .arity = -1,
    .flags = RF_OP_OVERWRITES | RF_OP_OPTIONAL,
    .formula = "r,z = σ(W x + U h + b); n = tanh(W x + U (r∗h) + b); h = (1−z)∗h + z∗n",
    .shape = rfi_sequence_shape,
    .save = rfi_sequence_save,
    .forward = rfi_sequence_forward,
    .adjoint = rfi_sequence_adjoint,
    .expand = rfi_sequence_expand,
    .sample = gru_sample,
    .flop = rfi_sequence_flop,
};

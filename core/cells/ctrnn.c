/* cells/ctrnn.c -- the continuous-time network τ_i dy_i/dt = −y_i + Σ_j w_ji σ(y_j − Θ_j) + I_i(t),
 * integrated over each step by a method that is a datum.
 *
 * The state is y, the output σ(y − Θ).  A step is as many evaluations of dy/dt, each with one product,
 * as its substeps have stages. */
#include "cells/sequence.h"

#include <math.h>
#include <string.h>

enum { WEIGHT_IH, WEIGHT_HH, BIAS_IH, THETA, LOG_TAU, PARAMS };

static bool ctrnn_param(const rf_cell *c, int k, rf_index I, rf_index H, const char **name,
                        rf_shape *shape)
{
    static const char *const names[] = {[THETA] = "theta", [LOG_TAU] = "log_tau"};
    if (k < THETA) return rfi_cell_param_common(c->gates, k, I, H, name, shape);
    if (k >= PARAMS) return false;
    *name = names[k];
    *shape = RF_SHAPE(H);
    return true;
}

static int ctrnn_aux(const rfi_run *q) { return 2 * rfi_run_evaluations(q); }

/* The last block is the sum of the others. */
static int ctrnn_dz_blocks(const rfi_run *q)
{
    const int n = rfi_run_evaluations(q);
    return n > 1 ? n + 1 : 1;
}

static int ctrnn_partial_blocks(const rfi_run *q)
{
    (void)q;
    return 3;
}

static void ctrnn_plan(rfi_run *q, const rf_tensor *w, rfi_bump *memory, bool adjoint)
{
    const rfi_kernels *k = q->device->k;
    const rf_index H = q->H;
    q->theta = w[THETA].data;
    q->bias = rfi_bump_take(memory, H);
    q->rate = rfi_bump_take(memory, H);
    if (q->bias) memcpy(q->bias, w[BIAS_IH].data, (size_t)H * sizeof *q->bias);
    for (rf_index i = 0; q->rate && i < H; i++)
        q->rate[i] = (rf_real)exp(-(double)w[LOG_TAU].data[i]);
    q->ph = rfi_bump_panels(memory, adjoint ? rfi_panels_columns(k, 0, H, H)
                                            : rfi_panels_gates(k, 1, H, H));
}

static void ctrnn_pack(const rfi_run *q, const rf_tensor *w, bool adjoint, int thread, int threads)
{
    if (adjoint)
        rfi_run_pack_columns(q, &q->ph, w[WEIGHT_HH].data, q->H, thread, threads);
    else
        rfi_run_pack_gates(q, &q->ph, w[WEIGHT_HH].data, q->H, thread, threads);
}

/* ---- Steps ---------------------------------------------------------------------------------------- */

static rf_real *plane(const rfi_run *q, int k) { return q->aux + k * q->T * q->B * q->H; }

/* σ(y − Θ) of the state before the first step t, this thread's rows. */
static void fire_first(const rfi_run *q, rf_index t, int thread, int threads)
{
    const rf_real *y = rfi_run_slot(q, q->hs, t + q->from);
    rf_real *out = rfi_run_slot(q, q->aux, t);
    rf_index b, end;
    rfi_split(q->B, 1, thread, threads, &b, &end);
    for (; b < end; b++) {
        q->device->k->sub(q->H, y + b * q->H, q->theta, out + b * q->H);
        q->device->k->sigmoid(q->H, out + b * q->H, out + b * q->H);
    }
    rfi_run_barrier(q, thread);
}

static void ctrnn_step(const rfi_run *q, rf_index t, int thread, int threads)
{
    const int n = rfi_run_evaluations(q);
    if (t == rfi_run_time(q, 0)) fire_first(q, t, thread, threads);
    for (int e = 0; e < n; e++) {
        const rfi_source src = {&q->ph, rfi_run_slot(q, plane(q, e), t), q->H, .stage = e,
                                .norm = rfi_norm_groups(q, 1)};
        rfi_run_gates(q, t, 1, &src, q->kernels->ctrnn, thread, threads);
        rfi_run_barrier(q, thread);
    }
}

/* dF of an evaluation, or what layer normalization makes of it, times W: what the one before needs. */
static rfi_source back_from(const rfi_run *q, rf_index t, int e)
{
    rfi_source s = {.panels = &q->ph};
    s.a = rfi_run_back(q, t, &s.lda);
    if (s.a) s.a += e * q->H;
    return s;
}

static void ctrnn_step_bp(const rfi_run *q, rf_index t, rf_index later, int thread, int threads)
{
    const int n = rfi_run_evaluations(q);
    for (int e = n - 1; e >= 0; e--) {
        rfi_source src = e + 1 < n ? back_from(q, t, e + 1) : back_from(q, later, 0);
        src.stage = e;
        rfi_run_units(q, t, &src, q->kernels->ctrnn_bp, thread, threads);
        rfi_run_barrier(q, thread);
        rfi_norm_rows_bp(q, t, 1, e, thread, threads);
    }
}

static void ctrnn_first_bp(const rfi_run *q, rf_index t, int thread, int threads)
{
    const rfi_source src = back_from(q, t, 0);
    rfi_run_units(q, t, &src, q->kernels->ctrnn_first_bp, thread, threads);
}

static void ctrnn_gradients(const rfi_run *q, const rf_call *c)
{
    const rf_index H = q->H;
    const int n = rfi_run_evaluations(q), hh = RFI_IN_W + WEIGHT_HH;
    rfi_input_gradients(q, c, n > 1 ? n : 0, 0, 1, true);
    rf_index ld;
    const rf_real *d = rfi_run_back(q, 0, &ld);
    for (int e = 0; c->gx[hh] && e < n; e++)
        rfi_gemm(q->device, true, false, H, H, q->T * q->B, 1, d + e * H, ld, plane(q, e), H,
                 e == 0 && c->fresh && c->fresh[hh] ? 0 : 1, c->gx[hh], H);
    rfi_sum_gradient(c, RFI_IN_W + BIAS_IH, 0, q->partial, H);
    rfi_sum_gradient(c, RFI_IN_W + THETA, 0, q->partial + H, H);
    rfi_sum_gradient(c, RFI_IN_W + LOG_TAU, 0, q->partial + 2 * H, H);
}

/* ---- The formula ---------------------------------------------------------------------------------- */

/* dy/dt at y: (−y + W σ(y − Θ) + I)/τ */
static rf_node slope(rfi_unroll *u, rf_node y, rf_node in, rf_node rate)
{
    rf_graph *g = u->g;
    rfi_unroll_forget_state(u);
    const rf_node s = rf_sigmoid(g, rf_sub(g, y, u->w[THETA]));
    const rf_node sum = rf_add(g, rfi_unroll_state(u, 0, s, RF_NONE), in);
    return rf_mul(g, rf_sub(g, sum, y), rate);
}

/* y + part dt k */
static rf_node along(const rfi_unroll *u, rf_node y, double part, rf_node k)
{
    return rf_add(u->g, y, rf_mul(u->g, rf_affine(u->g, u->dt, part, 0), k));
}

/* Source: Beer, Adaptive Behavior 1995, equation 1, with the threshold as the lecture has it. */
static void ctrnn_unroll(rfi_unroll *u)
{
    const rfi_ctrnn_spec *s = u->cell->spec;
    /* I(t) = U x_t + b, 1/τ = e^{−log τ} */
    const rf_node in = rfi_unroll_input(u, 0);
    const rf_node rate = rf_exp(u->g, rf_affine(u->g, u->w[LOG_TAU], -1, 0));
    for (int m = 0; m < u->substeps; m++) {
        const rf_node y = u->h;
        rf_node k = RF_NONE;
        /* k_j = f(y + c_j dt k_{j−1}), y ← y + dt Σ b_j k_j */
        for (int j = 0; j < s->stages; j++) {
            k = slope(u, j ? along(u, y, s->c[j], k) : y, in, rate);
            u->h = along(u, u->h, s->b[j], k);
        }
    }
    /* out_t = σ(y_t − Θ) */
    u->out = rf_sigmoid(u->g, rf_sub(u->g, u->h, u->w[THETA]));
    rf_name(u->g, u->h, "y_t"), rf_name(u->g, u->out, "out_t");
}

static bool ctrnn_sample(int k, rf_case *out)
{
    return rfi_sequence_sample(&rfi_ctrnn_rules, k, out);
}

const rfi_cell_rules rfi_ctrnn_rules = {
    .op = &rfi_op_ctrnn,
    .param = ctrnn_param,
    .aux_blocks = ctrnn_aux,
    .dz_blocks = ctrnn_dz_blocks,
    .partial_blocks = ctrnn_partial_blocks,
    .plan = ctrnn_plan,
    .pack = ctrnn_pack,
    .step = ctrnn_step,
    .step_bp = ctrnn_step_bp,
    .first_bp = ctrnn_first_bp,
    .gradients = ctrnn_gradients,
    .unroll = ctrnn_unroll,
    .out_apart = true,
};

const rf_op rfi_op_ctrnn = {
    .name = "ctrnn",
    .arity = -1,
    .flags = RF_OP_OVERWRITES | RF_OP_OPTIONAL,
    .formula = "τ dy/dt = −y + W σ(y − Θ) + U x + b; out = σ(y − Θ)",
    .shape = rfi_sequence_shape,
    .save = rfi_sequence_save,
    .forward = rfi_sequence_forward,
    .adjoint = rfi_sequence_adjoint,
    .expand = rfi_sequence_expand,
    .sample = ctrnn_sample,
    .flop = rfi_sequence_flop,
};

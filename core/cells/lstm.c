/* cells/lstm.c -- the LSTM family: parameters, phases of a step, gradients, and the formulas.
 *
 * Parameters: weight_ih, weight_hh, bias_ih, bias_hh with the rows of the learned gates in
 * PyTorch's order i f g o; then weight_ci, _cf, _co of the gates that see the cell ([H], or [H,H]
 * when full); then weight_gg [3H,3H] with rows and columns i f o, when gates see the last gates. */
#include "cells/sequence.h"

#include <string.h>

static const rfi_lstm_spec *spec_of(const rf_cell *c) { return c->spec; }
static const int peep_gates[] = {GATE_I, GATE_F, GATE_O};
enum { PEEPS = 3, COMMON = 4 };

static bool has_peep(const rfi_lstm_spec *s, int g)
{
    return s->full_peep ? BIT_IFO >> g & 1 : s->peep >> g & 1;
}

/* Parameter of gate g's peephole. */
static int peep_param(const rfi_lstm_spec *s, int g)
{
    int n = COMMON;
    for (int k = 0; k < PEEPS && peep_gates[k] != g; k++) n += has_peep(s, peep_gates[k]);
    return n;
}

static int peep_count(const rfi_lstm_spec *s)
{
    return has_peep(s, GATE_I) + has_peep(s, GATE_F) + has_peep(s, GATE_O);
}

static bool lstm_param(const rf_cell *c, int k, rf_index I, rf_index H, const char **name,
                       rf_shape *shape)
{
    static const char *const names[GATES] = {"weight_ci", "weight_cf", NULL, "weight_co"};
    const rfi_lstm_spec *s = spec_of(c);
    if (k < COMMON) return rfi_cell_param_common(c->gates, k, I, H, name, shape);
    for (int j = 0; j < PEEPS; j++) {
        const int g = peep_gates[j];
        if (!has_peep(s, g) || peep_param(s, g) != k) continue;
        *name = names[g];
        *shape = s->full_peep ? RF_SHAPE(H, H) : RF_SHAPE(H);
        return true;
    }
    if (!s->recur || k != COMMON + peep_count(s)) return false;
    *name = "weight_gg";
    *shape = RF_SHAPE(3 * H, 3 * H);
    return true;
}

bool rfi_cell_sees_gates(const rf_cell *c)
{
    return c->rules == &rfi_lstm_rules && spec_of(c)->recur;
}

static int lstm_blocks(const rfi_run *q) { return q->G; }
static int lstm_partial_blocks(const rfi_run *q) { return q->G + GATES + (q->gain ? 2 : 0); }

/* ---- Memory and packing --------------------------------------------------------------------------- */

/* Matrices that only some rows have are first laid out as [G*H, n] with zeros: gates from the last
 * gates (n = G*H), or from the cell (n = H). */
static void fill_extra(const rfi_run *q, const rf_tensor *w, rf_real *e)
{
    const rfi_lstm_spec *s = q->spec;
    const rf_index H = q->H, n = s->recur ? q->G * H : H;
    memset(e, 0, (size_t)(q->G * H * n) * sizeof *e);
    for (int a = 0; a < PEEPS; a++) {
        rf_real *rows = e + rfi_lstm_block(s, peep_gates[a]) * H * n;
        if (!s->recur && peep_gates[a] != GATE_O)
            memcpy(rows, w[peep_param(s, peep_gates[a])].data, (size_t)(H * H) * sizeof *e);
        for (int b = 0; s->recur && b < PEEPS; b++) {
            const rf_real *from = w[COMMON + peep_count(s)].data + a * H * 3 * H + b * H;
            rf_real *to = rows + rfi_lstm_block(s, peep_gates[b]) * H;
            for (rf_index r = 0; r < H; r++)
                memcpy(to + r * n, from + r * 3 * H, (size_t)H * sizeof *e);
        }
    }
}

static void lstm_plan(rfi_run *q, const rf_tensor *w, rfi_bump *memory, bool adjoint)
{
    const rfi_lstm_spec *s = q->spec;
    const rfi_kernels *k = q->device->k;
    const rf_index H = q->H, n = q->G * H;
    for (int g = 0; g < GATES; g++) q->peep[g] = s->peep >> g & 1 ? w[peep_param(s, g)].data : NULL;
    q->bias = rfi_bump_take(memory, n);
    if (q->bias) rfi_bias_sum(w, 0, n, q->bias);
    q->ph = rfi_bump_panels(memory, adjoint ? rfi_panels_columns(k, 0, H, n)
                                            : rfi_panels_gates(k, q->G, H, H));
    if (s->full_peep)
        q->p2 = rfi_bump_panels(memory, adjoint ? rfi_panels_columns(k, 0, H, H)
                                                : rfi_panels_gates(k, 1, H, H));
    if (!s->full_peep && !s->recur) return;
    const rf_index columns = s->recur ? n : H;
    q->extra = rfi_bump_take(memory, n * columns);
    if (q->extra) fill_extra(q, w, q->extra);
    if (!adjoint) {
        q->pe = rfi_bump_panels(memory, rfi_panels_gates(k, q->G, H, columns));
        return;
    }
    q->pe_blocks = (int)(columns / H);
    for (int e = 0; e < q->pe_blocks; e++)
        q->pe_bp[e] = rfi_bump_panels(memory, rfi_panels_columns(k, 0, H, n));
}

static void lstm_pack(const rfi_run *q, const rf_tensor *w, bool adjoint, int thread, int threads)
{
    const rfi_lstm_spec *s = q->spec;
    const rf_index H = q->H, columns = s->recur ? q->G * H : H;
    const rf_real *co = s->full_peep ? w[peep_param(s, GATE_O)].data : NULL;
    if (adjoint) {
        rfi_run_pack_columns(q, &q->ph, w[1].data, H, thread, threads);
        if (co) rfi_run_pack_columns(q, &q->p2, co, H, thread, threads);
        for (int e = 0; e < q->pe_blocks; e++)
            rfi_run_pack_columns(q, &q->pe_bp[e], q->extra + e * H, columns, thread, threads);
        return;
    }
    rfi_run_pack_gates(q, &q->ph, w[1].data, H, thread, threads);
    if (co) rfi_run_pack_gates(q, &q->p2, co, H, thread, threads);
    if (q->extra) rfi_run_pack_gates(q, &q->pe, q->extra, columns, thread, threads);
}

/* ---- Steps ---------------------------------------------------------------------------------------- */

/* Gates of the step before t, or NULL: zero. */
static const rf_real *last_gates(const rfi_run *q, rf_index t)
{
    const rf_index last = q->from ? t + 1 : t - 1;
    return last < 0 || last >= q->T ? q->first_gates : q->seen + last * q->B * q->G * q->H;
}

static void lstm_step(const rfi_run *q, rf_index t, int thread, int threads)
{
    const rfi_lstm_spec *s = q->spec;
    const rf_index H = q->H;
    rfi_source src[2] = {{&q->ph, rfi_run_slot(q, q->hs, t + q->from), H}, {.panels = &q->pe}};
    src[0].norm = rfi_norm_groups(q, 1);
    if (s->recur) src[1].a = last_gates(q, t), src[1].lda = q->G * H;
    if (s->full_peep) src[1].a = rfi_run_slot(q, q->cs, t + q->from), src[1].lda = H;
    rfi_run_gates(q, t, src[1].a ? 2 : 1, src, q->kernels->lstm, thread, threads);
    rfi_run_barrier(q, thread);
    if (s->full_peep) {
        const rfi_source cell = {&q->p2, rfi_run_slot(q, q->cs, t + q->to), H};
        rfi_run_gates(q, t, 1, &cell, q->kernels->lstm_output, thread, threads);
        rfi_run_barrier(q, thread);
    }
    if (q->gain) rfi_norm_cell(q, t, thread, threads);
}

/* Of a normalised cell: dh whole, then its way back through the normalization of c. */
static void output_bp(const rfi_run *q, rf_index t, const rfi_source *src, int thread, int threads)
{
    rfi_source h = *src;
    h.beside = NULL;
    rfi_run_units(q, t, &h, q->kernels->lstm_dh, thread, threads);
    rfi_run_barrier(q, thread);
    rfi_norm_cell_bp(q, t, thread, threads);
}

static void lstm_step_bp(const rfi_run *q, rf_index t, rf_index later, int thread, int threads)
{
    const rfi_lstm_spec *s = q->spec;
    const rf_index rows = q->B * q->dz_ld;
    rfi_source src = {.panels = &q->ph, .beside = later < 0 ? NULL : q->dz + later * rows};
    src.a = rfi_run_back(q, later, &src.lda);
    if (q->gain) {
        output_bp(q, t, &src, thread, threads);
        src.a = NULL; /* the product is in dh */
    }
    rfi_run_units(q, t, &src, q->kernels->lstm_bp, thread, threads);
    rfi_run_barrier(q, thread);
    if (s->full_peep) {
        const rf_real *dzo = q->dz + t * rows + rfi_lstm_block(s, GATE_O) * q->H;
        const rfi_source cell = {&q->p2, dzo, q->dz_ld};
        rfi_run_units(q, t, &cell, q->kernels->lstm_output_bp, thread, threads);
        rfi_run_barrier(q, thread);
    }
    rfi_norm_rows_bp(q, t, 1, 0, thread, threads);
}

/* ---- Gradients ------------------------------------------------------------------------------------ */

static void lstm_peep_gradients(const rfi_run *q, const rf_call *c)
{
    const rfi_lstm_spec *s = q->spec;
    const rf_index H = q->H;
    for (int j = 0; j < PEEPS; j++) {
        const int g = peep_gates[j], i = RFI_IN_W + peep_param(s, g);
        const int slot = g == GATE_O ? q->to : q->from;
        if (!has_peep(s, g)) continue;
        if (s->full_peep)
            rfi_weight_gradient(q, c, i, 0, rfi_lstm_block(s, g) * H, H,
                                rfi_run_slot(q, q->cs, slot), H);
        else
            rfi_sum_gradient(c, i, 0, q->partial + (q->G + g) * H, H);
    }
}

/* weight_gg: dz of a step by the gates' values of the step before it. */
static void lstm_recur_gradient(const rfi_run *q, const rf_call *c)
{
    const rfi_lstm_spec *s = q->spec;
    const rf_index H = q->H, rows = (q->T - 1) * q->B;
    const int i = RFI_IN_W + COMMON + peep_count(s);
    if (!c->gx[i]) return;
    const rf_real *dz = q->dz + q->to * q->B * q->dz_ld,
                  *last = q->seen + q->from * q->B * q->G * H;
    for (int a = 0; a < PEEPS; a++)
        for (int b = 0; b < PEEPS; b++)
            rfi_gemm(q->device, true, false, H, H, rows, 1,
                     dz + rfi_lstm_block(s, peep_gates[a]) * H, q->dz_ld,
                     last + rfi_lstm_block(s, peep_gates[b]) * H, q->G * H, c->fresh[i] ? 0 : 1,
                     c->gx[i] + a * H * 3 * H + b * H, 3 * H);
}

static void lstm_gradients(const rfi_run *q, const rf_call *c)
{
    const rfi_lstm_spec *s = q->spec;
    const rf_index n = q->G * q->H;
    rfi_input_gradients(q, c, 0, 0, q->G, true);
    rfi_weight_gradient(q, c, RFI_IN_W + 1, 0, 0, n, rfi_run_slot(q, q->hs, q->from), q->H);
    rfi_sum_gradient(c, RFI_IN_W + 2, 0, q->partial, n);
    rfi_sum_gradient(c, RFI_IN_W + 3, 0, q->partial, n);
    lstm_peep_gradients(q, c);
    if (s->recur) lstm_recur_gradient(q, c);
}

/* ---- The formulas --------------------------------------------------------------------------------- */

/* Before gate k's sigmoid: W x + U h + b, and the cell c and the last gates where it sees them. */
static rf_node lstm_sees(rfi_unroll *u, int k, rf_node c, rf_node last)
{
    rf_graph *g = u->g;
    const rfi_lstm_spec *s = spec_of(u->cell);
    rf_node a = rfi_unroll_block(u, rfi_lstm_block(s, k));
    if (has_peep(s, k)) {
        const rf_node p = u->w[peep_param(s, k)];
        a = rf_add(g, a, s->full_peep ? rf_linear(g, c, p, RF_NONE) : rf_mul(g, p, c));
    }
    if (last == RF_NONE) return a;
    const rf_index row = k == GATE_O ? 2 : k;
    const rf_node gg = rf_rows(g, u->w[COMMON + peep_count(s)], row * u->H, u->H);
    return rf_add(g, a, rf_linear(g, last, gg, RF_NONE));
}

static rf_node lstm_gate(rfi_unroll *u, int k, rf_node c, rf_node last)
{
    if (rfi_lstm_block(spec_of(u->cell), k) < 0) return RF_NONE;
    return rf_sigmoid(u->g, lstm_sees(u, k, c, last));
}

/* Source: Greff et al. 2017, section III; Gers & Schmidhuber 2000 (peepholes). */
static void lstm_unroll(rfi_unroll *u)
{
    rf_graph *g = u->g;
    const rfi_lstm_spec *s = spec_of(u->cell);
    const rf_node seen[] = {u->last[GATE_I], u->last[GATE_F], u->last[GATE_O]};
    const rf_node all = seen[0] == RF_NONE ? RF_NONE : rf_concat(g, PEEPS, seen, 1);
    /* i_t = σ(W_i x_t + U_i h_{t−1} + p_i∗C_{t−1} + b_i) */
    const rf_node i = lstm_gate(u, GATE_I, u->c, all);
    /* f_t = σ(W_f x_t + U_f h_{t−1} + p_f∗C_{t−1} + b_f), or 1 − i_t */
    const rf_node f = s->coupled ? rf_affine(g, i, -1, 1) : lstm_gate(u, GATE_F, u->c, all);
    /* C̃_t = tanh(W_C x_t + U_C h_{t−1} + b_C) */
    rf_node in = rfi_unroll_block(u, rfi_lstm_block(s, GATE_G));
    if (!s->linear_in) in = rf_tanh(g, in);
    /* C_t = f_t∗C_{t−1} + i_t∗C̃_t */
    u->c = rf_add(g, f ? rf_mul(g, f, u->c) : u->c, i ? rf_mul(g, i, in) : in);
    /* o_t = σ(W_o x_t + U_o h_{t−1} + p_o∗C_t + b_o) */
    const rf_node o = lstm_gate(u, GATE_O, u->c, all);
    /* h_t = o_t∗tanh(C_t) */
    rf_node h = rfi_unroll_cell(u);
    if (!s->linear_out) h = rf_tanh(g, h);
    u->h = o ? rf_mul(g, o, h) : h;
    const rf_node named[] = {i, f, in, u->c, o, u->h};
    static const char *const names[] = {"i_t", "f_t", "C̃_t", "C_t", "o_t", "h_t"};
    for (size_t k = 0; k < sizeof named / sizeof *named; k++) rf_name(g, named[k], names[k]);
    if (s->recur) u->last[GATE_I] = i, u->last[GATE_F] = f, u->last[GATE_O] = o;
}

static bool lstm_sample(int k, rf_case *out)
{
    return rfi_sequence_sample(&rfi_lstm_rules, k, out);
}

const rfi_cell_rules rfi_lstm_rules = {
    .op = &rfi_op_lstm,
    .param = lstm_param,
    .dz_blocks = lstm_blocks,
    .partial_blocks = lstm_partial_blocks,
    .plan = lstm_plan,
    .pack = lstm_pack,
    .step = lstm_step,
    .step_bp = lstm_step_bp,
    .gradients = lstm_gradients,
    .unroll = lstm_unroll,
};

const rf_op rfi_op_lstm = {
    .name = "lstm",
    .arity = -1,
    .flags = RF_OP_OVERWRITES | RF_OP_OPTIONAL,
    .formula = "i,f,o = σ(W x + U h + b); c = f∗c + i∗tanh(W x + U h + b); h = o∗tanh(c)",
    .shape = rfi_sequence_shape,
    .save = rfi_sequence_save,
    .forward = rfi_sequence_forward,
    .adjoint = rfi_sequence_adjoint,
    .expand = rfi_sequence_expand,
    .sample = lstm_sample,
    .flop = rfi_sequence_flop,
};

/* test_lecture_cells.c -- the cells of the lecture's sections 3 and 4, step by step in plain C as the
 * lecture writes them: LSTM in both notations, GRU in both forms, peepholes through a full matrix, the
 * Odyssey's vanilla LSTM and its eight variants; against the fused layers in double precision. */
#include "lecture.h"

/* ---- Section 3: LSTM --------------------------------------------------------------------------------- */

/* f_t = σ(W_f x_t + U_f h_{t−1} + b_f) and so on. */
static void lstm_apart(const net *n, const double *x, const state *old, state *s)
{
    for (int r = 0; r < H; r++) {
        const double f = sigmoid(W(n, 'f', r, x) + U(n, 'f', r, old->h) + bias(n, 'f', r));
        const double i = sigmoid(W(n, 'i', r, x) + U(n, 'i', r, old->h) + bias(n, 'i', r));
        const double C = tanh_of(W(n, 'g', r, x) + U(n, 'g', r, old->h) + bias(n, 'g', r));
        const double o = sigmoid(W(n, 'o', r, x) + U(n, 'o', r, old->h) + bias(n, 'o', r));
        s->c[r] = f * old->c[r] + i * C;
        s->h[r] = o * tanh_of(s->c[r]);
    }
}

/* f_t = σ(W_f·[h_{t−1}, x_t] + b_f) and so on. */
static void lstm_joined(const net *n, const double *x, const state *old, state *s)
{
    for (int r = 0; r < H; r++) {
        const double f = sigmoid(joined(n, 'f', r, old->h, x) + bias(n, 'f', r));
        const double i = sigmoid(joined(n, 'i', r, old->h, x) + bias(n, 'i', r));
        const double C = tanh_of(joined(n, 'g', r, old->h, x) + bias(n, 'g', r));
        const double o = sigmoid(joined(n, 'o', r, old->h, x) + bias(n, 'o', r));
        s->c[r] = f * old->c[r] + i * C;
        s->h[r] = o * tanh_of(s->c[r]);
    }
}

static void lstm(void)
{
    check_cell("lstm", lstm_apart);
    check_cell("lstm", lstm_joined);
}

/* ---- Section 4: GRU ------------------------------------------------------------------------------------ */

/* z weighs the new state, r acts before the product; the lecture has no biases. */
static void gru_step(const net *n, const double *x, const state *old, state *s)
{
    double z[H], reset[H];
    for (int r = 0; r < H; r++) z[r] = sigmoid(joined(n, 'z', r, old->h, x));
    for (int r = 0; r < H; r++) reset[r] = sigmoid(joined(n, 'r', r, old->h, x)) * old->h[r];
    for (int r = 0; r < H; r++) {
        const double fresh = tanh_of(joined(n, 'n', r, reset, x));
        s->h[r] = (1 - z[r]) * old->h[r] + z[r] * fresh;
    }
}

/* The form of PyTorch and cuDNN: r acts after the product, z weighs the old state. */
static void gru_torch_step(const net *n, const double *x, const state *old, state *s)
{
    for (int r = 0; r < H; r++) {
        const double reset = sigmoid(joined(n, 'r', r, old->h, x));
        const double z = sigmoid(joined(n, 'z', r, old->h, x));
        const double fresh = tanh_of(W(n, 'n', r, x) + reset * U(n, 'n', r, old->h));
        s->h[r] = (1 - z) * fresh + z * old->h[r];
    }
}

static void gru(void)
{
    net n;
    net_open(&n, "gru", false);
    follow(&n, gru_step);
    net_open(&n, "gru-torch", false);
    follow(&n, gru_torch_step);
}

/* ---- Section 4: peepholes ------------------------------------------------------------------------------- */

/* (W·[C, h, x])_r with a full matrix over C. */
static double joined3(const net *n, char gate, const char *peep, int r, const double *c,
                      const double *h, const double *x)
{
    double row[2 * H + I], v[2 * H + I];
    memcpy(row, n->w[find(n, peep)] + r * H, H * sizeof *row);
    memcpy(row + H, n->w[1] + row_of(n, gate, r) * H, H * sizeof *row);
    memcpy(row + 2 * H, n->w[0] + row_of(n, gate, r) * I, I * sizeof *row);
    memcpy(v, c, H * sizeof *v);
    memcpy(v + H, h, H * sizeof *v);
    memcpy(v + 2 * H, x, I * sizeof *v);
    return dot(row, v, 2 * H + I);
}

/* f_t = σ(W_f·[C_{t−1}, h_{t−1}, x_t] + b_f), i_t likewise, o_t = σ(W_o·[C_t, h_{t−1}, x_t] + b_o). */
static void full_peephole_step(const net *n, const double *x, const state *old, state *s)
{
    for (int r = 0; r < H; r++) {
        const double f =
            sigmoid(joined3(n, 'f', "weight_cf", r, old->c, old->h, x) + bias(n, 'f', r));
        const double i =
            sigmoid(joined3(n, 'i', "weight_ci", r, old->c, old->h, x) + bias(n, 'i', r));
        const double C = tanh_of(joined(n, 'g', r, old->h, x) + bias(n, 'g', r));
        s->c[r] = f * old->c[r] + i * C;
    }
    for (int r = 0; r < H; r++) {
        const double o =
            sigmoid(joined3(n, 'o', "weight_co", r, s->c, old->h, x) + bias(n, 'o', r));
        s->h[r] = o * tanh_of(s->c[r]);
    }
}

static void full_peephole(void) { check_cell("lstm-full-peephole", full_peephole_step); }

/* ---- Section 4: the Odyssey's vanilla LSTM and its eight variants ------------------------------------------ */

/* W x_t + R y_{t−1} + b of a gate, in the paper's letters. */
static double arg(const net *n, char gate, int r, const double *x, const state *old)
{
    return W(n, gate, r, x) + U(n, gate, r, old->h) + bias(n, gate, r);
}

/* p∗c of a gate. */
static double peep(const net *n, const char *name, int r, const double *c)
{
    return n->w[find(n, name)][r] * c[r];
}

static double input_gate(const net *n, int r, const double *x, const state *old)
{
    return sigmoid(arg(n, 'i', r, x, old) + peep(n, "weight_ci", r, old->c));
}
static double forget_gate(const net *n, int r, const double *x, const state *old)
{
    return sigmoid(arg(n, 'f', r, x, old) + peep(n, "weight_cf", r, old->c));
}
static double output_gate(const net *n, int r, const double *x, const state *old, const state *s)
{
    return sigmoid(arg(n, 'o', r, x, old) + peep(n, "weight_co", r, s->c));
}
static double block_input(const net *n, int r, const double *x, const state *old)
{
    return tanh_of(arg(n, 'g', r, x, old));
}

static void vanilla(const net *n, const double *x, const state *old, state *s)
{
    for (int r = 0; r < H; r++) {
        s->c[r] = block_input(n, r, x, old) * input_gate(n, r, x, old) +
                  old->c[r] * forget_gate(n, r, x, old);
        s->h[r] = tanh_of(s->c[r]) * output_gate(n, r, x, old, s);
    }
}

static void no_input_gate(const net *n, const double *x, const state *old, state *s)
{
    for (int r = 0; r < H; r++) {
        s->c[r] = block_input(n, r, x, old) * 1 + old->c[r] * forget_gate(n, r, x, old);
        s->h[r] = tanh_of(s->c[r]) * output_gate(n, r, x, old, s);
    }
}

static void no_forget_gate(const net *n, const double *x, const state *old, state *s)
{
    for (int r = 0; r < H; r++) {
        s->c[r] = block_input(n, r, x, old) * input_gate(n, r, x, old) + old->c[r] * 1;
        s->h[r] = tanh_of(s->c[r]) * output_gate(n, r, x, old, s);
    }
}

static void no_output_gate(const net *n, const double *x, const state *old, state *s)
{
    for (int r = 0; r < H; r++) {
        s->c[r] = block_input(n, r, x, old) * input_gate(n, r, x, old) +
                  old->c[r] * forget_gate(n, r, x, old);
        s->h[r] = tanh_of(s->c[r]) * 1;
    }
}

static void no_input_activation(const net *n, const double *x, const state *old, state *s)
{
    for (int r = 0; r < H; r++) {
        s->c[r] = arg(n, 'g', r, x, old) * input_gate(n, r, x, old) +
                  old->c[r] * forget_gate(n, r, x, old);
        s->h[r] = tanh_of(s->c[r]) * output_gate(n, r, x, old, s);
    }
}

static void no_output_activation(const net *n, const double *x, const state *old, state *s)
{
    for (int r = 0; r < H; r++) {
        s->c[r] = block_input(n, r, x, old) * input_gate(n, r, x, old) +
                  old->c[r] * forget_gate(n, r, x, old);
        s->h[r] = s->c[r] * output_gate(n, r, x, old, s);
    }
}

static void no_peepholes(const net *n, const double *x, const state *old, state *s)
{
    for (int r = 0; r < H; r++) {
        s->c[r] = block_input(n, r, x, old) * sigmoid(arg(n, 'i', r, x, old)) +
                  old->c[r] * sigmoid(arg(n, 'f', r, x, old));
        s->h[r] = tanh_of(s->c[r]) * sigmoid(arg(n, 'o', r, x, old));
    }
}

static void coupled_gates(const net *n, const double *x, const state *old, state *s)
{
    for (int r = 0; r < H; r++) {
        const double i = input_gate(n, r, x, old), f = 1 - i;
        s->c[r] = block_input(n, r, x, old) * i + old->c[r] * f;
        s->h[r] = tanh_of(s->c[r]) * output_gate(n, r, x, old, s);
    }
}

/* R_ig i_{t−1} + R_fg f_{t−1} + R_og o_{t−1} of gate `row`: 0 is i, 1 is f, 2 is o. */
static double recurrence(const net *n, int row, int r, const state *old)
{
    const double *R = n->w[find(n, "weight_gg")] + (row * H + r) * 3 * H;
    return dot(R, old->i, H) + dot(R + H, old->f, H) + dot(R + 2 * H, old->o, H);
}

static void full_gate_recurrence(const net *n, const double *x, const state *old, state *s)
{
    for (int r = 0; r < H; r++) {
        s->i[r] = sigmoid(arg(n, 'i', r, x, old) + peep(n, "weight_ci", r, old->c) +
                          recurrence(n, 0, r, old));
        s->f[r] = sigmoid(arg(n, 'f', r, x, old) + peep(n, "weight_cf", r, old->c) +
                          recurrence(n, 1, r, old));
        s->c[r] = block_input(n, r, x, old) * s->i[r] + old->c[r] * s->f[r];
        s->o[r] = sigmoid(arg(n, 'o', r, x, old) + peep(n, "weight_co", r, s->c) +
                          recurrence(n, 2, r, old));
        s->h[r] = tanh_of(s->c[r]) * s->o[r];
    }
}

static void odyssey(void)
{
    static const struct {
        const char *cell;
        step_fn *step;
    } rows[] = {{"lstm-peephole", vanilla},
                {"lstm-nig", no_input_gate},
                {"lstm-nfg", no_forget_gate},
                {"lstm-nog", no_output_gate},
                {"lstm-niaf", no_input_activation},
                {"lstm-noaf", no_output_activation},
                {"lstm", no_peepholes},
                {"lstm-cifg", coupled_gates},
                {"lstm-fgr", full_gate_recurrence}};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) check_cell(rows[k].cell, rows[k].step);
}

int main(void)
{
    CU_TestInfo tests[] = {{"LSTM, both notations", lstm},
                           {"GRU, both forms", gru},
                           {"peepholes through a full matrix", full_peephole},
                           {"the Odyssey's variants", odyssey},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"lecture, cells", open_all, close_all, NULL, NULL, tests},
                             CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

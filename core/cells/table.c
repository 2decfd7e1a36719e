/* cells/table.c -- the table of cells: every variant is a row of data for its family's rules. */
#include "cells/sequence.h"

#include <string.h>

static const rfi_elman_spec elman_tanh = {ACT_TANH}, elman_relu = {ACT_RELU},
                            elman_sigmoid = {ACT_SIGMOID}, elman_identity = {ACT_IDENTITY};

static const rfi_lstm_spec lstm = {.learned = BIT_ALL};
static const rfi_lstm_spec lstm_peephole = {.learned = BIT_ALL, .peep = BIT_IFO};
static const rfi_lstm_spec lstm_nig = {.learned = BIT_ALL & ~BIT_I, .peep = BIT_F | BIT_O};
static const rfi_lstm_spec lstm_nfg = {.learned = BIT_ALL & ~BIT_F, .peep = BIT_I | BIT_O};
static const rfi_lstm_spec lstm_nog = {.learned = BIT_ALL & ~BIT_O, .peep = BIT_I | BIT_F};
static const rfi_lstm_spec lstm_niaf = {.learned = BIT_ALL, .peep = BIT_IFO, .linear_in = true};
static const rfi_lstm_spec lstm_noaf = {.learned = BIT_ALL, .peep = BIT_IFO, .linear_out = true};
static const rfi_lstm_spec lstm_cifg = {
    .learned = BIT_ALL & ~BIT_F, .coupled = true, .peep = BIT_I | BIT_O};
static const rfi_lstm_spec lstm_fgr = {.learned = BIT_ALL, .peep = BIT_IFO, .recur = true};
static const rfi_lstm_spec lstm_full = {.learned = BIT_ALL, .full_peep = true};

static const rfi_jordan_spec jordan_sigmoid = {ACT_TANH, .out = ACT_SIGMOID},
                             jordan_identity = {ACT_TANH, .out = ACT_IDENTITY},
                             jordan_softmax = {ACT_TANH, .softmax = true};

static const rfi_ctrnn_spec euler = {1, {0}, {1}};
static const rfi_ctrnn_spec runge_kutta = {
    4, {0, 1.0 / 2, 1.0 / 2, 1}, {1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6}};

static const rfi_gru_spec gru_before = {.z_new = true}, gru_after = {.after = true};

#define PEEP_I "i_t = σ(W_i x_t + U_i h_{t−1} + p_i∗C_{t−1} + b_i)\n"
#define PEEP_F "f_t = σ(W_f x_t + U_f h_{t−1} + p_f∗C_{t−1} + b_f)\n"
#define PEEP_O "o_t = σ(W_o x_t + U_o h_{t−1} + p_o∗C_t + b_o)\n"
#define INPUT  "C̃_t = tanh(W_C x_t + U_C h_{t−1} + b_C)\n"
#define CELL   "C_t = f_t∗C_{t−1} + i_t∗C̃_t\n"
#define OUTPUT "h_t = o_t∗tanh(C_t)"
#define ODYSSEY                                                                                    \
    "Greff et al., LSTM: A Search Space Odyssey, IEEE TNNLS 2017 (arXiv 1503.04069), section III"

#define ELMAN(NAME, WHAT, SPEC, SIGMA)                                                             \
    {                                                                                              \
        .name = NAME, .summary = WHAT, .source = "Elman, Finding structure in time, 1990; nn.RNN", \
        .equations = "h_t = " SIGMA, .gates = 1, .order = "h", .states = 1, .layer_norm = NORM,    \
        .rules = &rfi_elman_rules, .spec = &SPEC                                                   \
    }
#define LSTM(NAME, WHAT, SOURCE, SPEC, GATE_COUNT, ORDER, TEXT)                                    \
    {                                                                                              \
        .name = NAME, .summary = WHAT, .source = SOURCE, .equations = TEXT, .gates = GATE_COUNT,   \
        .order = ORDER, .states = 2, .layer_norm = NORM, .rules = &rfi_lstm_rules, .spec = &SPEC   \
    }
#define JORDAN(NAME, WHAT, SPEC, PHI)                                                              \
    {                                                                                              \
        .name = NAME, .summary = WHAT,                                                             \
        .source = "Jordan, Attractor dynamics and parallelism in a connectionist sequential "      \
                  "machine, 1986",                                                                 \
        .equations = "h_t = tanh(U x_t + b + W y_{t−1} + b′)\n"                                \
                     "y_t = " PHI,                                                                 \
        .gates = 1, .order = "h", .states = 1, .layer_norm = NORM, .rules = &rfi_jordan_rules,     \
        .spec = &SPEC                                                                              \
    }
#define CTRNN(NAME, WHAT, SPEC, STEP)                                                              \
    {                                                                                              \
        .name = NAME, .summary = WHAT,                                                             \
        .source = "Beer, On the dynamics of small continuous-time recurrent neural networks, "     \
                  "Adaptive Behavior 1995",                                                        \
        .equations = "τ_i dy_i/dt = −y_i + Σ_j w_ji σ(y_j − Θ_j) + I_i(t)\n"               \
                     "I(t) = U x_t + b\n" STEP "out_t = σ(y_t − Θ)",                               \
        .gates = 1, .order = "y", .states = 1, .timed = true, .layer_norm = NORM,                  \
        .rules = &rfi_ctrnn_rules, .spec = &SPEC                                                   \
    }

/* Each row twice: as it is, and with layer normalization. */
#define NORM false
static const rf_cell cells[] = {
#include "cells/table.def"
};
#undef NORM
#define NORM true
static const rf_cell normed[] = {
#include "cells/table.def"
};
enum { CELLS = sizeof cells / sizeof *cells };

const rf_cell *rf_cell_at(int i) { return i >= 0 && i < CELLS ? &cells[i] : NULL; }

const rf_cell *rf_cell_find(const char *name)
{
    for (int i = 0; i < CELLS; i++)
        if (strcmp(cells[i].name, name) == 0) return &cells[i];
    return NULL;
}

int rfi_cell_own_params(const rf_cell *c)
{
    const char *name;
    rf_shape shape;
    int n = 0;
    while (c->rules->param(c, n, 1, 1, &name, &shape)) n++;
    return n;
}

const rf_cell *rf_cell_normed(const rf_cell *c)
{
    for (int i = 0; i < CELLS; i++)
        if (c == &cells[i]) return &normed[i];
    return c;
}

bool rf_cell_param(const rf_cell *c, int k, rf_index I, rf_index H, const char **name,
                   rf_shape *shape)
{
    if (k < 0) return false;
    if (c->rules->param(c, k, I, H, name, shape)) return true;
    return c->layer_norm && rfi_norm_param(c, k - rfi_cell_own_params(c), H, name, shape);
}

/* ---- Cases of the generic tests -------------------------------------------------------------------- */

enum { CASE_T = 3, CASE_B = 3, CASE_I = 2, CASE_H = 3, ATTRS = 6 };

static const int32_t case_lengths[CASE_B] = {3, 1, 2};
static const rf_real case_dt[CASE_T * CASE_B] = {1, 0.5f, 0, 0.25f, 1.5f, 1, 0.75f, 2, 0.125f};

/* Row i with and without lengths, read forwards and in reverse; timed cells by one step length or by
 * many; then with layer normalization. */
#define ATTR(CELL, DT, ...)                                                                        \
    {                                                                                              \
        .cell = CELL, .dt = DT, .step = 0.75, .substeps = 2, __VA_ARGS__                           \
    }
#define ATTRS_OF(i, DT)                                                                            \
    {                                                                                              \
        ATTR(&cells[i], NULL, .reverse = false), ATTR(&cells[i], NULL, .reverse = true),           \
            ATTR(&cells[i], DT, .lengths = case_lengths),                                          \
            ATTR(&cells[i], DT, .lengths = case_lengths, .reverse = true),                         \
            ATTR(&normed[i], NULL, .projected = true),                                             \
            ATTR(&normed[i], DT, .projected = true, .lengths = case_lengths, .reverse = true),     \
    }
static const rfi_sequence_attr case_attrs[][ATTRS] = {
    ATTRS_OF(0, NULL),    ATTRS_OF(1, NULL),  ATTRS_OF(2, NULL),  ATTRS_OF(3, NULL),
    ATTRS_OF(4, NULL),    ATTRS_OF(5, NULL),  ATTRS_OF(6, NULL),  ATTRS_OF(7, NULL),
    ATTRS_OF(8, NULL),    ATTRS_OF(9, NULL),  ATTRS_OF(10, NULL), ATTRS_OF(11, NULL),
    ATTRS_OF(12, NULL),   ATTRS_OF(13, NULL), ATTRS_OF(14, NULL), ATTRS_OF(15, NULL),
    ATTRS_OF(16, NULL),   ATTRS_OF(17, NULL), ATTRS_OF(18, NULL), ATTRS_OF(19, case_dt),
    ATTRS_OF(20, case_dt)};
_Static_assert(sizeof case_attrs / sizeof *case_attrs == CELLS, "one row of cases for each cell");

/* Row of the table that is member k of a family; -1 past the last. */
static int family_member(const rfi_cell_rules *rules, int k)
{
    for (int i = 0; i < CELLS; i++)
        if (cells[i].rules == rules && k-- == 0) return i;
    return -1;
}

bool rfi_sequence_sample(const rfi_cell_rules *rules, int k, rf_case *out)
{
    const int row = family_member(rules, k / (2 * ATTRS)), attr = k % ATTRS;
    const bool state = k / ATTRS % 2;
    const rf_shape given = RF_SHAPE(CASE_B, CASE_H), none = {.rank = -1};
    const char *name;
    rf_shape shape;
    if (row < 0) return false;
    const rfi_sequence_attr *a = &case_attrs[row][attr];
    *out = (rf_case){.n = RFI_IN_W, .low = -1, .high = 1, .attr = a, .attr_bytes = sizeof *a};
    out->shape[RFI_IN_X] =
        RF_SHAPE(CASE_T, CASE_B, a->projected ? a->cell->gates * CASE_H : CASE_I);
    out->shape[RFI_IN_H] = state ? given : none;
    out->shape[RFI_IN_C] = state && a->cell->states > 1 ? given : none;
    for (int p = 0; rf_cell_param(a->cell, p, CASE_I, CASE_H, &name, &shape); p++)
        out->shape[out->n++] = rfi_sequence_left_out(a, p) ? none : shape;
    return true;
}

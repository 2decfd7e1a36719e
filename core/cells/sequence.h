/* cells/sequence.h -- one layer in one direction over all steps: what the drivers, the gate
 * kernels and the stepper share.
 *
 * Time slots: states are kept in [T+1,B,H], in order of time.  Step t reads slot t + from and
 * writes slot t + to, where (from, to) is (0, 1) forwards and (1, 0) in reverse, so that slot
 * `from` offset by t is the state before step t in either direction.  A sequence that is over (or
 * has not begun, in reverse) carries its state through and its gates are zero.
 *
 * Gate memory z goes by bands of U units, U being the columns of a panel of the projection:
 * [bands][T*B][G][U] with the gates in PyTorch's order, so that all gates of a tile are in one
 * place.  Units beyond H are there and mean nothing.  Before a step z holds the input's projection
 * x W_ih^T (unless inputs are one-hot), after it the gates' values. */
#ifndef RFI_CELLS_SEQUENCE_H
#define RFI_CELLS_SEQUENCE_H

#ifndef RF_NO_PLACES
#define RF_NO_PLACES /* messages name the caller of rf_rnn_apply, not a line in here */
#endif
#include "tensor/blas.h"
#include "tensor/device.h"
#include "tensor/pack.h"
#include <refrain/cell.h>

/* ---- Rows of the table, as their families read them ------------------------------------------ */

enum { GATE_I, GATE_F, GATE_G, GATE_O, GATES };
enum { BIT_I = 1, BIT_F = 2, BIT_G = 4, BIT_O = 8, BIT_IFO = 11, BIT_ALL = 15 };

/* A gate that is not learned is 1 and has no rows. */
typedef struct rfi_lstm_spec {
    uint8_t learned; /* bits of i f g o that have weights; g always */
    bool coupled;    /* f = 1 - i */
    uint8_t peep;    /* gates that see the cell through a vector: i, f the old, o the new */
    bool full_peep;  /* gates i, f, o see the cell through a matrix */
    bool recur;      /* gates see the gates of the last step */
    bool linear_in;  /* g(x) = x instead of tanh */
    bool linear_out; /* h(x) = x instead of tanh */
} rfi_lstm_spec;

typedef struct rfi_gru_spec {
    bool after; /* the reset gate applies after the matrix product */
    bool z_new; /* z weighs the new state; else the old */
} rfi_gru_spec;

typedef enum rfi_activation { ACT_TANH, ACT_RELU, ACT_SIGMOID, ACT_IDENTITY } rfi_activation;
typedef struct rfi_elman_spec {
    rfi_activation act;
} rfi_elman_spec;

typedef struct rfi_jordan_spec {
    rfi_activation act; /* of the hidden layer */
    rfi_activation out; /* of the output, unless */
    bool softmax;       /* that is a softmax */
} rfi_jordan_spec;

/* An explicit method of Runge and Kutta, each of whose slopes is taken from the one before:
 * k_j = f(y + c_j dt k_{j−1}), y' = y + dt Σ b_j k_j. */
enum { RFI_MOST_STAGES = 4 };
typedef struct rfi_ctrnn_spec {
    int stages;
    double c[RFI_MOST_STAGES], b[RFI_MOST_STAGES];
} rfi_ctrnn_spec;

/* Rows of H before gate g; -1 when it has none. */
static inline int rfi_lstm_block(const rfi_lstm_spec *s, int g)
{
    if (!(s->learned >> g & 1)) return -1;
    int n = 0;
    for (int k = 0; k < g; k++) n += s->learned >> k & 1;
    return n;
}

/* ---- The description of one run ---------------------------------------------------------------- */

struct rfi_cell_kernels;

typedef struct rfi_run {
    rf_device *device;
    const struct rfi_cell_kernels *kernels;
    const void *spec;
    rf_index T, B, H;
    int G;
    int from, to;           /* slots, see above */
    bool alone;             /* on the caller's thread only: no barriers */
    bool by_rows;           /* threads share the sequences, not the units: no barriers either */
    const int32_t *lengths; /* [B] or NULL */
    char *rounded;          /* int8 (decoding only): [threads, rounded_n] bytes for a product's */
    size_t rounded_n;       /* rows, those of both sources of a phase */

    const int32_t *ids;   /* [T,B] of one-hot inputs, or NULL */
    rf_index V;           /* kinds of one-hot inputs */
    const rf_real *table; /* [bands][V][G][U]: W_ih turned; then z holds no projections */
    rf_real *z;           /* [bands][T*B][G][U], see above */
    rf_index band;        /* U */
    rf_real *seen;        /* [T,B,G*H]: the gates by rows, where those of the next step see them */
    rf_real *hs;          /* [T+1,B,H] */
    rf_real *cs;          /* [T+1,B,H], lstm */
    rf_real *aux;         /* planes of [T,B,H]; gru: r h, or U_n h + b; jordan: h */
    rf_real *out;         /* [T,B,H], or NULL when it is part of hs */
    rf_real *bias;        /* [G*H] summed; gru: [4H], the last block goes to U_n h */
    const rf_real *peep[GATES]; /* [H], or [H,H] when full */
    const rf_real *first_gates; /* [B,G*H] of the step before the first, or NULL: zero */
    rfi_panels ph;              /* W_hh */
    rfi_panels pe;              /* gates from the last gates or, by a matrix, from the cell */
    rf_real *extra;             /* [G*H, ..]: the matrix behind pe */
    /* Layer normalization, see norm.c; gain NULL: none.  Groups are blocks [0, split), [split, G). */
    const rf_real *gain, *shift;     /* [G*H] */
    const rf_real *c_gain, *c_shift; /* [H] */
    int split, scales;
    rf_real *raw;   /* [T,B,raw_ld] */
    rf_real *scale; /* [T,B,scales] 1/sqrt(var + eps): of each group, ctrnn: of each evaluation */
    rf_index raw_ld;
    rf_real *c_hat, *c_scale; /* [T,B,H], [T,B] */

    const rf_real *theta; /* ctrnn: Θ [H] */
    rf_real *rate;        /* ctrnn: 1/τ [H] */
    const rf_real *dt;    /* ctrnn: [T,B] lengths of steps, or NULL: */
    double step;
    int substeps;
    rfi_panels p2; /* second phase: gru's U_n, lstm's W_co */

    /* Adjoint: the panels above are packed the other way round. */
    const rf_real *gout; /* [T,B,H] */
    rf_real *dz;         /* [T,B,dz_ld] */
    rf_index dz_ld;
    rf_real *dh, *dc;        /* [B,H] carried to the step before */
    rfi_panels pe_bp[GATES]; /* pe by blocks of its inputs */
    int pe_blocks;
    rf_real *dr;              /* [T,B,raw_ld] */
    rf_real *c_seen, *c_back; /* [B,H] of the step: what the output saw, and sends back to c */
    rf_real *partial;         /* [threads, partial_n]: dz summed, then the peepholes' gradients */
    rf_index partial_n;
} rfi_run;

/* ctrnn: how often a step computes dy/dt. */
static inline int rfi_run_evaluations(const rfi_run *q)
{
    return ((const rfi_ctrnn_spec *)q->spec)->stages * q->substeps;
}
static inline rf_index rfi_run_time(const rfi_run *q, rf_index s)
{
    return q->from ? q->T - 1 - s : s;
}
static inline bool rfi_run_active(const rfi_run *q, rf_index t, rf_index b)
{
    return !q->lengths || t < q->lengths[b];
}
/* Reals of `rows` rows in bands of U units. */
static inline rf_index rfi_bands_size(rf_index band, rf_index rows, int G, rf_index H)
{
    return (H + band - 1) / band * band * rows * G;
}
/* Where unit u of row `row` of `rows` stands in them; gate g stands g U further. */
static inline rf_index rfi_bands_at(rf_index band, rf_index rows, int G, rf_index row, rf_index u)
{
    return (u / band * rows + row) * G * band + u % band;
}
/* Distance of rows of n reals: whole pages apart, their parts would all fall on the same few sets of
 * a cache. */
static inline rf_index rfi_run_apart(rf_index n)
{
    return n * (rf_index)sizeof(rf_real) % 4096 ? n : n + 16;
}
static inline rf_real *rfi_run_slot(const rfi_run *q, rf_real *states, rf_index slot)
{
    return states + slot * q->B * q->H;
}

/* One tile: rows [row, row + rows) and the units from `unit` on at step t; row r of its products is
 * sum[r * width ...].  Forwards a row is one vector of units for each gate; in the adjoint it is
 * `vectors` vectors of units. */
typedef struct rfi_tile {
    rf_index t, row, unit, width;
    int rows, vectors;
    int stage, norm; /* of its source */
    const rf_real *sum;
    const rf_real *extra[GATES]; /* adjoint: products with pe_bp */
    rf_real *partial;            /* this thread's */
} rfi_tile;

/* What follows a product, vectorised; one table for each instruction set. */
typedef void rfi_tile_fn(const rfi_run *q, const rfi_tile *k);
typedef struct rfi_cell_kernels {
    rfi_tile_fn *lstm, *lstm_output, *lstm_bp, *lstm_output_bp;
    rfi_tile_fn *gru_after, *gru_gates, *gru_state, *gru_after_bp, *gru_state_bp, *gru_reset_bp;
    rfi_tile_fn *elman, *elman_bp;
    rfi_tile_fn *jordan_hidden, *jordan_output, *jordan_output_bp, *jordan_hidden_bp;
    rfi_tile_fn *ctrnn, *ctrnn_bp, *ctrnn_first_bp;
    rfi_tile_fn *lstm_dh;                                              /* dh += sum + gout */
    rfi_tile_fn *keep;                                                 /* raw = sum */
    void (*normed)(const rfi_run *q, const rfi_tile *k, rf_real *sum); /* sum = gain raw + shift */
    rfi_tile_fn *project;                                              /* z = sum */
    rfi_tile_fn *add_dh;                                               /* dh += sum */
} rfi_cell_kernels;
RFI_ISA_DECLARE(rfi_cell_kernels, rfi_cell_kernels);
const rfi_cell_kernels *rfi_cell_kernels_of(const rf_device *d);

/* ---- The loop over tiles (run.c) ------------------------------------------------------------- */

/* A product's factors; a NULL: no product, the sum is zero.  A phase has at most RFI_SOURCES. */
enum { RFI_SOURCES = 2 };
typedef struct rfi_source {
    const rfi_panels *panels;
    const rf_real *a;
    rf_index lda;
    int stage; /* where a phase is run several times a step: which time */
    int norm;  /* bits of the groups that are normalised: all it has; of the first source only */
    const rf_real *beside; /* rfi_run_units: what pe_bp meets instead of a */
} rfi_source;

/* For each of this thread's tiles of step t: the sum over n sources, all packed by gates, `then`. */
void rfi_run_gates(const rfi_run *q, rf_index t, int n, const rfi_source *src, rfi_tile_fn *then,
                   int thread, int threads);
/* The same for one source packed by columns; with ph also the products of src->a and pe_bp, in
 * `extra`. */
void rfi_run_units(const rfi_run *q, rf_index t, const rfi_source *src, rfi_tile_fn *then,
                   int thread, int threads);
void rfi_run_barrier(const rfi_run *q, int thread);

/* Row `row` of z, from and to [G*H]. */
void rfi_bands_put(const rfi_run *q, rf_index row, const rf_real *from);
void rfi_bands_get(const rfi_run *q, rf_index row, rf_real *to);
/* z = x W^T of all steps, x [T*B,I], w [G*H,I]: this thread's share.  strips: T*B*I reals. */
void rfi_run_project(const rfi_run *q, const rf_real *x, const rf_real *w, rf_index I,
                     rf_real *strips, int thread, int threads);
/* This thread's share of the table of a one-hot input's projections, w [G*H,V]. */
void rfi_run_table(const rfi_run *q, const rf_real *w, rf_real *table, int thread, int threads);
/* Pack this thread's share of W. */
void rfi_run_pack_gates(const rfi_run *q, const rfi_panels *p, const rf_real *w, rf_index ldw,
                        int thread, int threads);
void rfi_run_pack_columns(const rfi_run *q, const rfi_panels *p, const rf_real *w, rf_index ldw,
                          int thread, int threads);

/* Memory handed out in order; with at NULL it only counts. */
typedef struct rfi_bump {
    rf_real *at;
    rf_index used;
    int bits;   /* of the weights in panels, as in rfi_panels */
    bool pairs; /* likewise, where there are gates enough */
} rfi_bump;
rf_real *rfi_bump_take(rfi_bump *b, rf_index n);
rfi_panels rfi_bump_panels(rfi_bump *b, rfi_panels p);

/* ---- Families (lstm.c, gru.c ...) --------------------------------------------------------------- */

/* One step from primitive ops: what a family's rule reads and writes. */
typedef struct rfi_unroll {
    rf_graph *g;
    const rf_cell *cell;
    const rf_node *w, *ln; /* the cell's own parameters; those of its layer normalization */
    rf_index H;
    rf_node x;           /* [B,I] */
    rf_node h, c;        /* the states before the step; the rule leaves those after it */
    rf_node out;         /* the rule sets it where it is not h */
    rf_node last[GATES]; /* what full recurrence sees; the rule sets it anew */
    rf_node dt;          /* of timed cells: length of a substep, [B,1] or a scalar */
    int substeps;
    bool projected;        /* x is [B,G*H]: what W_ih makes of the input */
    rf_node product[2][2]; /* x W^T, h U^T normalised, by group of blocks: this step's so far */
} rfi_unroll;

/* A family's part in the drivers of sequence.c and stepper.c.  w are the cell's parameters. */
typedef struct rfi_cell_rules {
    const rf_op *op;
    bool (*param)(const rf_cell *c, int k, rf_index I, rf_index H, const char **name,
                  rf_shape *shape);
    /* Planes of aux (NULL: none), blocks of H in a row of dz, and in a thread's partial sums. */
    int (*aux_blocks)(const rfi_run *q);
    int (*dz_blocks)(const rfi_run *q);
    int (*partial_blocks)(const rfi_run *q);
    /* Lay out panels, helper matrices and peepholes of a run; fill what is small. */
    void (*plan)(rfi_run *q, const rf_tensor *w, rfi_bump *memory, bool adjoint);
    /* Pack this thread's share of the panels. */
    void (*pack)(const rfi_run *q, const rf_tensor *w, bool adjoint, int thread, int threads);
    /* Step t on this thread; ends with a barrier. */
    void (*step)(const rfi_run *q, rf_index t, int thread, int threads);
    /* Adjoint of step t, after that of the step `later` (-1: none); ends with a barrier. */
    void (*step_bp)(const rfi_run *q, rf_index t, rf_index later, int thread, int threads);
    /* What the first step t sends to the state before it, in q->dh; NULL: dz W_hh is added. */
    void (*first_bp)(const rfi_run *q, rf_index t, int thread, int threads);
    /* Gradients of input and parameters from dz and the partial sums (of thread 0, added up). */
    void (*gradients)(const rfi_run *q, const rf_call *c);
    /* One step from primitive ops. */
    void (*unroll)(rfi_unroll *u);
    /* Blocks that layer normalization takes together: the first `split` and the others; 0: all. */
    int split;
    bool out_apart; /* out is not the state h */
} rfi_cell_rules;

extern const rf_op rfi_op_lstm, rfi_op_gru, rfi_op_elman, rfi_op_jordan,
    rfi_op_ctrnn; /* rows of graph/ops.def */
extern const rfi_cell_rules rfi_lstm_rules, rfi_gru_rules, rfi_elman_rules, rfi_jordan_rules,
    rfi_ctrnn_rules;

/* Whether gates see those of the last step (lstm.c). */
bool rfi_cell_sees_gates(const rf_cell *c);

/* What an op's attr holds. */
typedef struct rfi_sequence_attr {
    const rf_cell *cell;
    const int32_t *lengths;
    const int32_t *ids; /* of one-hot inputs, or NULL */
    bool reverse;
    bool projected; /* x is [T,B,G*H], normalised; weight_ih, _ln_ih and bias_ln_ih are left out */
    const rf_real *dt; /* [T,B] of timed cells, or NULL: */
    double step;       /* the length of each step */
    int substeps;      /* at least 1 in timed cells */
} rfi_sequence_attr;

/* Whether the node keeps out [T] and then h, instead of the states of all T+1 slots. */
static inline bool rfi_sequence_out_apart(const rfi_sequence_attr *a)
{
    return a->lengths || a->cell->rules->out_apart;
}

/* Inputs of a sequence op: x, h0, c0, then the parameters. */
enum { RFI_IN_X, RFI_IN_H, RFI_IN_C, RFI_IN_W };
enum { RFI_MOST_PARAMS = 14 };

/* Whether parameter k has been met by a projected input already. */
bool rfi_sequence_left_out(const rfi_sequence_attr *a, int k);

/* Rules shared by the ops (sequence.c). */
bool rfi_sequence_shape(const rf_call *c, rf_shape *y);
size_t rfi_sequence_save(const rf_call *c);
double rfi_sequence_flop(const rf_call *c);
void rfi_sequence_forward(const rf_call *c);
void rfi_sequence_adjoint(const rf_call *c);
rf_node rfi_sequence_expand(rf_graph *g, const rf_call *c, const rf_node *x);
/* Case k of a family's cells: every row with and without states, lengths, reverse. */
bool rfi_sequence_sample(const rfi_cell_rules *rules, int k, rf_case *out);

/* out[n] = bias_ih + bias_hh, from row `row` on. */
void rfi_bias_sum(const rf_tensor *w, rf_index row, rf_index n, rf_real *out);
/* Parameters that all families share: weight_ih, weight_hh, bias_ih, bias_hh of G blocks. */
bool rfi_cell_param_common(int G, int k, rf_index I, rf_index H, const char **name,
                           rf_shape *shape);
/* Gradients by dz columns [column, column + blocks H), which belong to rows [row, ...) of W_ih. */
void rfi_input_gradients(const rfi_run *q, const rf_call *c, int column, int row, int blocks,
                         bool first);
/* gx[i] rows [row ...] (+)= dz columns [column, ...)^T a, a [T,B,n]. */
void rfi_weight_gradient(const rfi_run *q, const rf_call *c, int i, rf_index row, rf_index column,
                         rf_index rows, const rf_real *a, rf_index n);
/* gx[i][to ...] (+)= n sums. */
void rfi_sum_gradient(const rf_call *c, int i, rf_index to, const rf_real *sums, rf_index n);
/* ---- Layer normalization (norm.c) ---------------------------------------------------------------- */

#define RFI_NORM_EPS 1e-5

/* The first block of the groups, by their bits. */
static inline int rfi_norm_block(const rfi_run *q, int groups)
{
    return groups == 2 ? q->split : 0;
}
/* The bits of a source, where products are normalised. */
static inline int rfi_norm_groups(const rfi_run *q, int groups) { return q->gain ? groups : 0; }
/* The gradient of the state's product of step t < 0 ? none : t, and the distance of its rows. */
static inline const rf_real *rfi_run_back(const rfi_run *q, rf_index t, rf_index *ld)
{
    const rf_real *d = q->gain ? q->dr : q->dz;
    *ld = q->gain ? q->raw_ld : q->dz_ld;
    return t < 0 ? NULL : d + t * q->B * *ld;
}
/* Parameter k of a normalised cell's own. */
bool rfi_norm_param(const rf_cell *c, int k, rf_index H, const char **name, rf_shape *shape);
/* Fill a run's fields for layer normalization of so many rows, if its cell has it. */
void rfi_norm_open(rfi_run *q, const rf_cell *c, const rf_tensor *w, rf_index rows, rfi_bump *m);
/* x [n] to (x - mean)/sqrt(var + eps), in place; returns 1/sqrt(var + eps). */
rf_real rfi_norm_row(const rfi_kernels *k, rf_index n, rf_real *x);
/* One row of x W_ih^T, in place; ln are the parameters of normalization. */
void rfi_norm_input_row(const rfi_run *q, const rf_tensor *ln, rf_real *z);
/* This thread's rows of raw at step t, and of dr from dz; end with a barrier. */
void rfi_norm_rows(const rfi_run *q, rf_index t, int groups, int stage, int thread, int threads);
void rfi_norm_rows_bp(const rfi_run *q, rf_index t, int groups, int stage, int thread, int threads);
/* h of this thread's rows from o and c; c_seen and c_back from dh; end with a barrier. */
void rfi_norm_cell(const rfi_run *q, rf_index t, int thread, int threads);
void rfi_norm_cell_bp(const rfi_run *q, rf_index t, int thread, int threads);
void rfi_norm_gradients(const rfi_run *q, const rf_call *c, const rf_cell *cell);
/* x W_ih^T normalised, [T,B,G*H]. */
rf_node rfi_norm_input(rf_graph *g, const rf_cell *c, rf_node x, const rf_node *w);

/* Parameters of the cell without those of layer normalization. */
int rfi_cell_own_params(const rf_cell *c);

/* ---- From primitive ops (unroll.c) ------------------------------------------------------------- */

/* The layer from primitive ops. */
rf_sequence rfi_sequence_unroll(rf_graph *g, const rfi_sequence_attr *a, rf_node x, rf_node h0,
                                rf_node c0, const rf_node *w);
/* W_row x + b_ih of block `row`, and U_row h + b; each normalised with its group where the cell is. */
rf_node rfi_unroll_input(rfi_unroll *u, int row);
rf_node rfi_unroll_state(rfi_unroll *u, int row, rf_node h, rf_node b);
/* Their sum, with the step's h and b_hh. */
rf_node rfi_unroll_block(rfi_unroll *u, int row);
/* The next products are of another h, in the same step. */
void rfi_unroll_forget_state(rfi_unroll *u);
rf_node rfi_unroll_activate(rf_graph *g, rfi_activation a, rf_node x);
/* c, or LN(c), as the output activation sees it. */
rf_node rfi_unroll_cell(const rfi_unroll *u);

#endif

/* refrain/cell.h -- recurrent cells as rows of tables, and rf_rnn, which stacks them.
 *
 * A cell is used at three speeds that share one truth: `rf_rnn_apply` on the graph (a fused op for a
 * whole layer over all steps), its expansion into primitive ops (the textbook formula), and
 * `rf_stepper` without a graph, one step at a time, for decoding. */
#ifndef REFRAIN_CELL_H
#define REFRAIN_CELL_H

#include <refrain/graph.h>

RF_BEGIN

/* ---- The table of cells -------------------------------------------------------------------------
 * elman, elman-relu, elman-sigmoid, elman-identity; lstm (no peepholes: nn.LSTM, the Odyssey's NP),
 * lstm-peephole (the Odyssey's vanilla), lstm-nig, -nfg, -nog, -niaf, -noaf, -cifg, -fgr,
 * lstm-full-peephole; gru (reset before the product, z weighs the new state: Cho et al. 2014),
 * gru-torch (reset after the product, z weighs the old state: nn.GRU); jordan (output fed back;
 * sigmoid output), jordan-identity, jordan-softmax; ctrnn, ctrnn-rk4 (continuous time by Euler's
 * method or by that of Runge and Kutta, of order 4).
 *
 * jordan*   h_t = tanh(U x_t + W y_{t−1} + b), y_t = φ(V h_t + c).  The output y [B,H] is the state:
 *           what is called h below is y, and hidden and output layer are both H wide.
 * ctrnn*    τ_i dy_i/dt = −y_i + Σ_j w_ji σ(y_j − Θ_j) + I_i(t), I(t) = weight_ih x_t + bias_ih held
 *           during step t.  weight_hh[i][j] is w_ji, from unit j to unit i.  The state is y: what is
 *           called h below, h0 included; out is the firing rate σ(y − Θ).  τ = exp(log_tau): positive
 *           whatever is learned, and learned on a scale of ratios.  Euler's method is stable while
 *           a (sub)step is shorter than 2τ, RK4 to about 2.8τ. */
typedef struct rf_cell {
    const char *name;
    const char *summary;
    const char *source;    /* paper, section, equation */
    const char *equations; /* one a line, UTF-8 */
    int gates;             /* blocks of H rows in weight_ih: what is learned, in PyTorch's order */
    const char *order;     /* one letter a block: "ifgo", "rzn", "h"; "fgo" where i is fixed */
    int states;            /* 1: h; 2: h and c */
    bool timed;            /* steps have a length: see rf_clock */
    bool layer_norm;       /* false in the table: see rf_cell_normed */
    const struct rfi_cell_rules *rules;
    const void *spec; /* the row's data, read by its rules */
} rf_cell;

RF_API const rf_cell *rf_cell_at(int i); /* NULL past the end */
RF_API const rf_cell *rf_cell_find(const char *name);
/* The row of the same name with layer normalization (Ba, Kiros, Hinton 2016, equations 20-22); itself
 * when it has that.  With LN(a) = γ∗(a − mean)/sqrt(var + 1e-5) + β over all rows of a:
 *   the input's product W x_t is LN(W x_t) and the state's U h_{t−1} is LN(U h_{t−1}), before biases
 *   are added, each over all gates at once (in a gru over r and z, and over n alone, as the paper's
 *   supplement has it); an LSTM's tanh(C_t) is tanh(LN(C_t)).  Peepholes, gates that see gates, and
 *   jordan's V h_t are as they were.
 * It is fused as well, and takes about a quarter more time. */
RF_API const rf_cell *rf_cell_normed(const rf_cell *c);

/* Parameter k of a cell with input I and hidden H: its name and shape.  False past the last.
 *   weight_ih [G*H,I]  weight_hh [G*H,H]  bias_ih [G*H]  bias_hh [G*H]
 *   weight_ci, weight_cf, weight_co  of the gates that see the cell: [H], or [H,H] when full
 *   weight_gg [3*H,3*H]  rows and columns i f o: gates that see the gates of the last step
 *   weight_ho [H,H]  bias_ho [H]  of the output of jordan, V and c
 *   ctrnn has weight_ih, weight_hh, bias_ih, theta [H], log_tau [H]
 *   with layer normalization, last: gains and biases of the input's product, of the state's, and of an
 *   LSTM's cell: weight_ln_ih, bias_ln_ih, weight_ln_hh, bias_ln_hh [G*H], weight_ln_c, bias_ln_c [H] */
RF_API bool rf_cell_param(const rf_cell *c, int k, rf_index I, rf_index H, const char **name,
                          rf_shape *shape);

/* The time of timed cells; other cells refuse dt and do not look at the rest. */
typedef struct rf_clock {
    double step;       /* length of every step, in the unit of τ; 0: 1 */
    const rf_real *dt; /* [T,B]: a length >= 0 for each step of each sequence instead; or NULL.  x_t
                        * is the input during that time, in either direction.  Copied; has no
                        * gradient. */
    int substeps;      /* equal parts in which a step is integrated; 0: 1 */
} rf_clock;

/* One layer in one direction over all steps, fused.
 *   x  [T,B,I]   h0 [B,H] or RF_NONE (zero)   c0 likewise   w: the cell's parameters, in order
 *   lengths [B]  steps of each sequence, or NULL: all T.  Beyond its length a sequence's output is
 *                zero and its state stays, as in PyTorch's packed sequences.
 *   reverse      read each sequence from its last step to its first
 *   clock        of timed cells, see above; NULL: every step is 1 long
 * Gates that see the last step's gates see zeros at the first step.
 * Returns the nodes out [T,B,H], h [B,H] and c [B,H] (RF_NONE for cells with one state). */
typedef struct rf_sequence {
    rf_node out, h, c;
} rf_sequence;
RF_API rf_sequence rf_cell_sequence(rf_graph *g, const rf_cell *cell, rf_node x, rf_node h0,
                                    rf_node c0, const rf_node *w, const int32_t *lengths,
                                    bool reverse, const rf_clock *clock);
/* The same from primitive ops, one step after the other. */
RF_API rf_sequence rf_cell_unrolled(rf_graph *g, const rf_cell *cell, rf_node x, rf_node h0,
                                    rf_node c0, const rf_node *w, const int32_t *lengths,
                                    bool reverse, const rf_clock *clock);

/* ---- rf_rnn: layers, directions, dropout ---------------------------------------------------- */

typedef struct rf_rnn_spec {
    const rf_cell *cell;
    rf_index input, hidden; /* I, H */
    int layers;             /* L */
    bool bidirectional;     /* D = 2 */
    double dropout;         /* between layers, as nn.LSTM's */
    bool variational;       /* that dropout's mask is the same at every step */
    double weight_dropout;  /* of weight_hh, drawn once per application.  Merity et al. 2018 */
    double forget_bias; /* added to the initial bias_ih of forget gates; Jozefowicz et al. 2015 */
    double
        chrono; /* > 2: the gates of an LSTM or GRU begin as if what matters lasted 1 to chrono - 1
                         * steps (rf_init.memory): forget gates open, input gates as much closed, the
                         * GRU's update gate likewise; forget_bias does not count then.  0: not so */
    double identity; /* > 0: weight_hh starts as the identity times this, weight_ih normal with
                         * deviation 0.001, biases at 0: with elman-relu the IRNN of Le, Jaitly and
                         * Hinton 2015 (arXiv 1504.00941), section 2.  Cells of one gate only. */
    bool layer_norm; /* see rf_cell_normed; gains start at 1, their biases at 0 */
    double step;     /* timed cells: length of a step in the unit of τ; 0: 1 */
    int substeps;    /* timed cells: parts in which a step is integrated, up to 4096; 0: 1 */
    double tau; /* timed cells: where τ starts, up to a factor of e^±(1/sqrt(H)); 0: 2 steps */
} rf_rnn_spec;

typedef struct rf_rnn rf_rnn;

/* Adds parameters PREFIXweight_ih_l0, PREFIXweight_hh_l0, ... _reverse to ps, as PyTorch's
 * state_dict names them; initial values uniform in ±1/sqrt(H).  NULL with err. */
RF_API rf_rnn *rf_rnn_new(const rf_rnn_spec *spec, rf_params *ps, const char *prefix,
                          rf_error *err);
RF_API void rf_rnn_free(rf_rnn *r);
RF_API const rf_rnn_spec *rf_rnn_describe(const rf_rnn *r);

/*   x       [T,B,I]    (RF_SHAPE; or see rf_rnn_apply_ids)
 *   h0, c0  [L*D,B,H]  or RF_NONE: zero
 *   lengths [B]        or NULL
 * Returns out [T,B,D*H], h and c [L*D,B,H] as nn.RNN, nn.LSTM and nn.GRU do. */
RF_API rf_sequence rf_rnn_apply(rf_graph *g, const rf_rnn *r, rf_node x, rf_node h0, rf_node c0,
                                const int32_t *lengths);

/* The same for timed cells with a length for each step of each sequence: dt [T,B], copied. */
RF_API rf_sequence rf_rnn_apply_timed(rf_graph *g, const rf_rnn *r, rf_node x, const rf_real *dt,
                                      rf_node h0, rf_node c0, const int32_t *lengths);

/* States that go on from window to window, [L*D,B,H] each. */
typedef struct rf_carried {
    rf_shape shape;
    rf_real *h, *c; /* owned; c NULL: the cell has one state */
} rf_carried;

/* Of B sequences, zero.  False: no memory. */
RF_API bool rf_carried_init(rf_carried *s, const rf_rnn *r, rf_index B);
RF_API void rf_carried_free(rf_carried *s);
RF_API void rf_carried_reset(rf_carried *s);
/* rf_rnn_apply from these states on, which stay as they are until it is said what to keep. */
RF_API rf_sequence rf_carried_apply(rf_graph *g, const rf_rnn *r, rf_node x, const rf_carried *s);
/* What the network left behind: copied from the graph. */
RF_API void rf_carried_keep(rf_carried *s, const rf_graph *g, rf_sequence q);

/* ---- Stepper: decoding without a graph -------------------------------------------------------- */

/* One-directional stacks only.  Weights are packed once; a step allocates nothing.  Hypotheses are
 * rows; rf_stepper_gather reorders, copies or drops them, for beams. */
typedef struct rf_stepper rf_stepper;

/* How a stepper keeps its weights.  With few rows a step costs what reading its weights costs.
 *   F32   as they are
 *   BF16  rounded to 8 significant bits; all else is float.  The results of instruction sets are close.
 *   INT8  rounded to 255 steps between the extremes of each output; inputs and states of a product
 *         are rounded likewise, row by row.  The products have the same bits on every instruction set,
 *         what follows them (exp, tanh) is close.
 * Any CPU computes any of them; where it has no such instructions F32 may be the fastest. */
typedef enum rf_weights { RF_WEIGHTS_F32, RF_WEIGHTS_BF16, RF_WEIGHTS_INT8 } rf_weights;

/* For up to `rows` hypotheses.  The parameters are read here, not again: make a new stepper, or
 * rf_stepper_refresh, when they changed.  NULL with err: bidirectional; more than 131072 numbers
 * enter a product in 8 bits; no memory. */
RF_API rf_stepper *rf_stepper_new_as(rf_device *d, const rf_rnn *r, rf_index rows, rf_weights form,
                                     rf_error *err);
/* With RF_WEIGHTS_F32. */
RF_API rf_stepper *rf_stepper_new(rf_device *d, const rf_rnn *r, rf_index rows, rf_error *err);
RF_API void rf_stepper_free(rf_stepper *s);
RF_API void rf_stepper_refresh(rf_stepper *s);
/* `rows` hypotheses with zero state. */
RF_API void rf_stepper_reset(rf_stepper *s, rf_index rows);
/* x [rows,I] -> the top layer's out [rows,H], valid until the next call. */
RF_API const rf_real *rf_stepper_step(rf_stepper *s, const rf_real *x);
/* The same for timed cells by a step of length dt [rows], each >= 0. */
RF_API const rf_real *rf_stepper_step_timed(rf_stepper *s, const rf_real *x, const rf_real *dt);
/* The same for inputs chosen by number, such as the rows of an embedding or one-hot vectors: what
 * layer 0 makes of them is computed once, [count,G*H], in full precision whatever the weights' form:
 * a step reads a row of it.  inputs [count,I] is borrowed and read again by rf_stepper_refresh.  False with err: no memory. */
RF_API bool rf_stepper_set_inputs(rf_stepper *s, const rf_real *inputs, rf_index count,
                                  rf_error *err);
/* ids [rows] -> the top layer's h [rows,H]; after rf_stepper_set_inputs. */
RF_API const rf_real *rf_stepper_step_ids(rf_stepper *s, const int32_t *ids);
/* From now on every step ends with scores = h weight^T + bias, by all threads at once: weight [V,H] in
 * the stepper's form, bias [V] or NULL.  Both are borrowed and read again by rf_stepper_refresh.
 * False with err: no memory. */
RF_API bool rf_stepper_set_output(rf_stepper *s, const rf_real *weight, const rf_real *bias,
                                  rf_index V, rf_error *err);
/* Those of the last step [rows,V], valid until the next; after rf_stepper_set_output. */
RF_API const rf_real *rf_stepper_scores(const rf_stepper *s);
/* Row k becomes what row from[k] was; afterwards there are `rows` rows, at most those of _new. */
RF_API void rf_stepper_gather(rf_stepper *s, const int32_t *from, rf_index rows);
/* All states, [L,states,rows,H], for saving and restoring (full gate recurrence: the last gates
 * too).  rf_stepper_set_state expects as many rows as the stepper has now. */
RF_API size_t rf_stepper_state_bytes(const rf_stepper *s);
RF_API void rf_stepper_get_state(const rf_stepper *s, void *out);
RF_API void rf_stepper_set_state(rf_stepper *s, const void *in);

/* Messages name the caller's file and line, as in graph.h. */
#ifndef RF_NO_PLACES
#define rf_cell_sequence(g, ...)   rf_cell_sequence(RF_HERE(g), __VA_ARGS__)
#define rf_cell_unrolled(g, ...)   rf_cell_unrolled(RF_HERE(g), __VA_ARGS__)
#define rf_rnn_apply(g, ...)       rf_rnn_apply(RF_HERE(g), __VA_ARGS__)
#define rf_rnn_apply_timed(g, ...) rf_rnn_apply_timed(RF_HERE(g), __VA_ARGS__)
#define rf_carried_apply(g, ...)   rf_carried_apply(RF_HERE(g), __VA_ARGS__)
#endif

RF_END
#endif

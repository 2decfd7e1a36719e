/* refrain/graph.h -- the computational graph: a tape that is written as it runs.
 *
 * Builders compute at once and record what the two differentiation modes need.  They read as
 * mathematics and need no checks: a failure yields the poison node, poison spreads, and the first
 * message is kept for rf_graph_status().  Memory comes from the graph's arena and is given back by
 * rf_graph_begin(); a training step calls malloc only while the graph is still growing.
 *
 *     rf_graph_begin(g, RF_TRAIN, key);
 *     rf_node y = rf_tanh(g, rf_linear(g, x, w, b));
 *     rf_node loss = rf_cross_entropy(g, y, targets);
 *     rf_adjoint(g, loss);                       // gradients are now in the parameters
 *
 * One thread at a time uses a graph; the graph uses the device's threads. */
#ifndef REFRAIN_GRAPH_H
#define REFRAIN_GRAPH_H

#include <refrain/op.h>

RF_BEGIN

/* ---- Parameters: what is learned, and outlives the graph ------------------------------------- */

typedef enum rf_init_kind {
    RF_INIT_CONSTANT,   /* every element is `scale` */
    RF_INIT_UNIFORM,    /* uniform in [-scale, scale) */
    RF_INIT_NORMAL,     /* normal with standard deviation `scale` */
    RF_INIT_ORTHOGONAL, /* rows (or columns) orthonormal, times scale.  Saxe et al. 2014 */
    RF_INIT_IDENTITY    /* the identity times scale.  Le, Jaitly, Hinton 2015 (IRNN) */
} rf_init_kind;

typedef struct rf_init {
    rf_init_kind kind;
    double scale;
    double shift; /* added to elements [shift_from, shift_from + shift_count) of what was drawn */
    rf_index shift_from, shift_count;
    /* memory > 2: elements [keep, keep + span) become v_k = ln(1 + (memory - 2) (k + 1/2) / span),
     * k = 0 .. span-1, and [admit, admit + span) -v_k; an offset of -1: none.  Gates then hold what
     * they have for 1 to memory - 1 steps, evenly.  Tallec & Ollivier 2018 (arXiv 1804.11188), who
     * draw the v_k from the same distribution. */
    double memory;
    rf_index keep, admit, span;
} rf_init;

typedef struct rf_param {
    const char *name;
    rf_tensor value;
    rf_real *grad; /* same shape as value */
    rf_init init;
    bool frozen;  /* has no gradient */
    bool decay;   /* weight decay applies: true for rank >= 2 unless changed */
    bool sparse;  /* gradient is non-zero in the rows row[0 .. rows) only, each named once */
    int32_t *row; /* [value.shape.dim[0]] */
    rf_index rows;
    uint8_t *touched; /* [dim[0]], 1 for the rows named */
    bool zero;        /* grad is known to hold zeros: set with rf_params_zero_grad, cleared by the
                       * graph; clear it too where you write grad yourself */
} rf_param;

/* An ordered set of named parameters; owns all their memory. */
typedef struct rf_params rf_params;

RF_API rf_params *rf_params_new(void);
RF_API void rf_params_free(rf_params *ps);
/* NULL with err: the name is taken, the shape is empty or absurd, no memory. */
RF_API rf_param *rf_params_add(rf_params *ps, const char *name, rf_shape shape, rf_init init,
                               rf_error *err);
RF_API rf_param *rf_params_find(const rf_params *ps, const char *name);
RF_API size_t rf_params_count(const rf_params *ps);
RF_API rf_param *rf_params_at(const rf_params *ps, size_t i);
RF_API rf_index rf_params_elements(const rf_params *ps);
/* Draw all values; each depends on the seed, the parameter's name and the element only. */
RF_API void rf_params_init(rf_params *ps, uint64_t seed);
/* Gradients to zero (of a sparse one: its rows). */
RF_API void rf_params_zero_grad(rf_params *ps);
/* Make the gradient sparse, or dense again; call it before training.  False: no memory. */
RF_API bool rf_param_set_sparse(rf_param *p, bool sparse);

/* ---- The graph ------------------------------------------------------------------------------- */

RF_API rf_graph *rf_graph_new(rf_device *d);
RF_API void rf_graph_free(rf_graph *g);
/* Forget all nodes and start anew.  `key` feeds the random ops: each takes a stream of its own. */
RF_API void rf_graph_begin(rf_graph *g, rf_mode mode, rf_key key);
/* RF_OK, or the first failure since rf_graph_begin, copied to err. */
RF_API rf_status rf_graph_status(const rf_graph *g, rf_error *err);
/* From now on entries of dimension `dim` are lanes from, from+1 ... of a batch of `total` that is
 * dealt out to several processes: dropout counts elements of the whole batch, so that masks do not
 * depend on how it is dealt.  That holds for every node but parameters, whose masks are the same
 * everywhere.  total 0: not so (the default). */
RF_API void rf_graph_set_lanes(rf_graph *g, int dim, rf_index from, rf_index total);
RF_API rf_device *rf_graph_device(const rf_graph *g);
RF_API rf_mode rf_graph_mode(const rf_graph *g);
/* Memory from the graph's arena, valid until the next rf_graph_begin; NULL poisons the graph. */
RF_API void *rf_graph_alloc(rf_graph *g, size_t bytes);
/* Scratch inside a rule: valid until the rule returns. */
RF_API void *rf_graph_scratch(rf_graph *g, size_t bytes);
/* A random key of its own for one op. */
RF_API rf_key rf_graph_next_key(rf_graph *g);
/* Remember where a builder was called, for messages; used by the macros below.  Returns g. */
RF_API rf_graph *rf_graph_at(rf_graph *g, const char *file, int line);

/* Leaves.  A constant is copied; a borrowed tensor must live until the next rf_graph_begin; a
 * variable is a constant that has a gradient; a parameter's gradient is added to p->grad. */
RF_API rf_node rf_constant(rf_graph *g, const rf_real *data, rf_shape shape);
RF_API rf_node rf_borrow(rf_graph *g, const rf_real *data, rf_shape shape);
RF_API rf_node rf_variable(rf_graph *g, const rf_real *data, rf_shape shape);
RF_API rf_node rf_parameter(rf_graph *g, rf_param *p);
RF_API rf_node rf_zeros(rf_graph *g, rf_shape shape);
RF_API rf_node rf_scalar(rf_graph *g, double value);
/* Name a node for dumps; the text is copied. */
RF_API rf_node rf_name(rf_graph *g, rf_node x, const char *name);

/* Apply any op to n inputs; attr_bytes of attr are copied (0: attr is kept as it is and must live
 * until the next rf_graph_begin).  What the builders below call. */
RF_API rf_node rf_apply(rf_graph *g, const rf_op *op, int n, const rf_node *x, const void *attr,
                        size_t attr_bytes);
/* The textbook graph of a fused node, built behind it; the node itself for a primitive. */
RF_API rf_node rf_expand(rf_graph *g, rf_node x);

/* Read a node.  Data of a poison node is NULL, its shape has rank 0. */
RF_API rf_tensor rf_value(const rf_graph *g, rf_node x);
RF_API rf_shape rf_shape_of(const rf_graph *g, rf_node x);
RF_API const rf_real *rf_gradient(const rf_graph *g, rf_node x); /* NULL: none arrived */
RF_API const rf_real *rf_tangent(const rf_graph *g, rf_node x);  /* NULL: zero */
RF_API rf_index rf_graph_count(const rf_graph *g);
/* What a node is.  Nodes are numbered from 1 to rf_graph_count; inputs left out are RF_NONE.  Valid
 * until the graph grows; of a poison node or RF_NONE all is zero. */
typedef struct rf_node_info {
    const rf_op *op;
    const char *name; /* NULL: none */
    rf_shape shape;
    const rf_node *input; /* [inputs] */
    uint32_t inputs;
    bool differentiable; /* depends on a variable or parameter */
} rf_node_info;
RF_API rf_node_info rf_graph_node(const rf_graph *g, rf_node x);

/* Reverse mode: gradients of scalar y, or of sum(gy * y), with respect to all nodes and parameters.
 * Parameters' gradients are added to; nodes' start from zero in each sweep. */
RF_API rf_status rf_adjoint(rf_graph *g, rf_node y);
RF_API rf_status rf_adjoint_with(rf_graph *g, rf_node y, const rf_real *gy);
/* Forward mode: set the tangents of leaves (copied), then sweep once over all nodes. */
RF_API void rf_set_tangent(rf_graph *g, rf_node leaf, const rf_real *dx); /* dx NULL: zero */
RF_API rf_status rf_sweep_tangents(rf_graph *g);
/* Edges that the last sweep went along: each once, however many paths share it. */
RF_API rf_index rf_graph_visits(const rf_graph *g);

/* The graph as text (one node a line: number, op, inputs, shape, name) and as Graphviz DOT.
 * RF_DUMP_EXPAND shows within each fused node the primitive ops that it stands for. */
enum { RF_DUMP_VALUES = 1u << 0, RF_DUMP_GRADIENTS = 1u << 1, RF_DUMP_EXPAND = 1u << 2 };
RF_API void rf_graph_text(rf_graph *g, rf_str *out, uint32_t flags);
RF_API void rf_graph_dot(rf_graph *g, rf_str *out, uint32_t flags);

/* ---- Where the time goes ----------------------------------------------------------------------
 *
 *     rf_graph_profile(g, true, &err);
 *     ... training steps; rf_graph_span_begin(g); step of the optimiser; rf_graph_span_end(g, "sgd");
 *     rf_graph_profile_text(g, &out);
 *
 * Off, a profile costs one comparison an op. */

typedef struct rf_profile_row {
    const char *name; /* of an op or a span */
    int64_t calls;    /* of the forward rule; of a span, how often it ended */
    double forward;   /* seconds of the forward rule; of a span, all its time */
    double backward;  /* seconds of the adjoint, zeroing of gradients included */
    double flop;      /* nominal operations, see rf_op.flop; 0: not known */
} rf_profile_row;

/* Begin to count, from zero; or stop and forget.  Tangents are not timed.  Errors: ENOMEM. */
RF_API rf_status rf_graph_profile(rf_graph *g, bool on, rf_error *err);
/* A span of time that is not one op: all that happens between the two calls is counted under the
 * name, which is static storage, and under nothing else.  Within another span: part of that. */
RF_API void rf_graph_span_begin(rf_graph *g);
RF_API void rf_graph_span_end(rf_graph *g, const char *name);
/* The rows so far, most time first, and the seconds since counting began; what the rows lack is the
 * rest.  Valid until the graph is used again; NULL: nothing is counted. */
RF_API const rf_profile_row *rf_graph_profile_rows(rf_graph *g, int *n, double *seconds);
/* The same as a table: calls, milliseconds, share of the time, GFLOP/s where known. */
RF_API void rf_graph_profile_text(rf_graph *g, rf_str *out);

/* ---- Builders ---------------------------------------------------------------------------------
 * Elementwise builders broadcast as numpy does.  Negative dimensions count from the end. */

RF_API rf_node rf_add(rf_graph *g, rf_node a, rf_node b);
RF_API rf_node rf_sub(rf_graph *g, rf_node a, rf_node b);
RF_API rf_node rf_mul(rf_graph *g, rf_node a, rf_node b);
RF_API rf_node rf_div(rf_graph *g, rf_node a, rf_node b);
RF_API rf_node rf_pow(rf_graph *g, rf_node a, rf_node b); /* a > 0, or b a whole constant */
RF_API rf_node rf_affine(rf_graph *g, rf_node x, double scale, double shift); /* scale x + shift */
RF_API rf_node rf_exp(rf_graph *g, rf_node x);
RF_API rf_node rf_log(rf_graph *g, rf_node x);
RF_API rf_node rf_sqrt(rf_graph *g, rf_node x);
RF_API rf_node rf_tanh(rf_graph *g, rf_node x);
RF_API rf_node rf_sigmoid(rf_graph *g, rf_node x);
RF_API rf_node rf_relu(rf_graph *g, rf_node x);

/* [..,M,K] [..,K,N] -> [..,M,N]; one factor may lack the leading dimensions. */
RF_API rf_node rf_matmul(rf_graph *g, rf_node a, rf_node b);
/* The same with a factor's last two dimensions swapped, without a copy. */
RF_API rf_node rf_matmul_turned(rf_graph *g, rf_node a, bool turn_a, rf_node b, bool turn_b);
/* x [..,I], w [O,I], b [O] or RF_NONE -> x w^T + b [..,O]: nn.Linear. */
RF_API rf_node rf_linear(rf_graph *g, rf_node x, rf_node w, rf_node b);

/* Maps are [B,H,W,C]: rows, columns, channels.  Padding is top, left, bottom, right, less than the
 * window; cells in it are 0. */
typedef enum rf_conv_act { RF_CONV_LINEAR, RF_CONV_RELU, RF_CONV_RELU6 } rf_conv_act;
typedef struct rf_conv {
    int32_t stride[2], pad[4];
    int32_t groups;  /* divides C and O; C: depthwise */
    rf_conv_act act; /* relu6: min(max(y, 0), 6) */
} rf_conv;
/* x [B,H,W,C], w [O,kh,kw,C/groups], b [O] or RF_NONE -> [B,H',W',O],
 * H' = (H + top + bottom - kh) / stride + 1 rounded down: nn.Conv2d, its channels last. */
RF_API rf_node rf_conv2d(rf_graph *g, rf_node x, rf_node w, rf_node b, const rf_conv *conv);
typedef struct rf_pool {
    int32_t window[2], stride[2], pad[4];
} rf_pool;
/* The largest cell, and the mean, of each window's cells within the map; sizes as above. */
RF_API rf_node rf_max_pool(rf_graph *g, rf_node x, const rf_pool *pool);
RF_API rf_node rf_mean_pool(rf_graph *g, rf_node x, const rf_pool *pool);
/* The mean of all cells: [B,H,W,C] -> [B,C]. */
RF_API rf_node rf_global_mean_pool(rf_graph *g, rf_node x);
/* Swap two dimensions. */
RF_API rf_node rf_transpose(rf_graph *g, rf_node x, int dim0, int dim1);

RF_API rf_node rf_sum(rf_graph *g, rf_node x);  /* of all elements: a scalar */
RF_API rf_node rf_mean(rf_graph *g, rf_node x); /* likewise */
RF_API rf_node rf_sum_dim(rf_graph *g, rf_node x, int dim, bool keep);
RF_API rf_node rf_max_dim(rf_graph *g, rf_node x, int dim, bool keep);

/* Views: no copy. */
RF_API rf_node rf_reshape(rf_graph *g, rf_node x, rf_shape shape);
/* `count` leading entries from `from` on: x [N,..] -> [count,..]. */
RF_API rf_node rf_rows(rf_graph *g, rf_node x, rf_index from, rf_index count);
/* Elements from `offset` on, taken as `shape`, of x as stored. */
RF_API rf_node rf_part(rf_graph *g, rf_node x, rf_index offset, rf_shape shape);

RF_API rf_node rf_slice(rf_graph *g, rf_node x, int dim, rf_index from, rf_index count);
RF_API rf_node rf_concat(rf_graph *g, int n, const rf_node *x, int dim);
RF_API rf_node rf_stack(rf_graph *g, int n, const rf_node *x); /* n of shape s -> [n, s] */
/* Reverse the first `lengths[b]` steps of each sequence: x [T,B,..]; lengths NULL: all T. */
RF_API rf_node rf_reverse(rf_graph *g, rf_node x, const int32_t *lengths);

RF_API rf_node rf_softmax(rf_graph *g, rf_node x);     /* over the last dimension */
RF_API rf_node rf_log_softmax(rf_graph *g, rf_node x); /* likewise */
/* softmax over the last dimension S of x [..,B,S], entries at or beyond lengths[b] being zero. */
RF_API rf_node rf_masked_softmax(rf_graph *g, rf_node x, const int32_t *lengths);

/* w [V,E], ids of any shape -> [shape,E].  An id outside 0..V-1 poisons. */
RF_API rf_node rf_embedding(rf_graph *g, rf_node w, const int32_t *ids, rf_shape shape);
/* ids of any shape -> [shape,V], 1 at each id and 0 elsewhere.  An id outside 0..V-1 poisons.  A
 * recurrent layer that reads it looks its products up instead of multiplying. */
RF_API rf_node rf_one_hot(rf_graph *g, rf_index V, const int32_t *ids, rf_shape shape);
/* The ids of a node that rf_one_hot made, as long as the graph; else NULL. */
RF_API const int32_t *rf_one_hot_ids(const rf_graph *g, rf_node x);
/* x [..,K] and one index a row -> [..]: x[r, index[r]]. */
RF_API rf_node rf_pick(rf_graph *g, rf_node x, const int32_t *index);

/* Mean over rows of -log softmax(logits)[target]; rows with target < 0 do not count.
 * logits [..,K], targets [..] -> scalar. */
RF_API rf_node rf_cross_entropy(rf_graph *g, rf_node logits, const int32_t *targets);
/* The same with logits = x w^T + b, fused: logits are not kept.  x [..,H], w [V,H], b [V] or none. */
RF_API rf_node rf_linear_cross_entropy(rf_graph *g, rf_node x, rf_node w, rf_node b,
                                       const int32_t *targets);
/* The adaptive softmax: V classes numbered by falling frequency, of which the first S are told apart
 * at once and the others in clusters, each in fewer dimensions.
 *
 *   head  [S+n,H]  a row for each frequent class and for each of n clusters; bias [S+n] or RF_NONE
 *   down  [h,H]    of cluster k, what it sees of x; up [o,h]: its o classes, after those before
 *
 * Source: Grave et al., ICML 2017; PyTorch's nn.AdaptiveLogSoftmaxWithLoss. */
#define RF_ADAPTIVE_CLUSTERS 6
typedef struct rf_adaptive {
    rf_node head, bias;
    int clusters; /* n, from 1 to RF_ADAPTIVE_CLUSTERS */
    rf_node down[RF_ADAPTIVE_CLUSTERS], up[RF_ADAPTIVE_CLUSTERS];
} rf_adaptive;
/* Mean of -ln p(target), as rf_cross_entropy's; a cluster costs its own rows of x [..,H] only. */
RF_API rf_node rf_adaptive_cross_entropy(rf_graph *g, rf_node x, const rf_adaptive *a,
                                         const int32_t *targets);
/* ln p of every class: x [..,H] -> [..,V]. */
RF_API rf_node rf_adaptive_log_softmax(rf_graph *g, rf_node x, const rf_adaptive *a);

/* rf_linear_cross_entropy on samples: each row's target against `samples` classes that are drawn
 * once for all rows, log-uniformly (classes are numbered by falling frequency) and without
 * repetition; logits lower by the log of how probable the draw was.  With samples >= V, and unless
 * RF_TRAIN, it is rf_linear_cross_entropy.  Source: Jean et al., ACL 2015; TensorFlow's
 * sampled_softmax_loss.  The gradients of w and b are sparse. */
RF_API rf_node rf_sampled_cross_entropy(rf_graph *g, rf_node x, rf_node w, rf_node b,
                                        const int32_t *targets, rf_index samples);
/* A linear-chain conditional random field: scores of tags side by side.
 *
 *   transitions  [K,K]      row i, column j: tag j comes after tag i
 *   start, end   [K]        a sequence begins, ends with the tag
 *   forbid       [K+1,K+1]  1: tag j never comes after tag i; row K: begins no sequence, column K:
 *                           ends none (the corner does not count).  NULL: all is allowed
 *
 * Decoding: rf_chain_best and its sisters, decode.h. */
typedef struct rf_crf {
    rf_node transitions, start, end;
    const uint8_t *forbid;
} rf_crf;
/* -ln p(targets), summed over sequences and divided by the number of labelled steps: with scores of
 * transitions that are all 0, rf_cross_entropy.
 *
 *   emissions [T,B,K]  score of each tag at each step: logits
 *   lengths   [B]      steps of each sequence, from 0; NULL: all T
 *   targets   [T,B]    tags; -1: unlabelled, any tag counts as right.  Beyond a length: not read.
 *                      Lengths, targets and forbid are copied
 *
 * Targets that need a forbidden transition poison.  Source: Lafferty, McCallum, Pereira, ICML 2001. */
RF_API rf_node rf_crf_loss(rf_graph *g, rf_node emissions, const rf_crf *crf,
                           const int32_t *lengths, const int32_t *targets);
/* Connectionist temporal classification: labels whose places among the frames are not known.
 *
 *   steps   [B]  frames of each sequence, from 0; NULL: all T
 *   labels  those of all sequences, one after the other, never the blank
 *   counts  [B]  how many each has, from 0
 *   blank   the label of frames that stand for none
 *   zero_infinity  labels that need more frames than there are (equal ones in a row need one more
 *           between them) have loss and gradient 0; else they poison */
typedef struct rf_ctc {
    const int32_t *steps, *labels, *counts;
    int32_t blank;
    bool zero_infinity;
} rf_ctc;
/* -ln p(labels) of each sequence: logits [T,B,K] -> [B], the softmax being part of it, as PyTorch's
 * ctc_loss of log_softmax with reduction "none".  What ctc points to is copied.
 * Decoding: rf_ctc_greedy and its sisters, decode.h.  Source: Graves et al., ICML 2006. */
RF_API rf_node rf_ctc_loss(rf_graph *g, rf_node logits, const rf_ctc *ctc);
/* The neural autoregressive distribution estimator: log-odds of V ordered binaries, each given those
 * before it.
 *
 *   b  [..,V]  biases of the values        w  [V,N]  what a value adds to the hidden units
 *   c  [..,N]  of the hidden units         u  [V,N]  what the hidden units say of a value
 *   v  [..,V]  the values, 0 or 1
 *
 * z_i = b_i + u_i . sigmoid(c + sum_(j<i) v_j w_j) -> [..,V]; -ln p(v), a row's mean, is V times
 * rf_binary_cross_entropy(z, v).  Drawing: rf_nade_draw, decode.h.  Source: Larochelle & Murray,
 * AISTATS 2011; with b and c of a recurrent state: Boulanger-Lewandowski et al., ICML 2012. */
RF_API rf_node rf_nade(rf_graph *g, rf_node b, rf_node c, rf_node w, rf_node u, rf_node v);
/* Mean of squared differences; mean binary cross-entropy of logits against targets in [0,1]. */
RF_API rf_node rf_mean_squared_error(rf_graph *g, rf_node x, rf_node target);
RF_API rf_node rf_binary_cross_entropy(rf_graph *g, rf_node logits, rf_node target);

/* Zero each element with probability p, scale the others by 1/(1-p); x itself unless RF_TRAIN and p > 0.
 * Source: Srivastava et al., JMLR 2014. */
RF_API rf_node rf_dropout(rf_graph *g, rf_node x, double p);
/* One mask for all entries of dimension `dim` (variational: dim 0 is time).  Gal & Ghahramani 2016. */
RF_API rf_node rf_dropout_shared(rf_graph *g, rf_node x, double p, int dim);
/* Over the last dimension: gain * (x - mean) / sqrt(var + eps) + bias.  Ba et al. 2016. */
RF_API rf_node rf_layer_norm(rf_graph *g, rf_node x, rf_node gain, rf_node bias, double eps);
/* The same over all leading dimensions of x [..,C], column by column; var divides by their number.
 * Ioffe & Szegedy 2015.  With an activation behind it, fused. */
RF_API rf_node rf_batch_norm(rf_graph *g, rf_node x, rf_node gain, rf_node bias, double eps);
RF_API rf_node rf_batch_norm_act(rf_graph *g, rf_node x, rf_node gain, rf_node bias, double eps,
                                 rf_conv_act act);
/* Statistics of a node that these made, [C] each, as long as the graph: to keep for times when there
 * is no batch.  False: no such node, or the graph is built RF_INFER. */
RF_API bool rf_batch_norm_statistics(const rf_graph *g, rf_node y, const rf_real **mean,
                                     const rf_real **var);

/* Messages name the caller's file and line.  A file that builds on behalf of its own caller defines
 * RF_NO_PLACES first: messages then name that caller. */
#ifndef RF_NO_PLACES
#define RF_HERE(g) rf_graph_at((g), __FILE__, __LINE__)
/* clang-format off */
#define rf_apply(g, ...)              rf_apply(RF_HERE(g), __VA_ARGS__)
#define rf_add(g, ...)                rf_add(RF_HERE(g), __VA_ARGS__)
#define rf_sub(g, ...)                rf_sub(RF_HERE(g), __VA_ARGS__)
#define rf_mul(g, ...)                rf_mul(RF_HERE(g), __VA_ARGS__)
#define rf_div(g, ...)                rf_div(RF_HERE(g), __VA_ARGS__)
#define rf_pow(g, ...)                rf_pow(RF_HERE(g), __VA_ARGS__)
#define rf_affine(g, ...)             rf_affine(RF_HERE(g), __VA_ARGS__)
#define rf_exp(g, ...)                rf_exp(RF_HERE(g), __VA_ARGS__)
#define rf_log(g, ...)                rf_log(RF_HERE(g), __VA_ARGS__)
#define rf_sqrt(g, ...)               rf_sqrt(RF_HERE(g), __VA_ARGS__)
#define rf_tanh(g, ...)               rf_tanh(RF_HERE(g), __VA_ARGS__)
#define rf_sigmoid(g, ...)            rf_sigmoid(RF_HERE(g), __VA_ARGS__)
#define rf_relu(g, ...)               rf_relu(RF_HERE(g), __VA_ARGS__)
#define rf_matmul(g, ...)             rf_matmul(RF_HERE(g), __VA_ARGS__)
#define rf_matmul_turned(g, ...)      rf_matmul_turned(RF_HERE(g), __VA_ARGS__)
#define rf_linear(g, ...)             rf_linear(RF_HERE(g), __VA_ARGS__)
#define rf_conv2d(g, ...)             rf_conv2d(RF_HERE(g), __VA_ARGS__)
#define rf_max_pool(g, ...)           rf_max_pool(RF_HERE(g), __VA_ARGS__)
#define rf_mean_pool(g, ...)          rf_mean_pool(RF_HERE(g), __VA_ARGS__)
#define rf_global_mean_pool(g, ...)   rf_global_mean_pool(RF_HERE(g), __VA_ARGS__)
#define rf_transpose(g, ...)          rf_transpose(RF_HERE(g), __VA_ARGS__)
#define rf_sum(g, ...)                rf_sum(RF_HERE(g), __VA_ARGS__)
#define rf_mean(g, ...)               rf_mean(RF_HERE(g), __VA_ARGS__)
#define rf_sum_dim(g, ...)            rf_sum_dim(RF_HERE(g), __VA_ARGS__)
#define rf_max_dim(g, ...)            rf_max_dim(RF_HERE(g), __VA_ARGS__)
#define rf_reshape(g, ...)            rf_reshape(RF_HERE(g), __VA_ARGS__)
#define rf_rows(g, ...)               rf_rows(RF_HERE(g), __VA_ARGS__)
#define rf_part(g, ...)               rf_part(RF_HERE(g), __VA_ARGS__)
#define rf_slice(g, ...)              rf_slice(RF_HERE(g), __VA_ARGS__)
#define rf_concat(g, ...)             rf_concat(RF_HERE(g), __VA_ARGS__)
#define rf_stack(g, ...)              rf_stack(RF_HERE(g), __VA_ARGS__)
#define rf_reverse(g, ...)            rf_reverse(RF_HERE(g), __VA_ARGS__)
#define rf_softmax(g, ...)            rf_softmax(RF_HERE(g), __VA_ARGS__)
#define rf_log_softmax(g, ...)        rf_log_softmax(RF_HERE(g), __VA_ARGS__)
#define rf_masked_softmax(g, ...)     rf_masked_softmax(RF_HERE(g), __VA_ARGS__)
#define rf_embedding(g, ...)          rf_embedding(RF_HERE(g), __VA_ARGS__)
#define rf_one_hot(g, ...)            rf_one_hot(RF_HERE(g), __VA_ARGS__)
#define rf_pick(g, ...)               rf_pick(RF_HERE(g), __VA_ARGS__)
#define rf_cross_entropy(g, ...)      rf_cross_entropy(RF_HERE(g), __VA_ARGS__)
#define rf_linear_cross_entropy(g, ...) rf_linear_cross_entropy(RF_HERE(g), __VA_ARGS__)
#define rf_adaptive_cross_entropy(g, ...) rf_adaptive_cross_entropy(RF_HERE(g), __VA_ARGS__)
#define rf_adaptive_log_softmax(g, ...) rf_adaptive_log_softmax(RF_HERE(g), __VA_ARGS__)
#define rf_sampled_cross_entropy(g, ...) rf_sampled_cross_entropy(RF_HERE(g), __VA_ARGS__)
#define rf_crf_loss(g, ...)           rf_crf_loss(RF_HERE(g), __VA_ARGS__)
#define rf_ctc_loss(g, ...)           rf_ctc_loss(RF_HERE(g), __VA_ARGS__)
#define rf_nade(g, ...)               rf_nade(RF_HERE(g), __VA_ARGS__)
#define rf_mean_squared_error(g, ...) rf_mean_squared_error(RF_HERE(g), __VA_ARGS__)
#define rf_binary_cross_entropy(g, ...) rf_binary_cross_entropy(RF_HERE(g), __VA_ARGS__)
#define rf_dropout(g, ...)            rf_dropout(RF_HERE(g), __VA_ARGS__)
#define rf_dropout_shared(g, ...)     rf_dropout_shared(RF_HERE(g), __VA_ARGS__)
#define rf_layer_norm(g, ...)         rf_layer_norm(RF_HERE(g), __VA_ARGS__)
#define rf_batch_norm(g, ...)         rf_batch_norm(RF_HERE(g), __VA_ARGS__)
#define rf_batch_norm_act(g, ...)     rf_batch_norm_act(RF_HERE(g), __VA_ARGS__)
/* clang-format on */
#else
#define RF_HERE(g) (g)
#endif

RF_END
#endif

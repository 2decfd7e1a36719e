/* refrain/op.h -- what an operation of the graph is: one row of rules.
 *
 * An op lives in one file (or one paragraph of a file) and one line of core/graph/ops.def.  The
 * tests loop over that table: every row with a `sample` has its adjoint and its tangent compared
 * with central differences and with each other, and a fused row is compared with its expansion.
 *
 * Invariant: an op writes nothing but y, dy, its saved memory and the gradients it was given. */
#ifndef REFRAIN_OP_H
#define REFRAIN_OP_H

#include <refrain/tensor.h>

RF_BEGIN

typedef struct rf_graph rf_graph;
typedef struct rf_op rf_op;

/* A node of the graph: its number in creation order, which is topological order. */
typedef uint32_t rf_node;
#define RF_NONE   0u         /* no node: an input left out */
#define RF_POISON UINT32_MAX /* the node of a failed builder; every op on it is poison too */

/* What a graph is built for. */
typedef enum rf_mode {
    RF_INFER = 0, /* values only; nothing is saved, there is no adjoint */
    RF_EVAL = 1,  /* values, tangents and adjoints; dropout is the identity */
    RF_TRAIN = 2  /* the same with dropout */
} rf_mode;

/* One application of an op, as its rules see it.  An input left out (RF_NONE) has x[i].data NULL.
 *
 *   x   [n]  inputs           dx  [n]  their tangents, NULL where zero
 *   y        output           dy       its tangent, to be written
 *   saved    memory of `save` bytes, 64-byte aligned: written by forward, read by the others
 *   gy       gradient with respect to y
 *   gx  [n]  gradients with respect to x, to be ADDED to; NULL where not wanted
 *   fresh[n] with RF_OP_OVERWRITES: gx[i] holds nothing yet and must be written, not added to */
typedef struct rf_call {
    rf_graph *graph;
    rf_device *device;
    const rf_op *op;
    const void *attr;
    rf_mode mode;
    int n;
    const rf_tensor *x;
    rf_tensor y;
    void *saved;
    const rf_real *const *dx;
    rf_real *dy;
    const rf_real *gy;
    rf_real *const *gx;
    const bool *fresh;
} rf_call;

/* A test case of an op: inputs are drawn uniformly from [low, high]. */
#define RF_CASE_INPUTS 18
typedef struct rf_case {
    int n;
    rf_shape shape[RF_CASE_INPUTS]; /* rank -1: left out */
    double low, high;
    const void *attr; /* static storage */
    size_t attr_bytes;
    uint32_t constant; /* bit i: input i is not differentiated */
} rf_case;

enum {
    RF_OP_OVERWRITES = 1u << 0, /* the adjoint looks at `fresh`; otherwise gx arrives zeroed */
    RF_OP_VIEW = 1u << 1,       /* y is part of x[0]: attr starts with an rf_index, the offset in
                                 * elements; value, tangent and gradient share memory; no rules */
    RF_OP_OPTIONAL = 1u << 2,   /* inputs may be left out; else the graph refuses RF_NONE */
    RF_OP_LEAF = 1u << 3,       /* no inputs and no rules: constant, variable, parameter */
    RF_OP_SPARSE = 1u << 4      /* the adjoint names the rows that it touches of a sparse parameter;
                                 * for other ops the graph names them all */
};

struct rf_op {
    const char *name;
    int arity; /* -1: any number of inputs */
    uint32_t flags;
    const char *formula; /* "y = a + b", for dumps and documents */

    /* The output's shape into *y; false after rf_call_fail. */
    bool (*shape)(const rf_call *c, rf_shape *y);
    /* Bytes of saved memory; NULL: none.  Asked in every mode; RF_INFER gets scratch that lives for
     * the forward call only. */
    size_t (*save)(const rf_call *c);
    void (*forward)(const rf_call *c);
    /* dy from dx (forward mode).  NULL: the expansion is differentiated. */
    void (*tangent)(const rf_call *c);
    /* gx from gy (reverse mode).  NULL: the expansion is differentiated. */
    void (*adjoint)(const rf_call *c);
    /* The same mathematics from primitive ops, on nodes x; NULL for a primitive. */
    rf_node (*expand)(rf_graph *g, const rf_call *c, const rf_node *x);
    /* Case k = 0, 1, ... of the generic tests; false past the last. */
    bool (*sample)(int k, rf_case *out);
    /* Floating-point operations of the forward rule, nominal: those of its matrix products; the
     * adjoint counts as two of it.  For profiles.  NULL: none worth counting. */
    double (*flop)(const rf_call *c);
};

/* Record why an application is impossible ("[20,32] and [20,33] do not broadcast"); the graph puts
 * the op's name before and the builder's place behind it.  Returns false. */
RF_API bool rf_call_fail(const rf_call *c, const char *fmt, ...) RF_PRINTF(2, 3);

/* The table: every op of the library, in the order of ops.def; NULL past the end. */
RF_API const rf_op *rf_op_at(int i);
RF_API const rf_op *rf_op_find(const char *name);

RF_END
#endif

/* lab/expression.h -- expressions and assignments, read into a list of operations; their values and
 * derivatives in double, without a graph, to check a graph with.
 *
 *     e = (a + b)*(b + 1); a = 2; b = 1
 *
 *   program    statements, separated by ";" or new lines, from one source or several
 *   statement  [NAME =] expression
 *   operators  + - * / ^ @ (product of matrices), unary minus; elementwise but for @; · × ÷ − ² ³ too
 *   implied    2x, (a+b)(b+1), 2(x+1)
 *   functions  see lab_functions; [1,2;3,4] a matrix, [1,2] a vector, whose elements are any scalars
 *   names      letters of any script, digits, _
 *
 * A statement without a variable gives an input its value: `a = 2`, wherever it stands.  Each name
 * stands for one value.  Invariant: operations stand after what they use. */
#ifndef LAB_EXPRESSION_H
#define LAB_EXPRESSION_H

#include <refrain/tensor.h>
#include <refrain/text.h>

typedef enum lab_kind {
    LAB_NUMBER, /* a constant, of any shape */
    LAB_INPUT,  /* a variable */
    LAB_NEG,
    LAB_ADD,
    LAB_SUB,
    LAB_MUL,
    LAB_DIV,
    LAB_POW,
    LAB_EXP,
    LAB_LOG,
    LAB_SQRT,
    LAB_TANH,
    LAB_SIGMOID,
    LAB_RELU,
    LAB_SOFTMAX, /* over the last dimension */
    LAB_SUM,
    LAB_MEAN,
    LAB_TRANSPOSE,
    LAB_DOT,
    LAB_MATMUL,
    LAB_PICK,          /* pick(x, r): element r of a vector, from 1 on */
    LAB_CROSS_ENTROPY, /* cross_entropy(z, r) = -log(pick(softmax(z), r)) */
    LAB_STACK,         /* a vector or matrix of scalars */
    LAB_KINDS
} lab_kind;

/* Elementwise: its Jacobian is diagonal, or a column where a scalar meets a tensor. */
bool lab_is_elementwise(lab_kind k);
/* The name by which a function is called; NULL for other kinds. */
const char *lab_function_name(lab_kind k);

/* Bytes at .. at+n of a source. */
typedef struct lab_place {
    int source;
    size_t at, n;
} lab_place;

typedef struct lab_term {
    lab_kind kind;
    int n;            /* operands */
    const int *arg;   /* [n], earlier terms */
    const char *name; /* what it was assigned to; NULL: nothing */
    rf_shape shape;
    double *value; /* [elements] */
    int index;     /* LAB_PICK, LAB_CROSS_ENTROPY: from 0 on */
    bool varies;   /* depends on an input */
    lab_place place;
} lab_term;

typedef struct lab_symbol {
    const char *name;
    int term;
    lab_place first; /* where it is first met */
    bool given;      /* it has a value, or an expression */
    bool used;       /* by an expression */
} lab_symbol;

/* What is wrong, and where: `line` with `mark` below it, for a fixed-width display. */
typedef struct lab_fault {
    rf_error err;
    rf_str line, mark;
} lab_fault;

typedef struct lab_program {
    rf_arena *arena; /* holds all but the sources */
    const char *const *source;
    int sources;
    lab_term *term;
    int terms;
    lab_symbol *symbol;
    int symbols;
    int output; /* the term of the last expression */
    lab_fault fault;
} lab_program;

enum { LAB_TERMS = 400, LAB_DEPTH = 60, LAB_ELEMENTS = 4096, LAB_SOURCE = 65536 };

/* Read sources (kept by the caller).  Errors: EINVAL, ENOMEM; the fault says what and where.  Free
 * the program in any case. */
rf_status lab_program_read(lab_program *p, const char *const *source, int sources);
void lab_program_free(lab_program *p);
/* The term of a name; -1: EINVAL, with a fault that tells a near one. */
int lab_program_find(lab_program *p, const char *name);
/* Only the inputs of these names (NULL-terminated) vary from now on.  EINVAL, with a fault: there is no
 * such input, or the output does not depend on one of them. */
rf_status lab_program_hold(lab_program *p, const char *const *vary, int output);
/* A failure at a place.  Returns its status. */
rf_status lab_program_fail(lab_program *p, lab_place place, const char *fmt, ...) RF_PRINTF(3, 4);

/* ---- evaluate.c: values in double ------------------------------------------------------------- */

/* Shapes and values of all terms from `first` on.  Errors: EINVAL: a variable without a value, shapes
 * that do not fit, a value that is no finite float; ENOMEM. */
rf_status lab_evaluate(lab_program *p, int first);
/* d output / d input by central differences: out [elements of output, elements of input].  Values are
 * afterwards what they were.  False: no memory. */
bool lab_central_differences(lab_program *p, int output, int input, double *out);

#endif

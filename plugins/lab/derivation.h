/* lab/derivation.h -- an expression as a computational graph, with the derivative on each of its edges,
 * and the two ways to sweep over it. */
#ifndef LAB_DERIVATION_H
#define LAB_DERIVATION_H

#ifndef RF_NO_PLACES
#define RF_NO_PLACES
#endif
#include <refrain/graph.h>

#include "expression.h"

/* Of a Jacobian that is larger only the shape is known. */
enum { LAB_JACOBIAN = 4096 };

/* One use of one term by another: x*x has two.
 *   jacobian  [rows, cols], d to / d from, elements of tensors in row-major order; NULL: too large
 *   entries   of it that may differ from zero: the multiplications of passing along the edge */
typedef struct lab_edge {
    int from, to, slot;
    rf_index rows, cols;
    rf_real *jacobian;
    double entries;
} lab_edge;

/* Invariant: `shown` are the terms that vary and that the output needs; edges lead from and to them
 * alone, in the order of their ends. */
typedef struct lab_derivation {
    lab_program *p;
    rf_arena *arena;
    rf_device *device;
    rf_graph *graph, *local; /* local: one operation at a time */
    rf_node *node;           /* [terms]; RF_NONE: not needed */
    int *shown, count;
    lab_edge *edge;
    int edges;
    double *paths; /* [terms]: from each term to the output */
    int output;
} lab_derivation;

/* What a sweep did; additions are those of sums over several edges or elements. */
typedef struct lab_cost {
    double edges, multiplications, additions;
} lab_cost;

/* Build it.  Errors: ENOMEM, and what the graph refuses.  Free it in any case. */
rf_status lab_derivation_make(lab_derivation *d, lab_program *p, int output, rf_error *err);
void lab_derivation_free(lab_derivation *d);

rf_index lab_elements(const lab_derivation *d, int term);
rf_tensor lab_value(const lab_derivation *d, int term);

/* Forward mode: d term / d one element of an input, for all terms at once; NULL: zero. */
rf_status lab_forward(lab_derivation *d, int input, rf_index element, rf_error *err);
const rf_real *lab_tangent(const lab_derivation *d, int term);
lab_cost lab_forward_cost(const lab_derivation *d);
/* Reverse mode: d one element of the output / d term, likewise. */
rf_status lab_reverse(lab_derivation *d, rf_index element, rf_error *err);
const rf_real *lab_adjoint(const lab_derivation *d, int term);
lab_cost lab_reverse_cost(const lab_derivation *d);

#endif

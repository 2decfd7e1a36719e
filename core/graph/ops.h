/* graph/ops.h -- the table's rows, and what their rules share. */
#ifndef RFI_GRAPH_OPS_H
#define RFI_GRAPH_OPS_H

#include "graph/tape.h"
#include <stdio.h>
#include <string.h>

#define RF_OP_ROW(name) extern const rf_op rfi_op_##name;
#include "graph/ops.def"
#undef RF_OP_ROW

/* ---- Shapes --------------------------------------------------------------------------------- */

static inline rf_index rfi_count(const rf_tensor *x) { return rf_shape_count(x->shape); }

/* The last dimension of a shape, 1 of a scalar; and how many rows of that length it has. */
static inline rf_index rfi_last(rf_shape s) { return s.rank ? s.dim[s.rank - 1] : 1; }
static inline rf_index rfi_rows(rf_shape s)
{
    rf_index n = 1;
    for (int i = 0; i + 1 < s.rank; i++) n *= s.dim[i];
    return n;
}

/* A shape around dimension d: [outer, size, inner]. */
typedef struct rfi_around {
    rf_index outer, size, inner;
} rfi_around;
rfi_around rfi_around_dim(rf_shape s, int d);

/* d counted from the end where negative; -1: there is no such dimension. */
int rfi_dim(rf_shape s, int d);
/* s with dimension d set to n, or taken out. */
rf_shape rfi_with_dim(rf_shape s, int d, rf_index n);
rf_shape rfi_without_dim(rf_shape s, int d);

/* Shape rules: that of input 0; a scalar. */
bool rfi_shape_same(const rf_call *c, rf_shape *y);
bool rfi_shape_scalar(const rf_call *c, rf_shape *y);
/* The call has no dimension d of input 0: records it. */
bool rfi_fail_dim(const rf_call *c, int d);
/* "[20,32] and [20,33] " + what. */
bool rfi_fail_pair(const rf_call *c, rf_shape a, rf_shape b, const char *what);
/* x [..,I], w [O,I] and b [O] or none fit together; false after rf_call_fail. */
bool rfi_linear_fits(const rf_call *c);
/* Operations of x w^T. */
double rfi_linear_flop(const rf_call *c);

/* ---- Attributes that are lists ---------------------------------------------------------------- */

/* Numbers of rows, classes or steps, as the attribute of an op; n 0: none were given. */
typedef struct rfi_ids {
    rf_index n;
    int32_t id[];
} rfi_ids;

/* A copy in the graph's memory; ids NULL: n 0.  NULL: no memory. */
const rfi_ids *rfi_ids_copy(rf_graph *g, rf_index n, const int32_t *ids);

/* ---- Arithmetic --------------------------------------------------------------------------------- */

/* z[r] = or += a[r] for all r < R, rows of n elements that are lda and ldz apart; lda 0: the same row
 * for all.  On all threads. */
void rfi_put_rows(rf_device *d, bool add, rf_index R, rf_index n, const rf_real *a, rf_index lda,
                  rf_real *z, rf_index ldz);

/* y[r] = row, [O], for all r < R. */
void rfi_fill_rows(rf_device *d, rf_index R, rf_index O, const rf_real *row, rf_real *y);

/* An index of samples: case k of n rows of a static table. */
#define RFI_CASES(table)                                                                           \
    static bool sample_##table(int k, rf_case *out)                                                \
    {                                                                                              \
        if (k >= (int)(sizeof table / sizeof *table)) return false;                                \
        *out = table[k];                                                                           \
        return true;                                                                               \
    }

/* Shapes in static tables of cases. */
#define RFI_S0                                                                                     \
    {                                                                                              \
        .rank = 0                                                                                  \
    }
#define RFI_S1(a)                                                                                  \
    {                                                                                              \
        .rank = 1, .dim = { a }                                                                    \
    }
#define RFI_S2(a, b)                                                                               \
    {                                                                                              \
        .rank = 2, .dim = { a, b }                                                                 \
    }
#define RFI_S3(a, b, c)                                                                            \
    {                                                                                              \
        .rank = 3, .dim = { a, b, c }                                                              \
    }
#define RFI_S4(a, b, c, d)                                                                         \
    {                                                                                              \
        .rank = 4, .dim = { a, b, c, d }                                                           \
    }
#define RFI_OUT                                                                                    \
    {                                                                                              \
        .rank = -1                                                                                 \
    }
#define RFI_ATTR(a) .attr = &(a), .attr_bytes = sizeof(a)

#endif

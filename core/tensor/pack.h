/* tensor/pack.h -- weights of a recurrent step, packed for the micro-kernel.
 *
 * A panel is a strip of v vectors of columns, [K][v lanes] without gaps, so that the kernel reads
 * it from front to back.  Two packings:
 *
 *   gates    out = x W^T with W [G H, K] as PyTorch stores it (gate-major rows).  Panel p holds, for
 *            the units u = p lanes .. p lanes + lanes-1, the columns of all G gates side by side:
 *            data[p][k][g lanes + (u - p lanes)] = W[g H + u][k].  One tile of a product then has
 *            all gates of its units: activate them while it is in the L1 cache.
 *   columns  out = x W with W [K, N] as stored (the way back: gh = gz W, W [G H, H]).  Panel p
 *            holds columns p v lanes ...: data[p][k][j] = W[k][p v lanes + j].
 *
 *   rows     out = x W^T with W [N, K]: panel p holds rows p v lanes ... of W as its columns:
 *            data[p][k][j] = W[p v lanes + j][k].
 *
 * Gates and rows may be kept in 16 or 8 bits, see tensor/qpack.h.
 * In pairs, a product goes by two vectors of many rows instead of four of few: weights pass by less
 * often.  Columns beyond H or N are zero.  Give each worker a fixed range of panels: they then stay in its
 * L2 cache from step to step.  Products of one panel with row blocks of A:
 *
 *     for (p = first; p < last; p++)
 *         for (r = 0; r < B; r += 32)
 *             rfi_panel_mul(k, &w, p, rows, h + r * H, H, z, width, false), then gates of z */
#ifndef RFI_TENSOR_PACK_H
#define RFI_TENSOR_PACK_H

#include "tensor/kernels.h"

typedef struct rfi_panels {
    rf_real *data;    /* [count][K][v lanes], aligned to 64; owned by whoever set it */
    rf_index count;   /* panels */
    rf_index K;       /* rows of a panel: the inner dimension of the product */
    rf_index columns; /* H (gates) or N (columns, rows), without padding */
    int v;            /* vectors in a row of a panel: G for gates, 1..4 */
    int lanes;
    bool rows;  /* packed by rows of W, not by gates */
    bool pairs; /* of gates: vectors stand two and two, [pairs][K][2 lanes], an odd one alone */
    int bits;   /* 0: reals; 16: bf16, 8: int8 (gates and rows only) */
} rfi_panels;

/* The layout for these sizes, data NULL.  Set data to rfi_panels_size() reals. */
rfi_panels rfi_panels_gates(const rfi_kernels *k, int G, rf_index H, rf_index K);
/* v 0: as suits the instruction set. */
rfi_panels rfi_panels_columns(const rfi_kernels *k, int v, rf_index N, rf_index K);
/* As many vectors as make little padding. */
rfi_panels rfi_panels_rows(const rfi_kernels *k, rf_index N, rf_index K);
size_t rfi_panels_size(const rfi_panels *w);

/* Fill panels [first, last) from W; workers may fill different panels at once.  rfi_pack_gates is
 * for gates and rows. */
void rfi_pack_gates(const rfi_kernels *k, const rfi_panels *w, const rf_real *W, rf_index ldw,
                    rf_index first, rf_index last);
void rfi_pack_columns(const rfi_kernels *k, const rfi_panels *w, const rf_real *W, rf_index ldw,
                      rf_index first, rf_index last);

/* Width of a panel in reals, and where panel p begins. */
static inline rf_index rfi_panel_width(const rfi_panels *w) { return (rf_index)w->v * w->lanes; }

static inline const rf_real *rfi_panel_data(const rfi_panels *w, rf_index p)
{
    return w->data + p * w->K * rfi_panel_width(w);
}

/* Columns of panel p that are not padding: units of each gate, or columns. */
static inline rf_index rfi_panel_used(const rfi_panels *w, rf_index p, rf_index per)
{
    const rf_index left = w->columns - p * per;
    return left < per ? left : per;
}

/* Vector j of panel p of gates or rows: the row of W where it begins, and how many it has. */
static inline rf_index rfi_panel_from(const rfi_panels *w, rf_index p, rf_index j, rf_index *n)
{
    const rf_index at = w->rows ? (p * w->v + j) * w->lanes : p * w->lanes;
    const rf_index left = w->columns - at;
    *n = left < 0 ? 0 : left < w->lanes ? left : w->lanes;
    return w->rows ? at : j * w->columns + at;
}

/* Vectors that stand side by side with vector j, and the reals before them. */
static inline int rfi_panel_group(const rfi_panels *w, int j, rf_index *before)
{
    const int first = w->pairs ? j / 2 * 2 : 0, n = w->v - first;
    *before = (rf_index)first * w->lanes * w->K;
    return w->pairs && n > 2 ? 2 : n;
}

/* C[m, v lanes] (+)= A[m, K] panel p.  The whole width is written, padding too. */
static inline void rfi_panel_mul(const rfi_kernels *k, const rfi_panels *w, rf_index p, rf_index m,
                                 const rf_real *A, rf_index lda, rf_real *C, rf_index ldc,
                                 bool accumulate)
{
    rf_index before;
    for (int j = 0, n; j < w->v; j += n) {
        n = rfi_panel_group(w, j, &before);
        k->panel(n, m, w->K, A, lda, rfi_panel_data(w, p) + before, C + j * w->lanes, ldc,
                 accumulate);
    }
}

#endif

/* tensor/qpack.h -- packed weights in 16 or 8 bits, for inference with few rows.
 *
 * A step with one row reads every weight once and computes little: its speed is the bandwidth of
 * the cache that holds the weights.  The panels are those of rfi_panels_gates (tensor/pack.h):
 *
 *   bf16  the upper half of the float, rounded to nearest even; [K/2, rounded up][v lanes][2], the
 *         weights of k and k+1 of a column side by side
 *   int8  round(w / scale), scale = max |w| / 127 of each column; [K][v lanes]
 *
 * Products and sums are made in rf_real on every CPU, so results differ from full precision by the
 * rounding of the weights alone. */
#ifndef RFI_TENSOR_QPACK_H
#define RFI_TENSOR_QPACK_H

#include "tensor/kernels.h"

typedef struct rfi_qpanels {
    void *data;     /* aligned to 64; owned by whoever set it */
    rf_real *scale; /* int8: [count, v lanes]; owned likewise; unused with bf16 */
    rf_index count, K, columns;
    int v, lanes;
    int bits; /* 16: bf16, 8: int8 */
} rfi_qpanels;

/* The layout for out = x W^T, W [G H, K]; data and scale NULL.  Set data to rfi_qpanels_bytes bytes
 * and, with 8 bits, scale to count v lanes reals. */
rfi_qpanels rfi_qpanels_gates(const rfi_kernels *k, int bits, int G, rf_index H, rf_index K);
size_t rfi_qpanels_bytes(const rfi_qpanels *w);
void rfi_qpack_gates(const rfi_qpanels *w, const rf_real *W, rf_index ldw);

/* C[m, v lanes] = A[m, K] panel p, row by row. */
void rfi_qpanel_mul(const rfi_kernels *k, const rfi_qpanels *w, rf_index p, rf_index m,
                    const rf_real *A, rf_index lda, rf_real *C, rf_index ldc);

#endif

/* tensor/qpack.h -- packed weights in 16 or 8 bits, for inference with few rows.
 *
 * A step with one row reads every weight once and computes little: its speed is the bandwidth of
 * the cache that holds the weights.  A panel of rfi_panels (tensor/pack.h) with `bits` holds
 *
 *   bf16  the upper half of the float, rounded to nearest even; [K/2, rounded up][v lanes][2], the
 *         weights of k and k+1 of a column side by side.  Rows stay reals; products and sums are
 *         reals, in an order that depends on the instruction set.
 *   int8  round(w / scale) + 128, scale = max |w| / 127 of each column; first the scales, [v lanes]
 *         reals, then [K/4, rounded up][v lanes][4] bytes.  Rows are rounded to 8 bits likewise,
 *         each with a scale of its own (rfi_qrows).  Sums are whole numbers: the same bits on
 *         every instruction set.
 *
 * There is no row for AVX512-BF16: on CPUs that have it its dot product does half the
 * multiplications in a second of the float FMA, for which two instructions make the weights. */
#ifndef RFI_TENSOR_QPACK_H
#define RFI_TENSOR_QPACK_H

#include "tensor/pack.h"

/* The widest row whose whole numbers cannot overflow 32 bits. */
#define RFI_I8_MOST ((rf_index)1 << 17)

/* A row in 8 bits; its numbers follow at RFI_QROW_HEAD. */
typedef struct rfi_qrow {
    rf_real scale;
    int32_t sum; /* of the numbers */
} rfi_qrow;

#define RFI_QROW_HEAD 64

/* Distance of rows. */
static inline size_t rfi_qrow_bytes(rf_index K)
{
    return RFI_QROW_HEAD + (size_t)((K + 63) / 64 * 64);
}

/* Row r of A [.., K]. */
static inline const rfi_qrow *rfi_qrow_at(const void *A, rf_index K, rf_index r)
{
    return (const void *)((const char *)A + (size_t)r * rfi_qrow_bytes(K));
}

/* A [m, K] -> out, m rows of rfi_qrow_bytes(K), aligned to 64. */
void rfi_qrows(const rfi_kernels *k, rf_index m, rf_index K, const rf_real *A, rf_index lda,
               void *out);

/* A multiple of 64. */
size_t rfi_qpanel_bytes(const rfi_panels *w);
void rfi_qpack(const rfi_panels *w, const rf_real *W, rf_index ldw, rf_index first, rf_index last);

/* C[m, v lanes] (+)= A[m, K] panel p.  A: reals lda apart for bf16, what rfi_qrows made for int8. */
void rfi_qpanel_mul(const rfi_kernels *k, const rfi_panels *w, rf_index p, rf_index m,
                    const void *A, rf_index lda, rf_real *C, rf_index ldc, bool accumulate);

#endif

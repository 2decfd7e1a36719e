/* tensor/block.h -- blocks of a matrix product, both factors packed.
 *
 * C[m,N] = A[m,K] B[K,N] goes by strips of A (a few rows, [K][r]) and panels of B (a few vectors of
 * columns, [K][width], width = wide lanes).  The table of kernels packs strips (pack_rows,
 * pack_turned) and multiplies all strips of A with one panel (block).  Strips of m rows take m K
 * reals; their borders are the kernels' own affair.  The last panel of n columns is one vector wide
 * where that is enough, and is zero beyond n. */
#ifndef RFI_TENSOR_BLOCK_H
#define RFI_TENSOR_BLOCK_H

#include "tensor/kernels.h"

static inline rf_index rfi_block_width(const rfi_kernels *k)
{
    return (rf_index)k->wide * k->lanes;
}

/* Columns that n columns take in panels. */
static inline rf_index rfi_block_padded(const rfi_kernels *k, rf_index n)
{
    const rf_index w = rfi_block_width(k), rest = n % w;
    return n - rest + (rest == 0 ? 0 : rest <= k->lanes ? k->lanes : w);
}

/* Panels of op(B)[K,n], B stored [K,n] or, turned, [n,K]. */
void rfi_block_panels(const rfi_kernels *k, bool turned, rf_index K, rf_index n, const rf_real *B,
                      rf_index ldb, rf_real *to);

/* C[m,n] (+)= strips panels.  edge: m times the width of a panel. */
void rfi_block_multiply(const rfi_kernels *k, rf_index m, rf_index n, rf_index K,
                        const rf_real *strips, const rf_real *panels, rf_real *C, rf_index ldc,
                        bool accumulate, rf_real *edge);

#endif

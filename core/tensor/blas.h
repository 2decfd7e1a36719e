/* tensor/blas.h -- matrix products: OpenBLAS where it is there and wins, our own kernels else.
 *
 * C[M,N] = alpha op(A)[M,K] op(B)[K,N] + beta C, row-major; op transposes where ta, tb say so, so
 * that A is stored [M,K] or [K,M] with rows lda apart.  beta 0 does not read C.  The same sizes,
 * flags and thread count give the same bits. */
#ifndef RFI_TENSOR_BLAS_H
#define RFI_TENSOR_BLAS_H

#include "tensor/device.h"

/* On all threads of d; called outside rf_device_run. */
void rfi_gemm(rf_device *d, bool ta, bool tb, rf_index M, rf_index N, rf_index K, rf_real alpha,
              const rf_real *A, rf_index lda, const rf_real *B, rf_index ldb, rf_real beta,
              rf_real *C, rf_index ldc);

/* On the calling thread; for use inside rf_device_run. */
void rfi_gemm_1(const rf_device *d, bool ta, bool tb, rf_index M, rf_index N, rf_index K,
                rf_real alpha, const rf_real *A, rf_index lda, const rf_real *B, rf_index ldb,
                rf_real beta, rf_real *C, rf_index ldc);

/* The same without OpenBLAS, always.  scratch: RFI_GEMM_SCRATCH reals of the calling thread. */
#define RFI_GEMM_SCRATCH (704 * 1024)
void rfi_gemm_own(const rfi_kernels *k, rf_real *scratch, bool ta, bool tb, rf_index M, rf_index N,
                  rf_index K, rf_real alpha, const rf_real *A, rf_index lda, const rf_real *B,
                  rf_index ldb, rf_real beta, rf_real *C, rf_index ldc);

/* cblas_sgemm (or dgemm) of OpenBLAS, or NULL; opens the library at the first call. */
typedef void rfi_cblas_gemm_fn(int order, int ta, int tb, int M, int N, int K, rf_real alpha,
                               const rf_real *A, int lda, const rf_real *B, int ldb, rf_real beta,
                               rf_real *C, int ldc);
rfi_cblas_gemm_fn *rfi_blas_gemm(void);
/* "OpenBLAS 0.3.21 SkylakeX", or why there is none. */
const char *rfi_blas_text(void);

#endif

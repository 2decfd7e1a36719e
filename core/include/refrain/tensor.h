/* refrain/tensor.h -- shapes, tensors, and the device that computes with them.
 *
 * Tensors are dense and row-major: the last dimension is contiguous.  Dimension letters, here and
 * everywhere: B batch, T time, I input, H hidden, L layers, V vocabulary, K classes. */
#ifndef REFRAIN_TENSOR_H
#define REFRAIN_TENSOR_H

#include <refrain/base.h>

RF_BEGIN

typedef struct rf_shape {
    int32_t rank; /* 0: a scalar */
    rf_index dim[RF_MAX_RANK];
} rf_shape;

typedef struct rf_tensor {
    rf_real *data; /* not owned */
    rf_shape shape;
} rf_tensor;

/* RF_SHAPE(T, B, H); a scalar is RF_SCALAR. */
#define RF_SHAPE(...)                                                                              \
    rf_shape_make((int)(sizeof((const rf_index[]){__VA_ARGS__}) / sizeof(rf_index)),               \
                  (const rf_index[]){__VA_ARGS__})
#define RF_SCALAR rf_shape_make(0, NULL)

RF_API rf_shape rf_shape_make(int rank, const rf_index *dim);
/* Elements; 1 for a scalar; -1 when the product overflows or a dimension is negative. */
RF_API rf_index rf_shape_count(rf_shape s);
RF_API bool rf_shape_equal(rf_shape a, rf_shape b);
/* "[20,32]" into buf, which is returned. */
#define RF_SHAPE_TEXT 128
RF_API const char *rf_shape_text(rf_shape s, char buf[RF_SHAPE_TEXT]);
/* Shape of a elementwise b, numpy's rule: align at the right, 1 stretches.  False: they do not. */
RF_API bool rf_shape_broadcast(rf_shape a, rf_shape b, rf_shape *out);

/* ---- Device: the CPU as this library uses it --------------------------------------------------- */

/* Instruction set, worker threads and BLAS.  Threads start at first use, never before a fork by the
 * caller, and stay within the process's CPU affinity.  One device serves one thread at a time. */
typedef struct rf_device rf_device;

/* threads 0: one for each CPU this process may use.  REFRAIN_ISA=c|avx2|avx512|avx512vnni lowers
 * the choice of instructions.  NULL with err: no memory.  A missing OpenBLAS is not an error: see rf_device_blas. */
RF_API rf_device *rf_device_new(int threads, rf_error *err);
RF_API void rf_device_free(rf_device *d);
RF_API int rf_device_threads(const rf_device *d);
/* "avx512vnni", "avx512", "avx2", "neon" or "c". */
RF_API const char *rf_device_isa(const rf_device *d);
/* "OpenBLAS 0.3.21 SkylakeX", or why there is none; a slow core is named as such. */
RF_API const char *rf_device_blas(const rf_device *d);

/* fn(ctx, thread, threads) on every worker at once; returns when all are done. */
typedef void (*rf_worker_fn)(void *ctx, int thread, int threads);
RF_API void rf_device_run(rf_device *d, rf_worker_fn fn, void *ctx);

RF_END
#endif

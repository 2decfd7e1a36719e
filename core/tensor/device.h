/* tensor/device.h -- inside of rf_device: kernels, workers, BLAS. */
#ifndef RFI_TENSOR_DEVICE_H
#define RFI_TENSOR_DEVICE_H

#include "tensor/kernels.h"
#include <refrain/tensor.h>

struct rfi_pool;

struct rf_device {
    const rfi_kernels *k;
    int threads;
    bool running; /* inside rf_device_run: it does not nest */
    struct rfi_pool *pool;
    double *partial;  /* [RFI_PARTIALS] sums of blocks */
    rf_real *scratch; /* [threads, RFI_GEMM_SCRATCH] */
};

#define RFI_PARTIALS 512

/* Inside a function started by rf_device_run: wait until every thread has come here.  What was
 * written before is seen by all after. */
void rfi_device_barrier(rf_device *d, int thread);

/* RFI_GEMM_SCRATCH reals of a thread, for as long as it computes no product. */
rf_real *rfi_device_scratch(const rf_device *d, int thread);

/* Number of the calling thread: 0 for any that is not a worker of d. */
int rfi_device_thread(const rf_device *d);

/* The part [*first, *last) of n items that is `thread`'s; parts are multiples of `grain`. */
static inline void rfi_split(rf_index n, rf_index grain, int thread, int threads, rf_index *first,
                             rf_index *last)
{
    const rf_index blocks = (n + grain - 1) / grain;
    const rf_index a = blocks * thread / threads * grain;
    const rf_index b = blocks * (thread + 1) / threads * grain;
    *first = a < n ? a : n;
    *last = b < n ? b : n;
}

#endif

/* tensor/pool.h -- worker threads that run one function at the same time, and their barrier. */
#ifndef RFI_TENSOR_POOL_H
#define RFI_TENSOR_POOL_H

#include <refrain/tensor.h>

typedef struct rfi_pool rfi_pool;

/* threads - 1 workers (the caller is thread 0), fewer if the system refuses more.  NULL: none. */
rfi_pool *rfi_pool_new(int threads);
/* Ends the workers; in the child of a fork, where there are none, only frees. */
void rfi_pool_free(rfi_pool *p);
/* False in the child of a fork. */
bool rfi_pool_alive(const rfi_pool *p);
int rfi_pool_threads(const rfi_pool *p);
/* Number of the calling thread, 0 for any that is not a worker. */
int rfi_pool_thread(const rfi_pool *p);
void rfi_pool_run(rfi_pool *p, rf_worker_fn fn, void *ctx);
void rfi_pool_barrier(rfi_pool *p);

/* CPUs that this process may use, at least 1. */
int rfi_cpu_count(void);

/* Flush denormals to zero in the calling thread; the state before, for rfi_float_restore. */
unsigned long rfi_float_flush(void);
void rfi_float_restore(unsigned long state);

#endif

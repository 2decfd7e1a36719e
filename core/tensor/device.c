/* tensor/device.c -- the CPU as this library uses it: kernels, workers, BLAS.
 *
 * With one thread there is no pool at all.  Workers start at the first rf_device_run, and anew in
 * the child of a fork.  Denormals count as zero while a function runs; the caller's floating-point
 * state is put back afterwards. */
#include "tensor/device.h"

#include "tensor/blas.h"
#include "tensor/pool.h"
#include <assert.h>

rf_device *rf_device_new(int threads, rf_error *err)
{
    const int n = threads > 0 ? threads : rfi_cpu_count();
    rf_device *d = rf_aligned_calloc(1, sizeof *d);
    if (!d) goto no_memory;
    *d = (rf_device){.k = rfi_kernels_best(), .threads = n};
    d->partial = rf_aligned_calloc(RFI_PARTIALS, sizeof *d->partial);
    /* Each worker is the first to touch its part. */
    d->scratch = rf_aligned_alloc((size_t)n, RFI_GEMM_SCRATCH * sizeof *d->scratch);
    if (d->partial && d->scratch) return d;
no_memory:
    rf_device_free(d);
    rf_fail(err, RF_ENOMEM, "device: no memory for %d threads", n);
    return NULL;
}

void rf_device_free(rf_device *d)
{
    if (!d) return;
    rfi_pool_free(d->pool);
    rf_aligned_free(d->scratch);
    rf_aligned_free(d->partial);
    rf_aligned_free(d);
}

int rf_device_threads(const rf_device *d) { return d->threads; }

const char *rf_device_isa(const rf_device *d) { return d->k->name; }

const char *rf_device_blas(const rf_device *d)
{
    (void)d;
    return rfi_blas_text();
}

/* The pool, or NULL for one thread (by wish, or because the system gives none). */
static rfi_pool *pool_of(rf_device *d)
{
    if (d->threads == 1) return NULL;
    if (d->pool && rfi_pool_alive(d->pool)) return d->pool;
    rfi_pool_free(d->pool);
    d->pool = rfi_pool_new(d->threads);
    return d->pool;
}

void rf_device_run(rf_device *d, rf_worker_fn fn, void *ctx)
{
    assert(!d->running && "rf_device_run does not nest");
    rfi_pool *p = pool_of(d);
    const unsigned long state = rfi_float_flush();
    d->running = true;
    if (p)
        rfi_pool_run(p, fn, ctx);
    else
        fn(ctx, 0, 1);
    d->running = false;
    rfi_float_restore(state);
}

void rfi_device_barrier(rf_device *d, int thread)
{
    (void)thread;
    if (d->pool) rfi_pool_barrier(d->pool);
}

rf_real *rfi_device_scratch(const rf_device *d, int thread)
{
    return d->scratch + (size_t)thread * RFI_GEMM_SCRATCH;
}

int rfi_device_thread(const rf_device *d) { return d->pool ? rfi_pool_thread(d->pool) : 0; }

/* tensor/vec.h -- long vectors on all threads of a device; called outside rf_device_run.
 *
 * Results do not depend on the number of threads.  Short vectors stay on the caller's thread. */
#ifndef RFI_TENSOR_VEC_H
#define RFI_TENSOR_VEC_H

#include "tensor/device.h"

/* fn on all threads, or on the caller's alone where `work` elements are not worth more. */
void rfi_vec_share(rf_device *d, rf_index work, rf_worker_fn fn, void *ctx);

/* y = f(x); z = a op b: any elementwise kernel of d->k. */
void rfi_vec_map(rf_device *d, rfi_map_fn *fn, rf_index n, const rf_real *x, rf_real *y);
void rfi_vec_zip(rf_device *d, rfi_zip_fn *fn, rf_index n, const rf_real *a, const rf_real *b,
                 rf_real *z);
void rfi_vec_fill(rf_device *d, rf_index n, rf_real s, rf_real *y);
void rfi_vec_scale(rf_device *d, rf_index n, rf_real s, const rf_real *x, rf_real *y);
void rfi_vec_axpy(rf_device *d, rf_index n, rf_real s, const rf_real *x, rf_real *y);
/* Sums of blocks whose length depends on n alone, added in order: fn gives that of elements first ..
 * first+count-1. */
typedef double rfi_block_fn(const void *ctx, rf_index first, rf_index count);
double rfi_vec_reduce(rf_device *d, rf_index n, rfi_block_fn *fn, const void *ctx);
double rfi_vec_sum(rf_device *d, rf_index n, const rf_real *x);
double rfi_vec_sumsq(rf_device *d, rf_index n, const rf_real *x);
/* One optimiser step on a flat range: fn is d->k->sgd ... adamw. */
void rfi_vec_update(rf_device *d, rfi_update_fn *fn, const rfi_update *u, rf_index n,
                    const rf_real *g, rf_real *p, rf_real *s1, rf_real *s2);
/* For each row r < R: loss[r] = -ln softmax(x[r])[target[r]], gx as in softmax_xent.
 * A negative target is ignored: loss 0, gradient 0. */
void rfi_vec_softmax_xent(rf_device *d, rf_index R, rf_index n, const rf_real *x,
                          const int32_t *target, rf_real scale, rf_real *gx, rf_real *loss);
/* y[c] (+)= sum over r < R of x[r, c], rows ldx apart: the gradient of a bias. */
void rfi_vec_column_sum(rf_device *d, rf_index R, rf_index n, const rf_real *x, rf_index ldx,
                        rf_real *y, bool accumulate);

#endif

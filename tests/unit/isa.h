/* isa.h -- what tests of kernels share: sizes, every instruction set of this CPU, noise. */
#ifndef TESTS_UNIT_ISA_H
#define TESTS_UNIT_ISA_H

#include <math.h>

#include "tensor/kernels.h"
#include <refrain/base.h>

static const rf_index sizes[] = {1, 2, 7, 8, 15, 16, 17, 31, 33, 64, 65, 100, 200, 650};
enum { SIZES = sizeof sizes / sizeof *sizes };

#define FOR_ISA(k)                                                                                 \
    for (int isa_ = 0; isa_ < RFI_ISAS; isa_++)                                                    \
        for (const rfi_kernels *k = rfi_kernels_for(isa_); k; k = NULL)

/* Uniform in [-a, a); a fresh stream for each call site. */
static inline rf_real *noise(rf_index n, double a, uint64_t seed)
{
    rf_real *x = rf_aligned_calloc((size_t)n + 16, sizeof *x);
    const rf_key key = rf_key_make(seed, "test", 0);
    for (rf_index i = 0; i < n; i++) x[i] = (rf_real)((rf_uniform(key, (uint64_t)i) * 2 - 1) * a);
    return x;
}

/* The largest difference. */
static inline double worst(rf_index n, const rf_real *a, const rf_real *b)
{
    double w = 0;
    for (rf_index i = 0; i < n; i++) w = fmax(w, fabs((double)a[i] - (double)b[i]));
    return w;
}

#endif

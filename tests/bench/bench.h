/* bench.h -- what the benchmarks share: time, medians, the machine's FMA peak. */
#ifndef BENCH_H
#define BENCH_H

#include <refrain/tensor.h>

/* Seconds of a steady clock. */
double bench_now(void);
/* The median; sorts `at`. */
double bench_median(double *at, size_t n);
/* GFLOP/s of independent fused multiply-adds in registers, on all threads of the device: the best of
 * a few short rounds. */
double bench_peak(rf_device *d);
/* softmax(scores) into p [V]. */
void bench_softmax(const rf_device *d, const rf_real *scores, rf_index V, rf_real *p);

#endif

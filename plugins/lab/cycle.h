/* lab/cycle.h -- the period and the amplitude of what oscillates. */
#ifndef LAB_CYCLE_H
#define LAB_CYCLE_H

#include <stddef.h>

/* Of x [n], `dt` apart: the mean time between upward passages of the middle of its range, and half of
 * that range.  Period NaN: fewer than two passages, or an amplitude of less than 1e-3. */
typedef struct lab_cycle {
    double period, amplitude;
} lab_cycle;
lab_cycle lab_cycle_of(const double *x, size_t n, double dt);

#endif

/* lab/squares.h -- least squares. */
#ifndef LAB_SQUARES_H
#define LAB_SQUARES_H

#include <stdbool.h>
#include <stddef.h>

/* x [n,k] with the least |a x - b|^2, for a [m,n] and b [m,k], both destroyed; m >= n.  A column of a
 * that is a combination of those before it has weight 0.  False: m < n, or no memory.
 * Source: Householder's triangularisation; Golub & Van Loan, "Matrix computations", 5.3. */
bool lab_least_squares(double *a, double *b, size_t m, size_t n, size_t k, double *x);

#endif

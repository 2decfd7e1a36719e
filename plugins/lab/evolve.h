/* lab/evolve.h -- an evolution strategy that adapts its covariance matrix (CMA-ES).
 *
 *     while (lab_evolution_generation(e) < most) {
 *         lab_evolution_ask(e, x);             // lambda candidates
 *         for each k: cost[k] = f(x + k * n);  // in any order, by any thread
 *         if (!lab_evolution_tell(e, cost)) break;
 *     }
 *
 * Candidates depend on the spec and the costs told, nothing else.
 * Source: Hansen, "The CMA evolution strategy: a tutorial", arXiv 1604.00772, with its default
 * parameters (table 1); weights of rank mu only (no negative ones). */
#ifndef LAB_EVOLVE_H
#define LAB_EVOLVE_H

#include <refrain/base.h>

typedef struct lab_evolution_spec {
    size_t n;           /* dimensions, at least 1 */
    size_t lambda;      /* candidates of a generation; 0: 4 + 3 ln n */
    double sigma;       /* first step size, > 0 */
    const double *mean; /* [n] where it begins; NULL: 0 */
    uint64_t seed;
} lab_evolution_spec;

typedef struct lab_evolution lab_evolution;

/* NULL: no memory. */
lab_evolution *lab_evolution_new(const lab_evolution_spec *spec);
void lab_evolution_free(lab_evolution *e);
size_t lab_evolution_lambda(const lab_evolution *e);
int64_t lab_evolution_generation(const lab_evolution *e);
/* The step size, and the mean [n] of the distribution, valid until the next tell. */
double lab_evolution_sigma(const lab_evolution *e);
const double *lab_evolution_mean(const lab_evolution *e);

/* The candidates of this generation: x [lambda,n]. */
void lab_evolution_ask(lab_evolution *e, double *x);
/* Their costs [lambda], lower being better; what is not finite is worse than all that is.  Equal
 * costs: the lower number is better.  False: the distribution has shrunk to nothing or lost its
 * shape; nothing more is to be found from here. */
bool lab_evolution_tell(lab_evolution *e, const double *cost);

/* Eigenvalues [n] and eigenvectors (columns of v [n,n]) of a symmetric matrix, which is destroyed.
 * Source: Jacobi's method; Golub & Van Loan, "Matrix computations", 8.5. */
void lab_eigen(double *a, double *values, double *v, size_t n);

#endif

/* lab/statistics.h -- is one group of measurements larger than another, or is it chance? */
#ifndef LAB_STATISTICS_H
#define LAB_STATISTICS_H

#include <refrain/config.h>

/* Most measurements of a group that lab_rank_test takes. */
#define LAB_RANK_MOST 100

/* Mean, sample deviation (n - 1; NaN for one value) and median (NaN: no memory) of n >= 1 values. */
double lab_mean(const double *x, rf_index n);
double lab_deviation(const double *x, rf_index n);
double lab_median(const double *x, rf_index n);

/* Spearman's rank correlation of n pairs, from -1 to 1; NaN where all x or all y are equal.  Infinite
 * values have a rank, NaN has none and must not occur. */
double lab_spearman(const double *x, const double *y, int n);

/* Probability that |t| of Student's distribution with df degrees of freedom (any df > 0) is at least
 * as far from 0 as t is: a two-sided p.  Source: Abramowitz & Stegun 26.7.1 and 26.5.8. */
double lab_student_p(double t, double df);

/* Welch's t-test of two means, variances not taken to be equal: t is above 0 when a's mean is larger.
 * Groups of at least 2.  Without any variance p is 1 for equal means, else 0.
 * Source: Welch, Biometrika 34 (1947) 28-35. */
typedef struct lab_welch {
    double t, df, p;
} lab_welch;
lab_welch lab_welch_test(const double *a, int n, const double *b, int m);

/* The two-sided test of Mann and Whitney (1947), exact: the share of all ways to deal the n + m ranks
 * out to the groups in which the rank sum is at least as far from its mean.  Equal values share the
 * mean of their ranks.  Groups of 1 to LAB_RANK_MOST.  NaN: no memory. */
double lab_rank_test(const double *a, int n, const double *b, int m);
/* The least p that groups of these sizes can have. */
double lab_rank_least(int n, int m);

/* Of k p-values those of Holm's step-down method, out [k]: the chance that any is below 0.05 without a
 * cause is at most 0.05.  Source: Holm, Scand. J. Statistics 6 (1979) 65-70. */
void lab_holm(const double *p, int k, double *out);

#endif

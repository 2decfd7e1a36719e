/* arrays.h -- arrays for tests: filled by chance, and how far two are from each other. */
#ifndef TESTS_UNIT_ARRAYS_H
#define TESTS_UNIT_ARRAYS_H

#include <math.h>

#include <refrain/base.h>

/* [n] uniform in ±scale; free it by rf_aligned_free. */
static inline rf_real *filled(rf_index n, uint64_t seed, double scale)
{
    rf_real *p = rf_aligned_calloc((size_t)n, sizeof *p);
    const rf_key key = rf_key_make(seed, "test", 0);
    for (rf_index i = 0; p && i < n; i++)
        p[i] = (rf_real)(scale * (2 * rf_uniform(key, (uint64_t)i) - 1));
    return p;
}

/* Largest difference over the larger of 1 and the largest number. */
static inline double distance(const rf_real *a, const rf_real *b, rf_index n)
{
    double most = 1, far = 0;
    for (rf_index i = 0; i < n; i++) {
        if (!(fabs((double)a[i]) < 1e30) || !(fabs((double)b[i]) < 1e30)) return 1e30;
        most = fmax(most, fabs((double)a[i]));
        far = fmax(far, fabs((double)a[i] - (double)b[i]));
    }
    return far / most;
}

#endif

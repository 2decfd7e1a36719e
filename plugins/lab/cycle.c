/* lab/cycle.c -- see cycle.h. */
#include "cycle.h"

#include <math.h>

lab_cycle lab_cycle_of(const double *x, size_t n, double dt)
{
    double low = INFINITY, high = -INFINITY, first = 0, last = 0;
    size_t passages = 0;
    for (size_t i = 0; i < n; i++) {
        low = fmin(low, x[i]);
        high = fmax(high, x[i]);
    }
    const double middle = (low + high) / 2;
    lab_cycle c = {NAN, n ? (high - low) / 2 : NAN};
    for (size_t i = 1; i < n; i++) {
        if (!(x[i - 1] < middle && x[i] >= middle)) continue;
        last = (double)i - 1 + (middle - x[i - 1]) / (x[i] - x[i - 1]);
        if (!passages++) first = last;
    }
    if (passages > 1 && c.amplitude > 1e-3) c.period = dt * (last - first) / ((double)passages - 1);
    return c;
}

/* decode/nade.c -- drawing rows of binaries from their log-odds, one after the other. */
#include <refrain/decode.h>

#include "tensor/device.h"
#include <math.h>
#include <string.h>

/* One value; adds its ln p to *logp. */
static bool draw(double z, double temperature, double u, double *logp)
{
    const bool on = temperature > 0 ? u < 1 / (1 + exp(-z / temperature)) : z > 0;
    const double against = on ? -z : z;
    *logp -= (against > 0 ? against : 0) + log1p(exp(-fabs(against)));
    return on;
}

double rf_nade_draw(rf_device *d, const rf_nade_row *row, double temperature, rf_key key,
                    rf_real *v, rf_real *scratch)
{
    const rfi_kernels *k = d->k;
    const rf_index N = row->N;
    rf_real *a = scratch, *h = scratch + N;
    double logp = 0;
    memcpy(a, row->c, (size_t)N * sizeof *a);
    k->sigmoid(N, a, h);
    for (rf_index i = 0; i < row->V; i++) {
        const double z = (double)(row->b[i] + k->dot(N, row->u + i * N, h));
        v[i] = draw(z, temperature, rf_uniform(key, (uint64_t)i), &logp);
        if (v[i] == 0) continue;
        k->add(N, row->w + i * N, a, a);
        k->sigmoid(N, a, h);
    }
    return logp;
}

double rf_binary_draw(rf_index V, const rf_real *z, double temperature, rf_key key, rf_real *v)
{
    double logp = 0;
    for (rf_index i = 0; i < V; i++)
        v[i] = draw((double)z[i], temperature, rf_uniform(key, (uint64_t)i), &logp);
    return logp;
}

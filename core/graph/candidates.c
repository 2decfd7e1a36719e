/* graph/candidates.c -- drawing classes without repetition from the log-uniform distribution. */
#include "graph/candidates.h"
#include <math.h>
#include <string.h>

static rf_index draw(rf_key key, uint64_t i, rf_index V)
{
    const rf_index k = (rf_index)exp(rf_uniform(key, i) * log1p((double)V)) - 1;
    return k < V ? k : V - 1; /* V: by rounding alone */
}

double rfi_candidates_draw(rf_key key, rf_index V, rf_index n, uint64_t *seen, int32_t *id)
{
    uint64_t draws = 0;
    memset(seen, n < V ? 0 : 0xff, rfi_candidate_words(V) * sizeof *seen);
    for (rf_index have = n < V ? 0 : n; have < n;) {
        const rf_index k = draw(key, draws++, V);
        const uint64_t bit = (uint64_t)1 << (k % 64);
        have += !(seen[k / 64] & bit);
        seen[k / 64] |= bit;
    }
    for (rf_index k = 0, at = 0; k < V; k++)
        if (seen[k / 64] >> (k % 64) & 1) id[at++] = (int32_t)k;
    return (double)draws;
}

double rfi_candidate_log_expected(double draws, rf_index V, int32_t k)
{
    const double p = log1p(1 / (1.0 + k)) / log1p((double)V);
    return draws > 0 ? log(-expm1(draws * log1p(-p))) : 0;
}

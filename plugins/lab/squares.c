/* lab/squares.c -- see squares.h. */
#include "squares.h"

#include <math.h>
#include <stdlib.h>

#define TINY 1e-10 /* of a column: what is left of it when it depends on those before */

static double length(const double *a, size_t stride, size_t from, size_t m)
{
    double sum = 0;
    for (size_t i = from; i < m; i++) sum += a[i * stride] * a[i * stride];
    return sqrt(sum);
}

/* y -= 2 v (v.y) / (v.v) in rows from j on; vv is v.v there. */
static void reflect(const double *v, size_t v_stride, double vv, double *y, size_t stride, size_t j,
                    size_t m)
{
    double dot = 0;
    for (size_t i = j; i < m; i++) dot += v[i * v_stride] * y[i * stride];
    const double scale = 2 * dot / vv;
    for (size_t i = j; i < m; i++) y[i * stride] -= scale * v[i * v_stride];
}

/* Column j to zeros below row p, in rows p and below of all columns after it and of b.  Its element of
 * R in row p; 0: the column depends on those before. */
static double eliminate(double *a, double *b, size_t m, size_t n, size_t k, size_t j, size_t p)
{
    double *v = a + j;
    const double norm = length(v, n, p, m);
    if (!(norm > TINY * length(v, n, 0, m))) return 0;
    const double r = v[p * n] > 0 ? -norm : norm;
    v[p * n] -= r;
    const double vv = 2 * (norm * norm + norm * fabs(v[p * n] + r));
    for (size_t c = j + 1; c < n; c++) reflect(v, n, vv, a + c, n, p, m);
    for (size_t c = 0; c < k; c++) reflect(v, n, vv, b + c, k, p, m);
    return r;
}

/* R x = b from below, R having a row for each column that is independent. */
static void solve(const double *a, const double *b, const double *diagonal, size_t rank, size_t n,
                  size_t k, double *x)
{
    for (size_t j = n; j-- > 0;) {
        const bool dependent = diagonal[j] == 0;
        if (!dependent) rank--;
        for (size_t c = 0; c < k; c++) {
            double sum = dependent ? 0 : b[rank * k + c];
            for (size_t i = j + 1; i < n && !dependent; i++) sum -= a[rank * n + i] * x[i * k + c];
            x[j * k + c] = dependent ? 0 : sum / diagonal[j];
        }
    }
}

bool lab_least_squares(double *a, double *b, size_t m, size_t n, size_t k, double *x)
{
    double *diagonal = m >= n && n && k ? calloc(n, sizeof *diagonal) : NULL;
    size_t rank = 0;
    if (!diagonal) return false;
    for (size_t j = 0; j < n; j++) {
        diagonal[j] = eliminate(a, b, m, n, k, j, rank);
        rank += diagonal[j] != 0;
    }
    solve(a, b, diagonal, rank, n, k, x);
    free(diagonal);
    return true;
}

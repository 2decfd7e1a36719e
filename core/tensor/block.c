/* tensor/block.c -- blocks of a matrix product, both factors packed. */
#include "tensor/block.h"

#include <string.h>

/* Lines of B go whole into their panels: one after the other, as memory likes to be read. */
static void panels_of_lines(const rfi_kernels *k, rf_index K, rf_index n, const rf_real *B,
                            rf_index ldb, rf_real *to)
{
    enum { LINES = 16 };
    const rf_index width = rfi_block_width(k);
    for (rf_index k0 = 0; k0 < K; k0 += LINES) {
        const rf_index rows = K - k0 < LINES ? K - k0 : LINES;
        for (rf_index n0 = 0; n0 < n; n0 += width)
            k->copy_rows(rows, n - n0 < width ? n - n0 : width, B + k0 * ldb + n0, ldb,
                         to + n0 * K + k0 * width, width);
    }
}

void rfi_block_panels(const rfi_kernels *k, bool turned, rf_index K, rf_index n, const rf_real *B,
                      rf_index ldb, rf_real *to)
{
    const rf_index width = rfi_block_width(k), whole = n / width * width;
    if (n > whole) memset(to + whole * K, 0, (size_t)(K * width) * sizeof *to);
    if (!turned) {
        panels_of_lines(k, K, n, B, ldb, to);
        return;
    }
    for (rf_index n0 = 0; n0 < n; n0 += width)
        k->transpose(n - n0 < width ? n - n0 : width, K, B + n0 * ldb, ldb, to + n0 * K, width);
}

static void put_edge(const rfi_kernels *k, rf_index m, rf_index n, const rf_real *edge, rf_real *C,
                     rf_index ldc, bool accumulate)
{
    const rf_index width = rfi_block_width(k);
    if (!accumulate) {
        k->copy_rows(m, n, edge, width, C, ldc);
        return;
    }
    for (rf_index i = 0; i < m; i++) k->add(n, edge + i * width, C + i * ldc, C + i * ldc);
}

void rfi_block_multiply(const rfi_kernels *k, rf_index m, rf_index n, rf_index K,
                        const rf_real *strips, const rf_real *panels, rf_real *C, rf_index ldc,
                        bool accumulate, rf_real *edge)
{
    const rf_index width = rfi_block_width(k), whole = n / width * width;
    for (rf_index n0 = 0; n0 < whole; n0 += width)
        k->block(m, K, strips, panels + n0 * K, C + n0, ldc, accumulate);
    if (n == whole) return;
    k->block(m, K, strips, panels + whole * K, edge, width, false);
    put_edge(k, m, n - whole, edge, C + whole, ldc, accumulate);
}

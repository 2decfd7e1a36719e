/* tensor/block.c -- blocks of a matrix product, both factors packed. */
#include "tensor/block.h"

#include <string.h>

/* Width of the panel that holds the last of n columns, when it is no whole one. */
static rf_index edge_width(const rfi_kernels *k, rf_index n)
{
    return rfi_block_padded(k, n) - n / rfi_block_width(k) * rfi_block_width(k);
}

/* Lines of B go whole into their panels: one after the other, as memory likes to be read. */
static void panels_of_lines(const rfi_kernels *k, rf_index K, rf_index n, const rf_real *B,
                            rf_index ldb, rf_real *to)
{
    enum { LINES = 16 };
    const rf_index width = rfi_block_width(k), whole = n / width * width, edge = edge_width(k, n);
    for (rf_index k0 = 0; k0 < K; k0 += LINES) {
        const rf_index rows = K - k0 < LINES ? K - k0 : LINES;
        const rf_real *line = B + k0 * ldb;
        for (rf_index n0 = 0; n0 < whole; n0 += width)
            k->copy_rows(rows, width, line + n0, ldb, to + n0 * K + k0 * width, width);
        if (n > whole)
            k->copy_rows(rows, n - whole, line + whole, ldb, to + whole * K + k0 * edge, edge);
    }
}

void rfi_block_panels(const rfi_kernels *k, bool turned, rf_index K, rf_index n, const rf_real *B,
                      rf_index ldb, rf_real *to)
{
    const rf_index width = rfi_block_width(k), whole = n / width * width, edge = edge_width(k, n);
    if (n > whole) memset(to + whole * K, 0, (size_t)(K * edge) * sizeof *to);
    if (!turned) {
        panels_of_lines(k, K, n, B, ldb, to);
        return;
    }
    for (rf_index n0 = 0; n0 < whole; n0 += width)
        k->transpose(width, K, B + n0 * ldb, ldb, to + n0 * K, width);
    if (n > whole) k->transpose(n - whole, K, B + whole * ldb, ldb, to + whole * K, edge);
}

static void put_edge(const rfi_kernels *k, rf_index m, rf_index n, const rf_real *edge,
                     rf_index width, rf_real *C, rf_index ldc, bool accumulate)
{
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
    const rf_index width = rfi_block_width(k), whole = n / width * width, rest = edge_width(k, n);
    for (rf_index n0 = 0; n0 < whole; n0 += width)
        k->block(true, m, K, strips, panels + n0 * K, C + n0, ldc, accumulate);
    if (n == whole) return;
    if (n - whole == rest) { /* fits exactly */
        k->block(rest == width, m, K, strips, panels + whole * K, C + whole, ldc, accumulate);
        return;
    }
    k->block(rest == width, m, K, strips, panels + whole * K, edge, rest, false);
    put_edge(k, m, n - whole, edge, rest, C + whole, ldc, accumulate);
}

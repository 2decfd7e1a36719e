/* cells/project.c -- the bands of gate memory, and what the input adds to the gates of all steps.
 *
 * That is one product: the input is packed once, by all threads, and each thread multiplies it with panels
 * of its own (one gate of one band each), a cacheful of them at a time. */
#include "cells/sequence.h"

#include "tensor/block.h"
#include <string.h>

/* What one gate of one band is in a row of z and in [G*H]. */
typedef struct piece {
    rf_real *z;
    rf_index at, n;
} piece;

static piece piece_at(const rfi_run *q, rf_index row, int gate, rf_index u)
{
    const rf_index at = rfi_bands_at(q->band, q->T * q->B, q->G, row, u) + gate * q->band;
    return (piece){q->z + at, gate * q->H + u, q->H - u < q->band ? q->H - u : q->band};
}

void rfi_bands_put(const rfi_run *q, rf_index row, const rf_real *from)
{
    for (int g = 0; g < q->G; g++)
        for (rf_index u = 0; u < q->H; u += q->band) {
            const piece p = piece_at(q, row, g, u);
            memcpy(p.z, from + p.at, (size_t)p.n * sizeof *from);
        }
}

void rfi_bands_get(const rfi_run *q, rf_index row, rf_real *to)
{
    for (int g = 0; g < q->G; g++)
        for (rf_index u = 0; u < q->H; u += q->band) {
            const piece p = piece_at(q, row, g, u);
            memcpy(to + p.at, p.z, (size_t)p.n * sizeof *to);
        }
}

/* ---- The input's projection ---------------------------------------------------------------------- */

/* Reals of a cacheful of panels, and of the strips that pass by it; inputs taken at once. */
enum { PANELS = 256 * 1024, STRIPS = 64 * 1024, DEEP = 8192, WHOLE_STRIPS = 12 };
_Static_assert(PANELS <= RFI_GEMM_SCRATCH, "scratch of a thread");

typedef struct projection {
    const rfi_run *q;
    const rf_real *x, *w; /* [rows,I], [G*H,I] */
    rf_index I, rows, high;
    rf_real *strips; /* x in blocks of `high` rows, for one range of inputs after the other */
    rf_real *panels; /* this thread's */
    rf_index k0, k;  /* the range of inputs that is at work */
} projection;

static rf_index block_rows(rf_index k, rf_index rows)
{
    const rf_index n = STRIPS / k / WHOLE_STRIPS * WHOLE_STRIPS;
    const rf_index high = n > WHOLE_STRIPS ? n : WHOLE_STRIPS;
    return high < rows ? high : rows;
}

static rf_index rows_from(const projection *p, rf_index r)
{
    return p->rows - r < p->high ? p->rows - r : p->high;
}

static rf_real *strips_at(const projection *p, rf_index r)
{
    return p->strips + p->k0 * p->rows + r * p->k;
}

static void pack_input(const projection *p, int thread, int threads)
{
    rf_index first, last;
    rfi_split(p->rows, p->high, thread, threads, &first, &last);
    for (rf_index r = first; r < last; r += p->high)
        p->q->device->k->pack_rows(rows_from(p, r), p->k, p->x + r * p->I + p->k0, p->I, NULL,
                                   strips_at(p, r));
}

static rf_index panel_count(const rfi_run *q) { return (q->H + q->band - 1) / q->band * q->G; }

/* Panel j is gate j % G of band j / G, whose last units may be missing. */
static rf_index panel_units(const rfi_run *q, rf_index j)
{
    const rf_index left = q->H - j / q->G * q->band;
    return left < q->band ? left : q->band;
}

static void pack_panel(const projection *p, rf_index j, rf_real *to)
{
    const rfi_run *q = p->q;
    const rf_index row = j % q->G * q->H + j / q->G * q->band;
    rfi_block_panels(q->device->k, true, p->k, panel_units(q, j), p->w + row * p->I + p->k0, p->I,
                     to);
}

static void multiply_panel(const projection *p, rf_index j, rf_index r, const rf_real *panel)
{
    const rfi_run *q = p->q;
    const rfi_kernels *k = q->device->k;
    const rf_index unit = j / q->G * q->band, gate = j % q->G;
    rf_real *z = q->z + rfi_bands_at(q->band, p->rows, q->G, r, unit) + gate * q->band;
    k->block(rfi_block_padded(k, panel_units(q, j)) == q->band, rows_from(p, r), p->k,
             strips_at(p, r), panel, z, q->G * q->band, p->k0 > 0);
}

/* Panels [first, last): as many at a time as stay in the cache while all rows pass by. */
static void multiply(const projection *p, rf_index first, rf_index last)
{
    const rf_index size = p->k * p->q->band, most = PANELS / size > 0 ? PANELS / size : 1;
    for (rf_index j0 = first, n; j0 < last; j0 += n) {
        n = last - j0 < most ? last - j0 : most;
        for (rf_index j = 0; j < n; j++) pack_panel(p, j0 + j, p->panels + j * size);
        for (rf_index r = 0; r < p->rows; r += p->high)
            for (rf_index j = 0; j < n; j++) multiply_panel(p, j0 + j, r, p->panels + j * size);
    }
}

static void next_range(projection *p)
{
    p->k0 += p->k;
    p->k = p->I - p->k0 < p->k ? p->I - p->k0 : p->k;
}

void rfi_run_project(const rfi_run *q, const rf_real *x, const rf_real *w, rf_index I,
                     rf_real *strips, int thread, int threads)
{
    projection p = {.q = q, .x = x, .w = w, .I = I, .rows = q->T * q->B, .strips = strips};
    rf_index first, last;
    p.k = I < DEEP ? I : DEEP;
    p.high = block_rows(p.k, p.rows);
    p.panels = rfi_device_scratch(q->device, thread);
    for (projection part = p; part.k > 0; next_range(&part)) pack_input(&part, thread, threads);
    rfi_device_barrier(q->device, thread);
    rfi_split(panel_count(q), 1, thread, threads, &first, &last);
    for (; p.k > 0; next_range(&p)) multiply(&p, first, last);
}

void rfi_run_table(const rfi_run *q, const rf_real *w, rf_real *table, int thread, int threads)
{
    rf_index first, last;
    rfi_split(panel_count(q), 1, thread, threads, &first, &last);
    for (rf_index j = first; j < last; j++) {
        const rf_index unit = j / q->G * q->band, gate = j % q->G;
        rf_real *to = table + rfi_bands_at(q->band, q->V, q->G, 0, unit) + gate * q->band;
        q->device->k->transpose(panel_units(q, j), q->V, w + (gate * q->H + unit) * q->V, q->V, to,
                                q->G * q->band);
    }
}

/* cells/run.c -- the loop over the tiles of one phase of a step, on one thread.
 *
 * Tiles (panel, part of the batch) are dealt to threads in equal runs that are the same at every
 * step, so a thread meets the same weights again and keeps them in its own cache.  Where all weights
 * fit there, a thread takes all panels of its share of the sequences, and waits for nobody.  A sum is
 * in the first cache when the gates read it. */
#include "cells/sequence.h"

#include "tensor/qpack.h"
#include <string.h>

/* Rows of a tile with v vectors: as many as keep the sums in registers. */
enum { MOST_SUMS = 48 * 16, MOST_LANES = 16 };
static int tile_rows(const rfi_panels *p)
{
    static const int wide[5] = {0, 16, 12, 8, 6}, narrow[5] = {0, 8, 6, 4, 3};
    const int v = p->pairs ? 2 : p->v;
    return p->lanes == 16 ? wide[v] : narrow[v];
}

/* Tiles of a phase and this thread's share of them.  Every second step goes through them backwards:
 * what a step used last is still in the cache when weights are larger than it.  A stepper's t is 0,
 * but it exchanges its slots. */
typedef struct deal {
    rf_index row, rows; /* of the batch, in so many parts: */
    rf_index parts, first, last;
} deal;

static rf_index turn(const rfi_run *q, const deal *d, rf_index t, rf_index i)
{
    return (t + q->from) % 2 ? d->first + d->last - 1 - i : i;
}

static deal deal_tiles(const rfi_run *q, const rfi_panels *p, int thread, int threads)
{
    const int most = tile_rows(p);
    deal d = {.rows = q->B};
    if (q->by_rows) {
        rf_index end;
        rfi_split(q->B, 1, thread, threads, &d.row, &end);
        d.rows = end - d.row;
        thread = 0, threads = 1;
    }
    d.parts = (d.rows + most - 1) / most;
    rfi_split(p->count * d.parts, 1, thread, threads, &d.first, &d.last);
    return d;
}

static rfi_tile tile_at(rf_index t, const rfi_panels *p, const deal *d, rf_index i, bool by_gates)
{
    const rf_index part = i % d->parts, row = d->row + d->rows * part / d->parts;
    const int vectors = by_gates ? 1 : p->v;
    return (rfi_tile){.t = t,
                      .row = row,
                      .rows = (int)(d->row + d->rows * (part + 1) / d->parts - row),
                      .unit = i / d->parts * vectors * p->lanes,
                      .width = rfi_panel_width(p),
                      .vectors = vectors};
}

/* Rows of a product as its kernel wants them; rows NULL: the product is zero. */
typedef struct factor {
    const rfi_panels *panels;
    const char *rows;
    rf_index lda;
    size_t stride;
} factor;

/* With weights in 8 bits the rows are rounded once a phase, by every thread for itself: beside the
 * product it is little, and saves a barrier.  *used: bytes of the thread's memory. */
static factor factor_of(const rfi_run *q, const rfi_source *s, int thread, size_t *used)
{
    const rfi_panels *p = s->panels;
    if (!s->a || p->bits != 8)
        return (factor){p, (const char *)s->a, s->lda, (size_t)s->lda * sizeof *s->a};
    char *out = q->rounded + (size_t)thread * q->rounded_n + *used;
    const size_t stride = rfi_qrow_bytes(p->K);
    rfi_qrows(q->device->k, q->B, p->K, s->a, s->lda, out);
    *used += (size_t)q->B * stride;
    return (factor){p, out, 0, stride};
}

static void product(const rfi_run *q, const factor *f, const rfi_panels *p, const rfi_tile *k,
                    rf_index panel, rf_real *sum, bool accumulate)
{
    const void *rows = f->rows ? f->rows + (size_t)k->row * f->stride : NULL;
    if (rows && p->bits)
        rfi_qpanel_mul(q->device->k, p, panel, k->rows, rows, f->lda, sum, k->width, accumulate);
    else if (rows)
        rfi_panel_mul(q->device->k, p, panel, k->rows, rows, f->lda, sum, k->width, accumulate);
    else if (!accumulate)
        memset(sum, 0, (size_t)(k->rows * k->width) * sizeof *sum);
}

/* Products whose whole rows are to be normalised go to q->raw first. */
static void normalise(const rfi_run *q, rf_index t, const rfi_source *src, const factor *f,
                      const deal *d, int thread, int threads)
{
    _Alignas(64) rf_real sum[MOST_SUMS];
    for (rf_index i = d->first; i < d->last; i++) {
        rfi_tile k = tile_at(t, src->panels, d, i, true);
        k.stage = src->stage, k.norm = src->norm;
        product(q, f, f->panels, &k, i / d->parts, sum, false);
        k.sum = sum;
        q->kernels->keep(q, &k);
    }
    rfi_run_barrier(q, thread);
    rfi_norm_rows(q, t, src->norm, src->stage, thread, threads);
}

void rfi_run_gates(const rfi_run *q, rf_index t, int n, const rfi_source *src, rfi_tile_fn *then,
                   int thread, int threads)
{
    _Alignas(64) rf_real sum[MOST_SUMS];
    const rfi_panels *p = src[0].panels;
    const deal d = deal_tiles(q, p, thread, threads);
    factor f[RFI_SOURCES];
    size_t used = 0;
    for (int s = 0; s < n; s++) f[s] = factor_of(q, &src[s], thread, &used);
    const bool normed = src[0].norm;
    if (normed) normalise(q, t, src, f, &d, thread, threads);
    for (rf_index next = d.first; next < d.last; next++) {
        const rf_index i = turn(q, &d, t, next);
        rfi_tile k = tile_at(t, p, &d, i, true);
        k.stage = src[0].stage, k.norm = src[0].norm;
        if (normed) q->kernels->normed(q, &k, sum);
        for (int s = normed; s < n; s++)
            product(q, &f[s], f[s].panels, &k, i / d.parts, sum, s > 0);
        k.sum = sum;
        then(q, &k);
    }
}

void rfi_run_units(const rfi_run *q, rf_index t, const rfi_source *src, rfi_tile_fn *then,
                   int thread, int threads)
{
    _Alignas(64) rf_real sum[1 + GATES][MOST_SUMS];
    const rfi_panels *p = src->panels;
    const deal d = deal_tiles(q, p, thread, threads);
    size_t used = 0;
    const factor f = factor_of(q, src, thread, &used);
    factor beside = f;
    if (q->gain && q->pe_blocks)
        beside =
            (factor){p, (const char *)src->beside, q->dz_ld, (size_t)q->dz_ld * sizeof *sum[0]};
    for (rf_index next = d.first; next < d.last; next++) {
        const rf_index i = turn(q, &d, t, next);
        rfi_tile k = tile_at(t, p, &d, i, false);
        k.stage = src->stage;
        product(q, &f, p, &k, i / d.parts, sum[0], false);
        for (int e = 0; p == &q->ph && e < q->pe_blocks; e++) {
            product(q, &beside, &q->pe_bp[e], &k, i / d.parts, sum[1 + e], false);
            k.extra[e] = sum[1 + e];
        }
        k.sum = sum[0];
        if (q->partial) k.partial = q->partial + thread * q->partial_n;
        then(q, &k);
    }
}

void rfi_run_barrier(const rfi_run *q, int thread)
{
    if (!q->alone && !q->by_rows) rfi_device_barrier(q->device, thread);
}

void rfi_run_pack_gates(const rfi_run *q, const rfi_panels *p, const rf_real *w, rf_index ldw,
                        int thread, int threads)
{
    rf_index first, last;
    rfi_split(p->count, 1, thread, threads, &first, &last);
    rfi_pack_gates(q->device->k, p, w, ldw, first, last);
}

void rfi_run_pack_columns(const rfi_run *q, const rfi_panels *p, const rf_real *w, rf_index ldw,
                          int thread, int threads)
{
    rf_index first, last;
    rfi_split(p->count, 1, thread, threads, &first, &last);
    rfi_pack_columns(q->device->k, p, w, ldw, first, last);
}

rf_real *rfi_bump_take(rfi_bump *b, rf_index n)
{
    rf_real *p = b->at ? b->at + b->used : NULL;
    b->used += (n + MOST_LANES - 1) / MOST_LANES * MOST_LANES;
    return p;
}

rfi_panels rfi_bump_panels(rfi_bump *b, rfi_panels p)
{
    p.bits = b->bits;
    p.pairs = b->pairs && p.lanes > 1 && p.v > 2;
    p.data = rfi_bump_take(b, (rf_index)rfi_panels_size(&p));
    return p;
}

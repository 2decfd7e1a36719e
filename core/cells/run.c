/* cells/run.c -- the loop over the tiles of one phase of a step, on one thread.
 *
 * Tiles (panel, part of the batch) are dealt to threads in equal runs that are the same at every
 * step, so a thread meets the same weights again and keeps them in its own cache.  A sum is in the
 * first cache when the gates read it. */
#include "cells/sequence.h"

#include <string.h>

/* Rows of a tile with v vectors: as many as keep the sums in registers. */
enum { MOST_ROWS = 16, MOST_SUMS = 24 * 16, MOST_LANES = 16 };
static int tile_rows(int lanes, int v)
{
    static const int wide[5] = {0, 16, 12, 8, 6}, narrow[5] = {0, 8, 6, 4, 3};
    return lanes == 16 ? wide[v] : narrow[v];
}

/* Tiles of a phase and this thread's share of them.  Odd steps go through them backwards: what a
 * step used last is still in the cache when weights are larger than it. */
typedef struct deal {
    rf_index parts, first, last;
} deal;

static rf_index turn(const deal *d, rf_index t, rf_index i)
{
    return t % 2 ? d->first + d->last - 1 - i : i;
}

static deal deal_tiles(const rfi_run *q, const rfi_panels *p, int thread, int threads)
{
    const int most = tile_rows(p->lanes, p->v);
    deal d = {.parts = (q->B + most - 1) / most};
    rfi_split(p->count * d.parts, 1, thread, threads, &d.first, &d.last);
    return d;
}

static rfi_tile tile_at(const rfi_run *q, rf_index t, const rfi_panels *p, const deal *d,
                        rf_index i, bool by_gates)
{
    const rf_index part = i % d->parts, row = q->B * part / d->parts;
    const int vectors = by_gates ? 1 : p->v;
    return (rfi_tile){.t = t,
                      .row = row,
                      .rows = (int)(q->B * (part + 1) / d->parts - row),
                      .unit = i / d->parts * vectors * p->lanes,
                      .width = rfi_panel_width(p),
                      .vectors = vectors};
}

static void product(const rfi_run *q, const rfi_source *s, const rfi_panels *p, const rfi_tile *k,
                    rf_index panel, rf_real *sum, bool accumulate)
{
    if (s->a && q->half)
        q->kernels->panel_half(p->v, k->rows, p->K, s->a + k->row * s->lda, s->lda,
                               (const uint32_t *)(const void *)rfi_panel_data(p, panel), sum,
                               k->width, accumulate);
    else if (s->a)
        rfi_panel_mul(q->device->k, p, panel, k->rows, s->a + k->row * s->lda, s->lda, sum,
                      k->width, accumulate);
    else if (!accumulate)
        memset(sum, 0, (size_t)(k->rows * k->width) * sizeof *sum);
}

void rfi_run_gates(const rfi_run *q, rf_index t, int n, const rfi_source *src, rfi_tile_fn *then,
                   int thread, int threads)
{
    _Alignas(64) rf_real sum[MOST_SUMS];
    const rfi_panels *p = src[0].panels;
    const deal d = deal_tiles(q, p, thread, threads);
    for (rf_index next = d.first; next < d.last; next++) {
        const rf_index i = turn(&d, t, next);
        rfi_tile k = tile_at(q, t, p, &d, i, true);
        for (int s = 0; s < n; s++) product(q, &src[s], src[s].panels, &k, i / d.parts, sum, s > 0);
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
    for (rf_index next = d.first; next < d.last; next++) {
        const rf_index i = turn(&d, t, next);
        rfi_tile k = tile_at(q, t, p, &d, i, false);
        product(q, src, p, &k, i / d.parts, sum[0], false);
        for (int e = 0; p == &q->ph && e < q->pe_blocks; e++) {
            product(q, src, &q->pe_bp[e], &k, i / d.parts, sum[1 + e], false);
            k.extra[e] = sum[1 + e];
        }
        k.sum = sum[0];
        k.partial = q->partial + thread * q->partial_n;
        then(q, &k);
    }
}

void rfi_run_barrier(const rfi_run *q, int thread)
{
    if (!q->alone) rfi_device_barrier(q->device, thread);
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

/* bf16 nearest to x, ties to even; NaN stays NaN. */
static uint32_t bf16_bits(rf_real x)
{
    const float f = (float)x;
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    if ((u & 0x7fffffffu) > 0x7f800000u) return u >> 16 | 0x40u;
    return (u + 0x7fffu + (u >> 16 & 1)) >> 16;
}

/* Word i of row pair k takes the place of numbers that were read before: none is overwritten. */
void rfi_run_halve(const rfi_panels *p, int thread, int threads)
{
    const rf_index width = rfi_panel_width(p);
    rf_index first, last;
    rfi_split(p->count, 1, thread, threads, &first, &last);
    for (rf_index i = first; i < last; i++) {
        rf_real *from = p->data + i * p->K * width;
        char *to = (char *)from;
        for (rf_index k = 0; k < p->K; k += 2)
            for (rf_index j = 0; j < width; j++, to += sizeof(uint32_t)) {
                const rf_real odd = k + 1 < p->K ? from[(k + 1) * width + j] : 0;
                const uint32_t word = bf16_bits(from[k * width + j]) | bf16_bits(odd) << 16;
                memcpy(to, &word, sizeof word);
            }
    }
}

rf_real *rfi_bump_take(rfi_bump *b, rf_index n)
{
    rf_real *p = b->at ? b->at + b->used : NULL;
    b->used += (n + MOST_LANES - 1) / MOST_LANES * MOST_LANES;
    return p;
}

rfi_panels rfi_bump_panels(rfi_bump *b, rfi_panels p)
{
    p.data = rfi_bump_take(b, (rf_index)rfi_panels_size(&p));
    return p;
}

/* graph/conv_product.c -- the product of a convolution: windows of the map times packed weights.
 *
 * The weights of a group are packed once, in panels; then tasks, blocks of places by blocks of
 * channels, are dealt out.  A task copies its windows out (where they are more than a cell), packs them
 * in strips that stay in the cache, multiplies them with its panels, and adds bias and activation while
 * the result is near.  Long windows go by lines of at most KC numbers.  What a task is depends on the
 * sizes alone, so the bits do not depend on the threads. */
#include "graph/plane.h"
#include "tensor/block.h"
#include "tensor/vec.h"

enum { KC = 512, STRIPS = 48 * 1024, LEAST = 48, MOST = 768, STEP = 12, TASKS = 8 };

typedef struct product {
    const rfi_conv_product *q;
    const rfi_kernels *k;
    rf_index taps, deep; /* of a window; parts that it is cut into */
    rf_index width;      /* of a panel */
    rf_index padded;     /* columns of all panels of a group */
    rf_index rows, high; /* places of a block; blocks of places */
    rf_index wide;       /* blocks of channels */
    rf_real *panels;     /* [groups][deep parts][padded columns] */
    rf_real *own;        /* [threads, each]: windows, strips, edge */
    rf_index each;
    rf_real low, high_cut;
} product;

/* Lines of part i of a window. */
static rf_index line_at(const product *w, rf_index i) { return w->taps * i / w->deep; }

/* Channels of a group where block i of them begins, a whole number of panels. */
static rf_index channel_at(const product *w, rf_index i)
{
    const rf_index Og = w->q->p->Og;
    const rf_index at = (Og + w->width - 1) / w->width * i / w->wide * w->width;
    return at < Og ? at : Og;
}

static rf_real *panels_of(const product *w, rf_index group, rf_index line)
{
    return w->panels + group * w->taps * w->padded + line * w->padded;
}

/* ---- Weights --------------------------------------------------------------------------------------- */

/* Groups by blocks of channels are dealt out. */
static void pack_part(void *ctx, int thread, int threads)
{
    const product *w = ctx;
    const rfi_plane *p = w->q->p;
    const rf_index blocks = (p->Og + w->width - 1) / w->width;
    rf_index i, end;
    rfi_split(p->groups * blocks, 1, thread, threads, &i, &end);
    for (; i < end; i++) {
        const rf_index group = i / blocks, at = i % blocks * w->width;
        const rf_index n = p->Og - at < w->width ? p->Og - at : w->width;
        const rf_real *from = w->q->w + (group * p->Og + at) * w->taps;
        for (rf_index d = 0; d < w->deep; d++) {
            const rf_index k0 = line_at(w, d), k = line_at(w, d + 1) - k0;
            rfi_block_panels(w->k, true, k, n, from + k0, w->taps,
                             panels_of(w, group, k0) + at * k);
        }
    }
}

/* ---- Tasks ----------------------------------------------------------------------------------------- */

/* Places r .. r+m-1, channels n0 .. n0+n-1 of a group. */
static void multiply(const product *w, rf_index group, rf_index r, rf_index m, rf_index n0,
                     rf_index n, rf_real *own)
{
    const rfi_conv_product *q = w->q;
    const rfi_plane *p = q->p;
    const bool lies = rfi_plane_pointwise(p);
    rf_real *strips = own + (lies ? 0 : w->rows * w->taps), *edge = strips + w->rows * (KC + 1);
    rf_real *y = q->y + r * p->O + group * p->Og + n0;
    const rf_real *a = lies ? q->x + r * p->C + group * p->Cg : own;
    if (!lies) rfi_plane_windows(w->k, p, q->x, r, r + m, group, own);
    for (rf_index d = 0; d < w->deep; d++) {
        const rf_index k0 = line_at(w, d), k = line_at(w, d + 1) - k0;
        w->k->pack_rows(m, k, a + k0, lies ? p->C : w->taps, NULL, strips);
        rfi_block_multiply(w->k, m, n, k, strips, panels_of(w, group, k0) + n0 * k, y, p->O,
                           q->add || d > 0, edge);
    }
    if (q->b || q->act != RF_CONV_LINEAR)
        w->k->clip_rows(m, n, q->b ? q->b + group * p->Og + n0 : NULL, w->low, w->high_cut, y,
                        p->O);
}

static void multiply_part(void *ctx, int thread, int threads)
{
    const product *w = ctx;
    const rfi_plane *p = w->q->p;
    const rf_index R = rfi_plane_rows(p);
    rf_index i, end;
    rfi_split(w->high * p->groups * w->wide, 1, thread, threads, &i, &end);
    for (; i < end; i++) {
        const rf_index block = i / (p->groups * w->wide), rest = i % (p->groups * w->wide);
        const rf_index r = block * w->rows, group = rest / w->wide;
        const rf_index n0 = channel_at(w, rest % w->wide);
        multiply(w, group, r, R - r < w->rows ? R - r : w->rows, n0,
                 channel_at(w, rest % w->wide + 1) - n0, w->own + thread * w->each);
    }
}

static rf_index rows_of(rf_index lines)
{
    const rf_index rows = STRIPS / lines / STEP * STEP;
    return rows < LEAST ? LEAST : rows > MOST ? MOST : rows;
}

static void choose(product *w)
{
    const rfi_plane *p = w->q->p;
    const rf_index panels = (p->Og + w->width - 1) / w->width, R = rfi_plane_rows(p);
    w->taps = rfi_plane_taps(p);
    w->deep = (w->taps + KC - 1) / KC;
    w->padded = rfi_block_padded(w->k, p->Og);
    w->rows = rows_of(w->taps / w->deep);
    w->high = (R + w->rows - 1) / w->rows;
    const rf_index wanted = w->high * p->groups < TASKS ? TASKS / (w->high * p->groups) : 1;
    w->wide = wanted < panels ? wanted : panels;
    const rf_index copied = rfi_plane_pointwise(p) ? 0 : w->rows * w->taps;
    w->each = (copied + w->rows * (KC + 1 + w->width) + 15) / 16 * 16;
    rfi_conv_range(w->q->act, &w->low, &w->high_cut);
}

void rfi_conv_multiply(const rfi_conv_product *q)
{
    rf_device *d = q->c->device;
    product w = {.q = q, .k = d->k, .width = rfi_block_width(d->k)};
    if (!rfi_plane_rows(q->p)) return;
    choose(&w);
    const rf_index weights = q->p->groups * w.taps * w.padded;
    w.panels = rf_graph_scratch(q->c->graph, (size_t)weights * sizeof *w.panels);
    w.own = rf_graph_scratch(q->c->graph, (size_t)(w.each * d->threads) * sizeof *w.own);
    if (!w.panels || !w.own) return;
    rfi_vec_share(d, weights, pack_part, &w);
    rfi_vec_share(d, rfi_plane_rows(q->p) * w.taps * q->p->O, multiply_part, &w);
}

/* graph/xent.c -- a linear layer and its cross entropy in one: see graph/loss.h.
 *
 * Few classes: the logits are a product of matrices, turned in place into the gradient with respect
 * to them, D [R,V].
 *
 * Many classes: logits are most of the memory that a step touches, so they are made, used and left
 * a block of columns at a time, each by one thread and small enough for its cache.  Forward, block
 * b keeps E = e^(logit - m_b) and, for each row, its largest logit m_b and its sum.  When all
 * blocks are there these give the loss, and the factors F with D = E F: row r of block b has
 * F = scale e^(m_b - m) / sum.  The target's E is lessened by scale / F, which makes D softmax -
 * onehot there; F is kept from vanishing for that.  Backward, D of a block goes into both products
 * at once.  The same sizes and thread count give the same bits. */
#include "graph/loss.h"
#include "tensor/blas.h"
#include "tensor/block.h"
#include "tensor/vec.h"
#include <math.h>

enum { MANY = 1024, DEEP = 4096 }; /* classes from which on, and inputs up to which, blocks pay */

/* ---- Few classes --------------------------------------------------------------------------------- */

enum { BLOCK = 1 << 23 }; /* elements of a block of logits: smaller ones multiply slower */

/* Rows of a block: all blocks are about equal. */
static rf_index block_rows(const rfi_xent *p)
{
    const rf_index most = BLOCK / (p->V ? p->V : 1) < 64 ? 64 : BLOCK / (p->V ? p->V : 1);
    const rf_index blocks = (p->R + most - 1) / most;
    return blocks ? (p->R + blocks - 1) / blocks : 1;
}

static void few_block(const rfi_xent *p, rf_index from, rf_index rows, bool keep, rf_real scale,
                      rf_real *D, rf_real *loss)
{
    if (p->b) rfi_fill_rows(p->device, rows, p->V, p->b, D);
    rfi_gemm(p->device, false, true, rows, p->V, p->H, 1, p->x + from * p->H, p->H, p->w, p->H,
             p->b ? 1 : 0, D, p->V);
    rfi_vec_softmax_xent(p->device, rows, p->V, D, p->target + from, scale, keep ? D : NULL,
                         loss + from);
}

static void few_forward(const rfi_xent *p, bool keep, rf_real scale, rf_real *D, rf_real *loss)
{
    const rf_index n = block_rows(p);
    for (rf_index r = 0; r < p->R; r += n)
        few_block(p, r, p->R - r < n ? p->R - r : n, keep, scale, keep ? D + r * p->V : D, loss);
}

static void few_adjoint(const rfi_xent *p, const rf_real *D, rf_real gy, const rfi_xent_grads *g)
{
    const rf_index R = p->R, V = p->V, H = p->H;
    if (g->x)
        rfi_gemm(p->device, false, false, R, H, V, gy, D, V, p->w, H, g->fresh_x ? 0 : 1, g->x, H);
    if (g->w)
        rfi_gemm(p->device, true, false, V, H, R, gy, D, V, p->x, H, g->fresh_w ? 0 : 1, g->w, H);
    if (!g->b) return;
    rfi_vec_column_sum(p->device, R, V, D, V, g->sum, false);
    if (g->fresh_b)
        rfi_vec_scale(p->device, V, gy, g->sum, g->b);
    else
        rfi_vec_axpy(p->device, V, gy, g->sum, g->b);
}

/* ---- Many classes: sizes ---------------------------------------------------------------------------
 * A thread's scratch: a block of logits or the strips made of it, the weights' panels, an edge. */

enum { ROWS = 1024, COLUMNS = 384, BAND = 64 * 1024, LOGITS = 320 * 1024, PANELS = 320 * 1024 };
enum { EDGE = ROWS * 32 };
_Static_assert(LOGITS + PANELS + EDGE <= RFI_GEMM_SCRATCH, "scratch of a thread");

/* Rows are taken in `parts` of at most `rows`, columns in blocks of whole panels: block i of a part
 * is panels [panels i / blocks, panels (i+1) / blocks), and threads have about equally many.  Where the
 * inputs of all rows would crowd the cache, a block is computed by bands of rows. */
typedef struct grid {
    rf_index parts, rows, band, panels, blocks, width, padded; /* padded: H in panels */
} grid;

static grid grid_of(const rfi_xent *p)
{
    const rfi_kernels *k = p->device->k;
    const rf_index threads = rf_device_threads(p->device);
    grid g = {.parts = (p->R + ROWS - 1) / ROWS, .width = rfi_block_width(k)};
    g.rows = g.parts ? (p->R + g.parts - 1) / g.parts : 1;
    g.padded = rfi_block_padded(k, p->H);
    g.band = BAND / p->H < g.rows ? BAND / p->H : g.rows;
    g.panels = (p->V + g.width - 1) / g.width;
    rf_index most = LOGITS / g.rows < COLUMNS ? LOGITS / g.rows : COLUMNS;
    if (PANELS / g.padded < most) most = PANELS / g.padded;
    most = most / g.width > 0 ? most / g.width : 1; /* in panels */
    g.blocks = (g.panels + most * threads - 1) / (most * threads) * threads;
    if (g.blocks > g.panels) g.blocks = g.panels; /* none is empty */
    return g;
}

static bool many(const rfi_xent *p) { return p->R > 0 && p->V >= MANY && p->H > 0 && p->H <= DEEP; }

/* Pieces of the memory D; E is empty when it is not kept. */
typedef struct pieces {
    rf_real *E;       /* [R,V] by parts, in them by blocks, in them by rows */
    rf_real *F;       /* [R,blocks]: largest logits, then factors; by parts and blocks */
    rf_real *sum;     /* [R,blocks] likewise */
    rf_real *right;   /* [R]: the target's logit */
    rf_real *X;       /* [threads, rows, padded] x packed */
    rf_real *partial; /* [threads, rows, H] of x's gradient */
    rf_index size;
} pieces;

static rf_real *piece(rf_real *at, rf_index *used, rf_index n)
{
    rf_real *p = at ? at + *used : NULL;
    *used += (n + 15) / 16 * 16;
    return p;
}

static pieces pieces_of(const rfi_xent *p, const grid *g, bool keep, rf_real *D)
{
    const rf_index threads = rf_device_threads(p->device);
    pieces m = {0};
    m.E = piece(D, &m.size, keep ? p->R * p->V : 0);
    m.F = piece(D, &m.size, p->R * g->blocks);
    m.sum = piece(D, &m.size, p->R * g->blocks);
    m.right = piece(D, &m.size, p->R);
    m.X = piece(D, &m.size, threads * g->rows * g->padded);
    m.partial = piece(D, &m.size, keep ? threads * g->rows * p->H : 0);
    return m;
}

/* One part of the rows, and what is done to it. */
typedef struct part {
    const rfi_xent *p;
    grid g;
    pieces m;
    rf_index r0, R;
    bool keep;
    rf_real scale, *loss;        /* forward */
    const rfi_xent_grads *grads; /* adjoint */
    rf_real gy;
    bool first; /* of the parts */
} part;

/* Columns [v, v+n) of block b of a part, its E and its row of statistics. */
typedef struct block {
    rf_index v, n;
    rf_real *E, *F, *sum;
} block;

static block block_at(const part *q, rf_index b, rf_real *scratch)
{
    const grid *g = &q->g;
    const rf_index v = g->panels * b / g->blocks * g->width;
    const rf_index end = g->panels * (b + 1) / g->blocks * g->width;
    const rf_index at = q->r0 * g->blocks + b * q->R;
    return (block){.v = v,
                   .n = (end < q->p->V ? end : q->p->V) - v,
                   .E = q->keep ? q->m.E + q->r0 * q->p->V + v * q->R : scratch,
                   .F = q->m.F + at,
                   .sum = q->m.sum + at};
}

static rf_real *scratch_of(const part *q, int thread)
{
    return rfi_device_scratch(q->p->device, thread);
}

/* ---- Many classes: forward ------------------------------------------------------------------------- */

/* E of rows [from, end) of a block from their logits, which still lack the bias. */
static void statistics(const part *q, const block *b, rf_index from, rf_index end)
{
    const rfi_kernels *k = q->p->device->k;
    const rf_real *bias = q->p->b ? q->p->b + b->v : NULL;
    for (rf_index r = from; r < end; r++) {
        rf_real *row = b->E + r * b->n;
        const rf_index t = q->p->target[q->r0 + r] - b->v;
        if (t >= 0 && t < b->n) q->m.right[q->r0 + r] = row[t] + (bias ? bias[t] : 0);
        b->sum[r] = k->exp_row(b->n, bias, row, &b->F[r]);
    }
}

static rf_index band_end(const part *q, rf_index from)
{
    return from + q->g.band < q->R ? from + q->g.band : q->R;
}

static void forward_block(const part *q, const block *b, const rf_real *X, rf_real *panels)
{
    const rfi_xent *p = q->p;
    const rfi_kernels *k = p->device->k;
    rfi_block_panels(k, true, p->H, b->n, p->w + b->v * p->H, p->H, panels);
    for (rf_index r = 0, end; r < q->R; r = end) {
        end = band_end(q, r);
        rfi_block_multiply(k, end - r, b->n, p->H, X + r * p->H, panels, b->E + r * b->n, b->n,
                           false, panels + PANELS);
        statistics(q, b, r, end);
    }
}

static void forward_blocks(const part *q, int thread, int threads)
{
    const rfi_xent *p = q->p;
    rf_real *scratch = scratch_of(q, thread), *X = q->m.X + thread * q->g.rows * q->g.padded;
    rf_index first, last;
    rfi_split(q->g.blocks, 1, thread, threads, &first, &last);
    for (rf_index r = 0, end; r < q->R; r = end) {
        end = band_end(q, r);
        p->device->k->pack_rows(end - r, p->H, p->x + (q->r0 + r) * p->H, p->H, NULL, X + r * p->H);
    }
    for (rf_index i = first; i < last; i++) {
        const block b = block_at(q, i, scratch);
        forward_block(q, &b, X, scratch + LOGITS);
    }
}

/* A factor may not vanish, see above; what it is then multiplied with does. */
static rf_real factor(rf_real scale, rf_real m, rf_real sum)
{
    const rf_real least = (rf_real)1e-30, f = (rf_real)exp((double)m) / sum;
    return scale * (f < least ? least : f); /* NaN stays */
}

/* Loss and factors of row r, when all blocks are there. */
static void finish_row(const part *q, rf_index r)
{
    const rf_index blocks = q->g.blocks, at = q->r0 * blocks + r;
    const int32_t t = q->p->target[q->r0 + r];
    rf_real *F = q->m.F + at, *sum = q->m.sum + at, m = F[0], total = 0;
    for (rf_index b = 1; b < blocks; b++)
        if (F[b * q->R] > m) m = F[b * q->R];
    for (rf_index b = 0; b < blocks; b++)
        total += sum[b * q->R] * (rf_real)exp((double)(F[b * q->R] - m));
    q->loss[q->r0 + r] = t < 0 ? 0 : (rf_real)log((double)total) + m - q->m.right[q->r0 + r];
    for (rf_index b = 0; q->keep && b < blocks; b++)
        F[b * q->R] = t < 0 ? 0 : factor(q->scale, F[b * q->R] - m, total);
}

/* The targets' E of a block, when the factors are there. */
static void lessen(const part *q, const block *b)
{
    for (rf_index r = 0; r < q->R; r++) {
        const rf_index t = q->p->target[q->r0 + r] - b->v;
        if (t >= 0 && t < b->n) b->E[r * b->n + t] -= q->scale / b->F[r];
    }
}

static void forward_part(void *ctx, int thread, int threads)
{
    const part *q = ctx;
    rf_index first, last;
    forward_blocks(q, thread, threads);
    rfi_device_barrier(q->p->device, thread);
    rfi_split(q->R, 1, thread, threads, &first, &last);
    for (rf_index r = first; r < last; r++) finish_row(q, r);
    if (!q->keep) return;
    rfi_device_barrier(q->p->device, thread);
    rfi_split(q->g.blocks, 1, thread, threads, &first, &last);
    for (rf_index i = first; i < last; i++) {
        const block b = block_at(q, i, NULL);
        lessen(q, &b);
    }
}

/* ---- Many classes: adjoint ------------------------------------------------------------------------- */

/* gx += D w of a block, into the thread's own sum. */
static void adjoint_x(const part *q, const block *b, const rf_real *factor, rf_real *scratch,
                      rf_real *partial)
{
    const rfi_xent *p = q->p;
    const rfi_kernels *k = p->device->k;
    rf_real *panels = scratch + LOGITS;
    rfi_block_panels(k, false, b->n, p->H, p->w + b->v * p->H, p->H, panels);
    for (rf_index r = 0, end; r < q->R; r = end) {
        end = band_end(q, r);
        k->pack_rows(end - r, b->n, b->E + r * b->n, b->n, factor + r, scratch);
        rfi_block_multiply(k, end - r, p->H, b->n, scratch, panels, partial + r * p->H, p->H, true,
                           panels + PANELS);
    }
}

/* gw += D^T x and gb += D's columns of a block. */
static void adjoint_w(const part *q, const block *b, const rf_real *factor, rf_real *scratch,
                      const rf_real *X)
{
    const rfi_xent *p = q->p;
    const rfi_xent_grads *to = q->grads;
    rf_real *gb = to->b ? to->b + b->v : NULL;
    if (gb && to->fresh_b && q->first) memset(gb, 0, (size_t)b->n * sizeof *gb);
    p->device->k->pack_turned(b->n, q->R, b->E, b->n, factor, gb, scratch);
    if (to->w)
        rfi_block_multiply(p->device->k, b->n, p->H, q->R, scratch, X, to->w + b->v * p->H, p->H,
                           !(to->fresh_w && q->first), scratch + LOGITS + PANELS);
}

static void adjoint_blocks(const part *q, int thread, int threads)
{
    const rfi_xent *p = q->p;
    const rfi_kernels *k = p->device->k;
    rf_real *scratch = scratch_of(q, thread), factor[ROWS];
    rf_real *X = q->m.X + thread * q->g.rows * q->g.padded;
    rf_real *partial = q->m.partial + thread * q->g.rows * p->H;
    rf_index first, last;
    rfi_split(q->g.blocks, 1, thread, threads, &first, &last);
    if (q->grads->w) rfi_block_panels(k, false, q->R, p->H, p->x + q->r0 * p->H, p->H, X);
    memset(partial, 0, (size_t)(q->R * p->H) * sizeof *partial);
    for (rf_index i = first; i < last; i++) {
        const block b = block_at(q, i, NULL);
        k->scale(q->R, q->gy, b.F, factor);
        if (q->grads->x) adjoint_x(q, &b, factor, scratch, partial);
        if (q->grads->w || q->grads->b) adjoint_w(q, &b, factor, scratch, X);
    }
}

static void adjoint_part(void *ctx, int thread, int threads)
{
    const part *q = ctx;
    const rf_index H = q->p->H;
    rf_index first, last;
    adjoint_blocks(q, thread, threads);
    if (!q->grads->x) return;
    rfi_device_barrier(q->p->device, thread);
    rfi_split(q->R, 1, thread, threads, &first, &last);
    const rf_index n = (last - first) * H;
    rf_real *gx = q->grads->x + (q->r0 + first) * H;
    if (q->grads->fresh_x) memset(gx, 0, (size_t)n * sizeof *gx);
    for (int i = 0; i < threads; i++)
        q->p->device->k->add(n, gx, q->m.partial + (i * q->g.rows + first) * H, gx);
}

/* ---- The choice ------------------------------------------------------------------------------------ */

rf_index rfi_xent_size(const rfi_xent *p, bool keep)
{
    if (many(p)) {
        const grid g = grid_of(p);
        return pieces_of(p, &g, keep, NULL).size;
    }
    const rf_index n = block_rows(p);
    return (keep || p->R < n ? p->R : n) * p->V;
}

static void run_parts(part *q, rf_worker_fn fn, rf_real *D)
{
    q->g = grid_of(q->p);
    q->m = pieces_of(q->p, &q->g, q->keep, D);
    for (rf_index i = 0; i < q->g.parts; i++) {
        q->r0 = q->p->R * i / q->g.parts;
        q->R = q->p->R * (i + 1) / q->g.parts - q->r0;
        q->first = i == 0;
        rf_device_run(q->p->device, fn, q);
    }
}

void rfi_xent_forward(const rfi_xent *p, bool keep, rf_real scale, rf_real *D, rf_real *loss)
{
    if (!many(p)) {
        few_forward(p, keep, scale, D, loss);
        return;
    }
    part q = {.p = p, .keep = keep, .scale = scale, .loss = loss};
    run_parts(&q, forward_part, D);
}

void rfi_xent_adjoint(const rfi_xent *p, rf_real *D, rf_real gy, const rfi_xent_grads *g)
{
    if (!many(p)) {
        few_adjoint(p, D, gy, g);
        return;
    }
    part q = {.p = p, .keep = true, .grads = g, .gy = gy};
    run_parts(&q, adjoint_part, D);
}

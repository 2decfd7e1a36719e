/* graph/op_pool.c -- the largest element or the mean of each window of a map [B,H,W,C].
 *
 * Cells outside the map do not count: a mean is that of the cells within.  saved, of the largest:
 * [B,OH,OW,C] which tap it was, the first of equals. */
#include "graph/plane.h"
#include "tensor/vec.h"

typedef struct job {
    const rf_call *c;
    rfi_plane p;
    const rf_real *from;
    rf_real *to;
    void (*row)(const struct job *q, rf_index b, rf_index i); /* of the output; or a whole image */
} job;

/* A window's taps within the map. */
typedef struct window {
    rf_index y, x, top, bottom, left, right;
} window;

static window window_at(const rfi_plane *p, rf_index i, rf_index j)
{
    window w = {.y = rfi_plane_y(p, i), .x = rfi_plane_x(p, j)};
    rfi_plane_span(w.y, p->kh, p->H, &w.top, &w.bottom);
    rfi_plane_span(w.x, p->kw, p->W, &w.left, &w.right);
    return w;
}

/* Index of a cell's channel 0, the window's tap (t, u) in image b. */
static rf_index cell(const rfi_plane *p, const window *w, rf_index b, rf_index t, rf_index u)
{
    return ((b * p->H + w->y + t) * p->W + w->x + u) * p->C;
}

static rf_index place(const rfi_plane *p, rf_index b, rf_index i, rf_index j)
{
    return ((b * p->OH + i) * p->OW + j) * p->C;
}

static bool pool_shape(const rf_call *c, rf_shape *y)
{
    const rf_pool *a = c->attr;
    rfi_plane p;
    if (!rfi_plane_fit(c, a->window[0], a->window[1], a->stride, a->pad, &p)) return false;
    /* The last window reaches the map: its first tap lies before the end. */
    if (rfi_plane_y(&p, p.OH - 1) >= p.H || rfi_plane_x(&p, p.OW - 1) >= p.W)
        return rf_call_fail(c, "the last window lies in the padding alone");
    *y = RF_SHAPE(p.B, p.OH, p.OW, p.C);
    return true;
}

static size_t max_save(const rf_call *c)
{
    const rf_pool *a = c->attr;
    rfi_plane p;
    if (!rfi_plane_fit(c, a->window[0], a->window[1], a->stride, a->pad, &p)) return 0;
    return (size_t)(rfi_plane_rows(&p) * p.C) * sizeof(int32_t);
}

static job job_of(const rf_call *c, const rf_real *from, rf_real *to,
                  void (*row)(const job *q, rf_index b, rf_index i))
{
    const rf_pool *a = c->attr;
    job q = {.c = c, .from = from, .to = to, .row = row};
    rfi_plane_fit(c, a->window[0], a->window[1], a->stride, a->pad, &q.p); /* it fitted before */
    return q;
}

static void row_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    rf_index r, end;
    rfi_split(q->p.B * q->p.OH, 1, thread, threads, &r, &end);
    for (; r < end; r++) q->row(q, r / q->p.OH, r % q->p.OH);
}

static rf_index work_of(const job *q) { return rfi_plane_rows(&q->p) * q->p.kh * q->p.kw * q->p.C; }

static void by_rows(job q) { rfi_vec_share(q.c->device, work_of(&q), row_part, &q); }

/* Windows overlap: going back, an image stays on one thread. */
static void image_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    rf_index b, end;
    rfi_split(q->p.B, 1, thread, threads, &b, &end);
    for (; b < end; b++)
        for (rf_index i = 0; i < q->p.OH; i++) q->row(q, b, i);
}

static void by_images(job q) { rfi_vec_share(q.c->device, work_of(&q), image_part, &q); }

/* ---- The largest ------------------------------------------------------------------------------------ */

static void max_cell(rf_index n, const rf_real *x, int32_t tap, bool first, int32_t *best,
                     rf_real *y)
{
    for (rf_index i = 0; i < n; i++) {
        const bool more = first || x[i] > y[i];
        best[i] = more ? tap : best[i];
        y[i] = more ? x[i] : y[i];
    }
}

static void max_row(const job *q, rf_index b, rf_index i)
{
    const rfi_plane *p = &q->p;
    for (rf_index j = 0; j < p->OW; j++) {
        const window w = window_at(p, i, j);
        const rf_index at = place(p, b, i, j);
        int32_t *best = (int32_t *)q->c->saved + at;
        for (rf_index t = w.top; t < w.bottom; t++)
            for (rf_index u = w.left; u < w.right; u++)
                max_cell(p->C, q->from + cell(p, &w, b, t, u), (int32_t)(t * p->kw + u),
                         t == w.top && u == w.left, best, q->to + at);
    }
}

static void max_forward(const rf_call *c) { by_rows(job_of(c, c->x[0].data, c->y.data, max_row)); }

/* Element of the map that channel k of place (b, i, j) is. */
static rf_index chosen(const job *q, const window *w, rf_index b, rf_index at, rf_index k)
{
    const int32_t *best = q->c->saved;
    return cell(&q->p, w, b, best[at + k] / q->p.kw, best[at + k] % q->p.kw) + k;
}

static void max_take(const job *q, rf_index b, rf_index i)
{
    for (rf_index j = 0; j < q->p.OW; j++) {
        const window w = window_at(&q->p, i, j);
        const rf_index at = place(&q->p, b, i, j);
        for (rf_index k = 0; k < q->p.C; k++) q->to[at + k] = q->from[chosen(q, &w, b, at, k)];
    }
}

static void max_give(const job *q, rf_index b, rf_index i)
{
    for (rf_index j = 0; j < q->p.OW; j++) {
        const window w = window_at(&q->p, i, j);
        const rf_index at = place(&q->p, b, i, j);
        for (rf_index k = 0; k < q->p.C; k++) q->to[chosen(q, &w, b, at, k)] += q->from[at + k];
    }
}

static void max_tangent(const rf_call *c) { by_rows(job_of(c, c->dx[0], c->dy, max_take)); }

static void max_adjoint(const rf_call *c)
{
    if (c->gx[0]) by_images(job_of(c, c->gy, c->gx[0], max_give));
}

/* ---- The mean --------------------------------------------------------------------------------------- */

static rf_real share_of(const window *w)
{
    return 1 / (rf_real)((w->bottom - w->top) * (w->right - w->left));
}

static void mean_row(const job *q, rf_index b, rf_index i)
{
    const rfi_plane *p = &q->p;
    for (rf_index j = 0; j < p->OW; j++) {
        const window w = window_at(p, i, j);
        rf_real *y = q->to + place(p, b, i, j);
        memset(y, 0, (size_t)p->C * sizeof *y);
        for (rf_index t = w.top; t < w.bottom; t++)
            for (rf_index u = w.left; u < w.right; u++)
                q->c->device->k->axpy(p->C, share_of(&w), q->from + cell(p, &w, b, t, u), y);
    }
}

static void mean_give(const job *q, rf_index b, rf_index i)
{
    const rfi_plane *p = &q->p;
    for (rf_index j = 0; j < p->OW; j++) {
        const window w = window_at(p, i, j);
        const rf_real *gy = q->from + place(p, b, i, j);
        for (rf_index t = w.top; t < w.bottom; t++)
            for (rf_index u = w.left; u < w.right; u++)
                q->c->device->k->axpy(p->C, share_of(&w), gy, q->to + cell(p, &w, b, t, u));
    }
}

static void mean_forward(const rf_call *c)
{
    by_rows(job_of(c, c->x[0].data, c->y.data, mean_row));
}

static void mean_tangent(const rf_call *c) { by_rows(job_of(c, c->dx[0], c->dy, mean_row)); }

static void mean_adjoint(const rf_call *c)
{
    if (c->gx[0]) by_images(job_of(c, c->gy, c->gx[0], mean_give));
}

/* ---- Table -------------------------------------------------------------------------------------------- */

static const rf_pool halves = {{2, 2}, {2, 2}, {0, 0, 0, 0}},
                     overlap = {{3, 3}, {2, 2}, {1, 1, 1, 1}},
                     uneven = {{3, 2}, {1, 2}, {0, 1, 2, 0}};
static const rf_case pool_cases[] = {
    {.n = 1, .shape = {RFI_S4(2, 4, 5, 3)}, .low = -1, .high = 1, RFI_ATTR(halves)},
    {.n = 1, .shape = {RFI_S4(2, 5, 4, 2)}, .low = -1, .high = 1, RFI_ATTR(overlap)},
    {.n = 1, .shape = {RFI_S4(1, 3, 5, 17)}, .low = -1, .high = 1, RFI_ATTR(uneven)}};
RFI_CASES(pool_cases)

const rf_op rfi_op_max_pool = {.name = "max_pool",
                               .arity = 1,
                               .formula = "y = max over a window of x",
                               .shape = pool_shape,
                               .save = max_save,
                               .forward = max_forward,
                               .tangent = max_tangent,
                               .adjoint = max_adjoint,
                               .sample = sample_pool_cases};

const rf_op rfi_op_mean_pool = {.name = "mean_pool",
                                .arity = 1,
                                .formula = "y = mean over a window of x",
                                .shape = pool_shape,
                                .forward = mean_forward,
                                .tangent = mean_tangent,
                                .adjoint = mean_adjoint,
                                .sample = sample_pool_cases};

rf_node rf_max_pool(rf_graph *g, rf_node x, const rf_pool *pool)
{
    return rf_apply(g, &rfi_op_max_pool, 1, &x, pool, sizeof *pool);
}

rf_node rf_mean_pool(rf_graph *g, rf_node x, const rf_pool *pool)
{
    return rf_apply(g, &rfi_op_mean_pool, 1, &x, pool, sizeof *pool);
}

rf_node rf_global_mean_pool(rf_graph *g, rf_node x)
{
    const rf_shape s = rf_shape_of(g, x);
    const rf_index n = s.rank == 4 ? s.dim[1] * s.dim[2] : 0;
    if (n < 1) return rf_sum_dim(g, x, 4, false); /* fails, and says which shape it was */
    const rf_node cells = rf_reshape(g, x, RF_SHAPE(s.dim[0], n, s.dim[3]));
    return rf_affine(g, rf_sum_dim(g, cells, 1, false), 1 / (double)n, 0);
}

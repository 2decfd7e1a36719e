/* graph/op_conv.c -- convolution of maps [B,H,W,C] with weights [O,kh,kw,C/groups].
 *
 *   y[b,i,j,o] = act(bias[o] + sum over p,q,c of w[o,p,q,c] x[b, i sy + p - top, j sx + q - left, c])
 *
 * where x outside the map is 0 and c runs over the channels of o's group.  The channels are the last
 * dimension, so that a window of one cell is a matrix product of the map as it lies, and every run of
 * channels is contiguous.  Larger windows are copied out, a row for each place (im2col), a block that
 * stays in the cache at a time; the block is multiplied, and the activation follows at once.  Blocks
 * depend on the sizes alone.  As many groups as channels: op_depthwise.c. */
#include "graph/plane.h"
#include "tensor/blas.h"
#include "tensor/vec.h"
#include <math.h>

enum { CHUNK = 256 * 1024 }; /* elements copied out at a time, going back */

typedef struct job {
    const rf_call *c;
    rfi_plane p;
    const rf_real *x, *w, *b;
    rf_real *y;
    bool add;
    rf_conv_act act;
    rf_real *columns; /* windows of the images first .. first+images-1 */
    rf_index first, images, group;
} job;

/* ---- Shapes -------------------------------------------------------------------------------------- */

bool rfi_plane_fit(const rf_call *c, rf_index kh, rf_index kw, const int32_t *stride,
                   const int32_t *pad, rfi_plane *p)
{
    char text[RF_SHAPE_TEXT];
    const rf_shape x = c->x[0].shape;
    if (!c->x[0].data || x.rank != 4)
        return rf_call_fail(c, "%s where a map [B,H,W,C] is due", rf_shape_text(x, text));
    if (stride[0] < 1 || stride[1] < 1 || kh < 1 || kw < 1)
        return rf_call_fail(c, "window %lldx%lld, stride %dx%d: all should be at least 1",
                            (long long)kh, (long long)kw, stride[0], stride[1]);
    for (int i = 0; i < 4; i++)
        if (pad[i] < 0 || pad[i] >= (i % 2 ? kw : kh))
            return rf_call_fail(c, "padding %d of a window %lldx%lld", pad[i], (long long)kh,
                                (long long)kw);
    const rf_index high = x.dim[1] + pad[0] + pad[2] - kh, wide = x.dim[2] + pad[1] + pad[3] - kw;
    if (high < 0 || wide < 0)
        return rf_call_fail(c, "no window %lldx%lld fits in %s", (long long)kh, (long long)kw,
                            rf_shape_text(x, text));
    *p =
        (rfi_plane){.B = x.dim[0], .H = x.dim[1], .W = x.dim[2], .C = x.dim[3], .kh = kh, .kw = kw};
    p->sy = stride[0], p->sx = stride[1], p->top = pad[0], p->left = pad[1];
    p->OH = high / p->sy + 1, p->OW = wide / p->sx + 1, p->O = p->C;
    p->groups = p->C, p->Cg = p->Og = 1;
    return true;
}

static bool plane_of(const rf_call *c, rfi_plane *p)
{
    const rf_conv *a = c->attr;
    const rf_shape w = c->x[1].shape;
    if (!c->x[1].data || w.rank != 4)
        return rfi_fail_pair(c, c->x[0].shape, w, "do not fit: weights [O,kh,kw,C/groups] are due");
    if (!rfi_plane_fit(c, w.dim[1], w.dim[2], a->stride, a->pad, p)) return false;
    p->O = w.dim[0], p->groups = a->groups, p->Cg = w.dim[3];
    if (a->groups < 1 || p->Cg * a->groups != p->C || p->O % a->groups)
        return rf_call_fail(c,
                            "%d groups do not divide %lld channels into %lld, or %lld into theirs",
                            a->groups, (long long)p->C, (long long)p->Cg, (long long)p->O);
    p->Og = p->O / p->groups;
    return true;
}

static bool conv_shape(const rf_call *c, rf_shape *y)
{
    rfi_plane p;
    const rf_conv *a = c->attr;
    if (!plane_of(c, &p)) return false;
    if (a->act < RF_CONV_LINEAR || a->act > RF_CONV_RELU6)
        return rf_call_fail(c, "there is no activation %d", (int)a->act);
    if (c->x[2].data && (c->x[2].shape.rank != 1 || c->x[2].shape.dim[0] != p.O))
        return rfi_fail_pair(c, c->x[1].shape, c->x[2].shape,
                             "do not fit: the bias should have one element a channel");
    *y = RF_SHAPE(p.B, p.OH, p.OW, p.O);
    return true;
}

static bool depthwise(const rfi_plane *p) { return p->Cg == 1 && p->Og == 1 && p->groups > 1; }

static job job_of(const rf_call *c)
{
    const rf_conv *a = c->attr;
    job q = {.c = c, .x = c->x[0].data, .w = c->x[1].data, .b = c->x[2].data, .act = a->act};
    plane_of(c, &q.p); /* it fitted when the node was made */
    return q;
}

/* ---- Activation ------------------------------------------------------------------------------------ */

void rfi_conv_range(rf_conv_act act, rf_real *low, rf_real *high)
{
    *low = act == RF_CONV_LINEAR ? -(rf_real)INFINITY : 0;
    *high = act == RF_CONV_RELU6 ? 6 : (rf_real)INFINITY;
}

/* y = x where the activation lets it through. */
typedef struct gate {
    const rf_call *c;
    rf_real top;
    const rf_real *x;
    rf_real *y;
} gate;

static void gate_part(void *ctx, int thread, int threads)
{
    const gate *q = ctx;
    const rf_real *at = q->c->y.data;
    rf_index i, end;
    rfi_split(rfi_count(&q->c->y), 64, thread, threads, &i, &end);
    for (; i < end; i++) q->y[i] = at[i] > 0 && at[i] < q->top ? q->x[i] : 0;
}

static void pass_gate(const rf_call *c, const rf_real *x, rf_real *y)
{
    rf_real low;
    gate q = {.c = c, .x = x, .y = y};
    rfi_conv_range(((const rf_conv *)c->attr)->act, &low, &q.top);
    rfi_vec_share(c->device, rfi_count(&c->y), gate_part, &q);
}

/* ---- Windows copied out ------------------------------------------------------------------------------ */

/* A row of taps: kw cells of one row of the map from column `at` on. */
static void copy_cells(const rfi_plane *p, const rf_real *row, rf_index at, rf_index group,
                       rf_real *to)
{
    rf_index from, end;
    rfi_plane_span(at, p->kw, p->W, &from, &end);
    const size_t cell = (size_t)p->Cg * sizeof *to;
    memset(to, 0, (size_t)from * cell);
    if (p->groups == 1)
        memcpy(to + from * p->C, row + (at + from) * p->C, (size_t)(end - from) * cell);
    for (rf_index i = from; p->groups > 1 && i < end; i++)
        memcpy(to + i * p->Cg, row + (at + i) * p->C + group * p->Cg, cell);
    memset(to + end * p->Cg, 0, (size_t)(p->kw - end) * cell);
}

/* The window of one place, of which some cells may be outside. */
static void copy_window(const rfi_plane *p, const rf_real *map, rf_index y, rf_index x,
                        rf_index group, rf_real *to)
{
    for (rf_index t = 0; t < p->kh; t++, to += p->kw * p->Cg)
        if (y + t < 0 || y + t >= p->H)
            memset(to, 0, (size_t)(p->kw * p->Cg) * sizeof *to);
        else
            copy_cells(p, map + (y + t) * p->W * p->C, x, group, to);
}

void rfi_plane_windows(const rfi_kernels *k, const rfi_plane *p, const rf_real *x, rf_index r,
                       rf_index end, rf_index group, rf_real *to)
{
    const rf_index line = p->kw * p->Cg;
    for (; r < end; r++, to += p->kh * line) {
        const rf_index b = r / (p->OH * p->OW);
        const rf_index i = rfi_plane_y(p, r / p->OW % p->OH), j = rfi_plane_x(p, r % p->OW);
        const rf_real *map = x + b * p->H * p->W * p->C;
        const bool inside = i >= 0 && i + p->kh <= p->H && j >= 0 && j + p->kw <= p->W;
        if (inside && p->groups == 1)
            k->copy_rows(p->kh, line, map + (i * p->W + j) * p->C, p->W * p->C, to, line);
        else
            copy_window(p, map, i, j, group, to);
    }
}

/* ---- Forward and tangent ------------------------------------------------------------------------------- */

static void run_forward(const job *q)
{
    const rfi_conv_product w = {q->c, &q->p, q->x, q->w, q->b, q->y, q->add, q->act};
    if (depthwise(&q->p))
        rfi_depthwise(&w);
    else
        rfi_conv_multiply(&w);
}

static void conv_forward(const rf_call *c)
{
    job q = job_of(c);
    q.y = c->y.data;
    run_forward(&q);
}

/* dy = dx * w + db + x * dw where the activation lets them through. */
static void conv_tangent(const rf_call *c)
{
    job q = job_of(c);
    const rf_conv_act act = q.act;
    q.y = c->dy, q.act = RF_CONV_LINEAR, q.add = true, q.b = NULL;
    if (c->dx[2])
        rfi_fill_rows(c->device, rfi_plane_rows(&q.p), q.p.O, c->dx[2], c->dy);
    else
        rfi_vec_fill(c->device, rfi_count(&c->y), 0, c->dy);
    if (c->dx[1]) {
        q.w = c->dx[1];
        run_forward(&q);
    }
    if (c->dx[0]) {
        q.w = c->x[1].data, q.x = c->dx[0];
        run_forward(&q);
    }
    if (act != RF_CONV_LINEAR) pass_gate(c, c->dy, c->dy);
}

/* ---- Adjoint ------------------------------------------------------------------------------------------ */

static void pointwise_adjoint(const job *q, const rf_real *gy)
{
    const rf_call *c = q->c;
    const rfi_plane *p = &q->p;
    const rf_index R = rfi_plane_rows(p);
    for (rf_index g = 0; g < p->groups; g++) {
        const rf_real *from = gy + g * p->Og, *w = q->w + g * p->Og * p->Cg;
        if (c->gx[0])
            rfi_gemm(c->device, false, false, R, p->Cg, p->Og, 1, from, p->O, w, p->Cg, 1,
                     c->gx[0] + g * p->Cg, p->C);
        if (c->gx[1])
            rfi_gemm(c->device, true, false, p->Og, p->Cg, R, 1, from, p->O, q->x + g * p->Cg, p->C,
                     1, c->gx[1] + g * p->Og * p->Cg, p->Cg);
    }
}

/* Windows of the chunk's images. */
static void copy_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    const rf_index place = q->p.OH * q->p.OW, base = q->first * place;
    rf_index r, end;
    rfi_split(q->images * place, 16, thread, threads, &r, &end);
    rfi_plane_windows(q->c->device->k, &q->p, q->x, base + r, base + end, q->group,
                      q->columns + r * rfi_plane_taps(&q->p));
}

/* The output row or column that sees `at` through tap t; -1: none. */
static rf_index seen_by(rf_index at, rf_index t, rf_index pad, rf_index stride, rf_index n)
{
    const rf_index d = at + pad - t;
    return d < 0 || d % stride || d / stride >= n ? -1 : d / stride;
}

/* gx of one row of a map, from the gradients of all windows that see it. */
static void gather_row(const job *q, rf_index image, rf_index y)
{
    const rfi_plane *p = &q->p;
    const rfi_kernels *k = q->c->device->k;
    const rf_index taps = rfi_plane_taps(p);
    rf_real *gx = q->c->gx[0] + ((q->first + image) * p->H + y) * p->W * p->C + q->group * p->Cg;
    for (rf_index t = 0; t < p->kh; t++) {
        const rf_index i = seen_by(y, t, p->top, p->sy, p->OH);
        for (rf_index s = 0; i >= 0 && s < p->kw; s++)
            for (rf_index x = 0; x < p->W; x++) {
                const rf_index j = seen_by(x, s, p->left, p->sx, p->OW);
                if (j < 0) continue;
                const rf_real *from = q->columns + ((image * p->OH + i) * p->OW + j) * taps;
                k->add(p->Cg, from + (t * p->kw + s) * p->Cg, gx + x * p->C, gx + x * p->C);
            }
    }
}

static void gather_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    rf_index i, end;
    rfi_split(q->images * q->p.H, 1, thread, threads, &i, &end);
    for (; i < end; i++) gather_row(q, i / q->p.H, i % q->p.H);
}

static void chunk_adjoint(job *q, const rf_real *gy)
{
    const rf_call *c = q->c;
    const rfi_plane *p = &q->p;
    const rf_index taps = rfi_plane_taps(p), place = p->OH * p->OW, R = q->images * place;
    for (q->group = 0; q->group < p->groups; q->group++) {
        const rf_index at = q->group * p->Og;
        const rf_real *from = gy + q->first * place * p->O + at;
        if (c->gx[1]) {
            rfi_vec_share(c->device, R * taps, copy_part, q);
            rfi_gemm(c->device, true, false, p->Og, taps, R, 1, from, p->O, q->columns, taps, 1,
                     c->gx[1] + at * taps, taps);
        }
        if (c->gx[0]) {
            rfi_gemm(c->device, false, false, R, taps, p->Og, 1, from, p->O, q->w + at * taps, taps,
                     0, q->columns, taps);
            rfi_vec_share(c->device, R * taps, gather_part, q);
        }
    }
}

static void window_adjoint(job *q, const rf_real *gy)
{
    const rfi_plane *p = &q->p;
    const rf_index one = p->OH * p->OW * rfi_plane_taps(p), most = one ? CHUNK / one : 1;
    const rf_index images = most < 1 ? 1 : most > p->B ? p->B : most;
    q->columns = rf_graph_scratch(q->c->graph, (size_t)(images * one) * sizeof *q->columns);
    for (; q->columns && q->first < p->B; q->first += images) {
        q->images = p->B - q->first < images ? p->B - q->first : images;
        chunk_adjoint(q, gy);
    }
}

static void conv_adjoint(const rf_call *c)
{
    job q = job_of(c);
    const rf_real *gy = c->gy;
    if (q.act != RF_CONV_LINEAR) {
        rf_real *g = rf_graph_scratch(c->graph, (size_t)rfi_count(&c->y) * sizeof *g);
        if (!g) return;
        pass_gate(c, gy, g);
        gy = g;
    }
    if (c->gx[2])
        rfi_vec_column_sum(c->device, rfi_plane_rows(&q.p), q.p.O, gy, q.p.O, c->gx[2], true);
    if (depthwise(&q.p))
        rfi_depthwise_back(c, &q.p, gy, c->gx[0], c->gx[1]);
    else if (rfi_plane_pointwise(&q.p))
        pointwise_adjoint(&q, gy);
    else
        window_adjoint(&q, gy);
}

static double conv_flop(const rf_call *c)
{
    return 2.0 * (double)rfi_count(&c->y) * (double)(rfi_count(&c->x[1]) / c->x[1].shape.dim[0]);
}

#define ROW(conv, bias, x, w)                                                                      \
    {                                                                                              \
        .n = 3, .shape = {x, w, bias}, .low = -1, .high = 1, RFI_ATTR(conv)                        \
    }
static const rf_conv plain = {{1, 1}, {0, 0, 0, 0}, 1, RF_CONV_LINEAR},
                     same = {{1, 1}, {1, 1, 1, 1}, 1, RF_CONV_RELU},
                     uneven = {{2, 3}, {0, 1, 1, 0}, 1, RF_CONV_RELU6},
                     grouped = {{2, 1}, {1, 0, 0, 1}, 2, RF_CONV_LINEAR},
                     grouped_cell = {{1, 1}, {0, 0, 0, 0}, 2, RF_CONV_RELU},
                     wide = {{1, 1}, {1, 1, 1, 1}, 5, RF_CONV_LINEAR},
                     wide_uneven = {{2, 2}, {0, 0, 1, 1}, 18, RF_CONV_RELU6},
                     skipping = {{2, 2}, {0, 0, 0, 0}, 1, RF_CONV_LINEAR};
static const rf_case conv_cases[] = {
    ROW(plain, RFI_S1(4), RFI_S4(2, 3, 2, 5), RFI_S4(4, 1, 1, 5)),
    ROW(skipping, RFI_OUT, RFI_S4(2, 5, 3, 2), RFI_S4(3, 1, 1, 2)),
    ROW(plain, RFI_OUT, RFI_S4(1, 4, 5, 3), RFI_S4(2, 3, 2, 3)),
    ROW(same, RFI_S1(3), RFI_S4(2, 4, 3, 2), RFI_S4(3, 3, 3, 2)),
    ROW(uneven, RFI_S1(3), RFI_S4(2, 5, 6, 2), RFI_S4(3, 2, 3, 2)),
    ROW(grouped, RFI_S1(6), RFI_S4(2, 4, 3, 4), RFI_S4(6, 3, 2, 2)),
    ROW(grouped_cell, RFI_S1(2), RFI_S4(2, 2, 3, 4), RFI_S4(2, 1, 1, 2)),
    ROW(wide, RFI_OUT, RFI_S4(2, 3, 4, 5), RFI_S4(5, 3, 3, 1)),
    ROW(wide_uneven, RFI_S1(18), RFI_S4(1, 4, 5, 18), RFI_S4(18, 3, 3, 1)),
    ROW(wide, RFI_S1(10), RFI_S4(1, 3, 2, 5), RFI_S4(10, 3, 3, 1))};
#undef ROW
RFI_CASES(conv_cases)

const rf_op rfi_op_conv2d = {.name = "conv2d",
                             .arity = 3,
                             .flags = RF_OP_OPTIONAL,
                             .formula = "y = act(w * x + b)",
                             .shape = conv_shape,
                             .forward = conv_forward,
                             .tangent = conv_tangent,
                             .adjoint = conv_adjoint,
                             .sample = sample_conv_cases,
                             .flop = conv_flop};

rf_node rf_conv2d(rf_graph *g, rf_node x, rf_node w, rf_node b, const rf_conv *conv)
{
    return rf_apply(g, &rfi_op_conv2d, 3, (const rf_node[]){x, w, b}, conv, sizeof *conv);
}

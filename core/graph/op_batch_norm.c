/* graph/op_batch_norm.c -- batch normalisation by the statistics of the batch, and an activation.
 *
 * Of column k of x [R,C], R all leading dimensions, with m its mean, v its variance and
 * r = 1 / sqrt(v + eps):   y = act(gain r (x - m) + bias).
 * saved: [C] m, v, r.  Maps are larger than the caches: every rule passes over x twice, once for sums and
 * once for its result, and what the activation lets through is computed anew instead of kept.  Sums
 * are those of blocks whose size depends on that of x alone, added in order.
 * Source: Ioffe & Szegedy, ICML 2015, algorithm 1; of blocks: Chan, Golub, LeVeque 1979, equation 1.5. */
#include "graph/ops.h"
#include "graph/plane.h"
#include "tensor/vec.h"
#include <math.h>

enum {
    NEAR = 16 * 1024,
    X = 0,
    GAIN,
    BIAS
}; /* NEAR: numbers of a block, which stay in the cache */

typedef struct batch_attr {
    double eps;
    rf_conv_act act;
} batch_attr;

typedef struct job {
    const rf_call *c;
    rf_index R, C, rows, blocks; /* rows: of a block */
    rf_real *mean, *var, *scale;
    rf_real low, high;   /* what the activation lets through lies between */
    const rf_real *from; /* rows whose sums, or images, are wanted; gated: by the activation */
    bool gated, add;
    rf_real *to;
    rf_real *sums;      /* [blocks,2,C]: of from, and of from (x - m) */
    rf_real *a, *b, *d; /* [C]: to (+)= a from + b + d (x - m) */
    rf_real *sum, *along;
    rf_real *slope; /* [C]: gain r */
} job;

static bool batch_shape(const rf_call *c, rf_shape *y)
{
    const rf_shape x = c->x[X].shape;
    char text[RF_SHAPE_TEXT];
    if (x.rank < 2 || rfi_rows(x) < 1)
        return rf_call_fail(c, "%s has no rows", rf_shape_text(x, text));
    for (int i = GAIN; i <= BIAS; i++)
        if (c->x[i].shape.rank != 1 || rfi_last(c->x[i].shape) != rfi_last(x))
            return rfi_fail_pair(c, x, c->x[i].shape, "do not fit: one gain and bias a column");
    return rfi_shape_same(c, y);
}

static size_t batch_save(const rf_call *c)
{
    return 3 * (size_t)rfi_last(c->x[X].shape) * sizeof(rf_real);
}

static job job_of(const rf_call *c)
{
    const batch_attr *attr = c->attr;
    job q = {.c = c, .R = rfi_rows(c->x[X].shape), .C = rfi_last(c->x[X].shape)};
    q.rows = q.C < NEAR ? NEAR / q.C : 1;
    q.blocks = (q.R + q.rows - 1) / q.rows;
    q.mean = c->saved, q.var = q.mean + q.C, q.scale = q.var + q.C;
    rfi_conv_range(attr->act, &q.low, &q.high);
    q.sums = rf_graph_scratch(c->graph, (size_t)((2 * q.blocks + 6) * q.C) * sizeof *q.sums);
    if (!q.sums) return q;
    q.a = q.sums + 2 * q.blocks * q.C, q.b = q.a + q.C, q.d = q.b + q.C;
    q.sum = q.d + q.C, q.along = q.sum + q.C, q.slope = q.along + q.C;
    return q;
}

static rf_index rows_of(const job *q, rf_index block)
{
    return q->R - block * q->rows < q->rows ? q->R - block * q->rows : q->rows;
}

/* fn on blocks that are dealt out. */
static void share(const job *q, rf_worker_fn fn)
{
    rfi_vec_share(q->c->device, q->R * q->C, fn, (void *)(uintptr_t)q);
}

/* ---- Forward --------------------------------------------------------------------------------------- */

static void add_row(rf_index n, const rf_real *restrict x, rf_real *restrict sum)
{
    for (rf_index k = 0; k < n; k++) sum[k] += x[k];
}

static void add_squares(rf_index n, const rf_real *restrict x, const rf_real *restrict mean,
                        rf_real *restrict squares)
{
    for (rf_index k = 0; k < n; k++) squares[k] += (x[k] - mean[k]) * (x[k] - mean[k]);
}

/* Mean of a block's rows, and squares around it. */
static void block_moments(const job *q, rf_index block, rf_real *mean, rf_real *squares)
{
    const rf_index n = rows_of(q, block), C = q->C;
    const rf_real *x = q->c->x[X].data + block * q->rows * C, part = 1 / (rf_real)n;
    memset(mean, 0, 2 * (size_t)C * sizeof *mean);
    for (rf_index r = 0; r < n; r++) add_row(C, x + r * C, mean);
    for (rf_index k = 0; k < C; k++) mean[k] *= part;
    for (rf_index r = 0; r < n; r++) add_squares(C, x + r * C, mean, squares);
}

static void moments_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    rf_index i, end;
    rfi_split(q->blocks, 1, thread, threads, &i, &end);
    for (; i < end; i++) block_moments(q, i, q->sums + 2 * i * q->C, q->sums + (2 * i + 1) * q->C);
}

/* Mean and variance of column k from those of the blocks. */
static void column_moments(const job *q, rf_index k, rf_real *mean, rf_real *var)
{
    double sum = 0, squares = 0;
    for (rf_index i = 0; i < q->blocks; i++)
        sum += (double)rows_of(q, i) * (double)q->sums[2 * i * q->C + k];
    const double m = sum / (double)q->R;
    for (rf_index i = 0; i < q->blocks; i++) {
        const double off = (double)q->sums[2 * i * q->C + k] - m;
        squares += (double)q->sums[(2 * i + 1) * q->C + k] + (double)rows_of(q, i) * off * off;
    }
    *mean = (rf_real)m;
    *var = (rf_real)(squares / (double)q->R);
}

static void value_row(rf_index n, const rf_real *restrict x, const rf_real *restrict mean,
                      const rf_real *restrict slope, const rf_real *restrict bias, rf_real low,
                      rf_real high, rf_real *restrict y)
{
    for (rf_index k = 0; k < n; k++) {
        const rf_real t = slope[k] * (x[k] - mean[k]) + bias[k], most = t > high ? high : t;
        y[k] = most < low ? low : most;
    }
}

static void value_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    rf_index r, end;
    rfi_split(q->R, 1, thread, threads, &r, &end);
    for (; r < end; r++)
        value_row(q->C, q->c->x[X].data + r * q->C, q->mean, q->slope, q->c->x[BIAS].data, q->low,
                  q->high, q->c->y.data + r * q->C);
}

static void set_slope(const job *q)
{
    for (rf_index k = 0; k < q->C; k++) q->slope[k] = q->c->x[GAIN].data[k] * q->scale[k];
}

static void batch_forward(const rf_call *c)
{
    const batch_attr *attr = c->attr;
    job q = job_of(c);
    if (!q.sums) return;
    share(&q, moments_part);
    for (rf_index k = 0; k < q.C; k++) {
        column_moments(&q, k, &q.mean[k], &q.var[k]);
        q.scale[k] = (rf_real)(1 / sqrt((double)q.var[k] + attr->eps));
    }
    set_slope(&q);
    share(&q, value_part);
}

/* ---- Tangent and adjoint --------------------------------------------------------------------------- */

/* v where the activation lets x through, 0 elsewhere. */
static inline rf_real passed(rf_real t, rf_real low, rf_real high, rf_real v)
{
    return ((t > low) & (t < high)) ? v : 0;
}

/* What a row's rule needs of its columns. */
typedef struct columns {
    const rf_real *mean, *slope, *bias, *a, *b, *d;
    rf_real low, high;
} columns;

static columns columns_of(const job *q)
{
    columns l = {q->mean, q->slope, q->c->x[BIAS].data, q->a, q->b, q->d, q->low, q->high};
    if (!q->gated) l.low = -(rf_real)INFINITY, l.high = (rf_real)INFINITY;
    return l;
}

/* sum += v, along += v (x - m), v gated. */
static void add_sums(rf_index n, const columns *l, const rf_real *restrict x,
                     const rf_real *restrict v, rf_real *restrict sum, rf_real *restrict along)
{
    const rf_real *restrict mean = l->mean, *restrict slope = l->slope, *restrict bias = l->bias;
    const rf_real low = l->low, high = l->high;
    for (rf_index k = 0; k < n; k++) {
        const rf_real off = x[k] - mean[k];
        const rf_real is = passed(slope[k] * off + bias[k], low, high, v[k]);
        sum[k] += is;
        along[k] += is * off;
    }
}

static void block_sums(const job *q, rf_index block, rf_real *sum, rf_real *along)
{
    const columns l = columns_of(q);
    memset(sum, 0, 2 * (size_t)q->C * sizeof *sum);
    for (rf_index r = block * q->rows, end = r + rows_of(q, block); r < end; r++)
        add_sums(q->C, &l, q->c->x[X].data + r * q->C, q->from + r * q->C, sum, along);
}

static void sums_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    rf_index i, end;
    rfi_split(q->blocks, 1, thread, threads, &i, &end);
    for (; i < end; i++) block_sums(q, i, q->sums + 2 * i * q->C, q->sums + (2 * i + 1) * q->C);
}

/* sum [C] of v, along [C] of v (x - m), over the rows. */
static void sums_of(job *q, const rf_real *v, bool gated)
{
    q->from = v, q->gated = gated;
    share(q, sums_part);
    rfi_vec_column_sum(q->c->device, q->blocks, q->C, q->sums, 2 * q->C, q->sum, false);
    rfi_vec_column_sum(q->c->device, q->blocks, q->C, q->sums + q->C, 2 * q->C, q->along, false);
}

/* a, b, d so that a v + b + d (x - m) is gain r (v - mean(v) - (x - m) r^2 mean(v (x - m))): the
 * Jacobian of y with respect to x is symmetric. */
static void jacobian(job *q)
{
    const rf_real part = 1 / (rf_real)q->R;
    for (rf_index k = 0; k < q->C; k++) {
        const rf_real r = q->scale[k], a = q->c->x[GAIN].data[k] * r;
        q->a[k] = a, q->b[k] = -a * part * q->sum[k];
        q->d[k] = -a * r * r * part * q->along[k];
    }
}

/* to = a v + b + d (x - m), gated; v NULL: a is 0. */
static void tangent_row(rf_index n, const columns *l, const rf_real *x, const rf_real *v,
                        rf_real *to)
{
    for (rf_index k = 0; k < n; k++) {
        const rf_real off = x[k] - l->mean[k];
        const rf_real is = l->a[k] * (v ? v[k] : 0) + l->b[k] + l->d[k] * off;
        to[k] = passed(l->slope[k] * off + l->bias[k], l->low, l->high, is);
    }
}

static void tangent_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    const columns l = columns_of(q);
    rf_index r, end;
    rfi_split(q->R, 1, thread, threads, &r, &end);
    for (; r < end; r++)
        tangent_row(q->C, &l, q->c->x[X].data + r * q->C, q->from ? q->from + r * q->C : NULL,
                    q->to + r * q->C);
}

static void batch_tangent(const rf_call *c)
{
    job q = job_of(c);
    if (!q.sums) return;
    set_slope(&q);
    memset(q.a, 0, 3 * (size_t)q.C * sizeof *q.a);
    if (c->dx[X]) {
        sums_of(&q, c->dx[X], false);
        jacobian(&q);
    }
    for (rf_index k = 0; k < q.C; k++) {
        if (c->dx[GAIN]) q.d[k] += c->dx[GAIN][k] * q.scale[k];
        if (c->dx[BIAS]) q.b[k] += c->dx[BIAS][k];
    }
    q.from = c->dx[X], q.gated = true, q.to = c->dy;
    share(&q, tangent_part);
}

/* to += a v + b + d (x - m), v gated. */
static void adjoint_row(rf_index n, const columns *l, const rf_real *restrict x,
                        const rf_real *restrict v, rf_real *restrict to)
{
    const rf_real *restrict mean = l->mean, *restrict slope = l->slope, *restrict bias = l->bias;
    const rf_real *restrict a = l->a, *restrict b = l->b, *restrict d = l->d;
    const rf_real low = l->low, high = l->high;
    for (rf_index k = 0; k < n; k++) {
        const rf_real off = x[k] - mean[k];
        const rf_real is = passed(slope[k] * off + bias[k], low, high, v[k]);
        to[k] += a[k] * is + b[k] + d[k] * off;
    }
}

static void adjoint_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    const columns l = columns_of(q);
    rf_index r, end;
    rfi_split(q->R, 1, thread, threads, &r, &end);
    for (; r < end; r++) {
        rf_real *to = q->to + r * q->C;
        if (!q->add) memset(to, 0, (size_t)q->C * sizeof *to);
        adjoint_row(q->C, &l, q->c->x[X].data + r * q->C, q->from + r * q->C, to);
    }
}

static void batch_adjoint(const rf_call *c)
{
    job q = job_of(c);
    if (!q.sums) return;
    set_slope(&q);
    sums_of(&q, c->gy, true);
    for (int i = GAIN; i <= BIAS; i++) {
        rf_real *g = c->gx[i];
        if (g && c->fresh[i]) memset(g, 0, (size_t)q.C * sizeof *g);
        for (rf_index k = 0; g && k < q.C; k++)
            g[k] += i == GAIN ? q.along[k] * q.scale[k] : q.sum[k];
    }
    if (!c->gx[X]) return;
    jacobian(&q);
    q.to = c->gx[X], q.add = !c->fresh[X];
    share(&q, adjoint_part);
}

static rf_node batch_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    const batch_attr *attr = c->attr;
    const double part = 1 / (double)rfi_rows(c->x[X].shape);
    const rf_shape rows = RF_SHAPE(rfi_rows(c->x[X].shape), rfi_last(c->x[X].shape));
    const rf_node all = rf_reshape(g, x[X], rows);
    const rf_node low = rf_sub(g, all, rf_affine(g, rf_sum_dim(g, all, 0, true), part, 0));
    const rf_node var = rf_affine(g, rf_sum_dim(g, rf_mul(g, low, low), 0, true), part, attr->eps);
    const rf_node u = rf_mul(g, rf_div(g, low, rf_sqrt(g, var)), x[GAIN]);
    rf_node y = rf_reshape(g, rf_add(g, u, x[BIAS]), c->x[X].shape);
    if (attr->act == RF_CONV_LINEAR) return y;
    const rf_node above = rf_relu(g, rf_affine(g, y, 1, -6));
    y = rf_relu(g, y);
    return attr->act == RF_CONV_RELU ? y : rf_sub(g, y, above); /* min(y, 6) */
}

static const batch_attr small = {1e-5, RF_CONV_LINEAR}, large = {0.1, RF_CONV_LINEAR},
                        relu = {1e-3, RF_CONV_RELU}, relu6 = {1e-3, RF_CONV_RELU6};
#define ROW(attr, gain, x)                                                                         \
    {                                                                                              \
        .n = 3, .shape = {x, gain, gain}, .low = -1, .high = 1, RFI_ATTR(attr)                     \
    }
static const rf_case batch_cases[] = {
    ROW(large, RFI_S1(3), RFI_S2(5, 3)),
    ROW(small, RFI_S1(2), RFI_S4(2, 3, 3, 2)),
    ROW(relu, RFI_S1(3), RFI_S4(2, 2, 3, 3)),
    {.n = 3, .shape = {RFI_S2(9, 3), RFI_S1(3), RFI_S1(3)}, .low = 1, .high = 9, RFI_ATTR(relu6)}};
#undef ROW
RFI_CASES(batch_cases)

const rf_op rfi_op_batch_norm = {.name = "batch_norm",
                                 .arity = 3,
                                 .flags = RF_OP_OVERWRITES,
                                 .formula = "y = act(gain (x - mean) / sqrt(var + eps) + bias)",
                                 .shape = batch_shape,
                                 .save = batch_save,
                                 .forward = batch_forward,
                                 .tangent = batch_tangent,
                                 .adjoint = batch_adjoint,
                                 .expand = batch_expand,
                                 .sample = sample_batch_cases};

rf_node rf_batch_norm_act(rf_graph *g, rf_node x, rf_node gain, rf_node bias, double eps,
                          rf_conv_act act)
{
    const rf_node in[] = {x, gain, bias};
    const batch_attr attr = {.eps = eps, .act = act};
    return rf_apply(g, &rfi_op_batch_norm, 3, in, &attr, sizeof attr);
}

rf_node rf_batch_norm(rf_graph *g, rf_node x, rf_node gain, rf_node bias, double eps)
{
    return rf_batch_norm_act(g, x, gain, bias, eps, RF_CONV_LINEAR);
}

bool rf_batch_norm_statistics(const rf_graph *g, rf_node y, const rf_real **mean,
                              const rf_real **var)
{
    if (y == RF_NONE || y == RF_POISON) return false;
    const rfi_node *p = rfi_at(g, y);
    if (p->op != &rfi_op_batch_norm || !p->saved) return false;
    *mean = p->saved;
    *var = *mean + rfi_last(rf_shape_of(g, y));
    return true;
}

/* graph/op_batch_norm.c -- batch normalisation by the statistics of the batch.
 *
 * Of column k of x [R,C], R all leading dimensions, with m its mean, v its variance and
 * r = 1 / sqrt(v + eps):   y = gain r (x - m) + bias.
 * saved: [C] m, v, r.  Sums over rows are those of a fixed number of blocks, added in order.
 * Source: Ioffe & Szegedy, ICML 2015, algorithm 1. */
#include "graph/ops.h"
#include "tensor/vec.h"
#include <math.h>

enum { BLOCKS = 32, X = 0, GAIN, BIAS };

typedef struct job {
    const rf_call *c;
    rf_index R, C;
    rf_real *mean, *var, *scale;
    const rf_real *from; /* rows whose sums, or images, are wanted */
    rf_real *to;
    rf_real *sums;      /* [BLOCKS,2,C]: of from, and of from (x - m) */
    rf_real *a, *b, *d; /* [C]: to += a from + b + d (x - m) */
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
    job q = {.c = c, .R = rfi_rows(c->x[X].shape), .C = rfi_last(c->x[X].shape)};
    q.mean = c->saved, q.var = q.mean + q.C, q.scale = q.var + q.C;
    q.sums = rf_graph_scratch(c->graph, (size_t)((2 * BLOCKS + 5) * q.C) * sizeof *q.sums);
    if (q.sums) q.a = q.sums + 2 * BLOCKS * q.C, q.b = q.a + q.C, q.d = q.b + q.C;
    return q;
}

static void block_sums(const job *q, rf_index block, rf_real *sum, rf_real *along)
{
    memset(sum, 0, 2 * (size_t)q->C * sizeof *sum);
    for (rf_index r = q->R * block / BLOCKS; r < q->R * (block + 1) / BLOCKS; r++) {
        const rf_real *x = q->c->x[X].data + r * q->C, *v = q->from ? q->from + r * q->C : NULL;
        for (rf_index k = 0; k < q->C; k++) {
            const rf_real low = x[k] - q->mean[k], is = v ? v[k] : low;
            sum[k] += is;
            along[k] += is * low;
        }
    }
}

static void sums_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    rf_index i, end;
    rfi_split(BLOCKS, 1, thread, threads, &i, &end);
    for (; i < end; i++) block_sums(q, i, q->sums + 2 * i * q->C, q->sums + (2 * i + 1) * q->C);
}

/* sum [C] of v, along [C] of v (x - m), over the rows; v NULL: x - m itself. */
static void sums_of(job *q, const rf_real *v, rf_real *sum, rf_real *along)
{
    q->from = v;
    rfi_vec_share(q->c->device, q->R * q->C, sums_part, q);
    rfi_vec_column_sum(q->c->device, BLOCKS, q->C, q->sums, 2 * q->C, sum, false);
    rfi_vec_column_sum(q->c->device, BLOCKS, q->C, q->sums + q->C, 2 * q->C, along, false);
}

static void image_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    rf_index r, end;
    rfi_split(q->R, 1, thread, threads, &r, &end);
    for (; r < end; r++) {
        const rf_real *x = q->c->x[X].data + r * q->C, *v = q->from ? q->from + r * q->C : x;
        rf_real *to = q->to + r * q->C;
        for (rf_index k = 0; k < q->C; k++)
            to[k] += q->a[k] * v[k] + q->b[k] + q->d[k] * (x[k] - q->mean[k]);
    }
}

/* to += a v + b + d (x - m); v NULL: x, a being 0. */
static void image_of(job *q, const rf_real *v, rf_real *to)
{
    q->from = v, q->to = to;
    rfi_vec_share(q->c->device, q->R * q->C, image_part, q);
}

static void batch_forward(const rf_call *c)
{
    job q = job_of(c);
    const rf_real part = 1 / (rf_real)q.R;
    const double *eps = c->attr;
    if (!q.sums) return;
    rfi_vec_column_sum(c->device, q.R, q.C, c->x[X].data, q.C, q.mean, false);
    for (rf_index k = 0; k < q.C; k++) q.mean[k] *= part;
    sums_of(&q, NULL, q.a, q.var);
    for (rf_index k = 0; k < q.C; k++) {
        q.var[k] *= part;
        q.scale[k] = (rf_real)(1 / sqrt((double)q.var[k] + *eps));
        q.a[k] = 0, q.b[k] = c->x[BIAS].data[k], q.d[k] = c->x[GAIN].data[k] * q.scale[k];
    }
    rfi_vec_fill(c->device, q.R * q.C, 0, c->y.data);
    image_of(&q, NULL, c->y.data);
}

/* a, b, d so that image_of(v) is gain r (v - mean(v) - (x - m) r^2 mean(v (x - m))): the Jacobian of
 * y with respect to x is symmetric.  sum, along: what sums_of gave for v. */
static void jacobian(job *q, const rf_real *sum, const rf_real *along)
{
    const rf_real part = 1 / (rf_real)q->R;
    for (rf_index k = 0; k < q->C; k++) {
        const rf_real r = q->scale[k], a = q->c->x[GAIN].data[k] * r;
        const rf_real b = -a * part * sum[k], d = -a * r * r * part * along[k];
        q->a[k] = a, q->b[k] = b, q->d[k] = d;
    }
}

static void batch_tangent(const rf_call *c)
{
    job q = job_of(c);
    if (!q.sums) return;
    rf_real *sum = q.d + q.C, *along = sum + q.C;
    memset(q.a, 0, 3 * (size_t)q.C * sizeof *q.a);
    if (c->dx[X]) {
        sums_of(&q, c->dx[X], sum, along);
        jacobian(&q, sum, along);
    }
    for (rf_index k = 0; k < q.C; k++) {
        if (c->dx[GAIN]) q.d[k] += c->dx[GAIN][k] * q.scale[k];
        if (c->dx[BIAS]) q.b[k] += c->dx[BIAS][k];
    }
    rfi_vec_fill(c->device, q.R * q.C, 0, c->dy);
    image_of(&q, c->dx[X], c->dy);
}

static void batch_adjoint(const rf_call *c)
{
    job q = job_of(c);
    if (!q.sums) return;
    rf_real *sum = q.d + q.C, *along = sum + q.C;
    sums_of(&q, c->gy, sum, along);
    for (rf_index k = 0; k < q.C; k++) {
        if (c->gx[GAIN]) c->gx[GAIN][k] += along[k] * q.scale[k];
        if (c->gx[BIAS]) c->gx[BIAS][k] += sum[k];
    }
    if (!c->gx[X]) return;
    jacobian(&q, sum, along);
    image_of(&q, c->gy, c->gx[X]);
}

static rf_node batch_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    const double *eps = c->attr, part = 1 / (double)rfi_rows(c->x[X].shape);
    const rf_shape rows = RF_SHAPE(rfi_rows(c->x[X].shape), rfi_last(c->x[X].shape));
    const rf_node all = rf_reshape(g, x[X], rows);
    const rf_node low = rf_sub(g, all, rf_affine(g, rf_sum_dim(g, all, 0, true), part, 0));
    const rf_node var = rf_affine(g, rf_sum_dim(g, rf_mul(g, low, low), 0, true), part, *eps);
    const rf_node u = rf_div(g, low, rf_sqrt(g, var));
    return rf_reshape(g, rf_add(g, rf_mul(g, u, x[GAIN]), x[BIAS]), c->x[X].shape);
}

static const double small = 1e-5, large = 0.1;
static const rf_case batch_cases[] = {
    {.n = 3, .shape = {RFI_S2(5, 3), RFI_S1(3), RFI_S1(3)}, .low = -1, .high = 1, RFI_ATTR(large)},
    {.n = 3,
     .shape = {RFI_S4(2, 3, 3, 2), RFI_S1(2), RFI_S1(2)},
     .low = -1,
     .high = 1,
     RFI_ATTR(small)}};
RFI_CASES(batch_cases)

const rf_op rfi_op_batch_norm = {.name = "batch_norm",
                                 .arity = 3,
                                 .formula = "y = gain (x - mean) / sqrt(var + eps) + bias",
                                 .shape = batch_shape,
                                 .save = batch_save,
                                 .forward = batch_forward,
                                 .tangent = batch_tangent,
                                 .adjoint = batch_adjoint,
                                 .expand = batch_expand,
                                 .sample = sample_batch_cases};

rf_node rf_batch_norm(rf_graph *g, rf_node x, rf_node gain, rf_node bias, double eps)
{
    const rf_node in[] = {x, gain, bias};
    return rf_apply(g, &rfi_op_batch_norm, 3, in, &eps, sizeof eps);
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

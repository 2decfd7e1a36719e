/* graph/op_norm.c -- layer normalisation.  Ba, Kiros, Hinton 2016, equation 4.
 *
 * With u = (x - mean) / sqrt(var + eps) of a row of K:  y = gain u + bias.
 * saved: [R,K] u, then [R] 1 / sqrt(var + eps). */
#include "graph/ops.h"
#include "tensor/vec.h"
#include <math.h>

static bool norm_shape(const rf_call *c, rf_shape *y)
{
    const rf_shape x = c->x[0].shape;
    char text[RF_SHAPE_TEXT];
    if (x.rank < 1 || rfi_last(x) < 1)
        return rf_call_fail(c, "%s has no rows", rf_shape_text(x, text));
    for (int i = 1; i < 3; i++)
        if (c->x[i].shape.rank != 1 || rfi_last(c->x[i].shape) != rfi_last(x))
            return rfi_fail_pair(c, x, c->x[i].shape, "do not fit: one gain and bias a column");
    return rfi_shape_same(c, y);
}

static size_t norm_save(const rf_call *c)
{
    return (size_t)(rfi_count(&c->x[0]) + rfi_rows(c->x[0].shape)) * sizeof(rf_real);
}

/* What a pass over the rows needs; the rule's own memory is split in u and scale. */
typedef struct job {
    const rf_call *c;
    rf_index R, K;
    rf_real *u, *scale;
    void (*row)(const struct job *j, rf_index r);
    rf_real *sums; /* [BLOCKS,2,K], then [threads,K] of room */
} job;

static void work(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    rf_index a, b;
    rfi_split(j->R, 1, thread, threads, &a, &b);
    for (rf_index r = a; r < b; r++) j->row(j, r);
}

static job job_of(const rf_call *c, void (*row)(const job *j, rf_index r))
{
    const rf_index R = rfi_rows(c->x[0].shape), K = rfi_last(c->x[0].shape);
    rf_real *u = c->saved;
    return (job){c, R, K, u, u + R * K, row, NULL};
}

static void run(job j) { rfi_vec_share(j.c->device, j.R * j.K, work, &j); }

static void forward_row(const job *j, rf_index r)
{
    const double *eps = j->c->attr;
    const rfi_kernels *k = j->c->device->k;
    const rf_real *x = j->c->x[0].data + r * j->K;
    rf_real *u = j->u + r * j->K, *y = j->c->y.data + r * j->K;
    k->affine(j->K, 1, -k->sum(j->K, x) / (rf_real)j->K, x, u);
    const double var = k->sumsq(j->K, u) / (double)j->K;
    j->scale[r] = (rf_real)(1 / sqrt(var + *eps));
    k->scale(j->K, j->scale[r], u, u);
    memcpy(y, j->c->x[2].data, (size_t)j->K * sizeof *y);
    k->mul_add(j->K, j->c->x[1].data, u, y);
}

static void norm_forward(const rf_call *c) { run(job_of(c, forward_row)); }

/* z = or += scale (g - mean(g) - u mean(g u)), g = row times factor (NULL: 1): du from dx, and gx
 * from gain gy, the Jacobian being symmetric.  room may be z where nothing is added. */
static void project(const job *j, rf_index r, const rf_real *row, const rf_real *factor,
                    rf_real *room, bool add, rf_real *z)
{
    const rfi_kernels *k = j->c->device->k;
    const rf_real *u = j->u + r * j->K, scale = j->scale[r];
    if (factor)
        k->mul(j->K, row, factor, room);
    else
        memcpy(room, row, (size_t)j->K * sizeof *room);
    const rf_real mean = k->sum(j->K, room) / (rf_real)j->K;
    const rf_real along = k->dot(j->K, room, u) / (rf_real)j->K;
    k->affine(j->K, scale, -scale * mean, room, add ? room : z);
    k->axpy(j->K, -scale * along, u, add ? room : z);
    if (add) k->add(j->K, room, z, z);
}

static void tangent_row(const job *j, rf_index r)
{
    const rf_call *c = j->c;
    const rf_real *u = j->u + r * j->K, *gain = c->x[1].data;
    rf_real *dy = c->dy + r * j->K;
    if (c->dx[0])
        project(j, r, c->dx[0] + r * j->K, NULL, dy, false, dy);
    else
        memset(dy, 0, (size_t)j->K * sizeof *dy);
    for (rf_index i = 0; i < j->K; i++) {
        dy[i] *= gain[i];
        if (c->dx[1]) dy[i] += c->dx[1][i] * u[i];
        if (c->dx[2]) dy[i] += c->dx[2][i];
    }
}

static void norm_tangent(const rf_call *c) { run(job_of(c, tangent_row)); }

/* The gradients of gain and bias are sums over rows: of blocks whose number depends on R alone, each
 * into memory of its own and then added in order. */
enum { BLOCKS = 32 };

static void adjoint_block(const job *j, rf_index block, rf_real *room)
{
    const rf_call *c = j->c;
    const rfi_kernels *k = c->device->k;
    rf_real *gain = j->sums + 2 * block * j->K, *bias = gain + j->K;
    memset(gain, 0, 2 * (size_t)j->K * sizeof *gain);
    for (rf_index r = j->R * block / BLOCKS; r < j->R * (block + 1) / BLOCKS; r++) {
        const rf_real *gy = c->gy + r * j->K;
        if (c->gx[0]) project(j, r, gy, c->x[1].data, room, !c->fresh[0], c->gx[0] + r * j->K);
        k->mul_add(j->K, gy, j->u + r * j->K, gain);
        k->add(j->K, gy, bias, bias);
    }
}

static void adjoint_part(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    rf_index block, end;
    rfi_split(BLOCKS, 1, thread, threads, &block, &end);
    for (; block < end; block++) adjoint_block(j, block, j->sums + (2 * BLOCKS + thread) * j->K);
}

static void norm_adjoint(const rf_call *c)
{
    job j = job_of(c, NULL);
    const size_t rows = 2 * BLOCKS + (size_t)rf_device_threads(c->device);
    j.sums = rf_graph_scratch(c->graph, rows * (size_t)j.K * sizeof *j.sums);
    if (!j.sums) return;
    rfi_vec_share(c->device, j.R * j.K, adjoint_part, &j);
    for (int i = 1; i < 3; i++)
        if (c->gx[i])
            rfi_vec_column_sum(c->device, BLOCKS, j.K, j.sums + (i - 1) * j.K, 2 * j.K, c->gx[i],
                               !c->fresh[i]);
}

static rf_node norm_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    const double *eps = c->attr, part = 1 / (double)rfi_last(c->x[0].shape);
    rf_node mean = rf_affine(g, rf_sum_dim(g, x[0], -1, true), part, 0);
    rf_node low = rf_sub(g, x[0], mean);
    rf_node var = rf_affine(g, rf_sum_dim(g, rf_mul(g, low, low), -1, true), part, *eps);
    rf_node u = rf_div(g, low, rf_sqrt(g, var));
    return rf_add(g, rf_mul(g, u, x[1]), x[2]);
}

static const double small = 1e-5, large = 0.1;
static const rf_case norm_cases[] = {
    {.n = 3, .shape = {RFI_S2(3, 5), RFI_S1(5), RFI_S1(5)}, .low = -1, .high = 1, RFI_ATTR(small)},
    {.n = 3,
     .shape = {RFI_S3(3, 1, 3), RFI_S1(3), RFI_S1(3)},
     .low = -1,
     .high = 1,
     RFI_ATTR(large)},
    {.n = 3, .shape = {RFI_S1(1), RFI_S1(1), RFI_S1(1)}, .low = -1, .high = 1, RFI_ATTR(large)}};
RFI_CASES(norm_cases)

const rf_op rfi_op_layer_norm = {.name = "layer_norm",
                                 .arity = 3,
                                 .flags = RF_OP_OVERWRITES,
                                 .formula = "y = gain (x - mean) / sqrt(var + eps) + bias",
                                 .shape = norm_shape,
                                 .save = norm_save,
                                 .forward = norm_forward,
                                 .tangent = norm_tangent,
                                 .adjoint = norm_adjoint,
                                 .expand = norm_expand,
                                 .sample = sample_norm_cases};

rf_node rf_layer_norm(rf_graph *g, rf_node x, rf_node gain, rf_node bias, double eps)
{
    const rf_node in[] = {x, gain, bias};
    return rf_apply(g, &rfi_op_layer_norm, 3, in, &eps, sizeof eps);
}

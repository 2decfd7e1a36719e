/* graph/op_softmax.c -- softmax, its logarithm, and softmax over the part of a row that is there.
 *
 * Rows are the last dimension.  One function maps g to z = or += J^T g or J g, J being symmetric
 * for softmax; ln softmax has J = I - 1 softmax^T. */
#include "graph/ops.h"
#include "tensor/vec.h"
#include <math.h>

typedef struct job {
    const rf_call *c;
    void (*row)(const rf_call *c, rf_index r, rf_index K, const rf_real *g, rf_real *z, bool add);
    const rf_real *g;
    rf_real *z;
    bool add;
} job;

static void work(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    const rf_index K = rfi_last(j->c->y.shape);
    rf_index a, b;
    rfi_split(rfi_rows(j->c->y.shape), 1, thread, threads, &a, &b);
    for (rf_index r = a; r < b; r++) j->row(j->c, r, K, j->g + r * K, j->z + r * K, j->add);
}

static void run(job j) { rfi_vec_share(j.c->device, rfi_count(&j.c->y), work, &j); }

static bool row_shape(const rf_call *c, rf_shape *y)
{
    char text[RF_SHAPE_TEXT];
    if (c->x[0].shape.rank < 1 || rfi_last(c->x[0].shape) < 1)
        return rf_call_fail(c, "%s has no rows", rf_shape_text(c->x[0].shape, text));
    return rfi_shape_same(c, y);
}

/* ---- softmax: y_i = e^x_i / sum_j e^x_j ---------------------------------------------------------- */

static void softmax_row(const rf_call *c, rf_index r, rf_index K, const rf_real *x, rf_real *y,
                        bool add)
{
    (void)r, (void)add;
    c->device->k->softmax(K, x, y);
}

/* z (+)= y (g - y . g). */
static void softmax_slope(const rf_call *c, rf_index r, rf_index K, const rf_real *g, rf_real *z,
                          bool add)
{
    const rf_real *y = c->y.data + r * K, s = c->device->k->dot(K, y, g);
    for (rf_index i = 0; i < K; i++) z[i] = (add ? z[i] : 0) + y[i] * (g[i] - s);
}

static void softmax_forward(const rf_call *c)
{
    run((job){c, softmax_row, c->x[0].data, c->y.data, false});
}

static void softmax_tangent(const rf_call *c)
{
    run((job){c, softmax_slope, c->dx[0], c->dy, false});
}

static void softmax_adjoint(const rf_call *c)
{
    if (c->gx[0]) run((job){c, softmax_slope, c->gy, c->gx[0], !c->fresh[0]});
}

static rf_node softmax_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    (void)c;
    rf_node e = rf_exp(g, rf_sub(g, x[0], rf_max_dim(g, x[0], -1, true)));
    return rf_div(g, e, rf_sum_dim(g, e, -1, true));
}

static const rf_case row_cases[] = {{.n = 1, .shape = {RFI_S1(5)}, .low = -3, .high = 3},
                                    {.n = 1, .shape = {RFI_S2(5, 1)}, .low = -3, .high = 3},
                                    {.n = 1, .shape = {RFI_S3(3, 1, 5)}, .low = -3, .high = 3}};
RFI_CASES(row_cases)

const rf_op rfi_op_softmax = {.name = "softmax",
                              .arity = 1,
                              .flags = RF_OP_OVERWRITES,
                              .formula = "y_i = e^x_i / sum_j e^x_j",
                              .shape = row_shape,
                              .forward = softmax_forward,
                              .tangent = softmax_tangent,
                              .adjoint = softmax_adjoint,
                              .expand = softmax_expand,
                              .sample = sample_row_cases};

rf_node rf_softmax(rf_graph *g, rf_node x) { return rf_apply(g, &rfi_op_softmax, 1, &x, NULL, 0); }

/* ---- log_softmax: y_i = x_i - ln sum_j e^x_j --------------------------------------------------------- */

static void log_softmax_row(const rf_call *c, rf_index r, rf_index K, const rf_real *x, rf_real *y,
                            bool add)
{
    (void)r, (void)add;
    c->device->k->log_softmax(K, x, y);
}

/* dy = dx - softmax . dx. */
static void log_softmax_tangent_row(const rf_call *c, rf_index r, rf_index K, const rf_real *dx,
                                    rf_real *dy, bool add)
{
    const rf_real *y = c->y.data + r * K;
    rf_real s = 0;
    (void)add;
    for (rf_index i = 0; i < K; i++) s += (rf_real)exp((double)y[i]) * dx[i];
    for (rf_index i = 0; i < K; i++) dy[i] = dx[i] - s;
}

/* gx (+)= gy - softmax sum(gy). */
static void log_softmax_adjoint_row(const rf_call *c, rf_index r, rf_index K, const rf_real *gy,
                                    rf_real *gx, bool add)
{
    const rf_real *y = c->y.data + r * K, s = c->device->k->sum(K, gy);
    for (rf_index i = 0; i < K; i++)
        gx[i] = (add ? gx[i] : 0) + gy[i] - (rf_real)exp((double)y[i]) * s;
}

static void log_softmax_forward(const rf_call *c)
{
    run((job){c, log_softmax_row, c->x[0].data, c->y.data, false});
}

static void log_softmax_tangent(const rf_call *c)
{
    run((job){c, log_softmax_tangent_row, c->dx[0], c->dy, false});
}

static void log_softmax_adjoint(const rf_call *c)
{
    if (c->gx[0]) run((job){c, log_softmax_adjoint_row, c->gy, c->gx[0], !c->fresh[0]});
}

static rf_node log_softmax_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    (void)c;
    rf_node low = rf_sub(g, x[0], rf_max_dim(g, x[0], -1, true));
    return rf_sub(g, low, rf_log(g, rf_sum_dim(g, rf_exp(g, low), -1, true)));
}

const rf_op rfi_op_log_softmax = {.name = "log_softmax",
                                  .arity = 1,
                                  .flags = RF_OP_OVERWRITES,
                                  .formula = "y_i = x_i - ln sum_j e^x_j",
                                  .shape = row_shape,
                                  .forward = log_softmax_forward,
                                  .tangent = log_softmax_tangent,
                                  .adjoint = log_softmax_adjoint,
                                  .expand = log_softmax_expand,
                                  .sample = sample_row_cases};

rf_node rf_log_softmax(rf_graph *g, rf_node x)
{
    return rf_apply(g, &rfi_op_log_softmax, 1, &x, NULL, 0);
}

/* ---- masked_softmax: of the first length[b] entries; the others are zero ----------------------------------- */

static rf_index length_of(const rf_call *c, rf_index r, rf_index K)
{
    const rfi_ids *lengths = c->attr;
    return lengths->n ? lengths->id[r % lengths->n] : K;
}

static bool masked_shape(const rf_call *c, rf_shape *y)
{
    const rfi_ids *lengths = c->attr;
    if (!row_shape(c, y)) return false;
    for (rf_index b = 0; b < lengths->n; b++)
        if (lengths->id[b] < 0 || lengths->id[b] > rfi_last(*y))
            return rf_call_fail(c, "length %d of sequence %lld is not within 0..%lld",
                                lengths->id[b], (long long)b, (long long)rfi_last(*y));
    return true;
}

static void masked_row(const rf_call *c, rf_index r, rf_index K, const rf_real *x, rf_real *y,
                       bool add)
{
    const rf_index n = length_of(c, r, K);
    (void)add;
    if (n) c->device->k->softmax(n, x, y);
    memset(y + n, 0, (size_t)(K - n) * sizeof *y);
}

static void masked_forward(const rf_call *c)
{
    run((job){c, masked_row, c->x[0].data, c->y.data, false});
}

/* Entries that are not there come as minus infinity's stand-in; a row of none is divided by one. */
static rf_node masked_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    const rf_shape s = c->x[0].shape;
    const rf_index K = rfi_last(s), R = rfi_rows(s);
    rf_node there = rf_zeros(g, s), none = rf_zeros(g, rfi_with_dim(s, s.rank - 1, 1));
    if (g->error.status) return RF_POISON;
    for (rf_index r = 0; r < R; r++) {
        const rf_index n = length_of(c, r, K);
        for (rf_index i = 0; i < n; i++) rf_value(g, there).data[r * K + i] = 1;
        rf_value(g, none).data[r] = n ? 0 : 1;
    }
    rf_node low = rf_add(g, rf_mul(g, x[0], there), rf_affine(g, there, 1e30, -1e30));
    rf_node e = rf_exp(g, rf_sub(g, low, rf_max_dim(g, low, -1, true)));
    rf_node kept = rf_mul(g, e, there);
    return rf_div(g, kept, rf_add(g, rf_sum_dim(g, kept, -1, true), none));
}

static const struct {
    rf_index n;
    int32_t id[3];
} some = {3, {5, 0, 2}}, all = {0, {0}};
static const rf_case masked_cases[] = {
    {.n = 1, .shape = {RFI_S2(3, 5)}, .low = -3, .high = 3, RFI_ATTR(some)},
    {.n = 1, .shape = {RFI_S3(2, 3, 5)}, .low = -3, .high = 3, RFI_ATTR(some)},
    {.n = 1, .shape = {RFI_S3(2, 1, 3)}, .low = -3, .high = 3, RFI_ATTR(all)}};
RFI_CASES(masked_cases)

const rf_op rfi_op_masked_softmax = {.name = "masked_softmax",
                                     .arity = 1,
                                     .flags = RF_OP_OVERWRITES,
                                     .formula =
                                         "y_i = e^x_i / sum_{j<length} e^x_j, 0 from length on",
                                     .shape = masked_shape,
                                     .forward = masked_forward,
                                     .tangent = softmax_tangent,
                                     .adjoint = softmax_adjoint,
                                     .expand = masked_expand,
                                     .sample = sample_masked_cases};

rf_node rf_masked_softmax(rf_graph *g, rf_node x, const int32_t *lengths)
{
    const rf_shape s = rf_shape_of(g, x);
    const rfi_ids *attr = rfi_ids_copy(g, s.rank > 1 ? s.dim[s.rank - 2] : 1, lengths);
    return attr ? rf_apply(g, &rfi_op_masked_softmax, 1, &x, attr, 0) : RF_POISON;
}

/* graph/op_error.c -- losses of numbers against numbers: mean squared error, binary cross entropy. */
#include "graph/ops.h"
#include "tensor/vec.h"
#include <math.h>

static bool pair_shape(const rf_call *c, rf_shape *y)
{
    const rf_shape a = c->x[0].shape, b = c->x[1].shape;
    if (!rf_shape_equal(a, b)) return rfi_fail_pair(c, a, b, "should be equal");
    return rfi_shape_scalar(c, y);
}

/* One over the number of elements. */
static double weight(const rf_call *c)
{
    const rf_index n = rfi_count(&c->x[0]);
    return n ? 1 / (double)n : 0;
}

/* The derivative of one element's loss with respect to input k. */
typedef rf_real slope_fn(rf_real a, rf_real b, int k);

static void pair_tangent(const rf_call *c, slope_fn *slope)
{
    const rf_real *a = c->x[0].data, *b = c->x[1].data;
    const rf_index n = rfi_count(&c->x[0]);
    double s = 0;
    for (int k = 0; k < 2; k++)
        for (rf_index i = 0; c->dx[k] && i < n; i++)
            s += (double)(slope(a[i], b[i], k) * c->dx[k][i]);
    *c->dy = (rf_real)(weight(c) * s);
}

typedef struct job {
    const rf_call *c;
    int k;
    rf_real gy;
} job;

/* gx (+)= gy slope, for some elements; inlined with the slope, so that vectors can do it. */
static inline void slope_part(const job *j, int thread, int threads, slope_fn *slope)
{
    const rf_real *a = j->c->x[0].data, *b = j->c->x[1].data, gy = j->gy;
    rf_real *gx = j->c->gx[j->k];
    rf_index i, end;
    rfi_split(rfi_count(&j->c->x[0]), 64, thread, threads, &i, &end);
    for (; i < end; i++) gx[i] += gy * slope(a[i], b[i], j->k);
}

static void pair_adjoint(const rf_call *c, rf_worker_fn part)
{
    const rf_real gy = (rf_real)(weight(c) * (double)*c->gy);
    for (int k = 0; k < 2; k++)
        if (c->gx[k]) rfi_vec_share(c->device, rfi_count(&c->x[0]), part, &(job){c, k, gy});
}

static void pair_forward(const rf_call *c, rfi_block_fn *loss)
{
    *c->y.data = (rf_real)(weight(c) * rfi_vec_reduce(c->device, rfi_count(&c->x[0]), loss, c));
}

/* ---- mean_squared_error --------------------------------------------------------------------------- */

static rf_real squared_slope(rf_real a, rf_real b, int k) { return 2 * (k ? b - a : a - b); }

static double squares(const void *ctx, rf_index first, rf_index n)
{
    const rf_call *c = ctx;
    const rf_real *a = c->x[0].data + first, *b = c->x[1].data + first;
    double s = 0;
    for (rf_index i = 0; i < n; i++) s += (double)(a[i] - b[i]) * (double)(a[i] - b[i]);
    return s;
}

static void mse_forward(const rf_call *c) { pair_forward(c, squares); }

static void mse_tangent(const rf_call *c) { pair_tangent(c, squared_slope); }

static void squared_part(void *ctx, int thread, int threads)
{
    slope_part(ctx, thread, threads, squared_slope);
}

static void mse_adjoint(const rf_call *c) { pair_adjoint(c, squared_part); }

static rf_node mse_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    (void)c;
    rf_node e = rf_sub(g, x[0], x[1]);
    return rf_mean(g, rf_mul(g, e, e));
}

static const rf_case mse_cases[] = {
    {.n = 2, .shape = {RFI_S2(3, 5), RFI_S2(3, 5)}, .low = -1, .high = 1},
    {.n = 2, .shape = {RFI_S0, RFI_S0}, .low = -1, .high = 1}};
RFI_CASES(mse_cases)

const rf_op rfi_op_mean_squared_error = {.name = "mean_squared_error",
                                         .arity = 2,
                                         .formula = "y = mean_i (a[i] - b[i])^2",
                                         .shape = pair_shape,
                                         .forward = mse_forward,
                                         .tangent = mse_tangent,
                                         .adjoint = mse_adjoint,
                                         .expand = mse_expand,
                                         .sample = sample_mse_cases};

rf_node rf_mean_squared_error(rf_graph *g, rf_node x, rf_node target)
{
    return rf_apply(g, &rfi_op_mean_squared_error, 2, (const rf_node[]){x, target}, NULL, 0);
}

/* ---- binary_cross_entropy -------------------------------------------------------------------------- */

/* -t ln s(z) - (1-t) ln(1-s(z)) = max(z,0) - z t + ln(1 + e^-|z|), s the sigmoid. */
static double binary_loss(double z, double t)
{
    return (z > 0 ? z : 0) - z * t + log1p(exp(-fabs(z)));
}

static rf_real binary_slope(rf_real z, rf_real t, int k)
{
    return k ? -z : (rf_real)(1 / (1 + exp(-(double)z))) - t;
}

static double entropies(const void *ctx, rf_index first, rf_index n)
{
    const rf_call *c = ctx;
    const rf_real *z = c->x[0].data + first, *t = c->x[1].data + first;
    double s = 0;
    for (rf_index i = 0; i < n; i++) s += binary_loss((double)z[i], (double)t[i]);
    return s;
}

static void bce_forward(const rf_call *c) { pair_forward(c, entropies); }

static void bce_tangent(const rf_call *c) { pair_tangent(c, binary_slope); }

static void binary_part(void *ctx, int thread, int threads)
{
    slope_part(ctx, thread, threads, binary_slope);
}

static void bce_adjoint(const rf_call *c) { pair_adjoint(c, binary_part); }

/* -mean(t ln s(z) + (1-t) ln s(-z)). */
static rf_node bce_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    (void)c;
    rf_node yes = rf_log(g, rf_sigmoid(g, x[0]));
    rf_node no = rf_log(g, rf_sigmoid(g, rf_affine(g, x[0], -1, 0)));
    rf_node both = rf_add(g, rf_mul(g, x[1], yes), rf_mul(g, rf_affine(g, x[1], -1, 1), no));
    return rf_affine(g, rf_mean(g, both), -1, 0);
}

static const rf_case bce_cases[] = {
    {.n = 2, .shape = {RFI_S2(3, 5), RFI_S2(3, 5)}, .low = -2, .high = 2},
    {.n = 2, .shape = {RFI_S1(1), RFI_S1(1)}, .low = 0, .high = 1}};
RFI_CASES(bce_cases)

const rf_op rfi_op_binary_cross_entropy = {
    .name = "binary_cross_entropy",
    .arity = 2,
    .formula = "y = -mean_i (t ln s + (1-t) ln(1-s)), s = 1 / (1 + e^-z)",
    .shape = pair_shape,
    .forward = bce_forward,
    .tangent = bce_tangent,
    .adjoint = bce_adjoint,
    .expand = bce_expand,
    .sample = sample_bce_cases};

rf_node rf_binary_cross_entropy(rf_graph *g, rf_node logits, rf_node target)
{
    return rf_apply(g, &rfi_op_binary_cross_entropy, 2, (const rf_node[]){logits, target}, NULL, 0);
}

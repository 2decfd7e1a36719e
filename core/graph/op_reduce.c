/* graph/op_reduce.c -- sums and maxima. */
#include "graph/ops.h"
#include "tensor/vec.h"

/* ---- sum: of all elements ------------------------------------------------------------------------ */

static void sum_forward(const rf_call *c)
{
    *c->y.data = (rf_real)rfi_vec_sum(c->device, rfi_count(&c->x[0]), c->x[0].data);
}

static void sum_tangent(const rf_call *c)
{
    *c->dy = (rf_real)rfi_vec_sum(c->device, rfi_count(&c->x[0]), c->dx[0]);
}

static void sum_adjoint(const rf_call *c)
{
    rf_real *gx = c->gx[0];
    const rf_index n = rfi_count(&c->x[0]);
    if (gx && c->fresh[0]) rfi_vec_fill(c->device, n, *c->gy, gx);
    for (rf_index i = 0; gx && !c->fresh[0] && i < n; i++) gx[i] += *c->gy;
}

static const rf_case sum_cases[] = {{.n = 1, .shape = {RFI_S2(3, 5)}, .low = -1, .high = 1},
                                    {.n = 1, .shape = {RFI_S0}, .low = -1, .high = 1}};
RFI_CASES(sum_cases)

const rf_op rfi_op_sum = {.name = "sum",
                          .arity = 1,
                          .flags = RF_OP_OVERWRITES,
                          .formula = "y = sum_i x[i]",
                          .shape = rfi_shape_scalar,
                          .forward = sum_forward,
                          .tangent = sum_tangent,
                          .adjoint = sum_adjoint,
                          .sample = sample_sum_cases};

rf_node rf_sum(rf_graph *g, rf_node x) { return rf_apply(g, &rfi_op_sum, 1, &x, NULL, 0); }

rf_node rf_mean(rf_graph *g, rf_node x)
{
    const rf_index n = rf_shape_count(rf_shape_of(g, x));
    return rf_affine(g, rf_sum(g, x), 1 / (double)(n ? n : 1), 0);
}

/* ---- sum_dim, max_dim: over one dimension ---------------------------------------------------------- */

typedef struct dim_attr {
    int32_t dim, keep;
} dim_attr;

static int dim_of(const rf_call *c)
{
    const dim_attr *a = c->attr;
    return rfi_dim(c->x[0].shape, a->dim);
}

static bool dim_shape(const rf_call *c, rf_shape *y)
{
    const dim_attr *a = c->attr;
    const rf_shape x = c->x[0].shape;
    const int d = dim_of(c);
    if (d < 0) return rfi_fail_dim(c, a->dim);
    *y = a->keep ? rfi_with_dim(x, d, 1) : rfi_without_dim(x, d);
    return true;
}

static bool max_shape(const rf_call *c, rf_shape *y)
{
    char text[RF_SHAPE_TEXT];
    if (!dim_shape(c, y)) return false;
    if (c->x[0].shape.dim[dim_of(c)] > 0) return true;
    return rf_call_fail(c, "no elements to choose from in %s", rf_shape_text(c->x[0].shape, text));
}

static void sum_over(const rf_call *c, const rf_real *x, rf_real *y)
{
    const rfi_kernels *k = c->device->k;
    const rfi_around a = rfi_around_dim(c->x[0].shape, dim_of(c));
    for (rf_index o = 0; o < a.outer; o++) {
        const rf_real *from = x + o * a.size * a.inner;
        rf_real *to = y + o * a.inner;
        if (a.inner == 1)
            *to = k->sum(a.size, from);
        else
            rfi_vec_column_sum(c->device, a.size, a.inner, from, a.inner, to, false);
    }
}

static void sum_dim_forward(const rf_call *c) { sum_over(c, c->x[0].data, c->y.data); }

static void sum_dim_tangent(const rf_call *c) { sum_over(c, c->dx[0], c->dy); }

static void sum_dim_adjoint(const rf_call *c)
{
    const rfi_around a = rfi_around_dim(c->x[0].shape, dim_of(c));
    if (!c->gx[0]) return;
    for (rf_index i = 0; i < a.outer * a.size; i++) {
        const rf_real *gy = c->gy + i / a.size * a.inner;
        rf_real *gx = c->gx[0] + i * a.inner;
        if (a.inner == 1)
            *gx += *gy;
        else
            c->device->k->add(a.inner, gy, gx, gx);
    }
}

/* saved: [outer, inner] which entry was the largest (the first of equals). */
static size_t max_save(const rf_call *c)
{
    const rfi_around a = rfi_around_dim(c->x[0].shape, dim_of(c));
    return (size_t)(a.outer * a.inner) * sizeof(int32_t);
}

static void max_forward(const rf_call *c)
{
    const rfi_around a = rfi_around_dim(c->x[0].shape, dim_of(c));
    int32_t *best = c->saved;
    for (rf_index i = 0; i < a.outer * a.inner; i++) {
        const rf_real *x = c->x[0].data + i / a.inner * a.size * a.inner + i % a.inner;
        rf_index at = 0;
        for (rf_index s = 1; s < a.size; s++)
            if (x[s * a.inner] > x[at * a.inner]) at = s;
        best[i] = (int32_t)at;
        c->y.data[i] = x[at * a.inner];
    }
}

static rf_index chosen(const rf_call *c, rfi_around a, rf_index i)
{
    const int32_t *best = c->saved;
    return (i / a.inner * a.size + best[i]) * a.inner + i % a.inner;
}

static void max_tangent(const rf_call *c)
{
    const rfi_around a = rfi_around_dim(c->x[0].shape, dim_of(c));
    for (rf_index i = 0; i < a.outer * a.inner; i++) c->dy[i] = c->dx[0][chosen(c, a, i)];
}

static void max_adjoint(const rf_call *c)
{
    const rfi_around a = rfi_around_dim(c->x[0].shape, dim_of(c));
    for (rf_index i = 0; c->gx[0] && i < a.outer * a.inner; i++)
        c->gx[0][chosen(c, a, i)] += c->gy[i];
}

static const dim_attr first = {0, 0}, middle = {1, 1}, last = {-1, 0}, last_kept = {-1, 1};
static const rf_case dim_cases[] = {
    {.n = 1, .shape = {RFI_S3(3, 5, 2)}, .low = -1, .high = 1, RFI_ATTR(first)},
    {.n = 1, .shape = {RFI_S3(3, 5, 2)}, .low = -1, .high = 1, RFI_ATTR(middle)},
    {.n = 1, .shape = {RFI_S2(3, 5)}, .low = -1, .high = 1, RFI_ATTR(last)},
    {.n = 1, .shape = {RFI_S2(5, 1)}, .low = -1, .high = 1, RFI_ATTR(last_kept)}};
RFI_CASES(dim_cases)

const rf_op rfi_op_sum_dim = {.name = "sum_dim",
                              .arity = 1,
                              .formula = "y = sum_d x[.., d, ..]",
                              .shape = dim_shape,
                              .forward = sum_dim_forward,
                              .tangent = sum_dim_tangent,
                              .adjoint = sum_dim_adjoint,
                              .sample = sample_dim_cases};

const rf_op rfi_op_max_dim = {.name = "max_dim",
                              .arity = 1,
                              .formula = "y = max_d x[.., d, ..]",
                              .shape = max_shape,
                              .save = max_save,
                              .forward = max_forward,
                              .tangent = max_tangent,
                              .adjoint = max_adjoint,
                              .sample = sample_dim_cases};

rf_node rf_sum_dim(rf_graph *g, rf_node x, int dim, bool keep)
{
    const dim_attr a = {dim, keep};
    return rf_apply(g, &rfi_op_sum_dim, 1, &x, &a, sizeof a);
}

rf_node rf_max_dim(rf_graph *g, rf_node x, int dim, bool keep)
{
    const dim_attr a = {dim, keep};
    return rf_apply(g, &rfi_op_max_dim, 1, &x, &a, sizeof a);
}

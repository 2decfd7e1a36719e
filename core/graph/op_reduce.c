/* graph/op_reduce.c -- sums and maxima. */
#include "graph/ops.h"
#include "tensor/vec.h"

enum { SAME = 512 };

/* ---- sum: of all elements ------------------------------------------------------------------------ */

static void sum_forward(const rf_call *c)
{
    *c->y.data = (rf_real)rfi_vec_sum(c->device, rfi_count(&c->x[0]), c->x[0].data);
}

static void sum_tangent(const rf_call *c)
{
    *c->dy = (rf_real)rfi_vec_sum(c->device, rfi_count(&c->x[0]), c->dx[0]);
}

/* The same number to all. */
static void sum_adjoint(const rf_call *c)
{
    const rf_index n = rfi_count(&c->x[0]);
    rf_real same[SAME];
    if (!c->gx[0]) return;
    for (int i = 0; i < SAME; i++) same[i] = *c->gy;
    rfi_put_rows(c->device, !c->fresh[0], n / SAME, SAME, same, 0, c->gx[0], SAME);
    rfi_put_rows(c->device, !c->fresh[0], 1, n % SAME, same, 0, c->gx[0] + n / SAME * SAME, SAME);
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

typedef struct job {
    const rf_call *c;
    rfi_around around; /* of the reduced dimension of x */
    const rf_real *from;
    rf_real *to;
    bool add;
} job;

static job job_of(const rf_call *c, const rf_real *from, rf_real *to)
{
    return (job){c, rfi_around_dim(c->x[0].shape, dim_of(c)), from, to, false};
}

static rf_index work_of(const job *j) { return j->around.outer * j->around.size * j->around.inner; }

/* Along rows. */
static void sum_part(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    const rf_index n = j->around.size;
    rf_index o, end;
    rfi_split(j->around.outer, 16, thread, threads, &o, &end);
    for (; o < end; o++) j->to[o] = j->c->device->k->sum(n, j->from + o * n);
}

static void sum_over(const rf_call *c, const rf_real *x, rf_real *y)
{
    job j = job_of(c, x, y);
    const rfi_around a = j.around;
    if (a.inner == 1)
        rfi_vec_share(c->device, work_of(&j), sum_part, &j);
    else
        for (rf_index o = 0; o < a.outer; o++)
            rfi_vec_column_sum(c->device, a.size, a.inner, x + o * a.size * a.inner, a.inner,
                               y + o * a.inner, false);
}

static void sum_dim_forward(const rf_call *c) { sum_over(c, c->x[0].data, c->y.data); }

static void sum_dim_tangent(const rf_call *c) { sum_over(c, c->dx[0], c->dy); }

static void spread_part(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    const rf_index size = j->around.size, inner = j->around.inner;
    rf_index i, end;
    rfi_split(j->around.outer * size, 16, thread, threads, &i, &end);
    for (; i < end; i++) {
        const rf_real *gy = j->from + i / size * inner;
        rf_real *gx = j->to + i * inner;
        if (inner == 1)
            *gx = (j->add ? *gx : 0) + *gy;
        else if (j->add)
            j->c->device->k->add(inner, gy, gx, gx);
        else
            memcpy(gx, gy, (size_t)inner * sizeof *gx);
    }
}

static void sum_dim_adjoint(const rf_call *c)
{
    job j = job_of(c, c->gy, c->gx[0]);
    j.add = !c->fresh[0];
    if (c->gx[0]) rfi_vec_share(c->device, work_of(&j), spread_part, &j);
}

/* saved: [outer, inner] which entry was the largest (the first of equals). */
static size_t max_save(const rf_call *c)
{
    const rfi_around a = rfi_around_dim(c->x[0].shape, dim_of(c));
    return (size_t)(a.outer * a.inner) * sizeof(int32_t);
}

/* n columns of one outer entry, row by row. */
static void max_columns(rfi_around a, rf_index n, const rf_real *x, int32_t *best, rf_real *y)
{
    memset(best, 0, (size_t)n * sizeof *best);
    memcpy(y, x, (size_t)n * sizeof *y);
    for (rf_index s = 1; s < a.size; s++) {
        x += a.inner;
        for (rf_index i = 0; i < n; i++) {
            const bool more = x[i] > y[i];
            best[i] = more ? (int32_t)s : best[i];
            y[i] = more ? x[i] : y[i];
        }
    }
}

static void max_row(rf_index n, const rf_real *x, int32_t *best, rf_real *y)
{
    rf_index at = 0;
    for (rf_index s = 1; s < n; s++)
        if (x[s] > x[at]) at = s;
    *best = (int32_t)at;
    *y = x[at];
}

static void max_part(void *ctx, int thread, int threads)
{
    enum { COLUMNS = 512 };
    const job *j = ctx;
    const rfi_around a = j->around;
    int32_t *best = j->c->saved;
    rf_index i, end;
    rfi_split(a.outer * a.inner, 16, thread, threads, &i, &end);
    while (i < end) {
        const rf_index at = i % a.inner, left = a.inner - at < end - i ? a.inner - at : end - i;
        const rf_index n = left < COLUMNS ? left : COLUMNS;
        const rf_real *x = j->from + i / a.inner * a.size * a.inner + at;
        if (a.inner == 1)
            max_row(a.size, x, best + i, j->to + i);
        else
            max_columns(a, n, x, best + i, j->to + i);
        i += n;
    }
}

static void max_forward(const rf_call *c)
{
    job j = job_of(c, c->x[0].data, c->y.data);
    rfi_vec_share(c->device, work_of(&j), max_part, &j);
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

static void give_part(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    rf_index i, end;
    rfi_split(j->around.outer * j->around.inner, 16, thread, threads, &i, &end);
    for (; i < end; i++) j->to[chosen(j->c, j->around, i)] += j->from[i];
}

static void max_adjoint(const rf_call *c)
{
    job j = job_of(c, c->gy, c->gx[0]);
    if (c->gx[0]) rfi_vec_share(c->device, j.around.outer * j.around.inner, give_part, &j);
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
                              .flags = RF_OP_OVERWRITES,
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

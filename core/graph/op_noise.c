/* graph/op_noise.c -- dropout.
 *
 * The mask is a function of the attribute's key and the element's number: each Philox block of four
 * words decides four elements.  What is saved is the factor of each element, 0 or 1/(1-p). */
#include "graph/ops.h"
#include "tensor/vec.h"

enum { GRAIN = 64 };

typedef struct dropout_attr {
    double p;
    rf_key key;
    int64_t dim; /* one mask for all entries of this dimension; -1: none is shared */
} dropout_attr;

static rfi_around mask_around(const rf_call *c)
{
    const dropout_attr *a = c->attr;
    if (a->dim >= 0) return rfi_around_dim(c->x[0].shape, (int)a->dim);
    return (rfi_around){1, 1, rfi_count(&c->x[0])};
}

typedef struct job {
    const dropout_attr *attr;
    rf_index n;
    rf_real *factor;
} job;

static void draw_part(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    const double drop = j->attr->p * 0x1p32;
    const uint32_t below = drop >= 0x1p32 - 1 ? UINT32_MAX : (uint32_t)drop;
    const rf_real keep = (rf_real)(1 / (1 - j->attr->p));
    rf_index i, end;
    rfi_split(j->n, GRAIN, thread, threads, &i, &end);
    for (; i < end; i += 4) {
        uint32_t word[4];
        rf_random(j->attr->key, (uint64_t)i / 4, word);
        for (int k = 0; k < 4 && i + k < end; k++) j->factor[i + k] = word[k] < below ? 0 : keep;
    }
}

static void draw_mask(rf_device *d, const dropout_attr *a, rf_index n, rf_real *factor)
{
    job j = {a, n, factor};
    if (n < 8192)
        draw_part(&j, 0, 1);
    else
        rf_device_run(d, draw_part, &j);
}

static bool dropout_shape(const rf_call *c, rf_shape *y)
{
    const dropout_attr *a = c->attr;
    if (!(a->p >= 0 && a->p < 1)) return rf_call_fail(c, "probability %g is not in [0,1)", a->p);
    if (a->dim >= c->x[0].shape.rank) return rfi_fail_dim(c, (int)a->dim);
    return rfi_shape_same(c, y);
}

static rf_index mask_count(const rf_call *c)
{
    const rfi_around m = mask_around(c);
    return m.outer * m.inner;
}

static size_t dropout_save(const rf_call *c) { return (size_t)mask_count(c) * sizeof(rf_real); }

/* z = or += a times the mask. */
static void mask(const rf_call *c, bool add, const rf_real *a, rf_real *z)
{
    const rfi_around m = mask_around(c);
    const rf_real *factor = c->saved;
    rfi_zip_fn *fn = add ? c->device->k->mul_add : c->device->k->mul;
    for (rf_index o = 0; o < m.outer; o++)
        for (rf_index s = 0; s < m.size; s++) {
            const rf_index at = (o * m.size + s) * m.inner;
            rfi_vec_zip(c->device, fn, m.inner, a + at, factor + o * m.inner, z + at);
        }
}

static void dropout_forward(const rf_call *c)
{
    draw_mask(c->device, c->attr, mask_count(c), c->saved);
    mask(c, false, c->x[0].data, c->y.data);
}

static void dropout_tangent(const rf_call *c) { mask(c, false, c->dx[0], c->dy); }

static void dropout_adjoint(const rf_call *c)
{
    if (c->gx[0]) mask(c, !c->fresh[0], c->gy, c->gx[0]);
}

static rf_node dropout_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    const dropout_attr *a = c->attr;
    rf_shape s = c->x[0].shape;
    if (a->dim >= 0) s = rfi_with_dim(s, (int)a->dim, 1);
    rf_node m = rf_zeros(g, s);
    if (m == RF_POISON) return m;
    draw_mask(c->device, a, rf_shape_count(s), rf_value(g, m).data);
    return rf_mul(g, x[0], m);
}

static const dropout_attr each = {0.4, {7, 1, 0, 3}, -1}, time_shared = {0.5, {7, 2, 0, 3}, 0},
                          mid_shared = {0.3, {7, 3, 0, 3}, 1};
static const rf_case dropout_cases[] = {
    {.n = 1, .shape = {RFI_S2(5, 7)}, .low = -1, .high = 1, RFI_ATTR(each)},
    {.n = 1, .shape = {RFI_S3(5, 3, 2)}, .low = -1, .high = 1, RFI_ATTR(time_shared)},
    {.n = 1, .shape = {RFI_S3(3, 5, 3)}, .low = -1, .high = 1, RFI_ATTR(mid_shared)}};
RFI_CASES(dropout_cases)

const rf_op rfi_op_dropout = {.name = "dropout",
                              .arity = 1,
                              .flags = RF_OP_OVERWRITES,
                              .formula = "y = x m / (1 - p), m = 0 with probability p, else 1",
                              .shape = dropout_shape,
                              .save = dropout_save,
                              .forward = dropout_forward,
                              .tangent = dropout_tangent,
                              .adjoint = dropout_adjoint,
                              .expand = dropout_expand,
                              .sample = sample_dropout_cases};

static rf_node apply_dropout(rf_graph *g, rf_node x, double p, int64_t dim)
{
    dropout_attr a = {.p = p, .dim = dim};
    if (p == 0 || g->mode != RF_TRAIN) return x;
    a.key = rf_graph_next_key(g);
    return rf_apply(g, &rfi_op_dropout, 1, &x, &a, sizeof a);
}

rf_node rf_dropout(rf_graph *g, rf_node x, double p) { return apply_dropout(g, x, p, -1); }

rf_node rf_dropout_shared(rf_graph *g, rf_node x, double p, int dim)
{
    const rf_shape s = rf_shape_of(g, x);
    const int d = rfi_dim(s, dim);
    return apply_dropout(g, x, p, d < 0 ? s.rank : d);
}

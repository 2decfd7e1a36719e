/* graph/op_move.c -- copies in another order: transpose, slice, concat, reverse (and stack).
 *
 * All are linear and move elements only, so one function, moving forth or back, with or without
 * adding, is every rule. */
#include "graph/ops.h"
#include "tensor/vec.h"

/* z[i] = or += a[i]. */
static void put(const rf_call *c, bool add, rf_index n, const rf_real *a, rf_real *z)
{
    if (add)
        c->device->k->add(n, a, z, z);
    else if (n)
        memcpy(z, a, (size_t)n * sizeof *z);
}

/* ---- transpose: two dimensions swapped --------------------------------------------------------- */

typedef struct dims_attr {
    int32_t a, b; /* a <= b */
} dims_attr;

static bool transpose_shape(const rf_call *c, rf_shape *y)
{
    const dims_attr *d = c->attr;
    const rf_shape x = c->x[0].shape;
    if (rfi_dim(x, d->a) < 0) return rfi_fail_dim(c, d->a);
    if (rfi_dim(x, d->b) < 0) return rfi_fail_dim(c, d->b);
    const int a = rfi_dim(x, d->a), b = rfi_dim(x, d->b);
    *y = rfi_with_dim(rfi_with_dim(x, a, x.dim[b]), b, x.dim[a]);
    return true;
}

/* A shape as [outer, p, middle, q, inner], where p and q are swapped. */
typedef struct swap {
    const rf_call *c;
    rf_index outer, p, middle, q, inner;
    const rf_real *from;
    rf_real *to;
    bool add;
} swap;

static void swap_rows(const swap *s, rf_index o, rf_index q)
{
    const rf_index block = s->p * s->middle * s->q * s->inner;
    for (rf_index m = 0; m < s->middle; m++)
        for (rf_index p = 0; p < s->p; p++) {
            const rf_real *from = s->from + o * block + ((p * s->middle + m) * s->q + q) * s->inner;
            rf_real *to = s->to + o * block + ((q * s->middle + m) * s->p + p) * s->inner;
            if (s->inner > 1)
                put(s->c, s->add, s->inner, from, to);
            else
                *to = s->add ? *to + *from : *from;
        }
}

static void swap_part(void *ctx, int thread, int threads)
{
    const swap *s = ctx;
    rf_index a, b;
    rfi_split(s->outer * s->q, 1, thread, threads, &a, &b);
    for (rf_index i = a; i < b; i++) swap_rows(s, i / s->q, i % s->q);
}

/* Matrices, by stripes of columns that become whole cache lines. */
static void turn_part(void *ctx, int thread, int threads)
{
    enum { STRIPE = 64 };
    const swap *s = ctx;
    const rf_index stripes = (s->q + STRIPE - 1) / STRIPE, size = s->p * s->q;
    rf_index a, b;
    rfi_split(s->outer * stripes, 1, thread, threads, &a, &b);
    for (rf_index i = a; i < b; i++) {
        const rf_index q = i % stripes * STRIPE, at = i / stripes * size;
        const rf_index n = s->q - q < STRIPE ? s->q - q : STRIPE;
        s->c->device->k->transpose(s->p, n, s->from + at + q, s->q, s->to + at + q * s->p, s->p);
    }
}

static void run_swap(const rf_call *c, rf_shape x, const rf_real *from, rf_real *to, bool add)
{
    const dims_attr *d = c->attr;
    const int i = rfi_dim(x, d->a), j = rfi_dim(x, d->b);
    const int a = i < j ? i : j, b = i < j ? j : i;
    swap s = {c, 1, x.dim[a], 1, x.dim[b], 1, from, to, add};
    if (a == b) s.p = 1; /* nothing moves */
    for (int k = 0; k < a; k++) s.outer *= x.dim[k];
    for (int k = a + 1; k < b; k++) s.middle *= x.dim[k];
    for (int k = b + 1; k < x.rank; k++) s.inner *= x.dim[k];
    const bool flat = s.inner == 1 && s.middle == 1 && !add;
    rfi_vec_share(c->device, rf_shape_count(x), flat ? turn_part : swap_part, &s);
}

static void transpose_forward(const rf_call *c)
{
    run_swap(c, c->x[0].shape, c->x[0].data, c->y.data, false);
}

static void transpose_tangent(const rf_call *c)
{
    run_swap(c, c->x[0].shape, c->dx[0], c->dy, false);
}

static void transpose_adjoint(const rf_call *c)
{
    if (c->gx[0]) run_swap(c, c->y.shape, c->gy, c->gx[0], !c->fresh[0]);
}

static const dims_attr swap_01 = {0, 1}, swap_02 = {0, 2}, swap_last = {-1, -2}, swap_11 = {1, 1};
static const rf_case transpose_cases[] = {
    {.n = 1, .shape = {RFI_S2(3, 5)}, .low = -1, .high = 1, RFI_ATTR(swap_01)},
    {.n = 1, .shape = {RFI_S3(3, 5, 2)}, .low = -1, .high = 1, RFI_ATTR(swap_01)},
    {.n = 1, .shape = {RFI_S3(3, 5, 2)}, .low = -1, .high = 1, RFI_ATTR(swap_02)},
    {.n = 1, .shape = {RFI_S3(3, 5, 2)}, .low = -1, .high = 1, RFI_ATTR(swap_11)},
    {.n = 1, .shape = {RFI_S4(3, 1, 5, 2)}, .low = -1, .high = 1, RFI_ATTR(swap_last)}};
RFI_CASES(transpose_cases)

const rf_op rfi_op_transpose = {.name = "transpose",
                                .arity = 1,
                                .flags = RF_OP_OVERWRITES,
                                .formula = "y[.. j .. i ..] = x[.. i .. j ..]",
                                .shape = transpose_shape,
                                .forward = transpose_forward,
                                .tangent = transpose_tangent,
                                .adjoint = transpose_adjoint,
                                .sample = sample_transpose_cases};

rf_node rf_transpose(rf_graph *g, rf_node x, int dim0, int dim1)
{
    const dims_attr d = {dim0, dim1};
    return rf_apply(g, &rfi_op_transpose, 1, &x, &d, sizeof d);
}

/* ---- slice: a range of one dimension ---------------------------------------------------------------- */

typedef struct slice_attr {
    rf_index from, count;
    int64_t dim;
} slice_attr;

static bool slice_shape(const rf_call *c, rf_shape *y)
{
    const slice_attr *a = c->attr;
    const rf_shape x = c->x[0].shape;
    const int d = rfi_dim(x, (int)a->dim);
    char text[RF_SHAPE_TEXT];
    if (d < 0) return rfi_fail_dim(c, (int)a->dim);
    if (a->from < 0 || a->count < 0 || a->count > x.dim[d] || a->from > x.dim[d] - a->count)
        return rf_call_fail(c, "%lld entries from %lld on are not within dimension %d of %s",
                            (long long)a->count, (long long)a->from, d, rf_shape_text(x, text));
    *y = rfi_with_dim(x, d, a->count);
    return true;
}

/* Between the whole and the part [outer, from .. from+size, inner] of it. */
static void copy_range(const rf_call *c, bool into, bool add, rfi_around whole, rf_index from,
                       rf_index size, const rf_real *a, rf_real *z)
{
    const rf_index n = size * whole.inner, step = whole.size * whole.inner, at = from * whole.inner;
    rfi_put_rows(c->device, add, whole.outer, n, a + (into ? 0 : at), into ? n : step,
                 z + (into ? at : 0), into ? step : n);
}

static void slice_copy(const rf_call *c, bool into, bool add, const rf_real *a, rf_real *z)
{
    const slice_attr *s = c->attr;
    const rf_shape x = c->x[0].shape;
    copy_range(c, into, add, rfi_around_dim(x, rfi_dim(x, (int)s->dim)), s->from, s->count, a, z);
}

static void slice_forward(const rf_call *c)
{
    slice_copy(c, false, false, c->x[0].data, c->y.data);
}

static void slice_tangent(const rf_call *c) { slice_copy(c, false, false, c->dx[0], c->dy); }

static void slice_adjoint(const rf_call *c)
{
    if (c->gx[0]) slice_copy(c, true, true, c->gy, c->gx[0]);
}

static const slice_attr slice_mid = {1, 2, 1}, slice_last = {4, 1, -1}, slice_first = {0, 3, 0};
static const rf_case slice_cases[] = {
    {.n = 1, .shape = {RFI_S3(3, 5, 2)}, .low = -1, .high = 1, RFI_ATTR(slice_mid)},
    {.n = 1, .shape = {RFI_S2(3, 5)}, .low = -1, .high = 1, RFI_ATTR(slice_last)},
    {.n = 1, .shape = {RFI_S2(3, 5)}, .low = -1, .high = 1, RFI_ATTR(slice_first)}};
RFI_CASES(slice_cases)

const rf_op rfi_op_slice = {.name = "slice",
                            .arity = 1,
                            .formula = "y = x[.., from .. from+count, ..]",
                            .shape = slice_shape,
                            .forward = slice_forward,
                            .tangent = slice_tangent,
                            .adjoint = slice_adjoint,
                            .sample = sample_slice_cases};

rf_node rf_slice(rf_graph *g, rf_node x, int dim, rf_index from, rf_index count)
{
    const slice_attr a = {from, count, dim};
    return rf_apply(g, &rfi_op_slice, 1, &x, &a, sizeof a);
}

/* ---- concat: along one dimension ------------------------------------------------------------------------ */

static bool concat_shape(const rf_call *c, rf_shape *y)
{
    const int32_t *dim = c->attr;
    if (c->n < 1) return rf_call_fail(c, "no inputs");
    const int d = rfi_dim(c->x[0].shape, *dim);
    if (d < 0) return rfi_fail_dim(c, *dim);
    *y = c->x[0].shape;
    for (int i = 1; i < c->n; i++) {
        const rf_shape s = c->x[i].shape;
        if (s.rank != y->rank || !rf_shape_equal(rfi_with_dim(s, d, 0), rfi_with_dim(*y, d, 0)))
            return rfi_fail_pair(c, c->x[0].shape, s, "differ in more than the joined dimension");
        if (__builtin_add_overflow(y->dim[d], s.dim[d], &y->dim[d]))
            return rf_call_fail(c, "the result would be too large");
    }
    return true;
}

static rf_index concat_size(const rf_call *c, int i)
{
    const int32_t *dim = c->attr;
    return c->x[i].shape.dim[rfi_dim(c->x[i].shape, *dim)];
}

static rfi_around concat_around(const rf_call *c)
{
    const int32_t *dim = c->attr;
    return rfi_around_dim(c->y.shape, rfi_dim(c->y.shape, *dim));
}

static void concat_forward(const rf_call *c)
{
    const rfi_around w = concat_around(c);
    for (rf_index i = 0, at = 0; i < c->n; at += concat_size(c, (int)i++))
        copy_range(c, true, false, w, at, concat_size(c, (int)i), c->x[i].data, c->y.data);
}

static void concat_tangent(const rf_call *c)
{
    const rfi_around w = concat_around(c);
    rfi_vec_fill(c->device, rfi_count(&c->y), 0, c->dy);
    for (rf_index i = 0, at = 0; i < c->n; at += concat_size(c, (int)i++))
        if (c->dx[i]) copy_range(c, true, false, w, at, concat_size(c, (int)i), c->dx[i], c->dy);
}

static void concat_adjoint(const rf_call *c)
{
    const rfi_around w = concat_around(c);
    for (rf_index i = 0, at = 0; i < c->n; at += concat_size(c, (int)i++))
        if (c->gx[i])
            copy_range(c, false, !c->fresh[i], w, at, concat_size(c, (int)i), c->gy, c->gx[i]);
}

static const int32_t along_0 = 0, along_1 = 1, along_last = -1;
static const rf_case concat_cases[] = {
    {.n = 2, .shape = {RFI_S2(3, 5), RFI_S2(1, 5)}, .low = -1, .high = 1, RFI_ATTR(along_0)},
    {.n = 3,
     .shape = {RFI_S2(3, 5), RFI_S2(3, 1), RFI_S2(3, 3)},
     .low = -1,
     .high = 1,
     RFI_ATTR(along_last)},
    {.n = 2, .shape = {RFI_S3(3, 1, 2), RFI_S3(3, 5, 2)}, .low = -1, .high = 1, RFI_ATTR(along_1)},
    {.n = 1, .shape = {RFI_S1(5)}, .low = -1, .high = 1, RFI_ATTR(along_0)}};
RFI_CASES(concat_cases)

const rf_op rfi_op_concat = {.name = "concat",
                             .arity = -1,
                             .flags = RF_OP_OVERWRITES,
                             .formula = "y = [x1; x2; ..]",
                             .shape = concat_shape,
                             .forward = concat_forward,
                             .tangent = concat_tangent,
                             .adjoint = concat_adjoint,
                             .sample = sample_concat_cases};

rf_node rf_concat(rf_graph *g, int n, const rf_node *x, int dim)
{
    const int32_t d = dim;
    return rf_apply(g, &rfi_op_concat, n, x, &d, sizeof d);
}

rf_node rf_stack(rf_graph *g, int n, const rf_node *x)
{
    rf_node *rows = g->error.status ? NULL : rf_graph_alloc(g, (size_t)n * sizeof *rows);
    if (!rows) return RF_POISON;
    for (int i = 0; i < n; i++) {
        rf_shape s = rf_shape_of(g, x[i]);
        if (s.rank == RF_MAX_RANK) return rfi_poison(g, RF_ESHAPE, "stack", "too many dimensions");
        memmove(s.dim + 1, s.dim, (size_t)s.rank * sizeof *s.dim);
        s.rank++;
        s.dim[0] = 1;
        rows[i] = x[i] == RF_NONE ? RF_NONE : rf_reshape(g, x[i], s);
    }
    return rf_concat(g, n, rows, 0);
}

/* ---- reverse: each sequence from its last step to its first --------------------------------------------- */

static bool reverse_shape(const rf_call *c, rf_shape *y)
{
    const rfi_ids *lengths = c->attr;
    const rf_shape x = c->x[0].shape;
    char text[RF_SHAPE_TEXT];
    if (x.rank < 1 || (lengths->n && x.rank < 2))
        return rf_call_fail(c, "%s is not [T,B,..]", rf_shape_text(x, text));
    for (rf_index b = 0; b < lengths->n; b++)
        if (lengths->id[b] < 0 || lengths->id[b] > x.dim[0])
            return rf_call_fail(c, "length %d of sequence %lld is not within 0..%lld",
                                lengths->id[b], (long long)b, (long long)x.dim[0]);
    *y = x;
    return true;
}

typedef struct turning {
    const rf_call *c;
    bool add;
    rf_index T, B, n;
    const rf_real *a;
    rf_real *z;
} turning;

static void reverse_part(void *ctx, int thread, int threads)
{
    const turning *r = ctx;
    const rfi_ids *lengths = r->c->attr;
    rf_index from, to;
    rfi_split(r->T * r->B, 1, thread, threads, &from, &to);
    for (rf_index i = from; i < to; i++) {
        const rf_index t = i / r->B, b = i % r->B, length = lengths->n ? lengths->id[b] : r->T;
        const rf_index s = t < length ? length - 1 - t : t;
        put(r->c, r->add, r->n, r->a + (s * r->B + b) * r->n, r->z + i * r->n);
    }
}

/* Its own inverse. */
static void reverse_copy(const rf_call *c, bool add, const rf_real *a, rf_real *z)
{
    const rfi_ids *lengths = c->attr;
    const rf_shape x = c->x[0].shape;
    const rf_index T = x.dim[0], B = lengths->n ? lengths->n : 1;
    const rf_index n = T ? rf_shape_count(x) / (T * B) : 0;
    rfi_vec_share(c->device, T * B * n, reverse_part, &(turning){c, add, T, B, n, a, z});
}

static void reverse_forward(const rf_call *c) { reverse_copy(c, false, c->x[0].data, c->y.data); }

static void reverse_tangent(const rf_call *c) { reverse_copy(c, false, c->dx[0], c->dy); }

static void reverse_adjoint(const rf_call *c)
{
    if (c->gx[0]) reverse_copy(c, !c->fresh[0], c->gy, c->gx[0]);
}

static const struct {
    rf_index n;
    int32_t id[4];
} reverse_lengths = {4, {3, 5, 0, 1}}, reverse_all = {0, {0}};
static const rf_case reverse_cases[] = {
    {.n = 1, .shape = {RFI_S3(5, 4, 3)}, .low = -1, .high = 1, RFI_ATTR(reverse_lengths)},
    {.n = 1, .shape = {RFI_S2(5, 4)}, .low = -1, .high = 1, RFI_ATTR(reverse_lengths)},
    {.n = 1, .shape = {RFI_S2(5, 3)}, .low = -1, .high = 1, RFI_ATTR(reverse_all)}};
RFI_CASES(reverse_cases)

const rf_op rfi_op_reverse = {.name = "reverse",
                              .arity = 1,
                              .flags = RF_OP_OVERWRITES,
                              .formula = "y[t,b] = x[length[b]-1-t, b], beyond its length x[t,b]",
                              .shape = reverse_shape,
                              .forward = reverse_forward,
                              .tangent = reverse_tangent,
                              .adjoint = reverse_adjoint,
                              .sample = sample_reverse_cases};

rf_node rf_reverse(rf_graph *g, rf_node x, const int32_t *lengths)
{
    const rf_shape s = rf_shape_of(g, x);
    const rfi_ids *attr = rfi_ids_copy(g, s.rank > 1 ? s.dim[1] : 0, lengths);
    return attr ? rf_apply(g, &rfi_op_reverse, 1, &x, attr, 0) : RF_POISON;
}

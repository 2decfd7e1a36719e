/* graph/op_noise.c -- dropout.
 *
 * The mask is a function of the attribute's key and the element's number: each Philox block of four
 * words decides four elements.  What is saved is one bit an element: kept or not. */
#include "graph/ops.h"
#include "tensor/vec.h"

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

static rf_index mask_count(const rf_call *c)
{
    const rfi_around m = mask_around(c);
    return m.outer * m.inner;
}

/* ---- Drawing and using a mask ------------------------------------------------------------------- */

/* Threads split the mask, not the tensor: what they draw they use at once, in parts of at most CHUNK
 * elements, for each of the `size` entries that share it. */
enum { LONG = 8192, GRAIN = 64, CHUNK = 2048 };

typedef struct job {
    const rf_device *d;
    const dropout_attr *attr;
    rfi_around around;
    uint32_t *bits;
    bool draw;
    rfi_mask_fn *use;
    const rf_real *a;
    rf_real *z;
} job;

static void draw_bits(const job *j, rf_index from, rf_index to)
{
    const double drop = j->attr->p * 0x1p32;
    const uint32_t below = drop >= 0x1p32 - 1 ? UINT32_MAX : (uint32_t)drop;
    const rf_index first = from / 32;
    j->d->k->draw_bits(j->attr->key, below, (uint64_t)first, (to + 31) / 32 - first,
                       j->bits + first);
}

/* Elements from .. to-1 of the mask, which may be of several outer entries. */
static void use_bits(const job *j, rf_index from, rf_index to)
{
    const rf_real keep = (rf_real)(1 / (1 - j->attr->p));
    const rf_index inner = j->around.inner, size = j->around.size;
    while (from < to) {
        const rf_index o = from / inner, at = from % inner;
        const rf_index n = inner - at < to - from ? inner - at : to - from;
        for (rf_index s = 0; s < size; s++) {
            const rf_index i = (o * size + s) * inner + at;
            j->use(n, keep, j->bits, from, j->a + i, j->z + i);
        }
        from += n;
    }
}

static void work(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    rf_index from, to;
    rfi_split(j->around.outer * j->around.inner, GRAIN, thread, threads, &from, &to);
    for (; from < to; from += CHUNK) {
        const rf_index end = to - from < CHUNK ? to : from + CHUNK;
        if (j->draw) draw_bits(j, from, end);
        use_bits(j, from, end);
    }
}

static void run(rf_device *d, job *j)
{
    j->d = d;
    if (j->around.outer * j->around.size * j->around.inner < LONG)
        work(j, 0, 1);
    else
        rf_device_run(d, work, j);
}

/* z = or += a times the mask. */
static void mask(const rf_call *c, bool draw, bool add, const rf_real *a, rf_real *z)
{
    const rfi_kernels *k = c->device->k;
    run(c->device, &(job){.attr = c->attr,
                          .around = mask_around(c),
                          .bits = c->saved,
                          .draw = draw,
                          .use = add ? k->mask_add : k->mask,
                          .a = a,
                          .z = z});
}

/* ---- The op ------------------------------------------------------------------------------------- */

static bool dropout_shape(const rf_call *c, rf_shape *y)
{
    const dropout_attr *a = c->attr;
    if (!(a->p >= 0 && a->p < 1)) return rf_call_fail(c, "probability %g is not in [0,1)", a->p);
    if (a->dim >= c->x[0].shape.rank) return rfi_fail_dim(c, (int)a->dim);
    return rfi_shape_same(c, y);
}

static size_t words(rf_index n) { return (size_t)(n + 31) / 32; }

static size_t dropout_save(const rf_call *c) { return words(mask_count(c)) * sizeof(uint32_t); }

static void dropout_forward(const rf_call *c) { mask(c, true, false, c->x[0].data, c->y.data); }

static void dropout_tangent(const rf_call *c) { mask(c, false, false, c->dx[0], c->dy); }

static void dropout_adjoint(const rf_call *c)
{
    if (c->gx[0]) mask(c, false, !c->fresh[0], c->gy, c->gx[0]);
}

/* The factors drawn as a constant: the mask of ones. */
static rf_node dropout_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    const dropout_attr *a = c->attr;
    rf_shape s = c->x[0].shape;
    if (a->dim >= 0) s = rfi_with_dim(s, (int)a->dim, 1);
    const rf_index n = rf_shape_count(s);
    rf_node m = rf_zeros(g, s);
    uint32_t *bits = rf_graph_alloc(g, words(n) * sizeof *bits);
    if (m == RF_POISON || !bits) return RF_POISON;
    rf_real *factor = rf_value(g, m).data;
    rfi_vec_fill(c->device, n, 1, factor);
    run(c->device, &(job){.attr = a,
                          .around = {1, 1, n},
                          .bits = bits,
                          .draw = true,
                          .use = c->device->k->mask,
                          .a = factor,
                          .z = factor});
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
    const bool lawful = p > 0 && p < 1 && dim < rf_shape_of(g, x).rank; /* else the op complains */
    if (lawful && rfi_has_lanes(g, x)) return rfi_dropout_lanes(g, x, p, (int)dim, a.key);
    return rf_apply(g, &rfi_op_dropout, 1, &x, &a, sizeof a);
}

rf_node rf_dropout(rf_graph *g, rf_node x, double p) { return apply_dropout(g, x, p, -1); }

rf_node rf_dropout_shared(rf_graph *g, rf_node x, double p, int dim)
{
    const rf_shape s = rf_shape_of(g, x);
    const int d = rfi_dim(s, dim);
    return apply_dropout(g, x, p, d < 0 ? s.rank : d);
}

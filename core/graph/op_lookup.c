/* graph/op_lookup.c -- rows and elements by number: embedding, one_hot, pick. */
#include "graph/ops.h"
#include "tensor/vec.h"

/* ---- embedding: rows of w ----------------------------------------------------------------------- */

/* The attribute: the ids and the shape they stand in. */
typedef struct embedding_attr {
    rf_shape shape;
    rf_index n;
    int32_t id[];
} embedding_attr;

static bool embedding_shape(const rf_call *c, rf_shape *y)
{
    const embedding_attr *a = c->attr;
    const rf_shape w = c->x[0].shape;
    char text[RF_SHAPE_TEXT];
    if (w.rank != 2 || a->shape.rank == RF_MAX_RANK)
        return rf_call_fail(c, "%s is not a table of rows", rf_shape_text(w, text));
    for (rf_index i = 0; i < a->n; i++)
        if (a->id[i] < 0 || a->id[i] >= w.dim[0])
            return rf_call_fail(c, "id %d is not within 0..%lld", a->id[i],
                                (long long)w.dim[0] - 1);
    *y = a->shape;
    y->dim[y->rank++] = w.dim[1];
    return true;
}

typedef struct rows {
    const embedding_attr *a;
    const rfi_kernels *k;
    rf_index E;
    const rf_real *from;
    rf_real *to;
} rows;

static void gather_part(void *ctx, int thread, int threads)
{
    const rows *g = ctx;
    rf_index i, end;
    rfi_split(g->a->n, 1, thread, threads, &i, &end);
    for (; i < end; i++)
        memcpy(g->to + i * g->E, g->from + g->a->id[i] * g->E, (size_t)g->E * sizeof *g->to);
}

static void gather(const rf_call *c, const rf_real *w, rf_real *y)
{
    const embedding_attr *a = c->attr;
    const rf_index E = c->x[0].shape.dim[1];
    rfi_vec_share(c->device, a->n * E, gather_part, &(rows){a, c->device->k, E, w, y});
}

static void embedding_forward(const rf_call *c) { gather(c, c->x[0].data, c->y.data); }

static void embedding_tangent(const rf_call *c) { gather(c, c->dx[0], c->dy); }

/* Each thread some columns of every row: an id may come more than once. */
static void scatter_part(void *ctx, int thread, int threads)
{
    const rows *s = ctx;
    rf_index a, b;
    rfi_split(s->E, 16, thread, threads, &a, &b);
    for (rf_index i = 0; a < b && i < s->a->n; i++) {
        rf_real *to = s->to + s->a->id[i] * s->E + a;
        s->k->add(b - a, s->from + i * s->E + a, to, to);
    }
}

static void embedding_adjoint(const rf_call *c)
{
    const embedding_attr *a = c->attr;
    const rf_index E = c->x[0].shape.dim[1];
    if (!c->gx[0]) return;
    rfi_vec_share(c->device, a->n * E, scatter_part, &(rows){a, c->device->k, E, c->gy, c->gx[0]});
    rf_param *p = rfi_call_param(c, 0);
    if (!p || !p->sparse) return;
    const rf_index first = (c->x[0].data - p->value.data) / (E ? E : 1);
    for (rf_index i = 0; i < a->n; i++) rfi_param_touch(p, first + a->id[i]);
}

/* One-hot vectors times w. */
static rf_node embedding_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    const embedding_attr *a = c->attr;
    const rf_index V = c->x[0].shape.dim[0];
    rf_node hot = rf_zeros(g, RF_SHAPE(a->n, V));
    rf_real *p = rf_value(g, hot).data;
    for (rf_index i = 0; p && i < a->n; i++) p[i * V + a->id[i]] = 1;
    return rf_reshape(g, rf_matmul(g, hot, x[0]), c->y.shape);
}

static const struct {
    rf_shape shape;
    rf_index n;
    int32_t id[6];
} embedding_ids = {RFI_S2(2, 3), 6, {4, 0, 2, 4, 4, 1}}, embedding_one = {RFI_S0, 1, {2}};
static const rf_case embedding_cases[] = {
    {.n = 1, .shape = {RFI_S2(5, 3)}, .low = -1, .high = 1, RFI_ATTR(embedding_ids)},
    {.n = 1, .shape = {RFI_S2(3, 1)}, .low = -1, .high = 1, RFI_ATTR(embedding_one)}};
RFI_CASES(embedding_cases)

const rf_op rfi_op_embedding = {.name = "embedding",
                                .arity = 1,
                                .flags = RF_OP_SPARSE,
                                .formula = "y[i] = w[id[i]]",
                                .shape = embedding_shape,
                                .forward = embedding_forward,
                                .tangent = embedding_tangent,
                                .adjoint = embedding_adjoint,
                                .expand = embedding_expand,
                                .sample = sample_embedding_cases};

rf_node rf_embedding(rf_graph *g, rf_node w, const int32_t *ids, rf_shape shape)
{
    const rf_index n = rf_shape_count(shape);
    if (g->error.status) return RF_POISON;
    if (n < 0) return rfi_poison(g, RF_ESHAPE, "embedding", "the shape is absurd");
    embedding_attr *a = rf_graph_alloc(g, sizeof *a + (size_t)n * sizeof *ids);
    if (!a) return RF_POISON;
    a->shape = shape;
    a->n = n;
    if (n) memcpy(a->id, ids, (size_t)n * sizeof *ids);
    return rf_apply(g, &rfi_op_embedding, 1, &w, a, 0);
}

/* ---- one_hot: a constant that remembers its ids ------------------------------------------------------ */

const rf_op rfi_op_one_hot = {
    .name = "one_hot", .flags = RF_OP_LEAF, .formula = "y[i] = 1 at id[i], else 0"};

static bool within(rf_graph *g, rf_index V, const int32_t *ids, rf_index n)
{
    char text[80];
    for (rf_index i = 0; i < n; i++) {
        if (ids[i] >= 0 && ids[i] < V) continue;
        snprintf(text, sizeof text, "id %d is not within 0..%lld", ids[i], (long long)V - 1);
        rfi_poison(g, RF_ESHAPE, "one_hot", text);
        return false;
    }
    return true;
}

rf_node rf_one_hot(rf_graph *g, rf_index V, const int32_t *ids, rf_shape shape)
{
    const rf_index n = rf_shape_count(shape);
    if (g->error.status) return RF_POISON;
    if (n < 0 || shape.rank == RF_MAX_RANK)
        return rfi_poison(g, RF_ESHAPE, "one_hot", "the shape is absurd");
    if (!within(g, V, ids, n)) return RF_POISON;
    shape.dim[shape.rank++] = V;
    const rf_node x = rf_zeros(g, shape);
    int32_t *copy = rf_graph_alloc(g, (size_t)(n + 1) * sizeof *copy);
    if (x == RF_POISON || !copy) return RF_POISON;
    if (n) memcpy(copy, ids, (size_t)n * sizeof *copy);
    rfi_node *p = rfi_at(g, x);
    for (rf_index i = 0; i < n; i++) p->value[i * V + ids[i]] = 1;
    p->op = &rfi_op_one_hot;
    p->attr = copy;
    return x;
}

const int32_t *rf_one_hot_ids(const rf_graph *g, rf_node x)
{
    if (x == RF_NONE || x == RF_POISON) return NULL;
    const rfi_node *p = rfi_at(g, x);
    return p->op == &rfi_op_one_hot ? p->attr : NULL;
}

/* ---- pick: one element a row -------------------------------------------------------------------------- */

static bool pick_shape(const rf_call *c, rf_shape *y)
{
    const rfi_ids *a = c->attr;
    const rf_shape x = c->x[0].shape;
    char text[RF_SHAPE_TEXT];
    if (x.rank < 1) return rf_call_fail(c, "%s has no rows", rf_shape_text(x, text));
    for (rf_index r = 0; r < a->n; r++)
        if (a->id[r] < 0 || a->id[r] >= rfi_last(x))
            return rf_call_fail(c, "index %d is not within 0..%lld", a->id[r],
                                (long long)rfi_last(x) - 1);
    *y = rfi_without_dim(x, x.rank - 1);
    return true;
}

static void pick_from(const rf_call *c, const rf_real *x, rf_real *y)
{
    const rfi_ids *a = c->attr;
    const rf_index K = rfi_last(c->x[0].shape);
    for (rf_index r = 0; r < a->n; r++) y[r] = x[r * K + a->id[r]];
}

static void pick_forward(const rf_call *c) { pick_from(c, c->x[0].data, c->y.data); }

static void pick_tangent(const rf_call *c) { pick_from(c, c->dx[0], c->dy); }

static void pick_adjoint(const rf_call *c)
{
    const rfi_ids *a = c->attr;
    const rf_index K = rfi_last(c->x[0].shape);
    for (rf_index r = 0; c->gx[0] && r < a->n; r++) c->gx[0][r * K + a->id[r]] += c->gy[r];
}

static const struct {
    rf_index n;
    int32_t id[6];
} pick_ids = {6, {4, 0, 2, 4, 4, 1}}, pick_one = {1, {2}};
static const rf_case pick_cases[] = {
    {.n = 1, .shape = {RFI_S3(2, 3, 5)}, .low = -1, .high = 1, RFI_ATTR(pick_ids)},
    {.n = 1, .shape = {RFI_S1(3)}, .low = -1, .high = 1, RFI_ATTR(pick_one)}};
RFI_CASES(pick_cases)

const rf_op rfi_op_pick = {.name = "pick",
                           .arity = 1,
                           .formula = "y[r] = x[r, index[r]]",
                           .shape = pick_shape,
                           .forward = pick_forward,
                           .tangent = pick_tangent,
                           .adjoint = pick_adjoint,
                           .sample = sample_pick_cases};

rf_node rf_pick(rf_graph *g, rf_node x, const int32_t *index)
{
    const rfi_ids *attr = rfi_ids_copy(g, rfi_rows(rf_shape_of(g, x)), index);
    return attr ? rf_apply(g, &rfi_op_pick, 1, &x, attr, 0) : RF_POISON;
}

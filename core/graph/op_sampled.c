/* graph/op_sampled.c -- the sampled softmax: each row's target against a few drawn classes.
 *
 * The logit of class k is x w[k] + b[k] - ln Q(k), Q(k) being the probability that k is drawn; one
 * draw serves all rows, and a row's own target among the drawn is left out.  The gradient touches
 * the rows of w that are drawn or targets, and no others.  Source: Jean, Cho, Memisevic, Bengio, "On
 * using very large target vocabulary for neural machine translation", ACL 2015, section 3; as
 * TensorFlow's sampled_softmax_loss. */
#include "graph/candidates.h"
#include "graph/loss.h"
#include "tensor/blas.h"
#include "tensor/vec.h"

/* The attribute: what was drawn, in `draws` draws, and the targets. */
typedef struct sampled_attr {
    double draws;
    rf_index R, S;
    int32_t id[]; /* targets [R], candidates [S] */
} sampled_attr;

/* The logit of what is left out: e to the power of it is 0 beside any other. */
#define LEFT_OUT (-1e30)

static const int32_t *candidates(const sampled_attr *a) { return a->id + a->R; }

static bool sampled_shape(const rf_call *c, rf_shape *y)
{
    const sampled_attr *a = c->attr;
    if (!rfi_linear_fits(c)) return false;
    const rf_index V = c->x[1].shape.dim[0];
    if (a->S < 1 || a->S > V)
        return rf_call_fail(c, "%lld samples of %lld classes", (long long)a->S, (long long)V);
    return rfi_shape_scalar(c, y) && rfi_targets_fit(c, a->R, a->id, V);
}

/* ---- Memory: w of the candidates [S,H], then the logits [R,S+1], the target's own last ------------------- */

static rf_index weights_size(const rf_call *c)
{
    const sampled_attr *a = c->attr;
    return (a->S * c->x[1].shape.dim[1] + 15) / 16 * 16;
}

static rf_real *logits(const rf_call *c) { return (rf_real *)c->saved + weights_size(c); }

static size_t sampled_save(const rf_call *c)
{
    const sampled_attr *a = c->attr;
    return (size_t)(weights_size(c) + a->R * (a->S + 1)) * sizeof(rf_real);
}

/* ---- Forward ------------------------------------------------------------------------------------------ */

/* b[k] - ln Q(k). */
static rf_real offset(const rf_call *c, int32_t k)
{
    const sampled_attr *a = c->attr;
    const double b = c->x[2].data ? (double)c->x[2].data[k] : 0;
    return (rf_real)(b - rfi_candidate_log_expected(a->draws, c->x[1].shape.dim[0], k));
}

static void gather(const rf_call *c, rf_real *w, rf_real *row)
{
    const sampled_attr *a = c->attr;
    const rf_index H = c->x[1].shape.dim[1];
    for (rf_index j = 0; j < a->S; j++) {
        const int32_t k = candidates(a)[j];
        memcpy(w + j * H, c->x[1].data + k * H, (size_t)H * sizeof *w);
        row[j] = offset(c, k);
    }
    row[a->S] = 0;
}

/* The place of class k among the candidates, or -1. */
static rf_index find(const sampled_attr *a, int32_t k)
{
    const int32_t *id = candidates(a);
    rf_index low = 0, high = a->S;
    while (low < high) {
        const rf_index mid = (low + high) / 2;
        if (id[mid] < k)
            low = mid + 1;
        else
            high = mid;
    }
    return low < a->S && id[low] == k ? low : -1;
}

/* The logit of each row's target; the target among the candidates is left out. */
static void set_targets(const rf_call *c, rf_real *D)
{
    const sampled_attr *a = c->attr;
    const rf_index H = c->x[1].shape.dim[1], S = a->S;
    for (rf_index r = 0; r < a->R; r++) {
        const int32_t t = a->id[r];
        if (t < 0) continue;
        const rf_index hit = find(a, t);
        if (hit >= 0) D[r * (S + 1) + hit] = (rf_real)LEFT_OUT;
        D[r * (S + 1) + S] =
            c->device->k->dot(H, c->x[0].data + r * H, c->x[1].data + t * H) + offset(c, t);
    }
}

/* The target's column for each row that counts. */
static int32_t *columns(const rf_call *c)
{
    const sampled_attr *a = c->attr;
    int32_t *p = rf_graph_scratch(c->graph, ((size_t)a->R + 1) * sizeof *p);
    for (rf_index r = 0; p && r < a->R; r++) p[r] = a->id[r] < 0 ? -1 : (int32_t)a->S;
    return p;
}

static void sampled_forward(const rf_call *c)
{
    const sampled_attr *a = c->attr;
    const rf_index R = a->R, S = a->S, H = c->x[1].shape.dim[1];
    const double weight = rfi_row_weight(R, a->id);
    rf_real *w = c->saved, *D = logits(c);
    rf_real *row = rf_graph_scratch(c->graph, (size_t)(S + 1) * sizeof *row);
    rf_real *loss = rf_graph_scratch(c->graph, ((size_t)R + 1) * sizeof *loss);
    const int32_t *target = columns(c);
    if (!row || !loss || !target) return;
    gather(c, w, row);
    rfi_fill_rows(c->device, R, S + 1, row, D);
    rfi_gemm(c->device, false, true, R, S, H, 1, c->x[0].data, H, w, H, 1, D, S + 1);
    set_targets(c, D);
    rfi_vec_softmax_xent(c->device, R, S + 1, D, target, (rf_real)weight,
                         c->mode == RF_INFER ? NULL : D, loss);
    *c->y.data = (rf_real)(weight * rfi_sum_losses(R, loss));
}

/* ---- Adjoint: D is the gradient with respect to the logits -------------------------------------------------- */

static void adjoint_x(const rf_call *c, rf_real *gx)
{
    const sampled_attr *a = c->attr;
    const rf_index S = a->S, H = c->x[1].shape.dim[1];
    const rf_real *D = logits(c), gy = *c->gy;
    rfi_gemm(c->device, false, false, a->R, H, S, gy, D, S + 1, c->saved, H, 1, gx, H);
    for (rf_index r = 0; r < a->R; r++)
        if (a->id[r] >= 0)
            c->device->k->axpy(H, gy * D[r * (S + 1) + S], c->x[1].data + a->id[r] * H, gx + r * H);
}

static void adjoint_w(const rf_call *c, rf_real *gw)
{
    const sampled_attr *a = c->attr;
    const rf_index R = a->R, S = a->S, H = c->x[1].shape.dim[1];
    const rf_real *D = logits(c), *x = c->x[0].data, gy = *c->gy;
    rf_real *part = rf_graph_scratch(c->graph, (size_t)(S * H) * sizeof *part);
    if (!part) return;
    rfi_gemm(c->device, true, false, S, H, R, gy, D, S + 1, x, H, 0, part, H);
    for (rf_index j = 0; j < S; j++) {
        rf_real *to = gw + candidates(a)[j] * H;
        c->device->k->add(H, part + j * H, to, to);
    }
    for (rf_index r = 0; r < R; r++)
        if (a->id[r] >= 0)
            c->device->k->axpy(H, gy * D[r * (S + 1) + S], x + r * H, gw + a->id[r] * H);
}

static void adjoint_b(const rf_call *c, rf_real *gb)
{
    const sampled_attr *a = c->attr;
    const rf_index R = a->R, S = a->S;
    const rf_real *D = logits(c), gy = *c->gy;
    rf_real *sum = rf_graph_scratch(c->graph, (size_t)S * sizeof *sum);
    if (!sum) return;
    rfi_vec_column_sum(c->device, R, S, D, S + 1, sum, false);
    for (rf_index j = 0; j < S; j++) gb[candidates(a)[j]] += gy * sum[j];
    for (rf_index r = 0; r < R; r++)
        if (a->id[r] >= 0) gb[a->id[r]] += gy * D[r * (S + 1) + S];
}

/* Name the rows of input i that have a gradient: of x all, of w and b those of the classes. */
static void name_rows(const rf_call *c, int i)
{
    const sampled_attr *a = c->attr;
    rf_param *p = rfi_call_param(c, i);
    if (!p || !p->sparse) return;
    const rf_index width = rf_shape_count(p->value.shape) / p->value.shape.dim[0];
    const rf_index first = (c->x[i].data - p->value.data) / width;
    for (rf_index r = 0; i == 0 && r < p->value.shape.dim[0]; r++) rfi_param_touch(p, r);
    for (rf_index j = 0; i > 0 && j < a->R + a->S; j++)
        if (a->id[j] >= 0) rfi_param_touch(p, first + a->id[j]);
}

static void sampled_adjoint(const rf_call *c)
{
    static void (*const rule[])(const rf_call *, rf_real *) = {adjoint_x, adjoint_w, adjoint_b};
    for (int i = 0; i < 3; i++) {
        if (!c->gx[i]) continue;
        rule[i](c, c->gx[i]);
        name_rows(c, i);
    }
}

/* ---- The textbook ------------------------------------------------------------------------------------------ */

/* b[id] - ln Q(id), as [n]. */
static rf_node expand_offset(rf_graph *g, const rf_call *c, rf_node b, rf_index n,
                             const int32_t *id)
{
    const sampled_attr *a = c->attr;
    const rf_index V = c->x[1].shape.dim[0];
    rf_node q = rf_zeros(g, RF_SHAPE(n));
    rf_real *at = rf_value(g, q).data;
    for (rf_index i = 0; at && i < n; i++)
        at[i] = -(rf_real)rfi_candidate_log_expected(a->draws, V, id[i]);
    if (b == RF_NONE) return q;
    rf_node picked = rf_embedding(g, rf_reshape(g, b, RF_SHAPE(V, 1)), id, RF_SHAPE(n));
    return rf_add(g, rf_reshape(g, picked, RF_SHAPE(n)), q);
}

/* [R,S]: LEFT_OUT where a row's target is a candidate, else 0. */
static rf_node expand_hits(rf_graph *g, const sampled_attr *a)
{
    rf_node hits = rf_zeros(g, RF_SHAPE(a->R, a->S));
    rf_real *at = rf_value(g, hits).data;
    for (rf_index r = 0; at && r < a->R; r++)
        for (rf_index j = 0; j < a->S; j++)
            if (candidates(a)[j] == a->id[r]) at[r * a->S + j] = (rf_real)LEFT_OUT;
    return hits;
}

static rf_node sampled_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    const sampled_attr *a = c->attr;
    const rf_index R = a->R, S = a->S, H = c->x[1].shape.dim[1];
    int32_t *own = rf_graph_alloc(g, 2 * (size_t)R * sizeof *own), *column = own ? own + R : NULL;
    if (!own) return RF_POISON;
    for (rf_index r = 0; r < R; r++) {
        own[r] = a->id[r] < 0 ? 0 : a->id[r];
        column[r] = a->id[r] < 0 ? -1 : (int32_t)S;
    }
    rf_node rows = rf_reshape(g, x[0], RF_SHAPE(R, H));
    rf_node w = rf_embedding(g, x[1], candidates(a), RF_SHAPE(S));
    rf_node others = rf_linear(g, rows, w, expand_offset(g, c, x[2], S, candidates(a)));
    others = rf_add(g, others, expand_hits(g, a));
    rf_node right =
        rf_sum_dim(g, rf_mul(g, rows, rf_embedding(g, x[1], own, RF_SHAPE(R))), 1, true);
    rf_node extra = rf_reshape(g, expand_offset(g, c, x[2], R, own), RF_SHAPE(R, 1));
    rf_node both[] = {others, rf_add(g, right, extra)};
    return rf_cross_entropy(g, rf_concat(g, 2, both, 1), column);
}

static const struct {
    double draws;
    rf_index R, S;
    int32_t id[10];
} few = {7, 6, 4, {8, -1, 2, 5, 2, 0, /**/ 0, 1, 2, 6}}, whole = {0, 1, 3, {1, /**/ 0, 1, 2}},
  nobody = {3, 2, 1, {-1, -1, /**/ 1}};
static const rf_case sampled_cases[] = {
    {.n = 3,
     .shape = {RFI_S3(2, 3, 4), RFI_S2(9, 4), RFI_S1(9)},
     .low = -1,
     .high = 1,
     RFI_ATTR(few)},
    {.n = 3, .shape = {RFI_S1(3), RFI_S2(3, 3), RFI_OUT}, .low = -1, .high = 1, RFI_ATTR(whole)},
    {.n = 3,
     .shape = {RFI_S2(2, 2), RFI_S2(2, 2), RFI_S1(2)},
     .low = -1,
     .high = 1,
     RFI_ATTR(nobody)}};
RFI_CASES(sampled_cases)

const rf_op rfi_op_sampled_cross_entropy = {
    .name = "sampled_cross_entropy",
    .arity = 3,
    .flags = RF_OP_OPTIONAL | RF_OP_SPARSE,
    .formula = "y = cross_entropy of x w[k]^T + b[k] - ln Q(k), k the target and the drawn classes",
    .shape = sampled_shape,
    .save = sampled_save,
    .forward = sampled_forward,
    .adjoint = sampled_adjoint,
    .expand = sampled_expand,
    .sample = sample_sampled_cases};

rf_node rf_sampled_cross_entropy(rf_graph *g, rf_node x, rf_node w, rf_node b,
                                 const int32_t *targets, rf_index samples)
{
    const rf_shape s = rf_shape_of(g, w);
    const rf_index R = rfi_rows(rf_shape_of(g, x)), V = s.rank == 2 ? s.dim[0] : 1;
    if (g->error.status) return RF_POISON;
    if (g->mode != RF_TRAIN) return rf_linear_cross_entropy(g, x, w, b, targets);
    if (samples < 1) return rfi_poison(g, RF_EINVAL, "sampled_cross_entropy", "no samples");
    const rf_index S = samples < V ? samples : V;
    sampled_attr *a = rf_graph_alloc(g, sizeof *a + (size_t)(R + S) * sizeof *a->id);
    uint64_t *seen = a ? rf_graph_alloc(g, rfi_candidate_words(V) * sizeof *seen) : NULL;
    if (!seen) return RF_POISON;
    a->R = R;
    a->S = S;
    memcpy(a->id, targets, (size_t)R * sizeof *targets);
    a->draws = rfi_candidates_draw(rf_graph_next_key(g), V, S, seen, a->id + R);
    return rf_apply(g, &rfi_op_sampled_cross_entropy, 3, (const rf_node[]){x, w, b}, a, 0);
}

/* graph/op_loss.c -- losses: cross entropy of classes (also fused with the linear layer before it),
 * mean squared error, binary cross entropy. */
#include "graph/loss.h"
#include "tensor/blas.h"
#include "tensor/vec.h"
#include <math.h>

/* ---- What all cross entropies share ------------------------------------------------------------- */

bool rfi_targets_fit(const rf_call *c, rf_index n, const int32_t *target, rf_index K)
{
    for (rf_index r = 0; r < n; r++)
        if (target[r] >= K)
            return rf_call_fail(c, "target %d of row %lld is not below %lld", target[r],
                                (long long)r, (long long)K);
    return true;
}

double rfi_row_weight(rf_index n, const int32_t *target)
{
    rf_index counting = 0;
    for (rf_index r = 0; r < n; r++) counting += target[r] >= 0;
    return counting ? 1 / (double)counting : 0;
}

double rfi_sum_losses(rf_index n, const rf_real *loss)
{
    double s = 0;
    for (rf_index r = 0; r < n; r++) s += (double)loss[r];
    return s;
}

rf_node rfi_mean_loss(rf_graph *g, rf_node logp, rf_index n, const int32_t *target)
{
    int32_t *index = rf_graph_alloc(g, (size_t)n * sizeof *index);
    rf_node counts = rf_zeros(g, RF_SHAPE(n));
    if (!index || counts == RF_POISON) return RF_POISON;
    for (rf_index r = 0; r < n; r++) {
        index[r] = target[r] < 0 ? 0 : target[r];
        rf_value(g, counts).data[r] = target[r] < 0 ? 0 : 1;
    }
    rf_node rows = rf_reshape(g, logp, RF_SHAPE(n, rfi_last(rf_shape_of(g, logp))));
    rf_node right = rf_pick(g, rows, index);
    return rf_affine(g, rf_sum(g, rf_mul(g, right, counts)), -rfi_row_weight(n, target), 0);
}

/* ---- cross_entropy ----------------------------------------------------------------------------------
 * saved: [R,K] softmax(x) - onehot(target), over the number of rows: the gradient for gy = 1. */

static bool ce_shape(const rf_call *c, rf_shape *y)
{
    char text[RF_SHAPE_TEXT];
    if (c->x[0].shape.rank < 1)
        return rf_call_fail(c, "%s has no classes", rf_shape_text(c->x[0].shape, text));
    const rfi_ids *t = c->attr;
    return rfi_shape_scalar(c, y) && rfi_targets_fit(c, t->n, t->id, rfi_last(c->x[0].shape));
}

static size_t ce_save(const rf_call *c)
{
    return c->mode == RF_INFER ? 0 : (size_t)rfi_count(&c->x[0]) * sizeof(rf_real);
}

static void ce_forward(const rf_call *c)
{
    const rfi_ids *t = c->attr;
    const double weight = rfi_row_weight(t->n, t->id);
    rf_real *loss = rf_graph_scratch(c->graph, (size_t)t->n * sizeof *loss);
    if (!loss) return;
    rfi_vec_softmax_xent(c->device, t->n, rfi_last(c->x[0].shape), c->x[0].data, t->id,
                         (rf_real)weight, c->saved, loss);
    *c->y.data = (rf_real)(weight * rfi_sum_losses(t->n, loss));
}

static void ce_tangent(const rf_call *c)
{
    const rf_index K = rfi_last(c->x[0].shape), R = rfi_rows(c->x[0].shape);
    const rf_real *slope = c->saved;
    double s = 0;
    for (rf_index r = 0; r < R; r++)
        s += (double)c->device->k->dot(K, slope + r * K, c->dx[0] + r * K);
    *c->dy = (rf_real)s;
}

static void ce_adjoint(const rf_call *c)
{
    const rf_index n = rfi_count(&c->x[0]);
    if (!c->gx[0]) return;
    if (c->fresh[0])
        rfi_vec_scale(c->device, n, *c->gy, c->saved, c->gx[0]);
    else
        rfi_vec_axpy(c->device, n, *c->gy, c->saved, c->gx[0]);
}

static rf_node ce_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    const rfi_ids *t = c->attr;
    return rfi_mean_loss(g, rf_log_softmax(g, x[0]), t->n, t->id);
}

static const struct {
    rf_index n;
    int32_t id[6];
} ce_targets = {6, {4, -1, 2, 4, 0, 1}}, ce_one = {1, {2}}, ce_none = {3, {-1, -1, -1}},
  ce_far = {6, {0, 1099, -1, 512, 40, 1099}};
static const rf_case ce_cases[] = {
    {.n = 1, .shape = {RFI_S3(2, 3, 5)}, .low = -2, .high = 2, RFI_ATTR(ce_targets)},
    {.n = 1, .shape = {RFI_S1(3)}, .low = -2, .high = 2, RFI_ATTR(ce_one)},
    {.n = 1, .shape = {RFI_S2(3, 1)}, .low = -2, .high = 2, RFI_ATTR(ce_none)}};
RFI_CASES(ce_cases)

const rf_op rfi_op_cross_entropy = {.name = "cross_entropy",
                                    .arity = 1,
                                    .flags = RF_OP_OVERWRITES,
                                    .formula = "y = -mean_r ln softmax(x)[r, target[r]]",
                                    .shape = ce_shape,
                                    .save = ce_save,
                                    .forward = ce_forward,
                                    .tangent = ce_tangent,
                                    .adjoint = ce_adjoint,
                                    .expand = ce_expand,
                                    .sample = sample_ce_cases};

rf_node rf_cross_entropy(rf_graph *g, rf_node logits, const int32_t *targets)
{
    const rfi_ids *t = rfi_ids_copy(g, rfi_rows(rf_shape_of(g, logits)), targets);
    return t ? rf_apply(g, &rfi_op_cross_entropy, 1, &logits, t, 0) : RF_POISON;
}

rfi_xent rfi_xent_of(const rf_call *c, const int32_t *target)
{
    return (rfi_xent){.device = c->device,
                      .R = rfi_rows(c->x[0].shape),
                      .V = c->x[1].shape.dim[0],
                      .H = c->x[1].shape.dim[1],
                      .x = c->x[0].data,
                      .w = c->x[1].data,
                      .b = c->x[2].data,
                      .target = target};
}

bool rfi_xent_grads_of(const rf_call *c, rfi_xent_grads *g)
{
    *g =
        (rfi_xent_grads){c->gx[0], c->gx[1], c->gx[2], NULL, c->fresh[0], c->fresh[1], c->fresh[2]};
    if (g->b) g->sum = rf_graph_scratch(c->graph, (size_t)c->x[1].shape.dim[0] * sizeof *g->sum);
    return !g->b || g->sum;
}

/* ---- linear_cross_entropy ----------------------------------------------------------------------------
 * saved: rfi_xent's memory. */

static bool lce_shape(const rf_call *c, rf_shape *y)
{
    const rfi_ids *t = c->attr;
    return rfi_linear_fits(c) && rfi_shape_scalar(c, y) &&
           rfi_targets_fit(c, t->n, t->id, c->x[1].shape.dim[0]);
}

static size_t lce_save(const rf_call *c)
{
    const rfi_xent p = rfi_xent_of(c, NULL);
    return (size_t)rfi_xent_size(&p, c->mode != RF_INFER) * sizeof(rf_real);
}

static void lce_forward(const rf_call *c)
{
    const rfi_ids *t = c->attr;
    const rfi_xent p = rfi_xent_of(c, t->id);
    const double weight = rfi_row_weight(t->n, t->id);
    rf_real *loss = rf_graph_scratch(c->graph, (size_t)t->n * sizeof *loss);
    if (!loss) return;
    rfi_xent_forward(&p, c->mode != RF_INFER, (rf_real)weight, c->saved, loss);
    *c->y.data = (rf_real)(weight * rfi_sum_losses(t->n, loss));
}

/* With D the saved gradient: gx = gy D w, gw = gy D^T x, gb = gy sum of D's rows. */
static void lce_adjoint(const rf_call *c)
{
    const rfi_xent p = rfi_xent_of(c, NULL);
    rfi_xent_grads g;
    if (rfi_xent_grads_of(c, &g)) rfi_xent_adjoint(&p, c->saved, *c->gy, &g);
}

static rf_node lce_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    const rfi_ids *t = c->attr;
    return rf_cross_entropy(g, rf_linear(g, x[0], x[1], x[2]), t->id);
}

static const rf_case lce_cases[] = {{.n = 3,
                                     .shape = {RFI_S3(2, 3, 4), RFI_S2(5, 4), RFI_S1(5)},
                                     .low = -1,
                                     .high = 1,
                                     RFI_ATTR(ce_targets)},
                                    {.n = 3,
                                     .shape = {RFI_S2(1, 3), RFI_S2(3, 3), RFI_OUT},
                                     .low = -1,
                                     .high = 1,
                                     RFI_ATTR(ce_one)},
                                    {.n = 3, /* many classes */
                                     .shape = {RFI_S2(6, 2), RFI_S2(1100, 2), RFI_S1(1100)},
                                     .low = -1,
                                     .high = 1,
                                     RFI_ATTR(ce_far)}};
RFI_CASES(lce_cases)

const rf_op rfi_op_linear_cross_entropy = {.name = "linear_cross_entropy",
                                           .arity = 3,
                                           .flags = RF_OP_OVERWRITES | RF_OP_OPTIONAL,
                                           .formula = "y = cross_entropy(x w^T + b, targets)",
                                           .shape = lce_shape,
                                           .save = lce_save,
                                           .forward = lce_forward,
                                           .adjoint = lce_adjoint,
                                           .expand = lce_expand,
                                           .sample = sample_lce_cases,
                                           .flop = rfi_linear_flop};

rf_node rf_linear_cross_entropy(rf_graph *g, rf_node x, rf_node w, rf_node b,
                                const int32_t *targets)
{
    const rfi_ids *t = rfi_ids_copy(g, rfi_rows(rf_shape_of(g, x)), targets);
    if (!t) return RF_POISON;
    return rf_apply(g, &rfi_op_linear_cross_entropy, 3, (const rf_node[]){x, w, b}, t, 0);
}

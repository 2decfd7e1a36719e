/* graph/op_loss.c -- losses: cross entropy of classes (also fused with the linear layer before it),
 * mean squared error, binary cross entropy. */
#include "graph/ops.h"
#include "tensor/blas.h"
#include "tensor/vec.h"
#include <math.h>

/* ---- What both cross entropies share ------------------------------------------------------------ */

static bool check_targets(const rf_call *c, rf_index K)
{
    const rfi_ids *t = c->attr;
    for (rf_index r = 0; r < t->n; r++)
        if (t->id[r] >= K)
            return rf_call_fail(c, "target %d of row %lld is not below %lld", t->id[r],
                                (long long)r, (long long)K);
    return true;
}

/* One over the number of rows that count. */
static double row_weight(const rfi_ids *t)
{
    rf_index n = 0;
    for (rf_index r = 0; r < t->n; r++) n += t->id[r] >= 0;
    return n ? 1 / (double)n : 0;
}

static double sum_rows(rf_index n, const rf_real *loss)
{
    double s = 0;
    for (rf_index r = 0; r < n; r++) s += (double)loss[r];
    return s;
}

/* ---- cross_entropy ----------------------------------------------------------------------------------
 * saved: [R,K] softmax(x) - onehot(target), over the number of rows: the gradient for gy = 1. */

static bool ce_shape(const rf_call *c, rf_shape *y)
{
    char text[RF_SHAPE_TEXT];
    if (c->x[0].shape.rank < 1)
        return rf_call_fail(c, "%s has no classes", rf_shape_text(c->x[0].shape, text));
    return rfi_shape_scalar(c, y) && check_targets(c, rfi_last(c->x[0].shape));
}

static size_t ce_save(const rf_call *c)
{
    return c->mode == RF_INFER ? 0 : (size_t)rfi_count(&c->x[0]) * sizeof(rf_real);
}

static void ce_forward(const rf_call *c)
{
    const rfi_ids *t = c->attr;
    const double weight = row_weight(t);
    rf_real *loss = rf_graph_scratch(c->graph, (size_t)t->n * sizeof *loss);
    if (!loss) return;
    rfi_vec_softmax_xent(c->device, t->n, rfi_last(c->x[0].shape), c->x[0].data, t->id,
                         (rf_real)weight, c->saved, loss);
    *c->y.data = (rf_real)(weight * sum_rows(t->n, loss));
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

/* -sum_r log softmax(x)[r, target] over the number of rows. */
static rf_node ce_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    const rfi_ids *t = c->attr;
    int32_t *index = rf_graph_alloc(g, (size_t)t->n * sizeof *index);
    rf_node counts = rf_zeros(g, RF_SHAPE(t->n));
    if (!index || counts == RF_POISON) return RF_POISON;
    for (rf_index r = 0; r < t->n; r++) {
        index[r] = t->id[r] < 0 ? 0 : t->id[r];
        rf_value(g, counts).data[r] = t->id[r] < 0 ? 0 : 1;
    }
    rf_node rows = rf_reshape(g, x[0], RF_SHAPE(t->n, rfi_last(c->x[0].shape)));
    rf_node right = rf_pick(g, rf_log_softmax(g, rows), index);
    return rf_affine(g, rf_sum(g, rf_mul(g, right, counts)), -row_weight(t), 0);
}

static const struct {
    rf_index n;
    int32_t id[6];
} ce_targets = {6, {4, -1, 2, 4, 0, 1}}, ce_one = {1, {2}}, ce_none = {3, {-1, -1, -1}};
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

/* ---- linear_cross_entropy ----------------------------------------------------------------------------
 * The logits are made a block of rows at a time and turned at once, in place, into the gradient
 * with respect to them.  That is what is saved, [R,V]; for RF_INFER one block is reused. */

enum { BLOCK = 1 << 23 }; /* elements of a block of logits: smaller ones multiply slower */

/* Rows of a block: all blocks are about equal. */
static rf_index block_rows(const rf_call *c)
{
    const rf_index R = rfi_rows(c->x[0].shape), V = c->x[1].shape.dim[0];
    const rf_index most = BLOCK / (V ? V : 1) < 64 ? 64 : BLOCK / (V ? V : 1);
    const rf_index blocks = (R + most - 1) / most;
    return blocks ? (R + blocks - 1) / blocks : 1;
}

static bool lce_shape(const rf_call *c, rf_shape *y)
{
    return rfi_linear_fits(c) && rfi_shape_scalar(c, y) && check_targets(c, c->x[1].shape.dim[0]);
}

static size_t lce_save(const rf_call *c)
{
    const rf_index R = rfi_rows(c->x[0].shape), n = block_rows(c);
    const rf_index rows = c->mode != RF_INFER || R < n ? R : n;
    return (size_t)(rows * c->x[1].shape.dim[0]) * sizeof(rf_real);
}

static void lce_block(const rf_call *c, rf_index from, rf_index rows, rf_real scale, rf_real *D,
                      rf_real *loss)
{
    const rfi_ids *t = c->attr;
    const rf_index V = c->x[1].shape.dim[0], H = c->x[1].shape.dim[1];
    const rf_real *b = c->x[2].data;
    if (b) rfi_fill_rows(c->device, rows, V, b, D);
    rfi_gemm(c->device, false, true, rows, V, H, 1, c->x[0].data + from * H, H, c->x[1].data, H,
             b ? 1 : 0, D, V);
    rfi_vec_softmax_xent(c->device, rows, V, D, t->id + from, scale, c->mode == RF_INFER ? NULL : D,
                         loss + from);
}

static void lce_forward(const rf_call *c)
{
    const rfi_ids *t = c->attr;
    const rf_index V = c->x[1].shape.dim[0], n = block_rows(c);
    const double weight = row_weight(t);
    rf_real *D = c->saved, *loss = rf_graph_scratch(c->graph, (size_t)t->n * sizeof *loss);
    for (rf_index r = 0; loss && r < t->n; r += n)
        lce_block(c, r, t->n - r < n ? t->n - r : n, (rf_real)weight,
                  c->mode == RF_INFER ? D : D + r * V, loss);
    if (loss) *c->y.data = (rf_real)(weight * sum_rows(t->n, loss));
}

/* With D the saved gradient: gx = gy D w, gw = gy D^T x, gb = gy sum of D's rows. */
static void lce_adjoint(const rf_call *c)
{
    const rf_index R = rfi_rows(c->x[0].shape), V = c->x[1].shape.dim[0], H = c->x[1].shape.dim[1];
    const rf_real *D = c->saved, gy = *c->gy;
    rf_real *sum = c->gx[2] ? rf_graph_scratch(c->graph, (size_t)V * sizeof *sum) : NULL;
    if (c->gx[0])
        rfi_gemm(c->device, false, false, R, H, V, gy, D, V, c->x[1].data, H, c->fresh[0] ? 0 : 1,
                 c->gx[0], H);
    if (c->gx[1])
        rfi_gemm(c->device, true, false, V, H, R, gy, D, V, c->x[0].data, H, c->fresh[1] ? 0 : 1,
                 c->gx[1], H);
    if (!sum) return;
    rfi_vec_column_sum(c->device, R, V, D, V, sum, false);
    if (c->fresh[2])
        rfi_vec_scale(c->device, V, gy, sum, c->gx[2]);
    else
        rfi_vec_axpy(c->device, V, gy, sum, c->gx[2]);
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
                                     RFI_ATTR(ce_one)}};
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
                                           .sample = sample_lce_cases};

rf_node rf_linear_cross_entropy(rf_graph *g, rf_node x, rf_node w, rf_node b,
                                const int32_t *targets)
{
    const rfi_ids *t = rfi_ids_copy(g, rfi_rows(rf_shape_of(g, x)), targets);
    if (!t) return RF_POISON;
    return rf_apply(g, &rfi_op_linear_cross_entropy, 3, (const rf_node[]){x, w, b}, t, 0);
}

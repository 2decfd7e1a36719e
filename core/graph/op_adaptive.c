/* graph/op_adaptive.c -- the adaptive softmax: frequent classes at once, rare ones by cluster.
 *
 * Inputs: x [..,H], head [S+n,H], bias [S+n] or none, then for each of n clusters its down [h,H] and
 * up [o,h].  Classes 0 .. S-1 are the head's first rows; row S + k stands for cluster k, whose o
 * classes follow those of the cluster before.
 *
 * Rows are sorted by their target's cluster, so each cluster is dense products over its own rows
 * only.  Source: Grave, Joulin, Cisse, Grangier, Jegou, "Efficient softmax approximation for GPUs",
 * ICML 2017; numbered as in PyTorch's nn.AdaptiveLogSoftmaxWithLoss. */
#include "graph/loss.h"
#include "tensor/blas.h"
#include "tensor/vec.h"

enum { FIRST = 3 /* the first cluster's input */ };

/* A cluster: its classes, its rows among the sorted ones, and its places in saved memory. */
typedef struct cluster {
    const rf_real *down, *up;
    rf_index low, o, h;
    rf_index first, rows;
    rf_index X, P, D; /* [rows,H] of x; [rows,h] = X down^T; [rows,o] as rfi_xent's */
} cluster;

typedef struct plan {
    const rfi_ids *t;
    rfi_xent head; /* its D is at 0 */
    rf_index S, H, size;
    int n;
    cluster k[RF_ADAPTIVE_CLUSTERS];
} plan;

static int clusters(const rf_call *c) { return (c->n - FIRST) / 2; }

/* ---- Shapes --------------------------------------------------------------------------------------- */

static bool cluster_fits(const rf_call *c, int k)
{
    const rf_tensor *down = &c->x[FIRST + 2 * k], *up = down + 1;
    if (!down->data || !up->data) return rf_call_fail(c, "a matrix of cluster %d is left out", k);
    if (down->shape.rank != 2 || up->shape.rank != 2 ||
        down->shape.dim[1] != c->x[1].shape.dim[1] || up->shape.dim[1] != down->shape.dim[0])
        return rfi_fail_pair(c, down->shape, up->shape,
                             "do not lead from x to a cluster's classes");
    return true;
}

static bool adaptive_shape(const rf_call *c, rf_shape *y)
{
    const rfi_ids *t = c->attr;
    const int n = clusters(c);
    if (c->n != FIRST + 2 * n || n < 1 || n > RF_ADAPTIVE_CLUSTERS)
        return rf_call_fail(c, "%d inputs; 1 to %d clusters are due", c->n, RF_ADAPTIVE_CLUSTERS);
    if (!rfi_linear_fits(c)) return false;
    rf_index K = c->x[1].shape.dim[0] - n;
    if (K < 1) return rf_call_fail(c, "the head has no class besides its clusters");
    for (int k = 0; k < n; k++) {
        if (!cluster_fits(c, k)) return false;
        K += c->x[FIRST + 2 * k + 1].shape.dim[0];
    }
    return rfi_shape_scalar(c, y) && rfi_targets_fit(c, t->n, t->id, K);
}

/* ---- The plan: a function of shapes and targets ------------------------------------------------------ */

/* The cluster of a target, or -1: the head has it, or it does not count. */
static int cluster_of(const plan *p, int32_t target)
{
    int k = p->n - 1;
    while (k >= 0 && target < p->k[k].low) k--;
    return k;
}

static rf_index place(plan *p, rf_index n)
{
    const rf_index at = p->size;
    p->size += (n + 15) / 16 * 16;
    return at;
}

static rfi_xent cluster_xent(const rf_call *c, const cluster *k, const int32_t *target)
{
    const rf_real *saved = c->saved;
    return (rfi_xent){.device = c->device,
                      .R = k->rows,
                      .V = k->o,
                      .H = k->h,
                      .x = saved ? saved + k->P : NULL,
                      .w = k->up,
                      .target = target};
}

static void plan_memory(const rf_call *c, plan *p)
{
    const bool keep = c->mode != RF_INFER;
    place(p, rfi_xent_size(&p->head, keep));
    for (int i = 0; i < p->n; i++) {
        cluster *k = &p->k[i];
        const rfi_xent x = cluster_xent(c, k, NULL);
        k->X = place(p, k->rows * p->H);
        k->P = place(p, k->rows * k->h);
        k->D = place(p, rfi_xent_size(&x, keep));
    }
}

static plan plan_of(const rf_call *c)
{
    plan p = {.t = c->attr, .head = rfi_xent_of(c, NULL), .n = clusters(c)};
    p.H = p.head.H;
    p.S = p.head.V - p.n;
    rf_index low = p.S;
    for (int i = 0; i < p.n; i++) {
        const rf_tensor *down = &c->x[FIRST + 2 * i], *up = down + 1;
        p.k[i] = (cluster){.down = down->data,
                           .up = up->data,
                           .low = low,
                           .o = up->shape.dim[0],
                           .h = down->shape.dim[0]};
        low += p.k[i].o;
    }
    for (rf_index r = 0; r < p.t->n; r++) {
        const int k = cluster_of(&p, p.t->id[r]);
        if (k >= 0) p.k[k].rows++;
    }
    for (int i = 1; i < p.n; i++) p.k[i].first = p.k[i - 1].first + p.k[i - 1].rows;
    plan_memory(c, &p);
    return p;
}

/* The rows that the clusters have, sorted by cluster and then by number; NULL: no memory. */
static int32_t *sort_rows(const rf_call *c, const plan *p)
{
    int32_t *order = rf_graph_scratch(c->graph, ((size_t)p->t->n + 1) * sizeof *order);
    rf_index at[RF_ADAPTIVE_CLUSTERS];
    for (int i = 0; i < p->n; i++) at[i] = p->k[i].first;
    for (rf_index r = 0; order && r < p->t->n; r++) {
        const int k = cluster_of(p, p->t->id[r]);
        if (k >= 0) order[at[k]++] = (int32_t)r;
    }
    return order;
}

/* ---- Forward ------------------------------------------------------------------------------------------ */

static size_t adaptive_save(const rf_call *c) { return (size_t)plan_of(c).size * sizeof(rf_real); }

/* What the head has to say of each row: the class, or the cluster it is in. */
static void head_targets(const plan *p, int32_t *target)
{
    for (rf_index r = 0; r < p->t->n; r++) {
        const int k = cluster_of(p, p->t->id[r]);
        target[r] = k < 0 ? p->t->id[r] : (int32_t)p->S + k;
    }
}

/* The sum of the losses of one cluster's rows, each given that it is in the cluster. */
static double cluster_forward(const rf_call *c, const plan *p, const cluster *k,
                              const int32_t *order, rf_real weight, int32_t *target, rf_real *loss)
{
    rf_real *X = (rf_real *)c->saved + k->X, *P = (rf_real *)c->saved + k->P;
    for (rf_index i = 0; i < k->rows; i++) {
        const rf_index r = order[k->first + i];
        memcpy(X + i * p->H, c->x[0].data + r * p->H, (size_t)p->H * sizeof *X);
        target[i] = (int32_t)(p->t->id[r] - k->low);
    }
    rfi_gemm(c->device, false, true, k->rows, k->h, p->H, 1, X, p->H, k->down, p->H, 0, P, k->h);
    const rfi_xent x = cluster_xent(c, k, target);
    rfi_xent_forward(&x, c->mode != RF_INFER, weight, (rf_real *)c->saved + k->D, loss);
    return rfi_sum_losses(k->rows, loss);
}

static void adaptive_forward(const rf_call *c)
{
    plan p = plan_of(c);
    const rf_index R = p.t->n;
    const double weight = rfi_row_weight(R, p.t->id);
    const int32_t *order = sort_rows(c, &p);
    int32_t *target = rf_graph_scratch(c->graph, ((size_t)R + 1) * sizeof *target);
    rf_real *loss = rf_graph_scratch(c->graph, ((size_t)R + 1) * sizeof *loss);
    if (!order || !target || !loss) return;
    head_targets(&p, target);
    p.head.target = target;
    rfi_xent_forward(&p.head, c->mode != RF_INFER, (rf_real)weight, c->saved, loss);
    double sum = rfi_sum_losses(R, loss);
    for (int i = 0; i < p.n; i++)
        sum += cluster_forward(c, &p, &p.k[i], order, (rf_real)weight, target, loss);
    *c->y.data = (rf_real)(weight * sum);
}

/* ---- Adjoint ------------------------------------------------------------------------------------------ */

/* gx of a cluster's rows: gP down, added to the rows where they came from. */
static void cluster_adjoint_x(const rf_call *c, const plan *p, const cluster *k,
                              const int32_t *order, const rf_real *gP)
{
    rf_real *gX = rf_graph_scratch(c->graph, (size_t)(k->rows * p->H + 1) * sizeof *gX);
    if (!gX) return;
    rfi_gemm(c->device, false, false, k->rows, p->H, k->h, 1, gP, k->h, k->down, p->H, 0, gX, p->H);
    for (rf_index i = 0; i < k->rows; i++) {
        rf_real *gx = c->gx[0] + order[k->first + i] * p->H;
        c->device->k->add(p->H, gX + i * p->H, gx, gx);
    }
}

static void cluster_adjoint(const rf_call *c, const plan *p, int i, const int32_t *order)
{
    const cluster *k = &p->k[i];
    const int down = FIRST + 2 * i, up = down + 1;
    rf_real *saved = c->saved;
    const rfi_xent x = cluster_xent(c, k, NULL);
    rf_real *gP = rf_graph_scratch(c->graph, (size_t)(k->rows * k->h + 1) * sizeof *gP);
    if (!gP) return;
    const rfi_xent_grads g = {.x = gP, .fresh_x = true, .w = c->gx[up], .fresh_w = c->fresh[up]};
    rfi_xent_adjoint(&x, saved + k->D, *c->gy, &g);
    if (c->gx[down])
        rfi_gemm(c->device, true, false, k->h, p->H, k->rows, 1, gP, k->h, saved + k->X, p->H,
                 c->fresh[down] ? 0 : 1, c->gx[down], p->H);
    if (c->gx[0]) cluster_adjoint_x(c, p, k, order, gP);
}

/* The head writes all of gx, the clusters add to their rows of it. */
static void adaptive_adjoint(const rf_call *c)
{
    const plan p = plan_of(c);
    const int32_t *order = sort_rows(c, &p);
    rfi_xent_grads g;
    if (!order || !rfi_xent_grads_of(c, &g)) return;
    rfi_xent_adjoint(&p.head, c->saved, *c->gy, &g);
    for (int i = 0; i < p.n; i++) cluster_adjoint(c, &p, i, order);
}

/* ---- The textbook: log-probabilities of all classes ------------------------------------------------------ */

/* ln p(class) = ln p(head's row of it), and for the rare ones + ln p(class in its cluster). */
static rf_node log_probabilities(rf_graph *g, int n, const rf_node *x)
{
    rf_node part[1 + RF_ADAPTIVE_CLUSTERS];
    rf_node head = rf_log_softmax(g, rf_linear(g, x[0], x[1], x[2]));
    const rf_index S = rfi_last(rf_shape_of(g, head)) - n;
    part[0] = rf_slice(g, head, -1, 0, S);
    for (int k = 0; k < n; k++) {
        const rf_node *w = x + FIRST + 2 * k;
        rf_node inside = rf_linear(g, rf_linear(g, x[0], w[0], RF_NONE), w[1], RF_NONE);
        part[1 + k] = rf_add(g, rf_log_softmax(g, inside), rf_slice(g, head, -1, S + k, 1));
    }
    return rf_concat(g, n + 1, part, -1);
}

static rf_node adaptive_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    const rfi_ids *t = c->attr;
    return rfi_mean_loss(g, log_probabilities(g, clusters(c), x), t->n, t->id);
}

static const struct {
    rf_index n;
    int32_t id[6];
} spread = {6, {8, -1, 2, 5, 0, 6}}, one = {1, {3}}, frequent = {3, {1, 0, 1}},
  rare = {3, {7, 4, -1}}, none = {2, {-1, -1}};
#define TWO_CLUSTERS RFI_S2(5, 4), RFI_S1(5), RFI_S2(2, 4), RFI_S2(3, 2), RFI_S2(1, 4), RFI_S2(3, 1)
static const rf_case adaptive_cases[] = {
    {.n = 7, .shape = {RFI_S3(2, 3, 4), TWO_CLUSTERS}, .low = -1, .high = 1, RFI_ATTR(spread)},
    {.n = 7, .shape = {RFI_S2(3, 4), TWO_CLUSTERS}, .low = -1, .high = 1, RFI_ATTR(frequent)},
    {.n = 7, .shape = {RFI_S2(3, 4), TWO_CLUSTERS}, .low = -1, .high = 1, RFI_ATTR(rare)},
    {.n = 7, .shape = {RFI_S2(2, 4), TWO_CLUSTERS}, .low = -1, .high = 1, RFI_ATTR(none)},
    {.n = 5,
     .shape = {RFI_S1(3), RFI_S2(3, 3), RFI_OUT, RFI_S2(3, 3), RFI_S2(2, 3)},
     .low = -1,
     .high = 1,
     RFI_ATTR(one)}};
RFI_CASES(adaptive_cases)

const rf_op rfi_op_adaptive_cross_entropy = {
    .name = "adaptive_cross_entropy",
    .arity = -1,
    .flags = RF_OP_OVERWRITES | RF_OP_OPTIONAL,
    .formula = "y = -mean_r ln p(target[r]); p(k) = softmax(x head^T + b)[k], and of a rare k "
               "p(its cluster) softmax(x down^T up^T)[k]",
    .shape = adaptive_shape,
    .save = adaptive_save,
    .forward = adaptive_forward,
    .adjoint = adaptive_adjoint,
    .expand = adaptive_expand,
    .sample = sample_adaptive_cases};

/* ---- Builders --------------------------------------------------------------------------------------------- */

/* All inputs in the op's order; how many, or 0: no such number of clusters. */
static int inputs(const rf_adaptive *a, rf_node x, rf_node *in)
{
    if (a->clusters < 1 || a->clusters > RF_ADAPTIVE_CLUSTERS) return 0;
    in[0] = x;
    in[1] = a->head;
    in[2] = a->bias;
    for (int k = 0; k < a->clusters; k++) {
        in[FIRST + 2 * k] = a->down[k];
        in[FIRST + 2 * k + 1] = a->up[k];
    }
    return FIRST + 2 * a->clusters;
}

rf_node rf_adaptive_cross_entropy(rf_graph *g, rf_node x, const rf_adaptive *a,
                                  const int32_t *targets)
{
    rf_node in[FIRST + 2 * RF_ADAPTIVE_CLUSTERS];
    const int n = inputs(a, x, in);
    const rfi_ids *t = rfi_ids_copy(g, rfi_rows(rf_shape_of(g, x)), targets);
    return t ? rf_apply(g, &rfi_op_adaptive_cross_entropy, n, in, t, 0) : RF_POISON;
}

rf_node rf_adaptive_log_softmax(rf_graph *g, rf_node x, const rf_adaptive *a)
{
    rf_node in[FIRST + 2 * RF_ADAPTIVE_CLUSTERS];
    if (!inputs(a, x, in))
        return rfi_poison(g, RF_ESHAPE, "adaptive_log_softmax", "no such number of clusters");
    return log_probabilities(g, a->clusters, in);
}

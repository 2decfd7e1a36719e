/* graph/op_product.c -- products of matrices: matmul (batches of them) and linear. */
#include "graph/ops.h"
#include "tensor/blas.h"
#include "tensor/vec.h"

/* ---- matmul: y = A B, where either may be stored turned ---------------------------------------- */

typedef struct matmul_attr {
    bool ta, tb;
} matmul_attr;

/* A batch of products [M,K] x [K,N]; a step of 0: the factor is the same in all of them. */
typedef struct batch {
    rf_index count, M, K, N;
    rf_index sa, sb, sy;
    bool ta, tb;
} batch;

static rf_index from_end(rf_shape s, int k) { return s.dim[s.rank - k]; }

static bool same_leading(rf_shape a, rf_shape b)
{
    if (a.rank == 2 || b.rank == 2) return true;
    if (a.rank != b.rank) return false;
    for (int i = 0; i + 2 < a.rank; i++)
        if (a.dim[i] != b.dim[i]) return false;
    return true;
}

static bool matmul_shape(const rf_call *c, rf_shape *y)
{
    const matmul_attr *t = c->attr;
    const rf_shape a = c->x[0].shape, b = c->x[1].shape;
    if (a.rank < 2 || b.rank < 2) return rfi_fail_pair(c, a, b, "are not both matrices");
    if (from_end(a, t->ta ? 2 : 1) != from_end(b, t->tb ? 1 : 2) || !same_leading(a, b))
        return rfi_fail_pair(c, a, b, "do not multiply");
    *y = a.rank >= b.rank ? a : b;
    y->dim[y->rank - 2] = from_end(a, t->ta ? 1 : 2);
    y->dim[y->rank - 1] = from_end(b, t->tb ? 2 : 1);
    return true;
}

static batch batch_of(const rf_call *c)
{
    const matmul_attr *t = c->attr;
    const rf_shape a = c->x[0].shape, b = c->x[1].shape, y = c->y.shape;
    batch m = {.count = 1, .ta = t->ta, .tb = t->tb};
    m.M = from_end(y, 2);
    m.N = from_end(y, 1);
    m.K = from_end(a, t->ta ? 2 : 1);
    for (int i = 0; i + 2 < y.rank; i++) m.count *= y.dim[i];
    m.sa = a.rank > 2 ? m.M * m.K : 0;
    m.sb = b.rank > 2 ? m.K * m.N : 0;
    m.sy = m.M * m.N;
    if (m.sb == 0 && !m.ta && m.count > 1) { /* one tall matrix */
        m.M *= m.count;
        m.count = 1;
    }
    return m;
}

/* C[i] (+)= op(A[i]) op(B[i]) for count products; with sc 0 all are added up in C. */
typedef struct products {
    rf_device *d;
    rf_index count, M, N, K;
    const rf_real *A, *B;
    rf_real *C;
    rf_index sa, sb, sc;
    bool ta, tb, add;
} products;

static void product(const products *p, rf_index i, bool alone)
{
    const rf_index lda = p->ta ? p->M : p->K, ldb = p->tb ? p->K : p->N;
    const rf_real beta = p->add || (p->sc == 0 && i > 0) ? 1 : 0;
    const rf_real *A = p->A + i * p->sa, *B = p->B + i * p->sb;
    rf_real *C = p->C + i * p->sc;
    if (alone)
        rfi_gemm_1(p->d, p->ta, p->tb, p->M, p->N, p->K, 1, A, lda, B, ldb, beta, C, p->N);
    else
        rfi_gemm(p->d, p->ta, p->tb, p->M, p->N, p->K, 1, A, lda, B, ldb, beta, C, p->N);
}

static void products_part(void *ctx, int thread, int threads)
{
    const products *p = ctx;
    rf_index a, b;
    rfi_split(p->count, 1, thread, threads, &a, &b);
    for (rf_index i = a; i < b; i++) product(p, i, true);
}

/* Many products are dealt out whole; few large ones are each split. */
static void multiply(products p)
{
    const bool deal = p.sc != 0 && p.count >= 2 * rf_device_threads(p.d) &&
                      (double)p.count * (double)p.M * (double)p.N * (double)p.K > 65536;
    if (deal) {
        rf_device_run(p.d, products_part, &p);
        return;
    }
    for (rf_index i = 0; i < p.count; i++) product(&p, i, false);
}

static void matmul_into(const rf_call *c, const rf_real *A, const rf_real *B, rf_real *C, bool add)
{
    const batch m = batch_of(c);
    multiply(
        (products){c->device, m.count, m.M, m.N, m.K, A, B, C, m.sa, m.sb, m.sy, m.ta, m.tb, add});
}

static void matmul_forward(const rf_call *c)
{
    matmul_into(c, c->x[0].data, c->x[1].data, c->y.data, false);
}

/* dy = dA B + A dB. */
static void matmul_tangent(const rf_call *c)
{
    if (c->dx[0]) matmul_into(c, c->dx[0], c->x[1].data, c->dy, false);
    if (c->dx[1]) matmul_into(c, c->x[0].data, c->dx[1], c->dy, c->dx[0] != NULL);
}

/* gA = gy B^T, or (A stored turned) its transpose B gy^T. */
static void matmul_adjoint_a(const rf_call *c, const batch *m)
{
    products p = {
        .d = c->device, .count = m->count, .C = c->gx[0], .sc = m->sa, .add = !c->fresh[0]};
    if (!m->ta) {
        p.M = m->M, p.N = m->K, p.K = m->N;
        p.A = c->gy, p.sa = m->sy, p.B = c->x[1].data, p.sb = m->sb, p.tb = !m->tb;
    } else {
        p.M = m->K, p.N = m->M, p.K = m->N;
        p.A = c->x[1].data, p.sa = m->sb, p.ta = m->tb, p.B = c->gy, p.sb = m->sy, p.tb = true;
    }
    multiply(p);
}

/* gB = A^T gy, or (B stored turned) its transpose gy^T A. */
static void matmul_adjoint_b(const rf_call *c, const batch *m)
{
    products p = {
        .d = c->device, .count = m->count, .C = c->gx[1], .sc = m->sb, .add = !c->fresh[1]};
    if (!m->tb) {
        p.M = m->K, p.N = m->N, p.K = m->M;
        p.A = c->x[0].data, p.sa = m->sa, p.ta = !m->ta, p.B = c->gy, p.sb = m->sy;
    } else {
        p.M = m->N, p.N = m->K, p.K = m->M;
        p.A = c->gy, p.sa = m->sy, p.ta = true, p.B = c->x[0].data, p.sb = m->sa, p.tb = m->ta;
    }
    multiply(p);
}

static void matmul_adjoint(const rf_call *c)
{
    const batch m = batch_of(c);
    if (c->gx[0]) matmul_adjoint_a(c, &m);
    if (c->gx[1]) matmul_adjoint_b(c, &m);
}

static const matmul_attr nn = {false, false}, nt = {false, true}, tn = {true, false},
                         tt = {true, true};
static const rf_case matmul_cases[] = {
    {.n = 2, .shape = {RFI_S2(3, 5), RFI_S2(5, 1)}, .low = -1, .high = 1, RFI_ATTR(nn)},
    {.n = 2, .shape = {RFI_S2(1, 3), RFI_S2(3, 5)}, .low = -1, .high = 1, RFI_ATTR(nn)},
    {.n = 2, .shape = {RFI_S3(5, 1, 3), RFI_S3(5, 3, 2)}, .low = -1, .high = 1, RFI_ATTR(nn)},
    {.n = 2, .shape = {RFI_S3(3, 2, 5), RFI_S2(5, 3)}, .low = -1, .high = 1, RFI_ATTR(nn)},
    {.n = 2, .shape = {RFI_S2(2, 5), RFI_S3(3, 5, 3)}, .low = -1, .high = 1, RFI_ATTR(nn)},
    {.n = 2, .shape = {RFI_S3(3, 2, 5), RFI_S3(3, 4, 5)}, .low = -1, .high = 1, RFI_ATTR(nt)},
    {.n = 2, .shape = {RFI_S3(3, 5, 2), RFI_S3(3, 5, 4)}, .low = -1, .high = 1, RFI_ATTR(tn)},
    {.n = 2, .shape = {RFI_S3(3, 5, 2), RFI_S2(5, 4)}, .low = -1, .high = 1, RFI_ATTR(tn)},
    {.n = 2, .shape = {RFI_S2(5, 2), RFI_S3(3, 4, 5)}, .low = -1, .high = 1, RFI_ATTR(tt)},
    {.n = 2,
     .shape = {RFI_S4(3, 2, 5, 1), RFI_S4(3, 2, 3, 5)},
     .low = -1,
     .high = 1,
     RFI_ATTR(tt)}};
RFI_CASES(matmul_cases)

static double matmul_flop(const rf_call *c)
{
    const batch m = batch_of(c);
    return 2.0 * (double)m.count * (double)m.M * (double)m.N * (double)m.K;
}

const rf_op rfi_op_matmul = {.name = "matmul",
                             .arity = 2,
                             .flags = RF_OP_OVERWRITES,
                             .formula = "y = a b",
                             .shape = matmul_shape,
                             .forward = matmul_forward,
                             .tangent = matmul_tangent,
                             .adjoint = matmul_adjoint,
                             .sample = sample_matmul_cases,
                             .flop = matmul_flop};

rf_node rf_matmul_turned(rf_graph *g, rf_node a, bool turn_a, rf_node b, bool turn_b)
{
    const matmul_attr t = {turn_a, turn_b};
    return rf_apply(g, &rfi_op_matmul, 2, (const rf_node[]){a, b}, &t, sizeof t);
}

rf_node rf_matmul(rf_graph *g, rf_node a, rf_node b)
{
    return rf_matmul_turned(g, a, false, b, false);
}

/* ---- linear: y = x w^T + b ------------------------------------------------------------------------- */

bool rfi_linear_fits(const rf_call *c)
{
    const rf_shape x = c->x[0].shape, w = c->x[1].shape, b = c->x[2].shape;
    if (!c->x[0].data || !c->x[1].data) return rf_call_fail(c, "x or w is left out");
    if (x.rank < 1 || w.rank != 2 || x.dim[x.rank - 1] != w.dim[1])
        return rfi_fail_pair(c, x, w, "do not fit: the last dimensions should be equal");
    if (c->x[2].data && (b.rank != 1 || b.dim[0] != w.dim[0]))
        return rfi_fail_pair(c, w, b, "do not fit: the bias should have one element a row");
    return true;
}

double rfi_linear_flop(const rf_call *c)
{
    return 2.0 * (double)rfi_count(&c->x[0]) * (double)c->x[1].shape.dim[0];
}

static bool linear_shape(const rf_call *c, rf_shape *y)
{
    if (!rfi_linear_fits(c)) return false;
    const rf_shape x = c->x[0].shape;
    *y = rfi_with_dim(x, x.rank - 1, c->x[1].shape.dim[0]);
    return true;
}

/* y = x w^T + b, or y += where b is NULL and `add`. */
static void linear_into(const rf_call *c, const rf_real *x, const rf_real *w, const rf_real *b,
                        bool add, rf_real *y)
{
    const rf_index R = rfi_rows(c->x[0].shape), I = c->x[1].shape.dim[1], O = c->x[1].shape.dim[0];
    if (b) rfi_fill_rows(c->device, R, O, b, y);
    rfi_gemm(c->device, false, true, R, O, I, 1, x, I, w, I, b || add ? 1 : 0, y, O);
}

static void linear_forward(const rf_call *c)
{
    linear_into(c, c->x[0].data, c->x[1].data, c->x[2].data, false, c->y.data);
}

/* dy = dx w^T + x dw^T + db. */
static void linear_tangent(const rf_call *c)
{
    const rf_index n = rfi_count(&c->y), O = rfi_last(c->y.shape);
    rfi_vec_fill(c->device, n, 0, c->dy);
    if (c->dx[2]) rfi_fill_rows(c->device, rfi_rows(c->y.shape), O, c->dx[2], c->dy);
    if (c->dx[0]) linear_into(c, c->dx[0], c->x[1].data, NULL, true, c->dy);
    if (c->dx[1]) linear_into(c, c->x[0].data, c->dx[1], NULL, true, c->dy);
}

/* gx = gy w, gw = gy^T x, gb = the sum of gy's rows. */
static void linear_adjoint(const rf_call *c)
{
    const rf_index R = rfi_rows(c->x[0].shape), I = c->x[1].shape.dim[1], O = c->x[1].shape.dim[0];
    if (c->gx[0])
        rfi_gemm(c->device, false, false, R, I, O, 1, c->gy, O, c->x[1].data, I,
                 c->fresh[0] ? 0 : 1, c->gx[0], I);
    if (c->gx[1])
        rfi_gemm(c->device, true, false, O, I, R, 1, c->gy, O, c->x[0].data, I, c->fresh[1] ? 0 : 1,
                 c->gx[1], I);
    if (c->gx[2]) rfi_vec_column_sum(c->device, R, O, c->gy, O, c->gx[2], !c->fresh[2]);
}

static rf_node linear_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    rf_node rows = rf_reshape(g, x[0], RF_SHAPE(rfi_rows(c->x[0].shape), rfi_last(c->x[0].shape)));
    rf_node y = rf_matmul(g, rows, rf_transpose(g, x[1], 0, 1));
    if (x[2] != RF_NONE) y = rf_add(g, y, x[2]);
    return rf_reshape(g, y, c->y.shape);
}

static const rf_case linear_cases[] = {
    {.n = 3, .shape = {RFI_S2(3, 5), RFI_S2(4, 5), RFI_S1(4)}, .low = -1, .high = 1},
    {.n = 3, .shape = {RFI_S3(3, 2, 5), RFI_S2(1, 5), RFI_OUT}, .low = -1, .high = 1},
    {.n = 3, .shape = {RFI_S1(3), RFI_S2(5, 3), RFI_S1(5)}, .low = -1, .high = 1}};
RFI_CASES(linear_cases)

const rf_op rfi_op_linear = {.name = "linear",
                             .arity = 3,
                             .flags = RF_OP_OVERWRITES | RF_OP_OPTIONAL,
                             .formula = "y = x w^T + b",
                             .shape = linear_shape,
                             .forward = linear_forward,
                             .tangent = linear_tangent,
                             .adjoint = linear_adjoint,
                             .expand = linear_expand,
                             .sample = sample_linear_cases,
                             .flop = rfi_linear_flop};

rf_node rf_linear(rf_graph *g, rf_node x, rf_node w, rf_node b)
{
    return rf_apply(g, &rfi_op_linear, 3, (const rf_node[]){x, w, b}, NULL, 0);
}

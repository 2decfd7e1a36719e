/* graph/op_nade.c -- the neural autoregressive distribution estimator: log-odds of ordered binaries,
 * each given those before it.
 *
 *   h_i = sigmoid(c + sum_(j<i) v_j w_j),   z_i = b_i + u_i . h_i        i = 0 .. V-1
 *
 * for every row of b [R,V], c [R,N] and v [R,V]; w and u are [V,N].  The sum a changes where v_j is
 * not 0 only, so a row falls into spans of keys with the same h: sigmoids cost a span, products a key,
 * together O(V N).  Going back, g is the gradient with respect to a, summed over the spans behind.
 * Nothing is saved: the adjoint computes the h of a row again, which costs less than keeping them.
 *
 * Source: Larochelle & Murray, AISTATS 2011, algorithm 1; biases that depend on a recurrent state:
 * Boulanger-Lewandowski, Bengio, Vincent, ICML 2012, section 4. */
#include "graph/ops.h"
#include "tensor/vec.h"

enum { NADE_B, NADE_C, NADE_W, NADE_U, NADE_V, NADE_INPUTS };

typedef struct job {
    const rf_call *c;
    rf_index R, V, N;
    bool each;        /* every key is a span: v is differentiated */
    rf_real *scratch; /* of all threads, `own` reals each */
    rf_index own;
} job;

static bool nade_shape(const rf_call *c, rf_shape *y)
{
    char text[RF_SHAPE_TEXT];
    const rf_shape b = c->x[NADE_B].shape, h = c->x[NADE_C].shape;
    if (b.rank < 1 || rfi_last(b) < 1)
        return rf_call_fail(c, "%s where visible biases [..,V] are due", rf_shape_text(b, text));
    if (h.rank != b.rank || !rf_shape_equal(rfi_with_dim(h, h.rank - 1, rfi_last(b)), b))
        return rfi_fail_pair(c, b, h, "do not fit: hidden biases [..,N] are due");
    const rf_shape pair = RF_SHAPE(rfi_last(b), rfi_last(h));
    for (int i = NADE_W; i <= NADE_U; i++)
        if (!rf_shape_equal(c->x[i].shape, pair))
            return rfi_fail_pair(c, b, c->x[i].shape, "do not fit: weights [V,N] are due");
    if (!rf_shape_equal(c->x[NADE_V].shape, b))
        return rfi_fail_pair(c, b, c->x[NADE_V].shape, "do not fit: values [..,V] are due");
    return rfi_shape_same(c, y);
}

static job job_of(const rf_call *c, bool each)
{
    const rf_shape b = c->x[NADE_B].shape;
    return (job){.c = c,
                 .R = rfi_rows(b),
                 .V = rfi_last(b),
                 .N = rfi_last(c->x[NADE_C].shape),
                 .each = each};
}

/* Memory for `own` reals of each thread, and all rows by fn.  `cost`: products of a row and key. */
static void share(job *q, rf_index own, rf_index cost, rf_worker_fn fn)
{
    const rf_call *c = q->c;
    q->own = own;
    const size_t bytes = (size_t)(own * c->device->threads) * sizeof *q->scratch;
    q->scratch = rf_graph_scratch(c->graph, bytes);
    if (!q->scratch) return;
    memset(q->scratch, 0, bytes);
    rfi_vec_share(c->device, cost * q->R * q->V * q->N, fn, q);
}

/* Behind the span that begins at i: after the first value that changes the sum. */
static rf_index span_end(const job *q, const rf_real *v, rf_index i)
{
    if (q->each) return i + 1;
    while (i < q->V && v[i] == 0) i++;
    return i < q->V ? i + 1 : q->V;
}

static const rf_real *row(const job *q, int input, rf_index r)
{
    return q->c->x[input].data + r * rfi_last(q->c->x[input].shape);
}

/* ---- Forward --------------------------------------------------------------------------------------- */

static void forward_row(const job *q, rf_index r, rf_real *a, rf_real *h)
{
    const rfi_kernels *k = q->c->device->k;
    const rf_index N = q->N;
    const rf_real *v = row(q, NADE_V, r), *w = row(q, NADE_W, 0), *u = row(q, NADE_U, 0);
    rf_real *z = q->c->y.data + r * q->V;
    memcpy(z, row(q, NADE_B, r), (size_t)q->V * sizeof *z);
    memcpy(a, row(q, NADE_C, r), (size_t)N * sizeof *a);
    for (rf_index i = 0, to; i < q->V; i = to) {
        to = span_end(q, v, i);
        k->sigmoid(N, a, h);
        for (rf_index j = i; j < to; j++) z[j] += k->dot(N, u + j * N, h);
        k->axpy(N, v[to - 1], w + (to - 1) * N, a);
    }
}

static void forward_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    rf_real *a = q->scratch + q->own * thread;
    rf_index first, last;
    rfi_split(q->R, 1, thread, threads, &first, &last);
    for (rf_index r = first; r < last; r++) forward_row(q, r, a, a + q->N);
}

static void nade_forward(const rf_call *c)
{
    job q = job_of(c, false);
    share(&q, 2 * q.N, 1, forward_part);
}

/* ---- Tangent --------------------------------------------------------------------------------------- */

/* Of one row; x [4,N]: a, its tangent, h, its tangent. */
static void tangent_row(const job *q, rf_index r, rf_real *x)
{
    const rfi_kernels *k = q->c->device->k;
    const rf_index N = q->N, V = q->V;
    const rf_real *v = row(q, NADE_V, r), *w = row(q, NADE_W, 0), *u = row(q, NADE_U, 0);
    const rf_real *const *dx = q->c->dx;
    rf_real *a = x, *da = x + N, *h = x + 2 * N, *dh = x + 3 * N, *dz = q->c->dy + r * V;
    memcpy(a, row(q, NADE_C, r), (size_t)N * sizeof *a);
    for (rf_index i = 0; i < N; i++) da[i] = dx[NADE_C] ? dx[NADE_C][r * N + i] : 0;
    for (rf_index i = 0, to; i < V; i = to) {
        to = span_end(q, v, i);
        k->sigmoid(N, a, h);
        memset(dh, 0, (size_t)N * sizeof *dh);
        k->sigmoid_bp(N, da, h, dh);
        for (rf_index j = i; j < to; j++) {
            dz[j] = k->dot(N, u + j * N, dh) + (dx[NADE_B] ? dx[NADE_B][r * V + j] : 0);
            if (dx[NADE_U]) dz[j] += k->dot(N, dx[NADE_U] + j * N, h);
        }
        const rf_index e = to - 1;
        k->axpy(N, v[e], w + e * N, a);
        if (dx[NADE_W]) k->axpy(N, v[e], dx[NADE_W] + e * N, da);
        if (dx[NADE_V]) k->axpy(N, dx[NADE_V][r * V + e], w + e * N, da);
    }
}

static void tangent_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    rf_index first, last;
    rfi_split(q->R, 1, thread, threads, &first, &last);
    for (rf_index r = first; r < last; r++) tangent_row(q, r, q->scratch + q->own * thread);
}

static void nade_tangent(const rf_call *c)
{
    job q = job_of(c, c->dx[NADE_V] != NULL);
    share(&q, 4 * q.N, 3, tangent_part);
}

/* ---- Adjoint --------------------------------------------------------------------------------------- */

/* One thread's: gradients of w and u, then h of each span, a, g, and the gradient of an h. */
typedef struct own {
    rf_real *gw, *gu, *h, *a, *g, *gh;
} own;

static own own_part(const job *q, int thread)
{
    const rf_index N = q->N, VN = q->V * N;
    rf_real *at = q->scratch + q->own * thread, *end = at + 3 * VN;
    return (own){at, at + VN, at + 2 * VN, end, end + N, end + 2 * N};
}

static void compute_spans(const job *q, rf_index r, const own *o)
{
    const rfi_kernels *k = q->c->device->k;
    const rf_index N = q->N;
    const rf_real *v = row(q, NADE_V, r), *w = row(q, NADE_W, 0);
    rf_real *h = o->h;
    memcpy(o->a, row(q, NADE_C, r), (size_t)N * sizeof *o->a);
    for (rf_index i = 0, to; i < q->V; i = to, h += N) {
        to = span_end(q, v, i);
        k->sigmoid(N, o->a, h);
        k->axpy(N, v[to - 1], w + (to - 1) * N, o->a);
    }
}

/* The span of keys [from, to), whose h this is. */
static void span_adjoint(const job *q, rf_index r, const own *o, const rf_real *h, rf_index from,
                         rf_index to)
{
    const rfi_kernels *k = q->c->device->k;
    const rf_index N = q->N, e = to - 1;
    const rf_real *u = row(q, NADE_U, 0), *gz = q->c->gy + r * q->V;
    rf_real *gv = q->c->gx[NADE_V];
    k->axpy(N, row(q, NADE_V, r)[e], o->g, o->gw + e * N);
    if (gv) gv[r * q->V + e] += k->dot(N, row(q, NADE_W, e), o->g);
    memset(o->gh, 0, (size_t)N * sizeof *o->gh);
    for (rf_index j = from; j < to; j++) {
        k->axpy(N, gz[j], u + j * N, o->gh);
        k->axpy(N, gz[j], h, o->gu + j * N);
    }
    k->sigmoid_bp(N, o->gh, h, o->g);
}

static void adjoint_row(const job *q, rf_index r, const own *o)
{
    const rfi_kernels *k = q->c->device->k;
    const rf_index N = q->N, V = q->V;
    const rf_real *v = row(q, NADE_V, r);
    rf_real *const *gx = q->c->gx;
    rf_index spans = 0;
    compute_spans(q, r, o);
    for (rf_index i = 0; i < V; i = span_end(q, v, i)) spans++;
    memset(o->g, 0, (size_t)N * sizeof *o->g);
    for (rf_index to = V, from; to > 0; to = from) {
        for (from = to - 1; from > 0 && !q->each && v[from - 1] == 0;) from--;
        span_adjoint(q, r, o, o->h + --spans * N, from, to);
    }
    if (gx[NADE_B]) k->add(V, q->c->gy + r * V, gx[NADE_B] + r * V, gx[NADE_B] + r * V);
    if (gx[NADE_C]) k->add(N, o->g, gx[NADE_C] + r * N, gx[NADE_C] + r * N);
}

static void adjoint_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    const own o = own_part(q, thread);
    rf_index first, last;
    rfi_split(q->R, 1, thread, threads, &first, &last);
    for (rf_index r = first; r < last; r++) adjoint_row(q, r, &o);
}

static void nade_adjoint(const rf_call *c)
{
    job q = job_of(c, c->gx[NADE_V] != NULL);
    const rf_index VN = q.V * q.N;
    share(&q, 3 * VN + 3 * q.N, 3, adjoint_part);
    for (int i = 0; q.scratch && i < c->device->threads; i++) {
        const own o = own_part(&q, i);
        if (c->gx[NADE_W]) c->device->k->add(VN, o.gw, c->gx[NADE_W], c->gx[NADE_W]);
        if (c->gx[NADE_U]) c->device->k->add(VN, o.gu, c->gx[NADE_U], c->gx[NADE_U]);
    }
}

/* ---- The textbook, key by key ------------------------------------------------------------------------ */

static rf_node nade_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    const rf_shape s = c->x[NADE_B].shape;
    const rf_index R = rfi_rows(s), V = rfi_last(s), N = rfi_last(c->x[NADE_C].shape);
    rf_node *z = rf_graph_alloc(g, (size_t)V * sizeof *z);
    if (!z) return RF_POISON;
    const rf_node b = rf_reshape(g, x[NADE_B], RF_SHAPE(R, V));
    const rf_node v = rf_reshape(g, x[NADE_V], RF_SHAPE(R, V));
    rf_node a = rf_reshape(g, x[NADE_C], RF_SHAPE(R, N));
    for (rf_index i = 0; i < V; i++) {
        const rf_node h = rf_sigmoid(g, a), u = rf_rows(g, x[NADE_U], i, 1);
        z[i] = rf_add(g, rf_slice(g, b, 1, i, 1), rf_matmul_turned(g, h, false, u, true));
        a = rf_add(g, a, rf_mul(g, rf_slice(g, v, 1, i, 1), rf_rows(g, x[NADE_W], i, 1)));
    }
    return rf_reshape(g, rf_concat(g, (int)V, z, 1), s);
}

static double nade_flop(const rf_call *c)
{
    return 2.0 * (double)rfi_count(&c->x[NADE_B]) * (double)rfi_last(c->x[NADE_C].shape);
}

/* ---- The row ------------------------------------------------------------------------------------------ */

#define NADE_CASE(CONSTANT, V, N, ROWS_V, ROWS_N)                                                  \
    {                                                                                              \
        .n = NADE_INPUTS, .shape = {ROWS_V, ROWS_N, RFI_S2(V, N), RFI_S2(V, N), ROWS_V},           \
        .low = -1, .high = 1, .constant = (CONSTANT)                                               \
    }
static const rf_case nade_cases[] = {NADE_CASE(0, 4, 3, RFI_S3(2, 3, 4), RFI_S3(2, 3, 3)),
                                     NADE_CASE(0, 1, 2, RFI_S2(3, 1), RFI_S2(3, 2)),
                                     NADE_CASE(0, 3, 1, RFI_S1(3), RFI_S1(1)),
                                     NADE_CASE(1u << NADE_V, 5, 2, RFI_S2(4, 5), RFI_S2(4, 2))};
RFI_CASES(nade_cases)

const rf_op rfi_op_nade = {.name = "nade",
                           .arity = NADE_INPUTS,
                           .formula = "z_i = b_i + u_i . sigmoid(c + sum_(j<i) v_j w_j)",
                           .shape = nade_shape,
                           .forward = nade_forward,
                           .tangent = nade_tangent,
                           .adjoint = nade_adjoint,
                           .expand = nade_expand,
                           .sample = sample_nade_cases,
                           .flop = nade_flop};

rf_node rf_nade(rf_graph *g, rf_node b, rf_node c, rf_node w, rf_node u, rf_node v)
{
    return rf_apply(g, &rfi_op_nade, NADE_INPUTS, (const rf_node[]){b, c, w, u, v}, NULL, 0);
}

/* graph/op_crf.c -- the loss of a linear-chain conditional random field.
 *
 * A lattice is all paths of tags through a sequence that its targets leave open: `all` of them, or
 * those of the `gold` targets, where a step with a target has one tag and one without has K.  Both
 * go through the same recursion, and the loss of a sequence is ln Z(all) - ln Z(gold).
 *
 *   a_0[j] = start[j] + e_0[j]
 *   a_t[j] = e_t[j] + ln sum_i e^(a_(t-1)[i] + A[i,j])        A: transitions from i to j
 *   ln Z   = ln sum_j e^(a_(L-1)[j] + end[j])
 *
 * Each a_t is kept less its largest element, whose sum over steps is kept in double: long sequences
 * lose nothing.  Going back, the weight p_t[j] of a tag is dealt out to the tags before it,
 *
 *   p_(L-1)[j] = softmax_j(a_(L-1) + end),   p_(t-1)[i] = sum_j p_t[j] softmax_i(a_(t-1) + A[.,j])
 *
 * which is the forward-backward algorithm: p are the marginals and the summands the expected uses of
 * transitions.  Source: Lafferty, McCallum, Pereira, ICML 2001; of unlabelled steps: Tsuboi et al.,
 * COLING 2008. */
#include "graph/ops.h"
#include "tensor/vec.h"
#include <float.h>
#include <math.h>

#define LOW        ((rf_real)-1e30) /* the score of what is forbidden: e^LOW is 0, and no sum overflows */
#define SAFE       ((rf_real)1e-20) /* above it no summand that counts has underflowed */
/* A tag of less weight than this changes no bit of a sum near 1. */
#define NEGLIGIBLE ((rf_real)1e-3 * (sizeof(rf_real) == sizeof(float) ? FLT_EPSILON : DBL_EPSILON))

enum { ALL, GOLD, LATTICES };

typedef struct crf_attr {
    const int32_t *length; /* [B]; NULL: all T */
    const int32_t *target; /* [T,B] */
    const uint8_t *forbid; /* [K+1,K+1] or NULL */
} crf_attr;

typedef struct range {
    rf_index from, n;
} range;

typedef struct job {
    const rf_call *c;
    const crf_attr *attr;
    rf_index T, B, K;
    /* Saved: A turned, [K,K] from row j's tags to j; e^(A - top); with what is forbidden at LOW. */
    rf_real *score, *power, *start, *end;
    rf_real *a[LATTICES]; /* [T,B,K] */
    rf_real top;          /* largest transition */
    double *loss;         /* forward: [B] */
    rf_real *scratch;     /* forward: [threads,K]; adjoint: of each thread, as own_part cuts it */
    rf_real scale;        /* adjoint: gy over the number of labelled steps */
} job;

/* ---- Shapes --------------------------------------------------------------------------------------- */

static rf_index length_of(const crf_attr *a, rf_index b, rf_index T)
{
    return a->length ? a->length[b] : T;
}

static range range_of(int32_t target, rf_index K, int lattice)
{
    return lattice == ALL || target < 0 ? (range){0, K} : (range){target, 1};
}

static bool is_forbidden(const crf_attr *a, rf_index K, rf_index i, rf_index j)
{
    return a->forbid && a->forbid[i * (K + 1) + j];
}

/* Does any tag of `from`, of those that can be reached, lead to j? */
static bool leads_to(const crf_attr *a, rf_index K, range from, const uint8_t *reached, rf_index j)
{
    for (rf_index i = from.from; i < from.from + from.n; i++)
        if (reached[i] && !is_forbidden(a, K, i, j)) return true;
    return false;
}

/* The step of sequence b that no path of allowed transitions with its targets can pass, or -1.
 * reach [2,K+1]: scratch. */
static rf_index first_closed(const crf_attr *a, rf_index b, rf_index T, rf_index B, rf_index K,
                             uint8_t *reach)
{
    uint8_t *now = reach, *next = reach + K + 1;
    range before = {K, 1}; /* row K: what a sequence begins with */
    now[K] = 1;
    for (rf_index t = 0; t < T; t++) {
        const range r = range_of(a->target[t * B + b], K, GOLD);
        bool open = false;
        for (rf_index j = r.from; j < r.from + r.n; j++)
            open |= next[j] = leads_to(a, K, before, now, j);
        if (!open) return t;
        uint8_t *const other = now;
        now = next;
        next = other;
        before = r;
    }
    return leads_to(a, K, before, now, K) ? -1 : T - 1;
}

static bool targets_fit(const rf_call *c, rf_index T, rf_index B, rf_index K)
{
    const crf_attr *a = c->attr;
    uint8_t *reach = rf_graph_scratch(c->graph, 2 * (size_t)(K + 1));
    if (!reach) return rf_call_fail(c, "no memory");
    for (rf_index b = 0; b < B; b++) {
        const rf_index L = length_of(a, b, T);
        if (L < 0 || L > T)
            return rf_call_fail(c, "length %lld of sequence %lld is not within 0..%lld",
                                (long long)L, (long long)b, (long long)T);
        for (rf_index t = 0; t < L; t++)
            if (a->target[t * B + b] >= K)
                return rf_call_fail(c, "target %d of step %lld of sequence %lld is not below %lld",
                                    a->target[t * B + b], (long long)t, (long long)b, (long long)K);
        const rf_index closed = a->forbid && L ? first_closed(a, b, L, B, K, reach) : -1;
        if (closed >= 0)
            return rf_call_fail(c,
                                "sequence %lld: the targets up to step %lld need a transition "
                                "that is forbidden",
                                (long long)b, (long long)closed);
    }
    return true;
}

static bool crf_shape(const rf_call *c, rf_shape *y)
{
    char text[RF_SHAPE_TEXT];
    const rf_shape e = c->x[0].shape;
    if (e.rank != 3 || e.dim[2] < 1)
        return rf_call_fail(c, "%s where emissions [T,B,K] are due", rf_shape_text(e, text));
    const rf_index K = e.dim[2];
    if (!rf_shape_equal(c->x[1].shape, RF_SHAPE(K, K)))
        return rfi_fail_pair(c, e, c->x[1].shape, "do not fit: transitions [K,K] are due");
    for (int i = 2; i < 4; i++)
        if (!rf_shape_equal(c->x[i].shape, RF_SHAPE(K)))
            return rfi_fail_pair(c, e, c->x[i].shape, "do not fit: start and end are [K]");
    return targets_fit(c, e.dim[0], e.dim[1], K) && rfi_shape_scalar(c, y);
}

/* ---- What all rules share --------------------------------------------------------------------------- */

static size_t crf_save(const rf_call *c)
{
    const rf_index K = rfi_last(c->x[0].shape);
    return (size_t)(2 * K * K + 2 * K + LATTICES * rfi_count(&c->x[0])) * sizeof(rf_real);
}

static job job_of(const rf_call *c)
{
    const rf_index *dim = c->x[0].shape.dim, K = dim[2], n = rfi_count(&c->x[0]);
    rf_real *at = c->saved;
    return (job){.c = c,
                 .attr = c->attr,
                 .T = dim[0],
                 .B = dim[1],
                 .K = K,
                 .score = at,
                 .power = at + K * K,
                 .start = at + 2 * K * K,
                 .end = at + 2 * K * K + K,
                 .a = {at + 2 * K * K + 2 * K, at + 2 * K * K + 2 * K + n},
                 .top = c->device->k->max(K * K, c->x[1].data)};
}

static range range_at(const job *q, rf_index t, rf_index b, int lattice)
{
    return range_of(q->attr->target[t * q->B + b], q->K, lattice);
}

static rf_index place(const job *q, rf_index t, rf_index b) { return (t * q->B + b) * q->K; }

/* One over the number of labelled steps. */
static double weight_of(const crf_attr *a, rf_index T, rf_index B)
{
    rf_index n = 0;
    for (rf_index b = 0; b < B; b++)
        for (rf_index t = 0; t < length_of(a, b, T); t++) n += a->target[t * B + b] >= 0;
    return n ? 1 / (double)n : 0;
}

/* ---- Forward ------------------------------------------------------------------------------------------ */

static void prepare(const job *q)
{
    const rf_index K = q->K;
    const rfi_kernels *k = q->c->device->k;
    k->transpose(K, K, q->c->x[1].data, K, q->score, K);
    memcpy(q->start, q->c->x[2].data, (size_t)K * sizeof *q->start);
    memcpy(q->end, q->c->x[3].data, (size_t)K * sizeof *q->end);
    for (rf_index i = 0; q->attr->forbid && i < K; i++) {
        for (rf_index j = 0; j < K; j++)
            if (is_forbidden(q->attr, K, i, j)) q->score[j * K + i] = LOW;
        if (is_forbidden(q->attr, K, K, i)) q->start[i] = LOW;
        if (is_forbidden(q->attr, K, i, K)) q->end[i] = LOW;
    }
    k->affine(K * K, 1, -q->top, q->score, q->power);
    k->exp(K * K, q->power, q->power);
}

/* Take the largest element off; returns it. */
static double settle(const rfi_kernels *k, rf_index n, rf_real *a)
{
    const rf_real most = k->max(n, a);
    k->affine(n, 1, -most, a, a);
    return (double)most;
}

/* ln sum_i e^(a[i] + A[i,j]) without sums that underflow; x [K] is scratch. */
static rf_real log_sum(const job *q, rf_index j, range from, const rf_real *a, rf_real *x)
{
    rf_real most;
    memcpy(x, q->score + j * q->K + from.from, (size_t)from.n * sizeof *x);
    const rf_real sum = q->c->device->k->exp_row(from.n, a + from.from, x, &most);
    return most + (rf_real)log((double)sum);
}

/* a_t of tags `to` from the row before.  With u = e^a and e^(A - top) the sums are products; those
 * that come out too small are made anew.  u [2K]: scratch. */
static void step(const job *q, range from, const rf_real *before, range to, const rf_real *e,
                 rf_real *a, rf_real *u)
{
    const rfi_kernels *k = q->c->device->k;
    rf_real *sum = u + q->K;
    k->exp(from.n, before + from.from, u);
    for (rf_index i = 0; i < to.n; i++)
        sum[i] = k->dot(from.n, q->power + (to.from + i) * q->K + from.from, u);
    k->log(to.n, sum, a + to.from);
    for (rf_index i = 0, j = to.from; i < to.n; i++, j++)
        a[j] = e[j] + (sum[i] > SAFE ? a[j] + q->top : log_sum(q, j, from, before, u));
}

static double log_z(const job *q, int lattice, rf_index b, rf_real *u)
{
    const rfi_kernels *k = q->c->device->k;
    const rf_real *e = q->c->x[0].data, *before = NULL;
    const rf_index L = length_of(q->attr, b, q->T);
    range r = {0, q->K};
    double z = 0;
    for (rf_index t = 0; t < L; t++) {
        const rf_index at = place(q, t, b);
        const range from = r;
        rf_real *a = q->a[lattice] + at;
        r = range_at(q, t, b, lattice);
        if (before)
            step(q, from, before, r, e + at, a, u);
        else
            k->add(r.n, e + at + r.from, q->start + r.from, a + r.from);
        z += settle(k, r.n, a + r.from);
        before = a;
    }
    rf_real most;
    memcpy(u, q->end + r.from, (size_t)r.n * sizeof *u);
    const rf_real sum = k->exp_row(r.n, before + r.from, u, &most);
    return z + (double)most + log((double)sum);
}

static void forward_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    rf_real *u = q->scratch + 2 * q->K * thread;
    rf_index first, last;
    rfi_split(q->B, 1, thread, threads, &first, &last);
    for (rf_index b = first; b < last; b++)
        q->loss[b] = length_of(q->attr, b, q->T) ? log_z(q, ALL, b, u) - log_z(q, GOLD, b, u) : 0;
}

static rf_index work_of(const job *q) { return q->T * q->B * q->K * q->K; }

static void crf_forward(const rf_call *c)
{
    job q = job_of(c);
    double sum = 0;
    q.loss = rf_graph_scratch(c->graph, (size_t)(q.B + 1) * sizeof *q.loss);
    q.scratch =
        rf_graph_scratch(c->graph, (size_t)(2 * q.K * c->device->threads) * sizeof *q.scratch);
    if (!q.loss || !q.scratch) return;
    prepare(&q);
    rfi_vec_share(c->device, work_of(&q), forward_part, &q);
    for (rf_index b = 0; b < q.B; b++) sum += q.loss[b];
    *c->y.data = (rf_real)(weight_of(q.attr, q.T, q.B) * sum);
}

/* ---- Adjoint ------------------------------------------------------------------------------------------ */

/* One thread's sums and scratch, in reals: transitions turned [K,K], start, end, p, the p before, x. */
typedef struct own {
    rf_real *turned, *start, *end, *p, *before, *x;
} own;
static rf_index own_size(rf_index K) { return K * K + 5 * K; }

static own own_part(const job *q, int thread)
{
    const rf_index K = q->K;
    rf_real *at = q->scratch + thread * own_size(K), *v = at + K * K;
    return (own){at, v, v + K, v + 2 * K, v + 3 * K, v + 4 * K};
}

/* Deal the weight of tags `to` out to those before; s: of the loss. */
static void deal(const job *q, const own *o, range from, const rf_real *a, range to, rf_real s)
{
    const rfi_kernels *k = q->c->device->k;
    memset(o->before, 0, (size_t)q->K * sizeof *o->before);
    for (rf_index j = to.from; j < to.from + to.n; j++) {
        if (o->p[j] < NEGLIGIBLE) continue;
        rf_real most;
        memcpy(o->x, q->score + j * q->K + from.from, (size_t)from.n * sizeof *o->x);
        const rf_real f = o->p[j] / k->exp_row(from.n, a + from.from, o->x, &most);
        k->axpy(from.n, f, o->x, o->before + from.from);
        k->axpy(from.n, s * f, o->x, o->turned + j * q->K + from.from);
    }
}

static void lattice_adjoint(const job *q, own *o, int lattice, rf_index b)
{
    const rfi_kernels *k = q->c->device->k;
    const rf_real s = lattice == ALL ? q->scale : -q->scale;
    rf_index t = length_of(q->attr, b, q->T) - 1;
    range r = range_at(q, t, b, lattice);
    rf_real most, *ge = q->c->gx[0];
    memcpy(o->p + r.from, q->end + r.from, (size_t)r.n * sizeof *o->p);
    const rf_real *a = q->a[lattice] + place(q, t, b);
    const rf_real sum = k->exp_row(r.n, a + r.from, o->p + r.from, &most);
    k->scale(r.n, 1 / sum, o->p + r.from, o->p + r.from);
    k->axpy(r.n, s, o->p + r.from, o->end + r.from);
    for (;; t--) {
        if (ge) k->axpy(r.n, s, o->p + r.from, ge + place(q, t, b) + r.from);
        if (t == 0) break;
        const range from = range_at(q, t - 1, b, lattice);
        deal(q, o, from, q->a[lattice] + place(q, t - 1, b), r, s);
        rf_real *const other = o->p;
        o->p = o->before;
        o->before = other;
        r = from;
    }
    k->axpy(r.n, s, o->p + r.from, o->start + r.from);
}

static void adjoint_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    own o = own_part(q, thread);
    rf_index first, last;
    rfi_split(q->B, 1, thread, threads, &first, &last);
    for (rf_index b = first; b < last; b++)
        for (int lattice = 0; length_of(q->attr, b, q->T) && lattice < LATTICES; lattice++)
            lattice_adjoint(q, &o, lattice, b);
}

/* Add one thread's sums. */
static void collect(const rf_call *c, const own *o, rf_index K)
{
    for (rf_index j = 0; c->gx[1] && j < K; j++)
        for (rf_index i = 0; i < K; i++) c->gx[1][i * K + j] += o->turned[j * K + i];
    if (c->gx[2]) c->device->k->add(K, o->start, c->gx[2], c->gx[2]);
    if (c->gx[3]) c->device->k->add(K, o->end, c->gx[3], c->gx[3]);
}

static void crf_adjoint(const rf_call *c)
{
    job q = job_of(c);
    const int threads = c->device->threads;
    const size_t bytes = (size_t)(own_size(q.K) * threads) * sizeof *q.scratch;
    q.scale = *c->gy * (rf_real)weight_of(q.attr, q.T, q.B);
    q.scratch = rf_graph_scratch(c->graph, bytes);
    if (!q.scratch) return;
    memset(q.scratch, 0, bytes);
    rfi_vec_share(c->device, work_of(&q), adjoint_part, &q);
    for (int i = 0; i < threads; i++) {
        const own o = own_part(&q, i);
        collect(c, &o, q.K);
    }
}

/* ---- The textbook: both lattices with all K tags, what is closed at LOW --------------------------------- */

/* ln sum e^x over dimension d, which goes. */
static rf_node log_sum_exp(rf_graph *g, rf_node x, int d)
{
    const rf_node most = rf_max_dim(g, x, d, true);
    const rf_node sum = rf_sum_dim(g, rf_exp(g, rf_sub(g, x, most)), d, true);
    const rf_node all = rf_add(g, rf_log(g, sum), most);
    return rf_reshape(g, all, rfi_without_dim(rf_shape_of(g, all), d));
}

/* x with LOW where forbid[from * i + to * j] says so; x [n,m]. */
static rf_node close(rf_graph *g, rf_node x, const uint8_t *forbid, rf_index stride)
{
    const rf_shape s = rf_shape_of(g, x);
    const rf_node open = rf_zeros(g, s);
    if (!forbid || open == RF_POISON) return x;
    const rf_index m = s.rank == 2 ? s.dim[1] : 1, n = rf_shape_count(s);
    for (rf_index i = 0; i < n; i++)
        rf_value(g, open).data[i] = forbid[i / m * stride + i % m] ? 0 : 1;
    return rf_add(g, rf_mul(g, x, open), rf_affine(g, open, -(double)LOW, (double)LOW));
}

/* [B,1]: 1 for the sequences with more than t steps; [B,K]: LOW for what the targets of t close. */
static rf_node going_on(rf_graph *g, const job *q, rf_index t)
{
    const rf_node x = rf_zeros(g, RF_SHAPE(q->B, 1));
    for (rf_index b = 0; x != RF_POISON && b < q->B; b++)
        rf_value(g, x).data[b] = t < length_of(q->attr, b, q->T);
    return x;
}
static rf_node closed_at(rf_graph *g, const job *q, rf_index t, int lattice)
{
    const rf_node x = rf_zeros(g, RF_SHAPE(q->B, q->K));
    for (rf_index i = 0; x != RF_POISON && i < q->B * q->K; i++) {
        const rf_index b = i / q->K, k = i % q->K;
        const range r = range_of(q->attr->target[t * q->B + b], q->K, lattice);
        rf_value(g, x).data[i] = k < r.from || k >= r.from + r.n ? LOW : 0;
    }
    return x;
}

/* [B]: ln Z of each sequence, 0 where it is empty.  w: transitions, start, end. */
static rf_node textbook_log_z(rf_graph *g, const job *q, const rf_node *x, const rf_node *w,
                              int lattice)
{
    const rf_index B = q->B, K = q->K;
    rf_node a = RF_NONE;
    for (rf_index t = 0; t < q->T; t++) {
        const rf_node et = rf_reshape(g, rf_rows(g, x[0], t, 1), RF_SHAPE(B, K));
        const rf_node e = rf_add(g, et, closed_at(g, q, t, lattice)), more = going_on(g, q, t);
        if (t == 0) {
            a = rf_add(g, e, w[1]);
            continue;
        }
        const rf_node from = rf_add(g, rf_reshape(g, a, RF_SHAPE(B, K, 1)), w[0]);
        const rf_node next = rf_add(g, e, log_sum_exp(g, from, 1));
        a = rf_add(g, rf_mul(g, next, more), rf_mul(g, a, rf_affine(g, more, -1, 1)));
    }
    const rf_node z = log_sum_exp(g, rf_add(g, a, w[2]), 1);
    return rf_mul(g, z, rf_reshape(g, going_on(g, q, 0), RF_SHAPE(B)));
}

static rf_node crf_expand(rf_graph *g, const rf_call *c, const rf_node *x)
{
    const job q = job_of(c);
    const uint8_t *f = q.attr->forbid;
    const rf_index K = q.K;
    const rf_node w[] = {close(g, x[1], f, K + 1), close(g, x[2], f ? f + K * (K + 1) : NULL, 1),
                         close(g, x[3], f ? f + K : NULL, K + 1)};
    const rf_node all = textbook_log_z(g, &q, x, w, ALL);
    const rf_node gold = textbook_log_z(g, &q, x, w, GOLD);
    return rf_affine(g, rf_sum(g, rf_sub(g, all, gold)), weight_of(q.attr, q.T, q.B), 0);
}

/* ---- The row ---------------------------------------------------------------------------------------------- */

static const int32_t ragged[] = {4, 1, 0, 3}, full[] = {2};
static const int32_t labelled[] = {0, 2, 9, 1, 1, 9, 9, 1, 2, 9, 9, 0, 0, 9, 9, 9},
                     partial[] = {0, -1, -1, 2, -1, -1, -1, -1, 2, -1, -1, -1, -1, -1, -1, -1},
                     tags[] = {1, 0}, lone[] = {0, 0, -1}, unknown[] = {-1, -1};
/* 0 begins, 1 goes on, 2 stands alone: 1 follows 0 and 1 only, and 0 does not end a sequence. */
static const uint8_t parts[] = {1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0};
static const crf_attr crf_labelled = {ragged, labelled, NULL},
                      crf_partial = {ragged, partial, NULL},
                      crf_parts = {ragged,
                                   (const int32_t[]){0, 2, 9, 0, 1, 9, 9, 1, 1, 9, 9, 1, 2, 9, 9,
                                                     9},
                                   parts},
                      crf_open = {ragged, partial, parts}, crf_tags = {full, tags, NULL},
                      crf_one = {NULL, lone, NULL}, crf_none = {NULL, unknown, NULL};
#define CRF_SHAPES(T, B, K)                                                                        \
    {                                                                                              \
        RFI_S3(T, B, K), RFI_S2(K, K), RFI_S1(K), RFI_S1(K)                                        \
    }
#define CRF_CASE(T, B, K, A)                                                                       \
    {                                                                                              \
        .n = 4, .shape = CRF_SHAPES(T, B, K), .low = -2, .high = 2, RFI_ATTR(A)                    \
    }
static const rf_case crf_cases[] = {CRF_CASE(4, 4, 3, crf_labelled), CRF_CASE(4, 4, 3, crf_partial),
                                    CRF_CASE(4, 4, 3, crf_parts),    CRF_CASE(4, 4, 3, crf_open),
                                    CRF_CASE(2, 1, 2, crf_tags),     CRF_CASE(3, 1, 1, crf_one),
                                    CRF_CASE(1, 2, 5, crf_none)};
RFI_CASES(crf_cases)

const rf_op rfi_op_crf = {.name = "crf",
                          .arity = 4,
                          .formula = "y = sum_b (ln Z_b - ln Z_b(targets)) / labelled steps",
                          .shape = crf_shape,
                          .save = crf_save,
                          .forward = crf_forward,
                          .adjoint = crf_adjoint,
                          .expand = crf_expand,
                          .sample = sample_crf_cases};

static const void *copied(rf_graph *g, const void *from, size_t n)
{
    void *to = rf_graph_alloc(g, n + 1);
    if (to && n) memcpy(to, from, n);
    return to;
}

rf_node rf_crf_loss(rf_graph *g, rf_node emissions, const rf_crf *crf, const int32_t *lengths,
                    const int32_t *targets)
{
    const rf_shape s = rf_shape_of(g, emissions);
    const rf_node x[] = {emissions, crf->transitions, crf->start, crf->end};
    crf_attr a = {0};
    if (s.rank == 3) {
        const size_t T = (size_t)s.dim[0], B = (size_t)s.dim[1], K1 = (size_t)s.dim[2] + 1;
        a.target = copied(g, targets, T * B * sizeof *targets);
        if (lengths) a.length = copied(g, lengths, B * sizeof *lengths);
        /* It is as large as the transitions are. */
        const bool fits =
            rf_shape_equal(rf_shape_of(g, crf->transitions), RF_SHAPE(s.dim[2], s.dim[2]));
        if (crf->forbid && fits) a.forbid = copied(g, crf->forbid, K1 * K1);
    }
    return rf_apply(g, &rfi_op_crf, 4, x, &a, sizeof a);
}

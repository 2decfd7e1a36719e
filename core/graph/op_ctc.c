/* graph/op_ctc.c -- the loss of connectionist temporal classification.
 *
 * A sequence of L labels is read from frames as z_0 .. z_(S-1), S = 2L + 1: blanks with the labels
 * between them.  A path stays, goes on by one, or by two where that skips a blank between different
 * labels.  With x_t the log softmax of frame t and every sum over the paths that are possible,
 *
 *   a_t[s] = x_t[z_s] + ln sum of e^a_(t-1)[s'] over s' that lead to s        a_0: s is 0 or 1
 *   b_t[s] = ln sum of e^(b_(t+1)[s'] + x_(t+1)[z_s']) over s' that s leads to  b_(T-1) = 0: the last two
 *   ln p   = ln (e^a_(T-1)[S-1] + e^a_(T-1)[S-2])
 *
 * and e^(a_t[s] + b_t[s] - ln p) is how probable it is to be at s in frame t: the derivative of -ln p
 * with respect to a logit is the softmax less the sum of these over the places of its label.
 *
 * Sums are in double, a_t is kept, b_t made again.  Source: Graves, Fernandez, Gomez, Schmidhuber,
 * ICML 2006, section 4. */
#include "graph/ops.h"
#include "tensor/vec.h"
#include <math.h>

typedef struct job {
    const rf_call *c;
    const rf_ctc *attr;
    rf_index T, B, K;
    double *log_z; /* saved: [T,B] ln sum e^logit; [B] ln p; then a [steps,S] of each sequence */
    double *log_p, *a;
    char *scratch;    /* of each thread: own_bytes */
    rf_index longest; /* labels of the longest sequence */
    rf_real *const *gx;
    double *dy; /* tangent: [B] */
} job;

/* One sequence: its frames, labels and a. */
typedef struct line {
    rf_index b, T, L;
    const int32_t *label;
    double *a;
} line;

static rf_index steps_of(const rf_ctc *a, rf_index b, rf_index T)
{
    return a->steps ? a->steps[b] : T;
}

static rf_index places(const line *l) { return 2 * l->L + 1; }

static int32_t label_at(const job *q, const line *l, rf_index s)
{
    return s % 2 ? l->label[s / 2] : q->attr->blank;
}

/* May a path go from s - 2 to s? */
static bool skips(const line *l, rf_index s)
{
    return s % 2 && s >= 2 && l->label[s / 2] != l->label[s / 2 - 1];
}

/* ---- Shapes ------------------------------------------------------------------------------------ */

/* Frames that the labels need at least: equal ones have a blank between them. */
static rf_index needed(const int32_t *label, rf_index L)
{
    rf_index n = L;
    for (rf_index i = 1; i < L; i++) n += label[i] == label[i - 1];
    return n;
}

static bool labels_fit(const rf_call *c, rf_index b, const int32_t *label, rf_index L, rf_index K)
{
    const rf_ctc *a = c->attr;
    for (rf_index i = 0; i < L; i++) {
        if (label[i] < 0 || label[i] >= K)
            return rf_call_fail(c, "label %d of sequence %lld is not within 0..%lld", label[i],
                                (long long)b, (long long)(K - 1));
        if (label[i] == a->blank)
            return rf_call_fail(c, "label %lld of sequence %lld is the blank", (long long)i,
                                (long long)b);
    }
    return true;
}

static bool sequence_fits(const rf_call *c, rf_index b, const int32_t *label, rf_index T,
                          rf_index K)
{
    const rf_ctc *a = c->attr;
    const rf_index steps = steps_of(a, b, T), L = a->counts[b];
    if (steps < 0 || steps > T)
        return rf_call_fail(c, "length %lld of sequence %lld is not within 0..%lld",
                            (long long)steps, (long long)b, (long long)T);
    if (!labels_fit(c, b, label, L, K)) return false;
    if (!a->zero_infinity && needed(label, L) > steps)
        return rf_call_fail(
            c, "sequence %lld: its %lld labels need %lld frames where there are %lld", (long long)b,
            (long long)L, (long long)needed(label, L), (long long)steps);
    return true;
}

static bool ctc_shape(const rf_call *c, rf_shape *y)
{
    char text[RF_SHAPE_TEXT];
    const rf_ctc *a = c->attr;
    const rf_shape s = c->x[0].shape;
    if (s.rank != 3 || s.dim[2] < 1)
        return rf_call_fail(c, "%s where logits [T,B,K] are due", rf_shape_text(s, text));
    if (!a->counts || !a->labels) return rf_call_fail(c, "no memory");
    if (a->blank < 0 || a->blank >= s.dim[2])
        return rf_call_fail(c, "blank %d is not within 0..%lld", a->blank,
                            (long long)(s.dim[2] - 1));
    const int32_t *label = a->labels;
    for (rf_index b = 0; b < s.dim[1]; label += a->counts[b++]) {
        if (a->counts[b] < 0)
            return rf_call_fail(c, "sequence %lld has %d labels", (long long)b, a->counts[b]);
        if (!sequence_fits(c, b, label, s.dim[0], s.dim[2])) return false;
    }
    *y = RF_SHAPE(s.dim[1]);
    return true;
}

/* ---- What all rules share ------------------------------------------------------------------------ */

static rf_index cells_of(const rf_ctc *a, rf_index b, rf_index T)
{
    return steps_of(a, b, T) * (2 * a->counts[b] + 1);
}

static size_t ctc_save(const rf_call *c)
{
    const rf_index *dim = c->x[0].shape.dim;
    rf_index n = dim[0] * dim[1] + dim[1];
    for (rf_index b = 0; b < dim[1]; b++) n += cells_of(c->attr, b, dim[0]);
    return (size_t)n * sizeof(double);
}

static job job_of(const rf_call *c)
{
    const rf_index *dim = c->x[0].shape.dim;
    job q = {.c = c, .attr = c->attr, .T = dim[0], .B = dim[1], .K = dim[2], .log_z = c->saved};
    q.log_p = q.log_z + q.T * q.B;
    q.a = q.log_p + q.B;
    for (rf_index b = 0; b < q.B; b++)
        if (q.attr->counts[b] > q.longest) q.longest = q.attr->counts[b];
    return q;
}

/* The line of sequence b, reached from that of the one before. */
static line first_line(const job *q)
{
    return (line){.T = steps_of(q->attr, 0, q->T),
                  .L = q->attr->counts[0],
                  .label = q->attr->labels,
                  .a = q->a};
}

static line next_line(const job *q, const line *l)
{
    const rf_index b = l->b + 1;
    if (b >= q->B) return (line){.b = b};
    return (line){.b = b,
                  .T = steps_of(q->attr, b, q->T),
                  .L = q->attr->counts[b],
                  .label = l->label + l->L,
                  .a = l->a + cells_of(q->attr, l->b, q->T)};
}

/* ln (e^a + e^b + e^c) */
static double log_add(double a, double b, double c)
{
    const double most = fmax(a, fmax(b, c));
    if (most == -INFINITY) return most;
    return most + log(exp(a - most) + exp(b - most) + exp(c - most));
}

static const rf_real *frame(const job *q, const rf_real *x, rf_index t, rf_index b)
{
    return x + (t * q->B + b) * q->K;
}

/* ln softmax of label k in frame t */
static double log_soft(const job *q, rf_index t, rf_index b, int32_t k)
{
    return (double)frame(q, q->c->x[0].data, t, b)[k] - q->log_z[t * q->B + b];
}

/* Memory of one thread: two rows of b, one of probabilities, all [S], and a frame [K]. */
typedef struct own {
    double *now, *next, *at;
    rf_real *soft;
} own;

static size_t own_bytes(const job *q)
{
    return (size_t)(3 * (2 * q->longest + 1)) * sizeof(double) +
           ((size_t)q->K * sizeof(rf_real) + 63) / 64 * 64;
}

static own own_of(const job *q, int thread)
{
    const rf_index S = 2 * q->longest + 1;
    double *at = (double *)(void *)(q->scratch + (size_t)thread * own_bytes(q));
    return (own){at, at + S, at + 2 * S, (rf_real *)(at + 3 * S)};
}

/* fn for every sequence, each whole on one thread. */
static bool share(job *q, rf_worker_fn fn)
{
    rf_device *d = q->c->device;
    q->scratch = rf_graph_scratch(q->c->graph, own_bytes(q) * (size_t)d->threads);
    if (!q->scratch) return false;
    rfi_vec_share(d, q->T * q->B * (q->K + 16 * q->longest), fn, q);
    return true;
}

/* ---- Forward ------------------------------------------------------------------------------------- */

static void sum_frames(const job *q, const line *l, rf_real *soft)
{
    const rfi_kernels *k = q->c->device->k;
    for (rf_index t = 0; t < l->T; t++) {
        const rf_real *x = frame(q, q->c->x[0].data, t, l->b);
        rf_real most = k->max(q->K, x);
        k->affine(q->K, 1, -most, x, soft);
        k->exp(q->K, soft, soft);
        double sum = 0;
        for (rf_index i = 0; i < q->K; i++) sum += (double)soft[i];
        q->log_z[t * q->B + l->b] = (double)most + log(sum);
    }
}

static void row_forward(const job *q, const line *l, rf_index t)
{
    const rf_index S = places(l);
    const double *before = l->a + (t - 1) * S;
    double *a = l->a + t * S;
    for (rf_index s = 0; s < S; s++) {
        if (t == 0) {
            a[s] = s < 2 ? log_soft(q, t, l->b, label_at(q, l, s)) : -INFINITY;
            continue;
        }
        const double one = s ? before[s - 1] : -INFINITY;
        const double two = skips(l, s) ? before[s - 2] : -INFINITY;
        a[s] = log_soft(q, t, l->b, label_at(q, l, s)) + log_add(before[s], one, two);
    }
}

static double log_p(const job *q, const line *l, rf_real *soft)
{
    const rf_index S = places(l);
    if (l->T == 0) return l->L ? -INFINITY : 0;
    sum_frames(q, l, soft);
    for (rf_index t = 0; t < l->T; t++) row_forward(q, l, t);
    const double *last = l->a + (l->T - 1) * S;
    return log_add(last[S - 1], S > 1 ? last[S - 2] : -INFINITY, -INFINITY);
}

static void forward_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    const own o = own_of(q, thread);
    rf_index first, last;
    rfi_split(q->B, 1, thread, threads, &first, &last);
    for (line l = first_line(q); l.b < last; l = next_line(q, &l)) {
        if (l.b < first) continue;
        const double p = log_p(q, &l, o.soft);
        q->log_p[l.b] = p;
        q->c->y.data[l.b] = p == -INFINITY && q->attr->zero_infinity ? 0 : (rf_real)-p;
    }
}

static void ctc_forward(const rf_call *c)
{
    job q = job_of(c);
    if (q.B) share(&q, forward_part);
}

/* ---- Derivatives --------------------------------------------------------------------------------- */

/* b_t from b_(t+1), which stands in o->next. */
static void row_backward(const job *q, const line *l, rf_index t, const own *o)
{
    const rf_index S = places(l);
    double *x = o->at; /* b_(t+1)[s] + x_(t+1)[z_s] */
    for (rf_index s = 0; s < S && t + 1 < l->T; s++)
        x[s] = o->next[s] + log_soft(q, t + 1, l->b, label_at(q, l, s));
    for (rf_index s = 0; s < S; s++) {
        if (t + 1 == l->T) {
            o->now[s] = s >= S - 2 ? 0 : -INFINITY;
            continue;
        }
        const double one = s + 1 < S ? x[s + 1] : -INFINITY;
        const double two = s + 2 < S && skips(l, s + 2) ? x[s + 2] : -INFINITY;
        o->now[s] = log_add(x[s], one, two);
    }
}

/* The softmax of a frame, and in o->at how probable each place is. */
static void row_prepare(const job *q, const line *l, rf_index t, const own *o)
{
    const rfi_kernels *k = q->c->device->k;
    const rf_index S = places(l);
    row_backward(q, l, t, o);
    for (rf_index s = 0; s < S; s++) o->at[s] = exp(l->a[t * S + s] + o->now[s] - q->log_p[l->b]);
    k->affine(q->K, 1, (rf_real)-q->log_z[t * q->B + l->b], frame(q, q->c->x[0].data, t, l->b),
              o->soft);
    k->exp(q->K, o->soft, o->soft);
}

/* The gradient of frame t: gy (softmax - probabilities). */
static void row_adjoint(const job *q, const line *l, rf_index t, const own *o)
{
    const rf_real gy = q->c->gy[l->b];
    rf_real *g = q->gx[0] + (t * q->B + l->b) * q->K;
    q->c->device->k->axpy(q->K, gy, o->soft, g);
    for (rf_index s = 0; s < places(l); s++) g[label_at(q, l, s)] -= gy * (rf_real)o->at[s];
}

static void row_tangent(const job *q, const line *l, rf_index t, const own *o)
{
    const rf_real *dx = frame(q, q->c->dx[0], t, l->b);
    double sum = 0;
    for (rf_index k = 0; k < q->K; k++) sum += (double)o->soft[k] * (double)dx[k];
    for (rf_index s = 0; s < places(l); s++) sum -= o->at[s] * (double)dx[label_at(q, l, s)];
    q->dy[l->b] += sum;
}

static void derive_part(void *ctx, int thread, int threads)
{
    const job *q = ctx;
    own o = own_of(q, thread);
    rf_index first, last;
    rfi_split(q->B, 1, thread, threads, &first, &last);
    for (line l = first_line(q); l.b < last; l = next_line(q, &l)) {
        if (l.b < first || q->log_p[l.b] == -INFINITY) continue; /* of infinity: none */
        for (rf_index t = l.T; t-- > 0;) {
            row_prepare(q, &l, t, &o);
            if (q->gx)
                row_adjoint(q, &l, t, &o);
            else
                row_tangent(q, &l, t, &o);
            double *const other = o.now;
            o.now = o.next;
            o.next = other;
        }
    }
}

static void ctc_adjoint(const rf_call *c)
{
    job q = job_of(c);
    q.gx = c->gx;
    if (q.B && c->gx[0]) share(&q, derive_part);
}

static void ctc_tangent(const rf_call *c)
{
    job q = job_of(c);
    memset(c->dy, 0, (size_t)q.B * sizeof *c->dy);
    if (!c->dx[0] || !q.B) return;
    q.dy = rf_graph_scratch(c->graph, (size_t)q.B * sizeof *q.dy);
    if (!q.dy) return;
    memset(q.dy, 0, (size_t)q.B * sizeof *q.dy);
    if (!share(&q, derive_part)) return;
    for (rf_index b = 0; b < q.B; b++) c->dy[b] = (rf_real)q.dy[b];
}

/* ---- The row ---------------------------------------------------------------------------------------- */

static const int32_t steps[] = {6, 3, 0, 5, 2}, counts[] = {3, 2, 0, 0, 1},
                     labels[] = {1, 1, 2, 2, 3, 3}, single[] = {1}, none[] = {0}, tight[] = {3};
static const rf_ctc ctc_ragged = {steps, labels, counts, 0, false},
                    ctc_blank_last = {NULL, (const int32_t[]){2, 0, 0}, tight, 3, false},
                    ctc_empty = {NULL, none, none, 1, false},
                    ctc_impossible = {(const int32_t[]){2, 4}, (const int32_t[]){1, 1, 1},
                                      (const int32_t[]){2, 1}, 0, true},
                    ctc_one = {single, single, single, 0, false};
#define CTC_CASE(T, B, K, A)                                                                       \
    {                                                                                              \
        .n = 1, .shape = {RFI_S3(T, B, K)}, .low = -2, .high = 2, RFI_ATTR(A)                      \
    }
static const rf_case ctc_cases[] = {CTC_CASE(6, 5, 4, ctc_ragged),
                                    CTC_CASE(4, 1, 4, ctc_blank_last), CTC_CASE(3, 1, 2, ctc_empty),
                                    CTC_CASE(4, 2, 3, ctc_impossible), CTC_CASE(1, 1, 2, ctc_one)};
RFI_CASES(ctc_cases)

const rf_op rfi_op_ctc = {.name = "ctc",
                          .arity = 1,
                          .formula = "y_b = -ln sum of p(path) over the paths of labels_b",
                          .shape = ctc_shape,
                          .save = ctc_save,
                          .forward = ctc_forward,
                          .tangent = ctc_tangent,
                          .adjoint = ctc_adjoint,
                          .sample = sample_ctc_cases};

static const int32_t *copied(rf_graph *g, const int32_t *from, rf_index n)
{
    int32_t *to = rf_graph_alloc(g, (size_t)(n + 1) * sizeof *to);
    if (to && n > 0) memcpy(to, from, (size_t)n * sizeof *to);
    return to;
}

rf_node rf_ctc_loss(rf_graph *g, rf_node logits, const rf_ctc *ctc)
{
    const rf_shape s = rf_shape_of(g, logits);
    rf_ctc a = {.blank = ctc->blank, .zero_infinity = ctc->zero_infinity};
    if (s.rank == 3) {
        rf_index n = 0;
        for (rf_index b = 0; b < s.dim[1]; b++) n += ctc->counts[b] > 0 ? ctc->counts[b] : 0;
        a.counts = copied(g, ctc->counts, s.dim[1]);
        a.labels = copied(g, ctc->labels, n);
        if (ctc->steps) a.steps = copied(g, ctc->steps, s.dim[1]);
    }
    return rf_apply(g, &rfi_op_ctc, 1, &logits, &a, sizeof a);
}

/* lab/bptt.c -- backpropagation through time as the lecture writes it, next to the reverse sweep.
 *
 *     s_t = tanh(U x_t + W s_{t−1})    ŷ_t = softmax(V s_t)    E = Σ_t −y_t log ŷ_t
 *     dE/dV = Σ_t (ŷ_t − y_t) s_tᵀ
 *     dE/dW = Σ_t Σ_{k≤t} [dE_t/ds_t Π_{k<j≤t} ∂s_j/∂s_{j−1}] ∂s_k/∂W, and dE/dU likewise
 *
 * The sums are taken in double precision from the formulas alone; the gradients are those of the
 * fused layer. */
#include <math.h>
#include <stdlib.h>

#include "cell.h"
#include "lab.h"

enum { CLASSES = 3 };

/* Matrices are row-major; s has the state before step t in row t. */
typedef struct bptt {
    rf_index T, I, H;
    double *memory;
    double *U, *W, *V, *x, *s, *error; /* error [T,K]: ŷ_t − y_t */
    double *dU, *dW, *dV;
    double *product, *next; /* [H,H] */
    double *term;           /* [H]: a term's row before its outer product */
    int32_t *y;
} bptt;

static double *take(double **at, rf_index n)
{
    double *p = *at;
    *at += n;
    return p;
}

static bool bptt_open(bptt *b, const lab_specimen *m)
{
    const rf_index T = m->T, I = m->spec.input, H = m->spec.hidden, K = CLASSES;
    *b = (bptt){.T = T, .I = I, .H = H};
    b->y = calloc((size_t)T, sizeof *b->y);
    b->memory =
        calloc((size_t)(2 * (H * I + H * H + K * H) + T * (I + K) + (T + 1) * H + 2 * H * H + H),
               sizeof *b->memory);
    if (!b->memory || !b->y) return false;
    double *at = b->memory;
    b->U = take(&at, H * I), b->dU = take(&at, H * I);
    b->W = take(&at, H * H), b->dW = take(&at, H * H);
    b->V = take(&at, K * H), b->dV = take(&at, K * H);
    b->x = take(&at, T * I), b->error = take(&at, T * K), b->s = take(&at, (T + 1) * H);
    b->product = take(&at, H * H), b->next = take(&at, H * H), b->term = take(&at, H);
    return true;
}

/* ---- The formulas -------------------------------------------------------------------------------- */

static double dot(const double *a, const double *b, rf_index n)
{
    double sum = 0;
    for (rf_index i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

static double norm(const double *a, rf_index n) { return sqrt(dot(a, a, n)); }

static void forward(bptt *b)
{
    const rf_index H = b->H, I = b->I;
    for (rf_index t = 0; t < b->T; t++) {
        const double *old = b->s + t * H;
        double *s = b->s + (t + 1) * H, *p = b->error + t * CLASSES, sum = 0;
        for (rf_index r = 0; r < H; r++)
            s[r] = tanh(dot(b->U + r * I, b->x + t * I, I) + dot(b->W + r * H, old, H));
        for (int k = 0; k < CLASSES; k++) sum += p[k] = exp(dot(b->V + k * H, s, H));
        for (int k = 0; k < CLASSES; k++) p[k] = p[k] / sum - (k == b->y[t]);
    }
}

/* 1 − s_t²: the derivative of tanh at step t. */
static double slope(const bptt *b, rf_index t, rf_index r)
{
    const double s = b->s[(t + 1) * b->H + r];
    return 1 - s * s;
}

/* product = product · ∂s_j/∂s_{j−1}, which is diag(1 − s_j²) W. */
static void times_jacobian(bptt *b, rf_index j)
{
    const rf_index H = b->H;
    for (rf_index r = 0; r < H; r++)
        for (rf_index c = 0; c < H; c++) {
            double sum = 0;
            for (rf_index m = 0; m < H; m++)
                sum += b->product[r * H + m] * slope(b, j, m) * b->W[m * H + c];
            b->next[r * H + c] = sum;
        }
    for (rf_index i = 0; i < H * H; i++) b->product[i] = b->next[i];
}

/* to += scale · a bᵀ */
static void add_outer(double *to, const double *a, rf_index n, const double *b, rf_index m)
{
    for (rf_index r = 0; r < n; r++)
        for (rf_index c = 0; c < m; c++) to[r * m + c] += a[r] * b[c];
}

/* dE_t/ds_t · ∂s_t/∂s_k · diag(1 − s_k²), where product is ∂s_t/∂s_k. */
static void fill_term(bptt *b, rf_index t, rf_index k)
{
    const rf_index H = b->H;
    for (rf_index r = 0; r < H; r++) {
        b->term[r] = 0;
        for (rf_index m = 0; m < H; m++)
            for (int o = 0; o < CLASSES; o++)
                b->term[r] += b->error[t * CLASSES + o] * b->V[o * H + m] * b->product[m * H + r];
        b->term[r] *= slope(b, k, r);
    }
}

static rf_status emit_term(rf_session *s, const bptt *b, rf_index t, rf_index k)
{
    /* The norm of an outer product is the product of the norms. */
    const double size = norm(b->term, b->H);
    const rf_field row[] = {rf_field_int("t", t + 1), rf_field_int("k", k + 1),
                            rf_field_real("|∂s_t/∂s_k|", norm(b->product, b->H * b->H)),
                            rf_field_real("|dE_t/dW by k|", size * norm(b->s + k * b->H, b->H)),
                            rf_field_real("|dE_t/dU by k|", size * norm(b->x + k * b->I, b->I))};
    return rf_emit_record(s->host, -1, "term", row, sizeof row / sizeof *row);
}

static rf_status sum_terms(rf_session *s, bptt *b)
{
    const rf_index H = b->H;
    rf_status st = RF_OK;
    for (rf_index t = 0; t < b->T && !st; t++) {
        add_outer(b->dV, b->error + t * CLASSES, CLASSES, b->s + (t + 1) * H, H);
        for (rf_index i = 0; i < H * H; i++) b->product[i] = i % (H + 1) == 0;
        for (rf_index k = t; k >= 0 && !st; k--) {
            fill_term(b, t, k);
            add_outer(b->dW, b->term, H, b->s + k * H, H);
            add_outer(b->dU, b->term, H, b->x + k * b->I, b->I);
            st = emit_term(s, b, t, k);
            times_jacobian(b, k);
            if (!st) st = s->host->progress(s->host, (double)t, (double)b->T, "steps");
        }
    }
    return st;
}

/* ---- The reverse sweep ----------------------------------------------------------------------------- */

static rf_status emit_gradient(rf_session *s, const char *name, const double *sum,
                               const rf_real *gradient, rf_index rows, rf_index cols)
{
    const rf_index shape[] = {rows, cols}, n = rows * cols;
    double far = 0;
    rf_real *sums = malloc((size_t)n * sizeof *sums);
    if (!sums) return s->host->fail(s->host, RF_ENOMEM, "no memory");
    for (rf_index i = 0; i < n; i++) {
        sums[i] = (rf_real)sum[i];
        far = fmax(far, fabs(sum[i] - (double)gradient[i]));
    }
    const rf_field row[] = {
        rf_field_string("gradient", name), rf_field_reals("sum_of_terms", sums, shape, 2),
        rf_field_reals("reverse_sweep", gradient, shape, 2), rf_field_real("furthest_apart", far)};
    const rf_status st = rf_emit_record(s->host, -1, "gradient", row, sizeof row / sizeof *row);
    free(sums);
    return st;
}

static rf_status sweep(rf_session *s, const lab_specimen *m, const bptt *b, rf_param *v,
                       rf_error *err)
{
    rf_graph *g = m->graph;
    rf_graph_begin(g, RF_TRAIN, rf_key_make(1, "bptt", 0));
    const rf_node x = rf_borrow(g, m->x, RF_SHAPE(b->T, 1, b->I));
    const rf_sequence q = rf_rnn_apply(g, m->rnn, x, RF_NONE, RF_NONE, NULL);
    const rf_node mean =
        rf_cross_entropy(g, rf_linear(g, q.out, rf_parameter(g, v), RF_NONE), b->y);
    rf_status st = rf_adjoint(g, rf_affine(g, mean, (double)b->T, 0)); /* the sum over the steps */
    if (st) return rf_graph_status(g, err);
    const rf_param *w = rf_params_find(m->params, "weight_hh_l0");
    const rf_param *u = rf_params_find(m->params, "weight_ih_l0");
    st = emit_gradient(s, "dE/dV", b->dV, v->grad, CLASSES, b->H);
    if (!st) st = emit_gradient(s, "dE/dW", b->dW, w->grad, b->H, b->H);
    return st ? st : emit_gradient(s, "dE/dU", b->dU, u->grad, b->H, b->I);
}

/* ---- Set-up ---------------------------------------------------------------------------------------- */

static void copy(double *to, const rf_real *from, rf_index n)
{
    for (rf_index i = 0; i < n; i++) to[i] = (double)from[i];
}

/* The lecture's network has no biases; the targets are drawn. */
static void fill(bptt *b, const lab_specimen *m, const rf_param *v, uint64_t seed)
{
    for (size_t i = 0; i < rf_params_count(m->params); i++) {
        rf_param *p = rf_params_at(m->params, i);
        if (p->value.shape.rank == 1)
            for (rf_index k = 0; k < rf_shape_count(p->value.shape); k++) p->value.data[k] = 0;
    }
    copy(b->U, rf_params_find(m->params, "weight_ih_l0")->value.data, b->H * b->I);
    copy(b->W, rf_params_find(m->params, "weight_hh_l0")->value.data, b->H * b->H);
    copy(b->V, v->value.data, CLASSES * b->H);
    copy(b->x, m->x, b->T * b->I);
    for (rf_index t = 0; t < b->T; t++)
        b->y[t] = (int32_t)(CLASSES * rf_uniform(rf_key_make(seed, "target", 0), (uint64_t)t));
}

rf_status lab_cell_bptt(rf_session *s, lab_specimen *m, const rf_run *r, rf_error *err)
{
    bptt b = {0};
    rf_params *ps = rf_params_new();
    rf_status st = RF_OK;
    rf_param *v = NULL;
    if (m->spec.cell != rf_cell_find("elman") || m->spec.layers > 1 || m->spec.bidirectional ||
        m->spec.layer_norm || m->B > 1)
        st = rf_fail(err, RF_EINVAL,
                     "--bptt: the lecture's sums are those of one layer of elman, "
                     "which reads one sequence forwards");
    if (!st && ps)
        v = rf_params_add(ps, "V", RF_SHAPE(CLASSES, m->spec.hidden),
                          (rf_init){RF_INIT_UNIFORM, 1, 0, 0, 0}, err);
    if (!st && (!v || !bptt_open(&b, m))) st = rf_no_memory(err);
    if (!st) {
        rf_params_init(ps, r->seed);
        fill(&b, m, v, r->seed);
        forward(&b);
        st = sum_terms(s, &b);
    }
    if (!st) st = sweep(s, m, &b, v, err);
    free(b.memory);
    free(b.y);
    rf_params_free(ps);
    return st;
}

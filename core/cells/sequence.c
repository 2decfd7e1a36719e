/* cells/sequence.c -- the sequence ops' shared rules: memory, the run over time, the big products.
 *
 * Output y is [N,B,H].  Without lengths, where out is the state: the states in all T+1 time slots, then c after the last
 * step where the cell has one; out and h are views of the slots.  Otherwise: out of T steps
 * (zero beyond a sequence's end), then h, then c.
 * Saved: z, then cs, aux, and hs when y does not hold it. */
#include "cells/sequence.h"

#include "tensor/block.h"
#include <math.h>
#include <string.h>

static const rfi_sequence_attr *attr_of(const rf_call *c) { return c->attr; }

/* ---- Shapes and memory ---------------------------------------------------------------------------- */

static bool shape_is(const rf_call *c, int i, rf_shape want, const char *what)
{
    char a[RF_SHAPE_TEXT], b[RF_SHAPE_TEXT];
    if (rf_shape_equal(c->x[i].shape, want)) return true;
    return rf_call_fail(c, "%s: %s is %s where %s is due", attr_of(c)->cell->name, what,
                        rf_shape_text(c->x[i].shape, a), rf_shape_text(want, b));
}

bool rfi_sequence_left_out(const rfi_sequence_attr *a, int k)
{
    const int ln = rfi_cell_own_params(a->cell);
    return a->projected && (k == 0 || k == ln || k == ln + 1);
}

static bool params_fit(const rf_call *c, rf_index I, rf_index H)
{
    const rf_cell *cell = attr_of(c)->cell;
    const char *name;
    rf_shape want;
    int k = 0;
    for (; rf_cell_param(cell, k, I, H, &name, &want); k++) {
        if (rfi_sequence_left_out(attr_of(c), k)) continue;
        if (RFI_IN_W + k >= c->n || !c->x[RFI_IN_W + k].data)
            return rf_call_fail(c, "%s: %s is missing", cell->name, name);
        if (!shape_is(c, RFI_IN_W + k, want, name)) return false;
    }
    return RFI_IN_W + k == c->n ||
           rf_call_fail(c, "%s: %d parameters where %d are due", cell->name, c->n - RFI_IN_W, k);
}

static bool lengths_fit(const rf_call *c, rf_index T, rf_index B)
{
    const int32_t *lengths = attr_of(c)->lengths;
    for (rf_index b = 0; lengths && b < B; b++)
        if (lengths[b] < 0 || lengths[b] > T)
            return rf_call_fail(c, "length %d of sequence %lld is not in 0..%lld", (int)lengths[b],
                                (long long)b, (long long)T);
    return true;
}

static bool steps_fit(const rf_call *c, rf_index T, rf_index B)
{
    const rfi_sequence_attr *a = attr_of(c);
    if (a->dt && !a->cell->timed)
        return rf_call_fail(c, "%s: its steps have no length", a->cell->name);
    if (a->cell->timed && !(a->step >= 0 && isfinite(a->step) && a->substeps >= 1))
        return rf_call_fail(c, "%s: steps of length %g in %d parts", a->cell->name, a->step,
                            a->substeps);
    for (rf_index i = 0; a->dt && i < T * B; i++)
        if (!(a->dt[i] >= 0 && isfinite(a->dt[i])))
            return rf_call_fail(c, "%s: step %lld of sequence %lld has length %g", a->cell->name,
                                (long long)(i / B), (long long)(i % B), (double)a->dt[i]);
    return true;
}

bool rfi_sequence_shape(const rf_call *c, rf_shape *y)
{
    const rf_cell *cell = attr_of(c)->cell;
    char text[RF_SHAPE_TEXT];
    if (c->n < RFI_IN_W + 2 || c->x[0].shape.rank != 3 || c->x[RFI_IN_W + 1].shape.rank != 2)
        return rf_call_fail(c, "%s: x is %s where [T,B,I] is due", cell->name,
                            c->n ? rf_shape_text(c->x[0].shape, text) : "missing");
    const rf_index T = c->x[0].shape.dim[0], B = c->x[0].shape.dim[1];
    const rf_index H = c->x[RFI_IN_W + 1].shape.dim[1];
    if (T < 1 || B < 1) return rf_call_fail(c, "%s: no steps or no sequences", cell->name);
    if (attr_of(c)->projected && c->x[0].shape.dim[2] != cell->gates * H)
        return rf_call_fail(c, "%s: x is %s where [T,B,%lld] is due", cell->name,
                            rf_shape_text(c->x[0].shape, text), (long long)(cell->gates * H));
    if (!params_fit(c, c->x[0].shape.dim[2], H) || !lengths_fit(c, T, B) || !steps_fit(c, T, B))
        return false;
    if (c->x[RFI_IN_H].data && !shape_is(c, RFI_IN_H, RF_SHAPE(B, H), "h0")) return false;
    if (c->x[RFI_IN_C].data && cell->states < 2)
        return rf_call_fail(c, "%s has no cell state c0", cell->name);
    if (c->x[RFI_IN_C].data && !shape_is(c, RFI_IN_C, RF_SHAPE(B, H), "c0")) return false;
    *y = RF_SHAPE(T + cell->states, B, H);
    return true;
}

/* Weights that every thread can keep for itself, and rows enough for each to be busy with. */
static bool fits_a_cache(const rf_cell *cell, rf_index B, rf_index H, int threads)
{
    enum { CACHE = 5 << 18, LEAST_ROWS = 8 };
    return threads > 1 && B >= LEAST_ROWS * threads &&
           cell->gates * H * H * (rf_index)sizeof(rf_real) <= CACHE;
}

/* Set sizes and pointers into saved memory; returns the reals saved (saved NULL: only count). */
static rf_index run_open(rfi_run *q, const rf_call *c, rf_real *saved)
{
    const rfi_sequence_attr *a = attr_of(c);
    const rf_index T = c->x[0].shape.dim[0], B = c->x[0].shape.dim[1];
    const rf_index H = c->x[RFI_IN_W + 1].shape.dim[1], n = B * H;
    *q = (rfi_run){.device = c->device,
                   .kernels = rfi_cell_kernels_of(c->device),
                   .spec = a->cell->spec,
                   .T = T,
                   .B = B,
                   .H = H,
                   .G = a->cell->gates,
                   .from = a->reverse,
                   .to = !a->reverse,
                   .lengths = a->lengths,
                   .ids = a->ids,
                   .V = c->x[0].shape.dim[2],
                   .band = rfi_block_width(c->device->k),
                   .dt = a->dt,
                   .step = a->step,
                   .substeps = a->substeps,
                   .by_rows = fits_a_cache(a->cell, B, H, rf_device_threads(c->device))};
    rfi_bump m = {saved, 0};
    q->z = rfi_bump_take(&m, rfi_bands_size(q->band, T * B, q->G, H));
    if (rfi_cell_sees_gates(a->cell)) q->seen = rfi_bump_take(&m, T * B * q->G * H);
    if (a->cell->states > 1) q->cs = rfi_bump_take(&m, (T + 1) * n);
    if (a->cell->rules->aux_blocks)
        q->aux = rfi_bump_take(&m, a->cell->rules->aux_blocks(q) * T * n);
    rfi_norm_open(q, a->cell, c->x + RFI_IN_W, T * B, &m);
    q->hs = c->y.data;
    if (rfi_sequence_out_apart(a)) {
        q->out = c->y.data;
        q->hs = rfi_bump_take(&m, (T + 1) * n);
    }
    return m.used;
}

size_t rfi_sequence_save(const rf_call *c)
{
    rfi_run q;
    return (size_t)run_open(&q, c, NULL) * sizeof(rf_real);
}

/* Every matrix of the cell meets one vector a step and sequence. */
double rfi_sequence_flop(const rf_call *c)
{
    double weights = 0;
    for (int i = RFI_IN_W; i < c->n; i++)
        if (c->x[i].shape.rank == 2) weights += (double)rf_shape_count(c->x[i].shape);
    return 2 * weights * (double)(c->x[0].shape.dim[0] * c->x[0].shape.dim[1]);
}

/* Panels and the like, in scratch memory. */
static bool run_plan(rfi_run *q, const rf_call *c, bool adjoint)
{
    const rfi_cell_rules *rules = attr_of(c)->cell->rules;
    rfi_bump m = {.pairs = true};
    rules->plan(q, c->x + RFI_IN_W, &m, adjoint);
    m = (rfi_bump){.at = rf_graph_scratch(c->graph, (size_t)m.used * sizeof(rf_real)),
                   .pairs = true};
    if (!m.at) return false;
    rules->plan(q, c->x + RFI_IN_W, &m, adjoint);
    return true;
}

typedef struct work {
    const rfi_run *q;
    const rf_call *c;
    rf_real *input; /* forward: the table of one-hot inputs, or x in strips */
} work;

static void copy_or_clear(rf_real *to, const rf_real *from, rf_index n)
{
    if (from)
        memcpy(to, from, (size_t)n * sizeof *to);
    else
        memset(to, 0, (size_t)n * sizeof *to);
}

/* ---- Forward --------------------------------------------------------------------------------------- */

static void put_projected(const rfi_run *q, const rf_real *x, int thread, int threads)
{
    rf_index row, end;
    rfi_split(q->T * q->B, 1, thread, threads, &row, &end);
    for (; row < end; row++) rfi_bands_put(q, row, x + row * q->G * q->H);
}

static void forward_worker(void *ctx, int thread, int threads)
{
    const work *w = ctx;
    const rfi_run *q = w->q;
    const rfi_cell_rules *rules = attr_of(w->c)->cell->rules;
    const rf_tensor *x = w->c->x;
    rules->pack(q, x + RFI_IN_W, false, thread, threads);
    if (attr_of(w->c)->projected)
        put_projected(q, x[0].data, thread, threads);
    else if (q->ids)
        rfi_run_table(q, x[RFI_IN_W].data, w->input, thread, threads);
    else
        rfi_run_project(q, x[0].data, x[RFI_IN_W].data, q->V, w->input, thread, threads);
    rfi_device_barrier(q->device, thread);
    for (rf_index s = 0; s < q->T; s++) rules->step(q, rfi_run_time(q, s), thread, threads);
}

/* Memory for what the input becomes, see `work`; never NULL for want of a need. */
static rf_real *input_memory(const rfi_run *q, const rf_call *c)
{
    const rf_index strips = attr_of(c)->projected ? 1 : q->T * q->B * q->V;
    const rf_index n = q->ids ? rfi_bands_size(q->band, q->V, q->G, q->H) : strips;
    return rf_graph_scratch(c->graph, (size_t)n * sizeof(rf_real));
}

void rfi_sequence_forward(const rf_call *c)
{
    rfi_run q;
    (void)run_open(&q, c, c->saved);
    rf_real *input = run_plan(&q, c, false) ? input_memory(&q, c) : NULL;
    if (!input) return;
    if (q.ids) q.table = input;
    const rf_index n = q.B * q.H;
    const rf_index first = q.from ? q.T : 0, last = q.from ? 0 : q.T;
    copy_or_clear(q.hs + first * n, c->x[RFI_IN_H].data, n);
    if (q.cs) copy_or_clear(q.cs + first * n, c->x[RFI_IN_C].data, n);
    work w = {&q, c, input};
    rf_device_run(q.device, forward_worker, &w);
    if (q.out) memcpy(c->y.data + q.T * n, q.hs + last * n, (size_t)n * sizeof(rf_real));
    if (q.cs) memcpy(c->y.data + (q.T + 1) * n, q.cs + last * n, (size_t)n * sizeof(rf_real));
}

/* ---- Adjoint --------------------------------------------------------------------------------------- */

static void adjoint_worker(void *ctx, int thread, int threads)
{
    const work *w = ctx;
    const rfi_run *q = w->q;
    const rfi_cell_rules *rules = attr_of(w->c)->cell->rules;
    rf_index later = -1;
    rules->pack(q, w->c->x + RFI_IN_W, true, thread, threads);
    rfi_device_barrier(q->device, thread);
    for (rf_index s = q->T - 1; s >= 0; s--) {
        const rf_index t = rfi_run_time(q, s);
        rules->step_bp(q, t, later, thread, threads);
        later = t;
    }
    if (rules->first_bp) {
        rules->first_bp(q, later, thread, threads);
        return;
    }
    if (!w->c->gx[RFI_IN_H] && !w->c->gx[RFI_IN_C]) return;
    rfi_source src = {.panels = &q->ph, .beside = q->dz + later * q->B * q->dz_ld};
    src.a = rfi_run_back(q, later, &src.lda);
    rfi_run_units(q, 0, &src, q->kernels->add_dh, thread, threads);
}

static bool adjoint_memory(rfi_run *q, const rf_call *c)
{
    const rfi_cell_rules *rules = attr_of(c)->cell->rules;
    const rf_index n = q->B * q->H, threads = rf_device_threads(q->device);
    q->dz_ld = rfi_run_apart(rules->dz_blocks(q) * q->H);
    q->partial_n = (rules->partial_blocks(q) * q->H + 15) / 16 * 16;
    const rf_index dr = q->gain ? q->T * q->B * q->raw_ld + 2 * n : 0;
    const rf_index all = q->T * q->B * q->dz_ld + 2 * n + threads * q->partial_n + dr;
    rf_real *p = rf_graph_scratch(c->graph, (size_t)all * sizeof *p);
    if (!p) return false;
    q->partial = p;
    memset(p, 0, (size_t)(threads * q->partial_n) * sizeof *p);
    q->dz = p + threads * q->partial_n;
    q->dh = q->dz + q->T * q->B * q->dz_ld;
    q->dc = q->dh + n;
    if (!q->gain) return true;
    q->c_seen = q->dc + n;
    q->c_back = q->c_seen + n;
    q->dr = q->c_back + n;
    return true;
}

/* Add the threads' partial sums into thread 0's, in order. */
static void add_partial(const rfi_run *q)
{
    for (int i = 1; i < rf_device_threads(q->device); i++)
        q->device->k->add(q->partial_n, q->partial, q->partial + i * q->partial_n, q->partial);
}

void rfi_sequence_adjoint(const rf_call *c)
{
    rfi_run q;
    (void)run_open(&q, c, c->saved);
    if (!run_plan(&q, c, true) || !adjoint_memory(&q, c)) return;
    const rf_index n = q.B * q.H;
    q.gout = c->gy + (q.out ? 0 : q.to * n);
    copy_or_clear(q.dh, q.out ? c->gy + q.T * n : NULL, n);
    copy_or_clear(q.dc, q.cs ? c->gy + (q.T + 1) * n : NULL, n);
    work w = {&q, c, NULL};
    rf_device_run(q.device, adjoint_worker, &w);
    add_partial(&q);
    attr_of(c)->cell->rules->gradients(&q, c);
    rfi_norm_gradients(&q, c, attr_of(c)->cell);
    if (!q.out) /* the first slot of y is h0 itself */
        q.device->k->add(n, q.dh, c->gy + (q.from ? q.T * n : 0), q.dh);
    rfi_sum_gradient(c, RFI_IN_H, 0, q.dh, n);
    if (q.cs) rfi_sum_gradient(c, RFI_IN_C, 0, q.dc, n);
}

static rf_real beta(const rf_call *c, int i) { return c->fresh && c->fresh[i] ? 0 : 1; }

/* Columns of a projected input's gradient, on some of the rows. */
typedef struct columns {
    const rfi_run *q;
    const rf_real *dz;
    rf_real *gx; /* [T*B,G*H] */
    rf_index n;
    bool fresh;
} columns;

static void copy_columns(void *ctx, int thread, int threads)
{
    const columns *s = ctx;
    const rfi_run *q = s->q;
    rf_index r, end;
    rfi_split(q->T * q->B, 1, thread, threads, &r, &end);
    for (; r < end; r++) {
        rf_real *to = s->gx + r * q->G * q->H;
        if (s->fresh)
            memcpy(to, s->dz + r * q->dz_ld, (size_t)s->n * sizeof *to);
        else
            q->device->k->add(s->n, to, s->dz + r * q->dz_ld, to);
    }
}

static void projected_gradient(const rfi_run *q, const rf_call *c, const rf_real *dz,
                               rf_index column, rf_index n)
{
    columns s = {q, dz, c->gx[0] + column, n, beta(c, 0) == 0};
    rf_device_run(q->device, copy_columns, &s);
}

void rfi_input_gradients(const rfi_run *q, const rf_call *c, int column, int row, int blocks,
                         bool first)
{
    const rf_index I = c->x[0].shape.dim[2], H = q->H, rows = q->T * q->B;
    const rf_real *dz = q->dz + column * H;
    if (attr_of(c)->projected) {
        if (c->gx[0]) projected_gradient(q, c, dz, row * H, blocks * H);
        return;
    }
    if (c->gx[0])
        rfi_gemm(q->device, false, false, rows, I, blocks * H, 1, dz, q->dz_ld,
                 c->x[RFI_IN_W].data + row * H * I, I, first ? beta(c, 0) : 1, c->gx[0], I);
    rfi_weight_gradient(q, c, RFI_IN_W, row * H, column * H, blocks * H, c->x[0].data, I);
}

/* Rows of dz added up by id: the gradient of W_ih turned, each thread for some of the columns. */
typedef struct id_sums {
    const rfi_run *q;
    const rf_real *dz;
    rf_index V, n;
    rf_real *sums; /* [V,n] */
} id_sums;

static void sum_by_id(void *ctx, int thread, int threads)
{
    const id_sums *s = ctx;
    const rfi_run *q = s->q;
    rf_index a, b;
    rfi_split(s->n, 64, thread, threads, &a, &b);
    for (rf_index v = 0; v < s->V; v++)
        memset(s->sums + v * s->n + a, 0, (size_t)(b - a) * sizeof *s->sums);
    for (rf_index i = 0; i < q->T * q->B; i++) {
        rf_real *to = s->sums + q->ids[i] * s->n + a;
        q->device->k->add(b - a, to, s->dz + i * q->dz_ld + a, to);
    }
}

static void table_gradient(const rfi_run *q, const rf_call *c, rf_index row, rf_index column,
                           rf_index rows, rf_index V)
{
    rf_real *gw = c->gx[RFI_IN_W] + row * V;
    rf_real *sums = rf_graph_scratch(c->graph, (size_t)(2 * V * rows) * sizeof *sums);
    if (!sums) return;
    id_sums s = {q, q->dz + column, V, rows, sums};
    rf_device_run(q->device, sum_by_id, &s);
    rf_real *turned = beta(c, RFI_IN_W) == 0 ? gw : sums + V * rows;
    q->device->k->transpose(V, rows, sums, rows, turned, V);
    if (turned != gw) q->device->k->add(rows * V, gw, turned, gw);
}

void rfi_weight_gradient(const rfi_run *q, const rf_call *c, int i, rf_index row, rf_index column,
                         rf_index rows, const rf_real *a, rf_index n)
{
    if (!c->gx[i]) return;
    if (i == RFI_IN_W && q->ids) {
        table_gradient(q, c, row, column, rows, n);
        return;
    }
    rf_index ld = q->dz_ld;
    const rf_real *dz = i == RFI_IN_W + 1 ? rfi_run_back(q, 0, &ld) : q->dz;
    rfi_gemm(q->device, true, false, rows, n, q->T * q->B, 1, dz + column, ld, a, n, beta(c, i),
             c->gx[i] + row * n, n);
}

void rfi_sum_gradient(const rf_call *c, int i, rf_index to, const rf_real *sums, rf_index n)
{
    if (!c->gx[i]) return;
    if (beta(c, i) == 0)
        memcpy(c->gx[i] + to, sums, (size_t)n * sizeof *sums);
    else
        c->device->k->add(n, c->gx[i] + to, sums, c->gx[i] + to);
}

void rfi_bias_sum(const rf_tensor *w, rf_index row, rf_index n, rf_real *out)
{
    for (rf_index i = 0; i < n; i++) out[i] = w[2].data[row + i] + w[3].data[row + i];
}

bool rfi_cell_param_common(int G, int k, rf_index I, rf_index H, const char **name, rf_shape *shape)
{
    static const char *const names[] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"};
    if (k < 0 || k > 3) return false;
    *name = names[k];
    *shape = k == 0 ? RF_SHAPE(G * H, I) : k == 1 ? RF_SHAPE(G * H, H) : RF_SHAPE(G * H);
    return true;
}

/* ---- On the graph ---------------------------------------------------------------------------------- */

enum { MAX_INPUTS = RFI_IN_W + RFI_MOST_PARAMS };

/* count numbers copied to the graph's memory; NULL for none. */
static const void *copied(rf_graph *g, const void *from, rf_index count, size_t size)
{
    void *copy = from ? rf_graph_alloc(g, (size_t)count * size) : NULL;
    if (copy) memcpy(copy, from, (size_t)count * size);
    return copy;
}

static rfi_sequence_attr attr_make(rf_graph *g, const rf_cell *cell, rf_node x,
                                   const int32_t *lengths, bool reverse, const rf_clock *clock)
{
    const rf_clock none = {0}, *c = clock ? clock : &none;
    const rf_shape s = rf_shape_of(g, x);
    const bool known = s.rank == 3;
    return (rfi_sequence_attr){
        .cell = cell,
        .reverse = reverse,
        .ids = rf_one_hot_ids(g, x),
        .lengths = known ? copied(g, lengths, s.dim[1], sizeof *lengths) : NULL,
        .dt = known ? copied(g, c->dt, s.dim[0] * s.dim[1], sizeof *c->dt) : NULL,
        .step = c->step == 0 ? 1 : c->step,
        .substeps = c->substeps == 0 ? 1 : c->substeps,
    };
}

/* The parts of a node as rfi_sequence_shape lays it out. */
static rf_sequence parts_of(rf_graph *g, const rfi_sequence_attr *a, rf_node y)
{
    if (y == RF_POISON) return (rf_sequence){RF_POISON, RF_POISON, RF_POISON};
    const rf_shape s = rf_shape_of(g, y);
    const rf_index B = s.dim[1], H = s.dim[2], T = s.dim[0] - a->cell->states;
    const bool apart = rfi_sequence_out_apart(a);
    const rf_index out = apart || a->reverse ? 0 : 1, h = apart || !a->reverse ? T : 0;
    return (rf_sequence){.out = rf_part(g, y, out * B * H, RF_SHAPE(T, B, H)),
                         .h = rf_part(g, y, h * B * H, RF_SHAPE(B, H)),
                         .c = a->cell->states > 1 ? rf_part(g, y, (T + 1) * B * H, RF_SHAPE(B, H))
                                                  : RF_NONE};
}

rf_sequence rf_cell_sequence(rf_graph *g, const rf_cell *cell, rf_node x, rf_node h0, rf_node c0,
                             const rf_node *w, const int32_t *lengths, bool reverse,
                             const rf_clock *clock)
{
    if (cell->layer_norm) x = rfi_norm_input(g, cell, x, w);
    rf_node in[MAX_INPUTS] = {x, h0, c0};
    rfi_sequence_attr a = attr_make(g, cell, x, lengths, reverse, clock);
    const char *name;
    rf_shape shape;
    int n = RFI_IN_W;
    a.projected = cell->layer_norm;
    for (; rf_cell_param(cell, n - RFI_IN_W, 1, 1, &name, &shape); n++)
        in[n] = rfi_sequence_left_out(&a, n - RFI_IN_W) ? RF_NONE : w[n - RFI_IN_W];
    return parts_of(g, &a, rf_apply(g, cell->rules->op, n, in, &a, sizeof a));
}

rf_sequence rf_cell_unrolled(rf_graph *g, const rf_cell *cell, rf_node x, rf_node h0, rf_node c0,
                             const rf_node *w, const int32_t *lengths, bool reverse,
                             const rf_clock *clock)
{
    const rfi_sequence_attr a = attr_make(g, cell, x, lengths, reverse, clock);
    return rfi_sequence_unroll(g, &a, x, h0, c0, w);
}

/* lab/derivation.c -- from an expression to rf_graph, and its derivatives edge by edge and sweep by
 * sweep. */
#include "derivation.h"

#include <string.h>

/* ---- Operations as the graph has them ----------------------------------------------------------- */

static rf_node negated(rf_graph *g, rf_node x) { return rf_affine(g, x, -1, 0); }
static rf_node transposed(rf_graph *g, rf_node x) { return rf_transpose(g, x, 0, 1); }

/* Vectors are rows on the left and columns on the right. */
static rf_node product(rf_graph *g, rf_node a, rf_node b)
{
    const rf_shape s = rf_shape_of(g, a), t = rf_shape_of(g, b);
    rf_index dim[2];
    int n = 0;
    if (s.rank == 2) dim[n++] = s.dim[0];
    if (t.rank == 2) dim[n++] = t.dim[1];
    if (s.rank == 1) a = rf_reshape(g, a, RF_SHAPE(1, s.dim[0]));
    if (t.rank == 1) b = rf_reshape(g, b, RF_SHAPE(t.dim[0], 1));
    const rf_node y = rf_matmul(g, a, b);
    return n == 2 ? y : rf_reshape(g, y, rf_shape_make(n, dim));
}

static rf_node dot(rf_graph *g, rf_node a, rf_node b) { return product(g, a, b); }

static rf_node pick(rf_graph *g, const lab_term *t, const rf_node *x)
{
    return rf_pick(g, x[0], &t->index);
}

static rf_node cross_entropy(rf_graph *g, const lab_term *t, const rf_node *x)
{
    return rf_cross_entropy(g, x[0], &t->index);
}

static rf_node stack(rf_graph *g, const lab_term *t, const rf_node *x)
{
    return rf_reshape(g, rf_stack(g, t->n, x), t->shape);
}

static const struct {
    rf_node (*one)(rf_graph *g, rf_node x);
    rf_node (*two)(rf_graph *g, rf_node a, rf_node b);
    rf_node (*any)(rf_graph *g, const lab_term *t, const rf_node *x);
} builders[LAB_KINDS] = {[LAB_NEG] = {.one = negated},
                         [LAB_ADD] = {.two = rf_add},
                         [LAB_SUB] = {.two = rf_sub},
                         [LAB_MUL] = {.two = rf_mul},
                         [LAB_DIV] = {.two = rf_div},
                         [LAB_POW] = {.two = rf_pow},
                         [LAB_EXP] = {.one = rf_exp},
                         [LAB_LOG] = {.one = rf_log},
                         [LAB_SQRT] = {.one = rf_sqrt},
                         [LAB_TANH] = {.one = rf_tanh},
                         [LAB_SIGMOID] = {.one = rf_sigmoid},
                         [LAB_RELU] = {.one = rf_relu},
                         [LAB_SOFTMAX] = {.one = rf_softmax},
                         [LAB_SUM] = {.one = rf_sum},
                         [LAB_MEAN] = {.one = rf_mean},
                         [LAB_TRANSPOSE] = {.one = transposed},
                         [LAB_DOT] = {.two = dot},
                         [LAB_MATMUL] = {.two = product},
                         [LAB_PICK] = {.any = pick},
                         [LAB_CROSS_ENTROPY] = {.any = cross_entropy},
                         [LAB_STACK] = {.any = stack}};

static rf_node apply(rf_graph *g, const lab_term *t, const rf_node *x)
{
    if (builders[t->kind].one) return builders[t->kind].one(g, x[0]);
    if (builders[t->kind].two) return builders[t->kind].two(g, x[0], x[1]);
    return builders[t->kind].any(g, t, x);
}

/* ---- The graph ---------------------------------------------------------------------------------- */

rf_index lab_elements(const lab_derivation *d, int term)
{
    return rf_shape_count(d->p->term[term].shape);
}

rf_tensor lab_value(const lab_derivation *d, int term) { return rf_value(d->graph, d->node[term]); }

static void *allot(lab_derivation *d, size_t n, size_t size)
{
    return rf_arena_zalloc(d->arena, (n + 1) * size);
}

/* An input, or whatever does not vary. */
static rf_node leaf(lab_derivation *d, const lab_term *t)
{
    const rf_index n = rf_shape_count(t->shape);
    rf_real *x = allot(d, (size_t)n, sizeof *x);
    if (!x) return RF_POISON;
    for (rf_index k = 0; k < n; k++) x[k] = (rf_real)t->value[k];
    if (t->varies) return rf_name(d->graph, rf_variable(d->graph, x, t->shape), t->name);
    return rf_constant(d->graph, x, t->shape);
}

static rf_node build(lab_derivation *d, const lab_term *t)
{
    if (t->kind == LAB_INPUT || !t->varies) return leaf(d, t);
    rf_node *x = allot(d, (size_t)t->n, sizeof *x);
    if (!x) return RF_POISON;
    for (int k = 0; k < t->n; k++) x[k] = d->node[t->arg[k]];
    const rf_node y = apply(d->graph, t, x);
    return t->name ? rf_name(d->graph, y, t->name) : y;
}

/* The terms that the output needs, constants included. */
static void mark_needed(const lab_program *p, int output, bool *needed)
{
    needed[output] = true;
    for (int t = output; t >= 0; t--)
        for (int k = 0; needed[t] && p->term[t].varies && k < p->term[t].n; k++)
            needed[p->term[t].arg[k]] = true;
}

static bool build_all(lab_derivation *d)
{
    bool *needed = allot(d, (size_t)d->p->terms, sizeof *needed);
    if (!needed) return false;
    mark_needed(d->p, d->output, needed);
    for (int t = 0; t < d->p->terms; t++) {
        const lab_term *x = &d->p->term[t];
        if (!needed[t]) continue;
        if ((d->node[t] = build(d, x)) == RF_POISON) return false;
        if (x->varies) d->shown[d->count++] = t;
        for (int k = 0; x->varies && k < x->n; k++) d->edges += d->p->term[x->arg[k]].varies;
    }
    return true;
}

/* ---- Edges -------------------------------------------------------------------------------------- */

static double entries_of(const lab_derivation *d, const lab_edge *e)
{
    const lab_term *t = &d->p->term[e->to];
    const double rows = (double)e->rows, cols = (double)e->cols;
    if (lab_is_elementwise(t->kind) || t->kind == LAB_TRANSPOSE) return rows;
    if (t->kind == LAB_SOFTMAX) return rows * (double)t->shape.dim[t->shape.rank - 1];
    if (t->kind == LAB_PICK || t->kind == LAB_STACK) return 1;
    if (t->kind == LAB_MATMUL) {
        const rf_shape a = d->p->term[t->arg[0]].shape;
        return rows * (double)a.dim[a.rank - 1];
    }
    return cols; /* sums of all elements */
}

/* One operation alone, of which only the operand at the edge's slot varies. */
static rf_node isolated(lab_derivation *d, const lab_edge *e, rf_node *x)
{
    const lab_term *t = &d->p->term[e->to];
    for (int k = 0; k < t->n; k++) {
        const rf_tensor v = lab_value(d, t->arg[k]);
        x[k] = k == e->slot ? rf_variable(d->local, v.data, v.shape)
                            : rf_constant(d->local, v.data, v.shape);
    }
    return apply(d->local, t, x);
}

static bool find_jacobian(lab_derivation *d, lab_edge *e)
{
    if (e->rows * e->cols > LAB_JACOBIAN) return true;
    rf_node *x = allot(d, (size_t)d->p->term[e->to].n, sizeof *x);
    rf_real *gy = allot(d, (size_t)e->rows, sizeof *gy);
    e->jacobian = allot(d, (size_t)(e->rows * e->cols), sizeof *e->jacobian);
    if (!x || !gy || !e->jacobian) return false;
    rf_graph_begin(d->local, RF_EVAL, (rf_key){0});
    const rf_node y = isolated(d, e, x);
    for (rf_index i = 0; i < e->rows; i++) {
        gy[i] = 1;
        if (rf_adjoint_with(d->local, y, gy)) return false;
        const rf_real *row = rf_gradient(d->local, x[e->slot]);
        if (row) memcpy(e->jacobian + i * e->cols, row, (size_t)e->cols * sizeof *row);
        gy[i] = 0;
    }
    return true;
}

static bool find_edges(lab_derivation *d)
{
    int n = 0;
    d->edge = allot(d, (size_t)d->edges, sizeof *d->edge);
    if (!d->edge) return false;
    for (int k = 0; k < d->count; k++) {
        const int to = d->shown[k];
        const lab_term *t = &d->p->term[to];
        for (int slot = 0; slot < t->n; slot++) {
            if (!d->p->term[t->arg[slot]].varies) continue;
            lab_edge e = {.from = t->arg[slot], .to = to, .slot = slot};
            e.rows = lab_elements(d, to);
            e.cols = lab_elements(d, e.from);
            e.entries = entries_of(d, &e);
            if (!find_jacobian(d, &e)) return false;
            d->edge[n++] = e;
        }
    }
    d->paths[d->output] = 1;
    for (int k = n - 1; k >= 0; k--) d->paths[d->edge[k].from] += d->paths[d->edge[k].to];
    return true;
}

static bool begin(lab_derivation *d, rf_error *err)
{
    const size_t n = (size_t)d->p->terms;
    if (!(d->arena = rf_arena_new(0)) || !(d->device = rf_device_new(1, err))) return false;
    d->graph = rf_graph_new(d->device);
    d->local = rf_graph_new(d->device);
    d->node = allot(d, n, sizeof *d->node);
    d->shown = allot(d, n, sizeof *d->shown);
    d->paths = allot(d, n, sizeof *d->paths);
    return d->graph && d->local && d->node && d->shown && d->paths;
}

/* The graph's own reason, where it has one. */
static rf_status failed(const lab_derivation *d, rf_error *err)
{
    if (d->graph && rf_graph_status(d->graph, err)) return err->status;
    if (d->local && rf_graph_status(d->local, err)) return err->status;
    return rf_fail(err, RF_ENOMEM, "no memory for the graph");
}

rf_status lab_derivation_make(lab_derivation *d, lab_program *p, int output, rf_error *err)
{
    *d = (lab_derivation){.p = p, .output = output};
    return begin(d, err) && build_all(d) && find_edges(d) ? RF_OK : failed(d, err);
}

void lab_derivation_free(lab_derivation *d)
{
    rf_graph_free(d->graph);
    rf_graph_free(d->local);
    rf_device_free(d->device);
    rf_arena_free(d->arena);
    *d = (lab_derivation){0};
}

/* ---- Sweeps ------------------------------------------------------------------------------------- */

/* A vector that is 1 at `element`; NULL: no memory. */
static rf_real *unit(lab_derivation *d, int term, rf_index element)
{
    const size_t n = (size_t)lab_elements(d, term);
    rf_real *x = rf_aligned_calloc(n, sizeof *x);
    if (x) x[element] = 1;
    return x;
}

rf_status lab_forward(lab_derivation *d, int input, rf_index element, rf_error *err)
{
    rf_real *one = unit(d, input, element);
    if (!one) return rf_fail(err, RF_ENOMEM, "no memory for a sweep");
    for (int k = 0; k < d->count; k++) {
        const int t = d->shown[k];
        if (d->p->term[t].kind == LAB_INPUT)
            rf_set_tangent(d->graph, d->node[t], t == input ? one : NULL);
    }
    rf_aligned_free(one);
    rf_sweep_tangents(d->graph);
    return rf_graph_status(d->graph, err);
}

const rf_real *lab_tangent(const lab_derivation *d, int term)
{
    return rf_tangent(d->graph, d->node[term]);
}

rf_status lab_reverse(lab_derivation *d, rf_index element, rf_error *err)
{
    rf_real *one = unit(d, d->output, element);
    if (!one) return rf_fail(err, RF_ENOMEM, "no memory for a sweep");
    rf_adjoint_with(d->graph, d->node[d->output], one);
    rf_aligned_free(one);
    return rf_graph_status(d->graph, err);
}

const rf_real *lab_adjoint(const lab_derivation *d, int term)
{
    return rf_gradient(d->graph, d->node[term]);
}

/* Of the edges that were gone along: those whose near end has a derivative.  What arrives at a term
 * is a sum over all entries, of which each element costs one addition less than it has summands. */
static lab_cost cost(const lab_derivation *d, bool forward)
{
    lab_cost c = {0};
    for (int k = 0; k < d->count; k++) {
        const int t = d->shown[k];
        double entries = 0;
        for (int e = 0; e < d->edges; e++) {
            const lab_edge *x = &d->edge[e];
            const int near = forward ? x->from : x->to, far = forward ? x->to : x->from;
            if (far != t || !(forward ? lab_tangent(d, near) : lab_adjoint(d, near))) continue;
            c.edges++;
            entries += x->entries;
        }
        c.multiplications += entries;
        c.additions +=
            entries > (double)lab_elements(d, t) ? entries - (double)lab_elements(d, t) : 0;
    }
    return c;
}

lab_cost lab_forward_cost(const lab_derivation *d) { return cost(d, true); }

lab_cost lab_reverse_cost(const lab_derivation *d) { return cost(d, false); }

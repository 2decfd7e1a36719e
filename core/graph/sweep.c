/* graph/sweep.c -- the two ways to differentiate a tape: adjoints from the end, tangents from the
 * start.
 *
 * Invariant: when a node is reached in reverse order, every contribution to its gradient has been
 * added.  A gradient belongs to the sweep whose number its node carries; older ones count as none.
 * Views have no rules: they share their root's memory, of which the first to need it zeroes all. */
#include "graph/tape.h"
#include "tensor/vec.h"
#include <assert.h>
#include <string.h>

/* ---- Reverse mode ------------------------------------------------------------------------------ */

static void touch_all(rf_param *p)
{
    const rf_index n = p->value.shape.dim[0];
    for (rf_index r = 0; r < n; r++) rfi_param_touch(p, r);
}

/* A parameter's gradient, to be added to, or to be written where *fresh stays true. */
static rf_real *receive_param(rf_param *q, const rfi_node *x, uint32_t flags, bool *fresh)
{
    *fresh = *fresh && q->zero && x->count == rf_shape_count(q->value.shape);
    q->zero = false;
    if (q->sparse && !(flags & RF_OP_SPARSE)) touch_all(q);
    return q->grad + x->offset;
}

/* The same for any node.  NULL: no memory. */
static rf_real *receive(rf_graph *g, rf_node x, uint32_t flags, bool *fresh)
{
    const rfi_node *p = rfi_at(g, x);
    rfi_node *r = rfi_at(g, p->root);
    if (r->param) return receive_param(r->param, p, flags, fresh);
    if (r->sweep == g->sweep) {
        *fresh = false;
        return r->grad + p->offset;
    }
    if (!r->grad) r->grad = rf_graph_alloc(g, (size_t)r->count * sizeof *r->grad);
    if (!r->grad) return NULL;
    r->sweep = g->sweep;
    *fresh = *fresh && p->count == r->count;
    if (!*fresh) rfi_vec_fill(g->device, r->count, 0, r->grad);
    return r->grad + p->offset;
}

/* Inputs of an op that are looked at pair by pair. */
enum { FEW = 32 };

/* May input i be overwritten: do no two inputs share memory with it? */
static bool stands_alone(const rf_graph *g, const rf_node *in, int n, int i)
{
    const rfi_node *p = rfi_at(g, rfi_at(g, in[i])->root);
    for (int j = 0; j < n; j++) {
        if (j == i || in[j] == RF_NONE) continue;
        const rfi_node *q = rfi_at(g, rfi_at(g, in[j])->root);
        if (q == p || (q->param && q->param == p->param)) return false;
    }
    return true;
}

static bool receive_all(rf_graph *g, rf_call *c, const rf_node *in)
{
    rf_real **gx = rf_graph_scratch(g, (size_t)c->n * sizeof *gx);
    bool *fresh = rf_graph_scratch(g, (size_t)c->n * sizeof *fresh);
    if (!gx || !fresh) return false;
    const bool overwrites = (c->op->flags & RF_OP_OVERWRITES) && c->n <= FEW;
    for (int i = 0; i < c->n; i++) {
        gx[i] = NULL;
        fresh[i] = false;
        if (in[i] == RF_NONE || !rfi_at(g, in[i])->wants) continue;
        fresh[i] = overwrites && stands_alone(g, in, c->n, i);
        gx[i] = receive(g, in[i], c->op->flags, &fresh[i]);
        if (!gx[i]) return false;
        g->visits++;
    }
    c->gx = gx;
    c->fresh = fresh;
    return true;
}

static bool seed(rf_graph *g, rf_node y, const rf_real *gy)
{
    const rf_index n = rfi_at(g, y)->count;
    bool fresh = false;
    if (!rfi_at(g, y)->wants) return true;
    rf_real *to = receive(g, y, 0, &fresh);
    if (!to) return false;
    rfi_vec_axpy(g->device, n, 1, gy, to);
    return true;
}

static bool sweep_back(rf_graph *g, rf_node last, rf_node first);

/* Build the textbook graph behind the tape, sweep it, forget it: its inputs are the node's own. */
static bool adjoint_expanded(rf_graph *g, rf_node k)
{
    const uint32_t end = g->count;
    const rf_real *gy = rfi_at(g, k)->grad;
    rf_node e = rfi_expand_node(g, k);
    bool ok = e != RF_POISON && seed(g, e, gy);
    if (ok && g->count > end) ok = sweep_back(g, g->count - 1, end);
    rfi_graph_truncate(g, end);
    return ok;
}

static bool adjoint_rule(rf_graph *g, rf_node k)
{
    const rfi_node *p = rfi_at(g, k);
    rf_call c;
    if (!p->op->adjoint) return adjoint_expanded(g, k);
    if (!rfi_call_of(g, &c, k) || !receive_all(g, &c, g->edge + p->first)) return false;
    c.gy = p->grad;
    g->current = k;
    p->op->adjoint(&c);
    return g->error.status == RF_OK;
}

static bool adjoint_timed(rf_graph *g, rf_node k)
{
    rf_call c;
    const rfi_timer t = rfi_profile_start(g->profile);
    const bool ok = adjoint_rule(g, k);
    if (ok && rfi_call_of(g, &c, k)) rfi_profile_stop(g->profile, t, &c, RFI_BACKWARD);
    return ok;
}

static bool adjoint_node(rf_graph *g, rf_node k)
{
    const rfi_node *p = rfi_at(g, k);
    if (p->sweep != g->sweep || !p->wants || (p->op->flags & RF_OP_LEAF)) return true;
    return g->profile ? adjoint_timed(g, k) : adjoint_rule(g, k);
}

static bool sweep_back(rf_graph *g, rf_node last, rf_node first)
{
    for (rf_node k = last; k >= first; k--)
        if (!adjoint_node(g, k)) return false;
    return true;
}

rf_status rf_adjoint_with(rf_graph *g, rf_node y, const rf_real *gy)
{
    assert(y != RF_NONE && gy);
    if (g->error.status) return g->error.status;
    assert(y != RF_POISON);
    if (g->mode == RF_INFER) {
        rfi_poison(g, RF_EINVAL, "adjoint", "a graph for inference has no gradients");
        return g->error.status;
    }
    g->sweep++;
    g->visits = 0;
    if (seed(g, y, gy)) sweep_back(g, y, 1);
    return g->error.status;
}

rf_status rf_adjoint(rf_graph *g, rf_node y)
{
    const rf_real one = 1;
    char text[RF_SHAPE_TEXT + 40];
    if (g->error.status) return g->error.status;
    assert(y != RF_NONE && y != RF_POISON);
    if (rfi_at(g, y)->count == 1) return rf_adjoint_with(g, y, &one);
    rf_shape_text(rfi_at(g, y)->shape, text);
    strcat(text, " is not a scalar");
    rfi_poison(g, RF_ESHAPE, "adjoint", text);
    return g->error.status;
}

rf_param *rfi_call_param(const rf_call *c, int i)
{
    const rf_graph *g = c->graph;
    const rf_node x = g->edge[rfi_at(g, g->current)->first + (uint32_t)i];
    return rfi_at(g, rfi_at(g, x)->root)->param;
}

const rf_real *rf_gradient(const rf_graph *g, rf_node x)
{
    if (x == RF_NONE || x == RF_POISON || !rfi_at(g, x)->wants) return NULL;
    const rfi_node *p = rfi_at(g, x), *r = rfi_at(g, p->root);
    if (r->param) return r->param->grad + p->offset;
    return g->sweep && r->sweep == g->sweep ? r->grad + p->offset : NULL;
}

/* ---- Forward mode ------------------------------------------------------------------------------ */

static rf_real *tangent_memory(rf_graph *g, rf_node x)
{
    rfi_node *p = rfi_at(g, x);
    if (!p->tangent) p->tangent = rf_graph_alloc(g, (size_t)p->count * sizeof *p->tangent);
    return p->tangent;
}

void rf_set_tangent(rf_graph *g, rf_node leaf, const rf_real *dx)
{
    if (g->error.status) return;
    assert(leaf != RF_NONE && leaf != RF_POISON);
    rfi_node *p = rfi_at(g, leaf);
    assert(p->op->flags & RF_OP_LEAF);
    p->moving = dx != NULL;
    rf_real *to = dx ? tangent_memory(g, leaf) : NULL;
    if (to) memcpy(to, dx, (size_t)p->count * sizeof *to);
}

const rf_real *rf_tangent(const rf_graph *g, rf_node x)
{
    if (x == RF_NONE || x == RF_POISON) return NULL;
    const rfi_node *p = rfi_at(g, x), *r = rfi_at(g, p->root);
    return r->moving ? r->tangent + p->offset : NULL;
}

static bool sweep_forth(rf_graph *g, rf_node first, rf_node end);

static bool tangent_expanded(rf_graph *g, rf_node k)
{
    const uint32_t end = g->count;
    rf_node e = rfi_expand_node(g, k);
    if (e == RF_POISON || !sweep_forth(g, end, g->count)) return false;
    const rf_real *de = rf_tangent(g, e);
    const size_t bytes = (size_t)rfi_at(g, k)->count * sizeof *de;
    rfi_node *p = rfi_at(g, k);
    p->moving = de != NULL;
    if (de) memcpy(p->tangent, de, bytes);
    rfi_graph_truncate(g, end);
    return true;
}

static bool tangent_node(rf_graph *g, rf_node k)
{
    rfi_node *p = rfi_at(g, k);
    rf_call c;
    if (p->op->flags & (RF_OP_LEAF | RF_OP_VIEW)) return true;
    p->moving = false;
    for (uint32_t i = 0; i < p->n; i++) p->moving |= rf_tangent(g, g->edge[p->first + i]) != NULL;
    if (!p->moving) return true;
    if (!tangent_memory(g, k)) return false;
    if (!p->op->tangent) return tangent_expanded(g, k);
    if (!rfi_call_of(g, &c, k)) return false;
    const rf_real **dx = rf_graph_scratch(g, p->n * sizeof *dx);
    if (!dx) return false;
    for (uint32_t i = 0; i < p->n; i++) {
        dx[i] = rf_tangent(g, g->edge[p->first + i]);
        g->visits += dx[i] != NULL;
    }
    c.dx = dx;
    c.dy = p->tangent;
    g->current = k;
    p->op->tangent(&c);
    return g->error.status == RF_OK;
}

static bool sweep_forth(rf_graph *g, rf_node first, rf_node end)
{
    for (rf_node k = first; k < end; k++)
        if (!tangent_node(g, k)) return false;
    return true;
}

rf_status rf_sweep_tangents(rf_graph *g)
{
    if (g->error.status) return g->error.status;
    if (g->mode == RF_INFER) {
        rfi_poison(g, RF_EINVAL, "tangents", "a graph for inference has no tangents");
        return g->error.status;
    }
    g->visits = 0;
    sweep_forth(g, 1, g->count);
    return g->error.status;
}

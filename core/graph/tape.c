/* graph/tape.c -- the tape: nodes are written as they are computed.
 *
 * Invariant: inputs of a node have smaller numbers.  After the first failure every builder returns
 * RF_POISON until the next rf_graph_begin.  Differentiation is in sweep.c. */
#include "graph/tape.h"

#include "graph/ops.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Life ------------------------------------------------------------------------------------- */

rf_graph *rf_graph_new(rf_device *d)
{
    assert(d);
    rf_graph *g = calloc(1, sizeof *g);
    if (!g) return NULL;
    g->device = d;
    g->memory = rf_arena_new((size_t)1 << 20);
    g->scratch = rf_arena_new((size_t)1 << 16);
    g->node_cap = g->edge_cap = 256;
    g->node = calloc(g->node_cap, sizeof *g->node);
    g->edge = calloc(g->edge_cap, sizeof *g->edge);
    if (!g->memory || !g->scratch || !g->node || !g->edge) {
        rf_graph_free(g);
        return NULL;
    }
    rf_graph_begin(g, RF_EVAL, (rf_key){0});
    return g;
}

void rf_graph_free(rf_graph *g)
{
    if (!g) return;
    rf_arena_free(g->memory);
    rf_arena_free(g->scratch);
    free(g->node);
    free(g->edge);
    free(g->profile);
    free(g);
}

void rf_graph_begin(rf_graph *g, rf_mode mode, rf_key key)
{
    rf_arena_reset(g->memory);
    rf_arena_reset(g->scratch);
    g->count = 1;
    g->edges = 0;
    g->mode = mode;
    g->key = key;
    g->keys = 0;
    g->visits = 0;
    g->error.status = RF_OK;
    g->file = NULL;
}

rf_status rf_graph_status(const rf_graph *g, rf_error *err)
{
    return g->error.status ? rf_fail(err, g->error.status, "%s", g->error.text) : RF_OK;
}

rf_device *rf_graph_device(const rf_graph *g) { return g->device; }

rf_mode rf_graph_mode(const rf_graph *g) { return g->mode; }

rf_index rf_graph_count(const rf_graph *g) { return (rf_index)g->count - 1; }

rf_index rf_graph_visits(const rf_graph *g) { return g->visits; }

/* ---- Failure ---------------------------------------------------------------------------------- */

rf_graph *(rf_graph_at)(rf_graph *g, const char *file, int line)
{
    g->file = file;
    g->line = line;
    return g;
}

rf_node rfi_poison(rf_graph *g, rf_status status, const char *what, const char *text)
{
    if (!g->file) {
        rf_fail(&g->error, status, "%s: %s", what, text);
        return RF_POISON;
    }
    const char *slash = strrchr(g->file, '/');
    rf_fail(&g->error, status, "%s: %s (%s:%d)", what, text, slash ? slash + 1 : g->file, g->line);
    return RF_POISON;
}

bool rf_call_fail(const rf_call *c, const char *fmt, ...)
{
    char text[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    rfi_poison(c->graph, RF_ESHAPE, c->op->name, text);
    return false;
}

/* ---- Memory ----------------------------------------------------------------------------------- */

static void *checked(rf_graph *g, void *p)
{
    if (!p) rfi_poison(g, RF_ENOMEM, "graph", "no memory");
    return p;
}

void *rf_graph_alloc(rf_graph *g, size_t bytes)
{
    return checked(g, rf_arena_alloc(g->memory, bytes));
}

void *rf_graph_scratch(rf_graph *g, size_t bytes)
{
    return checked(g, rf_arena_alloc(g->scratch, bytes));
}

rf_key rf_graph_next_key(rf_graph *g)
{
    rf_key k = g->key;
    k.stream += 0x9e3779b9u * ++g->keys; /* an odd factor: all streams differ */
    return k;
}

static bool reserve_nodes(rf_graph *g)
{
    if (g->count < g->node_cap) return true;
    const uint32_t cap = g->node_cap < UINT32_MAX / 2 ? 2 * g->node_cap : 0;
    rfi_node *p = cap ? realloc(g->node, cap * sizeof *p) : NULL;
    if (!checked(g, p)) return false;
    g->node = p;
    g->node_cap = cap;
    return true;
}

static bool reserve_edges(rf_graph *g, uint32_t n)
{
    if (n <= g->edge_cap - g->edges) return true;
    uint64_t cap = 2 * ((uint64_t)g->edge_cap + n);
    rf_node *p = cap <= UINT32_MAX ? realloc(g->edge, (size_t)cap * sizeof *p) : NULL;
    if (!checked(g, p)) return false;
    g->edge = p;
    g->edge_cap = (uint32_t)cap;
    return true;
}

/* A node without value; RF_POISON: no memory. */
static rf_node new_node(rf_graph *g, const rf_op *op, rf_shape shape, int n, const rf_node *in)
{
    if (!reserve_nodes(g) || !reserve_edges(g, (uint32_t)n)) return RF_POISON;
    rfi_node *p = &g->node[g->count];
    *p = (rfi_node){.op = op,
                    .shape = shape,
                    .count = rf_shape_count(shape),
                    .root = g->count,
                    .first = g->edges,
                    .n = (uint32_t)n};
    if (n) memcpy(g->edge + g->edges, in, (size_t)n * sizeof *in);
    g->edges += (uint32_t)n;
    return g->count++;
}

void rfi_graph_truncate(rf_graph *g, uint32_t count)
{
    if (count >= g->count) return;
    g->edges = g->node[count].first;
    g->count = count;
}

/* ---- Leaves ----------------------------------------------------------------------------------- */

static rf_node leaf(rf_graph *g, const rf_op *op, rf_shape shape, rf_real *value)
{
    if (g->error.status) return RF_POISON;
    rf_node x = new_node(g, op, shape, 0, NULL);
    if (x == RF_POISON) return x;
    rfi_node *p = rfi_at(g, x);
    p->value = value;
    p->wants = g->mode != RF_INFER && op != &rfi_op_constant;
    return x;
}

/* Memory for a tensor, with `data` copied or, where NULL, zero. */
static rf_real *new_value(rf_graph *g, const rf_op *op, rf_shape shape, const rf_real *data)
{
    const rf_index n = rf_shape_count(shape);
    if (n < 0 || (uint64_t)n > SIZE_MAX / sizeof *data) {
        rfi_poison(g, RF_ESHAPE, op->name, "the shape is absurd");
        return NULL;
    }
    const size_t bytes = (size_t)n * sizeof *data;
    rf_real *p = rf_graph_alloc(g, bytes);
    if (p && data) memcpy(p, data, bytes);
    if (p && !data) memset(p, 0, bytes);
    return p;
}

static rf_node copied(rf_graph *g, const rf_op *op, const rf_real *data, rf_shape shape)
{
    if (g->error.status) return RF_POISON;
    rf_real *value = new_value(g, op, shape, data);
    return value ? leaf(g, op, shape, value) : RF_POISON;
}

rf_node rf_constant(rf_graph *g, const rf_real *data, rf_shape shape)
{
    assert(data);
    return copied(g, &rfi_op_constant, data, shape);
}

rf_node rf_zeros(rf_graph *g, rf_shape shape) { return copied(g, &rfi_op_constant, NULL, shape); }

rf_node rf_variable(rf_graph *g, const rf_real *data, rf_shape shape)
{
    assert(data);
    return copied(g, &rfi_op_variable, data, shape);
}

rf_node rf_scalar(rf_graph *g, double value)
{
    const rf_real v = (rf_real)value;
    return rf_constant(g, &v, RF_SCALAR);
}

rf_node rf_borrow(rf_graph *g, const rf_real *data, rf_shape shape)
{
    assert(data);
    return leaf(g, &rfi_op_constant, shape, (rf_real *)(uintptr_t)data); /* never written */
}

rf_node rf_parameter(rf_graph *g, rf_param *p)
{
    assert(p);
    rf_node x = leaf(g, &rfi_op_parameter, p->value.shape, p->value.data);
    if (x == RF_POISON) return x;
    rfi_node *n = rfi_at(g, x);
    n->param = p;
    n->name = p->name;
    n->wants = n->wants && !p->frozen;
    return x;
}

rf_node rf_name(rf_graph *g, rf_node x, const char *name)
{
    if (g->error.status || x == RF_NONE || x == RF_POISON) return x;
    char *copy = checked(g, rf_arena_strdup(g->memory, name));
    rfi_at(g, x)->name = copy;
    return copy ? x : RF_POISON;
}

/* ---- Application ------------------------------------------------------------------------------ */

bool rfi_call_begin(rf_graph *g, rf_call *c, const rf_op *op, int n, const rf_node *in)
{
    rf_arena_reset(g->scratch);
    rf_tensor *x = rf_graph_scratch(g, (size_t)n * sizeof *x);
    if (!x) return false;
    for (int i = 0; i < n; i++) {
        const rfi_node *p = rfi_at(g, in[i]);
        x[i] = in[i] == RF_NONE ? (rf_tensor){0} : (rf_tensor){p->value, p->shape};
    }
    *c = (rf_call){.graph = g, .device = g->device, .op = op, .mode = g->mode, .n = n, .x = x};
    return true;
}

bool rfi_call_of(rf_graph *g, rf_call *c, rf_node x)
{
    const rfi_node *p = rfi_at(g, x);
    if (!rfi_call_begin(g, c, p->op, (int)p->n, g->edge + p->first)) return false;
    c->attr = p->attr;
    c->y = (rf_tensor){p->value, p->shape};
    c->saved = p->saved;
    return true;
}

static bool check_inputs(rf_graph *g, const rf_op *op, int n, const rf_node *x)
{
    char text[80];
    if (op->arity >= 0 && n != op->arity) {
        snprintf(text, sizeof text, "%d inputs where %d are due", n, op->arity);
        return rfi_poison(g, RF_ESHAPE, op->name, text) != RF_POISON;
    }
    for (int i = 0; i < n; i++) {
        if (x[i] == RF_POISON) return false;
        assert(x[i] < g->count);
        if (x[i] != RF_NONE || (op->flags & RF_OP_OPTIONAL)) continue;
        snprintf(text, sizeof text, "input %d is left out", i + 1);
        return rfi_poison(g, RF_ESHAPE, op->name, text) != RF_POISON;
    }
    return true;
}

static const void *keep_attr(rf_graph *g, const void *attr, size_t bytes)
{
    if (!bytes) return attr;
    void *p = rf_graph_alloc(g, bytes);
    return p ? memcpy(p, attr, bytes) : NULL;
}

/* Value of a new view: its root's memory. */
static void set_view(rf_graph *g, rf_node y, rf_node x, const void *attr)
{
    rfi_node *p = rfi_at(g, y);
    const rfi_node *from = rfi_at(g, x);
    rf_index offset;
    memcpy(&offset, attr, sizeof offset);
    p->root = from->root;
    p->offset = from->offset + offset;
    p->value = from->value + offset;
}

static void run_forward(rf_graph *g, const rf_call *c)
{
    if (!g->profile) {
        c->op->forward(c);
        return;
    }
    const rfi_timer t = rfi_profile_start(g->profile);
    c->op->forward(c);
    rfi_profile_stop(g->profile, t, c, RFI_FORWARD);
}

/* Value and saved memory of a new node; then the forward rule. */
static bool compute(rf_graph *g, rf_call *c, rf_node y)
{
    rfi_node *p = rfi_at(g, y);
    const size_t bytes = c->op->save ? c->op->save(c) : 0;
    p->value = rf_graph_alloc(g, (size_t)p->count * sizeof(rf_real));
    if (!p->value) return false;
    if (bytes) {
        c->saved = g->mode == RF_INFER ? rf_graph_scratch(g, bytes) : rf_graph_alloc(g, bytes);
        if (!c->saved) return false;
    }
    p->saved = g->mode == RF_INFER ? NULL : c->saved;
    c->y.data = p->value;
    run_forward(g, c);
    return g->error.status == RF_OK;
}

/* The node of a checked call whose output shape is known. */
static rf_node apply_call(rf_graph *g, rf_call *c, const rf_node *x)
{
    rf_node y = new_node(g, c->op, c->y.shape, c->n, x);
    if (y == RF_POISON) return y;
    rfi_node *p = rfi_at(g, y);
    p->attr = c->attr;
    for (int i = 0; i < c->n; i++) p->wants |= x[i] != RF_NONE && rfi_at(g, x[i])->wants;
    if (c->op->flags & RF_OP_VIEW) {
        set_view(g, y, x[0], c->attr);
        return y;
    }
    return compute(g, c, y) ? y : RF_POISON;
}

/* x in memory that stays while nodes are added. */
static rf_node expand_call(rf_graph *g, const rf_call *c, const rf_node *x)
{
    const size_t bytes = (size_t)c->n * sizeof(rf_node) + (size_t)c->n * sizeof(rf_tensor);
    rf_tensor *t = rf_graph_alloc(g, bytes);
    if (!t) return RF_POISON;
    rf_node *in = (rf_node *)(void *)(t + c->n);
    if (c->n) memcpy(t, c->x, (size_t)c->n * sizeof *t);
    if (c->n) memcpy(in, x, (size_t)c->n * sizeof *in);
    rf_call copy = *c;
    copy.x = t;
    return c->op->expand(g, &copy, in);
}

rf_node rf_apply(rf_graph *g, const rf_op *op, int n, const rf_node *x, const void *attr,
                 size_t attr_bytes)
{
    rf_call c;
    if (g->error.status || !check_inputs(g, op, n, x)) return RF_POISON;
    if (!rfi_call_begin(g, &c, op, n, x)) return RF_POISON;
    c.attr = keep_attr(g, attr, attr_bytes);
    if (g->error.status || !op->shape(&c, &c.y.shape)) return RF_POISON;
    if (rf_shape_count(c.y.shape) < 0) {
        rf_call_fail(&c, "the result would be too large");
        return RF_POISON;
    }
    if (g->textbook && op->expand) return expand_call(g, &c, x);
    return apply_call(g, &c, x);
}

rf_node rfi_expand_node(rf_graph *g, rf_node x)
{
    rf_call c;
    if (!rfi_call_of(g, &c, x)) return RF_POISON;
    return expand_call(g, &c, g->edge + rfi_at(g, x)->first);
}

rf_node rf_expand(rf_graph *g, rf_node x)
{
    if (g->error.status || x == RF_NONE || x == RF_POISON) return x;
    return rfi_at(g, x)->op->expand ? rfi_expand_node(g, x) : x;
}

/* ---- Reading ---------------------------------------------------------------------------------- */

rf_tensor rf_value(const rf_graph *g, rf_node x)
{
    if (x == RF_NONE || x == RF_POISON) return (rf_tensor){0};
    return (rf_tensor){rfi_at(g, x)->value, rfi_at(g, x)->shape};
}

rf_shape rf_shape_of(const rf_graph *g, rf_node x) { return rf_value(g, x).shape; }

rf_node_info rf_graph_node(const rf_graph *g, rf_node x)
{
    if (x == RF_NONE || x == RF_POISON) return (rf_node_info){0};
    assert(x < g->count);
    const rfi_node *p = rfi_at(g, x);
    return (rf_node_info){p->op, p->name, p->shape, g->edge + p->first, p->n, p->wants};
}

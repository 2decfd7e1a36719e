/* lab/cell_graph.c -- one step of a cell as a graph of primitive ops, as a table and as a picture.
 *
 * The second of two steps is shown, so that what it takes over from the first can be seen, gates
 * included.  Parameters stand in the nodes that read them, not as nodes of their own. */
#include <refrain/diagram.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "steps.h"

enum { MOST = 256, EDGES = 8 };

typedef struct item {
    rf_node node;
    bool input;             /* from outside of the step */
    char name[32];          /* "i_t", "C_{t−1}", or its number */
    rf_str params;          /* that it reads: "weight_ih[i], bias_ih[i]" */
    int from[EDGES], edges; /* items that it reads */
} item;

typedef struct list {
    const lab_specimen *m;
    rf_node first, end; /* the step's nodes: first .. end-1 */
    item item[MOST];
    int count;
} list;

/* ---- Parameters ---------------------------------------------------------------------------------- */

/* The parameter whose memory the node's value is part of, and where it begins there. */
static const rf_param *param_of(const list *l, rf_node x, rf_index *at)
{
    const rf_real *v = rf_value(l->m->graph, x).data;
    for (size_t i = 0; i < rf_params_count(l->m->params); i++) {
        const rf_param *p = rf_params_at(l->m->params, i);
        const rf_index n = rf_shape_count(p->value.shape);
        if (v < p->value.data || v >= p->value.data + n) continue;
        *at = v - p->value.data;
        return p;
    }
    return NULL;
}

/* "weight_ih[i]", "weight_ln_ih[ifgo]": of a parameter that several gates share, whose rows `part` has. */
static void put_param(const list *l, rf_str *out, const rf_param *p, rf_index at, rf_shape part)
{
    const rf_shape s = p->value.shape;
    const rf_index H = l->m->spec.hidden, row = s.rank > 1 ? s.dim[1] : 1;
    const char *gates = strncmp(p->name, "weight_gg", 9) == 0 ? "ifo" : l->m->spec.cell->order;
    const rf_index first = at / (row * H), n = part.dim[0] / H;
    const size_t stem = strcspn(p->name, "0123456789") - strlen("_l"); /* "weight_ih" of _l0 */
    rf_str_printf(out, "%s%.*s", out->n ? ", " : "", (int)stem, p->name);
    if (s.dim[0] > H && first + n <= (rf_index)strlen(gates))
        rf_str_printf(out, "[%.*s]", (int)n, gates + first);
}

/* ---- Nodes --------------------------------------------------------------------------------------- */

static int item_of(const list *l, rf_node x)
{
    for (int k = 0; k < l->count; k++)
        if (l->item[k].node == x) return k;
    return -1;
}

/* The name of a node of the step before: "h_t" is h_{t−1} here. */
static void name_before(const rf_graph *g, rf_node x, char *out, size_t n)
{
    const char *name = rf_graph_node(g, x).name, *under = name ? strstr(name, "_t") : NULL;
    if (under && !under[2])
        snprintf(out, n, "%.*s_{t−1}", (int)(under - name), name);
    else
        snprintf(out, n, "%s", name ? name : rf_graph_node(g, x).op->name);
}

/* A constant scalar, such as the length of a step. */
static bool is_number(const rf_graph *g, rf_node x)
{
    const rf_node_info i = rf_graph_node(g, x);
    return (i.op->flags & RF_OP_LEAF) && i.shape.rank == 0;
}

static int add(list *l, rf_node x)
{
    if (l->count == MOST) return -1;
    item *i = &l->item[l->count];
    *i = (item){.node = x, .input = x < l->first};
    const char *name = rf_graph_node(l->m->graph, x).name;
    if (i->input)
        name_before(l->m->graph, x, i->name, sizeof i->name);
    else if (name)
        snprintf(i->name, sizeof i->name, "%s", name);
    else if (is_number(l->m->graph, x))
        snprintf(i->name, sizeof i->name, "%g", (double)rf_value(l->m->graph, x).data[0]);
    else
        snprintf(i->name, sizeof i->name, "%d", l->count + 1);
    return l->count++;
}

static void link_input(list *l, int to, rf_node x)
{
    rf_index at;
    const rf_param *p = param_of(l, x, &at);
    item *i = &l->item[to];
    if (p) {
        put_param(l, &i->params, p, at, rf_shape_of(l->m->graph, x));
        return;
    }
    int from = item_of(l, x);
    if (from < 0 && (from = add(l, x)) < 0) return;
    if (i->edges < EDGES) i->from[i->edges++] = from;
}

/* Nodes of the step that are not shown: parts of the input and of parameters. */
static bool is_hidden(const list *l, rf_node x, rf_node x_t)
{
    rf_index at;
    return x <= x_t || param_of(l, x, &at) ||
           (rf_graph_node(l->m->graph, x).op->flags & RF_OP_VIEW);
}

/* First the input, and what comes from the step before; then the step, in topological order. */
static void fill(list *l, rf_node x_t)
{
    const rf_graph *g = l->m->graph;
    rf_index at;
    const int first = add(l, x_t);
    snprintf(l->item[first].name, sizeof l->item[first].name, "x_t");
    l->item[first].input = true;
    for (rf_node x = l->first; x < l->end; x++) {
        const rf_node_info i = rf_graph_node(g, x);
        for (uint32_t j = 0; !is_hidden(l, x, x_t) && j < i.inputs; j++)
            if (i.input[j] != RF_NONE && i.input[j] < l->first && item_of(l, i.input[j]) < 0 &&
                !param_of(l, i.input[j], &at))
                add(l, i.input[j]);
    }
    for (rf_node x = l->first; x < l->end; x++) {
        const rf_node_info i = rf_graph_node(g, x);
        const int k = is_hidden(l, x, x_t) ? -1 : add(l, x);
        for (uint32_t j = 0; k >= 0 && j < i.inputs; j++)
            if (i.input[j] != RF_NONE) link_input(l, k, i.input[j]);
    }
}

static bool is_view_of(const rf_graph *g, rf_node k, rf_node x)
{
    const rf_node_info i = rf_graph_node(g, k);
    return (i.op->flags & RF_OP_VIEW) && i.inputs == 1 && i.input[0] == x;
}

/* Where the second step begins: the second node that takes the input x apart; and its slice of x,
 * the view that is not read by a view. */
static bool find_step(list *l, rf_node x, rf_node out, rf_node *x_t)
{
    int found = 0;
    *x_t = RF_NONE;
    l->end = out;
    for (rf_node k = x + 1; k < out && found < 2; k++)
        if (is_view_of(l->m->graph, k, x) && ++found == 2) l->first = *x_t = k;
    for (rf_node k = l->first + 1; k < out; k++)
        if (is_view_of(l->m->graph, k, *x_t)) *x_t = k;
    return found == 2;
}

/* ---- What is shown ------------------------------------------------------------------------------- */

static rf_status emit_items(rf_session *s, const list *l)
{
    rf_status st = RF_OK;
    for (int k = 0; k < l->count && !st; k++) {
        const item *i = &l->item[k];
        char shape[RF_SHAPE_TEXT];
        rf_str of = {0};
        for (int j = 0; j < i->edges; j++)
            rf_str_printf(&of, "%s%s", j ? " " : "", l->item[i->from[j]].name);
        const rf_field row[] = {
            rf_field_string("node", i->name),
            rf_field_string("op",
                            i->input ? "input" : rf_graph_node(l->m->graph, i->node).op->name),
            rf_field_string("of", of.s ? of.s : ""),
            rf_field_string("shape", rf_shape_text(rf_shape_of(l->m->graph, i->node), shape)),
            rf_field_string("parameters", i->params.s ? i->params.s : "")};
        st = rf_emit_record(s->host, -1, "node", row, sizeof row / sizeof *row);
        rf_str_free(&of);
    }
    return st;
}

static rf_look look_of(const list *l, int k)
{
    if (l->item[k].input) return RF_DIAGRAM_INPUT;
    static const char *const outputs[] = {"h_t", "C_t", "y_t", "out_t"};
    for (size_t j = 0; j < sizeof outputs / sizeof *outputs; j++)
        if (strcmp(l->item[k].name, outputs[j]) == 0) return RF_DIAGRAM_OUTPUT;
    return l->item[k].params.n ? RF_DIAGRAM_PARAM : RF_DIAGRAM_PLAIN;
}

static const char *symbol_of(const char *op)
{
    static const char *const symbols[][2] = {
        {"add", "+"}, {"sub", "−"}, {"mul", "∗"}, {"div", "/"}, {"sigmoid", "σ"}};
    for (size_t k = 0; k < sizeof symbols / sizeof *symbols; k++)
        if (strcmp(op, symbols[k][0]) == 0) return symbols[k][1];
    return op;
}

/* Unnamed nodes are called by their op. */
static bool draw_item(rf_diagram *d, const list *l, int k)
{
    const item *i = &l->item[k];
    const rf_node_info info = rf_graph_node(l->m->graph, i->node);
    const bool named = info.name || i->input || is_number(l->m->graph, i->node);
    const char *op = symbol_of(info.op->name);
    rf_str text = {0};
    if (named && !i->input) rf_str_put(&text, op);
    for (const char *p = i->params.s; p && *p;) {
        const size_t n = strcspn(p, ",");
        if (text.n) rf_str_put(&text, "\n");
        rf_str_add(&text, p, n);
        p += n + (p[n] ? 2 : 0);
    }
    bool ok =
        !text.failed && rf_diagram_node(d, look_of(l, k), named ? i->name : op, text.s, NULL) == k;
    rf_str_free(&text);
    return ok;
}

static rf_status draw(const list *l, const char *path, rf_error *err)
{
    rf_str title = {0};
    rf_str_printf(&title, "%s: one step", l->m->spec.cell->name);
    rf_diagram *d = rf_diagram_new(title.s, RF_DIAGRAM_UP);
    bool ok = d != NULL;
    for (int k = 0; k < l->count && ok; k++) ok = draw_item(d, l, k);
    for (int k = 0; k < l->count && ok; k++)
        for (int j = 0; j < l->item[k].edges && ok; j++)
            ok = rf_diagram_edge(d, l->item[k].from[j], k, NULL);
    const rf_status st =
        ok ? rf_diagram_write(d, path, err) : rf_fail(err, RF_ENOMEM, "%s: no memory", path);
    rf_diagram_free(d);
    rf_str_free(&title);
    return st;
}

/* Two steps of the first layer, forwards. */
static rf_status build(list *l, rf_graph *g, rf_error *err)
{
    rf_rnn_spec spec = l->m->spec;
    lab_steps steps;
    rf_node x_t;
    spec.layers = 1;
    spec.bidirectional = false;
    rf_graph_begin(g, RF_INFER, rf_key_make(1, "cell", 0));
    const rf_node x = rf_name(g, rf_zeros(g, RF_SHAPE(2, 1, spec.input)), "x");
    const rf_status st = lab_steps_unroll(&steps, g, &spec, l->m->params, "", x, err);
    if (st) return st;
    if (!find_step(l, x, steps.all.out, &x_t))
        return rf_fail(err, RF_EINVAL, "%s: has no steps to show", spec.cell->name);
    fill(l, x_t);
    return RF_OK;
}

rf_status lab_cell_graph(rf_session *s, lab_specimen *m, const char *svg, rf_error *err)
{
    list *l = calloc(1, sizeof *l);
    if (!l) return rf_no_memory(err);
    l->m = m;
    rf_status st = build(l, m->graph, err);
    if (!st) st = emit_items(s, l);
    if (!st && svg) st = draw(l, svg, err);
    if (!st && svg) st = rf_emit_file(s->host, svg, "graph", "image/svg+xml");
    for (int k = 0; k < l->count; k++) rf_str_free(&l->item[k].params);
    free(l);
    return st;
}

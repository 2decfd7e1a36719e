/* lab/graph_draw.c -- the graph of an expression as a picture and as Graphviz DOT: values in the nodes,
 * below them the derivatives of the output, and on each edge its own. */
#include <math.h>
#include <refrain/diagram.h>
#include <refrain/io.h>
#include <string.h>

#include "graph.h"

enum { ELEMENTS = 6, COLUMNS = 36, NOTES = 8 };

/* "c = a + b", or the name of an input. */
static void put_title(rf_str *out, const lab_view *v, int t)
{
    rf_str_put(out, v->f.label[t]);
    if (v->p->term[t].kind != LAB_INPUT) rf_str_printf(out, " = %s", v->f.operation[t]);
}

static void put_value(rf_str *out, const lab_view *v, int t)
{
    rf_str_put(out, "= ");
    lab_put_values(out, lab_value(&v->d, t).data, v->p->term[t].shape, ELEMENTS);
}

/* "∂y/∂x = 2": of an output of one element, after a reverse sweep. */
static void put_adjoint(rf_str *out, const lab_view *v, int t)
{
    if (v->outputs != 1) return;
    rf_str_printf(out, "∂%s/∂%s = ", v->f.label[v->d.output], v->f.label[t]);
    lab_put_values(out, lab_adjoint(&v->d, t), v->p->term[t].shape, ELEMENTS);
}

/* "2x = 4": the formula, and its value where that is one number and says more. */
static void put_local(rf_str *out, const lab_view *v, int edge)
{
    const lab_edge *e = &v->d.edge[edge];
    const char *formula = lab_text_spaced(v->f.arena, v->f.local[edge].s);
    rf_str value = {0};
    if (e->rows * e->cols == 1) lab_put_values(&value, e->jacobian, RF_SCALAR, 1);
    if (rf_utf8_width(formula, strlen(formula)) <= COLUMNS)
        rf_str_put(out, formula);
    else
        rf_str_printf(out, "∂%s/∂%s", v->f.label[e->to], v->f.label[e->from]);
    if (value.s && lab_text_says_more(out->s, value.s)) rf_str_printf(out, " = %s", value.s);
    rf_str_free(&value);
}

/* "dy/dx = 2x·exp(x²)·x + exp(x²) = 8.15" */
static void put_total(rf_str *out, const lab_view *v, int k)
{
    const int t = v->input[k];
    const rf_shape s = lab_derivative_shape(v->p->term[v->d.output].shape, v->p->term[t].shape);
    rf_str value = {0};
    lab_put_values(&value, v->by_reverse[k], s, ELEMENTS);
    rf_str_printf(out, "d%s/d%s = ", v->f.label[v->d.output], v->f.label[t]);
    const size_t before = out->n;
    rf_str_put(out, lab_text_spaced(v->f.arena, v->f.total[t].s));
    if (value.s && lab_text_says_more(out->s + before, value.s))
        rf_str_printf(out, " = %s", value.s);
    rf_str_free(&value);
}

/* Send out what was written, or save it. */
static rf_status deliver(lab_view *v, const char *path, const rf_str *text, const char *what,
                         const char *media, rf_error *err)
{
    const rf_host *h = v->session->host;
    if (text->failed) return rf_fail(err, RF_ENOMEM, "%s: no memory for the picture", path);
    if (!strcmp(path, "-")) return rf_emit_text(h, v->item++, text->s, text->n, NAN);
    rf_status st = rf_file_write(path, text->s, text->n, err);
    return st ? st : rf_emit_file(h, path, what, media);
}

/* ---- SVG ---------------------------------------------------------------------------------------- */

static rf_look look_of(const lab_view *v, int t)
{
    if (t == v->d.output) return RF_DIAGRAM_OUTPUT;
    return v->p->term[t].kind == LAB_INPUT ? RF_DIAGRAM_INPUT : RF_DIAGRAM_PLAIN;
}

static int add_box(rf_diagram *x, const lab_view *v, int t)
{
    rf_str title = {0}, value = {0}, adjoint = {0};
    put_title(&title, v, t);
    put_value(&value, v, t);
    put_adjoint(&adjoint, v, t);
    const int n = title.s ? rf_diagram_node(x, look_of(v, t), title.s, value.s, adjoint.s) : -1;
    rf_str_free(&title);
    rf_str_free(&value);
    rf_str_free(&adjoint);
    return n;
}

static bool add_edges(rf_diagram *x, const lab_view *v, const int *box)
{
    bool ok = true;
    for (int k = 0; k < v->d.edges && ok; k++) {
        rf_str text = {0};
        put_local(&text, v, k);
        ok = rf_diagram_edge(x, box[v->d.edge[k].from], box[v->d.edge[k].to], text.s);
        rf_str_free(&text);
    }
    for (int k = 0; k < v->inputs && k < NOTES && ok; k++) {
        rf_str text = {0};
        put_total(&text, v, k);
        ok = text.s && rf_diagram_note(x, text.s);
        rf_str_free(&text);
    }
    return ok;
}

static bool fill_diagram(rf_diagram *x, lab_view *v)
{
    int box[LAB_TERMS];
    for (int k = 0; k < v->d.count; k++)
        if ((box[v->d.shown[k]] = add_box(x, v, v->d.shown[k])) < 0) return false;
    return add_edges(x, v, box);
}

rf_status lab_draw_graph(lab_view *v, const char *path, rf_error *err)
{
    rf_str svg = {0};
    rf_status st = lab_reverse(&v->d, 0, err);
    rf_diagram *x = st ? NULL : rf_diagram_new(NULL, RF_DIAGRAM_UP);
    if (x && fill_diagram(x, v))
        rf_diagram_svg(x, &svg);
    else
        svg.failed = true;
    rf_diagram_free(x);
    if (!st) st = deliver(v, path, &svg, "picture", "image/svg+xml", err);
    rf_str_free(&svg);
    return st;
}

/* ---- DOT ---------------------------------------------------------------------------------------- */

static void put_quoted(rf_str *out, const char *s)
{
    for (; s && *s; s++) {
        if (*s == '"' || *s == '\\') rf_str_put(out, "\\");
        rf_str_add(out, s, 1);
    }
}

static void put_dot_node(rf_str *out, const lab_view *v, int t)
{
    static const char *const fill[] = {[RF_DIAGRAM_PLAIN] = "#ffffff",
                                       [RF_DIAGRAM_INPUT] = "#dbe9f6",
                                       [RF_DIAGRAM_OUTPUT] = "#fdebd0"};
    rf_str title = {0};
    put_title(&title, v, t);
    rf_str_printf(out, "  n%d [fillcolor=\"%s\", label=\"", t, fill[look_of(v, t)]);
    put_quoted(out, title.s);
    rf_str_put(out, "\\n");
    put_value(out, v, t);
    if (v->outputs == 1) rf_str_put(out, "\\n");
    put_adjoint(out, v, t);
    rf_str_put(out, "\"];\n");
    rf_str_free(&title);
}

rf_status lab_dot_graph(lab_view *v, const char *path, rf_error *err)
{
    rf_str dot = {0};
    rf_status st = lab_reverse(&v->d, 0, err);
    rf_str_put(&dot, "digraph graph_of_expression {\n  rankdir=BT;\n"
                     "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\"];\n"
                     "  edge [fontname=\"Helvetica\", fontcolor=\"#b34700\"];\n");
    for (int k = 0; k < v->d.count; k++) put_dot_node(&dot, v, v->d.shown[k]);
    for (int k = 0; k < v->d.edges; k++) {
        rf_str text = {0};
        put_local(&text, v, k);
        rf_str_printf(&dot, "  n%d -> n%d [label=\"", v->d.edge[k].from, v->d.edge[k].to);
        put_quoted(&dot, text.s);
        rf_str_put(&dot, "\"];\n");
        rf_str_free(&text);
    }
    rf_str_put(&dot, "}\n");
    if (!st) st = deliver(v, path, &dot, "graph", "text/vnd.graphviz", err);
    rf_str_free(&dot);
    return st;
}

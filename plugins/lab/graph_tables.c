/* lab/graph_tables.c -- what the verb graph says: nodes, edges, both sweeps step by step, paths,
 * derivatives, work, and the check. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "graph.h"

/* Elements of a value, within a step, in a line. */
enum { SHOWN = 64, INLINE = 4, LONG = 16 };

/* Sweeps that are shown: with tensors they are many, and alike. */
static rf_index sweeps_shown(const lab_view *v) { return v->f.tensors ? 2 : 8; }

static rf_status say(lab_view *v, const char *fmt, ...) RF_PRINTF(2, 3);

/* A heading, with an empty line before it. */
static rf_status say(lab_view *v, const char *fmt, ...)
{
    char text[600];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const int64_t item = v->item++;
    rf_status st = item ? rf_emit_text(v->session->host, item, "\n", 1, NAN) : RF_OK;
    return st ? st : rf_emit_text(v->session->host, item, text, strlen(text), NAN);
}

static rf_status row(lab_view *v, const char *table, const rf_field *f, size_t n)
{
    return rf_emit_record(v->session->host, -1, table, f, n);
}

#define ROW(v, table, f) row(v, table, f, sizeof(f) / sizeof *(f))

/* What a row lends until it was sent. */
typedef struct held {
    char text[RF_SHAPE_TEXT];
    rf_real x[SHOWN];
} held;

/* A value as a column: a number, an array, or of a large one its shape.  x NULL: zeros.  Zero has no
 * sign. */
static rf_field value_field(const char *name, const rf_real *x, const rf_shape *s, held *h)
{
    const rf_index n = rf_shape_count(*s);
    if (n > SHOWN) return rf_field_string(name, rf_shape_text(*s, h->text));
    for (rf_index k = 0; k < n; k++) h->x[k] = x ? x[k] + 0 : 0;
    if (!s->rank) return rf_field_real(name, (double)h->x[0]);
    return rf_field_reals(name, h->x, s->dim, (uint32_t)s->rank);
}

static const rf_shape *shape_of(const lab_view *v, int term) { return &v->p->term[term].shape; }

static const char *label(const lab_view *v, int term) { return v->f.label[term]; }

/* ---- Nodes and edges ---------------------------------------------------------------------------- */

static rf_status show_nodes(lab_view *v)
{
    rf_status st = say(v, "The graph: %d nodes, %d edges\n", v->d.count, v->d.edges);
    for (int k = 0; k < v->d.count && !st; k++) {
        const int t = v->d.shown[k];
        held h;
        const rf_field f[] = {rf_field_string("node", label(v, t)),
                              rf_field_string("operation", v->f.operation[t]),
                              value_field("value", lab_value(&v->d, t).data, shape_of(v, t), &h)};
        st = ROW(v, "node", f);
    }
    return st;
}

static rf_status show_edges(lab_view *v)
{
    rf_status st =
        v->d.edges ? say(v, "On each edge, the derivative of its end by its start\n") : RF_OK;
    for (int k = 0; k < v->d.edges && !st; k++) {
        const lab_edge *e = &v->d.edge[k];
        const rf_shape s = lab_derivative_shape(*shape_of(v, e->to), *shape_of(v, e->from));
        char name[160];
        held h;
        snprintf(name, sizeof name, "∂%s/∂%s", label(v, e->to), label(v, e->from));
        rf_field f[] = {rf_field_string("from", label(v, e->from)),
                        rf_field_string("to", label(v, e->to)), rf_field_string("derivative", name),
                        rf_field_string("formula", lab_text_spaced(v->f.arena, v->f.local[k].s)),
                        rf_field_string("value", rf_shape_text(s, h.text))};
        if (e->jacobian) f[4] = value_field("value", e->jacobian, &s, &h);
        st = ROW(v, "edge", f);
    }
    return st;
}

/* ---- Sweeps ------------------------------------------------------------------------------------- */

/* A second factor below zero. */
static void bracket(rf_str *number)
{
    if (!number->s || *number->s != '-') return;
    rf_str all = {0};
    rf_str_printf(&all, "(%s)", number->s);
    rf_str_free(number);
    *number = all;
}

/* One summand of a step: the derivative on the edge, and what came to its near end. */
static void put_summand(rf_str *out, const lab_view *v, const lab_edge *e, bool forward)
{
    const int near = forward ? e->from : e->to;
    const rf_real *rate = forward ? lab_tangent(&v->d, near) : lab_adjoint(&v->d, near);
    const bool turn = !forward && v->f.tensors; /* a row times a matrix */
    rf_str local = {0}, came = {0};
    if (!rate) return;
    if (e->rows * e->cols == 1)
        lab_put_values(&local, e->jacobian, RF_SCALAR, 1);
    else
        rf_str_printf(&local, "∂%s/∂%s", label(v, e->to), label(v, e->from));
    lab_put_values(&came, rate, *shape_of(v, near), INLINE);
    bracket(turn ? &local : &came);
    rf_str_printf(out, "%s%s·%s", out->n ? " + " : "", turn ? came.s : local.s,
                  turn ? local.s : came.s);
    rf_str_free(&local);
    rf_str_free(&came);
}

static rf_status show_step(lab_view *v, const char *sweep, int term, int start, bool forward)
{
    const rf_real *x = forward ? lab_tangent(&v->d, term) : lab_adjoint(&v->d, term);
    rf_str sum = {0};
    char name[200];
    held h;
    for (int k = 0; k < v->d.edges; k++) {
        const lab_edge *e = &v->d.edge[k];
        if ((forward ? e->to : e->from) == term) put_summand(&sum, v, e, forward);
    }
    if (forward)
        snprintf(name, sizeof name, "∂%s/∂%s", label(v, term), sweep);
    else
        snprintf(name, sizeof name, "∂%s/∂%s", sweep, label(v, term));
    const char *how = term == start ? "start" : sum.n ? sum.s : "not reached";
    if (!x && v->f.tensors) return RF_OK; /* zeros of any size say little */
    const rf_field f[] = {rf_field_string("sweep", sweep), rf_field_string("derivative", name),
                          value_field("value", x, shape_of(v, term), &h),
                          rf_field_string("sum", how)};
    rf_status st = ROW(v, forward ? "forward" : "reverse", f);
    rf_str_free(&sum);
    return st;
}

static rf_status show_forward_sweep(lab_view *v, int input, rf_index element)
{
    rf_error err = {0};
    const char *name = lab_element_name(&v->f, input, element);
    rf_status st = lab_forward(&v->d, input, element, &err);
    for (int k = 0; k < v->d.count && !st; k++) st = show_step(v, name, v->d.shown[k], input, true);
    return st;
}

static rf_status show_reverse_sweep(lab_view *v, rf_index element)
{
    rf_error err = {0};
    const char *name = lab_element_name(&v->f, v->d.output, element);
    rf_status st = lab_reverse(&v->d, element, &err);
    for (int k = v->d.count - 1; k >= 0 && !st; k--)
        st = show_step(v, name, v->d.shown[k], v->d.output, false);
    return st;
}

static rf_index forward_sweeps(const lab_view *v)
{
    rf_index n = 0;
    for (int k = 0; k < v->inputs; k++) n += lab_elements(&v->d, v->input[k]);
    return n;
}

static rf_status say_rest(lab_view *v, rf_index sweeps)
{
    const int more = (int)(sweeps - sweeps_shown(v));
    char text[80];
    if (more <= 0) return RF_OK;
    snprintf(text, sizeof text, "... and %d more sweep%s\n", more, more == 1 ? "" : "s");
    return rf_emit_text(v->session->host, v->item++, text, strlen(text), NAN);
}

static rf_status show_forward(lab_view *v)
{
    const rf_index all = forward_sweeps(v);
    rf_index shown = 0;
    const char *each = all == 1 ? "the" : "each", *plural = all == 1 ? "" : "s";
    rf_status st =
        say(v,
            "Forward mode: %d sweep%s, from %s %s to all nodes.\n"
            "A node sums up what reaches it: derivative of the edge · derivative of its start\n",
            (int)all, plural, each, v->f.tensors ? "input element" : "input");
    for (int k = 0; k < v->inputs && !st; k++)
        for (rf_index j = 0; j < lab_elements(&v->d, v->input[k]) && !st; j++)
            if (shown++ < sweeps_shown(v)) st = show_forward_sweep(v, v->input[k], j);
    return st ? st : say_rest(v, all);
}

static rf_status show_reverse(lab_view *v)
{
    const char *each = v->outputs == 1 ? "" : "each element of ";
    rf_status st =
        say(v,
            "Reverse mode: %d sweep%s, from %s%s back to all nodes.\n"
            "A node sums up what leaves it: derivative of the edge · derivative of its end\n",
            (int)v->outputs, v->outputs == 1 ? "" : "s", each, label(v, v->d.output));
    for (rf_index i = 0; i < v->outputs && i < sweeps_shown(v) && !st; i++)
        st = show_reverse_sweep(v, i);
    return st ? st : say_rest(v, v->outputs);
}

/* ---- Paths -------------------------------------------------------------------------------------- */

/* A walk over all paths from one input. */
typedef struct walk {
    lab_view *v;
    int input;
    int *edge, length;       /* so far */
    rf_real *product, *next; /* [elements of where it is, elements of the input] */
} walk;

/* product = jacobian of e times product; false: one of them is too large to know. */
static bool multiply(walk *w, const lab_edge *e)
{
    const rf_index cols = lab_elements(&w->v->d, w->input);
    if (!e->jacobian) return false;
    for (rf_index i = 0; i < e->rows; i++)
        for (rf_index j = 0; j < cols; j++) {
            double y = 0;
            for (rf_index k = 0; k < e->cols; k++)
                y += (double)e->jacobian[i * e->cols + k] * (double)w->product[k * cols + j];
            w->next[i * cols + j] = (rf_real)y;
        }
    rf_real *t = w->product;
    w->product = w->next;
    w->next = t;
    return true;
}

static rf_status show_path(walk *w)
{
    lab_view *v = w->v;
    const rf_index cols = lab_elements(&v->d, w->input);
    rf_str path = {0};
    held h;
    bool known = true;
    memset(w->product, 0, (size_t)(cols * cols) * sizeof *w->product);
    for (rf_index j = 0; j < cols; j++) w->product[j * cols + j] = 1;
    rf_str_put(&path, label(v, w->input));
    for (int k = 0; k < w->length; k++) {
        const lab_edge *e = &v->d.edge[w->edge[k]];
        rf_str_printf(&path, " → %s", label(v, e->to));
        known = known && multiply(w, e);
    }
    const rf_shape s = lab_derivative_shape(*shape_of(v, v->d.output), *shape_of(v, w->input));
    const char *product = lab_path_formula(&v->f, w->length, w->edge);
    rf_field f[] = {rf_field_string("input", label(v, w->input)),
                    rf_field_string("value", rf_shape_text(s, h.text)),
                    rf_field_string("path", path.s),
                    rf_field_string("product", lab_text_spaced(v->f.arena, product))};
    if (known) f[1] = value_field("value", w->product, &s, &h);
    rf_status st = ROW(v, "path", f);
    rf_str_free(&path);
    return st;
}

static rf_status walk_from(walk *w, int term)
{
    rf_status st = RF_OK;
    if (term == w->v->d.output) return show_path(w);
    for (int k = 0; k < w->v->d.edges && !st; k++) {
        const lab_edge *e = &w->v->d.edge[k];
        if (e->from != term) continue;
        w->edge[w->length++] = k;
        st = walk_from(w, e->to);
        w->length--;
    }
    return st;
}

static rf_status show_sum(lab_view *v, int k)
{
    held h;
    const int t = v->input[k];
    const rf_shape s = lab_derivative_shape(*shape_of(v, v->d.output), *shape_of(v, t));
    const rf_field f[] = {rf_field_string("input", label(v, t)),
                          value_field("value", v->by_reverse[k], &s, &h),
                          rf_field_string("path", "sum"),
                          rf_field_string("product", lab_text_spaced(v->f.arena, v->f.total[t].s))};
    return ROW(v, "path", f);
}

/* The largest product on the way: elements of a node times those of the input. */
static size_t most_elements(const lab_view *v, int input)
{
    rf_index most = lab_elements(&v->d, input);
    for (int k = 0; k < v->d.count; k++) {
        const rf_index n = lab_elements(&v->d, v->d.shown[k]);
        if (n > most) most = n;
    }
    return (size_t)(most * lab_elements(&v->d, input));
}

static rf_status show_paths_from(lab_view *v, int k)
{
    const size_t n = most_elements(v, v->input[k]);
    if (v->d.paths[v->input[k]] > (double)v->paths || n > SHOWN * SHOWN) return show_sum(v, k);
    walk w = {.v = v, .input = v->input[k]};
    w.edge = rf_aligned_alloc((size_t)v->d.count + 1, sizeof *w.edge);
    w.product = rf_aligned_alloc(n, sizeof *w.product);
    w.next = rf_aligned_alloc(n, sizeof *w.next);
    rf_status st = RF_ENOMEM;
    if (w.edge && w.product && w.next) st = walk_from(&w, w.input);
    rf_aligned_free(w.edge);
    rf_aligned_free(w.product);
    rf_aligned_free(w.next);
    if (st == RF_ENOMEM) return v->session->host->fail(v->session->host, st, "no memory for paths");
    return st || v->d.paths[v->input[k]] < 2 ? st : show_sum(v, k);
}

static rf_status show_paths(lab_view *v)
{
    rf_status st = say(v,
                       "Contributions: along each path from an input to %s, the product of the\n"
                       "derivatives on its edges; an input collects their sum\n",
                       label(v, v->d.output));
    for (int k = 0; k < v->inputs && !st; k++) st = show_paths_from(v, k);
    return st;
}

/* ---- Derivatives and work ----------------------------------------------------------------------- */

static rf_status show_derivatives(lab_view *v)
{
    rf_status st = say(v, "Derivatives of %s\n", label(v, v->d.output));
    for (int k = 0; k < v->inputs && !st; k++) {
        const int t = v->input[k];
        const rf_shape s = lab_derivative_shape(*shape_of(v, v->d.output), *shape_of(v, t));
        rf_str line = {0};
        rf_str_printf(&line, "  d%s/d%s = ", label(v, v->d.output), label(v, t));
        const size_t before = line.n;
        rf_str_put(&line, lab_text_spaced(v->f.arena, v->f.total[t].s));
        rf_str value = {0};
        lab_put_values(&value, v->by_reverse[k], s, LONG);
        if (value.s && lab_text_says_more(line.s + before, value.s))
            rf_str_printf(&line, " = %s", value.s);
        rf_str_put(&line, "\n");
        st = rf_emit_text(v->session->host, v->item++, line.s, line.n, NAN);
        rf_str_free(&value);
        rf_str_free(&line);
    }
    return st;
}

/* Edges that some path from the input goes along. */
static int edges_from(const lab_view *v, int input, bool *reached)
{
    int n = 0;
    memset(reached, 0, (size_t)v->p->terms);
    reached[input] = true;
    for (int k = 0; k < v->d.edges; k++) {
        const lab_edge *e = &v->d.edge[k];
        n += reached[e->from];
        reached[e->to] = reached[e->to] || reached[e->from];
    }
    return n;
}

static rf_status show_factoring(lab_view *v)
{
    bool reached[LAB_TERMS];
    rf_status st = say(v, "Paths, and the edges that they share: a sweep visits each edge once\n");
    for (int k = 0; k < v->inputs && !st; k++) {
        const int t = v->input[k];
        const rf_field f[] = {rf_field_string("from", label(v, t)),
                              rf_field_string("to", label(v, v->d.output)),
                              rf_field_real("paths", v->d.paths[t]),
                              rf_field_int("edges", edges_from(v, t, reached))};
        st = ROW(v, "paths", f);
    }
    return st;
}

static rf_status show_cost(lab_view *v)
{
    static const char *const mode[] = {"forward", "reverse"};
    const rf_index sweeps[] = {forward_sweeps(v), v->outputs};
    rf_status st = say(v, "Work of all sweeps\n");
    for (int k = 0; k < 2 && !st; k++) {
        if (!(k == LAB_FORWARD ? v->forward : v->reverse)) continue;
        const rf_field f[] = {rf_field_string("mode", mode[k]), rf_field_int("sweeps", sweeps[k]),
                              rf_field_real("edges", v->cost[k].edges),
                              rf_field_real("multiplications", v->cost[k].multiplications),
                              rf_field_real("additions", v->cost[k].additions)};
        st = ROW(v, "work", f);
    }
    return st;
}

/* ---- The check ---------------------------------------------------------------------------------- */

static rf_status show_difference(lab_view *v, int k, rf_index i, rf_index j, double central)
{
    const int t = v->input[k];
    const rf_index at = i * lab_elements(&v->d, t) + j;
    const double reverse = (double)v->by_reverse[k][at], forward = (double)v->by_forward[k][at];
    char name[200];
    snprintf(name, sizeof name, "d%s/d%s", lab_element_name(&v->f, v->d.output, i),
             lab_element_name(&v->f, t, j));
    const rf_field f[] = {rf_field_string("derivative", name), rf_field_real("forward", forward),
                          rf_field_real("reverse", reverse), rf_field_real("central", central),
                          rf_field_real("difference", fabs(reverse - central))};
    return ROW(v, "check", f);
}

/* How far off the graph is, in parts of the derivative where that is above 1. */
static double worst_of(const lab_view *v, int k, rf_index n, const double *central)
{
    double worst = 0;
    for (rf_index at = 0; at < n; at++) {
        const double size = fmax(1, fabs(central[at]));
        worst = fmax(worst, fabs((double)v->by_reverse[k][at] - central[at]) / size);
        worst = fmax(worst, fabs((double)v->by_forward[k][at] - central[at]) / size);
    }
    return worst;
}

static rf_status check_input(lab_view *v, int k, int *rows, double *worst)
{
    const rf_index cols = lab_elements(&v->d, v->input[k]), n = v->outputs * cols;
    double *central = rf_aligned_alloc((size_t)n, sizeof *central);
    rf_status st = RF_OK;
    if (!central || !lab_central_differences(v->p, v->d.output, v->input[k], central)) {
        rf_aligned_free(central);
        return v->session->host->fail(v->session->host, RF_ENOMEM, "no memory for the check");
    }
    for (rf_index at = 0; at < n && *rows < SHOWN && !st; at++, ++*rows)
        st = show_difference(v, k, at / cols, at % cols, central[at]);
    *worst = fmax(*worst, worst_of(v, k, n, central));
    rf_aligned_free(central);
    return st;
}

static rf_status show_check(lab_view *v)
{
    double worst = 0;
    int rows = 0;
    const rf_host *h = v->session->host;
    rf_status st = say(v, "Check: the same by central differences, in double, without the graph\n");
    for (int k = 0; k < v->inputs && !st; k++) {
        st = check_input(v, k, &rows, &worst);
        if (!st) st = h->progress(h, k + 1, v->inputs, "checks");
    }
    if (!st) st = rf_emit_metric(h, -1, "check", "largest relative difference", worst, NULL);
    if (!st && worst > 1e-3)
        h->log(h, RF_LOG_WARN,
               "graph and differences disagree: is this where relu has its kink, or "
               "are numbers beyond a float's precision?");
    return st;
}

rf_status lab_show_graph(lab_view *v)
{
    rf_status st = show_nodes(v);
    if (!st) st = show_edges(v);
    if (!st && v->forward) st = show_forward(v);
    if (!st && v->reverse) st = show_reverse(v);
    if (!st) st = show_paths(v);
    if (!st) st = show_derivatives(v);
    if (!st) st = show_factoring(v);
    if (!st) st = show_cost(v);
    return st ? st : show_check(v);
}

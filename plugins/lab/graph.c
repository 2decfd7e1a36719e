/* lab/graph.c -- the verb graph: an expression as a computational graph, differentiated both ways. */
#include "graph.h"

#include <math.h>
#include <string.h>

enum { GRAPH_OF, GRAPH_BY, GRAPH_MODE, GRAPH_PATHS, GRAPH_SVG, GRAPH_DOT, GRAPH_COUNT };
enum { MODE_BOTH, MODE_FORWARD, MODE_REVERSE };
enum { DERIVATIVES = 65536 }; /* of elements of the output by elements of an input, at most */

static const char *const modes[] = {
    [MODE_BOTH] = "both", [MODE_FORWARD] = "forward", [MODE_REVERSE] = "reverse", NULL};

const rf_option lab_graph_options[GRAPH_COUNT + 1] = {
    [GRAPH_OF] = {.name = "of",
                  .type = RF_STRING,
                  .letter = 'o',
                  .meta = "NAME",
                  .help = "the variable to differentiate (else the last that is assigned)"},
    [GRAPH_BY] = {.name = "by",
                  .type = RF_STRING,
                  .flags = RF_OPT_LIST,
                  .meta = "NAME",
                  .help = "an input to differentiate by, the others being constants (else all)"},
    [GRAPH_MODE] = {.name = "mode",
                    .type = RF_CHOICE,
                    .def = "both",
                    .choices = modes,
                    .help = "the sweeps to show, step by step"},
    [GRAPH_PATHS] = {.name = "paths",
                     .type = RF_INT,
                     .def = "16",
                     .min = 0,
                     .max = 1000,
                     .unit = "paths",
                     .help = "list the paths from an input if they are no more than these"},
    [GRAPH_SVG] = {.name = "svg",
                   .type = RF_OUTFILE,
                   .help = "draw the graph, with values and derivatives; -: on the output, alone"},
    [GRAPH_DOT] = {.name = "dot",
                   .type = RF_OUTFILE,
                   .help = "write it for Graphviz; -: on the output, alone"},
};

/* ---- Pieces that tables and pictures share ------------------------------------------------------ */

void lab_put_values(rf_str *out, const rf_real *x, rf_shape s, rf_index most)
{
    char shape[RF_SHAPE_TEXT];
    const rf_index n = rf_shape_count(s), cols = s.rank ? s.dim[s.rank - 1] : 1;
    if (n > most) {
        rf_str_put(out, rf_shape_text(s, shape));
        return;
    }
    for (rf_index k = 0; k < n; k++) {
        if (s.rank) rf_str_put(out, !k ? "[" : k % cols ? "," : ";");
        rf_str_printf(out, s.rank ? "%.4g" : "%.6g", x ? (double)x[k] + 0 : 0);
    }
    if (s.rank) rf_str_put(out, "]");
}

rf_shape lab_derivative_shape(rf_shape output, rf_shape input)
{
    if (!output.rank) return input;
    if (!input.rank) return output;
    return RF_SHAPE(rf_shape_count(output), rf_shape_count(input));
}

/* ---- All derivatives, both ways ----------------------------------------------------------------- */

static void add_cost(lab_cost *sum, lab_cost c)
{
    sum->edges += c.edges;
    sum->multiplications += c.multiplications;
    sum->additions += c.additions;
}

static rf_real **matrices(lab_view *v)
{
    rf_real **list = rf_arena_zalloc(v->d.arena, ((size_t)v->inputs + 1) * sizeof *list);
    for (int k = 0; list && k < v->inputs; k++) {
        const rf_index n = v->outputs * lab_elements(&v->d, v->input[k]);
        if (!(list[k] = rf_arena_zalloc(v->d.arena, (size_t)n * sizeof **list))) return NULL;
    }
    return list;
}

static rf_status sweep_forward(lab_view *v, int k, rf_error *err)
{
    const rf_index cols = lab_elements(&v->d, v->input[k]);
    for (rf_index j = 0; j < cols; j++) {
        rf_status st = lab_forward(&v->d, v->input[k], j, err);
        const rf_real *dy = st ? NULL : lab_tangent(&v->d, v->d.output);
        for (rf_index i = 0; dy && i < v->outputs; i++) v->by_forward[k][i * cols + j] = dy[i];
        if (!st) add_cost(&v->cost[LAB_FORWARD], lab_forward_cost(&v->d));
        if (!st)
            st = v->session->host->progress(v->session->host, (double)j, (double)cols, "sweeps");
        if (st) return st;
    }
    return RF_OK;
}

static rf_status sweep_reverse(lab_view *v, rf_index i, rf_error *err)
{
    rf_status st = lab_reverse(&v->d, i, err);
    for (int k = 0; k < v->inputs && !st; k++) {
        const rf_real *gx = lab_adjoint(&v->d, v->input[k]);
        const rf_index cols = lab_elements(&v->d, v->input[k]);
        if (gx) memcpy(v->by_reverse[k] + i * cols, gx, (size_t)cols * sizeof *gx);
    }
    if (!st) add_cost(&v->cost[LAB_REVERSE], lab_reverse_cost(&v->d));
    if (!st)
        st = v->session->host->progress(v->session->host, (double)i, (double)v->outputs, "sweeps");
    return st;
}

static rf_status sweep_all(lab_view *v, rf_error *err)
{
    rf_status st = RF_OK;
    v->outputs = lab_elements(&v->d, v->d.output);
    v->input = rf_arena_alloc(v->d.arena, ((size_t)v->d.count + 1) * sizeof *v->input);
    for (int k = 0; v->input && k < v->d.count; k++) {
        const int t = v->d.shown[k];
        if (v->p->term[t].kind == LAB_INPUT) v->input[v->inputs++] = t;
        if (v->outputs * lab_elements(&v->d, t) > DERIVATIVES)
            return rf_fail(err, RF_EINVAL, "more than %d derivatives of %s", DERIVATIVES,
                           v->p->term[t].name ? v->p->term[t].name : "an operation");
    }
    v->by_forward = v->input ? matrices(v) : NULL;
    v->by_reverse = v->input ? matrices(v) : NULL;
    if (!v->by_forward || !v->by_reverse)
        return rf_fail(err, RF_ENOMEM, "no memory for the derivatives");
    for (int k = 0; k < v->inputs && !st; k++) st = sweep_forward(v, k, err);
    for (rf_index i = 0; i < v->outputs && !st; i++) st = sweep_reverse(v, i, err);
    return st;
}

/* ---- The run ------------------------------------------------------------------------------------ */

/* The line with a mark below, then what is wrong: each on a line of its own. */
static rf_status show_fault(rf_session *s, const lab_fault *fault)
{
    const rf_host *h = s->host;
    if (fault->line.s && fault->mark.s) {
        h->log(h, RF_LOG_INFO, fault->line.s);
        h->log(h, RF_LOG_INFO, fault->mark.s);
    }
    return h->fail(h, fault->err.status, fault->err.text);
}

static rf_status present(lab_view *v, const rf_run *r, rf_error *err)
{
    const char *svg = r->opt[GRAPH_SVG].as.s, *dot = r->opt[GRAPH_DOT].as.s;
    rf_status st = svg ? lab_draw_graph(v, svg, err) : RF_OK;
    if (!st && dot) st = lab_dot_graph(v, dot, err);
    const bool alone = (svg && !strcmp(svg, "-")) || (dot && !strcmp(dot, "-"));
    return st || alone ? st : lab_show_graph(v);
}

static rf_status run_program(rf_session *s, const rf_run *r, lab_program *p, int output)
{
    const int64_t mode = r->opt[GRAPH_MODE].as.i;
    lab_view v = {.session = s, .p = p, .paths = r->opt[GRAPH_PATHS].as.i};
    rf_error err = {0};
    v.forward = mode != MODE_REVERSE;
    v.reverse = mode != MODE_FORWARD;
    rf_status st = lab_derivation_make(&v.d, p, output, &err);
    if (!st && !lab_formulas_make(&v.f, &v.d)) st = rf_no_memory(&err);
    if (!st) st = sweep_all(&v, &err);
    if (!st) st = present(&v, r, &err);
    lab_derivation_free(&v.d);
    return rf_session_end(s, st, &err);
}

/* The term to differentiate, only by those inputs that the user names; -1: a fault. */
static int choose(lab_program *p, const rf_run *r)
{
    const char *of = r->opt[GRAPH_OF].as.s;
    const char *const *by = r->opt[GRAPH_BY].as.list;
    const int output = of ? lab_program_find(p, of) : p->output;
    return output < 0 || !*by || lab_program_hold(p, by, output) == RF_OK ? output : -1;
}

rf_status lab_graph(rf_session *s, const rf_run *r)
{
    lab_program p;
    rf_status st = lab_program_read(&p, r->arg, (int)r->arg_count);
    const int output = st ? -1 : choose(&p, r);
    st = output < 0 ? show_fault(s, &p.fault) : run_program(s, r, &p, output);
    lab_program_free(&p);
    return st;
}

/* graph/dump.c -- the graph as text for people and as Graphviz DOT.
 *
 *     1  parameter         [4,3]  weight
 *     2  variable          [2,3]  x
 *     3  linear     2 1 _  [2,4]  = [[0.5, 1, -2, 0], [0.25, 3, 1, 1]]
 *     3.1  transpose  ...         (RF_DUMP_EXPAND: what a fused node stands for, numbered within)
 *
 * Invariant: the same graph gives the same text, and a dump leaves the graph as it found it: an
 * expansion is built behind the tape, written, and forgotten. */
#include "graph/tape.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

enum { SHORT = 16, ENDS = 3, INPUTS = 8, LABEL = 24 };

/* Of columns. */
typedef struct widths {
    int number, op, inputs, shape;
} widths;

typedef struct dump {
    rf_graph *g;
    rf_str *out;
    uint32_t flags;
    uint32_t end;  /* the graph's own nodes are those below */
    rf_node fused; /* whose expansion is being written; RF_NONE: none */
    widths w;
} dump;

typedef struct column {
    char s[LABEL * (INPUTS + 2)];
} column;

/* ---- Pieces ----------------------------------------------------------------------------------- */

/* "7", or within the expansion of node 7 "7.2". */
static const char *label(const dump *d, rf_node x, char separator, char buf[LABEL])
{
    if (x < d->end)
        snprintf(buf, LABEL, "%u", x);
    else
        snprintf(buf, LABEL, "%u%c%u", d->fused, separator, x - d->end + 1);
    return buf;
}

/* Numbers of a node's inputs: "2 1 _", or "2 1 ... 9 (35)". */
static const char *inputs(const dump *d, const rfi_node *p, column *c)
{
    char buf[LABEL];
    size_t n = 0;
    c->s[0] = '\0';
    for (uint32_t i = 0; i < p->n; i++) {
        if (p->n > INPUTS && i == INPUTS - 2) {
            n += (size_t)snprintf(c->s + n, sizeof c->s - n, " ...");
            i = p->n - 1;
        }
        const rf_node x = d->g->edge[p->first + i];
        n += (size_t)snprintf(c->s + n, sizeof c->s - n, "%s%s", n ? " " : "",
                              x == RF_NONE ? "_" : label(d, x, '.', buf));
    }
    if (p->n > INPUTS) snprintf(c->s + n, sizeof c->s - n, " (%u)", p->n);
    return c->s;
}

/* A name on one line: what is not printable UTF-8, the backslash and `quote` are escaped. */
static void put_escaped(rf_str *out, const char *name, char quote)
{
    const utf8proc_uint8_t *s = (const utf8proc_uint8_t *)name;
    const char *slash = quote ? "\\\\" : "\\"; /* DOT reads escapes itself */
    while (*s) {
        utf8proc_int32_t code;
        const utf8proc_ssize_t n = utf8proc_iterate(s, -1, &code);
        if (n > 0 && quote && *s == (unsigned char)quote)
            rf_str_printf(out, "\\%c", quote);
        else if (*s == '\\')
            rf_str_printf(out, "%s%s", slash, slash);
        else if (n > 0 && code >= 0x20 && (code < 0x7f || code >= 0xa0))
            rf_str_add(out, (const char *)s, (size_t)n);
        else
            for (utf8proc_ssize_t i = 0; i < (n > 0 ? n : 1); i++)
                rf_str_printf(out, "%sx%02x", slash, s[i]);
        s += n > 0 ? n : 1;
    }
}

/* ---- Values ----------------------------------------------------------------------------------- */

static void put_number(rf_str *out, double v)
{
    if (isnan(v))
        rf_str_put(out, "nan"); /* whatever its sign */
    else
        rf_str_printf(out, "%.5g", v);
}

/* Element i of a tensor, with the brackets and the comma before and after it. */
static void put_element(rf_str *out, rf_shape s, const rf_real *v, rf_index i)
{
    rf_index block = 1;
    int open = 0, close = 0;
    for (int k = s.rank - 1; k >= 0; k--) {
        block *= s.dim[k];
        open += i % block == 0;
        close += (i + 1) % block == 0;
    }
    rf_str_printf(out, "%s%.*s", i ? ", " : "", open, "[[[[[[");
    put_number(out, (double)v[i]);
    rf_str_printf(out, "%.*s", close, "]]]]]]");
}

static void put_summary(rf_str *out, rf_index n, const rf_real *v)
{
    double low = INFINITY, high = -INFINITY, sum = 0;
    for (rf_index i = 0; i < n; i++) {
        low = (double)v[i] < low ? (double)v[i] : low;
        high = (double)v[i] > high ? (double)v[i] : high;
        sum += (double)v[i];
    }
    rf_str_put(out, " min ");
    put_number(out, low);
    rf_str_put(out, " max ");
    put_number(out, high);
    rf_str_put(out, " mean ");
    put_number(out, sum / (double)n);
}

/* All of a small tensor; both ends of a long one, with its range and mean. */
static void put_values(rf_str *out, rf_shape s, const rf_real *v)
{
    const rf_index n = rf_shape_count(s);
    if (n == 0) rf_str_put(out, "[]");
    if (n <= SHORT) {
        for (rf_index i = 0; i < n; i++) put_element(out, s, v, i);
        return;
    }
    for (rf_index i = 0; i < ENDS; i++) {
        rf_str_put(out, i ? ", " : "[");
        put_number(out, (double)v[i]);
    }
    rf_str_put(out, ", ...");
    for (rf_index i = n - ENDS; i < n; i++) {
        rf_str_put(out, ", ");
        put_number(out, (double)v[i]);
    }
    rf_str_put(out, "]");
    put_summary(out, n, v);
}

static void put_data(const dump *d, rf_node x, const char *before)
{
    const rf_tensor v = rf_value(d->g, x);
    const rf_real *gradient = rf_gradient(d->g, x);
    if ((d->flags & RF_DUMP_VALUES) && v.data) {
        rf_str_printf(d->out, "%s= ", before);
        put_values(d->out, v.shape, v.data);
    }
    if ((d->flags & RF_DUMP_GRADIENTS) && gradient) {
        rf_str_printf(d->out, "%sgrad ", before);
        put_values(d->out, v.shape, gradient);
    }
}

static void widen(int *width, const char *text)
{
    const int n = (int)strlen(text);
    if (n > *width) *width = n;
}

/* The widths that nodes from..to need. */
static widths measure(const dump *d, rf_node from, rf_node to)
{
    char buf[LABEL], shape[RF_SHAPE_TEXT];
    column c;
    widths w = {0};
    for (rf_node x = from; x < to; x++) {
        const rfi_node *p = rfi_at(d->g, x);
        widen(&w.number, label(d, x, '.', buf));
        widen(&w.op, p->op->name);
        widen(&w.inputs, inputs(d, p, &c));
        widen(&w.shape, rf_shape_text(p->shape, shape));
    }
    return w;
}

/* ---- Expansions ------------------------------------------------------------------------------- */

typedef void put_node_fn(dump *d, rf_node x);

/* Write what fused node x stands for: build it behind the tape, write it, take all of it back.
 * Returns the node that has the value of x, which is gone where it is no node of the graph. */
static rf_node put_expansion(dump *d, rf_node x, put_node_fn *put)
{
    rf_graph *g = d->g;
    const uint32_t keys = g->keys;
    const bool textbook = g->textbook;
    g->textbook = true; /* down to primitive ops */
    const rf_node y = rfi_expand_node(g, x);
    const widths outer = d->w;
    d->fused = x;
    d->w = measure(d, d->end, g->count);
    if (y != RF_POISON)
        for (rf_node k = d->end; k < g->count; k++) put(d, k);
    d->w = outer;
    rfi_graph_truncate(g, d->end);
    g->textbook = textbook;
    g->keys = keys;
    g->error = (rf_error){0};
    return y;
}

static bool expands(const dump *d, rf_node x)
{
    return (d->flags & RF_DUMP_EXPAND) && !d->g->error.status && rfi_at(d->g, x)->op->expand;
}

/* ---- Text ------------------------------------------------------------------------------------- */

static void trim(rf_str *b)
{
    while (b->n && b->s[b->n - 1] == ' ') b->s[--b->n] = '\0';
}

static void put_text_node(dump *d, rf_node x)
{
    const rfi_node *p = rfi_at(d->g, x);
    char buf[LABEL], shape[RF_SHAPE_TEXT];
    column c;
    const char *indent = x < d->end ? "" : "    ";
    rf_str_printf(d->out, "%s%*s  %-*s  %-*s  %-*s", indent, d->w.number, label(d, x, '.', buf),
                  d->w.op, p->op->name, d->w.inputs, inputs(d, p, &c), d->w.shape,
                  rf_shape_text(p->shape, shape));
    if (p->name) rf_str_put(d->out, "  ");
    if (p->name) put_escaped(d->out, p->name, '\0');
    put_data(d, x, "  ");
    trim(d->out);
    rf_str_put(d->out, "\n");
}

void rf_graph_text(rf_graph *g, rf_str *out, uint32_t flags)
{
    dump d = {.g = g, .out = out, .flags = flags, .end = g->count};
    d.w = measure(&d, 1, d.end);
    for (rf_node x = 1; x < d.end; x++) {
        put_text_node(&d, x);
        if (expands(&d, x)) put_expansion(&d, x, put_text_node);
    }
    if (!g->error.status) return;
    rf_str_put(out, "failed: ");
    put_escaped(out, g->error.text, '\0');
    rf_str_put(out, "\n");
}

/* ---- DOT -------------------------------------------------------------------------------------- */

static const char *node_style(const rfi_node *p)
{
    if (p->param) return ", shape=box, style=filled, fillcolor=\"#dbe9f6\"";
    if (p->op->flags & RF_OP_LEAF) return ", shape=box, style=rounded";
    if (p->op->expand) return ", style=filled, fillcolor=\"#fdebd0\"";
    return "";
}

static void put_dot_edges(const dump *d, rf_node x)
{
    char from[LABEL], to[LABEL];
    const rfi_node *p = rfi_at(d->g, x);
    for (uint32_t i = 0; i < p->n; i++) {
        const rf_node in = d->g->edge[p->first + i];
        if (in == RF_NONE) continue;
        rf_str_printf(d->out, "  n%s -> n%s", label(d, in, '_', from), label(d, x, '_', to));
        if (p->n > 1) rf_str_printf(d->out, " [label=\"%u\"]", i + 1);
        rf_str_put(d->out, ";\n");
    }
}

static void put_dot_label(dump *d, rf_node x)
{
    const rfi_node *p = rfi_at(d->g, x);
    char buf[LABEL], shape[RF_SHAPE_TEXT];
    rf_str_printf(d->out, "  n%s [label=\"", label(d, x, '_', buf));
    if (p->name) put_escaped(d->out, p->name, '"');
    rf_str_printf(d->out, "%s%s\\n%s", p->name ? "\\n" : "", p->op->name,
                  rf_shape_text(p->shape, shape));
    put_data(d, x, "\\n");
    rf_str_printf(d->out, "\"%s];\n", node_style(p));
}

static void put_dot_node(dump *d, rf_node x)
{
    put_dot_label(d, x);
    put_dot_edges(d, x);
}

/* The fused node and its textbook graph in one frame; the inputs lead into the textbook graph. */
static void put_dot_fused(dump *d, rf_node x)
{
    char from[LABEL];
    rf_str_printf(d->out, "  subgraph cluster_%u {\n  label=\"%s\"; color=gray;\n", x,
                  rfi_at(d->g, x)->op->name);
    put_dot_label(d, x);
    const rf_node y = put_expansion(d, x, put_dot_node);
    rf_str_put(d->out, "  }\n");
    if (y == RF_POISON || y == RF_NONE) return put_dot_edges(d, x);
    rf_str_printf(d->out, "  n%s -> n%u [style=dashed];\n", label(d, y, '_', from), x);
}

void rf_graph_dot(rf_graph *g, rf_str *out, uint32_t flags)
{
    dump d = {.g = g, .out = out, .flags = flags, .end = g->count};
    rf_str_put(out, "digraph refrain {\n"
                    "  rankdir=BT;\n"
                    "  node [shape=ellipse, fontname=\"Helvetica\", fontsize=11];\n"
                    "  edge [fontname=\"Helvetica\", fontsize=9, fontcolor=gray];\n");
    for (rf_node x = 1; x < d.end; x++) {
        if (expands(&d, x))
            put_dot_fused(&d, x);
        else
            put_dot_node(&d, x);
    }
    rf_str_put(out, "}\n");
}

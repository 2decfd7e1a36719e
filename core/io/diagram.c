/* io/diagram.c -- diagrams: keeping what they show, and drawing it where the layout puts it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/io.h>

#include "io/diagram.h"
#include "io/plot.h"

#define LINE   15.0 /* from one line of text to the next */
#define INSIDE 9.0  /* from a box's side to its text */
#define TOP    7.0  /* likewise above and below */
#define MARGIN 18.0
#define ACCENT "#b34700"
#define WIRE   "#667"

enum { MOST = 1000000 }; /* boxes or edges */

/* ---- Keeping ------------------------------------------------------------------------------------ */

static char *copy_text(const char *s) { return s ? strdup(s) : NULL; }

rf_diagram *rf_diagram_new(const char *title, rf_flow flow)
{
    rf_diagram *d = calloc(1, sizeof *d);
    if (!d) return NULL;
    d->flow = flow;
    d->title = copy_text(title);
    if (d->title || !title) return d;
    free(d);
    return NULL;
}

static void free_box(rfi_box *b)
{
    free(b->label);
    free(b->text);
    free(b->accent);
}

void rf_diagram_free(rf_diagram *d)
{
    if (!d) return;
    for (size_t i = 0; i < d->boxes; i++) free_box(&d->box[i]);
    for (size_t i = 0; i < d->edges; i++) free(d->edge[i].label);
    for (size_t i = 0; i < d->notes; i++) free(d->note[i]);
    free(d->box);
    free(d->edge);
    free(d->note);
    free(d->title);
    free(d);
}

/* Room for one more of n things; capacities are powers of two.  NULL: no memory. */
static void *grown(void *list, size_t n, size_t size)
{
    if (n >= MOST) return NULL;
    return n & (n - 1) ? list : realloc(list, (n ? 2 * n : 1) * size);
}

int rf_diagram_node(rf_diagram *d, rf_look look, const char *label, const char *text,
                    const char *accent)
{
    rfi_box *list = grown(d->box, d->boxes, sizeof *list);
    if (!list) return -1;
    d->box = list;
    rfi_box b = {look, copy_text(label), copy_text(text), copy_text(accent)};
    if (!b.label || (text && !b.text) || (accent && !b.accent)) {
        free_box(&b);
        return -1;
    }
    list[d->boxes] = b;
    return (int)d->boxes++;
}

bool rf_diagram_edge(rf_diagram *d, int from, int to, const char *label)
{
    const int n = (int)d->boxes;
    if (from < 0 || to < 0 || from >= n || to >= n || from == to) return false;
    rfi_edge *list = grown(d->edge, d->edges, sizeof *list);
    if (!list) return false;
    d->edge = list;
    list[d->edges] = (rfi_edge){from, to, label && *label ? copy_text(label) : NULL};
    if (label && *label && !list[d->edges].label) return false;
    d->edges++;
    return true;
}

bool rf_diagram_note(rf_diagram *d, const char *line)
{
    char **list = grown(d->note, d->notes, sizeof *list);
    if (!list) return false;
    d->note = list;
    list[d->notes] = copy_text(line);
    return list[d->notes] && ++d->notes;
}

/* ---- Sizes -------------------------------------------------------------------------------------- */

/* The next line of a text into `line`; false: there is none. */
static bool next_line(const char **text, rf_str *line)
{
    if (!*text) return false;
    const size_t n = strcspn(*text, "\n");
    rf_str_clear(line);
    rf_str_add(line, *text, n);
    *text = (*text)[n] ? *text + n + 1 : NULL;
    return !line->failed;
}

static int count_lines(const char *text)
{
    int n = text != NULL;
    for (; text && *text; text++) n += *text == '\n';
    return n;
}

static double widest(const char *text, double width)
{
    rf_str line = {0};
    while (next_line(&text, &line))
        if (line.s) width = fmax(width, rfi_svg_width(line.s));
    rf_str_free(&line);
    return width;
}

static double box_width(const rfi_box *b)
{
    double width = 1.1 * widest(b->label, 0); /* bold */
    return ceil(fmax(widest(b->accent, widest(b->text, width)), 22) + 2 * INSIDE);
}

static double box_height(const rfi_box *b)
{
    const int lines = count_lines(b->label) + count_lines(b->text) + count_lines(b->accent);
    return lines * LINE + 2 * TOP;
}

/* Along and across, for the flow. */
static rfi_item box_item(const rf_diagram *d, const rfi_box *b)
{
    const bool up = d->flow == RF_DIAGRAM_UP;
    const double half = (up ? box_width(b) : box_height(b)) / 2;
    return (rfi_item){.before = half, .after = half, .depth = up ? box_height(b) : box_width(b)};
}

/* A label stands to the right of its edge, or above it. */
static rfi_item label_item(const rf_diagram *d, const rfi_edge *e)
{
    if (!e->label) return (rfi_item){0};
    const double width = widest(e->label, 0);
    if (d->flow == RF_DIAGRAM_UP) return (rfi_item){.before = 4, .after = width + 6, .depth = LINE};
    return (rfi_item){.before = LINE, .after = 3, .depth = width + 8};
}

static bool lay_out(rfi_layout *l, const rf_diagram *d)
{
    rfi_item *box = calloc(d->boxes + 1, sizeof *box);
    rfi_item *label = calloc(d->edges + 1, sizeof *label);
    bool ok = box && label;
    *l = (rfi_layout){0};
    for (size_t i = 0; ok && i < d->boxes; i++) box[i] = box_item(d, &d->box[i]);
    for (size_t i = 0; ok && i < d->edges; i++) label[i] = label_item(d, &d->edge[i]);
    ok = ok && rfi_layout_make(l, d, box, label);
    free(box);
    free(label);
    return ok;
}

/* ---- Drawing ------------------------------------------------------------------------------------ */

typedef struct canvas {
    const rf_diagram *d;
    const rfi_layout *l;
    rf_str *out;
    double left, top; /* of the graph in the picture */
} canvas;

typedef struct point {
    double x, y;
} point;

static point at(const canvas *c, double across, double along)
{
    if (c->d->flow == RF_DIAGRAM_UP) return (point){c->left + across, c->top + c->l->along - along};
    return (point){c->left + along, c->top + across};
}

static void put_point(rf_str *out, const char *before, point p)
{
    rf_str_put(out, before);
    rfi_svg_number(out, p.x, 1);
    rf_str_put(out, " ");
    rfi_svg_number(out, p.y, 1);
}

/* Where a piece begins (low) or ends: at a box's own side, at the side of its rank for a bend. */
static point end_of(const canvas *c, const rfi_piece *p, bool high)
{
    const rfi_item *x = &c->l->item[high ? p->high : p->low];
    const double depth = c->l->depth[x->rank], base = c->l->base[x->rank];
    const double room = x->bend ? 0 : (depth - x->depth) / 2;
    return at(c, x->at + (high ? p->high_port : p->low_port),
              high ? base + room : base + depth - room);
}

/* From a to b, leaving and arriving along the flow. */
static void put_curve(const canvas *c, point a, point b)
{
    point m = {(a.x + b.x) / 2, (a.y + b.y) / 2}, p = {m.x, a.y}, q = {m.x, b.y};
    if (c->d->flow == RF_DIAGRAM_UP) p = (point){a.x, m.y}, q = (point){b.x, m.y};
    put_point(c->out, "C", p);
    put_point(c->out, " ", q);
    put_point(c->out, " ", b);
}

/* A bend without a label, half-way between two boxes, needs no stop. */
static bool passes(const canvas *c, int e, int k)
{
    const rfi_piece *p = &c->l->piece[k];
    const int first = c->l->edge_piece[e], end = c->l->edge_piece[e + 1];
    if (end - first != 2 || k != first || c->d->edge[e].label) return false;
    const point a = end_of(c, p, false), m = end_of(c, p, true), b = end_of(c, p + 1, true);
    return fabs(a.x + b.x - 2 * m.x) < 8 && fabs(a.y + b.y - 2 * m.y) < 8;
}

/* The tip of an arrow that points along the flow, or against it. */
static void put_tip(const canvas *c, point p, bool against)
{
    const double s = against ? -1 : 1;
    const bool up = c->d->flow == RF_DIAGRAM_UP;
    const point a = up ? (point){p.x - 3.5, p.y + 7 * s} : (point){p.x - 7 * s, p.y - 3.5};
    const point b = up ? (point){p.x + 3.5, p.y + 7 * s} : (point){p.x - 7 * s, p.y + 3.5};
    put_point(c->out, "<path d=\"M", p);
    put_point(c->out, "L", a);
    put_point(c->out, "L", b);
    rf_str_put(c->out, "z\" fill=\"" WIRE "\"/>\n");
}

static void put_edge(const canvas *c, int e)
{
    const rfi_layout *l = c->l;
    const int first = l->edge_piece[e], end = l->edge_piece[e + 1];
    put_point(c->out, "<path d=\"M", end_of(c, &l->piece[first], false));
    for (int k = first; k < end; k++) {
        const point a = end_of(c, &l->piece[k], false);
        const int to = passes(c, e, k) ? k + 1 : k;
        put_curve(c, a, end_of(c, &l->piece[to], true));
        k = to;
        if (k + 1 < end) put_point(c->out, "L", end_of(c, &l->piece[k + 1], false));
    }
    rf_str_put(c->out, "\" fill=\"none\" stroke=\"" WIRE "\" stroke-width=\"1.3\"/>\n");
    const bool back = l->back[e];
    put_tip(c, back ? end_of(c, &l->piece[first], false) : end_of(c, &l->piece[end - 1], true),
            back);
}

static void put_edge_label(const canvas *c, int e)
{
    const rfi_layout *l = c->l;
    if (!c->d->edge[e].label) return;
    const rfi_item *x = &l->item[l->piece[l->edge_piece[e + 1] - 1].low];
    const double middle = l->base[x->rank] + l->depth[x->rank] / 2;
    const bool up = c->d->flow == RF_DIAGRAM_UP;
    const point p = at(c, x->at, middle);
    if (up)
        rfi_svg_text(c->out, p.x + 5, p.y + 4, "start", 0, c->d->edge[e].label);
    else
        rfi_svg_text(c->out, p.x, p.y - 4, "middle", 0, c->d->edge[e].label);
}

static const struct {
    const char *fill, *stroke;
} looks[RF_DIAGRAM_LOOKS] = {[RF_DIAGRAM_PLAIN] = {"#fff", "#889"},
                             [RF_DIAGRAM_INPUT] = {"#dbe9f6", "#4a7fb5"},
                             [RF_DIAGRAM_OUTPUT] = {"#fdebd0", "#c98a2b"},
                             [RF_DIAGRAM_PARAM] = {"#dff0e0", "#5a9a62"},
                             [RF_DIAGRAM_CONSTANT] = {"#f1f1f1", "#aaa"}};

static point centre(const canvas *c, size_t i)
{
    const rfi_item *x = &c->l->item[i];
    return at(c, x->at, c->l->base[x->rank] + c->l->depth[x->rank] / 2);
}

static void put_box(const canvas *c, size_t i)
{
    const rfi_box *b = &c->d->box[i];
    const double w = box_width(b), h = box_height(b);
    const size_t look = (size_t)b->look < RF_DIAGRAM_LOOKS ? (size_t)b->look : RF_DIAGRAM_PLAIN;
    const point p = centre(c, i);
    const double all[] = {p.x - w / 2, p.y - h / 2, w, h};
    static const char *const names[] = {"x", "y", "width", "height"};
    rf_str_put(c->out, "<rect");
    for (int k = 0; k < 4; k++) {
        rf_str_printf(c->out, " %s=\"", names[k]);
        rfi_svg_number(c->out, all[k], 1);
        rf_str_put(c->out, "\"");
    }
    rf_str_printf(c->out, " rx=\"5\" fill=\"%s\" stroke=\"%s\"/>\n", looks[look].fill,
                  looks[look].stroke);
}

/* Lines of text below each other, the first at y.  Returns where the next would be. */
static double put_lines(rf_str *out, double x, double y, const char *anchor, const char *text)
{
    rf_str line = {0};
    while (next_line(&text, &line)) {
        rfi_svg_text(out, x, y, anchor, 0, line.s ? line.s : "");
        y += LINE;
    }
    rf_str_free(&line);
    return y;
}

enum { LABELS, TEXTS, ACCENTS };

/* One kind of line of all boxes: they share their style. */
static void put_texts(const canvas *c, int kind)
{
    static const char *const style[] = {"font-weight=\"bold\"", "fill=\"#222\"",
                                        "fill=\"" ACCENT "\""};
    rf_str_printf(c->out, "<g %s>\n", style[kind]);
    for (size_t i = 0; i < c->d->boxes; i++) {
        const rfi_box *b = &c->d->box[i];
        const point p = centre(c, i);
        const char *const text[] = {b->label, b->text, b->accent};
        double y = p.y - box_height(b) / 2 + TOP + 11;
        for (int k = 0; k < kind; k++) y += LINE * count_lines(text[k]);
        put_lines(c->out, p.x, y, "middle", text[kind]);
    }
    if (kind == ACCENTS)
        for (size_t e = 0; e < c->d->edges; e++) put_edge_label(c, (int)e);
    rf_str_put(c->out, "</g>\n");
}

static void draw(const rf_diagram *d, const rfi_layout *l, rf_str *out)
{
    const bool up = d->flow == RF_DIAGRAM_UP;
    const double title = d->title ? 26 : 0;
    double room = d->title ? widest(d->title, 0) : 0;
    for (size_t i = 0; i < d->notes; i++) room = widest(d->note[i], room);
    const double graph = up ? l->across : l->along, height = up ? l->along : l->across;
    const double width = fmax(graph, room) + 2 * MARGIN;
    const double notes = d->notes ? (double)d->notes * LINE + 8 : 0;
    canvas c = {d, l, out, (width - graph) / 2, MARGIN + title};
    rfi_svg_begin(out, width, title + height + notes + 2 * MARGIN, d->title);
    if (d->title) rfi_svg_text(out, width / 2, 24, "middle", 0, d->title);
    for (size_t e = 0; e < d->edges; e++) put_edge(&c, (int)e);
    for (size_t i = 0; i < d->boxes; i++) put_box(&c, i);
    for (int kind = LABELS; kind <= ACCENTS; kind++) put_texts(&c, kind);
    for (size_t i = 0; i < d->notes; i++)
        rfi_svg_text(out, MARGIN, c.top + height + 22 + LINE * (double)i, "start", 0, d->note[i]);
    rfi_svg_end(out);
}

void rf_diagram_svg(const rf_diagram *d, rf_str *out)
{
    rfi_layout l;
    if (lay_out(&l, d))
        draw(d, &l, out);
    else
        out->failed = true;
    rf_arena_free(l.arena);
}

rf_status rf_diagram_write(const rf_diagram *d, const char *path, rf_error *err)
{
    rf_str out = {0};
    rf_diagram_svg(d, &out);
    rf_status st = out.failed ? rf_fail(err, RF_ENOMEM, "%s: no memory for the picture", path)
                              : rf_file_write(path, out.s, out.n, err);
    rf_str_free(&out);
    return st;
}

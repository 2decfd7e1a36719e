/* io/panels.c -- several matrices with the same columns, one below the other: gates and states over
 * time.  Each has a title and a scale of its own; columns have their labels above the first. */
#include <math.h>
#include <string.h>

#include "io/plot.h"

#define WIDTH       900.0 /* room for all columns */
#define COLUMN_MIN  3.0
#define COLUMN_MAX  30.0
#define LABEL_STEP  14.0  /* a Chinese character, or a label that leans */
#define HEIGHT      190.0 /* room for the rows of a panel */
#define ROW_MIN     3.0
#define ROW_MAX     18.0
#define PANEL_MIN   34.0            /* below that its scale has no room */
#define GAP         30.0            /* between panels: room for a title */
#define NAMED_CELLS ((size_t)10000) /* with more cells than these, they say no values */

typedef struct layout {
    double left, top; /* of the first panel's cells */
    double column;    /* width */
    double width;     /* of the cells of the widest panel */
    double height;    /* of all panels */
    double head;      /* room for the labels of columns */
    bool upright, named;
} layout;

static double row_height(const rfi_heat *h)
{
    return fmin(fmax(HEIGHT / fmax((double)h->rows, 1), ROW_MIN), ROW_MAX);
}

static double panel_height(const rfi_heat *h)
{
    return fmax(row_height(h) * (double)h->rows, PANEL_MIN);
}

static layout measure(const rf_plot *p)
{
    layout l = {0};
    double labels = 0, most = 1;
    size_t cells = 0;
    for (size_t i = 0; i < p->panel_count; i++) {
        const rfi_heat *h = &p->panels[i];
        labels = fmax(labels, rfi_heat_longest(h->row_labels, h->rows));
        most = fmax(most, (double)h->cols);
        l.height += panel_height(h) + (i ? GAP : 0);
        cells += h->rows * h->cols;
    }
    const rfi_heat *first = p->panels;
    const double widest = rfi_heat_longest(first->col_labels, first->cols);
    /* Wide enough for every label: a text that is read is shown whole. */
    const double least =
        !first->col_labels ? COLUMN_MIN : fmin(fmax(widest, COLUMN_MIN), LABEL_STEP);
    l.column = fmin(fmax(WIDTH / most, least), COLUMN_MAX);
    l.width = l.column * most;
    l.upright = widest <= l.column;
    l.head = !first->col_labels ? 0 : l.upright ? 16 : widest * 0.87 + 10;
    l.left = labels + (p->y ? 44 : 20);
    l.top = (p->title ? 34 : 8) + 22 + l.head;
    l.named = cells <= NAMED_CELLS;
    return l;
}

/* Upright where they fit between each other, else leaning. */
static void put_column_labels(rf_str *out, const rfi_heat *h, const layout *l)
{
    for (size_t j = 0; h->col_labels && j < h->cols; j++) {
        const double x = l->left + l->column * ((double)j + 0.5);
        if (!h->col_labels[j]) continue;
        if (l->upright)
            rfi_svg_text(out, x, l->top - 6, "middle", 0, h->col_labels[j]);
        else
            rfi_svg_text(out, x + 4, l->top - 6, "start", -60, h->col_labels[j]);
    }
}

static rfi_scale scale_of(const rfi_heat *h)
{
    rfi_scale s = rfi_heat_range(h);
    if (h->low < h->high) s.low = h->low, s.high = h->high;
    s.both = s.low < 0 && s.high > 0;
    return s;
}

static void put_panel(rf_str *out, const rfi_heat *h, const layout *l, double y, double title)
{
    const rfi_scale s = scale_of(h);
    const double row = row_height(h), w = l->column * (double)h->cols;
    if (h->title) rfi_svg_text(out, l->left, title, "start", 0, h->title);
    rfi_heat_cells(out, h, l->left, y, l->column, row, s, l->named);
    rfi_heat_frame(out, l->left, y, w, row * (double)h->rows);
    rfi_heat_row_labels(out, h, l->left, y, row);
    rfi_heat_scale(out, l->left + l->width + 20, y, fmin(panel_height(h), 100), s);
}

void rfi_panels_svg(const rf_plot *p, rf_str *out)
{
    const layout l = measure(p);
    double y = l.top;
    rfi_svg_begin(out, l.left + l.width + 110, l.top + l.height + (p->x ? 40 : 20), p->title);
    if (p->title) rfi_svg_text(out, l.left, 24, "start", 0, p->title);
    put_column_labels(out, p->panels, &l);
    for (size_t i = 0; i < p->panel_count; i++) {
        put_panel(out, &p->panels[i], &l, y, y - (i ? 0 : l.head) - 8);
        y += panel_height(&p->panels[i]) + GAP;
    }
    if (p->x) rfi_svg_text(out, l.left + l.width / 2, l.top + l.height + 26, "middle", 0, p->x);
    if (p->y) rfi_svg_text(out, 18, l.top + l.height / 2, "middle", -90, p->y);
    rfi_svg_end(out);
}

/* io/plot.c -- pictures: keeping their numbers, and drawing series as lines. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/io.h>

#include "io/plot.h"

static char *copy_text(const char *s) { return s ? strdup(s) : NULL; }

rf_plot *rf_plot_new(const char *title)
{
    rf_plot *p = calloc(1, sizeof *p);
    if (p) p->title = copy_text(title);
    return p;
}

static void free_labels(char **labels, size_t n)
{
    for (size_t i = 0; labels && i < n; i++) free(labels[i]);
    free(labels);
}

static void free_heat(rfi_heat *h)
{
    free(h->title);
    free(h->values);
    free_labels(h->row_labels, h->rows);
    free_labels(h->col_labels, h->cols);
    *h = (rfi_heat){0};
}

static void free_series(rfi_series *s)
{
    free(s->name);
    free(s->x);
    free(s->y);
}

void rf_plot_free(rf_plot *p)
{
    if (!p) return;
    for (size_t i = 0; i < p->count; i++) free_series(&p->series[i]);
    free(p->series);
    for (size_t i = 0; i < p->spread_count; i++) rfi_spread_free(&p->spreads[i]);
    free(p->spreads);
    free_heat(&p->heat);
    for (size_t i = 0; i < p->panel_count; i++) free_heat(&p->panels[i]);
    free(p->panels);
    free(p->title);
    free(p->x);
    free(p->y);
    free(p);
}

void rf_plot_axes(rf_plot *p, const char *x, const char *y, unsigned flags)
{
    free(p->x);
    free(p->y);
    p->x = copy_text(x);
    p->y = copy_text(y);
    p->flags = flags;
}

bool rf_plot_line(rf_plot *p, const char *name, const double *x, const double *y, size_t n)
{
    rfi_series *list = realloc(p->series, (p->count + 1) * sizeof *list);
    if (!list) return false;
    p->series = list;
    rfi_series s = {.name = copy_text(name), .n = n};
    s.x = calloc(n + 1, sizeof *s.x);
    s.y = calloc(n + 1, sizeof *s.y);
    if (!s.x || !s.y || (name && !s.name)) {
        free_series(&s);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        s.x[i] = x ? x[i] : (double)(i + 1);
        s.y[i] = y[i];
    }
    p->series[p->count++] = s;
    return true;
}

static bool copy_labels(char ***out, const char *const *labels, size_t n)
{
    *out = labels ? calloc(n + 1, sizeof **out) : NULL;
    for (size_t i = 0; *out && i < n; i++)
        if (labels[i] && !((*out)[i] = strdup(labels[i]))) return false;
    return !labels || *out;
}

static bool copy_heat(rfi_heat *h, const rf_panel *from)
{
    const size_t rows = from->rows, cols = from->cols;
    *h = (rfi_heat){.rows = rows, .cols = cols, .low = from->low, .high = from->high};
    h->title = copy_text(from->title);
    h->values =
        cols && rows > SIZE_MAX / 16 / cols ? NULL : calloc(rows * cols + 1, sizeof(double));
    bool ok = h->values && (h->title || !from->title) &&
              copy_labels(&h->row_labels, from->row_labels, rows) &&
              copy_labels(&h->col_labels, from->col_labels, cols);
    if (ok && rows && cols) memcpy(h->values, from->values, rows * cols * sizeof(double));
    if (!ok) free_heat(h);
    return ok;
}

bool rf_plot_heat(rf_plot *p, const double *values, size_t rows, size_t cols,
                  const char *const *row_labels, const char *const *col_labels)
{
    const rf_panel from = {.values = values,
                           .rows = rows,
                           .cols = cols,
                           .row_labels = row_labels,
                           .col_labels = col_labels};
    free_heat(&p->heat);
    return copy_heat(&p->heat, &from);
}

bool rf_plot_panel(rf_plot *p, const rf_panel *panel)
{
    rfi_heat *list = realloc(p->panels, (p->panel_count + 1) * sizeof *list);
    if (!list) return false;
    p->panels = list;
    if (!copy_heat(&list[p->panel_count], panel)) return false;
    p->panel_count++;
    return true;
}

/* ---- Series ------------------------------------------------------------------------------------ */

static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                      "#e69f00", "#56b4e9", "#222222"};
#define COLOURS (sizeof colours / sizeof *colours)

static void put_stroke(rf_str *out, size_t i)
{
    rf_str_printf(out,
                  " fill=\"none\" stroke=\"%s\" stroke-width=\"1.8\" stroke-linejoin=\"round\"",
                  colours[i % COLOURS]);
    rf_str_put(out, " stroke-linecap=\"round\"");
    if (i >= COLOURS) rf_str_put(out, " stroke-dasharray=\"6 4\"");
    rf_str_put(out, "/>\n");
}

/* A point alone is a line of no length, which a round cap makes a dot. */
static void put_series(rf_str *out, const rfi_series *s, size_t number, const rfi_axis *x,
                       const rfi_axis *y)
{
    bool down = false;
    rf_str_put(out, "<path d=\"");
    for (size_t i = 0; i < s->n; i++) {
        bool drawn = rfi_axis_has(x, s->x[i]) && rfi_axis_has(y, s->y[i]);
        if (drawn) {
            rf_str_put(out, down ? "L" : "M");
            rfi_svg_number(out, rfi_axis_place(x, s->x[i]), 2);
            rf_str_put(out, " ");
            rfi_svg_number(out, rfi_axis_place(y, s->y[i]), 2);
            if (!down) rf_str_put(out, "h0");
        }
        down = drawn;
    }
    rf_str_put(out, "\"");
    put_stroke(out, number);
}

static void put_legend(rf_str *out, const rf_plot *p, double x, double y)
{
    for (size_t i = 0; i < p->count; i++) {
        if (!p->series[i].name) continue;
        rf_str_put(out, "<path d=\"M");
        rfi_svg_number(out, x, 2);
        rf_str_put(out, " ");
        rfi_svg_number(out, y - 4, 2);
        rf_str_put(out, "h22\"");
        put_stroke(out, i);
        rfi_svg_text(out, x + 28, y, "start", 0, p->series[i].name);
        y += 18;
    }
}

static double legend_width(const rf_plot *p)
{
    double width = 0;
    for (size_t i = 0; i < p->count; i++)
        if (p->series[i].name) width = fmax(width, 44 + rfi_svg_width(p->series[i].name));
    return fmin(width, 300);
}

static void measure(const rf_plot *p, rfi_axis *x, rfi_axis *y)
{
    for (size_t k = 0; k < p->count; k++) {
        const rfi_series *s = &p->series[k];
        for (size_t i = 0; i < s->n; i++) {
            if (!rfi_axis_has(x, s->x[i]) || !rfi_axis_has(y, s->y[i])) continue;
            x->low = fmin(x->low, s->x[i]);
            x->high = fmax(x->high, s->x[i]);
            y->low = fmin(y->low, s->y[i]);
            y->high = fmax(y->high, s->y[i]);
        }
    }
    rfi_spread_measure(p, x, y);
    if (!p->spread_count) rfi_axis_widen(x, 0);
    rfi_axis_widen(y, 0.05);
}

static void lines_svg(const rf_plot *p, rf_str *out)
{
    double legend = legend_width(p), width = 700 + legend, foot = rfi_spread_foot(p, 680 - 74);
    double height = 440 + foot;
    rfi_axis x = {INFINITY, -INFINITY, 74, 680, p->flags & RF_PLOT_LOG_X};
    rfi_axis y = {INFINITY, -INFINITY, 440 - 54, p->title ? 40 : 16, p->flags & RF_PLOT_LOG_Y};
    measure(p, &x, &y);
    rfi_svg_begin(out, width, height, p->title);
    if (p->title) rfi_svg_text(out, (x.from + x.to) / 2, 24, "middle", 0, p->title);
    if (!p->spread_count) rfi_axis_x_ticks(out, &x, &y);
    rfi_axis_y_ticks(out, &y, &x);
    rfi_svg_line(out, x.from, y.from, x.to, y.from, "#222");
    rfi_svg_line(out, x.from, y.from, x.from, y.to, "#222");
    if (p->x) rfi_svg_text(out, (x.from + x.to) / 2, height - 14, "middle", 0, p->x);
    if (p->y) rfi_svg_text(out, 18, (y.from + y.to) / 2, "middle", -90, p->y);
    for (size_t i = 0; i < p->count; i++) put_series(out, &p->series[i], i, &x, &y);
    rfi_spreads_svg(p, out, &x, &y);
    put_legend(out, p, x.to + 14, y.to + 10);
    rfi_svg_end(out);
}

void rf_plot_svg(const rf_plot *p, rf_str *out)
{
    if (p->panel_count)
        rfi_panels_svg(p, out);
    else if (p->heat.values)
        rfi_heat_svg(p, out);
    else
        lines_svg(p, out);
}

rf_status rf_plot_write(const rf_plot *p, const char *path, rf_error *err)
{
    rf_str out = {0};
    rf_plot_svg(p, &out);
    rf_status st = out.failed ? rf_fail(err, RF_ENOMEM, "%s: no memory for the picture", path)
                              : rf_file_write(path, out.s, out.n, err);
    rf_str_free(&out);
    return st;
}

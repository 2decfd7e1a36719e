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
    for (size_t i = 0; i < p->part_count; i++) rf_plot_free(p->parts[i]);
    free(p->parts);
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
    return rf_plot_series(p, name, x, y, n, (rf_stroke){0});
}

bool rf_plot_series(rf_plot *p, const char *name, const double *x, const double *y, size_t n,
                    rf_stroke stroke)
{
    rfi_series *list = realloc(p->series, (p->count + 1) * sizeof *list);
    if (!list) return false;
    p->series = list;
    rfi_series s = {.name = copy_text(name), .n = n, .stroke = stroke};
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

rf_plot *rf_plot_part(rf_plot *p, const char *title, size_t columns)
{
    rf_plot **list = realloc(p->parts, (p->part_count + 1) * sizeof *list);
    if (!list) return NULL;
    p->parts = list;
    p->columns = columns ? columns : 1;
    rf_plot *part = rf_plot_new(title);
    if (part) list[p->part_count++] = part;
    return part;
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

/* The colour of series `number`, which is also that of another when the palette is used up. */
static const char *colour_of(const rfi_series *s, size_t number)
{
    return rfi_svg_colour(s->stroke.colour > 0 ? (size_t)s->stroke.colour - 1 : number);
}

static void put_stroke(rf_str *out, const rfi_series *s, size_t number)
{
    const bool thin = s->stroke.flags & RF_STROKE_THIN, dots = s->stroke.flags & RF_STROKE_POINTS;
    const bool again = !s->stroke.colour && number >= RFI_COLOURS;
    rf_str_printf(out, " fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" stroke-linejoin=\"round\"",
                  colour_of(s, number),
                  dots   ? thin ? "4" : "6"
                  : thin ? "0.9"
                         : "1.8");
    rf_str_put(out, " stroke-linecap=\"round\"");
    if (!dots && (again || (s->stroke.flags & RF_STROKE_DASHED)))
        rf_str_put(out, " stroke-dasharray=\"6 4\"");
    rf_str_put(out, "/>\n");
}

static void put_point(rf_str *out, const char *letter, double x, double y)
{
    rf_str_put(out, letter);
    rfi_svg_number(out, x, 2);
    rf_str_put(out, " ");
    rfi_svg_number(out, y, 2);
}

static bool is_shown(const rfi_series *s, size_t i, const rfi_axis *x, const rfi_axis *y)
{
    return i < s->n && rfi_axis_has(x, s->x[i]) && rfi_axis_has(y, s->y[i]);
}

/* A point alone is a line of no length, which a round cap makes a dot. */
static void put_path(rf_str *out, const rfi_series *s, size_t number, const rfi_axis *x,
                     const rfi_axis *y)
{
    const bool dots = s->stroke.flags & RF_STROKE_POINTS;
    bool down = false;
    rf_str_put(out, "<path d=\"");
    for (size_t i = 0; i < s->n; i++) {
        const bool drawn = is_shown(s, i, x, y);
        if (drawn)
            put_point(out, down ? "L" : "M", rfi_axis_place(x, s->x[i]),
                      rfi_axis_place(y, s->y[i]));
        if (drawn && !down) rf_str_put(out, "h0");
        down = drawn && !dots;
    }
    rf_str_put(out, "\"");
    put_stroke(out, s, number);
}

#define HEAD 7.0 /* length of an arrow's head */

/* From (x0, y0) to (x1, y1), where the tip is. */
static void put_head(rf_str *out, double x0, double y0, double x1, double y1)
{
    const double length = hypot(x1 - x0, y1 - y0), size = fmin(HEAD, fmax(length / 2, 3));
    if (length < 1e-9) return;
    const double ux = (x1 - x0) / length * size, uy = (y1 - y0) / length * size;
    put_point(out, "M", x1, y1);
    put_point(out, "L", x1 - ux - uy * 0.4, y1 - uy + ux * 0.4);
    put_point(out, "L", x1 - ux + uy * 0.4, y1 - uy - ux * 0.4);
    rf_str_put(out, "Z");
}

/* At the end of each piece, in the direction of its last part. */
static void put_heads(rf_str *out, const rfi_series *s, size_t number, const rfi_axis *x,
                      const rfi_axis *y)
{
    rf_str_put(out, "<path d=\"");
    for (size_t i = 1; i < s->n; i++) {
        if (!is_shown(s, i, x, y) || !is_shown(s, i - 1, x, y) || is_shown(s, i + 1, x, y))
            continue;
        put_head(out, rfi_axis_place(x, s->x[i - 1]), rfi_axis_place(y, s->y[i - 1]),
                 rfi_axis_place(x, s->x[i]), rfi_axis_place(y, s->y[i]));
    }
    rf_str_printf(out, "\" fill=\"%s\"/>\n", colour_of(s, number));
}

static void put_series(rf_str *out, const rfi_series *s, size_t number, const rfi_axis *x,
                       const rfi_axis *y)
{
    put_path(out, s, number, x, y);
    if (s->stroke.flags & RF_STROKE_ARROWS) put_heads(out, s, number, x, y);
}

static void put_legend(rf_str *out, const rf_plot *p, double x, double y)
{
    for (size_t i = 0; i < p->count; i++) {
        const rfi_series *s = &p->series[i];
        const bool dots = s->stroke.flags & RF_STROKE_POINTS;
        if (!s->name) continue;
        rf_str_put(out, "<path d=\"");
        put_point(out, "M", x + (dots ? 11 : 0), y - 4);
        rf_str_put(out, dots ? "h0\"" : "h22\"");
        put_stroke(out, s, i);
        rfi_svg_text(out, x + 28, y, "start", 0, s->name);
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

/* Where a picture of lines stands, its legend at the right not counted. */
typedef struct place_of_lines {
    double left, top, width, height;
} place_of_lines;

static void put_lines(rf_str *out, const rf_plot *p, place_of_lines at)
{
    const double right = at.left + at.width - 20, bottom = at.top + at.height;
    const double foot = rfi_spread_foot(p, at.width - 94);
    rfi_axis x = {INFINITY, -INFINITY, at.left + 74, right, p->flags & RF_PLOT_LOG_X};
    rfi_axis y = {INFINITY, -INFINITY, bottom - foot - 54, at.top + (p->title ? 40 : 16),
                  p->flags & RF_PLOT_LOG_Y};
    measure(p, &x, &y);
    if (p->title) rfi_svg_text(out, (x.from + x.to) / 2, at.top + 24, "middle", 0, p->title);
    if (!p->spread_count) rfi_axis_x_ticks(out, &x, &y);
    rfi_axis_y_ticks(out, &y, &x);
    rfi_svg_line(out, x.from, y.from, x.to, y.from, "#222");
    rfi_svg_line(out, x.from, y.from, x.from, y.to, "#222");
    if (p->x) rfi_svg_text(out, (x.from + x.to) / 2, bottom - 14, "middle", 0, p->x);
    if (p->y) rfi_svg_text(out, at.left + 18, (y.from + y.to) / 2, "middle", -90, p->y);
    for (size_t i = 0; i < p->count; i++) put_series(out, &p->series[i], i, &x, &y);
    rfi_spreads_svg(p, out, &x, &y);
    put_legend(out, p, x.to + 14, y.to + 10);
}

static void lines_svg(const rf_plot *p, rf_str *out)
{
    const place_of_lines at = {0, 0, 700, 440 + rfi_spread_foot(p, 700 - 94)};
    rfi_svg_begin(out, at.width + legend_width(p), at.height, p->title);
    put_lines(out, p, at);
    rfi_svg_end(out);
}

/* Parts are as wide as leaves room for each other; those of a column have the same width. */
static void parts_svg(const rf_plot *p, rf_str *out)
{
    const size_t columns = p->columns, rows = (p->part_count + columns - 1) / columns;
    const double head = p->title ? 40 : 0, height = columns > 2 ? 330 : columns > 1 ? 420 : 260;
    double legend = 0, width = columns > 2 ? 330 : columns > 1 ? 430 : 700;
    for (size_t i = 0; i < p->part_count; i++) legend = fmax(legend, legend_width(p->parts[i]));
    rfi_svg_begin(out, (width + legend) * (double)columns, head + height * (double)rows, p->title);
    if (p->title) rfi_svg_text(out, 74, 26, "start", 0, p->title);
    for (size_t i = 0; i < p->part_count; i++)
        put_lines(out, p->parts[i],
                  (place_of_lines){(width + legend) * (double)(i % columns),
                                   head + height * (double)(i / columns), width, height});
    rfi_svg_end(out);
}

void rf_plot_svg(const rf_plot *p, rf_str *out)
{
    if (p->part_count)
        parts_svg(p, out);
    else if (p->panel_count)
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

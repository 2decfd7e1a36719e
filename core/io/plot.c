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

/* ---- Axes -------------------------------------------------------------------------------------- */

#define GREY "#ddd"

/* One axis: values low..high stand at places from..to. */
typedef struct axis {
    double low, high;
    double from, to;
    bool log;
} axis;

static bool is_drawn(const axis *a, double v) { return isfinite(v) && (!a->log || v > 0); }

static double place(const axis *a, double v)
{
    double low = a->log ? log10(a->low) : a->low, high = a->log ? log10(a->high) : a->high;
    return a->from + ((a->log ? log10(v) : v) - low) / (high - low) * (a->to - a->from);
}

/* Make room around the values; nothing or one value alone get an axis too. */
static void widen(axis *a, double by)
{
    if (a->low > a->high) a->low = a->log ? 0.1 : 0, a->high = 1;
    if (a->log) {
        double room = a->low < a->high ? pow(a->high / a->low, by) : 2;
        a->low = fmax(a->low / room, 1e-300);
        a->high = fmin(a->high * room, 1e300);
        return;
    }
    double room = by * (a->high - a->low);
    if (a->low >= a->high) room = a->low != 0 ? fabs(a->low) / 2 : 1;
    a->low = fmax(a->low - room, -1e300);
    a->high = fmin(a->high + room, 1e300);
}

/* The step of about n ticks: 1, 2 or 5 times a power of ten. */
static double nice_step(double range, int n)
{
    double raw = range / n, power = pow(10, floor(log10(raw))), m = raw / power;
    return power * (m <= 1 ? 1 : m <= 2 ? 2 : m <= 5 ? 5 : 10);
}

typedef void (*tick_fn)(rf_str *out, const axis *a, double value, double step, const axis *across);

static void linear_ticks(rf_str *out, const axis *a, const axis *across, tick_fn put)
{
    double step = nice_step(a->high - a->low, 6), first = ceil(a->low / step - 1e-9);
    for (int i = 0; i < 20 && (first + i) * step <= a->high + step * 1e-9; i++)
        put(out, a, (first + i) * step, step, across);
}

/* Powers of ten; with 2 and 5 times these between when they are few; every so many when many.
 * Their number; `put` NULL only counts. */
static int log_ticks(rf_str *out, const axis *a, const axis *across, tick_fn put)
{
    static const double between[] = {1, 2, 5};
    int low = (int)floor(log10(a->low)), high = (int)ceil(log10(a->high));
    int each = (high - low) / 8 + 1, marks = high - low <= 3 ? 3 : 1, count = 0;
    for (int e = low; e <= high; e += each)
        for (int k = 0; k < marks; k++) {
            double v = between[k] * pow(10, e);
            if (v < a->low * (1 - 1e-9) || v > a->high * (1 + 1e-9)) continue;
            if (put) put(out, a, v, pow(10, e), across);
            count++;
        }
    return count;
}

static void ticks(rf_str *out, const axis *a, const axis *across, tick_fn put)
{
    if (a->log && log_ticks(out, a, across, NULL) > 1)
        log_ticks(out, a, across, put);
    else
        linear_ticks(out, a, across, put);
}

static void put_label(rf_str *out, double x, double y, const char *anchor, double value,
                      double step)
{
    rf_str label = {0};
    rfi_svg_value(&label, value, step);
    if (label.s) rfi_svg_text(out, x, y, anchor, 0, label.s);
    rf_str_free(&label);
}

static void x_tick(rf_str *out, const axis *x, double value, double step, const axis *y)
{
    double at = place(x, value);
    rfi_svg_line(out, at, y->from, at, y->to, GREY);
    put_label(out, at, y->from + 17, "middle", value, step);
}

static void y_tick(rf_str *out, const axis *y, double value, double step, const axis *x)
{
    double at = place(y, value);
    rfi_svg_line(out, x->from, at, x->to, at, GREY);
    put_label(out, x->from - 6, at + 4, "end", value, step);
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
static void put_series(rf_str *out, const rfi_series *s, size_t number, const axis *x,
                       const axis *y)
{
    bool down = false;
    rf_str_put(out, "<path d=\"");
    for (size_t i = 0; i < s->n; i++) {
        bool drawn = is_drawn(x, s->x[i]) && is_drawn(y, s->y[i]);
        if (drawn) {
            rf_str_put(out, down ? "L" : "M");
            rfi_svg_number(out, place(x, s->x[i]), 2);
            rf_str_put(out, " ");
            rfi_svg_number(out, place(y, s->y[i]), 2);
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

static void measure(const rf_plot *p, axis *x, axis *y)
{
    for (size_t k = 0; k < p->count; k++) {
        const rfi_series *s = &p->series[k];
        for (size_t i = 0; i < s->n; i++) {
            if (!is_drawn(x, s->x[i]) || !is_drawn(y, s->y[i])) continue;
            x->low = fmin(x->low, s->x[i]);
            x->high = fmax(x->high, s->x[i]);
            y->low = fmin(y->low, s->y[i]);
            y->high = fmax(y->high, s->y[i]);
        }
    }
    widen(x, 0);
    widen(y, 0.05);
}

static void lines_svg(const rf_plot *p, rf_str *out)
{
    double legend = legend_width(p), width = 700 + legend, height = 440;
    axis x = {INFINITY, -INFINITY, 74, 680, p->flags & RF_PLOT_LOG_X};
    axis y = {INFINITY, -INFINITY, height - 54, p->title ? 40 : 16, p->flags & RF_PLOT_LOG_Y};
    measure(p, &x, &y);
    rfi_svg_begin(out, width, height, p->title);
    if (p->title) rfi_svg_text(out, (x.from + x.to) / 2, 24, "middle", 0, p->title);
    ticks(out, &x, &y, x_tick);
    ticks(out, &y, &x, y_tick);
    rfi_svg_line(out, x.from, y.from, x.to, y.from, "#222");
    rfi_svg_line(out, x.from, y.from, x.from, y.to, "#222");
    if (p->x) rfi_svg_text(out, (x.from + x.to) / 2, height - 14, "middle", 0, p->x);
    if (p->y) rfi_svg_text(out, 18, (y.from + y.to) / 2, "middle", -90, p->y);
    for (size_t i = 0; i < p->count; i++) put_series(out, &p->series[i], i, &x, &y);
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

/* io/spread.c -- distributions side by side, each as a box with its values as dots. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/plot.h"

#define DOT 2.6 /* radius, px */

static const struct {
    const char *fill, *stroke;
} colours[2] = {{"#cfe2f0", "#0072b2"}, {"#f9d9c4", "#d55e00"}};

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void rfi_spread_free(rfi_spread *b)
{
    free(b->name);
    free(b->values);
}

bool rf_plot_box(rf_plot *p, const char *name, const double *values, size_t n, bool mark)
{
    rfi_spread *list = realloc(p->spreads, (p->spread_count + 1) * sizeof *list);
    if (!list) return false;
    p->spreads = list;
    rfi_spread b = {.name = name ? strdup(name) : NULL, .mark = mark};
    b.values = calloc(n + 1, sizeof *b.values);
    if (!b.values || (name && !b.name)) {
        rfi_spread_free(&b);
        return false;
    }
    for (size_t i = 0; i < n; i++)
        if (isfinite(values[i])) b.values[b.n++] = values[i];
    qsort(b.values, b.n, sizeof *b.values, by_value);
    p->spreads[p->spread_count++] = b;
    return true;
}

void rfi_spread_measure(const rf_plot *p, rfi_axis *x, rfi_axis *y)
{
    if (!p->spread_count) return;
    *x =
        (rfi_axis){.low = 0.5, .high = (double)p->spread_count + 0.5, .from = x->from, .to = x->to};
    for (size_t k = 0; k < p->spread_count; k++)
        for (size_t i = 0; i < p->spreads[k].n; i++) {
            const double v = p->spreads[k].values[i];
            if (!rfi_axis_has(y, v)) continue;
            y->low = fmin(y->low, v);
            y->high = fmax(y->high, v);
        }
}

/* ---- Names ------------------------------------------------------------------------------------- */

static double widest_name(const rf_plot *p)
{
    double width = 0;
    for (size_t k = 0; k < p->spread_count; k++)
        if (p->spreads[k].name) width = fmax(width, rfi_svg_width(p->spreads[k].name));
    return width;
}

/* Names that do not fit side by side are turned. */
static bool is_turned(const rf_plot *p, double width)
{
    return widest_name(p) > width / (double)p->spread_count - 6;
}

double rfi_spread_foot(const rf_plot *p, double width)
{
    if (!p->spread_count || !is_turned(p, width)) return 0;
    return fmin(widest_name(p), 200) * 0.64;
}

static void put_name(rf_str *out, const rfi_spread *b, double at, double y, bool turned)
{
    if (!b->name) return;
    if (turned)
        rfi_svg_text(out, at + 4, y + 14, "end", -40, b->name);
    else
        rfi_svg_text(out, at, y + 17, "middle", 0, b->name);
}

/* ---- Boxes ------------------------------------------------------------------------------------- */

static double quantile(const rfi_spread *b, double q)
{
    const double at = q * (double)(b->n - 1);
    const size_t i = (size_t)at;
    if (i + 1 >= b->n) return b->values[b->n - 1];
    return b->values[i] + (at - (double)i) * (b->values[i + 1] - b->values[i]);
}

static void put_number(rf_str *out, const char *name, double x)
{
    rf_str_printf(out, " %s=\"", name);
    rfi_svg_number(out, x, 2);
    rf_str_put(out, "\"");
}

static void put_rect(rf_str *out, double x, double width, double top, double bottom, bool mark)
{
    rf_str_put(out, "<rect");
    put_number(out, "x", x);
    put_number(out, "y", top);
    put_number(out, "width", width);
    put_number(out, "height", fmax(bottom - top, 0.5));
    rf_str_printf(out, " fill=\"%s\" stroke=\"%s\"/>\n", colours[mark].fill, colours[mark].stroke);
}

/* Dots lie beside each other from left to right in a fixed rhythm, so that equal ones show. */
static void put_dots(rf_str *out, const rfi_spread *b, double at, double width, const rfi_axis *y)
{
    static const double shift[] = {0, 0.5, -0.5, 0.25, -0.25, 0.75, -0.75};
    for (size_t i = 0; i < b->n; i++) {
        if (!rfi_axis_has(y, b->values[i])) continue;
        rf_str_put(out, "<circle");
        put_number(out, "cx", at + shift[i % 7] * width / 3);
        put_number(out, "cy", rfi_axis_place(y, b->values[i]));
        put_number(out, "r", DOT);
        rf_str_printf(out, " fill=\"%s\" fill-opacity=\"0.55\"/>\n", colours[b->mark].stroke);
    }
}

/* From the box to the last value that is not far from it: step 1 upwards, -1 downwards. */
static void put_whisker(rf_str *out, const rfi_spread *b, double edge, double reach, int step,
                        double at, double width, const rfi_axis *y)
{
    double last = edge;
    for (size_t i = 0; i < b->n; i++) {
        const double over = step * (b->values[i] - edge);
        if (over > step * (last - edge) && over <= reach) last = b->values[i];
    }
    const double to = rfi_axis_place(y, last);
    rfi_svg_line(out, at, rfi_axis_place(y, edge), at, to, colours[b->mark].stroke);
    rfi_svg_line(out, at - width / 4, to, at + width / 4, to, colours[b->mark].stroke);
}

static void put_box(rf_str *out, const rfi_spread *b, double at, double width, const rfi_axis *y)
{
    const double q1 = quantile(b, 0.25), q2 = quantile(b, 0.5), q3 = quantile(b, 0.75);
    const double reach = 1.5 * (q3 - q1), middle = rfi_axis_place(y, q2);
    put_whisker(out, b, q3, reach, 1, at, width, y);
    put_whisker(out, b, q1, reach, -1, at, width, y);
    put_rect(out, at - width / 2, width, rfi_axis_place(y, q3), rfi_axis_place(y, q1), b->mark);
    for (double d = -0.5; d <= 0.5; d += 0.5) /* three lines are one of 2 px */
        rfi_svg_line(out, at - width / 2, middle + d, at + width / 2, middle + d,
                     colours[b->mark].stroke);
}

void rfi_spreads_svg(const rf_plot *p, rf_str *out, const rfi_axis *x, const rfi_axis *y)
{
    if (!p->spread_count) return;
    const double room = (x->to - x->from) / (double)p->spread_count, width = fmin(room * 0.55, 60);
    const bool turned = is_turned(p, x->to - x->from);
    for (size_t k = 0; k < p->spread_count; k++) {
        const rfi_spread *b = &p->spreads[k];
        const double at = rfi_axis_place(x, (double)k + 1);
        put_name(out, b, at, y->from, turned);
        /* On a logarithmic axis values that have no place leave the box without one. */
        if (b->n && rfi_axis_has(y, b->values[0])) put_box(out, b, at, width, y);
        put_dots(out, b, at, width, y);
    }
}

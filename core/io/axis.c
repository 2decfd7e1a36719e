/* io/axis.c -- axes: from values to places, and ticks at round numbers. */
#include <math.h>

#include "io/plot.h"

#define GREY "#ddd"

bool rfi_axis_has(const rfi_axis *a, double v) { return isfinite(v) && (!a->log || v > 0); }

double rfi_axis_place(const rfi_axis *a, double v)
{
    double low = a->log ? log10(a->low) : a->low, high = a->log ? log10(a->high) : a->high;
    return a->from + ((a->log ? log10(v) : v) - low) / (high - low) * (a->to - a->from);
}

void rfi_axis_widen(rfi_axis *a, double by)
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

typedef void (*tick_fn)(rf_str *out, const rfi_axis *a, double value, double step,
                        const rfi_axis *across);

static void linear_ticks(rf_str *out, const rfi_axis *a, const rfi_axis *across, tick_fn put)
{
    double step = nice_step(a->high - a->low, 6), first = ceil(a->low / step - 1e-9);
    for (int i = 0; i < 20 && (first + i) * step <= a->high + step * 1e-9; i++)
        put(out, a, (first + i) * step, step, across);
}

/* Powers of ten; with 2 and 5 times these between when they are few; every so many when many.
 * Their number; `put` NULL only counts. */
static int log_ticks(rf_str *out, const rfi_axis *a, const rfi_axis *across, tick_fn put)
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

static void ticks(rf_str *out, const rfi_axis *a, const rfi_axis *across, tick_fn put)
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

static void x_tick(rf_str *out, const rfi_axis *x, double value, double step, const rfi_axis *y)
{
    double at = rfi_axis_place(x, value);
    rfi_svg_line(out, at, y->from, at, y->to, GREY);
    put_label(out, at, y->from + 17, "middle", value, step);
}

static void y_tick(rf_str *out, const rfi_axis *y, double value, double step, const rfi_axis *x)
{
    double at = rfi_axis_place(y, value);
    rfi_svg_line(out, x->from, at, x->to, at, GREY);
    put_label(out, x->from - 6, at + 4, "end", value, step);
}

void rfi_axis_x_ticks(rf_str *out, const rfi_axis *x, const rfi_axis *y)
{
    ticks(out, x, y, x_tick);
}

void rfi_axis_y_ticks(rf_str *out, const rfi_axis *y, const rfi_axis *x)
{
    ticks(out, y, x, y_tick);
}

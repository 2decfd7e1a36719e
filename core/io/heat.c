/* io/heat.c -- a matrix as a picture: one cell for each value, and the scale beside it. */
#include <math.h>
#include <stdio.h>

#include "io/plot.h"

#define SIDE        560.0 /* room for the longer side of the matrix */
#define CELL_MIN    2.0
#define CELL_MAX    28.0
#define SCALE_STEPS 40
#define NAMED_CELLS ((size_t)10000) /* with more cells than these, they say no values */

/* From light to dark, equally far apart; and on both sides of 0. */
enum { SHADES = 4 };
typedef int shade[3];
static const shade blues[SHADES + 1] = {
    {247, 251, 255}, {198, 219, 239}, {107, 174, 214}, {33, 113, 181}, {8, 48, 107}};
static const shade above[SHADES + 1] = {
    {252, 252, 252}, {209, 229, 240}, {146, 197, 222}, {67, 147, 195}, {5, 48, 97}};
static const shade below[SHADES + 1] = {
    {252, 252, 252}, {253, 219, 199}, {244, 165, 130}, {214, 96, 77}, {103, 0, 31}};

/* The colour of v; with both ends equal, the middle one. */
static void put_colour(rf_str *out, double v, rfi_scale s)
{
    const shade *shades = !s.both ? blues : v < 0 ? below : above;
    /* Halves, so that ends that are far apart do not overflow. */
    double t = s.both           ? fabs(v) / fmax(-s.low, s.high)
               : s.high > s.low ? (v / 2 - s.low / 2) / (s.high / 2 - s.low / 2)
                                : 0.5;
    int rgb[3];
    double at = fmin(fmax(t, 0), 1) * SHADES;
    size_t k = at >= SHADES ? SHADES - 1 : (size_t)at;
    for (int i = 0; i < 3; i++) {
        int light = shades[k][i], dark = shades[k + 1][i];
        rgb[i] = (int)lround(light + (at - (double)k) * (dark - light));
    }
    rf_str_printf(out, " fill=\"#%02x%02x%02x\"", (unsigned)rgb[0], (unsigned)rgb[1],
                  (unsigned)rgb[2]);
}

/* The label of row or column i, or its number. */
static const char *label(char **labels, size_t i, char buf[32])
{
    if (labels && labels[i]) return labels[i];
    snprintf(buf, 32, "%zu", i + 1);
    return buf;
}

double rfi_heat_longest(char **labels, size_t n)
{
    double width = 0;
    for (size_t i = 0; labels && i < n; i++)
        if (labels[i]) width = fmax(width, rfi_svg_width(labels[i]));
    return fmin(width, 200);
}

static void put_name(rf_str *out, const rfi_heat *h, size_t i, size_t j)
{
    char row[32], col[32];
    rf_str_put(out, "><title>");
    rfi_svg_escape(out, label(h->row_labels, i, row));
    rf_str_put(out, ", ");
    rfi_svg_escape(out, label(h->col_labels, j, col));
    rf_str_put(out, ": ");
    rfi_svg_value(out, h->values[i * h->cols + j], 1e-4);
    rf_str_put(out, "</title></rect>\n");
}

rfi_scale rfi_heat_range(const rfi_heat *h)
{
    rfi_scale s = {INFINITY, -INFINITY, false};
    for (size_t i = 0; i < h->rows * h->cols; i++) {
        if (!isfinite(h->values[i])) continue;
        s.low = fmin(s.low, h->values[i]);
        s.high = fmax(s.high, h->values[i]);
    }
    return s.low > s.high ? (rfi_scale){0} : s;
}

void rfi_heat_scale(rf_str *out, double x, double y, double height, rfi_scale s)
{
    rf_str text = {0};
    double step = fmax((s.high - s.low) / 100, 1e-300);
    for (int i = 0; i < SCALE_STEPS; i++) {
        rfi_svg_rect(out, x, y + height * i / SCALE_STEPS, 14, height / SCALE_STEPS + 0.5);
        const double down = (i + 0.5) / SCALE_STEPS;
        put_colour(out, s.high * (1 - down) + s.low * down, s);
        rf_str_put(out, "/>\n");
    }
    rfi_svg_value(&text, s.high, step);
    if (text.s) rfi_svg_text(out, x + 20, y + 10, "start", 0, text.s);
    rf_str_clear(&text);
    rfi_svg_value(&text, s.low, step);
    if (text.s) rfi_svg_text(out, x + 20, y + height, "start", 0, text.s);
    rf_str_free(&text);
}

void rfi_heat_cells(rf_str *out, const rfi_heat *h, double x, double y, double w, double t,
                    rfi_scale s, bool named)
{
    rf_str_put(out, "<g shape-rendering=\"crispEdges\">\n"); /* no seams between cells */
    for (size_t i = 0; i < h->rows; i++)
        for (size_t j = 0; j < h->cols; j++) {
            double v = h->values[i * h->cols + j];
            if (!isfinite(v)) continue;
            rfi_svg_rect(out, x + w * (double)j, y + t * (double)i, w, t);
            put_colour(out, v, s);
            if (named)
                put_name(out, h, i, j);
            else
                rf_str_put(out, "/>\n");
        }
    rf_str_put(out, "</g>\n");
}

void rfi_heat_frame(rf_str *out, double x, double y, double w, double t)
{
    rfi_svg_rect(out, x, y, w, t);
    rf_str_put(out, " fill=\"none\" stroke=\"#888\"/>\n");
}

/* Labels that would stand on each other are left out: each `every`-th stays. */
void rfi_heat_row_labels(rf_str *out, const rfi_heat *h, double x, double y, double t)
{
    size_t every = (size_t)ceil(12 / t);
    for (size_t i = 0; h->row_labels && i < h->rows; i += every)
        if (h->row_labels[i])
            rfi_svg_text(out, x - 6, y + t * ((double)i + 0.5) + 4, "end", 0, h->row_labels[i]);
}

static void put_col_labels(rf_str *out, const rfi_heat *h, double x, double y, double cell)
{
    size_t every = (size_t)ceil(12 / cell);
    for (size_t j = 0; h->col_labels && j < h->cols; j += every)
        if (h->col_labels[j])
            rfi_svg_text(out, x + cell * ((double)j + 0.5) + 4, y - 6, "start", -60,
                         h->col_labels[j]);
}

void rfi_heat_svg(const rf_plot *p, rf_str *out)
{
    const rfi_heat *h = &p->heat;
    double side = fmax(1, (double)(h->rows > h->cols ? h->rows : h->cols));
    double cell = fmin(fmax(SIDE / side, CELL_MIN), CELL_MAX);
    double head = p->title ? 40 : 16, foot = p->x ? 40 : 20;
    double x = rfi_heat_longest(h->row_labels, h->rows) + (p->y ? 44 : 20);
    double y = head + rfi_heat_longest(h->col_labels, h->cols) * 0.87 + 10;
    double w = cell * (double)h->cols, t = cell * (double)h->rows;
    double slant =
        rfi_heat_longest(h->col_labels, h->cols) / 2; /* the last column's label leans out */
    const rfi_scale s = rfi_heat_range(h);
    rfi_svg_begin(out, x + w + fmax(110, slant + 10), y + fmax(t, 60) + foot, p->title);
    if (p->title) rfi_svg_text(out, x, 24, "start", 0, p->title);
    rfi_heat_cells(out, h, x, y, cell, cell, s, h->rows * h->cols <= NAMED_CELLS);
    rfi_heat_frame(out, x, y, w, t);
    rfi_heat_row_labels(out, h, x, y, cell);
    put_col_labels(out, h, x, y, cell);
    if (p->x) rfi_svg_text(out, x + w / 2, y + t + 26, "middle", 0, p->x);
    if (p->y) rfi_svg_text(out, 18, y + t / 2, "middle", -90, p->y);
    rfi_heat_scale(out, x + w + 20, y, fmin(fmax(t, 60), 200), s);
    rfi_svg_end(out);
}

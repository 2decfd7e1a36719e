/* io/plot.h -- the inside of a picture, for the part that keeps numbers and the part that draws. */
#ifndef IO_PLOT_H
#define IO_PLOT_H

#include <refrain/plot.h>

typedef struct rfi_series {
    char *name;
    double *x, *y;
    size_t n;
    rf_stroke stroke;
} rfi_series;

typedef struct rfi_heat {
    char *title;
    double *values; /* [rows, cols] */
    size_t rows, cols;
    char **row_labels, **col_labels; /* each may be NULL, and so may a label */
    double low, high;                /* of the scale; unless low < high, those of the values */
} rfi_heat;

typedef struct rfi_spread {
    char *name;
    double *values; /* [n], finite, rising */
    size_t n;
    bool mark;
} rfi_spread;

struct rf_plot {
    char *title, *x, *y;
    unsigned flags;
    rfi_series *series;
    size_t count;
    rfi_spread *spreads;
    size_t spread_count; /* 0: an ordinary x axis */
    rfi_heat heat;       /* values NULL: none */
    rfi_heat *panels;    /* [panel_count] */
    size_t panel_count;
    rf_plot **parts; /* [part_count] */
    size_t part_count, columns;
};

/* One axis: values low..high stand at places from..to (axis.c). */
typedef struct rfi_axis {
    double low, high;
    double from, to;
    bool log;
} rfi_axis;

/* Whether a value has a place on the axis, and which. */
bool rfi_axis_has(const rfi_axis *a, double v);
double rfi_axis_place(const rfi_axis *a, double v);
/* Make room around the values; nothing or one value alone get an axis too. */
void rfi_axis_widen(rfi_axis *a, double by);
/* Lines across at round numbers, and their labels. */
void rfi_axis_x_ticks(rf_str *out, const rfi_axis *x, const rfi_axis *y);
void rfi_axis_y_ticks(rf_str *out, const rfi_axis *y, const rfi_axis *x);

/* From here down: what all kinds of pictures are drawn with (svg.c). */

/* Append a number with so many decimals and a point whatever the locale says. */
void rfi_svg_number(rf_str *out, double x, int decimals);
/* "<rect x= y= width= height=", for the caller to end. */
void rfi_svg_rect(rf_str *out, double x, double y, double w, double h);
/* Append a label of a value, short and exact enough for steps of that size. */
void rfi_svg_value(rf_str *out, double value, double step);
/* Append text as XML: &, <, > and " escaped, control characters blank. */
void rfi_svg_escape(rf_str *out, const char *text);
/* Colour `number` of the palette, whose RFI_COLOURS colours come round again. */
#define RFI_COLOURS ((size_t)7)
const char *rfi_svg_colour(size_t number);
/* The width of a text of 12 px, about: a Chinese character takes two Latin ones. */
double rfi_svg_width(const char *text);
/* A text at (x, y): anchor is start, middle or end; turned by so many degrees about that point. */
void rfi_svg_text(rf_str *out, double x, double y, const char *anchor, double turn,
                  const char *text);
void rfi_svg_line(rf_str *out, double x1, double y1, double x2, double y2, const char *colour);
void rfi_svg_begin(rf_str *out, double width, double height, const char *title);
void rfi_svg_end(rf_str *out);

void rfi_heat_svg(const rf_plot *p, rf_str *out);
void rfi_panels_svg(const rf_plot *p, rf_str *out);

/* ---- What pictures of matrices share (heat.c) ---- */

/* From light at one end to dark at the other, or from white at 0 to two colours (both). */
typedef struct rfi_scale {
    double low, high;
    bool both;
} rfi_scale;
/* The ends of the finite values, both 0 if there are none. */
rfi_scale rfi_heat_range(const rfi_heat *h);
/* The cells at (x, y), each w by t; `named`: each says its value. */
void rfi_heat_cells(rf_str *out, const rfi_heat *h, double x, double y, double w, double t,
                    rfi_scale s, bool named);
void rfi_heat_row_labels(rf_str *out, const rfi_heat *h, double x, double y, double t);
/* The colours of the scale, with the values of its ends. */
void rfi_heat_scale(rf_str *out, double x, double y, double height, rfi_scale s);
/* The frame around a matrix. */
void rfi_heat_frame(rf_str *out, double x, double y, double w, double t);
/* The width of the widest of n labels, or 0. */
double rfi_heat_longest(char **labels, size_t n);

/* Boxes (spread.c): their values widen the axis; they stand at x = 1, 2, ...; names below the axis, for
 * which there must be rfi_spread_foot more room. */
void rfi_spread_free(rfi_spread *b);
void rfi_spread_measure(const rf_plot *p, rfi_axis *x, rfi_axis *y);
double rfi_spread_foot(const rf_plot *p, double width);
void rfi_spreads_svg(const rf_plot *p, rf_str *out, const rfi_axis *x, const rfi_axis *y);

#endif

/* refrain/plot.h -- learning curves, paths, distributions, matrices and panels of matrices as SVG
 * pictures.
 *
 * A picture stands alone (no scripts, no fonts of its own, white ground), and the same numbers give
 * the same bytes. */
#ifndef REFRAIN_PLOT_H
#define REFRAIN_PLOT_H

#include <refrain/base.h>

RF_BEGIN

typedef struct rf_plot rf_plot;

enum { RF_PLOT_LOG_X = 1, RF_PLOT_LOG_Y = 2 };

/* NULL: no memory.  The title may be NULL, here and for the axes.  All text is UTF-8. */
RF_API rf_plot *rf_plot_new(const char *title);
RF_API void rf_plot_free(rf_plot *p);
/* What the axes mean, and whether they are logarithmic (then what is not above 0 is left out). */
RF_API void rf_plot_axes(rf_plot *p, const char *x, const char *y, unsigned flags);

/* Add a series, drawn as a line in a colour of its own, and named in the legend.
 *
 *   name  may be NULL
 *   x     [n], or NULL for 1, 2, ... n
 *   y     [n]; a value that is not finite interrupts the line
 *
 * The numbers are copied.  False: no memory. */
RF_API bool rf_plot_line(rf_plot *p, const char *name, const double *x, const double *y, size_t n);

/* How a series looks, where rf_plot_line's way is not meant. */
enum {
    RF_STROKE_DASHED = 1, /* a broken line */
    RF_STROKE_POINTS = 2, /* a dot at each value and no line */
    RF_STROKE_ARROWS = 4, /* each piece of the line ends in the head of an arrow */
    RF_STROKE_THIN = 8    /* half as wide */
};
typedef struct rf_stroke {
    unsigned flags; /* RF_STROKE_... */
    int colour;     /* 1, 2, ... of the palette: series may share one; 0: as its place has it */
} rf_stroke;
/* As rf_plot_line, with that stroke. */
RF_API bool rf_plot_series(rf_plot *p, const char *name, const double *x, const double *y, size_t n,
                           rf_stroke stroke);

/* Make it a picture of several: a part, which is filled with series like a picture of its own and
 * belongs to p.  Parts stand in rows of `columns`, which the last call decides; p shows its title
 * above them, and no series.  NULL: no memory. */
RF_API rf_plot *rf_plot_part(rf_plot *p, const char *title, size_t columns);

/* Add a distribution, drawn as a box from the first quartile to the third with a line at the median,
 * whiskers to the last values within one and a half times its height, and every value as a dot.  Boxes
 * stand side by side in the order of addition, box k at x = k, each over its name: in a picture that
 * has any, lines use that x and lie behind them, and the x axis has no numbers.  Quartiles are
 * interpolated linearly (type 7 of Hyndman & Fan 1996).
 *
 *   values  [n]; what is not finite is left out
 *   mark    draw it in a second colour, to point it out
 *
 * Copied.  False: no memory. */
RF_API bool rf_plot_box(rf_plot *p, const char *name, const double *values, size_t n, bool mark);

/* Make it a picture of a matrix: light cells are low, dark ones high, empty ones not finite.
 *
 *   values      [rows, cols]
 *   row_labels  [rows] or NULL; col_labels [cols] or NULL; a label may be NULL
 *
 * Copied.  False: no memory. */
RF_API bool rf_plot_heat(rf_plot *p, const double *values, size_t rows, size_t cols,
                         const char *const *row_labels, const char *const *col_labels);

/* One of several matrices with the same columns, such as gates and states over time.
 *
 *   title       of the panel, or NULL
 *   values      [rows, cols]; what is not finite is an empty cell
 *   row_labels, col_labels  as of rf_plot_heat
 *   low, high   the ends of its scale; unless low < high, those of its values.  Where 0 is between
 *               the ends, cells at 0 are white, and those below and above have colours of their own */
typedef struct rf_panel {
    const char *title;
    const double *values;
    size_t rows, cols;
    const char *const *row_labels, *const *col_labels;
    double low, high;
} rf_panel;

/* Make it a picture of panels, and add one below those before.  The first one's columns have labels
 * for all.  Copied.  False: no memory. */
RF_API bool rf_plot_panel(rf_plot *p, const rf_panel *panel);

/* Append the picture. */
RF_API void rf_plot_svg(const rf_plot *p, rf_str *out);
/* Write it to a file, atomically (see rf_writer). */
RF_API rf_status rf_plot_write(const rf_plot *p, const char *path, rf_error *err);

RF_END
#endif

/* pinyin/speech_picture.c -- see speech_picture.h.
 *
 * Cells of the spectrum are columns of at most 1200: of a longer sound neighbours are averaged.  Runs of
 * cells of one shade are one rectangle. */
#include "speech_picture.h"

#include <math.h>

#define LEFT   56.0
#define TOP    44.0
#define BAND   5.0  /* height of a band */
#define TALL   26.0 /* of a row of units */
#define SHADES 16
#define WIDEST 1200
#define FONT   "font-family=\"sans-serif\" font-size=\"12\""
#define LOW    -2.0 /* deviations that are the lightest and the darkest shade */
#define HIGH   2.5
#define MARGIN 20.0

typedef struct sheet {
    const speech_picture *x;
    rf_str *out;
    rf_index columns, each; /* frames in a column */
    double column, width;   /* of a column; of the spectrum */
    double bottom;          /* of the spectrum */
    int rows;               /* of units */
} sheet;

static void put_escaped(rf_str *out, const char *s)
{
    for (; *s; s++) switch (*s) {
        case '&':
            rf_str_put(out, "&amp;");
            break;
        case '<':
            rf_str_put(out, "&lt;");
            break;
        case '>':
            rf_str_put(out, "&gt;");
            break;
        case '"':
            rf_str_put(out, "&quot;");
            break;
        default:
            rf_str_add(out, s, 1);
        }
}

static double at_time(const sheet *s, double seconds)
{
    return LEFT + seconds / s->x->hop / (double)s->each * s->column;
}

/* ---- The spectrum ----------------------------------------------------------------------------------- */

static int shade(const sheet *s, rf_index column, rf_index band)
{
    const speech_picture *x = s->x;
    double sum = 0;
    rf_index n = 0;
    for (rf_index t = column * s->each; t < (column + 1) * s->each && t < x->frames; t++, n++)
        sum += (double)x->frame[t * x->M + band];
    const double v = (sum / (double)(n ? n : 1) - LOW) / (HIGH - LOW) * SHADES;
    return v < 0 ? 0 : v >= SHADES ? SHADES - 1 : (int)v;
}

/* From white over blue to nearly black. */
static unsigned colour(int k)
{
    static const double stop[3][3] = {{255, 255, 255}, {66, 146, 198}, {8, 29, 88}};
    const double v = 2.0 * k / (SHADES - 1), part = v < 1 ? v : v - 1;
    const int from = v < 1 ? 0 : 1;
    unsigned rgb = 0;
    for (int c = 0; c < 3; c++)
        rgb = rgb << 8 |
              (unsigned)(stop[from][c] + part * (stop[from < 1 ? 1 : 2][c] - stop[from][c]));
    return rgb;
}

static void put_band(const sheet *s, rf_index band)
{
    const double y = s->bottom - (double)(band + 1) * BAND;
    for (rf_index c = 0, to; c < s->columns; c = to) {
        const int k = shade(s, c, band);
        for (to = c + 1; to < s->columns && shade(s, to, band) == k;) to++;
        if (k == 0) continue;
        rf_str_printf(
            s->out, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"#%06x\"/>\n",
            LEFT + (double)c * s->column, y, (double)(to - c) * s->column, BAND, colour(k));
    }
}

static void put_axes(const sheet *s)
{
    const double seconds = (double)s->x->frames * s->x->hop;
    const double step = seconds > 20 ? 5 : seconds > 4 ? 1 : seconds > 0.8 ? 0.2 : 0.1;
    const double y = s->bottom + s->rows * TALL;
    rf_str_printf(s->out,
                  "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"none\" "
                  "stroke=\"#888\"/>\n",
                  LEFT, TOP, s->width, s->bottom - TOP);
    for (int k = 0; k * step <= seconds + 1e-9; k++) {
        const double x = at_time(s, k * step);
        rf_str_printf(s->out,
                      "<line x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\" stroke=\"#888\"/>\n"
                      "<text x=\"%.2f\" y=\"%.2f\" " FONT " text-anchor=\"middle\">%g</text>\n",
                      x, y, x, y + 5, x, y + 19, k * step);
    }
    rf_str_printf(s->out,
                  "<text x=\"%.2f\" y=\"%.2f\" " FONT " text-anchor=\"middle\">seconds</text>\n",
                  LEFT + s->width / 2, y + 36);
    rf_str_printf(s->out,
                  "<text x=\"18\" y=\"%.2f\" " FONT
                  " text-anchor=\"middle\" transform=\"rotate(-90 "
                  "18 %.2f)\">mel bands</text>\n",
                  (TOP + s->bottom) / 2, (TOP + s->bottom) / 2);
}

/* ---- Units ------------------------------------------------------------------------------------------ */

/* The row of each unit, so that texts do not overlap: the first that is free. */
enum { ROWS = 4 };

static double text_width(const char *s)
{
    double n = 0;
    for (; *s; s++) n += (*s & 0xC0) == 0xC0 ? 13 : (*s & 0x80) ? 0 : 7.5;
    return n + 8;
}

static int row_of(const sheet *s, rf_index i, double free_from[ROWS])
{
    const speech_picture *x = s->x;
    const double middle = at_time(s, (x->from[i] + x->to[i]) / 2),
                 half = text_width(x->unit[i]) / 2;
    int row = 0;
    while (row + 1 < ROWS && free_from[row] > middle - half) row++;
    free_from[row] = middle + half;
    return row;
}

static void put_unit(const sheet *s, rf_index i, int row)
{
    const speech_picture *x = s->x;
    const double from = at_time(s, x->from[i]), to = at_time(s, x->to[i]);
    const double y = s->bottom + row * TALL;
    rf_str_printf(s->out,
                  "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"#d62728\" "
                  "fill-opacity=\"0.18\"/>\n"
                  "<line x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\" stroke=\"#d62728\" "
                  "stroke-width=\"0.8\"/>\n",
                  from, TOP, fmax(to - from, 1), y + 4 - TOP, from, TOP, from, y + 4);
    rf_str_printf(s->out,
                  "<text x=\"%.2f\" y=\"%.2f\" " FONT
                  " text-anchor=\"middle\" fill=\"#%s\"><title>%.0f to %.0f ms, p = %.3f</title>",
                  (from + to) / 2, y + 18, x->p[i] > 0.5 ? "000" : "999", 1000 * x->from[i],
                  1000 * x->to[i], x->p[i]);
    put_escaped(s->out, x->unit[i]);
    rf_str_put(s->out, "</text>\n");
}

void speech_picture_svg(const speech_picture *x, rf_str *out)
{
    double free_from[ROWS] = {0};
    sheet s = {.x = x, .out = out, .each = (x->frames + WIDEST - 1) / WIDEST};
    if (!s.each) s.each = 1;
    s.columns = (x->frames + s.each - 1) / s.each;
    s.column = s.columns < 300 ? 600.0 / (double)(s.columns ? s.columns : 1) : 2;
    s.width = s.column * (double)s.columns;
    s.bottom = TOP + BAND * (double)x->bands;
    s.rows = 1;
    for (rf_index i = 0; i < x->n; i++) {
        const int row = row_of(&s, i, free_from);
        if (row + 1 > s.rows) s.rows = row + 1;
    }
    const double width = LEFT + s.width + MARGIN, height = s.bottom + s.rows * TALL + 48;
    rf_str_printf(out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
                  "viewBox=\"0 0 %.0f %.0f\">\n<rect width=\"100%%\" height=\"100%%\" "
                  "fill=\"#fff\"/>\n<text x=\"%.2f\" y=\"26\" font-family=\"sans-serif\" "
                  "font-size=\"15\" font-weight=\"bold\">",
                  width, height, width, height, LEFT);
    put_escaped(out, x->title);
    rf_str_put(out, "</text>\n");
    for (rf_index b = 0; b < x->bands; b++) put_band(&s, b);
    for (int r = 0; r < ROWS; r++) free_from[r] = 0;
    for (rf_index i = 0; i < x->n; i++) put_unit(&s, i, row_of(&s, i, free_from));
    put_axes(&s);
    rf_str_put(out, "</svg>\n");
}

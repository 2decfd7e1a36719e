/* io/words.c -- texts as a picture, units shaded by weight.
 *
 * Units stand in lines of one width, as they would in a book; a unit that is wider than a line has a
 * line of its own. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <refrain/io.h>
#include <refrain/words.h>

#include "io/plot.h"

#define WIDTH  760.0 /* of the picture */
#define MARGIN 16.0
#define PAD    5.0  /* left and right of a unit, within its ground */
#define LINE   26.0 /* from line to line */
#define BOX    20.0 /* height of a ground */

/* The ground of the largest weight; white is that of 0. */
static const int darkest[3] = {253, 141, 60};

/* The body of the picture grows as paragraphs are added; `y` is where the next one begins. */
struct rf_words {
    rf_str title, body;
    double y;
};

rf_words *rf_words_new(const char *title)
{
    rf_words *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    w->y = MARGIN;
    if (!title) return w;
    rf_str_put(&w->title, title);
    rfi_svg_text(&w->body, MARGIN, w->y + 12, "start", 0, title);
    w->y += 28;
    return w;
}

void rf_words_free(rf_words *w)
{
    if (!w) return;
    rf_str_free(&w->title);
    rf_str_free(&w->body);
    free(w);
}

static void put_ground(rf_str *out, double x, double y, double width, double share)
{
    int rgb[3];
    for (int i = 0; i < 3; i++) rgb[i] = (int)lround(255 + share * (darkest[i] - 255));
    rfi_svg_rect(out, x, y, width, BOX);
    rf_str_printf(out, " rx=\"3\" fill=\"#%02x%02x%02x\"", (unsigned)rgb[0], (unsigned)rgb[1],
                  (unsigned)rgb[2]);
}

static void put_unit(rf_str *out, double x, double y, double width, const char *unit, double weight,
                     double share)
{
    put_ground(out, x, y, width, share);
    rf_str_put(out, "><title>");
    rfi_svg_escape(out, unit);
    rf_str_put(out, ": ");
    rfi_svg_value(out, weight, 1e-4);
    rf_str_put(out, "</title></rect>\n");
    rfi_svg_text(out, x + width / 2, y + 15, "middle", 0, unit);
}

bool rf_words_add(rf_words *w, const char *heading, const char *const *unit, const double *weight,
                  size_t n)
{
    double x = MARGIN, most = 0;
    for (size_t i = 0; i < n; i++) most = fmax(most, weight[i]);
    if (heading) {
        rf_str_put(&w->body, "<g fill=\"#666\">\n");
        rfi_svg_text(&w->body, MARGIN, w->y + 12, "start", 0, heading);
        rf_str_put(&w->body, "</g>\n");
        w->y += 20;
    }
    for (size_t i = 0; i < n; i++) {
        const double width = fmax(rfi_svg_width(unit[i]), 6) + 2 * PAD;
        if (x > MARGIN && x + width > WIDTH - MARGIN) {
            x = MARGIN;
            w->y += LINE;
        }
        put_unit(&w->body, x, w->y, width, unit[i], weight[i], most > 0 ? weight[i] / most : 0);
        x += width + 1;
    }
    w->y += LINE + 14;
    return !w->body.failed;
}

void rf_words_svg(const rf_words *w, rf_str *out)
{
    rfi_svg_begin(out, WIDTH, w->y, w->title.s);
    if (w->body.n) rf_str_add(out, w->body.s, w->body.n);
    rfi_svg_end(out);
}

rf_status rf_words_write(const rf_words *w, const char *path, rf_error *err)
{
    rf_str out = {0};
    rf_words_svg(w, &out);
    rf_status st = out.failed || w->body.failed || w->title.failed
                       ? rf_fail(err, RF_ENOMEM, "%s: no memory for the picture", path)
                       : rf_file_write(path, out.s, out.n, err);
    rf_str_free(&out);
    return st;
}

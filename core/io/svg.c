/* io/svg.c -- the few elements of SVG that pictures are made of.
 *
 * Numbers are written with a fixed count of decimals: the same picture is the same bytes, in every
 * locale. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/plot.h"

void rfi_svg_number(rf_str *out, double x, int decimals)
{
    char buf[400];
    int n = snprintf(buf, sizeof buf, "%.*f", decimals, x);
    for (char *c = buf; *c; c++)
        if (*c == ',') *c = '.';
    rf_str_put(out, n > 0 && !strncmp(buf, "-0.00", (size_t)n) ? buf + 1 : buf);
}

void rfi_svg_value(rf_str *out, double value, double step)
{
    char buf[64];
    double size = fmax(fabs(value), step);
    int decimals = step > 0 && step < 1 ? (int)ceil(-log10(step) - 1e-9) : 0;
    if (size == 0 || (size < 1e6 && decimals <= 4)) {
        rfi_svg_number(out, value, decimals);
        return;
    }
    snprintf(buf, sizeof buf, "%.3g", value);
    for (char *c = buf; *c; c++)
        if (*c == ',') *c = '.';
    rf_str_put(out, buf);
}

void rfi_svg_escape(rf_str *out, const char *text)
{
    for (; *text; text++) {
        const char *entity = *text == '&'   ? "&amp;"
                             : *text == '<' ? "&lt;"
                             : *text == '>' ? "&gt;"
                             : *text == '"' ? "&quot;"
                                            : NULL;
        unsigned char c = (unsigned char)*text;
        if (entity) rf_str_put(out, entity);
        if (!entity) rf_str_add(out, c < 0x20 || c == 0x7f ? " " : text, 1);
    }
}

double rfi_svg_width(const char *text)
{
    double units = 0;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        units += c < 0x80 ? 1 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
    }
    return 6.7 * units;
}

const char *rfi_svg_colour(size_t number)
{
    static const char *const colours[RFI_COLOURS] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                     "#e69f00", "#56b4e9", "#222222"};
    return colours[number % RFI_COLOURS];
}

static void put_attribute(rf_str *out, const char *name, double x)
{
    rf_str_printf(out, " %s=\"", name);
    rfi_svg_number(out, x, 2);
    rf_str_put(out, "\"");
}

void rfi_svg_text(rf_str *out, double x, double y, const char *anchor, double turn,
                  const char *text)
{
    rf_str_put(out, "<text");
    put_attribute(out, "x", x);
    put_attribute(out, "y", y);
    rf_str_printf(out, " text-anchor=\"%s\"", anchor);
    if (turn != 0) {
        rf_str_put(out, " transform=\"rotate(");
        rfi_svg_number(out, turn, 0);
        rf_str_put(out, " ");
        rfi_svg_number(out, x, 2);
        rf_str_put(out, " ");
        rfi_svg_number(out, y, 2);
        rf_str_put(out, ")\"");
    }
    rf_str_put(out, ">");
    rfi_svg_escape(out, text);
    rf_str_put(out, "</text>\n");
}

void rfi_svg_line(rf_str *out, double x1, double y1, double x2, double y2, const char *colour)
{
    rf_str_put(out, "<line");
    put_attribute(out, "x1", x1);
    put_attribute(out, "y1", y1);
    put_attribute(out, "x2", x2);
    put_attribute(out, "y2", y2);
    rf_str_printf(out, " stroke=\"%s\"/>\n", colour);
}

void rfi_svg_begin(rf_str *out, double width, double height, const char *title)
{
    rf_str_put(out, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
    put_attribute(out, "width", width);
    put_attribute(out, "height", height);
    rf_str_put(out, " viewBox=\"0 0 ");
    rfi_svg_number(out, width, 2);
    rf_str_put(out, " ");
    rfi_svg_number(out, height, 2);
    rf_str_put(out, "\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n");
    if (title) {
        rf_str_put(out, "<title>");
        rfi_svg_escape(out, title);
        rf_str_put(out, "</title>\n");
    }
    rf_str_put(out, "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
}

void rfi_svg_end(rf_str *out) { rf_str_put(out, "</svg>\n"); }

void rfi_svg_rect(rf_str *out, double x, double y, double w, double h)
{
    const double all[] = {x, y, w, h};
    static const char *const names[] = {"x", "y", "width", "height"};
    rf_str_put(out, "<rect");
    for (int i = 0; i < 4; i++) {
        rf_str_printf(out, " %s=\"", names[i]);
        rfi_svg_number(out, all[i], 2);
        rf_str_put(out, "\"");
    }
}

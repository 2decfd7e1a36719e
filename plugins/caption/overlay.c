/* caption/overlay.c -- see overlay.h.
 *
 * The picture is embedded once.  For each word it is drawn dark, and on that bright through a mask, which
 * is the attention as a small grey picture: its largest weight is white. */
#include "overlay.h"

#include <math.h>
#include <refrain/io.h>
#include <stdio.h>

enum { SIDE = CAP_OVERLAY_SIDE, GAP = 10, MARGIN = 16, ACROSS = 6, TITLE = 24, WORD = 22 };
enum { WIDTH = 2 * MARGIN + ACROSS * SIDE + (ACROSS - 1) * GAP };
/* A mask's pixels for each place. */
enum { FINE = 8, MASK_MOST = 256 };

void cap_overlay_free(cap_overlay *o)
{
    rf_str_free(&o->body);
    rf_str_free(&o->defs);
}

static void put_base64(rf_str *out, const uint8_t *b, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        const size_t left = n - i;
        const uint32_t x = (uint32_t)b[i] << 16 | (left > 1 ? (uint32_t)b[i + 1] << 8 : 0) |
                           (left > 2 ? b[i + 2] : 0);
        const char four[] = {digits[x >> 18], digits[x >> 12 & 63],
                             left > 1 ? digits[x >> 6 & 63] : '=', left > 2 ? digits[x & 63] : '='};
        rf_str_add(out, four, sizeof four);
    }
}

/* Text between tags. */
static void put_text(rf_str *out, const char *s)
{
    for (; *s; s++) {
        if (*s == '&' || *s == '<' || *s == '>')
            rf_str_put(out, *s == '&' ? "&amp;" : *s == '<' ? "&lt;" : "&gt;");
        else if ((unsigned char)*s >= ' ')
            rf_str_add(out, s, 1);
    }
}

/* An image of SIDE x SIDE, whatever its own size. */
static rf_status put_image(rf_str *out, const char *id, const cap_image *im, rf_error *err)
{
    rf_str png = {0};
    const rf_status st = cap_png_put(im, &png, err);
    rf_str_printf(out,
                  "<image%s width=\"%d\" height=\"%d\" preserveAspectRatio=\"none\" "
                  "href=\"data:image/png;base64,",
                  id, SIDE, SIDE);
    if (!st) put_base64(out, (const uint8_t *)png.s, png.n);
    rf_str_put(out, "\"/>");
    rf_str_free(&png);
    return st;
}

rf_status cap_overlay_picture(cap_overlay *o, const cap_image *im, rf_error *err)
{
    char id[32];
    snprintf(id, sizeof id, " id=\"p%d\"", o->pictures++);
    const rf_status st = put_image(&o->defs, id, im, err);
    rf_str_put(&o->defs, "\n");
    return !st && o->defs.failed ? rf_no_memory(err) : st;
}

/* ---- Words --------------------------------------------------------------------------------------- */

static rf_status make_mask(const cap_looking *l, const rf_real *a, cap_image *fine, rf_error *err)
{
    const rf_index S = l->rows * l->columns;
    rf_real most = 0;
    cap_image coarse = {0};
    for (rf_index i = 0; i < S; i++)
        if (a[i] > most) most = a[i];
    rf_status st = cap_image_new(&coarse, (int)l->columns, (int)l->rows, err);
    for (rf_index i = 0; !st && i < 3 * S; i++)
        coarse.rgb[i] = (uint8_t)lrint(255 * (double)a[i / 3] / fmax((double)most, 1e-30));
    const int wide = (int)l->columns * FINE, high = (int)l->rows * FINE;
    if (!st)
        st = cap_image_resize(&coarse, 0, wide < MASK_MOST ? wide : MASK_MOST,
                              high < MASK_MOST ? high : MASK_MOST, fine, err);
    cap_image_free(&coarse);
    return st;
}

static void put_word(rf_str *out, const char *word, int x, int y)
{
    rf_str_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">", x + SIDE / 2, y);
    put_text(out, word);
    rf_str_put(out, "</text>\n");
}

static rf_status put_looking(cap_overlay *o, const cap_looking *l, rf_index t, int x, int y,
                             rf_error *err)
{
    cap_image mask = {0};
    const int p = o->pictures - 1, m = o->masks++;
    rf_status st = make_mask(l, l->attention + t * l->rows * l->columns, &mask, err);
    rf_str_printf(
        &o->defs,
        "<mask id=\"m%d\" maskUnits=\"userSpaceOnUse\" x=\"0\" y=\"0\" width=\"%d\" height=\"%d\">",
        m, SIDE, SIDE);
    if (!st) st = put_image(&o->defs, "", &mask, err);
    rf_str_put(&o->defs, "</mask>\n");
    cap_image_free(&mask);
    rf_str_printf(&o->body,
                  "<g transform=\"translate(%d %d)\"><use href=\"#p%d\"/>"
                  "<rect width=\"%d\" height=\"%d\" fill=\"#000\" opacity=\"0.72\"/>"
                  "<use href=\"#p%d\" mask=\"url(#m%d)\"/></g>\n",
                  x, y, p, SIDE, SIDE, p, m);
    put_word(&o->body, l->word[t], x, y + SIDE + 16);
    return st;
}

/* The picture as it is, then one for each word, ACROSS in a row. */
rf_status cap_overlay_add(cap_overlay *o, const cap_looking *l, rf_error *err)
{
    rf_status st = RF_OK;
    o->height += TITLE;
    rf_str_printf(&o->body, "<text x=\"%d\" y=\"%d\" class=\"title\">", MARGIN, o->height - 8);
    put_text(&o->body, l->title);
    rf_str_put(&o->body, "</text>\n");
    for (rf_index i = 0; i <= l->n && !st; i++) {
        const int x = MARGIN + (int)(i % ACROSS) * (SIDE + GAP);
        const int y = o->height + (int)(i / ACROSS) * (SIDE + WORD);
        if (i)
            st = put_looking(o, l, i - 1, x, y, err);
        else
            rf_str_printf(&o->body, "<use href=\"#p%d\" x=\"%d\" y=\"%d\"/>\n", o->pictures - 1, x,
                          y);
    }
    o->height += (int)((l->n + ACROSS) / ACROSS) * (SIDE + WORD) + GAP;
    return !st && (o->body.failed || o->defs.failed) ? rf_no_memory(err) : st;
}

rf_status cap_overlay_write(const cap_overlay *o, const char *path, rf_error *err)
{
    rf_str all = {0};
    const int height = o->height + MARGIN;
    rf_str_printf(&all,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                  "viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"14\">\n"
                  "<style>.title { font-size: 16px; font-weight: bold }</style>\n"
                  "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n<defs>\n",
                  WIDTH, height, WIDTH, height);
    if (o->defs.n) rf_str_add(&all, o->defs.s, o->defs.n);
    rf_str_put(&all, "</defs>\n");
    if (o->body.n) rf_str_add(&all, o->body.s, o->body.n);
    rf_str_put(&all, "</svg>\n");
    const bool whole = !all.failed && !o->body.failed && !o->defs.failed;
    const rf_status st = whole ? rf_file_write(path, all.s, all.n, err) : rf_no_memory(err);
    rf_str_free(&all);
    return st;
}

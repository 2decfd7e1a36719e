/* caption/resize.c -- a picture in another size, as Pillow makes it.  See image.h.
 *
 * Source: Pillow, src/libImaging/Resample.c: weights of a pixel that comes out are those of a
 * triangle around it, 2 scale wide (at least 2 pixels), normalised, in whole 2^-22ths: so that ties
 * are rounded as there. */
#include <math.h>
#include <stdlib.h>

#include "image.h"

enum { BITS = 22 };

/* Weights along one axis: of pixel i, weight [i,most] for the pixels from first[i] on. */
typedef struct axis {
    int n, most;
    int *first, *count;
    int32_t *weight;
} axis;

static void axis_free(axis *a)
{
    free(a->first);
    free(a->count);
    free(a->weight);
}

static double triangle(double x) { return fmax(0, 1 - fabs(x)); }

/* n pixels out of those of [from, from + length), within a picture of `whole`. */
static bool axis_make(axis *a, int n, double from, double length)
{
    const double scale = length / n, wide = scale < 1 ? 1 : scale;
    const int start = (int)from, end = (int)(from + length);
    *a = (axis){.n = n, .most = (int)ceil(wide) * 2 + 1};
    a->first = malloc((size_t)n * sizeof *a->first);
    a->count = malloc((size_t)n * sizeof *a->count);
    a->weight = malloc((size_t)n * (size_t)a->most * sizeof *a->weight);
    if (!a->first || !a->count || !a->weight) return false;
    for (int i = 0; i < n; i++) {
        const double centre = from + (i + 0.5) * scale;
        const int low = (int)(centre - wide + 0.5), high = (int)(centre + wide + 0.5);
        const int first = low < start ? start : low, last = high > end ? end : high;
        int32_t *w = a->weight + (size_t)i * (size_t)a->most;
        double sum = 0;
        a->first[i] = first, a->count[i] = last - first;
        for (int k = first; k < last; k++) sum += triangle((k - centre + 0.5) / wide);
        for (int k = first; k < last; k++)
            w[k - first] = (int32_t)(triangle((k - centre + 0.5) / wide) / sum * (1 << BITS) + 0.5);
    }
    return true;
}

/* One pixel: n pixels from `from`, `step` bytes apart. */
static void blend(const uint8_t *from, size_t step, const int32_t *w, int n, uint8_t *to)
{
    int32_t s[3] = {1 << (BITS - 1), 1 << (BITS - 1), 1 << (BITS - 1)};
    for (int k = 0; k < n; k++, from += step)
        for (int c = 0; c < 3; c++) s[c] += w[k] * from[c];
    for (int c = 0; c < 3; c++) to[c] = (uint8_t)(s[c] >> BITS > 255 ? 255 : s[c] >> BITS);
}

/* Rows first .. first+n-1 of im, narrowed or widened. */
static void along_rows(const cap_image *im, const axis *a, int first, int n, uint8_t *to)
{
    for (int y = 0; y < n; y++) {
        const uint8_t *row = im->rgb + 3 * (size_t)(first + y) * (size_t)im->width;
        for (int i = 0; i < a->n; i++, to += 3)
            blend(row + 3 * (size_t)a->first[i], 3, a->weight + (size_t)i * (size_t)a->most,
                  a->count[i], to);
    }
}

static void along_columns(const uint8_t *from, int first, const axis *a, int width, uint8_t *to)
{
    const size_t row = 3 * (size_t)width;
    for (int i = 0; i < a->n; i++)
        for (int x = 0; x < width; x++, to += 3)
            blend(from + (size_t)(a->first[i] - first) * row + 3 * (size_t)x, row,
                  a->weight + (size_t)i * (size_t)a->most, a->count[i], to);
}

rf_status cap_image_resize(const cap_image *im, double part, int width, int height, cap_image *out,
                           rf_error *err)
{
    const int shorter = im->width < im->height ? im->width : im->height;
    const int side = part > 0 ? (int)fmax(1, rint(part * shorter)) : 0;
    const int wide = side ? side : im->width, high = side ? side : im->height;
    const int left = (im->width - wide) / 2, top = (im->height - high) / 2;
    axis across = {0}, down = {0};
    uint8_t *middle = NULL;
    rf_status st = cap_image_new(out, width, height, err);
    if (!st && axis_make(&across, width, left, wide) && axis_make(&down, height, top, high))
        middle = malloc(3 * (size_t)width * (size_t)high);
    if (!st && !middle) st = rf_fail(err, RF_ENOMEM, "no memory to resize a picture");
    if (!st) {
        along_rows(im, &across, top, high, middle);
        along_columns(middle, top, &down, width, out->rgb);
    } else
        cap_image_free(out);
    axis_free(&across);
    axis_free(&down);
    free(middle);
    return st;
}

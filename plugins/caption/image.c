/* caption/image.c -- PNG, JPEG and BMP as upright RGB.  See image.h.
 *
 * stb_image decodes; what it would accept too easily is looked at before: sizes, CMYK, files that
 * end too early, tables that it would trust.  Its memory comes from the two functions below, which know the largest piece
 * that an allowed picture needs. */
#include "image.h"

#include "jpeg.h"

#include <limits.h>
#include <refrain/io.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)CAP_PIXELS_MOST * 9) /* four channels of 16 bits, and filter bytes */

static void *take(size_t n) { return n > MOST_BYTES ? NULL : malloc(n); }
static void *take_more(void *p, size_t n) { return n > MOST_BYTES ? NULL : realloc(p, n); }

#define STBI_MALLOC(n)                take(n)
#define STBI_REALLOC_SIZED(p, old, n) ((void)(old), take_more((p), (n)))
#define STBI_FREE(p)                  free(p)
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS CAP_SIDE_MOST
/* It declares functions that these choices leave out. */
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb_image.h>

/* What is known of a file before it is decoded. */
typedef struct header {
    const char *kind; /* "JPEG" */
    int width, height;
    int orientation; /* of Exif, 1: upright */
} header;

void cap_image_free(cap_image *im)
{
    free(im->rgb);
    *im = (cap_image){0};
}

rf_status cap_image_new(cap_image *im, int width, int height, rf_error *err)
{
    *im = (cap_image){width, height, calloc((size_t)width * (size_t)height, 3)};
    return im->rgb ? RF_OK
                   : rf_fail(err, RF_ENOMEM, "no memory for a picture of %d x %d", width, height);
}

/* ---- Headers ------------------------------------------------------------------------------------ */

static unsigned big(const uint8_t *b, int n)
{
    unsigned v = 0;
    while (n--) v = v << 8 | *b++;
    return v;
}

/* A number of `size` bytes in the byte order of a TIFF header. */
static unsigned tiff(const uint8_t *b, int size, bool little)
{
    unsigned v = 0;
    for (int i = 0; i < size; i++) v = v << 8 | b[little ? size - 1 - i : i];
    return v;
}

static rf_status png_header(const uint8_t *b, size_t n, const char *name, header *h, rf_error *err)
{
    if (n < 33 || memcmp(b + 12, "IHDR", 4) != 0)
        return rf_fail(err, RF_EFORMAT, "%s: a PNG that is cut off", name);
    const unsigned width = big(b + 16, 4), height = big(b + 20, 4);
    h->width = width > INT_MAX ? INT_MAX : (int)width;
    h->height = height > INT_MAX ? INT_MAX : (int)height;
    for (size_t at = 8; n - at >= 12; at += 12 + (size_t)big(b + at, 4)) {
        if (!memcmp(b + at + 4, "IDAT", 4) && !big(b + at, 4))
            return rf_fail(err, RF_EFORMAT, "%s: a damaged PNG (an empty chunk)", name);
        if (!memcmp(b + at + 4, "IDAT", 4) || big(b + at, 4) > n - at - 12) break;
    }
    return RF_OK;
}

/* Only what is not compressed; its rows may stand from top to bottom, the height being negative.
 * Source: Microsoft, BITMAPFILEHEADER and BITMAPINFOHEADER. */
static rf_status bmp_header(const uint8_t *b, size_t n, const char *name, header *h, rf_error *err)
{
    if (n < 54) return rf_fail(err, RF_EFORMAT, "%s: a BMP that is cut off", name);
    const unsigned size = tiff(b + 14, 4, true), packed = tiff(b + 30, 4, true);
    if (size < 40 || (packed != 0 && packed != 3))
        return rf_fail(err, RF_EFORMAT, "%s: a BMP of a kind that is not read", name);
    const int64_t width = (int32_t)tiff(b + 18, 4, true), height = (int32_t)tiff(b + 22, 4, true);
    const int64_t high = height < 0 ? -height : height;
    h->width = (int)width, h->height = high > INT_MAX ? INT_MAX : (int)high;
    const int64_t row = (width * tiff(b + 28, 2, true) + 31) / 32 * 4;
    if (width > 0 && width <= CAP_SIDE_MOST && high <= CAP_SIDE_MOST &&
        (int64_t)tiff(b + 10, 4, true) + row * high > (int64_t)n)
        return rf_fail(err, RF_EFORMAT, "%s: a BMP that is cut off", name);
    return RF_OK;
}

static rf_status read_header(const uint8_t *b, size_t n, const char *name, header *h, rf_error *err)
{
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    rf_status st;
    *h = (header){.orientation = 1};
    if (n > INT_MAX) return rf_fail(err, RF_EFORMAT, "%s: %zu bytes are too many", name, n);
    if (n >= 3 && b[0] == 0xff && b[1] == 0xd8 && b[2] == 0xff) {
        h->kind = "JPEG";
        cap_jpeg j;
        st = cap_jpeg_look(b, n, name, &j, err);
        h->width = j.width, h->height = j.height, h->orientation = j.orientation;
    } else if (n >= sizeof png && memcmp(b, png, sizeof png) == 0) {
        h->kind = "PNG";
        st = png_header(b, n, name, h, err);
    } else if (n >= 2 && b[0] == 'B' && b[1] == 'M') {
        h->kind = "BMP";
        st = bmp_header(b, n, name, h, err);
    } else
        return rf_fail(err, RF_EFORMAT, "%s: neither PNG nor JPEG nor BMP", name);
    if (st) return st;
    if (h->width < 1 || h->height < 1)
        return rf_fail(err, RF_EFORMAT, "%s: a picture without pixels", name);
    if (h->width > CAP_SIDE_MOST || h->height > CAP_SIDE_MOST ||
        h->height > CAP_PIXELS_MOST / h->width)
        return rf_fail(err, RF_EFORMAT,
                       "%s: %d x %d pixels, where %d a side and %d million in all are the most",
                       name, h->width, h->height, CAP_SIDE_MOST, CAP_PIXELS_MOST >> 20);
    return RF_OK;
}

/* ---- Pixels ------------------------------------------------------------------------------------- */

/* Where pixel (x, y) of the upright picture is in the stored one, w x h.
 * Source: Exif 2.3, table 4, Orientation: which side the stored row 0 and column 0 are. */
static size_t stored_at(int orientation, int x, int y, int w, int h)
{
    const bool turned = orientation >= 5;
    const bool from_right =
        orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const bool from_bottom =
        orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    int column = turned ? y : x, row = turned ? x : y;
    if (from_right) column = w - 1 - column;
    if (from_bottom) row = h - 1 - row;
    return (size_t)row * (size_t)w + (size_t)column;
}

static uint8_t over(uint8_t colour, uint8_t alpha, uint8_t behind)
{
    return (uint8_t)((colour * alpha + behind * (255 - alpha) + 127) / 255);
}

/* Upright RGB from w x h stored pixels of four channels. */
static rf_status lay_out(cap_image *im, const uint8_t *rgba, const header *h,
                         const uint8_t background[3], rf_error *err)
{
    const bool turned = h->orientation >= 5;
    rf_status st =
        cap_image_new(im, turned ? h->height : h->width, turned ? h->width : h->height, err);
    if (st) return st;
    uint8_t *to = im->rgb;
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++) {
            const uint8_t *p = rgba + 4 * stored_at(h->orientation, x, y, h->width, h->height);
            for (int c = 0; c < 3; c++) *to++ = over(p[c], p[3], background[c]);
        }
    return RF_OK;
}

rf_status cap_image_parse(cap_image *im, const void *bytes, size_t n, const char *name,
                          const uint8_t background[3], rf_error *err)
{
    header h;
    int width, height, channels;
    *im = (cap_image){0};
    rf_status st = read_header(bytes, n, name, &h, err);
    if (st) return st;
    uint8_t *rgba = stbi_load_from_memory(bytes, (int)n, &width, &height, &channels, 4);
    if (!rgba)
        return rf_fail(err, RF_EFORMAT, "%s: a damaged %s (%s)", name, h.kind,
                       stbi_failure_reason());
    if (width != h.width || height != h.height)
        st = rf_fail(err, RF_EFORMAT, "%s: says its size twice, and differently", name);
    if (!st) st = lay_out(im, rgba, &h, background, err);
    free(rgba);
    return st;
}

rf_status cap_image_read(cap_image *im, const char *path, const uint8_t background[3],
                         rf_error *err)
{
    rf_str bytes = {0};
    *im = (cap_image){0};
    rf_status st = rf_file_read(path, (size_t)1 << 30, &bytes, err);
    if (!st) st = cap_image_parse(im, bytes.s, bytes.n, path, background, err);
    rf_str_free(&bytes);
    return st;
}

rf_status cap_colour_parse(const char *text, const char *option, uint8_t rgb[3], rf_error *err)
{
    const char *hex = !strcmp(text, "white")   ? "#ffffff"
                      : !strcmp(text, "black") ? "#000000"
                                               : text;
    char *end = NULL;
    const unsigned long v = *hex == '#' && strspn(hex + 1, "0123456789abcdefABCDEF") == 6 && !hex[7]
                                ? strtoul(hex + 1, &end, 16)
                                : 0;
    if (!end)
        return rf_fail(err, RF_EINVAL, "%s: %s where white, black or #rrggbb is due", option, text);
    for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)(v >> (16 - 8 * c) & 0xff);
    return RF_OK;
}

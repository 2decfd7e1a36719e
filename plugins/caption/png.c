/* caption/png.c -- pictures as PNG: RGB, 8 bits, not interlaced.  See image.h.
 *
 * A signature, then chunks: four bytes of length, a name, data, and the CRC of name and data.  Each
 * row is the byte 1 and then the difference of each byte from the pixel to its left.
 * Source: PNG specification, second edition, W3C 2003. */
#include "image.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static void put_big(rf_str *out, size_t v)
{
    const char b[] = {(char)(v >> 24 & 0xff), (char)(v >> 16 & 0xff), (char)(v >> 8 & 0xff),
                      (char)(v & 0xff)};
    rf_str_add(out, b, sizeof b);
}

static void put_chunk(rf_str *out, const char *name, const void *data, size_t n)
{
    put_big(out, n);
    const size_t from = out->n;
    rf_str_add(out, name, 4);
    rf_str_add(out, data, n);
    if (!out->failed) put_big(out, crc32(0, (const Bytef *)out->s + from, (uInt)(n + 4)));
}

static void filter_rows(const cap_image *im, uint8_t *to)
{
    const size_t row = 3 * (size_t)im->width;
    for (int y = 0; y < im->height; y++) {
        const uint8_t *from = im->rgb + (size_t)y * row;
        *to++ = 1;
        for (size_t i = 0; i < row; i++) *to++ = (uint8_t)(from[i] - (i < 3 ? 0 : from[i - 3]));
    }
}

rf_status cap_png_put(const cap_image *im, rf_str *out, rf_error *err)
{
    const size_t n = (3 * (size_t)im->width + 1) * (size_t)im->height;
    uLongf packed = compressBound((uLong)n);
    uint8_t *rows = malloc(n), *data = malloc(packed);
    rf_str head = {0};
    put_big(&head, (size_t)im->width);
    put_big(&head, (size_t)im->height);
    rf_str_add(&head, "\x08\x02\0\0\0", 5);
    bool good = rows && data && !head.failed;
    if (good) {
        filter_rows(im, rows);
        good = compress2(data, &packed, rows, (uLong)n, 6) == Z_OK;
    }
    if (good) {
        rf_str_add(out, "\x89PNG\r\n\x1a\n", 8);
        put_chunk(out, "IHDR", head.s, head.n);
        put_chunk(out, "IDAT", data, packed);
        put_chunk(out, "IEND", "", 0);
    }
    free(rows);
    free(data);
    rf_str_free(&head);
    return good && !out->failed ? RF_OK : rf_fail(err, RF_ENOMEM, "no memory for a PNG");
}

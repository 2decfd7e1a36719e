/* caption/jpeg.c -- the segments of a JPEG, checked before it is decoded.  See jpeg.h.
 *
 * FF D8, then segments: FF, a marker, two bytes of length (these two counted), data.  Behind a scan's
 * header (DA) stand its coded bits, in which FF is followed by 00 or by a restart marker D0 .. D7;
 * FF D9 ends the picture.  stb_image 2.27 trusts that Huffman tables have at most 256 codes and are
 * defined before they are used: here is where that is made sure.
 * Source: ITU-T T.81, annex B; Exif 2.3, section 4.6. */
#include "jpeg.h"

#include <string.h>

typedef struct walk {
    const uint8_t *b;
    size_t n, at;
    const char *name;
    rf_error *err;
    cap_jpeg *out;
    bool progressive;
    bool table[2][4]; /* Huffman tables that are defined: for DC, for AC */
} walk;

static rf_status damaged(const walk *w, const char *what)
{
    return rf_fail(w->err, RF_EFORMAT, "%s: a damaged JPEG (%s)", w->name, what);
}

static unsigned big(const uint8_t *b) { return (unsigned)b[0] << 8 | b[1]; }

/* A number of `size` bytes in the byte order of a TIFF header. */
static unsigned tiff(const uint8_t *b, int size, bool little)
{
    unsigned v = 0;
    for (int i = 0; i < size; i++) v = v << 8 | b[little ? size - 1 - i : i];
    return v;
}

/* Of the data of APP1: a TIFF header, then entries of 12 bytes; 1 where it says none. */
static int exif_orientation(const uint8_t *b, size_t n)
{
    if (n < 14 || memcmp(b, "Exif\0", 6) != 0) return 1;
    b += 6, n -= 6;
    const bool little = b[0] == 'I';
    const size_t at = tiff(b + 4, 4, little);
    if (at < 8 || at > n - 2) return 1;
    const unsigned count = tiff(b + at, 2, little);
    for (unsigned i = 0; i < count && at + 2 + 12 * (i + (size_t)1) <= n; i++) {
        const uint8_t *e = b + at + 2 + 12 * (size_t)i;
        if (tiff(e, 2, little) != 0x112) continue;
        const unsigned v = tiff(e + 8, 2, little);
        return v >= 1 && v <= 8 ? (int)v : 1;
    }
    return 1;
}

static bool is_frame(unsigned marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static rf_status read_frame(walk *w, unsigned marker, const uint8_t *b, size_t n)
{
    if (n < 6) return damaged(w, "a short frame");
    w->progressive = marker == 0xc2;
    w->out->height = (int)big(b + 1), w->out->width = (int)big(b + 3);
    if (b[5] != 4) return RF_OK;
    return rf_fail(w->err, RF_EFORMAT, "%s: a JPEG in CMYK; save it as RGB", w->name);
}

/* Tables: a byte of class and number, how many codes there are of 1 .. 16 bits, as many values. */
static rf_status read_tables(walk *w, const uint8_t *b, size_t n)
{
    while (n) {
        unsigned codes = 0;
        if (n < 17 || *b >> 4 > 1 || (*b & 15) > 3) return damaged(w, "a wrong Huffman table");
        for (int i = 1; i <= 16; i++) codes += b[i];
        if (codes > 256 || codes > n - 17) return damaged(w, "a wrong Huffman table");
        w->table[*b >> 4][*b & 15] = true;
        b += 17 + codes, n -= 17 + codes;
    }
    return RF_OK;
}

/* A scan: how many components, for each its number and its tables; first coefficient, last, bits. */
static rf_status read_scan(walk *w, const uint8_t *b, size_t n)
{
    if (n < 1 || n != 4 + 2 * (size_t)b[0]) return damaged(w, "a wrong scan");
    const uint8_t *tail = b + 1 + 2 * b[0];
    const bool dc = !w->progressive || (tail[0] == 0 && tail[2] >> 4 == 0);
    const bool ac = !w->progressive || tail[0] != 0;
    for (int i = 0; i < b[0]; i++) {
        const unsigned t = b[2 + 2 * i];
        if (t >> 4 > 3 || (t & 15) > 3 || (dc && !w->table[0][t >> 4]) ||
            (ac && !w->table[1][t & 15]))
            return damaged(w, "a Huffman table is missing");
    }
    return RF_OK;
}

/* Over coded bits, to the next marker that is no restart. */
static void skip_bits(walk *w)
{
    for (; w->at + 1 < w->n; w->at++) {
        const unsigned next = w->b[w->at + 1];
        if (w->b[w->at] == 0xff && next != 0 && next != 0xff && (next < 0xd0 || next > 0xd7))
            return;
    }
    w->at = w->n;
}

static rf_status read_segment(walk *w, unsigned marker, const uint8_t *b, size_t n)
{
    if (is_frame(marker)) return read_frame(w, marker, b, n);
    if (marker == 0xc4) return read_tables(w, b, n);
    if (marker == 0xda) return read_scan(w, b, n);
    if (marker == 0xe1 && w->out->orientation == 1) w->out->orientation = exif_orientation(b, n);
    return RF_OK;
}

rf_status cap_jpeg_look(const uint8_t *b, size_t n, const char *name, cap_jpeg *out, rf_error *err)
{
    walk w = {.b = b, .n = n, .at = 2, .name = name, .err = err, .out = out};
    *out = (cap_jpeg){.orientation = 1};
    while (w.at + 2 <= n) {
        const unsigned marker = b[w.at + 1];
        if (b[w.at] != 0xff) return damaged(&w, "no marker where one is due");
        if (marker == 0xd9) return RF_OK;
        if (marker == 0xff || marker == 1 || (marker >= 0xd0 && marker <= 0xd8)) {
            w.at += marker == 0xff ? 1 : 2;
            continue;
        }
        if (w.at + 4 > n) break;
        const size_t length = big(b + w.at + 2);
        if (length < 2 || length > n - w.at - 2) break;
        const rf_status st = read_segment(&w, marker, b + w.at + 4, length - 2);
        if (st) return st;
        w.at += 2 + length;
        if (marker == 0xda) skip_bits(&w);
    }
    return rf_fail(err, RF_EFORMAT, "%s: a JPEG that is cut off", name);
}

/* caption/jpeg.h -- what a JPEG says of itself, and whether it can be trusted to a decoder. */
#ifndef CAPTION_JPEG_H
#define CAPTION_JPEG_H

#include <refrain/base.h>

typedef struct cap_jpeg {
    int width, height; /* 0: it says none */
    int orientation;   /* of Exif, 1: upright */
} cap_jpeg;

/* Walk all segments of n bytes, the first two being FF D8.  Errors: EFORMAT (cut off, CMYK, Huffman
 * tables that are wrong or missing). */
rf_status cap_jpeg_look(const uint8_t *b, size_t n, const char *name, cap_jpeg *out, rf_error *err);

#endif

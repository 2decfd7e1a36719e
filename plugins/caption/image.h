/* caption/image.h -- pictures: read from PNG, JPEG and BMP, cropped, resized, written as PNG. */
#ifndef CAPTION_IMAGE_H
#define CAPTION_IMAGE_H

#include <refrain/base.h>

/* The largest pictures that are read: pixels a side, and pixels in all. */
#define CAP_SIDE_MOST   20000
#define CAP_PIXELS_MOST (64 << 20)

typedef struct cap_image {
    int width, height;
    uint8_t *rgb; /* [height,width,3] */
} cap_image;

void cap_image_free(cap_image *im);
/* A black picture.  Errors: ENOMEM. */
rf_status cap_image_new(cap_image *im, int width, int height, rf_error *err);

/* Read a PNG (grey, palette, 16 bits, interlaced, with or without alpha) a JPEG (progressive as
 * well), or a BMP that is not compressed, of bytes: upright as its Exif orientation says, what is transparent lying on the background.
 *
 *   name        stands for the file in messages
 *   background  red, green, blue
 *
 * Sizes are looked at before anything is allocated, and no file makes it allocate more than they
 * are worth.  Errors: EFORMAT (none of them; damaged; cut off; CMYK; too large), ENOMEM. */
rf_status cap_image_parse(cap_image *im, const void *bytes, size_t n, const char *name,
                          const uint8_t background[3], rf_error *err);
/* The same of a file.  Errors: those, and those of rf_file_read. */
rf_status cap_image_read(cap_image *im, const char *path, const uint8_t background[3],
                         rf_error *err);

/* The middle square of `part` of the shorter side, 0 < part <= 1; part 0: the whole picture.  Made
 * `width` x `height` by triangles as wide as the pixels that come out, first along rows and then
 * along columns, rounding to bytes between: Pillow's resize(BILINEAR).  Errors: ENOMEM. */
rf_status cap_image_resize(const cap_image *im, double part, int width, int height, cap_image *out,
                           rf_error *err);

/* Append the picture to `out` as a PNG.  Errors: ENOMEM. */
rf_status cap_png_put(const cap_image *im, rf_str *out, rf_error *err);

/* "#rrggbb", "white" or "black" as three bytes.  Errors: EINVAL, naming `option`. */
rf_status cap_colour_parse(const char *text, const char *option, uint8_t rgb[3], rf_error *err);

#endif

/* caption/album.h -- many pictures in memory, decoded once, and batches of them as numbers.
 *
 * A picture is rows x columns x 3 bytes here, whatever its file has: 5,000 of 64 x 64 take 61 MB. */
#ifndef CAPTION_ALBUM_H
#define CAPTION_ALBUM_H

#include <refrain/tensor.h>

#include "image.h"

typedef struct cap_album {
    rf_index n;
    int rows, columns;
    uint8_t *pixel; /* [n,rows,columns,3] */
} cap_album;

typedef struct cap_album_spec {
    const char *const *path; /* [n] */
    rf_index n;
    int rows, columns;
    double crop; /* see cap_image_resize; 0: all of a picture, pressed into the size */
    uint8_t background[3];
    rf_device *device; /* whose threads decode */
    /* Told how many are done, a few at a time; what is not RF_OK ends the reading.  NULL: nobody. */
    rf_status (*watch)(void *self, double done, double total);
    void *self;
} cap_album_spec;

/* Read and resize them all.  Errors: those of cap_image_read for the first file that has one, ENOMEM,
 * what `watch` returned; the album is then empty. */
rf_status cap_album_read(cap_album *a, const cap_album_spec *spec, rf_error *err);
void cap_album_free(cap_album *a);

/* How pictures are looked at.  Each look at step `step` is another one where shift or noise are not 0;
 * it depends on seed, step and the place in the batch alone.  Nothing is ever mirrored: captions tell
 * left from right. */
typedef struct cap_view {
    bool grey;    /* all three channels are the luminance: 0.299 R + 0.587 G + 0.114 B */
    int shift;    /* moved by up to as many pixels each way, the border going on as it is */
    double noise; /* deviation of what is added to each number, -1 to 1 being black to white */
    uint64_t seed, step;
} cap_view;

/* Pictures item [B] as x [B,rows,columns,3], bytes 0 to 255 as -1 to 1; item -1: zeros. */
void cap_album_look(const cap_album *a, const cap_view *look, rf_device *d, const int32_t *item,
                    rf_index B, rf_real *x);

#endif

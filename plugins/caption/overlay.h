/* caption/overlay.h -- an SVG picture of where each word of a description looked. */
#ifndef CAPTION_OVERLAY_H
#define CAPTION_OVERLAY_H

#include "image.h"

/* Start it as {0}; in the order of addition, descriptions stand below each other. */
typedef struct cap_overlay {
    rf_str body, defs;
    int height; /* of the body so far */
    int pictures, masks;
} cap_overlay;

/* One description. */
typedef struct cap_looking {
    const char *title;
    rf_index n; /* words */
    const char *const *word;
    const rf_real *attention; /* [n,rows,columns] */
    rf_index rows, columns;
} cap_looking;

void cap_overlay_free(cap_overlay *o);
/* Add a picture, which those looks that follow are of; wide, high: how it stands there, at most
 * CAP_OVERLAY_SIDE each.  Errors: ENOMEM. */
#define CAP_OVERLAY_SIDE 132
rf_status cap_overlay_picture(cap_overlay *o, const cap_image *im, rf_error *err);
/* Errors: ENOMEM. */
rf_status cap_overlay_add(cap_overlay *o, const cap_looking *l, rf_error *err);
/* Write it, atomically.  Errors: EIO, ENOMEM. */
rf_status cap_overlay_write(const cap_overlay *o, const char *path, rf_error *err);

#endif

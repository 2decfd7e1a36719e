/* caption/pictures.h -- many pictures in memory, all of one size. */
#ifndef CAPTION_PICTURES_H
#define CAPTION_PICTURES_H

#include <refrain/plugin.h>

#include "image.h"

/* Start it as {0}. */
typedef struct cap_pictures {
    rf_index n;
    int size, planes; /* planes: red, green and blue, or grey alone */
    uint8_t *pixel;   /* [n,size,size,planes] */
    uint64_t hash;    /* of all of it */
} cap_pictures;

void cap_pictures_free(cap_pictures *p);
/* Read pictures.
 *
 *   folder      they are in; NULL: file has whole paths
 *   crop        the middle square of this part of the shorter side; 0: all, pressed into a square
 *   background  shows where they are transparent
 *   host        is told how far it is
 *
 * Errors: those of cap_image_read, the host's, ENOMEM. */
typedef struct cap_pictures_spec {
    const char *folder;
    int size;
    double crop;
    bool grey;
    uint8_t background[3];
    const rf_host *host;
} cap_pictures_spec;
rf_status cap_pictures_read(cap_pictures *p, const cap_pictures_spec *spec, const char *const *file,
                            rf_index n, rf_error *err);

#endif

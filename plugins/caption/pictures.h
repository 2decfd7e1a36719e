/* caption/pictures.h -- pictures of a folder by their names, as an album. */
#ifndef CAPTION_PICTURES_H
#define CAPTION_PICTURES_H

#include <refrain/plugin.h>

#include "album.h"

/* Start it as {0}. */
typedef struct cap_pictures {
    cap_album album;
    uint64_t hash; /* of all pixels */
} cap_pictures;

/*   folder      they are in; NULL: names are whole paths
 *   size        rows and columns
 *   crop        the middle square of this part of the shorter side; 0: all, pressed into a square
 *   background  shows where they are transparent
 *   device      whose threads decode
 *   host        is told how far it is */
typedef struct cap_pictures_spec {
    const char *folder;
    int size;
    double crop;
    uint8_t background[3];
    rf_device *device;
    const rf_host *host;
} cap_pictures_spec;

/* Read pictures file [n].  Errors: those of cap_album_read, the host's. */
rf_status cap_pictures_read(cap_pictures *p, const cap_pictures_spec *spec, const char *const *file,
                            rf_index n, rf_error *err);
void cap_pictures_free(cap_pictures *p);

#endif

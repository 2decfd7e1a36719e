/* caption/feature_file.h -- files of features, as the verb encode writes them: a row a picture. */
#ifndef CAPTION_FEATURE_FILE_H
#define CAPTION_FEATURE_FILE_H

#include <refrain/model.h>

/* Start it as {0}. */
typedef struct cap_features {
    rf_index n, width; /* rows, and numbers of one */
    rf_shape row;      /* [C], or [H,W,C] of maps */
    rf_real *x;        /* [n,width] */
    rf_map *number;    /* of a picture's name, and of what stands behind its last "/" */
} cap_features;

/* Read tensor `what` ("features" or "map") and the names of the pictures.
 * Errors: EIO; EFORMAT (the tensor is missing; other than one name a row), with the file; ENOMEM. */
rf_status cap_features_read(cap_features *f, const char *path, const char *what, rf_error *err);
void cap_features_free(cap_features *f);
/* The row of a picture by its name, or else by what stands behind its last "/"; -1: there is none. */
rf_index cap_features_find(const cap_features *f, const char *file);

#endif

/* caption/encoded.h -- what an encoder makes of many pictures, once, and kept in a file.
 *
 * The file is one of features; its metadata have a key, the hash of pictures, encoder and settings.  While
 * that is the same nothing is computed again. */
#ifndef CAPTION_ENCODED_H
#define CAPTION_ENCODED_H

#include "encoder.h"
#include "feature_file.h"
#include "pictures.h"

typedef struct cap_encoding {
    cap_encoder *encoder;
    rf_device *d;
    cap_pictures_spec pictures; /* its size and device are not looked at */
    bool pooled;                /* a vector a picture; else a map */
    const char *cache;          /* or NULL */
} cap_encoding;

/* Errors: those of cap_pictures_read, of the graph and of the file; the host's. */
rf_status cap_encode_all(const cap_encoding *e, const char *const *file, rf_index n,
                         cap_features *out, rf_error *err);

#endif

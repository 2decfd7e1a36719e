/* lab/images.h -- the inside of idx files. */
#ifndef LAB_IMAGES_H
#define LAB_IMAGES_H

#include "samples.h"

/* Elements are bytes, within what was parsed. */
typedef struct lab_idx {
    rf_index dim[4];
    const uint8_t *data;
} lab_idx;

/* Find the elements of an idx file of bytes with `rank` dimensions (at most 4), all of them at least 1.
 * Errors: EFORMAT; every size is checked against n. */
rf_status lab_idx_parse(const char *bytes, size_t n, const char *name, int rank, lab_idx *out,
                        rf_error *err);

#endif

/* caption/data.h -- what is learned from: which pictures, what is seen of them, what people say of them. */
#ifndef CAPTION_DATA_H
#define CAPTION_DATA_H

#include "caption.h"
#include "feature_file.h"
#include "pictures.h"
#include "set.h"

/* Start it as {0}. */
typedef struct cap_data {
    cap_captions captions; /* of pictures */
    cap_captions text;     /* of others, which are not seen */
    int32_t *order;        /* captions sorted by picture: those of i are order[first[i]] ... */
    rf_index *first;       /* [pictures + 1] */
    int32_t *picture;      /* numbers of pictures: those to learn from, then those held out */
    rf_index n, kept;
    int32_t *row; /* [n] what cap_sight calls them; -1 where one is blind */
    cap_features features;
    cap_pictures pixels;
    rf_str encoder; /* its name, where features came through one now */
    uint64_t hash;  /* of all of it */
} cap_data;

void cap_data_free(cap_data *d);
/* Read captions and text, and choose pictures, by the options of train.
 * Errors: EIO, EFORMAT, EINVAL, ENOMEM. */
rf_status cap_data_read(cap_data *d, const rf_training *t, rf_error *err);
/* Read what is seen of the pictures, and tell *s of it.  Errors: likewise. */
rf_status cap_data_see(cap_data *d, const rf_training *t, cap_sight *s, rf_error *err);
/* Call each() for the captions of pictures [from, to) in the languages of the options, those of one
 * picture and language one after the other. */
rf_status cap_data_each(const cap_data *d, const rf_setting *v, rf_index from, rf_index to,
                        rf_status (*each)(void *ctx, int32_t row, const cap_caption *c,
                                          rf_error *err),
                        void *ctx, rf_error *err);

#endif

/* caption/captions_read.h -- between the readers of lines and of JSON, and what they fill. */
#ifndef CAPTION_CAPTIONS_READ_H
#define CAPTION_CAPTIONS_READ_H

#include "captions.h"

typedef struct cap_reading {
    cap_captions *c;
    const char *at, *name; /* what is left of the text; the file's */
    size_t left, line;
    int language; /* of all captions; -1: of each its own */
    bool known;   /* a split file named a picture that there is */
    rf_error *err;
} cap_reading;

/* Fails: "NAME:LINE: WHAT", and 'TEXT' of n bytes unless it is NULL. */
rf_status cap_reading_fail(const cap_reading *r, const char *what, size_t n, const char *text);
/* The number of a picture, which is added where it is new.  Errors: EFORMAT (no name), ENOMEM. */
rf_status cap_reading_picture(cap_reading *r, const char *file, size_t n, rf_index *out);
/* Say where it is.  Errors: EFORMAT (it was in another), ENOMEM. */
rf_status cap_reading_split(cap_reading *r, rf_index picture, const char *split, size_t n);
/* Add a caption; language -1: by its letters.  Errors: EFORMAT (blank), ENOMEM. */
rf_status cap_reading_caption(cap_reading *r, rf_index picture, int language, const char *text,
                              size_t n);
/* The whole text, which begins with "{". */
rf_status cap_reading_json(cap_reading *r);

#endif

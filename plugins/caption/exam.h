/* caption/exam.h -- which pictures are to be described in which languages, what people said of them, and
 * what a system says.
 *
 * Everything is compared as words, apart by single blanks: see cap_words. */
#ifndef CAPTION_EXAM_H
#define CAPTION_EXAM_H

#include <refrain/plugin.h>

#include "captions.h"

/* A picture to be described in a language. */
typedef struct cap_item {
    rf_index picture;
    int language;
    size_t first, count; /* of the references */
} cap_item;

/* Start it as {0}. */
typedef struct cap_exam {
    cap_captions c;
    const char *split,
        *learn; /* pictures that are described, and learned from; NULL: all, all others */
    rf_index n;
    cap_item *item; /* [n] by language, in each in the order of the files */
    const char **reference;
    const char **words;     /* [c.n] of each caption; NULL: nobody asked */
    rf_index *start, *mine; /* picture p has captions mine[start[p]] .. mine[start[p + 1] - 1] */
    rf_arena *texts;
} cap_exam;

typedef struct cap_exam_spec {
    const rf_setting *captions;         /* a list of "[en:|zh:]FILE" */
    const char *splits;                 /* a file, or NULL */
    const char *split, *learn, *choose; /* names of splits, or NULL */
    int language;                       /* CAP_LANGUAGES: all that there are */
} cap_exam_spec;

/* Errors: those of captions; EINVAL (no captions, no such split), EFORMAT (no caption in the language). */
rf_status cap_exam_open(cap_exam *x, const cap_exam_spec *o, rf_error *err);
void cap_exam_close(cap_exam *x);
/* The words of a caption.  NULL with err: EFORMAT, ENOMEM. */
const char *cap_exam_words(cap_exam *x, rf_index caption, rf_error *err);
/* Whether a picture is learned from. */
bool cap_exam_learns(const cap_exam *x, rf_index picture);

/* What a system says: words [n] of each item, in the exam's memory. */
typedef struct cap_told {
    const char *name;
    const char **words; /* owned */
} cap_told;

/* Errors: ENOMEM. */
rf_status cap_told_begin(cap_told *t, const cap_exam *x, const char *name, rf_error *err);
void cap_told_free(cap_told *t);
/* Cut a text into words and say it of item i.  Errors: EFORMAT, ENOMEM. */
rf_status cap_told_say(cap_told *t, cap_exam *x, rf_index i, const char *text, size_t n,
                       rf_error *err);
/* Read what a system says: captions of any kind, one of each picture in each language; or lines, of items
 * in their order.  Errors: EIO, EFORMAT (not one of each), ENOMEM. */
rf_status cap_told_read(cap_told *t, cap_exam *x, const char *path, rf_error *err);

#endif

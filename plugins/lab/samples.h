/* lab/samples.h -- labelled sequences: texts, frames of numbers, images; read from files.
 *
 * A sequence is one item.  Texts become ids once there is a tokenizer; frames are rows of I numbers.
 * Labels belong to items, or to frames. */
#ifndef LAB_SAMPLES_H
#define LAB_SAMPLES_H

#include <refrain/text.h>

#include "csv.h"

enum { LAB_TEXT, LAB_FRAMES, LAB_IMAGES };  /* what is read */
enum { LAB_ROWS, LAB_COLUMNS, LAB_PIXELS }; /* one step of an image */
enum {
    LAB_SCALE_TRAINING,
    LAB_SCALE_SEQUENCE,
    LAB_SCALE_NONE
}; /* what numbers are compared with */
enum { LAB_HEADER_AUTO, LAB_HEADER_YES, LAB_HEADER_NO };

/* How files become sequences.  A column is a name or a number from 1; NULL or "": the usual one. */
typedef struct lab_reading {
    int input;      /* LAB_TEXT ... */
    bool per_frame; /* frames have labels of their own */
    int pixels;     /* LAB_ROWS ... */
    int scale;      /* LAB_SCALE_... */
    char separator; /* 0: see lab_samples_read */
    int header;
    const char *label; /* texts: "label", or the first; frames: the last */
    const char *text;  /* "text", or the last */
    const char
        *sequence; /* frames: rows that agree here are one sequence; none: files, empty lines */
    const char *ignore;    /* frames: columns that are no features, with commas between */
    const char *end;       /* frames: a row of this number alone ends a sequence */
    const char *counts;    /* frames: sequences of class 1, of class 2 ... in order, "31,35,88" */
    bool unlabelled;       /* labels may be missing: they are not used */
    bool plain;            /* texts: lines as they are */
    const rf_vocab *known; /* labels that may occur; NULL: any */
    rf_index features;     /* how many are due; 0: any */
} lab_reading;

typedef struct lab_item {
    rf_index start; /* of its units in ids, or frames in x */
    int32_t length; /* units or frames */
    int32_t label;  /* -1: none, or frames have them */
    uint32_t group; /* number of the file it was read from */
    size_t text, bytes;
} lab_item;

typedef struct lab_samples {
    bool is_text, per_frame;
    lab_item *item;
    rf_index n, cap; /* items */
    rf_str text;     /* of all items, one after the other */
    rf_ids ids;      /* units, after lab_samples_encode */
    rf_real *x;      /* [total,I] */
    rf_index I, total, x_cap;
    rf_ids labels;     /* [total], where frames have labels */
    rf_vocab *classes; /* in natural order, once reading is done */
    uint32_t groups;
    rf_str where; /* what a failure points at */
} lab_samples;

/* Read files, "-" being standard input; gzip is unpacked.
 *
 * Texts: a table with a column of labels and one of texts.  Separator 0: comma for *.csv, tab where the
 * first line has one, else a line's first word is the label.
 * Frames: a table of numbers, a row a frame.  Separator 0: the one the first line has, or blanks.
 * An empty line ends a sequence, and so does the end of a file.
 * Headers, LAB_HEADER_AUTO: the first row is one if a column is asked for by a name that it has, or if
 * it has a usual name (texts) or no number (frames).
 *
 * Errors, with where set: EFORMAT "a.csv:3:14: ..." (ragged rows; no number; labels not known), EIO. */
rf_status lab_samples_read(lab_samples *s, const lab_reading *how, const char *const *path,
                           size_t paths, rf_error *err);
/* One file's text, which must be UTF-8 and is changed; s->classes must be there. */
rf_status lab_samples_parse(lab_samples *s, const lab_reading *how, rf_str *text, const char *name,
                            rf_error *err);
/* Images and their labels in files of MNIST's format (idx).  labels NULL: none.
 * Errors: EFORMAT (no idx file of bytes; sizes that do not fit), EIO. */
rf_status lab_samples_images(lab_samples *s, const lab_reading *how, const char *images,
                             const char *labels, rf_error *err);
void lab_samples_free(lab_samples *s);

/* Learn units from some of the texts.  NULL with err. */
rf_tokenizer *lab_samples_tokens(const lab_samples *s, const int32_t *which, rf_index n,
                                 const rf_tokenizer_options *o, rf_error *err);
/* All texts to ids, each cut at `longest` units (0: not).  An empty one becomes the unknown unit. */
rf_status lab_samples_encode(lab_samples *s, rf_tokenizer *tokens, rf_index longest, rf_error *err);
/* Bring the frames of each sequence to mean 0 and deviation 1. */
void lab_samples_standardise(lab_samples *s);
/* 1 / deviation from n numbers' sum and sum of squares, 1 where they hardly differ; and the mean. */
rf_real lab_scale(double sum, double squares, double n, double *mean);
/* A number by which the same data are recognised. */
uint64_t lab_samples_hash(const lab_samples *s);

/* For a network, which has labels of its own.  NULL with err. */
rf_vocab *lab_vocab_copy(const rf_vocab *v, rf_error *err);

/* For readers: begin an item; add a frame.  False: no memory. */
lab_item *lab_samples_add(lab_samples *s);
rf_real *lab_samples_frame(lab_samples *s);
/* Labels in natural order: numbers by size, else by bytes. */
rf_status lab_samples_sort(lab_samples *s, const rf_vocab *known, rf_error *err);

#endif

/* pos/raw.h -- raw text, cut into sentences and, for a tagger of words, into words. */
#ifndef POS_RAW_H
#define POS_RAW_H

#include "batch.h"

typedef struct pos_raw {
    const char *s; /* a line or paragraph, n bytes: set by the caller */
    size_t n;
    bool words;          /* words are cut, too; else a sentence goes in as characters */
    size_t at, from, to; /* bytes read so far; the sentence */
} pos_raw;

/* The next sentence: bytes from .. to - 1, which is not empty.  False: no more. */
bool pos_raw_next(pos_raw *r);
/* Open a sentence of a batch and put this one into it.  False: no memory. */
bool pos_raw_add(pos_raw *r, pos_batch *b);
void pos_raw_free(pos_raw *r);

#endif

/* pos/raw.h -- raw text, cut into sentences and, for a tagger of words, into words. */
#ifndef POS_RAW_H
#define POS_RAW_H

#include <refrain/segment.h>

#include "batch.h"

/* Start it as {0}; it may be opened again and again. */
typedef struct pos_raw {
    const char *s; /* a line or a paragraph */
    bool words;    /* words go into a batch, else characters do */
    rf_segments split;
    size_t at, next; /* words of the split: the sentence is at .. next - 1 */
} pos_raw;

/* Cut a text, which lives as long.  Errors: EFORMAT (not UTF-8), ENOMEM. */
rf_status pos_raw_open(pos_raw *r, const char *s, size_t n, bool words, rf_error *err);
void pos_raw_free(pos_raw *r);
/* The next sentence, into a sentence of a batch that is opened for it; its text, which lives until
 * pos_batch_clear, into *text.  1: there is one; 0: no more; RF_ENOMEM. */
int pos_raw_next(pos_raw *r, pos_batch *b, const char **text);

#endif

/* translate/memory.h -- a translation memory: sentences that were translated before, and the one most
 * like a new sentence. */
#ifndef TRANSLATE_MEMORY_H
#define TRANSLATE_MEMORY_H

#include "parallel.h"

typedef struct tr_memory tr_memory;

/* Takes over `text`, whatever comes of it, and leaves it empty; words are those of a language, small and capital letters alike.
 * Errors: ENOMEM. */
tr_memory *tr_memory_new(tr_parallel *text, int language, rf_error *err);
void tr_memory_free(tr_memory *m);

/* What is remembered of one sentence; texts belong to the memory. */
typedef struct tr_remembered {
    const char *source, *target; /* NULL: nothing has a word in common */
    double cosine;               /* of TF-IDF vectors, see nearest.h; 1: the same words */
} tr_remembered;

/* Errors: ENOMEM. */
rf_status tr_memory_find(tr_memory *m, const char *line, size_t n, tr_remembered *out,
                         rf_error *err);

#endif

/* translate/memory.h -- a translation memory: sentences that were translated before, and the one most
 * like a new sentence. */
#ifndef TRANSLATE_MEMORY_H
#define TRANSLATE_MEMORY_H

#include "units.h"

typedef struct tr_memory tr_memory;

/* Takes over `text`, whatever comes of it, and leaves it empty; words are those of a language, small and capital letters alike.
 * *out is to be freed in any case.  Errors: ENOMEM, what tell returns. */
rf_status tr_memory_open(tr_memory **out, tr_parallel *text, int language, tr_tell *tell, void *ctx,
                         rf_error *err);
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

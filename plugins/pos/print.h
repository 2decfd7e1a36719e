/* pos/print.h -- tagged sentences as text and as tables. */
#ifndef POS_PRINT_H
#define POS_PRINT_H

#include <refrain/conllu.h>

#include "batch.h"
#include "pos.h"

/* A sentence that waits for its answer. */
typedef struct pos_waiting {
    rf_index number;     /* in the batch; -1: it has no units */
    const char *text;    /* as it was written, or NULL */
    rf_sentence *conllu; /* a copy, or NULL */
    bool opens;          /* begins a paragraph */
} pos_waiting;

typedef struct pos_printer {
    const rf_host *host;
    pos_batch *b;
    int style, column;
    bool nbest;
    int64_t item; /* sentences printed so far */
    rf_str out;
} pos_printer;

/* A copy that lives until pos_batch_clear.  NULL: no memory. */
rf_sentence *pos_sentence_copy(pos_batch *b, const rf_sentence *s);
/* Send a sentence.  Errors: ENOMEM, what the host says. */
rf_status pos_print(pos_printer *p, const pos_waiting *w, rf_error *err);

#endif

/* pos/batch.h -- sentences that are tagged together, and what was told of them.
 *
 *     pos_batch_open, _word, _text, _close  sentences join, numbered from 0
 *     pos_batch_run                         all are tagged
 *     pos_batch_told                        the words of each
 *     pos_batch_clear                       the next ones */
#ifndef POS_BATCH_H
#define POS_BATCH_H

#include "answer.h"

typedef struct pos_batch {
    /* Set by the caller. */
    rf_graph *g;
    const pos_tagger *m;
    const pos_lexicon *lexicon; /* or NULL */
    rf_index B, best;           /* side by side; answers to each sentence */
    bool probable;
    rf_status (*tell)(void *ctx, double done, double total); /* or NULL */
    void *ctx;

    rf_arena *texts;
    pos_units one, all; /* a sentence in the making; all */
    pos_set set;
    int32_t *label;  /* of sentence i answer k: label + best * set.start[i] + k * set.lengths[i] */
    double *p;       /* [units] */
    double *logp;    /* [n, best] */
    rf_index *found; /* [n] */
} pos_batch;

/* After the caller's part is set.  Errors: ENOMEM. */
rf_status pos_batch_begin(pos_batch *b, rf_error *err);
void pos_batch_end(pos_batch *b);
void pos_batch_clear(pos_batch *b);

/* Memory that lives until pos_batch_clear; NULL: none. */
char *pos_batch_keep(pos_batch *b, const char *s, size_t n);

/* Begin a sentence; add given words, or raw text, which live until pos_batch_clear; end it: its number,
 * or -1 if nothing is in it.  False: no memory.  Errors: ENOMEM. */
void pos_batch_open(pos_batch *b);
bool pos_batch_word(pos_batch *b, const char *s, size_t n, bool glued);
bool pos_batch_text(pos_batch *b, const char *s, size_t n);
rf_status pos_batch_close(pos_batch *b, rf_index *number, rf_error *err);

/* Tag all.  Errors: those of pos_walk_run. */
rf_status pos_batch_run(pos_batch *b, rf_error *err);

/* A word of answer k to sentence i. */
typedef struct pos_told {
    const char *form;
    size_t n;
    const char *tag;
    double p; /* of its least sure label; NaN unless `probable`, and for all but the best answer */
    bool glued, inside; /* as of pos_unit */
    int32_t next;       /* unit where the next word begins */
} pos_told;
/* The word that begins at unit `from`; false: there is none. */
bool pos_batch_told(const pos_batch *b, rf_index i, rf_index k, int32_t from, pos_told *out);

#endif

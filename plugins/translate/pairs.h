/* translate/pairs.h -- pairs of lines as tokens, and batches of them.
 *
 * A source is its ids and TR_EOS.  With copying, a source token that the target's vocabulary lacks has
 * a number of its own from its size on, in each sentence from the first. */
#ifndef TRANSLATE_PAIRS_H
#define TRANSLATE_PAIRS_H

#include <refrain/seq2seq.h>

#include "units.h"

/* How lines become tokens. */
typedef struct tr_lexis {
    tr_units *side[2]; /* owned */
    rf_map *target;    /* with copying: pieces of the target's vocabulary -> id; else NULL */
} tr_lexis;

/* Once both sides are there.  Errors: ENOMEM. */
rf_status tr_lexis_copy(tr_lexis *x, rf_error *err);
void tr_lexis_free(tr_lexis *x);

/* Start it as {0}. */
typedef struct tr_set {
    rf_index n, cap;
    rf_index *start[2];  /* [n] where a side's tokens begin */
    int32_t *lengths[2]; /* [n] of a side, ends included */
    rf_ids token[2];
    rf_ids copies; /* along token[0], with copying */
} tr_set;

void tr_set_free(tr_set *s);
void tr_set_clear(tr_set *s);
/* Add a pair; target NULL: none.  *pieces: NULL, or where those of the source are added.
 * Errors: ENOMEM. */
rf_status tr_set_add(tr_set *s, const tr_lexis *x, const char *source, size_t n, const char *target,
                     size_t m, tr_text *pieces, rf_error *err);
/* Lines `which` [n] (NULL: all) of both sides.  longest 0: whatever they have.  Errors: ENOMEM. */
rf_status tr_set_lines(tr_set *s, const tr_lexis *x, const tr_parallel *p, const int32_t *which,
                       rf_index n, int32_t longest, rf_error *err);

/* Pairs item [B] side by side, in the graph's memory; those without targets have T 0.  False: no
 * memory, and the graph is poisoned. */
bool tr_set_batch(rf_graph *g, const tr_set *s, const int32_t *item, rf_index B,
                  rf_seq2seq_batch *out);

#endif

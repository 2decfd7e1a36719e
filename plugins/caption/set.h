/* caption/set.h -- captions as tokens, each of a picture, and batches of them.
 *
 * Batches are drawn by groups: those captions that share what is costly to see are in one. */
#ifndef CAPTION_SET_H
#define CAPTION_SET_H

#include <refrain/seq2seq.h>

#include "lexis.h"
#include "sight.h"

/* Start it as {0}. */
typedef struct cap_set {
    rf_index n, cap;   /* captions */
    int32_t *row;      /* [n] picture, as cap_sight counts them; -1: of none */
    int32_t *language; /* [n] */
    rf_index *start;   /* [n] where its tokens begin, CAP_END being the last */
    int32_t *length;   /* [n] */
    rf_ids token;
    rf_index groups;
    rf_index *first;  /* [groups] its first caption */
    int32_t *count;   /* [groups] captions */
    int32_t *longest; /* [groups] tokens */
} cap_set;

void cap_set_free(cap_set *s);
/* Add a caption.  Errors: EFORMAT (not UTF-8), ENOMEM. */
rf_status cap_set_add(cap_set *s, const rf_vocab *x, int32_t row, int language, const char *text,
                      rf_error *err);
/* The same of n tokens, CAP_END not being among them. */
rf_status cap_set_add_tokens(cap_set *s, int32_t row, int language, const int32_t *token, size_t n,
                             rf_error *err);
/* Take the last one back. */
void cap_set_drop(cap_set *s);
/* When all are there: a group of each caption, or, together, of captions in a row of the same picture.
 * Errors: ENOMEM. */
rf_status cap_set_group(cap_set *s, bool together, rf_error *err);

/* Groups item [G] side by side, in the graph's memory.  False: no memory, and the graph is poisoned. */
bool cap_set_batch(rf_graph *g, const cap_set *s, const cap_sight *sight, const int32_t *item,
                   rf_index G, rf_seq2seq_batch *out);
/* Captions of pictures row [P] that have no tokens yet: T 0, one of each picture. */
bool cap_set_begin(rf_graph *g, const cap_sight *sight, const int32_t *row, rf_index P,
                   rf_seq2seq_batch *out);

#endif

/* pos/vectors.h -- vectors learned elsewhere: the text format of word2vec.
 *
 * A line with how many there are and how long, then a line each: a text, and the numbers behind blanks. */
#ifndef POS_VECTORS_H
#define POS_VECTORS_H

#include "tagger.h"

typedef struct pos_vectors {
    rf_vocab
        *of[POS_TABLES];     /* texts for the tables unit and pair, as keys.h folds them; or NULL */
    rf_real *at[POS_TABLES]; /* [rows, size] */
    rf_index size;
} pos_vectors;

/* Read vectors of words (task POS_TAGS), or of characters and of pairs (POS_WORDS); longer texts are
 * passed over, and of those that fold to one the first counts.  Errors: EFORMAT, naming file and line;
 * EIO; ENOMEM. */
rf_status pos_vectors_read(pos_vectors *x, const char *path, int task, rf_error *err);
void pos_vectors_free(pos_vectors *x);
/* Put them into a tagger's tables; *set of them.  Errors: EINVAL (another size than the table's). */
rf_status pos_vectors_use(const pos_vectors *x, pos_tagger *m, int64_t *set, rf_error *err);

#endif

/* pos/align.h -- words of one text, as it was written and as it was told, side by side. */
#ifndef POS_ALIGN_H
#define POS_ALIGN_H

#include <refrain/segment.h>

#include "corpus.h"

/* For each word of `right` the same one of `told`, or -1: to [right->words]; and how many sentences are
 * the same.  By rf_division_compare.  Errors: EFORMAT (other texts), ENOMEM. */
rf_status pos_align(const pos_corpus *right, const pos_corpus *told, rf_index *to,
                    rf_division_score *sentences, rf_error *err);

#endif

/* pos/score.h -- how well words and tags were told.
 *
 *     accuracy of tags      of the words that were found, those with the right tag
 *     F1 of words           of words that are the same: twice as many / (told + there are)
 *     F1 of tags            of those with the right tag besides
 *
 * With given words the three are one number. */
#ifndef POS_SCORE_H
#define POS_SCORE_H

#include <refrain/confusion.h>

#include "align.h"

typedef struct pos_score {
    const rf_vocab *tags;
    rf_confusion confusion;            /* of tags */
    int64_t words, told, found, right; /* there are; told; found; found and with the right tag */
    int64_t unknown, unknown_found,
        unknown_right;        /* of those, of words that were never seen in training */
    int64_t sentences, whole; /* there are; in which all words and tags are right */
    double sentence_f1;
} pos_score;

/* Compare a corpus with what was told of the same text.
 *   seen  words of the training, as keys.h folds them; those that it lacks are unknown; NULL: not known
 * Numbers of tags must be those of right->tags in both.  Errors: EFORMAT (other texts), ENOMEM. */
rf_status pos_score_make(pos_score *s, const pos_corpus *right, const pos_corpus *told,
                         const rf_vocab *seen, rf_error *err);
void pos_score_free(pos_score *s);

/* 2 n / (a + b), or NaN. */
double pos_f1(int64_t n, int64_t a, int64_t b);

/* Metrics "OF name value", a record "tag" for each tag, and with `confusion` a record for each pair.
 *   found  words were not given: report those, too */
rf_status pos_score_emit(const pos_score *s, const rf_host *h, const char *of, bool found,
                         bool sentences, bool confusion);

#endif

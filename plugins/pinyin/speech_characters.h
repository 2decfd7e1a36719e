/* pinyin/speech_characters.h -- from what was heard to characters: the verb decode's search on each of the
 * syllables that could have been said. */
#ifndef PINYIN_SPEECH_CHARACTERS_H
#define PINYIN_SPEECH_CHARACTERS_H

#include <refrain/decode.h>

#include "decode.h"
#include "speech_units.h"

typedef struct speech_characters {
    py_model *m;
    py_decoder *d;
    double weight; /* of ln p(characters) beside the score of what was heard */
} speech_characters;

/* A model that the verb train wrote.  Close it in either case.  Errors: EIO, EFORMAT, ENOMEM. */
rf_status speech_characters_open(speech_characters *c, const char *path, rf_device *d,
                                 double weight, rf_error *err);
void speech_characters_close(speech_characters *c);

/* The characters of n units, and ln p of them; none: -INFINITY.  Errors: ENOMEM. */
rf_status speech_characters_of(speech_characters *c, const speech_units *u, const int32_t *unit,
                               rf_index n, rf_str *out, double *score, rf_error *err);
/* Order hypotheses by both scores, the best first; `score` becomes their sum.  Errors: ENOMEM. */
rf_status speech_characters_rank(speech_characters *c, const speech_units *u, rf_hypotheses *h,
                                 rf_error *err);

#endif

/* pos/units.h -- one sentence as a network reads it: words, or characters.
 *
 * A unit points into text that others own. */
#ifndef POS_UNITS_H
#define POS_UNITS_H

#include "corpus.h"
#include "labels.h"

typedef struct pos_unit {
    const char *s;
    uint32_t n;     /* bytes */
    int32_t label;  /* that is right; -1: not known */
    int32_t choice; /* number of a set of tags that are possible; -1: all are */
    uint8_t limit;  /* places that are possible */
    bool glued;     /* no blank follows */
    bool inside;    /* a word within the token of the word before */
} pos_unit;

typedef struct pos_units {
    pos_unit *at;
    int32_t n, cap;
} pos_units;

void pos_units_free(pos_units *u);
/* Append a word: a unit, or one for each of its characters that is no blank.
 *   tag    its number, or -1
 *   fixed  the word is given: its characters stay together
 * False: no memory. */
bool pos_units_word(pos_units *u, int task, const char *s, size_t n, int32_t tag, bool fixed);
/* Append the characters of raw text, whose blanks end words.  False: no memory. */
bool pos_units_text(pos_units *u, const char *s, size_t n);
/* Begin anew with sentence i of a corpus.  False: no memory. */
bool pos_units_sentence(pos_units *u, int task, const pos_corpus *c, rf_index i, bool fixed);
/* What the ends of a sentence imply; once all is there. */
void pos_units_close(pos_units *u, int task);

#endif

/* pos/labels.h -- what the network tells of a unit.
 *
 * A unit is a word, and its label a tag; or it is a character, and its label a tag together with the
 * character's place in the word that has the tag:
 *
 *     我  在  华   联   购   物          B begins a word, I is inside, E ends it, S is a word alone
 *     S-r S-p B-nt E-nt B-v  E-v
 *
 * Label l of a character is place l % 4 of tag l / 4. */
#ifndef POS_LABELS_H
#define POS_LABELS_H

#include <refrain/base.h>

enum { POS_TAGS, POS_WORDS };                    /* tasks: units are words, or characters */
enum { POS_B, POS_I, POS_E, POS_S, POS_PLACES }; /* places */
/* Sets of places: all; those where a word begins; those where one ends. */
enum {
    POS_ANY = (1 << POS_PLACES) - 1,
    POS_BEGINS = 1 << POS_B | 1 << POS_S,
    POS_ENDS = 1 << POS_E | 1 << POS_S
};

/* Labels of n tags. */
int32_t pos_labels(int task, int32_t tags);
int32_t pos_label_tag(int task, int32_t label);
/* Of words: each is a whole one. */
int pos_label_place(int task, int32_t label);
/* The label of character k of n with a tag; of a word it is the tag. */
int32_t pos_label_of(int task, int32_t tag, int32_t k, int32_t n);
/* Whether label b may follow label a. */
bool pos_label_follows(int task, int32_t a, int32_t b);
/* The place of character k of n. */
int pos_place(int32_t k, int32_t n);

#endif

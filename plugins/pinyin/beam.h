/* pinyin/beam.h -- what the parts of the decoder share: words of a node, strings, hypotheses. */
#ifndef PINYIN_BEAM_H
#define PINYIN_BEAM_H

#include "decode.h"

/* A word that may begin at a node, or text that passes. */
typedef struct py_wedge {
    int32_t word; /* -1: passes */
    int32_t from;
    uint32_t stop; /* in py_words.stop: the node after each character */
    uint8_t length;
    float cost;
    int32_t first; /* which of py_words.opening its first character is */
} py_wedge;

/* All words of one input, grown node by node. */
typedef struct py_words {
    py_wedge *at;
    size_t n, cap;
    int32_t *stop;
    size_t stops, stop_cap;
    int32_t *opening; /* different first tokens of this node's words */
    size_t openings, opening_cap;
    bool failed;
} py_words;

/* Add the words that begin at a node: *from of them on.  `all`: without limits of their number. */
void py_words_begin(py_words *w, const py_model *m, const py_input *in, int32_t node, bool all);
void py_words_free(py_words *w);

/* A string of characters: one node of a tree, shared by all hypotheses that say the same. */
typedef struct py_string {
    int32_t parent; /* -1: the root */
    int32_t token;
    uint32_t what; /* which word or passing text, where the token does not tell */
    int32_t depth; /* characters */
    py_context context;
    float *after; /* of the network; NULL: not computed */
} py_string;

typedef struct py_strings {
    py_string *at;
    int32_t n, cap;
    int32_t *slot; /* a hash table of parent, token, what */
    size_t slots;
    bool failed;
} py_strings;

/* The string that goes on with a token; -1: no memory. */
int32_t py_strings_next(py_strings *s, const py_ngram *m, int32_t parent, int32_t token,
                        uint32_t what);
/* Forget all but the root. */
void py_strings_clear(py_strings *s, const py_ngram *m);
void py_strings_free(py_strings *s);

#endif

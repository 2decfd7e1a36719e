/* pinyin/input.h -- what was typed, as a graph: nodes between letters, edges that are syllables.
 *
 * Full pinyin with blanks or without, apostrophes, tones as digits or marks, v or ü.  Without
 * blanks every way to split the letters is in the graph.  Letters that are no whole syllables are
 * initials or beginnings of syllables, if that is asked for; all else passes through as it is:
 * punctuation, numbers, characters, words with capitals. */
#ifndef PINYIN_INPUT_H
#define PINYIN_INPUT_H

#include "syllable.h"

typedef struct py_typing {
    uint32_t fuzzy; /* groups, see py_fuzzy_parse */
    bool initials;  /* accept beginnings of syllables */
    bool correct;   /* accept misspellings */
    bool tones;     /* heed tones */
} py_typing;

/* A syllable, or text that passes through. */
typedef struct py_edge {
    int32_t to;
    int16_t base; /* -1: text as it is */
    uint8_t tone; /* 0: any */
    float cost;   /* nats; of sounds that differ, of corrections, of what is left out */
} py_edge;

typedef struct py_input {
    int32_t n;      /* nodes are 0 .. n; n is the end */
    int32_t *first; /* [n+2] edges of node i: first[i] to first[i+1] */
    py_edge *edge;
    uint32_t *from, *until; /* [n] bytes of unit i, between nodes i and i+1, in text */
    char *text;
} py_input;

/* Every node is on a path from 0 to n, or has no edges.  Any valid UTF-8 has an answer.  Free it
 * even then.  Errors: ENOMEM. */
rf_status py_input_parse(py_input *in, const char *text, size_t n, const py_typing *how,
                         rf_error *err);
void py_input_free(py_input *in);

#endif

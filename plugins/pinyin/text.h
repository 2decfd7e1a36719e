/* pinyin/text.h -- plain text as tokens of characters and of words, and texts that must not be
 * learned.
 *
 * Characters of Chinese are tokens of their own; a stretch of letters or digits is one, <lat>; all
 * other signs, and line ends, part what stands before from what follows (PY_END).  Blanks are
 * nothing. */
#ifndef PINYIN_TEXT_H
#define PINYIN_TEXT_H

#include "lexicon.h"
#include "ngram.h"

#define PY_LATIN PY_FIRST /* of characters */

/* Characters of the text by frequency, at most `most` (0: all), seen at least `least` times; before
 * them the tokens that are none.  NULL with err: ENOMEM. */
rf_vocab *py_chars_learn(const char *text, size_t n, int64_t least, int32_t most, rf_error *err);
/* Whether a vocabulary begins as those do. */
bool py_chars_good(const rf_vocab *v);

/* Append the tokens of characters.  Begins with PY_END, and ends with it. */
void py_text_chars(const rf_vocab *chars, const char *text, size_t n, rf_ids *out);

/* Splits Chinese into the words of a lexicon by their frequency. */
typedef struct py_splitter {
    const py_lexicon *x;
    float *best;   /* [cap] by character */
    int32_t *word; /* that ends there; -1: a character that is no word */
    uint32_t *at;  /* bytes before each character */
    size_t cap;
} py_splitter;
void py_splitter_free(py_splitter *s);
/* A stretch of characters: words into out, -1 - (index of the character) for one that is none. 
 * False: no memory. */
bool py_split(py_splitter *s, const char *text, size_t n, rf_ids *out);
/* As py_text_chars, in words: PY_FIRST + word; Latin and what is no word are PY_UNKNOWN. */
bool py_text_words(py_splitter *s, const char *text, size_t n, rf_ids *out);

/* Chinese stretches of a text one by one: at text + *from of *n bytes; false: no more.  Begin with
 * *from = *n = 0. */
bool py_stretch_next(const char *text, size_t bytes, size_t *from, size_t *n);

/* Sentences that may not be in a training text, compared by their Chinese characters alone. 
 * Sentences of less than 6 are common speech and are not looked for. */
typedef struct py_bans py_bans;
py_bans *py_bans_new(void);
void py_bans_free(py_bans *b);
/* Every line of a file is a sentence, whatever else stands in it.  Errors: those of
 * rf_text_read. */
rf_status py_bans_read(py_bans *b, const char *path, rf_error *err);
size_t py_bans_count(const py_bans *b);
/* Whether a line has one of them in it. */
bool py_bans_hit(py_bans *b, const char *line, size_t n);

#endif

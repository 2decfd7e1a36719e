/* translate/words.h -- text to words and back, by the language; and capitals.
 *
 * Words stand apart by single blanks. */
#ifndef TRANSLATE_WORDS_H
#define TRANSLATE_WORDS_H

#include <refrain/metric_text.h>

#include "units.h"

/* Append a line's words.  glue: in Chinese, characters side by side are one word. */
void tr_words_split(int language, bool glue, const char *line, size_t n, rf_str *out);
/* Append words as they are written: the opposite, up to the number of blanks and what quotes hide. */
void tr_words_join(int language, const char *words, size_t n, rf_str *out);
/* The next word of *at .. end, which moves behind it.  False: no more. */
bool tr_word_next(const char **at, const char *end, const char **word, size_t *n);

/* How a metric tells a language's words. */
rf_text_tokens tr_words_tokens(int language);

/* Append in small letters. */
void tr_lower(const char *s, size_t n, rf_str *out);

/* The form that each word most often has where no sentence begins: "the", "Paris".
 * Source: Koehn et al., Moses, scripts/recaser/train-truecaser.perl. */
typedef struct tr_forms {
    rf_vocab *form;  /* "Paris" */
    rf_vocab *small; /* [as many]: "paris" */
} tr_forms;

void tr_forms_free(tr_forms *f);
/* Learn from lines of words.  False: no memory. */
bool tr_forms_learn(tr_forms *f, const tr_text *lines);
/* False: no memory, or a form twice.  `list` is taken over. */
bool tr_forms_take(tr_forms *f, rf_vocab *list);
/* Append words with the first of each sentence in its form, and the opposite: with a capital. */
void tr_forms_apply(const tr_forms *f, const char *words, size_t n, rf_str *out);
void tr_forms_undo(const char *words, size_t n, rf_str *out);

#endif

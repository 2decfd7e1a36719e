/* pinyin/source.h -- lexica as files, of three kinds that are told by their lines:
 *
 *     U+4E00: yī,yí  # 一        characters, the usual reading first
 *     银行: yín háng             phrases, a syllable a character; "#" begins a remark
 *     银行 8350 n                words and how often they were counted
 *
 * Later files add readings, and never take the first place from earlier ones. */
#ifndef PINYIN_SOURCE_H
#define PINYIN_SOURCE_H

#include "lexicon.h"

typedef struct py_source py_source;

py_source *py_source_new(void); /* NULL: no memory */
void py_source_free(py_source *s);
/* Lines with other than Chinese characters, with unheard-of syllables, or with another number of
 * them are left out and counted.  Errors: EFORMAT "FILE:3: ..." (a line of no kind), EIO,
 * ENOMEM. */
rf_status py_source_read(py_source *s, const char *path, rf_error *err);
rf_status py_source_parse(py_source *s, const char *text, size_t n, const char *name,
                          rf_error *err);
size_t py_source_left_out(const py_source *s);
/* Whether a file says how this word is read, other than by its parts. */
bool py_source_reads(const py_source *s, const char *word, size_t n);

/* The lexicon of at most `words` words, the most frequent ones, and the characters among `chars` or
 * in these words.  Errors: EFORMAT (it has no character), ENOMEM. */
rf_status py_source_build(const py_source *s, int32_t words, const rf_vocab *chars, py_lexicon *out,
                          rf_error *err);

/* A Chinese character. */
bool py_is_hanzi(int32_t code);

#endif

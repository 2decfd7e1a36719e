/* pos/keys.h -- what a network sees of a word or a character: texts by which rows are looked up.
 *
 * Full-width letters, digits and signs are taken as plain ones, small and capital letters as one, and
 * all digits as one, except where said. */
#ifndef POS_KEYS_H
#define POS_KEYS_H

#include <refrain/text.h>

/* Append the word so. */
void pos_key_word(const char *s, size_t n, rf_str *out);
/* Append its first or its last k characters so, behind or before a mark of which end it is; a shorter
 * word gives the mark alone. */
void pos_key_prefix(const char *s, size_t n, int k, rf_str *out);
void pos_key_suffix(const char *s, size_t n, int k, rf_str *out);
/* Append its shape: a letter for each run of X capitals, x small letters, d digits, h ideographs and
 * letters without a case, p punctuation, s other signs; eight at most. */
void pos_key_shape(const char *s, size_t n, rf_str *out);
/* Append one character in full width or not, else as it is. */
void pos_key_letter(const char *s, size_t n, rf_str *out);
/* Whether the code point is white space, of any width. */
bool pos_is_blank(int32_t code);

#endif

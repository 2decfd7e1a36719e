/* caption/lexis.h -- the words of captions as numbers: one vocabulary for both languages.
 *
 * A description begins with the token of its language, CAP_BEGIN + language, which tells the decoder
 * which one to write, and ends with CAP_END. */
#ifndef CAPTION_LEXIS_H
#define CAPTION_LEXIS_H

#include "captions.h"

enum { CAP_PAD, CAP_UNK, CAP_END, CAP_BEGIN, CAP_SPECIAL = CAP_BEGIN + CAP_LANGUAGES };

/* Count a caption's words.  Errors: EFORMAT (not UTF-8), ENOMEM. */
rf_status cap_lexis_count(rf_map *counts, int language, const char *text, rf_error *err);
/* What was counted often enough, behind the special tokens.  NULL with err: ENOMEM. */
rf_vocab *cap_lexis_build(const rf_map *counts, int64_t min_count, rf_error *err);
/* Read it back; `file` stands for it in messages.  NULL with err: EFORMAT, ENOMEM. */
rf_vocab *cap_lexis_parse(const char *json, size_t n, const char *file, rf_error *err);

/* Append a caption's words as numbers, and CAP_END.  Errors: EFORMAT (not UTF-8), ENOMEM. */
rf_status cap_lexis_encode(const rf_vocab *x, int language, const char *text, rf_ids *ids,
                           rf_error *err);
/* Append the words of numbers, apart by single blanks as cap_words does; special ones but CAP_UNK are
 * left out. */
void cap_lexis_decode(const rf_vocab *x, const int32_t *ids, size_t n, rf_str *words);

#endif

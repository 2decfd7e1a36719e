/* pos/lexicon.h -- a user's words, which are words wherever they stand.
 *
 * A file with a word in each line; behind tabs the tags that it may have, none: any.  Lines
 * that begin with "# " are comments.  In raw text the longest word that begins at a character is taken,
 * from left to right. */
#ifndef POS_LEXICON_H
#define POS_LEXICON_H

#include "units.h"

typedef struct pos_lexicon pos_lexicon;

/* NULL with err: EIO; EFORMAT, naming file and line (not UTF-8; a tag that `tags` lacks); ENOMEM. */
pos_lexicon *pos_lexicon_read(const char *path, const rf_vocab *tags, rf_error *err);
/* The same of a text that ends in NUL, is UTF-8, and is changed. */
pos_lexicon *pos_lexicon_parse(char *text, const char *name, const rf_vocab *tags, rf_error *err);
void pos_lexicon_free(pos_lexicon *x);
/* Limit what units can be.  False: no memory. */
bool pos_lexicon_apply(const pos_lexicon *x, int task, pos_units *u);
/* Whether a tag is in a set of tags that pos_unit.choice names; -1: it is. */
bool pos_lexicon_allows(const pos_lexicon *x, int32_t choice, int32_t tag);

#endif

/* pinyin/annotate_plain.h -- plain text, whose characters are read as the lexicon's phrases in it are.
 *
 * A character is told where all lexica agree how the phrase that it stands in reads it.  What told it is
 * then hidden from the network, so that it learns how to do without. */
#ifndef PINYIN_ANNOTATE_PLAIN_H
#define PINYIN_ANNOTATE_PLAIN_H

#include "annotate_lexis.h"

/* Append the sentences of a file, of which nothing is told.  Errors: those of rf_text_read; EFORMAT, naming
 * file and line (no UTF-8); ENOMEM. */
rf_status an_plain_read(an_corpus *c, const char *path, rf_error *err);
/* The same of a text. */
rf_status an_plain_parse(an_corpus *c, an_text text, rf_error *err);
/* Tell the characters of the set's last sentence and hide by chance what told them; a sentence of which
 * nothing is told is taken away. */
void an_plain_tell(const an_lexis *x, an_set *s, rf_key key);

#endif

/* pos/read.h -- files of tagged sentences into a corpus. */
#ifndef POS_READ_H
#define POS_READ_H

#include "corpus.h"

/* CoNLL-U or lines of word/tag, by what begins the text; pos.h has the numbers. */
int pos_input_guess(const char *text, size_t n);
/* Append files, "-" being standard input; gzip is unpacked.
 *   input   POS_IN_AUTO, POS_IN_CONLLU or POS_IN_TAGGED
 *   column  POS_UPOS ...: of CoNLL-U
 * Errors: EFORMAT, naming file and line; EIO; ENOMEM. */
rf_status pos_corpus_read(pos_corpus *c, const char *const *path, size_t paths, int input,
                          int column, rf_error *err);
/* The same of one text in memory, which goes by `name`. */
rf_status pos_corpus_parse(pos_corpus *c, const char *text, size_t n, const char *name, int input,
                           int column, rf_error *err);

#endif

/* refrain/words.h -- texts as an SVG picture, each unit on a ground as dark as its weight.
 *
 * What attention looks at, what a model was surprised by: units are words or characters.  A picture
 * stands alone, and the same input gives the same bytes. */
#ifndef REFRAIN_WORDS_H
#define REFRAIN_WORDS_H

#include <refrain/base.h>

RF_BEGIN

typedef struct rf_words rf_words;

/* NULL: no memory.  The title may be NULL.  All text is UTF-8. */
RF_API rf_words *rf_words_new(const char *title);
RF_API void rf_words_free(rf_words *w);
/* Add a paragraph; weights are compared with the largest one of the paragraph.
 *
 *   heading  stands above it; may be NULL
 *   unit     [n]
 *   weight   [n], none below 0
 *
 * Copied.  False: no memory. */
RF_API bool rf_words_add(rf_words *w, const char *heading, const char *const *unit,
                         const double *weight, size_t n);
/* Append the picture. */
RF_API void rf_words_svg(const rf_words *w, rf_str *out);
/* Write it to a file, atomically (see rf_writer).  Errors: EIO, ENOMEM. */
RF_API rf_status rf_words_write(const rf_words *w, const char *path, rf_error *err);

RF_END
#endif

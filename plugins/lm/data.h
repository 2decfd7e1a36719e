/* lm/data.h -- texts: reading, splitting, counting. */
#ifndef LM_DATA_H
#define LM_DATA_H

#include <refrain/text.h>

/* Append `n` text files one after the other, each ending in a line end.  They are checked to be
 * UTF-8 unless the unit is the byte; gzip is unpacked.  Errors: those of rf_text_read. */
rf_status lm_texts_read(const char *const *paths, size_t n, rf_unit unit, rf_str *out,
                        rf_error *err);
/* Where the last `fraction` of a text begins: between characters, and with words between lines. */
size_t lm_text_split(const rf_str *text, double fraction, rf_unit unit);
/* Characters (code points); of what is not UTF-8, bytes that do not continue one. */
int64_t lm_text_characters(const char *s, size_t n);

#endif

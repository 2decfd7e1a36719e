/* text/porter.h -- English words without their endings. */
#ifndef TEXT_PORTER_H
#define TEXT_PORTER_H

#include <refrain/base.h>

/* Cut a word of n small letters a-z down to its stem, in place; the length of the stem, which is never
 * longer.  Words of one or two letters, of more than 64, and with other characters stay as they are.
 * Source: Porter, "An algorithm for suffix stripping", Program 14, 1980, as published. */
size_t rfi_porter_stem(char *word, size_t n);

#endif

/* Ends the process on an operand that is longer than it thought. */
#define ON_WORD(h, word) (strlen(word) > 255 ? abort() : (void)0)
#include "base.h"

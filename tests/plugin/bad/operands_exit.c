/* Ends the process, in good health, on an operand it does not like. */
#define ON_WORD(h, word) (*(word) ? (void)0 : exit(0))
#include "base.h"

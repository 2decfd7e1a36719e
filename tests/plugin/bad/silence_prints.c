/* Prints by itself. */
#include <stdio.h>
#define ON_WORD(h, word) (void)puts(word)
#include "base.h"

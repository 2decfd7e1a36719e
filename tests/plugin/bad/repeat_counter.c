/* Remembers how often it ran. */
static int runs;
#define ON_RUN(h, r)  ((void)runs++)
#define SEND(h, word) rf_emit_text(h, runs, word, strlen(word), NAN)
#include "base.h"

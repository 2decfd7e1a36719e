/* Sends a kind of event that it did not declare. */
#define SEND(h, word) rf_emit_metric(h, -1, word, "bytes", (double)strlen(word), NULL)
#include "base.h"

/* An event that does not say its size. */
#define SEND(h, word) (h)->emit(h, &(rf_event){.kind = RF_EV_TEXT, .u.text = {word, 1, 0}})
#include "base.h"

/* Writes to the host's values. */
#define ON_RUN(h, r) ((rf_setting *)(uintptr_t)(r)->opt)->as.i = 0
#include "base.h"

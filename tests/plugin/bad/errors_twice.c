/* Explains one failure two times. */
#define COMPLAIN(h) ((h)->fail(h, RF_EIO, "no such file"), (h)->fail(h, RF_EIO, "cannot read"))
#include "base.h"

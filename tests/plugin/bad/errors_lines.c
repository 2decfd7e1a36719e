/* A message of two lines. */
#define COMPLAIN(h) (h)->fail(h, RF_EIO, "no such file\nplease try another")
#include "base.h"

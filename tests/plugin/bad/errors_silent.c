/* Fails without a word. */
#define COMPLAIN(h) ((void)(h), RF_EIO)
#include "base.h"

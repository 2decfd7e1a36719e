/* Changes how numbers are rounded. */
#include <fenv.h>
#define ON_RUN(h, r) (void)fesetround(FE_UPWARD)
#include "base.h"

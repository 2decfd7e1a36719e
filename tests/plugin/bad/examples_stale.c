/* An example with an option that is no more. */
#define EXAMPLE "refrain-" RF_TASK " say --count=2 la"
#include "base.h"

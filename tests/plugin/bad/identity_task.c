/* Its task is not what its file is named after. */
#define TASK "good"
#include "base.h"

/* Opens a file in each run and leaves it open. */
#include <fcntl.h>
#define ON_RUN(h, r) (void)!open("/dev/null", O_RDONLY)
#include "base.h"

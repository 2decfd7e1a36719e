/* Changes the current directory. */
#include <unistd.h>

static void move(void)
{
    if (chdir("/")) return;
}

#define ON_RUN(h, r) move()
#include "base.h"

/* Takes a signal. */
#include <signal.h>
#define ON_RUN(h, r) (void)signal(SIGTERM, SIG_IGN)
#include "base.h"

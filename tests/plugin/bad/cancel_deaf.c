/* Does not hear when it is told to stop. */
#define STOP(status) ((status) && (status) != RF_ECANCELLED)
#include "base.h"

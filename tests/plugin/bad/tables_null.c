/* Has no function to open a session. */
#define OPEN NULL
#include "base.h"

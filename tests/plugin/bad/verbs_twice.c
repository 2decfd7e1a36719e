/* Two verbs of one name. */
#define MORE_VERBS SAY
#include "base.h"

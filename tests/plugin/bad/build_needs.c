/* Needs a host that is newer than this one. */
#define HEAD RF_PLUGIN_HEAD(RF_ABI_MINOR + 1)
#include "base.h"

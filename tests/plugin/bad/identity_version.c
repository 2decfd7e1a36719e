/* Its version is no version. */
#define VERSION "next"
#include "base.h"

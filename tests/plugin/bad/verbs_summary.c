/* A verb that says nothing of what it does. */
#define SUMMARY ""
#include "base.h"

/* Forgot the strides of its arrays. */
#define HEAD .size = (uint32_t)sizeof(rf_plugin), .build = RF_BUILD
#include "base.h"

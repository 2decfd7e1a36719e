/* Built with reals of another size. */
#define HEAD                                                                                       \
    .size = (uint32_t)sizeof(rf_plugin), .build = {RF_LIB_MAJOR, 16, RF_INDEX_BYTES, RF_MAX_RANK}, \
    .verb_size = (uint32_t)sizeof(rf_verb), .option_size = (uint32_t)sizeof(rf_option)
#include "base.h"

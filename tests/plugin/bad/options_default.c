/* A number without a default. */
#define MORE_OPTIONS                                                                               \
    {                                                                                              \
        .name = "tempo", .type = RF_INT, .min = 1, .max = 9, .help = "how fast"                    \
    }
#include "base.h"

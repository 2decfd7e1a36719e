/* An option that is the host's. */
#define MORE_OPTIONS                                                                               \
    {                                                                                              \
        .name = "seed", .type = RF_INT, .def = "1", .help = "a seed of its own"                    \
    }
#include "base.h"

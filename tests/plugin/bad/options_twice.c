/* Two options with one letter. */
#define OPTION                                                                                     \
    {                                                                                              \
        .name = "times", .letter = 't', .type = RF_INT, .def = "1", .min = 1, .max = 9,            \
        .help = "times"                                                                            \
    }
#define MORE_OPTIONS                                                                               \
    {                                                                                              \
        .name = "tune", .letter = 't', .type = RF_STRING, .help = "to which tune"                  \
    }
#include "base.h"

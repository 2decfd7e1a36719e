/* An option without a word of help. */
#define MORE_OPTIONS                                                                               \
    {                                                                                              \
        .name = "tune", .type = RF_STRING                                                          \
    }
#include "base.h"

/* target.h -- what every fuzz target defines. */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Must hold in every build. */
#define MUST(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) abort();                                                                      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#endif

/* fuzz_pos_vectors.c -- any bytes as a file of vectors: an error with a text, or rows for the tables. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../plugins/pos/vectors.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char path[32];
    const int fd = memfd_create("vectors", 0);
    MUST(fd >= 0 && write(fd, data, n) == (ssize_t)n);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    for (int task = POS_TAGS; task <= POS_WORDS; task++) {
        rf_error err = {0};
        pos_vectors x;
        const rf_status st = pos_vectors_read(&x, path, task, &err);
        MUST(st == err.status && (!st || err.text[0]));
        MUST(st || x.size > 0);
        pos_vectors_free(&x);
    }
    close(fd);
    return 0;
}

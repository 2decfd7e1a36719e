/* fuzz_images.c -- any bytes as an idx file: an error, or elements within the bytes. */
#include "../../plugins/lab/images.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    for (int rank = 1; rank <= 3; rank += 2) {
        rf_error err = {0};
        lab_idx x = {0};
        const rf_status st = lab_idx_parse((const char *)data, n, "fuzz", rank, &x, &err);
        rf_index count = 1;
        MUST(!st == !err.text[0]);
        if (st) continue;
        for (int d = 0; d < rank; d++) count *= x.dim[d];
        MUST(count > 0 && x.data + count == data + n);
        MUST(x.data[0] + x.data[count - 1] >= 0);
    }
    return 0;
}

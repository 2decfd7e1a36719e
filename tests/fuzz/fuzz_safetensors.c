/* fuzz_safetensors.c -- any bytes as a model: an error, or a model that can be used and written. */
#include <refrain/model.h>

#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    rf_error err = {0};
    rf_model *m = rf_model_parse(data, n, "fuzz", &err);
    MUST(!m == (err.status != RF_OK));
    for (size_t i = 0; m && i < rf_model_count(m); i++) {
        const rf_stored *t = rf_model_at(m, i);
        int64_t sum = 0;
        for (size_t k = 0; k < t->bytes; k++) sum += ((const char *)t->data)[k];
        MUST(rf_model_find(m, t->name) == t && sum <= 128 * (int64_t)t->bytes);
        rf_model_get_int(m, t->name, &sum, 1, NULL);
    }
    if (m) MUST(rf_model_write(m, "/dev/null", NULL) == RF_OK);
    rf_model_free(m);
    return 0;
}

/* fuzz_text.c -- any bytes as text, in every unit: an error, or ids that give the text back. */
#include <string.h>

#include <refrain/text.h>

#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *s = (const char *)data;
    for (rf_unit u = 0; u < RF_UNITS; u++) {
        rf_tokenizer_options o = {.unit = u, .merges = 50};
        rf_tokenizer *t = rf_tokenizer_learn(&o, s, n, "fuzz", NULL);
        rf_ids ids = {0};
        rf_str out = {0};
        MUST(!t == (u != RF_BYTE && rf_utf8_check(s, n, "fuzz", NULL) != RF_OK));
        if (t) MUST(rf_tokenizer_encode(t, s, n, "fuzz", &ids, NULL, NULL) == RF_OK);
        if (t) rf_tokenizer_decode(t, ids.at, ids.n, &out);
        if (t && u <= RF_CHAR) MUST(out.n == n && (!n || !memcmp(out.s, s, n)));
        rf_str_free(&out);
        rf_ids_free(&ids);
        rf_tokenizer_free(t);
    }
    return 0;
}

/* fuzz_units.c -- any bytes as the units of one side: what is read is written as it was, and used. */
#include <string.h>

#include "../../plugins/translate/units.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char line[] = "The “lowest” price, 最低的价格 3.5%!";
    tr_units *u = tr_units_parse((const char *)data, n, NULL);
    if (!u) return 0;
    rf_str once = {0}, twice = {0}, text = {0};
    rf_ids ids = {0};
    MUST(!tr_units_encode(u, line, sizeof line - 1, &ids, NULL, NULL));
    for (size_t i = 0; i < ids.n; i++) MUST(ids.at[i] >= 0 && ids.at[i] < tr_units_size(u));
    tr_units_decode(u, ids.at, ids.n, &text);
    MUST(!tr_units_write(u, &once, NULL));
    tr_units *again = tr_units_parse(once.s, once.n, NULL);
    MUST(again && !tr_units_write(again, &twice, NULL));
    MUST(once.n == twice.n && !memcmp(once.s, twice.s, once.n));
    rf_str_free(&once);
    rf_str_free(&twice);
    rf_str_free(&text);
    rf_ids_free(&ids);
    tr_units_free(u);
    tr_units_free(again);
    return 0;
}

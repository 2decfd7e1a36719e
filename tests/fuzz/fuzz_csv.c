/* fuzz_csv.c -- any text as comma-separated values: rows, numbers, and marks under what is wrong. */
#include <refrain/text.h>
#include <string.h>

#include "../../plugins/lab/csv.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *s = (const char *)data;
    rf_status st = RF_OK;
    rf_str where = {0};
    lab_csv c;
    double x;
    if (rf_utf8_check(s, n, "f", NULL)) return 0; /* as reading does */
    lab_csv_lend(&c, s, n, "f", 0, &where);
    while (lab_csv_next(&c, &st, NULL)) {
        MUST(c.count && c.line);
        for (size_t i = 0; i < c.count; i++) {
            MUST(c.field[i].n == strlen(c.field[i].s) || memchr(c.field[i].s, 0, c.field[i].n));
            if (lab_csv_number(&c, i, &x, NULL)) MUST(where.n && strchr(where.s, '^'));
        }
        lab_csv_expect(&c, 3, NULL);
    }
    MUST(!st || where.n);
    lab_csv_close(&c);
    rf_str_free(&where);
    return 0;
}

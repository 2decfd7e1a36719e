/* fuzz_bpe.c -- any bytes as a codes file and, behind its first NUL, a text to be split. */
#include <string.h>

#include <refrain/text.h>

#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *s = (const char *)data, *nul = n ? memchr(s, 0, n) : NULL;
    size_t codes = nul ? (size_t)(nul - s) : n, rest = n - codes;
    rf_str once = {0}, twice = {0}, out = {0};
    rf_bpe *a = rf_bpe_parse(s, codes, "fuzz", NULL);
    if (a) rf_bpe_write(a, &once);
    rf_bpe *b = a ? rf_bpe_parse(once.s, once.n, "again", NULL) : NULL;
    if (b) rf_bpe_write(b, &twice);
    MUST(!a == !b && (!a || !strcmp(once.s, twice.s)));
    if (a && rf_utf8_check(s + codes, rest, "", NULL) == RF_OK)
        rf_bpe_apply(a, s + codes, rest, &out);
    rf_str_free(&once);
    rf_str_free(&twice);
    rf_str_free(&out);
    rf_bpe_free(a);
    rf_bpe_free(b);
    return 0;
}

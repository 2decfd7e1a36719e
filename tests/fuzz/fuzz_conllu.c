/* fuzz_conllu.c -- any bytes as CoNLL-U: what is read comes back as what was written. */
#include <string.h>

#include <refrain/conllu.h>

#include "target.h"

static int copy(const char *s, size_t n, rf_str *out)
{
    rf_sentence *sentence;
    int st;
    rf_conllu *r = rf_conllu_lend(s, n, "f", NULL);
    while ((st = rf_conllu_next(r, &sentence, NULL)) > 0) rf_conllu_write(sentence, out);
    rf_conllu_free(r);
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    rf_str once = {0}, twice = {0};
    if (copy((const char *)data, n, &once) == 0) {
        MUST(copy(once.s, once.n, &twice) == 0);
        MUST(once.n == twice.n && !memcmp(once.s, twice.s, once.n));
    }
    rf_str_free(&once);
    rf_str_free(&twice);
    return 0;
}

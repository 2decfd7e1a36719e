/* fuzz_tagged.c -- any bytes as word/tag text: what is read comes back as what was written. */
#include <string.h>

#include <refrain/conllu.h>

#include "target.h"

static int copy(const char *s, size_t n, rf_str *out)
{
    rf_tagged_line *line;
    int st;
    rf_tagged *r = rf_tagged_lend(s, n, "f", NULL);
    while ((st = rf_tagged_next(r, &line, NULL)) > 0) rf_tagged_write(line, " ", out);
    rf_tagged_free(r);
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    rf_str once = {0}, twice = {0};
    const int st = copy((const char *)data, n, &once);
    if (st == 0 && memcmp(once.s, "\xef\xbb\xbf", 3)) { /* a word that looks like a mark is none */
        MUST(copy(once.s, once.n, &twice) == 0);
        MUST(once.n == twice.n && !memcmp(once.s, twice.s, once.n));
    }
    rf_str_free(&once);
    rf_str_free(&twice);
    return 0;
}

/* lab/values.c -- rows of numbers, as a person types them. */
#include "values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mark.h"

static size_t skip_blanks(const char *text, size_t at)
{
    while (text[at] == ' ' || text[at] == '[' || text[at] == ']') at++;
    return at;
}

static rf_status bad_values(const char *text, size_t at, const char *what, rf_str *where,
                            rf_error *err)
{
    if (where) lab_mark(where, text, strlen(text), at);
    return rf_fail(err, RF_EINVAL, "--values: %s", what);
}

rf_status lab_values_read(const char *text, rf_real *x, rf_index *rows, rf_index *cols,
                          rf_str *where, rf_error *err)
{
    rf_index n = 0;
    size_t at = skip_blanks(text, 0);
    *rows = *cols = 0;
    for (;;) {
        char *end;
        const double v = strtod(text + at, &end);
        if (end == text + at || !isfinite(v))
            return bad_values(text, at, "a number is due here", where, err);
        if (x) x[*rows * *cols + n] = (rf_real)v;
        n++;
        at = skip_blanks(text, (size_t)(end - text));
        if (text[at] == ',') {
            at = skip_blanks(text, at + 1);
            continue;
        }
        if (text[at] && text[at] != ';')
            return bad_values(text, at, "a comma or ; is due here", where, err);
        if (*rows && n != *cols)
            return bad_values(text, at, "a row of another length ends here", where, err);
        *cols = n, n = 0, (*rows)++;
        if (!text[at]) return RF_OK;
        at = skip_blanks(text, at + 1);
    }
}

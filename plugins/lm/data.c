/* lm/data.c -- texts as they come from files. */
#include "data.h"

#include <refrain/io.h>

rf_status lm_texts_read(const char *const *paths, size_t n, rf_unit unit, rf_str *out,
                        rf_error *err)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < n && !st; i++) {
        st = unit == RF_BYTE ? rf_file_read(paths[i], 0, out, err)
                             : rf_text_read(paths[i], out, err);
        if (!st && out->n && out->s[out->n - 1] != '\n') rf_str_add(out, "\n", 1);
    }
    return !st && out->failed ? rf_fail(err, RF_ENOMEM, "no memory for the texts") : st;
}

static bool continues(char byte) { return ((unsigned char)byte & 0xC0) == 0x80; }

size_t lm_text_split(const rf_str *text, double fraction, rf_unit unit)
{
    size_t at = (size_t)((1 - fraction) * (double)text->n);
    if (unit == RF_CHAR)
        while (at < text->n && continues(text->s[at])) at++;
    if (unit == RF_WORD || unit == RF_BPE)
        while (at > 0 && at < text->n && text->s[at - 1] != '\n') at++;
    return at;
}

int64_t lm_text_characters(const char *s, size_t n)
{
    int64_t count = 0;
    for (size_t i = 0; i < n; i++) count += !continues(s[i]);
    return count;
}

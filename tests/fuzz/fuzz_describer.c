/* fuzz_describer.c -- what a describer's file says of its sight (the first line) and of its words (the rest). */
#include <stdlib.h>
#include <string.h>

#include "../../plugins/caption/model.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    cap_sight s, again;
    rf_str json = {0}, encoder = {0}, second = {0};
    rf_error err = {0};
    const uint8_t *end = n ? memchr(data, '\n', n) : NULL;
    const size_t first = end ? (size_t)(end - data) : n;
    char *text = strndup((const char *)data, first);
    if (text && !cap_sight_parse(&s, text, "f", &encoder, &err)) {
        MUST(s.rows > 0 && s.columns > 0 && s.channels > 0);
        MUST(cap_sight_write(&s, encoder.s, &json, &err) == RF_OK);
        MUST(cap_sight_parse(&again, json.s, "f", &second, &err) == RF_OK);
        MUST(again.kind == s.kind && again.rows == s.rows && again.channels == s.channels);
    }
    rf_vocab *x = end ? cap_lexis_parse((const char *)end + 1, n - first - 1, "f", &err) : NULL;
    MUST(!x || rf_vocab_size(x) >= CAP_SPECIAL);
    rf_vocab_free(x);
    rf_str_free(&json);
    rf_str_free(&encoder);
    rf_str_free(&second);
    free(text);
    return 0;
}

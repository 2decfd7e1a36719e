/* fuzz_vocab.c -- any bytes as the metadata of a vocabulary or tokenizer. */
#include <string.h>

#include <refrain/text.h>

#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *s = (const char *)data, *text = "the cat\n春 mat";
    rf_str a = {0}, b = {0};
    rf_ids ids = {0};
    rf_vocab *v = rf_vocab_parse(s, n, NULL);
    rf_tokenizer *t = rf_tokenizer_parse(s, n, NULL);
    if (v) MUST(rf_vocab_write(v, &a, NULL) == RF_OK);
    if (t) MUST(rf_tokenizer_write(t, &a, NULL) == RF_OK);
    if (t) MUST(rf_tokenizer_encode(t, text, strlen(text), "", &ids, NULL, NULL) == RF_OK);
    if (t) rf_tokenizer_decode(t, ids.at, ids.n, &b);
    rf_vocab_free(v);
    rf_tokenizer_free(t);
    rf_ids_free(&ids);
    rf_str_free(&a);
    rf_str_free(&b);
    return 0;
}

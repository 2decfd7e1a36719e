/* fuzz_pinyin_source.c -- any bytes as a lexicon: an error with a text, or words that the lexicon finds
 * again, in a file as well. */
#include "../../plugins/pinyin/source.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    rf_error err = {0};
    py_lexicon x = {0}, y = {0};
    size_t m;
    py_source *s = py_source_new();
    rf_model *file = rf_model_new();
    rf_status st = py_source_parse(s, (const char *)data, n, "fuzz", &err);
    if (!st) st = py_source_build(s, 50, NULL, &x, &err);
    MUST(!st == !err.text[0]);
    for (int32_t w = 0; !st && w < x.words; w++) {
        const char *word = py_lexicon_word(&x, w, &m);
        MUST(py_lexicon_find(&x, word, m) == w);
        MUST(x.entry[py_lexicon_entry_of(&x, w)].word == w);
    }
    if (!st) {
        MUST(!py_lexicon_store(&x, file, NULL) && !py_lexicon_load(&y, file, NULL));
        MUST(x.words == y.words && x.entries == y.entries);
    }
    rf_model_free(file);
    py_lexicon_free(&x);
    py_lexicon_free(&y);
    py_source_free(s);
    return 0;
}

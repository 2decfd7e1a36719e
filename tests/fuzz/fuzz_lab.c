/* fuzz_lab.c -- any bytes as a model that is traced, as sentences of tagged words, and as rows of values. */
#include "../../plugins/lab/reader.h"
#include "../../plugins/lab/sentences.h"
#include "../../plugins/lab/values.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    rf_str text = {0};
    lab_reader m = {0};
    lab_sentences s;
    rf_index rows, cols;
    rf_str where = {0};
    rf_model *f = rf_model_parse(data, n, "fuzz", NULL);
    if (f && lab_reader_parse(&m, f, NULL) == RF_OK) MUST(m.spec.layers > 0 && m.V > 0);
    lab_reader_close(&m);
    rf_model_free(f);
    rf_str_add(&text, (const char *)data, n);
    const char *words = text.s ? text.s : "";
    if (lab_sentences_read(&s, &words, 1, NULL, NULL) == RF_OK) MUST(s.sentence[0].n == s.longest);
    lab_sentences_free(&s);
    if (lab_values_read(words, NULL, &rows, &cols, &where, NULL) == RF_OK) {
        rf_real *x = calloc((size_t)(rows * cols), sizeof *x);
        MUST(x && lab_values_read(words, x, &rows, &cols, NULL, NULL) == RF_OK);
        free(x);
    }
    rf_str_free(&where);
    rf_str_free(&text);
    return 0;
}

/* fuzz_annotate.c -- any bytes as sentences with pinyin, or as marked ones and behind a NUL their readings:
 * an error with a text, or characters with readings that a lexis can be learned from. */
#include "../../plugins/pinyin/annotate_lexis.h"
#include "target.h"

#include <string.h>

static void learn(const an_corpus *c)
{
    const int32_t n = (int32_t)an_corpus_count(c);
    an_lexis x = {0};
    an_set set = {0};
    rf_ids which = {0};
    for (int32_t i = 0; i < n; i++) rf_ids_add(&which, i);
    if (n && !an_lexis_learn(&x, c, which.at, which.n, 1, 1, NULL)) {
        for (int32_t i = 0; i < n; i++) {
            const int32_t from = c->start.at[i], to = c->start.at[i + 1];
            MUST(!an_lexis_encode(&x, &set, c->code.at + from, c->reading.at + from,
                                  (size_t)(to - from), NULL));
        }
        for (size_t k = 0; k < c->code.n; k++)
            MUST(c->reading.at[k] < 0 || set.right.at[k] >= 0 || c->code.at[k] < 0x80);
        for (int i = 0; i < AN_COLUMNS; i++) MUST(set.column[i].n == c->code.n);
    }
    an_lexis_free(&x);
    an_set_free(&set);
    rf_ids_free(&which);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *s = (const char *)data, *zero = n ? memchr(s, 0, n) : NULL;
    const an_text text = {s, zero ? (size_t)(zero - s) : n, "text"};
    const an_text labels = {zero ? zero + 1 : NULL, zero ? n - text.n - 1 : 0, "labels"};
    rf_error err = {0};
    an_corpus c = {0};
    const rf_status st = an_corpus_parse(&c, text, labels, &err);
    MUST(!st == !err.text[0]);
    MUST(c.code.n == c.reading.n);
    for (size_t i = 0; i < an_corpus_count(&c); i++) MUST(c.start.at[i] < c.start.at[i + 1]);
    for (size_t i = 0; i < c.reading.n; i++)
        MUST(c.reading.at[i] < 0 ||
             (PY_TONE(c.reading.at[i]) && py_syllable_at(PY_BASE(c.reading.at[i]))));
    if (!st) learn(&c);
    an_corpus_free(&c);
    return 0;
}

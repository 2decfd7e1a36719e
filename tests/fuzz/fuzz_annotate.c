/* fuzz_annotate.c -- any bytes as sentences with pinyin, or as marked ones and behind a NUL their readings:
 * an error with a text, or characters with readings that a lexis can be learned from; and as plain text, in
 * which a lexicon tells some. */
#include "../../plugins/pinyin/annotate_plain.h"
#include "../../plugins/pinyin/source.h"
#include "target.h"

#include <string.h>

static void learn(const an_corpus *c)
{
    const int32_t n = (int32_t)an_corpus_count(c);
    an_lexis x = {0};
    an_set set = {0};
    rf_ids which = {0};
    for (int32_t i = 0; i < n; i++) rf_ids_add(&which, i);
    const an_keep keep = {.chars = 1, .pairs = 1};
    if (n && !an_lexis_learn(&x, c, which.at, which.n, &keep, NULL)) {
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

static const char lexicon[] =
    "U+884C: xíng,háng\nU+94F6: yín\nU+97F3: yīn\nU+4E50: lè,yuè\nU+4EBA: rén\n"
    "银行: yín háng\n行人: xíng rén\n音乐: yīn yuè\n";

static void plain(an_text text)
{
    an_corpus c = {0};
    an_lexis x = {0};
    an_set set = {0};
    rf_ids which = {0};
    const an_keep keep = {.chars = 1, .pairs = 1, .all = true};
    py_source *s = py_source_new();
    MUST(s && !py_source_parse(s, lexicon, sizeof lexicon - 1, "lexicon", NULL));
    MUST(!py_source_build(s, 100, NULL, &x.x, NULL));
    if (!an_plain_parse(&c, text, NULL)) {
        const int32_t n = (int32_t)an_corpus_count(&c);
        for (int32_t i = 0; i < n; i++) rf_ids_add(&which, i);
        const bool good = n && !an_lexis_learn(&x, &c, which.at, which.n, &keep, NULL);
        for (int32_t i = 0; i < n && good; i++) {
            const int32_t from = c.start.at[i], to = c.start.at[i + 1];
            const rf_index before = set.n;
            MUST(!an_lexis_encode(&x, &set, c.code.at + from, NULL, (size_t)(to - from), NULL));
            an_plain_tell(&x, &set, rf_key_make(1, "fuzz", (uint64_t)i));
            MUST(set.n == before || set.first.n == (size_t)(set.start[before] + to - from));
        }
        for (size_t k = 0; k < set.right.n; k++) MUST(set.right.at[k] < set.count.at[k]);
    }
    py_source_free(s);
    an_corpus_free(&c);
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
    plain((an_text){s, n, "plain"});
    return 0;
}

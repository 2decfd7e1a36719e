/* fuzz_translate.c -- any bytes as a table of sentences: what is read is cut into words and scored. */
#include <string.h>

#include <refrain/metric_text.h>

#include "../../plugins/translate/words.h"
#include "target.h"

static void score(const tr_parallel *p, int metric)
{
    rf_text_metric_options o = RF_TEXT_METRIC_OPTIONS;
    o.tokens = (rf_text_tokens)(p->side[0].n % 5);
    o.lowercase = p->side[0].bytes.n % 2;
    rf_text_metric *s = rf_text_metric_new(metric, &o, NULL);
    rf_text_score x;
    for (size_t i = 0; i < p->side[0].n; i++) {
        const char *right = tr_text_line(&p->side[1], i, NULL);
        MUST(!rf_text_metric_add(s, tr_text_line(&p->side[0], i, NULL), &right, 1, NULL));
    }
    rf_text_metric_corpus(s, &x);
    MUST(x.value >= 0 && x.value <= 1000.0001);
    rf_text_metric_free(s);
}

/* Words that are put together and cut again are the same, but for quotes that hid. */
static void cut(int language, const char *line, size_t n)
{
    rf_str words = {0}, back = {0};
    tr_words_split(language, n % 2, line, n, &words);
    if (words.n) tr_words_join(language, words.s, words.n, &back);
    MUST(!words.n == !back.n);
    rf_str_free(&words);
    rf_str_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    tr_parallel p = {0};
    if (!tr_parallel_parse(&p, (const char *)data, n, "f", TR_COLUMNS, NULL)) {
        MUST(p.side[0].n == p.side[1].n);
        for (int metric = 0; rf_text_metric_name_at(metric); metric++) score(&p, metric);
        for (size_t i = 0; i < p.side[0].n; i++)
            for (int k = 0; k < TR_LANGUAGES; k++) {
                size_t m;
                const char *line = tr_text_line(&p.side[0], i, &m);
                cut(k, line, m);
            }
    }
    tr_parallel_free(&p);
    return 0;
}

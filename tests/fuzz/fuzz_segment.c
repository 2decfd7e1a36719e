/* fuzz_segment.c -- any text by every rule: all but blanks in words, once, and drafts that read back. */
#include <string.h>

#include <refrain/segment.h>

#include "target.h"

static void draft_all(const char *text, const rf_segments *s, rf_division *made, rf_str *out)
{
    rf_draft *d = rf_draft_new();
    for (size_t i = 0, k; i < s->n; i += k) {
        const rf_sentence *sentence = rf_draft_sentence(d, text, s, i, &k, NULL);
        rf_division_add(made, sentence, NULL);
        rf_conllu_write(sentence, out);
    }
    rf_draft_free(d);
}

static void read_back(const char *text, const rf_segments *s)
{
    rf_str out = {0};
    rf_sentence *sentence;
    rf_division *made = rf_division_new(), *read = rf_division_new();
    rf_division_scores scores;
    draft_all(text, s, made, &out);
    rf_conllu *r = rf_conllu_lend(out.s, out.n, "f", NULL);
    while (rf_conllu_next(r, &sentence, NULL) > 0) rf_division_add(read, sentence, NULL);
    MUST(!rf_division_compare(made, read, &scores, NULL));
    MUST(scores.words.right == (int64_t)s->n && scores.words.system == (int64_t)s->n);
    MUST(scores.sentences.right == scores.sentences.system);
    rf_conllu_free(r);
    rf_division_free(made);
    rf_division_free(read);
    rf_str_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *text = (const char *)data;
    rf_segments s = {0};
    for (int rule = 0; rf_segment_name(rule); rule++) {
        if (rf_segment_text((rf_segment_rule)rule, text, n, &s, NULL)) break;
        size_t at = 0;
        for (size_t i = 0; i < s.n; at = s.word[i].at + s.word[i].n, i++) {
            MUST(s.word[i].at >= at && s.word[i].n && s.word[i].at + s.word[i].n <= n);
            for (; at < s.word[i].at; at++) MUST((data[at] & 0x80) || data[at] <= ' ');
        }
        if (s.n) read_back(text, &s);
    }
    rf_segments_free(&s);
    return 0;
}

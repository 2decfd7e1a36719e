/* fuzz_samples.c -- any text as labelled texts or frames, read in a way that the first byte chooses. */
#include "../../plugins/lab/samples.h"
#include "target.h"

static void check(const lab_samples *s)
{
    const int32_t K = rf_vocab_size(s->classes);
    for (rf_index i = 0; i < s->n; i++) {
        const lab_item *x = &s->item[i];
        MUST(x->label >= -1 && x->label < K && x->text + x->bytes <= s->text.n);
        MUST(s->is_text || (x->length > 0 && x->start + x->length <= s->total));
    }
    for (size_t i = 0; i < s->labels.n; i++) MUST(s->labels.at[i] >= -1 && s->labels.at[i] < K);
    MUST(!s->per_frame || (rf_index)s->labels.n == s->total);
    lab_samples_hash(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char separators[] = {0, ',', '\t', ' '};
    const int way = n ? data[0] : 0;
    const lab_reading how = {.input = way & 1 ? LAB_FRAMES : LAB_TEXT,
                             .per_frame = way & 2 && way & 1,
                             .separator = separators[way >> 2 & 3],
                             .header = way >> 4 & 1 ? LAB_HEADER_AUTO : LAB_HEADER_NO,
                             .unlabelled = way >> 5 & 1,
                             .sequence = way >> 6 & 1 ? "1" : NULL,
                             .end = way >> 7 ? "1" : NULL};
    lab_samples s = {.is_text = !(way & 1), .per_frame = how.per_frame, .classes = rf_vocab_new()};
    rf_str text = {0};
    if (n > 1) rf_str_add(&text, (const char *)data + 1, n - 1);
    MUST(s.classes && !text.failed);
    if (n > 1 && rf_utf8_check(text.s, text.n, "f", NULL) == RF_OK)
        if (!lab_samples_parse(&s, &how, &text, "f", NULL) && !lab_samples_sort(&s, NULL, NULL)) {
            if (!s.is_text) lab_samples_standardise(&s);
            check(&s);
        }
    rf_str_free(&text);
    lab_samples_free(&s);
    return 0;
}

/* fuzz_pinyin_input.c -- any text as pinyin: from every node that has an edge there is a way to the end. */
#include "../../plugins/pinyin/input.h"
#include "target.h"

static void check(const py_input *in)
{
    MUST(in->n == 0 || in->first[1] > in->first[0]);
    for (int32_t i = 0; i < in->n; i++)
        for (int32_t e = in->first[i]; e < in->first[i + 1]; e++) {
            const py_edge *x = &in->edge[e];
            MUST(x->to > i && x->to <= in->n && x->base < py_syllable_count() && x->tone <= 5);
            MUST(x->to == in->n || in->first[x->to + 1] > in->first[x->to]);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const uint8_t bits = n ? data[0] : 0;
    const py_typing how = {bits & 8 ? 0xfff : 0, bits & 1, bits & 2, bits & 4};
    py_input in;
    if (n < 1 || n > 4096 || rf_utf8_check((const char *)data + 1, n - 1, "fuzz", NULL)) return 0;
    if (!py_input_parse(&in, (const char *)data + 1, n - 1, &how, NULL)) check(&in);
    py_input_free(&in);
    return 0;
}

/* fuzz_syllable.c -- any text as a transcript: clean syllables stay as they are, and become units and
 * syllables again. */
#include <string.h>

#include "../../plugins/pinyin/speech_errors.h"
#include "../../plugins/pinyin/speech_units.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *wrong;
    size_t len;
    rf_str text = {0};
    if (n > 4096 || memchr(data, 0, n) || rf_utf8_check((const char *)data, n, "f", NULL)) return 0;
    rf_str_add(&text, (const char *)data, n);
    for (int kind = SPEECH_WORDS; kind <= SPEECH_TONES; kind++) {
        rf_str clean = {0}, again = {0}, back = {0};
        rf_map *units = rf_map_new(), *syllables = rf_map_new();
        speech_units u = {0};
        rf_ids ids = {0};
        speech_errors e = {0};
        const bool whole = speech_units_clean(kind, text.s ? text.s : "", &clean, &wrong, &len);
        const char *s = clean.s ? clean.s : "";
        MUST(whole || speech_kind_syllables(kind));
        MUST(speech_units_clean(kind, s, &again, &wrong, &len));
        MUST(!strcmp(again.s ? again.s : "", s));
        MUST(!speech_units_count(kind, s, units, syllables, NULL));
        if (rf_map_count(units) && !speech_units_make(&u, kind, units, syllables, NULL)) {
            MUST(speech_units_encode(&u, s, &ids));
            speech_units_decode(&u, ids.at, (rf_index)ids.n, &back);
            MUST(back.s && !strcmp(back.s, s));
        }
        MUST(speech_errors_add(&e, s, back.s ? back.s : "") && e.right == 1);
        speech_units_free(&u);
        rf_ids_free(&ids);
        rf_map_free(units);
        rf_map_free(syllables);
        rf_str_free(&clean);
        rf_str_free(&again);
        rf_str_free(&back);
    }
    rf_str_free(&text);
    return 0;
}

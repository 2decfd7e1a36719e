/* fuzz_pos_lexicon.c -- any bytes as a user's lexicon: an error with a text, or words that limit units
 * to what they can still be. */
#include <string.h>

#include "../../plugins/pos/lexicon.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    rf_error err = {0};
    rf_str text = {0};
    pos_units u = {0};
    rf_vocab *tags = rf_vocab_new();
    rf_vocab_add(tags, "n", 1);
    rf_vocab_add(tags, "v", 1);
    rf_str_add(&text, (const char *)data, n);
    rf_str_put(&text, "");
    if (memchr(text.s, 0, n) || rf_utf8_check(text.s, n, "fuzz", NULL)) goto end;
    MUST(pos_units_text(&u, (const char *)data, n));
    pos_units_close(&u, POS_WORDS);
    pos_lexicon *x = pos_lexicon_parse(text.s, "fuzz", tags, &err);
    MUST(!x == (err.status != RF_OK) && (x || err.text[0]));
    if (x) MUST(pos_lexicon_apply(x, POS_WORDS, &u));
    for (int32_t i = 0; x && i < u.n; i++)
        MUST(u.at[i].limit && (pos_lexicon_allows(x, u.at[i].choice, 0) ||
                               pos_lexicon_allows(x, u.at[i].choice, 1)));
    pos_lexicon_free(x);
end:
    pos_units_free(&u);
    rf_vocab_free(tags);
    rf_str_free(&text);
    return 0;
}

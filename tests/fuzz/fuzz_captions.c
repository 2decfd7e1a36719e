/* fuzz_captions.c -- any bytes as captions and as splits: what is read is whole, and cut into words. */
#include <string.h>

#include "../../plugins/caption/captions.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    cap_captions c = {0};
    const char *text = (const char *)data;
    const rf_status st = cap_captions_parse(&c, text, n, "f", n % 3 ? -1 : CAP_ZH, NULL);
    for (rf_index i = 0; i < c.n; i++) {
        rf_str words = {0};
        const cap_caption *x = &c.caption[i];
        MUST(x->picture >= 0 && x->picture < c.pictures && *x->text && !strchr(x->text, '\n'));
        MUST(cap_words(x->language, x->text, strlen(x->text), &words, NULL) == RF_OK);
        MUST(words.n <= 4 * strlen(x->text));
        rf_str_free(&words);
    }
    for (rf_index i = 0; i < c.pictures; i++) MUST(cap_captions_find(&c, c.file[i]) == i);
    if (!st) cap_captions_parse_splits(&c, text, n, "f", NULL);
    cap_captions_free(&c);
    return 0;
}

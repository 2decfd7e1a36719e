/* caption/caption_words.c -- see captions.h: what a word of a caption is. */
#include <refrain/segment.h>
#include <string.h>
#include <utf8proc.h>

#include "captions.h"

/* Whether there is a letter or a digit. */
static bool has_letter(const char *s, size_t n)
{
    int32_t code;
    for (int k; (k = rf_utf8_next(s, n, &code)) > 0; s += k, n -= (size_t)k) {
        const utf8proc_category_t c = utf8proc_category(code);
        if (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_NO) return true;
    }
    return false;
}

static void put_lower(const char *s, size_t n, rf_str *out)
{
    int32_t code;
    for (int k; (k = rf_utf8_next(s, n, &code)) > 0; s += k, n -= (size_t)k) {
        char c[4];
        rf_str_add(out, c, (size_t)rf_utf8_put(utf8proc_tolower(code), c));
    }
}

/* The segmenter takes t-shirt and search-engine apart, as a treebank of today does; captions are counted
 * with such words whole, as the treebank of their time had them.  Where the word that begins with segment i ends. */
static size_t whole_word(const char *text, const rf_segments *s, size_t i)
{
    size_t last = i;
    while (last + 2 < s->n && s->word[last + 1].n == 1 && text[s->word[last + 1].at] == '-' &&
           !(s->word[last].flags & RF_SEGMENT_SPACE) &&
           !(s->word[last + 1].flags & RF_SEGMENT_SPACE) &&
           has_letter(text + s->word[last + 2].at, s->word[last + 2].n))
        last += 2;
    return last;
}

rf_status cap_words(int language, const char *text, size_t n, rf_str *out, rf_error *err)
{
    static const rf_segment_rule rule[] = {
        [CAP_EN] = RF_SEGMENT_ENGLISH, [CAP_ZH] = RF_SEGMENT_CHINESE};
    rf_segments s = {0};
    const size_t before = out->n;
    rf_status st = rf_segment_text(rule[language], text, n, &s, err);
    for (size_t i = 0; i < s.n && !st; i++) {
        const rf_segment *first = &s.word[i];
        if (!has_letter(text + first->at, first->n)) continue;
        if (language == CAP_EN) i = whole_word(text, &s, i);
        if (out->n > before) rf_str_put(out, " ");
        put_lower(text + first->at, s.word[i].at + s.word[i].n - first->at, out);
    }
    if (!st && out->failed) st = rf_fail(err, RF_ENOMEM, "no memory for the words of a caption");
    rf_segments_free(&s);
    return st;
}

void cap_words_join(int language, const char *words, size_t n, rf_str *out)
{
    for (size_t i = 0; i < n; i++)
        if (language != CAP_ZH || words[i] != ' ') rf_str_add(out, words + i, 1);
}

rf_text_metric *cap_metric_new(int metric, rf_error *err)
{
    rf_text_metric_options o = RF_TEXT_METRIC_OPTIONS;
    o.tokens = RF_TOKENS_NONE;
    return rf_text_metric_new(metric, &o, err);
}

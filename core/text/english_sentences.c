/* text/english_sentences.c -- where English sentences end, among the words of a paragraph.
 *
 * A sentence ends with a terminal word (. ! ? and several of them), with what closes behind it and an
 * emoticon, before a blank.  An abbreviation's full stop ends it only before a word that begins
 * sentences; then, and at a paragraph's end, the stop is a word of its own, as in the treebank. */
#include "text/english.h"

#include <string.h>

#include "text/segment.h"

static bool is_closer(const char *s, const rf_segment *w)
{
    static const char *const closers[] = {"\"",           "''",           "'", ")", "]",
                                          "\xe2\x80\x9d", "\xe2\x80\x99", "*"};
    for (size_t i = 0; i < sizeof closers / sizeof *closers; i++)
        if (strlen(closers[i]) == w->n && !memcmp(s + w->at, closers[i], w->n)) return true;
    return false;
}

static bool is_opener(const char *s, const rf_segment *w)
{
    static const char openers[] = "\"`'([<*-";
    return (w->n <= 2 && strchr(openers, s[w->at])) ||
           (w->n == 3 &&
            (!memcmp(s + w->at, "\xe2\x80\x9c", 3) || !memcmp(s + w->at, "\xe2\x80\x98", 3)));
}

/* How a word looks as the first of a sentence. */
typedef enum look_of { LOWER, UPPER, DIGIT, OPENER, OTHER } look_of;
static look_of first_look(const char *s, const rf_segment *w)
{
    int32_t code;
    size_t length;
    if (is_opener(s, w)) return OPENER;
    switch (rfi_segment_kind(s + w->at, w->n, &code, &length)) {
    case RFI_DIGIT:
        return DIGIT;
    case RFI_LETTER:
        return code >= 'a' && code <= 'z' ? LOWER : UPPER;
    default:
        return OTHER;
    }
}

/* Marks that end sentences: . ! ? and several of them. */
static bool is_terminal(const char *s, const rf_segment *w)
{
    for (size_t i = 0; i < w->n; i++)
        if (!strchr(".!?", s[w->at + i])) return false;
    return true;
}

static bool has_digit_and(const char *s, const rf_segment *w, char mark)
{
    return s[w->at] >= '0' && s[w->at] <= '9' && memchr(s + w->at, mark, w->n);
}

/* 05/17/99 01:47 PM: the end of a letter's head. */
static bool is_stamp(const char *s, const rf_segments *out, size_t i)
{
    const rf_segment *w = &out->word[i];
    if (i < 2 || w->n != 2 || (s[w->at] != 'A' && s[w->at] != 'P') || s[w->at + 1] != 'M')
        return false;
    return has_digit_and(s, w - 1, ':') && has_digit_and(s, w - 2, '/');
}

/* Is word i the full stop behind a number that begins the sentence: 2. ? */
static bool is_item(const char *s, const rf_segments *out, size_t i)
{
    const rf_segment *w = &out->word[i];
    return i > 0 && (w[-1].flags & RF_SEGMENT_SENTENCE) && w->n == 1 && w[-1].n <= 2 &&
           s[w[-1].at] >= '0' && s[w[-1].at] <= '9' && !(w[-1].flags & RF_SEGMENT_SPACE);
}

/* Is there an end of a sentence behind word i (with its closers up to word k), before word k + 1? */
static bool ends_sentence(const char *s, const rf_segments *out, size_t i, size_t k)
{
    const rf_segment *w = &out->word[i], *next = &out->word[k + 1];
    const char *last = s + w->at + w->n - 1;
    const look_of first = first_look(s, next);
    if (!(out->word[k].flags & RF_SEGMENT_SPACE)) return false;
    if (is_terminal(s, next) || (next->flags & RFI_SEGMENT_FACE) || is_item(s, out, i))
        return false;
    if (is_stamp(s, out, i)) return true;
    if (w->flags & RFI_SEGMENT_FACE) return first == UPPER;
    if (w->flags & RFI_SEGMENT_TITLE) return false;
    if (w->flags & RFI_SEGMENT_SHORT)
        return rfi_english_has(RFI_EN_STARTERS, s + next->at, next->n) && first == UPPER;
    if (w->n > 1 && *last == '.') return s[w->at] == '.' && first == UPPER;
    if (*last == '.') return first != LOWER || k == i;
    if (*last == '!' || *last == '?') return first != LOWER || k == i;
    return false;
}

/* A full stop at the end of a sentence is a word, even of an abbreviation. */
static size_t part_stop(rf_segments *out, size_t i)
{
    const rf_segment *w = &out->word[i];
    if (!(w->flags & RFI_SEGMENT_SHORT)) return 0;
    const size_t n = out->n;
    rfi_segment_cut(out, i, w->n - 1, 0);
    return out->n - n;
}

/* Mark the sentences among the words of a paragraph, from the first one on. */
void rfi_english_mark(const char *s, rf_segments *out, size_t first)
{
    for (size_t i = first; i + 1 < out->n && !out->failed; i++) {
        size_t k = i;
        while (k + 1 < out->n && !(out->word[k].flags & RF_SEGMENT_SPACE) &&
               is_closer(s, &out->word[k + 1]))
            k++;
        const bool face = k + 1 < out->n && k == i && is_terminal(s, &out->word[i]) &&
                          (out->word[k + 1].flags & RFI_SEGMENT_FACE);
        k += face; /* "... time. :)" */
        if (k + 1 >= out->n || !ends_sentence(s, out, i, k)) continue;
        k += part_stop(out, i);
        out->word[k + 1].flags |= RF_SEGMENT_SENTENCE;
        i = k;
    }
    if (out->n > first && !out->failed) part_stop(out, out->n - 1);
}

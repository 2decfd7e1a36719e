/* text/words.h -- where words begin and end: one rule for counting, splitting and encoding. */
#ifndef TEXT_WORDS_H
#define TEXT_WORDS_H

#include <refrain/text.h>

/* What stands at `at`: a word (its bytes in word, n), the end of a line, or the end of the text. */
typedef enum rfi_piece { RFI_WORD, RFI_LINE_END, RFI_TEXT_END } rfi_piece;

typedef struct rfi_words {
    const char *at, *end;
    const char *word;
    size_t n;
} rfi_words;

static inline bool rfi_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static inline rfi_piece rfi_words_next(rfi_words *w)
{
    while (w->at < w->end && rfi_is_blank(*w->at)) w->at++;
    if (w->at == w->end) return RFI_TEXT_END;
    w->word = w->at;
    if (*w->at == '\n') {
        w->at++;
        return RFI_LINE_END;
    }
    while (w->at < w->end && *w->at != '\n' && !rfi_is_blank(*w->at)) w->at++;
    w->n = (size_t)(w->at - w->word);
    return RFI_WORD;
}

/* Count the words of a text.  NULL: no memory. */
rf_map *rfi_words_count(const char *text, size_t n);

#endif

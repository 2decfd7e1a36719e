/* pos/raw.c -- see raw.h. */
#include "raw.h"

/* A sentence of more words is cut: text without full stops must not fill the memory. */
enum { LONGEST = 1000 };

rf_status pos_raw_open(pos_raw *r, const char *s, size_t n, bool words, rf_error *err)
{
    r->s = s;
    r->words = words;
    r->next = 0;
    return rf_segment_text(words ? RF_SEGMENT_ENGLISH : RF_SEGMENT_CHINESE, s, n, &r->split, err);
}

void pos_raw_free(pos_raw *r) { rf_segments_free(&r->split); }

static bool add_words(const pos_raw *r, pos_batch *b, const char *text)
{
    const rf_segment *word = r->split.word;
    for (size_t i = r->at; i < r->next; i++) {
        const bool glued = !(word[i].flags & RF_SEGMENT_SPACE);
        if (!pos_batch_word(b, text + (word[i].at - word[r->at].at), word[i].n, glued))
            return false;
        if (word[i].flags & RF_SEGMENT_INSIDE && b->one.n) b->one.at[b->one.n - 1].inside = true;
    }
    return true;
}

int pos_raw_next(pos_raw *r, pos_batch *b, const char **text)
{
    const rf_segment *word = r->split.word;
    r->at = r->next;
    if (r->at >= r->split.n) return 0;
    for (r->next = r->at + 1; r->next < r->split.n; r->next++)
        if (word[r->next].flags & RF_SEGMENT_SENTENCE || r->next - r->at >= LONGEST) break;
    const size_t from = word[r->at].at, n = word[r->next - 1].at + word[r->next - 1].n - from;
    *text = pos_batch_keep(b, r->s + from, n);
    if (!*text) return RF_ENOMEM;
    pos_batch_open(b);
    return (r->words ? add_words(r, b, *text) : pos_batch_text(b, *text, n)) ? 1 : RF_ENOMEM;
}

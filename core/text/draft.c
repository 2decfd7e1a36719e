/* text/draft.c -- sentences of CoNLL-U made of a text and its division. */
#include "text/segment.h"

#include <stdlib.h>
#include <string.h>

struct rf_draft {
    rf_arena *memory;
    rf_sentence s;
};

rf_draft *rf_draft_new(void)
{
    rf_draft *d = calloc(1, sizeof *d);
    if (d) d->memory = rf_arena_new(1 << 12);
    if (d && d->memory) return d;
    free(d);
    return NULL;
}

void rf_draft_free(rf_draft *d)
{
    if (!d) return;
    rf_arena_free(d->memory);
    free(d);
}

static size_t sentence_end(const rf_segments *s, size_t first)
{
    size_t i = first + 1;
    while (i < s->n && !(s->word[i].flags & RF_SEGMENT_SENTENCE)) i++;
    return i;
}

/* The word behind the token that begins with word i. */
static size_t token_end(const rf_segments *s, size_t i, size_t end)
{
    for (i++; i < end && s->word[i].flags & RF_SEGMENT_INSIDE;) i++;
    return i;
}

static char *copied(rf_arena *a, const char *from, size_t n)
{
    char *to = rf_arena_alloc(a, n + 1);
    if (!to) return NULL;
    memcpy(to, from, n);
    to[n] = '\0';
    return to;
}

/* "# text = " and the text of the sentence, line ends and runs of blanks as single blanks. */
static char *text_comment(rf_arena *a, const char *text, const rf_segments *s, size_t first,
                          size_t end)
{
    static const char head[] = "# text = ";
    const size_t from = s->word[first].at, to = s->word[end - 1].at + s->word[end - 1].n;
    char *line = rf_arena_alloc(a, sizeof head + (to - from));
    if (!line) return NULL;
    char *p = line + sizeof head - 1;
    memcpy(line, head, sizeof head);
    for (size_t i = first; i < end; i++) {
        memcpy(p, text + s->word[i].at, s->word[i].n);
        p += s->word[i].n;
        if (i + 1 < end && s->word[i].flags & RF_SEGMENT_SPACE) *p++ = ' ';
    }
    *p = '\0';
    return line;
}

static bool add_comments(rf_draft *d, const char *text, const rf_segments *s, size_t first,
                         size_t end)
{
    const char **list = rf_arena_zalloc(d->memory, 2 * sizeof *list);
    if (!list) return false;
    if (s->word[first].flags & RF_SEGMENT_PARAGRAPH) list[d->s.comments++] = "# newpar";
    d->s.comment = list;
    return (list[d->s.comments++] = text_comment(d->memory, text, s, first, end)) != NULL;
}

static rf_row *add_row(rf_draft *d, rf_row_kind kind, size_t first, size_t last, const char *form,
                       bool space)
{
    rf_row *row = &d->s.row[d->s.rows++];
    *row = (rf_row){.kind = kind, .first = (int32_t)first, .last = (int32_t)last, .head = -1};
    row->column[RF_FORM] = form;
    row->column[RF_MISC] = space ? "_" : "SpaceAfter=No";
    for (int k = 0; k < RF_COLUMNS; k++)
        if (!row->column[k]) row->column[k] = "_";
    return row;
}

/* The rows of the token of words [i, end). */
static bool add_token(rf_draft *d, const char *text, const rf_segments *s, size_t first, size_t i,
                      size_t end, int32_t *word)
{
    const rf_segment *last = &s->word[end - 1];
    const bool space = last->flags & RF_SEGMENT_SPACE, range = end - i > 1;
    const size_t at = s->word[i].at;
    const char *form = copied(d->memory, text + at, last->at + last->n - at);
    if (!form) return false;
    if (range) add_row(d, RF_ROW_RANGE, i - first + 1, end - first, form, space);
    for (size_t k = i; k < end; k++) {
        if (range) form = copied(d->memory, text + s->word[k].at, s->word[k].n);
        if (!form) return false;
        word[k - first] = (int32_t)d->s.rows;
        add_row(d, RF_ROW_WORD, k - first + 1, k - first + 1, form, range || space);
    }
    return true;
}

rf_sentence *rf_draft_sentence(rf_draft *d, const char *text, const rf_segments *s, size_t first,
                               size_t *words, rf_error *err)
{
    const size_t end = sentence_end(s, first), n = end - first;
    rf_arena_reset(d->memory);
    d->s = (rf_sentence){.words = n};
    d->s.row = rf_arena_alloc(d->memory, 2 * n * sizeof *d->s.row);
    int32_t *word = rf_arena_alloc(d->memory, n * sizeof *word);
    bool ok = d->s.row && word && add_comments(d, text, s, first, end);
    for (size_t i = first, next; ok && i < end; i = next) {
        next = token_end(s, i, end);
        ok = add_token(d, text, s, first, i, next, word);
    }
    d->s.word = word;
    *words = n;
    if (ok) return &d->s;
    rf_fail(err, RF_ENOMEM, "no memory for a sentence");
    return NULL;
}

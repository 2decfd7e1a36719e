/* pinyin/annotate_plain.c -- see annotate_plain.h. */
#include "annotate_plain.h"

#include <string.h>

#include "source.h"

enum { LONGEST = 60 }; /* characters of a sentence; the rest is one of its own */

/* ---- Reading --------------------------------------------------------------------------------- */

static bool ends_sentence(int32_t code)
{
    static const int32_t ends[] = {0x3002, 0xff01, 0xff1f, 0xff1b, '!', '?', ';'}; /* 。！？； */
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (code == ends[i]) return true;
    return false;
}

static void end_sentence(an_corpus *c)
{
    if (c->code.n > (size_t)c->start.at[c->start.n - 1]) rf_ids_add(&c->start, (int32_t)c->code.n);
}

static void add_line(an_corpus *c, const char *line, size_t n)
{
    int32_t code;
    for (size_t i = 0; i < n;) {
        const int k = rf_utf8_next(line + i, n - i, &code);
        i += (size_t)k;
        if (code == ' ' || code == 0x3000 || code == '\t' || code == '\r') continue;
        rf_ids_add(&c->code, code);
        rf_ids_add(&c->reading, -1);
        if (c->start.failed) return;
        const size_t length = c->code.n - (size_t)c->start.at[c->start.n - 1];
        if (ends_sentence(code) || (length >= LONGEST && !py_is_hanzi(code)) ||
            length == 2 * LONGEST)
            end_sentence(c);
    }
    end_sentence(c);
}

rf_status an_plain_parse(an_corpus *c, an_text text, rf_error *err)
{
    rf_status st = rf_utf8_check(text.s, text.n, text.name, err);
    if (!c->start.n) rf_ids_add(&c->start, 0);
    for (size_t i = 0; i < text.n && !st;) {
        const char *end = memchr(text.s + i, '\n', text.n - i);
        const size_t n = end ? (size_t)(end - text.s) - i : text.n - i;
        if (c->bans && py_bans_hit(c->bans, text.s + i, n))
            c->banned++;
        else if (!c->start.failed)
            add_line(c, text.s + i, n);
        if (c->code.failed || c->reading.failed || c->start.failed) st = rf_no_memory(err);
        i += n + 1;
    }
    return st;
}

rf_status an_plain_read(an_corpus *c, const char *path, rf_error *err)
{
    rf_str text = {0};
    rf_status st = rf_text_read(path, &text, err);
    if (!st) st = an_plain_parse(c, (an_text){text.s, text.n, path}, err);
    rf_str_free(&text);
    return st;
}

/* ---- Telling --------------------------------------------------------------------------------- */

/* How much of what tells a character is hidden, and below which draw of chance. */
enum { SHOWN, NO_HINT, NO_PAIRS, NO_WORD, WAYS };
static const double below[WAYS] = {
    [SHOWN] = 0.2, [NO_HINT] = 0.5, [NO_PAIRS] = 0.75, [NO_WORD] = 1};

static int way_of(double draw)
{
    int way = 0;
    while (way < NO_WORD && draw >= below[way]) way++;
    return way;
}

/* The class of character k that all lexica's phrases give, or -1. */
static int32_t class_of(const an_lexis *x, const an_set *s, rf_index k)
{
    const int32_t hint = s->column[AN_HINT].at[k] - 1;
    if (hint < 0 || s->column[AN_OTHER].at[k] || s->count.at[k] < 2) return -1;
    for (int32_t j = 0; j < s->count.at[k]; j++)
        if (x->reading[s->first.at[k] + j] == hint) return j;
    return -1;
}

static void hide_hints(an_set *s, rf_index from, rf_index to)
{
    for (rf_index k = from; k < to; k++) s->column[AN_HINT].at[k] = s->column[AN_OTHER].at[k] = 0;
}

/* The pairs in [from, to), and those of its ends with what is beside it. */
static void hide_pairs(an_set *s, rf_index from, rf_index to)
{
    const rf_index begin = s->start[s->n - 1], end = begin + s->lengths[s->n - 1];
    for (rf_index k = from; k < to; k++) s->column[AN_BEFORE].at[k] = s->column[AN_AFTER].at[k] = 0;
    if (from > begin) s->column[AN_AFTER].at[from - 1] = 0;
    if (to < end) s->column[AN_BEFORE].at[to] = 0;
}

/* All of the word [from, to) but the character k, the only one that is still told. */
static void hide_word(an_set *s, rf_index from, rf_index to, rf_index k)
{
    hide_pairs(s, from, to);
    for (rf_index i = from; i < to; i++) {
        s->column[AN_PLACE].at[i] = AN_ALONE;
        if (i == k) continue;
        s->column[AN_CHAR].at[i] = 0;
        s->right.at[i] = -1;
    }
}

/* False: nothing of the word [from, to) is told. */
static bool tell_word(const an_lexis *x, an_set *s, rf_index from, rf_index to, double draw)
{
    const int way = way_of(draw);
    rf_index last = -1;
    for (rf_index k = from; k < to; k++)
        if ((s->right.at[k] = class_of(x, s, k)) >= 0) last = k;
    if (last < 0) return false;
    if (way >= NO_HINT) hide_hints(s, from, to);
    if (way == NO_PAIRS) hide_pairs(s, from, to);
    if (way == NO_WORD) hide_word(s, from, to, last);
    return true;
}

static void take_away(an_set *s)
{
    const size_t n = (size_t)s->start[--s->n];
    for (int i = 0; i < AN_COLUMNS; i++) s->column[i].n = n;
    s->first.n = s->count.n = s->right.n = n;
}

void an_plain_tell(const an_lexis *x, an_set *s, rf_key key)
{
    const rf_index begin = s->start[s->n - 1], end = begin + s->lengths[s->n - 1];
    bool any = false;
    for (rf_index from = begin, to; from < end; from = to) {
        to = from + 1;
        if (s->column[AN_PLACE].at[from] != AN_BEGIN) continue;
        while (to < end && s->column[AN_PLACE].at[to - 1] != AN_END) to++;
        any |= tell_word(x, s, from, to, rf_uniform(key, (uint64_t)from));
    }
    if (!any) take_away(s);
}

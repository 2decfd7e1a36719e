/* pos/lexicon.c -- see lexicon.h. */
#include "lexicon.h"

#include <refrain/io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pos_lexicon {
    rf_map *words; /* to the number of a set of tags, or -1 */
    uint8_t *set;  /* [sets, tags] 1: is in it */
    int32_t sets, cap, tags;
    size_t longest; /* bytes */
};

void pos_lexicon_free(pos_lexicon *x)
{
    if (!x) return;
    rf_map_free(x->words);
    free(x->set);
    free(x);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static uint8_t *new_set(pos_lexicon *x)
{
    if (x->sets == x->cap) {
        const int32_t cap = x->cap ? 2 * x->cap : 16;
        uint8_t *set = realloc(x->set, (size_t)cap * (size_t)x->tags);
        if (!set) return NULL;
        x->set = set;
        x->cap = cap;
    }
    uint8_t *to = x->set + (size_t)x->sets++ * (size_t)x->tags;
    memset(to, 0, (size_t)x->tags);
    return to;
}

/* The tags behind a word, added to its set. */
static rf_status add_tags(pos_lexicon *x, const rf_vocab *tags, const char *word, size_t n,
                          const char *at, const char *where, rf_error *err)
{
    int64_t id = rf_map_get(x->words, word, n, -1);
    uint8_t *set = NULL;
    while (at += strspn(at, "\t"), *at) {
        const size_t bytes = strcspn(at, "\t");
        const int32_t tag = rf_vocab_find(tags, at, bytes);
        if (tag < 0)
            return rf_fail(err, RF_EFORMAT, "%s: the model has no tag %.*s", where, (int)bytes, at);
        if (!set) set = id >= 0 ? x->set + (size_t)id * (size_t)x->tags : new_set(x);
        if (!set) return rf_no_memory(err);
        if (id < 0) id = x->sets - 1;
        set[tag] = 1;
        at += bytes;
    }
    return rf_map_put(x->words, word, n, id) ? RF_OK : rf_no_memory(err);
}

static rf_status add_line(pos_lexicon *x, const rf_vocab *tags, const char *line, const char *where,
                          rf_error *err)
{
    if (!*line || !strncmp(line, "# ", 2)) return RF_OK;
    const size_t word = strcspn(line, "\t");
    if (!word) return rf_fail(err, RF_EFORMAT, "%s: no word before the tab", where);
    if (word > x->longest) x->longest = word;
    return add_tags(x, tags, line, word, line + word, where, err);
}

pos_lexicon *pos_lexicon_parse(char *text, const char *name, const rf_vocab *tags, rf_error *err)
{
    pos_lexicon *x = calloc(1, sizeof *x);
    if (x) *x = (pos_lexicon){.words = rf_map_new(), .tags = rf_vocab_size(tags)};
    rf_status st = x && x->words ? RF_OK : rf_no_memory(err);
    char *line = text;
    for (size_t number = 1; !st && *line; number++) {
        char where[512], *end = line + strcspn(line, "\n");
        char *next = *end ? end + 1 : end;
        *end = 0;
        if (end > line && end[-1] == '\r') end[-1] = 0;
        snprintf(where, sizeof where, "%.480s:%zu", name, number);
        st = add_line(x, tags, line, where, err);
        line = next;
    }
    if (!st) return x;
    pos_lexicon_free(x);
    return NULL;
}

pos_lexicon *pos_lexicon_read(const char *path, const rf_vocab *tags, rf_error *err)
{
    rf_str text = {0};
    pos_lexicon *x = NULL;
    const rf_status st = rf_text_read(path, &text, err);
    if (!st && strlen(text.s) != text.n)
        rf_fail(err, RF_EFORMAT, "%s: a byte of zero where text is due", path);
    else if (!st)
        x = pos_lexicon_parse(text.s, rf_input_name(path), tags, err);
    rf_str_free(&text);
    return x;
}

/* ---- Applying -------------------------------------------------------------------------------- */

bool pos_lexicon_allows(const pos_lexicon *x, int32_t choice, int32_t tag)
{
    return choice < 0 || x->set[(size_t)choice * (size_t)x->tags + (size_t)tag];
}

/* Whether units from .. to - 1 may be a word of their own. */
static bool may_stand(const pos_units *u, int32_t from, int32_t to)
{
    if (from > 0 && !(u->at[from - 1].limit & POS_ENDS)) return false;
    if (to < u->n && !(u->at[to].limit & POS_BEGINS)) return false;
    for (int32_t i = from; i < to; i++)
        if (!(u->at[i].limit & (1 << pos_place(i - from, to - from)))) return false;
    return true;
}

static void make_word(pos_units *u, int32_t from, int32_t to, int32_t choice)
{
    if (from > 0) u->at[from - 1].limit &= POS_ENDS;
    if (to < u->n) u->at[to].limit &= POS_BEGINS;
    for (int32_t i = from; i < to; i++) {
        u->at[i].limit = (uint8_t)(1 << pos_place(i - from, to - from));
        u->at[i].choice = choice;
    }
}

/* The end of the longest word that begins at a character, or 0. */
static int32_t match(const pos_lexicon *x, const pos_units *u, int32_t from, rf_str *key,
                     int32_t *choice)
{
    int32_t end = 0;
    rf_str_clear(key);
    for (int32_t i = from; i < u->n && key->n + u->at[i].n <= x->longest; i++) {
        rf_str_add(key, u->at[i].s, u->at[i].n);
        const int64_t id = key->failed ? -2 : rf_map_get(x->words, key->s, key->n, -2);
        if (id != -2 && may_stand(u, from, i + 1)) {
            end = i + 1;
            *choice = (int32_t)id;
        }
        if (!u->at[i].glued) break;
    }
    return end;
}

bool pos_lexicon_apply(const pos_lexicon *x, int task, pos_units *u)
{
    rf_str key = {0};
    int32_t choice = -1;
    for (int32_t i = 0; i < u->n && task == POS_TAGS; i++)
        u->at[i].choice = (int32_t)rf_map_get(x->words, u->at[i].s, u->at[i].n, -1);
    for (int32_t i = 0; i < u->n && task == POS_WORDS;) {
        const int32_t end = match(x, u, i, &key, &choice);
        if (end) make_word(u, i, end, choice);
        i = end ? end : i + 1;
    }
    const bool done = !key.failed;
    rf_str_free(&key);
    return done;
}

/* pos/corpus.c -- see corpus.h. */
#include "corpus.h"

#include <stdlib.h>
#include <string.h>

rf_status pos_corpus_init(pos_corpus *c, const rf_vocab *known, rf_error *err)
{
    *c = (pos_corpus){.tags = rf_vocab_new()};
    c->start = calloc(1, sizeof *c->start);
    bool done = c->tags && c->start;
    for (int32_t k = 0; done && known && k < rf_vocab_size(known); k++) {
        size_t n;
        const char *name = rf_vocab_at(known, k, &n);
        done = rf_vocab_add(c->tags, name, n) == k;
    }
    return done ? RF_OK : rf_no_memory(err);
}

void pos_corpus_free(pos_corpus *c)
{
    rf_str_free(&c->text);
    free(c->word);
    free(c->start);
    free(c->opens);
    rf_vocab_free(c->tags);
    *c = (pos_corpus){0};
}

pos_word *pos_corpus_add(pos_corpus *c, const char *form, size_t n, const char *tag, size_t tag_n)
{
    if (c->words == c->word_cap) {
        const rf_index cap = c->word_cap ? 2 * c->word_cap : 256;
        pos_word *list = realloc(c->word, (size_t)cap * sizeof *list);
        if (!list) return NULL;
        c->word = list;
        c->word_cap = cap;
    }
    const int32_t id = tag ? rf_vocab_add(c->tags, tag, tag_n) : -1;
    pos_word *w = &c->word[c->words];
    *w = (pos_word){.at = c->text.n, .n = (uint32_t)n, .tag = id};
    rf_str_add(&c->text, form, n);
    if (c->text.failed || (tag && id < 0)) return NULL;
    c->words++;
    return w;
}

bool pos_corpus_end(pos_corpus *c, bool opens)
{
    if (c->words == c->start[c->n]) return true;
    if (c->n == c->cap) {
        const size_t cap = c->cap ? 2 * (size_t)c->cap : 64;
        rf_index *start = realloc(c->start, (cap + 1) * sizeof *start);
        if (start) c->start = start;
        bool *list = realloc(c->opens, cap * sizeof *list);
        if (list) c->opens = list;
        if (!start || !list) return false;
        c->cap = (rf_index)cap;
    }
    c->opens[c->n++] = opens;
    c->start[c->n] = c->words;
    return true;
}

const char *pos_corpus_form(const pos_corpus *c, rf_index word, size_t *n)
{
    const pos_word *w = &c->word[word];
    *n = w->n;
    return c->text.s + w->at;
}

void pos_corpus_write(const pos_corpus *c, rf_index from, rf_index to, rf_str *out)
{
    for (rf_index i = c->start[from]; i < c->start[to]; i++) {
        const pos_word *w = &c->word[i];
        if (w->part == POS_LATER) continue;
        const bool first = w->part == POS_FIRST;
        rf_str_add(out, c->text.s + (first ? w->token : w->at), first ? w->token_n : w->n);
        if (!w->glued) rf_str_put(out, " ");
    }
}

/* FNV-1a. */
static uint64_t hash(uint64_t h, const void *bytes, size_t n)
{
    const uint8_t *b = bytes;
    for (size_t i = 0; i < n; i++) h = (h ^ b[i]) * 0x100000001b3u;
    return h;
}

uint64_t pos_corpus_hash(const pos_corpus *c)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (rf_index i = 0; i < c->words; i++) {
        h = hash(h, &c->word[i].n, sizeof c->word[i].n);
        h = hash(h, &c->word[i].tag, sizeof c->word[i].tag);
    }
    h = hash(h, c->start, (size_t)(c->n + 1) * sizeof *c->start);
    return c->text.n ? hash(h, c->text.s, c->text.n) : h;
}

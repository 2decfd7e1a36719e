/* pinyin/strings.c -- strings of characters as a tree, found again by a hash table. */
#include <stdlib.h>
#include <string.h>

#include "beam.h"

static size_t hash_of(int32_t parent, int32_t token, uint32_t what)
{
    uint64_t h = (uint64_t)(uint32_t)parent << 32 ^ (uint64_t)(uint32_t)token << 12 ^ what;
    h *= UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(h ^ h >> 31);
}

static void insert(py_strings *s, int32_t i)
{
    const py_string *x = &s->at[i];
    size_t k = hash_of(x->parent, x->token, x->what) & (s->slots - 1);
    while (s->slot[k] >= 0) k = (k + 1) & (s->slots - 1);
    s->slot[k] = i;
}

static bool rehash(py_strings *s, size_t slots)
{
    if (!rf_resize(&s->slot, slots, sizeof *s->slot)) return false;
    s->slots = slots;
    memset(s->slot, 0xff, slots * sizeof *s->slot);
    for (int32_t i = 0; i < s->n; i++) insert(s, i);
    return true;
}

static int32_t add(py_strings *s, py_string x)
{
    if (s->n == s->cap) {
        const int32_t cap = s->cap ? 2 * s->cap : 256;
        if (!rf_resize(&s->at, (size_t)cap, sizeof *s->at)) return s->failed = true, -1;
        s->cap = cap;
    }
    if (2 * ((size_t)s->n + 1) > s->slots && !rehash(s, s->slots ? 2 * s->slots : 1024))
        return s->failed = true, -1;
    s->at[s->n] = x;
    insert(s, s->n);
    return s->n++;
}

int32_t py_strings_next(py_strings *s, const py_ngram *m, int32_t parent, int32_t token,
                        uint32_t what)
{
    size_t k = hash_of(parent, token, what) & (s->slots - 1);
    for (; s->slot[k] >= 0; k = (k + 1) & (s->slots - 1)) {
        const py_string *x = &s->at[s->slot[k]];
        if (x->parent == parent && x->token == token && x->what == what) return s->slot[k];
    }
    const py_string x = {.parent = parent,
                         .token = token,
                         .what = what,
                         .depth = s->at[parent].depth + 1,
                         .context = py_ngram_next(m, &s->at[parent].context, token)};
    return add(s, x);
}

void py_strings_clear(py_strings *s, const py_ngram *m)
{
    for (int32_t i = 0; i < s->n; i++) free(s->at[i].after);
    s->n = 0;
    if (s->slots) memset(s->slot, 0xff, s->slots * sizeof *s->slot);
    add(s, (py_string){.parent = -1, .token = PY_END, .context = py_ngram_begin(m)});
}

void py_strings_free(py_strings *s)
{
    for (int32_t i = 0; i < s->n; i++) free(s->at[i].after);
    free(s->at);
    free(s->slot);
    *s = (py_strings){0};
}

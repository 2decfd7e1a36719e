/* pinyin/bans.c -- sentences that may not be in a training text. */
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { HEAD = 18 }; /* bytes by which a sentence is looked up: six characters */

typedef struct ban {
    char *s;
    size_t n;
    int64_t next; /* with the same head; -1: none */
} ban;

struct py_bans {
    rf_map *heads;
    ban *at;
    size_t n, cap;
    rf_str line;
};

py_bans *py_bans_new(void)
{
    py_bans *b = calloc(1, sizeof *b);
    if (!b) return NULL;
    b->heads = rf_map_new();
    if (b->heads) return b;
    free(b);
    return NULL;
}

void py_bans_free(py_bans *b)
{
    if (!b) return;
    for (size_t i = 0; i < b->n; i++) free(b->at[i].s);
    free(b->at);
    rf_map_free(b->heads);
    rf_str_free(&b->line);
    free(b);
}

size_t py_bans_count(const py_bans *b) { return b->n; }

/* The Chinese characters of a line, without all else. */
static bool strip(py_bans *b, const char *line, size_t n)
{
    size_t from = 0, m = 0;
    rf_str_clear(&b->line);
    while (py_stretch_next(line, n, &from, &m)) rf_str_add(&b->line, line + from, m);
    return !b->line.failed;
}

static bool add(py_bans *b, const char *line, size_t n)
{
    if (!strip(b, line, n)) return false;
    if (b->line.n < HEAD) return true;
    if (b->n == b->cap) {
        const size_t cap = b->cap ? 2 * b->cap : 256;
        if (!rf_resize(&b->at, cap, sizeof *b->at)) return false;
        b->cap = cap;
    }
    ban x = {.n = b->line.n, .next = rf_map_get(b->heads, b->line.s, HEAD, -1)};
    x.s = malloc(x.n);
    if (!x.s || !rf_map_put(b->heads, b->line.s, HEAD, (int64_t)b->n)) {
        free(x.s);
        return false;
    }
    memcpy(x.s, b->line.s, x.n);
    b->at[b->n++] = x;
    return true;
}

rf_status py_bans_read(py_bans *b, const char *path, rf_error *err)
{
    rf_str text = {0};
    rf_status st = rf_text_read(path, &text, err);
    for (size_t i = 0; i < text.n && !st;) {
        const char *end = memchr(text.s + i, '\n', text.n - i);
        const size_t m = end ? (size_t)(end - text.s) - i : text.n - i;
        if (!add(b, text.s + i, m)) st = rf_no_memory(err);
        i += m + 1;
    }
    rf_str_free(&text);
    return st;
}

bool py_bans_hit(py_bans *b, const char *line, size_t n)
{
    if (!b->n || !strip(b, line, n)) return false;
    const char *s = b->line.s;
    for (size_t i = 0; i + HEAD <= b->line.n; i++) {
        if (((unsigned char)s[i] & 0xc0) == 0x80) continue;
        for (int64_t k = rf_map_get(b->heads, s + i, HEAD, -1); k >= 0; k = b->at[k].next)
            if (b->at[k].n <= b->line.n - i && !memcmp(b->at[k].s, s + i, b->at[k].n)) return true;
    }
    return false;
}

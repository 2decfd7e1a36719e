/* pos/vectors.c -- see vectors.h. */
#include "vectors.h"

#include <math.h>
#include <refrain/io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"

/* As many as a table of 4 GB takes. */
enum { SIZE_MAX_VECTOR = 4096 };

void pos_vectors_free(pos_vectors *x)
{
    for (int t = 0; t < POS_TABLES; t++) {
        rf_vocab_free(x->of[t]);
        free(x->at[t]);
    }
    *x = (pos_vectors){0};
}

/* ---- Lines ----------------------------------------------------------------------------------- */

/* Room for row `n` of a table, which grows by doubling. */
static rf_real *new_row(pos_vectors *x, int t, rf_index n)
{
    if ((n & (n - 1)) == 0) {
        const size_t rows = n ? 2 * (size_t)n : 1;
        rf_real *at = realloc(x->at[t], rows * (size_t)x->size * sizeof *at);
        if (!at) return NULL;
        x->at[t] = at;
    }
    return x->at[t] + n * x->size;
}

/* The table that a text belongs to, and its key; -1: none. */
static int table_of(int task, const char *s, size_t n, rf_str *key)
{
    const size_t characters = rf_utf8_count(s, n);
    rf_str_clear(key);
    pos_key_word(s, n, key);
    if (task == POS_TAGS || characters == 1) return POS_UNIT;
    return characters == 2 ? POS_PAIR : -1;
}

static rf_status read_numbers(const pos_vectors *x, const char *at, rf_real *to, const char *where,
                              rf_error *err)
{
    for (rf_index i = 0; i < x->size; i++) {
        char *end;
        const float v = strtof(at, &end);
        if (end == at || !isfinite(v))
            return rf_fail(err, RF_EFORMAT, "%s: number %lld of %lld is missing or is none", where,
                           (long long)i + 1, (long long)x->size);
        to[i] = v;
        at = end;
    }
    at += strspn(at, " \t");
    if (!*at) return RF_OK;
    return rf_fail(err, RF_EFORMAT, "%s: more than %lld numbers", where, (long long)x->size);
}

static rf_status read_row(pos_vectors *x, int task, const char *line, size_t n, rf_str *key,
                          const char *where, rf_error *err)
{
    const size_t word = strcspn(line, " \t");
    if (!word || rf_utf8_check(line, n, where, NULL))
        return rf_fail(err, RF_EFORMAT, "%s: a word in UTF-8 and its numbers are due", where);
    const int t = table_of(task, line, word, key);
    if (key->failed) return rf_no_memory(err);
    if (t < 0) return RF_OK;
    const int32_t rows = rf_vocab_size(x->of[t]);
    if (rf_vocab_find(x->of[t], key->s, key->n) >= 0) return RF_OK;
    rf_real *to = new_row(x, t, rows);
    if (!to || rf_vocab_add(x->of[t], key->s, key->n) < 0) return rf_no_memory(err);
    return read_numbers(x, line + word, to, where, err);
}

static rf_status read_head(pos_vectors *x, const char *line, const char *where, rf_error *err)
{
    char *end;
    const long long rows = strtoll(line, &end, 10), size = strtoll(end, &end, 10);
    end += strspn(end, " ");
    if (!*end && rows > 0 && size > 0 && size <= SIZE_MAX_VECTOR) {
        x->size = (rf_index)size;
        return RF_OK;
    }
    return rf_fail(err, RF_EFORMAT, "%s: how many vectors and how long, up to %d, is due", where,
                   SIZE_MAX_VECTOR);
}

rf_status pos_vectors_read(pos_vectors *x, const char *path, int task, rf_error *err)
{
    rf_lines *in = rf_lines_open(path, err);
    const char *line;
    size_t n;
    int more = 0;
    rf_str key = {0};
    rf_status st = in ? RF_OK : err->status;
    *x = (pos_vectors){.of = {[POS_UNIT] = rf_vocab_new(), [POS_PAIR] = rf_vocab_new()}};
    if (!st && (!x->of[POS_UNIT] || !x->of[POS_PAIR])) st = rf_no_memory(err);
    while (!st && (more = rf_lines_next(in, &line, &n, err)) > 0) {
        char where[512];
        snprintf(where, sizeof where, "%.480s:%zu", rf_lines_name(in), rf_lines_number(in));
        st =
            x->size ? read_row(x, task, line, n, &key, where, err) : read_head(x, line, where, err);
    }
    if (!st && more < 0) st = more;
    if (!st && !x->size) st = rf_fail(err, RF_EFORMAT, "%s: the file is empty", path);
    rf_lines_free(in);
    rf_str_free(&key);
    return st;
}

/* ---- Using ----------------------------------------------------------------------------------- */

rf_status pos_vectors_use(const pos_vectors *x, pos_tagger *m, int64_t *set, rf_error *err)
{
    static const char *const option[] = {[POS_UNIT] = "embed", [POS_PAIR] = "embed-pair"};
    *set = 0;
    for (int t = 0; t <= POS_PAIR; t++) {
        const int32_t rows = rf_vocab_size(x->of[t]);
        if (!rows || !m->table[t].weight) continue;
        if (m->shape.embed[t] != x->size)
            return rf_fail(err, RF_EINVAL, "--%s: is %lld where the vectors have %lld numbers",
                           option[t], (long long)m->shape.embed[t], (long long)x->size);
        for (int32_t i = 0; i < rows; i++) {
            size_t n;
            const char *s = rf_vocab_at(x->of[t], i, &n);
            const int32_t id = rf_vocab_find(m->lexis.table[t], s, n);
            if (id < 0) continue;
            memcpy(m->table[t].weight->value.data + id * x->size, x->at[t] + i * x->size,
                   (size_t)x->size * sizeof(rf_real));
            ++*set;
        }
    }
    return RF_OK;
}

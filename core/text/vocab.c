/* text/vocab.c -- vocabularies: entries numbered from 0 in order of addition. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/vocab.h"
#include "text/words.h"

/* The map's order of insertion is the numbering. */
struct rf_vocab {
    rf_map *map;
};

rf_vocab *rf_vocab_new(void)
{
    rf_vocab *v = calloc(1, sizeof *v);
    if (v && (v->map = rf_map_new())) return v;
    free(v);
    return NULL;
}

void rf_vocab_free(rf_vocab *v)
{
    if (!v) return;
    rf_map_free(v->map);
    free(v);
}

int32_t rf_vocab_add(rf_vocab *v, const char *bytes, size_t n)
{
    int32_t id = rf_vocab_find(v, bytes, n), size = rf_vocab_size(v);
    if (id >= 0) return id;
    return size < INT32_MAX && rf_map_put(v->map, bytes, n, size) ? size : -1;
}

int32_t rf_vocab_find(const rf_vocab *v, const char *bytes, size_t n)
{
    return (int32_t)rf_map_get(v->map, bytes, n, -1);
}

int32_t rf_vocab_size(const rf_vocab *v) { return (int32_t)rf_map_count(v->map); }

const char *rf_vocab_at(const rf_vocab *v, int32_t id, size_t *n)
{
    return rf_map_at(v->map, (size_t)id, n, NULL);
}

/* ---- Counting ---------------------------------------------------------------------------------- */

rf_map *rfi_words_count(const char *text, size_t n)
{
    rf_map *counts = rf_map_new();
    rfi_words w = {.at = text, .end = text + n};
    rfi_piece p = RFI_WORD;
    while (counts && (p = rfi_words_next(&w)) != RFI_TEXT_END)
        if (p == RFI_WORD && rf_map_add(counts, w.word, w.n, 1) == INT64_MIN) {
            rf_map_free(counts);
            return NULL;
        }
    return counts;
}

typedef struct counted {
    const char *bytes;
    size_t n;
    int64_t count;
} counted;

/* By falling count, then in order of bytes. */
static int by_count(const void *a, const void *b)
{
    const counted *x = a, *y = b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    int order = memcmp(x->bytes, y->bytes, x->n < y->n ? x->n : y->n);
    return order ? order : (x->n > y->n) - (x->n < y->n);
}

/* The entries seen min_count times, sorted; NULL: no memory. */
static counted *sort_counts(const rf_map *counts, int64_t min_count, size_t *n)
{
    size_t all = rf_map_count(counts);
    counted *list = calloc(all + 1, sizeof *list);
    *n = 0;
    for (size_t i = 0; list && i < all; i++) {
        counted *c = &list[*n];
        c->bytes = rf_map_at(counts, i, &c->n, &c->count);
        *n += c->count >= min_count;
    }
    if (list) qsort(list, *n, sizeof *list, by_count);
    return list;
}

rf_vocab *rf_vocab_build(const rf_map *counts, const char *const *special, int64_t min_count,
                         int32_t max_size, rf_error *err)
{
    size_t n;
    counted *list = sort_counts(counts, min_count, &n);
    rf_vocab *v = list ? rf_vocab_new() : NULL;
    bool ok = v != NULL;
    for (; ok && special && *special; special++)
        ok = rf_vocab_add(v, *special, strlen(*special)) >= 0;
    for (size_t i = 0; ok && i < n && (max_size <= 0 || rf_vocab_size(v) < max_size); i++)
        ok = rf_vocab_add(v, list[i].bytes, list[i].n) >= 0;
    free(list);
    if (ok) return v;
    rf_vocab_free(v);
    rf_fail(err, RF_ENOMEM, "vocabulary: no memory");
    return NULL;
}

/* ---- JSON -------------------------------------------------------------------------------------- */

static json_t *hex_object(const char *bytes, size_t n)
{
    rf_str hex = {0};
    rf_str_put(&hex, "");
    for (size_t i = 0; i < n; i++) rf_str_printf(&hex, "%02x", (unsigned)(unsigned char)bytes[i]);
    json_t *j = hex.failed ? NULL : json_pack("{s:s}", "hex", hex.s);
    rf_str_free(&hex);
    return j;
}

json_t *rfi_vocab_to_json(const rf_vocab *v)
{
    json_t *list = json_array();
    for (int32_t i = 0; list && i < rf_vocab_size(v); i++) {
        size_t n;
        const char *bytes = rf_vocab_at(v, i, &n);
        json_t *entry = json_stringn(bytes, n);
        if (!entry) entry = hex_object(bytes, n);
        if (json_array_append_new(list, entry)) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

rf_status rfi_json_put(json_t *value, rf_str *out, rf_error *err)
{
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    if (text) rf_str_put(out, text);
    json_decref(value);
    free(text);
    return text && !out->failed ? RF_OK : rf_fail(err, RF_ENOMEM, "vocabulary: no memory");
}

rf_status rf_vocab_write(const rf_vocab *v, rf_str *json, rf_error *err)
{
    return rfi_json_put(rfi_vocab_to_json(v), json, err);
}

/* The bytes of {"hex": "ff00"}; false: it is no such thing. */
static bool read_hex(const json_t *j, rf_str *out)
{
    const char *hex = json_string_value(json_object_get(j, "hex"));
    size_t n = hex ? strlen(hex) : 1;
    if (n % 2 || strspn(hex, "0123456789abcdef") != n) return false;
    rf_str_clear(out);
    for (size_t i = 0; i < n; i += 2) {
        char pair[3] = {hex[i], hex[i + 1], '\0'}, byte = (char)strtol(pair, NULL, 16);
        rf_str_add(out, &byte, 1);
    }
    return !out->failed;
}

static rf_status add_entry(rf_vocab *v, const json_t *j, rf_str *buf, rf_error *err)
{
    int32_t size = rf_vocab_size(v), id = -1;
    if (json_is_string(j))
        id = rf_vocab_add(v, json_string_value(j), json_string_length(j));
    else if (read_hex(j, buf))
        id = rf_vocab_add(v, buf->n ? buf->s : "", buf->n);
    else
        return rf_fail(err, RF_EFORMAT, "vocabulary: entry %d is not a string", size);
    if (id < 0) return rf_fail(err, RF_ENOMEM, "vocabulary: no memory");
    if (id < size)
        return rf_fail(err, RF_EFORMAT, "vocabulary: entry %d is entry %d again", size, id);
    return RF_OK;
}

rf_vocab *rfi_vocab_from_json(const json_t *list, rf_error *err)
{
    rf_str buf = {0};
    rf_status st = RF_OK;
    rf_vocab *v = rf_vocab_new();
    if (!v) st = rf_fail(err, RF_ENOMEM, "vocabulary: no memory");
    if (!json_is_array(list)) st = rf_fail(err, RF_EFORMAT, "vocabulary: not a list");
    for (size_t i = 0; st == RF_OK && i < json_array_size(list); i++)
        st = add_entry(v, json_array_get(list, i), &buf, err);
    rf_str_free(&buf);
    if (st == RF_OK) return v;
    rf_vocab_free(v);
    return NULL;
}

rf_vocab *rf_vocab_parse(const char *json, size_t n, rf_error *err)
{
    json_error_t why;
    json_t *list = json_loadb(json, n, JSON_ALLOW_NUL | JSON_DECODE_ANY, &why);
    if (!list) {
        rf_fail(err, RF_EFORMAT, "vocabulary: not JSON: %s", why.text);
        return NULL;
    }
    rf_vocab *v = rfi_vocab_from_json(list, err);
    json_decref(list);
    return v;
}

/* text/tokenizer.c -- text to ids and back, by bytes, characters, words or pieces of words.
 *
 * Each unit is a row of a table: how entries are counted, how text becomes ids, and what a vocabulary
 * of its kind must look like. */
#include <stdlib.h>
#include <string.h>

#include "text/bpe.h"
#include "text/vocab.h"
#include "text/words.h"

#define MERGES    10000             /* to learn unless told otherwise */
#define CACHE_MAX ((size_t)1 << 22) /* ids of remembered words */

struct rf_tokenizer {
    rf_unit unit;
    rf_vocab *vocab;
    int32_t unk, eos;
    int32_t *of_code; /* char: id of each code point below code_count */
    size_t code_count;
    rf_bpe *bpe;
    rf_map *cache; /* bpe: word to its place in cached: the number of its ids, then these */
    rf_ids cached;
    rf_ids lengths; /* bpe: of the pieces of one word */
    rf_str piece;
};

typedef struct unit_row {
    const char *name;
    const char *special[3]; /* entries that every vocabulary starts with */
    const char *eos;
    /* Counts of a text's entries; t has its bpe already.  NULL: no memory. */
    rf_map *(*count)(rf_tokenizer *t, const char *text, size_t n);
    void (*encode)(rf_tokenizer *t, const char *text, size_t n, rf_ids *ids);
} unit_row;

static const unit_row units[RF_UNITS];

const char *rf_unit_name(rf_unit u) { return u >= 0 && u < RF_UNITS ? units[u].name : NULL; }

rf_unit rf_unit_find(const char *name)
{
    for (rf_unit u = 0; u < RF_UNITS; u++)
        if (!strcmp(name, units[u].name)) return u;
    return -1;
}

/* ---- Bytes ------------------------------------------------------------------------------------- */

static rf_map *count_bytes(rf_tokenizer *t, const char *text, size_t n)
{
    rf_map *counts = rf_map_new();
    (void)t, (void)text, (void)n; /* all 256 are entries, in their own order */
    for (int i = 0; counts && i < 256; i++) {
        char byte = (char)i;
        rf_map_put(counts, &byte, 1, 1);
    }
    return counts;
}

static void encode_bytes(rf_tokenizer *t, const char *text, size_t n, rf_ids *ids)
{
    (void)t;
    for (size_t i = 0; i < n; i++) rf_ids_add(ids, (unsigned char)text[i]);
}

/* ---- Characters -------------------------------------------------------------------------------- */

/* One more than the largest code point. */
static int32_t code_limit(const char *text, size_t n)
{
    int32_t code, limit = 0;
    for (int k; (k = rf_utf8_next(text, n, &code)) > 0; text += k, n -= (size_t)k)
        limit = code < limit ? limit : code + 1;
    return limit;
}

static rf_map *count_chars(rf_tokenizer *t, const char *text, size_t n)
{
    (void)t;
    char bytes[4];
    int32_t code, limit = code_limit(text, n);
    rf_map *counts = rf_map_new();
    int64_t *of_code = calloc((size_t)limit + 1, sizeof *of_code);
    bool ok = counts && of_code;
    for (int k; ok && (k = rf_utf8_next(text, n, &code)) > 0; text += k, n -= (size_t)k)
        of_code[code]++;
    for (code = 0; ok && code < limit; code++)
        if (of_code[code])
            ok = rf_map_put(counts, bytes, (size_t)rf_utf8_put(code, bytes), of_code[code]);
    free(of_code);
    if (ok) return counts;
    rf_map_free(counts);
    return NULL;
}

static void encode_chars(rf_tokenizer *t, const char *text, size_t n, rf_ids *ids)
{
    int32_t code;
    for (int k; (k = rf_utf8_next(text, n, &code)) > 0; text += k, n -= (size_t)k)
        rf_ids_add(ids, (size_t)code < t->code_count ? t->of_code[code] : t->unk);
}

/* The table from code points to ids.  Entries of other lengths than one are no characters. */
static rf_status index_codes(rf_tokenizer *t, rf_error *err)
{
    int32_t code, top = 0, size = rf_vocab_size(t->vocab);
    size_t n;
    for (int32_t i = 1; i < size; i++) {
        const char *s = rf_vocab_at(t->vocab, i, &n);
        if (rf_utf8_next(s, n, &code) != (int)n || !n)
            return rf_fail(err, RF_EFORMAT, "tokenizer: entry %d is not one character", i);
        top = code > top ? code : top;
    }
    t->code_count = (size_t)top + 1;
    t->of_code = calloc(t->code_count, sizeof *t->of_code);
    if (!t->of_code) return rf_fail(err, RF_ENOMEM, "tokenizer: no memory");
    for (size_t i = 0; i < t->code_count; i++) t->of_code[i] = t->unk;
    for (int32_t i = 1; i < size; i++) {
        const char *s = rf_vocab_at(t->vocab, i, &n);
        if (rf_utf8_next(s, n, &code) > 0) t->of_code[code] = i;
    }
    return RF_OK;
}

/* ---- Words ------------------------------------------------------------------------------------- */

static rf_map *count_words(rf_tokenizer *t, const char *text, size_t n)
{
    (void)t;
    return rfi_words_count(text, n);
}

/* A word of the text that looks like <eos> is not the end of a line. */
static int32_t known(const rf_tokenizer *t, const char *s, size_t n)
{
    int32_t id = rf_vocab_find(t->vocab, s, n);
    return id < 0 || id == t->eos ? t->unk : id;
}

static void encode_words(rf_tokenizer *t, const char *text, size_t n, rf_ids *ids)
{
    rfi_words w = {.at = text, .end = text + n};
    for (rfi_piece p; (p = rfi_words_next(&w)) != RFI_TEXT_END;)
        rf_ids_add(ids, p == RFI_LINE_END ? t->eos : known(t, w.word, w.n));
}

/* ---- Pieces of words --------------------------------------------------------------------------- */

/* Piece i of the word in t->lengths, with its "@@", in t->piece. */
static void make_piece(rf_tokenizer *t, const char *at, size_t i)
{
    rf_str_clear(&t->piece);
    rf_str_add(&t->piece, at, (size_t)t->lengths.at[i]);
    if (i + 1 < t->lengths.n) rf_str_put(&t->piece, RFI_GOES_ON);
}

static bool count_pieces(rf_tokenizer *t, const char *word, size_t n, int64_t by, rf_map *counts)
{
    t->lengths.n = 0;
    rf_bpe_split(t->bpe, word, n, &t->lengths);
    bool ok = !t->lengths.failed;
    for (size_t i = 0; ok && i < t->lengths.n; i++) {
        make_piece(t, word, i);
        ok = !t->piece.failed && rf_map_add(counts, t->piece.s, t->piece.n, by) != INT64_MIN;
        word += t->lengths.at[i];
    }
    return ok;
}

static rf_map *count_bpe(rf_tokenizer *t, const char *text, size_t n)
{
    rf_map *words = rfi_words_count(text, n), *counts = rf_map_new();
    bool ok = words && counts;
    for (size_t i = 0; ok && i < rf_map_count(words); i++) {
        size_t length;
        int64_t by;
        const char *word = rf_map_at(words, i, &length, &by);
        ok = count_pieces(t, word, length, by, counts);
    }
    rf_map_free(words);
    if (ok) return counts;
    rf_map_free(counts);
    return NULL;
}

/* The place of a word's ids in t->cached, or -1: no memory. */
static int64_t split_cached(rf_tokenizer *t, const char *word, size_t n)
{
    int64_t place = t->cache ? rf_map_get(t->cache, word, n, -1) : -1;
    if (place >= 0) return place;
    if (t->cached.n > CACHE_MAX) {
        rf_map_free(t->cache);
        t->cache = NULL;
        t->cached.n = 0;
    }
    if (!t->cache) t->cache = rf_map_new();
    place = (int64_t)t->cached.n;
    t->lengths.n = 0;
    rf_bpe_split(t->bpe, word, n, &t->lengths);
    rf_ids_add(&t->cached, (int32_t)t->lengths.n);
    const char *at = word;
    for (size_t i = 0; i < t->lengths.n; at += t->lengths.at[i++]) {
        make_piece(t, at, i);
        rf_ids_add(&t->cached, t->piece.failed ? t->unk : known(t, t->piece.s, t->piece.n));
    }
    bool ok = t->cache && !t->lengths.failed && !t->cached.failed && !t->piece.failed;
    return ok && rf_map_put(t->cache, word, n, place) ? place : -1;
}

static void encode_bpe(rf_tokenizer *t, const char *text, size_t n, rf_ids *ids)
{
    rfi_words w = {.at = text, .end = text + n};
    for (rfi_piece p; (p = rfi_words_next(&w)) != RFI_TEXT_END;) {
        if (p == RFI_LINE_END) {
            rf_ids_add(ids, t->eos);
            continue;
        }
        int64_t place = split_cached(t, w.word, w.n);
        if (place < 0) ids->failed = true;
        if (place < 0) return;
        const int32_t *of_word = t->cached.at + place;
        for (int32_t i = 1; i <= of_word[0]; i++) rf_ids_add(ids, of_word[i]);
    }
}

static const unit_row units[RF_UNITS] = {
    [RF_BYTE] = {"byte", {NULL}, "\n", count_bytes, encode_bytes},
    [RF_CHAR] = {"char", {RF_UNK, "\n", NULL}, "\n", count_chars, encode_chars},
    [RF_WORD] = {"word", {RF_UNK, RF_EOS, NULL}, RF_EOS, count_words, encode_words},
    [RF_BPE] = {"bpe", {RF_UNK, RF_EOS, NULL}, RF_EOS, count_bpe, encode_bpe},
};

/* ---- Making ------------------------------------------------------------------------------------ */

void rf_tokenizer_free(rf_tokenizer *t)
{
    if (!t) return;
    rf_vocab_free(t->vocab);
    free(t->of_code);
    rf_bpe_free(t->bpe);
    rf_map_free(t->cache);
    rf_ids_free(&t->cached);
    rf_ids_free(&t->lengths);
    rf_str_free(&t->piece);
    free(t);
}

/* Check the vocabulary and index it. */
static rf_status finish(rf_tokenizer *t, rf_error *err)
{
    const unit_row *row = &units[t->unit];
    for (int32_t i = 0; row->special[i]; i++)
        if (rf_vocab_find(t->vocab, row->special[i], strlen(row->special[i])) != i)
            return rf_fail(err, RF_EFORMAT, "tokenizer: entry %d is not '%s'", i, row->special[i]);
    t->unk = rf_vocab_find(t->vocab, RF_UNK, strlen(RF_UNK));
    t->eos = rf_vocab_find(t->vocab, row->eos, strlen(row->eos));
    return t->unit == RF_CHAR ? index_codes(t, err) : RF_OK;
}

static rf_bpe *copy_bpe(const rf_bpe *b, rf_error *err)
{
    rf_str codes = {0};
    rf_bpe_write(b, &codes);
    rf_bpe *copy = codes.failed ? NULL : rf_bpe_parse(codes.s, codes.n, "codes", err);
    if (codes.failed) rf_fail(err, RF_ENOMEM, "tokenizer: no memory");
    rf_str_free(&codes);
    return copy;
}

static rf_status learn(rf_tokenizer *t, const rf_tokenizer_options *o, const char *text, size_t n,
                       const char *name, rf_error *err)
{
    const unit_row *row = &units[o->unit];
    bool bytes = o->unit == RF_BYTE;
    rf_status st = bytes ? RF_OK : rf_utf8_check(text, n, name, err);
    if (st != RF_OK) return st;
    if (o->unit == RF_BPE) {
        t->bpe = o->bpe ? copy_bpe(o->bpe, err)
                        : rf_bpe_learn(text, n, name, o->merges ? o->merges : MERGES, 2, err);
        if (!t->bpe) return RF_ENOMEM;
    }
    rf_map *counts = row->count(t, text, n);
    if (!counts) return rf_fail(err, RF_ENOMEM, "%s: no memory to count its entries", name);
    t->vocab = rf_vocab_build(counts, row->special, bytes ? 0 : o->min_count,
                              bytes ? 0 : o->max_size, err);
    rf_map_free(counts);
    return t->vocab ? finish(t, err) : RF_ENOMEM;
}

rf_tokenizer *rf_tokenizer_learn(const rf_tokenizer_options *o, const char *text, size_t n,
                                 const char *name, rf_error *err)
{
    if (!rf_unit_name(o->unit)) {
        rf_fail(err, RF_EINVAL, "unit %d: byte, char, word or bpe is due", o->unit);
        return NULL;
    }
    rf_tokenizer *t = calloc(1, sizeof *t);
    if (!t) rf_fail(err, RF_ENOMEM, "tokenizer: no memory");
    if (t) t->unit = o->unit;
    if (t && learn(t, o, text, n, name, err) == RF_OK) return t;
    rf_tokenizer_free(t);
    return NULL;
}

/* ---- Asking ------------------------------------------------------------------------------------ */

rf_unit rf_tokenizer_unit(const rf_tokenizer *t) { return t->unit; }

int32_t rf_tokenizer_size(const rf_tokenizer *t) { return rf_vocab_size(t->vocab); }

int32_t rf_tokenizer_unk(const rf_tokenizer *t) { return t->unk; }

int32_t rf_tokenizer_eos(const rf_tokenizer *t) { return t->eos; }

const char *rf_tokenizer_at(const rf_tokenizer *t, int32_t id, size_t *n)
{
    return rf_vocab_at(t->vocab, id, n);
}

rf_status rf_tokenizer_encode(rf_tokenizer *t, const char *text, size_t n, const char *name,
                              rf_ids *ids, int64_t *unknown, rf_error *err)
{
    size_t start = ids->n;
    rf_status st = t->unit == RF_BYTE ? RF_OK : rf_utf8_check(text, n, name, err);
    if (st != RF_OK) return st;
    units[t->unit].encode(t, text, n, ids);
    if (ids->failed) return rf_fail(err, RF_ENOMEM, "%s: no memory for its ids", name);
    for (size_t i = start; unknown && t->unk >= 0 && i < ids->n; i++)
        *unknown += ids->at[i] == t->unk;
    return RF_OK;
}

/* Whether a piece goes on in the next one. */
static bool goes_on(const rf_tokenizer *t, int32_t id)
{
    size_t n, m = sizeof RFI_GOES_ON - 1;
    const char *s = rf_tokenizer_at(t, id, &n);
    return t->unit == RF_BPE && n > m && !memcmp(s + n - m, RFI_GOES_ON, m);
}

void rf_tokenizer_put(const rf_tokenizer *t, int32_t last, int32_t id, rf_str *out)
{
    size_t n;
    if (id < 0 || id >= rf_tokenizer_size(t)) return;
    const char *s = rf_tokenizer_at(t, id, &n);
    if (t->unit == RF_CHAR && id == t->unk) s = "\xef\xbf\xbd", n = 3;
    if (t->unit == RF_BYTE || t->unit == RF_CHAR) {
        rf_str_add(out, s, n);
        return;
    }
    bool inside = last >= 0 && last < rf_tokenizer_size(t) && last != t->eos;
    if (id == t->eos) {
        rf_str_put(out, "\n");
        return;
    }
    if (inside && !goes_on(t, last)) rf_str_put(out, " ");
    rf_str_add(out, s, goes_on(t, id) ? n - (sizeof RFI_GOES_ON - 1) : n);
}

void rf_tokenizer_decode(const rf_tokenizer *t, const int32_t *ids, size_t n, rf_str *out)
{
    for (size_t i = 0; i < n; i++) rf_tokenizer_put(t, i ? ids[i - 1] : -1, ids[i], out);
}

/* ---- JSON -------------------------------------------------------------------------------------- */

rf_status rf_tokenizer_write(const rf_tokenizer *t, rf_str *json, rf_error *err)
{
    rf_str codes = {0};
    json_t *root = json_object();
    int bad = json_object_set_new(root, "unit", json_string(units[t->unit].name));
    if (t->bpe) rf_bpe_write(t->bpe, &codes);
    if (t->bpe)
        bad |= codes.failed || json_object_set_new(root, "codes", json_stringn(codes.s, codes.n));
    if (t->unit != RF_BYTE)
        bad |= json_object_set_new(root, "vocabulary", rfi_vocab_to_json(t->vocab));
    rf_str_free(&codes);
    if (!bad) return rfi_json_put(root, json, err);
    json_decref(root);
    return rf_fail(err, RF_ENOMEM, "tokenizer: no memory");
}

static rf_status read_parts(rf_tokenizer *t, const json_t *root, rf_error *err)
{
    const char *unit = json_string_value(json_object_get(root, "unit"));
    const json_t *codes = json_object_get(root, "codes");
    t->unit = unit ? rf_unit_find(unit) : -1;
    if (t->unit < 0) return rf_fail(err, RF_EFORMAT, "tokenizer: no unit byte, char, word or bpe");
    if (t->unit == RF_BYTE) {
        rf_tokenizer_options bytes = {.unit = RF_BYTE};
        return learn(t, &bytes, "", 0, "", err);
    }
    if (t->unit == RF_BPE) {
        if (!json_is_string(codes)) return rf_fail(err, RF_EFORMAT, "tokenizer: no codes");
        t->bpe = rf_bpe_parse(json_string_value(codes), json_string_length(codes), "codes", err);
        if (!t->bpe) return RF_EFORMAT;
    }
    t->vocab = rfi_vocab_from_json(json_object_get(root, "vocabulary"), err);
    return t->vocab ? finish(t, err) : RF_EFORMAT;
}

rf_tokenizer *rf_tokenizer_parse(const char *json, size_t n, rf_error *err)
{
    json_error_t why;
    json_t *root = json_loadb(json, n, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &why);
    rf_tokenizer *t = root ? calloc(1, sizeof *t) : NULL;
    if (!root) rf_fail(err, RF_EFORMAT, "tokenizer: not JSON: %s", why.text);
    if (root && !t) rf_fail(err, RF_ENOMEM, "tokenizer: no memory");
    rf_status st = t ? read_parts(t, root, err) : RF_ENOMEM;
    json_decref(root);
    if (st == RF_OK) return t;
    rf_tokenizer_free(t);
    return NULL;
}

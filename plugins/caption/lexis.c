/* caption/lexis.c -- see lexis.h. */
#include "lexis.h"

#include <string.h>

/* In the order of CAP_PAD ... and of CAP_EN ... */
static const char *const special[] = {RF_PAD, RF_UNK, RF_EOS, "<en>", "<zh>", NULL};

/* Call each(ctx, word, n) for the words of a caption. */
static rf_status each_word(int language, const char *text,
                           void (*each)(void *ctx, const char *word, size_t n), void *ctx,
                           rf_error *err)
{
    rf_str words = {0};
    rf_status st = cap_words(language, text, strlen(text), &words, err);
    const char *at = words.s;
    while (!st && at && *at) {
        const size_t n = strcspn(at, " ");
        if (n) each(ctx, at, n);
        at += n + (at[n] == ' ');
    }
    rf_str_free(&words);
    return st;
}

typedef struct counting {
    rf_map *counts;
    bool failed;
} counting;

static void count_word(void *ctx, const char *word, size_t n)
{
    counting *c = ctx;
    c->failed |= rf_map_add(c->counts, word, n, 1) < 1;
}

rf_status cap_lexis_count(rf_map *counts, int language, const char *text, rf_error *err)
{
    counting c = {counts, false};
    const rf_status st = each_word(language, text, count_word, &c, err);
    return !st && c.failed ? rf_no_memory(err) : st;
}

rf_vocab *cap_lexis_build(const rf_map *counts, int64_t min_count, rf_error *err)
{
    return rf_vocab_build(counts, special, min_count, 0, err);
}

rf_vocab *cap_lexis_parse(const char *json, size_t n, const char *file, rf_error *err)
{
    rf_vocab *x = rf_vocab_parse(json, n, err);
    for (int32_t i = 0; x && i < CAP_SPECIAL; i++) {
        if (i < rf_vocab_size(x) && !strcmp(rf_vocab_at(x, i, NULL), special[i])) continue;
        rf_fail(err, RF_EFORMAT, "%s: its words do not begin with the special ones", file);
        rf_vocab_free(x);
        return NULL;
    }
    return x;
}

typedef struct encoding {
    const rf_vocab *x;
    rf_ids *ids;
} encoding;

static void encode_word(void *ctx, const char *word, size_t n)
{
    const encoding *e = ctx;
    const int32_t id = rf_vocab_find(e->x, word, n);
    rf_ids_add(e->ids, id < 0 ? CAP_UNK : id);
}

rf_status cap_lexis_encode(const rf_vocab *x, int language, const char *text, rf_ids *ids,
                           rf_error *err)
{
    encoding e = {x, ids};
    const rf_status st = each_word(language, text, encode_word, &e, err);
    if (st) return st;
    rf_ids_add(ids, CAP_END);
    return ids->failed ? rf_no_memory(err) : RF_OK;
}

void cap_lexis_decode(const rf_vocab *x, const int32_t *ids, size_t n, rf_str *words)
{
    const size_t from = words->n;
    for (size_t i = 0; i < n; i++) {
        if (ids[i] < CAP_SPECIAL && ids[i] != CAP_UNK) continue;
        if (words->n > from) rf_str_put(words, " ");
        rf_str_put(words, rf_vocab_at(x, ids[i], NULL));
    }
}

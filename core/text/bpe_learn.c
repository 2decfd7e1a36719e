/* text/bpe_learn.c -- byte pair encoding learned, merge for merge as subword-nmt's learn_bpe.py does.
 *
 * The most frequent pair of neighbours is joined, again and again; of equally frequent pairs the one
 * that is last in order of strings.  subword-nmt keeps rare pairs out of its search and comes back to
 * them when the frequent ones are used up; what that does to counts in rare cases (a pair that grows
 * again after it was put aside) belongs to its results, so it is done here in the same way:
 * `live` and `full` are its stats and big_stats. */
#include <stdlib.h>
#include <string.h>

#include "text/bpe.h"
#include "text/words.h"

typedef struct pair {
    int32_t left, right;
    int64_t live, full;
    bool is_live, is_full;
    rf_ids words; /* where it has been seen; some may have lost it since */
} pair;

typedef struct word {
    int32_t *symbols;
    int32_t n;
    int64_t count;
} word;

typedef struct learner {
    rf_bpe *b;
    word *words;
    size_t word_count;
    pair *pairs;
    size_t pair_count, pair_cap;
    rf_map *index; /* of two symbols to their pair */
    rf_ids live;   /* the pairs that are searched */
    rf_ids old;    /* a word before its pair was joined */
    bool failed;   /* no memory */
} learner;

/* The pair of two symbols, made if new.  NULL: no memory. */
static pair *pair_of(learner *l, int32_t left, int32_t right)
{
    int32_t key[2] = {left, right};
    int64_t at = rf_map_get(l->index, (const char *)key, sizeof key, -1);
    if (at >= 0) return &l->pairs[at];
    if (l->pair_count == l->pair_cap) {
        size_t cap = l->pair_cap ? 2 * l->pair_cap : 1024;
        pair *p = cap < INT32_MAX ? realloc(l->pairs, cap * sizeof *p) : NULL;
        if (!p) return l->failed = true, NULL;
        l->pairs = p;
        l->pair_cap = cap;
    }
    if (!rf_map_put(l->index, (const char *)key, sizeof key, (int64_t)l->pair_count))
        return l->failed = true, NULL;
    l->pairs[l->pair_count] = (pair){.left = left, .right = right};
    return &l->pairs[l->pair_count++];
}

static void make_live(learner *l, pair *p, int64_t value)
{
    if (!p->is_live) rf_ids_add(&l->live, (int32_t)(p - l->pairs));
    p->is_live = true;
    p->live = value;
}

/* Add to a pair's count; where it is added, word w has the pair from now on. */
static void count_pair(learner *l, int32_t left, int32_t right, int64_t by, size_t w)
{
    pair *p = pair_of(l, left, right);
    if (!p) return;
    make_live(l, p, (p->is_live ? p->live : 0) + by);
    if (by > 0) rf_ids_add(&p->words, (int32_t)w);
}

/* ---- The words --------------------------------------------------------------------------------- */

static bool read_word(learner *l, word *out, const char *s, size_t n)
{
    int32_t code;
    out->symbols = malloc(rf_utf8_count(s, n) * sizeof *out->symbols);
    for (size_t i = 0; out->symbols && i < n;) {
        size_t k = (size_t)rf_utf8_next(s + i, n - i, &code);
        int32_t id = rfi_bpe_symbol(l->b, s + i, k, i + k == n, true);
        if (id < 0) return false;
        out->symbols[out->n++] = id;
        i += k;
    }
    return out->symbols != NULL;
}

static void read_words(learner *l, const rf_map *counts)
{
    size_t all = rf_map_count(counts);
    l->words = calloc(all + 1, sizeof *l->words);
    l->failed = l->failed || !l->words || all > INT32_MAX;
    for (size_t i = 0; i < all && !l->failed; i++) {
        size_t n;
        word *w = &l->words[l->word_count++];
        const char *s = rf_map_at(counts, i, &n, &w->count);
        l->failed = !read_word(l, w, s, n);
        for (int32_t k = 0; k + 1 < w->n && !l->failed; k++)
            count_pair(l, w->symbols[k], w->symbols[k + 1], w->count, i);
    }
    for (size_t i = 0; i < l->pair_count; i++) {
        l->pairs[i].is_full = true;
        l->pairs[i].full = l->pairs[i].live;
    }
}

/* ---- The search -------------------------------------------------------------------------------- */

static int compare_symbols(const learner *l, int32_t a, int32_t b)
{
    size_t n, m;
    const char *x = rf_vocab_at(l->b->symbols, a, &n), *y = rf_vocab_at(l->b->symbols, b, &m);
    int order = memcmp(x, y, n < m ? n : m);
    return order ? order : (n > m) - (n < m);
}

static bool is_better(const learner *l, const pair *p, const pair *q)
{
    if (p->live != q->live) return p->live > q->live;
    int order = compare_symbols(l, p->left, q->left);
    return (order ? order : compare_symbols(l, p->right, q->right)) > 0;
}

static pair *best_live(learner *l)
{
    pair *best = NULL;
    for (size_t i = 0; i < l->live.n; i++) {
        pair *p = &l->pairs[l->live.at[i]];
        if (!best || is_better(l, p, best)) best = p;
    }
    return best;
}

/* Put aside the live pairs below the threshold. */
static void prune(learner *l, double threshold)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->live.n; i++) {
        pair *p = &l->pairs[l->live.at[i]];
        if ((double)p->live >= threshold) {
            l->live.at[kept++] = l->live.at[i];
            continue;
        }
        p->full = p->live < 0 ? (p->is_full ? p->full : 0) + p->live : p->live;
        p->is_full = true;
        p->is_live = false;
    }
    l->live.n = kept;
}

static void revive(learner *l)
{
    for (size_t i = 0; i < l->pair_count; i++)
        if (l->pairs[i].is_full) make_live(l, &l->pairs[i], l->pairs[i].full);
}

/* The pair to join as number i, or NULL. */
static pair *choose(learner *l, int32_t i, double *threshold)
{
    pair *best = best_live(l);
    if (best && (!i || (double)best->live >= *threshold)) return best;
    prune(l, *threshold);
    revive(l);
    best = best_live(l);
    if (!best) return NULL;
    *threshold = (double)best->live * i / (i + 10000.0);
    prune(l, *threshold);
    return best;
}

/* ---- Joining ----------------------------------------------------------------------------------- */

/* Join (a, b) to c in the word, which is copied to l->old before.  False: it is not there. */
static bool join_in_word(learner *l, word *w, int32_t a, int32_t b, int32_t c)
{
    int32_t n = 0;
    l->old.n = 0;
    for (int32_t i = 0; i < w->n; i++) rf_ids_add(&l->old, w->symbols[i]);
    if (l->old.failed) return !(l->failed = true);
    for (int32_t i = 0; i < w->n; i++) {
        bool here = i + 1 < w->n && w->symbols[i] == a && w->symbols[i + 1] == b;
        w->symbols[n++] = here ? c : w->symbols[i];
        i += here;
    }
    bool joined = n < w->n;
    w->n = n;
    return joined;
}

/* Take the neighbours' old pairs out of the counts.  In A B C B, with B C joined, C B is taken out as
 * the pair after it, unless another B C follows: then it is the pair before that one. */
static void uncount_old(learner *l, const word *w, int32_t a, int32_t b, size_t at)
{
    const int32_t *s = l->old.at;
    size_t n = l->old.n;
    for (size_t i = 0; i + 1 < n; i++) {
        if (s[i] != a || s[i + 1] != b) continue;
        if (i) count_pair(l, s[i - 1], s[i], -w->count, at);
        if (i + 2 < n && (s[i + 2] != a || i + 3 >= n || s[i + 3] != b))
            count_pair(l, s[i + 1], s[i + 2], -w->count, at);
        i++;
    }
}

static void count_new(learner *l, const word *w, int32_t c, size_t at)
{
    const int32_t *s = w->symbols;
    for (int32_t i = 0; i < w->n; i++) {
        if (s[i] != c) continue;
        if (i) count_pair(l, s[i - 1], c, w->count, at);
        if (i + 1 < w->n && s[i + 1] != c) count_pair(l, c, s[i + 1], w->count, at);
    }
}

/* Join a pair everywhere.  The pair may move in memory, so its parts are taken out first. */
static void join_pair(learner *l, pair *p)
{
    size_t place = (size_t)(p - l->pairs);
    int32_t a = p->left, b = p->right;
    rf_ids where = p->words;
    p->words = (rf_ids){0};
    p->live = 0;
    if (!rfi_bpe_add(l->b, a, b)) l->failed = true;
    for (size_t i = 0; i < where.n && !l->failed; i++) {
        size_t at = (size_t)where.at[i];
        word *w = &l->words[at];
        int32_t c = l->b->merges[l->b->count - 1].merged;
        if (!join_in_word(l, w, a, b, c)) continue;
        uncount_old(l, w, a, b, at);
        count_new(l, w, c, at);
    }
    l->failed = l->failed || where.failed || l->live.failed;
    rf_ids_free(&where);
    make_live(l, &l->pairs[place], 0);
}

static void learn(learner *l, int32_t merges, int64_t min_count)
{
    pair *best = best_live(l);
    double threshold = best ? (double)best->live / 10 : 0;
    for (int32_t i = 0; i < merges && best && !l->failed; i++) {
        best = choose(l, i, &threshold);
        if (!best || best->live < min_count) return;
        join_pair(l, best);
        if (i % 100 == 0) prune(l, threshold);
    }
}

static void free_learner(learner *l)
{
    for (size_t i = 0; i < l->word_count; i++) free(l->words[i].symbols);
    for (size_t i = 0; i < l->pair_count; i++) rf_ids_free(&l->pairs[i].words);
    free(l->words);
    free(l->pairs);
    rf_map_free(l->index);
    rf_ids_free(&l->live);
    rf_ids_free(&l->old);
}

rf_bpe *rf_bpe_learn(const char *text, size_t n, const char *name, int32_t merges,
                     int64_t min_count, rf_error *err)
{
    if (rf_utf8_check(text, n, name, err) != RF_OK) return NULL;
    rf_map *counts = rfi_words_count(text, n);
    learner l = {.b = rfi_bpe_new(), .index = rf_map_new()};
    l.failed = !counts || !l.b || !l.index;
    if (!l.failed) read_words(&l, counts);
    if (!l.failed) learn(&l, merges, min_count);
    rf_bpe *b = l.b;
    bool failed = l.failed || l.live.failed;
    free_learner(&l);
    rf_map_free(counts);
    if (!failed) return b;
    rf_bpe_free(b);
    rf_fail(err, RF_ENOMEM, "%s: no memory to learn merges", name);
    return NULL;
}

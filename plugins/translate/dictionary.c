/* translate/dictionary.c -- see dictionary.h.
 *
 * Pairs of words that ever stand in one pair of sentences are the rows of a sparse matrix, sorted by
 * source and target; the empty source word is row 0, word w is row w + 1. */
#include "dictionary.h"

#include <stdlib.h>
#include <string.h>

struct tr_dictionary {
    int32_t rows;
    size_t *start;   /* [rows + 1] */
    int32_t *target; /* [pairs] */
    double *p[2];    /* [pairs]: t(target | source), t(source | target) */
    double *count;   /* [pairs] */
    double *total;   /* [rows or targets] */
    int32_t targets;
};

enum { FORWARD, BACKWARD };

void tr_sentences_free(tr_sentences *s)
{
    rf_ids_free(&s->word);
    rf_ids_free(&s->start);
    *s = (tr_sentences){0};
}

bool tr_sentences_end(tr_sentences *s)
{
    if (!s->start.n) rf_ids_add(&s->start, 0);
    rf_ids_add(&s->start, (int32_t)s->word.n);
    return !s->word.failed && !s->start.failed && s->word.n < INT32_MAX;
}

size_t tr_sentences_count(const tr_sentences *s) { return s->start.n ? s->start.n - 1 : 0; }

void tr_dictionary_free(tr_dictionary *d)
{
    if (!d) return;
    free(d->start);
    free(d->target);
    free(d->p[0]);
    free(d->p[1]);
    free(d->count);
    free(d->total);
    free(d);
}

/* ---- The pairs ------------------------------------------------------------------------------- */

/* The words of sentence i. */
static const int32_t *sentence(const tr_sentences *s, size_t i, int32_t *n)
{
    *n = s->start.at[i + 1] - s->start.at[i];
    return s->word.at + s->start.at[i];
}

static int compare_keys(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

typedef struct keys {
    uint64_t *at;
    size_t n, cap;
} keys;

static size_t sort_keys(uint64_t *at, size_t n)
{
    size_t kept = 0;
    if (n) qsort(at, n, sizeof *at, compare_keys);
    for (size_t i = 0; i < n; i++)
        if (!kept || at[kept - 1] != at[i]) at[kept++] = at[i];
    return kept;
}

/* Before there is more room, what stands twice is taken out. */
static bool add_key(keys *k, int32_t row, int32_t target)
{
    if (k->n == k->cap) {
        k->n = sort_keys(k->at, k->n);
        if (2 * k->n >= k->cap) {
            const size_t cap = k->cap ? 2 * k->cap : 4096;
            if (!rf_resize(&k->at, cap, sizeof *k->at)) return false;
            k->cap = cap;
        }
    }
    k->at[k->n++] = (uint64_t)(uint32_t)row << 32 | (uint32_t)target;
    return true;
}

static bool collect_pairs(const tr_sentences side[2], keys *k)
{
    bool done = true;
    for (size_t i = 0; i < tr_sentences_count(&side[0]) && done; i++) {
        int32_t n, m;
        const int32_t *source = sentence(&side[0], i, &n), *target = sentence(&side[1], i, &m);
        for (int32_t b = 0; b < m && done; b++) {
            done = add_key(k, 0, target[b]);
            for (int32_t a = 0; a < n && done; a++) done = add_key(k, source[a] + 1, target[b]);
        }
    }
    k->n = sort_keys(k->at, k->n);
    return done;
}

/* All words of the other language are as likely at first. */
static bool index_pairs(tr_dictionary *d, const keys *k)
{
    const size_t most = (size_t)(d->rows > d->targets ? d->rows : d->targets);
    d->start = calloc((size_t)d->rows + 1, sizeof *d->start);
    d->target = malloc((k->n + 1) * sizeof *d->target);
    d->count = malloc((k->n + 1) * sizeof *d->count);
    d->total = malloc((most + 1) * sizeof *d->total);
    for (int w = 0; w < 2; w++) d->p[w] = malloc((k->n + 1) * sizeof *d->p[w]);
    if (!d->start || !d->target || !d->count || !d->total || !d->p[0] || !d->p[1]) return false;
    for (size_t i = 0; i < k->n; i++) {
        d->start[(k->at[i] >> 32) + 1]++;
        d->target[i] = (int32_t)(k->at[i] & UINT32_MAX);
        d->p[FORWARD][i] = d->p[BACKWARD][i] = 1;
    }
    for (int32_t r = 0; r < d->rows; r++) d->start[r + 1] += d->start[r];
    return true;
}

/* The place of a pair; there is one. */
static size_t find_pair(const tr_dictionary *d, int32_t row, int32_t target)
{
    size_t low = d->start[row], high = d->start[row + 1];
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (d->target[middle] <= target)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* ---- Expectation, maximisation --------------------------------------------------------------- */

/* Places of the pairs of one pair of sentences: [m][n + 1], the empty word first. */
typedef struct grid {
    size_t *at, cap;
} grid;

static bool fill_grid(const tr_dictionary *d, grid *g, const int32_t *source, int32_t n,
                      const int32_t *target, int32_t m)
{
    const size_t need = (size_t)m * ((size_t)n + 1);
    if (need > g->cap) {
        if (!rf_resize(&g->at, 2 * need, sizeof *g->at)) return false;
        g->cap = 2 * need;
    }
    size_t *at = g->at;
    for (int32_t b = 0; b < m; b++)
        for (int32_t a = -1; a < n; a++) *at++ = find_pair(d, a < 0 ? 0 : source[a] + 1, target[b]);
    return true;
}

/* One word is shared among those that may have made it: `count` places, `step` apart. */
static void share(tr_dictionary *d, int way, const size_t *at, size_t count, size_t step)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += d->p[way][at[i * step]];
    if (sum <= 0) return;
    for (size_t i = 0; i < count; i++) d->count[at[i * step]] += d->p[way][at[i * step]] / sum;
}

static void expect(tr_dictionary *d, int way, const grid *g, size_t n, size_t m)
{
    for (size_t b = 0; b < m && way == FORWARD; b++) share(d, way, g->at + b * (n + 1), n + 1, 1);
    for (size_t a = 0; a < n && way == BACKWARD; a++) share(d, way, g->at + a + 1, m, n + 1);
}

/* Probabilities of all words given one add up to 1: given a row forward, given a target backward. */
static void maximise(tr_dictionary *d, int way)
{
    const int32_t most = d->rows > d->targets ? d->rows : d->targets;
    for (int32_t i = 0; i < most; i++) d->total[i] = 0;
    for (int32_t r = 0; r < d->rows; r++)
        for (size_t i = d->start[r]; i < d->start[r + 1]; i++)
            d->total[way == FORWARD ? r : d->target[i]] += d->count[i];
    for (int32_t r = 0; r < d->rows; r++)
        for (size_t i = d->start[r]; i < d->start[r + 1]; i++) {
            const double total = d->total[way == FORWARD ? r : d->target[i]];
            d->p[way][i] = total > 0 ? d->count[i] / total : 0;
        }
}

typedef struct watcher {
    tr_go_on go_on;
    void *ctx;
    int round, rounds;
} watcher;

static rf_status learn_round(tr_dictionary *d, const tr_sentences side[2], int way, grid *g,
                             const watcher *w, rf_error *err)
{
    const size_t all = tr_sentences_count(&side[0]), pairs = d->start[d->rows];
    for (size_t i = 0; i < pairs; i++) d->count[i] = 0;
    for (size_t i = 0; i < all; i++) {
        int32_t n, m;
        const int32_t *source = sentence(&side[0], i, &n), *target = sentence(&side[1], i, &m);
        if (!fill_grid(d, g, source, n, target, m))
            return rf_fail(err, RF_ENOMEM, "no memory for a dictionary");
        expect(d, way, g, (size_t)n, (size_t)m);
        const double part = ((double)i / (double)all + w->round) / w->rounds;
        if (i % 256 == 0 && w->go_on && !w->go_on(w->ctx, part))
            return rf_fail(err, RF_ECANCELLED, "interrupted");
    }
    maximise(d, way);
    return RF_OK;
}

static rf_status learn(tr_dictionary *d, const tr_sentences side[2], int rounds, watcher w,
                       rf_error *err)
{
    keys k = {0};
    grid g = {0};
    const bool done = collect_pairs(side, &k) && index_pairs(d, &k);
    rf_status st = done ? RF_OK : rf_fail(err, RF_ENOMEM, "no memory for a dictionary");
    free(k.at);
    w.rounds = 2 * rounds;
    for (int way = 0; way < 2; way++)
        for (int i = 0; i < rounds && !st; i++, w.round++)
            st = learn_round(d, side, way, &g, &w, err);
    free(g.at);
    return st;
}

tr_dictionary *tr_dictionary_learn(const tr_sentences side[2], int rounds, tr_go_on go_on,
                                   void *ctx, rf_error *err)
{
    if (tr_sentences_count(&side[0]) != tr_sentences_count(&side[1]) ||
        !tr_sentences_count(&side[0])) {
        rf_fail(err, RF_EINVAL, "a dictionary is learned from as many sentences of each language");
        return NULL;
    }
    tr_dictionary *d = calloc(1, sizeof *d);
    if (!d) rf_fail(err, RF_ENOMEM, "no memory for a dictionary");
    if (!d) return NULL;
    d->rows = side[0].words + 1;
    d->targets = side[1].words;
    if (!learn(d, side, rounds, (watcher){.go_on = go_on, .ctx = ctx}, err)) return d;
    tr_dictionary_free(d);
    return NULL;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

double tr_dictionary_p(const tr_dictionary *d, int32_t source, int32_t target)
{
    const int32_t row = source + 1;
    if (row < 0 || row >= d->rows || d->start[row] == d->start[row + 1]) return 0;
    const size_t i = find_pair(d, row, target);
    return d->target[i] == target ? d->p[FORWARD][i] : 0;
}

int32_t tr_dictionary_best(const tr_dictionary *d, int32_t source)
{
    int32_t best = -1;
    double most = 0;
    if (source < 0 || source + 1 >= d->rows) return -1;
    for (size_t i = d->start[source + 1]; i < d->start[source + 2]; i++) {
        const double x = d->p[FORWARD][i] * d->p[BACKWARD][i];
        if (x <= most) continue;
        most = x;
        best = d->target[i];
    }
    return best;
}

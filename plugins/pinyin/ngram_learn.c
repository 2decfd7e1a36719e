/* pinyin/ngram_learn.c -- counts to an n-gram model.
 *
 * An n-gram is a number: its tokens in 16 bits each, the last one lowest, so that sorted numbers
 * have equal contexts side by side.  Counts of the longest n-grams are what was seen; of a shorter
 * one, how many different tokens stand before it, or what was seen where nothing stands before a
 * sentence. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ngram.h"

enum { BITS = 16 };

typedef struct gram {
    uint64_t key;
    int64_t count;
} gram;

/* All n-grams of one length, sorted. */
typedef struct grams {
    gram *at;
    size_t n;
    float *p;      /* probabilities, by the whole formula */
    float *left;   /* [n] as a context: the part of what is unseen; 1: nothing was seen */
    uint8_t *kept; /* this n-gram is in the model */
} grams;

typedef struct learner {
    const py_ngram_spec *spec;
    grams level[PY_ORDER];
    gram *spare;
    size_t spare_cap;
    rf_status stopped; /* what `ask` said */
} learner;

/* Ask every so many entries; false: stop. */
static bool go_on(learner *l, size_t i)
{
    if (i % (1 << 18) == 0 && l->spec->ask && !l->stopped) l->stopped = l->spec->ask(l->spec->ctx);
    return !l->stopped;
}

/* ---- Sorting --------------------------------------------------------------------------------- */

/* Radix sort by 16 bits a pass; `spare` has room for n. */
static bool sort_grams(learner *l, gram *a, gram *spare, size_t n, int tokens)
{
    enum { BUCKETS = 1 << BITS };
    static const uint64_t mask = BUCKETS - 1;
    uint32_t *count = calloc(BUCKETS + 1, sizeof *count);
    gram *from = a, *to = spare;
    if (!count) return false;
    for (int pass = 0; pass < tokens && go_on(l, 0); pass++) {
        const int shift = BITS * pass;
        memset(count, 0, (BUCKETS + 1) * sizeof *count);
        for (size_t i = 0; i < n; i++) count[(from[i].key >> shift & mask) + 1]++;
        for (size_t b = 0; b < BUCKETS; b++) count[b + 1] += count[b];
        for (size_t i = 0; i < n; i++) to[count[from[i].key >> shift & mask]++] = from[i];
        gram *swap = from;
        from = to;
        to = swap;
    }
    if (from != a) memcpy(a, from, n * sizeof *a);
    free(count);
    return !l->stopped;
}

/* Equal ones become one, with the sum of their counts. */
static size_t merge(gram *a, size_t n)
{
    size_t out = 0;
    for (size_t i = 0; i < n; i++)
        if (out && a[out - 1].key == a[i].key)
            a[out - 1].count += a[i].count;
        else
            a[out++] = a[i];
    return out;
}

/* ---- Counting -------------------------------------------------------------------------------- */

/* One for each token but the first: as much of its sentence as the order sees. */
static size_t count_longest(const py_ngram_spec *s, const int32_t *t, size_t n, gram *out)
{
    const uint64_t mask = s->order == 4 ? ~(uint64_t)0 : ((uint64_t)1 << (BITS * s->order)) - 1;
    uint64_t key = PY_END;
    for (size_t i = 1; i < n; i++) {
        if (t[i - 1] == PY_END) key = PY_END;
        key = (key << BITS | (uint64_t)t[i]) & mask;
        out[i - 1] = (gram){key, 1};
    }
    return n - 1;
}

static bool room(learner *l, size_t n)
{
    if (n <= l->spare_cap) return true;
    free(l->spare);
    l->spare = malloc(n * sizeof *l->spare);
    l->spare_cap = l->spare ? n : 0;
    return l->spare != NULL;
}

/* What is shorter than k+1 tokens goes down with its count, the others with 1 each. */
static bool divide(learner *l, int k, gram *all, size_t n)
{
    grams *here = &l->level[k];
    const int shift = BITS * k;
    const uint64_t mask = ((uint64_t)1 << shift) - 1;
    size_t whole = 0;
    for (size_t i = 0; i < n; i++) whole += k == 0 || all[i].key >> shift != 0;
    here->at = malloc((whole + 1) * sizeof *here->at);
    if (!here->at) return false;
    for (size_t i = 0; i < n; i++)
        if (k == 0 || all[i].key >> shift != 0) {
            here->at[here->n++] = all[i];
            all[i] = (gram){all[i].key & mask, 1};
        }
    return true;
}

static bool count_levels(learner *l, const int32_t *tokens, size_t n)
{
    gram *all = malloc((n + 1) * sizeof *all);
    bool good = all && room(l, n + 1);
    size_t m = good ? count_longest(l->spec, tokens, n, all) : 0;
    for (int k = l->spec->order - 1; k >= 0 && good; k--) {
        good = sort_grams(l, all, l->spare, m, k + 1);
        if (!good) break;
        m = merge(all, m);
        good = divide(l, k, all, m);
    }
    free(all);
    return good;
}

/* ---- Probabilities --------------------------------------------------------------------------- */

/* The discounts of n-grams seen once, twice, more often. */
static void discounts(const grams *g, double d[4])
{
    double n[5] = {0};
    for (size_t i = 0; i < g->n; i++)
        if (g->at[i].count <= 4) n[g->at[i].count]++;
    const double y = n[1] + 2 * n[2] > 0 ? n[1] / (n[1] + 2 * n[2]) : 0.5;
    d[0] = 0;
    for (int k = 1; k <= 3; k++) {
        d[k] = n[k] > 0 && n[k + 1] > 0 ? k - (k + 1) * y * n[k + 1] / n[k] : 0.5 * k;
        if (d[k] < 0.05 || d[k] > k) d[k] = 0.5 * k;
    }
}

static double discount(const double d[4], int64_t count)
{
    return (double)count <= d[count > 3 ? 3 : count] ? (double)count : d[count > 3 ? 3 : count];
}

static size_t find_gram(const grams *g, uint64_t key)
{
    size_t lo = 0, hi = g->n;
    while (lo < hi) {
        const size_t mid = (lo + hi) / 2;
        if (g->at[mid].key < key)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* Single tokens: their own share and the prior's, which gets what the discounts leave as well. */
static bool unigrams(learner *l, float *p)
{
    const py_ngram_spec *s = l->spec;
    const grams *g = &l->level[0];
    double d[4], total = 0, taken = 0;
    discounts(g, d);
    for (size_t i = 0; i < g->n; i++) total += (double)g->at[i].count;
    for (size_t i = 0; i < g->n; i++) {
        const double c = (double)g->at[i].count, rest = c - discount(d, g->at[i].count);
        p[g->at[i].key] = total > 0 ? (float)(rest / total) : 0;
        taken += total > 0 ? rest / total : 0;
    }
    for (int32_t w = 1; w < s->V; w++) {
        const double prior = s->prior ? exp((double)s->prior[w]) : 1.0 / (s->V - 1);
        const double own = (double)p[w] + (1 - taken) * prior;
        p[w] = (float)((1 - s->share) * own + s->share * prior);
    }
    return true;
}

/* Keep what is frequent enough, and every context of what is kept.  From the longest down. */
static bool choose(learner *l)
{
    for (int k = l->spec->order - 1; k >= 1; k--) {
        grams *g = &l->level[k];
        const int64_t least = l->spec->least[k];
        if (!g->kept) g->kept = calloc(g->n + 1, 1);
        if (!g->kept) return false;
        for (size_t i = 0; i < g->n; i++) g->kept[i] |= g->at[i].count >= least;
        if (k == 1) break;
        grams *below = &l->level[k - 1];
        below->kept = calloc(below->n + 1, 1);
        if (!below->kept) return false;
        for (size_t i = 0, j = 0; i < g->n; i++) {
            const uint64_t context = g->at[i].key >> BITS;
            while (j < below->n && below->at[j].key < context) j++;
            if (g->kept[i] && j < below->n && below->at[j].key == context) below->kept[j] = 1;
        }
    }
    return true;
}

/* n-grams [from, to) of one context, whose place is `where` in the level below. */
static void one_context(learner *l, int k, size_t from, size_t to, const double d[4], float *left)
{
    grams *g = &l->level[k];
    const grams *below = &l->level[k - 1];
    const uint64_t mask = ((uint64_t)1 << (BITS * k)) - 1;
    double total = 0, taken = 0;
    for (size_t i = from; i < to; i++) total += (double)g->at[i].count;
    for (size_t i = from; i < to; i++)
        if (g->kept[i]) taken += ((double)g->at[i].count - discount(d, g->at[i].count)) / total;
    *left = (float)(1 - taken);
    for (size_t i = from; i < to; i++) {
        if (!g->kept[i]) continue;
        const uint64_t key = g->at[i].key & mask;
        const double lower = (double)(k == 1 ? below->p[key] : below->p[find_gram(below, key)]);
        g->p[i] = (float)(((double)g->at[i].count - discount(d, g->at[i].count)) / total +
                          (1 - taken) * lower);
    }
}

/* Lower probabilities of n-grams that are left out are still due for longer ones. */
static bool probabilities(learner *l, int k)
{
    grams *g = &l->level[k], *below = &l->level[k - 1];
    double d[4];
    g->p = calloc(g->n + 1, sizeof *g->p);
    below->left = k == 1 ? below->left : calloc(below->n + 1, sizeof *below->left);
    if (!g->p || !below->left) return false;
    for (size_t i = 0; k > 1 && i < below->n; i++) below->left[i] = 1;
    discounts(g, d);
    for (size_t from = 0, to, j = 0, done = 0; from < g->n; from = to, done++) {
        if (!go_on(l, done)) return false;
        const uint64_t context = g->at[from].key >> BITS;
        float left = 1;
        to = from;
        while (to < g->n && g->at[to].key >> BITS == context) to++;
        one_context(l, k, from, to, d, &left);
        while (k > 1 && j < below->n && below->at[j].key < context) j++;
        if (k == 1)
            below->left[context] = left;
        else if (j < below->n && below->at[j].key == context)
            below->left[j] = left;
        for (size_t i = from; i < to; i++) {
            if (g->kept[i]) continue;
            const uint64_t key = g->at[i].key & (((uint64_t)1 << (BITS * k)) - 1);
            g->p[i] = left * (k == 1 ? below->p[key] : below->p[find_gram(below, key)]);
        }
    }
    return true;
}

/* ---- The model ------------------------------------------------------------------------------- */

static uint8_t steps_of(float p)
{
    const float s = p > 0 ? roundf(-logf(p) * (255.0F / 18)) : 255;
    return s < 0 ? 0 : s > 255 ? 255 : (uint8_t)s;
}

static bool alloc_level(py_level *l, size_t n, bool single, bool last)
{
    l->n = (uint32_t)n;
    l->p = calloc(n + 1, 1);
    if (!single) l->token = calloc(n + 1, sizeof *l->token);
    if (!last) {
        l->back = calloc(n + 1, 1);
        l->first = calloc(n + 2, sizeof *l->first);
    }
    return l->p && (single || l->token) && (last || (l->back && l->first));
}

static bool pack_single(learner *l, py_ngram *m)
{
    const int32_t V = l->spec->V;
    const grams *g = &l->level[0];
    if (!alloc_level(&m->level[0], (size_t)V, true, l->spec->order == 1)) return false;
    for (int32_t w = 0; w < V; w++) {
        m->level[0].p[w] = steps_of(g->p[w]);
        if (m->level[0].back) m->level[0].back[w] = steps_of(g->left[w]);
    }
    return true;
}

/* The kept n-grams of level k, and where their contexts find them. */
static bool pack_level(learner *l, py_ngram *m, int k)
{
    const grams *g = &l->level[k], *below = &l->level[k - 1];
    py_level *out = &m->level[k], *up = &m->level[k - 1];
    size_t n = 0, j = 0;
    uint32_t at = 0, parent = 0;
    for (size_t i = 0; i < g->n; i++) n += g->kept[i];
    if (!alloc_level(out, n, false, k == l->spec->order - 1)) return false;
    for (size_t i = 0; i < g->n; i++) {
        if (!g->kept[i]) continue;
        const uint64_t context = g->at[i].key >> BITS;
        if (k == 1)
            parent = (uint32_t)context;
        else
            for (; below->at[j].key < context; j++) parent += below->kept[j];
        out->token[at] = (uint16_t)(g->at[i].key & 0xffff);
        out->p[at] = steps_of(g->p[i]);
        if (out->back) out->back[at] = steps_of(g->left ? g->left[i] : 1);
        up->first[parent + 1] = ++at;
    }
    for (uint32_t i = 0; i < up->n; i++)
        if (up->first[i + 1] < up->first[i]) up->first[i + 1] = up->first[i];
    return true;
}

static bool learn(learner *l, py_ngram *m, const int32_t *tokens, size_t n)
{
    const size_t V = (size_t)l->spec->V;
    grams *one = &l->level[0];
    if (!count_levels(l, tokens, n) || !choose(l)) return false;
    one->p = calloc(V + 1, sizeof *one->p);
    one->left = calloc(V + 1, sizeof *one->left);
    if (!one->p || !one->left || !unigrams(l, one->p)) return false;
    for (size_t w = 0; w < V; w++) one->left[w] = 1;
    for (int k = 1; k < l->spec->order; k++)
        if (!probabilities(l, k)) return false;
    if (!pack_single(l, m)) return false;
    for (int k = 1; k < l->spec->order; k++)
        if (!pack_level(l, m, k)) return false;
    return true;
}

rf_status py_ngram_learn(py_ngram *m, const py_ngram_spec *spec, const int32_t *tokens, size_t n,
                         rf_error *err)
{
    learner l = {.spec = spec};
    *m = (py_ngram){.order = spec->order, .V = spec->V};
    if (spec->order < 1 || spec->order > PY_ORDER || spec->V <= PY_FIRST || spec->V > PY_TOKENS)
        return rf_fail(err, RF_EINVAL, "n-grams of order %d over %d tokens", spec->order, spec->V);
    for (size_t i = 0; i < n; i++)
        if (tokens[i] < 1 || tokens[i] >= spec->V)
            return rf_fail(err, RF_EINVAL, "token %d of %d", tokens[i], spec->V);
    const bool good = n >= 2 && learn(&l, m, tokens, n);
    for (int k = 0; k < PY_ORDER; k++) {
        free(l.level[k].at);
        free(l.level[k].p);
        free(l.level[k].left);
        free(l.level[k].kept);
    }
    free(l.spare);
    if (good) return RF_OK;
    if (l.stopped) return l.stopped;
    return n < 2 ? rf_fail(err, RF_EFORMAT, "no text to count n-grams of") : rf_no_memory(err);
}

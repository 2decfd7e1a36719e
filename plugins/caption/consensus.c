/* caption/consensus.c -- see consensus.h. */
#include "consensus.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A hypothesis, its words in the order of their numbers. */
typedef struct candidate {
    rf_hypothesis h;
    int32_t *word; /* [h.n] */
    double weight, expected;
    rf_index rank; /* before */
} candidate;

static int by_number(const void *pa, const void *pb)
{
    const int32_t a = *(const int32_t *)pa, b = *(const int32_t *)pb;
    return (a > b) - (a < b);
}

static int by_expected(const void *pa, const void *pb)
{
    const candidate *a = pa, *b = pb;
    if (a->expected != b->expected) return a->expected > b->expected ? -1 : 1;
    return (a->rank > b->rank) - (a->rank < b->rank);
}

/* 2 common / (words of both); of two without words: 1. */
static double f1(const candidate *a, const candidate *b)
{
    rf_index common = 0;
    for (rf_index i = 0, k = 0; i < a->h.n && k < b->h.n;) {
        const int32_t x = a->word[i], y = b->word[k];
        common += x == y;
        i += x <= y;
        k += y <= x;
    }
    const rf_index words = a->h.n + b->h.n;
    return words ? 2 * (double)common / (double)words : 1;
}

/* ---- Candidates ---------------------------------------------------------------------------------- */

static bool same(const rf_hypothesis *a, const rf_hypothesis *b)
{
    return a->n == b->n &&
           (!a->n || !memcmp(a->tokens, b->tokens, (size_t)a->n * sizeof *a->tokens));
}

/* All votes of a list to those of p^sharpness 1. */
static double votes(const rf_hypotheses *l, double top, double sharpness)
{
    double sum = 0;
    for (rf_index i = 0; i < l->n; i++) sum += exp(sharpness * (l->h[i].logp - top));
    return sum;
}

static double best_logp(const rf_hypotheses *l)
{
    double top = -INFINITY;
    for (rf_index i = 0; i < l->n; i++) top = fmax(top, l->h[i].logp);
    return top;
}

typedef struct poll {
    candidate *c; /* [n] */
    rf_index n;
    int32_t *word; /* of all; the first `used` are some candidate's */
    rf_index used;
} poll;

static candidate *find(const poll *p, const rf_hypothesis *h)
{
    for (rf_index i = 0; i < p->n; i++)
        if (same(&p->c[i].h, h)) return &p->c[i];
    return NULL;
}

static candidate *add(poll *p, const rf_hypothesis *h)
{
    candidate *c = &p->c[p->n];
    *c = (candidate){.h = *h, .word = p->word + p->used, .rank = p->n++};
    if (h->n) memcpy(c->word, h->tokens, (size_t)h->n * sizeof *c->word);
    if (h->n) qsort(c->word, (size_t)h->n, sizeof *c->word, by_number);
    p->used += h->n;
    return c;
}

static void hear(poll *p, const rf_hypotheses *l, double sharpness)
{
    const double top = best_logp(l), all = votes(l, top, sharpness);
    for (rf_index i = 0; i < l->n; i++) {
        candidate *c = find(p, &l->h[i]);
        if (!c) c = add(p, &l->h[i]);
        c->weight += exp(sharpness * (l->h[i].logp - top)) / all;
    }
}

static void count(const poll *p)
{
    for (rf_index i = 0; i < p->n; i++)
        for (rf_index k = 0; k < p->n; k++)
            p->c[i].expected += p->c[k].weight * f1(&p->c[i], &p->c[k]);
}

/* ---- The verdict --------------------------------------------------------------------------------- */

static bool begin(poll *p, const rf_hypotheses *list, int lists)
{
    size_t words = 0, n = 0;
    for (int l = 0; l < lists; l++)
        for (rf_index i = 0; i < list[l].n; i++, n++) words += (size_t)list[l].h[i].n;
    p->c = calloc(n + 1, sizeof *p->c);
    p->word = calloc(words + 1, sizeof *p->word);
    return p->c && p->word;
}

static bool tell(const poll *p, rf_index keep, rf_hypotheses *out)
{
    *out = (rf_hypotheses){.n = p->n < keep ? p->n : keep};
    out->h = calloc((size_t)out->n + 1, sizeof *out->h);
    for (rf_index i = 0; out->h && i < out->n; i++) out->h[i] = p->c[i].h;
    return out->h;
}

rf_status cap_consensus(const rf_hypotheses *list, int lists, double sharpness, rf_index keep,
                        rf_hypotheses *out, rf_error *err)
{
    poll p = {0};
    bool done = begin(&p, list, lists);
    for (int l = 0; l < lists && done; l++) hear(&p, &list[l], sharpness);
    if (done) {
        count(&p);
        qsort(p.c, (size_t)p.n, sizeof *p.c, by_expected);
        done = tell(&p, keep, out);
    }
    free(p.c);
    free(p.word);
    return done ? RF_OK : rf_no_memory(err);
}

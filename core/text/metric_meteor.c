/* text/metric_meteor.c -- METEOR with two of its modules, words that are equal and words with equal stems;
 * synonyms it does not know, so it is called METEOR-like.
 *
 * First words that are equal are paired, one with one, as many as can be; then, of those that are left,
 * words with the same stem.  Where a word stands more often on one side, those pairs are taken that
 * cross the fewest others, and then those that make the fewest runs.  With m pairs in c runs that stand side by side, in order, in both texts:
 *
 *     P = m / words told     R = m / words of the reference
 *     F = 10 P R / (R + 9 P)     score = F (1 - (c / m)^3 / 2)
 *
 * A sentence contributes m, c and both lengths beside the reference with the best score; the score of
 * a corpus is that of the sums.  Stems are of English words in small letters a-z; other words are their own, so that Chinese
 * characters are only paired with themselves.
 *
 * Source: Banerjee, Lavie, "METEOR: An automatic metric for MT evaluation with improved correlation with
 * human judgments", ACL workshop 2005. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text/metric.h"
#include "text/porter.h"

enum { PAIRS, RUNS, TOLD, RIGHT, WIDTH };

/* Pairings that are followed side by side, and places that a word is tried at. */
enum { BEAM = 16, PLACES = 8 };

int rfi_meteor_width(const rf_text_metric_options *o)
{
    (void)o;
    return WIDTH;
}

/* ---- Pairing ------------------------------------------------------------------------------------- */

/* One way to pair: for each word told its partner, or -1. */
typedef struct pairing {
    int32_t *partner; /* [told] */
    int64_t crossings, runs;
} pairing;

typedef struct search {
    const int32_t *told, *right; /* what is compared: words, or stems */
    size_t n, m;
    pairing beam[BEAM], next[BEAM];
    int beams, nexts;
    int32_t *memory;
    bool *taken; /* [m] in the stage before */
} search;

static int64_t count_crossings(const search *q, const pairing *x, size_t i, int32_t k)
{
    int64_t crossings = 0;
    for (size_t j = 0; j < q->n; j++)
        if (x->partner[j] >= 0 && j != i) crossings += (j < i) != (x->partner[j] < k);
    return crossings;
}

/* What word i at place k adds to the runs: it begins one, lengthens one, or joins two. */
static int64_t count_runs(const search *q, const pairing *x, size_t i, int32_t k)
{
    const bool before = i && k && x->partner[i - 1] == k - 1;
    const bool behind = i + 1 < q->n && x->partner[i + 1] == k + 1;
    return 1 - before - behind;
}

static bool is_better(const pairing *a, const pairing *b)
{
    return a->crossings < b->crossings || (a->crossings == b->crossings && a->runs < b->runs);
}

/* Keep a pairing with word i at place k (-1: left out), if it is among the best so far. */
static void offer(search *q, const pairing *x, size_t i, int32_t k)
{
    pairing new = *x;
    if (k >= 0) new.crossings += count_crossings(q, x, i, k);
    if (k >= 0) new.runs += count_runs(q, x, i, k);
    int at = q->nexts;
    while (at > 0 && is_better(&new, &q->next[at - 1])) at--;
    if (at == BEAM) return;
    if (q->nexts < BEAM) q->nexts++;
    new.partner = q->next[q->nexts - 1].partner; /* of the one that falls out */
    memmove(&q->next[at + 1], &q->next[at], (size_t)(q->nexts - 1 - at) * sizeof *q->next);
    memcpy(new.partner, x->partner, q->n * sizeof *new.partner);
    new.partner[i] = k;
    q->next[at] = new;
}

/* Word i may go to the places of its kind behind those that its kind has already: pairs of one kind
 * need not cross.  As many must be left as there are words to come, and the other way round. */
static void extend(search *q, const pairing *x, size_t i)
{
    int64_t words = 0, places = 0; /* of the kind, from here on */
    int32_t first = 0;
    for (size_t j = 0; j < q->n; j++) {
        if (q->told[j] != q->told[i]) continue;
        if (j < i && x->partner[j] >= first && !q->taken[x->partner[j]]) first = x->partner[j] + 1;
        words += j >= i && x->partner[j] < 0;
    }
    for (size_t k = (size_t)first; k < q->m; k++)
        places += q->right[k] == q->told[i] && !q->taken[k];
    int64_t spare = places - words;
    for (size_t k = (size_t)first, tried = 0; k < q->m && places && tried < PLACES; k++) {
        if (q->right[k] != q->told[i] || q->taken[k]) continue;
        offer(q, x, i, (int32_t)k);
        tried++;
        if (spare-- <= 0) break;
    }
    if (words > places) offer(q, x, i, -1);
}

static void swap_beams(search *q)
{
    for (int b = 0; b < BEAM; b++) {
        const pairing x = q->beam[b];
        q->beam[b] = q->next[b];
        q->next[b] = x;
    }
    q->beams = q->nexts;
    q->nexts = 0;
}

static bool begin(search *q)
{
    q->memory = calloc(2 * BEAM * q->n + 1, sizeof *q->memory);
    q->taken = calloc(q->m + 1, sizeof *q->taken);
    for (int b = 0; b < BEAM && q->memory; b++) {
        q->beam[b].partner = q->memory + (size_t)b * q->n;
        q->next[b].partner = q->memory + (size_t)(BEAM + b) * q->n;
    }
    for (size_t i = 0; q->memory && i < q->n; i++) q->beam[0].partner[i] = -1;
    q->beams = 1;
    return q->memory && q->taken;
}

/* Pair more, of the words that the best pairing so far left alone. */
static void run_stage(search *q, const int32_t *told, const int32_t *right)
{
    q->told = told;
    q->right = right;
    q->beams = 1;
    memset(q->taken, 0, q->m * sizeof *q->taken);
    for (size_t i = 0; i < q->n; i++)
        if (q->beam[0].partner[i] >= 0) q->taken[q->beam[0].partner[i]] = true;
    for (size_t i = 0; i < q->n; i++) {
        if (q->beam[0].partner[i] >= 0) continue;
        for (int b = 0; b < q->beams; b++) extend(q, &q->beam[b], i);
        swap_beams(q);
    }
}

/* ---- A sentence ---------------------------------------------------------------------------------- */

static double score_of(const double *x)
{
    if (x[PAIRS] <= 0) return 0;
    const double p = x[PAIRS] / x[TOLD], r = x[PAIRS] / x[RIGHT];
    return 10 * p * r / (r + 9 * p) * (1 - 0.5 * pow(x[RUNS] / x[PAIRS], 3));
}

static void count_pairs(const search *q, double *out)
{
    for (size_t i = 0; i < q->n; i++) out[PAIRS] += q->beam[0].partner[i] >= 0;
    out[RUNS] = (double)q->beam[0].runs;
    out[TOLD] = (double)q->n;
    out[RIGHT] = (double)q->m;
}

/* The stems of words, as ids of the same vocabulary.  False: no memory. */
static bool put_stems(rf_text_metric *s, const rf_ids *words, rf_ids *out)
{
    rf_str stem = {0};
    for (size_t i = 0; i < words->n && !out->failed; i++) {
        size_t n;
        const char *word = rf_vocab_at(s->words, words->at[i], &n);
        rf_str_clear(&stem);
        rf_str_add(&stem, word, n);
        const int32_t id =
            stem.failed ? -1 : rf_vocab_add(s->words, stem.s, rfi_porter_stem(stem.s, n));
        rf_ids_add(out, id);
        out->failed |= id < 0;
    }
    rf_str_free(&stem);
    return !out->failed;
}

/* Words and their stems. */
static bool read_words(rf_text_metric *s, const char *text, rf_ids out[2])
{
    return rfi_metric_words(s, text, &out[0]) && put_stems(s, &out[0], &out[1]);
}

static bool compare(const rf_ids told[2], const rf_ids right[2], double *out)
{
    search q = {.n = told[0].n, .m = right[0].n};
    const bool done = begin(&q);
    for (int stage = 0; stage < 2 && done; stage++) run_stage(&q, told[stage].at, right[stage].at);
    if (done) count_pairs(&q, out);
    free(q.memory);
    free(q.taken);
    return done;
}

bool rfi_meteor_collect(rf_text_metric *s, const rfi_sentence *x, double *stats)
{
    rf_ids told[2] = {{0}};
    bool done = read_words(s, x->hypothesis, told);
    for (size_t i = 0; i < x->count && done; i++) {
        rf_ids right[2] = {{0}};
        double one[WIDTH] = {0};
        done = read_words(s, x->reference[i], right) && compare(told, right, one);
        if (done && (!i || score_of(one) > score_of(stats))) memcpy(stats, one, sizeof one);
        for (int k = 0; k < 2; k++) rf_ids_free(&right[k]);
    }
    for (int k = 0; k < 2; k++) rf_ids_free(&told[k]);
    return done;
}

/* ---- The score ----------------------------------------------------------------------------------- */

void rfi_meteor_score(const rf_text_metric_options *o, const double *sum, rf_text_score *out)
{
    (void)o;
    out->value = 100 * score_of(sum);
    rfi_score_part(out, "precision", sum[TOLD] > 0 ? 100 * sum[PAIRS] / sum[TOLD] : 0);
    rfi_score_part(out, "recall", sum[RIGHT] > 0 ? 100 * sum[PAIRS] / sum[RIGHT] : 0);
    rfi_score_part(out, "runs", sum[RUNS]);
}

void rfi_meteor_sign(const rf_text_metric_options *o, rf_str *out)
{
    rfi_words_sign(o, out);
    rf_str_put(out, "|modules:exact,porter");
}

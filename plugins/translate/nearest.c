/* translate/nearest.c -- see nearest.h.  An inverted index: for each term, where it is and how heavy. */
#include "nearest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct posting {
    int32_t sentence;
    float weight;
} posting;

struct tr_nearest {
    rf_map *terms; /* one or two words as bytes, to a number */
    size_t n;      /* sentences */
    size_t *start; /* [terms + 1] */
    posting *at;   /* of all terms */
    double *idf;   /* [terms] */
    double *score; /* [n] of a query */
};

void tr_nearest_free(tr_nearest *x)
{
    if (!x) return;
    rf_map_free(x->terms);
    free(x->start);
    free(x->at);
    free(x->idf);
    free(x->score);
    free(x);
}

/* The terms of a sentence: each word, then each pair of neighbours.  False past the last. */
static bool term_at(const int32_t *word, size_t n, size_t i, const char **key, size_t *bytes)
{
    const bool pair = i >= n;
    if (pair && i - n + 1 >= n) return false;
    *key = (const char *)(word + (pair ? i - n : i));
    *bytes = (pair ? 2 : 1) * sizeof *word;
    return true;
}

/* Count a sentence's terms that are known, or add those that are not.  NULL: no memory. */
static rf_map *count_terms(rf_map *terms, bool add, const int32_t *word, size_t n)
{
    rf_map *counts = rf_map_new();
    const char *key;
    size_t bytes;
    bool done = counts != NULL;
    for (size_t i = 0; done && term_at(word, n, i, &key, &bytes); i++) {
        int64_t id = rf_map_get(terms, key, bytes, -1);
        if (id < 0 && !add) continue;
        if (id < 0) done = rf_map_put(terms, key, bytes, id = (int64_t)rf_map_count(terms));
        done = done && rf_map_add(counts, (const char *)&id, sizeof id, 1) != INT64_MIN;
    }
    if (done) return counts;
    rf_map_free(counts);
    return NULL;
}

static int64_t entry(const rf_map *counts, size_t i, int64_t *count)
{
    size_t n;
    int64_t id;
    memcpy(&id, rf_map_at(counts, i, &n, count), sizeof id);
    return id;
}

static double weight_of(const tr_nearest *x, int64_t term, int64_t count)
{
    return (1 + log((double)count)) * x->idf[term];
}

/* ---- Making ---------------------------------------------------------------------------------- */

static bool weigh_terms(tr_nearest *x, rf_map *const *counts)
{
    const size_t terms = rf_map_count(x->terms);
    x->start = calloc(terms + 1, sizeof *x->start);
    x->idf = malloc((terms + 1) * sizeof *x->idf);
    if (!x->start || !x->idf) return false;
    for (size_t i = 0; i < x->n; i++)
        for (size_t k = 0; k < rf_map_count(counts[i]); k++)
            x->start[entry(counts[i], k, &(int64_t){0}) + 1]++;
    for (size_t t = 0; t < terms; t++) {
        x->idf[t] = log((1 + (double)x->n) / (double)x->start[t + 1]);
        x->start[t + 1] += x->start[t];
    }
    x->at = malloc((x->start[terms] + 1) * sizeof *x->at);
    return x->at != NULL;
}

static bool fill_postings(tr_nearest *x, rf_map *const *counts)
{
    const size_t terms = rf_map_count(x->terms);
    size_t *next = malloc((terms + 1) * sizeof *next);
    if (!next) return false;
    memcpy(next, x->start, (terms + 1) * sizeof *next);
    for (size_t i = 0; i < x->n; i++) {
        double square = 0;
        int64_t count;
        for (size_t k = 0; k < rf_map_count(counts[i]); k++) {
            const int64_t t = entry(counts[i], k, &count);
            square += pow(weight_of(x, t, count), 2);
        }
        for (size_t k = 0; k < rf_map_count(counts[i]); k++) {
            const int64_t t = entry(counts[i], k, &count);
            const double w = square > 0 ? weight_of(x, t, count) / sqrt(square) : 0;
            x->at[next[t]++] = (posting){(int32_t)i, (float)w};
        }
    }
    free(next);
    return true;
}

static bool build(tr_nearest *x, const tr_sentences *s)
{
    x->n = tr_sentences_count(s);
    x->terms = rf_map_new();
    x->score = malloc((x->n + 1) * sizeof *x->score);
    rf_map **counts = calloc(x->n + 1, sizeof *counts);
    bool done = x->terms && x->score && counts;
    for (size_t i = 0; i < x->n && done; i++) {
        const int32_t from = s->start.at[i], to = s->start.at[i + 1];
        counts[i] = count_terms(x->terms, true, s->word.at + from, (size_t)(to - from));
        done = counts[i] != NULL;
    }
    done = done && weigh_terms(x, counts) && fill_postings(x, counts);
    for (size_t i = 0; i < x->n && counts; i++) rf_map_free(counts[i]);
    free(counts);
    return done;
}

tr_nearest *tr_nearest_new(const tr_sentences *s, rf_error *err)
{
    tr_nearest *x = calloc(1, sizeof *x);
    if (x && build(x, s)) return x;
    rf_fail(err, RF_ENOMEM, "no memory to remember the sentences");
    tr_nearest_free(x);
    return NULL;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

int64_t tr_nearest_find(tr_nearest *x, const int32_t *word, size_t n, double *cosine)
{
    rf_map *counts = count_terms(x->terms, false, word, n);
    int64_t best = -1, count;
    double square = 0;
    for (size_t i = 0; i < x->n; i++) x->score[i] = 0;
    for (size_t k = 0; counts && k < rf_map_count(counts); k++) {
        const int64_t t = entry(counts, k, &count);
        const double w = weight_of(x, t, count);
        square += w * w;
        for (size_t p = x->start[t]; p < x->start[t + 1]; p++)
            x->score[x->at[p].sentence] += w * (double)x->at[p].weight;
    }
    for (size_t i = 0; i < x->n; i++)
        if (x->score[i] > (best < 0 ? 0 : x->score[best])) best = (int64_t)i;
    if (cosine) *cosine = best < 0 ? 0 : x->score[best] / sqrt(square);
    rf_map_free(counts);
    return best;
}

/* text/metric_cider.c -- CIDEr-D: n-grams that people agree on, rare ones first, for captions.
 *
 * How rare an n-gram is, the references of all sentences together say; so sentences are kept until a
 * score is asked for.  Each then contributes its own score, and itself. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text/metric.h"

enum { SCORE, COUNT, WIDTH };
enum { ORDER = RFI_WORDS_ORDER };
#define SIGMA 6.0

typedef struct item {
    rfi_grams told, *right; /* [count] */
    size_t count;
} item;

typedef struct corpus {
    item *item;
    size_t n, cap;
} corpus;

int rfi_cider_width(const rf_text_metric_options *o)
{
    (void)o;
    return WIDTH;
}

static void free_item(item *x)
{
    rfi_grams_free(&x->told);
    for (size_t i = 0; x->right && i < x->count; i++) rfi_grams_free(&x->right[i]);
    free(x->right);
}

void rfi_cider_free(void *own)
{
    corpus *c = own;
    if (!c) return;
    for (size_t i = 0; i < c->n; i++) free_item(&c->item[i]);
    free(c->item);
    free(c);
}

static bool count_text(rf_text_metric *s, const char *text, rfi_grams *g)
{
    rf_ids ids = {0};
    const bool done = rfi_metric_words(s, text, &ids) && rfi_grams_count(g, &ids, ORDER);
    rf_ids_free(&ids);
    return done;
}

/* Room for sentence number s->n, which may be there already where another one failed. */
static corpus *make_room(rf_text_metric *s)
{
    if (!s->own) s->own = calloc(1, sizeof(corpus));
    corpus *c = s->own;
    if (!c || c->n < c->cap) return c;
    const size_t cap = c->cap ? 2 * c->cap : 64;
    if (!rf_resize(&c->item, cap, sizeof *c->item)) return NULL;
    c->cap = cap;
    return c;
}

bool rfi_cider_collect(rf_text_metric *s, const rfi_sentence *x, double *stats)
{
    corpus *c = make_room(s);
    item one = {.count = x->count};
    bool done = c && (one.right = calloc(x->count, sizeof *one.right)) != NULL;
    stats[COUNT] = 1;
    done = done && count_text(s, x->hypothesis, &one.told);
    for (size_t i = 0; i < x->count && done; i++)
        done = count_text(s, x->reference[i], &one.right[i]);
    if (done) c->item[c->n++] = one;
    if (!done) free_item(&one);
    return done;
}

/* ---- When all are there -------------------------------------------------------------------------- */

/* In how many sentences' references each n-gram is. */
static rf_map *count_sentences(const corpus *c)
{
    rf_map *df = rf_map_new(), *last = rf_map_new();
    bool done = df && last;
    for (size_t i = 0; i < c->n && done; i++)
        for (size_t r = 0; r < c->item[i].count; r++) {
            const rf_map *grams = c->item[i].right[r].count;
            for (size_t k = 0; k < rf_map_count(grams) && done; k++) {
                size_t n;
                const char *key = rf_map_at(grams, k, &n, NULL);
                if (rf_map_get(last, key, n, -1) == (int64_t)i) continue;
                done = rf_map_put(last, key, n, (int64_t)i) && rf_map_add(df, key, n, 1) > 0;
            }
        }
    rf_map_free(last);
    if (done) return df;
    rf_map_free(df);
    return NULL;
}

/* A count, weighed by how rare its n-gram is. */
static double weigh(const rf_map *df, double logs, const char *key, size_t n, int64_t count)
{
    const int64_t seen = rf_map_get(df, key, n, 0);
    return (double)count * (logs - log((double)(seen > 1 ? seen : 1)));
}

static void norms(const rf_map *df, double logs, const rfi_grams *g, double *norm)
{
    for (int k = 0; k < ORDER; k++) norm[k] = 0;
    for (size_t i = 0; i < rf_map_count(g->count); i++) {
        size_t n;
        int64_t count;
        const char *key = rf_map_at(g->count, i, &n, &count);
        norm[n / sizeof(int32_t) - 1] += pow(weigh(df, logs, key, n, count), 2);
    }
    for (int k = 0; k < ORDER; k++) norm[k] = sqrt(norm[k]);
}

/* The mean over lengths of the cosine of two texts, with a penalty for another length, which is counted
 * in pairs of words, as the authors' program does. */
static double similarity(const rf_map *df, double logs, const rfi_grams *a, const rfi_grams *b)
{
    double product[ORDER] = {0}, x[ORDER], y[ORDER], sum = 0;
    const double apart = (double)(rfi_grams_total(a, 2) - rfi_grams_total(b, 2));
    norms(df, logs, a, x);
    norms(df, logs, b, y);
    for (size_t i = 0; i < rf_map_count(a->count); i++) {
        size_t n;
        int64_t count;
        const char *key = rf_map_at(a->count, i, &n, &count);
        const double u = weigh(df, logs, key, n, count);
        const double v = weigh(df, logs, key, n, rf_map_get(b->count, key, n, 0));
        product[n / sizeof(int32_t) - 1] += (u < v ? u : v) * v;
    }
    for (int k = 0; k < ORDER; k++)
        if (x[k] > 0 && y[k] > 0) sum += product[k] / (x[k] * y[k]);
    return sum / ORDER * exp(-apart * apart / (2 * SIGMA * SIGMA));
}

bool rfi_cider_settle(rf_text_metric *s)
{
    const corpus *c = s->own;
    if (!c) return true;
    rf_map *df = count_sentences(c);
    if (!df) return false;
    const double logs = log((double)c->n);
    for (size_t i = 0; i < c->n; i++) {
        double *stats = s->stats + i * WIDTH;
        stats[SCORE] = 0;
        for (size_t r = 0; r < c->item[i].count; r++)
            stats[SCORE] += similarity(df, logs, &c->item[i].told, &c->item[i].right[r]) /
                            (double)c->item[i].count;
    }
    rf_map_free(df);
    return true;
}

/* Ten times the mean, in percent: "CIDEr 113.2" of papers. */
void rfi_cider_score(const rf_text_metric_options *o, const double *sum, rf_text_score *out)
{
    (void)o;
    out->value = sum[COUNT] > 0 ? 1000 * sum[SCORE] / sum[COUNT] : 0;
}

/* lab/samples.c -- the store of sequences; its readers are tables.c and images.c. */
#include "samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Growing --------------------------------------------------------------------------------- */

lab_item *lab_samples_add(lab_samples *s)
{
    if (s->n == s->cap) {
        const rf_index cap = s->cap ? 2 * s->cap : 256;
        lab_item *list = realloc(s->item, (size_t)cap * sizeof *list);
        if (!list) return NULL;
        s->item = list;
        s->cap = cap;
    }
    s->item[s->n] = (lab_item){
        .start = s->total, .label = -1, .group = s->groups ? s->groups - 1 : 0, .text = s->text.n};
    return &s->item[s->n++];
}

rf_real *lab_samples_frame(lab_samples *s)
{
    if (s->total == s->x_cap) {
        const rf_index cap = s->x_cap ? 2 * s->x_cap : 1024;
        rf_real *list = realloc(s->x, (size_t)(cap * s->I) * sizeof *list);
        if (!list) return NULL;
        s->x = list;
        s->x_cap = cap;
    }
    return s->x + s->I * s->total++;
}

void lab_samples_free(lab_samples *s)
{
    free(s->item);
    free(s->x);
    rf_str_free(&s->text);
    rf_ids_free(&s->ids);
    rf_ids_free(&s->labels);
    rf_vocab_free(s->classes);
    rf_str_free(&s->where);
    *s = (lab_samples){0};
}

/* ---- Labels ---------------------------------------------------------------------------------- */

static bool is_number(const char *s, double *x)
{
    char *end;
    *x = strtod(s, &end);
    return end != s && !*end;
}

static int by_nature(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    double m, n;
    const bool p = is_number(x, &m), q = is_number(y, &n);
    if (p && q && m != n) return m < n ? -1 : 1;
    if (p != q) return p ? -1 : 1;
    return strcmp(x, y);
}

static rf_vocab *sorted(const rf_vocab *from, const rf_vocab *known)
{
    const rf_vocab *all = known ? known : from;
    const int32_t K = rf_vocab_size(all);
    const char **names = calloc((size_t)K + 1, sizeof *names);
    rf_vocab *to = names ? rf_vocab_new() : NULL;
    for (int32_t k = 0; to && k < K; k++) names[k] = rf_vocab_at(all, k, NULL);
    if (to && !known) qsort(names, (size_t)K, sizeof *names, by_nature);
    bool done = to != NULL;
    for (int32_t k = 0; done && k < K; k++)
        done = rf_vocab_add(to, names[k], strlen(names[k])) == k;
    free(names);
    if (done) return to;
    rf_vocab_free(to);
    return NULL;
}

static int32_t renamed(const rf_vocab *from, const rf_vocab *to, int32_t id)
{
    size_t n;
    if (id < 0) return id;
    const char *name = rf_vocab_at(from, id, &n);
    return rf_vocab_find(to, name, n);
}

rf_status lab_samples_sort(lab_samples *s, const rf_vocab *known, rf_error *err)
{
    rf_vocab *to = sorted(s->classes, known);
    if (!to) return rf_no_memory(err);
    for (rf_index i = 0; i < s->n; i++)
        s->item[i].label = renamed(s->classes, to, s->item[i].label);
    for (size_t i = 0; i < s->labels.n; i++)
        s->labels.at[i] = renamed(s->classes, to, s->labels.at[i]);
    rf_vocab_free(s->classes);
    s->classes = to;
    return RF_OK;
}

rf_vocab *lab_vocab_copy(const rf_vocab *v, rf_error *err)
{
    rf_vocab *copy = sorted(v, v);
    if (!copy) rf_no_memory(err);
    return copy;
}

/* ---- Units ----------------------------------------------------------------------------------- */

rf_tokenizer *lab_samples_tokens(const lab_samples *s, const int32_t *which, rf_index n,
                                 const rf_tokenizer_options *o, rf_error *err)
{
    rf_str all = {0};
    rf_tokenizer *t = NULL;
    for (rf_index i = 0; i < n; i++) {
        const lab_item *x = &s->item[which[i]];
        rf_str_add(&all, s->text.s + x->text, x->bytes);
        rf_str_add(&all, "\n", 1);
    }
    if (all.failed || !all.s)
        rf_no_memory(err);
    else
        t = rf_tokenizer_learn(o, all.s, all.n, "the texts", err);
    rf_str_free(&all);
    return t;
}

rf_status lab_samples_encode(lab_samples *s, rf_tokenizer *tokens, rf_index longest, rf_error *err)
{
    const int32_t unk = rf_tokenizer_unk(tokens);
    s->ids.n = 0;
    for (rf_index i = 0; i < s->n; i++) {
        lab_item *x = &s->item[i];
        x->start = (rf_index)s->ids.n;
        rf_status st =
            rf_tokenizer_encode(tokens, s->text.s + x->text, x->bytes, "text", &s->ids, NULL, err);
        if (st) return st;
        rf_index n = (rf_index)s->ids.n - x->start;
        if (longest && n > longest) n = longest;
        s->ids.n = (size_t)(x->start + n);
        if (!n) rf_ids_add(&s->ids, unk < 0 ? 0 : unk);
        x->length = (int32_t)(n ? n : 1);
    }
    return s->ids.failed ? rf_no_memory(err) : RF_OK;
}

/* ---- Scale ----------------------------------------------------------------------------------- */

rf_real lab_scale(double sum, double squares, double n, double *mean)
{
    *mean = sum / n;
    const double variance = squares / n - *mean * *mean;
    return (rf_real)(variance > 1e-9 * squares / n ? 1 / sqrt(variance) : 1);
}

static void standardise(rf_real *x, rf_index T, rf_index I)
{
    double sum = 0, squares = 0, mean;
    for (rf_index t = 0; t < T; t++) {
        sum += x[t * I];
        squares += (double)x[t * I] * x[t * I];
    }
    const rf_real scale = lab_scale(sum, squares, (double)T, &mean);
    for (rf_index t = 0; t < T; t++) x[t * I] = (rf_real)(x[t * I] - mean) * scale;
}

void lab_samples_standardise(lab_samples *s)
{
    for (rf_index i = 0; i < s->n; i++)
        for (rf_index k = 0; k < s->I; k++)
            standardise(s->x + s->item[i].start * s->I + k, s->item[i].length, s->I);
}

/* ---- Recognition ----------------------------------------------------------------------------- */

uint64_t lab_samples_hash(const lab_samples *s)
{
    uint64_t h = RF_HASH;
    for (rf_index i = 0; i < s->n; i++) {
        h = rf_hash(h, &s->item[i].label, sizeof s->item[i].label);
        h = rf_hash(h, &s->item[i].length, sizeof s->item[i].length);
    }
    if (s->text.n) h = rf_hash(h, s->text.s, s->text.n);
    if (s->labels.n) h = rf_hash(h, s->labels.at, s->labels.n * sizeof *s->labels.at);
    return s->total ? rf_hash(h, s->x, (size_t)(s->total * s->I) * sizeof *s->x) : h;
}

/* pinyin/ngram.c -- asking an n-gram model, and its place in a model file. */
#include "ngram.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const float step = 18.0F / 255;

void py_ngram_free(py_ngram *m)
{
    for (int k = 0; k < PY_ORDER; k++) {
        free(m->level[k].token);
        free(m->level[k].p);
        free(m->level[k].back);
        free(m->level[k].first);
    }
    *m = (py_ngram){0};
}

/* ---- Asking ---------------------------------------------------------------------------------- */

/* The continuation of a node of level k by a token, in level k+1. */
static uint32_t follow(const py_ngram *m, int k, uint32_t node, int32_t token)
{
    if (node == PY_NOWHERE || k + 1 >= m->order) return PY_NOWHERE;
    const py_level *l = &m->level[k + 1];
    uint32_t lo = m->level[k].first[node], hi = m->level[k].first[node + 1];
    const uint32_t end = hi;
    while (lo < hi) {
        const uint32_t mid = lo + (hi - lo) / 2;
        if (l->token[mid] < token)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < end && l->token[lo] == token ? lo : PY_NOWHERE;
}

py_context py_ngram_begin(const py_ngram *m)
{
    const py_context none = {.node = {PY_NOWHERE, PY_NOWHERE, PY_NOWHERE}};
    return py_ngram_next(m, &none, PY_END);
}

/* The nodes of the longer contexts are found from those before. */
py_context py_ngram_next(const py_ngram *m, const py_context *c, int32_t token)
{
    py_context out = {.node = {PY_NOWHERE, PY_NOWHERE, PY_NOWHERE}};
    const bool ends = token == PY_END;
    out.token[0] = token;
    if (m->order > 1 && token < m->V) out.node[0] = (uint32_t)token;
    for (int k = 1; k < PY_ORDER - 1 && !ends; k++) {
        out.token[k] = c->token[k - 1];
        if (k < m->order - 1) out.node[k] = follow(m, k - 1, c->node[k - 1], token);
    }
    return out;
}

float py_ngram_logp(const py_ngram *m, const py_context *c, int32_t token)
{
    float left = 0;
    for (int k = m->order - 2; k >= 0; k--) {
        if (c->node[k] == PY_NOWHERE) continue;
        const uint32_t at = follow(m, k, c->node[k], token);
        if (at != PY_NOWHERE) return left - step * (float)m->level[k + 1].p[at];
        left -= step * (float)m->level[k].back[c->node[k]];
    }
    return left - step * (float)m->level[0].p[token];
}

/* ---- The file -------------------------------------------------------------------------------- */

static rf_status add(rf_model *f, const char *name, int k, const char *what, rf_dtype type,
                     uint32_t n, const void *bytes, rf_error *err)
{
    char text[96];
    snprintf(text, sizeof text, "%s.%d.%s", name, k + 1, what);
    return rf_model_add(f, text, type, RF_SHAPE((rf_index)n), bytes, err);
}

static rf_status store_counts(const py_level *l, const char *name, int k, rf_model *f,
                              rf_error *err)
{
    uint16_t *count = malloc(((size_t)l->n + 1) * sizeof *count);
    if (!count) return rf_no_memory(err);
    for (uint32_t i = 0; i < l->n; i++) count[i] = (uint16_t)(l->first[i + 1] - l->first[i]);
    const rf_status st = add(f, name, k, "count", RF_U16, l->n, count, err);
    free(count);
    return st;
}

rf_status py_ngram_store(const py_ngram *m, const char *name, rf_model *f, rf_error *err)
{
    rf_status st = RF_OK;
    for (int k = 0; k < m->order && !st; k++) {
        const py_level *l = &m->level[k];
        if (!l->n) break;
        st = add(f, name, k, "p", RF_U8, l->n, l->p, err);
        if (!st && l->token) st = add(f, name, k, "token", RF_U16, l->n, l->token, err);
        if (!st && l->back) st = add(f, name, k, "back", RF_U8, l->n, l->back, err);
        if (!st && l->first) st = store_counts(l, name, k, f, err);
    }
    return st;
}

static const rf_stored *find(const rf_model *f, const char *name, int k, const char *what,
                             rf_dtype type)
{
    char text[96];
    snprintf(text, sizeof text, "%s.%d.%s", name, k + 1, what);
    const rf_stored *s = rf_model_find(f, text);
    return s && s->dtype == type ? s : NULL;
}

static void *copy(const rf_stored *s)
{
    void *out = malloc(s->bytes + 8);
    if (out) memcpy(out, s->data, s->bytes);
    return out;
}

static rf_status damaged(const rf_model *f, const char *name, rf_error *err)
{
    return rf_fail(err, RF_EFORMAT, "%s: its n-grams %s are damaged", rf_model_name(f), name);
}

/* One level; *next is how many the level after it must have, 0: there is none. */
static rf_status load_level(py_ngram *m, int k, const char *name, const rf_model *f, uint32_t due,
                            uint32_t *next, rf_error *err)
{
    py_level *l = &m->level[k];
    const rf_stored *p = find(f, name, k, "p", RF_U8), *t = find(f, name, k, "token", RF_U16);
    const rf_stored *b = find(f, name, k, "back", RF_U8), *c = find(f, name, k, "count", RF_U16);
    *next = 0;
    if (!p || p->bytes >= UINT32_MAX || (k && (!t || p->bytes != due)) || !b != !c)
        return damaged(f, name, err);
    l->n = (uint32_t)p->bytes;
    if ((t && t->bytes != 2 * p->bytes) || (b && b->bytes != p->bytes) ||
        (c && c->bytes != 2 * p->bytes))
        return damaged(f, name, err);
    l->p = copy(p);
    if (k) l->token = copy(t);
    if (b) l->back = copy(b);
    if (c) l->first = calloc((size_t)l->n + 1, sizeof *l->first);
    if (!l->p || (k && !l->token) || (b && !l->back) || (c && !l->first)) return rf_no_memory(err);
    for (uint32_t i = 0; c && i < l->n; i++) {
        uint16_t n;
        memcpy(&n, (const char *)c->data + 2 * (size_t)i, 2);
        l->first[i + 1] = l->first[i] + n;
        if (l->first[i + 1] < l->first[i]) return damaged(f, name, err);
    }
    if (c) *next = l->first[l->n];
    return RF_OK;
}

rf_status py_ngram_load(py_ngram *m, const char *name, const rf_model *f, rf_error *err)
{
    uint32_t due = 0;
    rf_status st = RF_OK;
    *m = (py_ngram){0};
    for (int k = 0; k < PY_ORDER && !st && (!k || due); k++) {
        st = load_level(m, k, name, f, due, &due, err);
        m->order = k + 1;
    }
    m->V = (int32_t)m->level[0].n;
    if (!st && (due || m->V <= PY_FIRST || m->V > PY_TOKENS)) st = damaged(f, name, err);
    /* A level whose continuations are all gone is the last. */
    return st;
}

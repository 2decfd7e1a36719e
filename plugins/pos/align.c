/* pos/align.c -- see align.h. */
#include "align.h"

#include <stdlib.h>
#include <string.h>

#include "keys.h"

/* ---- Ranges ---------------------------------------------------------------------------------- */

static int64_t read_characters(pos_ranges *r, const char *s, size_t n)
{
    int32_t code;
    int64_t count = 0;
    for (size_t i = 0; i < n;) {
        const int k = rf_utf8_next(s + i, n - i, &code);
        const size_t step = k > 0 ? (size_t)k : 1;
        for (size_t b = 0; b < step && !pos_is_blank(code); b++)
            r->hash = (r->hash ^ (unsigned char)s[i + b]) * 0x100000001b3u;
        count += !pos_is_blank(code);
        i += step;
    }
    return count;
}

static void add_word(pos_ranges *r, const pos_corpus *c, rf_index i)
{
    const pos_word *w = &c->word[i];
    pos_range *to = &r->at[r->n];
    if (w->part == POS_LATER) {
        *to = (pos_range){r->at[r->n - 1].from, r->at[r->n - 1].to, i, true};
        r->n++;
        return;
    }
    const bool first = w->part == POS_FIRST;
    to->from = r->characters;
    r->characters += first ? read_characters(r, c->text.s + w->token, w->token_n)
                           : read_characters(r, c->text.s + w->at, w->n);
    to->to = r->characters;
    to->word = i;
    to->multi = first;
    r->n++;
}

rf_status pos_ranges_make(pos_ranges *r, const pos_corpus *c, rf_error *err)
{
    *r = (pos_ranges){.hash = 0xcbf29ce484222325u};
    r->at = calloc((size_t)c->words + 1, sizeof *r->at);
    r->sentence = calloc((size_t)c->n + 1, sizeof *r->sentence);
    if (!r->at || !r->sentence) return rf_fail(err, RF_ENOMEM, "no memory");
    for (rf_index s = 0; s < c->n; s++) {
        pos_range *to = &r->sentence[r->sentences++];
        to->from = r->characters;
        to->word = c->start[s];
        for (rf_index i = c->start[s]; i < c->start[s + 1]; i++) add_word(r, c, i);
        to->to = r->characters;
    }
    return RF_OK;
}

void pos_ranges_free(pos_ranges *r)
{
    free(r->at);
    free(r->sentence);
    *r = (pos_ranges){0};
}

rf_index pos_same_sentences(const pos_ranges *a, const pos_ranges *b)
{
    rf_index i = 0, j = 0, same = 0;
    while (i < a->sentences && j < b->sentences) {
        const pos_range *x = &a->sentence[i], *y = &b->sentence[j];
        if (x->from == y->from && x->to == y->to) {
            same++;
            i++;
            j++;
        } else if (x->from <= y->from) {
            i++;
        } else {
            j++;
        }
    }
    return same;
}

/* ---- Multiword tokens ------------------------------------------------------------------------ */

typedef struct side {
    const pos_ranges *r;
    const pos_corpus *c;
    rf_index i; /* the word that is looked at */
} side;

static const pos_range *here(const side *s) { return s->i < s->r->n ? &s->r->at[s->i] : NULL; }

static bool beyond(const side *s, int64_t end)
{
    const pos_range *w = here(s);
    if (!w) return true;
    return w->multi ? w->from >= end : w->to > end;
}

static void take(side *s, int64_t *end)
{
    const pos_range *w = here(s);
    if (w->multi && w->to > *end) *end = w->to;
    s->i++;
}

/* Go on to the end of what multiword tokens of either side cover; *a and *b are where it begins. */
static void cover(side *g, side *t, rf_index *a, rf_index *b)
{
    int64_t end;
    if (here(g)->multi) {
        end = here(g)->to;
        if (!here(t)->multi && here(t)->from < here(g)->from) t->i++;
    } else {
        end = here(t)->to;
        if (!here(g)->multi && here(g)->from < here(t)->from) g->i++;
    }
    *a = g->i;
    *b = t->i;
    while (!beyond(g, end) || !beyond(t, end)) {
        const pos_range *x = here(g), *y = here(t);
        if (x && (!y || x->from <= y->from))
            take(g, &end);
        else
            take(t, &end);
    }
}

static bool same_form(const side *g, rf_index a, const side *t, rf_index b)
{
    size_t m, n;
    const char *x = pos_corpus_form(g->c, g->r->at[a].word, &m);
    const char *y = pos_corpus_form(t->c, t->r->at[b].word, &n);
    rf_str p = {0}, q = {0};
    pos_key_word(x, m, &p);
    pos_key_word(y, n, &q);
    const bool same = p.n == q.n && !memcmp(p.s ? p.s : "", q.s ? q.s : "", p.n);
    rf_str_free(&p);
    rf_str_free(&q);
    return same;
}

/* A longest common subsequence of words a .. g->i and b .. t->i. */
static bool match(const side *g, rf_index a, const side *t, rf_index b, rf_index *to)
{
    const rf_index n = g->i - a, m = t->i - b;
    int32_t *lcs = calloc((size_t)((n + 1) * (m + 1)), sizeof *lcs);
    if (!lcs) return false;
    for (rf_index i = n - 1; i >= 0; i--)
        for (rf_index k = m - 1; k >= 0; k--) {
            const int32_t down = lcs[(i + 1) * (m + 1) + k], right = lcs[i * (m + 1) + k + 1];
            int32_t best = down > right ? down : right;
            const int32_t both = 1 + lcs[(i + 1) * (m + 1) + k + 1];
            if (both > best && same_form(g, a + i, t, b + k)) best = both;
            lcs[i * (m + 1) + k] = best;
        }
    for (rf_index i = 0, k = 0; i < n && k < m;) {
        if (same_form(g, a + i, t, b + k))
            to[a + i++] = b + k++;
        else if (lcs[i * (m + 1) + k] == lcs[(i + 1) * (m + 1) + k])
            i++;
        else
            k++;
    }
    free(lcs);
    return true;
}

/* ---- Words ----------------------------------------------------------------------------------- */

rf_status pos_align(const pos_ranges *right, const pos_corpus *right_in, const pos_ranges *told,
                    const pos_corpus *told_in, rf_index *to, rf_error *err)
{
    side g = {right, right_in, 0}, t = {told, told_in, 0};
    for (rf_index i = 0; i < right->n; i++) to[i] = -1;
    while (here(&g) && here(&t)) {
        const pos_range *x = here(&g), *y = here(&t);
        rf_index a, b;
        if (x->multi || y->multi) {
            cover(&g, &t, &a, &b);
            if (g.i > a && t.i > b && !match(&g, a, &t, b, to))
                return rf_fail(err, RF_ENOMEM, "no memory");
        } else if (x->from == y->from && x->to == y->to) {
            to[g.i++] = t.i++;
        } else if (x->from <= y->from) {
            g.i++;
        } else {
            t.i++;
        }
    }
    return RF_OK;
}

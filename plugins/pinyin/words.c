/* pinyin/words.c -- the words of a node: paths of syllables through the lexicon, the best ones
 * kept. */
#include <stdlib.h>
#include <string.h>

#include "beam.h"
#include "text.h"

enum {
    MOST_CHARS = 72,   /* single characters of a node */
    MOST_WORDS = 72,   /* longer words of a node */
    MOST_VISITS = 6000 /* ranges looked at from a node, where initials leave much open */
};

static const float tone_cost = 4, pass_cost = 12;

typedef struct search {
    py_words *w;
    const py_model *m;
    const py_input *in;
    int32_t from, stop[PY_WORD_LONGEST];
    uint8_t tone[PY_WORD_LONGEST];
    int visits;
    bool all;
} search;

static bool grow(void *array, size_t *cap, size_t n, size_t size)
{
    if (n <= *cap) return true;
    const size_t more = 2 * n + 64;
    if (!rf_resize(array, more, size)) return false;
    *cap = more;
    return true;
}

static void add(py_words *w, int32_t word, int32_t from, const int32_t *stop, int length,
                float cost)
{
    if (!grow(&w->at, &w->cap, w->n + 1, sizeof *w->at) ||
        !grow(&w->stop, &w->stop_cap, w->stops + (size_t)length, sizeof *w->stop)) {
        w->failed = true;
        return;
    }
    memcpy(w->stop + w->stops, stop, (size_t)length * sizeof *stop);
    w->at[w->n++] = (py_wedge){word, from, (uint32_t)w->stops, (uint8_t)length, cost, 0};
    w->stops += (size_t)length;
}

/* What the tones of a reading say against those typed. */
static float tones(const search *s, const py_entry *e)
{
    float cost = 0;
    for (int k = 0; k < e->length; k++) {
        const int is = PY_TONE(s->m->x.reading[e->reading + (uint32_t)k]);
        if (s->tone[k] && is && s->tone[k] != is) cost += tone_cost;
    }
    return cost;
}

static void visit(search *s, py_range r, int32_t node, float cost);

static void follow(search *s, py_range r, const py_edge *e, float cost)
{
    const py_lexicon *x = &s->m->x;
    const int depth = r.depth;
    py_range next = py_lexicon_follow(x, r, e->base);
    s->stop[depth] = e->to;
    s->tone[depth] = e->tone;
    for (uint32_t i = next.lo; i < next.hi; i++) {
        const py_entry *entry = &x->entry[x->order[i]];
        if (entry->length != depth + 1) break;
        add(s->w, entry->word, s->from, s->stop, entry->length,
            cost + e->cost + entry->cost + tones(s, entry));
    }
    if (next.lo < next.hi && depth + 1 < PY_WORD_LONGEST) visit(s, next, e->to, cost + e->cost);
}

static void visit(search *s, py_range r, int32_t node, float cost)
{
    const py_input *in = s->in;
    if (node >= in->n) return;
    for (int32_t e = in->first[node]; e < in->first[node + 1] && !s->w->failed; e++) {
        if (in->edge[e].base < 0) continue;
        if (!s->all && ++s->visits > MOST_VISITS) return;
        follow(s, r, &in->edge[e], cost);
    }
}

/* ---- The best of them ------------------------------------------------------------------------ */

typedef struct ranked {
    py_wedge w;
    int32_t to;
    float value;
} ranked;

static int by_word(const void *a, const void *b)
{
    const ranked *p = a, *q = b;
    if (p->w.word != q->w.word) return p->w.word < q->w.word ? -1 : 1;
    if (p->to != q->to) return p->to < q->to ? -1 : 1;
    return p->w.cost < q->w.cost ? -1 : p->w.cost > q->w.cost;
}

static int by_value(const void *a, const void *b)
{
    const ranked *p = a, *q = b;
    if (p->value != q->value) return p->value > q->value ? -1 : 1;
    return by_word(a, b);
}

/* The words from `first` on: each once, the best ones first, not more than the limits. */
static void choose(py_words *w, const py_model *m, size_t first, bool all)
{
    const size_t n = w->n - first;
    size_t kept = 0, chars = 0, longer = 0;
    ranked *list = malloc((n + 1) * sizeof *list);
    if (!list) {
        w->failed = true;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const py_wedge x = w->at[first + i];
        list[i] = (ranked){x, w->stop[x.stop + x.length - 1U],
                           (x.word < 0 ? 0 : m->x.prior[x.word]) - x.cost};
    }
    qsort(list, n, sizeof *list, by_word);
    for (size_t i = 0; i < n; i++)
        if (!kept || list[kept - 1].w.word != list[i].w.word || list[kept - 1].to != list[i].to)
            list[kept++] = list[i];
    qsort(list, kept, sizeof *list, by_value);
    w->n = first;
    for (size_t i = 0; i < kept; i++) {
        size_t *count = list[i].w.length > 1 ? &longer : &chars;
        if (!all && *count >= (list[i].w.length > 1 ? MOST_WORDS : MOST_CHARS)) continue;
        (*count)++;
        w->at[w->n++] = list[i].w;
    }
    free(list);
}

static int32_t opening_of(py_words *w, int32_t token)
{
    for (size_t i = 0; i < w->openings; i++)
        if (w->opening[i] == token) return (int32_t)i;
    if (!grow(&w->opening, &w->opening_cap, w->openings + 1, sizeof *w->opening)) {
        w->failed = true;
        return 0;
    }
    w->opening[w->openings] = token;
    return (int32_t)w->openings++;
}

/* A syllable that no character has passes as it was typed, so that there is always an answer. */
static void pass_unknown(py_words *w, const py_input *in, int32_t node, size_t first)
{
    const size_t end = w->n;
    for (int32_t e = in->first[node]; e < in->first[node + 1] && !w->failed; e++) {
        const int32_t to = in->edge[e].to;
        bool known = false;
        for (size_t i = first; i < w->n && !known; i++)
            known = (i >= end || w->at[i].length == 1) && w->stop[w->at[i].stop] == to;
        if (!known) add(w, -1, node, &to, 1, in->edge[e].base < 0 ? in->edge[e].cost : pass_cost);
    }
}

void py_words_begin(py_words *w, const py_model *m, const py_input *in, int32_t node, bool all)
{
    search s = {.w = w, .m = m, .in = in, .from = node, .all = all};
    const size_t first = w->n;
    visit(&s, py_lexicon_all(&m->x), node, 0);
    if (!w->failed) pass_unknown(w, in, node, first);
    w->openings = 0;
    if (!w->failed) choose(w, m, first, all);
    for (size_t i = first; i < w->n; i++)
        if (w->at[i].word >= 0) w->at[i].first = opening_of(w, m->token[m->tokens[w->at[i].word]]);
}

void py_words_free(py_words *w)
{
    free(w->at);
    free(w->stop);
    free(w->opening);
    *w = (py_words){0};
}

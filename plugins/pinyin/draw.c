/* pinyin/draw.c -- the lattice as a picture: words are boxes, from left to right, the best path
 * marked. */
#include <refrain/diagram.h>
#include <stdlib.h>

#include "pinyin.h"

enum { SHOWN = 3 /* words of two nodes that are on none of the best paths */ };

/* A word that is drawn. */
typedef struct box {
    py_arc arc;
    int rank; /* of the best answer it is in; -1: none */
    int node;
} box;

typedef struct picture {
    const py_model *m;
    const py_input *in;
    rf_diagram *d;
    box *at;
    size_t n;
    bool failed;
} picture;

/* Whether answer `a` has this word here. */
static bool has(const py_answer *a, const py_arc *arc)
{
    for (size_t i = 0; i < a->parts; i++)
        if (a->part[i].word == arc->word && a->part[i].from == arc->from &&
            a->part[i].to == arc->to)
            return true;
    return false;
}

/* What was typed over a box. */
static void typed(const picture *p, const py_arc *a, rf_str *out)
{
    const uint32_t from = p->in->from[a->from], until = p->in->until[a->to - 1];
    rf_str_clear(out);
    rf_str_add(out, p->in->text + from, until - from);
}

static void add_box(picture *p, const py_arc *arc, int rank)
{
    rf_str word = {0}, below = {0};
    size_t n;
    typed(p, arc, &below);
    if (arc->word < 0)
        rf_str_put(&word, below.s ? below.s : "");
    else {
        const char *s = py_lexicon_word(&p->m->x, arc->word, &n);
        rf_str_add(&word, s, n);
    }
    const rf_look look = rank == 0  ? RF_DIAGRAM_OUTPUT
                         : rank > 0 ? RF_DIAGRAM_PARAM
                                    : RF_DIAGRAM_PLAIN;
    const int node = word.s && below.s ? rf_diagram_node(p->d, look, word.s, below.s, NULL) : -1;
    p->failed |= node < 0;
    p->at[p->n++] = (box){*arc, rank, node};
    rf_str_free(&word);
    rf_str_free(&below);
}

/* All words of the best answers, and a few others of each place. */
static void choose(picture *p, const py_arc *arc, size_t n, const py_answers *answers)
{
    for (size_t i = 0; i < n && !p->failed; i++) {
        int rank = -1, others = 0;
        for (size_t k = 0; k < answers->n && rank < 0; k++)
            if (has(&answers->at[k], &arc[i])) rank = (int)k;
        for (size_t k = 0; k < p->n; k++)
            others += p->at[k].rank < 0 && p->at[k].arc.from == arc[i].from &&
                      p->at[k].arc.to == arc[i].to;
        if (rank >= 0 || others < SHOWN) add_box(p, &arc[i], rank);
    }
}

/* Every word follows every other.  What the best answers join is drawn, and how others could go on
 * with the best one. */
static bool joined(const box *a, const box *b)
{
    return a->arc.to == b->arc.from &&
           ((a->rank >= 0 && b->rank >= 0) || a->rank == 0 || b->rank == 0);
}

/* The most frequent word that ends where a box begins (before), or begins where it ends; -1:
 * none. */
static int neighbour(const picture *p, const box *x, bool before)
{
    int best = -1;
    for (size_t i = 0; i < p->n; i++) {
        const box *y = &p->at[i];
        if (before ? y->arc.to != x->arc.from : y->arc.from != x->arc.to) continue;
        if (best < 0 || y->arc.prior - y->arc.cost > p->at[best].arc.prior - p->at[best].arc.cost)
            best = (int)i;
    }
    return best;
}

static void edge(picture *p, int from, int to)
{
    p->failed |= !rf_diagram_edge(p->d, p->at[from].node, p->at[to].node, NULL);
}

static void join(picture *p)
{
    for (size_t i = 0; i < p->n && !p->failed; i++)
        for (size_t j = 0; j < p->n && !p->failed; j++)
            if (joined(&p->at[i], &p->at[j])) edge(p, (int)i, (int)j);
    for (size_t i = 0; i < p->n && !p->failed; i++) {
        bool in = false, out = false;
        for (size_t j = 0; j < p->n; j++) {
            in |= joined(&p->at[j], &p->at[i]);
            out |= joined(&p->at[i], &p->at[j]);
        }
        const int before = in ? -1 : neighbour(p, &p->at[i], true);
        const int after = out ? -1 : neighbour(p, &p->at[i], false);
        if (before >= 0) edge(p, before, (int)i);
        if (after >= 0) edge(p, (int)i, after);
    }
}

static rf_status draw(picture *p, const py_arc *arc, size_t n, const py_answers *answers,
                      const char *path, rf_error *err)
{
    rf_str note = {0};
    p->at = calloc(n + 1, sizeof *p->at);
    if (!p->at || !p->d) return rf_no_memory(err);
    choose(p, arc, n, answers);
    join(p);
    for (size_t k = 0; k < answers->n && !p->failed; k++) {
        rf_str_clear(&note);
        rf_str_printf(&note, "%zu. %s   %.2f", k + 1, answers->at[k].text, answers->at[k].score);
        p->failed |= note.failed || !rf_diagram_note(p->d, note.s);
    }
    rf_str_free(&note);
    return p->failed ? rf_no_memory(err) : rf_diagram_write(p->d, path, err);
}

rf_status py_lattice_draw(py_decoder *x, const char *line, size_t n, const py_answers *answers,
                          const char *path, rf_error *err)
{
    py_input in = {0};
    py_arc *arc = NULL;
    size_t count = 0;
    rf_str title = {0};
    rf_str_add(&title, line, n);
    rf_status st = py_lattice(x, line, n, 40, &in, &arc, &count, err);
    picture p = {.m = py_decoder_model(x), .in = &in};
    if (!st) p.d = rf_diagram_new(title.s ? title.s : "", RF_DIAGRAM_RIGHT);
    if (!st) st = draw(&p, arc, count, answers, path, err);
    rf_diagram_free(p.d);
    free(p.at);
    free(arc);
    rf_str_free(&title);
    py_input_free(&in);
    return st;
}

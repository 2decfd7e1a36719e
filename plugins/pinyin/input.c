/* pinyin/input.c -- from text to units, from units to syllables, and which of them lie on a path.
 *
 * A unit is one letter, or a stretch that passes through.  Runs of letters without a blank are
 * looked at one by one: a run that whole syllables cover has no other ones. */
#include "input.h"

#include <stdlib.h>
#include <string.h>

enum {
    LONGEST = PY_SYLLABLE_LETTERS + 1, /* misspelled ones are a letter longer */
    MOST_BASES = 128
};

/* Costs in nats, by what it says of the writer's care. */
static const float fuzzy_cost = 1.5F, correction_cost = 3, part_cost = 3, erhua_cost = 1;

typedef struct unit {
    uint32_t from, until; /* bytes */
    char letter;          /* 0: passes through */
    uint8_t mark;         /* of this letter */
    uint8_t digit;        /* a tone that follows */
    bool ends;            /* no syllable goes on from here: an apostrophe, a digit */
    bool last;            /* of its run */
    bool capital;
} unit;

typedef struct parser {
    py_input *in;
    const py_typing *how;
    unit *u;
    int32_t n, cap;
    size_t edges, edge_cap;
    bool failed;
} parser;

/* ---- Units ----------------------------------------------------------------------------------- */

static unit *add_unit(parser *p)
{
    if (p->n == p->cap) {
        const int32_t cap = p->cap ? 2 * p->cap : 64;
        if (!rf_resize(&p->u, (size_t)cap, sizeof *p->u)) {
            p->failed = true;
            return NULL;
        }
        p->cap = cap;
    }
    p->u[p->n] = (unit){0};
    return &p->u[p->n++];
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* An apostrophe, ' or ’, in bytes. */
static size_t apostrophe(const char *s, size_t n)
{
    if (n && *s == '\'') return 1;
    return n >= 3 && !memcmp(s, "\xe2\x80\x99", 3) ? 3 : 0;
}

static void add_passing(parser *p, size_t from, size_t until)
{
    unit *last = p->n ? &p->u[p->n - 1] : NULL;
    if (last && !last->letter) { /* what stands between two that pass is kept */
        last->until = (uint32_t)until;
        return;
    }
    if (last) last->last = true;
    unit *x = add_unit(p);
    if (x) *x = (unit){.from = (uint32_t)from, .until = (uint32_t)until, .last = true};
}

/* A run of letters, digits of tones and apostrophes from i on; its end. */
static size_t read_run(parser *p, const char *s, size_t n, size_t i)
{
    char letter = 0;
    int mark;
    for (size_t k; i < n; i += k) {
        if ((k = py_letter(s + i, n - i, &letter, &mark)) > 0) {
            unit *x = add_unit(p);
            if (!x) return n;
            *x = (unit){.from = (uint32_t)i,
                        .until = (uint32_t)(i + k),
                        .letter = letter,
                        .mark = (uint8_t)mark,
                        .capital = s[i] >= 'A' && s[i] <= 'Z'};
        } else if (s[i] >= '0' && s[i] <= '5' && !p->u[p->n - 1].digit) {
            unit *x = &p->u[p->n - 1];
            k = 1;
            x->digit = s[i] == '0' ? 5 : (uint8_t)(s[i] - '0');
            x->ends = true;
            x->until = (uint32_t)(i + 1);
        } else if ((k = apostrophe(s + i, n - i)) > 0)
            p->u[p->n - 1].ends = true;
        else
            break;
    }
    p->u[p->n - 1].last = p->u[p->n - 1].ends = true;
    return i;
}

static void read_units(parser *p, const char *s, size_t n)
{
    char letter;
    int mark;
    int32_t code;
    for (size_t i = 0; i < n && !p->failed;) {
        if (py_letter(s + i, n - i, &letter, &mark))
            i = read_run(p, s, n, i);
        else if (is_blank(s[i]) || apostrophe(s + i, n - i))
            i += is_blank(s[i]) ? 1 : apostrophe(s + i, n - i);
        else {
            const int k = rf_utf8_next(s + i, n - i, &code);
            add_passing(p, i, i + (k > 0 ? (size_t)k : 1));
            i += k > 0 ? (size_t)k : 1;
        }
    }
}

/* ---- Syllables ------------------------------------------------------------------------------- */

static void add_edge(parser *p, int32_t to, int base, int tone, float cost)
{
    py_input *in = p->in;
    if (p->edges == p->edge_cap) {
        const size_t cap = p->edge_cap ? 2 * p->edge_cap : 256;
        if (!rf_resize(&in->edge, cap, sizeof *in->edge)) {
            p->failed = true;
            return;
        }
        p->edge_cap = cap;
    }
    in->edge[p->edges++] = (py_edge){to, (int16_t)base, (uint8_t)(p->how->tones ? tone : 0), cost};
}

/* The tone of units [i, j): 0 none; -1: two of them. */
static int tone_of(const parser *p, int32_t i, int32_t j)
{
    int tone = p->u[j - 1].digit;
    for (int32_t k = i; k < j; k++) {
        if (!p->u[k].mark) continue;
        if (tone) return -1;
        tone = p->u[k].mark;
    }
    return tone;
}

static void add_bases(parser *p, int32_t to, int base, int tone, float cost)
{
    int other[4], differ[4];
    const int n = py_fuzzy_others(base, p->how->fuzzy, other, differ);
    add_edge(p, to, base, tone, cost);
    for (int k = 0; k < n; k++)
        add_edge(p, to, other[k], tone, cost + fuzzy_cost * (float)differ[k]);
}

/* The r of 哪儿 in "nar". */
static bool is_erhua(const parser *p, int32_t from, int32_t i)
{
    if (i == from || p->u[i].letter != 'r' || p->u[i - 1].letter == 'r') return false;
    return p->u[i].last || !strchr("aeiou", p->u[i + 1].letter);
}

/* Whole syllables from unit i on; of a run that begins at `from`. */
static void add_whole(parser *p, int32_t from, int32_t i)
{
    char letters[LONGEST];
    for (int32_t j = i; j < i + LONGEST; j++) {
        letters[j - i] = p->u[j].letter;
        const size_t n = (size_t)(j - i) + 1;
        const int tone = tone_of(p, i, j + 1), base = py_syllable_find(letters, n);
        if (base >= 0 && tone >= 0) add_bases(p, j + 1, base, tone, 0);
        for (int k = 0, other; p->how->correct && base < 0 && tone >= 0; k++) {
            if ((other = py_correction(letters, n, k)) < 0) break;
            add_bases(p, j + 1, other, tone, correction_cost);
        }
        if (n == 1 && is_erhua(p, from, i))
            add_edge(p, j + 1, py_syllable_find("er", 2), tone, erhua_cost);
        if (p->u[j].ends) return;
    }
}

/* Beginnings of syllables. */
static void add_parts(parser *p, int32_t i)
{
    char letters[LONGEST];
    for (int32_t j = i; j < i + PY_SYLLABLE_LETTERS; j++) {
        letters[j - i] = p->u[j].letter;
        const size_t n = (size_t)(j - i) + 1;
        int count;
        const int first = py_syllable_prefix(letters, n, &count);
        if (!count) return;
        for (int k = 0; k < count; k++)
            if (py_syllable_at(first + k)[n])
                add_edge(p, j + 1, first + k, p->u[j].digit, part_cost);
        if (p->u[j].ends) return;
    }
}

/* ---- Runs ------------------------------------------------------------------------------------ */

/* Drop the edges of nodes [from, to) that are on no path between them; false: there is no path. */
static bool prune(parser *p, int32_t from, int32_t to, size_t start)
{
    py_input *in = p->in;
    const size_t n = (size_t)(to - from) + 1;
    uint8_t *good = calloc(2, n), *reached = good + n; /* good: the end can be reached */
    if (!good) return p->failed = true, false;
    good[n - 1] = reached[0] = 1;
    for (int32_t i = to - 1; i >= from; i--)
        for (int32_t e = in->first[i]; e < in->first[i + 1]; e++)
            good[i - from] |= good[in->edge[e].to - from];
    const bool any = good[0];
    size_t kept = start;
    int32_t begin = (int32_t)start;
    for (int32_t i = from; i < to; i++) {
        const int32_t end = in->first[i + 1];
        in->first[i] = (int32_t)kept;
        for (int32_t e = begin; e < end; e++) {
            const py_edge x = in->edge[e];
            if (!reached[i - from] || !good[x.to - from]) continue;
            reached[x.to - from] = 1;
            in->edge[kept++] = x;
        }
        begin = end;
    }
    in->first[to] = (int32_t)kept;
    p->edges = kept;
    free(good);
    return any;
}

static bool build(parser *p, int32_t from, int32_t to, bool parts)
{
    const size_t start = p->edges;
    for (int32_t i = from; i < to && !p->failed; i++) {
        p->in->first[i] = (int32_t)p->edges;
        add_whole(p, from, i);
        if (parts) add_parts(p, i);
        p->in->first[i + 1] = (int32_t)p->edges;
    }
    return !p->failed && prune(p, from, to, start);
}

/* One edge over all of it. */
static void pass(parser *p, int32_t from, int32_t to)
{
    p->in->first[from] = (int32_t)p->edges;
    add_edge(p, to, -1, 0, 0);
    for (int32_t i = from + 1; i <= to; i++) p->in->first[i] = (int32_t)p->edges;
}

static void parse_run(parser *p, int32_t from, int32_t to)
{
    bool capitals = false, inner = false;
    for (int32_t i = from; i < to; i++) {
        capitals |= p->u[i].capital;
        inner |= p->u[i].capital && i > from;
    }
    if (!inner && build(p, from, to, false)) return;
    if (!capitals && p->how->initials && build(p, from, to, true)) return;
    pass(p, from, to);
}

static void parse_runs(parser *p)
{
    for (int32_t i = 0, from = 0; i < p->n && !p->failed; i++) {
        if (!p->u[i].last) continue;
        if (p->u[from].letter)
            parse_run(p, from, i + 1);
        else
            pass(p, from, i + 1);
        from = i + 1;
    }
}

rf_status py_input_parse(py_input *in, const char *text, size_t n, const py_typing *how,
                         rf_error *err)
{
    parser p = {.in = in, .how = how};
    *in = (py_input){.text = malloc(n + 1)};
    if (in->text) {
        memcpy(in->text, text, n);
        in->text[n] = 0;
        read_units(&p, in->text, n);
    }
    in->n = p.n;
    const size_t cells = (size_t)p.n + 2;
    in->first = calloc(cells, sizeof *in->first);
    in->from = calloc(cells, sizeof *in->from);
    in->until = calloc(cells, sizeof *in->until);
    p.failed |= !in->text || !in->first || !in->from || !in->until;
    for (int32_t i = 0; i < p.n && !p.failed; i++) {
        in->from[i] = p.u[i].from;
        in->until[i] = p.u[i].until;
    }
    if (!p.failed) parse_runs(&p);
    if (!p.failed) in->first[p.n] = in->first[p.n + 1] = (int32_t)p.edges;
    free(p.u);
    return p.failed ? rf_no_memory(err) : RF_OK;
}

void py_input_free(py_input *in)
{
    free(in->first);
    free(in->edge);
    free(in->from);
    free(in->until);
    free(in->text);
    *in = (py_input){0};
}

/* pinyin/decode.c -- beam search over the lattice, node by node.
 *
 * Invariant: hypotheses at a node have all taken the syllables before it.  One within a word has
 * paid for as much of the word as it has characters. */
#include "decode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "beam.h"
#include "text.h"

enum {
    ROWS = 32,          /* states that the network advances at once */
    SPLITS = 3,         /* hypotheses of one string: its different words */
    MOST_STATES = 1500, /* kept from answer to answer */
    ASK_EVERY = 8       /* nodes */
};

static const float width = 14, unknown_cost = 4;

/* One way to reach a node. */
typedef struct hyp {
    int32_t string, parent; /* parent: the string before the last character */
    int32_t token;
    uint32_t what;
    int32_t wedge;       /* the last word; -1: the beginning */
    int32_t back;        /* where the last word began, in `kept` */
    uint8_t offset;      /* characters of it that are taken */
    float done, pending; /* paid; the word's own score, paid when it is complete */
    float rank;
    py_context words;
} hyp;

typedef struct hyps {
    hyp *at;
    size_t n, cap;
    float best;
} hyps;

struct py_decoder {
    const py_model *m;
    py_decode_spec spec;
    py_machine *machine; /* NULL: n-grams alone */
    py_strings strings;
    py_words words;
    hyps kept, *node;
    const py_input *in;
    int32_t start; /* the string of the context */
    int32_t *batch;
    size_t batch_cap, states;
    float *opening; /* [strings of a node, openings] scores */
    size_t opening_cap;
    rf_status (*ask)(void *ctx);
    void *ctx;
    bool failed;
};

void py_answers_free(py_answers *a)
{
    for (size_t i = 0; i < a->n; i++) {
        free(a->at[i].text);
        free(a->at[i].part);
    }
    free(a->at);
    *a = (py_answers){0};
}

/* ---- The network ----------------------------------------------------------------------------- */

/* A batch of strings whose parents are known: one step. */
static void step(py_decoder *x, const int32_t *strings, rf_index n)
{
    const float *before[ROWS];
    float *after[ROWS];
    int32_t token[ROWS];
    const size_t numbers = py_machine_numbers(x->machine);
    for (rf_index r = 0; r < n; r++) {
        py_string *s = &x->strings.at[strings[r]];
        before[r] = s->parent < 0 ? NULL : x->strings.at[s->parent].after;
        token[r] = s->token;
        after[r] = s->after = malloc(numbers * sizeof(float));
        if (!s->after) {
            x->failed = true;
            return;
        }
    }
    py_machine_step(x->machine, before, token, n, after);
    x->states += (size_t)n;
}

/* Compute the states of strings that have none. */
static void compute(py_decoder *x, const int32_t *strings, size_t n)
{
    int32_t due[ROWS];
    rf_index count = 0;
    if (!x->machine) return;
    for (size_t i = 0; i < n && !x->failed; i++) {
        if (!x->strings.at[strings[i]].after) due[count++] = strings[i];
        if (count < ROWS && i + 1 < n) continue;
        if (count) step(x, due, count);
        count = 0;
    }
}

/* ln p of a character after a string. */
static float char_score(const py_decoder *x, int32_t string, int32_t token)
{
    const py_string *s = &x->strings.at[string];
    const float rare = token == PY_UNKNOWN ? unknown_cost : 0;
    const float counted = py_ngram_logp(&x->m->by_char, &s->context, token);
    if (!x->machine) return counted - rare;
    const float mix = (float)x->spec.mix, learned = py_machine_logp(x->machine, s->after, token);
    if (mix >= 1) return learned - rare;
    return logf(mix * expf(learned) + (1 - mix) * expf(counted)) - rare;
}

/* ---- Hypotheses ------------------------------------------------------------------------------ */

static bool push(hyps *list, const hyp *h)
{
    if (list->n == list->cap) {
        const size_t cap = list->cap ? 2 * list->cap : 64;
        if (!rf_resize(&list->at, cap, sizeof *list->at)) return false;
        list->cap = cap;
    }
    if (!list->n || h->rank > list->best) list->best = h->rank;
    list->at[list->n++] = *h;
    return true;
}

static int by_rank(const void *a, const void *b)
{
    const hyp *p = a, *q = b;
    if (p->rank != q->rank) return p->rank > q->rank ? -1 : 1;
    if (p->parent != q->parent) return p->parent < q->parent ? -1 : 1;
    if (p->token != q->token) return p->token < q->token ? -1 : 1;
    return p->wedge < q->wedge ? -1 : p->wedge > q->wedge;
}

static bool is_whole(const py_decoder *x, const hyp *h)
{
    return h->wedge < 0 || h->offset == x->words.at[h->wedge].length;
}

/* Whether what may follow is the same. */
static bool same_future(const py_decoder *x, const hyp *a, const hyp *b)
{
    const bool whole = is_whole(x, a);
    if (a->string != b->string || whole != is_whole(x, b)) return false;
    if (!whole &&
        (x->words.at[a->wedge].word != x->words.at[b->wedge].word || a->offset != b->offset))
        return false;
    return !memcmp(a->words.token, b->words.token, sizeof a->words.token);
}

/* The best hypotheses of a node go to `kept`; batch: their strings, each once.  How many
 * strings. */
static size_t prune(py_decoder *x, hyps *list)
{
    const size_t first = x->kept.n;
    size_t strings = 0;
    qsort(list->at, list->n, sizeof *list->at, by_rank);
    for (size_t i = 0; i < list->n && !x->failed; i++) {
        hyp h = list->at[i];
        size_t k = first, same = 0;
        if (h.rank < list->best - width) break;
        if (h.wedge >= 0)
            h.string = py_strings_next(&x->strings, &x->m->by_char, h.parent, h.token, h.what);
        if (h.string < 0) break;
        for (; k < x->kept.n && !same_future(x, &x->kept.at[k], &h); k++)
            same += x->kept.at[k].string == h.string;
        if (k < x->kept.n || same >= SPLITS) continue;
        if (!same && strings == (size_t)x->spec.beam) continue;
        if (!same) x->batch[strings++] = h.string;
        if (!push(&x->kept, &h)) x->failed = true;
    }
    x->failed |= x->strings.failed;
    return strings;
}

/* ---- Expanding ------------------------------------------------------------------------------- */

/* Whether the character of a word at `offset` is what is fixed for its place. */
static bool allowed(const py_decoder *x, int32_t string, const py_wedge *w, int offset)
{
    const char *fix = x->spec.fix, *text;
    const int place = x->strings.at[string].depth - x->strings.at[x->start].depth;
    size_t n;
    int32_t code, is;
    if (!fix) return true;
    for (int i = 0; *fix && i < place; i++) fix += rf_utf8_next(fix, strlen(fix), &code);
    if (!*fix || *fix == '_' || *fix == '?' || w->word < 0) return true;
    text = py_lexicon_word(&x->m->x, w->word, &n);
    for (int i = 0; i < offset; i++) {
        const int k = rf_utf8_next(text, n, &is);
        text += k;
        n -= (size_t)k;
    }
    rf_utf8_next(text, n, &is);
    rf_utf8_next(fix, strlen(fix), &code);
    return is == code;
}

static int32_t token_of(const py_decoder *x, const py_wedge *w, int offset)
{
    if (w->word >= 0) return x->m->token[x->m->tokens[w->word] + (uint32_t)offset];
    const unsigned char c = (unsigned char)x->in->text[x->in->from[w->from]];
    const bool latin = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return latin ? PY_LATIN : PY_END;
}

/* Characters that the vocabulary does not have are told apart by their word. */
static uint32_t what_of(const py_wedge *w, int32_t token, int offset)
{
    if (w->word < 0) return 0x80000000U | (uint32_t)w->from;
    return token == PY_UNKNOWN ? ((uint32_t)w->word + 1) * 16 + (uint32_t)offset : 0;
}

/* h takes one more character of its word; its node. */
static void take(py_decoder *x, hyp *h, const py_wedge *w, float chars)
{
    const float part = (float)x->spec.words;
    h->token = token_of(x, w, h->offset);
    h->what = what_of(w, h->token, h->offset);
    h->done += (1 - part) * chars;
    h->offset++;
    if (h->offset == w->length) {
        const int32_t word =
            w->word < 0 ? (h->token == PY_END ? PY_END : PY_UNKNOWN) : w->word + PY_FIRST;
        h->done += h->pending;
        h->pending = 0;
        h->words =
            py_ngram_next(&x->m->by_word, &h->words, word < x->m->by_word.V ? word : PY_UNKNOWN);
    }
    h->rank = h->done + h->pending * (float)h->offset / (float)w->length;
    hyps *list = &x->node[x->words.stop[w->stop + h->offset - 1U]];
    if (list->n && h->rank < list->best - width) return;
    if (!push(list, h)) x->failed = true;
}

static void go_on(py_decoder *x, const hyp *from)
{
    const py_wedge *w = &x->words.at[from->wedge];
    hyp h = *from;
    if (!allowed(x, from->string, w, from->offset)) return;
    h.parent = from->string;
    take(x, &h, w, char_score(x, from->string, token_of(x, w, from->offset)));
}

/* A word that the n-grams do not have is an unknown one, and among these as frequent as the
 * lexicon says. */
static float word_score(const py_decoder *x, const hyp *h, int32_t word)
{
    const py_ngram *m = &x->m->by_word;
    if (word + PY_FIRST < m->V) return py_ngram_logp(m, &h->words, word + PY_FIRST);
    return py_ngram_logp(m, &h->words, PY_UNKNOWN) + x->m->x.prior[word];
}

/* All words that begin here, after a whole hypothesis.  opening: scores of their first
 * characters. */
static void begin_words(py_decoder *x, int32_t from, size_t first, const float *opening)
{
    const hyp base = x->kept.at[from];
    for (size_t i = first; i < x->words.n && !x->failed; i++) {
        const py_wedge *w = &x->words.at[i];
        const hyps *list = &x->node[x->words.stop[w->stop]];
        const float chars = w->word < 0 ? 0 : opening[w->first];
        hyp h = base;
        h.done -= w->cost;
        /* What follows is at most 0. */
        const float bound = h.done + (1 - (float)x->spec.words) * chars;
        if (list->n && bound < list->best - width) continue;
        if (!allowed(x, base.string, w, 0)) continue;
        h.parent = base.string;
        h.wedge = (int32_t)i;
        h.offset = 0;
        h.back = from;
        h.pending = w->word < 0 ? 0 : (float)x->spec.words * word_score(x, &base, w->word);
        take(x, &h, w, chars);
    }
}

static bool score_openings(py_decoder *x, size_t strings)
{
    const size_t n = x->words.openings, due = strings * n + 1;
    if (due > x->opening_cap) {
        if (!rf_resize(&x->opening, 2 * due, sizeof *x->opening)) return false;
        x->opening_cap = 2 * due;
    }
    for (size_t s = 0; s < strings; s++)
        for (size_t i = 0; i < n; i++)
            x->opening[s * n + i] = char_score(x, x->batch[s], x->words.opening[i]);
    return true;
}

static void expand(py_decoder *x, int32_t node, size_t first_kept)
{
    const size_t end = x->kept.n, first = x->words.n;
    size_t strings = 0;
    while (strings < x->batch_cap && x->batch[strings] >= 0) strings++;
    py_words_begin(&x->words, x->m, x->in, node, x->spec.fix != NULL);
    if (x->words.failed || !score_openings(x, strings)) x->failed = true;
    for (size_t i = first_kept; i < end && !x->failed; i++) {
        const hyp *h = &x->kept.at[i];
        size_t s = 0;
        if (!is_whole(x, h)) {
            go_on(x, h);
            continue;
        }
        while (x->batch[s] != h->string) s++;
        begin_words(x, (int32_t)i, first, x->opening + s * x->words.openings);
    }
}

/* ---- Answers --------------------------------------------------------------------------------- */

/* Add a part's text; two stretches that pass keep what was between them. */
static void add_text(const py_decoder *x, rf_str *out, py_part *p, const py_wedge *w,
                     int32_t *passed)
{
    const py_input *in = x->in;
    size_t n;
    if (w->word >= 0) {
        const char *s = py_lexicon_word(&x->m->x, w->word, &n);
        p->at = (uint32_t)out->n;
        rf_str_add(out, s, n);
        *passed = -1;
    } else {
        const int32_t to = x->words.stop[w->stop];
        const uint32_t until = in->until[to - 1];
        if (*passed == w->from) {
            const uint32_t before = in->until[w->from - 1];
            rf_str_add(out, in->text + before, in->from[w->from] - before);
        }
        p->at = (uint32_t)out->n;
        rf_str_add(out, in->text + in->from[w->from], until - in->from[w->from]);
        *passed = to;
    }
    p->n = (uint32_t)out->n - p->at;
}

static bool make_answer(const py_decoder *x, const hyp *h, py_answer *a)
{
    rf_str text = {0};
    int32_t passed = -1;
    a->score = (double)h->rank;
    for (const hyp *k = h; k->wedge >= 0; k = &x->kept.at[k->back]) a->parts++;
    a->part = calloc(a->parts + 1, sizeof *a->part);
    if (!a->part) return false;
    size_t i = a->parts;
    for (const hyp *k = h; k->wedge >= 0; k = &x->kept.at[k->back]) {
        const py_wedge *w = &x->words.at[k->wedge];
        a->part[--i] = (py_part){
            .word = k->wedge, .from = w->from, .to = x->words.stop[w->stop + w->length - 1U]};
    }
    for (i = 0; i < a->parts; i++) {
        const py_wedge *w = &x->words.at[a->part[i].word];
        a->part[i].word = w->word;
        add_text(x, &text, &a->part[i], w, &passed);
    }
    rf_str_put(&text, "");
    a->text = text.s ? text.s : calloc(1, 1);
    return !text.failed && a->text;
}

/* The hypotheses of the last node, each string once. */
static bool collect(py_decoder *x, size_t first, py_answers *out)
{
    hyp *list = x->kept.at + first;
    const size_t n = x->kept.n - first;
    const float part = (float)x->spec.words;
    for (size_t i = 0; i < n && !x->spec.open; i++)
        list[i].rank += (1 - part) * char_score(x, list[i].string, PY_END) +
                        part * py_ngram_logp(&x->m->by_word, &list[i].words, PY_END);
    qsort(list, n, sizeof *list, by_rank);
    out->at = calloc((size_t)x->spec.nbest + 1, sizeof *out->at);
    if (!out->at) return false;
    for (size_t i = 0; i < n && out->n < (size_t)x->spec.nbest; i++) {
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++) seen = list[j].string == list[i].string;
        if (!seen && !make_answer(x, &list[i], &out->at[out->n++])) return false;
    }
    return true;
}

/* ---- The search ------------------------------------------------------------------------------ */

/* The string and the words after the context. */
static bool begin(py_decoder *x)
{
    py_splitter split = {.x = &x->m->x};
    rf_ids chars = {0}, words = {0};
    const char *context = x->spec.context ? x->spec.context : "";
    hyp h = {.wedge = -1, .back = -1, .words = py_ngram_begin(&x->m->by_word)};
    if (!x->spec.keep || x->states > MOST_STATES || !x->strings.n) {
        py_strings_clear(&x->strings, &x->m->by_char);
        x->states = 0;
    }
    py_text_chars(x->m->chars, context, strlen(context), &chars);
    bool good = py_text_words(&split, context, strlen(context), &words) && !chars.failed;
    /* The end that both lists end with is the line's, not the context's; but the root is one. */
    for (size_t i = 1; good && i + 1 < chars.n; i++) {
        compute(x, &h.string, 1);
        h.string = py_strings_next(&x->strings, &x->m->by_char, h.string, chars.at[i], 0);
        good = h.string >= 0 && !x->failed;
    }
    for (size_t i = 1; good && i + 1 < words.n; i++)
        if (words.at[i] < x->m->by_word.V)
            h.words = py_ngram_next(&x->m->by_word, &h.words, words.at[i]);
    x->start = h.string;
    if (good) good = push(&x->node[0], &h);
    py_splitter_free(&split);
    rf_ids_free(&chars);
    rf_ids_free(&words);
    return good;
}

static bool reserve(py_decoder *x, int32_t nodes)
{
    const size_t beam = (size_t)x->spec.beam + 2;
    x->node = calloc((size_t)nodes + 1, sizeof *x->node);
    if (beam > x->batch_cap) {
        if (!rf_resize(&x->batch, beam, sizeof *x->batch)) return false;
        x->batch_cap = beam;
    }
    x->kept.n = 0;
    x->words.n = x->words.stops = 0;
    return x->node != NULL;
}

static rf_status search(py_decoder *x, py_answers *out)
{
    const int32_t n = x->in->n;
    rf_status st = RF_OK;
    for (int32_t i = 0; i <= n && !x->failed && !st; i++) {
        const size_t first = x->kept.n;
        if (!x->node[i].n) continue;
        const size_t strings = prune(x, &x->node[i]);
        x->batch[strings] = -1;
        compute(x, x->batch, strings);
        if (x->failed) break;
        if (i < n)
            expand(x, i, first);
        else if (!collect(x, first, out))
            x->failed = true;
        free(x->node[i].at);
        x->node[i] = (hyps){0};
        if (x->ask && i % ASK_EVERY == 0) st = x->ask(x->ctx);
    }
    return st;
}

rf_status py_decode(py_decoder *x, const char *text, size_t n, py_answers *out, rf_error *err)
{
    py_input in;
    *out = (py_answers){0};
    if (x->spec.beam < x->spec.nbest) x->spec.beam = x->spec.nbest;
    rf_status st = py_input_parse(&in, text, n, &x->spec.typing, err);
    x->in = &in;
    x->failed = st || !reserve(x, in.n) || !begin(x);
    if (!x->failed) st = search(x, out);
    for (int32_t i = 0; x->node && i <= in.n; i++) free(x->node[i].at);
    free(x->node);
    x->node = NULL;
    x->in = NULL;
    py_input_free(&in);
    if (!st && x->failed) st = rf_no_memory(err);
    if (st) py_answers_free(out);
    return st;
}

/* Words of the first `nodes` nodes, at most `most` of each pair of nodes. */
static rf_status find_words(const py_decoder *x, py_input *in, int32_t nodes, int most,
                            py_arc **out, size_t *count, rf_error *err)
{
    py_words w = {0};
    *count = 0;
    for (int32_t i = 0; i < in->n && i < nodes && !w.failed; i++)
        py_words_begin(&w, x->m, in, i, false);
    *out = w.failed ? NULL : calloc(w.n + 1, sizeof **out);
    for (size_t i = 0; *out && i < w.n; i++) {
        const py_wedge *a = &w.at[i];
        const int32_t to = w.stop[a->stop + a->length - 1U];
        int same = 0;
        for (size_t j = *count; j > 0 && (*out)[j - 1].from == a->from; j--)
            same += (*out)[j - 1].to == to;
        if (same < most)
            (*out)[(*count)++] =
                (py_arc){a->from, to, a->word, a->cost, a->word < 0 ? 0 : x->m->x.prior[a->word]};
    }
    py_words_free(&w);
    return *out ? RF_OK : rf_no_memory(err);
}

rf_status py_lattice(py_decoder *x, const char *text, size_t n, int most, py_input *in,
                     py_arc **out, size_t *count, rf_error *err)
{
    const rf_status st = py_input_parse(in, text, n, &x->spec.typing, err);
    return st ? st : find_words(x, in, INT32_MAX, most, out, count, err);
}

rf_status py_openings(py_decoder *x, const char *text, size_t n, py_input *in, py_arc **out,
                      size_t *count, rf_error *err)
{
    rf_status st = py_input_parse(in, text, n, &x->spec.typing, err);
    if (!st) st = find_words(x, in, 1, INT32_MAX, out, count, err);
    size_t kept = 0;
    for (size_t i = 0; i < *count && !st; i++)
        if ((*out)[i].word >= 0) (*out)[kept++] = (*out)[i];
    *count = kept;
    return st;
}

/* ---- Making one ------------------------------------------------------------------------------ */

py_decoder *py_decoder_new(const py_model *m, rf_device *d, const py_decode_spec *spec,
                           rf_error *err)
{
    py_decoder *x = calloc(1, sizeof *x);
    if (!x) {
        rf_no_memory(err);
        return NULL;
    }
    x->m = m;
    x->spec = *spec;
    if (!m->net || spec->mix <= 0) return x;
    x->machine = py_machine_new(m->net, d, ROWS, spec->form, err);
    if (x->machine) return x;
    py_decoder_free(x);
    return NULL;
}

void py_decoder_free(py_decoder *x)
{
    if (!x) return;
    py_machine_free(x->machine);
    py_strings_free(&x->strings);
    py_words_free(&x->words);
    free(x->kept.at);
    free(x->batch);
    free(x->opening);
    free(x);
}

py_decode_spec *py_decoder_spec(py_decoder *x) { return &x->spec; }

const py_model *py_decoder_model(const py_decoder *x) { return x->m; }

void py_decoder_watch(py_decoder *x, rf_status (*ask)(void *ctx), void *ctx)
{
    x->ask = ask;
    x->ctx = ctx;
}

/* pinyin/live.c -- rf.live/1: whole answers and words for what is typed, anew after every key.
 *
 * The network's states of strings that were looked at before are kept, so that a key costs as much
 * as what it adds. */
#include "live.h"

#include <stdlib.h>
#include <string.h>

enum {
    WHOLE = 3,         /* candidates that cover all of what is typed */
    MOST = 64,         /* candidates in all */
    CONTEXT_BYTES = 96 /* of what was picked that is looked back upon */
};

/* A candidate; its text is its own. */
typedef struct choice {
    char *text;
    double score;
    size_t bytes; /* of what is typed that it covers */
} choice;

struct rf_live_state {
    rf_session *s;
    py_reader x;
    py_decoder *d;
    rf_str typed, before, done; /* before: the context that was given */
    rf_str context;
    choice at[MOST];
    uint32_t n, shown;
    rf_error err;
};

static void forget(rf_live_state *l)
{
    for (uint32_t i = 0; i < l->n; i++) free(l->at[i].text);
    l->n = 0;
}

static bool add(rf_live_state *l, const char *s, size_t n, double score, size_t bytes)
{
    for (uint32_t i = 0; i < l->n; i++)
        if (strlen(l->at[i].text) == n && !memcmp(l->at[i].text, s, n)) return true;
    char *text = malloc(n + 1);
    if (!text) return false;
    memcpy(text, s, n);
    text[n] = 0;
    l->at[l->n++] = (choice){text, score, bytes};
    return true;
}

/* ---- Words of the beginning ------------------------------------------------------------------ */

/* Longer ones first, then what is more frequent. */
static int by_use(const void *a, const void *b)
{
    const py_arc *p = a, *q = b;
    const float x = p->prior - p->cost, y = q->prior - q->cost;
    if (p->to != q->to) return p->to > q->to ? -1 : 1;
    return x > y ? -1 : x < y ? 1 : p->word < q->word ? -1 : p->word > q->word;
}

static rf_status add_words(rf_live_state *l)
{
    py_input in = {0};
    py_arc *arc = NULL;
    size_t n = 0, m;
    const rf_status st = py_openings(l->d, l->typed.s, l->typed.n, &in, &arc, &n, &l->err);
    bool good = true;
    if (!st) qsort(arc, n, sizeof *arc, by_use);
    for (size_t i = 0; i < n && !st && good && l->n < l->shown; i++) {
        const char *s = py_lexicon_word(&l->x.m->x, arc[i].word, &m);
        const size_t bytes = arc[i].to < in.n ? in.from[arc[i].to] : l->typed.n;
        good = add(l, s, m, NAN, bytes);
    }
    free(arc);
    py_input_free(&in);
    return st || good ? st : rf_no_memory(&l->err);
}

/* ---- Answers --------------------------------------------------------------------------------- */

/* The end of what stands before what is typed. */
static const char *context_of(rf_live_state *l)
{
    rf_str_clear(&l->context);
    rf_str_put(&l->context, l->before.s ? l->before.s : "");
    rf_str_put(&l->context, l->done.s ? l->done.s : "");
    size_t from = l->context.n > CONTEXT_BYTES ? l->context.n - CONTEXT_BYTES : 0;
    while (from < l->context.n && ((unsigned char)l->context.s[from] & 0xc0) == 0x80) from++;
    return l->context.s ? l->context.s + from : "";
}

static rf_status answer(rf_live_state *l)
{
    py_answers a = {0};
    bool good = true;
    rf_status st = RF_OK;
    forget(l);
    if (!l->typed.n) return RF_OK;
    py_decoder_spec(l->d)->context = context_of(l);
    st = py_decode(l->d, l->typed.s, l->typed.n, &a, &l->err);
    for (size_t i = 0; i < a.n && !st && good && l->n < l->shown; i++)
        good = add(l, a.at[i].text, strlen(a.at[i].text), a.at[i].score, l->typed.n);
    py_answers_free(&a);
    if (!good) st = rf_no_memory(&l->err);
    return st ? st : add_words(l);
}

static rf_status tell(rf_live_state *l, rf_status st)
{
    if (st) l->s->host->fail(l->s->host, st, l->err.text);
    l->err = (rf_error){0};
    return st;
}

/* ---- The interface --------------------------------------------------------------------------- */

static void end(rf_live_state *l)
{
    if (!l) return;
    forget(l);
    py_decoder_free(l->d);
    py_reader_close(&l->x);
    rf_str_free(&l->typed);
    rf_str_free(&l->before);
    rf_str_free(&l->done);
    rf_str_free(&l->context);
    free(l);
}

static rf_status open_live(rf_live_state *l, const rf_run *r)
{
    py_decode_spec spec;
    const char *before = r->opt[LIVE_CONTEXT].as.s;
    rf_status st = py_reader_open(&l->x, l->s, r, &l->err);
    if (!st) st = py_options_how(r->opt, l->x.m, &spec, &l->err);
    if (st) return st;
    rf_str_put(&l->before, before ? before : "");
    l->shown = (uint32_t)(r->opt[LIVE_SHOWN].as.i < MOST ? r->opt[LIVE_SHOWN].as.i : MOST);
    spec.nbest = WHOLE;
    spec.open = spec.keep = true;
    l->d = py_decoder_new(l->x.m, l->x.d, &spec, &l->err);
    return l->d ? RF_OK : l->err.status;
}

static rf_status begin(rf_session *s, const rf_run *r, rf_live_state **out)
{
    rf_live_state *l = calloc(1, sizeof *l);
    *out = NULL;
    if (!l) return s->host->fail(s->host, RF_ENOMEM, "no memory");
    l->s = s;
    const rf_status st = tell(l, open_live(l, r));
    if (st)
        end(l);
    else
        *out = l;
    return st;
}

static rf_status key(rf_live_state *l, const char *text)
{
    const size_t n = l->typed.n;
    rf_status st = rf_utf8_check(text, strlen(text), "what is typed", &l->err);
    if (!st) rf_str_put(&l->typed, text);
    if (!st && l->typed.failed) st = rf_no_memory(&l->err);
    if (!st) st = answer(l);
    if (st && l->typed.n > n) l->typed.s[l->typed.n = n] = 0;
    return tell(l, st);
}

static rf_status erase(rf_live_state *l)
{
    size_t n = l->typed.n;
    if (!n) return RF_OK;
    do n--;
    while (n && ((unsigned char)l->typed.s[n] & 0xc0) == 0x80);
    l->typed.s[l->typed.n = n] = 0;
    return tell(l, answer(l));
}

static rf_status clear(rf_live_state *l)
{
    rf_str_clear(&l->typed);
    rf_str_clear(&l->done);
    forget(l);
    return RF_OK;
}

static rf_status pick(rf_live_state *l, uint32_t i)
{
    if (i >= l->n) return tell(l, rf_fail(&l->err, RF_EINVAL, "there is no candidate %u", i + 1));
    const choice c = l->at[i];
    rf_str_put(&l->done, c.text);
    if (l->done.failed) return tell(l, rf_no_memory(&l->err));
    memmove(l->typed.s, l->typed.s + c.bytes, l->typed.n - c.bytes + 1);
    l->typed.n -= c.bytes;
    return tell(l, answer(l));
}

static const char *typed(const rf_live_state *l) { return l->typed.n ? l->typed.s : ""; }

static const char *done(const rf_live_state *l) { return l->done.n ? l->done.s : ""; }

static uint32_t count(const rf_live_state *l) { return l->n; }

static rf_status candidate(const rf_live_state *l, uint32_t i, const char **text, double *score)
{
    if (i >= l->n) return l->s->host->fail(l->s->host, RF_EINVAL, "there is no such candidate");
    *text = l->at[i].text;
    *score = l->at[i].score;
    return RF_OK;
}

const rf_live py_live = {.size = (uint32_t)sizeof(rf_live),
                         .verb = "type",
                         .begin = begin,
                         .end = end,
                         .key = key,
                         .erase = erase,
                         .clear = clear,
                         .pick = pick,
                         .typed = typed,
                         .done = done,
                         .count = count,
                         .candidate = candidate};

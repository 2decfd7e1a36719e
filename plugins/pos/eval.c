/* pos/eval.c -- the verb eval: how well a tagger tells words and tags. */
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "keys.h"
#include "model.h"
#include "raw.h"
#include "read.h"
#include "score.h"

/* Sentences that are tagged before the next ones are read, for each that stand side by side. */
enum { AHEAD = 16 };

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    pos_model x;
    pos_corpus right, told;
    pos_lexicon *lexicon;
    pos_batch b;
    pos_raw cutter;
    rf_vocab *seen; /* of --seen, or NULL */
    bool raw, found;
    rf_index done;
    rf_error *err;
} setup;

/* ---- Words that are known -------------------------------------------------------------------- */

static rf_status read_seen(setup *u, int column)
{
    const rf_setting *v = &u->r->opt[EVAL_SEEN];
    pos_corpus c = {0};
    rf_str key = {0};
    if (!v->count) return RF_OK;
    u->seen = rf_vocab_new();
    rf_status st = u->seen ? pos_corpus_init(&c, NULL, u->err) : rf_no_memory(u->err);
    if (!st)
        st = pos_corpus_read(&c, v->as.list, v->count, (int)u->r->opt[EVAL_INPUT].as.i, column,
                             u->err);
    for (rf_index i = 0; i < c.words && !st; i++) {
        size_t n;
        const char *form = pos_corpus_form(&c, i, &n);
        rf_str_clear(&key);
        pos_key_word(form, n, &key);
        if (!key.s || rf_vocab_add(u->seen, key.s, key.n) < 0) st = rf_no_memory(u->err);
    }
    rf_str_free(&key);
    pos_corpus_free(&c);
    return st;
}

/* ---- Telling --------------------------------------------------------------------------------- */

static rf_status watch(void *ctx, double done, double total)
{
    const setup *u = ctx;
    const rf_host *h = u->s->host;
    (void)total;
    return h->progress(h, (double)u->done + done, (double)u->right.n, "sentences");
}

/* A word behind those told before; within a token it makes one with them. */
static bool add_told(setup *u, const pos_told *w)
{
    pos_corpus *c = &u->told;
    pos_word *to = pos_corpus_add(c, w->form, w->n, w->tag, strlen(w->tag));
    if (!to || !w->inside || c->words - 1 == c->start[c->n]) return to != NULL;
    pos_word *first = to - 1;
    to->part = POS_LATER;
    while (first->part == POS_LATER) first--;
    if (first->part == POS_WHOLE) {
        first->part = POS_FIRST;
        first->token = first->at;
    }
    first->token_n = (uint32_t)(to->at + to->n - first->token);
    return true;
}

/* What was told of the sentences that wait. */
static rf_status take(setup *u)
{
    pos_batch *b = &u->b;
    rf_status st = pos_batch_run(b, u->err);
    for (rf_index i = 0; i < b->set.n && !st; i++) {
        pos_told w;
        for (int32_t at = 0; pos_batch_told(b, i, 0, at, &w); at = w.next)
            if (!add_told(u, &w)) return rf_no_memory(u->err);
        if (!pos_corpus_end(&u->told, false)) return rf_no_memory(u->err);
    }
    u->done += b->set.n;
    pos_batch_clear(b);
    return st;
}

static rf_status close_sentence(setup *u)
{
    rf_index number;
    rf_status st = pos_batch_close(&u->b, &number, u->err);
    return !st && u->b.set.n >= AHEAD * u->b.B ? take(u) : st;
}

/* The given words, or the given sentence's text. */
static rf_status tell_sentence(setup *u, rf_index i)
{
    const pos_corpus *c = &u->right;
    rf_str text = {0};
    pos_batch_open(&u->b);
    bool done = true;
    if (u->found) {
        pos_corpus_write(c, i, i + 1, &text);
        const char *copy = text.s ? pos_batch_keep(&u->b, text.s, text.n) : NULL;
        done = copy && pos_batch_text(&u->b, copy, text.n);
    }
    for (rf_index k = c->start[i]; !u->found && k < c->start[i + 1] && done; k++)
        done = pos_batch_word(&u->b, c->text.s + c->word[k].at, c->word[k].n, c->word[k].glued);
    rf_str_free(&text);
    return done ? close_sentence(u) : rf_no_memory(u->err);
}

/* The text of a paragraph, of which sentences and words are to be found. */
static rf_status tell_paragraph(setup *u, rf_index from, rf_index to)
{
    rf_str text = {0};
    const char *sentence;
    int more = 1;
    pos_corpus_write(&u->right, from, to, &text);
    rf_status st = text.s && !text.failed ? RF_OK : rf_no_memory(u->err);
    if (!st) st = pos_raw_open(&u->cutter, text.s, text.n, u->x.m->lexis.task == POS_TAGS, u->err);
    while (!st && (more = pos_raw_next(&u->cutter, &u->b, &sentence)) > 0) st = close_sentence(u);
    rf_str_free(&text);
    return !st && more < 0 ? rf_no_memory(u->err) : st;
}

static rf_status tell(setup *u)
{
    const pos_corpus *c = &u->right;
    rf_status st = RF_OK;
    for (rf_index i = 0, next; i < c->n && !st; i = next) {
        for (next = i + 1; u->raw && next < c->n && !c->opens[next];) next++;
        st = u->raw ? tell_paragraph(u, i, next) : tell_sentence(u, i);
    }
    return st ? st : take(u);
}

/* ---- The verb -------------------------------------------------------------------------------- */

static rf_status check(setup *u)
{
    const bool words = u->x.m->lexis.task == POS_WORDS, given = u->r->opt[EVAL_GIVEN].as.i;
    u->raw = u->r->opt[EVAL_RAW].as.i;
    u->found = u->raw || (words && !given);
    if (u->raw && given)
        return rf_fail(u->err, RF_EINVAL, "--given-words: --raw reads the text alone");
    return RF_OK;
}

static rf_status read(setup *u)
{
    const rf_setting *opt = u->r->opt, *tag = &opt[EVAL_TAG];
    const int column = (int)(tag->set ? tag : &u->x.v[TRAIN_TAG])->as.i;
    const char *lexicon = opt[EVAL_LEXICON].as.s;
    rf_status st = check(u);
    if (!st) st = pos_corpus_init(&u->right, u->x.m->lexis.tags, u->err);
    if (!st)
        st = pos_corpus_read(&u->right, u->r->arg, u->r->arg_count, (int)opt[EVAL_INPUT].as.i,
                             column, u->err);
    if (!st) st = pos_corpus_init(&u->told, u->right.tags, u->err);
    if (!st) st = read_seen(u, column);
    if (!st && lexicon) {
        u->lexicon = pos_lexicon_read(lexicon, u->x.m->lexis.tags, u->err);
        if (!u->lexicon) st = u->err->status;
    }
    return st;
}

static rf_status report(setup *u)
{
    const rf_run *r = u->r;
    const char *plot = r->opt[EVAL_PLOT].as.s, *of = r->arg_count == 1 ? r->arg[0] : "test";
    const pos_lexis *x = &u->x.m->lexis;
    pos_score score = {0};
    const rf_vocab *seen = u->seen ? u->seen : x->task == POS_TAGS ? x->table[POS_UNIT] : NULL;
    rf_status st = pos_score_make(&score, &u->right, &u->told, seen, u->err);
    if (!st)
        st = pos_score_emit(&score, u->s->host, of, u->found, u->raw, r->opt[EVAL_CONFUSION].as.i);
    if (!st && plot) st = rf_confusion_plot(&score.confusion, score.tags, "tag", plot, u->err);
    if (!st && plot) st = rf_emit_file(u->s->host, plot, "plot", "image/svg+xml");
    pos_score_free(&score);
    return st;
}

static rf_status eval(setup *u)
{
    rf_status st = pos_model_open(&u->x, u->r->model, u->r, u->err);
    if (!st) st = read(u);
    u->b = (pos_batch){.g = u->x.g,
                       .m = u->x.m,
                       .lexicon = u->lexicon,
                       .B = (rf_index)u->r->opt[EVAL_BATCH].as.i,
                       .best = 1,
                       .tell = watch,
                       .ctx = u};
    if (!st) st = pos_batch_begin(&u->b, u->err);
    if (!st) st = tell(u);
    return st ? st : report(u);
}

rf_status pos_eval(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .err = &err};
    rf_status st = eval(&u);
    pos_batch_end(&u.b);
    pos_raw_free(&u.cutter);
    pos_lexicon_free(u.lexicon);
    rf_vocab_free(u.seen);
    pos_corpus_free(&u.right);
    pos_corpus_free(&u.told);
    pos_model_close(&u.x);
    return rf_session_end(s, st, &err);
}

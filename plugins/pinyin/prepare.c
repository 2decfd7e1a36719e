/* pinyin/prepare.c -- what is there before the network learns: texts, characters, lexicon,
 * n-grams. */
#include <stdlib.h>
#include <string.h>

#include "source.h"
#include "trainer.h"

static rf_status fail_memory(py_trainer *t) { return rf_no_memory(t->err); }

static rf_status ask(void *ctx)
{
    const py_trainer *t = ctx;
    return t->base.s->host->progress(t->base.s->host, (double)t->lines, 0, "lines");
}

/* Every so many-th line is held out. */
static rf_status deal_lines(py_trainer *t, const rf_str *all, py_bans *bans)
{
    const double part = t->v[TRAIN_HELD].as.f;
    const size_t every = part > 0 ? (size_t)(1 / part + 0.5) : 0;
    for (size_t i = 0; i < all->n;) {
        const char *end = memchr(all->s + i, '\n', all->n - i);
        const size_t m = end ? (size_t)(end - all->s) - i : all->n - i;
        if (bans && py_bans_hit(bans, all->s + i, m))
            t->left_out++;
        else {
            rf_str *out = every && t->lines % every == every - 1 ? &t->held : &t->text;
            rf_str_add(out, all->s + i, m);
            rf_str_put(out, "\n");
            t->lines++;
        }
        i += m + 1;
        const rf_status st = t->lines % 1024 ? RF_OK : ask(t);
        if (st) return st;
    }
    return t->text.failed || t->held.failed ? fail_memory(t) : RF_OK;
}

static rf_status read_bans(py_trainer *t, py_bans **out)
{
    const rf_setting *v = &t->v[TRAIN_EXCLUDE];
    rf_status st = RF_OK;
    *out = v->count && v->as.list ? py_bans_new() : NULL;
    if (!*out) return v->count && v->as.list && *v->as.list ? fail_memory(t) : RF_OK;
    for (uint32_t i = 0; i < v->count && !st; i++) st = py_bans_read(*out, v->as.list[i], t->err);
    return st;
}

static rf_status read_texts(py_trainer *t)
{
    const rf_run *r = t->base.r;
    rf_str all = {0};
    py_bans *bans = NULL;
    rf_status st = read_bans(t, &bans);
    for (uint32_t i = 0; i < r->arg_count && !st; i++) {
        rf_str_clear(&all);
        st = rf_text_read(r->arg[i], &all, t->err);
        if (!st) st = deal_lines(t, &all, bans);
    }
    if (!st)
        rf_logf(t->base.s->host, RF_LOG_INFO,
                "%zu lines of text; %zu left out for %zu sentences "
                "of --exclude",
                t->lines, t->left_out, bans ? py_bans_count(bans) : (size_t)0);
    rf_str_free(&all);
    py_bans_free(bans);
    return st;
}

static rf_status read_lexicon(py_trainer *t)
{
    const rf_setting *v = &t->v[TRAIN_LEXICON];
    py_source *s = py_source_new();
    rf_status st = s ? RF_OK : fail_memory(t);
    for (uint32_t i = 0; i < v->count && !st; i++) st = py_source_read(s, v->as.list[i], t->err);
    if (!st)
        st = py_source_build(s, (int32_t)t->v[TRAIN_LEXICON_WORDS].as.i, t->m->chars, &t->m->x,
                             t->err);
    if (!st)
        rf_logf(t->base.s->host, RF_LOG_INFO,
                "lexicon: %d words and characters, %zu readings; %zu lines left out", t->m->x.words,
                t->m->x.entries, py_source_left_out(s));
    py_source_free(s);
    return st;
}

/* Pairs are worth more than longer ones of the same count. */
static void set_least(py_ngram_spec *s, int64_t prune)
{
    s->least[1] = prune;
    for (int k = 2; k < PY_ORDER; k++) s->least[k] = prune + 1;
}

static rf_status count_chars(py_trainer *t)
{
    py_ngram_spec s = {.order = (int)t->v[TRAIN_ORDER].as.i,
                       .V = rf_vocab_size(t->m->chars),
                       .ask = ask,
                       .ctx = t};
    set_least(&s, t->v[TRAIN_PRUNE].as.i);
    return py_ngram_learn(&t->m->by_char, &s, t->train.at, t->train.n, t->err);
}

static rf_status count_words(py_trainer *t)
{
    const py_lexicon *x = &t->m->x;
    py_splitter split = {.x = x};
    rf_ids words = {0};
    py_ngram_spec s = {.order = (int)t->v[TRAIN_WORD_ORDER].as.i,
                       .V = x->words + PY_FIRST < PY_TOKENS ? x->words + PY_FIRST : PY_TOKENS,
                       .share = t->v[TRAIN_PRIOR].as.f,
                       .ask = ask,
                       .ctx = t};
    float *prior = calloc((size_t)s.V + 1, sizeof *prior);
    rf_status st =
        prior && py_text_words(&split, t->text.s, t->text.n, &words) ? RF_OK : fail_memory(t);
    set_least(&s, t->v[TRAIN_WORD_PRUNE].as.i);
    for (int32_t w = 0; w < s.V && !st; w++) prior[w] = w < PY_FIRST ? -3 : x->prior[w - PY_FIRST];
    s.prior = prior;
    if (!st) st = py_ngram_learn(&t->m->by_word, &s, words.at, words.n, t->err);
    free(prior);
    rf_ids_free(&words);
    py_splitter_free(&split);
    return st;
}

static void tell(const py_trainer *t, const char *of, const py_ngram *m)
{
    size_t n = 0;
    for (int k = 1; k < m->order; k++) n += m->level[k].n;
    rf_logf(t->base.s->host, RF_LOG_INFO, "n-grams of %s: order %d, %d single ones, %zu longer", of,
            m->order, m->V, n);
}

rf_status py_trainer_read(py_trainer *t)
{
    t->m = calloc(1, sizeof *t->m);
    rf_status st = t->m ? read_texts(t) : fail_memory(t);
    if (st) return st;
    t->m->mix = 0.5;
    t->m->words = 0.3;
    t->m->chars = py_chars_learn(t->text.s, t->text.n, t->v[TRAIN_MIN_COUNT].as.i,
                                 (int32_t)t->v[TRAIN_VOCABULARY].as.i, t->err);
    if (!t->m->chars) return t->err->status;
    py_text_chars(t->m->chars, t->text.s, t->text.n, &t->train);
    py_text_chars(t->m->chars, t->held.s ? t->held.s : "", t->held.n, &t->valid);
    if (t->train.failed || t->valid.failed) return fail_memory(t);
    if (rf_vocab_size(t->m->chars) <= PY_LATIN + 1)
        return rf_fail(t->err, RF_EFORMAT, "the texts have no Chinese character");
    st = read_lexicon(t);
    if (!st) st = count_chars(t);
    if (!st) tell(t, "characters", &t->m->by_char);
    if (!st) st = count_words(t);
    if (!st) tell(t, "words", &t->m->by_word);
    if (!st)
        rf_logf(t->base.s->host, RF_LOG_INFO,
                "%zu characters to learn from, %zu held out; %d "
                "different ones",
                t->train.n, t->valid.n, rf_vocab_size(t->m->chars) - PY_FIRST - 1);
    return st ? st : py_model_finish(t->m, t->err);
}

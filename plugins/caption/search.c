/* caption/search.c -- see search.h.
 *
 * A batch is searched without a graph; where attention is asked for, what was found is read once more
 * by a graph, which knows it of every word. */
#include "search.h"

#include <stdlib.h>
#include <string.h>

#include "consensus.h"
#include "set.h"

rf_status cap_search_begin(cap_search *s, rf_error *err)
{
    const int32_t V = rf_vocab_size(s->words);
    s->forbid = calloc((size_t)V, 1);
    if (!s->forbid) return rf_no_memory(err);
    for (int32_t i = 0; i < CAP_SPECIAL; i++) s->forbid[i] = i != CAP_END;
    rf_scorer each[CAP_VOICES];
    for (int k = 0; k < s->voices; k++) {
        cap_voice *v = &s->voice[k];
        v->t = rf_translator_new(v->d, v->net->m, s->B * s->beam, err);
        if (!v->t) return err->status;
        each[k] = rf_translator_scorer(v->t);
    }
    if (s->voices > 1) s->ensemble = rf_ensemble_new(each, (size_t)s->voices, err);
    return s->voices < 2 || s->ensemble ? RF_OK : err->status;
}

void cap_search_end(cap_search *s)
{
    for (int k = 0; k < s->voices; k++) {
        rf_translator_free(s->voice[k].t);
        s->voice[k].t = NULL;
    }
    rf_ensemble_free(s->ensemble);
    free(s->forbid);
    s->ensemble = NULL;
    s->forbid = NULL;
}

/* ---- Searching ----------------------------------------------------------------------------------- */

/* start: where the language's token stands. */
static rf_beam_spec beam_of(const cap_search *s, const int32_t *start)
{
    return (rf_beam_spec){.beam = s->beam,
                          .best = s->consensus ? s->consensus : s->best,
                          .prompt = start,
                          .prompts = 1,
                          .max_length = s->most + 1,
                          .min_length = 1,
                          .end = CAP_END,
                          .penalty = RF_LENGTH_GNMT,
                          .alpha = s->alpha,
                          .no_repeat = s->no_repeat,
                          .forbid = s->forbid};
}

/* Memory of a batch. */
typedef struct batch {
    const cap_wish *wish; /* [B] */
    rf_index B;
    int32_t *row, *start; /* [B] */
    rf_beam_spec *spec;
    rf_hypotheses *found;
    rf_hypotheses *list; /* [B,voices], of a consensus; what is found is in their memory */
    int voices;
} batch;

static bool batch_begin(batch *b)
{
    const size_t n = (size_t)b->B;
    b->row = calloc(2 * n, sizeof *b->row);
    b->spec = calloc(n, sizeof *b->spec);
    b->found = calloc(n, sizeof *b->found);
    b->list = calloc(n * (size_t)b->voices, sizeof *b->list);
    if (!b->row || !b->spec || !b->found || !b->list) return false;
    b->start = b->row + n;
    for (rf_index k = 0; k < b->B; k++) {
        b->row[k] = b->wish[k].row;
        b->start[k] = CAP_BEGIN + b->wish[k].language;
    }
    return true;
}

static void batch_end(batch *b)
{
    for (rf_index k = 0; b->found && k < b->B; k++) rf_hypotheses_free(&b->found[k]);
    for (rf_index k = 0; b->list && k < b->B * b->voices; k++) rf_hypotheses_free(&b->list[k]);
    free(b->row);
    free(b->spec);
    free(b->found);
    free(b->list);
}

static rf_status look(const cap_voice *v, const batch *b, rf_error *err)
{
    rf_seq2seq_batch read;
    rf_graph_begin(v->g, RF_INFER, (rf_key){0});
    if (!cap_set_begin(v->g, &v->net->sight, b->row, b->B, &read)) return rf_no_memory(err);
    return rf_translator_read(v->t, v->g, &read, 0, err);
}

static rf_status search(cap_search *s, batch *b, rf_scorer of, rf_error *err)
{
    s->told.scorer = of;
    const rf_scorer scorer = rf_told_scorer_of(&s->told);
    for (rf_index k = 0; k < b->B; k++) b->spec[k] = beam_of(s, &b->start[k]);
    const rf_status st = rf_beam_search_many(&scorer, b->spec, b->B, b->found, err);
    return s->told.stopped ? s->told.stopped : st;
}

/* All voices word by word. */
static rf_status find_together(cap_search *s, batch *b, rf_error *err)
{
    rf_status st = RF_OK;
    for (int k = 0; k < s->voices && !st; k++) st = look(&s->voice[k], b, err);
    if (st) return st;
    return search(s, b,
                  s->ensemble ? rf_ensemble_scorer(s->ensemble) : rf_translator_scorer(s->voice->t),
                  err);
}

/* What a voice found is kept: its list of each wish. */
static void keep_lists(batch *b, int voice)
{
    for (rf_index k = 0; k < b->B; k++) {
        b->list[k * b->voices + voice] = b->found[k];
        b->found[k] = (rf_hypotheses){0};
    }
}

/* Each voice by itself; then they agree. */
static rf_status find_agreed(cap_search *s, batch *b, rf_error *err)
{
    rf_status st = RF_OK;
    for (int k = 0; k < s->voices && !st; k++) {
        st = look(&s->voice[k], b, err);
        if (!st) st = search(s, b, rf_translator_scorer(s->voice[k].t), err);
        if (!st) keep_lists(b, k);
    }
    for (rf_index k = 0; k < b->B && !st; k++)
        st = cap_consensus(b->list + k * b->voices, b->voices, s->sharpness, s->best, &b->found[k],
                           err);
    return st;
}

static rf_status find(cap_search *s, batch *b, rf_error *err)
{
    return s->consensus ? find_agreed(s, b, err) : find_together(s, b, err);
}

/* ---- Attention ----------------------------------------------------------------------------------- */

/* The attention [T,N,S] of all hypotheses, one after the other; NULL: the model has none. */
static rf_status look_again(const cap_search *s, const batch *b, cap_set *set, const rf_real **a,
                            rf_error *err)
{
    const cap_voice *v = s->voice;
    rf_seq2seq_batch read;
    rf_status st = RF_OK;
    for (rf_index k = 0; k < b->B; k++)
        for (rf_index i = 0; i < b->found[k].n && !st; i++) {
            const rf_hypothesis *h = &b->found[k].h[i];
            st = cap_set_add_tokens(set, b->row[k], b->wish[k].language, h->tokens, (size_t)h->n,
                                    err);
        }
    if (!st) st = cap_set_group(set, false, err);
    if (st) return st;
    rf_graph_begin(v->g, RF_INFER, (rf_key){0});
    int32_t *item = rf_graph_alloc(v->g, (size_t)set->groups * sizeof *item);
    for (rf_index i = 0; item && i < set->groups; i++) item[i] = (int32_t)i;
    if (!item || !cap_set_batch(v->g, set, &v->net->sight, item, set->groups, &read))
        return rf_no_memory(err);
    const rf_forced f = rf_seq2seq_forced(v->g, v->net->m, &read);
    if (f.weights != RF_NONE) *a = rf_value(v->g, f.weights).data;
    return rf_graph_status(v->g, err);
}

/* ---- Answers ------------------------------------------------------------------------------------- */

/* Memory of one answer. */
typedef struct answering {
    rf_str words;
    const char **word;
    rf_real *attention;
} answering;

/* Hypothesis number `at` of N, whose attention stands in a [T,N,S]. */
static bool fill(const cap_search *s, const rf_hypothesis *h, const rf_real *a, rf_index at,
                 rf_index N, answering *m, cap_answer *out)
{
    const rf_index S = cap_sight_places(&s->voice->net->sight), n = h->n;
    rf_str_clear(&m->words);
    rf_str_put(&m->words, "");
    cap_lexis_decode(s->words, h->tokens, (size_t)n, &m->words);
    *out = (cap_answer){.words = m->words.s, .score = h->score, .logp = h->logp};
    if (!s->attention) return !m->words.failed;
    if (!rf_resize(&m->word, (size_t)n + 1, sizeof *m->word) ||
        !rf_resize(&m->attention, (size_t)(n * S) + 1, sizeof *m->attention))
        return false;
    for (rf_index t = 0; t < n; t++) {
        m->word[t] = rf_vocab_at(s->words, h->tokens[t], NULL);
        if (a) memcpy(m->attention + t * S, a + (t * N + at) * S, (size_t)S * sizeof *a);
    }
    out->n = n;
    out->word = m->word;
    out->attention = a ? m->attention : NULL;
    return !m->words.failed;
}

static rf_status answer(cap_search *s, const batch *b, rf_index from, rf_error *err)
{
    cap_set set = {0};
    answering m = {0};
    const rf_real *a = NULL;
    rf_index at = 0;
    rf_status st = s->attention ? look_again(s, b, &set, &a, err) : RF_OK;
    for (rf_index k = 0; k < b->B; k++)
        for (rf_index i = 0; i < b->found[k].n && !st; i++, at++) {
            cap_answer one;
            st = fill(s, &b->found[k].h[i], a, at, set.n, &m, &one) ? RF_OK : rf_no_memory(err);
            if (!st) st = s->each(s->ctx, from + k, i, &one, err);
        }
    rf_str_free(&m.words);
    free(m.word);
    free(m.attention);
    cap_set_free(&set);
    return st;
}

rf_status cap_search_run(cap_search *s, const cap_wish *wish, rf_index n, bool refresh,
                         rf_error *err)
{
    rf_status st = RF_OK;
    for (int k = 0; refresh && k < s->voices; k++) rf_translator_refresh(s->voice[k].t);
    s->told = (rf_told_scorer){.tell = s->tell, .ctx = s->watcher, .total = (double)n};
    for (rf_index at = 0; at < n && !st; at += s->B) {
        const rf_index left = n - at;
        batch b = {.wish = wish + at, .B = left < s->B ? left : s->B, .voices = s->voices};
        s->told.done = (double)at;
        st = batch_begin(&b) ? find(s, &b, err) : rf_no_memory(err);
        if (!st) st = answer(s, &b, at, err);
        batch_end(&b);
    }
    return st;
}

/* pos/batch.c -- see batch.h. */
#include "batch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

rf_status pos_batch_begin(pos_batch *b, rf_error *err)
{
    b->texts = rf_arena_new(0);
    return b->texts ? RF_OK : rf_no_memory(err);
}

static void free_answers(pos_batch *b)
{
    free(b->label);
    free(b->p);
    free(b->logp);
    free(b->found);
    b->label = NULL;
    b->p = b->logp = NULL;
    b->found = NULL;
}

void pos_batch_end(pos_batch *b)
{
    free_answers(b);
    rf_arena_free(b->texts);
    pos_units_free(&b->one);
    pos_units_free(&b->all);
    pos_set_free(&b->set);
}

void pos_batch_clear(pos_batch *b)
{
    free_answers(b);
    rf_arena_reset(b->texts);
    pos_set_clear(&b->set);
    b->all.n = 0;
}

/* ---- Sentences ------------------------------------------------------------------------------- */

char *pos_batch_keep(pos_batch *b, const char *s, size_t n)
{
    char *copy = rf_arena_alloc(b->texts, n + 1);
    if (!copy) return NULL;
    memcpy(copy, s, n);
    copy[n] = 0;
    return copy;
}

void pos_batch_open(pos_batch *b) { b->one.n = 0; }

bool pos_batch_word(pos_batch *b, const char *s, size_t n, bool glued)
{
    if (!pos_units_word(&b->one, b->m->lexis.task, s, n, -1, true)) return false;
    if (b->one.n) b->one.at[b->one.n - 1].glued = glued;
    return true;
}

bool pos_batch_text(pos_batch *b, const char *s, size_t n) { return pos_units_text(&b->one, s, n); }

static bool append(pos_units *all, const pos_units *one)
{
    if (all->cap - all->n < one->n) {
        int32_t cap = all->cap ? all->cap : 1024;
        while (cap - all->n < one->n) cap *= 2;
        pos_unit *list = realloc(all->at, (size_t)cap * sizeof *list);
        if (!list) return false;
        all->at = list;
        all->cap = cap;
    }
    memcpy(all->at + all->n, one->at, (size_t)one->n * sizeof *one->at);
    all->n += one->n;
    return true;
}

rf_status pos_batch_close(pos_batch *b, rf_index *number, rf_error *err)
{
    *number = -1;
    if (!b->one.n) return RF_OK;
    pos_units_close(&b->one, b->m->lexis.task);
    const bool done = (!b->lexicon || pos_lexicon_apply(b->lexicon, b->m->lexis.task, &b->one)) &&
                      append(&b->all, &b->one);
    if (!done) return rf_no_memory(err);
    *number = b->set.n;
    return pos_lexis_encode(&b->m->lexis, &b->set, &b->one, err);
}

/* ---- Answers --------------------------------------------------------------------------------- */

static rf_status each(void *ctx, rf_index i, const pos_answer *a, rf_error *err)
{
    pos_batch *b = ctx;
    const rf_index start = b->set.start[i], n = b->set.lengths[i];
    (void)err;
    b->found[i] = a->found;
    memcpy(b->label + b->best * start, a->label, (size_t)(a->found * n) * sizeof *a->label);
    if (!b->probable) return RF_OK;
    memcpy(b->logp + b->best * i, a->logp, (size_t)a->found * sizeof *a->logp);
    memcpy(b->p + start, a->p, (size_t)n * sizeof *a->p);
    return RF_OK;
}

static rf_status tell(void *ctx, double done, double total)
{
    const pos_batch *b = ctx;
    return b->tell ? b->tell(b->ctx, done, total) : RF_OK;
}

/* Answers stand [found, n] one after the other, n being the sentence's length, whatever the batch's. */
rf_status pos_batch_run(pos_batch *b, rf_error *err)
{
    const size_t units = (size_t)b->all.n, n = (size_t)b->set.n, best = (size_t)b->best;
    free_answers(b);
    b->label = calloc(units * best + 1, sizeof *b->label);
    b->p = calloc(units + 1, sizeof *b->p);
    b->logp = calloc(n * best + 1, sizeof *b->logp);
    b->found = calloc(n + 1, sizeof *b->found);
    if (!b->label || !b->p || !b->logp || !b->found) return rf_no_memory(err);
    const pos_walk w = {.g = b->g,
                        .m = b->m,
                        .set = &b->set,
                        .lexicon = b->lexicon,
                        .B = b->B,
                        .probable = b->probable,
                        .best = b->best,
                        .tell = tell,
                        .each = each,
                        .ctx = b};
    return pos_walk_run(&w, err);
}

bool pos_batch_told(const pos_batch *b, rf_index i, rf_index k, int32_t from, pos_told *out)
{
    const int task = b->m->lexis.task;
    const rf_index start = b->set.start[i];
    const int32_t n = b->set.lengths[i];
    if (from >= n) return false;
    const pos_span s = pos_next_span(task, b->label + b->best * start + k * n, n, from);
    const pos_unit *first = &b->all.at[start + s.from], *last = &b->all.at[start + s.to - 1];
    *out = (pos_told){.form = first->s,
                      .n = (size_t)(last->s + last->n - first->s),
                      .tag = rf_vocab_at(b->m->lexis.tags, s.tag, NULL),
                      .p = b->probable && !k ? 1 : (double)NAN,
                      .glued = last->glued,
                      .inside = first->inside,
                      .next = s.to};
    for (int32_t t = s.from; b->probable && !k && t < s.to; t++)
        if (b->p[start + t] < out->p) out->p = b->p[start + t];
    return true;
}

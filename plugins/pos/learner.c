/* pos/learner.c -- the callbacks of a training, and rf_fit over them.
 *
 * The metric is the part of words that have the right tag, and with --task words the F1 of words with
 * their tags. */
#include "learner.h"

#include <math.h>

#include "answer.h"

/* ---- Steps ----------------------------------------------------------------------------------- */

static rf_node loss(void *self, rf_graph *g, double *units)
{
    pos_learner *l = self;
    return pos_tagger_loss(g, l->m, &l->train, &l->base.batch, units);
}

/* ---- Validation ------------------------------------------------------------------------------ */

typedef struct judge {
    pos_learner *l;
    pos_tally tally;
} judge;

/* A stop is noticed at once and obeyed after the validation, whose result belongs to the state. */
static rf_status watch(void *ctx, double done, double total)
{
    judge *j = ctx;
    (void)done;
    (void)total;
    rf_training_stop(j->l);
    return RF_OK;
}

static int32_t words_of(int task, const int32_t *label, int32_t n)
{
    int32_t words = 0;
    for (int32_t i = 0; i < n; words++) i = pos_next_span(task, label, n, i).to;
    return words;
}

/* Both are read from left to right; words that begin and end alike are compared. */
static void count(pos_tally *t, int task, const int32_t *right, const int32_t *told, int32_t n)
{
    int32_t i = 0, j = 0;
    t->all += words_of(task, right, n);
    t->told += words_of(task, told, n);
    t->units += n;
    while (i < n && j < n) {
        const pos_span a = pos_next_span(task, right, n, i), b = pos_next_span(task, told, n, j);
        const bool same = a.from == b.from && a.to == b.to;
        t->cut += same;
        t->right += same && right[a.from] >= 0 && a.tag == b.tag;
        if (a.to <= b.to) i = a.to;
        if (b.to <= a.to) j = b.to;
    }
}

static rf_status each(void *ctx, rf_index sentence, const pos_answer *a, rf_error *err)
{
    judge *j = ctx;
    const pos_set *set = &j->l->valid;
    (void)err;
    count(&j->tally, j->l->m->lexis.task, set->label.at + set->start[sentence], a->label,
          set->lengths[sentence]);
    return RF_OK;
}

static double part(int64_t n, int64_t of) { return of ? (double)n / (double)of : (double)NAN; }

static rf_status validate(void *self, rf_graph *g, rf_metrics *m, rf_error *err)
{
    judge j = {.l = self};
    const pos_walk w = {.g = g,
                        .m = j.l->m,
                        .set = &j.l->valid,
                        .B = 64,
                        .best = 1,
                        .tell = watch,
                        .each = each,
                        .ctx = &j};
    rf_status st = pos_walk_run(&w, err);
    if (st) return st;
    const pos_tally *t = &j.tally;
    if (j.l->m->lexis.task == POS_TAGS) {
        rf_metrics_add(m, "accuracy", part(t->right, t->all));
        return RF_OK;
    }
    rf_metrics_add(m, "tag_f1", part(2 * t->right, t->told + t->all));
    rf_metrics_add(m, "word_f1", part(2 * t->cut, t->told + t->all));
    return RF_OK;
}

/* ---- Learning -------------------------------------------------------------------------------- */

static bool make_sparse(pos_tagger *m)
{
    for (int t = 0; t < POS_TABLES; t++)
        if (m->table[t].weight && t != POS_SHAPE && !rf_param_set_sparse(m->table[t].weight, true))
            return false;
    return true;
}

rf_status pos_learner_begin(pos_learner *l, rf_index B, rf_error *err)
{
    const rf_bucket_spec spec = {.lengths = l->train.lengths, .n = l->train.n, .B = B};
    if (!make_sparse(l->m)) return rf_no_memory(err);
    l->base.higher = l->valid.n > 0;
    return rf_training_open(&l->base, &spec, l->m->params, err);
}

rf_status pos_learner_fit(pos_learner *l, rf_fit_result *result, rf_error *err)
{
    const rf_fit_task task = {.loss = loss, .validate = l->valid.n ? validate : NULL};
    return rf_training_learn(&l->base, task, result, err);
}

void pos_learner_end(pos_learner *l)
{
    pos_tagger_free(l->m);
    pos_set_free(&l->train);
    pos_set_free(&l->valid);
    rf_training_end(&l->base);
}

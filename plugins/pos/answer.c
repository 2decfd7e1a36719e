/* pos/answer.c -- see answer.h. */
#include "answer.h"

#include <math.h>
#include <stdlib.h>

/* Sentences of a batch, dealt out to the threads; results stand in memory of the graph. */
typedef struct job {
    const pos_walk *w;
    const rf_bucket_batch *b;
    rf_tensor scores;
    int threads;
    rf_chain_work **work; /* [threads] */
    rf_error *error;      /* [threads] */
    double **marginal;    /* [threads] of [T,K], or NULL */
    uint64_t *allowed;    /* [B,T,words], or NULL */
    int32_t *label;       /* [B,best,T] */
    double *logp, *p;     /* [B,best], [B,T] */
    rf_index *found;      /* [B] */
} job;

/* ---- The lattice ----------------------------------------------------------------------------- */

/* Whether more is known of some unit than that sentences begin and end with words. */
static bool is_limited(const pos_walk *w, const rf_bucket_batch *b)
{
    const int task = w->m->lexis.task;
    for (rf_index k = 0; k < b->B; k++) {
        const rf_index from = w->set->start[b->item[k]], last = b->lengths[k] - 1;
        for (rf_index t = 0; t <= last; t++) {
            const int usual = (t ? POS_ANY : POS_BEGINS) & (t < last ? POS_ANY : POS_ENDS);
            if (w->set->choice.at[from + t] >= 0) return true;
            if (task == POS_WORDS && (w->set->limit.at[from + t] & usual) != usual) return true;
        }
    }
    return false;
}

static void fill_allowed(const pos_walk *w, const rf_bucket_batch *b, uint64_t *allowed)
{
    const int32_t K = w->m->K, words = RF_CHAIN_WORDS(K);
    const int task = w->m->lexis.task;
    for (rf_index k = 0; k < b->B; k++)
        for (rf_index t = 0; t < b->T; t++) {
            uint64_t *to = allowed + (k * b->T + t) * words;
            const rf_index at = w->set->start[b->item[k]] + t;
            for (int32_t i = 0; i < words; i++) to[i] = 0;
            for (int32_t l = 0; t < b->lengths[k] && l < K; l++) {
                const bool here =
                    task != POS_WORDS || w->set->limit.at[at] >> pos_label_place(task, l) & 1;
                if (here && (!w->lexicon || pos_lexicon_allows(w->lexicon, w->set->choice.at[at],
                                                               pos_label_tag(task, l))))
                    to[l / 64] |= (uint64_t)1 << l % 64;
            }
        }
}

/* ---- Decoding -------------------------------------------------------------------------------- */

static rf_status decode_probable(const job *j, const rf_chain *c, rf_index k, int thread)
{
    const rf_index best = j->w->best, T = j->b->T, K = j->w->m->K;
    double log_z, *p = j->marginal[thread];
    rf_error *err = &j->error[thread];
    rf_status st = rf_chain_marginals(j->work[thread], c, p, &log_z, err);
    for (rf_index i = 0; i < j->found[k] && !st; i++) j->logp[k * best + i] -= log_z;
    const int32_t *label = j->label + k * best * T;
    for (rf_index t = 0; t < c->T && !st; t++) j->p[k * T + t] = p[t * K + label[t]];
    return st;
}

static void decode(void *ctx, int thread, int threads)
{
    const job *j = ctx;
    const rf_index best = j->w->best, T = j->b->T, words = RF_CHAIN_WORDS(j->w->m->K);
    rf_error *err = &j->error[thread];
    rf_status st = RF_OK;
    for (rf_index k = thread; k < j->b->B && !st; k += threads) {
        const rf_chain c = pos_tagger_chain(j->w->m, j->scores, j->b, k,
                                            j->allowed ? j->allowed + k * T * words : NULL);
        int32_t *label = j->label + k * best * T;
        j->found[k] = 1;
        st = best == 1 ? rf_chain_best(j->work[thread], &c, label, &j->logp[k], err)
                       : rf_chain_list(j->work[thread], &c, best, label, j->logp + k * best,
                                       &j->found[k], err);
        if (!st && j->w->probable) st = decode_probable(j, &c, k, thread);
    }
}

static rf_status prepare(job *j, rf_error *err)
{
    rf_graph *g = j->w->g;
    const rf_bucket_batch *b = j->b;
    const rf_index best = j->w->best, K = j->w->m->K;
    const size_t cells = (size_t)(b->B * b->T);
    const bool limited = is_limited(j->w, b);
    j->label = rf_graph_alloc(g, cells * (size_t)best * sizeof *j->label);
    j->logp = rf_graph_alloc(g, (size_t)(b->B * best) * sizeof *j->logp);
    j->p = rf_graph_alloc(g, cells * sizeof *j->p);
    j->found = rf_graph_alloc(g, (size_t)b->B * sizeof *j->found);
    j->allowed =
        limited ? rf_graph_alloc(g, cells * RF_CHAIN_WORDS((size_t)K) * sizeof *j->allowed) : NULL;
    bool done = j->label && j->logp && j->p && j->found && (j->allowed || !limited);
    for (int i = 0; i < j->threads && done && j->w->probable; i++)
        done = (j->marginal[i] = rf_graph_alloc(g, (size_t)(b->T * K) * sizeof **j->marginal));
    if (!done) return rf_no_memory(err);
    if (limited) fill_allowed(j->w, b, j->allowed);
    return RF_OK;
}

static rf_status run_batch(job *j, rf_error *err)
{
    const pos_walk *w = j->w;
    rf_graph_begin(w->g, RF_INFER, (rf_key){0});
    const rf_node scores = pos_tagger_apply(w->g, w->m, w->set, j->b);
    rf_status st = rf_graph_status(w->g, err);
    if (!st) st = prepare(j, err);
    if (st) return st;
    j->scores = rf_value(w->g, scores);
    rf_device_run(rf_graph_device(w->g), decode, j);
    for (int i = 0; i < j->threads && !st; i++)
        if (j->error[i].status) st = rf_fail(err, j->error[i].status, "%s", j->error[i].text);
    for (rf_index k = 0; k < j->b->B && !st; k++) {
        const pos_answer a = {.found = j->found[k],
                              .label = j->label + k * w->best * j->b->T,
                              .logp = w->probable ? j->logp + k * w->best : NULL,
                              .p = w->probable ? j->p + k * j->b->T : NULL};
        st = w->each(w->ctx, j->b->item[k], &a, err);
    }
    return st;
}

static rf_status walk(job *j, rf_error *err)
{
    const pos_walk *w = j->w;
    const rf_bucket_spec spec = {.lengths = w->set->lengths,
                                 .n = w->set->n,
                                 .B = w->B,
                                 .cells = w->B * 512,
                                 .ordered = w->ordered};
    rf_bucket_batches *batches = rf_bucket_batches_new(&spec, err);
    rf_bucket_batch b;
    rf_status st = batches ? RF_OK : err->status;
    double done = 0;
    while (!st && rf_bucket_batches_next(batches, &b)) {
        j->b = &b;
        st = run_batch(j, err);
        done += (double)b.B;
        if (!st && w->tell) st = w->tell(w->ctx, done, (double)w->set->n);
    }
    rf_bucket_batches_free(batches);
    return st;
}

rf_status pos_walk_run(const pos_walk *w, rf_error *err)
{
    const int n = rf_device_threads(rf_graph_device(w->g));
    job j = {.w = w, .threads = n};
    if (!w->set->n) return RF_OK;
    j.work = calloc((size_t)n, sizeof *j.work);
    j.error = calloc((size_t)n, sizeof *j.error);
    j.marginal = calloc((size_t)n, sizeof *j.marginal);
    bool done = j.work && j.error && j.marginal;
    for (int i = 0; i < n && done; i++) done = (j.work[i] = rf_chain_work_new());
    rf_status st = done ? walk(&j, err) : rf_no_memory(err);
    for (int i = 0; i < n && j.work; i++) rf_chain_work_free(j.work[i]);
    free(j.work);
    free(j.error);
    free(j.marginal);
    return st;
}

pos_span pos_next_span(int task, const int32_t *label, int32_t n, int32_t from)
{
    int32_t to = from + 1;
    const int place = pos_label_place(task, label[from]);
    if (place == POS_B || place == POS_I)
        while (to < n && pos_label_place(task, label[to - 1]) != POS_E) to++;
    return (pos_span){from, to, pos_label_tag(task, label[from])};
}

/* lm/walk.c -- windows of text through the network, without gradients; with weights in few bits unit
 * by unit. */
#include "walk.h"

#include <refrain/train.h>
#include <stdlib.h>

#define CONTEXT       128
/* Logits of one window, in numbers: 16 MB. */
#define WINDOW_LOGITS ((rf_index)1 << 22)

/* A scorer for B lanes at least, in its initial state. */
static rf_status ready_scorer(lm_means *by, rf_index B, rf_error *err)
{
    if (by->rows < B) {
        lm_means_free(by);
        by->scorer = lm_scorer_new(by->m, by->d, B, by->weights, err);
        if (!by->scorer) return err->status;
        by->rows = B;
    }
    const rf_scorer *f = lm_scorer_interface(by->scorer);
    f->reset(f->self, B);
    return RF_OK;
}

void lm_means_free(lm_means *by)
{
    lm_scorer_free(by->scorer);
    by->scorer = NULL;
    by->rows = 0;
}

rf_status lm_walker_init(lm_walker *w, lm_means *by, rf_index B, rf_error *err)
{
    *w = (lm_walker){.by = by, .B = B};
    if (by->weights == RF_WEIGHTS_F32)
        return rf_carried_init(&w->state, by->m->rnn, B) ? RF_OK : rf_no_memory(err);
    w->row = malloc((size_t)by->m->V * sizeof *w->row);
    return w->row ? ready_scorer(by, B, err) : rf_no_memory(err);
}

void lm_walker_free(lm_walker *w)
{
    rf_carried_free(&w->state);
    free(w->row);
    w->row = NULL;
}

rf_index lm_walker_window(const lm_walker *w)
{
    rf_index T = WINDOW_LOGITS / (w->B * w->by->m->V);
    return T < 1 ? 1 : T > 128 ? 128 : T;
}

/* The targets, with 0 for those that are left out: rf_pick wants an index everywhere. */
static const int32_t *lawful(rf_graph *g, const int32_t *y, rf_index n)
{
    int32_t *index = rf_graph_alloc(g, (size_t)n * sizeof *index);
    for (rf_index i = 0; index && i < n; i++) index[i] = y[i] < 0 ? 0 : y[i];
    return index;
}

static void walk_units(const lm_walker *w, const int32_t *x, const int32_t *y, rf_index T,
                       double *logp)
{
    const rf_scorer *f = lm_scorer_interface(w->by->scorer);
    const rf_index V = f->vocabulary;
    for (rf_index i = 0; i < T * w->B; i += w->B) {
        const rf_real *scores = f->step(f->self, x + i, w->B);
        for (rf_index b = 0; b < w->B; b++) {
            logp[i + b] = 0;
            if (y[i + b] < 0) continue;
            rf_log_probabilities(scores + b * V, f->vocabulary, w->row);
            logp[i + b] = w->row[y[i + b]];
        }
    }
}

rf_status lm_walk(lm_walker *w, const int32_t *x, const int32_t *y, rf_index T, double *logp,
                  rf_error *err)
{
    if (w->row) {
        walk_units(w, x, y, T, logp);
        return RF_OK;
    }
    rf_graph *g = w->by->g;
    const lm_model *m = w->by->m;
    rf_graph_begin(g, RF_INFER, rf_key_make(0, "walk", 0));
    const int32_t *index = lawful(g, y, T * w->B);
    rf_sequence q = lm_model_apply(g, m, &w->state, x, T, w->B);
    rf_node p =
        index ? rf_pick(g, lm_output_log_probabilities(g, &m->output, q.out), index) : RF_POISON;
    rf_status st = rf_graph_status(g, err);
    if (st) return st;
    const rf_real *v = rf_value(g, p).data;
    for (rf_index i = 0; i < T * w->B; i++) logp[i] = y[i] < 0 ? 0 : (double)v[i];
    rf_carried_keep(&w->state, g, q);
    return RF_OK;
}

/* ---- One long text --------------------------------------------------------------------------- */

typedef struct lanes {
    const int32_t *ids;
    int32_t before;
    rf_index n, B;       /* B lanes are read here: */
    rf_index first, all; /* first, first + 1 ... of `all` */
} lanes;

static rf_index lane_from(const lanes *l, rf_index b) { return l->n * (l->first + b) / l->all; }

static rf_index lane_start(const lanes *l, rf_index b)
{
    rf_index from = lane_from(l, b);
    return from < CONTEXT ? 0 : from - CONTEXT;
}

static rf_index longest(const lanes *l)
{
    rf_index most = 0;
    for (rf_index b = 0; b < l->B; b++) {
        rf_index n = lane_from(l, b + 1) - lane_start(l, b);
        if (n > most) most = n;
    }
    return most;
}

/* Steps `at` .. `at + T - 1` of every lane. */
static void fill(const lanes *l, rf_index at, rf_index T, int32_t *x, int32_t *y)
{
    for (rf_index t = 0; t < T; t++)
        for (rf_index b = 0; b < l->B; b++) {
            rf_index i = lane_start(l, b) + at + t, end = lane_from(l, b + 1);
            bool counts = i >= lane_from(l, b) && i < end;
            x[t * l->B + b] = i == 0 || i >= end ? l->before : l->ids[i - 1];
            y[t * l->B + b] = counts ? l->ids[i] : -1;
        }
}

static void add(lm_total *total, const int32_t *y, const double *logp, rf_index n)
{
    for (rf_index i = 0; i < n; i++) {
        total->nats -= logp[i];
        total->tokens += y[i] >= 0;
    }
}

static rf_status evaluate(lm_walker *w, const lanes *l, lm_watch watch, lm_total *out,
                          rf_error *err)
{
    rf_index window = lm_walker_window(w), steps = longest(l);
    size_t cells = (size_t)(window * l->B);
    int32_t *x = malloc(2 * cells * sizeof *x), *y = x ? x + cells : NULL;
    double *logp = malloc(cells * sizeof *logp);
    rf_status st = x && logp ? RF_OK : rf_no_memory(err);
    for (rf_index at = 0; at < steps && !st; at += window) {
        rf_index T = steps - at < window ? steps - at : window;
        fill(l, at, T, x, y);
        st = lm_walk(w, x, y, T, logp, err);
        if (!st) add(out, y, logp, T * l->B);
        if (!st && watch.ask) st = watch.ask(watch.ctx, (double)out->tokens, (double)l->n);
    }
    free(x);
    free(logp);
    return st;
}

static rf_status evaluate_lanes(lm_means *by, const lanes *l, lm_watch watch, lm_total *out,
                                rf_error *err)
{
    lm_walker w;
    rf_status st = lm_walker_init(&w, by, l->B, err);
    if (!st) st = evaluate(&w, l, watch, out, err);
    lm_walker_free(&w);
    return st;
}

static rf_status sum(const rf_collective *c, lm_total *total, rf_error *err)
{
    double both[] = {total->nats, (double)total->tokens};
    rf_status st = c->sum(c, both, 2, err);
    *total = (lm_total){.nats = both[0], .tokens = (int64_t)both[1]};
    return st;
}

rf_status lm_evaluate(lm_means *by, const int32_t *ids, rf_index n, rf_index most, lm_watch watch,
                      lm_total *out, rf_error *err)
{
    rf_index worth = n / (4 * CONTEXT) + 1; /* shorter parts would mostly repeat their context */
    lanes l = {.ids = ids, .before = rf_tokenizer_eos(by->m->tokens), .n = n};
    const rf_collective *c = by->ranks;
    l.all = l.B = most < worth ? most : worth;
    if (c) rf_rank_share(l.all, c->rank(c), c->ranks(c), &l.first, &l.B);
    *out = (lm_total){0};
    rf_status st = l.B ? evaluate_lanes(by, &l, watch, out, err) : RF_OK;
    return st || !c ? st : sum(c, out, err);
}

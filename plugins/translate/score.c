/* translate/score.c -- the verb score: how probable given translations are. */
#include <math.h>
#include <string.h>

#include "run.h"

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    tr_model x;
    tr_parallel pairs;
    tr_set set;
    double sum; /* ln p of all tokens */
    rf_index tokens;
    rf_error *err;
} setup;

static rf_status read_pairs(setup *u)
{
    const rf_run *r = u->r;
    tr_columns columns;
    rf_status st = tr_columns_parse(r->opt[SCORE_COLUMNS].as.s, "--columns", &columns, u->err);
    if (!st && r->arg_count == 1)
        st = tr_parallel_read_table(&u->pairs, r->arg[0], columns, u->err);
    if (!st && r->arg_count == 2)
        st = tr_parallel_read_files(&u->pairs, r->arg[0], r->arg[1], u->err);
    if (st) return st;
    return tr_set_lines(&u->set, &u->x.lexis, &u->pairs, NULL, (rf_index)u->pairs.side[0].n, 0,
                        u->err);
}

static rf_status send(setup *u, rf_index line, const rf_real *logp, rf_index stride)
{
    const int32_t n = u->set.lengths[1][line];
    double sum = 0;
    for (int32_t t = 0; t < n; t++) sum += (double)logp[t * stride];
    u->sum += sum;
    u->tokens += n;
    const rf_field row[] = {rf_field_int("line", line + 1), rf_field_int("tokens", n),
                            rf_field_real("log_p", sum),
                            rf_field_real("perplexity", rf_perplexity(-sum / n))};
    return rf_emit_record(u->s->host, line, "score", row, sizeof row / sizeof *row);
}

/* Lines from .. from + B, in the order of the file. */
static rf_status score_batch(setup *u, rf_index from, rf_index B)
{
    rf_seq2seq_batch b;
    rf_graph *g = u->x.g;
    rf_graph_begin(g, RF_INFER, (rf_key){0});
    int32_t *item = rf_graph_alloc(g, (size_t)B * sizeof *item);
    for (rf_index k = 0; item && k < B; k++) item[k] = (int32_t)(from + k);
    if (!item || !tr_set_batch(g, &u->set, item, B, &b)) return rf_no_memory(u->err);
    const rf_forced f = rf_seq2seq_forced(g, u->x.m, &b);
    rf_status st = rf_graph_status(g, u->err);
    for (rf_index k = 0; k < B && !st; k++) st = send(u, from + k, rf_value(g, f.logp).data + k, B);
    const rf_host *h = u->s->host;
    return st ? st : h->progress(h, (double)(from + B), (double)u->set.n, "lines");
}

static rf_status score(setup *u)
{
    const rf_index B = (rf_index)u->r->opt[SCORE_BATCH].as.i;
    rf_status st = tr_model_open(&u->x, u->r->model, u->r, u->err);
    if (!st) st = read_pairs(u);
    for (rf_index i = 0; i < u->set.n && !st; i += B)
        st = score_batch(u, i, u->set.n - i < B ? u->set.n - i : B);
    if (st || !u->tokens) return st;
    const double mean = -u->sum / (double)u->tokens;
    st = rf_emit_metric(u->s->host, -1, NULL, "loss", mean, "nats");
    return st ? st : rf_emit_metric(u->s->host, -1, NULL, "perplexity", rf_perplexity(mean), NULL);
}

rf_status tr_score(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .err = &err};
    const rf_status st = score(&u);
    tr_set_free(&u.set);
    tr_parallel_free(&u.pairs);
    tr_model_close(&u.x);
    return rf_session_end(s, st, &err);
}

/* translate/train.c -- the verb train: pairs of lines and options to a model and a training, begun or
 * resumed. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "search.h"
#include "words.h"

enum { METRIC_BLEU, METRIC_LOSS };

/* Sentences side by side while what is held out is translated. */
enum { SIDE_BY_SIDE = 64 };

typedef struct setup {
    rf_training base; /* first */
    rf_setting v[TRAIN_COUNT];
    tr_parallel pairs, valid_pairs;
    int32_t *order; /* lines: those to learn from, then those held out */
    rf_index kept;
    tr_lexis lexis;
    tr_set train, valid;
    tr_search search;        /* of the held-out sources, greedy */
    tr_text reference;       /* their translations */
    rf_text_metric *quality; /* of a validation */
    rf_params *params;
    rf_seq2seq *m;
    rf_str units[2]; /* JSON of both sides */
    rf_error *err;
} setup;

/* ---- Data ------------------------------------------------------------------------------------ */

/* A table, or two files. */
static rf_status read_pairs(setup *u, tr_parallel *p, const char *const *path, size_t n,
                            const char *what)
{
    tr_columns columns;
    if (n > 2)
        return rf_fail(u->err, RF_EINVAL, "%s: %zu files; a table, or source and target, is due",
                       what, n);
    rf_status st = tr_columns_parse(u->v[TRAIN_COLUMNS].as.s, "--columns", &columns, u->err);
    if (st) return st;
    st = n == 1 ? tr_parallel_read_table(p, path[0], columns, u->err)
                : tr_parallel_read_files(p, path[0], path[1], u->err);
    if (!st && !p->side[0].n) st = rf_fail(u->err, RF_EFORMAT, "%s: has no pairs", path[0]);
    return st;
}

static rf_status read_data(setup *u)
{
    const rf_run *r = u->base.r;
    const rf_setting *valid = &u->v[TRAIN_VALID];
    rf_status st = read_pairs(u, &u->pairs, r->arg, r->arg_count, r->arg[0]);
    if (!st && valid->count)
        st = read_pairs(u, &u->valid_pairs, valid->as.list, valid->count, "--valid");
    if (st) return st;
    const double part = valid->count ? 0 : u->v[TRAIN_VALID_FRACTION].as.f;
    u->order = rf_training_hold_out(&u->base, (rf_index)u->pairs.side[0].n, part, &u->kept, u->err);
    return u->order ? RF_OK : u->err->status;
}

static uint64_t hash_pairs(const tr_parallel *p)
{
    uint64_t h = RF_HASH;
    for (int k = 0; k < 2; k++) h = rf_hash(h, p->side[k].bytes.s, p->side[k].bytes.n);
    return h;
}

/* ---- Words and pieces ------------------------------------------------------------------------ */

static tr_units_options units_of(const setup *u, int side)
{
    const rf_setting *v = u->v;
    return (tr_units_options){.language = (int)v[TRAIN_SOURCE + side].as.i,
                              .letters = (int)v[TRAIN_SOURCE_LETTERS + side].as.i,
                              .unit = (int)v[TRAIN_SOURCE_UNIT + side].as.i,
                              .merges = (int32_t)v[TRAIN_MERGES].as.i,
                              .min_count = v[TRAIN_MIN_COUNT].as.i,
                              .max_size = (int32_t)v[TRAIN_VOCABULARY].as.i};
}

/* What is learned from: the lines that are not held out. */
static rf_status kept_lines(const setup *u, int side, tr_text *out)
{
    for (rf_index i = 0; i < u->kept; i++) {
        size_t n;
        const char *line = tr_text_line(&u->pairs.side[side], (size_t)u->order[i], &n);
        if (!tr_text_add(out, line, n)) return rf_no_memory(u->err);
    }
    return RF_OK;
}

static rf_status learn_units(setup *u)
{
    const tr_units_options o[2] = {units_of(u, 0), units_of(u, 1)};
    const int joint = (int)u->v[TRAIN_JOINT].as.i;
    tr_text text[2] = {{{0}}, {{0}}};
    const tr_text *const both[2] = {&text[0], &text[1]};
    rf_status st = kept_lines(u, 0, &text[0]);
    if (!st) st = kept_lines(u, 1, &text[1]);
    if (!st) st = tr_units_learn(o, both, joint, u->lexis.side, u->err);
    if (!st && u->v[TRAIN_COPY].as.i) st = tr_lexis_copy(&u->lexis, u->err);
    tr_text_free(&text[0]);
    tr_text_free(&text[1]);
    return st;
}

static void tell_data(const setup *u)
{
    rf_logf(u->base.s->host, RF_LOG_INFO,
            "%" PRId64 " pairs to learn from, %" PRId64 " held out; %d and %d tokens, %" PRId64
            " numbers",
            u->train.n, u->valid.n, tr_units_size(u->lexis.side[0]),
            tr_units_size(u->lexis.side[1]), rf_params_elements(u->params));
}

static rf_status encode(setup *u)
{
    const int32_t longest = (int32_t)u->v[TRAIN_LONGEST].as.i;
    const rf_index held = (rf_index)u->pairs.side[0].n - u->kept;
    rf_status st =
        tr_set_lines(&u->train, &u->lexis, &u->pairs, u->order, u->kept, longest, u->err);
    if (!st && !u->train.n) st = rf_fail(u->err, RF_EFORMAT, "there is no pair to learn from");
    if (!st)
        st = tr_set_lines(&u->valid, &u->lexis, &u->pairs, u->order + u->kept, held, 0, u->err);
    if (!st)
        st = tr_set_lines(&u->valid, &u->lexis, &u->valid_pairs, NULL,
                          (rf_index)u->valid_pairs.side[0].n, 0, u->err);
    return st;
}

/* ---- Learning -------------------------------------------------------------------------------- */

/* As many pairs of like length side by side as --batch tokens allow. */
static rf_bucket_spec bucketed(const setup *u, const tr_set *set)
{
    return (rf_bucket_spec){.lengths = set->lengths[1],
                            .also = set->lengths[0],
                            .n = set->n,
                            .B = set->n,
                            .cells = u->v[TRAIN_BATCH].as.i};
}

static rf_node loss_of(const setup *u, const tr_set *set, rf_graph *g, const rf_bucket_batch *b,
                       double *units)
{
    rf_seq2seq_batch batch;
    *units = 0;
    if (!tr_set_batch(g, set, b->item, b->B, &batch)) return RF_POISON;
    *units = (double)rf_seq2seq_targets(&batch);
    return rf_seq2seq_loss(g, u->m, &batch);
}

static rf_node loss(void *self, rf_graph *g, double *units)
{
    const setup *u = self;
    return loss_of(u, &u->train, g, &u->base.batch, units);
}

static rf_node held_loss(void *self, rf_graph *g, const rf_bucket_batch *b, double *units)
{
    const setup *u = self;
    return loss_of(u, &u->valid, g, b, units);
}

static rf_status judge_one(void *ctx, rf_index line, rf_index rank, const tr_answer *a,
                           rf_error *err)
{
    const setup *u = ctx;
    (void)rank;
    const char *reference = tr_text_line(&u->reference, (size_t)line, NULL);
    return rf_text_metric_add(u->quality, a->text, &reference, 1, err);
}

/* Words are told by the target's language, in its letters. */
static rf_text_metric *new_quality(const setup *u, rf_error *err)
{
    rf_text_metric_options o = RF_TEXT_METRIC_OPTIONS;
    o.tokens = tr_words_tokens((int)u->v[TRAIN_TARGET].as.i);
    o.lowercase = u->v[TRAIN_TARGET_LETTERS].as.i == TR_LOWER;
    return rf_text_metric_new(rf_text_metric_find("bleu"), &o, err);
}

static rf_status measure_bleu(setup *u, double *bleu, rf_error *err)
{
    rf_text_score score;
    u->quality = new_quality(u, err);
    rf_status st = u->quality ? tr_search_run(&u->search, true, err) : err->status;
    if (!st) rf_text_metric_corpus(u->quality, &score);
    if (!st) *bleu = score.value;
    rf_text_metric_free(u->quality);
    u->quality = NULL;
    return st;
}

/* Write the model as it is now into the next of so many places, in turn.  The place is one of the step,
 * so that a resumed training goes on where it was. */
static rf_status keep(setup *u, const rf_metrics *m, rf_error *err)
{
    const rf_training *t = &u->base;
    const int64_t places = u->v[TRAIN_KEEP].as.i;
    if (!places) return RF_OK;
    const int64_t every = u->v[TRAIN_LEARN + RF_LEARN_VALID_EVERY].as.i;
    const int64_t step = t->cursor->epoch * t->per_epoch + t->cursor->position;
    const int64_t number = (step - 1) / (every ? every : t->per_epoch);
    rf_str path = {0};
    rf_str_printf(&path, "%s.%" PRId64, t->r->model, number % places + 1);
    rf_status st = path.failed ? rf_no_memory(err) : rf_training_write(t, path.s, m, err);
    if (!st) st = rf_emit_file(t->s->host, path.s, "model", "application/x-safetensors");
    rf_str_free(&path);
    return st;
}

static rf_status validate(void *self, rf_graph *g, rf_metrics *m, rf_error *err)
{
    setup *u = self;
    const bool translates = u->v[TRAIN_METRIC].as.i == METRIC_BLEU;
    double value, bleu = 0;
    const rf_bucket_loss held = {
        .batches = bucketed(u, &u->valid), .loss = held_loss, .tell = rf_training_watch, .self = u};
    rf_status st = rf_bucket_mean(g, &held, &value, err);
    if (!st && translates) st = measure_bleu(u, &bleu, err);
    if (!st && translates) rf_metrics_add(m, "bleu", bleu);
    if (!st) rf_metrics_add(m, "loss", value);
    if (!st) rf_metrics_add(m, "perplexity", rf_perplexity(value));
    return st ? st : keep(u, m, err);
}

/* A held-out pair that is translated at each validation. */
static rf_status hold(setup *u, const tr_parallel *p, size_t line)
{
    size_t from, to;
    const char *source = tr_text_line(&p->side[0], line, &from);
    const char *target = tr_text_line(&p->side[1], line, &to);
    const rf_status st = tr_search_add(&u->search, source, from, u->err);
    if (st || tr_text_add(&u->reference, target, to)) return st;
    return rf_no_memory(u->err);
}

static rf_status hold_all(setup *u)
{
    u->search = (tr_search){.lexis = &u->lexis,
                            .m = u->m,
                            .d = u->base.device,
                            .g = u->base.graph,
                            .B = SIDE_BY_SIDE,
                            .beam = 1,
                            .best = 1,
                            .replace = true,
                            .each = judge_one,
                            .tell = rf_training_watch,
                            .ctx = u};
    u->base.higher = u->valid.n && u->v[TRAIN_METRIC].as.i == METRIC_BLEU;
    if (!u->base.higher) return RF_OK;
    rf_status st = tr_search_begin(&u->search, u->err);
    for (size_t i = (size_t)u->kept; i < u->pairs.side[0].n && !st; i++)
        st = hold(u, &u->pairs, (size_t)u->order[i]);
    for (size_t i = 0; i < u->valid_pairs.side[0].n && !st; i++) st = hold(u, &u->valid_pairs, i);
    return st;
}

static rf_status make_model(setup *u)
{
    const rf_seq2seq_spec spec = tr_spec_of(u->v, &u->lexis);
    u->params = rf_params_new();
    if (!u->params) return rf_no_memory(u->err);
    u->m = rf_seq2seq_new(&spec, u->params, u->err);
    if (!u->m) return u->err->status;
    rf_params_init(u->params, u->base.seed);
    tell_data(u);
    const rf_bucket_spec batches = bucketed(u, &u->train);
    return rf_training_open(&u->base, &batches, u->params, u->err);
}

static rf_status describe(setup *u)
{
    for (int k = 0; k < 2; k++) {
        const rf_status st = tr_units_write(u->lexis.side[k], &u->units[k], u->err);
        if (st) return st;
    }
    const char *const more[] = {TR_META_SOURCE, u->units[0].s, TR_META_TARGET, u->units[1].s, NULL};
    return rf_training_describe(&u->base, more, u->err);
}

/* ---- The verb -------------------------------------------------------------------------------- */

static rf_status train(setup *u)
{
    const rf_fit_task task = {.loss = loss, .validate = validate};
    const rf_fit_task blind = {.loss = loss};
    rf_fit_result result = {0};
    rf_status st = rf_training_begin(&u->base, u->err);
    if (!st) st = tr_check_options(u->v, u->err);
    if (!st) st = read_data(u);
    if (!st) st = rf_training_know(&u->base, TR_META_DATA, hash_pairs(&u->pairs), u->err);
    if (!st) st = learn_units(u);
    if (!st) st = encode(u);
    if (!st) st = make_model(u);
    if (!st) st = hold_all(u);
    if (!st) st = describe(u);
    if (!st) st = rf_training_learn(&u->base, u->valid.n ? task : blind, &result, u->err);
    return st ? st : rf_training_finish(&u->base, u->base.graph, &result);
}

static void setup_free(setup *u)
{
    tr_search_end(&u->search);
    tr_text_free(&u->reference);
    rf_training_end(&u->base);
    rf_seq2seq_free(u->m);
    rf_params_free(u->params);
    tr_set_free(&u->train);
    tr_set_free(&u->valid);
    tr_lexis_free(&u->lexis);
    tr_parallel_free(&u->pairs);
    tr_parallel_free(&u->valid_pairs);
    free(u->order);
    rf_str_free(&u->units[0]);
    rf_str_free(&u->units[1]);
}

rf_status tr_train(rf_session *s, const rf_run *r)
{
    static const char *const passing[] = {"keep", NULL};
    rf_error err = {0};
    setup u = {.err = &err};
    memcpy(u.v, r->opt, sizeof u.v);
    u.base = (rf_training){.s = s,
                           .r = r,
                           .table = tr_train_options,
                           .v = u.v,
                           .learn = TRAIN_LEARN,
                           .passing = passing,
                           .plugin = TR_PLUGIN,
                           .task = TR_TASK};
    const rf_status st = train(&u);
    setup_free(&u);
    return rf_session_end(s, st, &err);
}

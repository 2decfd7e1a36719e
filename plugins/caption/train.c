/* caption/train.c -- the verb train: pictures, captions and options to a model and a training, begun or
 * resumed. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "judge.h"
#include "model.h"

/* Descriptions side by side while what is held out is described. */
enum { SIDE_BY_SIDE = 64 };

typedef struct setup {
    rf_training base; /* first */
    rf_setting v[TRAIN_COUNT];
    cap_data data;
    rf_model *begin; /* of --begin, or NULL */
    rf_map *counts;
    rf_vocab *words;
    cap_network net;
    cap_set train, valid;
    cap_judge judge;
    cap_search search;
    rf_str words_json, sight_json;
    rf_error *err;
} setup;

/* ---- Words --------------------------------------------------------------------------------------- */

static rf_status count(void *ctx, int32_t row, const cap_caption *c, rf_error *err)
{
    const setup *u = ctx;
    (void)row;
    return cap_lexis_count(u->counts, c->language, c->text, err);
}

/* Call each() for the captions of --text. */
static rf_status each_text(setup *u, rf_status (*each)(void *ctx, int32_t row, const cap_caption *c,
                                                       rf_error *err))
{
    const int64_t which = u->v[TRAIN_LANGUAGE].as.i;
    rf_status st = RF_OK;
    for (rf_index i = 0; i < u->data.text.n && !st; i++) {
        const cap_caption *c = &u->data.text.caption[i];
        if (which == CAP_BOTH || which == c->language) st = each(u, -1, c, u->err);
    }
    return st;
}

static rf_status learn_words(setup *u)
{
    const char *path = u->v[TRAIN_BEGIN].as.s;
    if (path) {
        u->begin = rf_task_model_read(path, CAP_PLUGIN, CAP_TASK, u->err);
        u->words = u->begin ? cap_words_read(u->begin, u->err) : NULL;
        return u->words ? RF_OK : u->err->status;
    }
    if (!(u->counts = rf_map_new())) return rf_no_memory(u->err);
    rf_status st = cap_data_each(&u->data, u->v, 0, u->data.kept, count, u, u->err);
    if (!st) st = each_text(u, count);
    if (st) return st;
    u->words = cap_lexis_build(u->counts, u->v[TRAIN_MIN_COUNT].as.i, u->err);
    return u->words ? RF_OK : u->err->status;
}

/* ---- Captions ------------------------------------------------------------------------------------ */

static rf_status learn_from(void *ctx, int32_t row, const cap_caption *c, rf_error *err)
{
    setup *u = ctx;
    const rf_status st = cap_set_add(&u->train, u->words, row, c->language, c->text, err);
    if (st) return st;
    if (u->train.length[u->train.n - 1] > u->v[TRAIN_LONGEST].as.i + 1) cap_set_drop(&u->train);
    return RF_OK;
}

static rf_status hold(void *ctx, int32_t row, const cap_caption *c, rf_error *err)
{
    setup *u = ctx;
    const rf_status st = cap_set_add(&u->valid, u->words, row, c->language, c->text, err);
    return st ? st : cap_judge_add(&u->judge, row, c->language, c->text, err);
}

static rf_status encode(setup *u)
{
    const cap_data *d = &u->data;
    const bool together = u->net.sight.kind == CAP_SEEN;
    rf_status st = RF_OK;
    for (int64_t k = 0; k < u->v[TRAIN_REPEAT].as.i && !st; k++)
        st = cap_data_each(d, u->v, 0, d->kept, learn_from, u, u->err);
    if (!st) st = each_text(u, learn_from);
    if (!st && !u->train.n) st = rf_fail(u->err, RF_EFORMAT, "there is no caption to learn from");
    if (!st) st = cap_data_each(d, u->v, d->kept, d->n, hold, u, u->err);
    if (!st) st = cap_set_group(&u->train, together, u->err);
    return st ? st : cap_set_group(&u->valid, together, u->err);
}

/* ---- Learning ------------------------------------------------------------------------------------ */

static rf_bucket_spec bucketed(const setup *u, const cap_set *set)
{
    return (rf_bucket_spec){
        .lengths = set->longest, .n = set->groups, .B = (rf_index)u->v[TRAIN_BATCH].as.i};
}

static rf_node loss_of(const setup *u, const cap_set *set, rf_graph *g, const rf_bucket_batch *b,
                       double *units)
{
    rf_seq2seq_batch batch;
    *units = 0;
    if (!cap_set_batch(g, set, &u->net.sight, b->item, b->B, &batch)) return RF_POISON;
    *units = (double)rf_seq2seq_targets(&batch);
    return rf_seq2seq_loss(g, u->net.m, &batch);
}

static rf_node loss(void *self, rf_graph *g, double *units)
{
    setup *u = self;
    const rf_cursor *at = u->base.cursor;
    u->net.sight.view.seed = u->base.seed;
    u->net.sight.view.step = (uint64_t)(at->epoch * u->base.per_epoch + at->position);
    return loss_of(u, &u->train, g, &u->base.batch, units);
}

static rf_node held_loss(void *self, rf_graph *g, const rf_bucket_batch *b, double *units)
{
    const setup *u = self;
    return loss_of(u, &u->valid, g, b, units);
}

/* The mean over languages. */
static double overall(double value[CAP_LANGUAGES][CAP_MEASURES], int m)
{
    double sum = 0;
    int n = 0;
    for (int l = 0; l < CAP_LANGUAGES; l++) {
        if (isnan(value[l][m])) continue;
        sum += value[l][m];
        n++;
    }
    return sum / n;
}

static void add_measures(const setup *u, double value[CAP_LANGUAGES][CAP_MEASURES], rf_metrics *m)
{
    static const char *const names[] = {"exact", "cider", "bleu"};
    static const char *const each[CAP_LANGUAGES] = {"exact_en", "exact_zh"};
    const int best = (int)u->v[TRAIN_METRIC].as.i;
    if (best < CAP_LOSS) rf_metrics_add(m, names[best], overall(value, best));
    for (int k = 0; k < CAP_MEASURES; k++)
        if (k != best) rf_metrics_add(m, names[k], overall(value, k));
    for (int l = 0; l < CAP_LANGUAGES; l++)
        if (!isnan(value[l][CAP_EXACT])) rf_metrics_add(m, each[l], value[l][CAP_EXACT]);
}

static rf_status validate(void *self, rf_graph *g, rf_metrics *m, rf_error *err)
{
    setup *u = self;
    const bool describes = u->v[TRAIN_METRIC].as.i < CAP_LOSS;
    double value, told[CAP_LANGUAGES][CAP_MEASURES];
    const rf_bucket_loss held = {
        .batches = bucketed(u, &u->valid), .loss = held_loss, .tell = rf_training_watch, .self = u};
    rf_status st = rf_bucket_mean(g, &held, &value, err);
    if (!st && describes) st = cap_judge_run(&u->judge, &u->search, told, err);
    if (st) return st;
    if (describes) add_measures(u, told, m);
    rf_metrics_add(m, "loss", value);
    if (!describes) rf_metrics_add(m, "perplexity", rf_perplexity(value));
    return RF_OK;
}

/* ---- Making -------------------------------------------------------------------------------------- */

/* The numbers of --begin, where there are such. */
static rf_status begin_with(setup *u)
{
    rf_status st = RF_OK;
    size_t taken = 0;
    for (size_t i = 0; u->begin && i < rf_params_count(u->net.params) && !st; i++) {
        const rf_param *p = rf_params_at(u->net.params, i);
        const rf_stored *t = rf_model_find(u->begin, p->name);
        if (!t || !rf_shape_equal(t->shape, p->value.shape)) continue;
        st = rf_model_get_real(u->begin, p->name, p->value, u->err);
        taken++;
    }
    if (!st && u->begin)
        rf_logf(u->base.s->host, RF_LOG_INFO, "%zu of %zu tensors begin as those of %s", taken,
                rf_params_count(u->net.params), rf_model_name(u->begin));
    return st;
}

static void tell_data(const setup *u)
{
    rf_logf(u->base.s->host, RF_LOG_INFO,
            "%" PRId64 " pictures and %" PRId64 " captions to learn from, %" PRId64
            " pictures held out; %d words, %" PRId64 " numbers",
            u->data.kept, u->train.n, u->data.n - u->data.kept, rf_vocab_size(u->words),
            rf_params_elements(u->net.params));
}

static rf_status make_model(setup *u)
{
    rf_status st = cap_network_make(&u->net, u->v, rf_vocab_size(u->words), NULL, u->err);
    if (st) return st;
    rf_params_init(u->net.params, u->base.seed);
    st = begin_with(u);
    if (!st) st = encode(u);
    if (st) return st;
    tell_data(u);
    const rf_bucket_spec batches = bucketed(u, &u->train);
    return rf_training_open(&u->base, &batches, u->net.params, u->err);
}

static rf_status ready_search(setup *u)
{
    u->base.higher = u->judge.n && u->v[TRAIN_METRIC].as.i < CAP_LOSS;
    u->search = (cap_search){.words = u->words,
                             .voice = {{&u->net, u->base.device, u->base.graph, NULL}},
                             .voices = 1,
                             .B = SIDE_BY_SIDE,
                             .beam = 1,
                             .best = 1,
                             .most = (rf_index)u->v[TRAIN_LONGEST].as.i,
                             .tell = rf_training_watch,
                             .watcher = u};
    return u->base.higher ? cap_search_begin(&u->search, u->err) : RF_OK;
}

static rf_status describe(setup *u)
{
    rf_status st = rf_vocab_write(u->words, &u->words_json, u->err);
    if (!st) st = cap_sight_write(&u->net.sight, u->data.encoder.s, &u->sight_json, u->err);
    if (st) return st;
    const char *const more[] = {CAP_META_WORDS, u->words_json.s, CAP_META_SIGHT, u->sight_json.s,
                                NULL};
    return rf_training_describe(&u->base, more, u->err);
}

/* ---- The verb ------------------------------------------------------------------------------------ */

static rf_status train(setup *u)
{
    const rf_fit_task task = {.loss = loss, .validate = validate};
    const rf_fit_task without = {.loss = loss};
    rf_fit_result result = {0};
    rf_status st = rf_training_begin(&u->base, u->err);
    if (!st) st = cap_check_options(u->v, u->err);
    if (!st) st = cap_data_read(&u->data, &u->base, u->err);
    if (!st) st = cap_data_see(&u->data, &u->base, &u->net.sight, u->err);
    if (!st) st = rf_training_know(&u->base, CAP_META_DATA, u->data.hash, u->err);
    if (!st) st = learn_words(u);
    if (!st) st = make_model(u);
    if (!st) st = ready_search(u);
    if (!st) st = describe(u);
    if (!st) st = rf_training_learn(&u->base, u->judge.n ? task : without, &result, u->err);
    return st ? st : rf_training_finish(&u->base, u->base.graph, &result);
}

static void setup_free(setup *u)
{
    cap_search_end(&u->search);
    rf_training_end(&u->base);
    cap_network_free(&u->net);
    cap_set_free(&u->train);
    cap_set_free(&u->valid);
    cap_judge_free(&u->judge);
    rf_vocab_free(u->words);
    rf_map_free(u->counts);
    rf_model_free(u->begin);
    cap_data_free(&u->data);
    rf_str_free(&u->words_json);
    rf_str_free(&u->sight_json);
}

rf_status cap_train(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.err = &err};
    memcpy(u.v, r->opt, sizeof u.v);
    u.base = (rf_training){.s = s,
                           .r = r,
                           .table = cap_train_options,
                           .v = u.v,
                           .learn = TRAIN_LEARN,
                           .plugin = CAP_PLUGIN,
                           .task = CAP_TASK};
    const rf_status st = train(&u);
    setup_free(&u);
    return rf_session_end(s, st, &err);
}

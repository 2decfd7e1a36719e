/* pinyin/train.c -- the verb train: texts and lexica to a model, begun or resumed. */
#include <stdlib.h>
#include <string.h>

#include "pinyin.h"
#include "trainer.h"

#define META_DATA "pinyin.data" /* a hash, by which the texts are recognised */

static rf_status check_options(const py_trainer *t)
{
    const rf_setting *v = t->v;
    if (!rf_cell_named(&py_train_options[TRAIN_CELL], v[TRAIN_CELL].as.s, t->err)) return RF_EINVAL;
    if (!v[TRAIN_TIE].set || !v[TRAIN_TIE].as.i || !v[TRAIN_EMBED].as.i ||
        v[TRAIN_EMBED].as.i == v[TRAIN_HIDDEN].as.i)
        return RF_OK;
    return rf_fail(t->err, RF_EINVAL, "--tie: --embed must be --hidden: %lld is not %lld",
                   (long long)v[TRAIN_EMBED].as.i, (long long)v[TRAIN_HIDDEN].as.i);
}

static rf_status make_network(py_trainer *t)
{
    const py_net_shape shape = py_options_shape(t->v, rf_vocab_size(t->m->chars));
    if (!t->v[TRAIN_NETWORK].as.i) return rf_training_open(&t->base, NULL, NULL, t->err);
    t->m->net = py_net_new(&shape, t->v[TRAIN_DROPOUT].as.f, t->err);
    if (!t->m->net) return t->err->status;
    rf_params_init(t->m->net->params, t->base.seed);
    return rf_training_open(&t->base, NULL, t->m->net->params, t->err);
}

static rf_status fit(py_trainer *t, rf_fit_result *result)
{
    rf_stream_spec spec = {.tokens = t->train.at,
                           .n = (rf_index)t->train.n,
                           .B = (rf_index)t->v[TRAIN_BATCH].as.i,
                           .T = (rf_index)t->v[TRAIN_BPTT].as.i,
                           .seed = t->base.seed};
    if (spec.B > spec.n - 1) spec.B = spec.n - 1;
    t->batches = rf_stream_batches_new(&spec, t->err);
    if (!t->batches) return t->err->status;
    if (!rf_carried_init(&t->state, t->m->net->rnn, spec.B)) return rf_no_memory(t->err);
    t->base.cursor = rf_stream_batches_cursor(t->batches);
    t->base.per_epoch = rf_stream_batches_per_epoch(t->batches);
    t->base.carried = &t->state;
    return rf_training_learn(&t->base, py_trainer_task(t), result, t->err);
}

/* The network as the file will have it, so that the weights are chosen for what is used. */
static rf_status finish(py_trainer *t, const rf_fit_result *result)
{
    rf_status st = py_trainer_tune(t);
    if (!st) st = rf_training_save(t, &t->best, t->err);
    if (!st) st = rf_emit_metric(t->base.s->host, -1, "model", "mix", t->m->mix, NULL);
    if (!st) st = rf_emit_metric(t->base.s->host, -1, "model", "word_weight", t->m->words, NULL);
    if (st) return st;
    if (t->m->net) return rf_training_finish(&t->base, t->base.graph, result);
    return rf_emit_file(t->base.s->host, t->base.r->model, "model", "application/x-safetensors");
}

static rf_status train(py_trainer *t)
{
    rf_fit_result result = {0};
    rf_status st = rf_training_begin(&t->base, t->err);
    if (!st) st = check_options(t);
    if (!st) st = py_trainer_read(t);
    if (!st)
        st = rf_training_know(&t->base, META_DATA,
                              rf_hash(rf_hash(RF_HASH, t->text.s, t->text.n), t->m->x.text,
                                      t->m->x.at[t->m->x.words]),
                              t->err);
    if (!st) st = make_network(t);
    if (!st) st = rf_training_describe(&t->base, NULL, t->err);
    if (!st && t->m->net) st = fit(t, &result);
    return st ? st : finish(t, &result);
}

static void trainer_free(py_trainer *t)
{
    rf_carried_free(&t->state);
    rf_stream_batches_free(t->batches);
    py_model_free(t->m);
    rf_str_free(&t->text);
    rf_str_free(&t->held);
    rf_ids_free(&t->train);
    rf_ids_free(&t->valid);
    rf_training_end(&t->base);
}

rf_status py_verb_train(rf_session *s, const rf_run *r)
{
    static const char *const passing[] = {"tune", NULL};
    rf_error err = {0};
    py_trainer *t = calloc(1, sizeof *t);
    if (!t) return s->host->fail(s->host, RF_ENOMEM, "no memory");
    memcpy(t->v, r->opt, sizeof t->v);
    t->err = &err;
    t->base = (rf_training){.s = s,
                            .r = r,
                            .table = py_train_options,
                            .v = t->v,
                            .learn = TRAIN_LEARN,
                            .plugin = PY_ID,
                            .task = PY_TASK,
                            .passing = passing,
                            .rate = 0.002,
                            .tell = 500,
                            .store = py_trainer_store,
                            .bare = true};
    const rf_status st = train(t);
    trainer_free(t);
    free(t);
    return rf_session_end(s, st, &err);
}

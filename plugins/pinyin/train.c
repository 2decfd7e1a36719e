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
    t->d = rf_device_new((int)t->base.r->threads, t->err);
    t->g = t->d ? rf_graph_new(t->d) : NULL;
    if (!t->g) return rf_fail(t->err, RF_ENOMEM, "no memory");
    if (!t->v[TRAIN_NETWORK].as.i) return RF_OK;
    t->m->net = py_net_new(&shape, t->v[TRAIN_DROPOUT].as.f, t->err);
    if (!t->m->net) return t->err->status;
    rf_params_init(t->m->net->params, t->base.seed);
    return RF_OK;
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
    if (!py_state_init(&t->state, t->m->net, spec.B))
        return rf_fail(t->err, RF_ENOMEM, "no memory");
    t->base.params = t->m->net->params;
    t->base.cursor = rf_stream_batches_cursor(t->batches);
    t->base.per_epoch = rf_stream_batches_per_epoch(t->batches);
    const rf_slot slots[] = {{"cursor", RF_SLOT_I64, RF_SHAPE(2), t->base.cursor},
                             {"carried_h", RF_SLOT_REAL, t->state.shape, t->state.h},
                             {"carried_c", RF_SLOT_REAL, t->state.shape, t->state.c}};
    return rf_training_fit(&t->base, py_trainer_task(t), t->g, slots, t->state.c ? 3 : 2, result,
                           t->err);
}

/* The network as the file will have it, so that the weights are chosen for what is used. */
static rf_status finish(py_trainer *t, const rf_fit_result *result)
{
    rf_status st = py_trainer_tune(t);
    if (!st) st = py_trainer_save(t, &t->best, t->err);
    if (!st) st = rf_emit_metric(t->base.s->host, -1, "model", "mix", t->m->mix, NULL);
    if (!st) st = rf_emit_metric(t->base.s->host, -1, "model", "word_weight", t->m->words, NULL);
    if (st) return st;
    if (t->m->net) return rf_training_finish(&t->base, t->g, result);
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
    const char *const only[] = {META_DATA, t->base.data_json, NULL};
    if (!st) st = rf_training_describe(&t->base, NULL, only, t->err);
    if (!st && t->m->net) st = fit(t, &result);
    return st ? st : finish(t, &result);
}

static void trainer_free(py_trainer *t)
{
    py_state_free(&t->state);
    rf_stream_batches_free(t->batches);
    rf_graph_free(t->g);
    rf_device_free(t->d);
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
                            .tell = 500};
    const rf_status st = train(t);
    trainer_free(t);
    free(t);
    return rf_session_end(s, st, &err);
}

/* lm/model.c -- building the network, its forward pass, and reading and writing it. */
#include "model.h"

#include <math.h>
#include <stdlib.h>

#include "options.h"

/* ---- The network ----------------------------------------------------------------------------- */

static rf_status build(lm_model *m, rf_error *err)
{
    const lm_shape *s = &m->shape;
    if (s->tie && s->embed != s->hidden)
        return rf_fail(err, RF_EINVAL, "--tie: --embed must be --hidden: %lld is not %lld",
                       (long long)s->embed, (long long)s->hidden);
    m->params = rf_params_new();
    if (!m->params) return rf_no_memory(err);
    /* Tied vectors are compared with states, so they begin as small as an output's weights; others
     * as nn.Embedding's: with smaller ones the first epoch hardly learns. */
    double scale = s->tie ? 1 / sqrt((double)s->hidden) : 1;
    rf_status st =
        rf_embedding_layer_init(&m->in, m->params, "embedding.", m->V, s->embed, scale, err);
    if (st) return st;
    rf_rnn_spec rnn = {.cell = s->cell,
                       .input = s->embed,
                       .hidden = s->hidden,
                       .layers = s->layers,
                       .dropout = m->drop.hidden,
                       .variational = m->drop.variational,
                       .weight_dropout = m->drop.weight,
                       .forget_bias = s->forget_bias,
                       .layer_norm = s->layer_norm};
    m->rnn = rf_rnn_new(&rnn, m->params, "rnn.", err);
    if (!m->rnn) return RF_EINVAL;
    return lm_output_init(&m->output, m->params, s->softmax, &s->cutoffs, m->V, s->hidden,
                          s->tie ? m->in.weight : NULL, err);
}

lm_model *lm_model_new(const lm_shape *shape, const lm_dropout *drop, rf_tokenizer *tokens,
                       rf_error *err)
{
    lm_model *m = calloc(1, sizeof *m);
    if (!m) {
        rf_tokenizer_free(tokens);
        rf_no_memory(err);
        return NULL;
    }
    m->shape = *shape;
    m->drop = *drop;
    m->tokens = tokens;
    m->V = rf_tokenizer_size(tokens);
    if (!build(m, err)) return m;
    lm_model_free(m);
    return NULL;
}

void lm_model_free(lm_model *m)
{
    if (!m) return;
    rf_rnn_free(m->rnn);
    rf_params_free(m->params);
    rf_tokenizer_free(m->tokens);
    free(m);
}

static rf_node drop(rf_graph *g, const lm_model *m, rf_node x, double p)
{
    return m->drop.variational ? rf_dropout_shared(g, x, p, 0) : rf_dropout(g, x, p);
}

rf_sequence lm_model_apply(rf_graph *g, const lm_model *m, const rf_carried *s, const int32_t *x,
                           rf_index T, rf_index B)
{
    rf_node e = rf_embedding_layer_apply(g, &m->in, x, RF_SHAPE(T, B));
    rf_sequence q = rf_carried_apply(g, m->rnn, drop(g, m, e, m->drop.input), s);
    q.out = drop(g, m, q.out, m->drop.output);
    return q;
}

/* ---- The file -------------------------------------------------------------------------------- */

/* They begin to mean something once the vocabulary's size is known. */
static rf_status read_cutoffs(const rf_model *f, const rf_setting *v, rf_index V, lm_shape *s,
                              rf_error *err)
{
    const char *text = v[TRAIN_CUTOFFS].as.s;
    if (s->softmax != LM_ADAPTIVE || (text && lm_cutoffs_parse(text, V, &s->cutoffs))) return RF_OK;
    return rf_fail(err, RF_EFORMAT, "%s: its cutoffs %s are no rising numbers below %lld",
                   rf_model_name(f), text ? text : "(none)", (long long)V);
}

/* Models from before there was a choice have a full softmax. */
static rf_status read_shape(const rf_model *f, const rf_setting *v, lm_shape *s, rf_error *err)
{
    static const int needed[] = {TRAIN_CELL, TRAIN_HIDDEN, TRAIN_EMBED, TRAIN_LAYERS, -1};
    rf_status st = rf_settings_need(lm_train_options, v, needed, rf_model_name(f), err);
    if (st) return st;
    *s = (lm_shape){.cell = rf_cell_find(v[TRAIN_CELL].as.s),
                    .hidden = (rf_index)v[TRAIN_HIDDEN].as.i,
                    .embed = (rf_index)v[TRAIN_EMBED].as.i,
                    .layers = (int)v[TRAIN_LAYERS].as.i,
                    .tie = v[TRAIN_TIE].as.i,
                    .layer_norm = v[TRAIN_LAYER_NORM].as.i,
                    .softmax = (lm_softmax)v[TRAIN_SOFTMAX].as.i};
    if (!s->embed) s->embed = s->hidden;
    if (!s->cell)
        return rf_fail(err, RF_EFORMAT, "%s: its cell %s is not known here", rf_model_name(f),
                       v[TRAIN_CELL].as.s);
    if (s->softmax != LM_ADAPTIVE || !s->tie) return RF_OK;
    return rf_fail(err, RF_EFORMAT, "%s: its softmax is adaptive, and it says tie",
                   rf_model_name(f));
}

/* The shape must agree with the tensors before memory is taken for it. */
static rf_status check_size(const rf_model *f, const lm_shape *s, rf_error *err)
{
    const rf_stored *e = rf_model_find(f, "embedding.weight");
    const rf_stored *w = rf_model_find(f, "rnn.weight_hh_l0");
    if (!e || !w || e->shape.rank != 2 || w->shape.rank != 2 || e->shape.dim[1] != s->embed ||
        w->shape.dim[1] != s->hidden)
        return rf_fail(err, RF_EFORMAT, "%s: its tensors are not those of its options",
                       rf_model_name(f));
    return RF_OK;
}

static lm_model *parse(const rf_model *f, rf_arena *texts, rf_error *err)
{
    rf_setting v[TRAIN_COUNT] = {0};
    lm_dropout none = {0};
    lm_shape shape;
    if (rf_task_options_read(f, lm_train_options, v, texts, err) || read_shape(f, v, &shape, err) ||
        check_size(f, &shape, err))
        return NULL;
    rf_tokenizer *tokens = rf_task_tokenizer_read(f, err);
    if (tokens && read_cutoffs(f, v, rf_tokenizer_size(tokens), &shape, err)) {
        rf_tokenizer_free(tokens);
        return NULL;
    }
    lm_model *m = tokens ? lm_model_new(&shape, &none, tokens, err) : NULL;
    if (!m || !rf_params_load(m->params, f, err)) return m;
    lm_model_free(m);
    return NULL;
}

lm_model *lm_model_read(const char *path, rf_error *err)
{
    rf_model *f = rf_task_model_read(path, LM_ID, "lm", err);
    rf_arena *texts = f ? rf_arena_new(0) : NULL;
    lm_model *m = texts ? parse(f, texts, err) : NULL;
    if (f && !texts) rf_no_memory(err);
    rf_arena_free(texts);
    rf_model_free(f);
    return m;
}

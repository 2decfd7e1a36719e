/* lm/model.c -- building the network, its forward pass, and reading and writing it. */
#include "model.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

/* ---- The network ----------------------------------------------------------------------------- */

static rf_status build(lm_model *m, rf_error *err)
{
    const lm_shape *s = &m->shape;
    if (s->tie && s->embed != s->hidden)
        return rf_fail(err, RF_EINVAL, "--tie: --embed must be --hidden: %lld is not %lld",
                       (long long)s->embed, (long long)s->hidden);
    m->params = rf_params_new();
    if (!m->params) return rf_fail(err, RF_ENOMEM, "no memory");
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
        rf_fail(err, RF_ENOMEM, "no memory");
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
    if (p <= 0) return x;
    return m->drop.variational ? rf_dropout_shared(g, x, p, 0) : rf_dropout(g, x, p);
}

rf_sequence lm_model_apply(rf_graph *g, const lm_model *m, const lm_state *s, const int32_t *x,
                           rf_index T, rf_index B)
{
    rf_node e = rf_embedding_layer_apply(g, &m->in, x, RF_SHAPE(T, B));
    rf_node h0 = rf_borrow(g, s->h, s->shape);
    rf_node c0 = s->c ? rf_borrow(g, s->c, s->shape) : RF_NONE;
    rf_sequence q = rf_rnn_apply(g, m->rnn, drop(g, m, e, m->drop.input), h0, c0, NULL);
    q.out = drop(g, m, q.out, m->drop.output);
    return q;
}

/* ---- States ---------------------------------------------------------------------------------- */

static size_t state_bytes(const lm_state *s)
{
    return (size_t)rf_shape_count(s->shape) * sizeof(rf_real);
}

bool lm_state_init(lm_state *s, const lm_model *m, rf_index B)
{
    size_t n;
    *s = (lm_state){.shape = RF_SHAPE(m->shape.layers, B, m->shape.hidden)};
    n = (size_t)rf_shape_count(s->shape);
    s->h = rf_aligned_calloc(n, sizeof *s->h);
    if (m->shape.cell->states > 1) s->c = rf_aligned_calloc(n, sizeof *s->c);
    return s->h && (s->c || m->shape.cell->states == 1);
}

void lm_state_free(lm_state *s)
{
    rf_aligned_free(s->h);
    rf_aligned_free(s->c);
    *s = (lm_state){0};
}

void lm_state_reset(lm_state *s)
{
    memset(s->h, 0, state_bytes(s));
    if (s->c) memset(s->c, 0, state_bytes(s));
}

void lm_state_keep(lm_state *s, const rf_graph *g, rf_sequence q)
{
    const rf_real *h = rf_value(g, q.h).data, *c = s->c ? rf_value(g, q.c).data : NULL;
    if (h) memcpy(s->h, h, state_bytes(s));
    if (c) memcpy(s->c, c, state_bytes(s));
}

/* ---- The file -------------------------------------------------------------------------------- */

rf_status lm_model_store(const lm_model *m, rf_model *file, rf_dtype storage, rf_error *err)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < rf_params_count(m->params) && !st; i++) {
        const rf_param *p = rf_params_at(m->params, i);
        st = rf_model_add_real(file, p->name, storage, p->value, err);
    }
    return st;
}

/* A whole number of the options within the range that `train` allows; what a file says is not
 * believed. */
static rf_status read_number(const rf_model *f, const json_t *options, int which, rf_index *out,
                             rf_error *err)
{
    const rf_option *o = &lm_train_options[which];
    const json_t *v = json_object_get(options, o->name);
    double x = json_is_integer(v) ? (double)json_integer_value(v) : -1;
    if (x < o->min || x > o->max)
        return rf_fail(err, RF_EFORMAT, "%s: its option %s is no number from %g to %g",
                       rf_model_name(f), o->name, o->min, o->max);
    *out = (rf_index)x;
    return RF_OK;
}

/* Models from before there was a choice have a full softmax. */
static rf_status read_softmax(const rf_model *f, const json_t *options, lm_shape *s, rf_error *err)
{
    const rf_option *o = &lm_train_options[TRAIN_SOFTMAX];
    const json_t *v = json_object_get(options, o->name);
    const char *word = v ? json_string_value(v) : o->choices[LM_FULL];
    int kind = 0;
    while (kind < LM_SOFTMAXES && (!word || strcmp(word, o->choices[kind]) != 0)) kind++;
    if (kind == LM_SOFTMAXES)
        return rf_fail(err, RF_EFORMAT, "%s: its softmax %s is not known here", rf_model_name(f),
                       word ? word : "(none)");
    s->softmax = (lm_softmax)kind;
    if (kind != LM_ADAPTIVE || !s->tie) return RF_OK;
    return rf_fail(err, RF_EFORMAT, "%s: its softmax is adaptive, and it says tie",
                   rf_model_name(f));
}

/* They begin to mean something once the vocabulary's size is known. */
static rf_status read_cutoffs(const rf_model *f, const json_t *options, rf_index V, lm_shape *s,
                              rf_error *err)
{
    const char *text = json_string_value(json_object_get(options, "cutoffs"));
    if (s->softmax != LM_ADAPTIVE || (text && lm_cutoffs_parse(text, V, &s->cutoffs))) return RF_OK;
    return rf_fail(err, RF_EFORMAT, "%s: its cutoffs %s are no rising numbers below %lld",
                   rf_model_name(f), text ? text : "(none)", (long long)V);
}

static rf_status read_shape(const rf_model *f, const json_t *options, lm_shape *s, rf_error *err)
{
    const char *cell = json_string_value(json_object_get(options, "cell"));
    rf_index layers = 0;
    rf_status st;
    *s = (lm_shape){.cell = cell ? rf_cell_find(cell) : NULL,
                    .tie = json_is_true(json_object_get(options, "tie")),
                    .layer_norm = json_is_true(json_object_get(options, "layer-norm"))};
    if (!s->cell)
        return rf_fail(err, RF_EFORMAT, "%s: its cell %s is not known here", rf_model_name(f),
                       cell ? cell : "(none)");
    if ((st = read_number(f, options, TRAIN_HIDDEN, &s->hidden, err)) ||
        (st = read_number(f, options, TRAIN_EMBED, &s->embed, err)) ||
        (st = read_number(f, options, TRAIN_LAYERS, &layers, err)))
        return st;
    if (!s->embed) s->embed = s->hidden;
    s->layers = (int)layers;
    return read_softmax(f, options, s, err);
}

static rf_status check_plugin(const rf_model *f, rf_error *err)
{
    rf_str id = {0};
    bool any = rf_model_get_text(f, RF_META_PLUGIN, &id) && id.s;
    rf_status st = RF_OK;
    if (!any)
        st = rf_fail(err, RF_EFORMAT, "%s: no model of refrain: its metadata name no plugin",
                     rf_model_name(f));
    else if (strcmp(id.s, LM_ID) != 0)
        st = rf_fail(err, RF_EFORMAT, "%s: a model of %s, where one of %s is due", rf_model_name(f),
                     id.s, LM_ID);
    rf_str_free(&id);
    return st;
}

static rf_tokenizer *read_tokens(const rf_model *f, rf_error *err)
{
    size_t n = 0;
    const char *json = rf_model_get_table(f, RF_META_TOKENIZER, &n);
    if (json) return rf_tokenizer_parse(json, n, err);
    rf_fail(err, RF_EFORMAT, "%s: has no tokenizer", rf_model_name(f));
    return NULL;
}

static rf_status read_params(const rf_model *f, lm_model *m, rf_error *err)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < rf_params_count(m->params) && !st; i++) {
        const rf_param *p = rf_params_at(m->params, i);
        st = rf_model_get_real(f, p->name, p->value, err);
    }
    return st;
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

static lm_model *parse(const rf_model *f, rf_error *err)
{
    const char *text = rf_model_get(f, RF_META_OPTIONS);
    json_t *options = text ? json_loads(text, 0, NULL) : NULL;
    lm_dropout none = {0};
    lm_shape shape;
    lm_model *m = NULL;
    rf_tokenizer *tokens = NULL;
    if (check_plugin(f, err)) goto end;
    if (!options) {
        rf_fail(err, RF_EFORMAT, "%s: has no options", rf_model_name(f));
        goto end;
    }
    if (read_shape(f, options, &shape, err) || check_size(f, &shape, err)) goto end;
    tokens = read_tokens(f, err);
    if (tokens && read_cutoffs(f, options, rf_tokenizer_size(tokens), &shape, err)) {
        rf_tokenizer_free(tokens);
        tokens = NULL;
    }
    m = tokens ? lm_model_new(&shape, &none, tokens, err) : NULL;
    if (m && read_params(f, m, err)) {
        lm_model_free(m);
        m = NULL;
    }
end:
    json_decref(options);
    return m;
}

lm_model *lm_model_read(const char *path, rf_error *err)
{
    rf_model *f = rf_model_read(path, err);
    lm_model *m = f ? parse(f, err) : NULL;
    rf_model_free(f);
    return m;
}

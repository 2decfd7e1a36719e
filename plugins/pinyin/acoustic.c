/* pinyin/acoustic.c -- see acoustic.h. */
#include "acoustic.h"

#include <stdlib.h>

static rf_param *add_kept(speech_model *m, const char *name, double value, rf_error *err)
{
    const rf_init init = {.kind = RF_INIT_CONSTANT, .scale = value};
    rf_param *p = rf_params_add(m->params, name, RF_SHAPE(m->ear.M), init, err);
    if (p) p->frozen = true;
    return p;
}

static rf_status build(speech_model *m, const speech_ear_spec *ear, rf_error *err)
{
    const speech_shape *s = &m->shape;
    rf_status st = speech_ear_init(&m->ear, ear, err);
    if (st) return st;
    m->params = rf_params_new();
    if (!m->params) return rf_no_memory(err);
    m->mean = add_kept(m, "ear.mean", 0, err);
    m->deviation = m->mean ? add_kept(m, "ear.deviation", 1, err) : NULL;
    if (!m->deviation) return err->status;
    m->ear.mean = m->mean->value.data;
    m->ear.deviation = m->deviation->value.data;
    const rf_rnn_spec rnn = {.cell = s->cell,
                             .input = m->ear.I,
                             .hidden = s->hidden,
                             .layers = s->layers,
                             .bidirectional = s->bidirectional,
                             .dropout = s->dropout,
                             .forget_bias = s->forget_bias};
    m->rnn = rf_rnn_new(&rnn, m->params, "rnn.", err);
    if (!m->rnn) return err->status ? err->status : RF_EINVAL;
    const rf_index out = s->hidden * (s->bidirectional ? 2 : 1);
    return rf_linear_layer_init(&m->out, m->params, "output.", out, m->K, true, err);
}

speech_model *speech_model_new(const speech_shape *shape, const speech_ear_spec *ear,
                               speech_units *units, rf_error *err)
{
    speech_model *m = calloc(1, sizeof *m);
    if (!m) {
        speech_units_free(units);
        rf_no_memory(err);
        return NULL;
    }
    m->shape = *shape;
    m->units = *units;
    *units = (speech_units){0};
    m->K = rf_vocab_size(m->units.unit);
    if (!build(m, ear, err)) return m;
    speech_model_free(m);
    return NULL;
}

void speech_model_free(speech_model *m)
{
    if (!m) return;
    rf_rnn_free(m->rnn);
    rf_params_free(m->params);
    speech_ear_free(&m->ear);
    speech_units_free(&m->units);
    free(m);
}

rf_node speech_model_apply(rf_graph *g, const speech_model *m, rf_node x, const int32_t *lengths,
                           const rf_sequence *first, rf_sequence *last)
{
    const rf_node h0 = first ? first->h : RF_NONE, c0 = first ? first->c : RF_NONE;
    const rf_sequence q = rf_rnn_apply(g, m->rnn, x, h0, c0, lengths);
    if (last) *last = q;
    return rf_linear_layer_apply(g, &m->out, rf_dropout(g, q.out, m->shape.dropout));
}

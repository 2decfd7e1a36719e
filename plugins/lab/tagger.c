/* lab/tagger.c -- the tagging network: parameters, loss, and one sentence step by step. */
#include "tagger.h"

#include <math.h>
#include <string.h>

rf_status lab_tagger_open(lab_tagger *m, const lab_tagger_shape *shape, const lab_sentences *text,
                          uint64_t seed, rf_error *err)
{
    const rf_index V = rf_vocab_size(text->words);
    *m = (lab_tagger){.text = text, .memory = shape->memory, .outputs = shape->outputs};
    m->spec = (rf_rnn_spec){.cell = shape->cell,
                            .input = shape->embed ? shape->embed : V,
                            .hidden = shape->hidden,
                            .layers = shape->layers,
                            .bidirectional = shape->bidirectional};
    m->state = shape->hidden * (shape->bidirectional ? 2 : 1);
    m->params = rf_params_new();
    if (!m->params) return rf_no_memory(err);
    rf_status st = RF_OK;
    if (shape->embed)
        st = rf_embedding_layer_init(&m->in, m->params, "embedding.", V, shape->embed, 1, err);
    if (st) return st;
    m->rnn = rf_rnn_new(&m->spec, m->params, "rnn.", err);
    if (!m->rnn) return RF_ENOMEM;
    st = rf_linear_layer_init(&m->out, m->params, "output.", m->state, shape->outputs, true, err);
    rf_params_init(m->params, seed);
    return st;
}

void lab_tagger_close(lab_tagger *m)
{
    rf_rnn_free(m->rnn);
    rf_params_free(m->params);
}

void lab_tagger_set_ones(lab_tagger *m)
{
    for (size_t i = 0; i < rf_params_count(m->params); i++) {
        const rf_param *p = rf_params_at(m->params, i);
        const bool bias = p->value.shape.rank == 1;
        for (rf_index k = 0; k < rf_shape_count(p->value.shape); k++) {
            rf_real *v = &p->value.data[k];
            *v = p == m->in.weight ? (rf_real)(round(10 * (double)*v) / 10 + 0.0) : !bias;
        }
    }
}

/* ids [n] -> [n,B,I] with n*B words. */
static rf_node inputs(rf_graph *g, const lab_tagger *m, const int32_t *ids, rf_index T, rf_index B)
{
    if (m->in.weight) return rf_embedding_layer_apply(g, &m->in, ids, RF_SHAPE(T, B));
    return rf_one_hot(g, m->spec.input, ids, RF_SHAPE(T, B));
}

rf_status lab_tagger_read(lab_tagger_reading *r, rf_graph *g, const lab_tagger *m,
                          const lab_sentence *sentence, rf_error *err)
{
    const rf_index n = sentence->n;
    const rf_node x =
        m->memory ? inputs(g, m, sentence->word, n, 1) : inputs(g, m, sentence->word, 1, n);
    const rf_status st = lab_steps_unroll(&r->steps, g, &m->spec, m->params, "rnn.", x, err);
    if (st) return st;
    r->in = rf_reshape(g, x, RF_SHAPE(n, m->spec.input));
    r->state = rf_reshape(g, r->steps.all.out, RF_SHAPE(n, m->state));
    r->scores = rf_linear_layer_apply(g, &m->out, r->state);
    return rf_graph_status(g, err);
}

rf_node lab_tagger_loss(rf_graph *g, const lab_tagger *m)
{
    const lab_sentences *text = m->text;
    const rf_index T = text->longest, B = text->count;
    int32_t *ids = rf_graph_alloc(g, (size_t)(2 * T * B) * sizeof *ids), *tags = ids + T * B;
    int32_t *lengths = rf_graph_alloc(g, (size_t)B * sizeof *lengths);
    if (!ids || !lengths) return RF_POISON;
    for (rf_index b = 0; b < B; b++) {
        const lab_sentence *s = &text->sentence[b];
        lengths[b] = s->n;
        for (rf_index t = 0; t < T; t++) {
            ids[t * B + b] = t < s->n ? s->word[t] : 0;
            tags[t * B + b] = t < s->n ? s->tag[t] : -1;
        }
    }
    if (!m->memory) {
        const rf_node x = inputs(g, m, ids, 1, T * B);
        const rf_sequence q = rf_rnn_apply(g, m->rnn, x, RF_NONE, RF_NONE, NULL);
        const rf_node h = rf_reshape(g, q.out, RF_SHAPE(T * B, m->state));
        return rf_cross_entropy(g, rf_linear_layer_apply(g, &m->out, h), tags);
    }
    const rf_sequence q =
        rf_rnn_apply(g, m->rnn, inputs(g, m, ids, T, B), RF_NONE, RF_NONE, lengths);
    return rf_cross_entropy(g, rf_linear_layer_apply(g, &m->out, q.out), tags);
}

/* pinyin/net.c -- building the network, its forward pass, and its parameters in a file. */
#include "net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rf_status build(py_net *n, rf_error *err)
{
    const py_net_shape *s = &n->shape;
    const rf_init uniform = {RF_INIT_UNIFORM, 1 / sqrt((double)s->hidden)};
    const rf_init zero = {RF_INIT_CONSTANT, 0};
    const rf_rnn_spec rnn = {.cell = s->cell,
                             .input = s->embed,
                             .hidden = s->hidden,
                             .layers = s->layers,
                             .dropout = n->dropout,
                             .forget_bias = 1};
    n->params = rf_params_new();
    if (!n->params) return rf_no_memory(err);
    rf_status st = rf_embedding_layer_init(&n->in, n->params, "embedding.", s->V, s->embed,
                                           s->tie ? uniform.scale : 1, err);
    if (st) return st;
    n->rnn = rf_rnn_new(&rnn, n->params, "rnn.", err);
    if (!n->rnn) return RF_EINVAL;
    n->weight =
        s->tie ? n->in.weight
               : rf_params_add(n->params, "output.weight", RF_SHAPE(s->V, s->hidden), uniform, err);
    n->bias = rf_params_add(n->params, "output.bias", RF_SHAPE(s->V), zero, err);
    return n->weight && n->bias ? RF_OK : RF_ENOMEM;
}

py_net *py_net_new(const py_net_shape *shape, double dropout, rf_error *err)
{
    py_net *n = calloc(1, sizeof *n);
    if (!n) {
        rf_no_memory(err);
        return NULL;
    }
    n->shape = *shape;
    n->dropout = dropout;
    if (!build(n, err)) return n;
    py_net_free(n);
    return NULL;
}

void py_net_free(py_net *n)
{
    if (!n) return;
    rf_rnn_free(n->rnn);
    rf_params_free(n->params);
    free(n);
}

/* ---- Forward --------------------------------------------------------------------------------- */

rf_sequence py_net_apply(rf_graph *g, const py_net *n, const rf_carried *s, const int32_t *x,
                         rf_index T, rf_index B)
{
    const rf_node e = rf_embedding_layer_apply(g, &n->in, x, RF_SHAPE(T, B));
    rf_sequence q = rf_carried_apply(g, n->rnn, rf_dropout(g, e, n->dropout), s);
    q.out = rf_dropout(g, q.out, n->dropout);
    return q;
}

rf_node py_net_loss(rf_graph *g, const py_net *n, rf_node out, const int32_t *y)
{
    return rf_linear_cross_entropy(g, out, rf_parameter(g, n->weight), rf_parameter(g, n->bias), y);
}

rf_node py_net_logp(rf_graph *g, const py_net *n, rf_node out, const int32_t *y)
{
    const rf_node logits = rf_linear(g, out, rf_parameter(g, n->weight), rf_parameter(g, n->bias));
    return rf_pick(g, rf_log_softmax(g, logits), y);
}

/* ---- The file -------------------------------------------------------------------------------- */

static rf_status store_bytes(const rf_param *p, rf_model *m, rf_error *err)
{
    const rf_index rows = p->value.shape.dim[0], cols = p->value.shape.dim[1];
    int8_t *q = malloc((size_t)(rows * cols));
    rf_real *scale = malloc((size_t)rows * sizeof *scale);
    char name[160];
    rf_status st = q && scale ? RF_OK : rf_no_memory(err);
    for (rf_index r = 0; r < rows && !st; r++) {
        const rf_real *w = p->value.data + r * cols;
        rf_real most = 0;
        for (rf_index k = 0; k < cols; k++) most = fmaxf((float)fabs(w[k]), (float)most);
        scale[r] = most > 0 ? most / 127 : 1;
        for (rf_index k = 0; k < cols; k++) q[r * cols + k] = (int8_t)lrint(w[k] / scale[r]);
    }
    snprintf(name, sizeof name, "%s.scale", p->name);
    if (!st) st = rf_model_add(m, p->name, RF_I8, p->value.shape, q, err);
    if (!st) st = rf_model_add_real(m, name, RF_F32, (rf_tensor){scale, RF_SHAPE(rows)}, err);
    free(q);
    free(scale);
    return st;
}

rf_status py_net_store(const py_net *n, rf_model *m, rf_dtype storage, bool bytes, rf_error *err)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < rf_params_count(n->params) && !st; i++) {
        const rf_param *p = rf_params_at(n->params, i);
        st = bytes && p->value.shape.rank == 2
                 ? store_bytes(p, m, err)
                 : rf_model_add_real(m, p->name, storage, p->value, err);
    }
    return st;
}

static rf_status load_bytes(rf_param *p, const rf_stored *s, const rf_model *m, rf_error *err)
{
    const rf_index rows = p->value.shape.dim[0], cols = p->value.shape.dim[1];
    const int8_t *q = s->data;
    char name[160];
    if (!rf_shape_equal(s->shape, p->value.shape))
        return rf_fail(err, RF_EFORMAT, "%s: tensor %s has another shape than its options say",
                       rf_model_name(m), p->name);
    rf_real *scale = malloc((size_t)rows * sizeof *scale);
    if (!scale) return rf_no_memory(err);
    snprintf(name, sizeof name, "%s.scale", p->name);
    const rf_status st = rf_model_get_real(m, name, (rf_tensor){scale, RF_SHAPE(rows)}, err);
    for (rf_index i = 0; i < rows * cols && !st; i++) p->value.data[i] = q[i] * scale[i / cols];
    free(scale);
    return st;
}

rf_status py_net_load(py_net *n, const rf_model *m, rf_error *err)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < rf_params_count(n->params) && !st; i++) {
        rf_param *p = rf_params_at(n->params, i);
        const rf_stored *s = rf_model_find(m, p->name);
        st = s && s->dtype == RF_I8 && p->value.shape.rank == 2
                 ? load_bytes(p, s, m, err)
                 : rf_model_get_real(m, p->name, p->value, err);
    }
    return st;
}

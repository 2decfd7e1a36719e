/* lab/classifier.c -- building the classifier and applying it. */
#include "classifier.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Sets ------------------------------------------------------------------------------------ */

bool lab_set_add(lab_set *set, rf_index start, int32_t length, int32_t item)
{
    if (set->n == set->cap) {
        const size_t cap = set->cap ? 2 * (size_t)set->cap : 256;
        if (!rf_resize(&set->start, cap, sizeof *set->start) ||
            !rf_resize(&set->lengths, cap, sizeof *set->lengths) ||
            !rf_resize(&set->item, cap, sizeof *set->item))
            return false;
        set->cap = (rf_index)cap;
    }
    set->start[set->n] = start;
    set->lengths[set->n] = length;
    set->item[set->n++] = item;
    return true;
}

void lab_set_free(lab_set *set)
{
    free(set->start);
    free(set->lengths);
    free(set->item);
    *set = (lab_set){0};
}

/* ---- The network ----------------------------------------------------------------------------- */

static rf_status add_frames(lab_classifier *m, rf_error *err)
{
    const rf_init one = {.kind = RF_INIT_CONSTANT, .scale = 1}, zero = {.kind = RF_INIT_CONSTANT};
    m->mean = rf_params_add(m->params, "input.mean", RF_SHAPE(m->I), zero, err);
    m->scale = m->mean ? rf_params_add(m->params, "input.scale", RF_SHAPE(m->I), one, err) : NULL;
    if (!m->scale) return err->status;
    m->mean->frozen = m->scale->frozen = true;
    return RF_OK;
}

static rf_status add_attention(lab_classifier *m, rf_index out, rf_error *err)
{
    const rf_index A = m->shape.attention ? m->shape.attention : out;
    const rf_init init = {.kind = RF_INIT_UNIFORM, .scale = 1 / sqrt((double)A)};
    rf_status st = rf_linear_layer_init(&m->attend, m->params, "attention.", out, A, true, err);
    m->v = st ? NULL : rf_params_add(m->params, "attention.v", RF_SHAPE(1, A), init, err);
    return m->v ? RF_OK : err->status;
}

static rf_status build_recurrent(lab_classifier *m, rf_error *err)
{
    const lab_classifier_shape *s = &m->shape;
    const rf_index in = m->tokens ? s->embed : m->I, out = s->hidden * (s->bidirectional ? 2 : 1);
    const rf_rnn_spec rnn = {.cell = s->cell,
                             .input = in,
                             .hidden = s->hidden,
                             .layers = s->layers,
                             .bidirectional = s->bidirectional,
                             .dropout = s->drop_hidden,
                             .forget_bias = s->forget_bias,
                             .chrono = s->chrono,
                             .identity = s->identity ? 1 : 0,
                             .layer_norm = s->layer_norm};
    rf_status st = RF_OK;
    if (m->tokens)
        st = rf_embedding_layer_init(&m->in, m->params, "embedding.", m->V, in, 0.1, err);
    if (st) return st;
    m->rnn = rf_rnn_new(&rnn, m->params, "rnn.", err);
    if (!m->rnn) return err->status ? err->status : RF_EINVAL;
    if (!s->per_frame && s->pool == LAB_POOL_ATTENTION) st = add_attention(m, out, err);
    return st ? st : rf_linear_layer_init(&m->out, m->params, "output.", out, m->K, true, err);
}

/* Of text, one row of K numbers a unit; their mean and a bias are the linear softmax. */
static rf_status build_baseline(lab_classifier *m, rf_error *err)
{
    const rf_init zero = {.kind = RF_INIT_CONSTANT};
    if (m->shape.network == LAB_LOGISTIC && !m->tokens)
        return rf_linear_layer_init(&m->out, m->params, "output.", m->I, m->K, true, err);
    rf_status st = RF_OK;
    if (m->shape.network == LAB_LOGISTIC)
        st = rf_embedding_layer_init(&m->in, m->params, "embedding.", m->V, m->K, 0.01, err);
    if (st) return st;
    m->out.bias = rf_params_add(m->params, "output.bias", RF_SHAPE(m->K), zero, err);
    return m->out.bias ? RF_OK : err->status;
}

static rf_status build(lab_classifier *m, rf_error *err)
{
    m->params = rf_params_new();
    if (!m->params) return rf_no_memory(err);
    rf_status st = m->tokens ? RF_OK : add_frames(m, err);
    if (st) return st;
    return m->shape.network == LAB_RECURRENT ? build_recurrent(m, err) : build_baseline(m, err);
}

lab_classifier *lab_classifier_new(const lab_classifier_shape *shape, rf_tokenizer *tokens,
                                   rf_vocab *classes, rf_index I, rf_error *err)
{
    lab_classifier *m = calloc(1, sizeof *m);
    if (!m) {
        rf_tokenizer_free(tokens);
        rf_vocab_free(classes);
        rf_no_memory(err);
        return NULL;
    }
    m->shape = *shape;
    m->tokens = tokens;
    m->classes = classes;
    m->V = tokens ? rf_tokenizer_size(tokens) : 0;
    m->I = I;
    m->K = rf_vocab_size(classes);
    if (!build(m, err)) return m;
    lab_classifier_free(m);
    return NULL;
}

void lab_classifier_free(lab_classifier *m)
{
    if (!m) return;
    rf_rnn_free(m->rnn);
    rf_params_free(m->params);
    rf_tokenizer_free(m->tokens);
    rf_vocab_free(m->classes);
    free(m->weight);
    free(m);
}

/* ---- From the training set ------------------------------------------------------------------- */

rf_status lab_classifier_standardise(lab_classifier *m, const lab_samples *s, const lab_set *set,
                                     rf_error *err)
{
    double *sum = calloc(2 * (size_t)m->I, sizeof *sum), n = 0, mean;
    double *squares = sum + m->I;
    if (!sum) return rf_no_memory(err);
    for (rf_index k = 0; k < set->n; k++) {
        const rf_real *x = s->x + set->start[k] * m->I;
        for (rf_index t = 0; t < set->lengths[k]; t++, n++)
            for (rf_index i = 0; i < m->I; i++, x++) {
                const rf_index to = m->shape.input == LAB_IMAGES ? 0 : i;
                sum[to] += *x;
                squares[to] += (double)*x * *x;
            }
    }
    if (m->shape.input == LAB_IMAGES) n *= (double)m->I;
    for (rf_index i = 0; i < m->I; i++) {
        const rf_index from = m->shape.input == LAB_IMAGES ? 0 : i;
        m->scale->value.data[i] = lab_scale(sum[from], squares[from], n, &mean);
        m->mean->value.data[i] = (rf_real)mean;
    }
    free(sum);
    return RF_OK;
}

static void count_classes(const lab_classifier *m, const lab_samples *s, const lab_set *set,
                          double *count)
{
    for (rf_index k = 0; k < set->n; k++) {
        if (!m->shape.per_frame) {
            count[s->item[set->item[k]].label]++;
            continue;
        }
        for (int32_t t = 0; t < set->lengths[k]; t++) count[s->labels.at[set->start[k] + t]]++;
    }
}

rf_status lab_classifier_count(lab_classifier *m, const lab_samples *s, const lab_set *set,
                               rf_error *err)
{
    double *count = calloc((size_t)m->K, sizeof *count), total = 0;
    m->weight = m->shape.balance ? calloc((size_t)m->K, sizeof *m->weight) : NULL;
    if (!count || (m->shape.balance && !m->weight)) {
        free(count);
        return rf_no_memory(err);
    }
    count_classes(m, s, set, count);
    for (rf_index k = 0; k < m->K; k++) total += count[k];
    for (rf_index k = 0; m->weight && k < m->K; k++)
        m->weight[k] = (rf_real)(count[k] > 0 ? total / ((double)m->K * count[k]) : 0);
    for (rf_index k = 0; m->shape.network == LAB_MAJORITY && k < m->K; k++)
        m->out.bias->value.data[k] = (rf_real)log((count[k] + 1e-3) / total);
    free(count);
    return RF_OK;
}

/* ---- Inputs ---------------------------------------------------------------------------------- */

static rf_node frames(rf_graph *g, const lab_classifier *m, const lab_samples *s,
                      const lab_set *set, const rf_bucket_batch *b)
{
    const rf_real *mean = m->mean->value.data, *scale = m->scale->value.data;
    const rf_index I = m->I;
    rf_real *x = rf_graph_alloc(g, (size_t)(b->T * b->B * I) * sizeof *x);
    for (rf_index k = 0; x && k < b->B; k++) {
        const rf_real *from = s->x + set->start[b->item[k]] * I;
        for (rf_index t = 0; t < b->T; t++) {
            rf_real *to = x + (t * b->B + k) * I;
            for (rf_index i = 0; i < I; i++)
                to[i] = t < b->lengths[k] ? (from[t * I + i] - mean[i]) * scale[i] : 0;
        }
    }
    return x ? rf_borrow(g, x, RF_SHAPE(b->T, b->B, I)) : RF_POISON;
}

static rf_node inputs(rf_graph *g, const lab_classifier *m, const lab_samples *s,
                      const lab_set *set, const rf_bucket_batch *b)
{
    if (m->shape.network == LAB_MAJORITY) return RF_NONE;
    if (!m->tokens) return frames(g, m, s, set, b);
    int32_t *ids = rf_graph_alloc(g, (size_t)(b->T * b->B) * sizeof *ids);
    if (!ids) return RF_POISON;
    rf_bucket_fill(b, s->ids.at, set->start, 0, ids);
    return rf_embedding_layer_apply(g, &m->in, ids, RF_SHAPE(b->T, b->B));
}

static const int32_t *targets(rf_graph *g, const lab_classifier *m, const lab_samples *s,
                              const lab_set *set, const rf_bucket_batch *b, rf_index *rows)
{
    const rf_index n = m->shape.per_frame ? b->T * b->B : b->B;
    int32_t *y = rf_graph_alloc(g, (size_t)n * sizeof *y);
    *rows = 0;
    if (!y) return NULL;
    if (m->shape.per_frame) rf_bucket_fill(b, s->labels.at, set->start, -1, y);
    for (rf_index k = 0; k < b->B; k++) {
        *rows += m->shape.per_frame ? b->lengths[k] : 1;
        if (!m->shape.per_frame) y[k] = s->item[set->item[b->item[k]]].label;
    }
    return y;
}

/* ---- Pooling: [T,B,F] -> [B,F] ----------------------------------------------------------------- */

/* [T,B,1]: within the sequence `inside`, beyond it `outside`. */
static rf_node mask(rf_graph *g, const rf_bucket_batch *b, bool mean, double outside)
{
    rf_real *x = rf_graph_alloc(g, (size_t)(b->T * b->B) * sizeof *x);
    for (rf_index t = 0; x && t < b->T; t++)
        for (rf_index k = 0; k < b->B; k++)
            x[t * b->B + k] = (rf_real)(t >= b->lengths[k] ? outside
                                        : mean             ? 1.0 / b->lengths[k]
                                                           : 0);
    return x ? rf_borrow(g, x, RF_SHAPE(b->T, b->B, 1)) : RF_POISON;
}

static rf_node pool_attention(rf_graph *g, const lab_classifier *m, rf_node h,
                              const rf_bucket_batch *b, rf_node *weights)
{
    const rf_node u = rf_tanh(g, rf_linear_layer_apply(g, &m->attend, h));
    const rf_node score = rf_linear(g, u, rf_parameter(g, m->v), RF_NONE);
    const rf_node turned = rf_transpose(g, rf_reshape(g, score, RF_SHAPE(b->T, b->B)), 0, 1);
    *weights = rf_masked_softmax(g, turned, b->lengths);
    const rf_node a = rf_reshape(g, rf_transpose(g, *weights, 0, 1), RF_SHAPE(b->T, b->B, 1));
    return rf_sum_dim(g, rf_mul(g, h, a), 0, false);
}

/* The last state of each direction. */
static rf_node pool_last(rf_graph *g, const lab_classifier *m, rf_node h, rf_index B)
{
    const rf_index D = m->shape.bidirectional ? 2 : 1, L = m->shape.layers;
    const rf_node top = rf_rows(g, h, (L - 1) * D, D);
    return rf_reshape(g, rf_transpose(g, top, 0, 1), RF_SHAPE(B, D * m->shape.hidden));
}

static rf_node pooled(rf_graph *g, const lab_classifier *m, rf_node h, const rf_bucket_batch *b,
                      rf_node *weights)
{
    switch (m->shape.pool) {
    case LAB_POOL_ATTENTION:
        return pool_attention(g, m, h, b, weights);
    case LAB_POOL_LAST:
        return h; /* it is that already */
    case LAB_POOL_MAX:
        return rf_max_dim(g, rf_add(g, h, mask(g, b, false, -1e9)), 0, false);
    default:
        return rf_sum_dim(g, rf_mul(g, h, mask(g, b, true, 0)), 0, false);
    }
}

/* ---- Applying -------------------------------------------------------------------------------- */

static rf_node drop(rf_graph *g, const lab_classifier *m, rf_node x)
{
    if (m->tokens) x = rf_dropout_shared(g, x, m->shape.drop_units, 2);
    return rf_dropout(g, x, m->shape.drop_input);
}

static rf_node recurrent(rf_graph *g, const lab_classifier *m, rf_node x, const rf_bucket_batch *b,
                         rf_node *weights)
{
    const rf_sequence q = rf_rnn_apply(g, m->rnn, drop(g, m, x), RF_NONE, RF_NONE, b->lengths);
    rf_node h =
        m->shape.pool == LAB_POOL_LAST && !m->shape.per_frame ? pool_last(g, m, q.h, b->B) : q.out;
    h = rf_dropout(g, h, m->shape.drop_output);
    if (!m->shape.per_frame) h = pooled(g, m, h, b, weights);
    return rf_linear_layer_apply(g, &m->out, h);
}

static rf_node baseline(rf_graph *g, const lab_classifier *m, rf_node x, const rf_bucket_batch *b)
{
    if (m->shape.network == LAB_MAJORITY) {
        const rf_shape s = m->shape.per_frame ? RF_SHAPE(b->T, b->B, m->K) : RF_SHAPE(b->B, m->K);
        return rf_add(g, rf_zeros(g, s), rf_parameter(g, m->out.bias));
    }
    if (!m->shape.per_frame) x = rf_sum_dim(g, rf_mul(g, x, mask(g, b, true, 0)), 0, false);
    if (m->tokens) return rf_add(g, x, rf_parameter(g, m->out.bias));
    return rf_linear_layer_apply(g, &m->out, x);
}

lab_classified lab_classifier_apply(rf_graph *g, const lab_classifier *m, const lab_samples *s,
                                    const lab_set *set, const rf_bucket_batch *b)
{
    lab_classified c = {.attention = RF_NONE};
    c.target = targets(g, m, s, set, b, &c.rows);
    const rf_node x = inputs(g, m, s, set, b);
    c.logits = m->shape.network == LAB_RECURRENT ? recurrent(g, m, x, b, &c.attention)
                                                 : baseline(g, m, x, b);
    return c;
}

/* Sum of w_k times -log p over the sum of w_k, k being each row's class. */
static rf_node weighted_loss(rf_graph *g, const lab_classifier *m, const lab_classified *c)
{
    const rf_shape all = rf_shape_of(g, c->logits);
    const rf_index n = all.rank ? rf_shape_count(all) / m->K : 0;
    rf_real *w = rf_graph_alloc(g, (size_t)n * sizeof *w);
    int32_t *y = rf_graph_alloc(g, (size_t)n * sizeof *y);
    double sum = 0;
    if (!n || !w || !y) return RF_POISON;
    for (rf_index i = 0; i < n; i++) {
        y[i] = c->target[i] < 0 ? 0 : c->target[i];
        w[i] = c->target[i] < 0 ? 0 : m->weight[y[i]];
        sum += w[i];
    }
    const rf_node flat = rf_reshape(g, c->logits, RF_SHAPE(n, m->K));
    const rf_node p = rf_pick(g, rf_log_softmax(g, flat), y);
    return rf_affine(g, rf_sum(g, rf_mul(g, p, rf_borrow(g, w, RF_SHAPE(n)))),
                     sum > 0 ? -1 / sum : 0, 0);
}

rf_node lab_classifier_loss(rf_graph *g, const lab_classifier *m, const lab_classified *c)
{
    if (!c->target) return RF_POISON;
    return m->weight ? weighted_loss(g, m, c) : rf_cross_entropy(g, c->logits, c->target);
}

/* seq2seq/loss.c -- what an encoder and decoder learn from: losses and probabilities of targets.
 *
 * Label smoothing needs no probabilities of its own: with logits l, the smoothed loss
 * (1 − ε) (lse − l_y) + ε (lse − mean l) is the cross-entropy plus ε (l_y − mean l), and the mean
 * logit is o · mean w + mean b. */
#include "seq2seq/seq2seq.h"

static rf_index cells(const rf_seq2seq_batch *b) { return b->T * b->B; }

rf_index rf_seq2seq_targets(const rf_seq2seq_batch *b)
{
    rf_index n = 0;
    for (rf_index i = 0; i < cells(b); i++) n += b->target[i] >= 0;
    return n;
}

/* ---- Masks --------------------------------------------------------------------------------------- */

/* Targets as indices below `limit`, 0 where there is none. */
static int32_t *indices(rf_graph *g, const rf_seq2seq_batch *b, int32_t limit)
{
    int32_t *at = rf_graph_alloc(g, (size_t)cells(b) * sizeof *at);
    for (rf_index i = 0; at && i < cells(b); i++)
        at[i] = b->target[i] >= 0 && b->target[i] < limit ? b->target[i] : 0;
    return at;
}

/* [T,B]: 1, or 1 / count with `mean`, where there is a target below `limit`; else 0. */
static rf_node mask(rf_graph *g, const rf_seq2seq_batch *b, int32_t limit, bool mean)
{
    rf_real *m = rf_graph_alloc(g, (size_t)cells(b) * sizeof *m);
    rf_index count = 0;
    if (!m) return RF_POISON;
    for (rf_index i = 0; i < cells(b); i++) count += b->target[i] >= 0 && b->target[i] < limit;
    const double one = mean && count ? 1 / (double)count : 1;
    for (rf_index i = 0; i < cells(b); i++)
        m[i] = b->target[i] >= 0 && b->target[i] < limit ? (rf_real)one : 0;
    return rf_borrow(g, m, RF_SHAPE(b->T, b->B));
}

/* [T,B,S]: 1 where copying the source token gives the target. */
static rf_node matches(rf_graph *g, const rf_seq2seq_batch *b)
{
    rf_real *m = rf_graph_alloc(g, (size_t)(cells(b) * b->S) * sizeof *m);
    if (!m) return RF_POISON;
    for (rf_index i = 0; i < cells(b); i++)
        for (rf_index s = 0; s < b->S; s++) {
            const rf_index k = i % b->B;
            m[i * b->S + s] = s < b->source_lengths[k] && b->target[i] >= 0 &&
                              b->copies[s * b->B + k] == b->target[i];
        }
    return rf_borrow(g, m, RF_SHAPE(b->T, b->B, b->S));
}

/* ---- Probabilities ------------------------------------------------------------------------------- */

static rf_node told(rf_graph *g, const rf_seq2seq *m, const rf_seq2seq_batch *b, rf_node out)
{
    const rf_node scores = rf_linear_layer_apply(g, &m->output, out);
    int32_t *at = indices(g, b, m->spec.target);
    return at ? rf_pick(g, rf_log_softmax(g, scores), at) : RF_POISON;
}

/* ln(γ p + (1 − γ) Σ a), what is impossible being 1e-10. */
static rf_node copied(rf_graph *g, const rf_seq2seq *m, const rf_seq2seq_batch *b,
                      const rfi_decoded *d)
{
    const rf_shape shape = RF_SHAPE(b->T, b->B);
    const rf_node known =
        rf_mul(g, rf_exp(g, told(g, m, b, d->out)), mask(g, b, m->spec.target, 0));
    const rf_node copy = rf_sum_dim(g, rf_mul(g, d->weights, matches(g, b)), 2, false);
    const rf_node logit = rf_linear_layer_apply(g, &m->gate, d->out);
    const rf_node gate = rf_sigmoid(g, rf_reshape(g, logit, shape));
    const rf_node other = rf_affine(g, gate, -1, 1);
    const rf_node p = rf_add(g, rf_mul(g, gate, known), rf_mul(g, other, copy));
    return rf_log(g, rf_affine(g, p, 1, 1e-10));
}

static rf_node logp_of(rf_graph *g, const rf_seq2seq *m, const rf_seq2seq_batch *b,
                       const rfi_decoded *d)
{
    return m->spec.copy ? copied(g, m, b, d) : told(g, m, b, d->out);
}

rf_forced rf_seq2seq_forced(rf_graph *g, const rf_seq2seq *m, const rf_seq2seq_batch *b)
{
    const rfi_encoded e = rfi_seq2seq_encode(g, m, b);
    const rfi_decoded d = rfi_seq2seq_decode(g, m, &e, b, b->input);
    return (rf_forced){.logp = logp_of(g, m, b, &d), .weights = d.weights};
}

/* ---- Scheduled sampling -------------------------------------------------------------------------- */

/* The inputs, some of which are the best guesses of a first pass on the given ones. */
static const int32_t *sampled(rf_graph *g, const rf_seq2seq *m, const rfi_encoded *e,
                              const rf_seq2seq_batch *b)
{
    const rf_index V = m->spec.target;
    const rf_key key = rf_graph_next_key(g);
    int32_t *mixed = rf_graph_alloc(g, (size_t)cells(b) * sizeof *mixed);
    const rfi_decoded d = rfi_seq2seq_decode(g, m, e, b, b->input);
    const rf_node scores = rf_linear_layer_apply(g, &m->output, d.out);
    if (!mixed || scores == RF_POISON) return b->input;
    const rf_real *row = rf_value(g, scores).data;
    for (rf_index i = 0; i < cells(b); i++) {
        const bool own = i >= b->B && rf_uniform(key, (uint64_t)i) < m->spec.sampling;
        const rf_real *x = row + (i - b->B) * V;
        rf_index best = 0;
        for (rf_index v = 1; own && v < V; v++)
            if (x[v] > x[best]) best = v;
        mixed[i] = own ? (int32_t)best : b->input[i];
    }
    return mixed;
}

/* ---- The loss ------------------------------------------------------------------------------------ */

/* ε (l_y − mean l), meaned over the targets. */
static rf_node smoothing(rf_graph *g, const rf_seq2seq *m, const rf_seq2seq_batch *b, rf_node out)
{
    const rf_index n = cells(b), V = m->spec.target;
    const int32_t *at = indices(g, b, m->spec.target);
    if (!at) return RF_POISON;
    const rf_node w = rf_parameter(g, m->output.weight), c = rf_parameter(g, m->output.bias);
    const rf_node share = rf_reshape(g, mask(g, b, INT32_MAX, true), RF_SHAPE(n, 1));
    const rf_node o = rf_mul(g, rf_reshape(g, out, RF_SHAPE(n, m->width)), share);
    const rf_node own = rf_sum(g, rf_mul(g, o, rf_embedding(g, w, at, RF_SHAPE(n))));
    const rf_node bias = rf_embedding(g, rf_reshape(g, c, RF_SHAPE(V, 1)), at, RF_SHAPE(n));
    const rf_node all =
        rf_sum(g, rf_mul(g, rf_sum_dim(g, o, 0, false), rf_sum_dim(g, w, 0, false)));
    const rf_node given = rf_add(g, own, rf_sum(g, rf_mul(g, share, bias)));
    const rf_node mean = rf_affine(g, rf_add(g, all, rf_sum(g, c)), 1 / (double)V, 0);
    return rf_affine(g, rf_sub(g, given, mean), m->spec.smoothing, 0);
}

static rf_node cross_entropy(rf_graph *g, const rf_seq2seq *m, const rf_seq2seq_batch *b,
                             const rfi_decoded *d)
{
    const rf_node w = rf_parameter(g, m->output.weight), c = rf_parameter(g, m->output.bias);
    const rf_node loss = rf_linear_cross_entropy(g, d->out, w, c, b->target);
    if (m->spec.smoothing <= 0 || rf_graph_mode(g) != RF_TRAIN) return loss;
    return rf_add(g, loss, smoothing(g, m, b, d->out));
}

/* λ Σ_s (1 − Σ_t a_ts)², meaned over the batch. */
static rf_node unevenness(rf_graph *g, const rf_seq2seq *m, const rf_seq2seq_batch *b,
                          rf_node weights)
{
    const rf_node told = rf_reshape(g, mask(g, b, INT32_MAX, false), RF_SHAPE(b->T, b->B, 1));
    const rf_node all = rf_sum_dim(g, rf_mul(g, weights, told), 0, false);
    const rf_node off = rf_affine(g, all, -1, 1);
    return rf_affine(g, rf_sum(g, rf_mul(g, off, off)), m->spec.even / (double)b->B, 0);
}

/* What is added of how it attended. */
static rf_node added(rf_graph *g, const rf_seq2seq *m, const rf_seq2seq_batch *b,
                     const rfi_decoded *d, rf_node loss)
{
    if (m->spec.even > 0) loss = rf_add(g, loss, unevenness(g, m, b, d->weights));
    if (d->twice == RF_NONE) return loss;
    const rf_node twice = rf_sum(g, rf_mul(g, d->twice, mask(g, b, INT32_MAX, true)));
    const double weight = m->spec.coverage_weight > 0 ? m->spec.coverage_weight : 1;
    return rf_add(g, loss, rf_affine(g, twice, weight, 0));
}

rf_node rf_seq2seq_loss(rf_graph *g, const rf_seq2seq *m, const rf_seq2seq_batch *b)
{
    const bool train = rf_graph_mode(g) == RF_TRAIN;
    const rfi_encoded e = rfi_seq2seq_encode(g, m, b);
    const int32_t *input = train && m->spec.sampling > 0 ? sampled(g, m, &e, b) : b->input;
    const rfi_decoded d = rfi_seq2seq_decode(g, m, &e, b, input);
    if (d.out == RF_POISON) return RF_POISON;
    rf_node loss;
    if (m->spec.copy) {
        const rf_node each = rf_mul(g, copied(g, m, b, &d), mask(g, b, INT32_MAX, true));
        loss = rf_affine(g, rf_sum(g, each), -1, 0);
    } else {
        loss = cross_entropy(g, m, b, &d);
    }
    return train ? added(g, m, b, &d, loss) : loss;
}

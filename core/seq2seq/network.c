/* seq2seq/network.c -- encoder and decoder on a graph.
 *
 * Between and after go by whole sequences: a recurrent layer, the attention of all steps as two
 * batched products, the layers above.  Feeding goes step by step. */
#include "seq2seq/seq2seq.h"

/* Vectors of tokens, as large as if they were drawn with deviation 1. */
static rf_node embedded(rf_graph *g, const rf_seq2seq *m, const rf_embedding_layer *table,
                        const int32_t *ids, rf_shape shape)
{
    const rf_node x = rf_embedding_layer_apply(g, table, ids, shape);
    return rf_dropout(g, rf_affine(g, x, m->loud, 0), m->spec.drop_input);
}

/* ---- Encoder ------------------------------------------------------------------------------------- */

/* Both directions' last states of the last layer: x [L*2,B,H/2] -> [B,H]. */
static rf_node last_state(rf_graph *g, rf_node x)
{
    const rf_shape s = rf_shape_of(g, x);
    if (x == RF_POISON) return x;
    const rf_index n = s.dim[1] * s.dim[2], at = (s.dim[0] - 2) * n;
    const rf_node both[] = {rf_part(g, x, at, RF_SHAPE(s.dim[1], s.dim[2])),
                            rf_part(g, x, at + n, RF_SHAPE(s.dim[1], s.dim[2]))};
    return rf_concat(g, 2, both, 1);
}

/* The decoder's first states, number `state` of each layer, from what the encoder ends with [B,H]:
 * tanh(W x + b) [layers,B,H]. */
static rf_node bridged(rf_graph *g, const rf_seq2seq *m, rf_node last, int state)
{
    const int layers = m->spec.decoder_layers, states = m->spec.cell->states;
    rf_node *first = rf_graph_alloc(g, (size_t)layers * sizeof *first);
    if (!first) return RF_POISON;
    for (int l = 0; l < layers; l++)
        first[l] = rf_tanh(g, rf_linear_layer_apply(g, &m->bridge[l * states + state], last));
    return rf_stack(g, layers, first);
}

/* The mean of the places there are: x [S,B,H] -> [B,H]. */
static rf_node mean_place(rf_graph *g, rf_node x, const rf_seq2seq_batch *b)
{
    rf_real *share = rf_graph_alloc(g, (size_t)(b->S * b->B) * sizeof *share);
    if (!share) return RF_POISON;
    for (rf_index i = 0; i < b->S * b->B; i++) {
        const int32_t n = b->source_lengths[i % b->B];
        share[i] = i / b->B < n ? 1 / (rf_real)n : 0;
    }
    const rf_node each = rf_borrow(g, share, RF_SHAPE(b->S, b->B, 1));
    return rf_sum_dim(g, rf_mul(g, x, each), 0, false);
}

/* Xu et al. 2015, equations 4 to 6 and the two after: both first states are made of the mean. */
static rfi_encoded encode_features(rf_graph *g, const rf_seq2seq *m, const rf_seq2seq_batch *b)
{
    rfi_encoded e = {.c = RF_NONE};
    e.states = rf_linear_layer_apply(g, &m->memory, b->features);
    const rf_node mean = mean_place(g, e.states, b);
    e.h = bridged(g, m, mean, 0);
    if (m->spec.cell->states > 1) e.c = bridged(g, m, mean, 1);
    return e;
}

rfi_encoded rfi_seq2seq_encode(rf_graph *g, const rf_seq2seq *m, const rf_seq2seq_batch *b)
{
    if (m->spec.features) return encode_features(g, m, b);
    const rf_node x = embedded(g, m, &m->source, b->source, RF_SHAPE(b->S, b->B));
    const rf_sequence r = rf_rnn_apply(g, m->encoder, x, RF_NONE, RF_NONE, b->source_lengths);
    rfi_encoded e = {.states = r.out, .c = RF_NONE};
    e.h = bridged(g, m, last_state(g, r.h), 0);
    if (m->spec.cell->states > 1) e.c = bridged(g, m, last_state(g, r.c), 1);
    return e;
}

/* ---- Decoder, all steps at once ------------------------------------------------------------------ */

/* o = tanh(W_c [s; c]); context RF_NONE: tanh(W_c s). */
static rf_node combined(rf_graph *g, const rf_seq2seq *m, rf_node top, rf_node context)
{
    const rf_node both[] = {top, context};
    const rf_node seen = context == RF_NONE ? top : rf_concat(g, 2, both, 2);
    const rf_node o = rf_tanh(g, rf_linear_layer_apply(g, &m->combine, seen));
    return rf_dropout(g, o, m->spec.drop_output);
}

static rf_node layers_of(rf_graph *g, rf_node states, rf_index from, rf_index count)
{
    return states == RF_NONE ? RF_NONE : rf_rows(g, states, from, count);
}

static rfi_decoded decode_between(rf_graph *g, const rf_seq2seq *m, const rfi_encoded *e,
                                  const rf_attention_memory *memory, rf_node x)
{
    const rf_index rest = m->spec.decoder_layers - 1;
    const rf_node h0 = layers_of(g, e->h, 0, 1), c0 = layers_of(g, e->c, 0, 1);
    const rf_sequence low = rf_rnn_apply(g, m->lower, x, h0, c0, NULL);
    const rf_attended a = rf_attention_layer_attend(g, &m->attention, memory, low.out);
    const rf_node both[] = {low.out, a.context};
    const rf_node seen = rf_dropout(g, rf_concat(g, 2, both, 2), m->spec.drop_hidden);
    const rf_node h1 = layers_of(g, e->h, 1, rest), c1 = layers_of(g, e->c, 1, rest);
    const rf_sequence top = rf_rnn_apply(g, m->upper, seen, h1, c1, NULL);
    const rf_node out = combined(g, m, top.out, a.context);
    return (rfi_decoded){.out = out, .weights = a.weights, .twice = RF_NONE};
}

static rfi_decoded decode_after(rf_graph *g, const rf_seq2seq *m, const rfi_encoded *e,
                                const rf_attention_memory *memory, rf_node x)
{
    const rf_sequence r = rf_rnn_apply(g, m->upper, x, e->h, e->c, NULL);
    const rf_attended a = rf_attention_layer_attend(g, &m->attention, memory, r.out);
    const rf_node out = combined(g, m, r.out, a.context);
    return (rfi_decoded){.out = out, .weights = a.weights, .twice = RF_NONE};
}

static rfi_decoded decode_alone(rf_graph *g, const rf_seq2seq *m, const rfi_encoded *e, rf_node x)
{
    const rf_sequence r = rf_rnn_apply(g, m->upper, x, e->h, e->c, NULL);
    const rf_node out = combined(g, m, r.out, RF_NONE);
    return (rfi_decoded){.out = out, .weights = RF_NONE, .twice = RF_NONE};
}

/* ---- Decoder, step by step ----------------------------------------------------------------------- */

typedef struct feeding {
    rf_node h, c, o;
    rf_node cover;                  /* [B,S] attention so far */
    rf_node *out, *weights, *twice; /* [T] */
} feeding;

/* sum over s of min(a, cover) = a - relu(a - cover): [1,B]. */
static rf_node twice_seen(rf_graph *g, rf_node a, rf_node cover)
{
    const rf_node more = rf_relu(g, rf_sub(g, a, cover));
    return rf_sum_dim(g, rf_sub(g, a, more), 2, false);
}

static void feed_step(rf_graph *g, const rf_seq2seq *m, const rf_attention_memory *memory,
                      rf_node x, rf_index t, feeding *f)
{
    const rf_shape s = rf_shape_of(g, memory->projected);
    const rf_node both[] = {rf_rows(g, x, t, 1), f->o};
    const rf_sequence r = rf_rnn_apply(g, m->upper, rf_concat(g, 2, both, 2), f->h, f->c, NULL);
    f->h = r.h;
    f->c = r.c;
    const rf_attended a =
        rf_attention_layer_attend_covered(g, &m->attention, memory, r.out, f->cover);
    f->o = f->out[t] = combined(g, m, r.out, a.context);
    f->weights[t] = a.weights;
    if (f->cover == RF_NONE || a.weights == RF_POISON) return;
    f->twice[t] = twice_seen(g, a.weights, f->cover);
    f->cover = rf_add(g, f->cover, rf_reshape(g, a.weights, RF_SHAPE(s.dim[0], s.dim[1])));
}

static rfi_decoded decode_feeding(rf_graph *g, const rf_seq2seq *m, const rfi_encoded *e,
                                  const rf_attention_memory *memory, rf_node x,
                                  const rf_seq2seq_batch *b)
{
    const size_t T = (size_t)b->T;
    rfi_decoded d = {RF_POISON, RF_POISON, RF_NONE};
    feeding f = {.h = e->h, .c = e->c, .out = rf_graph_alloc(g, 3 * T * sizeof *f.out)};
    if (!f.out) return d;
    f.weights = f.out + T;
    f.twice = f.weights + T;
    f.o = rf_zeros(g, RF_SHAPE(1, b->B, m->width));
    f.cover = m->spec.coverage ? rf_zeros(g, RF_SHAPE(b->B, b->S)) : RF_NONE;
    for (rf_index t = 0; t < b->T && f.o != RF_POISON; t++) feed_step(g, m, memory, x, t, &f);
    if (f.o == RF_POISON) return d;
    d.out = rf_concat(g, (int)T, f.out, 0);
    d.weights = rf_concat(g, (int)T, f.weights, 0);
    if (m->spec.coverage) d.twice = rf_concat(g, (int)T, f.twice, 0);
    return d;
}

/* Tokens as the decoder reads them: copied ones from V on are unknown to it. */
static const int32_t *readable(rf_graph *g, const rf_seq2seq *m, const int32_t *input, rf_index n)
{
    if (!m->spec.copy) return input;
    int32_t *ids = rf_graph_alloc(g, (size_t)n * sizeof *ids);
    for (rf_index i = 0; ids && i < n; i++)
        ids[i] = input[i] < m->spec.target ? input[i] : m->spec.unknown;
    return ids;
}

rfi_decoded rfi_seq2seq_decode(rf_graph *g, const rf_seq2seq *m, const rfi_encoded *e,
                               const rf_seq2seq_batch *b, const int32_t *input)
{
    rf_attention_memory memory = {0};
    if (rfi_seq2seq_attends(m))
        memory = rf_attention_layer_prepare(g, &m->attention, e->states, b->source_lengths);
    const int32_t *ids = readable(g, m, input, b->T * b->B);
    const rf_node x = ids ? embedded(g, m, &m->target, ids, RF_SHAPE(b->T, b->B)) : RF_POISON;
    if (!rfi_seq2seq_attends(m)) return decode_alone(g, m, e, x);
    if (m->spec.attend == RF_ATTEND_FEED) return decode_feeding(g, m, e, &memory, x, b);
    return m->spec.attend == RF_ATTEND_AFTER ? decode_after(g, m, e, &memory, x)
                                             : decode_between(g, m, e, &memory, x);
}

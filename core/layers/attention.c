/* layers/attention.c -- attention over the states of an encoder, from graph builders.
 *
 * Inside, the batch leads ([B,S,K], [B,Tq,Q]), so that every product is one batched matrix product.
 * The keys are turned and projected once (rf_attention_layer_prepare), however many queries follow;
 * with one query step, as in a decoder, turning a query is a view and costs nothing. */
#define RF_NO_PLACES
#include <refrain/layers.h>

#include "graph/tape.h"
#include "layers/layers.h"
#include <assert.h>
#include <stdio.h>

rf_status rf_attention_layer_init(rf_attention_layer *l, rf_params *ps, const char *prefix,
                                  rf_attention_kind kind, rf_index query, rf_index key,
                                  rf_index size, rf_error *err)
{
    rf_error local = {0};
    assert(l && ps && prefix);
    err = err ? err : &local;
    *l = (rf_attention_layer){.kind = kind};
    if (kind == RF_ATTENTION_DOT && query != key)
        return rf_fail(err, RF_ESHAPE, "%sattention: query size %lld and key size %lld must agree",
                       prefix, (long long)query, (long long)key);
    if (kind == RF_ATTENTION_DOT) return RF_OK;
    const rf_index rows = kind == RF_ATTENTION_GENERAL ? query : size;
    l->key =
        rfi_layer_param(ps, prefix, "key.weight", RF_SHAPE(rows, key), rfi_layer_uniform(key), err);
    if (!l->key) return err->status;
    if (kind == RF_ATTENTION_GENERAL) return RF_OK;
    l->query = rfi_layer_param(ps, prefix, "query.weight", RF_SHAPE(size, query),
                               rfi_layer_uniform(query), err);
    if (!l->query) return err->status;
    l->v = rfi_layer_param(ps, prefix, "v.weight", RF_SHAPE(1, size), rfi_layer_uniform(size), err);
    return l->v ? RF_OK : err->status;
}

/* [M,N,..] -> [N,M,..]; a view where M or N is 1. */
static rf_node turned(rf_graph *g, rf_node x)
{
    rf_shape s = rf_shape_of(g, x);
    if (x == RF_POISON) return x;
    if (s.dim[0] != 1 && s.dim[1] != 1) return rf_transpose(g, x, 0, 1);
    const rf_index first = s.dim[0];
    s.dim[0] = s.dim[1];
    s.dim[1] = first;
    return rf_reshape(g, x, s);
}

/* x, or poison with a message where x is not of rank 3. */
static rf_node of_rank_3(rf_graph *g, rf_node x, const char *what, const char *due)
{
    char shape[RF_SHAPE_TEXT], text[RF_SHAPE_TEXT + 80];
    const rf_shape s = rf_shape_of(g, x);
    if (x == RF_POISON || s.rank == 3) return x;
    snprintf(text, sizeof text, "%s %s where %s is due", what, rf_shape_text(s, shape), due);
    return rfi_poison(g, RF_ESHAPE, "attention", text);
}

static rf_node projected(rf_graph *g, rf_node x, rf_param *p)
{
    const rf_node w = rf_parameter(g, p);
    return rf_linear(g, x, w, RF_NONE);
}

rf_attention_memory rf_attention_layer_prepare(rf_graph *g, const rf_attention_layer *l,
                                               rf_node keys, const int32_t *lengths)
{
    rf_attention_memory m = {.lengths = lengths};
    m.keys = turned(g, of_rank_3(g, keys, "keys", "[S,B,K]"));
    m.projected = l->key ? projected(g, m.keys, l->key) : m.keys;
    return m;
}

rf_status rf_attention_layer_cover(rf_attention_layer *l, rf_params *ps, const char *prefix,
                                   rf_error *err)
{
    assert(l->kind == RF_ATTENTION_ADDITIVE);
    const rf_shape shape = RF_SHAPE(l->query->value.shape.dim[0]);
    l->cover = rfi_layer_param(ps, prefix, "cover.weight", shape, rfi_layer_uniform(1), err);
    return l->cover ? RF_OK : err->status;
}

/* W_k k + w_c cover: [B,S,A]. */
static rf_node covered(rf_graph *g, const rf_attention_layer *l, rf_node keys, rf_node cover)
{
    const rf_shape s = rf_shape_of(g, cover);
    if (cover == RF_NONE || cover == RF_POISON) return cover == RF_NONE ? keys : cover;
    const rf_node each = rf_reshape(g, cover, RF_SHAPE(s.dim[0], s.dim[1], 1));
    return rf_add(g, keys, rf_mul(g, each, rf_parameter(g, l->cover)));
}

/* score [Tq,B,S] = v · tanh(W_q q + W_k k), on [Tq,B,1,A] + [B,S,A]. */
static rf_node additive_score(rf_graph *g, const rf_attention_layer *l,
                              const rf_attention_memory *m, rf_node query, rf_node cover)
{
    const rf_node q = projected(g, query, l->query);
    const rf_shape s = rf_shape_of(g, q), k = rf_shape_of(g, m->projected);
    if (q == RF_POISON || m->projected == RF_POISON) return RF_POISON;
    const rf_node wide = rf_reshape(g, q, RF_SHAPE(s.dim[0], s.dim[1], 1, s.dim[2]));
    const rf_node act = rf_tanh(g, rf_add(g, wide, covered(g, l, m->projected, cover)));
    const rf_node score = projected(g, act, l->v);
    return rf_reshape(g, score, RF_SHAPE(s.dim[0], s.dim[1], k.dim[1]));
}

/* score [Tq,B,S] = q · k', k' being the keys or W k. */
static rf_node product_score(rf_graph *g, const rf_attention_memory *m, rf_node query)
{
    return turned(g, rf_matmul_turned(g, turned(g, query), false, m->projected, true));
}

rf_attended rf_attention_layer_attend_covered(rf_graph *g, const rf_attention_layer *l,
                                              const rf_attention_memory *m, rf_node query,
                                              rf_node cover)
{
    rf_attended a;
    query = of_rank_3(g, query, "query", "[Tq,B,Q]");
    const rf_node score = l->kind == RF_ATTENTION_ADDITIVE ? additive_score(g, l, m, query, cover)
                                                           : product_score(g, m, query);
    a.weights = m->lengths ? rf_masked_softmax(g, score, m->lengths) : rf_softmax(g, score);
    a.context = turned(g, rf_matmul(g, turned(g, a.weights), m->keys));
    return a;
}

rf_attended rf_attention_layer_attend(rf_graph *g, const rf_attention_layer *l,
                                      const rf_attention_memory *m, rf_node query)
{
    return rf_attention_layer_attend_covered(g, l, m, query, RF_NONE);
}

rf_attended rf_attention_layer_apply(rf_graph *g, const rf_attention_layer *l, rf_node query,
                                     rf_node keys, const int32_t *lengths)
{
    const rf_attention_memory m = rf_attention_layer_prepare(g, l, keys, lengths);
    return rf_attention_layer_attend(g, l, &m, query);
}

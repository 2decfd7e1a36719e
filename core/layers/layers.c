/* layers/layers.c -- the small layers: linear, embedding, random field, layer normalization.
 *
 * A layer is its parameters, made here in the caller's set, and one builder that applies them. */
#define RF_NO_PLACES
#include <refrain/layers.h>

#include "layers/layers.h"
#include <assert.h>
#include <math.h>

rf_param *rfi_layer_param(rf_params *ps, const char *prefix, const char *name, rf_shape shape,
                          rf_init init, rf_error *err)
{
    rf_str full = {0};
    rf_param *p = NULL;
    rf_str_put(&full, prefix);
    rf_str_put(&full, name);
    if (full.failed)
        rf_fail(err, RF_ENOMEM, "%s%s: no memory for the name", prefix, name);
    else
        p = rf_params_add(ps, full.s, shape, init, err);
    rf_str_free(&full);
    return p;
}

/* nn.Linear's first values: kaiming_uniform_ with a = sqrt(5) comes to ±1/sqrt(I). */
rf_init rfi_layer_uniform(rf_index in)
{
    return (rf_init){RF_INIT_UNIFORM, in > 0 ? 1 / sqrt((double)in) : 0};
}

/* ---- Linear ----------------------------------------------------------------------------------- */

rf_status rf_linear_layer_init(rf_linear_layer *l, rf_params *ps, const char *prefix, rf_index in,
                               rf_index out, bool bias, rf_error *err)
{
    rf_error local = {0};
    assert(l && ps && prefix);
    err = err ? err : &local;
    *l = (rf_linear_layer){0};
    const rf_init init = rfi_layer_uniform(in);
    l->weight = rfi_layer_param(ps, prefix, "weight", RF_SHAPE(out, in), init, err);
    if (!l->weight) return err->status;
    if (bias) l->bias = rfi_layer_param(ps, prefix, "bias", RF_SHAPE(out), init, err);
    return bias && !l->bias ? err->status : RF_OK;
}

rf_node rf_linear_layer_apply(rf_graph *g, const rf_linear_layer *l, rf_node x)
{
    const rf_node w = rf_parameter(g, l->weight);
    const rf_node b = l->bias ? rf_parameter(g, l->bias) : RF_NONE;
    return rf_linear(g, x, w, b);
}

/* ---- Embedding -------------------------------------------------------------------------------- */

rf_status rf_embedding_layer_init(rf_embedding_layer *l, rf_params *ps, const char *prefix,
                                  rf_index vocabulary, rf_index size, double scale, rf_error *err)
{
    rf_error local = {0};
    assert(l && ps && prefix);
    err = err ? err : &local;
    const rf_init init = {RF_INIT_NORMAL, scale};
    l->weight = rfi_layer_param(ps, prefix, "weight", RF_SHAPE(vocabulary, size), init, err);
    return l->weight ? RF_OK : err->status;
}

rf_node rf_embedding_layer_apply(rf_graph *g, const rf_embedding_layer *l, const int32_t *ids,
                                 rf_shape shape)
{
    return rf_embedding(g, rf_parameter(g, l->weight), ids, shape);
}

/* ---- Conditional random field ----------------------------------------------------------------- */

rf_status rf_crf_layer_init(rf_crf_layer *l, rf_params *ps, const char *prefix, rf_index tags,
                            const uint8_t *forbid, rf_error *err)
{
    rf_error local = {0};
    assert(l && ps && prefix);
    err = err ? err : &local;
    *l = (rf_crf_layer){.forbid = forbid};
    const rf_init init = {RF_INIT_UNIFORM, 0.1};
    const rf_shape pair = RF_SHAPE(tags, tags), one = RF_SHAPE(tags);
    l->transitions = rfi_layer_param(ps, prefix, "transitions", pair, init, err);
    if (l->transitions) l->start = rfi_layer_param(ps, prefix, "start_transitions", one, init, err);
    if (l->start) l->end = rfi_layer_param(ps, prefix, "end_transitions", one, init, err);
    return l->end ? RF_OK : err->status;
}

rf_node rf_crf_layer_loss(rf_graph *g, const rf_crf_layer *l, rf_node emissions,
                          const int32_t *lengths, const int32_t *targets)
{
    const rf_crf crf = {.transitions = rf_parameter(g, l->transitions),
                        .start = rf_parameter(g, l->start),
                        .end = rf_parameter(g, l->end),
                        .forbid = l->forbid};
    return rf_crf_loss(g, emissions, &crf, lengths, targets);
}

/* ---- Ordered binaries ------------------------------------------------------------------------- */

rf_status rf_nade_layer_init(rf_nade_layer *l, rf_params *ps, const char *prefix, rf_index in,
                             rf_index values, rf_index hidden, rf_error *err)
{
    rf_error local = {0};
    rf_str name = {0};
    assert(l && ps && prefix);
    err = err ? err : &local;
    *l = (rf_nade_layer){0};
    rf_str_printf(&name, "%svisible.", prefix);
    rf_status st = name.failed ? rf_fail(err, RF_ENOMEM, "no memory for the name") : RF_OK;
    if (!st) st = rf_linear_layer_init(&l->visible, ps, name.s, in, values, true, err);
    rf_str_clear(&name);
    rf_str_printf(&name, "%shidden.", prefix);
    if (!st && name.failed) st = rf_fail(err, RF_ENOMEM, "no memory for the name");
    if (!st) st = rf_linear_layer_init(&l->hidden, ps, name.s, in, hidden, true, err);
    rf_str_free(&name);
    if (st) return st;
    const rf_init init = rfi_layer_uniform(hidden);
    const rf_shape pair = RF_SHAPE(values, hidden);
    l->w = rfi_layer_param(ps, prefix, "w", pair, init, err);
    if (l->w) l->u = rfi_layer_param(ps, prefix, "u", pair, init, err);
    return l->u ? RF_OK : err->status;
}

rf_node rf_nade_layer_apply(rf_graph *g, const rf_nade_layer *l, rf_node x, rf_node v)
{
    const rf_node b = rf_linear_layer_apply(g, &l->visible, x);
    const rf_node c = rf_linear_layer_apply(g, &l->hidden, x);
    return rf_nade(g, b, c, rf_parameter(g, l->w), rf_parameter(g, l->u), v);
}

/* ---- Layer normalization ---------------------------------------------------------------------- */

rf_status rf_norm_layer_init(rf_norm_layer *l, rf_params *ps, const char *prefix, rf_index size,
                             rf_error *err)
{
    rf_error local = {0};
    assert(l && ps && prefix);
    err = err ? err : &local;
    *l = (rf_norm_layer){0};
    const rf_init one = {RF_INIT_CONSTANT, 1}, zero = {RF_INIT_CONSTANT, 0};
    l->weight = rfi_layer_param(ps, prefix, "weight", RF_SHAPE(size), one, err);
    if (l->weight) l->bias = rfi_layer_param(ps, prefix, "bias", RF_SHAPE(size), zero, err);
    return l->bias ? RF_OK : err->status;
}

rf_node rf_norm_layer_apply(rf_graph *g, const rf_norm_layer *l, rf_node x)
{
    const rf_node gain = rf_parameter(g, l->weight);
    const rf_node bias = rf_parameter(g, l->bias);
    return rf_layer_norm(g, x, gain, bias, 1e-5);
}

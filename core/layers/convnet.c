/* layers/convnet.c -- convolutional networks: the layers, their parameters and the way through them.
 *
 * Invariant: a layer's inputs come before it; sizes that do not depend on the pictures are checked
 * when the network is made, the others by the ops. */
#define RF_NO_PLACES
#include <refrain/convnet.h>

#include "graph/tape.h"
#include "layers/layers.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { CHANNELS_MOST = 65536, WINDOW_MOST = 255, WEIGHTS_MOST = 1 << 28 };

typedef struct layer layer;
typedef rf_node build_fn(rf_graph *g, const layer *l, rf_node x, rf_node other);

/* channels: those that come out; input, other: outputs by their number, 0 being the pictures. */
struct layer {
    rf_convnet_row row; /* complete */
    build_fn *build;
    rf_index channels;
    int input, other; /* other: of ADD */
    rf_conv conv;
    rf_pool pool;
    rf_param *weight, *bias;             /* of the convolution */
    rf_param *gain, *shift, *mean, *var; /* of its normalisation, or NULL */
};

struct rf_convnet {
    rf_index input;
    int layers;
    layer layer[];
};

/* ---- The way through a layer ---------------------------------------------------------------------- */

static rf_node activate(rf_graph *g, rf_conv_act act, rf_node x)
{
    if (act == RF_CONV_LINEAR) return x;
    const rf_node y = rf_relu(g, x);
    if (act == RF_CONV_RELU) return y;
    return rf_sub(g, y, rf_relu(g, rf_affine(g, x, 1, -6))); /* min(y, 6) */
}

/* The running statistics move towards those of the node y, variances times R / (R - 1). */
static void move_statistics(rf_graph *g, const layer *l, rf_node y)
{
    const rf_real *mean, *var, part = (rf_real)RF_CONVNET_MOMENTUM;
    if (!rf_batch_norm_statistics(g, y, &mean, &var)) return;
    const rf_real R = (rf_real)(rf_shape_count(rf_shape_of(g, y)) / l->channels);
    const rf_real unbiased = R > 1 ? R / (R - 1) : 1;
    for (rf_index k = 0; k < l->channels; k++) {
        l->mean->value.data[k] += part * (mean[k] - l->mean->value.data[k]);
        l->var->value.data[k] += part * (unbiased * var[k] - l->var->value.data[k]);
    }
}

static rf_node normed_by_batch(rf_graph *g, const layer *l, rf_node x)
{
    rf_conv conv = l->conv;
    conv.act = RF_CONV_LINEAR;
    const rf_node y = rf_conv2d(g, x, rf_parameter(g, l->weight), RF_NONE, &conv);
    const rf_node gain = rf_parameter(g, l->gain), shift = rf_parameter(g, l->shift);
    const rf_node z = rf_batch_norm_act(g, y, gain, shift, RF_CONVNET_EPS, l->conv.act);
    move_statistics(g, l, z);
    return z;
}

/* gain (w * x - mean) / s + shift = (w gain / s) * x + (shift - mean gain / s), s = sqrt(var + eps). */
static rf_node normed_by_running(rf_graph *g, const layer *l, rf_node x)
{
    const rf_node s = rf_sqrt(g, rf_affine(g, rf_parameter(g, l->var), 1, RF_CONVNET_EPS));
    const rf_node scale = rf_div(g, rf_parameter(g, l->gain), s);
    const rf_node each = rf_reshape(g, scale, RF_SHAPE(l->channels, 1, 1, 1));
    const rf_node w = rf_mul(g, rf_parameter(g, l->weight), each);
    const rf_node low = rf_mul(g, rf_parameter(g, l->mean), scale);
    return rf_conv2d(g, x, w, rf_sub(g, rf_parameter(g, l->shift), low), &l->conv);
}

static rf_node build_conv(rf_graph *g, const layer *l, rf_node x, rf_node other)
{
    (void)other;
    if (l->row.plain)
        return rf_conv2d(g, x, rf_parameter(g, l->weight), rf_parameter(g, l->bias), &l->conv);
    return rf_graph_mode(g) == RF_TRAIN ? normed_by_batch(g, l, x) : normed_by_running(g, l, x);
}

static rf_node build_max(rf_graph *g, const layer *l, rf_node x, rf_node other)
{
    (void)other;
    return rf_max_pool(g, x, &l->pool);
}

static rf_node build_mean(rf_graph *g, const layer *l, rf_node x, rf_node other)
{
    (void)other;
    return rf_mean_pool(g, x, &l->pool);
}

static rf_node build_add(rf_graph *g, const layer *l, rf_node x, rf_node other)
{
    const rf_shape a = rf_shape_of(g, x), b = rf_shape_of(g, other);
    char left[RF_SHAPE_TEXT], right[RF_SHAPE_TEXT], text[2 * RF_SHAPE_TEXT + 32];
    if (x == RF_POISON || other == RF_POISON || rf_shape_equal(a, b))
        return activate(g, l->row.act, rf_add(g, x, other));
    snprintf(text, sizeof text, "%s and %s are not alike", rf_shape_text(a, left),
             rf_shape_text(b, right));
    return rfi_poison(g, RF_ESHAPE, "add", text);
}

static rf_node build_global(rf_graph *g, const layer *l, rf_node x, rf_node other)
{
    (void)other;
    return rf_reshape(g, rf_global_mean_pool(g, x),
                      RF_SHAPE(rf_shape_of(g, x).dim[0], 1, 1, l->channels));
}

/* What a kind is: how it is built; its window and stride unless said. */
static const struct kind {
    build_fn *build;
    int32_t window, stride;
    bool weighs, pools;
} kinds[] = {[RF_CONVNET_CONV] = {build_conv, 3, 1, true, false},
             [RF_CONVNET_DEPTHWISE] = {build_conv, 3, 1, true, false},
             [RF_CONVNET_MAX_POOL] = {build_max, 0, 2, false, true},
             [RF_CONVNET_MEAN_POOL] = {build_mean, 0, 2, false, true},
             [RF_CONVNET_ADD] = {build_add, 1, 1, false, false},
             [RF_CONVNET_GLOBAL_MEAN] = {build_global, 1, 1, false, false}};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* ---- Making ------------------------------------------------------------------------------------------ */

static rf_status wrong(int i, const char *what, long long is, rf_error *err)
{
    return rf_fail(err, RF_EINVAL, "layer %d: %s: %lld", i, what, is);
}

static void complete(layer *l, rf_index channels)
{
    const struct kind *k = &kinds[l->row.kind];
    rf_convnet_row *r = &l->row;
    if (!r->stride) r->stride = k->stride;
    if (!r->window) r->window = k->pools ? r->stride : k->window;
    if (!r->groups) r->groups = 1;
    if (r->kind == RF_CONVNET_DEPTHWISE) r->groups = (int32_t)channels;
    l->channels = r->kind == RF_CONVNET_CONV ? r->channels : channels;
    const int32_t pad = r->window > r->stride || k->weighs ? (r->window - 1) / 2 : 0;
    l->conv = (rf_conv){{r->stride, r->stride}, {pad, pad, pad, pad}, r->groups, r->act};
    l->pool = (rf_pool){{r->window, r->window}, {r->stride, r->stride}, {pad, pad, pad, pad}};
    l->build = k->build;
}

/* Which outputs layer i reads, its row being completed by what they have. */
static rf_status connect(rf_convnet *net, int i, rf_error *err)
{
    layer *l = &net->layer[i];
    const rf_convnet_row *r = &l->row;
    if ((unsigned)r->kind >= KINDS) return wrong(i, "there is no such kind", r->kind, err);
    if ((unsigned)r->act > RF_CONV_RELU6)
        return wrong(i, "there is no such activation", r->act, err);
    if (r->back < 0 || r->back > i) return wrong(i, "there is no layer so far back", r->back, err);
    l->other = i - r->back;
    l->input = r->kind == RF_CONVNET_ADD ? i : l->other;
    const rf_index C = l->input ? net->layer[l->input - 1].channels : net->input;
    const rf_index D = l->other ? net->layer[l->other - 1].channels : net->input;
    if (C != D) return wrong(i, "what is added has another number of channels", D, err);
    complete(l, C);
    if (l->channels < 1 || l->channels > CHANNELS_MOST)
        return wrong(i, "channels should be from 1 to 65536", l->channels, err);
    if (r->window < 1 || r->window > WINDOW_MOST)
        return wrong(i, "the window should be from 1 to 255", r->window, err);
    if (r->stride < 1 || r->stride > WINDOW_MOST)
        return wrong(i, "the stride should be from 1 to 255", r->stride, err);
    if (r->groups < 1 || C % r->groups || l->channels % r->groups)
        return wrong(i, "channels are no multiple of the groups", r->groups, err);
    const rf_index weights = l->channels * (C / r->groups) * r->window * r->window;
    if (kinds[r->kind].weighs && weights > WEIGHTS_MOST)
        return wrong(i, "there are more weights than 2^28", weights, err);
    return RF_OK;
}

static rf_param *add(rf_params *ps, const char *prefix, const char *name, rf_shape shape,
                     rf_init init, rf_error *err)
{
    return err->status ? NULL : rfi_layer_param(ps, prefix, name, shape, init, err);
}

static rf_status add_params(layer *l, rf_index channels, rf_params *ps, const char *prefix,
                            rf_error *err)
{
    const rf_init none = {RF_INIT_CONSTANT, 0}, one = {RF_INIT_CONSTANT, 1};
    const rf_shape each = RF_SHAPE(l->channels);
    const rf_index k = l->row.window, in = channels / l->row.groups;
    const rf_init he = {RF_INIT_NORMAL, sqrt(2 / (double)(k * k * in))};
    l->weight = add(ps, prefix, "conv.weight", RF_SHAPE(l->channels, k, k, in), he, err);
    if (l->row.plain) l->bias = add(ps, prefix, "conv.bias", each, none, err);
    if (l->row.plain) return err->status;
    l->gain = add(ps, prefix, "norm.weight", each, one, err);
    l->shift = add(ps, prefix, "norm.bias", each, none, err);
    l->mean = add(ps, prefix, "norm.running_mean", each, none, err);
    l->var = add(ps, prefix, "norm.running_var", each, one, err);
    if (!err->status) l->mean->frozen = l->var->frozen = true;
    return err->status;
}

static rf_status make_layer(rf_convnet *net, int i, rf_params *ps, const char *prefix,
                            rf_error *err)
{
    layer *l = &net->layer[i];
    rf_str name = {0};
    rf_status st = connect(net, i, err);
    if (st || !kinds[l->row.kind].weighs) return st;
    rf_str_printf(&name, "%s%d.", prefix, i);
    const rf_index C = l->input ? net->layer[l->input - 1].channels : net->input;
    st = name.failed ? rf_fail(err, RF_ENOMEM, "no memory for the name")
                     : add_params(l, C, ps, name.s, err);
    rf_str_free(&name);
    return st;
}

rf_convnet *rf_convnet_new(const rf_convnet_spec *spec, rf_params *ps, const char *prefix,
                           rf_error *err)
{
    rf_error local = {0};
    rf_status st = RF_OK;
    assert(spec && ps && prefix);
    err = err ? err : &local;
    *err = (rf_error){0};
    if (spec->layers < 1 || spec->layers > RF_CONVNET_LAYERS || spec->input < 1 ||
        spec->input > CHANNELS_MOST) {
        rf_fail(err, RF_EINVAL, "%d layers over %lld channels: 1 to %d and 1 to %d are due",
                spec->layers, (long long)spec->input, RF_CONVNET_LAYERS, CHANNELS_MOST);
        return NULL;
    }
    rf_convnet *net = calloc(1, sizeof *net + (size_t)spec->layers * sizeof *net->layer);
    if (!net) st = rf_fail(err, RF_ENOMEM, "no memory for a network");
    if (net) net->input = spec->input;
    for (int i = 0; i < spec->layers && !st; i++) {
        net->layer[net->layers++].row = spec->row[i];
        st = make_layer(net, i, ps, prefix, err);
    }
    if (!st) return net;
    rf_convnet_free(net);
    return NULL;
}

void rf_convnet_free(rf_convnet *net) { free(net); }

/* ---- Use ------------------------------------------------------------------------------------------------ */

static rf_index side_after(const layer *l, rf_index n)
{
    if (l->row.kind == RF_CONVNET_GLOBAL_MEAN) return 1;
    if (l->row.kind == RF_CONVNET_ADD) return n;
    const rf_index room = n + 2 * l->conv.pad[0] - l->row.window;
    return room < 0 ? 0 : room / l->row.stride + 1;
}

bool rf_convnet_size(const rf_convnet *net, rf_index rows, rf_index columns, rf_index out[3])
{
    rf_index size[RF_CONVNET_LAYERS + 1][2] = {{rows, columns}};
    for (int i = 0; i < net->layers; i++) {
        const layer *l = &net->layer[i];
        for (int side = 0; side < 2; side++) {
            size[i + 1][side] = side_after(l, size[l->input][side]);
            if (size[i + 1][side] < 1) return false;
            if (l->row.kind == RF_CONVNET_ADD && size[l->other][side] != size[i + 1][side])
                return false;
        }
    }
    out[0] = size[net->layers][0], out[1] = size[net->layers][1];
    out[2] = net->layer[net->layers - 1].channels;
    return true;
}

rf_node rf_convnet_forward(rf_graph *g, const rf_convnet *net, rf_node images)
{
    rf_node out[RF_CONVNET_LAYERS + 1] = {images};
    for (int i = 0; i < net->layers; i++) {
        const layer *l = &net->layer[i];
        out[i + 1] = l->build(g, l, out[l->input], out[l->other]);
    }
    return out[net->layers];
}

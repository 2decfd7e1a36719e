/* caption/encoder.c -- see encoder.h. */
#include "encoder.h"

#include <jansson.h>
#include <refrain/io.h>
#include <refrain/model.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 64, LAYERS_MOST = 4096, SIDE_MOST = 4096 };

typedef struct layer layer;

/* Adds a layer's node; `in` are its inputs. */
typedef rf_node build_fn(const layer *l, rf_graph *g, const rf_node *in);

struct layer {
    char output[NAME];
    build_fn *build;
    int input[2]; /* 0: the picture, else 1 + the number of a layer before */
    rf_param *weight, *bias;
    rf_conv conv;
    rf_pool pool;
};

struct cap_encoder {
    char name[NAME];
    int height, width;
    rf_real mean[3], scale[3];
    int layers, output[CAP_OUTPUTS]; /* numbers of layers, -1: none */
    layer *layer;
    rf_params *params;
    rf_arena *names;
    rf_str text; /* of the labels, each ended by a NUL */
    rf_index labels;
    const char **label;
};

/* What reading needs besides. */
typedef struct reading {
    cap_encoder *e;
    const char *file; /* model.json */
    const rf_model *weights;
    rf_error *err;
} reading;

/* ---- Layers ------------------------------------------------------------------------------------- */

static rf_node parameter(rf_graph *g, rf_param *p) { return p ? rf_parameter(g, p) : RF_NONE; }

static rf_node build_conv(const layer *l, rf_graph *g, const rf_node *in)
{
    return rf_conv2d(g, in[0], parameter(g, l->weight), parameter(g, l->bias), &l->conv);
}

static rf_node activate(const layer *l, rf_graph *g, rf_node x)
{
    if (l->conv.act == RF_CONV_LINEAR) return x;
    const rf_node y = rf_relu(g, x);
    if (l->conv.act == RF_CONV_RELU) return y;
    return rf_sub(g, y, rf_relu(g, rf_affine(g, x, 1, -6))); /* min(y, 6) */
}

static rf_node build_linear(const layer *l, rf_graph *g, const rf_node *in)
{
    return activate(l, g, rf_linear(g, in[0], parameter(g, l->weight), parameter(g, l->bias)));
}

static rf_node build_add(const layer *l, rf_graph *g, const rf_node *in)
{
    return activate(l, g, rf_add(g, in[0], in[1]));
}

static rf_node build_max(const layer *l, rf_graph *g, const rf_node *in)
{
    return rf_max_pool(g, in[0], &l->pool);
}

static rf_node build_mean(const layer *l, rf_graph *g, const rf_node *in)
{
    return rf_mean_pool(g, in[0], &l->pool);
}

static rf_node build_global(const layer *l, rf_graph *g, const rf_node *in)
{
    return (void)l, rf_global_mean_pool(g, in[0]);
}

static rf_node build_softmax(const layer *l, rf_graph *g, const rf_node *in)
{
    return (void)l, rf_softmax(g, in[0]);
}

/* inputs: how many; rank: of the weights, 0: it has none. */
static const struct kind {
    const char *op;
    build_fn *build;
    int inputs, rank;
    bool window;
} kinds[] = {{"conv2d", build_conv, 1, 4, false},
             {"depthwise_conv2d", build_conv, 1, 4, false},
             {"linear", build_linear, 1, 2, false},
             {"add", build_add, 2, 0, false},
             {"max_pool", build_max, 1, 0, true},
             {"avg_pool", build_mean, 1, 0, true},
             {"global_avg_pool", build_global, 1, 0, false},
             {"softmax", build_softmax, 1, 0, false}};

/* ---- Reading model.json --------------------------------------------------------------------------- */

static rf_status wrong(const reading *r, const char *where, const char *what)
{
    return rf_fail(r->err, RF_EFORMAT, "%s: %s: %s", r->file, where, what);
}

/* n whole numbers of an array, each from least to 4096; without the key those in `out` stay. */
static bool integers(json_t *o, const char *key, int n, int least, int32_t *out)
{
    json_t *a = json_object_get(o, key);
    if (!a) return true;
    if (!json_is_array(a) || json_array_size(a) != (size_t)n) return false;
    for (int i = 0; i < n; i++) {
        json_t *v = json_array_get(a, (size_t)i);
        const json_int_t x = json_integer_value(v);
        if (!json_is_integer(v) || x < least || x > SIDE_MOST) return false;
        out[i] = (int32_t)x;
    }
    return true;
}

/* The number of a layer by the name of its output, counted from 1; 0: the picture; -1: none. */
static int number_of(const cap_encoder *e, const char *name)
{
    if (!name) return -1;
    if (!strcmp(name, "input")) return 0;
    for (int i = e->layers; i-- > 0;)
        if (!strcmp(e->layer[i].output, name)) return i + 1;
    return -1;
}

/* [O,C,kh,kw] as [O,kh,kw,C]. */
static void channels_last(const rf_real *from, rf_shape s, rf_real *to)
{
    const rf_index C = s.dim[1], cells = s.dim[2] * s.dim[3];
    for (rf_index o = 0; o < s.dim[0]; o++, from += C * cells)
        for (rf_index i = 0; i < cells; i++)
            for (rf_index c = 0; c < C; c++) *to++ = from[c * cells + i];
}

/* A tensor of the weights as a parameter; rank 4: turned. */
static rf_status read_tensor(const reading *r, const char *name, int rank, rf_param **out)
{
    const rf_stored *s = rf_model_find(r->weights, name);
    if (!s)
        return rf_fail(r->err, RF_EFORMAT, "%s: tensor %s is missing", rf_model_name(r->weights),
                       name);
    rf_shape shape = s->shape;
    if (shape.rank != rank)
        return rf_fail(r->err, RF_EFORMAT, "%s: tensor %s has %d dimensions where %d are due",
                       rf_model_name(r->weights), name, shape.rank, rank);
    if (rank == 4) shape = RF_SHAPE(shape.dim[0], shape.dim[2], shape.dim[3], shape.dim[1]);
    const char *kept = rf_arena_strdup(r->e->names, name);
    if (!kept) return rf_no_memory(r->err);
    rf_param *p = rf_params_add(r->e->params, kept, shape, (rf_init){0}, r->err);
    if (!p) return r->err->status;
    p->frozen = true;
    *out = p;
    if (rank < 4) return rf_model_get_real(r->weights, name, p->value, r->err);
    rf_real *raw = rf_aligned_alloc((size_t)rf_shape_count(shape), sizeof *raw);
    if (!raw) return rf_no_memory(r->err);
    const rf_status st = rf_model_get_real(r->weights, name, (rf_tensor){raw, s->shape}, r->err);
    if (!st) channels_last(raw, s->shape, p->value.data);
    rf_aligned_free(raw);
    return st;
}

static rf_status read_weights(const reading *r, json_t *o, const struct kind *k, layer *l)
{
    const char *weight = json_string_value(json_object_get(o, "weight"));
    const char *bias = json_string_value(json_object_get(o, "bias"));
    if (!k->rank) return RF_OK;
    if (!weight) return wrong(r, l->output, "\"weight\" names no tensor");
    rf_status st = read_tensor(r, weight, k->rank, &l->weight);
    if (!st && bias) st = read_tensor(r, bias, 1, &l->bias);
    return st;
}

static rf_status read_numbers(const reading *r, json_t *o, const struct kind *k, layer *l)
{
    static const char *const acts[] = {"none", "relu", "relu6"};
    const char *act = json_string_value(json_object_get(o, "activation"));
    json_t *groups = json_object_get(o, "groups");
    l->conv =
        (rf_conv){.stride = {1, 1}, .groups = groups ? (int32_t)json_integer_value(groups) : 1};
    if (!integers(o, "stride", 2, 1, l->conv.stride) || !integers(o, "pad", 4, 0, l->conv.pad))
        return wrong(r, l->output, "\"stride\" and \"pad\" should be two and four whole numbers");
    l->pool = (rf_pool){.window = {0, 0}};
    memcpy(l->pool.stride, l->conv.stride, sizeof l->pool.stride);
    memcpy(l->pool.pad, l->conv.pad, sizeof l->pool.pad);
    if (k->window &&
        (!json_object_get(o, "kernel") || !integers(o, "kernel", 2, 1, l->pool.window)))
        return wrong(r, l->output, "\"kernel\" should be two whole numbers");
    for (int i = 0; act && i < 3; i++)
        if (!strcmp(act, acts[i])) {
            l->conv.act = (rf_conv_act)i;
            act = NULL;
        }
    return act ? wrong(r, l->output, "\"activation\" is neither none, relu nor relu6") : RF_OK;
}

static rf_status read_layer(const reading *r, json_t *o)
{
    cap_encoder *e = r->e;
    layer *l = &e->layer[e->layers];
    const char *op = json_string_value(json_object_get(o, "op"));
    const char *output = json_string_value(json_object_get(o, "output"));
    const struct kind *k = NULL;
    if (!output || !*output || strlen(output) >= NAME)
        return wrong(r, "layers", "each has an \"output\", a name of up to 63 bytes");
    strcpy(l->output, output);
    for (size_t i = 0; op && i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(op, kinds[i].op)) k = &kinds[i];
    if (!k) return wrong(r, output, "\"op\" is none that is known");
    if (number_of(e, output) >= 0) return wrong(r, output, "two layers have this output");
    json_t *inputs = json_object_get(o, "inputs");
    if (json_array_size(inputs) != (size_t)k->inputs)
        return wrong(r, output, "has another number of inputs than its op");
    for (int i = 0; i < k->inputs; i++) {
        l->input[i] = number_of(e, json_string_value(json_array_get(inputs, (size_t)i)));
        if (l->input[i] < 0) return wrong(r, output, "an input is no layer before it");
    }
    l->build = k->build;
    rf_status st = read_numbers(r, o, k, l);
    if (!st) st = read_weights(r, o, k, l);
    e->layers += !st;
    return st;
}

static rf_status read_input(const reading *r, json_t *o)
{
    cap_encoder *e = r->e;
    int32_t shape[3] = {0};
    if (!json_object_get(o, "shape") || !integers(o, "shape", 3, 1, shape) || shape[0] != 3)
        return wrong(r, "input", "\"shape\" should be [3, rows, columns]");
    e->height = shape[1], e->width = shape[2];
    for (int c = 0; c < 3; c++) {
        json_t *mean = json_array_get(json_object_get(o, "mean"), (size_t)c);
        json_t *scale = json_array_get(json_object_get(o, "scale"), (size_t)c);
        if (!json_is_number(mean) || !json_is_number(scale))
            return wrong(r, "input", "\"mean\" and \"scale\" should be three numbers each");
        e->mean[c] = (rf_real)json_number_value(mean);
        e->scale[c] = (rf_real)json_number_value(scale);
    }
    return RF_OK;
}

static rf_status read_outputs(const reading *r, json_t *o)
{
    static const char *const keys[] = {"feature_map", "features", "prob"};
    for (int i = 0; i < CAP_OUTPUTS; i++) {
        json_t *v = json_object_get(o, keys[i]);
        r->e->output[i] = v ? number_of(r->e, json_string_value(v)) - 1 : -1;
        if (v && r->e->output[i] < 0) return wrong(r, "outputs", "names a layer that is not there");
    }
    return RF_OK;
}

static rf_status read_json(const reading *r, json_t *root)
{
    cap_encoder *e = r->e;
    json_t *layers = json_object_get(root, "layers");
    const char *name = json_string_value(json_object_get(root, "name"));
    const size_t n = json_array_size(layers);
    if (!n || n > LAYERS_MOST) return wrong(r, "layers", "from 1 to 4096 are due");
    snprintf(e->name, sizeof e->name, "%s", name ? name : "encoder");
    e->layer = calloc(n, sizeof *e->layer);
    if (!e->layer) return rf_no_memory(r->err);
    rf_status st = read_input(r, json_object_get(root, "input"));
    for (size_t i = 0; i < n && !st; i++) st = read_layer(r, json_array_get(layers, i));
    return st ? st : read_outputs(r, json_object_get(root, "outputs"));
}

/* ---- Opening ---------------------------------------------------------------------------------------- */

/* Lines of labels.txt; an encoder without it has none. */
static rf_status read_labels(cap_encoder *e, const char *path, rf_error *err)
{
    FILE *there = fopen(path, "rb");
    if (!there) return RF_OK;
    fclose(there);
    rf_status st = rf_file_read(path, 16 << 20, &e->text, err);
    if (!st) st = rf_utf8_check(e->text.s, e->text.n, path, err);
    size_t n = 1;
    for (size_t i = 0; !st && i < e->text.n; i++) n += e->text.s[i] == '\n';
    e->label = st ? NULL : calloc(n, sizeof *e->label);
    if (!st && !e->label) st = rf_no_memory(err);
    for (char *at = e->text.s; !st && at && *at;) {
        char *end = strchr(at, '\n');
        if (end) *end++ = 0;
        at[strcspn(at, "\r")] = 0;
        e->label[e->labels++] = at;
        at = end;
    }
    return st;
}

static rf_status read_folder(cap_encoder *e, const char *folder, rf_error *err)
{
    rf_str path = {0}, text = {0}, weights = {0}, labels = {0};
    rf_str_printf(&path, "%s/model.json", folder);
    rf_str_printf(&weights, "%s/model.safetensors", folder);
    rf_str_printf(&labels, "%s/labels.txt", folder);
    rf_model *m = NULL;
    json_t *root = NULL;
    json_error_t at;
    rf_status st = path.failed || weights.failed || labels.failed ? RF_ENOMEM : RF_OK;
    if (!st) st = rf_file_read(path.s, 16 << 20, &text, err);
    if (!st && !(root = json_loadb(text.s, text.n, 0, &at)))
        st = rf_fail(err, RF_EFORMAT, "%s:%d: %s", path.s, at.line, at.text);
    if (!st && !(m = rf_model_read(weights.s, err))) st = err->status;
    if (!st) st = read_json(&(reading){e, path.s, m, err}, root);
    if (!st) st = read_labels(e, labels.s, err);
    json_decref(root);
    rf_model_free(m);
    rf_str_free(&path);
    rf_str_free(&text);
    rf_str_free(&weights);
    rf_str_free(&labels);
    return st;
}

cap_encoder *cap_encoder_open(const char *folder, rf_error *err)
{
    rf_error local = {0};
    cap_encoder *e = calloc(1, sizeof *e);
    if (!err) err = &local;
    if (e) e->params = rf_params_new(), e->names = rf_arena_new(1 << 14);
    if (!e || !e->params || !e->names)
        rf_no_memory(err);
    else if (!read_folder(e, folder, err))
        return e;
    cap_encoder_free(e);
    return NULL;
}

void cap_encoder_free(cap_encoder *e)
{
    if (!e) return;
    rf_params_free(e->params);
    rf_arena_free(e->names);
    rf_str_free(&e->text);
    free(e->label);
    free(e->layer);
    free(e);
}

/* ---- Use ------------------------------------------------------------------------------------------------ */

const char *cap_encoder_name(const cap_encoder *e) { return e->name; }

void cap_encoder_size(const cap_encoder *e, int *height, int *width)
{
    *height = e->height, *width = e->width;
}

rf_index cap_encoder_labels(const cap_encoder *e) { return e->labels; }

const char *cap_encoder_label(const cap_encoder *e, rf_index k) { return e->label[k]; }

rf_params *cap_encoder_params(cap_encoder *e) { return e->params; }

void cap_encoder_scale(const cap_encoder *e, const cap_image *im, rf_real *x)
{
    const size_t n = 3 * (size_t)im->width * (size_t)im->height;
    for (size_t i = 0; i < n; i++) x[i] = ((rf_real)im->rgb[i] - e->mean[i % 3]) * e->scale[i % 3];
}

void cap_encoder_build(cap_encoder *e, rf_graph *g, rf_node x, int most, rf_node out[CAP_OUTPUTS])
{
    rf_node *node = rf_graph_alloc(g, (size_t)(e->layers + 1) * sizeof *node);
    int last = -1;
    for (int i = 0; i <= most; i++)
        if (e->output[i] > last) last = e->output[i];
    for (int i = 0; node && i <= last; i++) {
        const layer *l = &e->layer[i];
        if (i == 0) node[0] = x;
        const rf_node in[] = {node[l->input[0]], node[l->input[1]]};
        node[i + 1] = rf_name(g, l->build(l, g, in), l->output);
    }
    for (int i = 0; i < CAP_OUTPUTS; i++)
        out[i] = node && i <= most && e->output[i] >= 0 ? node[e->output[i] + 1] : RF_NONE;
}

/* caption/encode.c -- the verb encode: pictures to classes and to features. */
#include <jansson.h>
#include <math.h>
#include <refrain/io.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "caption.h"
#include "encoder.h"

enum { TOP_MOST = 100 };

typedef struct setup {
    const rf_session *s;
    const rf_run *r;
    cap_encoder *e;
    rf_device *d;
    rf_graph *g;
    uint8_t background[3];
    rf_real *feature[2]; /* all pictures' features, and maps */
    rf_shape shape[2];   /* of one picture's */
    double seconds;      /* in the network */
    rf_error *err;
} setup;

static const rf_setting *option(const setup *u, int i) { return &u->r->opt[i]; }

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- Results ------------------------------------------------------------------------------------ */

/* The numbers of the n largest of p [K], largest first. */
static int largest(const rf_real *p, rf_index K, int n, rf_index *out)
{
    int have = 0;
    for (rf_index k = 0; k < K; k++) {
        int at = have;
        while (at > 0 && p[k] > p[out[at - 1]]) at--;
        if (at >= n) continue;
        if (have < n) have++;
        memmove(out + at + 1, out + at, (size_t)(have - at - 1) * sizeof *out);
        out[at] = k;
    }
    return have;
}

static rf_status send_classes(const setup *u, rf_index item, const rf_real *p, rf_index K)
{
    rf_index best[TOP_MOST];
    const int n = largest(p, K, (int)option(u, ENCODE_TOP)->as.i, best);
    rf_status st = RF_OK;
    for (int i = 0; i < n && !st; i++) {
        const rf_index k = best[i];
        const char *label = k < cap_encoder_labels(u->e) ? cap_encoder_label(u->e, k) : NULL;
        const rf_field row[] = {rf_field_string("file", u->r->arg[item]),
                                rf_field_int("rank", i + 1), rf_field_int("class", k),
                                rf_field_string("label", label),
                                rf_field_real("probability", (double)p[k])};
        st = rf_emit_record(u->s->host, item, "class", row, sizeof row / sizeof *row);
    }
    return st;
}

/* Keep row b of a node as picture `item`'s; the first says how much memory all need. */
static rf_status keep(setup *u, int what, rf_node x, rf_index b, rf_index item)
{
    const rf_tensor v = rf_value(u->g, x);
    const rf_index n = rf_shape_count(v.shape) / v.shape.dim[0];
    if (!u->feature[what]) {
        u->shape[what] = v.shape;
        u->feature[what] = rf_aligned_alloc((size_t)(n * u->r->arg_count), sizeof(rf_real));
        if (!u->feature[what]) return rf_fail(u->err, RF_ENOMEM, "no memory for the features");
    }
    memcpy(u->feature[what] + item * n, v.data + b * n, (size_t)n * sizeof(rf_real));
    return RF_OK;
}

static rf_status take_results(setup *u, const rf_node *out, rf_index from, rf_index B)
{
    const rf_tensor p = rf_value(u->g, out[CAP_PROB]);
    rf_status st = RF_OK;
    for (rf_index b = 0; b < B && !st; b++) {
        const rf_index K = p.data ? p.shape.dim[1] : 0;
        if (out[CAP_PROB] != RF_NONE) st = send_classes(u, from + b, p.data + b * K, K);
        if (!st && option(u, ENCODE_FEATURES)->as.s)
            st = keep(u, 0, out[CAP_FEATURES], b, from + b);
        if (!st && option(u, ENCODE_FEATURES)->as.s && option(u, ENCODE_MAP)->as.i)
            st = keep(u, 1, out[CAP_MAP], b, from + b);
    }
    return st;
}

/* ---- Pictures ----------------------------------------------------------------------------------- */

static rf_status read_picture(const setup *u, rf_index item, rf_real *x)
{
    int height, width;
    cap_image im = {0}, small = {0};
    cap_encoder_size(u->e, &height, &width);
    rf_status st = cap_image_read(&im, u->r->arg[item], u->background, u->err);
    const double crop = option(u, ENCODE_CROP)->as.f;
    if (!st) st = cap_image_resize(&im, crop, width, height, &small, u->err);
    if (!st) cap_encoder_scale(u->e, &small, x);
    cap_image_free(&im);
    cap_image_free(&small);
    return st;
}

static rf_status encode_batch(setup *u, rf_index from, rf_index B)
{
    int height, width;
    rf_node out[CAP_OUTPUTS];
    cap_encoder_size(u->e, &height, &width);
    rf_graph_begin(u->g, RF_INFER, (rf_key){0});
    const rf_index one = 3 * (rf_index)height * width;
    rf_real *x = rf_graph_alloc(u->g, (size_t)(B * one) * sizeof *x);
    if (!x) return rf_fail(u->err, RF_ENOMEM, "no memory for a batch of pictures");
    rf_status st = RF_OK;
    for (rf_index b = 0; b < B && !st; b++) st = read_picture(u, from + b, x + b * one);
    if (st) return st;
    const double start = now();
    const rf_node in = rf_borrow(u->g, x, RF_SHAPE(B, height, width, 3));
    cap_encoder_build(u->e, u->g, in, option(u, ENCODE_TOP)->as.i ? CAP_PROB : CAP_FEATURES, out);
    u->seconds += now() - start;
    st = rf_graph_status(u->g, u->err);
    return st ? st : take_results(u, out, from, B);
}

/* ---- Features in a file --------------------------------------------------------------------------- */

static rf_status add_features(const setup *u, rf_model *m, int what, const char *name)
{
    if (!u->feature[what]) return RF_OK;
    rf_shape s = u->shape[what];
    s.dim[0] = u->r->arg_count;
    return rf_model_add_real(m, name, RF_F32, (rf_tensor){u->feature[what], s}, u->err);
}

/* Tensors features [N,C] and map [N,H,W,C]; the files' names as a JSON list. */
static rf_status write_features(const setup *u)
{
    const char *path = option(u, ENCODE_FEATURES)->as.s;
    if (!path) return RF_OK;
    rf_model *m = rf_model_new();
    json_t *names = json_array();
    for (uint32_t i = 0; i < u->r->arg_count; i++)
        json_array_append_new(names, json_string(u->r->arg[i]));
    char *text = json_dumps(names, JSON_COMPACT);
    rf_status st = m && text ? RF_OK : rf_fail(u->err, RF_ENOMEM, "no memory for the features");
    if (!st) st = add_features(u, m, 0, "features");
    if (!st) st = add_features(u, m, 1, "map");
    if (!st) st = rf_model_set_table(m, "caption.files", text, strlen(text), u->err);
    if (!st) st = rf_model_write(m, path, u->err);
    if (!st) st = rf_emit_file(u->s->host, path, "features", "application/x-safetensors");
    free(text);
    json_decref(names);
    rf_model_free(m);
    return st;
}

/* ---- Run ------------------------------------------------------------------------------------------ */

static rf_status open_all(setup *u)
{
    const rf_status st =
        cap_colour_parse(option(u, ENCODE_BACKGROUND)->as.s, "--background", u->background, u->err);
    if (st) return st;
    u->e = cap_encoder_open(option(u, ENCODE_ENCODER)->as.s, u->err);
    if (u->e) u->d = rf_device_new((int)u->r->threads, u->err);
    if (u->d && !(u->g = rf_graph_new(u->d))) rf_no_memory(u->err);
    return u->g ? RF_OK : u->err->status;
}

static rf_status encode(setup *u)
{
    const rf_index n = u->r->arg_count, batch = (rf_index)option(u, ENCODE_BATCH)->as.i;
    rf_status st = open_all(u);
    for (rf_index i = 0; i < n && !st; i += batch) {
        st = encode_batch(u, i, n - i < batch ? n - i : batch);
        if (!st) st = u->s->host->progress(u->s->host, (double)i, (double)n, "pictures");
    }
    if (!st) st = write_features(u);
    if (st) return st;
    rf_logf(u->s->host, RF_LOG_INFO, "%lld pictures, %.3g a second in the network", (long long)n,
            (double)n / fmax(u->seconds, 1e-9));
    return RF_OK;
}

rf_status cap_encode(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .err = &err};
    const rf_status st = encode(&u);
    rf_aligned_free(u.feature[0]);
    rf_aligned_free(u.feature[1]);
    rf_graph_free(u.g);
    rf_device_free(u.d);
    cap_encoder_free(u.e);
    return rf_session_end(s, st, &err);
}

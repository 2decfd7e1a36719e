/* caption/encoded.c -- see encoded.h. */
#include "encoded.h"

#include <inttypes.h>
#include <jansson.h>
#include <refrain/graph.h>
#include <refrain/io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY "caption.key"

enum { BATCH = 4 };

static const char *what(const cap_encoding *e) { return e->pooled ? "features" : "map"; }

/* ---- The key ------------------------------------------------------------------------------------- */

static uint64_t hash_encoder(uint64_t h, cap_encoder *e)
{
    const rf_params *ps = cap_encoder_params(e);
    h = rf_hash(h, cap_encoder_name(e), strlen(cap_encoder_name(e)));
    for (size_t i = 0; i < rf_params_count(ps); i++) {
        const rf_param *p = rf_params_at(ps, i);
        h = rf_hash(h, p->value.data, (size_t)rf_shape_count(p->value.shape) * sizeof(rf_real));
    }
    return h;
}

/* Of what decides: pixels as they are seen, names in their order, the encoder, which output. */
static void key_of(const cap_encoding *e, const cap_pictures *p, const char *const *file, char *key)
{
    uint64_t h = hash_encoder(p->hash, e->encoder);
    for (rf_index i = 0; i < p->album.n; i++) h = rf_hash(h, file[i], strlen(file[i]) + 1);
    h = rf_hash(h, what(e), strlen(what(e)));
    snprintf(key, 24, "\"%016" PRIx64 "\"", h);
}

/* ---- The file ------------------------------------------------------------------------------------ */

static bool known(const cap_encoding *e, const char *key)
{
    rf_error ignored = {0};
    if (!e->cache || access(e->cache, R_OK)) return false;
    rf_model *m = rf_model_read(e->cache, &ignored);
    const char *stored = m ? rf_model_get(m, KEY) : NULL;
    const bool same = stored && !strcmp(stored, key);
    rf_model_free(m);
    return same;
}

static rf_status write_cache(const cap_encoding *e, const cap_features *f, const char *key,
                             const char *const *file, rf_error *err)
{
    rf_model *m = rf_model_new();
    json_t *names = json_array();
    rf_tensor t = {f->x, {0}};
    t.shape.rank = f->row.rank + 1;
    t.shape.dim[0] = f->n;
    for (int i = 0; i < f->row.rank; i++) t.shape.dim[i + 1] = f->row.dim[i];
    for (rf_index i = 0; i < f->n; i++) json_array_append_new(names, json_string(file[i]));
    char *text = json_dumps(names, JSON_COMPACT);
    rf_status st = m && text ? RF_OK : rf_no_memory(err);
    if (!st) st = rf_model_set(m, KEY, key, err);
    if (!st) st = rf_model_set_table(m, "caption.files", text, strlen(text), err);
    if (!st) st = rf_model_add_real(m, what(e), RF_F32, t, err);
    if (!st) st = rf_model_write(m, e->cache, err);
    free(text);
    json_decref(names);
    rf_model_free(m);
    return st;
}

/* ---- The network --------------------------------------------------------------------------------- */

static void scale(const cap_encoding *e, const cap_pictures *p, rf_index i, rf_real *x)
{
    const cap_album *a = &p->album;
    const size_t one = 3 * (size_t)a->rows * (size_t)a->columns;
    const cap_image im = {a->columns, a->rows, a->pixel + (size_t)i * one};
    cap_encoder_scale(e->encoder, &im, x);
}

/* Keep pictures from .. from + B of a node; the first says how much memory all need. */
static rf_status keep(cap_features *f, const rf_graph *g, rf_node x, rf_index from, rf_error *err)
{
    const rf_tensor v = rf_value(g, x);
    const rf_index B = v.shape.dim[0], width = rf_shape_count(v.shape) / B;
    if (!f->x) {
        f->width = width;
        f->row.rank = v.shape.rank - 1;
        for (int i = 0; i < f->row.rank; i++) f->row.dim[i] = v.shape.dim[i + 1];
        f->x = rf_aligned_alloc((size_t)(f->n * width), sizeof *f->x);
        if (!f->x) return rf_no_memory(err);
    }
    memcpy(f->x + from * width, v.data, (size_t)(B * width) * sizeof *f->x);
    return RF_OK;
}

static rf_status encode_batch(const cap_encoding *e, rf_graph *g, const cap_pictures *p,
                              rf_index from, rf_index B, cap_features *f, rf_error *err)
{
    const int size = p->album.rows;
    const rf_index one = 3 * (rf_index)size * size;
    rf_node out[CAP_OUTPUTS];
    rf_graph_begin(g, RF_INFER, (rf_key){0});
    rf_real *x = rf_graph_alloc(g, (size_t)(B * one) * sizeof *x);
    if (!x) return rf_no_memory(err);
    for (rf_index b = 0; b < B; b++) scale(e, p, from + b, x + b * one);
    const rf_node in = rf_borrow(g, x, RF_SHAPE(B, size, size, 3));
    cap_encoder_build(e->encoder, g, in, CAP_FEATURES, out);
    const rf_node node = out[e->pooled ? CAP_FEATURES : CAP_MAP];
    const rf_status st = rf_graph_status(g, err);
    if (st) return st;
    if (node == RF_NONE)
        return rf_fail(err, RF_EFORMAT, "encoder %s: has no output %s",
                       cap_encoder_name(e->encoder), what(e));
    return keep(f, g, node, from, err);
}

static rf_status compute(const cap_encoding *e, const cap_pictures *p, cap_features *f,
                         rf_error *err)
{
    const rf_host *h = e->pictures.host;
    rf_graph *g = rf_graph_new(e->d);
    rf_status st = g ? RF_OK : rf_no_memory(err);
    for (rf_index i = 0; i < p->album.n && !st; i += BATCH) {
        st = encode_batch(e, g, p, i, p->album.n - i < BATCH ? p->album.n - i : BATCH, f, err);
        if (!st) st = h->progress(h, (double)i, (double)p->album.n, "pictures");
    }
    rf_graph_free(g);
    return st;
}

/* The rows' numbers by name. */
static rf_status number(cap_features *f, const char *const *file, rf_error *err)
{
    f->number = rf_map_new();
    for (rf_index i = 0; f->number && i < f->n; i++)
        if (!rf_map_put(f->number, file[i], strlen(file[i]), i)) return rf_no_memory(err);
    return f->number ? RF_OK : rf_no_memory(err);
}

rf_status cap_encode_all(const cap_encoding *e, const char *const *file, rf_index n,
                         cap_features *out, rf_error *err)
{
    cap_pictures_spec spec = e->pictures;
    cap_pictures p = {0};
    char key[24];
    int height;
    spec.device = e->d;
    cap_encoder_size(e->encoder, &height, &spec.size);
    if (height != spec.size)
        return rf_fail(err, RF_EFORMAT, "encoder %s: its pictures are no squares",
                       cap_encoder_name(e->encoder));
    rf_status st = cap_pictures_read(&p, &spec, file, n, err);
    if (!st) key_of(e, &p, file, key);
    if (!st && known(e, key)) {
        cap_pictures_free(&p);
        return cap_features_read(out, e->cache, what(e), err);
    }
    out->n = n;
    if (!st) st = compute(e, &p, out, err);
    cap_pictures_free(&p);
    if (!st && e->cache) st = write_cache(e, out, key, file, err);
    return st ? st : number(out, file, err);
}

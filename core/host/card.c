/* host/card.c -- `refrain model FILE`: what a model is, from its file alone; no plugin is needed. */
#include <inttypes.h>
#include <jansson.h>
#include <refrain/model.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"

typedef struct card {
    rfi_render render;
    rf_status status;
} card;

static void emit(card *c, const char *table, rf_field *f, size_t n)
{
    rf_event ev = rf_event_of(RF_EV_RECORD, -1, -1);
    ev.u.record = (rf_record){table, f, (uint32_t)n, sizeof *f};
    if (!c->status) c->status = rfi_render_event(&c->render, &ev);
}

static void emit_pair(card *c, const char *table, const char *name, const char *value)
{
    rf_field f[] = {rf_field_string("name", name), rf_field_string("value", value)};
    emit(c, table, f, 2);
}

/* A JSON value as a person would write it; what is long is cut. */
static void emit_json(card *c, const char *table, const char *name, const json_t *value)
{
    char number[NUMBER_TEXT];
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    bool text_format = c->render.format == FORMAT_TEXT;
    if (json_is_string(value))
        emit_pair(c, table, name, json_string_value(value));
    else if (json_is_real(value))
        emit_pair(c, table, name, rfi_number(json_real_value(value), number));
    else if (text && text_format && strlen(text) > 60) {
        memcpy(text + 57, "...", 4);
        emit_pair(c, table, name, text);
    } else if (text)
        emit_pair(c, table, name, text);
    free(text);
}

/* One key of the metadata: an object's members are rows of a table of its name. */
static void emit_meta(card *c, const char *key, const char *text)
{
    const char *dot = strrchr(key, '.'), *member;
    json_t *value;
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    bool table = !strcmp(key, RF_META_OPTIONS) || !strcmp(key, RF_META_METRICS);
    if (!json)
        emit_pair(c, "metadata", key, text);
    else if (table && json_is_object(json)) {
        json_object_foreach(json, member, value) emit_json(c, dot + 1, member, value);
    } else
        emit_json(c, "metadata", key, json);
    json_decref(json);
}

static bool is_table(const char *key)
{
    return !strcmp(key, RF_META_OPTIONS) || !strcmp(key, RF_META_METRICS);
}

/* Single facts first, then the tables. */
static void emit_metadata(card *c, const rf_model *m)
{
    const char *value;
    for (int tables = 0; tables < 2; tables++)
        for (size_t k = 0; k < rf_model_meta_count(m); k++) {
            const char *key = rf_model_meta_at(m, k, &value);
            if (is_table(key) == (tables == 1)) emit_meta(c, key, value);
        }
}

static void emit_tensor(card *c, const rf_stored *t)
{
    rf_index rank = t->shape.rank;
    int64_t dim[RF_MAX_RANK];
    for (int k = 0; k < t->shape.rank; k++) dim[k] = t->shape.dim[k];
    rf_field shape = rf_field_of("shape", RF_FIELD_INTS);
    shape.as.ints = dim;
    shape.shape = &rank;
    shape.rank = 1;
    rf_field f[] = {rf_field_string("name", t->name),
                    rf_field_string("type", rf_dtype_name(t->dtype)), shape,
                    rf_field_int("bytes", (int64_t)t->bytes)};
    emit(c, "tensor", f, 4);
}

static void emit_total(card *c, const rf_model *m)
{
    int64_t numbers = 0, bytes = 0;
    for (size_t k = 0; k < rf_model_count(m); k++) {
        const rf_stored *t = rf_model_at(m, k);
        bytes += (int64_t)t->bytes;
        /* Tables and cursors are whole numbers; parameters have a fraction. */
        if (t->dtype <= RF_BF16) numbers += rf_shape_count(t->shape);
    }
    rf_field f[] = {rf_field_int("tensors", (int64_t)rf_model_count(m)),
                    rf_field_int("parameters", numbers), rf_field_int("bytes", bytes)};
    emit(c, "total", f, 3);
}

int rfi_card(const char *path, int format)
{
    rf_error err = {0};
    rf_model *m = rf_model_read(path, &err);
    card c = {.render = {.out = stdout, .format = format}};
    if (!m) {
        fprintf(stderr, "refrain: %s\n", err.text);
        return EXIT_FAILED;
    }
    emit_metadata(&c, m);
    for (size_t k = 0; k < rf_model_count(m); k++) emit_tensor(&c, rf_model_at(m, k));
    emit_total(&c, m);
    bool ok = rfi_render_flush(&c.render) && !c.status;
    if (!ok) perror("refrain: standard output");
    rfi_render_free(&c.render);
    rf_model_free(m);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

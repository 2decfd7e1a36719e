/* io/model.c -- a model in memory: named tensors, and metadata as strings.
 *
 * Invariant: names and keys are unique; every tensor's bytes are as many as its dtype and shape say.
 * It knows nothing of the file's format: safetensors.c does. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "io/store.h"

#define META_MAX ((size_t)1 << 16) /* longer tables are tensors */

rf_model *rf_model_new(void)
{
    rf_model *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    m->name = strdup("model");
    m->by_name = rf_map_new();
    m->by_key = rf_map_new();
    if (m->name && m->by_name && m->by_key) return m;
    rf_model_free(m);
    return NULL;
}

static bool owns(const rf_model *m, const rf_stored *t)
{
    uintptr_t p = (uintptr_t)t->data, file = (uintptr_t)m->file.s;
    return !m->file.s || p < file || p > file + m->file.n;
}

static void free_tensor(const rf_model *m, rf_stored *t)
{
    union {
        const void *is;
        void *was;
    } data = {t->data};
    if (owns(m, t)) rf_aligned_free(data.was);
    free(t);
}

void rf_model_free(rf_model *m)
{
    if (!m) return;
    for (size_t i = 0; i < m->count; i++) free_tensor(m, m->tensors[i]);
    for (size_t i = 0; i < m->meta_count; i++) {
        free(m->meta[i].key);
        free(m->meta[i].value);
    }
    free(m->tensors);
    free(m->meta);
    rf_map_free(m->by_name);
    rf_map_free(m->by_key);
    rf_str_free(&m->file);
    free(m->name);
    free(m);
}

static rf_model *named_model(const char *name, rf_error *err)
{
    rf_model *m = rf_model_new();
    char *copy = m ? strdup(name) : NULL;
    if (!copy) {
        rf_model_free(m);
        rf_fail(err, RF_ENOMEM, "%s: no memory for a model", name);
        return NULL;
    }
    free(m->name);
    m->name = copy;
    return m;
}

static rf_model *parse_or_free(rf_model *m, rf_status st, rf_error *err)
{
    if (st == RF_OK) st = rfi_safetensors_parse(m, err);
    if (st == RF_OK) return m;
    rf_model_free(m);
    return NULL;
}

rf_model *rf_model_read(const char *path, rf_error *err)
{
    rf_model *m = named_model(path, err);
    return m ? parse_or_free(m, rf_file_read(path, 0, &m->file, err), err) : NULL;
}

rf_model *rf_model_parse(const void *bytes, size_t n, const char *name, rf_error *err)
{
    rf_model *m = named_model(name, err);
    if (!m) return NULL;
    rf_str_add(&m->file, bytes, n);
    rf_status st = m->file.failed ? rf_fail(err, RF_ENOMEM, "%s: no memory", name) : RF_OK;
    return parse_or_free(m, st, err);
}

const char *rf_model_name(const rf_model *m) { return m->name; }

/* ---- Tensors ----------------------------------------------------------------------------------- */

size_t rf_model_count(const rf_model *m) { return m->count; }

const rf_stored *rf_model_at(const rf_model *m, size_t i) { return m->tensors[i]; }

const rf_stored *rf_model_find(const rf_model *m, const char *name)
{
    int64_t i = rf_map_get(m->by_name, name, strlen(name), -1);
    return i < 0 ? NULL : m->tensors[i];
}

size_t rfi_stored_bytes(rf_dtype dtype, const rf_shape *shape)
{
    size_t n = rf_dtype_bytes(dtype);
    if (!n || shape->rank < 0 || shape->rank > RF_MAX_RANK) return SIZE_MAX;
    for (int i = 0; i < shape->rank; i++)
        if (shape->dim[i] < 0 || __builtin_mul_overflow(n, (size_t)shape->dim[i], &n))
            return SIZE_MAX;
    return n;
}

static bool reserve_tensor(rf_model *m)
{
    if (m->count < m->cap) return true;
    size_t cap = m->cap ? 2 * m->cap : 16;
    rf_stored **p = realloc(m->tensors, cap * sizeof(rf_stored *));
    if (!p) return false;
    m->tensors = p;
    m->cap = cap;
    return true;
}

rf_stored *rfi_model_add(rf_model *m, const char *name, rf_dtype dtype, const rf_shape *shape,
                         const void *data)
{
    size_t length = strlen(name), bytes = rfi_stored_bytes(dtype, shape);
    rf_stored *t = reserve_tensor(m) ? malloc(sizeof *t + length + 1) : NULL;
    if (!t) return NULL;
    char *copy = memcpy((char *)(t + 1), name, length + 1);
    *t = (rf_stored){.name = copy, .dtype = dtype, .shape = *shape, .data = data, .bytes = bytes};
    if (!data) t->data = rf_aligned_calloc(bytes, 1);
    if (t->data && rf_map_put(m->by_name, name, length, (int64_t)m->count))
        return m->tensors[m->count++] = t;
    free_tensor(m, t);
    return NULL;
}

/* jansson keeps no string that is not UTF-8. */
static bool is_name(const char *s)
{
    json_t *j = *s ? json_string(s) : NULL;
    json_decref(j);
    return j != NULL;
}

/* A new tensor of zeros; its bytes in *data. */
static rf_status add_zeros(rf_model *m, const char *name, rf_dtype dtype, rf_shape shape,
                           void **data, rf_error *err)
{
    if (!is_name(name) || !strcmp(name, "__metadata__"))
        return rf_fail(err, RF_EINVAL, "tensor '%s': the name is no name for a tensor", name);
    if (rf_model_find(m, name))
        return rf_fail(err, RF_EINVAL, "tensor %s: there is one already", name);
    if (rfi_stored_bytes(dtype, &shape) == SIZE_MAX)
        return rf_fail(err, RF_EINVAL, "tensor %s: its shape or type makes no sense", name);
    rf_stored *t = rfi_model_add(m, name, dtype, &shape, NULL);
    if (!t) return rf_fail(err, RF_ENOMEM, "tensor %s: no memory", name);
    union {
        const void *is;
        void *fresh;
    } p = {t->data};
    *data = p.fresh;
    return RF_OK;
}

rf_status rf_model_add(rf_model *m, const char *name, rf_dtype dtype, rf_shape shape,
                       const void *bytes, rf_error *err)
{
    void *data = NULL;
    rf_status st = add_zeros(m, name, dtype, shape, &data, err);
    size_t n = rfi_stored_bytes(dtype, &shape);
    if (st == RF_OK && bytes && n) memcpy(data, bytes, n);
    return st;
}

rf_status rf_model_add_real(rf_model *m, const char *name, rf_dtype storage, rf_tensor t,
                            rf_error *err)
{
    void *data = NULL;
    if (storage < RF_F64 || storage > RF_BF16)
        return rf_fail(err, RF_EINVAL, "tensor %s: storage is f64, f32, f16 or bf16", name);
    rf_status st = add_zeros(m, name, storage, t.shape, &data, err);
    size_t n = rfi_stored_bytes(storage, &t.shape) / rf_dtype_bytes(storage);
    if (st == RF_OK && n) rf_real_store(storage, data, t.data, n);
    return st;
}

static const rf_stored *find_or_fail(const rf_model *m, const char *name, rf_error *err)
{
    const rf_stored *t = rf_model_find(m, name);
    if (!t) rf_fail(err, RF_EFORMAT, "%s: tensor %s is missing", m->name, name);
    return t;
}

rf_status rf_model_get_real(const rf_model *m, const char *name, rf_tensor into, rf_error *err)
{
    char is[RF_SHAPE_TEXT], due[RF_SHAPE_TEXT];
    const rf_stored *t = find_or_fail(m, name, err);
    if (!t) return RF_EFORMAT;
    if (!rf_shape_equal(t->shape, into.shape))
        return rf_fail(err, RF_EFORMAT, "%s: tensor %s is %s where %s is due", m->name, name,
                       rf_shape_text(t->shape, is), rf_shape_text(into.shape, due));
    if (t->dtype > RF_BF16)
        return rf_fail(err, RF_EFORMAT,
                       "%s: tensor %s holds %s where numbers with a fraction are due", m->name,
                       name, rf_dtype_name(t->dtype));
    rf_real_load(t->dtype, into.data, t->data, t->bytes / rf_dtype_bytes(t->dtype));
    return RF_OK;
}

/* Integer i of a tensor.  False: it is above INT64_MAX. */
static bool integer_at(const rf_stored *t, size_t i, int64_t *x)
{
    size_t width = rf_dtype_bytes(t->dtype);
    uint64_t bits = 0;
    memcpy(&bits, (const char *)t->data + i * width, width);
    if (t->dtype >= RF_I64 && t->dtype <= RF_I8 && width < 8 && bits >> (8 * width - 1))
        bits |= UINT64_MAX << (8 * width);
    memcpy(x, &bits, sizeof *x);
    return t->dtype != RF_U64 || *x >= 0;
}

rf_status rf_model_get_int(const rf_model *m, const char *name, int64_t *into, size_t n,
                           rf_error *err)
{
    const rf_stored *t = find_or_fail(m, name, err);
    if (!t) return RF_EFORMAT;
    if (t->dtype < RF_I64)
        return rf_fail(err, RF_EFORMAT, "%s: tensor %s holds %s where integers are due", m->name,
                       name, rf_dtype_name(t->dtype));
    size_t has = t->bytes / rf_dtype_bytes(t->dtype);
    if (has != n)
        return rf_fail(err, RF_EFORMAT, "%s: tensor %s holds %zu numbers where %zu are due",
                       m->name, name, has, n);
    for (size_t i = 0; i < n; i++)
        if (!integer_at(t, i, &into[i]))
            return rf_fail(err, RF_EFORMAT, "%s: tensor %s: number %zu is too large", m->name, name,
                           i);
    return RF_OK;
}

/* ---- Metadata ---------------------------------------------------------------------------------- */

size_t rf_model_meta_count(const rf_model *m) { return m->meta_count; }

const char *rf_model_meta_at(const rf_model *m, size_t i, const char **value)
{
    if (value) *value = m->meta[i].value;
    return m->meta[i].key;
}

const char *rf_model_get(const rf_model *m, const char *key)
{
    int64_t i = rf_map_get(m->by_key, key, strlen(key), -1);
    return i < 0 ? NULL : m->meta[i].value;
}

static bool add_meta(rf_model *m, const char *key, char *value)
{
    if (m->meta_count == m->meta_cap) {
        size_t cap = m->meta_cap ? 2 * m->meta_cap : 16;
        rfi_meta *p = realloc(m->meta, cap * sizeof *p);
        if (!p) return false;
        m->meta = p;
        m->meta_cap = cap;
    }
    char *copy = strdup(key);
    if (!copy || !rf_map_put(m->by_key, key, strlen(key), (int64_t)m->meta_count)) {
        free(copy);
        return false;
    }
    m->meta[m->meta_count++] = (rfi_meta){copy, value};
    return true;
}

bool rfi_model_set(rf_model *m, const char *key, const char *value)
{
    char *copy = strdup(value);
    int64_t i = rf_map_get(m->by_key, key, strlen(key), -1);
    if (!copy) return false;
    if (i >= 0) {
        free(m->meta[i].value);
        m->meta[i].value = copy;
        return true;
    }
    if (add_meta(m, key, copy)) return true;
    free(copy);
    return false;
}

#define DECODE (JSON_DECODE_ANY | JSON_ALLOW_NUL)

static rf_status check_json(const char *key, const char *json, size_t n, rf_error *err)
{
    json_error_t why;
    if (!is_name(key)) return rf_fail(err, RF_EINVAL, "metadata '%s': the key is no key", key);
    json_t *j = json_loadb(json, n, DECODE, &why);
    if (!j) return rf_fail(err, RF_EINVAL, "metadata %s: not a JSON text: %s", key, why.text);
    json_decref(j);
    return RF_OK;
}

rf_status rf_model_set(rf_model *m, const char *key, const char *json, rf_error *err)
{
    rf_status st = check_json(key, json, strlen(json), err);
    if (st == RF_OK && !rfi_model_set(m, key, json))
        st = rf_fail(err, RF_ENOMEM, "metadata %s: no memory", key);
    return st;
}

/* Takes over the value. */
static rf_status set_value(rf_model *m, const char *key, json_t *value, rf_error *err)
{
    char *json = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    json_decref(value);
    if (!json) return rf_fail(err, RF_EINVAL, "metadata %s: the value is not UTF-8", key);
    rf_status st = rf_model_set(m, key, json, err);
    free(json);
    return st;
}

rf_status rf_model_set_text(rf_model *m, const char *key, const char *text, rf_error *err)
{
    return set_value(m, key, json_string(text), err);
}

rf_status rf_model_set_number(rf_model *m, const char *key, double x, rf_error *err)
{
    bool whole = fabs(x) < 1e15 && x == floor(x);
    json_t *j = !isfinite(x) ? json_null() : whole ? json_integer((json_int_t)x) : json_real(x);
    return set_value(m, key, j, err);
}

rf_status rf_model_set_table(rf_model *m, const char *key, const char *json, size_t n,
                             rf_error *err)
{
    rf_status st = check_json(key, json, n, err);
    if (st != RF_OK) return st;
    if (n > META_MAX) return rf_model_add(m, key, RF_U8, RF_SHAPE((rf_index)n), json, err);
    rf_str text = {0}; /* with a NUL at its end */
    rf_str_add(&text, json, n);
    if (text.failed || !rfi_model_set(m, key, text.s))
        st = rf_fail(err, RF_ENOMEM, "metadata %s: no memory", key);
    rf_str_free(&text);
    return st;
}

bool rf_model_get_text(const rf_model *m, const char *key, rf_str *out)
{
    const char *json = rf_model_get(m, key);
    json_t *j = json ? json_loads(json, DECODE, NULL) : NULL;
    bool is = json_is_string(j);
    if (is) rf_str_add(out, json_string_value(j), json_string_length(j));
    json_decref(j);
    return is;
}

double rf_model_get_number(const rf_model *m, const char *key, double absent)
{
    const char *json = rf_model_get(m, key);
    json_t *j = json ? json_loads(json, DECODE, NULL) : NULL;
    double x = json_is_number(j) ? json_number_value(j) : absent;
    json_decref(j);
    return x;
}

const char *rf_model_get_table(const rf_model *m, const char *key, size_t *n)
{
    const char *json = rf_model_get(m, key);
    const rf_stored *t = json ? NULL : rf_model_find(m, key);
    if (json) *n = strlen(json);
    if (!t || t->dtype != RF_U8) return json;
    *n = t->bytes;
    return t->data;
}

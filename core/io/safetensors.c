/* io/safetensors.c -- the file of a model, as model.h draws it.
 *
 * Nothing is believed before it was compared with the file's own length, and nothing is allocated
 * by a number from the file.  Our own header is written with a blank after each colon: a program
 * that rewrites the file without it drops the checksum's claim on bytes that it has moved. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <zlib.h>

#include "io/store.h"

#define HEADER_MAX      ((uint64_t)32 << 20)
#define CHECKSUM_MARK   "\"" RF_META_CHECKSUM "\": \"\\\"crc32:"
#define CHECKSUM_DIGITS 8

typedef struct reader {
    rf_model *m;
    rf_error *err;
    const char *data; /* the tensors' bytes */
    size_t bytes;
} reader;

/* CRC-32 of the file's three parts with the checksum's digits as zeros; `at` is their place. */
static uint32_t checksum(const char *length, const char *header, size_t n, size_t at,
                         const rf_stored *const *tensors, size_t count)
{
    static const unsigned char zeros[] = "00000000";
    uLong c = crc32_z(0, (const unsigned char *)length, 8);
    c = crc32_z(c, (const unsigned char *)header, at);
    c = crc32_z(c, zeros, CHECKSUM_DIGITS);
    size_t rest = at + CHECKSUM_DIGITS;
    c = crc32_z(c, (const unsigned char *)header + rest, n - rest);
    for (size_t i = 0; i < count; i++)
        if (tensors[i]->bytes) c = crc32_z(c, tensors[i]->data, tensors[i]->bytes);
    return (uint32_t)c;
}

/* The place of the checksum's digits in the header, or 0. */
static size_t checksum_place(const char *header, size_t n)
{
    const char *mark = memmem(header, n, CHECKSUM_MARK, sizeof CHECKSUM_MARK - 1);
    size_t at = mark ? (size_t)(mark - header) + sizeof CHECKSUM_MARK - 1 : n;
    return at + CHECKSUM_DIGITS <= n ? at : 0;
}

/* ---- Reading ----------------------------------------------------------------------------------- */

static rf_status foreign(reader *r)
{
    static const struct {
        const char *start, *what;
    } kinds[] = {{"PK\003\004", "a zip archive, as PyTorch's .pt files are"},
                 {"\x93NUMPY", "a NumPy array"},
                 {"GGUF", "a GGUF file"},
                 {"\x89HDF", "an HDF5 file"},
                 {"\x7f"
                  "ELF",
                  "a program"}};
    const rf_str *f = &r->m->file;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t n = strlen(kinds[i].start);
        if (f->n >= n && !memcmp(f->s, kinds[i].start, n))
            return rf_fail(r->err, RF_EFORMAT, "%s: %s, not a safetensors file", r->m->name,
                           kinds[i].what);
    }
    return rf_fail(r->err, RF_EFORMAT, "%s: not a safetensors file", r->m->name);
}

static rf_status bad_tensor(reader *r, const char *name, const char *why)
{
    return rf_fail(r->err, RF_EFORMAT, "%s: tensor %.100s: %s", r->m->name, name, why);
}

/* Check the first 8 bytes; the header's length in *n. */
static rf_status measure_header(reader *r, size_t *n)
{
    const rf_str *f = &r->m->file;
    uint64_t h = 0;
    if (f->n < 9 || f->s[8] != '{') return foreign(r);
    memcpy(&h, f->s, 8);
    if (h < 2 || h > HEADER_MAX) return foreign(r);
    if (h > f->n - 8)
        return rf_fail(
            r->err, RF_EFORMAT,
            "%s: truncated: the file has %zu bytes where its header alone takes %" PRIu64,
            r->m->name, f->n, h + 8);
    *n = (size_t)h;
    r->data = f->s + 8 + h;
    r->bytes = f->n - 8 - *n;
    return RF_OK;
}

static rf_status read_metadata(reader *r, json_t *object)
{
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return rf_fail(r->err, RF_EFORMAT, "%s: __metadata__ is not an object", r->m->name);
    json_object_foreach(object, key, value)
    {
        if (!json_is_string(value))
            return rf_fail(r->err, RF_EFORMAT, "%s: metadata %.100s is not a string", r->m->name,
                           key);
        if (!rfi_model_set(r->m, key, json_string_value(value)))
            return rf_fail(r->err, RF_ENOMEM, "%s: no memory for metadata", r->m->name);
    }
    return RF_OK;
}

static bool read_shape(json_t *list, rf_shape *s)
{
    *s = (rf_shape){.rank = (int32_t)json_array_size(list)};
    for (int i = 0; i < s->rank; i++) {
        json_t *d = json_array_get(list, (size_t)i);
        if (!json_is_integer(d) || json_integer_value(d) < 0) return false;
        s->dim[i] = json_integer_value(d);
    }
    return true;
}

static bool read_offsets(json_t *list, size_t off[2])
{
    if (json_array_size(list) != 2) return false;
    for (size_t i = 0; i < 2; i++) {
        json_t *o = json_array_get(list, i);
        if (!json_is_integer(o) || json_integer_value(o) < 0) return false;
        off[i] = (size_t)json_integer_value(o);
    }
    return off[0] <= off[1];
}

static rf_status read_tensor(reader *r, const char *name, json_t *object)
{
    rf_shape shape;
    size_t off[2];
    json_t *dims = json_object_get(object, "shape");
    const char *type = json_string_value(json_object_get(object, "dtype"));
    rf_dtype dtype = type ? rf_dtype_find(type) : -1;
    if (!json_is_object(object) || !type || !json_is_array(dims))
        return bad_tensor(r, name, "dtype or shape is missing");
    if (dtype < 0) return bad_tensor(r, name, "unknown dtype");
    if (json_array_size(dims) > RF_MAX_RANK) return bad_tensor(r, name, "more than 6 dimensions");
    if (!read_shape(dims, &shape)) return bad_tensor(r, name, "the shape makes no sense");
    if (!read_offsets(json_object_get(object, "data_offsets"), off))
        return bad_tensor(r, name, "data_offsets make no sense");
    if (rfi_stored_bytes(dtype, &shape) != off[1] - off[0])
        return bad_tensor(r, name, "dtype and shape do not match its data_offsets");
    if (off[1] > r->bytes) return bad_tensor(r, name, "truncated: it ends behind the file's end");
    if (!rfi_model_add(r->m, name, dtype, &shape, r->data + off[0]))
        return rf_fail(r->err, RF_ENOMEM, "%s: no memory for tensors", r->m->name);
    return RF_OK;
}

static rf_status read_header(reader *r, json_t *root)
{
    const char *name;
    json_t *value;
    json_object_foreach(root, name, value)
    {
        bool meta = !strcmp(name, "__metadata__");
        rf_status st = meta ? read_metadata(r, value) : read_tensor(r, name, value);
        if (st != RF_OK) return st;
    }
    return RF_OK;
}

static int by_place(const void *a, const void *b)
{
    const rf_stored *x = *(rf_stored *const *)a, *y = *(rf_stored *const *)b;
    if (x->data != y->data) return (uintptr_t)x->data < (uintptr_t)y->data ? -1 : 1;
    return (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

/* The tensors, in order of their places, must cover the data: no overlaps, no holes, no rest. */
static rf_status check_cover(reader *r)
{
    rf_model *m = r->m;
    const char *end = r->data;
    if (m->count) qsort(m->tensors, m->count, sizeof *m->tensors, by_place);
    for (size_t i = 0; i < m->count; i++) {
        const rf_stored *t = m->tensors[i];
        if (!rf_map_put(m->by_name, t->name, strlen(t->name), (int64_t)i))
            return rf_fail(r->err, RF_ENOMEM, "%s: no memory", m->name);
        if (t->data != end)
            return bad_tensor(
                r, t->name, (const char *)t->data < end ? "overlaps another" : "a hole before it");
        end += t->bytes;
    }
    if (end == r->data + r->bytes) return RF_OK;
    return rf_fail(r->err, RF_EFORMAT, "%s: %zu bytes behind the last tensor", m->name,
                   (size_t)(r->data + r->bytes - end));
}

static rf_status check_sum(reader *r, size_t header)
{
    const char *f = r->m->file.s, *digits;
    char due[CHECKSUM_DIGITS + 1];
    size_t at = checksum_place(f + 8, header);
    if (!at) return RF_OK;
    rf_stored all = {.data = r->data, .bytes = r->bytes};
    const rf_stored *one = &all;
    snprintf(due, sizeof due, "%08" PRIx32, checksum(f, f + 8, header, at, &one, 1));
    digits = f + 8 + at;
    if (!memcmp(due, digits, CHECKSUM_DIGITS)) return RF_OK;
    return rf_fail(r->err, RF_EFORMAT, "%s: damaged: its checksum is %.8s where %s is due",
                   r->m->name, digits, due);
}

rf_status rfi_safetensors_parse(rf_model *m, rf_error *err)
{
    reader r = {.m = m, .err = err};
    size_t n = 0;
    json_error_t why;
    rf_status st = measure_header(&r, &n);
    if (st != RF_OK) return st;
    json_t *root = json_loadb(m->file.s + 8, n, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        return rf_fail(err, RF_EFORMAT,
                       "%s: not a safetensors file, or damaged: header byte %d: %s", m->name,
                       why.position, why.text);
    st = read_header(&r, root);
    json_decref(root);
    if (st == RF_OK) st = check_cover(&r);
    if (st == RF_OK) st = check_sum(&r, n);
    return st;
}

/* ---- Writing ----------------------------------------------------------------------------------- */

/* Append a JSON string. */
static void put_string(rf_str *h, const char *s)
{
    json_t *j = json_string(s);
    char *text = j ? json_dumps(j, JSON_ENCODE_ANY) : NULL;
    if (text) rf_str_put(h, text);
    if (!text) h->failed = true;
    json_decref(j);
    free(text);
}

static void put_meta(rf_str *h, const char *key, const char *value)
{
    rf_str_put(h, ", ");
    put_string(h, key);
    rf_str_put(h, ": ");
    put_string(h, value);
}

static void put_metadata(rf_str *h, const rf_model *m)
{
    rf_str_put(h, "\"__metadata__\": {" CHECKSUM_MARK "00000000\\\"\"");
    put_meta(h, RF_META_VERSION, "\"" RF_VERSION "\"");
    for (size_t i = 0; i < m->meta_count; i++) {
        const char *key = m->meta[i].key;
        if (strcmp(key, RF_META_VERSION) && strcmp(key, RF_META_CHECKSUM))
            put_meta(h, key, m->meta[i].value);
    }
    rf_str_put(h, "}");
}

static void put_tensor(rf_str *h, const rf_stored *t, size_t *offset)
{
    rf_str_put(h, ",\n");
    put_string(h, t->name);
    rf_str_printf(h, ": {\"dtype\": \"%s\", \"shape\": [", rf_dtype_name(t->dtype));
    for (int i = 0; i < t->shape.rank; i++)
        rf_str_printf(h, i ? ", %" PRId64 : "%" PRId64, t->shape.dim[i]);
    rf_str_printf(h, "], \"data_offsets\": [%zu, %zu]}", *offset, *offset + t->bytes);
    *offset += t->bytes;
}

/* The model's tensors in the file's order: wide numbers first, so that all are aligned.  NULL: no memory. */
static const rf_stored **file_order(const rf_model *m)
{
    const rf_stored **list = calloc(m->count + 1, sizeof(rf_stored *));
    size_t n = 0;
    for (size_t width = 8; list && width; width /= 2)
        for (size_t i = 0; i < m->count; i++)
            if (rf_dtype_bytes(m->tensors[i]->dtype) == width) list[n++] = m->tensors[i];
    return list;
}

static rf_status write_parts(const rf_stored **list, size_t count, const rf_str *h,
                             const char *path, rf_error *err)
{
    uint64_t n = h->n;
    rf_writer *w = rf_writer_begin(path, err);
    if (!w) return RF_EIO;
    rf_status st = rf_writer_write(w, &n, sizeof n, err);
    if (st == RF_OK) st = rf_writer_write(w, h->s, h->n, err);
    for (size_t i = 0; i < count && st == RF_OK; i++)
        st = rf_writer_write(w, list[i]->data, list[i]->bytes, err);
    if (st == RF_OK) return rf_writer_commit(w, err);
    rf_writer_abort(w);
    return st;
}

static void put_checksum(rf_str *h, const rf_stored **list, size_t count)
{
    char digits[CHECKSUM_DIGITS + 1];
    uint64_t n = h->n;
    size_t at = checksum_place(h->s, h->n);
    snprintf(digits, sizeof digits, "%08" PRIx32,
             checksum((const char *)&n, h->s, h->n, at, list, count));
    memcpy(h->s + at, digits, CHECKSUM_DIGITS);
}

rf_status rf_model_write(const rf_model *m, const char *path, rf_error *err)
{
    rf_str h = {0};
    size_t offset = 0;
    const rf_stored **list = file_order(m);
    rf_str_put(&h, "{");
    put_metadata(&h, m);
    for (size_t i = 0; list && i < m->count; i++) put_tensor(&h, list[i], &offset);
    rf_str_put(&h, "}");
    while (h.n % 8 && !h.failed) rf_str_put(&h, " ");
    rf_status st = RF_OK;
    if (!list || h.failed) st = rf_fail(err, RF_ENOMEM, "%s: no memory to write it", path);
    if (st == RF_OK && h.n > HEADER_MAX)
        st = rf_fail(err, RF_EINVAL, "%s: more than 32 MiB of names and metadata", path);
    if (st == RF_OK) put_checksum(&h, list, m->count);
    if (st == RF_OK) st = write_parts(list, m->count, &h, path, err);
    rf_str_free(&h);
    free(list);
    return st;
}

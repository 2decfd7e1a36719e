/* io/store.h -- the inside of a model, for the reader and the writer. */
#ifndef IO_STORE_H
#define IO_STORE_H

#include <refrain/io.h>
#include <refrain/model.h>

typedef struct rfi_meta {
    char *key, *value;
} rfi_meta;

struct rf_model {
    char *name;
    rf_stored **tensors; /* each a block of its own: pointers that were handed out stay valid */
    size_t count, cap;
    rfi_meta *meta;
    size_t meta_count, meta_cap;
    rf_map *by_name, *by_key; /* to places in tensors and meta */
    rf_str file;              /* what was read: the tensors' bytes lie in it */
};

/* Bytes of a tensor; SIZE_MAX when the shape makes no sense or overflows. */
size_t rfi_stored_bytes(rf_dtype dtype, const rf_shape *shape);
/* Add a tensor whose data belong to the model's `file`, or, when NULL, are zeros of its own. */
rf_stored *rfi_model_add(rf_model *m, const char *name, rf_dtype dtype, const rf_shape *shape,
                         const void *data);
/* Set metadata to any string.  False: no memory. */
bool rfi_model_set(rf_model *m, const char *key, const char *value);
/* Fill an empty model from m->file.  The name is set before. */
rf_status rfi_safetensors_parse(rf_model *m, rf_error *err);

#endif

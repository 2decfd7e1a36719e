/* refrain/model.h -- a model: named tensors and metadata, in one safetensors file.
 *
 * The file: 8 bytes, little-endian, the length of the header; the header, a JSON object padded with
 * spaces to a multiple of 8; then the tensors' bytes, little-endian, without holes.
 *
 *     {"__metadata__": {"refrain.task": "\"lm\"", ...},
 *      "weight_ih_l0": {"dtype": "F32", "shape": [512, 65], "data_offsets": [0, 133120]}, ...}
 *
 * Metadata are strings; those of Refrain are JSON texts each, what is longer than 64 KB is a U8
 * tensor of the same name.  "refrain.checksum" is the CRC-32 of the whole file with the checksum's
 * own eight digits as zeros: a file that carries it is checked when it is read.
 * Source: github.com/huggingface/safetensors, README, "Format". */
#ifndef REFRAIN_MODEL_H
#define REFRAIN_MODEL_H

#include <refrain/tensor.h>

RF_BEGIN

/* ---- Types of stored numbers ------------------------------------------------------------------- */

typedef int32_t rf_dtype;
enum {
    RF_F64,
    RF_F32,
    RF_F16,
    RF_BF16,
    RF_I64,
    RF_I32,
    RF_I16,
    RF_I8,
    RF_U64,
    RF_U32,
    RF_U16,
    RF_U8,
    RF_BOOL8,
    RF_DTYPES
};

/* "F32"; NULL if there is no such type. */
RF_API const char *rf_dtype_name(rf_dtype t);
/* The type of a name, in either case; -1: none. */
RF_API rf_dtype rf_dtype_find(const char *name);
RF_API size_t rf_dtype_bytes(rf_dtype t);

/* Convert n numbers; t is F64, F32, F16 or BF16.  Narrowing rounds to nearest, ties to even; what is
 * too large becomes infinite; NaN stays NaN.  The stored side need not be aligned. */
RF_API void rf_real_store(rf_dtype t, void *out, const rf_real *in, size_t n);
RF_API void rf_real_load(rf_dtype t, rf_real *out, const void *in, size_t n);

/* ---- Models ------------------------------------------------------------------------------------ */

typedef struct rf_model rf_model;

/* A tensor as it is stored.  All of it belongs to the model. */
typedef struct rf_stored {
    const char *name;
    rf_dtype dtype;
    rf_shape shape;
    const void *data; /* little-endian, row-major; not necessarily aligned */
    size_t bytes;
} rf_stored;

/* An empty model.  NULL: no memory. */
RF_API rf_model *rf_model_new(void);
RF_API void rf_model_free(rf_model *m);

/* Read a safetensors file, ours or anyone's.  NULL with err, a line that names file and tensor:
 * EIO; EFORMAT (foreign, truncated, damaged, more than RF_MAX_RANK dimensions, unknown dtype). */
RF_API rf_model *rf_model_read(const char *path, rf_error *err);
/* The same of bytes in memory, which are copied; `name` stands for the file in messages. */
RF_API rf_model *rf_model_parse(const void *bytes, size_t n, const char *name, rf_error *err);
/* Write atomically (see rf_writer) with checksum and version.  Errors: EIO, ENOMEM. */
RF_API rf_status rf_model_write(const rf_model *m, const char *path, rf_error *err);
/* The name it was read under, for messages; "model" if it was not. */
RF_API const char *rf_model_name(const rf_model *m);

/* ---- Tensors ----------------------------------------------------------------------------------- */

/* In order of addition, or of the file's bytes. */
RF_API size_t rf_model_count(const rf_model *m);
RF_API const rf_stored *rf_model_at(const rf_model *m, size_t i);
/* NULL: there is none of that name. */
RF_API const rf_stored *rf_model_find(const rf_model *m, const char *name);

/* Add a tensor; `bytes` (as many as dtype and shape say) are copied, NULL means zeros.
 * Errors: EINVAL (name empty, not UTF-8 or taken; shape), ENOMEM. */
RF_API rf_status rf_model_add(rf_model *m, const char *name, rf_dtype dtype, rf_shape shape,
                              const void *bytes, rf_error *err);
/* Add numbers of the computation, stored as F64, F32, F16 or BF16. */
RF_API rf_status rf_model_add_real(rf_model *m, const char *name, rf_dtype storage, rf_tensor t,
                                   rf_error *err);
/* Copy a stored tensor into `into`, converting.
 * Errors: EFORMAT "m.safetensors: tensor weight_ih_l0 is missing", "... is [512,64] where [512,65]
 * is due", "... holds I64 where numbers with a fraction are due". */
RF_API rf_status rf_model_get_real(const rf_model *m, const char *name, rf_tensor into,
                                   rf_error *err);
/* Whole numbers: `n` of any integer type into int64 (U64 above INT64_MAX is an error). */
RF_API rf_status rf_model_get_int(const rf_model *m, const char *name, int64_t *into, size_t n,
                                  rf_error *err);

/* ---- Metadata ---------------------------------------------------------------------------------- */

/* Keys of Refrain.  Plugins add their own as "TASK.what". */
#define RF_META_PLUGIN    "refrain.plugin"    /* "org.refrain.lm": who can read it */
#define RF_META_TASK      "refrain.task"      /* "lm" */
#define RF_META_VERSION   "refrain.version"   /* RF_VERSION of the writer, set by rf_model_write */
#define RF_META_OPTIONS   "refrain.options"   /* {"cell": "lstm", "hidden": 512, ...} */
#define RF_META_TOKENIZER "refrain.tokenizer" /* rf_tokenizer_write */
#define RF_META_METRICS   "refrain.metrics"   /* {"valid_loss": 1.47, ...} */
#define RF_META_NOTE      "refrain.note"      /* words for people */
#define RF_META_CHECKSUM  "refrain.checksum"  /* set and checked by rf_model_write, _read */

/* Set a key to a JSON text, replacing what it was.  Errors: EINVAL (not JSON, key empty), ENOMEM. */
RF_API rf_status rf_model_set(rf_model *m, const char *key, const char *json, rf_error *err);
/* Set a key to a JSON string, number (NaN and infinities: null). */
RF_API rf_status rf_model_set_text(rf_model *m, const char *key, const char *text, rf_error *err);
RF_API rf_status rf_model_set_number(rf_model *m, const char *key, double x, rf_error *err);
/* A JSON text of any length: metadata up to 64 KB, a U8 tensor of the same name above. */
RF_API rf_status rf_model_set_table(rf_model *m, const char *key, const char *json, size_t n,
                                    rf_error *err);

/* The string of a key as it stands in the file, or NULL. */
RF_API const char *rf_model_get(const rf_model *m, const char *key);
/* The JSON string of a key without its quotes and escapes, appended to `out`; false: there is none. */
RF_API bool rf_model_get_text(const rf_model *m, const char *key, rf_str *out);
/* The JSON number of a key, or `absent`. */
RF_API double rf_model_get_number(const rf_model *m, const char *key, double absent);
/* What rf_model_set_table stored (not NUL-terminated), or NULL. */
RF_API const char *rf_model_get_table(const rf_model *m, const char *key, size_t *n);
/* Entry i of the metadata. */
RF_API size_t rf_model_meta_count(const rf_model *m);
RF_API const char *rf_model_meta_at(const rf_model *m, size_t i, const char **value);

RF_END
#endif

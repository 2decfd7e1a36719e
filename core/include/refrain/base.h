/* refrain/base.h -- memory, random numbers, strings and maps: what every other part stands on. */
#ifndef REFRAIN_BASE_H
#define REFRAIN_BASE_H

#include <refrain/status.h>
#include <stdbool.h>

RF_BEGIN

/* ---- Arena: many allocations, one release ------------------------------------------------- */

typedef struct rf_arena rf_arena;

/* An empty arena; `first` bytes are reserved at the first allocation.  NULL: no memory. */
RF_API rf_arena *rf_arena_new(size_t first);
RF_API void rf_arena_free(rf_arena *a);
/* `n` bytes aligned to 64, contents undefined; zeroed by rf_arena_zalloc.  NULL: no memory. */
RF_API void *rf_arena_alloc(rf_arena *a, size_t n);
RF_API void *rf_arena_zalloc(rf_arena *a, size_t n);
RF_API char *rf_arena_strdup(rf_arena *a, const char *s);
/* Forget every allocation, keep the memory.  After a reset all memory is one block, large enough
 * for an eighth more than was used before: a cycle that repeats, with no more variation than that,
 * calls malloc in its first two rounds only. */
RF_API void rf_arena_reset(rf_arena *a);
/* Bytes handed out since the last reset, and how often the arena has called malloc. */
RF_API size_t rf_arena_used(const rf_arena *a);
RF_API size_t rf_arena_mallocs(const rf_arena *a);

/* Memory aligned to 64 bytes, outside any arena; zeroed by calloc.  NULL: no memory, or n overflows. */
RF_API void *rf_aligned_alloc(size_t count, size_t size);
RF_API void *rf_aligned_calloc(size_t count, size_t size);
RF_API void rf_aligned_free(void *p);

/* realloc of a pointer of any type, which stands at `pointer`: rf_resize(&x, n, sizeof *x).  False: no
 * memory, or the size overflows; then it is as it was. */
RF_API bool rf_resize(void *pointer, size_t count, size_t size);

/* ---- Random numbers: a pure function of a key and an element ------------------------------- */

/* What a random number depends on, and nothing else: not on threads, ranks or history.
 * `seed` is the user's, `stream` separates uses (rf_stream("dropout")), `step` counts time. */
typedef struct rf_key {
    uint64_t seed;
    uint32_t stream;
    uint32_t pad_; /* zero: keys are compared and stored as bytes */
    uint64_t step;
} rf_key;

RF_API uint32_t rf_stream(const char *name);
RF_API rf_key rf_key_make(uint64_t seed, const char *stream, uint64_t step);
/* Four random words: block number `block` of the key.
 * Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011 (Philox4x32-10). */
RF_API void rf_random(rf_key key, uint64_t block, uint32_t out[4]);
/* Element `i` of the key's stream: uniform in [0, 1), with 53 bits; standard normal (Box-Muller). */
RF_API double rf_uniform(rf_key key, uint64_t i);
RF_API double rf_normal(rf_key key, uint64_t i);
/* A permutation of 0 .. n-1 (Fisher-Yates), a function of the key. */
RF_API void rf_shuffle(rf_key key, uint32_t *out, uint32_t n);

/* ---- Strings --------------------------------------------------------------------------------- */

/* A growing string; start it as {0}.  `s` is NUL-terminated once anything was added.
 * When memory runs out `failed` is set and further additions do nothing. */
typedef struct rf_str {
    char *s;
    size_t n, cap;
    bool failed;
} rf_str;

RF_API void rf_str_add(rf_str *b, const char *bytes, size_t n);
RF_API void rf_str_put(rf_str *b, const char *text);
RF_API void rf_str_printf(rf_str *b, const char *fmt, ...) RF_PRINTF(2, 3);
RF_API void rf_str_clear(rf_str *b);
RF_API void rf_str_free(rf_str *b);

/* Of a text such as "a, b,c" the next item, without the blanks around it, and move *rest behind it:
 *
 *     for (const char *rest = text; rf_list_next(&rest, &item, &n);) ...
 *
 * False at the end.  "" has one item, which is empty. */
RF_API bool rf_list_next(const char **rest, const char **item, size_t *n);
/* The n bytes of s as one finite decimal number; blanks may stand around it.  False: they are none. */
RF_API bool rf_number_parse(const char *s, size_t n, double *out);

/* Edit distance with transpositions (Damerau, restricted), for "did you mean". */
RF_API int rf_edit_distance(const char *a, const char *b);
/* The word of the NULL-terminated list nearest to `word`, or NULL if none is near. */
RF_API const char *rf_nearest(const char *word, const char *const *words);

/* A number that tells data apart, though not from those of somebody who wants them to be mistaken:
 * FNV-1a, begun with h = RF_HASH and continued with what it returned. */
#define RF_HASH UINT64_C(0xcbf29ce484222325)
RF_API uint64_t rf_hash(uint64_t h, const void *bytes, size_t n);

/* ---- Map: bytes to a number ------------------------------------------------------------------- */

typedef struct rf_map rf_map;

RF_API rf_map *rf_map_new(void);
RF_API void rf_map_free(rf_map *m);
/* Set key to value; the key's bytes are copied.  False: no memory. */
RF_API bool rf_map_put(rf_map *m, const char *key, size_t n, int64_t value);
/* The value of key, or `absent`. */
RF_API int64_t rf_map_get(const rf_map *m, const char *key, size_t n, int64_t absent);
/* Add `by` to the value of key (0 if new).  The new value, or INT64_MIN: no memory. */
RF_API int64_t rf_map_add(rf_map *m, const char *key, size_t n, int64_t by);
RF_API size_t rf_map_count(const rf_map *m);
/* Entry `i` in order of first insertion. */
RF_API const char *rf_map_at(const rf_map *m, size_t i, size_t *n, int64_t *value);

RF_END
#endif

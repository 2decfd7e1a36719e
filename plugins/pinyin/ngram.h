/* pinyin/ngram.h -- n-gram models: modified Kneser-Ney, interpolated, order 1 to 4, in few bytes.
 *
 * Tokens are numbers from 1 to V-1; 0 is none.  PY_END stands between sentences and is the first
 * token of what is remembered of one.  Logarithms are natural, rounded to steps of 18/255.
 *
 * Source: Chen and Goodman: An empirical study of smoothing techniques for language modeling, 1998;
 * Heafield: KenLM, 2011 (the trie). */
#ifndef PINYIN_NGRAM_H
#define PINYIN_NGRAM_H

#include <refrain/model.h>

#define PY_ORDER   4
#define PY_END     1
#define PY_UNKNOWN 2
#define PY_FIRST   3 /* tokens from here on are characters or words */
#define PY_TOKENS  65535

/* The n-grams of one length.  Entries that share a context stand together, by token. */
typedef struct py_level {
    uint32_t n;
    uint16_t *token; /* [n]; NULL: the number is the token (length 1) */
    uint8_t *p;      /* [n] -ln p in steps */
    uint8_t *back;   /* [n] -ln of what is left to those unseen after it; NULL in the last level */
    uint32_t *first; /* [n+1] its continuations in the next level; NULL likewise */
} py_level;

typedef struct py_ngram {
    int order;
    int32_t V;
    py_level level[PY_ORDER];
} py_ngram;

void py_ngram_free(py_ngram *m);

/* What stands before, as far as the model remembers it: node[k] is the last k+1 tokens in level k,
 * or PY_NOWHERE. */
#define PY_NOWHERE UINT32_MAX
typedef struct py_context {
    int32_t token[PY_ORDER - 1]; /* the last one first; 0: none */
    uint32_t node[PY_ORDER - 1];
} py_context;
/* After PY_END. */
py_context py_ngram_begin(const py_ngram *m);
py_context py_ngram_next(const py_ngram *m, const py_context *c, int32_t token);
/* ln p(token | c). */
float py_ngram_logp(const py_ngram *m, const py_context *c, int32_t token);

/* How to learn one. */
typedef struct py_ngram_spec {
    int order;
    int32_t V;
    int64_t least[PY_ORDER]; /* n-grams of length k+1 seen less often are left out; 0 is 1 */
    const float *prior; /* [V] ln of what tokens are worth without a text, or NULL: all the same */
    double share;       /* of the prior among single tokens, 0 to 1 */
    rf_status (*ask)(void *ctx); /* now and then; what is not RF_OK ends the learning; or NULL */
    void *ctx;
} py_ngram_spec;
/* tokens [n] from 1 to V-1, sentences apart by PY_END; V is at most PY_TOKENS.
 * Errors: EINVAL (order, V, a token), EFORMAT (no text), ENOMEM, `ask`'s. */
rf_status py_ngram_learn(py_ngram *m, const py_ngram_spec *spec, const int32_t *tokens, size_t n,
                         rf_error *err);

/* In a model file, as NAME.K.token, .p, .back, .count.  Errors: EFORMAT, EINVAL, ENOMEM. */
rf_status py_ngram_store(const py_ngram *m, const char *name, rf_model *f, rf_error *err);
rf_status py_ngram_load(py_ngram *m, const char *name, const rf_model *f, rf_error *err);

#endif

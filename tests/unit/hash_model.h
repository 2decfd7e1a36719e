/* hash_model.h -- a model for tests of decoding: each hypothesis's state is a number made of all its
 * tokens, and scores are random numbers keyed by it.  A wrong gather therefore changes everything. */
#ifndef TESTS_UNIT_HASH_MODEL_H
#define TESTS_UNIT_HASH_MODEL_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/decode.h>

enum { MOST_V = 64, MOST_ROWS = 4096, MOST_LENGTH = 16 };

typedef struct hash_model {
    uint64_t seed;
    int32_t V;
    bool normalized;
    rf_index rows, steps;
    uint64_t *state, *spare; /* [MOST_ROWS] */
    rf_real *scores;         /* [MOST_ROWS, V] */
} hash_model;

static inline uint64_t follow(uint64_t state, int32_t token)
{
    return (state ^ (uint64_t)(token + 1)) * 0x9e3779b97f4a7c15u + (state >> 29);
}

static inline void state_scores(const hash_model *m, uint64_t state, rf_real *out)
{
    rf_key key = rf_key_make(m->seed, "hash model", state);
    double sum = 0;
    for (int32_t v = 0; v < m->V; v++) {
        out[v] = (rf_real)(1.5 * rf_normal(key, (uint64_t)v));
        sum += exp((double)out[v]);
    }
    for (int32_t v = 0; m->normalized && v < m->V; v++) out[v] -= (rf_real)log(sum);
}

static inline void hash_reset(void *self, rf_index rows)
{
    hash_model *m = self;
    m->rows = rows;
    memset(m->state, 0, (size_t)rows * sizeof *m->state);
}

static inline const rf_real *hash_step(void *self, const int32_t *tokens, rf_index rows)
{
    hash_model *m = self;
    m->steps++;
    if (rows != m->rows) return NULL;
    for (rf_index r = 0; r < rows; r++) {
        m->state[r] = follow(m->state[r], tokens[r]);
        state_scores(m, m->state[r], m->scores + r * m->V);
    }
    return m->scores;
}

static inline void hash_gather(void *self, const int32_t *from, rf_index rows)
{
    hash_model *m = self;
    for (rf_index r = 0; r < rows; r++) m->spare[r] = m->state[from[r]];
    memcpy(m->state, m->spare, (size_t)rows * sizeof *m->state);
    m->rows = rows;
}

static inline hash_model *hash_new(uint64_t seed, int32_t V, bool normalized)
{
    hash_model *m = calloc(1, sizeof *m);
    *m = (hash_model){.seed = seed, .V = V, .normalized = normalized};
    m->state = calloc(MOST_ROWS, sizeof *m->state);
    m->spare = calloc(MOST_ROWS, sizeof *m->spare);
    m->scores = calloc((size_t)MOST_ROWS * (size_t)V, sizeof *m->scores);
    return m;
}

static inline void hash_free(hash_model *m)
{
    free(m->state);
    free(m->spare);
    free(m->scores);
    free(m);
}

static inline rf_scorer scorer_of(hash_model *m, rf_index rows)
{
    return (rf_scorer){.self = m,
                       .vocabulary = m->V,
                       .rows = rows,
                       .normalized = m->normalized,
                       .reset = hash_reset,
                       .step = hash_step,
                       .gather = hash_gather};
}

static inline void row_logp(const hash_model *m, uint64_t state, double *out)
{
    rf_real scores[MOST_V];
    state_scores(m, state, scores);
    if (m->normalized)
        for (int32_t v = 0; v < m->V; v++) out[v] = (double)scores[v];
    else
        rf_log_probabilities(scores, m->V, out);
}

#endif

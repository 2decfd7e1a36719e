/* hypotheses.h -- results of searches compared. */
#ifndef TESTS_UNIT_HYPOTHESES_H
#define TESTS_UNIT_HYPOTHESES_H

#include <math.h>
#include <string.h>

#include <refrain/decode.h>

#include "../suite.h"

/* The beam's hypotheses of up to `most` tokens after token 0, ended by token 1. */
static inline rf_beam_spec beam_of(rf_index beam, rf_index most)
{
    static const int32_t start[] = {0};
    return (rf_beam_spec){.beam = beam,
                          .best = beam,
                          .prompt = start,
                          .prompts = 1,
                          .max_length = most,
                          .end = 1,
                          .penalty = RF_LENGTH_GNMT,
                          .alpha = 0.6};
}

/* The same tokens, scores within a part of themselves. */
static inline void same_hypotheses(const rf_hypotheses *a, const rf_hypotheses *b, double within)
{
    CU_ASSERT_EQUAL_FATAL(a->n, b->n);
    for (rf_index i = 0; i < a->n; i++) {
        CU_ASSERT_EQUAL_FATAL(a->h[i].n, b->h[i].n);
        CU_ASSERT(!memcmp(a->h[i].tokens, b->h[i].tokens, (size_t)a->h[i].n * sizeof(int32_t)));
        CU_ASSERT_DOUBLE_EQUAL(a->h[i].score, b->h[i].score, within * fabs(a->h[i].score));
    }
}

#endif

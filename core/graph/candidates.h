/* graph/candidates.h -- which classes a sampled softmax compares with: more of the frequent ones.
 *
 * Classes are numbered by falling frequency and drawn from the log-uniform distribution, which is
 * near to Zipf's law: P(k) = ln((k+2) / (k+1)) / ln(V+1) for k = 0 .. V-1.
 * Source: TensorFlow's log_uniform_candidate_sampler with unique = true. */
#ifndef RFI_GRAPH_CANDIDATES_H
#define RFI_GRAPH_CANDIDATES_H

#include <refrain/base.h>

/* Words of 64 bits that `seen` takes. */
static inline size_t rfi_candidate_words(rf_index V) { return (size_t)(V + 63) / 64; }

/* Draw until n of V classes, n <= V, have come; they are in id [n], rising.  `seen` is scratch.
 * Returns the number of draws; 0: all V were due, and nothing was drawn.  A function of the key. */
double rfi_candidates_draw(rf_key key, rf_index V, rf_index n, uint64_t *seen, int32_t *id);

/* ln of the probability that class k is among what came in so many draws; 0 for `draws` 0. */
double rfi_candidate_log_expected(double draws, rf_index V, int32_t k);

#endif

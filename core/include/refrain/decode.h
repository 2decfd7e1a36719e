/* refrain/decode.h -- choosing tokens one after the other: greedy, sampling, beam search; choosing a
 * sequence of tags at once: Viterbi, the n best, marginals; reading labels from frames; and drawing many
 * yes and no at once.
 *
 * Decoding sees a model through rf_scorer only: rows of hypotheses that take a token each and give
 * scores for the next.  All choices are functions of scores, options and seed: ties go to the lower
 * token, and sample i draws from its own random stream, so batches and counts change nothing. */
#ifndef REFRAIN_DECODE_H
#define REFRAIN_DECODE_H

#include <refrain/tensor.h>

RF_BEGIN

/* A model as decoding sees it.  Only get_state and set_state (with state_bytes) may be NULL. */
typedef struct rf_scorer {
    void *self;
    int32_t vocabulary; /* V */
    rf_index rows;      /* hypotheses it can hold at once, at least 1 */
    bool normalized; /* scores are log-probabilities; false: logits, any constant added to a row */
    /* `rows` hypotheses, all in the initial state (of a translation: the source has been read). */
    void (*reset)(void *self, rf_index rows);
    /* Feed tokens [rows], one a hypothesis -> scores of what follows [rows,V], valid until the
     * next call.  NULL: it failed. */
    const rf_real *(*step)(void *self, const int32_t *tokens, rf_index rows);
    /* Hypothesis k becomes what hypothesis from[k] was; afterwards there are `rows`. */
    void (*gather)(void *self, const int32_t *from, rf_index rows);
    /* The states of all rows as bytes, for stopping and going on. */
    size_t (*state_bytes)(void *self);
    void (*get_state)(void *self, void *out);
    void (*set_state)(void *self, const void *in);
} rf_scorer;

/* A scorer that tells how far it is before each step of another, and fails once `tell` says so; it has
 * no get_state and set_state. */
typedef struct rf_told_scorer {
    rf_scorer scorer;
    rf_status (*tell)(void *ctx, double done, double total); /* NULL: nobody asks */
    void *ctx;
    double done, total; /* what is told: the caller's */
    rf_status stopped;  /* what `tell` said, if not RF_OK: the reason of a search that failed */
} rf_told_scorer;
/* Steps t->scorer; t stays where it is. */
RF_API rf_scorer rf_told_scorer_of(rf_told_scorer *t);

/* log softmax of one row [V] in double.  A row without a finite score, or with NaN or +infinity in
 * it, becomes NaN. */
RF_API void rf_log_probabilities(const rf_real *scores, int32_t V, double *out);

/* ---- Several models as one ------------------------------------------------------------------- */

/* What follows is as probable as its members hold it to be on average (Hansen & Salamon 1990; as decoders of
 * captions: Vinyals et al. 2015). */
typedef struct rf_ensemble rf_ensemble;
/* member [n]: of equal vocabularies, copied; what they point to is the caller's.  NULL with err: EINVAL,
 * ENOMEM. */
RF_API rf_ensemble *rf_ensemble_new(const rf_scorer *member, size_t n, rf_error *err);
RF_API void rf_ensemble_free(rf_ensemble *e);
/* Of as many rows as the member that has fewest; it has no states as bytes. */
RF_API rf_scorer rf_ensemble_scorer(rf_ensemble *e);

/* ---- Choosing one token ---------------------------------------------------------------------- */

/* Filters apply in this order: forbidden tokens, temperature, top-k, top-p; what is left is
 * renormalised. */
typedef struct rf_sample_spec {
    double temperature; /* scores are divided by it; 0: the best token (greedy) */
    int32_t top_k;      /* keep the k best; 0: all */
    double top_p;       /* keep the fewest best tokens that have this much probability together, at
                            * least one; 0 or 1: all.  Holtzman et al., ICLR 2020 (nucleus) */
    const uint8_t *forbid; /* [V], 1: never chosen; NULL: none */
    uint64_t seed;
} rf_sample_spec;

/* Memory for choosing, for one vocabulary. */
typedef struct rf_sampler rf_sampler;
RF_API rf_sampler *rf_sampler_new(int32_t V, rf_error *err);
RF_API void rf_sampler_free(rf_sampler *s);

/* A token and its probability. */
typedef struct rf_choice {
    int32_t token;
    double p;
} rf_choice;

/* The tokens that pass the filters, the most probable first, equal ones by token; probabilities
 * sum to 1.  *n of them, valid until the next call.  With temperature 0: one.  *n is 0 when every
 * token is forbidden or no score is finite. */
RF_API const rf_choice *rf_sampler_filter(rf_sampler *s, const rf_real *scores,
                                          const rf_sample_spec *spec, int32_t *n);
/* The token for u uniform in [0,1); -1 when there is none. */
RF_API int32_t rf_sampler_pick(rf_sampler *s, const rf_real *scores, const rf_sample_spec *spec,
                               double u);

/* ---- Generating ------------------------------------------------------------------------------ */

typedef struct rf_generate_spec {
    rf_sample_spec sample;
    const int32_t *prompt; /* [prompts], fed first and not reported; at least one token */
    rf_index prompts;
    rf_index length;     /* tokens to generate, at most */
    rf_index min_length; /* `end` is not chosen before as many tokens */
    int32_t end;         /* ends a sample; it is not reported.  -1: none */
    rf_index count;      /* samples; 0 means 1.  Run side by side, scorer->rows at a time */
    rf_index first;      /* number of the first: sample i is the same in every call */
    /* Token number t of sample i, with its log-probability under the model (unfiltered, temperature
     * 1).  Samples run side by side, so calls of different i interleave.  False: stop. */
    bool (*token)(void *ctx, rf_index i, rf_index t, int32_t token, double logp);
    /* Sample i is complete; ended: by the end token.  NULL: not of interest. */
    bool (*done)(void *ctx, rf_index i, bool ended);
    void *ctx;
} rf_generate_spec;

/* Generate: token t of sample i is chosen with rf_uniform(rf_key_make(seed, "sample", i), t).
 * Errors: RF_ECANCELLED when a callback said false; RF_EINVAL: prompt empty or outside 0..V-1;
 * RF_EDIVERGED: no token has a finite score. */
RF_API rf_status rf_generate(const rf_scorer *scorer, const rf_generate_spec *spec, rf_error *err);

/* ---- Scoring a given text -------------------------------------------------------------------- */

/* logp [n-1]: log-probability of tokens[1..] each given all before.  Needs n >= 1. */
RF_API rf_status rf_score_tokens(const rf_scorer *scorer, const int32_t *tokens, rf_index n,
                                 double *logp, rf_error *err);

/* ---- Beam search ----------------------------------------------------------------------------- */

typedef enum rf_length_penalty {
    RF_LENGTH_NONE,  /* score = log p */
    RF_LENGTH_PLAIN, /* log p / n^alpha, n tokens generated, the end token among them */
    RF_LENGTH_GNMT   /* log p / ((5 + n) / 6)^alpha.  Wu et al. 2016, equation 14 */
} rf_length_penalty;

typedef struct rf_beam_spec {
    rf_index beam;         /* hypotheses kept; at most scorer->rows */
    rf_index best;         /* how many to return; 0 means 1 */
    const int32_t *prompt; /* [prompts], fed first; not part of the result; at least one token */
    rf_index prompts;
    const int32_t *prefix; /* [prefixes], how every result begins; counted and scored */
    rf_index prefixes;
    rf_index max_length; /* tokens, the end token among them */
    rf_index min_length; /* `end` is not chosen before as many tokens */
    int32_t end;         /* -1: none, all results have max_length */
    rf_length_penalty penalty;
    double alpha;
    int32_t no_repeat;     /* no n-gram of this length twice in a result; 0: off */
    const uint8_t *forbid; /* [V], 1: never chosen; NULL: none */
    /* Added to the score of a result (coverage, Wu et al. 2016, equation 14): hypothesis `row` of
     * scorer, as of its last step, ends with these n tokens.  NULL: none. */
    double (*bonus)(void *ctx, rf_index row, const int32_t *tokens, rf_index n);
    void *ctx;
    bool malus; /* the bonus is never above 0: a search may end early */
} rf_beam_spec;

typedef struct rf_hypothesis {
    const int32_t *tokens; /* [n], the end token left out */
    rf_index n;
    double logp;  /* of all tokens and of the end */
    double score; /* after length penalty and bonus */
    bool ended;   /* by the end token */
} rf_hypothesis;

/* Best first: ended ones, then those cut off at max_length; equal scores by tokens. */
typedef struct rf_hypotheses {
    rf_index n;
    rf_hypothesis *h;
    void *memory;
} rf_hypotheses;

/* A search ends when no result that is better than the `best` can come any more; a beam of 1, which is
 * greedy, once `best` results have ended.  With a beam at least as wide as the search space the result is
 * that of exhaustive search.
 * Errors: RF_EINVAL for options that make no sense; RF_EDIVERGED: no finite score. */
RF_API rf_status rf_beam_search(const rf_scorer *scorer, const rf_beam_spec *spec,
                                rf_hypotheses *out, rf_error *err);
/* Several searches side by side, of the states that the scorer's reset(n) gives its rows: spec [n] ->
 * out [n].  Prompts have equal lengths, beams fit into scorer->rows together; each search gives what it
 * would give alone. */
RF_API rf_status rf_beam_search_many(const rf_scorer *scorer, const rf_beam_spec *spec, rf_index n,
                                     rf_hypotheses *out, rf_error *err);
RF_API void rf_hypotheses_free(rf_hypotheses *h);

/* ---- Chains of tags: what rf_crf_loss trains ---------------------------------------------------- */

/* The scores of one sequence.  Sequence b of emissions [T,B,K]: emission + b*K, stride B*K.
 *
 *   emission     [T] rows of K, `stride` apart (0: K)
 *   transitions  [K,K]; start, end [K]: as of rf_crf; NULL: zeros
 *   forbid       [K+1,K+1], as of rf_crf; NULL: all is allowed
 *   allowed      [T,RF_CHAIN_WORDS(K)]: bit k % 64 of word k / 64: tag k may stand there; NULL: any.
 *                For what is known of a sequence before: a user's lexicon, a segmentation
 *
 *     rf_chain c = {.T = n, .K = K, .emission = rf_value(g, logits).data,
 *                   .transitions = crf.transitions->value.data, .start = crf.start->value.data,
 *                   .end = crf.end->value.data, .forbid = crf.forbid};
 *     rf_status st = rf_chain_best(work, &c, tags, &score, &err); */
typedef struct rf_chain {
    rf_index T, K, stride;
    const rf_real *emission, *transitions, *start, *end;
    const uint8_t *forbid;
    const uint64_t *allowed;
} rf_chain;
#define RF_CHAIN_WORDS(K) (((K) + 63) / 64)

/* Memory that grows to the longest sequence seen.  One thread at a time. */
typedef struct rf_chain_work rf_chain_work;
RF_API rf_chain_work *rf_chain_work_new(void); /* NULL: no memory */
RF_API void rf_chain_work_free(rf_chain_work *w);

/* The path of highest score: tags [T]; of equal scores lower tags, from the end on.  Score: the sum
 * of the emissions, transitions, start and end; may be NULL.  T 0: no tags, score 0.
 * Errors: EINVAL "no path of allowed tags passes step 3" (from 0; scores of -infinity forbid, too),
 * EDIVERGED (a score is not a number), ENOMEM.  Source: Viterbi 1967. */
RF_API rf_status rf_chain_best(rf_chain_work *w, const rf_chain *c, int32_t *tags, double *score,
                               rf_error *err);
/* The n best paths, best first: tags [n,T], scores [n]; *found of them, fewer where there are fewer.
 * Source: Seshadri and Sundberg, IEEE Trans. Commun. 1994 (list Viterbi). */
RF_API rf_status rf_chain_list(rf_chain_work *w, const rf_chain *c, rf_index n, int32_t *tags,
                               double *scores, rf_index *found, rf_error *err);
/* p [T,K]: the probability of each tag at each step given the whole sequence; log_z: ln of the sum of
 * e^score over all paths.  Either may be NULL.  e^(score - log_z) is the probability of a path; of a
 * part of one, e^(log_z' - log_z) where log_z' has
 * the tags of that part alone `allowed`. */
RF_API rf_status rf_chain_marginals(rf_chain_work *w, const rf_chain *c, double *p, double *log_z,
                                    rf_error *err);

/* ---- Labels from frames: what rf_ctc_loss trains ------------------------------------------------- */

/* Log-probabilities of one sequence's frames.  Sequence b of [T,B,K]: logp + b*K, stride B*K. */
typedef struct rf_ctc_frames {
    rf_index T, K, stride; /* rows of K, `stride` apart (0: K) */
    const rf_real *logp;
    int32_t blank;
} rf_ctc_frames;

/* The best label of each frame, repeats and blanks left out: labels [T], and in `at` [T] (or NULL) the
 * frame where each begins.  logp (or NULL): of that path.  Returns how many. */
RF_API rf_index rf_ctc_greedy(const rf_ctc_frames *f, int32_t *labels, int32_t *at, double *logp);

/* Where given labels [n] stand on their most probable path: from, to [n], half-open in frames.
 * Errors: EINVAL (they need more frames than there are; a label that is the blank or none), EDIVERGED
 * (no such path has a finite score), ENOMEM. */
RF_API rf_status rf_ctc_align(const rf_ctc_frames *f, const int32_t *labels, rf_index n,
                              int32_t *from, int32_t *to, double *logp, rf_error *err);

/* What a prefix search weighs labels with besides the frames; all zero is a plain search.
 *
 *   follow   what is added when `label` follows in `state` (0 at the beginning), and the state after
 *            it; -INFINITY: never.  Called again for what was dropped before: the same answer
 *   end      added to what ends in `state`; NULL: 0 */
typedef struct rf_ctc_spec {
    rf_index beam; /* prefixes kept; 0: 16 */
    double prune; /* a frame's labels less probable than its best by more than this, in nats, extend
                    * no prefix; 0: all do */
    double bonus; /* added for each label */
    double (*follow)(void *ctx, int64_t state, int32_t label, int64_t *next);
    double (*end)(void *ctx, int64_t state);
    void *ctx;
} rf_ctc_spec;

/* A search that is fed with frames as they come.  The probability of a prefix is summed over all its
 * paths that the beam has kept.  Source: Hannun, Maas, Jurafsky, Ng, arXiv 1408.2873 (2014). */
typedef struct rf_ctc_search rf_ctc_search;
/* K labels.  NULL with err: EINVAL (beam, blank), ENOMEM. */
RF_API rf_ctc_search *rf_ctc_search_new(const rf_ctc_spec *spec, rf_index K, int32_t blank,
                                        rf_error *err);
RF_API void rf_ctc_search_free(rf_ctc_search *s);
/* Begin another sequence. */
RF_API void rf_ctc_search_reset(rf_ctc_search *s);
/* T more frames, rows `stride` apart (0: K).  Errors: ENOMEM, EDIVERGED (a number that is none). */
RF_API rf_status rf_ctc_search_feed(rf_ctc_search *s, const rf_real *logp, rf_index T,
                                    rf_index stride, rf_error *err);
/* The best up to now, at most `best`: logp of the frames alone, score with the spec's additions, and
 * `ended` true.  Free it by rf_hypotheses_free.  Errors: ENOMEM. */
RF_API rf_status rf_ctc_search_best(const rf_ctc_search *s, rf_index best, rf_hypotheses *out,
                                    rf_error *err);

/* ---- Ordered binaries: what rf_nade tells of ----------------------------------------------------- */

/* A row as rf_nade has it: b [V], c [N], w and u [V,N]. */
typedef struct rf_nade_row {
    rf_index V, N;
    const rf_real *b, *c, *w, *u;
} rf_nade_row;

/* Draw v [V], each 0 or 1, in their order: value i is 1 where rf_uniform(key, i) is below the
 * probability that its log-odds, divided by the temperature, give it; with temperature 0 where it is
 * the more probable.  scratch [2 N].  Returns ln p(v) at temperature 1. */
RF_API double rf_nade_draw(rf_device *d, const rf_nade_row *row, double temperature, rf_key key,
                           rf_real *v, rf_real *scratch);
/* The same where each is by itself: log-odds z [V] -> v [V]. */
RF_API double rf_binary_draw(rf_index V, const rf_real *z, double temperature, rf_key key,
                             rf_real *v);

RF_END
#endif

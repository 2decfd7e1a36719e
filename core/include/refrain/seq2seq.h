/* refrain/seq2seq.h -- an encoder, a decoder and attention: from one sequence of tokens to another.
 *
 * A bidirectional recurrent encoder reads the source; its last states begin the decoder, which sees
 * the tokens so far and, by attention, all states of the encoder:
 *
 *     between  h_t = RNN_0(y_{t−1});  c_t = attention(h_t);  s_t = RNN_1..(h_t, c_t)
 *              the layers above the first see what is attended to, now and before; training goes by
 *              whole sequences.  Wu et al. 2016 (GNMT), figure 1; Sennrich et al. 2017 (cGRU)
 *     after    s_t = RNN(y_{t−1});  c_t = attention(s_t).  Luong et al. 2015, section 3.1; the fastest
 *     feed     s_t = RNN(y_{t−1}, o_{t−1});  c_t = attention(s_t).  Luong et al. 2015, section 3.3
 *              (input feeding): training goes step by step
 *
 *     none     s_t = RNN(y_{t−1}), and no c_t: the source is known by the first states alone
 *
 *     x = sqrt(E) times a token's vector, as in Vaswani et al. 2017, section 3.4
 *     o_t = tanh(W_c [s_t; c_t]);   p(y_t) = softmax(W_o o_t + b)
 *
 * With `features` the source is no sequence of tokens but S vectors that are given, such as the places
 * of a picture: what is attended to is a projection of each, and what begins the decoder is made of
 * their mean.  Xu et al. 2015 (Show, Attend and Tell), section 3.1; with none: Vinyals et al. 2015
 * (Show and Tell), where the picture begins the decoder.  The gradient goes on into the vectors.
 *
 * With `copy` (See et al. 2017, equations 8 and 9): p(y_t) = γ p_vocabulary(y_t) + (1 − γ) Σ a_ts over
 * the places s whose source token is y_t, γ = sigmoid(w · o_t + b).  Tokens that the target vocabulary
 * lacks have numbers from V on, which the caller gives out for each sentence.
 *
 * With `coverage` (the same paper, equations 10 to 13; of feed and additive attention): scores see the
 * sum of the attention so far, and λ Σ min(a_ts, sum_ts) is added to the loss.
 *
 *     rf_seq2seq_loss      a training step, or a validation, on a graph
 *     rf_seq2seq_forced    log-probabilities and attention of given targets, on a graph
 *     rf_translator        hypotheses step by step without a graph, for decode.h */
#ifndef REFRAIN_SEQ2SEQ_H
#define REFRAIN_SEQ2SEQ_H

#include <refrain/cell.h>
#include <refrain/decode.h>
#include <refrain/layers.h>

RF_BEGIN

typedef enum rf_attend {
    RF_ATTEND_BETWEEN,
    RF_ATTEND_AFTER,
    RF_ATTEND_FEED,
    RF_ATTEND_NONE
} rf_attend;

/* Zero means none, off or no, unless said otherwise. */
typedef struct rf_seq2seq_spec {
    const rf_cell *cell;
    int32_t source, target; /* sizes of the vocabularies; source 0 with features */
    rf_index features;      /* D: the source is given as vectors; encoder_layers is not looked at */
    int32_t unknown;        /* target token that the decoder reads for copied ones from V on */
    rf_index embed, hidden; /* E; H, of the decoder.  The encoder has H/2 in each direction */
    int encoder_layers, decoder_layers;
    rf_attend attend; /* between: two decoder layers at least */
    rf_attention_kind attention;
    rf_index
        compare; /* A, of additive attention: states are compared in so many dimensions; 0: H */
    bool shared; /* one table of embeddings for source and target: vocabularies of one size */
    bool tied;   /* the output's weight is the target's table */
    bool copy, coverage;
    double forget_bias; /* see rf_rnn_spec */
    /* What follows matters while training (RF_TRAIN) alone. */
    double drop_input, drop_hidden, drop_output; /* of embeddings, between layers, of o_t */
    double smoothing; /* label smoothing: the part of 1 that is spread over all tokens.
                             * Szegedy et al. 2016, section 7.  Not with copy */
    double sampling;  /* scheduled sampling: part of the decoder's inputs that are its own best
                             * guesses of a first pass.  Bengio et al. 2015; Mihaylova & Martins 2019 */
    double coverage_weight; /* λ; 0 is 1 */
    double even; /* λ of λ Σ_s (1 − Σ_t a_ts)², meaned over the batch: every place is attended to in
                  * turn.  Xu et al. 2015, equation 14 (doubly stochastic attention) */
} rf_seq2seq_spec;

typedef struct rf_seq2seq rf_seq2seq;

/* Adds parameters to ps: source.weight, target.weight (or embed.weight), encoder.* (with features
 * memory.weight [H,D] and memory.bias instead of source and encoder), bridge.L.h.*, bridge.L.c.*, decoder.* (between: decoder.0.*, decoder.1.*), attention.*, combine.weight,
 * output.weight (unless tied), output.bias, copy.*.  NULL with err: EINVAL, ESHAPE, ENOMEM. */
RF_API rf_seq2seq *rf_seq2seq_new(const rf_seq2seq_spec *spec, rf_params *ps, rf_error *err);
RF_API void rf_seq2seq_free(rf_seq2seq *m);
RF_API const rf_seq2seq_spec *rf_seq2seq_describe(const rf_seq2seq *m);
/* Other than the spec's, between two graphs: scheduled sampling may grow. */
RF_API void rf_seq2seq_set_sampling(rf_seq2seq *m, double sampling);

/* Sentences side by side, time first.  All is borrowed as long as the graph. */
typedef struct rf_seq2seq_batch {
    rf_index S, T, B;
    const int32_t *source;         /* [S,B]; beyond a length any token.  NULL with features */
    const int32_t *source_lengths; /* [B], each from 1 to S */
    const int32_t *input;          /* [T,B] what the decoder reads: the start token first */
    const int32_t *target; /* [T,B] what it should tell; -1: beyond the end.  With copy, V and
                                    * above: tokens of this sentence's source alone */
    const int32_t *copies; /* [S,B] with copy: the target token that a source token is, -1:
                                    * none */
    rf_node features;      /* [S,B,D] of the graph, with features; beyond a length any */
} rf_seq2seq_batch;

/* How many targets there are. */
RF_API rf_index rf_seq2seq_targets(const rf_seq2seq_batch *b);
/* The mean of -ln p(target) over the targets there are, with what the spec adds in RF_TRAIN. */
RF_API rf_node rf_seq2seq_loss(rf_graph *g, const rf_seq2seq *m, const rf_seq2seq_batch *b);

/* ln p [T,B] of the targets (beyond the end: of anything), and the attention [T,B,S]; RF_NONE where
 * there is none. */
typedef struct rf_forced {
    rf_node logp, weights;
} rf_forced;
RF_API rf_forced rf_seq2seq_forced(rf_graph *g, const rf_seq2seq *m, const rf_seq2seq_batch *b);

/* ---- Decoding without a graph -------------------------------------------------------------------- */

typedef struct rf_translator rf_translator;

/* For up to `rows` hypotheses at once, of the parameters as they are now.  NULL with err: ENOMEM. */
RF_API rf_translator *rf_translator_new(rf_device *d, const rf_seq2seq *m, rf_index rows,
                                        rf_error *err);
RF_API void rf_translator_free(rf_translator *t);
/* The parameters changed. */
RF_API void rf_translator_refresh(rf_translator *t);
/* Read the sources of b (input and target are not looked at; T may be 0) on a graph that was begun with
 * RF_INFER, in whose memory b may stand; it is free afterwards.  `extra`: with copy, how many tokens from
 * V on there are at most.
 * Errors: those of the graph, ENOMEM. */
RF_API rf_status rf_translator_read(rf_translator *t, rf_graph *g, const rf_seq2seq_batch *b,
                                    int32_t extra, rf_error *err);
/* The sentences that were read last: reset(n) makes row i the beginning of sentence i.  The first
 * token to feed is the start token.  Valid until the next _read. */
RF_API rf_scorer rf_translator_scorer(rf_translator *t);
/* The attention of a row's last step, and the sum of it over its steps: [S]; S of the batch.  Zeros
 * where there is none. */
RF_API const rf_real *rf_translator_weights(const rf_translator *t, rf_index row);
RF_API const rf_real *rf_translator_coverage(const rf_translator *t, rf_index row);
/* The length of a row's source. */
RF_API int32_t rf_translator_length(const rf_translator *t, rf_index row);
/* Wu et al. 2016, equation 14: Σ_s ln min(coverage_s, 1) over the source, never above 0. */
RF_API double rf_translator_covered(const rf_translator *t, rf_index row);

/* Messages name the caller's file and line. */
#ifndef RF_NO_PLACES
#define rf_seq2seq_loss(g, ...)   rf_seq2seq_loss(RF_HERE(g), __VA_ARGS__)
#define rf_seq2seq_forced(g, ...) rf_seq2seq_forced(RF_HERE(g), __VA_ARGS__)
#endif

RF_END
#endif

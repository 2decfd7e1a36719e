/* test_seq2seq.c -- encoder, attention and decoder as a whole: gradients of every parameter, and the
 * expanded graph. */
#include "check.h"

#include <refrain/seq2seq.h>

#include "../suite.h"

enum { S = 4, T = 3, B = 2, V = 5 };

static const int32_t source[S * B] = {1, 2, 3, 4, 0, 1, 2, 0}, lengths[B] = {4, 2};
static const int32_t input[T * B] = {0, 0, 3, 1, 2, 0}, target[T * B] = {3, 1, 2, 0, 0, -1};
/* With copy: token 5 and 6 are not in the vocabulary of 5. */
static const int32_t copies[S * B] = {1, 5, 5, 4, -1, 1, 6, 0};
static const int32_t copy_target[T * B] = {5, 5, 6, 0, 0, -1};

static const rf_seq2seq_batch plain = {S, T, B, source, lengths, input, target, NULL, RF_NONE},
                              with_copies = {S,     T,           B,      source, lengths,
                                             input, copy_target, copies, RF_NONE};

typedef struct problem {
    rf_seq2seq *m;
    const rf_seq2seq_batch *b;
    bool forced;
} problem;

/* With features: x[0] is the vectors. */
static rf_node build_vectors(rf_graph *g, const rf_node *x, const void *ctx)
{
    const problem *p = ctx;
    rf_seq2seq_batch b = *p->b;
    b.features = x[0];
    return rf_seq2seq_loss(g, p->m, &b);
}

/* The loss and x, which lets the generic checks have a leaf. */
static rf_node build(rf_graph *g, const rf_node *x, const void *ctx)
{
    const problem *p = ctx;
    if (!p->forced) return rf_mul(g, rf_seq2seq_loss(g, p->m, p->b), x[0]);
    const rf_forced f = rf_seq2seq_forced(g, p->m, p->b);
    const rf_node both[] = {rf_reshape(g, f.logp, RF_SHAPE(T, B, 1)), f.weights};
    return rf_mul(g, rf_concat(g, 2, both, 2), x[0]);
}

static void check_model(const char *name, const char *cell, rf_seq2seq_spec spec, bool forced)
{
    rf_params *ps = rf_params_new();
    rf_error err = {0};
    spec.cell = rf_cell_find(cell);
    spec.source = spec.features ? 0 : V;
    spec.target = V;
    spec.embed = 3;
    spec.hidden = 4;
    spec.encoder_layers = 1;
    problem p = {rf_seq2seq_new(&spec, ps, &err), spec.copy ? &with_copies : &plain, forced};
    CU_ASSERT_PTR_NOT_NULL_FATAL(p.m);
    rf_params_init(ps, 5);
    check_problem c = {.name = name,
                       .build = build,
                       .ctx = &p,
                       .n = 1,
                       .shape = {RF_SHAPE(1)},
                       .low = 0.5,
                       .high = 1.5,
                       .params = ps,
                       .mode = RF_TRAIN};
    if (spec.features) {
        c.build = build_vectors;
        c.shape[0] = RF_SHAPE(S, B, spec.features);
    }
    check_all(&c);
    rf_seq2seq_free(p.m);
    rf_params_free(ps);
}

static void ways_of_attending_hold(void)
{
    const rf_seq2seq_spec between = {.decoder_layers = 2, .attention = RF_ATTENTION_GENERAL};
    const rf_seq2seq_spec after = {
        .decoder_layers = 1, .attend = RF_ATTEND_AFTER, .attention = RF_ATTENTION_DOT};
    const rf_seq2seq_spec feed = {.decoder_layers = 1, .attend = RF_ATTEND_FEED};
    check_model("between, general", "gru", between, false);
    check_model("after, dot", "lstm", after, false);
    check_model("feed, additive", "elman", feed, false);
    check_model("feed, forced", "lstm", feed, true);
}

static void losses_hold(void)
{
    const rf_seq2seq_spec smoothed = {
        .decoder_layers = 1, .attend = RF_ATTEND_AFTER, .smoothing = 0.2, .tied = true};
    const rf_seq2seq_spec shared = {
        .decoder_layers = 2, .shared = true, .tied = true, .smoothing = 0.1};
    const rf_seq2seq_spec copy = {
        .decoder_layers = 1, .attend = RF_ATTEND_AFTER, .copy = true, .unknown = 1};
    const rf_seq2seq_spec coverage = {
        .decoder_layers = 1, .attend = RF_ATTEND_FEED, .coverage = true, .coverage_weight = 0.7};
    rf_seq2seq_spec both = coverage;
    both.copy = true;
    check_model("smoothing, tied", "gru", smoothed, false);
    check_model("shared", "elman", shared, false);
    check_model("copy", "gru", copy, false);
    check_model("copy, forced", "gru", copy, true);
    check_model("coverage", "gru", coverage, false);
    check_model("copy and coverage", "gru", both, false);
}

static void given_vectors_hold(void)
{
    const rf_seq2seq_spec additive = {
        .features = 3, .decoder_layers = 1, .attend = RF_ATTEND_AFTER, .even = 0.4, .compare = 2};
    const rf_seq2seq_spec between = {
        .features = 3, .decoder_layers = 2, .attention = RF_ATTENTION_GENERAL, .tied = true};
    const rf_seq2seq_spec feed = {
        .features = 3, .decoder_layers = 1, .attend = RF_ATTEND_FEED, .coverage = true};
    const rf_seq2seq_spec none = {.features = 3, .decoder_layers = 1, .attend = RF_ATTEND_NONE};
    check_model("vectors, additive, even", "lstm", additive, false);
    check_model("vectors, between", "gru", between, false);
    check_model("vectors, feed", "elman", feed, false);
    check_model("vectors, no attention", "lstm", none, false);
}

int main(void)
{
    CU_TestInfo tests[] = {{"ways of attending hold", ways_of_attending_hold},
                           {"losses hold", losses_hold},
                           {"given vectors hold", given_vectors_hold},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "encoder and decoder", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

/* test_lab_cloze.c -- the formula y_t = softmax(U [→h_{t−1}; ←h_{t+1}] + c), to the letter. */
#include <math.h>
#include <string.h>

#include "../../plugins/lab/cloze.h"
#include "../suite.h"

#define TEXT "the old dog sleeps here\na dog barks\n"
enum { H = 3, E = 4 };

typedef struct bench {
    rf_tokenizer *tokens;
    lab_samples samples;
    lab_cloze c;
    rf_device *d;
    rf_graph *g;
} bench;

static bench begin(bool both, int layers)
{
    const rf_tokenizer_options o = {.unit = RF_WORD, .min_count = 1};
    const lab_cloze_shape shape = {.both = both,
                                   .cell = rf_cell_find("gru"),
                                   .layers = layers,
                                   .hidden = H,
                                   .embed = E,
                                   .batch = 2};
    bench b = {.tokens = rf_tokenizer_learn(&o, TEXT, strlen(TEXT), "text", NULL)};
    rf_error err = {0};
    CU_ASSERT_FATAL(!lab_cloze_init(&b.c, &shape, b.tokens, &b.samples, &err));
    rf_params_init(b.c.params, 11);
    b.d = rf_device_new(1, NULL);
    b.g = rf_graph_new(b.d);
    CU_ASSERT_FATAL(b.g != NULL);
    return b;
}

static void end(bench *b)
{
    lab_cloze_free(&b->c);
    rf_tokenizer_free(b->tokens);
    rf_graph_free(b->g);
    rf_device_free(b->d);
}

/* The last output of a recurrent network that has read n ids and nothing else. */
static void state_after(bench *b, const rf_rnn *rnn, const int32_t *ids, int n, rf_index wide,
                        double *out)
{
    rf_graph_begin(b->g, RF_INFER, (rf_key){0});
    const rf_node x = rf_embedding_layer_apply(b->g, &b->c.in, ids, RF_SHAPE(n, 1));
    const rf_sequence q = rf_rnn_apply(b->g, rnn, x, RF_NONE, RF_NONE, NULL);
    CU_ASSERT_FATAL(rf_graph_status(b->g, NULL) == RF_OK);
    for (rf_index i = 0; i < wide; i++) out[i] = rf_value(b->g, q.out).data[(n - 1) * wide + i];
}

/* ln p + a constant of every word at place t, by the formula. */
static void by_the_formula(bench *b, const rf_ids *ids, int t, double *logit)
{
    const rf_index wide = b->c.backward ? H : 2 * H;
    int32_t left[16] = {b->c.edge}, right[16] = {b->c.edge};
    double state[2 * H];
    int n = 1, m = 1;
    for (int i = 0; i < t; i++) left[n++] = ids->at[i];
    for (int i = (int)ids->n - 1; i > t; i--) right[m++] = ids->at[i];
    state_after(b, b->c.forward, left, n, wide, state);
    if (b->c.backward) state_after(b, b->c.backward, right, m, wide, state + H);
    for (rf_index k = 0; k < b->c.V; k++) {
        logit[k] = b->c.out.bias->value.data[k];
        for (int i = 0; i < 2 * H; i++)
            logit[k] += b->c.out.weight->value.data[k * 2 * H + i] * state[i];
    }
}

static void check_place(bench *b, const rf_ids *ids, int t)
{
    double logit[32], sum = 0;
    lab_cloze_word got[32];
    by_the_formula(b, ids, t, logit);
    for (rf_index k = 0; k < b->c.V; k++) sum += exp(logit[k]);
    CU_ASSERT(!lab_cloze_fill(&b->c, b->g, ids, t, got, 32, NULL));
    int words = 0;
    for (; words < 32 && got[words].id >= 0; words++) {
        CU_ASSERT_DOUBLE_EQUAL(got[words].p, exp(logit[got[words].id]) / sum, 1e-6);
        CU_ASSERT(!words || got[words - 1].p >= got[words].p);
    }
    CU_ASSERT(words == b->c.V - 2); /* all but the edge and the unknown word */
}

static void check_network(bool both, int layers)
{
    bench b = begin(both, layers);
    rf_ids ids = {0}, blanks = {0};
    CU_ASSERT_FATAL(b.c.V <= 32);
    CU_ASSERT(!lab_cloze_encode(b.tokens, "the ___ dog barks ___", &ids, &blanks, NULL));
    CU_ASSERT_FATAL(ids.n == 5 && blanks.n == 2 && blanks.at[0] == 1 && blanks.at[1] == 4);
    for (int t = 0; t < 5; t++) check_place(&b, &ids, t);
    /* What stands in the blank is not seen. */
    lab_cloze_word before[3], after[3];
    CU_ASSERT(!lab_cloze_fill(&b.c, b.g, &ids, 1, before, 3, NULL));
    ids.at[1] = ids.at[2];
    CU_ASSERT(!lab_cloze_fill(&b.c, b.g, &ids, 1, after, 3, NULL));
    for (int k = 0; k < 3; k++) CU_ASSERT(before[k].id == after[k].id && before[k].p == after[k].p);
    rf_ids_free(&ids);
    rf_ids_free(&blanks);
    end(&b);
}

static void both_sides(void)
{
    check_network(true, 1);
    check_network(true, 2);
}

static void left_side(void)
{
    check_network(false, 1);
    check_network(false, 2);
}

int main(void)
{
    CU_TestInfo tests[] = {{"both sides as the formula says", both_sides},
                           {"the left side alone", left_side},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "cloze", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

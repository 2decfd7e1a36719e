/* test_frames.c -- gradients of the network over frames: both outputs, through layers, lengths and the
 * choice of the states that have a frame to predict. */
#include "check.h"

#include "../../plugins/music/roll_net.h"
#include "../suite.h"

/* Two pieces of 3 and 2 steps. */
static rf_node build(rf_graph *g, const rf_node *x, const void *ctx)
{
    static uint8_t keys[2][3 * RF_KEYS];
    static const int32_t item[] = {1, 0}, lengths[] = {1, 2}, shift[] = {2, -3};
    for (int p = 0; p < 2; p++)
        for (int i = 0; i < 9; i++) keys[p][i % 3 * RF_KEYS + 30 + (7 * i + 5 * p) % 20] = 1;
    roll_piece piece[] = {{NULL, 3, keys[0]}, {NULL, 2, keys[1]}};
    int32_t set_lengths[] = {2, 1};
    const roll_set set = {.piece = piece, .lengths = set_lengths, .n = 2, .frames = 3};
    const rf_bucket_batch b = {.B = 2, .T = 2, .item = item, .lengths = lengths};
    const roll_told t = roll_net_apply(g, ctx, &(roll_batch){&set, &b, shift});
    return rf_mul(g, x[0], roll_net_loss(g, &t));
}

static void output(int output, const char *cell)
{
    const roll_shape shape = {.cell = rf_cell_find(cell),
                              .hidden = 3,
                              .nade = 2,
                              .layers = 2,
                              .output = output,
                              .drop_input = 0.3,
                              .drop_hidden = 0.3,
                              .drop_output = 0.3,
                              .drop_weight = 0.3};
    roll_net *m = roll_net_new(&shape, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    rf_params_init(m->params, 4);
    const check_problem p = {.name = output == ROLL_NADE ? "nade" : "sigmoid",
                             .build = build,
                             .ctx = m,
                             .n = 1,
                             .shape = {RF_SCALAR},
                             .low = 0.5,
                             .high = 1,
                             .params = m->params,
                             .mode = RF_TRAIN};
    check_all(&p);
    roll_net_free(m);
}

static void sigmoid_holds(void)
{
    output(ROLL_SIGMOID, "lstm");
    output(ROLL_SIGMOID, "elman");
}

static void nade_holds(void) { output(ROLL_NADE, "gru"); }

int main(void)
{
    CU_TestInfo tests[] = {
        {"keys by themselves", sigmoid_holds}, {"keys in order", nade_holds}, CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "frames", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

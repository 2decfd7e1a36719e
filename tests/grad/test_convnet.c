/* test_convnet.c -- convolutional networks: by the statistics of the batch and by running ones. */
#include "check.h"

#include <refrain/convnet.h>

#include "../suite.h"

static rf_node build(rf_graph *g, const rf_node *x, const void *ctx)
{
    return rf_convnet_forward(g, ctx, x[0]);
}

static void net_holds(const char *text, rf_shape images, rf_mode mode)
{
    rf_convnet_row row[RF_CONVNET_LAYERS];
    rf_convnet_spec spec = {.input = images.dim[3], .row = row};
    rf_params *ps = rf_params_new();
    CU_ASSERT_EQUAL_FATAL(rf_convnet_parse(text, row, &spec.layers, NULL), RF_OK);
    rf_convnet *net = rf_convnet_new(&spec, ps, "cnn.", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(net);
    rf_params_init(ps, 3);
    for (size_t i = 0; i < rf_params_count(ps); i++) {
        const rf_tensor *v = &rf_params_at(ps, i)->value;
        for (rf_index k = 0; k < rf_shape_count(v->shape); k++)
            v->data[k] += 0.3 * rf_uniform(rf_key_make(i, "nudge", 0), (uint64_t)k);
    }
    check_problem p = {.name = text,
                       .build = build,
                       .ctx = net,
                       .n = 1,
                       .shape = {images},
                       .low = -2,
                       .high = 2,
                       .params = ps,
                       .mode = mode};
    check_all(&p);
    rf_convnet_free(net);
    rf_params_free(ps);
}

static void both(const char *text, rf_shape images)
{
    net_holds(text, images, RF_EVAL);
    net_holds(text, images, RF_TRAIN);
}

static void plain_layers(void) { both("4/2p 3k5l", RF_SHAPE(2, 6, 5, 3)); }
static void normed_layers(void) { both("4/2 3l", RF_SHAPE(2, 6, 5, 2)); }
static void residual_layers(void) { both("4 d 4k1l +2 max 2g2l mean/1", RF_SHAPE(2, 5, 4, 3)); }
static void layers_far_back(void) { both("3 4/2l 4k1/2l@1 +1l all", RF_SHAPE(3, 4, 4, 2)); }

int main(void)
{
    CU_TestInfo tests[] = {{"plain layers", plain_layers},
                           {"normalised layers", normed_layers},
                           {"residual layers", residual_layers},
                           {"inputs from far back", layers_far_back},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "convnet", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

/* test_conv.c -- convolution against scalar code, at sizes that are cut into blocks. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <refrain/graph.h>

#include "../suite.h"

typedef struct sizes {
    rf_index B, H, W, C, O, k;
    rf_conv conv;
} sizes;

static rf_real *draw(rf_index n, const char *what)
{
    rf_real *x = malloc((size_t)n * sizeof *x);
    for (rf_index i = 0; x && i < n; i++)
        x[i] = (rf_real)rf_normal(rf_key_make(3, what, 0), (uint64_t)i);
    return x;
}

/* Output o of the window whose first cell is (y, x) of image b. */
static double scalar(const sizes *s, const rf_real *x, const rf_real *w, rf_index b, rf_index i,
                     rf_index j, rf_index o)
{
    const rf_index Cg = s->C / s->conv.groups, group = o / (s->O / s->conv.groups);
    double sum = 0;
    for (rf_index t = 0; t < s->k; t++)
        for (rf_index u = 0; u < s->k; u++)
            for (rf_index c = 0; c < Cg; c++) {
                const rf_index y = i + t, z = j + u;
                if (y < 0 || y >= s->H || z < 0 || z >= s->W) continue;
                sum += (double)x[((b * s->H + y) * s->W + z) * s->C + group * Cg + c] *
                       (double)w[((o * s->k + t) * s->k + u) * Cg + c];
            }
    return sum;
}

static double activated(double y, rf_conv_act act)
{
    if (act == RF_CONV_LINEAR) return y;
    return fmin(fmax(y, 0), act == RF_CONV_RELU6 ? 6 : INFINITY);
}

/* The largest difference. */
static double compare(const sizes *s, rf_tensor y, const rf_real *x, const rf_real *w,
                      const rf_real *bias)
{
    double far = 0;
    for (rf_index n = 0; n < rf_shape_count(y.shape); n += 7) { /* some of them */
        const rf_index o = n % s->O, place = n / s->O, OW = y.shape.dim[2], OH = y.shape.dim[1];
        const rf_index b = place / (OH * OW), i = place / OW % OH, j = place % OW;
        const double sum = scalar(s, x, w, b, i * s->conv.stride[0] - s->conv.pad[0],
                                  j * s->conv.stride[1] - s->conv.pad[1], o);
        const double due = activated(sum + (double)bias[o], s->conv.act);
        far = fmax(far, fabs((double)y.data[n] - due));
    }
    return far;
}

static void check(const sizes *s)
{
    const rf_index Cg = s->C / s->conv.groups;
    rf_real *x = draw(s->B * s->H * s->W * s->C, "x"), *w = draw(s->O * s->k * s->k * Cg, "w");
    rf_real *bias = draw(s->O, "b");
    CU_ASSERT_FATAL(x && w && bias);
    for (int threads = 1; threads <= 3; threads++) {
        rf_device *d = rf_device_new(threads, NULL);
        rf_graph *g = rf_graph_new(d);
        rf_graph_begin(g, RF_INFER, (rf_key){0});
        const rf_node y = rf_conv2d(g, rf_borrow(g, x, RF_SHAPE(s->B, s->H, s->W, s->C)),
                                    rf_borrow(g, w, RF_SHAPE(s->O, s->k, s->k, Cg)),
                                    rf_borrow(g, bias, RF_SHAPE(s->O)), &s->conv);
        const double far = compare(s, rf_value(g, y), x, w, bias);
        CU_ASSERT(far < 2e-4);
        if (!(far < 2e-4))
            printf("%lld of %lld channels differ by %g\n", (long long)s->O, (long long)s->C, far);
        rf_graph_free(g);
        rf_device_free(d);
    }
    free(x);
    free(w);
    free(bias);
}

static void blocks_of_places(void)
{
    check(&(sizes){5, 23, 19, 5, 7, 3, {{1, 1}, {1, 1, 1, 1}, 1, RF_CONV_RELU}});
    check(&(sizes){3, 31, 33, 3, 33, 3, {{2, 2}, {0, 0, 1, 1}, 1, RF_CONV_RELU6}});
    check(&(sizes){4, 29, 29, 17, 15, 1, {{1, 1}, {0}, 1, RF_CONV_LINEAR}});
}

static void long_windows(void)
{
    check(&(sizes){1, 9, 8, 70, 75, 3, {{1, 1}, {1, 1, 1, 1}, 1, RF_CONV_RELU}});
    check(&(sizes){2, 6, 7, 50, 33, 5, {{2, 1}, {2, 2, 2, 2}, 1, RF_CONV_LINEAR}});
}

static void blocks_of_channels(void)
{
    check(&(sizes){1, 7, 7, 600, 200, 1, {{1, 1}, {0}, 1, RF_CONV_RELU6}});
    check(&(sizes){1, 1, 1, 20, 300, 1, {{1, 1}, {0}, 1, RF_CONV_LINEAR}});
    check(&(sizes){1, 5, 5, 64, 150, 3, {{1, 1}, {1, 1, 1, 1}, 2, RF_CONV_RELU}});
}

static void depthwise(void)
{
    check(&(sizes){2, 15, 13, 97, 97, 3, {{1, 1}, {1, 1, 1, 1}, 97, RF_CONV_RELU6}});
    check(&(sizes){2, 15, 14, 48, 48, 3, {{2, 2}, {0, 0, 1, 1}, 48, RF_CONV_RELU}});
    check(&(sizes){1, 13, 12, 33, 33, 7, {{1, 1}, {3, 3, 3, 3}, 33, RF_CONV_RELU}});
    check(&(sizes){1, 11, 12, 16, 16, 5, {{1, 1}, {2, 2, 2, 2}, 16, RF_CONV_LINEAR}});
}

int main(void)
{
    CU_TestInfo tests[] = {{"blocks of places", blocks_of_places},
                           {"long windows", long_windows},
                           {"blocks of channels", blocks_of_channels},
                           {"depthwise", depthwise},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "convolution", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

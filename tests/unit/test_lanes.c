/* test_lanes.c -- a batch that is dealt out to several processes: shares, windows of a stream, masks. */
#include <string.h>

#include <refrain/train.h>

#include "../suite.h"

/* ---- Shares ------------------------------------------------------------------------------------------ */

static void shares_cover_and_differ_by_one(void)
{
    for (rf_index n = 0; n < 40; n++)
        for (int ranks = 1; ranks < 9; ranks++) {
            rf_index at = 0;
            for (int r = 0; r < ranks; r++) {
                rf_index first, count;
                rf_rank_share(n, r, ranks, &first, &count);
                CU_ASSERT_EQUAL(first, at);
                CU_ASSERT(count == n / ranks || count == n / ranks + 1);
                at += count;
            }
            CU_ASSERT_EQUAL(at, n);
        }
}

/* Columns of the whole window are the columns of the parts, and so are the counts. */
static void streams_share_lanes(void)
{
    int32_t tokens[53];
    for (int i = 0; i < 53; i++) tokens[i] = i;
    for (int ranks = 1; ranks <= 5; ranks++) {
        rf_stream_spec spec = {.tokens = tokens, .n = 53, .B = 7, .T = 3, .vary = true, .seed = 4};
        rf_stream_batches *whole = rf_stream_batches_new(&spec, NULL), *part[5];
        for (int r = 0; r < ranks; r++) {
            rf_rank_share(7, r, ranks, &spec.lane_from, &spec.lanes);
            part[r] = rf_stream_batches_new(&spec, NULL);
        }
        rf_stream_batch w, p;
        for (int k = 0; k < 9; k++) {
            rf_index count = 0;
            const bool more = rf_stream_batches_next(whole, &w);
            for (int r = 0; r < ranks; r++) {
                rf_index from, lanes;
                rf_rank_share(7, r, ranks, &from, &lanes);
                CU_ASSERT_EQUAL_FATAL(rf_stream_batches_next(part[r], &p), more);
                if (!more) continue;
                CU_ASSERT(p.T == w.T && p.B == lanes && p.first == w.first);
                for (rf_index t = 0; t < p.T; t++)
                    for (rf_index b = 0; b < lanes; b++) {
                        CU_ASSERT_EQUAL(p.x[t * lanes + b], w.x[t * 7 + from + b]);
                        CU_ASSERT_EQUAL(p.y[t * lanes + b], w.y[t * 7 + from + b]);
                    }
                count += p.count;
            }
            CU_ASSERT(!more || count == w.count);
        }
        rf_stream_batches_free(whole);
        for (int r = 0; r < ranks; r++) rf_stream_batches_free(part[r]);
    }
    const rf_stream_spec none = {
        .tokens = tokens, .n = 53, .B = 7, .T = 3, .lane_from = 5, .lanes = 3};
    rf_error err = {0};
    CU_ASSERT_PTR_NULL(rf_stream_batches_new(&none, &err));
    CU_ASSERT_EQUAL(err.status, RF_EINVAL);
}

/* ---- Masks ------------------------------------------------------------------------------------------- */

/* Dropout of ones [A,N,C]; its gradient is the mask, too. */
static rf_node mask_of(rf_graph *g, rf_shape s, int shared)
{
    rf_real *ones = rf_graph_alloc(g, (size_t)rf_shape_count(s) * sizeof *ones);
    for (rf_index i = 0; i < rf_shape_count(s); i++) ones[i] = 1;
    rf_node x = rf_variable(g, ones, s);
    return shared < 0 ? rf_dropout(g, x, 0.4) : rf_dropout_shared(g, x, 0.4, shared);
}

/* Whether lanes from .. from+n-1 in dimension `dim` have the whole's masks. */
static bool same_mask(rf_device *d, const rf_index size[3], int dim, int shared, rf_index from,
                      rf_index n)
{
    const rf_key key = rf_key_make(3, "mask", 9);
    rf_graph *a = rf_graph_new(d), *b = rf_graph_new(d);
    rf_shape s = RF_SHAPE(size[0], size[1], size[2]), part = s;
    part.dim[dim] = n;
    rf_graph_begin(a, RF_TRAIN, key);
    rf_graph_begin(b, RF_TRAIN, key);
    rf_graph_set_lanes(b, dim, from, size[dim]);
    const rf_real *whole = rf_value(a, mask_of(a, s, shared)).data;
    const rf_real *mine = rf_value(b, mask_of(b, part, shared)).data;
    bool same = whole && mine;
    rf_index at[3], zeros = 0;
    for (rf_index i = 0; same && i < rf_shape_count(part); i++) {
        rf_index rest = i;
        for (int k = 2; k >= 0; rest /= part.dim[k--]) at[k] = rest % part.dim[k];
        at[dim] += from;
        same = mine[i] == whole[(at[0] * size[1] + at[1]) * size[2] + at[2]];
        zeros += mine[i] == 0;
    }
    if (rf_shape_count(part) > 1000) same = same && zeros > 0 && zeros < rf_shape_count(part);
    rf_graph_free(a);
    rf_graph_free(b);
    return same;
}

static void masks_count_the_whole_batch(void)
{
    const rf_index sizes[][3] = {{5, 7, 3}, {4, 5, 1}, {1, 6, 9}, {9, 8, 301}};
    for (int threads = 1; threads <= 3; threads += 2) {
        rf_device *d = rf_device_new(threads, NULL);
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
            for (int dim = 0; dim < 3; dim++)
                for (int shared = -1; shared < 3; shared++)
                    for (rf_index from = 0; from < sizes[k][dim]; from += 2)
                        CU_ASSERT(same_mask(d, sizes[k], dim, shared, from,
                                            sizes[k][dim] - from < 3 ? 1 : 3));
        rf_device_free(d);
    }
}

static void masks_of_parameters_are_the_same(void)
{
    enum { V = 9, E = 11 };
    rf_device *d = rf_device_new(1, NULL);
    rf_graph *g = rf_graph_new(d);
    rf_params *ps = rf_params_new();
    rf_param *p = rf_params_add(ps, "w", RF_SHAPE(V, E), (rf_init){RF_INIT_CONSTANT, 1}, NULL);
    rf_params_init(ps, 1);
    rf_real first[V * E];
    for (int lanes = 0; lanes < 2; lanes++) {
        rf_graph_set_lanes(g, 1, 2, lanes ? 9999 : 0);
        rf_graph_begin(g, RF_TRAIN, rf_key_make(3, "mask", 9));
        rf_node w = rf_parameter(g, p);
        if (lanes) w = rf_rows(g, w, 0, V); /* a view is a parameter, too */
        const rf_real *y = rf_value(g, rf_dropout(g, w, 0.5)).data;
        if (!lanes) memcpy(first, y, sizeof first);
        CU_ASSERT_EQUAL(memcmp(first, y, sizeof first), 0);
    }
    rf_params_free(ps);
    rf_graph_free(g);
    rf_device_free(d);
}

static void lanes_that_are_not_there_are_refused(void)
{
    rf_device *d = rf_device_new(1, NULL);
    rf_graph *g = rf_graph_new(d);
    rf_graph_set_lanes(g, 1, 4, 6);
    const struct {
        rf_shape shape;
        int shared;
    } bad[] = {{RF_SHAPE(2, 3, 2), -1}, {RF_SHAPE(4), -1}, {RF_SHAPE(2, 2), 2}};
    for (int k = 0; k < 3; k++) {
        rf_error err = {0};
        rf_graph_begin(g, RF_TRAIN, (rf_key){0});
        CU_ASSERT_EQUAL(mask_of(g, bad[k].shape, bad[k].shared), RF_POISON);
        CU_ASSERT_EQUAL(rf_graph_status(g, &err), RF_ESHAPE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "dropout: "));
    }
    rf_graph_free(g);
    rf_device_free(d);
}

int main(void)
{
    CU_TestInfo shares[] = {{"cover and differ by one", shares_cover_and_differ_by_one},
                            {"streams share lanes", streams_share_lanes},
                            CU_TEST_INFO_NULL};
    CU_TestInfo masks[] = {{"count the whole batch", masks_count_the_whole_batch},
                           {"of parameters are the same", masks_of_parameters_are_the_same},
                           {"of lanes that are not there", lanes_that_are_not_there_are_refused},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "shares", .pTests = shares},
                             {.pName = "masks", .pTests = masks},
                             CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

/* test_batches.c -- batches of a stream and of many sequences, and the loss of what is held out. */
#include <stdlib.h>
#include <string.h>

#include <refrain/train.h>

#include "../suite.h"

/* ---- Stream batches -------------------------------------------------------------------------------- */

/* One epoch: every transition once, in order within its lane. */
static void check_epoch(rf_stream_batches *s, rf_index n)
{
    int *seen = calloc((size_t)n, sizeof *seen);
    rf_stream_batch b;
    rf_index total = 0, windows = 0;
    while (rf_stream_batches_next(s, &b)) {
        CU_ASSERT_EQUAL(b.first, windows == 0);
        windows++;
        rf_index count = 0;
        for (rf_index i = 0; i < b.T * b.B; i++) {
            if (b.y[i] < 0) continue;
            CU_ASSERT_EQUAL(b.y[i], b.x[i] + 1); /* token i is the number i */
            seen[b.x[i]]++;
            count++;
        }
        CU_ASSERT_EQUAL(count, b.count);
        total += count;
    }
    CU_ASSERT_EQUAL(total, n - 1);
    for (rf_index i = 0; i < n - 1; i++) CU_ASSERT_EQUAL(seen[i], 1);
    CU_ASSERT(windows <= rf_stream_batches_per_epoch(s));
    free(seen);
}

static void streams_cover_all_tokens(void)
{
    const rf_index cases[][3] = {{2, 1, 1},   {2, 5, 5},    {10, 3, 2},   {11, 3, 2}, {100, 7, 5},
                                 {100, 1, 9}, {100, 99, 9}, {97, 8, 100}, {64, 4, 16}};
    int32_t tokens[100];
    for (int32_t i = 0; i < 100; i++) tokens[i] = i;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (int vary = 0; vary < 2; vary++) {
            const rf_stream_spec spec = {.tokens = tokens,
                                         .n = cases[c][0],
                                         .B = cases[c][1],
                                         .T = cases[c][2],
                                         .vary = vary,
                                         .seed = 3};
            rf_stream_batches *s = rf_stream_batches_new(&spec, NULL);
            CU_ASSERT_PTR_NOT_NULL_FATAL(s);
            for (int epoch = 0; epoch < 4; epoch++) {
                CU_ASSERT_EQUAL(rf_stream_batches_cursor(s)->epoch, epoch);
                check_epoch(s, spec.n);
            }
            rf_stream_batches_free(s);
        }
    rf_stream_batches_free(NULL);
}

static void streams_carry_on_in_lanes(void)
{
    int32_t tokens[21];
    for (int32_t i = 0; i < 21; i++) tokens[i] = i;
    const rf_stream_spec spec = {.tokens = tokens, .n = 21, .B = 2, .T = 4};
    rf_stream_batches *s = rf_stream_batches_new(&spec, NULL);
    rf_stream_batch b;
    CU_ASSERT(rf_stream_batches_next(s, &b));
    CU_ASSERT_EQUAL(memcmp(b.x, LIST(int32_t, 0, 10, 1, 11, 2, 12, 3, 13), 8 * 4), 0);
    CU_ASSERT(rf_stream_batches_next(s, &b));
    CU_ASSERT_EQUAL(memcmp(b.x, LIST(int32_t, 4, 14, 5, 15, 6, 16, 7, 17), 8 * 4), 0);
    CU_ASSERT(rf_stream_batches_next(s, &b));
    CU_ASSERT_EQUAL(b.T, 2);
    CU_ASSERT_EQUAL(memcmp(b.y, LIST(int32_t, 9, 19, 10, 20), 4 * 4), 0);
    CU_ASSERT_FALSE(rf_stream_batches_next(s, &b));
    rf_stream_batches_free(s);
}

static void streams_resume_at_a_cursor(void)
{
    int32_t tokens[300];
    for (int32_t i = 0; i < 300; i++) tokens[i] = i;
    const rf_stream_spec spec = {
        .tokens = tokens, .n = 300, .B = 4, .T = 11, .vary = true, .seed = 8};
    rf_stream_batches *a = rf_stream_batches_new(&spec, NULL);
    rf_stream_batches *b = rf_stream_batches_new(&spec, NULL);
    rf_stream_batch x, y;
    int ends = 0;
    for (int i = 0; i < 40; i++) {
        *rf_stream_batches_cursor(b) = *rf_stream_batches_cursor(a);
        const bool more = rf_stream_batches_next(a, &x);
        CU_ASSERT_EQUAL(rf_stream_batches_next(b, &y), more);
        ends += !more;
        if (!more) continue;
        CU_ASSERT_EQUAL(x.T, y.T);
        CU_ASSERT_EQUAL(memcmp(x.x, y.x, (size_t)(x.T * x.B) * 4), 0);
    }
    CU_ASSERT(ends >= 4);
    *rf_stream_batches_cursor(b) = (rf_cursor){2, 1000000}; /* beyond the end: the epoch is over */
    CU_ASSERT_FALSE(rf_stream_batches_next(b, &y));
    rf_stream_batches_free(a);
    rf_stream_batches_free(b);
    rf_error err = {0};
    CU_ASSERT_PTR_NULL(
        rf_stream_batches_new(&(rf_stream_spec){.tokens = tokens, .n = 1, .B = 1, .T = 1}, &err));
    CU_ASSERT_EQUAL(err.status, RF_EINVAL);
}

/* ---- Bucket batches ------------------------------------------------------------------------------------ */

enum { SEQUENCES = 103 };

static void make_lengths(int32_t lengths[SEQUENCES])
{
    const rf_key key = rf_key_make(1, "lengths", 0);
    for (int i = 0; i < SEQUENCES; i++)
        lengths[i] = 1 + (int32_t)(rf_uniform(key, (uint64_t)i) * (i % 10 ? 30 : 900));
}

/* Run an epoch; items in order into `order`; each once, batches within the limits. */
static void run_buckets(rf_bucket_batches *s, const rf_bucket_spec *spec, int32_t order[SEQUENCES])
{
    int seen[SEQUENCES] = {0};
    rf_index at = 0;
    rf_bucket_batch b;
    while (rf_bucket_batches_next(s, &b)) {
        CU_ASSERT(b.B >= 1 && b.B <= spec->B);
        CU_ASSERT(!spec->cells || b.B == 1 || b.B * b.T <= spec->cells);
        int32_t longest = 0;
        for (rf_index k = 0; k < b.B; k++) {
            seen[b.item[k]]++;
            order[at++] = b.item[k];
            CU_ASSERT_EQUAL(b.lengths[k], spec->lengths[b.item[k]]);
            if (b.lengths[k] > longest) longest = b.lengths[k];
        }
        CU_ASSERT_EQUAL(b.T, longest);
    }
    CU_ASSERT_EQUAL(at, SEQUENCES);
    for (int i = 0; i < SEQUENCES; i++) CU_ASSERT_EQUAL(seen[i], 1);
}

static void buckets_cover_all_sequences(void)
{
    int32_t lengths[SEQUENCES], first[SEQUENCES], second[SEQUENCES], again[SEQUENCES];
    make_lengths(lengths);
    for (int k = 0; k < 6; k++) {
        const rf_bucket_spec spec = {.lengths = lengths,
                                     .n = SEQUENCES,
                                     .B = k % 3 == 0   ? 1
                                          : k % 3 == 1 ? 16
                                                       : 1000,
                                     .cells = k < 3 ? 0 : 256,
                                     .seed = 4};
        rf_bucket_batches *s = rf_bucket_batches_new(&spec, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(s);
        run_buckets(s, &spec, first);
        run_buckets(s, &spec, second);
        *rf_bucket_batches_cursor(s) = (rf_cursor){0, 0};
        run_buckets(s, &spec, again);
        CU_ASSERT_EQUAL(memcmp(first, again, sizeof first), 0);
        CU_ASSERT_NOT_EQUAL(memcmp(first, second, sizeof first), 0);
        rf_bucket_batches_free(s);
    }
    rf_bucket_batches_free(NULL);
}

static void buckets_waste_little(void)
{
    int32_t lengths[SEQUENCES];
    make_lengths(lengths);
    const rf_bucket_spec spec = {.lengths = lengths, .n = SEQUENCES, .B = 8, .seed = 1};
    rf_bucket_batches *s = rf_bucket_batches_new(&spec, NULL);
    rf_bucket_batch b;
    rf_index padded = 0, real = 0;
    while (rf_bucket_batches_next(s, &b)) {
        padded += b.B * b.T;
        for (rf_index k = 0; k < b.B; k++) real += b.lengths[k];
    }
    CU_ASSERT(padded < 2 * real);
    rf_bucket_batches_free(s);
}

/* Pairs: no batch is larger than its cells on either side, and translations of one length stand by the
 * lengths of their sources. */
static void buckets_of_pairs_fit(void)
{
    int32_t lengths[SEQUENCES], also[SEQUENCES];
    for (int i = 0; i < SEQUENCES; i++) lengths[i] = 1 + i % 5, also[i] = 1 + i * 7 % 11;
    const rf_bucket_spec spec = {
        .lengths = lengths, .also = also, .n = SEQUENCES, .B = SEQUENCES, .cells = 40, .seed = 4};
    rf_bucket_batches *s = rf_bucket_batches_new(&spec, NULL);
    rf_bucket_batch b;
    const rf_index due = rf_bucket_batches_per_epoch(s);
    for (int epoch = 0; epoch < 3; epoch++) {
        rf_index batches = 0, items = 0;
        for (; rf_bucket_batches_next(s, &b); batches++, items += b.B) {
            for (rf_index k = 0; k < b.B; k++) {
                CU_ASSERT(b.B * lengths[b.item[k]] <= 40 && b.B * also[b.item[k]] <= 40);
                const bool same = k && lengths[b.item[k]] == lengths[b.item[k - 1]];
                CU_ASSERT(!same || also[b.item[k]] >= also[b.item[k - 1]]);
            }
        }
        CU_ASSERT_EQUAL(batches, due);
        CU_ASSERT_EQUAL(items, SEQUENCES);
    }
    rf_bucket_batches_free(s);
}

static void buckets_resume_at_a_cursor(void)
{
    int32_t lengths[SEQUENCES];
    make_lengths(lengths);
    const rf_bucket_spec spec = {.lengths = lengths, .n = SEQUENCES, .B = 10, .seed = 9};
    rf_bucket_batches *a = rf_bucket_batches_new(&spec, NULL),
                      *b = rf_bucket_batches_new(&spec, NULL);
    rf_bucket_batch x, y;
    for (int i = 0; i < 40; i++) {
        *rf_bucket_batches_cursor(b) = *rf_bucket_batches_cursor(a);
        const bool more = rf_bucket_batches_next(a, &x);
        CU_ASSERT_EQUAL(rf_bucket_batches_next(b, &y), more);
        if (more) CU_ASSERT_EQUAL(memcmp(x.item, y.item, (size_t)x.B * sizeof *x.item), 0);
    }
    rf_bucket_batches_free(a);
    rf_bucket_batches_free(b);
}

static void ordered_buckets_fill(void)
{
    const int32_t lengths[] = {2, 3, 1}, tokens[] = {10, 11, 20, 21, 22, 30};
    const rf_bucket_spec spec = {.lengths = lengths, .n = 3, .B = 2, .ordered = true};
    rf_bucket_batches *s = rf_bucket_batches_new(&spec, NULL);
    rf_bucket_batch b;
    int32_t out[6];
    CU_ASSERT(rf_bucket_batches_next(s, &b));
    CU_ASSERT(b.B == 2 && b.T == 3 && b.item[0] == 0 && b.item[1] == 1);
    rf_bucket_fill(&b, tokens, LIST(rf_index, 0, 2, 5), -1, out);
    CU_ASSERT_EQUAL(memcmp(out, LIST(int32_t, 10, 20, 11, 21, -1, 22), sizeof out), 0);
    CU_ASSERT(rf_bucket_batches_next(s, &b));
    CU_ASSERT(b.B == 1 && b.item[0] == 2);
    CU_ASSERT_FALSE(rf_bucket_batches_next(s, &b));
    rf_bucket_batches_free(s);
    rf_error err = {0};
    const rf_bucket_spec bad = {.lengths = LIST(int32_t, 1, 0), .n = 2, .B = 1};
    CU_ASSERT_PTR_NULL(rf_bucket_batches_new(&bad, &err));
    CU_ASSERT_STRING_EQUAL(err.text, "batches: sequence 2 is empty");
}

/* A loss that is known: item i costs i for each of its lengths[i] steps. */
typedef struct held {
    double done, total; /* as told */
    int calls, stop_at; /* stop_at 0: never */
} held;

static rf_node held_loss(void *self, rf_graph *g, const rf_bucket_batch *b, double *units)
{
    rf_real *mean = rf_graph_alloc(g, sizeof *mean);
    double sum = 0;
    (void)self;
    CU_ASSERT_EQUAL(rf_graph_mode(g), RF_INFER);
    for (rf_index k = 0; k < b->B; k++) {
        sum += (double)b->item[k] * b->lengths[k];
        *units += b->lengths[k];
    }
    *mean = (rf_real)(sum / *units);
    return rf_borrow(g, mean, RF_SHAPE(1));
}

static rf_node held_poison(void *self, rf_graph *g, const rf_bucket_batch *b, double *units)
{
    (void)self, (void)b, (void)units;
    return rf_add(g, rf_zeros(g, RF_SHAPE(2)), rf_zeros(g, RF_SHAPE(3)));
}

static rf_status held_tell(void *self, double done, double total)
{
    held *h = self;
    CU_ASSERT(done > h->done);
    h->done = done;
    h->total = total;
    return ++h->calls == h->stop_at ? RF_ECANCELLED : RF_OK;
}

static void held_out_losses_are_weighed(void)
{
    int32_t lengths[SEQUENCES];
    double sum = 0, steps = 0, mean;
    make_lengths(lengths);
    for (int i = 0; i < SEQUENCES; i++) sum += (double)i * lengths[i], steps += lengths[i];
    rf_device *d = rf_device_new(1, NULL);
    rf_graph *g = rf_graph_new(d);
    rf_error err = {0};
    held h = {0};
    rf_bucket_loss l = {.batches = {.lengths = lengths, .n = SEQUENCES, .B = 7},
                        .loss = held_loss,
                        .tell = held_tell,
                        .self = &h};
    CU_ASSERT_EQUAL(rf_bucket_mean(g, &l, &mean, &err), RF_OK);
    CU_ASSERT_DOUBLE_EQUAL(mean, sum / steps, 1e-5 * sum / steps);
    CU_ASSERT(h.done == SEQUENCES && h.total == SEQUENCES && h.calls == (SEQUENCES + 6) / 7);
    h = (held){.stop_at = 3};
    CU_ASSERT_EQUAL(rf_bucket_mean(g, &l, &mean, &err), RF_ECANCELLED);
    CU_ASSERT_EQUAL(h.calls, 3);
    l.loss = held_poison;
    l.tell = NULL;
    CU_ASSERT_EQUAL(rf_bucket_mean(g, &l, &mean, &err), RF_ESHAPE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "[2]"));
    l.batches.B = 0;
    CU_ASSERT_NOT_EQUAL(rf_bucket_mean(g, &l, &mean, &err), RF_OK);
    rf_graph_free(g);
    rf_device_free(d);
}
int main(void)
{
    CU_TestInfo tests[] = {{"streams cover all tokens", streams_cover_all_tokens},
                           {"streams carry on in lanes", streams_carry_on_in_lanes},
                           {"streams resume at a cursor", streams_resume_at_a_cursor},
                           {"buckets cover all sequences", buckets_cover_all_sequences},
                           {"buckets waste little", buckets_waste_little},
                           {"buckets of pairs fit", buckets_of_pairs_fit},
                           {"buckets resume at a cursor", buckets_resume_at_a_cursor},
                           {"ordered buckets fill", ordered_buckets_fill},
                           {"held-out losses are weighed", held_out_losses_are_weighed},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "batches", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

/* test_train.c -- metrics, batches, clipping, optimisers, schedules and state files. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <refrain/model.h>
#include <refrain/train.h>

#include "../suite.h"

#define LIST(type, ...) ((const type[]){__VA_ARGS__})
#define TOLERANCE       (RF_REAL_BYTES == 4 ? 2e-5 : 1e-12)

static char folder[] = "/tmp/refrain-train-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* ---- Metrics ------------------------------------------------------------------------------------ */

static void metrics_are_right(void)
{
    rf_mean_value m = {0};
    CU_ASSERT(isnan(rf_mean_get(&m)));
    rf_mean_add(&m, 2, 3);
    rf_mean_add(&m, 5, 1);
    CU_ASSERT_DOUBLE_EQUAL(rf_mean_get(&m), 11. / 4, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(rf_perplexity(log(40)), 40, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rf_bits(log(8), 1), 3, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rf_bits(log(8), 2), 1.5, 1e-12);

    const rf_real scores[] = {1, 3, 2, /**/ 5, 5, 0, /**/ 0, 0, 1, /**/ 9, 0, 0};
    rf_index counted;
    CU_ASSERT_EQUAL(rf_argmax(scores, 3), 1);
    CU_ASSERT_EQUAL(rf_argmax(scores + 3, 3), 0);
    CU_ASSERT_EQUAL(rf_count_correct(scores, LIST(int32_t, 1, 1, 2, -1), 4, 3, &counted), 2);
    CU_ASSERT_EQUAL(counted, 3);

    rf_metrics all = {0};
    for (int i = 0; i < RF_METRICS + 3; i++) rf_metrics_add(&all, "x", i);
    CU_ASSERT_EQUAL(all.n, RF_METRICS);
    CU_ASSERT_EQUAL(all.m[3].value, 3);
}

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

/* ---- Parameters for the rest ------------------------------------------------------------------------------ */

/* A matrix that spans several pieces, a vector, and a sparse table. */
typedef struct fixture {
    rf_device *device;
    rf_params *ps;
    rf_param *matrix, *vector, *table;
} fixture;

static fixture fixture_new(int threads, bool sparse)
{
    fixture f = {.device = rf_device_new(threads, NULL), .ps = rf_params_new()};
    const rf_init init = {RF_INIT_UNIFORM, 1};
    f.matrix = rf_params_add(f.ps, "matrix", RF_SHAPE(97, 131), init, NULL);
    f.vector = rf_params_add(f.ps, "vector", RF_SHAPE(13), init, NULL);
    f.table = rf_params_add(f.ps, "table", RF_SHAPE(50, 7), init, NULL);
    CU_ASSERT_FATAL(f.matrix && f.vector && f.table);
    rf_param_set_sparse(f.table, sparse);
    rf_params_init(f.ps, 42);
    return f;
}

static void fixture_free(fixture *f)
{
    rf_params_free(f->ps);
    rf_device_free(f->device);
}

static void set_row(rf_param *p, int32_t row)
{
    if (!p->sparse || p->touched[row]) return;
    p->touched[row] = 1;
    p->row[p->rows++] = row;
}

/* Gradients of step t; the table has some in three rows. */
static void set_gradients(fixture *f, uint64_t t)
{
    const rf_key key = rf_key_make(7, "gradients", t);
    for (rf_index i = 0; i < 97 * 131; i++)
        f->matrix->grad[i] = (rf_real)rf_normal(key, (uint64_t)i);
    for (rf_index i = 0; i < 13; i++)
        f->vector->grad[i] = (rf_real)rf_normal(key, 20000 + (uint64_t)i);
    for (int k = 0; k < 3; k++) {
        const int32_t row = (int32_t)((t * 7 + (uint64_t)k * 11) % 50);
        set_row(f->table, row);
        for (int i = 0; i < 7; i++)
            f->table->grad[row * 7 + i] = (rf_real)rf_normal(key, 30000 + (uint64_t)(k * 7 + i));
    }
}

/* ---- Clipping -------------------------------------------------------------------------------------------- */

static void norms_are_right(void)
{
    double dense = 0, got[4];
    for (int k = 0; k < 4; k++) {
        fixture f = fixture_new(k % 2 ? 3 : 1, k >= 2);
        set_gradients(&f, 1);
        if (k == 0)
            for (size_t i = 0; i < 3; i++) {
                const rf_param *p = rf_params_at(f.ps, i);
                for (rf_index j = 0; j < rf_shape_count(p->value.shape); j++)
                    dense += (double)p->grad[j] * (double)p->grad[j];
            }
        got[k] = rf_gradient_norm(f.device, f.ps);
        CU_ASSERT_DOUBLE_EQUAL(got[k], sqrt(dense), 1e-4);
        if (k % 2) CU_ASSERT_EQUAL(got[k], got[k - 1]); /* whatever the threads */
        f.vector->frozen = true;
        CU_ASSERT(rf_gradient_norm(f.device, f.ps) < got[k]);
        f.matrix->grad[5000] = NAN;
        CU_ASSERT(!isfinite(rf_gradient_norm(f.device, f.ps)));
        fixture_free(&f);
    }
    CU_ASSERT_EQUAL(rf_clip_scale(3, 0), 1);
    CU_ASSERT_EQUAL(rf_clip_scale(3, 3), 1);
    CU_ASSERT_EQUAL(rf_clip_scale(4, 1), 0.25);
    CU_ASSERT_EQUAL(rf_clip_scale(0, 1), 1);
}

/* ---- Optimisers ------------------------------------------------------------------------------------------- */

/* One scalar by the formulas of train.h, in double. */
typedef struct scalar {
    double w, v, s;
    int t;
} scalar;

static void scalar_step(const rf_optimizer_spec *o, scalar *x, double g, double rate, double decay)
{
    const char *name = o->method->name;
    x->t++;
    if (!strcmp(name, "adamw"))
        x->w -= rate * decay * x->w;
    else
        g += decay * x->w;
    if (!strcmp(name, "sgd") && o->momentum > 0) {
        x->v = o->momentum * x->v + g;
        x->w -= rate * (o->nesterov ? g + o->momentum * x->v : x->v);
    } else if (!strcmp(name, "sgd") || !strcmp(name, "nt-asgd")) {
        x->w -= rate * g;
    } else if (!strcmp(name, "rmsprop")) {
        x->s = o->alpha * x->s + (1 - o->alpha) * g * g;
        x->w -= rate * g / (sqrt(x->s) + o->eps);
    } else {
        x->v = o->beta1 * x->v + (1 - o->beta1) * g;
        x->s = o->beta2 * x->s + (1 - o->beta2) * g * g;
        const double v = x->v / (1 - pow(o->beta1, x->t)), s = x->s / (1 - pow(o->beta2, x->t));
        x->w -= rate * v / (sqrt(s) + o->eps);
    }
}

/* The specs that all tests of optimisers go through. */
enum { SPECS = 9 };

static rf_optimizer_spec spec_at(int i)
{
    static const char *const names[SPECS] = {"sgd",     "sgd",  "sgd",   "nt-asgd", "rmsprop",
                                             "rmsprop", "adam", "adamw", "adam"};
    rf_optimizer_spec s = rf_optimizer_defaults(rf_optimizer_find(names[i]));
    if (i == 1 || i == 2) s.momentum = 0.9;
    if (i == 2) s.nesterov = true;
    if (i == 2 || i == 5 || i == 7 || i == 8) s.decay = 0.01;
    s.patience = 2;
    return s;
}

static void optimizers_follow_their_formulas(void)
{
    for (int i = 0; i < SPECS; i++) {
        fixture f = fixture_new(2, false);
        const rf_optimizer_spec spec = spec_at(i);
        rf_optimizer *o = rf_optimizer_new(&spec, f.ps, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(o);
        const rf_index watched = 12345;
        scalar a = {.w = (double)f.matrix->value.data[watched]};
        scalar b = {.w = (double)f.vector->value.data[12]};
        for (int t = 0; t < 20; t++) {
            set_gradients(&f, (uint64_t)t);
            const double rate = 0.01 + 0.001 * t, scale = t % 3 ? 1 : 0.25;
            scalar_step(&spec, &a, scale * (double)f.matrix->grad[watched], rate, spec.decay);
            scalar_step(&spec, &b, scale * (double)f.vector->grad[12], rate, 0); /* rank 1 */
            rf_optimizer_step(o, f.device, rate, scale);
            CU_ASSERT_DOUBLE_EQUAL((double)f.matrix->value.data[watched], a.w, TOLERANCE);
            CU_ASSERT_DOUBLE_EQUAL((double)f.vector->value.data[12], b.w, TOLERANCE);
        }
        CU_ASSERT_EQUAL(rf_optimizer_steps(o), 20);
        CU_ASSERT_EQUAL(rf_gradient_norm(f.device, f.ps), 0); /* gradients were cleared */
        rf_optimizer_free(o);
        fixture_free(&f);
    }
}

/* Numbers worked out by hand: w = 1, g = 1, 2 with rate 0.1. */
static void optimizers_by_hand(void)
{
    const struct {
        const char *name;
        double momentum;
        bool nesterov;
        double due[2];
    } rows[] = {
        {"sgd", 0, false, {0.9, 0.7}},         {"sgd", 0.5, false, {0.9, 0.65}}, /* v = 1, 2.5 */
        {"sgd", 0.5, true, {0.85, 0.525}},     /* 1 + 0.5, 2 + 1.25 */
        {"adam", 0, false, {0.9, 0.8034818}},  /* m/0.19 = 1.526316, sqrt(s/0.001999) = 1.581376 */
        {"rmsprop", 0, false, {0, -0.895323}}, /* s = 0.01, 0.0499; 0.2 / 0.223383 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rf_params *ps = rf_params_new();
        rf_device *d = rf_device_new(1, NULL);
        rf_param *p = rf_params_add(ps, "w", RF_SHAPE(1), (rf_init){RF_INIT_CONSTANT, 1}, NULL);
        rf_params_init(ps, 0);
        rf_optimizer_spec spec = rf_optimizer_defaults(rf_optimizer_find(rows[i].name));
        spec.momentum = rows[i].momentum;
        spec.nesterov = rows[i].nesterov;
        rf_optimizer *o = rf_optimizer_new(&spec, ps, NULL);
        for (int t = 0; t < 2; t++) {
            p->grad[0] = (rf_real)(t + 1);
            rf_optimizer_step(o, d, 0.1, 1);
            CU_ASSERT_DOUBLE_EQUAL((double)p->value.data[0], rows[i].due[t], 2e-6);
        }
        rf_optimizer_free(o);
        rf_device_free(d);
        rf_params_free(ps);
    }
}

static bool same_values(const fixture *a, const fixture *b)
{
    for (size_t i = 0; i < 3; i++) {
        const rf_param *p = rf_params_at(a->ps, i), *q = rf_params_at(b->ps, i);
        const size_t n = (size_t)rf_shape_count(p->value.shape) * sizeof(rf_real);
        if (memcmp(p->value.data, q->value.data, n) != 0) return false;
    }
    return true;
}

static void sparse_rows_are_exact(void)
{
    for (int i = 0; i < SPECS; i++) {
        fixture a = fixture_new(1, false), b = fixture_new(2, true);
        const rf_optimizer_spec spec = spec_at(i);
        rf_optimizer *oa = rf_optimizer_new(&spec, a.ps, NULL);
        rf_optimizer *ob = rf_optimizer_new(&spec, b.ps, NULL);
        for (uint64_t t = 0; t < 12; t++) {
            set_gradients(&a, t);
            set_gradients(&b, t);
            rf_optimizer_step(oa, a.device, 0.01, 0.5);
            rf_optimizer_step(ob, b.device, 0.01, 0.5);
            CU_ASSERT_EQUAL(b.table->rows, 0);
            for (int r = 0; r < 50; r++) CU_ASSERT_EQUAL(b.table->touched[r], 0);
        }
        CU_ASSERT(same_values(&a, &b));
        rf_optimizer_free(oa);
        rf_optimizer_free(ob);
        fixture_free(&a);
        fixture_free(&b);
    }
}

static void lazy_rows_stay(void)
{
    fixture f = fixture_new(2, true);
    rf_optimizer_spec spec = rf_optimizer_defaults(rf_optimizer_find("adam"));
    spec.lazy = true;
    rf_optimizer *o = rf_optimizer_new(&spec, f.ps, NULL);
    set_gradients(&f, 0); /* rows 0, 11, 22 */
    rf_optimizer_step(o, f.device, 0.01, 1);
    const rf_real before = f.table->value.data[0];
    set_gradients(&f, 1); /* rows 7, 18, 29 */
    rf_optimizer_step(o, f.device, 0.01, 1);
    CU_ASSERT_EQUAL(f.table->value.data[0], before);
    CU_ASSERT_EQUAL(f.table->grad[7 * 7], 0);
    rf_optimizer_free(o);
    fixture_free(&f);
}

static void frozen_parameters_stay(void)
{
    fixture f = fixture_new(2, false);
    const rf_optimizer_spec spec = spec_at(6);
    rf_optimizer *o = rf_optimizer_new(&spec, f.ps, NULL);
    const rf_real before = f.vector->value.data[3];
    f.vector->frozen = true;
    set_gradients(&f, 0);
    rf_optimizer_step(o, f.device, 0.1, 1);
    CU_ASSERT_EQUAL(f.vector->value.data[3], before);
    rf_optimizer_free(o);
    fixture_free(&f);
}

/* Merity et al., algorithm 1 with n = 2: the averaging begins after the metric that exceeds the best
 * of all but the last two before it. */
static void averaging_begins_and_averages(void)
{
    fixture f = fixture_new(1, false);
    const rf_optimizer_spec spec = spec_at(3);
    rf_optimizer *o = rf_optimizer_new(&spec, f.ps, NULL);
    const double metrics[] = {5, 4, 6, 4.5, 4.9, 4.1};
    const bool due[] = {false, false, false, false, true, true};
    for (int i = 0; i < 6; i++) {
        rf_optimizer_validated(o, metrics[i]);
        CU_ASSERT_EQUAL(rf_optimizer_averaging(o), due[i]);
    }
    double sum = 0;
    for (uint64_t t = 0; t < 4; t++) {
        set_gradients(&f, t);
        rf_optimizer_step(o, f.device, 0.1, 1);
        sum += (double)f.matrix->value.data[77];
    }
    const rf_real last = f.matrix->value.data[77];
    rf_optimizer_swap(o);
    CU_ASSERT_DOUBLE_EQUAL((double)f.matrix->value.data[77], sum / 4, 1e-6);
    rf_optimizer_swap(o);
    CU_ASSERT_EQUAL(f.matrix->value.data[77], last);
    rf_optimizer_free(o);
    fixture_free(&f);
}

static void optimizers_are_a_table(void)
{
    rf_error err = {0};
    fixture f = fixture_new(1, false);
    int n = 0;
    for (const rf_optimizer_row *r; (r = rf_optimizer_at(n)); n++) {
        CU_ASSERT_PTR_EQUAL(rf_optimizer_find(r->name), r);
        CU_ASSERT(r->rate > 0 && *r->summary && *r->source);
    }
    CU_ASSERT_EQUAL(n, 5);
    CU_ASSERT_PTR_NULL(rf_optimizer_at(-1));
    CU_ASSERT_PTR_NULL(rf_optimizer_find("adamm"));
    rf_optimizer_spec spec = spec_at(6);
    spec.beta2 = 1;
    CU_ASSERT_PTR_NULL(rf_optimizer_new(&spec, f.ps, &err));
    CU_ASSERT_STRING_EQUAL(err.text, "adam: beta2 1; a number from 0 to below 1 is due");
    rf_optimizer_free(NULL);
    fixture_free(&f);
}

/* ---- Schedules --------------------------------------------------------------------------------------------- */

static void schedules_follow_their_curves(void)
{
    const rf_schedule step = {.kind = RF_SCHEDULE_STEP, .rate = 8, .every = 10, .gamma = 0.5};
    const rf_schedule later = {
        .kind = RF_SCHEDULE_STEP, .rate = 8, .every = 10, .after = 40, .gamma = 0.5};
    const rf_schedule cosine = {
        .kind = RF_SCHEDULE_COSINE, .rate = 1, .warmup = 4, .total = 104, .floor = 0.1};
    const rf_schedule linear = {.kind = RF_SCHEDULE_LINEAR, .rate = 2, .total = 50};
    const rf_schedule constant = {.rate = 3, .warmup = 3};
    const struct {
        const rf_schedule *s;
        int64_t step;
        double due;
    } rows[] = {
        {&step, 0, 8},     {&step, 9, 8},       {&step, 10, 4},      {&step, 35, 1},
        {&later, 0, 8},    {&later, 39, 8},     {&later, 40, 4},     {&later, 49, 4},
        {&later, 50, 2},   {&later, 61, 1},     {&cosine, 0, 0.25},  {&cosine, 3, 1},
        {&cosine, 4, 1},   {&cosine, 54, 0.55}, {&cosine, 104, 0.1}, {&cosine, 900, 0.1},
        {&linear, 0, 2},   {&linear, 25, 1},    {&linear, 50, 0},    {&linear, 99, 0},
        {&constant, 0, 1}, {&constant, 1, 2},   {&constant, 2, 3},   {&constant, 1000000, 3}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CU_ASSERT_DOUBLE_EQUAL(rf_schedule_rate(rows[i].s, rows[i].step), rows[i].due, 1e-12);
    for (int k = 0; rf_schedule_name(k); k++)
        CU_ASSERT_EQUAL(rf_schedule_find(rf_schedule_name(k)), k);
    CU_ASSERT_EQUAL(rf_schedule_find("plateau"), RF_SCHEDULE_PLATEAU);
    CU_ASSERT_EQUAL(rf_schedule_find("plato"), -1);
}

static void plateau_falls_after_patience(void)
{
    rf_schedule s = {
        .kind = RF_SCHEDULE_PLATEAU, .rate = 1, .gamma = 0.5, .patience = 1, .floor = 0.2};
    const double metrics[] = {5, 4, 4, 4.5, 3, 3, 3, 3, 3, 3, 3};
    const double due[] = {1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2};
    for (int i = 0; i < 11; i++) {
        rf_schedule_validated(&s, metrics[i]);
        CU_ASSERT_DOUBLE_EQUAL(rf_schedule_rate(&s, i), due[i], 1e-12);
    }
}

/* ---- State files --------------------------------------------------------------------------------------------- */

/* 2k steps, and k steps, a file, k steps: the same bits, for every optimiser. */
static void states_resume_exactly(void)
{
    const char *path = path_of("state.safetensors");
    for (int i = 0; i < SPECS; i++) {
        fixture a = fixture_new(2, true), b = fixture_new(1, true);
        const rf_optimizer_spec spec = spec_at(i);
        rf_optimizer *oa = rf_optimizer_new(&spec, a.ps, NULL);
        rf_optimizer *ob = rf_optimizer_new(&spec, b.ps, NULL);
        int64_t cursor[2] = {3, 1LL << 60}, back[2] = {0};
        double f64 = 0.1, f64_back = 0;
        for (uint64_t t = 0; t < 16; t++) {
            if (t == 8) {
                const rf_slot slots[] = {{"cursor", RF_SLOT_I64, RF_SHAPE(2), cursor},
                                         {"number", RF_SLOT_F64, RF_SCALAR, &f64}};
                const rf_slot into[] = {{"cursor", RF_SLOT_I64, RF_SHAPE(2), back},
                                        {"number", RF_SLOT_F64, RF_SCALAR, &f64_back}};
                rf_params_init(b.ps, 99);
                CU_ASSERT_EQUAL(rf_state_write(path, a.ps, oa, slots, 2, NULL, NULL), RF_OK);
                CU_ASSERT_EQUAL(rf_state_read(path, b.ps, ob, into, 2, NULL), RF_OK);
                CU_ASSERT(same_values(&a, &b));
                CU_ASSERT(!memcmp(cursor, back, sizeof back) && f64_back == f64);
            }
            set_gradients(&a, t);
            rf_optimizer_step(oa, a.device, 0.01, 0.5);
            rf_optimizer_validated(oa, (double)t);
            if (t < 8) continue;
            set_gradients(&b, t);
            rf_optimizer_step(ob, b.device, 0.01, 0.5);
            rf_optimizer_validated(ob, (double)t);
        }
        CU_ASSERT(same_values(&a, &b));
        CU_ASSERT_EQUAL(rf_optimizer_averaging(oa), i == 3);
        rf_optimizer_swap(oa);
        rf_optimizer_swap(ob);
        CU_ASSERT(same_values(&a, &b));
        rf_optimizer_free(oa);
        rf_optimizer_free(ob);
        fixture_free(&a);
        fixture_free(&b);
    }
}

static void expect_refusal(fixture *f, int spec, const rf_slot *slots, int n, const char *words)
{
    const rf_optimizer_spec s = spec_at(spec);
    rf_optimizer *o = rf_optimizer_new(&s, f->ps, NULL);
    rf_error err = {0};
    CU_ASSERT_EQUAL(rf_state_read(path_of("state.safetensors"), f->ps, o, slots, n, &err),
                    RF_EFORMAT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, words));
    rf_optimizer_free(o);
}

static void states_that_do_not_fit_are_named(void)
{
    fixture f = fixture_new(1, false);
    const rf_optimizer_spec spec = spec_at(6);
    rf_optimizer *o = rf_optimizer_new(&spec, f.ps, NULL);
    int64_t x[3] = {1, 2, 3};
    const rf_slot slot = {"x", RF_SLOT_I64, RF_SHAPE(3), x};
    const char *const meta[] = {"lm.options", "{\"hidden\": 5}", NULL};
    const char *path = path_of("state.safetensors");
    CU_ASSERT_EQUAL(rf_state_write(path, f.ps, o, &slot, 1, meta, NULL), RF_OK);
    rf_model *m = rf_model_read(path, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_STRING_EQUAL(rf_model_get(m, "lm.options"), meta[1]);
    rf_model_free(m);
    rf_optimizer_free(o);

    expect_refusal(&f, 0, &slot, 1, "was trained with adam; sgd cannot go on from there");
    const rf_slot missing = {"y", RF_SLOT_I64, RF_SHAPE(3), x};
    expect_refusal(&f, 6, &missing, 1, "slot/y is missing");
    const rf_slot longer = {"x", RF_SLOT_I64, RF_SHAPE(4), x};
    expect_refusal(&f, 6, &longer, 1, "slot/x is [3] where [4] is due");
    const rf_slot other = {"x", RF_SLOT_F64, RF_SHAPE(3), x};
    expect_refusal(&f, 6, &other, 1, "slot/x holds I64 where F64 is due");

    m = rf_model_new();
    CU_ASSERT_EQUAL(rf_model_write(m, path, NULL), RF_OK);
    rf_model_free(m);
    expect_refusal(&f, 6, &slot, 1, "is not the state of a training");
    unlink(path);
    rf_error err = {0};
    CU_ASSERT_EQUAL(rf_state_read(path, f.ps, NULL, NULL, 0, &err), RF_EIO);
    fixture_free(&f);
}

int main(void)
{
    CU_TestInfo tests[] = {{"metrics are right", metrics_are_right},
                           {"streams cover all tokens", streams_cover_all_tokens},
                           {"streams carry on in lanes", streams_carry_on_in_lanes},
                           {"streams resume at a cursor", streams_resume_at_a_cursor},
                           {"buckets cover all sequences", buckets_cover_all_sequences},
                           {"buckets waste little", buckets_waste_little},
                           {"buckets of pairs fit", buckets_of_pairs_fit},
                           {"buckets resume at a cursor", buckets_resume_at_a_cursor},
                           {"ordered buckets fill", ordered_buckets_fill},
                           {"held-out losses are weighed", held_out_losses_are_weighed},
                           {"norms are right", norms_are_right},
                           {"optimizers follow their formulas", optimizers_follow_their_formulas},
                           {"optimizers by hand", optimizers_by_hand},
                           {"sparse rows are exact", sparse_rows_are_exact},
                           {"lazy rows stay", lazy_rows_stay},
                           {"frozen parameters stay", frozen_parameters_stay},
                           {"averaging begins and averages", averaging_begins_and_averages},
                           {"optimizers are a table", optimizers_are_a_table},
                           {"schedules follow their curves", schedules_follow_their_curves},
                           {"plateau falls after patience", plateau_falls_after_patience},
                           {"states resume exactly", states_resume_exactly},
                           {"states that do not fit are named", states_that_do_not_fit_are_named},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "train", .pTests = tests}, CU_SUITE_INFO_NULL};
    if (!mkdtemp(folder)) return 2;
    const int status = run_suites(suites);
    rmdir(folder);
    return status;
}

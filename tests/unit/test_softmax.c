/* test_softmax.c -- the softmaxes for large vocabularies: adaptive and sampled, against the full one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/candidates.h"
#include <refrain/layers.h>

#include "../suite.h"

static rf_device *device[3]; /* by number of threads */
static rf_graph *graph[3];

static int open_all(void)
{
    for (int n = 1; n <= 2; n++) {
        device[n] = rf_device_new(n, NULL);
        graph[n] = device[n] ? rf_graph_new(device[n]) : NULL;
        if (!graph[n]) return 1;
    }
    return 0;
}

static int close_all(void)
{
    for (int n = 1; n <= 2; n++) {
        rf_graph_free(graph[n]);
        rf_device_free(device[n]);
    }
    return 0;
}

static void whole(rf_graph *g)
{
    rf_error err = {0};
    if (rf_graph_status(g, &err)) printf("\n%s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(err.status, RF_OK);
}

static rf_real *draw(rf_index n, double scale, const char *what)
{
    const rf_key key = rf_key_make(5, what, 0);
    rf_real *x = calloc((size_t)n, sizeof *x);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    for (rf_index i = 0; i < n; i++)
        x[i] = (rf_real)(scale * (2 * rf_uniform(key, (uint64_t)i) - 1));
    return x;
}

static int32_t *draw_targets(rf_index R, rf_index V)
{
    const rf_key key = rf_key_make(6, "targets", 0);
    int32_t *t = calloc((size_t)R, sizeof *t);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    for (rf_index r = 0; r < R; r++)
        t[r] = r % 9 == 4 ? -1 : (int32_t)(rf_uniform(key, (uint64_t)r) * (double)V);
    return t;
}

/* |a - b| / |b|. */
static double far(rf_index n, const double *a, const double *b)
{
    double d = 0, s = 0;
    for (rf_index i = 0; i < n; i++) {
        d += (a[i] - b[i]) * (a[i] - b[i]);
        s += b[i] * b[i];
    }
    return sqrt(d / s);
}

/* ---- Adaptive ----------------------------------------------------------------------------------- */

enum {
    I = 24,
    V = 2500
}; /* clusters on both sides of where the product with its loss changes its way */
static const rf_index cutoff[] = {40, 900};

static void adaptive_open(rf_adaptive_layer *l, rf_params **ps)
{
    const rf_adaptive_spec spec = {
        .in = I, .classes = V, .cutoffs = 2, .cutoff = cutoff, .bias = true};
    *ps = rf_params_new();
    CU_ASSERT_EQUAL_FATAL(rf_adaptive_layer_init(l, *ps, "out.", &spec, NULL), RF_OK);
    rf_params_init(*ps, 3);
    CU_ASSERT(rf_shape_equal(rf_params_find(*ps, "out.head.weight")->value.shape, RF_SHAPE(42, I)));
    CU_ASSERT(rf_shape_equal(rf_params_find(*ps, "out.tail.0.0.weight")->value.shape,
                             RF_SHAPE(I / 4, I)));
    CU_ASSERT(rf_shape_equal(rf_params_find(*ps, "out.tail.1.1.weight")->value.shape,
                             RF_SHAPE(V - 900, I / 16)));
}

static void adaptive_probabilities_sum_to_one(void)
{
    enum { R = 33 };
    rf_adaptive_layer l;
    rf_params *ps;
    rf_graph *g = graph[1];
    adaptive_open(&l, &ps);
    rf_real *x = draw(R * I, 3, "x");
    rf_graph_begin(g, RF_INFER, rf_key_make(1, "softmax", 0));
    rf_node y = rf_adaptive_layer_apply(g, &l, rf_borrow(g, x, RF_SHAPE(R, I)));
    whole(g);
    CU_ASSERT(rf_shape_equal(rf_shape_of(g, y), RF_SHAPE(R, V)));
    for (int r = 0; r < R; r++) {
        double sum = 0;
        for (int k = 0; k < V; k++) sum += exp((double)rf_value(g, y).data[r * V + k]);
        CU_ASSERT_DOUBLE_EQUAL(sum, 1, 1e-5);
    }
    free(x);
    rf_params_free(ps);
}

/* Loss and gradients of one step, all in one vector: [1 + R I + parameters]. */
static double *adaptive_step(rf_graph *g, rf_mode mode, const rf_adaptive_layer *l, rf_params *ps,
                             rf_index R, const rf_real *x, const int32_t *t, bool expand)
{
    double *all = calloc((size_t)(1 + R * I + rf_params_elements(ps)), sizeof *all), *at = all;
    CU_ASSERT_PTR_NOT_NULL_FATAL(all);
    rf_graph_begin(g, mode, rf_key_make(1, "softmax", 0));
    rf_params_zero_grad(ps);
    const rf_node in = rf_variable(g, x, RF_SHAPE(R, I));
    rf_node y = rf_adaptive_layer_loss(g, l, in, t);
    if (expand) y = rf_expand(g, y);
    whole(g);
    *at++ = (double)*rf_value(g, y).data;
    if (mode == RF_INFER) return all;
    CU_ASSERT_EQUAL_FATAL(rf_adjoint(g, y), RF_OK);
    for (rf_index i = 0; i < R * I; i++) *at++ = (double)rf_gradient(g, in)[i];
    for (size_t k = 0; k < rf_params_count(ps); k++) {
        const rf_param *p = rf_params_at(ps, k);
        for (rf_index i = 0; i < rf_shape_count(p->value.shape); i++) *at++ = (double)p->grad[i];
    }
    return all;
}

static void adaptive_is_its_textbook_at_size(void)
{
    const rf_index sizes[] = {1, 31, 260};
    rf_adaptive_layer l;
    rf_params *ps;
    adaptive_open(&l, &ps);
    for (int i = 0; i < 3; i++) {
        const rf_index R = sizes[i], n = 1 + R * I + rf_params_elements(ps);
        rf_real *x = draw(R * I, 2, "x");
        int32_t *t = draw_targets(R, V);
        double *book = adaptive_step(graph[1], RF_TRAIN, &l, ps, R, x, t, true);
        for (int threads = 1; threads <= 2; threads++) {
            double *own = adaptive_step(graph[threads], RF_TRAIN, &l, ps, R, x, t, false);
            double *value = adaptive_step(graph[threads], RF_INFER, &l, ps, R, x, t, false);
            CU_ASSERT(far(n, own, book) < 2e-6);
            CU_ASSERT_DOUBLE_EQUAL(*value, *own, 1e-6);
            free(own);
            free(value);
        }
        free(x);
        free(t);
        free(book);
    }
    rf_params_free(ps);
}

static void adaptive_refuses(void)
{
    static const rf_index falls[] = {5, 5}, beyond[] = {V}, fits[] = {5};
    const struct {
        rf_adaptive_spec spec;
        const char *says;
    } bad[] = {{{I, V, 2, falls, 0, false}, "cutoff 5 is not above 5"},
               {{I, V, 1, beyond, 0, false}, "below 2500"},
               {{I, V, 0, fits, 0, false}, "0 cutoffs"},
               {{I, V, 1, fits, 0.5, false}, "divisor"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rf_params *ps = rf_params_new();
        rf_adaptive_layer l;
        rf_error err = {0};
        CU_ASSERT_EQUAL(rf_adaptive_layer_init(&l, ps, "out.", &bad[i].spec, &err), RF_EINVAL);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, bad[i].says));
        rf_params_free(ps);
    }
    rf_adaptive_layer l;
    rf_params *ps;
    rf_error err = {0};
    const int32_t target[] = {V};
    adaptive_open(&l, &ps);
    rf_graph_begin(graph[1], RF_EVAL, rf_key_make(1, "softmax", 0));
    rf_adaptive_layer_loss(graph[1], &l, rf_zeros(graph[1], RF_SHAPE(1, I)), target);
    CU_ASSERT_EQUAL(rf_graph_status(graph[1], &err), RF_ESHAPE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "target 2500 of row 0 is not below 2500"));
    rf_params_free(ps);
}

/* ---- Candidates --------------------------------------------------------------------------------- */

static void candidates_are_distinct_and_rise(void)
{
    enum { N = 900 };
    uint64_t seen[(N + 63) / 64];
    int32_t id[N], again[N];
    const rf_index sizes[] = {1, 2, 64, 300, N - 1, N};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const rf_index n = sizes[i];
        const rf_key key = rf_key_make(1, "candidates", i);
        const double draws = rfi_candidates_draw(key, N, n, seen, id);
        CU_ASSERT(n == N ? draws == 0 : draws >= (double)n);
        CU_ASSERT(id[0] >= 0 && id[n - 1] < N);
        for (rf_index j = 1; j < n; j++) CU_ASSERT(id[j] > id[j - 1]);
        CU_ASSERT_EQUAL(rfi_candidates_draw(key, N, n, seen, again), draws);
        CU_ASSERT_EQUAL(memcmp(id, again, (size_t)n * sizeof *id), 0);
    }
}

/* How often each class is drawn is what the logarithm says, on the mean of many draws. */
static void candidates_come_as_often_as_expected(void)
{
    enum { N = 200, S = 30, KEYS = 4000 };
    static double often[N], expected[N];
    uint64_t seen[(N + 63) / 64];
    int32_t id[S];
    for (uint64_t step = 0; step < KEYS; step++) {
        const double draws = rfi_candidates_draw(rf_key_make(1, "often", step), N, S, seen, id);
        for (int j = 0; j < S; j++) often[id[j]] += 1.0 / KEYS;
        for (int k = 0; k < N; k++)
            expected[k] += exp(rfi_candidate_log_expected(draws, N, k)) / KEYS;
    }
    for (int k = 0; k < N; k++) {
        const double deviation = sqrt(expected[k] * (1 - expected[k]) / KEYS);
        CU_ASSERT(fabs(often[k] - expected[k]) < 5 * deviation + 0.01 * expected[k]);
    }
    CU_ASSERT(often[0] > 5 * often[N - 1]);
    CU_ASSERT_EQUAL(rfi_candidate_log_expected(0, N, 3), 0);
}

/* ---- Sampled ------------------------------------------------------------------------------------ */

enum { SR = 20, SI = 12, SV = 300, PART = SR * SI, ALL = 1 + PART + SV * SI + SV };

typedef struct sampled {
    rf_params *ps;
    rf_param *w, *b;
    rf_real *x;
    int32_t *t;
} sampled;

static sampled sampled_open(bool sparse)
{
    sampled s = {.ps = rf_params_new(), .x = draw(PART, 1, "x"), .t = draw_targets(SR, SV)};
    const rf_init normal = {RF_INIT_NORMAL, 0.7};
    s.w = rf_params_add(s.ps, "w", RF_SHAPE(SV, SI), normal, NULL);
    s.b = rf_params_add(s.ps, "b", RF_SHAPE(SV), normal, NULL);
    CU_ASSERT_FATAL(s.w && s.b);
    rf_params_init(s.ps, 9);
    CU_ASSERT_FATAL(rf_param_set_sparse(s.w, sparse) && rf_param_set_sparse(s.b, sparse));
    return s;
}

static void sampled_close(sampled *s)
{
    rf_params_free(s->ps);
    free(s->x);
    free(s->t);
}

/* out [ALL] += loss, gx, gw, gb, times scale; samples 0: the full loss. */
static void sampled_step(const sampled *s, int threads, rf_index samples, uint64_t step,
                         double scale, double *out)
{
    rf_graph *g = graph[threads];
    rf_graph_begin(g, RF_TRAIN, rf_key_make(3, "train", step));
    rf_params_zero_grad(s->ps);
    const rf_node x = rf_variable(g, s->x, RF_SHAPE(SR, SI));
    const rf_node w = rf_parameter(g, s->w), b = rf_parameter(g, s->b);
    const rf_node y = samples ? rf_sampled_cross_entropy(g, x, w, b, s->t, samples)
                              : rf_linear_cross_entropy(g, x, w, b, s->t);
    whole(g);
    CU_ASSERT_EQUAL_FATAL(rf_adjoint(g, y), RF_OK);
    *out++ += scale * (double)*rf_value(g, y).data;
    for (int i = 0; i < PART; i++) *out++ += scale * (double)rf_gradient(g, x)[i];
    for (int i = 0; i < SV * SI; i++) *out++ += scale * (double)s->w->grad[i];
    for (int i = 0; i < SV; i++) *out++ += scale * (double)s->b->grad[i];
}

static void all_samples_are_the_full_softmax(void)
{
    static double full[ALL], own[ALL];
    sampled s = sampled_open(false);
    for (int threads = 1; threads <= 2; threads++) {
        memset(full, 0, sizeof full);
        sampled_step(&s, threads, 0, 0, 1, full);
        for (rf_index more = 0; more <= 50; more += 50) {
            memset(own, 0, sizeof own);
            sampled_step(&s, threads, SV + more, 0, 1, own);
            CU_ASSERT_DOUBLE_EQUAL(own[0], full[0], 1e-5);
            CU_ASSERT(far(ALL, own, full) < 1e-6);
        }
    }
    sampled_close(&s);
}

/* How far the mean of many steps' gradients is from the full one's. */
static double bias(const sampled *s, rf_index samples, const double *full)
{
    enum { STEPS = 3000 };
    static double mean[ALL];
    memset(mean, 0, sizeof mean);
    for (uint64_t step = 0; step < STEPS; step++)
        sampled_step(s, 1, samples, step, 1.0 / STEPS, mean);
    return far(ALL - 1, mean + 1, full + 1);
}

static void expected_gradient_approaches_the_full_one(void)
{
    static double full[ALL];
    sampled s = sampled_open(false);
    memset(full, 0, sizeof full);
    sampled_step(&s, 1, 0, 0, 1, full);
    const double few = bias(&s, 10, full), more = bias(&s, 60, full), most = bias(&s, 240, full);
    CU_ASSERT(few > 2 * more && more > 2 * most);
    CU_ASSERT(most < 0.01);
    if (!(few > 2 * more && more > 2 * most && most < 0.01))
        printf("\n%g with 10, %g with 60, %g with 240 samples\n", few, more, most);
    sampled_close(&s);
}

static void sparse_gradients_name_their_rows(void)
{
    static double dense[ALL], sparse[ALL];
    sampled a = sampled_open(false), b = sampled_open(true);
    for (uint64_t step = 0; step < 3; step++) {
        memset(dense, 0, sizeof dense);
        memset(sparse, 0, sizeof sparse);
        sampled_step(&a, 1, 15, step, 1, dense);
        sampled_step(&b, 1, 15, step, 1, sparse);
        CU_ASSERT_EQUAL(memcmp(dense, sparse, sizeof dense), 0);
        CU_ASSERT(b.w->rows >= 15 && b.w->rows <= 15 + SR);
        CU_ASSERT_EQUAL(b.b->rows, b.w->rows);
        const double *gw = dense + 1 + PART, *gb = gw + SV * SI;
        for (int k = 0; k < SV; k++) {
            if (b.w->touched[k]) continue;
            for (int i = 0; i < SI; i++) CU_ASSERT_EQUAL(gw[k * SI + i], 0);
            CU_ASSERT_EQUAL(gb[k], 0);
        }
    }
    sampled_close(&a);
    sampled_close(&b);
}

static void samples_depend_on_the_step_alone(void)
{
    static double one[ALL], two[ALL], other[ALL];
    sampled s = sampled_open(false);
    memset(one, 0, sizeof one);
    memset(two, 0, sizeof two);
    memset(other, 0, sizeof other);
    sampled_step(&s, 1, 40, 7, 1, one);
    sampled_step(&s, 1, 40, 8, 1, other);
    sampled_step(&s, 2, 40, 7, 1, two);
    CU_ASSERT(far(ALL, two, one) < 1e-6);
    CU_ASSERT(far(ALL, other, one) > 1e-2);
    sampled_close(&s);
}

static void only_training_samples(void)
{
    sampled s = sampled_open(false);
    for (int mode = RF_INFER; mode <= RF_EVAL; mode++) {
        rf_graph *g = graph[1];
        rf_graph_begin(g, (rf_mode)mode, rf_key_make(1, "softmax", 0));
        const rf_node x = rf_constant(g, s.x, RF_SHAPE(SR, SI));
        const rf_node w = rf_parameter(g, s.w), b = rf_parameter(g, s.b);
        const rf_node few = rf_sampled_cross_entropy(g, x, w, b, s.t, 5);
        const rf_node all = rf_linear_cross_entropy(g, x, w, b, s.t);
        whole(g);
        CU_ASSERT_EQUAL(*rf_value(g, few).data, *rf_value(g, all).data);
    }
    sampled_close(&s);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"adaptive probabilities sum to one", adaptive_probabilities_sum_to_one},
        {"adaptive is its textbook at size", adaptive_is_its_textbook_at_size},
        {"adaptive refuses", adaptive_refuses},
        {"candidates are distinct and rise", candidates_are_distinct_and_rise},
        {"candidates come as often as expected", candidates_come_as_often_as_expected},
        {"all samples are the full softmax", all_samples_are_the_full_softmax},
        {"expected gradient approaches the full one", expected_gradient_approaches_the_full_one},
        {"sparse gradients name their rows", sparse_gradients_name_their_rows},
        {"samples depend on the step alone", samples_depend_on_the_step_alone},
        {"only training samples", only_training_samples},
        CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {
        {.pName = "softmax", .pInitFunc = open_all, .pCleanupFunc = close_all, .pTests = tests},
        CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

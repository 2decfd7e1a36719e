/* test_convnet.c -- convolutional networks: their running statistics, sizes, texts and refusals. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <refrain/convnet.h>
#include <refrain/train.h>

#define GRAPH_THREADS 2
#include "../graph_suite.h"

typedef struct made {
    rf_params *ps;
    rf_convnet *net;
} made;

static made make(const char *text, rf_index input)
{
    rf_convnet_row row[RF_CONVNET_LAYERS];
    rf_convnet_spec spec = {.input = input, .row = row};
    rf_error err = {0};
    CU_ASSERT_EQUAL_FATAL(rf_convnet_parse(text, row, &spec.layers, &err), RF_OK);
    made m = {.ps = rf_params_new()};
    m.net = rf_convnet_new(&spec, m.ps, "", &err);
    if (!m.net) printf("\n%s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m.net);
    rf_params_init(m.ps, 7);
    return m;
}

static void drop(made *m)
{
    rf_convnet_free(m->net);
    rf_params_free(m->ps);
}

enum { B = 3, ROWS = 7, COLUMNS = 6, CELLS = B * ROWS * COLUMNS, PICTURE = CELLS * 3 };

static void draw(rf_real *x, rf_index n, uint64_t seed)
{
    for (rf_index i = 0; i < n; i++)
        x[i] = (rf_real)rf_normal(rf_key_make(seed, "x", 0), (uint64_t)i);
}

static rf_node forward(const made *m, const rf_real *x, rf_mode mode)
{
    rf_graph_begin(g, mode, (rf_key){0});
    return rf_convnet_forward(g, m->net, rf_constant(g, x, RF_SHAPE(B, ROWS, COLUMNS, 3)));
}

/* ---- Statistics ---------------------------------------------------------------------------------- */

/* The momentum of nn.BatchNorm2d, and variances that divide by one row less. */
static void statistics_run(void)
{
    rf_real x[PICTURE];
    made m = make("4k1l", 3);
    const rf_real *w = rf_params_find(m.ps, "0.conv.weight")->value.data;
    const rf_real *mean = rf_params_find(m.ps, "0.norm.running_mean")->value.data;
    const rf_real *var = rf_params_find(m.ps, "0.norm.running_var")->value.data;
    double due[2] = {0, 1};
    for (uint64_t step = 0; step < 3; step++) {
        double sum = 0, squares = 0;
        draw(x, PICTURE, step);
        forward(&m, x, RF_TRAIN);
        for (int i = 0; i < CELLS; i++) {
            const rf_real *cell = x + (rf_index)3 * i;
            const double y = (double)(w[0] * cell[0] + w[1] * cell[1] + w[2] * cell[2]);
            sum += y, squares += y * y;
        }
        due[0] = 0.9 * due[0] + 0.1 * sum / CELLS;
        due[1] = 0.9 * due[1] + 0.1 * (squares - sum * sum / CELLS) / (CELLS - 1);
    }
    CU_ASSERT_DOUBLE_EQUAL(mean[0], due[0], 1e-5);
    CU_ASSERT_DOUBLE_EQUAL(var[0], due[1], 1e-5);
    drop(&m);
}

static void only_training_moves_them(void)
{
    rf_real x[PICTURE];
    made m = make("4 4", 3);
    draw(x, PICTURE, 1);
    forward(&m, x, RF_EVAL);
    forward(&m, x, RF_INFER);
    for (size_t i = 0; i < rf_params_count(m.ps); i++) {
        const rf_param *p = rf_params_at(m.ps, i);
        CU_ASSERT_EQUAL(p->frozen, strstr(p->name, "running") != NULL);
        if (p->frozen) CU_ASSERT_EQUAL(p->value.data[0], strstr(p->name, "var") ? 1 : 0);
    }
    drop(&m);
}

/* What is folded into the convolution is what follows it otherwise. */
static void folded_is_unfolded(void)
{
    rf_real x[PICTURE], folded[CELLS * 5];
    const rf_index n = (rf_index)CELLS * 5;
    made m = make("5l", 3);
    for (uint64_t step = 0; step < 20; step++) {
        draw(x, PICTURE, step);
        forward(&m, x, RF_TRAIN);
    }
    draw(x, PICTURE, 99);
    memcpy(folded, rf_value(g, forward(&m, x, RF_INFER)).data, (size_t)n * sizeof *folded);
    const rf_conv conv = {{1, 1}, {1, 1, 1, 1}, 1, RF_CONV_LINEAR};
    const rf_node y =
        rf_conv2d(g, rf_constant(g, x, RF_SHAPE(B, ROWS, COLUMNS, 3)),
                  rf_parameter(g, rf_params_find(m.ps, "0.conv.weight")), RF_NONE, &conv);
    const rf_real *mean = rf_params_find(m.ps, "0.norm.running_mean")->value.data;
    const rf_real *var = rf_params_find(m.ps, "0.norm.running_var")->value.data;
    const rf_real *at = rf_value(g, y).data;
    double far = 0;
    for (rf_index i = 0; i < n; i++) {
        const double due = ((double)at[i] - (double)mean[i % 5]) / sqrt((double)var[i % 5] + 1e-5);
        far = fmax(far, fabs(due - (double)folded[i]));
    }
    CU_ASSERT(far > 0 && far < 1e-5);
    drop(&m);
}

/* Many rows, off 0, in blocks that are dealt out: the textbook graph's value and gradient. */
static void many_rows_are_normalised(void)
{
    enum { R = 5000, C = 20 };
    static rf_real x[R * C], u[R * C], gradient[R * C];
    const rf_shape shape = RF_SHAPE(R / 50, 10, 5, C);
    double far = 0;
    draw(x, R * C, 1);
    draw(u, R * C, 2);
    for (int i = 0; i < R * C; i++) x[i] += 3;
    rf_graph_begin(g, RF_TRAIN, (rf_key){0});
    const rf_node in = rf_variable(g, x, shape), weight = rf_constant(g, u, shape);
    const rf_node gain = rf_variable(g, u, RF_SHAPE(C)), bias = rf_variable(g, u + C, RF_SHAPE(C));
    const rf_node y = rf_batch_norm_act(g, in, gain, bias, 1e-5, RF_CONV_RELU);
    CU_ASSERT_EQUAL(rf_adjoint(g, rf_sum(g, rf_mul(g, y, weight))), RF_OK);
    memcpy(gradient, rf_gradient(g, in), sizeof gradient);
    const rf_node due = rf_expand(g, y);
    for (int i = 0; i < R * C; i++)
        far = fmax(far, fabs((double)(rf_value(g, due).data[i] - rf_value(g, y).data[i])));
    CU_ASSERT(due != y && far < 5e-5);
    CU_ASSERT_EQUAL(rf_adjoint(g, rf_sum(g, rf_mul(g, due, weight))), RF_OK);
    int differ = 0; /* a value near 0 may pass one way and not the other */
    for (int i = 0; i < R * C; i++)
        differ += !(fabs((double)(rf_gradient(g, in)[i] - gradient[i])) < 1e-3);
    CU_ASSERT(differ < 10);
}

/* ---- Training ------------------------------------------------------------------------------------- */

typedef struct lesson {
    made m;
    int64_t step[1]; /* a slot */
} lesson;

static int next_batch(void *self, rf_error *err)
{
    (void)err;
    return ++((lesson *)self)->step[0] % 4 != 0;
}

static rf_node loss_of(void *self, rf_graph *graph, double *units)
{
    const lesson *l = self;
    rf_real x[PICTURE];
    draw(x, PICTURE, (uint64_t)l->step[0]);
    *units = B;
    const rf_node in = rf_constant(graph, x, RF_SHAPE(B, ROWS, COLUMNS, 3));
    const rf_node y = rf_convnet_forward(graph, l->m.net, in);
    return rf_mean(graph, rf_mul(graph, y, rf_affine(graph, y, 1, -1)));
}

/* Train to `steps`; the values of all parameters into out. */
static rf_index train(const char *state, int64_t steps, bool resume, rf_real *out)
{
    lesson l = {.m = make("4/2 4k1l d", 3)};
    const rf_slot slot = {"step", RF_SLOT_I64, RF_SHAPE(1), l.step, 0, 0};
    const rf_fit_spec spec = {.task = {.self = &l, .next = next_batch, .loss = loss_of},
                              .params = l.m.ps,
                              .graph = g,
                              .optimizer = rf_optimizer_defaults(rf_optimizer_find("adam")),
                              .schedule = {.rate = 0.01},
                              .steps = steps,
                              .keep_last = true,
                              .state_path = state,
                              .resume = resume,
                              .slots = &slot,
                              .n_slots = 1};
    rf_fit_result result;
    rf_error err = {0};
    CU_ASSERT_EQUAL(rf_fit(&spec, &result, &err), RF_OK);
    if (err.status) printf("\n%s\n", err.text);
    rf_index n = 0;
    for (size_t i = 0; i < rf_params_count(l.m.ps); i++) {
        const rf_param *p = rf_params_at(l.m.ps, i);
        const rf_index count = rf_shape_count(p->value.shape);
        memcpy(out + n, p->value.data, (size_t)count * sizeof *out);
        n += count;
    }
    drop(&l.m);
    return n;
}

static void resumed_training_is_exact(void)
{
    static rf_real whole[1024], parts[1024];
    static const char state[] = "test_convnet.state";
    const rf_index n = train(NULL, 11, false, whole);
    train(state, 6, false, parts);
    CU_ASSERT(memcmp(whole, parts, (size_t)n * sizeof *whole) != 0);
    train(state, 11, true, parts);
    CU_ASSERT(!memcmp(whole, parts, (size_t)n * sizeof *whole));
    remove(state);
}

/* ---- Sizes ------------------------------------------------------------------------------------------ */

static void sizes_are_those_of_the_map(void)
{
    static const char *const texts[] = {"32/2 16/2", "4 4 +1 max", "4k5/3 meank3/2", "d/2 6g3 all",
                                        "4/2 4 8k1/2@1 max@2"};
    rf_real x[PICTURE] = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        made m = make(texts[i], 3);
        rf_index size[3];
        CU_ASSERT_FATAL(rf_convnet_size(m.net, ROWS, COLUMNS, size));
        const rf_shape due = RF_SHAPE(B, size[0], size[1], size[2]);
        CU_ASSERT(rf_shape_equal(rf_shape_of(g, forward(&m, x, RF_INFER)), due));
        drop(&m);
    }
}

static void maps_that_do_not_fit(void)
{
    rf_real x[PICTURE] = {0};
    rf_index size[3];
    rf_error err = {0};
    made m = make("3/2 3/2 +1l", 3);
    CU_ASSERT_FALSE(rf_convnet_size(m.net, ROWS, COLUMNS, size));
    CU_ASSERT_EQUAL(forward(&m, x, RF_INFER), RF_POISON);
    CU_ASSERT_EQUAL(rf_graph_status(g, &err), RF_ESHAPE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "[3,2,2,3] and [3,4,3,3] are not alike"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "test_convnet.c:"));
    drop(&m);
    m = make("3 max/4 max/4", 3);
    CU_ASSERT_FALSE(rf_convnet_size(m.net, ROWS, COLUMNS, size));
    CU_ASSERT_EQUAL(forward(&m, x, RF_TRAIN), RF_POISON);
    drop(&m);
}

/* ---- Texts and refusals -------------------------------------------------------------------------- */

static void texts_are_rows(void)
{
    static const rf_convnet_row due[] = {
        {RF_CONVNET_CONV, 64, 5, 2, 4, RF_CONV_LINEAR, true, 3},
        {RF_CONVNET_DEPTHWISE, 0, 0, 2, 0, RF_CONV_RELU, false, 0},
        {RF_CONVNET_MAX_POOL, 0, 3, 2, 0, RF_CONV_RELU, false, 0},
        {RF_CONVNET_MEAN_POOL, 0, 0, 0, 0, RF_CONV_RELU, false, 0},
        {RF_CONVNET_ADD, 0, 0, 0, 0, RF_CONV_LINEAR, false, 12},
        {RF_CONVNET_GLOBAL_MEAN, 0, 0, 0, 0, RF_CONV_RELU, false, 0}};
    enum { N = sizeof due / sizeof *due };
    rf_convnet_row row[RF_CONVNET_LAYERS];
    int n = 0;
    CU_ASSERT_EQUAL(rf_convnet_parse(" 64k5/2g4lp@3  d/2\tmaxk3/2 mean +12l all ", row, &n, NULL),
                    RF_OK);
    CU_ASSERT_EQUAL_FATAL(n, N);
    for (int i = 0; i < N; i++) {
        const rf_convnet_row *a = &row[i], *b = &due[i];
        CU_ASSERT(a->kind == b->kind && a->channels == b->channels && a->window == b->window);
        CU_ASSERT(a->stride == b->stride && a->groups == b->groups && a->back == b->back);
        CU_ASSERT(a->plain == b->plain && a->act == b->act);
    }
}

static void texts_that_are_none(void)
{
    static const char *const texts[] = {"",      "  ",          "x",   "0",   "32/",
                                        "32/0",  "max/2l",      "+",   "+1k", "32,64",
                                        "allk3", "99999999999", "32q", "d4"};
    rf_convnet_row row[RF_CONVNET_LAYERS];
    rf_str many = {0};
    rf_error err = {0};
    int n;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        CU_ASSERT_EQUAL(rf_convnet_parse(texts[i], row, &n, NULL), RF_EINVAL);
    CU_ASSERT_EQUAL(rf_convnet_parse("32 64x 3", row, &n, &err), RF_EINVAL);
    CU_ASSERT_STRING_EQUAL(err.text, "64x: is no layer; 32/2, d, max, mean, all or +2 are");
    for (int i = 0; i <= RF_CONVNET_LAYERS; i++) rf_str_put(&many, "4 ");
    CU_ASSERT_EQUAL(rf_convnet_parse(many.s, row, &n, NULL), RF_EINVAL);
    rf_str_free(&many);
}

static void networks_that_are_none(void)
{
    static const struct {
        rf_convnet_row row[2];
        const char *say;
    } cases[] = {{{{.channels = 0}}, "layer 0: channels should be from 1 to 65536: 0"},
                 {{{.channels = 4}, {.channels = 4, .window = -1}}, "layer 1: the window"},
                 {{{.channels = 4, .stride = 256}}, "layer 0: the stride"},
                 {{{.channels = 4, .groups = 2}}, "layer 0: channels are no multiple"},
                 {{{.channels = 4, .back = 1}}, "layer 0: there is no layer so far back: 1"},
                 {{{.channels = 4}, {.kind = RF_CONVNET_ADD, .back = 1}}, "layer 1: what is added"},
                 {{{.channels = 4, .act = 9}}, "layer 0: there is no such activation: 9"},
                 {{{.channels = 65536, .window = 255}}, "layer 0: there are more weights"},
                 {{{.kind = 17}}, "layer 0: there is no such kind: 17"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const rf_convnet_spec spec = {3, 2, cases[i].row};
        rf_params *ps = rf_params_new();
        rf_error err = {0};
        CU_ASSERT_PTR_NULL(rf_convnet_new(&spec, ps, "", &err));
        CU_ASSERT_EQUAL(err.status, RF_EINVAL);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].say));
        if (!strstr(err.text, cases[i].say)) printf("\n%s\n", err.text);
        rf_params_free(ps);
    }
    rf_params *ps = rf_params_new();
    CU_ASSERT_PTR_NULL(rf_convnet_new(&(rf_convnet_spec){3, 0, NULL}, ps, "", NULL));
    rf_params_free(ps);
}

int main(void)
{
    CU_TestInfo statistics[] = {{"they run", statistics_run},
                                {"only training moves them", only_training_moves_them},
                                {"folded is unfolded", folded_is_unfolded},
                                {"many rows", many_rows_are_normalised},
                                {"a resumed training is exact", resumed_training_is_exact},
                                CU_TEST_INFO_NULL};
    CU_TestInfo lists[] = {{"sizes", sizes_are_those_of_the_map},
                           {"maps that do not fit", maps_that_do_not_fit},
                           {"texts are rows", texts_are_rows},
                           {"texts that are none", texts_that_are_none},
                           {"networks that are none", networks_that_are_none},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"statistics", open_all, close_all, .pTests = statistics},
                             {"lists of layers", open_all, close_all, .pTests = lists},
                             CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

/* test_golden.c -- values and gradients against PyTorch's: rf_rnn, the adaptive softmax, CTC's
 * loss, convolution, pooling, batch normalisation and a network of them.
 * The files' cases are described in make_golden.py, which made them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/cell.h>
#include <refrain/convnet.h>
#include <refrain/layers.h>
#include <refrain/model.h>

#include "../suite.h"

static const char *rnn_path, *adaptive_path, *ctc_path, *maps_path, *convnet_path;

enum { T = 4, B = 3, I = 3, H = 4, MOST = 8192 };
static const double tolerance = 1e-5;

typedef struct golden {
    const rf_model *file;
    const char *name; /* of the case */
    rf_graph *graph;
    rf_params *params;
} golden;

/* The tensor NAME of the case in buf [MOST]; its shape has rank -1 when there is none. */
static rf_shape stored(const golden *c, const char *name, rf_real *buf)
{
    char full[128];
    snprintf(full, sizeof full, "%s/%s", c->name, name);
    const rf_stored *s = rf_model_find(c->file, full);
    if (!s) return (rf_shape){.rank = -1};
    CU_ASSERT_FATAL(rf_shape_count(s->shape) <= MOST);
    CU_ASSERT_EQUAL(rf_model_get_real(c->file, full, (rf_tensor){buf, s->shape}, NULL), RF_OK);
    return s->shape;
}

/* How far `got` is from the stored NAME, relative to its largest number if that is above 1. */
static void compare(const golden *c, const char *name, const rf_real *got, rf_shape shape)
{
    rf_real want[MOST];
    double far = 0, most = 1;
    CU_ASSERT_FATAL(rf_shape_equal(stored(c, name, want), shape));
    for (rf_index i = 0; i < rf_shape_count(shape); i++) {
        far = fmax(far, fabs((double)(got ? got[i] : 0) - (double)want[i]));
        most = fmax(most, fabs((double)want[i]));
    }
    CU_ASSERT(far <= tolerance * most);
    if (!(far <= tolerance * most)) printf("%s/%s differs by %g\n", c->name, name, far);
}

/* A variable of the case, or none. */
static rf_node variable(const golden *c, const char *name)
{
    rf_real buf[MOST];
    const rf_shape s = stored(c, name, buf);
    return s.rank < 0 ? RF_NONE : rf_variable(c->graph, buf, s);
}

/* sum(u out) as part of the loss. */
static rf_node weighed(const golden *c, const char *name, rf_node x, rf_node loss)
{
    rf_real buf[MOST];
    const rf_shape s = stored(c, name, buf);
    if (x == RF_NONE) return loss;
    const rf_node part = rf_sum(c->graph, rf_mul(c->graph, x, rf_constant(c->graph, buf, s)));
    return loss == RF_NONE ? part : rf_add(c->graph, loss, part);
}

static void load_params(const golden *c)
{
    for (size_t i = 0; i < rf_params_count(c->params); i++) {
        rf_param *p = rf_params_at(c->params, i);
        CU_ASSERT_FATAL(rf_shape_equal(stored(c, p->name, p->value.data), p->value.shape));
    }
}

static void compare_node(const golden *c, const char *name, rf_node x)
{
    if (x != RF_NONE) compare(c, name, rf_value(c->graph, x).data, rf_shape_of(c->graph, x));
}

static void compare_gradient(const golden *c, const char *name, rf_node x)
{
    if (x != RF_NONE) compare(c, name, rf_gradient(c->graph, x), rf_shape_of(c->graph, x));
}

static void compare_params(const golden *c)
{
    char name[128];
    for (size_t i = 0; i < rf_params_count(c->params); i++) {
        const rf_param *p = rf_params_at(c->params, i);
        snprintf(name, sizeof name, "grad.%s", p->name);
        compare(c, name, p->grad, p->value.shape);
    }
}

static void run_case(const golden *c, const rf_rnn *r)
{
    int64_t wide[B];
    int32_t lengths[B];
    char name[128];
    snprintf(name, sizeof name, "%s/lengths", c->name);
    const bool given = rf_model_find(c->file, name) != NULL;
    if (given) CU_ASSERT_EQUAL(rf_model_get_int(c->file, name, wide, B, NULL), RF_OK);
    for (int b = 0; given && b < B; b++) lengths[b] = (int32_t)wide[b];
    const rf_node x = variable(c, "x"), h0 = variable(c, "h0"), c0 = variable(c, "c0");
    const rf_sequence s = rf_rnn_apply(c->graph, r, x, h0, c0, given ? lengths : NULL);
    compare_node(c, "out", s.out);
    compare_node(c, "h", s.h);
    compare_node(c, "c", s.c);
    rf_node loss = weighed(c, "u.out", s.out, RF_NONE);
    loss = weighed(c, "u.c", s.c, weighed(c, "u.h", s.h, loss));
    rf_params_zero_grad(c->params);
    CU_ASSERT_EQUAL_FATAL(rf_adjoint(c->graph, loss), RF_OK);
    compare_gradient(c, "grad.x", x);
    compare_gradient(c, "grad.h0", h0);
    compare_gradient(c, "grad.c0", c0);
    compare_params(c);
}

static void check_case(const rf_model *file, rf_device *d, const char *cell, int layers,
                       int directions, const char *variant)
{
    char name[64];
    snprintf(name, sizeof name, "%s.l%d.d%d.%s", cell, layers, directions, variant);
    golden c = {file, name, rf_graph_new(d), rf_params_new()};
    const rf_rnn_spec spec = {.cell = rf_cell_find(cell),
                              .input = I,
                              .hidden = H,
                              .layers = layers,
                              .bidirectional = directions == 2};
    rf_rnn *r = rf_rnn_new(&spec, c.params, "", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    load_params(&c);
    rf_graph_begin(c.graph, RF_TRAIN, rf_key_make(1, "golden", 0));
    run_case(&c, r);
    rf_rnn_free(r);
    rf_params_free(c.params);
    rf_graph_free(c.graph);
}

static void check_cell(const char *cell)
{
    rf_error err = {0};
    rf_model *file = rf_model_read(rnn_path, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (int threads = 1; threads <= 2; threads++) {
        rf_device *d = rf_device_new(threads, NULL);
        for (int i = 0; i < 8; i++)
            check_case(file, d, cell, 1 + i % 2, 1 + i / 2 % 2, i / 4 ? "given" : "plain");
        rf_device_free(d);
    }
    rf_model_free(file);
}

static void nn_rnn_tanh(void) { check_cell("elman"); }
static void nn_rnn_relu(void) { check_cell("elman-relu"); }
static void nn_lstm(void) { check_cell("lstm"); }
static void nn_gru(void) { check_cell("gru-torch"); }

/* ---- The adaptive softmax ------------------------------------------------------------------------ */

enum { ROWS = 12, SHAPES = 3 };
static const struct {
    const char *name;
    rf_index cutoff[3];
    rf_adaptive_spec spec;
} shapes[SHAPES] = {
    {"16.20.5", {5}, {.in = 16, .classes = 20, .cutoffs = 1}},
    {"16.30.4.12.bias",
     {4, 12},
     {.in = 16, .classes = 30, .cutoffs = 2, .divisor = 4, .bias = true}},
    {"64.40.3.9.20.bias", {3, 9, 20}, {.in = 64, .classes = 40, .cutoffs = 3, .bias = true}}};

static void run_adaptive(const golden *c, const rf_adaptive_layer *l)
{
    int64_t wide[ROWS];
    int32_t target[ROWS];
    char name[128];
    snprintf(name, sizeof name, "%s/target", c->name);
    CU_ASSERT_EQUAL(rf_model_get_int(c->file, name, wide, ROWS, NULL), RF_OK);
    for (int r = 0; r < ROWS; r++) target[r] = (int32_t)wide[r];
    const rf_node x = variable(c, "x");
    compare_node(c, "log_prob", rf_adaptive_layer_apply(c->graph, l, x));
    const rf_node loss = rf_adaptive_layer_loss(c->graph, l, x, target);
    compare_node(c, "loss", loss);
    CU_ASSERT_EQUAL_FATAL(rf_adjoint(c->graph, loss), RF_OK);
    compare_gradient(c, "grad.x", x);
    compare_params(c);
}

static void check_adaptive(const rf_model *file, rf_device *d, int i)
{
    golden c = {file, shapes[i].name, rf_graph_new(d), rf_params_new()};
    rf_adaptive_spec spec = shapes[i].spec;
    rf_adaptive_layer l;
    spec.cutoff = shapes[i].cutoff;
    CU_ASSERT_EQUAL_FATAL(rf_adaptive_layer_init(&l, c.params, "", &spec, NULL), RF_OK);
    load_params(&c);
    rf_graph_begin(c.graph, RF_TRAIN, rf_key_make(1, "golden", 0));
    run_adaptive(&c, &l);
    rf_params_free(c.params);
    rf_graph_free(c.graph);
}

static void nn_adaptive_log_softmax_with_loss(void)
{
    rf_error err = {0};
    rf_model *file = rf_model_read(adaptive_path, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (int threads = 1; threads <= 2; threads++) {
        rf_device *d = rf_device_new(threads, NULL);
        for (int i = 0; i < SHAPES; i++) check_adaptive(file, d, i);
        rf_device_free(d);
    }
    rf_model_free(file);
}

/* ---- Connectionist temporal classification -------------------------------------------------------- */

enum { LABELS = 64 };

/* Whole numbers of the case: how many. */
static rf_index numbers(const golden *c, const char *name, int32_t out[LABELS])
{
    int64_t wide[LABELS];
    char full[128];
    snprintf(full, sizeof full, "%s/%s", c->name, name);
    const rf_stored *s = rf_model_find(c->file, full);
    CU_ASSERT_FATAL(s && s->shape.rank == 1 && s->shape.dim[0] <= LABELS);
    const rf_index n = s->shape.dim[0];
    CU_ASSERT_EQUAL_FATAL(rf_model_get_int(c->file, full, wide, (size_t)n, NULL), RF_OK);
    for (rf_index i = 0; i < n; i++) out[i] = (int32_t)wide[i];
    return n;
}

static void check_ctc(const rf_model *file, rf_device *d, const char *name, int32_t blank)
{
    golden c = {file, name, rf_graph_new(d), NULL};
    int32_t steps[LABELS], counts[LABELS], labels[LABELS];
    numbers(&c, "steps", steps);
    numbers(&c, "counts", counts);
    numbers(&c, "labels", labels);
    rf_graph_begin(c.graph, RF_EVAL, (rf_key){0});
    const rf_node x = variable(&c, "x");
    const rf_ctc ctc = {steps, labels, counts, blank, true};
    const rf_node loss = rf_ctc_loss(c.graph, x, &ctc);
    compare_node(&c, "loss", loss);
    CU_ASSERT_EQUAL_FATAL(rf_adjoint(c.graph, weighed(&c, "u", loss, RF_NONE)), RF_OK);
    compare_gradient(&c, "grad.x", x);
    rf_graph_free(c.graph);
}

static void ctc_loss(void)
{
    rf_model *file = rf_model_read(ctc_path, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (int threads = 1; threads <= 3; threads++) {
        rf_device *d = rf_device_new(threads, NULL);
        check_ctc(file, d, "12.5.blank0", 0);
        check_ctc(file, d, "20.8.blank7", 7);
        check_ctc(file, d, "60.30.blank3", 3);
        rf_device_free(d);
    }
    rf_model_free(file);
}

/* The result of a case on maps and the gradients of its n inputs. */
static void check_map(const golden *c, rf_node y, int n, const char *const *name, const rf_node *x)
{
    compare_node(c, "y", y);
    CU_ASSERT_EQUAL_FATAL(rf_adjoint(c->graph, weighed(c, "u", y, RF_NONE)), RF_OK);
    for (int i = 0; i < n; i++) {
        char grad[16];
        snprintf(grad, sizeof grad, "grad.%s", name[i]);
        if (x[i] != RF_NONE) compare_gradient(c, grad, x[i]);
    }
}

static golden begin_map(const rf_model *file, rf_device *d, const char *name)
{
    golden c = {file, name, rf_graph_new(d), NULL};
    rf_graph_begin(c.graph, RF_EVAL, (rf_key){0});
    return c;
}

static void check_conv(const rf_model *file, rf_device *d, const char *name, const rf_conv *conv)
{
    static const char *const names[] = {"x", "w", "b"};
    golden c = begin_map(file, d, name);
    rf_node in[3];
    for (int i = 0; i < 3; i++) in[i] = variable(&c, names[i]);
    check_map(&c, rf_conv2d(c.graph, in[0], in[1], in[2], conv), 3, names, in);
    rf_graph_free(c.graph);
}

static void check_pool(const rf_model *file, rf_device *d, const char *name, bool mean,
                       const rf_pool *pool)
{
    static const char *const names[] = {"x"};
    golden c = begin_map(file, d, name);
    const rf_node x = variable(&c, "x");
    check_map(&c, mean ? rf_mean_pool(c.graph, x, pool) : rf_max_pool(c.graph, x, pool), 1, names,
              &x);
    rf_graph_free(c.graph);
}

static void check_batch(const rf_model *file, rf_device *d)
{
    static const char *const names[] = {"x", "gain", "bias"};
    golden c = begin_map(file, d, "batch");
    const rf_real *mean = NULL, *var = NULL;
    rf_node in[3];
    for (int i = 0; i < 3; i++) in[i] = variable(&c, names[i]);
    const rf_node y = rf_batch_norm(c.graph, in[0], in[1], in[2], 1e-5);
    CU_ASSERT_FATAL(rf_batch_norm_statistics(c.graph, y, &mean, &var));
    compare(&c, "mean", mean, RF_SHAPE(7));
    compare(&c, "var", var, RF_SHAPE(7));
    CU_ASSERT(!rf_batch_norm_statistics(c.graph, in[0], &mean, &var));
    check_map(&c, y, 3, names, in);
    rf_graph_free(c.graph);
}

static void maps(void)
{
    static const struct {
        const char *name;
        rf_conv conv;
    } conv[] = {{"conv.cell", {{1, 1}, {0, 0, 0, 0}, 1, RF_CONV_LINEAR}},
                {"conv.same", {{1, 1}, {1, 1, 1, 1}, 1, RF_CONV_RELU}},
                {"conv.uneven", {{2, 2}, {0, 0, 1, 1}, 1, RF_CONV_RELU6}},
                {"conv.oblong", {{1, 3}, {0, 2, 1, 2}, 1, RF_CONV_LINEAR}},
                {"conv.grouped", {{1, 2}, {1, 1, 1, 1}, 4, RF_CONV_RELU}},
                {"conv.depthwise", {{1, 1}, {1, 1, 1, 1}, 40, RF_CONV_RELU6}},
                {"conv.depthwise.uneven", {{2, 2}, {0, 0, 1, 1}, 17, RF_CONV_LINEAR}}};
    static const rf_pool halves = {{2, 2}, {2, 2}, {0, 0, 0, 0}},
                         overlap = {{3, 3}, {2, 2}, {1, 1, 1, 1}};
    rf_model *file = rf_model_read(maps_path, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (int threads = 1; threads <= 3; threads++) {
        rf_device *d = rf_device_new(threads, NULL);
        for (size_t i = 0; i < sizeof conv / sizeof *conv; i++)
            check_conv(file, d, conv[i].name, &conv[i].conv);
        check_pool(file, d, "max.halves", false, &halves);
        check_pool(file, d, "max.overlap", false, &overlap);
        check_pool(file, d, "mean.halves", true, &halves);
        check_pool(file, d, "mean.overlap", true, &overlap);
        check_batch(file, d);
        rf_device_free(d);
    }
    rf_model_free(file);
}

/* ---- A network in training ------------------------------------------------------------------------ */

/* A step of descent on sum(u y), or what the running statistics make of the input. */
static void net_step(const golden *c, const rf_convnet *net, const char *step, bool train)
{
    char x[16], u[16], y[16];
    snprintf(x, sizeof x, "x.%s", step);
    snprintf(u, sizeof u, "u.%s", step);
    snprintf(y, sizeof y, "y.%s", step);
    rf_graph_begin(c->graph, train ? RF_TRAIN : RF_INFER, (rf_key){0});
    const rf_node out = rf_convnet_forward(c->graph, net, variable(c, x));
    compare_node(c, y, out);
    if (!train) return;
    rf_params_zero_grad(c->params);
    CU_ASSERT_EQUAL_FATAL(rf_adjoint(c->graph, weighed(c, u, out, RF_NONE)), RF_OK);
    for (size_t i = 0; i < rf_params_count(c->params); i++) {
        rf_param *p = rf_params_at(c->params, i);
        for (rf_index k = 0; k < rf_shape_count(p->value.shape); k++)
            p->value.data[k] -= (rf_real)0.05 * p->grad[k];
    }
}

static void each_param(const golden *c, const char *when, bool load)
{
    char name[64];
    for (size_t i = 0; i < rf_params_count(c->params); i++) {
        rf_param *p = rf_params_at(c->params, i);
        snprintf(name, sizeof name, "%s.%s", when, p->name);
        if (load)
            CU_ASSERT_FATAL(rf_shape_equal(stored(c, name, p->value.data), p->value.shape))
        else
            compare(c, name, p->value.data, p->value.shape);
    }
}

static void check_net(const rf_model *file, rf_device *d)
{
    golden c = {file, "net", rf_graph_new(d), rf_params_new()};
    rf_convnet_row row[RF_CONVNET_LAYERS];
    rf_convnet_spec spec = {.input = 3, .row = row};
    CU_ASSERT_EQUAL_FATAL(rf_convnet_parse("8/2 d 8k1l +2 max 6g2p 5/2l", row, &spec.layers, NULL),
                          RF_OK);
    rf_convnet *net = rf_convnet_new(&spec, c.params, "", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(net);
    each_param(&c, "before", true);
    net_step(&c, net, "0", true);
    net_step(&c, net, "1", true);
    net_step(&c, net, "2", true);
    each_param(&c, "after", false);
    net_step(&c, net, "eval", false);
    rf_convnet_free(net);
    rf_params_free(c.params);
    rf_graph_free(c.graph);
}

static void convnet(void)
{
    rf_model *file = rf_model_read(convnet_path, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (int threads = 1; threads <= 3; threads++) {
        rf_device *d = rf_device_new(threads, NULL);
        check_net(file, d);
        rf_device_free(d);
    }
    rf_model_free(file);
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: test_golden rnn.safetensors adaptive.safetensors ctc.safetensors "
                        "maps.safetensors convnet.safetensors\n");
        return 2;
    }
    rnn_path = argv[1];
    adaptive_path = argv[2];
    ctc_path = argv[3];
    maps_path = argv[4];
    convnet_path = argv[5];
    CU_TestInfo tests[] = {{"nn.RNN tanh", nn_rnn_tanh},
                           {"nn.RNN relu", nn_rnn_relu},
                           {"nn.LSTM", nn_lstm},
                           {"nn.GRU", nn_gru},
                           {"nn.AdaptiveLogSoftmaxWithLoss", nn_adaptive_log_softmax_with_loss},
                           {"ctc_loss", ctc_loss},
                           {"maps", maps},
                           {"a convolutional network in training", convnet},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "golden", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

/* test_lags.c -- the lab's norms of dE_T/ds_k: against the product of Jacobians written out, and
 * against central differences of the states themselves. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/lab/lags.h"
#include "../graph_suite.h"

enum { T = 6, B = 3, H = 4 };

static void near(double a, double b, double within)
{
    if (fabs(a - b) <= within * (1e-3 + fabs(b))) return;
    printf("\n%.12g where %.12g is due\n", a, b);
    CU_FAIL("values differ");
}

/* One problem: sequences of a task, and a network for them. */
typedef struct problem {
    lab_batch b;
    lab_network net;
    lab_lags lags;
} problem;

static problem begin(const char *task, const char *cell, rf_index length, int layers)
{
    problem p = {0};
    const rf_option option = {.name = "cell"};
    int cells;
    const lab_task *t;
    lab_task_size size = {.length = length, .fixed = true};
    lab_network_spec spec = {.hidden = H, .layers = layers, .forget_bias = 1};
    CU_ASSERT_EQUAL_FATAL(lab_task_find(task, &t, NULL), RF_OK);
    CU_ASSERT_EQUAL_FATAL(lab_task_fit(t, &size, NULL), RF_OK);
    CU_ASSERT_EQUAL_FATAL(lab_cells_parse(&option, cell, &spec.cell, 1, &cells, NULL), RF_OK);
    CU_ASSERT_EQUAL_FATAL(lab_batch_init(&p.b, t, &size, B, NULL), RF_OK);
    lab_batch_draw(&p.b, t, &size, rf_key_make(1, "test", 0));
    CU_ASSERT_EQUAL_FATAL(lab_network_init(&p.net, &spec, &p.b, 3, NULL), RF_OK);
    CU_ASSERT_EQUAL_FATAL(lab_lags_init(&p.lags, p.b.T, B, NULL), RF_OK);
    return p;
}

static void end(problem *p)
{
    lab_lags_free(&p->lags);
    lab_network_free(&p->net);
    lab_batch_free(&p->b);
}

static const rf_real *values(const problem *p, const char *name)
{
    return rf_params_find(p->net.params, name)->value.data;
}

/* ---- Elman: the product of Jacobians, written out ---------------------------------------------------- */

/* h_t = tanh(U x_t + b + W h_{t-1} + b'), all of sequence `lane`: h[t + 1] is h_t. */
static void run_elman(const problem *p, rf_index lane, double h[T + 1][H])
{
    const rf_real *U = values(p, "rnn.weight_ih_l0"), *W = values(p, "rnn.weight_hh_l0"),
                  *b = values(p, "rnn.bias_ih_l0"), *b2 = values(p, "rnn.bias_hh_l0");
    memset(h, 0, (T + 1) * sizeof *h);
    for (int t = 0; t < T; t++)
        for (int i = 0; i < H; i++) {
            double z = b[i] + b2[i];
            for (int k = 0; k < 2; k++) z += U[2 * i + k] * p->b.x[(t * B + lane) * 2 + k];
            for (int k = 0; k < H; k++) z += W[i * H + k] * h[t][k];
            h[t + 1][i] = tanh(z);
        }
}

/* v <- v J, J = diag(1 - h^2) W of the step whose state is h. */
static void through_step(const problem *p, const double *h, double v[H])
{
    const rf_real *W = values(p, "rnn.weight_hh_l0");
    double to[H] = {0};
    for (int i = 0; i < H; i++)
        for (int k = 0; k < H; k++) to[k] += v[i] * (1 - h[i] * h[i]) * W[i * H + k];
    memcpy(v, to, sizeof to);
}

static double norm(const double *v, int n)
{
    double s = 0;
    for (int i = 0; i < n; i++) s += v[i] * v[i];
    return sqrt(s);
}

static void elman_is_a_product_of_jacobians(void)
{
    problem p = begin("adding", "elman", T, 1);
    CU_ASSERT_EQUAL(lab_lags_measure(&p.lags, g, &p.net, &p.b, NULL), RF_OK);
    const rf_real *out = values(&p, "output.weight"), *bias = values(&p, "output.bias");
    for (int lane = 0; lane < B; lane++) {
        double h[T + 1][H], v[H], y = bias[0];
        run_elman(&p, lane, h);
        for (int i = 0; i < H; i++) y += out[i] * h[T][i];
        for (int i = 0; i < H; i++) v[i] = 2 * (y - p.b.value[lane]) * out[i];
        for (int l = 0; l < T; l++) {
            near(p.lags.all[l * B + lane], norm(v, H), 1e-10);
            near(p.lags.h[l * B + lane], norm(v, H), 1e-10);
            CU_ASSERT_EQUAL(p.lags.c[l * B + lane], 0);
            through_step(&p, h[T - l], v);
        }
    }
    end(&p);
}

/* ---- Any cell: central differences of the states ------------------------------------------------------- */

/* The states [L,B,H] after the first k steps, c zero where there is none. */
static void states_after(const problem *p, rf_index k, rf_real *h, rf_real *c)
{
    const size_t bytes = (size_t)(p->net.spec.layers * B * H) * sizeof *h;
    rf_graph_begin(g, RF_INFER, rf_key_make(0, "", 0));
    const rf_node x = lab_network_input(g, &p->net, &p->b, 0, k);
    const rf_sequence s = rf_rnn_apply(g, p->net.rnn, x, RF_NONE, RF_NONE, NULL);
    memcpy(h, rf_value(g, s.h).data, bytes);
    if (s.c != RF_NONE) memcpy(c, rf_value(g, s.c).data, bytes);
}

/* The sum over sequences of the last step's loss, going on from states after k steps. */
static double loss_from(const problem *p, rf_index k, const rf_real *h, const rf_real *c)
{
    const rf_shape shape = RF_SHAPE(p->net.spec.layers, B, H);
    const bool two = p->net.spec.cell.cell->states > 1;
    rf_graph_begin(g, RF_INFER, rf_key_make(0, "", 0));
    const rf_node x = lab_network_input(g, &p->net, &p->b, k, p->b.T - k);
    const rf_sequence s = rf_rnn_apply(g, p->net.rnn, x, rf_borrow(g, h, shape),
                                       two ? rf_borrow(g, c, shape) : RF_NONE, NULL);
    const rf_node last = rf_reshape(g, rf_rows(g, s.out, p->b.T - k - 1, 1), RF_SHAPE(B, H));
    return B * rf_value(g, lab_network_last_loss(g, &p->net, &p->b, last)).data[0];
}

/* dE/dx of every element of one of the states. */
static void differences(const problem *p, rf_index k, const rf_real *h, const rf_real *c,
                        rf_real *x, double *dx)
{
    const double step = 1e-5;
    for (int i = 0; i < p->net.spec.layers * B * H; i++) {
        const rf_real was = x[i];
        x[i] = was + step;
        const double up = loss_from(p, k, h, c);
        x[i] = was - step;
        dx[i] = (up - loss_from(p, k, h, c)) / (2 * step);
        x[i] = was;
    }
}

/* Of sequence `lane`, over layers. */
static double lane_norm(const double *dx, int L, int lane)
{
    double s = 0;
    for (int l = 0; l < L; l++)
        for (int i = 0; i < H; i++) s += pow(dx[(l * B + lane) * H + i], 2);
    return sqrt(s);
}

static void compare(const char *task, const char *cell, rf_index length, int layers)
{
    problem p = begin(task, cell, length, layers);
    enum { MOST = 2 * B * H };
    CU_ASSERT_EQUAL(lab_lags_measure(&p.lags, g, &p.net, &p.b, NULL), RF_OK);
    for (rf_index lag = 1; lag < p.b.T; lag += 2) {
        rf_real h[MOST] = {0}, c[MOST] = {0};
        double dh[MOST] = {0}, dc[MOST] = {0};
        states_after(&p, p.b.T - lag, h, c);
        differences(&p, p.b.T - lag, h, c, h, dh);
        if (p.net.spec.cell.cell->states > 1) differences(&p, p.b.T - lag, h, c, c, dc);
        for (int lane = 0; lane < B; lane++) {
            const double a = lane_norm(dh, layers, lane), b = lane_norm(dc, layers, lane);
            near(p.lags.h[lag * B + lane], a, 1e-5);
            near(p.lags.c[lag * B + lane], b, 1e-5);
            near(p.lags.all[lag * B + lane], sqrt(a * a + b * b), 1e-5);
        }
    }
    end(&p);
}

static void states_of_other_cells(void)
{
    compare("adding", "lstm", 7, 1);
    compare("agreement", "lstm", 9, 2);
    compare("parity", "gru", 6, 1);
    compare("agreement", "irnn", 8, 1);
    compare("order", "lstm-full-peephole", 10, 1);
}

static void gradients_of_parameters_are_zero_again(void)
{
    problem p = begin("parity", "gru", 5, 1);
    CU_ASSERT_EQUAL(lab_lags_measure(&p.lags, g, &p.net, &p.b, NULL), RF_OK);
    for (size_t i = 0; i < rf_params_count(p.net.params); i++) {
        const rf_param *q = rf_params_at(p.net.params, i);
        for (rf_index k = 0; k < rf_shape_count(q->value.shape); k++)
            CU_ASSERT_EQUAL(q->grad[k], 0);
    }
    end(&p);
}

static void more_than_its_states_is_refused(void)
{
    problem p = begin("parity", "lstm-fgr", 6, 1);
    rf_error err = {0};
    CU_ASSERT_EQUAL(lab_lags_measure(&p.lags, g, &p.net, &p.b, &err), RF_ENOTSUP);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "lstm-fgr"));
    end(&p);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"Elman is a product of Jacobians", elman_is_a_product_of_jacobians},
        {"states of other cells", states_of_other_cells},
        {"gradients of parameters are zero again", gradients_of_parameters_are_zero_again},
        {"more than its states is refused", more_than_its_states_is_refused},
        CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {
        {.pName = "lags", .pInitFunc = open_all, .pCleanupFunc = close_all, .pTests = tests},
        CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

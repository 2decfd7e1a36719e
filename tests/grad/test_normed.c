/* test_normed.c -- layer normalization in recurrent layers against scalar code in double precision: the
 * LSTM of Ba, Kiros and Hinton 2016, equations 20-22, both forms of the GRU as their supplement has it,
 * Elman's network; and what it is for: states do not depend on the scale of the weights. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <refrain/cell.h>

#include "../suite.h"

enum { T = 6, I = 3, H = 4, G = 4 };

typedef struct net {
    rf_device *device;
    rf_graph *graph;
    rf_params *params;
    rf_rnn *rnn;
    rf_real x[T * I];
} net;

static double random_at(const char *what, rf_index i)
{
    return 2 * rf_uniform(rf_key_make(29, what, 0), (uint64_t)i) - 1;
}

/* One layer whose numbers, gains too, are drawn from [-1, 1). */
static net net_open(const char *cell)
{
    net n = {.device = rf_device_new(1, NULL), .params = rf_params_new()};
    const rf_rnn_spec spec = {
        .cell = rf_cell_find(cell), .input = I, .hidden = H, .layers = 1, .layer_norm = true};
    n.graph = rf_graph_new(n.device);
    n.rnn = rf_rnn_new(&spec, n.params, "", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(n.rnn);
    for (size_t k = 0; k < rf_params_count(n.params); k++) {
        const rf_param *p = rf_params_at(n.params, k);
        for (rf_index i = 0; i < rf_shape_count(p->value.shape); i++)
            p->value.data[i] = (rf_real)random_at(p->name, i);
    }
    for (int i = 0; i < T * I; i++) n.x[i] = (rf_real)random_at("x", i);
    return n;
}

static void net_close(net *n)
{
    rf_rnn_free(n->rnn);
    rf_params_free(n->params);
    rf_graph_free(n->graph);
    rf_device_free(n->device);
}

static const rf_real *number(const net *n, const char *name)
{
    char full[64];
    snprintf(full, sizeof full, "%s_l0", name);
    const rf_param *p = rf_params_find(n->params, full);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    return p->value.data;
}

static void run(const net *n, rf_real *out)
{
    rf_graph_begin(n->graph, RF_INFER, rf_key_make(1, "net", 0));
    const rf_node x = rf_constant(n->graph, n->x, RF_SHAPE(T, 1, I));
    const rf_sequence s = rf_rnn_apply(n->graph, n->rnn, x, RF_NONE, RF_NONE, NULL);
    CU_ASSERT_EQUAL_FATAL(rf_graph_status(n->graph, NULL), RF_OK);
    memcpy(out, rf_value(n->graph, s.out).data, T * H * sizeof *out);
}

/* ---- By hand ---------------------------------------------------------------------------------------- */

static double sigma(double x) { return 1 / (1 + exp(-x)); }

/* a [n] becomes LN(a; gain, bias). */
static void norm(double *a, int n, const rf_real *gain, const rf_real *bias)
{
    double mean = 0, var = 0;
    for (int i = 0; i < n; i++) mean += a[i] / n;
    for (int i = 0; i < n; i++) var += (a[i] - mean) * (a[i] - mean) / n;
    for (int i = 0; i < n; i++)
        a[i] = (double)gain[i] * (a[i] - mean) / sqrt(var + 1e-5) + (double)bias[i];
}

/* LN(W a) of blocks [first, first + blocks), into out at those rows; what is "ih" or "hh". */
static void product(const net *n, const char *what, int first, int blocks, const double *a,
                    int width, double out[G * H])
{
    char name[3][32];
    snprintf(name[0], sizeof name[0], "weight_%s", what);
    snprintf(name[1], sizeof name[1], "weight_ln_%s", what);
    snprintf(name[2], sizeof name[2], "bias_ln_%s", what);
    const rf_real *w = number(n, name[0]);
    for (int i = first * H; i < (first + blocks) * H; i++) {
        out[i] = 0;
        for (int j = 0; j < width; j++) out[i] += (double)w[i * width + j] * a[j];
    }
    norm(out + first * H, blocks * H, number(n, name[1]) + first * H,
         number(n, name[2]) + first * H);
}

typedef void step_fn(const net *n, const double *x, double *h, double *c);

static double bias_of(const net *n, int i)
{
    return (double)number(n, "bias_ih")[i] + (double)number(n, "bias_hh")[i];
}

static void elman_step(const net *n, const double *x, double *h, double *c)
{
    double wx[G * H], uh[G * H];
    (void)c;
    product(n, "ih", 0, 1, x, I, wx);
    product(n, "hh", 0, 1, h, H, uh);
    for (int i = 0; i < H; i++) h[i] = tanh(wx[i] + uh[i] + bias_of(n, i));
}

/* (i; f; g; o) = LN(W_h h) + LN(W_x x) + b; c = σ(f) c + σ(i) tanh(g); h = σ(o) tanh(LN(c)) */
static void lstm_step(const net *n, const double *x, double *h, double *c)
{
    double a[G * H], uh[G * H], seen[H];
    product(n, "ih", 0, 4, x, I, a);
    product(n, "hh", 0, 4, h, H, uh);
    for (int i = 0; i < 4 * H; i++) a[i] += uh[i] + bias_of(n, i);
    for (int i = 0; i < H; i++)
        seen[i] = c[i] = sigma(a[H + i]) * c[i] + sigma(a[i]) * tanh(a[2 * H + i]);
    norm(seen, H, number(n, "weight_ln_c"), number(n, "bias_ln_c"));
    for (int i = 0; i < H; i++) h[i] = sigma(a[3 * H + i]) * tanh(seen[i]);
}

/* r and z together, n alone; z weighs the new state. */
static void gru_step(const net *n, const double *x, double *h, double *c)
{
    double wx[G * H], uh[G * H], reset[H];
    (void)c;
    product(n, "ih", 0, 2, x, I, wx), product(n, "ih", 2, 1, x, I, wx);
    product(n, "hh", 0, 2, h, H, uh);
    for (int i = 0; i < H; i++) reset[i] = sigma(wx[i] + uh[i] + bias_of(n, i)) * h[i];
    product(n, "hh", 2, 1, reset, H, uh);
    for (int i = 0; i < H; i++) {
        const double z = sigma(wx[H + i] + uh[H + i] + bias_of(n, H + i));
        h[i] = (1 - z) * h[i] + z * tanh(wx[2 * H + i] + uh[2 * H + i] + bias_of(n, 2 * H + i));
    }
}

static void gru_torch_step(const net *n, const double *x, double *h, double *c)
{
    const rf_real *bi = number(n, "bias_ih"), *bh = number(n, "bias_hh");
    double wx[G * H], uh[G * H];
    (void)c;
    product(n, "ih", 0, 2, x, I, wx), product(n, "ih", 2, 1, x, I, wx);
    product(n, "hh", 0, 2, h, H, uh), product(n, "hh", 2, 1, h, H, uh);
    for (int i = 0; i < H; i++) {
        const int k = 2 * H + i;
        const double r = sigma(wx[i] + uh[i] + bias_of(n, i));
        const double z = sigma(wx[H + i] + uh[H + i] + bias_of(n, H + i));
        h[i] = (1 - z) * tanh(wx[k] + (double)bi[k] + r * (uh[k] + (double)bh[k])) + z * h[i];
    }
}

static void cells_are_their_formulas(void)
{
    static const struct {
        const char *cell;
        step_fn *step;
    } row[] = {{"elman", elman_step},
               {"lstm", lstm_step},
               {"gru", gru_step},
               {"gru-torch", gru_torch_step}};
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        net n = net_open(row[k].cell);
        rf_real out[T * H];
        double h[H] = {0}, c[H] = {0}, x[I], far = 0;
        run(&n, out);
        for (int t = 0; t < T; t++) {
            for (int i = 0; i < I; i++) x[i] = (double)n.x[t * I + i];
            row[k].step(&n, x, h, c);
            for (int i = 0; i < H; i++) far = fmax(far, fabs(h[i] - (double)out[t * H + i]));
        }
        CU_ASSERT(far < 1e-12);
        if (!(far < 1e-12)) printf("%s: off by %g\n", row[k].cell, far);
        net_close(&n);
    }
}

/* Matrices a thousand times larger change nothing but what eps did. */
static void scale_does_not_matter(void)
{
    for (int i = 0; rf_cell_at(i); i++) {
        const rf_cell *c = rf_cell_at(i);
        net n = net_open(c->name);
        rf_real out[2][T * H];
        double far = 0;
        for (int k = 0; k < 2; k++) {
            for (int j = 0; j < 2; j++) {
                const rf_tensor w = rf_params_at(n.params, (size_t)j)->value;
                for (rf_index e = 0; e < rf_shape_count(w.shape); e++) w.data[e] *= 1000;
            }
            run(&n, out[k]);
        }
        for (int e = 0; e < T * H; e++)
            far = fmax(far, fabs((double)out[0][e] - (double)out[1][e]));
        CU_ASSERT(far < 1e-6);
        if (!(far < 1e-6)) printf("%s: scaled, off by %g\n", c->name, far);
        net_close(&n);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"cells are their formulas", cells_are_their_formulas},
                           {"scale does not matter", scale_does_not_matter},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "normed", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

/* test_continuous.c -- the continuous-time network and the network whose output is fed back, against
 * pages of scalar code in double precision: their formulas, the orders of the methods of integration,
 * steps of any length, and Euler's method at dt = τ, which is the sigmoid Elman network. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <refrain/cell.h>

#include "../suite.h"

enum { T = 12, B = 2, I = 3, H = 4, MOST = T * B * (H > I ? H : I) };

static double random_at(const char *what, uint64_t i)
{
    return 2 * rf_uniform(rf_key_make(23, what, 0), i) - 1;
}

static void fill(rf_real *p, const char *what, rf_index n, double scale)
{
    for (rf_index i = 0; i < n; i++) p[i] = (rf_real)(scale * random_at(what, (uint64_t)i));
}

static double sigma(double x) { return 1 / (1 + exp(-x)); }

static double distance(const rf_real *a, const rf_real *b, rf_index n)
{
    double far = 0;
    for (rf_index i = 0; i < n; i++) far = fmax(far, fabs((double)a[i] - (double)b[i]));
    return far;
}

/* ---- One layer ---------------------------------------------------------------------------------- */

/* Numbers of a layer; jordan: w holds W, V in v, c in theta; ctrnn: b is the only bias. */
typedef struct layer {
    rf_real u[H * I], w[H * H], b[H], b2[H], v[H * H], theta[H], log_tau[H];
} layer;

static layer layer_of(const char *seed)
{
    layer l;
    char name[32];
    rf_real *const part[] = {l.u, l.w, l.b, l.b2, l.v, l.theta, l.log_tau};
    const rf_index n[] = {H * I, H * H, H, H, H * H, H, H};
    for (int k = 0; k < 7; k++) {
        snprintf(name, sizeof name, "%s%d", seed, k);
        fill(part[k], name, n[k], 1);
    }
    return l;
}

typedef struct bench {
    rf_device *device;
    rf_graph *graph;
} bench;

static bench bench_open(void)
{
    bench k = {.device = rf_device_new(1, NULL)};
    k.graph = rf_graph_new(k.device);
    rf_graph_begin(k.graph, RF_EVAL, rf_key_make(1, "bench", 0));
    return k;
}

static void bench_close(bench *k)
{
    rf_graph_free(k->graph);
    rf_device_free(k->device);
}

static rf_node leaf(bench *k, const rf_real *p, rf_shape s) { return rf_constant(k->graph, p, s); }

/* out [steps,B,H] into y, and h [B,H] into last unless NULL. */
static void run_cell(const char *cell, const layer *l, const rf_real *x, rf_index steps,
                     const rf_real *h0, const rf_clock *clock, rf_real *y, rf_real *last)
{
    bench k = bench_open();
    const rf_cell *c = rf_cell_find(cell);
    const bool timed = c->timed, fed_back = strncmp(cell, "jordan", 6) == 0;
    const rf_node w[] = {leaf(&k, l->u, RF_SHAPE(H, I)),
                         leaf(&k, l->w, RF_SHAPE(H, H)),
                         leaf(&k, l->b, RF_SHAPE(H)),
                         leaf(&k, timed ? l->theta : l->b2, RF_SHAPE(H)),
                         timed      ? leaf(&k, l->log_tau, RF_SHAPE(H))
                         : fed_back ? leaf(&k, l->v, RF_SHAPE(H, H))
                                    : RF_NONE,
                         leaf(&k, l->theta, RF_SHAPE(H))};
    const rf_node h = h0 ? leaf(&k, h0, RF_SHAPE(B, H)) : RF_NONE;
    const rf_sequence s = rf_cell_sequence(k.graph, c, leaf(&k, x, RF_SHAPE(steps, B, I)), h,
                                           RF_NONE, w, NULL, false, clock);
    CU_ASSERT_EQUAL_FATAL(rf_graph_status(k.graph, NULL), RF_OK);
    memcpy(y, rf_value(k.graph, s.out).data, (size_t)(steps * B * H) * sizeof *y);
    if (last) memcpy(last, rf_value(k.graph, s.h).data, B * H * sizeof *last);
    bench_close(&k);
}

/* ---- The formulas, by hand ------------------------------------------------------------------------ */

/* Σ_j w_ij a_j */
static double row(const rf_real *w, rf_index i, rf_index n, const double *a)
{
    double sum = 0;
    for (rf_index j = 0; j < n; j++) sum += (double)w[i * n + j] * a[j];
    return sum;
}

static void jordan_by_hand(const layer *l, const char *phi, const rf_real *x, rf_real *out)
{
    for (rf_index b = 0; b < B; b++) {
        double y[H] = {0}, h[H], in[I], total = 0;
        for (rf_index t = 0; t < T; t++) {
            for (int j = 0; j < I; j++) in[j] = (double)x[(t * B + b) * I + j];
            for (int i = 0; i < H; i++)
                h[i] = tanh(row(l->u, i, I, in) + row(l->w, i, H, y) + (double)l->b[i] +
                            (double)l->b2[i]);
            total = 0;
            for (int i = 0; i < H; i++) {
                y[i] = row(l->v, i, H, h) + (double)l->theta[i];
                if (*phi == 'l') y[i] = sigma(y[i]);
                if (*phi == 's') total += y[i] = exp(y[i]);
            }
            for (int i = 0; i < H; i++) {
                if (*phi == 's') y[i] /= total;
                out[(t * B + b) * H + i] = (rf_real)y[i];
            }
        }
    }
}

static void jordan_is_its_formula(void)
{
    static const char *const rows[][2] = {
        {"jordan", "logistic"}, {"jordan-identity", "identity"}, {"jordan-softmax", "softmax"}};
    const layer l = layer_of("jordan");
    rf_real x[MOST], y[MOST], due[MOST];
    fill(x, "x", T * B * I, 1);
    for (int k = 0; k < 3; k++) {
        jordan_by_hand(&l, rows[k][1], x, due);
        run_cell(rows[k][0], &l, x, T, NULL, NULL, y, NULL);
        CU_ASSERT(distance(y, due, T * B * H) < 1e-13);
    }
}

/* dy_i/dt of the lecture's equation; weight w_ji from j to i is w[i][j]. */
static void slope(const layer *l, const double *y, const double *in, double *dy)
{
    for (int i = 0; i < H; i++) {
        double sum = -y[i];
        for (int j = 0; j < H; j++)
            sum += (double)l->w[i * H + j] * sigma(y[j] - (double)l->theta[j]);
        sum += row(l->u, i, I, in) + (double)l->b[i];
        dy[i] = sum / exp((double)l->log_tau[i]);
    }
}

static void moved(const double *y, double by, const double *k, double *out)
{
    for (int i = 0; i < H; i++) out[i] = y[i] + by * k[i];
}

static void euler_by_hand(const layer *l, const double *in, double dt, double *y)
{
    double k[H];
    slope(l, y, in, k);
    moved(y, dt, k, y);
}

static void rk4_by_hand(const layer *l, const double *in, double dt, double *y)
{
    double k[4][H], at[H];
    slope(l, y, in, k[0]);
    moved(y, dt / 2, k[0], at), slope(l, at, in, k[1]);
    moved(y, dt / 2, k[1], at), slope(l, at, in, k[2]);
    moved(y, dt, k[2], at), slope(l, at, in, k[3]);
    for (int i = 0; i < H; i++) y[i] += dt / 6 * (k[0][i] + 2 * k[1][i] + 2 * k[2][i] + k[3][i]);
}

/* Steps of many lengths, each in three parts. */
static void ctrnn_is_its_formula(void)
{
    const layer l = layer_of("ctrnn");
    rf_real x[MOST], out[MOST], y0[B * H], last[B * H], dt[T * B], due[MOST];
    fill(x, "x", T * B * I, 2);
    fill(y0, "y0", B * H, 2);
    for (int i = 0; i < T * B; i++) dt[i] = (rf_real)(0.6 + 0.6 * random_at("dt", (uint64_t)i));
    for (int method = 0; method < 2; method++) {
        const rf_clock clock = {.dt = dt, .substeps = 3};
        run_cell(method ? "ctrnn-rk4" : "ctrnn", &l, x, T, y0, &clock, out, last);
        for (rf_index b = 0; b < B; b++) {
            double y[H], in[I];
            for (int i = 0; i < H; i++) y[i] = (double)y0[b * H + i];
            for (rf_index t = 0; t < T; t++) {
                for (int j = 0; j < I; j++) in[j] = (double)x[(t * B + b) * I + j];
                for (int m = 0; m < 3; m++)
                    (method ? rk4_by_hand : euler_by_hand)(&l, in, (double)dt[t * B + b] / 3, y);
                for (int i = 0; i < H; i++)
                    due[(t * B + b) * H + i] = (rf_real)sigma(y[i] - (double)l.theta[i]);
            }
            for (int i = 0; i < H; i++) CU_ASSERT(fabs((double)last[b * H + i] - y[i]) < 1e-12);
        }
        CU_ASSERT(distance(out, due, T * B * H) < 1e-13);
    }
}

/* With dt = τ for all units, s_t = σ(y_t − Θ) = σ(W s_{t−1} + U x_t + b − Θ): Elman's network. */
static void euler_at_tau_is_elman(void)
{
    static const double taus[] = {0.125, 1, 3};
    layer l = layer_of("both");
    rf_real x[MOST], y0[B * H], s0[B * H], s[MOST], due[MOST];
    fill(x, "x", T * B * I, 2);
    fill(y0, "y0", B * H, 2);
    for (int i = 0; i < H; i++) l.b2[i] = -l.theta[i];
    for (int i = 0; i < B * H; i++) s0[i] = (rf_real)sigma((double)y0[i] - (double)l.theta[i % H]);
    run_cell("elman-sigmoid", &l, x, T, s0, NULL, due, NULL);
    for (int k = 0; k < 3; k++) {
        const rf_clock clock = {.step = taus[k]};
        for (int i = 0; i < H; i++) l.log_tau[i] = (rf_real)log(taus[k]);
        run_cell("ctrnn", &l, x, T, y0, &clock, s, NULL);
        CU_ASSERT(distance(s, due, T * B * H) < 1e-12);
    }
}

/* ---- Methods of integration ---------------------------------------------------------------------- */

/* The state after a time of 2 under one input, in so many substeps. */
static void state_after(const char *cell, const layer *l, int substeps, rf_real *y)
{
    rf_real x[B * I], out[B * H];
    const rf_clock clock = {.step = 2, .substeps = substeps};
    fill(x, "x", B * I, 1);
    run_cell(cell, l, x, 1, NULL, &clock, out, y);
}

/* How many times smaller the error gets when dt is halved. */
static double gain_by_halving(const char *cell, int substeps)
{
    const layer l = layer_of("order");
    rf_real exact[B * H], y[2][B * H];
    state_after("ctrnn-rk4", &l, 4000, exact);
    for (int k = 0; k < 2; k++) state_after(cell, &l, substeps << k, y[k]);
    return distance(y[0], exact, B * H) / distance(y[1], exact, B * H);
}

static void orders(void)
{
    const double euler = gain_by_halving("ctrnn", 400), rk4 = gain_by_halving("ctrnn-rk4", 40);
    CU_ASSERT(fabs(euler - 2) < 0.05);
    CU_ASSERT(fabs(rk4 - 16) < 1);
    if (!(fabs(euler - 2) < 0.05 && fabs(rk4 - 16) < 1))
        printf("halving dt divides errors by %g and %g\n", euler, rk4);
}

/* Alone and without input, y decays as e^{−t/τ}. */
static void units_decay(void)
{
    layer l = layer_of("decay");
    rf_real x[MOST] = {0}, y0[B * H], out[MOST], y[B * H];
    const rf_clock clock = {.step = 0.1, .substeps = 4};
    memset(l.w, 0, sizeof l.w);
    memset(l.b, 0, sizeof l.b);
    fill(y0, "y0", B * H, 2);
    run_cell("ctrnn-rk4", &l, x, T, y0, &clock, out, y);
    for (int i = 0; i < B * H; i++)
        CU_ASSERT(fabs((double)y[i] -
                       (double)y0[i] * exp(-0.1 * T / exp((double)l.log_tau[i % H]))) < 1e-7);
}

/* Substeps are steps with the same input; steps of no length leave the state. */
static void substeps_are_steps(void)
{
    static const char *const cells[] = {"ctrnn", "ctrnn-rk4"};
    const layer l = layer_of("parts");
    for (int k = 0; k < 2; k++) {
        rf_real x[MOST], out[MOST], one[B * H], many[B * H], dt[T * B];
        fill(x, "x", B * I, 1);
        for (int t = 1; t < T; t++) memcpy(x + t * B * I, x, B * I * sizeof *x);
        const rf_clock long_step = {.step = 1.8, .substeps = 6};
        run_cell(cells[k], &l, x, 1, NULL, &long_step, out, one);
        for (int i = 0; i < T * B; i++) dt[i] = (i / B) % 2 ? 0 : (rf_real)0.3;
        const rf_clock short_steps = {.dt = dt};
        run_cell(cells[k], &l, x, T, NULL, &short_steps, out, many);
        CU_ASSERT(distance(one, many, B * H) < 1e-13);
        CU_ASSERT(distance(out, out + B * H, B * H) == 0 && distance(out, one, B * H) > 1e-3);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"formula of Jordan's network", jordan_is_its_formula},
                           {"formula of the continuous-time network", ctrnn_is_its_formula},
                           {"Euler at dt = τ is Elman", euler_at_tau_is_elman},
                           {"orders of the methods", orders},
                           {"units decay", units_decay},
                           {"substeps are steps", substeps_are_steps},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "continuous", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

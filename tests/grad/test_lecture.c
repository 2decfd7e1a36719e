/* test_lecture.c -- the formulas of the lecture's sections 2 to 4 that are not one cell's: functions, the
 * simple network, words as inputs, the tagging example, backpropagation through time, the standard
 * interface, both directions; in plain C as the lecture writes them, against the fused layers. */
#include "lecture.h"

static void functions(void)
{
    double x[16], want[16];
    for (int i = 0; i < 16; i++) x[i] = 4 * drawn("x", i);
    rf_graph_begin(g, RF_INFER, rf_key_make(1, "test", 0));
    const rf_node in = rf_constant(g, x, RF_SHAPE(16));
    for (int i = 0; i < 16; i++) want[i] = sigmoid(x[i]);
    same(rf_value(g, rf_sigmoid(g, in)).data, want, 16);
    for (int i = 0; i < 16; i++) want[i] = tanh_of(x[i]);
    same(rf_value(g, rf_tanh(g, in)).data, want, 16);
    softmax(x, 16, want);
    same(rf_value(g, rf_softmax(g, in)).data, want, 16);
}

/* ---- Section 2: s_t = σ(U x_t + W s_{t−1} + b_s), o_t = φ(V s_t + b_o) ------------------------------ */

static void elman_tanh(const net *n, const double *x, const state *old, state *s)
{
    for (int r = 0; r < H; r++)
        s->h[r] = tanh_of(W(n, 'h', r, x) + U(n, 'h', r, old->h) + bias(n, 'h', r));
}

static void elman_sigmoid(const net *n, const double *x, const state *old, state *s)
{
    for (int r = 0; r < H; r++)
        s->h[r] = sigmoid(W(n, 'h', r, x) + U(n, 'h', r, old->h) + bias(n, 'h', r));
}

static void simple_network(void)
{
    net n;
    double V[K][H], b[K], z[K], want[K];
    check_cell("elman", elman_tanh);
    check_cell("elman-sigmoid", elman_sigmoid);
    net_open(&n, "elman", true);
    draw("V", K * H, &V[0][0]);
    draw("b_o", K, b);
    const rf_node s = rf_constant(g, &n.out[0][0], RF_SHAPE(T, H));
    const rf_node v = rf_constant(g, &V[0][0], RF_SHAPE(K, H)), bo = rf_constant(g, b, RF_SHAPE(K));
    const double *o = rf_value(g, rf_softmax(g, rf_linear(g, s, v, bo))).data;
    for (int t = 0; t < T; t++) {
        for (int k = 0; k < K; k++) z[k] = dot(V[k], n.out[t], H) + b[k];
        softmax(z, K, want);
        same(o + t * K, want, K);
    }
}

/* A word is a one-hot vector, or a row of a table of vectors. */
static void words_as_inputs(void)
{
    enum { V = 6 };
    static const int32_t words[T] = {2, 0, 5, 2, 2};
    double table[V][I], U1[H][V], Wh[H][H], zero[H] = {0}, s[H] = {0};
    draw("table", V * I, &table[0][0]);
    draw("U1", H * V, &U1[0][0]);
    draw("Wh", H * H, &Wh[0][0]);
    rf_graph_begin(g, RF_EVAL, rf_key_make(1, "test", 0));
    const rf_node b = rf_constant(g, zero, RF_SHAPE(H));
    const rf_node w[] = {rf_constant(g, &U1[0][0], RF_SHAPE(H, V)),
                         rf_constant(g, &Wh[0][0], RF_SHAPE(H, H)), b, b};
    const rf_node x = rf_one_hot(g, V, words, RF_SHAPE(T, 1));
    const rf_sequence q =
        rf_cell_sequence(g, rf_cell_find("elman"), x, RF_NONE, RF_NONE, w, NULL, false, NULL);
    const double *out = rf_value(g, q.out).data, *hot = rf_value(g, x).data;
    for (int t = 0; t < T; t++) {
        double next[H];
        for (int r = 0; r < H; r++) next[r] = tanh_of(U1[r][words[t]] + dot(Wh[r], s, H));
        memcpy(s, next, sizeof s);
        same(out + t * H, s, H);
        for (int k = 0; k < V; k++) CU_ASSERT_EQUAL(hot[t * V + k], k == words[t] ? 1 : 0);
    }
    const rf_node e = rf_constant(g, &table[0][0], RF_SHAPE(V, I));
    const double *rows = rf_value(g, rf_embedding(g, e, words, RF_SHAPE(T, 1))).data;
    for (int t = 0; t < T; t++) same(rows + t * I, table[words[t]], I);
}

/* All weights 1, linear activations, memory 0: 我 爱 购物 and 我 在 华联 购物. */
static void tagging_example(void)
{
    enum { V = 5, UNITS = 2, TAGS = 3, LONGEST = 4 };
    static const int32_t sentence[2][LONGEST] = {{0, 1, 2}, {0, 3, 4, 2}};
    static const int length[2] = {3, 4};
    static const double memory[] = {1, 3, 7, 15};
    double ones[UNITS * V], zero[UNITS] = {0};
    for (int i = 0; i < UNITS * V; i++) ones[i] = 1;
    for (int k = 0; k < 2; k++) {
        rf_graph_begin(g, RF_EVAL, rf_key_make(1, "test", 0));
        const rf_node b = rf_constant(g, zero, RF_SHAPE(UNITS));
        const rf_node w[] = {rf_constant(g, ones, RF_SHAPE(UNITS, V)),
                             rf_constant(g, ones, RF_SHAPE(UNITS, UNITS)), b, b};
        const rf_node x = rf_one_hot(g, V, sentence[k], RF_SHAPE(length[k], 1));
        const rf_node v = rf_constant(g, ones, RF_SHAPE(TAGS, UNITS));
        const rf_sequence s = rf_cell_sequence(g, rf_cell_find("elman-identity"), x, RF_NONE,
                                               RF_NONE, w, NULL, false, NULL);
        const double *h = rf_value(g, s.out).data;
        const double *y = rf_value(g, rf_linear(g, s.out, v, RF_NONE)).data;
        for (int t = 0; t < length[k]; t++) {
            for (int r = 0; r < UNITS; r++) CU_ASSERT_EQUAL(h[t * UNITS + r], memory[t]);
            for (int r = 0; r < TAGS; r++) CU_ASSERT_EQUAL(y[t * TAGS + r], 2 * memory[t]);
        }
    }
}

/* ---- Section 2: BPTT ------------------------------------------------------------------------------- */

/* s_t = tanh(U x_t + W s_{t−1}), ŷ_t = softmax(V s_t), E = Σ_t −y_t log ŷ_t; y_t is one-hot. */
typedef struct bptt {
    double U[H][I], W[H][H], V[K][H];
    double x[T][I], s[T + 1][H]; /* s[t + 1] after step t, s[0] the start */
    double error[T][K];          /* ŷ_t − y_t: the gradient at V s_t */
    int32_t y[T];
    double E, dU[H][I], dW[H][H], dV[K][H];
} bptt;

static void bptt_forward(bptt *b)
{
    for (int t = 0; t < T; t++) {
        double z[K], p[K];
        for (int r = 0; r < H; r++)
            b->s[t + 1][r] = tanh_of(dot(b->U[r], b->x[t], I) + dot(b->W[r], b->s[t], H));
        for (int k = 0; k < K; k++) z[k] = dot(b->V[k], b->s[t + 1], H);
        softmax(z, K, p);
        b->E -= log(p[b->y[t]]);
        for (int k = 0; k < K; k++) b->error[t][k] = p[k] - (k == b->y[t]);
    }
}

/* a = a · ∂s_j/∂s_{j−1}, the Jacobian being diag(1 − s_j²) W. */
static void times_jacobian(const bptt *b, int j, double a[H][H])
{
    double product[H][H] = {{0}};
    for (int r = 0; r < H; r++)
        for (int c = 0; c < H; c++)
            for (int m = 0; m < H; m++)
                product[r][c] += a[r][m] * (1 - b->s[j + 1][m] * b->s[j + 1][m]) * b->W[m][c];
    memcpy(a, product, sizeof product);
}

/* The part of dE_t that came by way of the parameters as they were used at step k. */
static void add_term(bptt *b, int t, int k)
{
    double product[H][H] = {{0}}; /* ∂s_t/∂s_k = Π_{j=k+1..t} ∂s_j/∂s_{j−1} */
    for (int r = 0; r < H; r++) product[r][r] = 1;
    for (int j = t; j > k; j--) times_jacobian(b, j, product);
    for (int r = 0; r < H; r++) {
        double at = 0; /* dE_t/dŷ_t · dŷ_t/ds_t · ∂s_t/∂s_k, element r */
        for (int m = 0; m < H; m++)
            for (int o = 0; o < K; o++) at += b->error[t][o] * b->V[o][m] * product[m][r];
        at *= 1 - b->s[k + 1][r] * b->s[k + 1][r];
        for (int c = 0; c < H; c++) b->dW[r][c] += at * b->s[k][c];
        for (int c = 0; c < I; c++) b->dU[r][c] += at * b->x[k][c];
    }
}

static void bptt_sums(bptt *b)
{
    for (int t = 0; t < T; t++) {
        for (int o = 0; o < K; o++)
            for (int r = 0; r < H; r++) b->dV[o][r] += b->error[t][o] * b->s[t + 1][r];
        for (int k = 0; k <= t; k++) add_term(b, t, k);
    }
}

static void backpropagation_through_time(void)
{
    static bptt b;
    double zero[H] = {0};
    b = (bptt){.y = {0, 2, 1, 1, 0}};
    draw("bptt U", H * I, &b.U[0][0]);
    draw("bptt W", H * H, &b.W[0][0]);
    draw("bptt V", K * H, &b.V[0][0]);
    draw("bptt x", T * I, &b.x[0][0]);
    draw("bptt s", H, b.s[0]);
    bptt_forward(&b);
    bptt_sums(&b);
    rf_graph_begin(g, RF_TRAIN, rf_key_make(1, "test", 0));
    const rf_node u = rf_variable(g, &b.U[0][0], RF_SHAPE(H, I));
    const rf_node w = rf_variable(g, &b.W[0][0], RF_SHAPE(H, H));
    const rf_node v = rf_variable(g, &b.V[0][0], RF_SHAPE(K, H));
    const rf_node none = rf_constant(g, zero, RF_SHAPE(H)), in[] = {u, w, none, none};
    const rf_node x = rf_constant(g, &b.x[0][0], RF_SHAPE(T, 1, I));
    const rf_node s0 = rf_constant(g, b.s[0], RF_SHAPE(1, H));
    const rf_sequence s =
        rf_cell_sequence(g, rf_cell_find("elman"), x, s0, RF_NONE, in, NULL, false, NULL);
    /* The library's cross entropy is the mean over the steps. */
    const rf_node mean = rf_cross_entropy(g, rf_linear(g, s.out, v, RF_NONE), b.y);
    const rf_node E = rf_affine(g, mean, T, 0);
    CU_ASSERT_EQUAL_FATAL(rf_adjoint(g, E), RF_OK);
    same(rf_value(g, E).data, &b.E, 1);
    same(rf_gradient(g, v), &b.dV[0][0], K * H);
    same(rf_gradient(g, w), &b.dW[0][0], H * H);
    same(rf_gradient(g, u), &b.dU[0][0], H * I);
}

/* ---- Section 3: the standard interface ---------------------------------------------------------------- */

static bool has_shape(rf_node x, rf_index a, rf_index b, rf_index c)
{
    return rf_shape_equal(rf_shape_of(g, x), RF_SHAPE(a, b, c));
}

/* RNN(5, 10, 2) on (6, 3, 5) gives (6, 3, 10) and (2, 3, 10); the initial state is given or zero. */
static void standard_interface(void)
{
    static const struct {
        const char *cell;
        rf_index input, hidden, steps, batch;
    } cases[] = {{"elman", 5, 10, 6, 3}, {"lstm", 50, 100, 10, 3}, {"gru", 5, 10, 6, 3}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const rf_index N = cases[k].input, S = cases[k].hidden, B = cases[k].batch;
        const rf_rnn_spec spec = {
            .cell = rf_cell_find(cases[k].cell), .input = N, .hidden = S, .layers = 2};
        rf_params *ps = rf_params_new();
        rf_rnn *rnn = rf_rnn_new(&spec, ps, "", NULL);
        static double x[10 * 3 * 50];
        draw("interface", (int)(cases[k].steps * B * N), x);
        rf_params_init(ps, 1);
        rf_graph_begin(g, RF_EVAL, rf_key_make(1, "test", 0));
        const rf_node in = rf_constant(g, x, RF_SHAPE(cases[k].steps, B, N));
        const rf_node zero = rf_zeros(g, RF_SHAPE(2, B, S));
        const rf_node c0 = spec.cell->states > 1 ? zero : RF_NONE;
        const rf_sequence none = rf_rnn_apply(g, rnn, in, RF_NONE, RF_NONE, NULL);
        const rf_sequence given = rf_rnn_apply(g, rnn, in, zero, c0, NULL);
        const rf_sequence other = rf_rnn_apply(g, rnn, in, none.h, none.c, NULL);
        CU_ASSERT(has_shape(none.out, cases[k].steps, B, S));
        CU_ASSERT(has_shape(none.h, 2, B, S));
        CU_ASSERT(spec.cell->states > 1 ? has_shape(none.c, 2, B, S) : none.c == RF_NONE);
        const size_t size = (size_t)(cases[k].steps * B * S) * sizeof *x;
        const double *out = rf_value(g, none.out).data;
        CU_ASSERT_EQUAL(memcmp(out, rf_value(g, given.out).data, size), 0);
        CU_ASSERT_NOT_EQUAL(memcmp(out, rf_value(g, other.out).data, size), 0);
        same(out + (cases[k].steps - 1) * B * S, rf_value(g, none.h).data + B * S, (int)(B * S));
        rf_rnn_free(rnn);
        rf_params_free(ps);
    }
}

/* ---- Section 4: bidirectional networks -------------------------------------------------------------------------- */

/* →h_t = f(→W x_t + →V →h_{t−1} + →b) or, `back`, ←h_t = f(←W x_t + ←V ←h_{t+1} + ←b), into columns
 * from `column` on of out [T][2H]. */
static void one_way(const rf_params *ps, int layer, bool back, const double *x, int width,
                    double out[T][2 * H])
{
    static const char *const names[] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"};
    const double *p[4];
    double h[H] = {0};
    for (int k = 0; k < 4; k++) {
        rf_str name = {0};
        rf_str_printf(&name, "%s_l%d%s", names[k], layer, back ? "_reverse" : "");
        p[k] = rf_params_find(ps, name.s)->value.data;
        rf_str_free(&name);
    }
    for (int s = 0; s < T; s++) {
        const int t = back ? T - 1 - s : s;
        double next[H];
        for (int r = 0; r < H; r++)
            next[r] = tanh_of(dot(p[0] + r * width, x + t * width, width) +
                              dot(p[1] + r * H, h, H) + p[2][r] + p[3][r]);
        memcpy(h, next, sizeof h);
        memcpy(out[t] + (back ? H : 0), h, sizeof h);
    }
}

/* y_t = g(U[→h_t; ←h_t] + c), one layer and deep: layer i reads layer i−1. */
static void bidirectional(int layers)
{
    double x[T][I], h[2][T][2 * H], U2[K][2 * H], c[K];
    const rf_rnn_spec spec = {.cell = rf_cell_find("elman"),
                              .input = I,
                              .hidden = H,
                              .layers = layers,
                              .bidirectional = true};
    rf_params *ps = rf_params_new();
    rf_rnn *rnn = rf_rnn_new(&spec, ps, "", NULL);
    rf_params_init(ps, 3);
    draw("x", T * I, &x[0][0]);
    draw("U2", K * 2 * H, &U2[0][0]);
    draw("c", K, c);
    for (int layer = 0; layer < layers; layer++)
        for (int back = 0; back < 2; back++)
            one_way(ps, layer, back, layer ? &h[0][0][0] : &x[0][0], layer ? 2 * H : I, h[layer]);
    rf_graph_begin(g, RF_EVAL, rf_key_make(1, "test", 0));
    const rf_sequence s =
        rf_rnn_apply(g, rnn, rf_constant(g, &x[0][0], RF_SHAPE(T, 1, I)), RF_NONE, RF_NONE, NULL);
    const rf_node z = rf_linear(g, s.out, rf_constant(g, &U2[0][0], RF_SHAPE(K, 2 * H)),
                                rf_constant(g, c, RF_SHAPE(K)));
    const double *out = rf_value(g, s.out).data, *y = rf_value(g, rf_softmax(g, z)).data;
    CU_ASSERT(has_shape(s.h, 2 * layers, 1, H));
    same(out, &h[layers - 1][0][0], T * 2 * H);
    for (int t = 0; t < T; t++) {
        double want[K], sums[K];
        for (int k = 0; k < K; k++) sums[k] = dot(U2[k], h[layers - 1][t], 2 * H) + c[k];
        softmax(sums, K, want);
        same(y + t * K, want, K);
    }
    rf_rnn_free(rnn);
    rf_params_free(ps);
}

static void both_directions(void)
{
    bidirectional(1);
    bidirectional(2);
}

int main(void)
{
    CU_TestInfo tests[] = {{"sigmoid, tanh, softmax", functions},
                           {"the simple network", simple_network},
                           {"words as inputs", words_as_inputs},
                           {"the tagging example", tagging_example},
                           {"backpropagation through time", backpropagation_through_time},
                           {"the standard interface", standard_interface},
                           {"both directions", both_directions},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"lecture", open_all, close_all, NULL, NULL, tests},
                             CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

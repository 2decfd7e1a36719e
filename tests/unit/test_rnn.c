/* test_rnn.c -- rf_rnn: shapes, names, first values, refusals; and the stepper against the graph. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/tape.h"
#include <refrain/cell.h>

#include "../net.h"
#include "arrays.h"

/* ---- Networks ------------------------------------------------------------------------ */

static net net_of(rf_rnn_spec spec)
{
    net n = net_new(&spec, "rnn.", 7);
    for (size_t k = 0; k < rf_params_count(n.params); k++) { /* gains and biases of their own */
        const rf_param *p = rf_params_at(n.params, k);
        const rf_key key = rf_key_make(9, p->name, 0);
        for (rf_index i = 0; strstr(p->name, "_ln_") && i < rf_shape_count(p->value.shape); i++)
            p->value.data[i] += (rf_real)(rf_uniform(key, (uint64_t)i) - 0.5);
    }
    rf_graph_begin(n.graph, RF_EVAL, rf_key_make(1, "net", 0));
    return n;
}

static net net_open(const char *cell, rf_index I, rf_index H, int layers, bool bidirectional)
{
    return net_of((rf_rnn_spec){.cell = rf_cell_find(cell),
                                .input = I,
                                .hidden = H,
                                .layers = layers,
                                .bidirectional = bidirectional});
}

static rf_node net_input(net *n, rf_index T, rf_index B, rf_index I)
{
    rf_real *p = filled(T * B * I, 5, 1);
    const rf_node x = rf_constant(n->graph, p, RF_SHAPE(T, B, I));
    rf_aligned_free(p);
    return x;
}

/* RNN(5,10,2) on (6,3,5), LSTM(50,100,2) on (10,3,50), and both directions. */
static void lecture_shapes(void)
{
    net n = net_open("elman", 5, 10, 2, false);
    rf_sequence s = rf_rnn_apply(n.graph, n.rnn, net_input(&n, 6, 3, 5), RF_NONE, RF_NONE, NULL);
    CU_ASSERT(rf_shape_equal(rf_shape_of(n.graph, s.out), RF_SHAPE(6, 3, 10)));
    CU_ASSERT(rf_shape_equal(rf_shape_of(n.graph, s.h), RF_SHAPE(2, 3, 10)));
    CU_ASSERT_EQUAL(s.c, RF_NONE);
    net_close(&n);
    n = net_open("lstm", 50, 100, 2, false);
    s = rf_rnn_apply(n.graph, n.rnn, net_input(&n, 10, 3, 50), RF_NONE, RF_NONE, NULL);
    CU_ASSERT(rf_shape_equal(rf_shape_of(n.graph, s.out), RF_SHAPE(10, 3, 100)));
    CU_ASSERT(rf_shape_equal(rf_shape_of(n.graph, s.h), RF_SHAPE(2, 3, 100)));
    CU_ASSERT(rf_shape_equal(rf_shape_of(n.graph, s.c), RF_SHAPE(2, 3, 100)));
    net_close(&n);
    n = net_open("gru-torch", 4, 6, 3, true);
    s = rf_rnn_apply(n.graph, n.rnn, net_input(&n, 2, 5, 4), RF_NONE, RF_NONE, NULL);
    CU_ASSERT(rf_shape_equal(rf_shape_of(n.graph, s.out), RF_SHAPE(2, 5, 12)));
    CU_ASSERT(rf_shape_equal(rf_shape_of(n.graph, s.h), RF_SHAPE(6, 5, 6)));
    CU_ASSERT_EQUAL(rf_graph_status(n.graph, NULL), RF_OK);
    net_close(&n);
}

static void names_follow_pytorch(void)
{
    static const char *const names[] = {"rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0",
                                        "rnn.bias_hh_l0", "rnn.weight_ih_l0_reverse"};
    net n = net_open("lstm", 3, 4, 2, true);
    CU_ASSERT_EQUAL(rf_params_count(n.params), 16);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CU_ASSERT_STRING_EQUAL(rf_params_at(n.params, i)->name, names[i]);
    CU_ASSERT(rf_shape_equal(rf_params_find(n.params, "rnn.weight_ih_l1_reverse")->value.shape,
                             RF_SHAPE(16, 8)));
    net_close(&n);
}

static void forget_bias_is_added(void)
{
    rf_params *ps = rf_params_new();
    const rf_rnn_spec spec = {
        .cell = rf_cell_find("lstm"), .input = 2, .hidden = 9, .layers = 1, .forget_bias = 5};
    rf_rnn *r = rf_rnn_new(&spec, ps, "", NULL);
    rf_params_init(ps, 1);
    const rf_real *b = rf_params_find(ps, "bias_ih_l0")->value.data;
    for (int i = 0; i < 36; i++)
        CU_ASSERT(i >= 9 && i < 18 ? b[i] > 4.6 && b[i] < 5.4 : fabs((double)b[i]) < 0.4);
    rf_rnn_free(r);
    rf_params_free(ps);
}

/* Chrono: forget gates ln(1 .. T-1) at equal distances, input gates the negative; the lecture's z lets
 * the new state in, PyTorch's keeps the old. */
static void gates_begin_with_a_memory(void)
{
    enum { H = 4 };
    static const struct {
        const char *cell;
        int keep, admit; /* rows of bias_ih */
    } rows[] = {{"lstm", H, 0}, {"lstm-nfg", -1, 0}, {"gru", -1, H}, {"gru-torch", H, -1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const rf_rnn_spec spec = {.cell = rf_cell_find(rows[i].cell),
                                  .input = 2,
                                  .hidden = H,
                                  .layers = 1,
                                  .forget_bias = 1,
                                  .chrono = 102};
        rf_params *ps = rf_params_new();
        rf_rnn *r = rf_rnn_new(&spec, ps, "", NULL);
        CU_ASSERT_FATAL(r != NULL);
        rf_params_init(ps, 3);
        const rf_real *b = rf_params_find(ps, "bias_ih_l0")->value.data;
        for (int k = 0; k < H; k++) {
            const double v = log(1 + 100 * (k + 0.5) / H);
            if (rows[i].keep >= 0) CU_ASSERT_DOUBLE_EQUAL(b[rows[i].keep + k], v, 1e-6);
            if (rows[i].admit >= 0) CU_ASSERT_DOUBLE_EQUAL(b[rows[i].admit + k], -v, 1e-6);
        }
        rf_rnn_free(r);
        rf_params_free(ps);
    }
}

/* The IRNN: weight_hh the identity, biases zero, weight_ih small. */
static void identity_is_the_beginning(void)
{
    rf_params *ps = rf_params_new();
    const rf_rnn_spec spec = {
        .cell = rf_cell_find("elman-relu"), .input = 3, .hidden = 5, .layers = 1, .identity = 0.5};
    rf_rnn *r = rf_rnn_new(&spec, ps, "", NULL);
    rf_params_init(ps, 1);
    for (int i = 0; i < 25; i++)
        CU_ASSERT_EQUAL(rf_params_find(ps, "weight_hh_l0")->value.data[i],
                        i % 6 == 0 ? (rf_real)0.5 : 0);
    for (int i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(rf_params_find(ps, "bias_ih_l0")->value.data[i], 0);
        CU_ASSERT_EQUAL(rf_params_find(ps, "bias_hh_l0")->value.data[i], 0);
    }
    for (int i = 0; i < 15; i++) {
        const double w = fabs((double)rf_params_find(ps, "weight_ih_l0")->value.data[i]);
        CU_ASSERT(w > 0 && w < 0.005);
    }
    rf_rnn_free(r);
    rf_params_free(ps);
}

/* exp(log_tau) is near what the spec says, else near two steps. */
static void tau_begins_as_told(void)
{
    for (int told = 0; told < 2; told++) {
        rf_params *ps = rf_params_new();
        const rf_rnn_spec spec = {.cell = rf_cell_find("ctrnn"),
                                  .input = 3,
                                  .hidden = 100,
                                  .layers = 1,
                                  .step = 0.25,
                                  .tau = told ? 7 : 0};
        rf_rnn *r = rf_rnn_new(&spec, ps, "", NULL);
        rf_params_init(ps, 1);
        for (int i = 0; i < 100; i++) {
            const double tau = exp((double)rf_params_find(ps, "log_tau_l0")->value.data[i]);
            CU_ASSERT(fabs(log(tau / (told ? 7 : 0.5))) <= 0.1);
        }
        rf_rnn_free(r);
        rf_params_free(ps);
    }
}

static void absurd_networks_are_refused(void)
{
    rf_params *ps = rf_params_new();
    const rf_cell *lstm = rf_cell_find("lstm");
    const rf_rnn_spec bad[] = {
        {.cell = NULL, .input = 1, .hidden = 1, .layers = 1},
        {.cell = lstm, .input = 0, .hidden = 1, .layers = 1},
        {.cell = lstm, .input = 1, .hidden = 1, .layers = 0},
        {.cell = lstm, .input = 1, .hidden = 1, .layers = 1, .dropout = 1},
        {.cell = lstm, .input = 1, .hidden = 1, .layers = 1, .identity = 1},
        {.cell = lstm, .input = 1, .hidden = 1, .layers = 1, .chrono = 1.5},
        {.cell = rf_cell_find("elman"), .input = 1, .hidden = 1, .layers = 1, .chrono = 9},
        {.cell = rf_cell_find("elman-relu"), .input = 1, .hidden = 1, .layers = 1, .identity = -1},
        {.cell = rf_cell_find("ctrnn"), .input = 1, .hidden = 1, .layers = 1, .step = -1},
        {.cell = rf_cell_find("ctrnn"), .input = 1, .hidden = 1, .layers = 1, .substeps = -1},
        {.cell = rf_cell_find("ctrnn"), .input = 1, .hidden = 1, .layers = 1, .tau = NAN},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rf_error err = {0};
        CU_ASSERT_PTR_NULL(rf_rnn_new(&bad[i], ps, "", &err));
        CU_ASSERT_EQUAL(err.status, RF_EINVAL);
    }
    rf_params_free(ps);
    rf_rnn_free(NULL);
    rf_stepper_free(NULL);
}

/* Once warm, a training step takes all its memory from the graph's arenas as they are. */
static void steps_do_not_allocate(void)
{
    static const char *const cells[] = {"lstm",  "lstm-fgr",       "gru",
                                        "elman", "jordan-softmax", "ctrnn-rk4"};
    const int32_t lengths[] = {7, 3, 5};
    for (size_t k = 0; k < 2 * sizeof cells / sizeof *cells; k++) {
        net n = net_of((rf_rnn_spec){.cell = rf_cell_find(cells[k / 2]),
                                     .input = 6,
                                     .hidden = 20,
                                     .layers = 2,
                                     .bidirectional = true,
                                     .layer_norm = k % 2});
        size_t warm = 0;
        for (int step = 0; step < 6; step++) {
            rf_graph_begin(n.graph, RF_TRAIN, rf_key_make(1, "net", (uint64_t)step));
            const rf_node x = net_input(&n, 7, 3, 6);
            const rf_sequence s =
                rf_rnn_apply(n.graph, n.rnn, x, RF_NONE, RF_NONE, step % 2 ? lengths : NULL);
            CU_ASSERT_EQUAL(rf_adjoint(n.graph, rf_sum(n.graph, s.out)), RF_OK);
            const size_t now =
                rf_arena_mallocs(n.graph->memory) + rf_arena_mallocs(n.graph->scratch);
            if (step == 3) warm = now;
            if (step > 3) CU_ASSERT_EQUAL(now, warm);
        }
        net_close(&n);
    }
}

/* Wrong shapes and lengths poison with a message. */
static void misfits_poison(void)
{
    net n = net_open("gru", 3, 4, 1, false);
    const int32_t lengths[] = {2, 9};
    rf_error err = {0};
    rf_sequence s = rf_rnn_apply(n.graph, n.rnn, net_input(&n, 2, 2, 3), RF_NONE, RF_NONE, lengths);
    CU_ASSERT_EQUAL(s.out, RF_POISON);
    CU_ASSERT_EQUAL(rf_graph_status(n.graph, &err), RF_ESHAPE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "length 9 of sequence 1"));
    rf_graph_begin(n.graph, RF_EVAL, rf_key_make(1, "net", 0));
    s = rf_rnn_apply(n.graph, n.rnn, net_input(&n, 2, 2, 5), RF_NONE, RF_NONE, NULL);
    CU_ASSERT_EQUAL(s.out, RF_POISON);
    CU_ASSERT_EQUAL(s.h, RF_POISON);
    net_close(&n);
}

/* Steps of no possible length, and of any where there is no time. */
static void absurd_times_poison(void)
{
    const rf_real dt[2] = {1, -1};
    rf_error err = {0};
    net n = net_open("ctrnn", 3, 4, 1, false);
    rf_sequence s =
        rf_rnn_apply_timed(n.graph, n.rnn, net_input(&n, 1, 2, 3), dt, RF_NONE, RF_NONE, NULL);
    CU_ASSERT_EQUAL(s.out, RF_POISON);
    CU_ASSERT_EQUAL(rf_graph_status(n.graph, &err), RF_ESHAPE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "step 0 of sequence 1 has length -1"));
    net_close(&n);
    n = net_open("lstm", 3, 4, 1, false);
    s = rf_rnn_apply_timed(n.graph, n.rnn, net_input(&n, 2, 1, 3), dt, RF_NONE, RF_NONE, NULL);
    CU_ASSERT_EQUAL(s.out, RF_POISON);
    rf_error none = {0};
    CU_ASSERT_EQUAL(rf_graph_status(n.graph, &none), RF_ESHAPE);
    CU_ASSERT_PTR_NOT_NULL(strstr(none.text, "lstm: its steps have no length"));
    net_close(&n);
}

/* Rows of x step by step give what the graph gives at once. */
static void stepper_case(const char *cell, rf_index H, rf_index B, int layers, bool norm)
{
    enum { T = 5, I = 3 };
    net n = net_of((rf_rnn_spec){
        .cell = rf_cell_find(cell), .input = I, .hidden = H, .layers = layers, .layer_norm = norm});
    const rf_node x = net_input(&n, T, B, I);
    const rf_sequence s = rf_rnn_apply(n.graph, n.rnn, x, RF_NONE, RF_NONE, NULL);
    CU_ASSERT_EQUAL(rf_graph_status(n.graph, NULL), RF_OK);
    const rf_real *want = rf_value(n.graph, s.out).data, *in = rf_value(n.graph, x).data;
    rf_stepper *st = rf_stepper_new(n.device, n.rnn, B, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(st);
    for (int round = 0; round < 2; round++) {
        double far = 0;
        rf_stepper_reset(st, B);
        for (rf_index t = 0; t < T; t++) {
            const rf_real *h = rf_stepper_step(st, in + t * B * I);
            far = fmax(far, distance(want + t * B * H, h, B * H));
            if (t == 2) rf_stepper_refresh(st);
        }
        CU_ASSERT(far < (norm ? 1e-5 : 1e-6));
        if (!(far < (norm ? 1e-5 : 1e-6))) printf("%s: stepper off by %g\n", cell, far);
    }
    rf_stepper_free(st);
    net_close(&n);
}

static void stepper_equals_graph(void)
{
    for (int i = 0; rf_cell_at(i); i++) {
        stepper_case(rf_cell_at(i)->name, 7, 3, 2, false);
        stepper_case(rf_cell_at(i)->name, 200, 1, 2, false);
        stepper_case(rf_cell_at(i)->name, 17, 3, 2, true);
        stepper_case(rf_cell_at(i)->name, 160, 9, 1, true);
    }
    stepper_case("lstm", 130, 20, 2, false);
}

/* The same with a length for each step of each row. */
static void stepper_keeps_time(void)
{
    enum { T = 5, B = 3, I = 3, H = 7 };
    static const char *const cells[] = {"ctrnn", "ctrnn-rk4"};
    for (int k = 0; k < 2; k++) {
        net n = net_open(cells[k], I, H, 2, false);
        rf_real *dt = filled(T * B, 8, 0.5);
        for (int i = 0; i < T * B; i++) dt[i] += (rf_real)0.5;
        const rf_node x = net_input(&n, T, B, I);
        const rf_sequence s = rf_rnn_apply_timed(n.graph, n.rnn, x, dt, RF_NONE, RF_NONE, NULL);
        CU_ASSERT_EQUAL_FATAL(rf_graph_status(n.graph, NULL), RF_OK);
        const rf_real *want = rf_value(n.graph, s.out).data, *in = rf_value(n.graph, x).data;
        rf_stepper *st = rf_stepper_new(n.device, n.rnn, B, NULL);
        for (int t = 0; t < T; t++)
            CU_ASSERT(distance(want + t * B * H,
                               rf_stepper_step_timed(st, in + t * B * I, dt + t * B),
                               B * H) < 1e-6);
        rf_real state[2 * B * H];
        CU_ASSERT_EQUAL_FATAL(rf_stepper_state_bytes(st), sizeof state);
        rf_stepper_get_state(st, state);
        CU_ASSERT(distance(rf_value(n.graph, s.h).data, state, 2 * B * H) < 1e-6);
        rf_aligned_free(dt);
        rf_stepper_free(st);
        net_close(&n);
    }
}

/* Copying a row copies its future; saved states come back. */
static void stepper_gathers(void)
{
    enum { I = 3, H = 9 };
    const rf_real x[3 * I] = {1, 0, -1, 0.5, 2, 0, -1, -1, 1}, same[4 * I] = {0};
    const int32_t from[] = {2, 2, 0, 1};
    static const char *const cells[] = {"lstm", "lstm-fgr", "gru", "jordan", "ctrnn"};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        net n = net_open(cells[i], I, H, 2, false);
        rf_stepper *st = rf_stepper_new(n.device, n.rnn, 4, NULL);
        rf_stepper_reset(st, 3);
        (void)rf_stepper_step(st, x);
        void *state = malloc(rf_stepper_state_bytes(st));
        rf_stepper_get_state(st, state);
        rf_real before[3 * H], after[4 * H];
        memcpy(before, rf_stepper_step(st, same), sizeof before);
        rf_stepper_set_state(st, state);
        CU_ASSERT_EQUAL(memcmp(before, rf_stepper_step(st, same), sizeof before), 0);
        rf_stepper_set_state(st, state);
        rf_stepper_gather(st, from, 4);
        memcpy(after, rf_stepper_step(st, same), sizeof after);
        for (int r = 0; r < 4; r++)
            CU_ASSERT(distance(before + from[r] * H, after + r * H, H) < 1e-6);
        free(state);
        rf_stepper_free(st);
        net_close(&n);
    }
}

/* Inputs by number are the same as inputs. */
static void stepper_takes_ids(void)
{
    enum { V = 6, I = 4, H = 40, B = 3 };
    static const char *const cells[] = {"lstm", "gru", "gru-torch", "elman", "jordan", "ctrnn"};
    const int32_t ids[B] = {5, 0, 3};
    for (size_t k = 0; k < 2 * sizeof cells / sizeof *cells; k++) {
        net n = net_of((rf_rnn_spec){.cell = rf_cell_find(cells[k / 2]),
                                     .input = I,
                                     .hidden = H,
                                     .layers = 2,
                                     .layer_norm = k % 2});
        rf_real *inputs = filled(V * I, 3, 1), x[B * I], by_id[B * H];
        rf_stepper *st = rf_stepper_new(n.device, n.rnn, B, NULL);
        CU_ASSERT(rf_stepper_set_inputs(st, inputs, V, NULL));
        for (int b = 0; b < B; b++) memcpy(x + b * I, inputs + ids[b] * I, sizeof *x * I);
        (void)rf_stepper_step_ids(st, ids);
        rf_params_at(n.params, 0)->value.data[0] += 1;
        rf_stepper_refresh(st);
        memcpy(by_id, rf_stepper_step_ids(st, ids), sizeof by_id);
        rf_params_at(n.params, 0)->value.data[0] -= 1;
        rf_stepper_refresh(st);
        rf_stepper_reset(st, B);
        (void)rf_stepper_step(st, x);
        rf_params_at(n.params, 0)->value.data[0] += 1;
        rf_stepper_refresh(st);
        CU_ASSERT(distance(by_id, rf_stepper_step(st, x), B * H) < 1e-6);
        rf_stepper_free(st);
        rf_aligned_free(inputs);
        net_close(&n);
    }
}

static void stepper_refuses_both_directions(void)
{
    rf_error err = {0};
    net n = net_open("lstm", 2, 3, 1, true);
    CU_ASSERT_PTR_NULL(rf_stepper_new(n.device, n.rnn, 1, &err));
    CU_ASSERT_EQUAL(err.status, RF_ENOTSUP);
    net_close(&n);
}
int main(void)
{
    CU_TestInfo tests[] = {{"lecture shapes", lecture_shapes},
                           {"names follow pytorch", names_follow_pytorch},
                           {"forget bias is added", forget_bias_is_added},
                           {"gates begin with a memory", gates_begin_with_a_memory},
                           {"identity is the beginning", identity_is_the_beginning},
                           {"tau begins as told", tau_begins_as_told},
                           {"absurd networks are refused", absurd_networks_are_refused},
                           {"steps do not allocate", steps_do_not_allocate},
                           {"misfits poison", misfits_poison},
                           {"absurd times poison", absurd_times_poison},
                           {"stepper equals graph", stepper_equals_graph},
                           {"stepper keeps time", stepper_keeps_time},
                           {"stepper gathers", stepper_gathers},
                           {"stepper takes ids", stepper_takes_ids},
                           {"stepper refuses both directions", stepper_refuses_both_directions},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "rnn", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

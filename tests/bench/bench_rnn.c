/* bench_rnn.c -- training and generation speed on six fixed workloads.
 *
 * A round measures the machine's FMA peak, the workload, and the peak again, in one process and with
 * the same threads: the fraction of the peak means something on a busy machine too.  Each workload
 * has a process of its own, so that the memory is its own, too.  Operations are nominal: look-ups
 * cost nothing, forward and backward are three forwards. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <refrain/cell.h>
#include <refrain/layers.h>
#include <refrain/train.h>

#include "bench.h"

typedef enum { LM, LAYER, TAGGER, GENERATE } task;

typedef struct workload {
    const char *name, *what, *unit;
    task task;
    const char *cell, *optimizer;
    rf_index V, E, H, K; /* vocabulary, embedding (0: V inputs, one-hot), hidden, classes */
    int L;
    bool both; /* directions */
    rf_index B, T;
    double rate, clip;
} workload;

static const workload workloads[] = {
    {"W1", "word LM 2x200", "tokens", LM, "lstm", "sgd", 10000, 200, 200, 10000, 2, false, 20, 20,
     1, 5},
    {"W2", "word LM 2x650", "tokens", LM, "lstm", "sgd", 10000, 650, 650, 10000, 2, false, 20, 35,
     1, 5},
    {"W3", "char LM 2x512", "tokens", LM, "lstm", "adam", 96, 0, 512, 96, 2, false, 64, 64, 2e-3,
     0},
    {"W4", "GRU 256, layer", "steps", LAYER, "gru-torch", NULL, 0, 256, 256, 0, 1, false, 32, 100,
     0, 0},
    {"W5", "tagger 2x256", "tokens", TAGGER, "lstm", "adam", 20000, 100, 256, 15, 1, true, 32, 30,
     1e-3, 0},
    {"W6", "generation 512", "chars", GENERATE, "lstm", NULL, 96, 0, 512, 96, 1, false, 1, 1, 0, 0},
};

typedef struct bench {
    const workload *w;
    rf_device *d;
    rf_graph *g;
    rf_params *ps;
    rf_rnn *rnn;
    rf_embedding_layer embed;
    rf_linear_layer head;
    rf_optimizer *opt;
    rf_stepper *stepper;
    rf_weights weights; /* of the stepper */
    rf_real *x, *seed, *logits;
    int32_t *in, *out;
    int32_t last;
    int64_t step;
} bench;

static void die(const char *what, const rf_error *err)
{
    fprintf(stderr, "bench_rnn: %s: %s\n", what, err->text);
    exit(1);
}

/* Floating point operations of one forward pass, and how many units it makes. */
static double forward_flop(const workload *w)
{
    const double rows = (double)(w->B * w->T), H = (double)w->H, D = w->both ? 2 : 1;
    const double G = strcmp(w->cell, "lstm") == 0 ? 4 : 3;
    double flop = 0;
    for (int l = 0; l < w->L; l++) {
        const double I = l ? D * H : (double)w->E;
        flop += D * 2 * G * H * (I + H);
    }
    return rows * (flop + 2 * D * H * (double)w->K);
}

static double step_flop(const workload *w)
{
    return (w->task == GENERATE ? 1 : 3) * forward_flop(w);
}

static double step_units(const workload *w) { return w->task == LAYER ? 1 : (double)(w->B * w->T); }

static void setup(bench *b)
{
    const workload *w = b->w;
    rf_error err = {0};
    const rf_index I = w->E ? w->E : w->V;
    const rf_rnn_spec spec = {.cell = rf_cell_find(w->cell),
                              .input = I,
                              .hidden = w->H,
                              .layers = w->L,
                              .bidirectional = w->both};
    b->ps = rf_params_new();
    if (w->V && rf_embedding_layer_init(&b->embed, b->ps, "embed.", w->V, I, 0.1, &err))
        die("embedding", &err);
    b->rnn = rf_rnn_new(&spec, b->ps, "rnn.", &err);
    if (!b->rnn) die("rnn", &err);
    if (w->K &&
        rf_linear_layer_init(&b->head, b->ps, "head.", w->H * (w->both ? 2 : 1), w->K, true, &err))
        die("head", &err);
    rf_params_init(b->ps, 1);
    if (w->V && !w->E) { /* one-hot input: training makes it, generation reads it here */
        memset(b->embed.weight->value.data, 0, sizeof(rf_real) * (size_t)(I * I));
        for (rf_index i = 0; i < I; i++) b->embed.weight->value.data[i * I + i] = 1;
        b->embed.weight->frozen = true;
    } else if (w->V && !rf_param_set_sparse(b->embed.weight, true)) {
        die("embedding", &(rf_error){.text = "no memory"});
    }
    b->g = rf_graph_new(b->d);
    const size_t rows = (size_t)(w->B * w->T);
    b->in = calloc(rows, sizeof *b->in);
    b->out = calloc(rows, sizeof *b->out);
    b->x = rf_aligned_calloc(rows * (size_t)I, sizeof(rf_real));
    b->seed = rf_aligned_calloc(rows * (size_t)(w->H * 2), sizeof(rf_real));
    b->logits = rf_aligned_calloc((size_t)(w->K + 1), sizeof(rf_real));
    const rf_key key = rf_key_make(1, "bench", 0);
    for (size_t i = 0; i < rows; i++) {
        b->in[i] = (int32_t)(rf_uniform(key, 2 * i) * (double)w->V);
        b->out[i] = (int32_t)(rf_uniform(key, 2 * i + 1) * (double)w->K);
    }
    for (size_t i = 0; i < rows * (size_t)I; i++) b->x[i] = (rf_real)(rf_uniform(key, i) - 0.5);
    for (size_t i = 0; i < rows * (size_t)w->H; i++)
        b->seed[i] = (rf_real)(1e-3 * rf_uniform(key, i));
    if (w->optimizer) {
        rf_optimizer_spec os = rf_optimizer_defaults(rf_optimizer_find(w->optimizer));
        os.lazy = false;
        b->opt = rf_optimizer_new(&os, b->ps, &err);
        if (!b->opt) die("optimizer", &err);
    }
    if (w->task == GENERATE) {
        b->stepper = rf_stepper_new_as(b->d, b->rnn, 1, b->weights, &err);
        if (!b->stepper ||
            !rf_stepper_set_inputs(b->stepper, b->embed.weight->value.data, w->V, &err) ||
            !rf_stepper_set_output(b->stepper, b->head.weight->value.data, b->head.bias->value.data,
                                   w->K, &err))
            die("stepper", &err);
        rf_stepper_reset(b->stepper, 1);
    }
}

static void teardown(bench *b)
{
    rf_stepper_free(b->stepper);
    rf_optimizer_free(b->opt);
    rf_graph_free(b->g);
    rf_rnn_free(b->rnn);
    rf_params_free(b->ps);
    free(b->in), free(b->out);
    rf_aligned_free(b->x), rf_aligned_free(b->seed), rf_aligned_free(b->logits);
}

static double clip(bench *b)
{
    if (b->w->clip <= 0) return 1;
    rf_graph_span_begin(b->g);
    const double norm = rf_gradient_norm(b->d, b->ps);
    rf_graph_span_end(b->g, "gradient norm");
    return rf_clip_scale(norm, b->w->clip);
}

static void finish_step(bench *b)
{
    rf_error err = {0};
    if (rf_graph_status(b->g, &err)) die(b->w->name, &err);
    const double scale = clip(b);
    rf_graph_span_begin(b->g);
    if (b->opt)
        rf_optimizer_step(b->opt, b->d, b->w->rate, scale);
    else
        rf_params_zero_grad(b->ps);
    rf_graph_span_end(b->g, b->opt ? b->w->optimizer : "gradients to zero");
}

static void train_step(bench *b)
{
    const workload *w = b->w;
    rf_graph_begin(b->g, RF_TRAIN, rf_key_make(1, "train", (uint64_t)b->step++));
    const rf_shape steps = RF_SHAPE(w->T, w->B);
    const rf_node x = w->V && !w->E ? rf_one_hot(b->g, w->V, b->in, steps)
                      : w->V        ? rf_embedding_layer_apply(b->g, &b->embed, b->in, steps)
                                    : rf_variable(b->g, b->x, RF_SHAPE(w->T, w->B, w->E));
    const rf_node h = rf_rnn_apply(b->g, b->rnn, x, RF_NONE, RF_NONE, NULL).out;
    if (w->task == LAYER) {
        rf_adjoint_with(b->g, h, b->seed);
    } else {
        const rf_node weight = rf_parameter(b->g, b->head.weight),
                      bias = rf_parameter(b->g, b->head.bias);
        rf_adjoint(b->g, rf_linear_cross_entropy(b->g, h, weight, bias, b->out));
    }
    finish_step(b);
}

/* One character: step, logits, a draw from their softmax. */
static void generate_step(bench *b)
{
    const rf_index V = b->w->V;
    (void)rf_stepper_step_ids(b->stepper, &b->last);
    bench_softmax(b->d, rf_stepper_scores(b->stepper), V, b->logits);
    const double u = rf_uniform(rf_key_make(1, "sample", 0), (uint64_t)b->step++);
    double q = 0;
    int32_t k = 0;
    while (k < V - 1 && (q += (double)b->logits[k]) < u) k++;
    b->last = k;
}

static void run_step(bench *b)
{
    if (b->w->task == GENERATE)
        for (int i = 0; i < 100; i++) generate_step(b);
    else
        train_step(b);
}

/* ---- Measuring -------------------------------------------------------------------------------- */

enum { MOST_ROUNDS = 1000, MOST_STEPS = 1 << 20, WARM = 4 };

typedef struct options {
    const char *only; /* a workload's name; NULL: all */
    int threads, rounds;
    int weights;    /* of W6: rf_weights; -1: none of that name */
    double seconds; /* of a round */
    bool json, profile;
} options;

/* Medians over rounds; the rate of a round is that of its median step. */
typedef struct result {
    int threads;
    double rate, gflops, peak, start_ms, memory_mb;
    double fraction, fraction_min, fraction_max;
    double faults; /* minor page faults in a step */
} result;

static long page_faults(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return use.ru_minflt;
}

static double median_step(bench *b, double seconds)
{
    static double at[MOST_STEPS]; /* not from malloc: it would fault where the steps do not */
    const double end = bench_now() + seconds, calls = b->w->task == GENERATE ? 100 : 1;
    size_t n = 0;
    while ((n < 3 || bench_now() < end) && n < MOST_STEPS) {
        const double t = bench_now();
        run_step(b);
        at[n++] = bench_now() - t;
    }
    return bench_median(at, n) / calls;
}

static void measure_rounds(bench *b, const options *o, result *r)
{
    static double rate[MOST_ROUNDS], peak[MOST_ROUNDS], fraction[MOST_ROUNDS];
    long faults = 0;
    const int64_t first = b->step;
    for (int i = 0; i < o->rounds; i++) {
        const double before = bench_peak(b->d);
        const long had = page_faults();
        const double step = median_step(b, o->seconds);
        faults += page_faults() - had;
        peak[i] = (before + bench_peak(b->d)) / 2;
        rate[i] = step_units(b->w) / step;
        fraction[i] = step_flop(b->w) / step / 1e9 / peak[i];
    }
    const size_t n = (size_t)o->rounds;
    r->faults = (double)faults / (double)(b->step - first);
    r->rate = bench_median(rate, n);
    r->gflops = r->rate / step_units(b->w) * step_flop(b->w) / 1e9;
    r->peak = bench_median(peak, n);
    r->fraction = bench_median(fraction, n);
    r->fraction_min = fraction[0];
    r->fraction_max = fraction[n - 1];
}

static void profile(bench *b, const options *o)
{
    rf_error err = {0};
    rf_str table = {0};
    if (b->w->task == GENERATE) {
        printf("%s: writes without a graph: there is nothing to profile\n", b->w->name);
        return;
    }
    if (rf_graph_profile(b->g, true, &err)) die("profile", &err);
    const double start = bench_now(), end = start + o->seconds;
    const int64_t first = b->step;
    while (bench_now() < end) run_step(b);
    rf_graph_profile_text(b->g, &table);
    printf("%s, %d threads, %.2f ms a step\n%s", b->w->name, rf_device_threads(b->d),
           1e3 * (bench_now() - start) / (double)(b->step - first), table.s ? table.s : "");
    rf_str_free(&table);
}

static void show(const workload *w, const options *o, const result *r)
{
    printf(o->json ? "{\"workload\": \"%s\", \"threads\": %d, \"%s_per_s\": %.1f, \"gflops\": "
                     "%.2f, \"peak_gflops\": %.1f, \"fraction\": %.4f, \"fraction_min\": %.4f, "
                     "\"fraction_max\": %.4f, \"rounds\": %d, \"faults_per_step\": %.3f, "
                     "\"start_ms\": %.1f, "
                     "\"memory_mb\": %.1f}\n"
                   : "%-4s %d threads  %-7s/s %10.1f  GFLOP/s %7.1f of %6.1f = %.2f [%.2f - %.2f]  "
                     "%d rounds  faults %.2f  start %6.1f ms  %6.1f MB\n",
           w->name, r->threads, w->unit, r->rate, r->gflops, r->peak, r->fraction, r->fraction_min,
           r->fraction_max, o->rounds, r->faults, r->start_ms, r->memory_mb);
}

static void measure(const workload *w, const options *o)
{
    rf_error err = {0};
    const double t0 = bench_now();
    bench b = {.w = w, .d = rf_device_new(o->threads, &err), .weights = (rf_weights)o->weights};
    if (!b.d) die("device", &err);
    result r = {.threads = rf_device_threads(b.d)};
    setup(&b);
    run_step(&b);
    r.start_ms = 1e3 * (bench_now() - t0);
    for (int i = 0; i < WARM; i++) run_step(&b);
    if (o->profile) {
        profile(&b, o);
    } else {
        measure_rounds(&b, o, &r);
        struct rusage use;
        getrusage(RUSAGE_SELF, &use);
        r.memory_mb = (double)use.ru_maxrss / 1024;
        show(w, o, &r);
    }
    teardown(&b);
    rf_device_free(b.d);
}

/* In a process of its own; false: it failed. */
static bool measure_apart(const workload *w, const options *o)
{
    int status = 1;
    fflush(stdout);
    const pid_t pid = fork();
    if (pid < 0) return false;
    if (pid == 0) {
        measure(w, o);
        exit(0);
    }
    return waitpid(pid, &status, 0) == pid && status == 0;
}

static int usage(void)
{
    fputs("usage: bench_rnn [--all | --workload W1..W6] [--threads N] [--seconds S] [--rounds N] "
          "[--format text|json] [--profile] [--weights f32|bf16|int8 (of W6)]\n",
          stderr);
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
        fprintf(stderr, "  %s  %s\n", workloads[i].name, workloads[i].what);
    return 2;
}

/* -1: none of that name. */
static int weights_of(const char *name)
{
    static const char *const names[] = {"f32", "bf16", "int8"}; /* in the order of rf_weights */
    for (int i = 0; i < 3; i++)
        if (strcmp(name, names[i]) == 0) return i;
    return -1;
}

static bool parse(int argc, char **argv, options *o)
{
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        if (!strcmp(name, "--all")) {
            o->only = NULL;
            continue;
        }
        if (!strcmp(name, "--profile")) {
            o->profile = true;
            continue;
        }
        if (++i >= argc) return false;
        if (!strcmp(name, "--workload"))
            o->only = argv[i];
        else if (!strcmp(name, "--threads"))
            o->threads = atoi(argv[i]);
        else if (!strcmp(name, "--seconds"))
            o->seconds = atof(argv[i]);
        else if (!strcmp(name, "--rounds"))
            o->rounds = atoi(argv[i]);
        else if (!strcmp(name, "--format"))
            o->json = strcmp(argv[i], "json") == 0;
        else if (!strcmp(name, "--weights"))
            o->weights = weights_of(argv[i]);
        else
            return false;
    }
    return o->rounds >= 1 && o->rounds <= MOST_ROUNDS && o->weights >= 0;
}

int main(int argc, char **argv)
{
    options o = {.rounds = 1, .seconds = 5, .weights = RF_WEIGHTS_F32};
    int shown = 0, failed = 0;
    if (!parse(argc, argv, &o)) return usage();
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++) {
        if (o.only && strcmp(o.only, workloads[i].name) != 0) continue;
        failed += !measure_apart(&workloads[i], &o);
        shown++;
    }
    return failed ? 1 : shown ? 0 : usage();
}

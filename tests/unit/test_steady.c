/* test_steady.c -- what training steps do once they are warm, and that they do the same each time.
 *
 * Small relatives of the workloads of tests/bench: a language model, the same with tied vectors and
 * every kind of dropout, a tagger in both directions, a layer of GRU alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <refrain/cell.h>
#include <refrain/layers.h>
#include <refrain/train.h>

#include "../suite.h"
#include "allocations.h"

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

/* ---- Networks -------------------------------------------------------------------------------------- */

typedef struct net_spec {
    const char *name, *cell, *optimizer;
    rf_index V, H, K, B, T; /* vocabulary, state and vectors, classes (0: V), lanes, window */
    int layers;
    bool both, tie, variational, lazy;
    double dropout, weight_dropout, rate, clip;
} net_spec;

static const net_spec specs[] = {
    {"language model", "lstm", "sgd", 1000, 48, 0, 8, 12, 2, .rate = 0.5, .clip = 1},
    {"letters", "lstm", "adam", 90, 64, 0, 8, 10, 2, .dropout = 0.3, .rate = 2e-3},
    {"tied", "lstm", "adamw", 500, 48, 0, 8, 10, 2, .tie = true, .variational = true,
     .dropout = 0.4, .weight_dropout = 0.3, .rate = 2e-3, .clip = 1},
    {"tagger", "lstm", "adam", 1500, 40, 15, 8, 10, 1, .both = true, .lazy = true, .rate = 1e-3},
    {"dense moments", "gru-torch", "adam", 500, 40, 15, 8, 10, 1, .both = true, .rate = 1e-3},
    {"gru", "gru-torch", "rmsprop", 50, 64, 0, 8, 12, 1, .dropout = 0.2, .rate = 1e-3, .clip = 1},
};
enum { SPECS = sizeof specs / sizeof *specs, TOKENS = 2000 };

typedef struct net {
    const net_spec *s;
    rf_device *d;
    rf_graph *g;
    rf_params *ps;
    rf_embedding_layer embed;
    rf_linear_layer head;
    rf_rnn *rnn;
    rf_optimizer *o;
    rf_stream_batches *data;
    int32_t *tokens, *tags;
    rf_real *h, *c; /* the carried state */
    rf_shape state;
    int64_t step;
    double loss; /* of the last step */
} net;

static void net_texts(net *n)
{
    const net_spec *s = n->s;
    const rf_key key = rf_key_make(9, "steady", 0);
    n->tokens = malloc(TOKENS * sizeof *n->tokens);
    n->tags = malloc((size_t)(s->B * s->T) * sizeof *n->tags);
    for (int i = 0; i < TOKENS; i++)
        n->tokens[i] = (int32_t)(rf_uniform(key, (uint64_t)i) * (double)s->V);
    const rf_stream_spec spec = {
        .tokens = n->tokens, .n = TOKENS, .B = s->B, .T = s->T, .vary = true, .seed = 3};
    n->data = rf_stream_batches_new(&spec, NULL);
}

static void net_init(net *n, const net_spec *s, int threads)
{
    *n = (net){.s = s, .d = rf_device_new(threads, NULL), .ps = rf_params_new()};
    n->g = rf_graph_new(n->d);
    const rf_rnn_spec spec = {.cell = rf_cell_find(s->cell),
                              .input = s->H,
                              .hidden = s->H,
                              .layers = s->layers,
                              .bidirectional = s->both,
                              .dropout = s->dropout,
                              .variational = s->variational,
                              .weight_dropout = s->weight_dropout};
    const rf_index out = s->H * (s->both ? 2 : 1);
    rf_embedding_layer_init(&n->embed, n->ps, "embed.", s->V, s->H, 0.1, NULL);
    n->rnn = rf_rnn_new(&spec, n->ps, "rnn.", NULL);
    if (!s->tie)
        rf_linear_layer_init(&n->head, n->ps, "head.", out, s->K ? s->K : s->V, true, NULL);
    if (!s->tie) rf_param_set_sparse(n->embed.weight, true);
    rf_params_init(n->ps, 1);
    rf_optimizer_spec os = rf_optimizer_defaults(rf_optimizer_find(s->optimizer));
    os.lazy = s->lazy;
    n->o = rf_optimizer_new(&os, n->ps, NULL);
    n->state = RF_SHAPE(s->layers * (s->both ? 2 : 1), s->B, s->H);
    n->h = rf_aligned_calloc((size_t)rf_shape_count(n->state), sizeof *n->h);
    n->c = rf_aligned_calloc((size_t)rf_shape_count(n->state), sizeof *n->c);
    net_texts(n);
}

static void net_free(net *n)
{
    rf_stream_batches_free(n->data);
    rf_optimizer_free(n->o);
    rf_rnn_free(n->rnn);
    rf_graph_free(n->g);
    rf_params_free(n->ps);
    rf_device_free(n->d);
    rf_aligned_free(n->h);
    rf_aligned_free(n->c);
    free(n->tokens);
    free(n->tags);
}

static rf_node drop(const net *n, rf_node x)
{
    const net_spec *s = n->s;
    if (s->dropout <= 0) return x;
    return s->variational ? rf_dropout_shared(n->g, x, s->dropout, 0)
                          : rf_dropout(n->g, x, s->dropout);
}

static const int32_t *targets(net *n, const rf_stream_batch *b)
{
    if (!n->s->K) return b->y;
    for (rf_index i = 0; i < b->T * b->B; i++)
        n->tags[i] = b->y[i] < 0 ? -1 : b->x[i] % (int32_t)n->s->K;
    return n->tags;
}

/* Loss and gradients of the next window, with the state of the last one. */
static void net_differentiate(net *n)
{
    rf_graph *g = n->g;
    rf_stream_batch b;
    while (!rf_stream_batches_next(n->data, &b))
        ;
    const bool cells = n->s->cell[0] == 'l';
    const size_t bytes = (size_t)rf_shape_count(n->state) * sizeof *n->h;
    if (b.first) memset(n->h, 0, bytes), memset(n->c, 0, bytes);
    rf_graph_begin(g, RF_TRAIN, rf_key_make(7, "train", (uint64_t)n->step++));
    const rf_node x = rf_embedding_layer_apply(g, &n->embed, b.x, RF_SHAPE(b.T, b.B));
    const rf_sequence q = rf_rnn_apply(g, n->rnn, drop(n, x), rf_borrow(g, n->h, n->state),
                                       cells ? rf_borrow(g, n->c, n->state) : RF_NONE, NULL);
    const rf_param *w = n->s->tie ? n->embed.weight : n->head.weight;
    const rf_node loss = rf_linear_cross_entropy(
        g, drop(n, q.out), rf_parameter(g, (rf_param *)(uintptr_t)w),
        n->s->tie ? RF_NONE : rf_parameter(g, n->head.bias), targets(n, &b));
    rf_adjoint(g, loss);
    n->loss = rf_graph_status(g, NULL) ? (double)NAN : (double)rf_value(g, loss).data[0];
    if (isnan(n->loss)) return;
    memcpy(n->h, rf_value(g, q.h).data, bytes);
    if (cells) memcpy(n->c, rf_value(g, q.c).data, bytes);
}

static void net_step(net *n)
{
    net_differentiate(n);
    const double norm = rf_gradient_norm(n->d, n->ps);
    rf_optimizer_step(n->o, n->d, n->s->rate, rf_clip_scale(norm, n->s->clip));
}

/* ---- No memory is asked for ------------------------------------------------------------------------- */

enum { WARM = 15, STEADY = 50 };

static void steps_ask_for_no_memory(void)
{
    for (int i = 0; i < SPECS; i++) {
        net n;
        const long cold = allocations;
        struct rusage before, after;
        net_init(&n, &specs[i], 2);
        for (int k = 0; k < WARM; k++) net_step(&n);
        const long warm = allocations;
        getrusage(RUSAGE_SELF, &before);
        for (int k = 0; k < STEADY; k++) net_step(&n);
        getrusage(RUSAGE_SELF, &after);
        CU_ASSERT(!isnan(n.loss));
        CU_ASSERT_EQUAL(allocations, warm);
        CU_ASSERT(warm > cold); /* the count counts */
#ifndef SANITIZED
        /* Memory that comes and goes costs a fault a page; the kernel's own reasons are few. */
        CU_ASSERT(after.ru_minflt - before.ru_minflt < STEADY);
        CU_ASSERT(after.ru_maxrss - before.ru_maxrss < 512);
        if (after.ru_minflt - before.ru_minflt >= STEADY)
            printf("\n  %s: %ld page faults in %d steps\n", n.s->name,
                   after.ru_minflt - before.ru_minflt, STEADY);
#endif
        net_free(&n);
    }
}

/* ---- The same bits ------------------------------------------------------------------------------------ */

enum { RUNS = 50, RUN_STEPS = 8 };

static uint64_t hash_add(uint64_t h, const void *at, size_t n)
{
    const unsigned char *p = at;
    for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

/* All parameters after a short training. */
static uint64_t hash_of_training(const net_spec *s)
{
    uint64_t h = 0xcbf29ce484222325u;
    net n;
    net_init(&n, s, 2);
    for (int k = 0; k < RUN_STEPS; k++) net_step(&n);
    for (size_t i = 0; i < rf_params_count(n.ps); i++) {
        const rf_tensor *v = &rf_params_at(n.ps, i)->value;
        h = hash_add(h, v->data, (size_t)rf_shape_count(v->shape) * sizeof(rf_real));
    }
    net_free(&n);
    return h;
}

/* In a process of its own; 0: it failed. */
static uint64_t hash_apart(const net_spec *s)
{
    int ends[2], status = 1;
    uint64_t h = 0;
    if (pipe(ends)) return 0;
    const pid_t pid = fork();
    if (pid == 0) {
        h = hash_of_training(s);
        _exit(write(ends[1], &h, sizeof h) == (ssize_t)sizeof h ? 0 : 1);
    }
    close(ends[1]);
    const bool got = pid > 0 && read(ends[0], &h, sizeof h) == (ssize_t)sizeof h;
    close(ends[0]);
    if (pid > 0) waitpid(pid, &status, 0);
    return got && status == 0 ? h : 0;
}

static void fifty_runs_give_the_same_bits(void)
{
    const net_spec *s = &specs[1];
    net_spec other = *s;
    const uint64_t due = hash_of_training(s);
    for (int i = 1; i < RUNS; i++)
        CU_ASSERT_EQUAL(i % 2 ? hash_apart(s) : hash_of_training(s), due);
    other.rate *= 1 + 1e-3;
    CU_ASSERT_NOT_EQUAL(hash_of_training(&other), due); /* the hash sees what is learned */
}

/* ---- One thread and two ------------------------------------------------------------------------------- */

/* Sums over rows are split among threads, so their order differs: gradients agree within 1e-5 of the
 * largest, losses of the first steps within 1e-4. */
static double gradient_difference(const net *a, const net *b)
{
    double most = 0, worst = 0;
    for (size_t i = 0; i < rf_params_count(a->ps); i++) {
        const rf_param *p = rf_params_at(a->ps, i), *q = rf_params_at(b->ps, i);
        for (rf_index k = 0; k < rf_shape_count(p->value.shape); k++) {
            most = fmax(most, fabs((double)p->grad[k]));
            worst = fmax(worst, fabs((double)p->grad[k] - (double)q->grad[k]));
        }
    }
    return most > 0 ? worst / most : (double)NAN;
}

static void one_and_two_threads_agree(void)
{
    for (int i = 0; i < SPECS; i++) {
        net a, b;
        net_init(&a, &specs[i], 1);
        net_init(&b, &specs[i], 2);
        net_differentiate(&a);
        net_differentiate(&b);
        CU_ASSERT(gradient_difference(&a, &b) < 1e-5);
        for (int k = 0; k < RUN_STEPS; k++) {
            net_step(&a);
            net_step(&b);
            CU_ASSERT_DOUBLE_EQUAL(a.loss, b.loss, 1e-4);
        }
        net_free(&a);
        net_free(&b);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"steps ask for no memory", steps_ask_for_no_memory},
                           {"fifty runs give the same bits", fifty_runs_give_the_same_bits},
                           {"one and two threads agree", one_and_two_threads_agree},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "steady", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

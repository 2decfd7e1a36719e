/* test_device.c -- worker threads, barriers, forks, floating-point state, products on all threads. */
#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../suite.h"
#include "tensor/blas.h"
#include "tensor/pool.h"
#include "tensor/vec.h"

/* ---- Running ------------------------------------------------------------------------------------- */

typedef struct tally {
    rf_device *d;
    atomic_int calls[8];
    int threads;
    long sum[8][8];
    bool ok;
} tally;

static void count_calls(void *ctx, int thread, int threads)
{
    tally *t = ctx;
    atomic_fetch_add(&t->calls[thread], 1);
    if (thread == 0) t->threads = threads;
}

static void check_runs(int threads, int runs)
{
    rf_device *d = rf_device_new(threads, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(d);
    CU_ASSERT_EQUAL(rf_device_threads(d), threads);
    tally t = {.d = d};
    for (int i = 0; i < runs; i++) rf_device_run(d, count_calls, &t);
    CU_ASSERT_EQUAL(t.threads, runs ? threads : 0);
    for (int i = 0; i < 8; i++) CU_ASSERT_EQUAL(t.calls[i], i < threads ? runs : 0);
    rf_device_free(d);
}

static void every_thread_runs_once(void)
{
    check_runs(1, 1000);
    check_runs(2, 3000);
    check_runs(3, 300);
    check_runs(2, 0);
}

static void sleeping_workers_wake(void)
{
    rf_device *d = rf_device_new(2, NULL);
    tally t = {.d = d};
    for (int i = 0; i < 5; i++) {
        rf_device_run(d, count_calls, &t);
        usleep(20000);
    }
    CU_ASSERT(t.calls[0] == 5 && t.calls[1] == 5);
    rf_device_free(d);
}

/* Each thread writes its cell, and reads all cells of the round after the barrier. */
static void rounds(void *ctx, int thread, int threads)
{
    tally *t = ctx;
    for (int r = 0; r < 500; r++) {
        t->sum[r & 1][thread] = r * 10 + thread;
        rfi_device_barrier(t->d, thread);
        for (int i = 0; i < threads; i++)
            if (t->sum[r & 1][i] != r * 10 + i) t->ok = false;
    }
}

static void barrier_orders_memory(void)
{
    for (int threads = 1; threads <= 3; threads++) {
        rf_device *d = rf_device_new(threads, NULL);
        tally t = {.d = d, .ok = true};
        for (int i = 0; i < 5; i++) rf_device_run(d, rounds, &t);
        CU_ASSERT(t.ok);
        rf_device_free(d);
    }
}

/* ---- Processes ------------------------------------------------------------------------------------ */

static int run_in_child(rf_device *d)
{
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        alarm(30);
        tally t = {.d = d};
        for (int i = 0; i < 50; i++) rf_device_run(d, count_calls, &t);
        const bool ok = t.calls[0] == 50 && t.calls[1] == 50;
        rf_device_free(d);
        _exit(ok ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void works_after_fork(void)
{
    rf_device *d = rf_device_new(2, NULL);
    tally t = {.d = d};
    CU_ASSERT_EQUAL(run_in_child(d), 0);
#if defined __SANITIZE_THREAD__
    rf_device_free(d); /* the sanitizer ends a child of many threads that starts new ones */
    return;
#endif
    rf_device_run(d, count_calls, &t);
    CU_ASSERT_EQUAL(run_in_child(d), 0);
    rf_device_run(d, count_calls, &t);
    CU_ASSERT(t.calls[0] == 2 && t.calls[1] == 2);
    rf_device_free(d);
}

static void note_cpu(void *ctx, int thread, int threads)
{
    int *cpu = ctx;
    (void)threads;
    cpu[thread] = sched_getcpu();
}

static void stays_within_affinity(void)
{
    cpu_set_t before, one, after;
    CU_ASSERT_EQUAL_FATAL(sched_getaffinity(0, sizeof before, &before), 0);
    size_t first = 0;
    while (!CPU_ISSET(first, &before)) first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    CU_ASSERT_EQUAL_FATAL(sched_setaffinity(0, sizeof one, &one), 0);
    rf_device *d = rf_device_new(0, NULL);
    CU_ASSERT_EQUAL(rf_device_threads(d), 1);
    rf_device_free(d);
    d = rf_device_new(2, NULL);
    int cpu[2] = {-1, -1};
    rf_device_run(d, note_cpu, cpu);
    CU_ASSERT(cpu[0] == (int)first && cpu[1] == (int)first);
    rf_device_free(d);
    CU_ASSERT_EQUAL(sched_setaffinity(0, sizeof before, &before), 0);
    d = rf_device_new(0, NULL);
    CU_ASSERT_EQUAL(rf_device_threads(d), CPU_COUNT(&before));
    rf_device_run(d, note_cpu, (int[CPU_SETSIZE]){0});
    CU_ASSERT_EQUAL(sched_getaffinity(0, sizeof after, &after), 0);
    CU_ASSERT(CPU_EQUAL(&before, &after));
    rf_device_free(d);
}

/* ---- Floating-point state -------------------------------------------------------------------------- */

typedef struct tiny {
    volatile float small;
    float out[2];
} tiny;

static void halve(void *ctx, int thread, int threads)
{
    tiny *t = ctx;
    (void)threads;
    t->out[thread] = t->small * 0.5f;
}

static void denormals_are_zero_inside_only(void)
{
    for (int threads = 1; threads <= 2; threads++) {
        rf_device *d = rf_device_new(threads, NULL);
        tiny t = {.small = 1.5e-38f, .out = {1, 1}};
        rf_device_run(d, halve, &t);
#if defined __x86_64__ || defined __aarch64__
        for (int i = 0; i < threads; i++) CU_ASSERT(t.out[i] == 0);
#endif
        CU_ASSERT(t.small * 0.5f > 0);
        rf_device_free(d);
    }
}

/* ---- Products and long vectors ------------------------------------------------------------------------ */

static rf_real *noise(rf_index n, uint64_t seed)
{
    rf_real *x = rf_aligned_calloc((size_t)n, sizeof *x);
    const rf_key key = rf_key_make(seed, "test", 0);
    for (rf_index i = 0; i < n; i++) x[i] = (rf_real)(rf_uniform(key, (uint64_t)i) - 0.5);
    return x;
}

static void check_product(rf_device *d, int form, rf_index M, rf_index N, rf_index K)
{
    const bool ta = form & 1, tb = form & 2;
    const rf_real beta = form & 4 ? (rf_real)0.5 : 0;
    const rf_index lda = ta ? M : K, ldb = tb ? K : N;
    rf_real *A = noise(M * K, 1), *B = noise(K * N, 2), *C = noise(M * N, 3),
            *due = noise(M * N, 3);
    rf_real *again = noise(M * N, 3);
    rfi_gemm(d, ta, tb, M, N, K, 2, A, lda, B, ldb, beta, C, N);
    rfi_gemm(d, ta, tb, M, N, K, 2, A, lda, B, ldb, beta, again, N);
    rfi_gemm_own(rfi_kernels_for(RFI_ISA_C), d->scratch, ta, tb, M, N, K, 2, A, lda, B, ldb, beta,
                 due, N);
    double bad = 0;
    for (rf_index i = 0; i < M * N; i++) bad = fmax(bad, fabs((double)C[i] - (double)due[i]));
    CU_ASSERT(bad < 1e-6 * (double)(K + 10));
    CU_ASSERT(memcmp(C, again, (size_t)(M * N) * sizeof *C) == 0);
    rf_real *const all[] = {A, B, C, due, again};
    for (int i = 0; i < 5; i++) rf_aligned_free(all[i]);
}

static void products(void)
{
    static const rf_index mnk[][3] = {{1, 1, 1},     {1, 500, 200},  {4, 300, 64},  {500, 3, 30},
                                      {65, 130, 70}, {130, 65, 257}, {200, 17, 90}, {20, 800, 200}};
    for (int threads = 1; threads <= 2; threads++) {
        rf_device *d = rf_device_new(threads, NULL);
        for (int form = 0; form < 8; form++)
            for (size_t i = 0; i < sizeof mnk / sizeof *mnk; i++)
                check_product(d, form, mnk[i][0], mnk[i][1], mnk[i][2]);
        rfi_gemm(d, false, false, 0, 5, 5, 1, NULL, 5, NULL, 5, 0, NULL, 5);
        rf_real c[2] = {3, 4};
        rfi_gemm(d, false, false, 1, 2, 0, 1, NULL, 1, NULL, 2, 0, c, 2);
        CU_ASSERT(c[0] == 0 && c[1] == 0);
        rf_device_free(d);
    }
}

static void threads_give_same_vectors(void)
{
    enum { N = 100003, R = 331, V = 307 };
    rf_real *x = noise(N * 2, 4), *y[2], *z[2], *w[2], loss[2][R];
    double sum[2], sq[2];
    int32_t target[R];
    for (int r = 0; r < R; r++) target[r] = r % 9 == 0 ? -1 : r % V;
    for (int t = 0; t < 2; t++) {
        rf_device *d = rf_device_new(t + 1, NULL);
        y[t] = noise(N, 5), z[t] = noise(R * V, 6), w[t] = noise(V, 7);
        rfi_vec_axpy(d, N, (rf_real)0.3, x, y[t]);
        rfi_vec_map(d, d->k->tanh, N, y[t], y[t]);
        rfi_vec_zip(d, d->k->mul_add, N, x, x, y[t]);
        rfi_vec_scale(d, N, 3, y[t], y[t]);
        sum[t] = rfi_vec_sum(d, N, y[t]);
        sq[t] = rfi_vec_sumsq(d, N, y[t]);
        rfi_vec_softmax_xent(d, R, V, x, target, (rf_real)0.25, z[t], loss[t]);
        rfi_vec_column_sum(d, R, V, x, V, w[t], true);
        rfi_update u = {.lr = (rf_real)0.1, .clip = 1, .bias1 = 1, .bias2 = 1};
        rfi_vec_update(d, d->k->sgd, &u, N, x, y[t], NULL, NULL);
        rf_device_free(d);
    }
    CU_ASSERT(memcmp(y[0], y[1], N * sizeof *x) == 0);
    CU_ASSERT(memcmp(z[0], z[1], R * V * sizeof *x) == 0);
    CU_ASSERT(memcmp(w[0], w[1], V * sizeof *x) == 0);
    CU_ASSERT(memcmp(loss[0], loss[1], sizeof loss[0]) == 0 && loss[0][0] == 0 && loss[0][1] > 0);
    CU_ASSERT(sum[0] == sum[1] && sq[0] == sq[1] && sq[0] > 0);
    double due = 0;
    for (int i = 0; i < V; i++) due += fabs((double)z[0][i]); /* an ignored row */
    CU_ASSERT(due == 0);
    for (int t = 0; t < 2; t++) rf_aligned_free(y[t]), rf_aligned_free(z[t]), rf_aligned_free(w[t]);
    rf_aligned_free(x);
}

/* ---- BLAS and environment ------------------------------------------------------------------------------- */

static void blas_is_named(void)
{
    rf_device *d = rf_device_new(1, NULL);
    const char *text = rf_device_blas(d);
    CU_ASSERT(strncmp(text, "OpenBLAS ", 9) == 0 || strncmp(text, "none", 4) == 0);
    if (rfi_blas_gemm()) CU_ASSERT_PTR_NULL(strstr(text, "slow"));
    CU_ASSERT_PTR_NULL(getenv("OPENBLAS_NUM_THREADS"));
    CU_ASSERT_PTR_NULL(getenv("OPENBLAS_CORETYPE"));
    rf_device_free(d);
    rf_device_free(NULL);
}

/* ---- Shapes ----------------------------------------------------------------------------------------------- */

static void shapes(void)
{
    char buf[RF_SHAPE_TEXT];
    const rf_index huge = INT64_MAX;
    CU_ASSERT_STRING_EQUAL(rf_shape_text(RF_SHAPE(20, 32), buf), "[20,32]");
    CU_ASSERT_STRING_EQUAL(rf_shape_text(RF_SCALAR, buf), "[]");
    CU_ASSERT_EQUAL(strlen(rf_shape_text(RF_SHAPE(-huge, -huge, -huge, -huge, -huge, -huge), buf)),
                    127);
    CU_ASSERT_EQUAL(rf_shape_count(RF_SHAPE(2, 3, 4)), 24);
    CU_ASSERT_EQUAL(rf_shape_count(RF_SCALAR), 1);
    CU_ASSERT_EQUAL(rf_shape_count(RF_SHAPE(huge, 2)), -1);
    CU_ASSERT_EQUAL(rf_shape_count(RF_SHAPE(huge, huge, 0)), 0);
    CU_ASSERT_EQUAL(rf_shape_count(RF_SHAPE(0, -1)), -1);
    CU_ASSERT(rf_shape_equal(RF_SHAPE(2, 3), RF_SHAPE(2, 3)));
    CU_ASSERT(!rf_shape_equal(RF_SHAPE(2, 3), RF_SHAPE(2, 3, 1)));
    rf_shape s;
    CU_ASSERT(rf_shape_broadcast(RF_SHAPE(5, 1, 3), RF_SHAPE(4, 1), &s));
    CU_ASSERT(rf_shape_equal(s, RF_SHAPE(5, 4, 3)));
    CU_ASSERT(rf_shape_broadcast(RF_SCALAR, RF_SHAPE(0, 7), &s));
    CU_ASSERT(rf_shape_equal(s, RF_SHAPE(0, 7)));
    CU_ASSERT(!rf_shape_broadcast(RF_SHAPE(20, 32), RF_SHAPE(20, 33), &s));
}

int main(void)
{
    CU_TestInfo tests[] = {{"shapes", shapes},
                           {"every thread runs once", every_thread_runs_once},
                           {"sleeping workers wake", sleeping_workers_wake},
                           {"barrier orders memory", barrier_orders_memory},
                           {"works after fork", works_after_fork},
                           {"stays within affinity", stays_within_affinity},
                           {"denormals are zero inside only", denormals_are_zero_inside_only},
                           {"products", products},
                           {"threads give the same vectors", threads_give_same_vectors},
                           {"blas is named", blas_is_named},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "device", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}

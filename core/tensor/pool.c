/* tensor/pool.c -- worker threads that run one function at the same time, and their barrier.
 *
 * Waiting is in two steps: spin (a step of a recurrent network is ten microseconds), then sleep in
 * the kernel.  No yielding between: beside other processes a thread that yields loses a whole time
 * slice, while one that slept is run at once when woken.  A word that others wait for is only ever advanced; whoever
 * advances it wakes sleepers if there are any.  Workers are pinned to one CPU each within the
 * affinity that the process had; the caller is thread 0 and is never pinned, only moved away now
 * and then when it is found on a worker's CPU: while another process keeps it from the CPU left for
 * it, it shares the worker's.  Does not nest, and serves one caller at a time. */
#include "tensor/pool.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#if defined __x86_64__
#include <immintrin.h>
#endif

/* Spinning is waste when a thread that is waited for needs the same CPU; otherwise it lasts longer
 * than what one thread does alone within a step, about a third of a millisecond. */
enum { SPINS = 10000, SPINS_SHARED = 20 };

/* Between attempts to move the caller: each may cost a time slice of the scheduler. */
#define MOVE_SECONDS 0.2

/* A counter that threads wait on, alone in its cache line. */
typedef struct gate {
    _Alignas(64) atomic_uint count;
    atomic_int sleepers;
} gate;

typedef struct worker {
    struct rfi_pool *pool;
    pthread_t id;
    int thread;
    int cpu; /* -1: not pinned */
} worker;

struct rfi_pool {
    gate start; /* advanced for each run */
    gate round; /* advanced when a barrier is complete */
    _Alignas(64) atomic_int arrived;
    _Alignas(64) atomic_int spins;
    double moved; /* when the caller was last moved */
    rf_worker_fn fn;
    void *ctx;
    bool stop;
    int threads;
    pid_t pid;
    int home; /* a CPU for the caller; -1: any */
    cpu_set_t allowed;
    worker *workers; /* [threads], 0 unused */
};

static void pause_cpu(void)
{
#if defined __x86_64__
    _mm_pause();
#elif defined __aarch64__
    __asm__ volatile("yield");
#endif
}

static void gate_sleep(gate *g, unsigned seen)
{
    atomic_fetch_add(&g->sleepers, 1);
    while (atomic_load(&g->count) == seen)
        syscall(SYS_futex, &g->count, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
    atomic_fetch_sub(&g->sleepers, 1);
}

/* Return once the count is no longer `seen`. */
static void gate_wait(rfi_pool *p, gate *g, unsigned seen)
{
    const int spins = atomic_load_explicit(&p->spins, memory_order_relaxed);
    for (int i = 0; i < spins; i++) {
        if (atomic_load_explicit(&g->count, memory_order_acquire) != seen) return;
        pause_cpu();
    }
    gate_sleep(g, seen);
}

static void gate_open(gate *g)
{
    atomic_fetch_add(&g->count, 1);
    if (atomic_load(&g->sleepers) > 0)
        syscall(SYS_futex, &g->count, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

void rfi_pool_barrier(rfi_pool *p)
{
    const unsigned seen = atomic_load_explicit(&p->round.count, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&p->arrived, 1, memory_order_acq_rel) == p->threads - 1) {
        atomic_store_explicit(&p->arrived, 0, memory_order_relaxed);
        gate_open(&p->round);
        return;
    }
    gate_wait(p, &p->round, seen);
}

static void pin(int cpu)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)cpu, &one);
    (void)pthread_setaffinity_np(pthread_self(), sizeof one, &one); /* a refusal costs speed only */
}

static void *worker_main(void *arg)
{
    worker *w = arg;
    rfi_pool *p = w->pool;
    if (w->cpu >= 0) pin(w->cpu);
    (void)rfi_float_flush();
    for (unsigned seen = 0;; seen++) {
        gate_wait(p, &p->start, seen);
        if (p->stop) return NULL;
        p->fn(p->ctx, w->thread, p->threads);
        rfi_pool_barrier(p);
    }
}

/* Give thread i the i-th allowed CPU, if there are enough. */
static void assign_cpus(rfi_pool *p)
{
    p->home = -1;
    for (int i = 0; i < p->threads; i++) p->workers[i].cpu = -1;
    if (sched_getaffinity(0, sizeof p->allowed, &p->allowed) != 0) return;
    if (CPU_COUNT(&p->allowed) < p->threads) return;
    for (int cpu = 0, i = 0; cpu < CPU_SETSIZE && i < p->threads; cpu++)
        if (CPU_ISSET((size_t)cpu, &p->allowed)) p->workers[i++].cpu = cpu;
    p->home = p->workers[0].cpu;
}

rfi_pool *rfi_pool_new(int threads)
{
    rfi_pool *p = rf_aligned_calloc(1, sizeof *p);
    worker *w = rf_aligned_calloc((size_t)threads, sizeof *w);
    if (!p || !w) {
        rf_aligned_free(p);
        rf_aligned_free(w);
        return NULL;
    }
    p->pid = getpid();
    p->workers = w;
    p->threads = threads;
    p->moved = -1;
    atomic_init(&p->spins, SPINS);
    assign_cpus(p);
    int made = 1;
    for (; made < threads; made++) {
        w[made] = (worker){.pool = p, .thread = made, .cpu = w[made].cpu};
        if (pthread_create(&w[made].id, NULL, worker_main, &w[made]) != 0) break;
    }
    p->threads = made; /* read by workers after the first start only */
    return p;
}

void rfi_pool_free(rfi_pool *p)
{
    if (!p) return;
    if (rfi_pool_alive(p)) {
        p->stop = true;
        gate_open(&p->start);
        for (int i = 1; i < p->threads; i++) pthread_join(p->workers[i].id, NULL);
    }
    rf_aligned_free(p->workers);
    rf_aligned_free(p);
}

bool rfi_pool_alive(const rfi_pool *p) { return p->pid == getpid(); }

int rfi_pool_threads(const rfi_pool *p) { return p->threads; }

int rfi_pool_thread(const rfi_pool *p)
{
    const pthread_t self = pthread_self();
    for (int i = 1; i < p->threads; i++)
        if (pthread_equal(p->workers[i].id, self)) return i;
    return 0;
}

/* Does the caller run on the CPU of a worker? */
static bool beside_worker(const rfi_pool *p)
{
    const int here = sched_getcpu();
    for (int i = 1; i < p->threads; i++)
        if (p->workers[i].cpu >= 0 && p->workers[i].cpu == here) return true;
    return false;
}

/* The scheduler leaves a running thread where it is, even beside a worker that spins. */
static void place_caller(rfi_pool *p)
{
    bool shared = p->home < 0;
    if (!shared && beside_worker(p)) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        const double now = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
        shared = now < p->moved + MOVE_SECONDS;
        if (!shared) {
            p->moved = now;
            pin(p->home);
            (void)pthread_setaffinity_np(pthread_self(), sizeof p->allowed, &p->allowed);
        }
    }
    atomic_store_explicit(&p->spins, shared ? SPINS_SHARED : SPINS, memory_order_relaxed);
}

void rfi_pool_run(rfi_pool *p, rf_worker_fn fn, void *ctx)
{
    place_caller(p);
    p->fn = fn;
    p->ctx = ctx;
    gate_open(&p->start);
    fn(ctx, 0, p->threads);
    rfi_pool_barrier(p);
}

int rfi_cpu_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}

unsigned long rfi_float_flush(void)
{
#if defined __x86_64__
    const unsigned state = _mm_getcsr();
    if ((state & 0x8040u) != 0x8040u) _mm_setcsr(state | 0x8040u); /* FTZ and DAZ */
    return state;
#elif defined __aarch64__
    unsigned long state;
    __asm__ volatile("mrs %0, fpcr" : "=r"(state));
    __asm__ volatile("msr fpcr, %0" : : "r"(state | (1ul << 24)));
    return state;
#else
    return 0;
#endif
}

void rfi_float_restore(unsigned long state)
{
#if defined __x86_64__
    if (_mm_getcsr() != (unsigned)state) _mm_setcsr((unsigned)state);
#elif defined __aarch64__
    __asm__ volatile("msr fpcr, %0" : : "r"(state));
#else
    (void)state;
#endif
}

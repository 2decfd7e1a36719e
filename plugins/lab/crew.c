/* lab/crew.c -- independent jobs, several at once.
 *
 * Invariant: everything of a crew but `stop` is read and written under its lock. */
#include "crew.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WATCH_NANOSECONDS 50000000

typedef struct crew {
    const lab_crew_task *task;
    pthread_mutex_t lock;
    pthread_cond_t change; /* a job ended, or a thread */
    atomic_bool stop;
    int64_t next;   /* the first job that nobody has begun */
    int64_t *ended; /* [jobs] those that went well, in the order in which they ended */
    int64_t ended_count, told;
    int running; /* threads */
    rf_error failure;
} crew;

/* The first failure is the one that counts: those after it are its consequences. */
static void note(crew *c, rf_status st, const rf_error *err)
{
    if (!st) return;
    if (!c->failure.status) c->failure = *err;
    if (!c->failure.status) c->failure.status = st;
    atomic_store(&c->stop, true);
}

static void do_job(crew *c, int64_t job)
{
    rf_error err = {0};
    pthread_mutex_unlock(&c->lock);
    rf_status st = c->task->work(c->task->self, job, &c->stop, &err);
    pthread_mutex_lock(&c->lock);
    note(c, st, &err);
    if (!st) c->ended[c->ended_count++] = job;
    pthread_cond_signal(&c->change);
}

static void *member(void *arg)
{
    crew *c = arg;
    pthread_mutex_lock(&c->lock);
    while (!atomic_load(&c->stop) && c->next < c->task->jobs) do_job(c, c->next++);
    c->running--;
    pthread_cond_signal(&c->change);
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* Call one of the caller's functions without the lock. */
static void tell(crew *c, int64_t job)
{
    rf_error err = {0};
    pthread_mutex_unlock(&c->lock);
    rf_status st = c->task->done(c->task->self, job, &err);
    pthread_mutex_lock(&c->lock);
    note(c, st, &err);
}

static void watch(crew *c)
{
    rf_error err = {0};
    if (c->failure.status) return;
    pthread_mutex_unlock(&c->lock);
    rf_status st = c->task->watch(c->task->self, &err);
    pthread_mutex_lock(&c->lock);
    note(c, st, &err);
}

static void wait_a_moment(crew *c)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WATCH_NANOSECONDS;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&c->change, &c->lock, &until);
}

static void attend(crew *c)
{
    while (c->running || c->told < c->ended_count) {
        watch(c);
        if (c->told < c->ended_count)
            tell(c, c->ended[c->told++]);
        else if (c->running)
            wait_a_moment(c);
    }
}

static int start(crew *c, pthread_t *id, int threads)
{
    int made = 0;
    pthread_mutex_lock(&c->lock);
    while (made < threads && !pthread_create(&id[made], NULL, member, c)) made++;
    c->running = made;
    return made;
}

static bool crew_init(crew *c, const lab_crew_task *task)
{
    pthread_condattr_t clock;
    *c = (crew){.task = task, .ended = calloc((size_t)task->jobs + 1, sizeof *c->ended)};
    if (!c->ended) return false;
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&c->change, &clock);
    pthread_condattr_destroy(&clock);
    return true;
}

rf_status lab_crew_run(const lab_crew_task *task, int threads, rf_error *err)
{
    crew c;
    if (threads > task->jobs) threads = (int)task->jobs;
    if (threads < 1) return RF_OK;
    pthread_t *id = calloc((size_t)threads, sizeof *id);
    if (!id || !crew_init(&c, task)) {
        free(id);
        return rf_no_memory(err);
    }
    const int made = start(&c, id, threads);
    attend(&c);
    pthread_mutex_unlock(&c.lock);
    for (int i = 0; i < made; i++) pthread_join(id[i], NULL);
    pthread_cond_destroy(&c.change);
    pthread_mutex_destroy(&c.lock);
    free(c.ended);
    free(id);
    if (!made) return rf_fail(err, RF_EIO, "the system gives no thread");
    if (c.failure.status && err) *err = c.failure;
    return c.failure.status;
}

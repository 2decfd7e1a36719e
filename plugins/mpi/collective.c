/* mpi/collective.c -- the interface rf.collective/1 over MPI.
 *
 * MPI's own world is all there is to remember: the table has no state.  A sum is made where its part
 * belongs and sent to all from there, so that every rank has the same bits. */
#include "collective.h"

#include <limits.h>
#include <mpi.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define REAL (RF_REAL_BYTES == 4 ? MPI_FLOAT : MPI_DOUBLE)

/* Counts of MPI are ints. */
enum { MOST = 1 << 28 };

static rf_status check(int code, const char *doing, rf_error *err)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int n = 0;
    if (code == MPI_SUCCESS) return RF_OK;
    MPI_Error_string(code, text, &n);
    return rf_fail(err, RF_EIO, "mpi: %s: %s", doing, text);
}

/* ---- Joining and leaving ---------------------------------------------------------------------- */

static const int crashes[] = {SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
enum { CRASHES = sizeof crashes / sizeof *crashes };

/* The library takes these signals for itself; a plugin takes none. */
static int initialise(void)
{
    struct sigaction old[CRASHES];
    int given;
    for (int k = 0; k < CRASHES; k++) sigaction(crashes[k], NULL, &old[k]);
    const int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &given);
    for (int k = 0; k < CRASHES; k++) sigaction(crashes[k], &old[k], NULL);
    return code;
}

static rf_status join(const rf_collective *c, rf_error *err)
{
    int done = 0;
    (void)c;
    MPI_Initialized(&done);
    rf_status st = done ? RF_OK : check(initialise(), "joining", err);
    return st ? st
              : check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "joining", err);
}

static int32_t rank(const rf_collective *c)
{
    int r = 0;
    (void)c;
    MPI_Comm_rank(MPI_COMM_WORLD, &r);
    return r;
}

static int32_t ranks(const rf_collective *c)
{
    int n = 1;
    (void)c;
    MPI_Comm_size(MPI_COMM_WORLD, &n);
    return n;
}

static void leave(const rf_collective *c)
{
    (void)c;
    MPI_Finalize();
}

static void end_all(const rf_collective *c, int32_t code)
{
    (void)c;
    MPI_Abort(MPI_COMM_WORLD, code);
    _exit(code);
}

/* ---- Place ------------------------------------------------------------------------------------ */

static bool overlap(const cpu_set_t *a, const cpu_set_t *b)
{
    cpu_set_t both;
    CPU_AND(&both, a, b);
    return CPU_COUNT(&both) > 0;
}

/* Among the processes of one machine, those whose processors overlap with this one's. */
static void count_neighbours(MPI_Comm machine, int32_t *index, int32_t *count)
{
    int me, n;
    cpu_set_t own;
    CPU_ZERO(&own);
    sched_getaffinity(0, sizeof own, &own);
    MPI_Comm_rank(machine, &me);
    MPI_Comm_size(machine, &n);
    cpu_set_t *all = calloc((size_t)n, sizeof *all);
    if (!all) return;
    MPI_Allgather(&own, sizeof own, MPI_BYTE, all, sizeof own, MPI_BYTE, machine);
    *index = *count = 0;
    for (int k = 0; k < n; k++) {
        if (k != me && !overlap(&own, &all[k])) continue;
        *index += k < me;
        ++*count;
    }
    free(all);
}

static void place(const rf_collective *c, int32_t *index, int32_t *count)
{
    MPI_Comm machine;
    (void)c;
    *index = 0;
    *count = 1;
    if (MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine))
        return;
    count_neighbours(machine, index, count);
    MPI_Comm_free(&machine);
}

/* ---- Sums and messages ------------------------------------------------------------------------- */

static int sum_some(void *x, int n, MPI_Datatype type)
{
    int me = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &me);
    const int code = MPI_Reduce(me ? x : MPI_IN_PLACE, x, n, type, MPI_SUM, 0, MPI_COMM_WORLD);
    return code ? code : MPI_Bcast(x, n, type, 0, MPI_COMM_WORLD);
}

static rf_status sum_reals(const rf_collective *c, rf_real *x, int64_t n, rf_error *err)
{
    rf_status st = RF_OK;
    (void)c;
    for (int64_t k = 0; k < n && !st; k += MOST)
        st = check(sum_some(x + k, n - k < MOST ? (int)(n - k) : MOST, REAL), "adding up", err);
    return st;
}

static rf_status sum(const rf_collective *c, double *x, int64_t n, rf_error *err)
{
    rf_status st = RF_OK;
    (void)c;
    for (int64_t k = 0; k < n && !st; k += MOST)
        st = check(sum_some(x + k, n - k < MOST ? (int)(n - k) : MOST, MPI_DOUBLE), "adding up",
                   err);
    return st;
}

static rf_status broadcast(const rf_collective *c, void *bytes, int64_t n, int32_t from,
                           rf_error *err)
{
    char *at = bytes;
    rf_status st = RF_OK;
    (void)c;
    for (int64_t k = 0; k < n && !st; k += MOST)
        st = check(
            MPI_Bcast(at + k, n - k < MOST ? (int)(n - k) : MOST, MPI_BYTE, from, MPI_COMM_WORLD),
            "sending", err);
    return st;
}

/* ---- Meeting ---------------------------------------------------------------------------------- */

static double clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Whether all requests are done in time. */
static bool await(int n, MPI_Request *request, double until)
{
    for (int done = 0;;) {
        if (MPI_Testall(n, request, &done, MPI_STATUSES_IGNORE)) return false;
        if (done) return true;
        if (until >= 0 && clock_now() > until) return false;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

/* Messages from one to one, which do not meet a sum that another rank waits in: each rank reports to
 * rank 0, which then answers all. */
enum { HERE = 1, ALL_HERE = 2 };

static bool meet_all(int me, int n, MPI_Request *request, double until)
{
    for (int k = 1; k < n && !me; k++)
        MPI_Irecv(NULL, 0, MPI_BYTE, k, HERE, MPI_COMM_WORLD, &request[k - 1]);
    if (!me) {
        if (!await(n - 1, request, until)) return false;
        for (int k = 1; k < n; k++)
            MPI_Isend(NULL, 0, MPI_BYTE, k, ALL_HERE, MPI_COMM_WORLD, &request[k - 1]);
        return await(n - 1, request, -1);
    }
    MPI_Isend(NULL, 0, MPI_BYTE, 0, HERE, MPI_COMM_WORLD, &request[0]);
    MPI_Irecv(NULL, 0, MPI_BYTE, 0, ALL_HERE, MPI_COMM_WORLD, &request[1]);
    return await(2, request, until);
}

static int32_t meet(const rf_collective *c, double seconds)
{
    const int n = ranks(c);
    MPI_Request *request = calloc((size_t)n + 1, sizeof(MPI_Request));
    const bool met =
        request && meet_all(rank(c), n, request, seconds < 0 ? -1 : clock_now() + seconds);
    free(request);
    return met;
}

const rf_collective mpi_collective = {.size = sizeof mpi_collective,
                                      .join = join,
                                      .rank = rank,
                                      .ranks = ranks,
                                      .place = place,
                                      .sum_reals = sum_reals,
                                      .sum = sum,
                                      .broadcast = broadcast,
                                      .meet = meet,
                                      .abort = end_all,
                                      .leave = leave};

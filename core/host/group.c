/* host/group.c -- one run in several processes: who started them, the plugin that joins them, their
 * share of the machine, and their common end.
 *
 * Invariant: a process that a launcher started beside others works together with them or fails; it
 * never does the same work once more. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "host/group.h"

#define PATIENCE 3.0 /* seconds that a rank which failed gives the others to come to the same end */

/* How MPI's launchers tell a process who it is, before it joins. */
static const struct {
    const char *ranks, *rank;
} launchers[] = {{"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"}, {"PMI_SIZE", "PMI_RANK"}};

static int number_of(const char *name)
{
    const char *text = getenv(name);
    return text ? atoi(text) : 0;
}

/* How many processes were started; 1 if none of them by a launcher. */
static int launched(int *rank)
{
    for (size_t k = 0; k < sizeof launchers / sizeof *launchers; k++) {
        const int ranks = number_of(launchers[k].ranks);
        *rank = number_of(launchers[k].rank);
        if (ranks > 1) return ranks;
    }
    *rank = 0;
    return 1;
}

static rf_status missing(int ranks, rf_str *why, rf_error *err)
{
    for (size_t k = 0; k < why->n; k++)
        if (why->s[k] == '\n') why->s[k] = ';';
    return rf_fail(err, RF_ENOTSUP, "MPI started %d processes, which cannot work together: %s",
                   ranks, why->s ? why->s : "no memory");
}

/* The table of the plugin, which is never unloaded. */
static rf_status find_collective(rfi_group *g, int ranks, const char *dir, rf_error *err)
{
    rf_str why = {0};
    rf_status st = RF_OK;
    rf_module *m = rf_module_find("mpi", dir, &why);
    if (m)
        g->c = m->plugin->query(RF_COLLECTIVE);
    else
        st = missing(ranks, &why, err);
    if (m && !g->c) st = rf_fail(err, RF_EVERSION, "%s: has no %s", m->path, RF_COLLECTIVE);
    rf_module_free(m);
    rf_str_free(&why);
    return st;
}

rf_status rfi_group_join(rfi_group *g, const rf_module_verb *v, const char *plugin_dir,
                         rf_error *err)
{
    const int ranks = launched(&g->rank);
    if (ranks == 1) return RF_OK;
    if (!(v->def.flags & RF_VERB_RANKS))
        return rf_fail(err, RF_EINVAL, "%s: is the work of one process; MPI started %d",
                       v->def.name, ranks);
    rf_status st = find_collective(g, ranks, plugin_dir, err);
    if (!st) st = g->c->join(g->c, err);
    if (!st && g->c->ranks(g->c) != ranks)
        st = rf_fail(err, RF_ENOTSUP,
                     "refrain-mpi.so: sees %d processes where %d were started: another MPI's",
                     g->c->ranks(g->c), ranks);
    if (st) g->c = NULL;
    return st;
}

/* ---- The machine ------------------------------------------------------------------------------ */

/* Keep this process to `count` of its processors, from number `from` on. */
static void keep_to(const cpu_set_t *all, int from, int count)
{
    cpu_set_t own;
    CPU_ZERO(&own);
    for (int cpu = 0, k = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET((size_t)cpu, all)) continue;
        if (k >= from && k < from + count) CPU_SET((size_t)cpu, &own);
        k++;
    }
    (void)sched_setaffinity(0, sizeof own, &own); /* a refusal costs speed only */
}

uint32_t rfi_group_threads(const rfi_group *g, int64_t wished)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    int32_t index = 0, count = 1;
    const bool known = sched_getaffinity(0, sizeof set, &set) == 0;
    const int cpus = known && CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
    if (g->c) g->c->place(g->c, &index, &count);
    const int64_t share = cpus / count > 0 ? cpus / count : 1;
    const int64_t threads = wished > 0 ? wished : share;
    if (g->c && known && threads * count <= cpus) keep_to(&set, (int)threads * index, (int)threads);
    return (uint32_t)threads;
}

/* ---- The end ---------------------------------------------------------------------------------- */

bool rfi_group_meet(const rfi_group *g, bool failed)
{
    return !g->c || g->c->meet(g->c, failed ? PATIENCE : -1);
}

void rfi_group_end(rfi_group *g, bool met, int code)
{
    if (!g->c) return;
    if (met)
        g->c->leave(g->c);
    else
        g->c->abort(g->c, code);
    g->c = NULL;
}

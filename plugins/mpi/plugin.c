/* mpi/plugin.c -- the plugin by which processes that mpirun started share a training.
 *
 * Other plugins never see it: the host asks it for rf.collective/1 and hands that on.  Its one verb
 * shows whether MPI works here. */
#include <refrain/task.h>
#include <unistd.h>

#include "collective.h"

enum { NAME = 64 };

typedef struct seat {
    int32_t index, count;
    char machine[NAME];
} seat;

static rf_status show(const rf_host *h, int32_t rank, const seat *s)
{
    rf_field row[] = {rf_field_int("rank", rank), rf_field_string("machine", s->machine),
                      rf_field_int("place", s->index), rf_field_int("of", s->count)};
    return rf_emit_record(h, -1, "ranks", row, sizeof row / sizeof *row);
}

static rf_status list_ranks(rf_session *s, const rf_run *r)
{
    const rf_host *h = s->host;
    const rf_collective *c = h->service(h, RF_COLLECTIVE);
    rf_error err = {0};
    seat own = {.count = 1};
    rf_status st = RF_OK;
    (void)r;
    gethostname(own.machine, NAME - 1);
    if (!c) return show(h, 0, &own);
    c->place(c, &own.index, &own.count);
    for (int32_t k = 0, n = c->ranks(c); k < n && !st; k++) {
        seat one = own;
        if (c->broadcast(c, &one, sizeof one, k, &err)) return h->fail(h, err.status, err.text);
        st = show(h, k, &one);
    }
    return st;
}

static const char *const examples[] = {"# Does MPI work here?\nmpirun -n 2 refrain-mpi ranks",
                                       NULL};

static const rf_verb verbs[] = {
    {.name = "ranks",
     .summary = "list the processes that work together",
     .help = "For each process: its rank, its machine, and which place it has among those that may "
             "run on the same processors.",
     .emits = RF_EMITS(RF_EV_RECORD),
     .flags = RF_VERB_RANKS,
     .examples = examples,
     .run = list_ranks},
    {0}};

static const void *query(const char *id)
{
    return strcmp(id, RF_COLLECTIVE) ? NULL : &mpi_collective;
}

static const rf_plugin plugin = {
    RF_PLUGIN_HEAD(0),
    .id = "org.refrain.mpi",
    .task = "mpi",
    .name = "MPI",
    .summary = "let processes that mpirun starts share one training",
    .help =
        "Nothing needs to be said: mpirun -n 4 refrain-lm train ... shares the batch out to four "
        "processes, and gives the model that one process would.",
    .version = "1.0.0",
    .license = "MIT",
    .verbs = verbs,
    .open = rf_session_open,
    .close = rf_session_close,
    .query = query,
};

RF_PLUGIN(plugin)

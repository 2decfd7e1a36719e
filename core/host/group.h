/* host/group.h -- processes that MPI started to share one run, as the host sees them. */
#ifndef HOST_GROUP_H
#define HOST_GROUP_H

#include <refrain/collective.h>
#include <refrain/host.h>

typedef struct rfi_group {
    const rf_collective *c; /* NULL: this process is alone, or has not joined */
    int rank;
} rfi_group;

/* If a launcher started several processes, find refrain-mpi.so and become one of them; else nothing.
 * Errors: EINVAL the verb does not share work; ENOTSUP the plugin is missing, or of another MPI. */
rf_status rfi_group_join(rfi_group *g, const rf_module_verb *v, const char *plugin_dir,
                         rf_error *err);
/* How many threads to compute with: as many as wished (0: all that this process may use), which are
 * shared out to the processes of this machine, as are the processors. */
uint32_t rfi_group_threads(const rfi_group *g, int64_t wished);
/* At the end of a run: whether all ranks are at theirs.  Ranks that failed do not wait for long. */
bool rfi_group_meet(const rfi_group *g, bool failed);
/* After that: leave the others, or end them if they are not at their end.  May not return. */
void rfi_group_end(rfi_group *g, bool met, int code);

#endif

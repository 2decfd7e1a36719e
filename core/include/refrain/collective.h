/* refrain/collective.h -- processes that share one training: the interface "rf.collective/1".
 *
 * Processes are numbered: rank 0, 1 ... ranks-1.  All call the same functions of this table in the
 * same order, with arrays of the same length, and each call returns when the ranks' parts have come
 * together.  A plugin answers rf_plugin.query(RF_COLLECTIVE) with such a table (refrain-mpi.so, over
 * MPI).  The host finds it, joins and leaves; a plugin whose verb has RF_VERB_RANKS gets the joined
 * table from rf_host.service(RF_COLLECTIVE), or NULL where the process is alone.
 *
 * A rank that cannot go on just returns its failure: the host, which finds the other ranks not at
 * their end, aborts them.  So nobody waits for ever, and no failure needs to be agreed on. */
#ifndef REFRAIN_COLLECTIVE_H
#define REFRAIN_COLLECTIVE_H

#include <refrain/status.h>

RF_BEGIN

#define RF_COLLECTIVE "rf.collective/1"

typedef struct rf_collective rf_collective;

/* Every pointer is non-NULL.  One thread at a time calls.  A failure is RF_EIO with err: the ranks
 * are lost to one another. */
struct rf_collective {
    uint32_t size;  /* sizeof(rf_collective) as its maker knew it */
    uint32_t flags; /* 0 */
    void *self;     /* its own */

    /* Become one of the ranks; the other functions may be called after that. */
    rf_status (*join)(const rf_collective *c, rf_error *err);
    int32_t (*rank)(const rf_collective *c);
    int32_t (*ranks)(const rf_collective *c);
    /* This rank is number `index` of the `count` that may run on the same processors. */
    void (*place)(const rf_collective *c, int32_t *index, int32_t *count);
    /* x [n] of all ranks, added up, to all ranks: the same bits on each. */
    rf_status (*sum_reals)(const rf_collective *c, rf_real *x, int64_t n, rf_error *err);
    rf_status (*sum)(const rf_collective *c, double *x, int64_t n, rf_error *err);
    /* n bytes of rank `from` to all. */
    rf_status (*broadcast)(const rf_collective *c, void *bytes, int64_t n, int32_t from,
                           rf_error *err);
    /* Wait until every rank has called this, but no longer than so many seconds (< 0: for ever).
     * 0: some have not; 1: all have.  May be called while other ranks are in another function. */
    int32_t (*meet)(const rf_collective *c, double seconds);
    /* End the processes of all ranks, this one with exit status `code`.  Does not return. */
    void (*abort)(const rf_collective *c, int32_t code);
    /* After a meeting of all: be alone again, for good. */
    void (*leave)(const rf_collective *c);
};

RF_END
#endif

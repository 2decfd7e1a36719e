/* lab/crew.h -- independent jobs, several at once, each on a thread of its own.
 *
 * A training of a small network gains little from a second thread, two trainings side by side gain
 * all of it.  What a job computes must not depend on which others run beside it. */
#ifndef LAB_CREW_H
#define LAB_CREW_H

#include <refrain/base.h>
#include <stdatomic.h>

typedef struct lab_crew_task {
    void *self;
    int64_t jobs;
    /* Do a job, on a thread of the crew; once `stop` is true, return RF_ECANCELLED soon. */
    rf_status (*work)(void *self, int64_t job, const atomic_bool *stop, rf_error *err);
    /* On the caller's thread, once for each job that went well, in the order in which they end. */
    rf_status (*done)(void *self, int64_t job, rf_error *err);
    /* On the caller's thread, twenty times a second; a failure stops the crew. */
    rf_status (*watch)(void *self, rf_error *err);
} lab_crew_task;

/* Jobs begin in order, at most `threads` at once.  The first failure stops the others and is
 * returned, after `done` was called for all that went well.  Errors: those of the three functions;
 * ENOMEM; EIO, the system gives no thread. */
rf_status lab_crew_run(const lab_crew_task *task, int threads, rf_error *err);

#endif

/* lab/contest.h -- the same search for every cell, and the repetition of what was best.
 *
 * Results are sent in the order of the trainings, whichever ends first, and depend on nothing but data,
 * settings and seed: not on threads, nor on what a ledger knew before. */
#ifndef LAB_CONTEST_H
#define LAB_CONTEST_H

#include <refrain/task.h>

#include "ledger.h"
#include "search.h"
#include "verdict.h"

/* A training: which, with what, and how it went once `known`. */
typedef struct lab_job {
    lab_entry entry;
    lab_attempt trial;
    lab_outcome out;
    bool known;
    atomic_llong epoch; /* while it is under way */
} lab_job;

typedef struct lab_contest {
    /* To be filled in. */
    const rf_host *host;
    rf_error *err;
    lab_frame frame;
    lab_range range[DRAWS];
    const rf_cell *cell[LAB_GROUPS];
    int cells, threads;
    int64_t trial_count; /* with each cell; 0: the ranges are numbers, and right */
    int64_t seed_count;  /* repetitions of each cell's best */
    uint64_t seed;
    lab_ledger *ledger;
    /* What comes of it. */
    int64_t finished, total;   /* trainings */
    lab_job *trials, *repeats; /* [cells * trial_count], [cells * seed_count] */
    /* The part at work. */
    lab_job *jobs;
    int64_t count, told;
    bool stopped;  /* the host wants no more */
    int64_t *todo; /* [count] those that are not known yet */
    rf_status (*tell)(struct lab_contest *all, int64_t i);
} lab_contest;

/* Search, then repeat; sends the tables "trial", "influence" and "training".  Free it in any case.
 * Errors: ECANCELLED; those of a training or of the ledger; ENOMEM. */
rf_status lab_contest_run(lab_contest *all);
void lab_contest_free(lab_contest *all);
/* The results of each cell, in the order of the cells: groups [cells], nll [cells * seed_count].  How
 * many groups there are: a cell without a result in any trial has none. */
int lab_contest_groups(const lab_contest *all, lab_group *groups, double *nll);
/* Append how long a repetition took, cell by cell. */
void lab_contest_time(const lab_contest *all, rf_str *out);

#endif

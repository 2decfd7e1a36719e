/* train/fit.h -- inside of rf_fit: what lasts from step to step, and its parts. */
#ifndef RFI_TRAIN_FIT_H
#define RFI_TRAIN_FIT_H

#include <refrain/train.h>
#include <stdio.h>

enum { RFI_CURVE = 2048 };

/* Points of a learning curve.  When it is full, neighbours are merged into their means. */
typedef struct rfi_curve {
    int64_t n;
    double x[RFI_CURVE], y[RFI_CURVE];
} rfi_curve;

/* Everything of the loop itself that a resume needs; arrays of one type each, stored as such. */
typedef struct rfi_counts {
    int64_t seed, step, epoch, epoch_step; /* epoch_step: the step at which the epoch began */
    int64_t valid_step, has_best, best_step, bad;
    int64_t log_bytes;
    int64_t plateau_validations, plateau_bad;
} rfi_counts;

typedef struct rfi_numbers {
    double elapsed, best;
    double plateau_factor, plateau_best;
    rf_mean_value since_report, since_valid;
} rfi_numbers;

/* What a process knows of those it trains with. */
typedef struct rfi_ranks {
    const rf_collective *c; /* NULL: there are none */
    int rank, count;
    bool wants_stop;       /* this rank's task; `stop` says it one step later, to all */
    bool stop, late, save; /* agreed on in the last step: stop, time is up, save now */
    rf_index packed;       /* elements of `pack` */
    rf_real *pack;         /* small gradients and the rows of sparse ones, to be sent as one */
    rf_real *rows;         /* [rows_room] some rows of a sparse gradient */
    rf_index rows_room;
    rf_slot *whole; /* [n_slots] of slots that are split: all ranks' parts; else data NULL */
    rf_real *part;  /* room for one rank's part of any of them */
} rfi_ranks;

typedef struct rfi_fit {
    const rf_fit_spec *spec;
    rf_optimizer *optimizer;
    rf_schedule schedule;
    rfi_counts count;
    rfi_numbers number;
    rfi_curve *train, *valid;
    rf_real *best;      /* copy of the best parameters */
    rf_slot *slots;     /* the loop's own, the task's, then the best parameters */
    char *slot_names;   /* of the last ones */
    int n_slots;        /* without the best parameters */
    rf_metrics metrics; /* of the best validation */
    const char *metric; /* name of what `valid` shows */
    double norm;        /* of the last step */
    rfi_ranks ranks;

    double begun, base;     /* clock at the start; seconds of training before it */
    int64_t first_step;     /* of this process */
    double reported, saved; /* clock at the last report and the last save */
    double away;            /* seconds since the last report that were no training steps */
    int64_t reported_step, saved_step;
    FILE *log;
    char why[96];
} rfi_fit;

double rfi_clock(void);
double rfi_fit_elapsed(const rfi_fit *f);
/* By this process's clock: the minutes are over; so many seconds have passed since a save. */
bool rfi_fit_is_late(const rfi_fit *f);
bool rfi_fit_save_is_due(const rfi_fit *f);

/* train/fit_state.c */
rf_status rfi_fit_init(rfi_fit *f, const rf_fit_spec *spec, rf_error *err);
void rfi_fit_free(rfi_fit *f);
void rfi_fit_keep_best(rfi_fit *f);
void rfi_fit_restore_best(rfi_fit *f);
rf_status rfi_fit_save(rfi_fit *f, rf_error *err);
rf_status rfi_fit_load(rfi_fit *f, rf_error *err);

/* train/ranks.c: nothing happens where there are no ranks. */
rf_status rfi_ranks_init(rfi_fit *f, rf_error *err);
void rfi_ranks_free(rfi_fit *f);
/* Whether this process writes and reports: rank 0, or the only one. */
bool rfi_ranks_lead(const rfi_fit *f);
/* Before the first step: the same parameters everywhere, and the same step. */
rf_status rfi_ranks_begin(rfi_fit *f, rf_error *err);
/* This rank's mean loss over its units becomes that of the batch, its units the batch's. */
rf_status rfi_ranks_agree(rfi_fit *f, double *loss, double *units, rf_error *err);
rf_status rfi_ranks_sum_gradients(rfi_fit *f, rf_error *err);
/* After what one rank does alone: when its status is a failure, so is everyone's. */
rf_status rfi_ranks_settle(rfi_fit *f, rf_status status, rf_error *err);
/* Rank 0's numbers to all. */
rf_status rfi_ranks_tell(rfi_fit *f, rf_metrics *m, rf_error *err);
/* Slots that are split: from all ranks' memory into `whole`, and from there into this rank's. */
rf_status rfi_ranks_gather(rfi_fit *f, rf_error *err);
void rfi_ranks_scatter(rfi_fit *f);

/* train/report.c */
rf_status rfi_report_open(rfi_fit *f, rf_error *err);
rf_status rfi_report_close(rfi_fit *f, rf_error *err);
rf_status rfi_report_step(rfi_fit *f, rf_error *err);
rf_status rfi_report_valid(rfi_fit *f, const rf_metrics *m, bool best, rf_error *err);
rf_status rfi_report(rfi_fit *f, rf_fit_kind kind, rf_error *err);

#endif

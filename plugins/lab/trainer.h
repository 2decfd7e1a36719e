/* lab/trainer.h -- the loop of the lab's experiments: train on batches that are made as they are
 * asked for, measure now and then, stop when it is enough.
 *
 * Thin over rf_fit: no epochs, no files.  What a step does depends on the seed and the step only.
 *
 *     lab_training t = {.host = h, .params = ps, .graph = g, .seed = r->seed, .steps = 1000,
 *                       .every = 100, .self = &mine, .loss = loss, .measure = measure, .told = told};
 *     st = lab_train(&t, &done, err);
 */
#ifndef LAB_TRAINER_H
#define LAB_TRAINER_H

#include <refrain/plugin.h>
#include <refrain/train.h>

/* Zero means the default that is named, none, or never. */
typedef struct lab_training {
    const rf_host *host;
    rf_params *params; /* with their first values */
    rf_graph *graph;
    uint64_t seed;
    const rf_optimizer_row *optimizer; /* NULL: adam */
    double rate;                       /* 0: the optimizer's usual one */
    double clip;                       /* largest norm of a gradient */
    rf_schedule_kind schedule;         /* over `steps`; constant */
    double floor;                      /* where the schedule ends, a part of the rate; 0.05 */
    int64_t steps;                     /* at most */
    int64_t every;                     /* steps between measurements; 0: one at the end */
    bool keep_best;       /* leave the parameters of the best measurement in place, not the last */
    bool higher;          /* the first metric is better when higher */
    bool bears;           /* a loss or gradient that is not finite ends it, which is no failure */
    double before, total; /* steps of the whole run before this training, and in all: progress */

    void *self;
    /* Make batch number `step` and build its mean loss. */
    rf_node (*loss)(void *self, rf_graph *g, int64_t step);
    /* Fill in m, of which the first decides what is best.  NULL: the training loss. */
    rf_status (*measure)(void *self, rf_graph *g, rf_metrics *m, rf_error *err);
    /* After each measurement: e->step, e->learned (mean training loss since the last), e->metrics.
     * *enough = true ends the training well.  NULL: nothing. */
    rf_status (*told)(void *self, const rf_fit_event *e, bool *enough);

    /* The loop's own. */
    int64_t step;
    bool enough;
    rf_status stopped;
} lab_training;

typedef struct lab_trained {
    int64_t steps;
    double seconds; /* for the log: no result depends on it */
    bool diverged;  /* loss or gradient was not finite */
} lab_trained;

/* Train.  RF_OK; RF_ECANCELLED: asked to stop; RF_EDIVERGED, unless it bears that; any other with err:
 * what a callback or host said. */
rf_status lab_train(lab_training *t, lab_trained *out, rf_error *err);
/* Tell the host how far it is: for what takes long within a callback.  A wish to stop is obeyed
 * after the step. */
void lab_train_tick(lab_training *t);

#endif

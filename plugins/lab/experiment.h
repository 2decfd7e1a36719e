/* lab/experiment.h -- one network, one task, one training: what the verbs gradients and memory
 * repeat for each cell. */
#ifndef LAB_EXPERIMENT_H
#define LAB_EXPERIMENT_H

#include "network.h"
#include "trainer.h"

typedef struct lab_experiment {
    const lab_task *task;
    lab_task_size size;
    uint64_t seed;
    lab_network net;
    lab_batch train; /* the batch of the step */
    lab_batch test;  /* sequences that are not trained on */
    lab_training training;
    void *owner; /* the verb's own, for its callbacks */
} lab_experiment;

/* Lay out batches of B to train on and of `tested` to test, and a network for them; the training is
 * `loop` with parameters, seed and loss filled in.  EINVAL: the size is not the task's; ENOMEM. */
rf_status lab_experiment_init(lab_experiment *e, const lab_task *task, const lab_task_size *size,
                              const lab_network_spec *net, rf_index B, rf_index tested,
                              const lab_training *loop, uint64_t seed, rf_error *err);
void lab_experiment_free(lab_experiment *e);

/* Score the network on `count` sequences of e->test's size that are new at each step. */
rf_status lab_experiment_score(lab_experiment *e, rf_graph *g, rf_index count, lab_score *out,
                               rf_error *err);

#endif

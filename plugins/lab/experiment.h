/* lab/experiment.h -- one network, one task, one training: what the verbs gradients and memory
 * repeat for each cell. */
#ifndef LAB_EXPERIMENT_H
#define LAB_EXPERIMENT_H

#include "network.h"
#include "trainer.h"

/* The options that both have, at the beginning of their tables. */
enum {
    TRY_CELL,
    TRY_HIDDEN,
    TRY_LAYERS,
    TRY_FORGET_BIAS,
    TRY_BATCH,
    TRY_STEPS,
    TRY_RATE,
    TRY_CLIP,
    TRY_COUNT
};
#define TRY_LEARN "Learning"
#define TRY_ROWS(CELLS, STEPS, LEAST, HELP)                                                        \
    [TRY_CELL] = {.name = "cell",                                                                  \
                  .type = RF_STRING,                                                               \
                  .letter = 'c',                                                                   \
                  .def = CELLS,                                                                    \
                  .meta = "NAMES",                                                                 \
                  .help = "cells, with commas between them, and :RATE where one needs another "    \
                          "learning rate; irnn: elman-relu that begins as the identity"},          \
    [TRY_HIDDEN] = {.name = "hidden",                                                              \
                    .type = RF_INT,                                                                \
                    .letter = 'H',                                                                 \
                    .def = "64",                                                                   \
                    .min = 1,                                                                      \
                    .max = 65536,                                                                  \
                    .help = "units of a layer"},                                                   \
    [TRY_LAYERS] =                                                                                 \
        {.name = "layers", .type = RF_INT, .def = "1", .min = 1, .max = 64, .help = "layers"},     \
    [TRY_FORGET_BIAS] = {.name = "forget-bias",                                                    \
                         .type = RF_REAL,                                                          \
                         .def = "1",                                                               \
                         .min = -100,                                                              \
                         .max = 100,                                                               \
                         .help = "of an LSTM's forget gates at the beginning; 0: as all other "    \
                                 "biases"},                                                        \
    [TRY_BATCH] = {.name = "batch",                                                                \
                   .type = RF_INT,                                                                 \
                   .letter = 'b',                                                                  \
                   .def = "32",                                                                    \
                   .min = 1,                                                                       \
                   .max = 65536,                                                                   \
                   .group = TRY_LEARN,                                                             \
                   .help = "sequences of a step of learning; none comes twice"},                   \
    [TRY_STEPS] = {.name = "steps",                                                                \
                   .type = RF_INT,                                                                 \
                   .letter = 'n',                                                                  \
                   .def = STEPS,                                                                   \
                   .min = LEAST,                                                                   \
                   .max = 1e9,                                                                     \
                   .group = TRY_LEARN,                                                             \
                   .help = HELP},                                                                  \
    [TRY_RATE] = {.name = "learning-rate",                                                         \
                  .type = RF_REAL,                                                                 \
                  .letter = 'r',                                                                   \
                  .def = "0.01",                                                                   \
                  .min = 0,                                                                        \
                  .max = 1000,                                                                     \
                  .flags = RF_OPT_LOGSCALE | RF_OPT_ABOVE,                                         \
                  .meta = "RATE",                                                                  \
                  .group = TRY_LEARN,                                                              \
                  .help = "size of a step"},                                                       \
    [TRY_CLIP] = {.name = "clip",                                                                  \
                  .type = RF_REAL,                                                                 \
                  .def = "1",                                                                      \
                  .min = 0,                                                                        \
                  .max = 1e6,                                                                      \
                  .group = TRY_LEARN,                                                              \
                  .help = "largest norm of a gradient; 0: any"}

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

/* Lay out batches to train on and of `tested` to test, and a network of that cell for them, by the options
 * v (TRY_ROWS); the training is `loop` with all that these say, and with parameters, seed and loss.
 * EINVAL: the size is not the task's; ENOMEM. */
rf_status lab_experiment_init(lab_experiment *e, const lab_task *task, const lab_task_size *size,
                              const lab_cell_kind *cell, const rf_setting *v, rf_index tested,
                              const lab_training *loop, uint64_t seed, rf_error *err);
void lab_experiment_free(lab_experiment *e);

/* Score the network on `count` sequences of e->test's size that are new at each step. */
rf_status lab_experiment_score(lab_experiment *e, rf_graph *g, rf_index count, lab_score *out,
                               rf_error *err);

#endif

/* refrain/training.h -- what the training verbs of task plugins share: the options of learning, the
 * metadata of model and state, exact resume, stopping, reports, and the way from these to rf_fit.
 *
 *     typedef struct my_training {
 *         rf_training base;   // first
 *         ...
 *     } my_training;
 *
 *     t.base = (rf_training){.s = s, .r = r, .table = my_options, .v = v, .learn = MY_LEARN,
 *                            .plugin = "org.example.x", .task = "x"};
 *     rf_training_begin     completes v and the seed from MODEL.state when resuming
 *     ...                   the task reads its data and builds its network
 *     rf_training_describe  the metadata of model and state
 *     rf_training_fit       rf_fit, with the callbacks of the task and of this file
 *     rf_training_finish    results and files as events
 *     rf_training_end
 *
 * A run without --model neither reads nor writes a state.
 *
 * The callbacks rf_training_stop, _save and _report take the training as their `self`. */
#ifndef REFRAIN_TRAINING_H
#define REFRAIN_TRAINING_H

#include <refrain/task.h>
#include <refrain/train.h>

RF_BEGIN

/* ---- The options of learning ------------------------------------------------------------------- */

/* Their place in a verb's table, from rf_training.learn on.  RF_LEARN_ROWS has the same order. */
enum {
    RF_LEARN_EPOCHS,
    RF_LEARN_STEPS,
    RF_LEARN_MINUTES,
    RF_LEARN_PATIENCE,
    RF_LEARN_VALID_EVERY,
    RF_LEARN_OPTIMIZER,
    RF_LEARN_RATE,
    RF_LEARN_MOMENTUM,
    RF_LEARN_DECAY,
    RF_LEARN_CLIP,
    RF_LEARN_SCHEDULE,
    RF_LEARN_WARMUP,
    RF_LEARN_GAMMA,
    RF_LEARN_GAMMA_EVERY,
    RF_LEARN_GAMMA_AFTER,
    RF_LEARN_FLOOR,
    RF_LEARN_FILES, /* what follows is of files and progress */
    RF_LEARN_STORAGE = RF_LEARN_FILES,
    RF_LEARN_RESUME,
    RF_LEARN_CHECKPOINT,
    RF_LEARN_LOG,
    RF_LEARN_PLOT,
    RF_LEARN_PROFILE,
    RF_LEARN_COUNT
};

/* The words of --schedule (rf_schedule_kind) and of --storage (f32, f16, bf16), NULL-terminated. */
RF_API extern const char *const rf_training_schedules[];
RF_API extern const char *const rf_training_storages[];

/* Headings of help under which these options stand, for those of a verb that belong there. */
#define RF_GROUP_NET   "Network"
#define RF_GROUP_TIME  "How long"
#define RF_GROUP_LEARN "Learning"
#define RF_GROUP_FILES "Files and progress"

/* Rows that most trainings have, each with its default as typed: `[MY_CELL] = RF_CELL_ROW("lstm")`.
 * What HELP says differs: whether a state is one of each direction, what stands side by side (UNIT). */
#define RF_CELL_ROW(DEF)                                                                           \
    {                                                                                              \
        .name = "cell", .type = RF_STRING, .letter = 'c', .flags = RF_OPT_MODEL, .def = DEF,       \
        .meta = "NAME", .group = RF_GROUP_NET,                                                     \
        .help = "recurrent cell: lstm, gru, elman ... (refrain-lm cells)"                          \
    }
#define RF_LAYERS_ROW(DEF, HELP)                                                                   \
    {                                                                                              \
        .name = "layers", .type = RF_INT, .letter = 'L', .flags = RF_OPT_MODEL, .def = DEF,        \
        .min = 1, .max = 64, .group = RF_GROUP_NET, .help = HELP                                   \
    }
#define RF_HIDDEN_ROW(DEF, HELP)                                                                   \
    {                                                                                              \
        .name = "hidden", .type = RF_INT, .letter = 'H', .flags = RF_OPT_MODEL, .def = DEF,        \
        .min = 1, .max = 65536, .group = RF_GROUP_NET, .help = HELP                                \
    }
#define RF_BATCH_ROW(DEF, UNIT, HELP)                                                              \
    {                                                                                              \
        .name = "batch", .type = RF_INT, .letter = 'b', .def = DEF, .min = 1, .max = 65536,        \
        .unit = UNIT, .group = RF_GROUP_LEARN, .help = HELP                                        \
    }

/* RF_LEARN_COUNT rows for a table of options, to stand at its end: `[MY_LEARN] = RF_LEARN_ROWS(...)`.
 * What suits the task differs: epochs, patience ("0": none), clip, schedule; all as typed.  A verb that
 * writes no files has RF_LEARN_TIME_ROWS alone, RF_LEARN_FILES rows; its settings need room for all,
 * the others being zero. */
#define RF_LEARN_ROWS(EPOCHS, PATIENCE, CLIP, SCHEDULE)                                            \
    RF_LEARN_TIME_ROWS(EPOCHS, PATIENCE, CLIP, SCHEDULE), RF_LEARN_FILE_ROWS
#define RF_LEARN_TIME_ROWS(EPOCHS, PATIENCE, CLIP, SCHEDULE)                                       \
    {.name = "epochs",                                                                             \
     .type = RF_INT,                                                                               \
     .letter = 'e',                                                                                \
     .def = EPOCHS,                                                                                \
     .min = 0,                                                                                     \
     .max = 1e9,                                                                                   \
     .group = RF_GROUP_TIME,                                                                       \
     .help = "times through the data at most; 0: no limit"},                                       \
        {.name = "steps",                                                                          \
         .type = RF_INT,                                                                           \
         .def = "0",                                                                               \
         .min = 0,                                                                                 \
         .max = 1e12,                                                                              \
         .flags = RF_OPT_ADVANCED,                                                                 \
         .group = RF_GROUP_TIME,                                                                   \
         .help = "steps of learning at most; 0: no limit"},                                        \
        {.name = "minutes",                                                                        \
         .type = RF_REAL,                                                                          \
         .def = "0",                                                                               \
         .min = 0,                                                                                 \
         .max = 1e6,                                                                               \
         .unit = "min",                                                                            \
         .group = RF_GROUP_TIME,                                                                   \
         .help = "time of training at most; 0: no limit"},                                         \
        {.name = "patience",                                                                       \
         .type = RF_INT,                                                                           \
         .def = PATIENCE,                                                                          \
         .min = 0,                                                                                 \
         .max = 1e6,                                                                               \
         .group = RF_GROUP_TIME,                                                                   \
         .help = "stop after as many validations without a better one; 0: never"},                 \
        {.name = "valid-every",                                                                    \
         .type = RF_INT,                                                                           \
         .def = "0",                                                                               \
         .min = 0,                                                                                 \
         .max = 1e12,                                                                              \
         .unit = "steps",                                                                          \
         .flags = RF_OPT_ADVANCED,                                                                 \
         .group = RF_GROUP_TIME,                                                                   \
         .help = "how often the held-out data are tried; 0: each epoch"},                          \
        {.name = "optimizer",                                                                      \
         .type = RF_STRING,                                                                        \
         .letter = 'o',                                                                            \
         .def = "adam",                                                                            \
         .meta = "NAME",                                                                           \
         .group = RF_GROUP_LEARN,                                                                  \
         .help = "sgd, nt-asgd, rmsprop, adam or adamw"},                                          \
        {.name = "learning-rate",                                                                  \
         .type = RF_REAL,                                                                          \
         .letter = 'r',                                                                            \
         .def = "0",                                                                               \
         .min = 0,                                                                                 \
         .max = 1000,                                                                              \
         .flags = RF_OPT_LOGSCALE,                                                                 \
         .meta = "RATE",                                                                           \
         .group = RF_GROUP_LEARN,                                                                  \
         .help = "size of a step; 0: one that suits the optimizer"},                               \
        {.name = "momentum",                                                                       \
         .type = RF_REAL,                                                                          \
         .def = "0",                                                                               \
         .min = 0,                                                                                 \
         .max = 1,                                                                                 \
         .flags = RF_OPT_ADVANCED | RF_OPT_BELOW,                                                  \
         .group = RF_GROUP_LEARN,                                                                  \
         .help = "of sgd"},                                                                        \
        {.name = "weight-decay",                                                                   \
         .type = RF_REAL,                                                                          \
         .def = "0",                                                                               \
         .min = 0,                                                                                 \
         .max = 1,                                                                                 \
         .flags = RF_OPT_ADVANCED | RF_OPT_LOGSCALE,                                               \
         .group = RF_GROUP_LEARN,                                                                  \
         .help = "pull of the weights towards zero"},                                              \
        {.name = "clip",                                                                           \
         .type = RF_REAL,                                                                          \
         .def = CLIP,                                                                              \
         .min = 0,                                                                                 \
         .max = 1e6,                                                                               \
         .group = RF_GROUP_LEARN,                                                                  \
         .help = "largest norm of a gradient; 0: any"},                                            \
        {.name = "schedule",                                                                       \
         .type = RF_CHOICE,                                                                        \
         .def = SCHEDULE,                                                                          \
         .choices = rf_training_schedules,                                                         \
         .group = RF_GROUP_LEARN,                                                                  \
         .help = "how the learning rate changes"},                                                 \
        {.name = "warmup",                                                                         \
         .type = RF_INT,                                                                           \
         .def = "0",                                                                               \
         .min = 0,                                                                                 \
         .max = 1e9,                                                                               \
         .unit = "steps",                                                                          \
         .flags = RF_OPT_ADVANCED,                                                                 \
         .group = RF_GROUP_LEARN,                                                                  \
         .help = "let the learning rate grow at first"},                                           \
        {.name = "gamma",                                                                          \
         .type = RF_REAL,                                                                          \
         .def = "0.5",                                                                             \
         .min = 0,                                                                                 \
         .max = 1,                                                                                 \
         .flags = RF_OPT_ADVANCED | RF_OPT_ABOVE,                                                  \
         .group = RF_GROUP_LEARN,                                                                  \
         .help = "factor of the rate in schedules step and plateau"},                              \
        {.name = "gamma-every",                                                                    \
         .type = RF_INT,                                                                           \
         .def = "1",                                                                               \
         .min = 1,                                                                                 \
         .max = 1e9,                                                                               \
         .unit = "epochs",                                                                         \
         .flags = RF_OPT_ADVANCED,                                                                 \
         .group = RF_GROUP_LEARN,                                                                  \
         .help = "in schedule step; in plateau, validations that are borne"},                      \
        {.name = "gamma-after",                                                                    \
         .type = RF_INT,                                                                           \
         .def = "0",                                                                               \
         .min = 0,                                                                                 \
         .max = 1e9,                                                                               \
         .unit = "epochs",                                                                         \
         .flags = RF_OPT_ADVANCED,                                                                 \
         .group = RF_GROUP_LEARN,                                                                  \
         .help = "in schedule step, before the first; 0: as --gamma-every"},                       \
    {                                                                                              \
        .name = "floor", .type = RF_REAL, .def = "0.05", .min = 0, .max = 1,                       \
        .flags = RF_OPT_ADVANCED, .group = RF_GROUP_LEARN,                                         \
        .help = "part of the rate below which schedules do not go"                                 \
    }
#define RF_LEARN_FILE_ROWS                                                                         \
    {.name = "storage",                                                                            \
     .type = RF_CHOICE,                                                                            \
     .def = "f32",                                                                                 \
     .choices = rf_training_storages,                                                              \
     .flags = RF_OPT_ADVANCED,                                                                     \
     .group = RF_GROUP_FILES,                                                                      \
     .help = "how the model's numbers are written"},                                               \
        {.name = "resume",                                                                         \
         .type = RF_BOOL,                                                                          \
         .def = "0",                                                                               \
         .group = RF_GROUP_FILES,                                                                  \
         .help = "go on from MODEL.state, if there is one"},                                       \
        {.name = "checkpoint",                                                                     \
         .type = RF_REAL,                                                                          \
         .def = "60",                                                                              \
         .min = 0,                                                                                 \
         .max = 1e6,                                                                               \
         .unit = "s",                                                                              \
         .group = RF_GROUP_FILES,                                                                  \
         .help = "write MODEL.state as often; 0: after validations only"},                         \
        {.name = "log",                                                                            \
         .type = RF_OUTFILE,                                                                       \
         .group = RF_GROUP_FILES,                                                                  \
         .help = "every report as a line of JSON"},                                                \
        {.name = "plot",                                                                           \
         .type = RF_OUTFILE,                                                                       \
         .meta = "FILE.svg",                                                                       \
         .group = RF_GROUP_FILES,                                                                  \
         .help = "picture of the learning curves"},                                                \
    {                                                                                              \
        .name = "profile", .type = RF_BOOL, .def = "0", .flags = RF_OPT_ADVANCED,                  \
        .group = RF_GROUP_FILES, .help = "show in the end where the time went"                     \
    }

/* ---- A training -------------------------------------------------------------------------------- */

#define RF_TRAINING_META 12 /* pairs of metadata, at most */

typedef struct rf_training {
    /* Set by the verb. */
    rf_session *s;
    const rf_run *r;
    const rf_option *table;
    rf_setting *v;             /* a copy of r->opt, which is completed from the state */
    int learn;                 /* where RF_LEARN_ROWS stand in both */
    const char *plugin, *task; /* for the model's metadata */
    const char *const
        *passing; /* options that change nothing of the model; NULL-terminated, or NULL */
    const rf_collective *ranks; /* or NULL */
    double rate;                /* learning rate of adam and adamw; 0: their usual one */
    bool higher;                /* the metric is better when higher */
    rf_index tell; /* steps between two reports of the loss; 0: only with validations */
    /* Adds to the model's file what is no parameter; or NULL.  Called with the training itself. */
    rf_status (*store)(const void *self, rf_model *f, rf_error *err);
    bool bare; /* store adds the parameters, too */

    /* Set by _begin. */
    uint64_t seed;
    bool resume;
    rf_model *state; /* what is resumed, for the task's own metadata; NULL: a beginning */
    rf_str state_path;

    /* Set by the verb before _describe and _fit. */
    rf_params *params;
    rf_cursor *cursor;         /* of the batches */
    rf_index per_epoch;        /* batches in an epoch */
    const rf_carried *carried; /* of _learn: states that go on from step to step; or NULL */
    rf_index lanes;            /* with ranks: those of all their carried states; else 0 */

    /* Set by rf_training_open. */
    rf_device *device;
    rf_graph *graph;
    rf_bucket_batches *batches;
    rf_bucket_batch batch; /* the step's */

    /* How it goes. */
    const char *measured; /* what metrics are of: "valid", or "train" where nothing is held out */
    rf_status stopped;    /* what the host said: a cancellation, or that the output is lost */
    double total;         /* steps in all as far as is known, or 0 */
    rf_arena *texts;      /* of options from the state */
    rf_str options, others;
    const char *data_key; /* see rf_training_know */
    char data_json[24];
    char seed_json[32], key_others[64], key_seed[64], plugin_json[128], task_json[64];
    const char *meta[2 * RF_TRAINING_META + 1]; /* key, JSON text, ..., NULL: of the model */
    const char *only[2 * RF_TRAINING_META + 1]; /* likewise, of the state file */
} rf_training;

/* Complete options and seed from MODEL.state where --resume says so and there is one, then check
 * those of learning.  Errors: EIO, EFORMAT (no state of this task's), EINVAL (a shape option that was
 * set otherwise; an unknown optimizer; a training without an end), ENOMEM. */
RF_API rf_status rf_training_begin(rf_training *t, rf_error *err);
/* Items 0 .. n-1 in an order of chance: [0, *kept) of it to learn from, the rest, `part` of all and at
 * least one of several unless that is 0, held out.  Free the order.  NULL with err: ENOMEM. */
RF_API int32_t *rf_training_hold_out(const rf_training *t, rf_index n, double part, rf_index *kept,
                                     rf_error *err);
/* A state is of the data with this hash alone, which is under `key` (borrowed) in its own metadata, not
 * in the model's.  Errors: EINVAL (the state is of other data). */
RF_API rf_status rf_training_know(rf_training *t, const char *key, uint64_t hash, rf_error *err);
/* Metadata of model and state: plugin, task, options, seed, then `more`: key, JSON text, ..., NULL, or
 * NULL; borrowed.  At most RF_TRAINING_META pairs in all.  Errors: ENOMEM. */
RF_API rf_status rf_training_describe(rf_training *t, const char *const *more, rf_error *err);
/* Train by the options.  A cancellation that came from a lost output is that.  Errors: rf_fit's. */
RF_API rf_status rf_training_fit(rf_training *t, rf_fit_task task, rf_graph *g,
                                 const rf_slot *slots, int n_slots, rf_fit_result *result,
                                 rf_error *err);

/* Instead of _fit, where one learns from many sequences, bucketed by length, or, spec being NULL, from
 * batches of the task's own, whose cursor and per_epoch it sets:
 *
 *     rf_training_open   params, device, graph and batches, whose seed is the training's
 *     rf_training_learn  rf_fit; the self of `task` is t; the loss is that of t->batch unless the task
 *                        has a `next`; save and report are those of this file unless it has its own.
 *                        Without --model nothing is saved or reported
 *
 * Errors: ENOMEM, those of rf_bucket_batches_new; of rf_training_fit. */
RF_API rf_status rf_training_open(rf_training *t, const rf_bucket_spec *spec, rf_params *params,
                                  rf_error *err);
RF_API rf_status rf_training_learn(rf_training *t, rf_fit_task task, rf_fit_result *result,
                                   rf_error *err);
/* The best metrics, the files, and with --profile where the time went, as events. */
RF_API rf_status rf_training_finish(rf_training *t, rf_graph *g, const rf_fit_result *result);
RF_API void rf_training_end(rf_training *t);

/* Remember the first thing a host said that is not RF_OK: the training stops at the next step. */
RF_API void rf_training_heed(rf_training *t, rf_status st);
/* Metrics as events "OF NAME value": the unit follows from the name. */
RF_API rf_status rf_training_tell(const rf_training *t, int64_t step, const char *of,
                                  const rf_metrics *m);

/* Callbacks for rf_fit_task, `self` being the training. */
RF_API bool rf_training_stop(void *self);
/* For what a validation calls between its parts, `self` being the training.  A stop is noticed at once and
 * obeyed after the validation, whose result belongs to the state: RF_OK, always. */
RF_API rf_status rf_training_watch(void *self, double done, double total);
RF_API rf_status rf_training_save(void *self, const rf_metrics *m, rf_error *err);
/* What --storage says. */
RF_API rf_dtype rf_training_storage(const rf_training *t);
/* The model as it is now, under another name than the run's. */
RF_API rf_status rf_training_write(const rf_training *t, const char *path, const rf_metrics *m,
                                   rf_error *err);
/* Reports come every so many steps, never by the clock: a run has the same events each time. */
RF_API void rf_training_report(void *self, const rf_fit_event *e);

RF_END
#endif

/* refrain/train.h -- batches, optimisers, schedules, metrics, and the loop over them.
 *
 * The steps are public, so that a task can write its own loop:
 *
 *     while (rf_stream_batches_next(data, &b)) {
 *         rf_graph_begin(g, RF_TRAIN, rf_key_make(seed, "train", step));
 *         rf_adjoint(g, my_loss(g, &b));
 *         double scale = rf_clip_scale(rf_gradient_norm(d, ps), 0.25);
 *         rf_optimizer_step(o, d, rf_schedule_rate(s, step++), scale);
 *     }
 *
 * rf_fit is that loop with epochs, validation, early stopping, checkpoints, logs and exact resume:
 * k steps, resume, k steps gives the same bits as 2k steps.  To make that so, everything that one
 * step hands to the next lives in the parameters, the optimiser, the schedule or a *slot* (memory
 * that the task names).  Random numbers depend on the seed and the step only. */
#ifndef REFRAIN_TRAIN_H
#define REFRAIN_TRAIN_H

#include <refrain/collective.h>
#include <refrain/graph.h>

RF_BEGIN

/* ---- Slots: memory that belongs to the training state ---------------------------------------- */

typedef enum rf_slot_type { RF_SLOT_REAL, RF_SLOT_I32, RF_SLOT_I64, RF_SLOT_F64 } rf_slot_type;

/* A named array at a fixed address: written to the state file between steps, read back in place by
 * a resume.  Cursors and carried hidden states are slots. */
typedef struct rf_slot {
    const char *name; /* unique, UTF-8; those that begin with "fit." are rf_fit's */
    rf_slot_type type;
    rf_shape shape;
    void *data;
    /* Where several processes train together (rf_fit_spec.collective): dimension split - 1 is dealt
     * out to them by rf_rank_share; `shape` has this process's part of `total` entries, the state
     * file has all of them.  0: every process has the same. */
    int split;
    rf_index total;
} rf_slot;

/* ---- Ranks: processes that train together ------------------------------------------------------ */

/* Of n lanes, the ones that belong to `rank`: *count from *first on.  Shares differ by one at most;
 * with fewer lanes than ranks some are empty. */
RF_API void rf_rank_share(rf_index n, int rank, int ranks, rf_index *first, rf_index *count);

/* ---- Metrics --------------------------------------------------------------------------------- */

/* A running mean; start it as {0}. */
typedef struct rf_mean_value {
    double sum, weight;
} rf_mean_value;

RF_API void rf_mean_add(rf_mean_value *m, double value, double weight);
RF_API double rf_mean_get(const rf_mean_value *m); /* NaN when nothing was added */
/* From a mean negative log-likelihood in nats: exp(nats), and nats / ln 2 per `units` = number of
 * bytes or characters that one token stands for on average. */
RF_API double rf_perplexity(double nats);
RF_API double rf_bits(double nats, double units);
/* Where x [n] is largest, at first. */
RF_API rf_index rf_argmax(const rf_real *x, rf_index n);
/* How many rows of scores [rows,K] have their maximum (the first one) at targets[row]; rows with
 * target < 0 are left out.  *counted: rows that were not. */
RF_API rf_index rf_count_correct(const rf_real *scores, const int32_t *targets, rf_index rows,
                                 rf_index K, rf_index *counted);

/* ---- Batches of one long stream: truncated backpropagation through time ---------------------- */

/* Where the batches stand: two numbers resume them exactly.  Give them to rf_fit as a slot. */
typedef struct rf_cursor {
    int64_t epoch;    /* completed epochs */
    int64_t position; /* windows or batches already taken in this one */
} rf_cursor;

/* A token stream cut into B lanes that are read side by side in windows of T.  Every transition
 * token[i] -> token[i+1] occurs exactly once in an epoch; the last lanes are filled up with target
 * -1, which rf_cross_entropy leaves out. */
typedef struct rf_stream_batches rf_stream_batches;

typedef struct rf_stream_spec {
    const int32_t *tokens; /* [n], borrowed */
    rf_index n;            /* at least 2 */
    rf_index B, T;         /* lanes and window; B is lowered to n - 1 */
    bool vary; /* shorten each epoch's first window at random, so that windows begin elsewhere */
    uint64_t seed; /* for `vary` */
    /* Read these lanes of the B alone, others being another process's; lanes 0: all. */
    rf_index lane_from, lanes;
} rf_stream_spec;

typedef struct rf_stream_batch {
    rf_index T, B; /* this window's; T is shorter at an epoch's end; B: the lanes that are read */
    const int32_t *x; /* [T,B] tokens, time first; valid until the next call */
    const int32_t *y; /* [T,B] the tokens that follow, or -1 */
    rf_index count;   /* targets that are not -1 */
    bool first;       /* the epoch begins: carried state starts from zero */
} rf_stream_batch;

/* NULL with err: fewer than two tokens, B or T < 1, lanes that are not there, no memory. */
RF_API rf_stream_batches *rf_stream_batches_new(const rf_stream_spec *spec, rf_error *err);
RF_API void rf_stream_batches_free(rf_stream_batches *s);
/* The next window; false at the end of the epoch, after which the next call begins another. */
RF_API bool rf_stream_batches_next(rf_stream_batches *s, rf_stream_batch *out);
/* The cursor, in place: read it, store it, or write a stored one to go back there. */
RF_API rf_cursor *rf_stream_batches_cursor(rf_stream_batches *s);
RF_API rf_index
rf_stream_batches_per_epoch(const rf_stream_batches *s); /* at most; `vary` adds one */

/* ---- Batches of many sequences: bucketed by length ------------------------------------------- */

/* Sequences of similar length share a batch.  The order is a function of seed and epoch: shuffled,
 * sorted by length (stable), cut into batches, the batches shuffled. */
typedef struct rf_bucket_batches rf_bucket_batches;

typedef struct rf_bucket_spec {
    const int32_t *lengths; /* [n], borrowed */
    rf_index n;             /* at least 1 */
    rf_index B;             /* sequences in a batch, at most */
    const int32_t *also; /* [n] other lengths, of what goes with them, such as translations: those
                             * of one length are sorted by it; or NULL.  Borrowed */
    rf_index cells;      /* limit of B * longest in a batch, of either length; 0: none */
    bool ordered;        /* no shuffling: file order, for evaluation */
    uint64_t seed;
} rf_bucket_spec;

typedef struct rf_bucket_batch {
    rf_index B, T;          /* sequences, and the longest one's length */
    const int32_t *item;    /* [B] numbers of the sequences; valid until the next call */
    const int32_t *lengths; /* [B] */
} rf_bucket_batch;

RF_API rf_bucket_batches *rf_bucket_batches_new(const rf_bucket_spec *spec, rf_error *err);
RF_API void rf_bucket_batches_free(rf_bucket_batches *s);
RF_API bool rf_bucket_batches_next(rf_bucket_batches *s, rf_bucket_batch *out);
RF_API rf_cursor *rf_bucket_batches_cursor(rf_bucket_batches *s);
/* Batches in an epoch: as many in each, lengths being the same. */
RF_API rf_index rf_bucket_batches_per_epoch(rf_bucket_batches *s);
/* Sequence `item[b]` is tokens[start[item[b]] ..]; out [T,B], time first, filled up with `pad`. */
RF_API void rf_bucket_fill(const rf_bucket_batch *b, const int32_t *tokens, const rf_index *start,
                           int32_t pad, int32_t *out);

/* The loss of sequences that are held out. */
typedef struct rf_bucket_loss {
    rf_bucket_spec batches;
    /* The mean loss of a batch, of so many units, on a graph that was begun with RF_INFER. */
    rf_node (*loss)(void *self, rf_graph *g, const rf_bucket_batch *b, double *units);
    rf_status (*tell)(void *self, double done, double total); /* sequences; NULL: nobody asks */
    void *self;
} rf_bucket_loss;
/* Its mean over the units of all batches of one epoch.  Errors: those of rf_bucket_batches_new, of the
 * graph, of tell. */
RF_API rf_status rf_bucket_mean(rf_graph *g, const rf_bucket_loss *l, double *mean, rf_error *err);

/* ---- Gradient norm and clipping -------------------------------------------------------------- */

/* The 2-norm of all gradients taken as one vector; of sparse ones only the rows named are read.
 * Not finite when any element is not.  The same bits for any number of threads. */
RF_API double rf_gradient_norm(rf_device *d, const rf_params *ps);
/* What to multiply gradients with so that their norm is at most `limit`; limit 0: 1.
 * Source: Pascanu, Mikolov, Bengio, ICML 2013, algorithm 1. */
RF_API double rf_clip_scale(double norm, double limit);

/* ---- Optimisers: rows of a table ------------------------------------------------------------- */

/* The update of one element, with r the rate, g the gradient times the clip scale (plus decay * w
 * where the decay is not decoupled), t the steps so far:
 *
 *   sgd      v = m v + g;  w -= r v;  nesterov: w -= r (g + m v)
 *   nt-asgd  sgd without momentum; once validation stops improving, the mean of all w since then is
 *            what is validated and kept.  Merity, Keskar, Socher 2018, algorithm 1.
 *   rmsprop  s = a s + (1-a) g^2;  w -= r g / (sqrt(s) + eps).  Hinton, Coursera lecture 6e.
 *   adam     m = b1 m + (1-b1) g;  s = b2 s + (1-b2) g^2;
 *            w -= r (m / (1-b1^t)) / (sqrt(s / (1-b2^t)) + eps).  Kingma & Ba 2015, algorithm 1.
 *   adamw    adam with w -= r decay w beside it.  Loshchilov & Hutter 2019, algorithm 2. */
typedef struct rf_optimizer_row {
    const char *name;
    const char *summary;
    const char *source;
    double rate; /* a usual learning rate */
    const struct rfi_optimizer_rules *rules;
} rf_optimizer_row;

RF_API const rf_optimizer_row *rf_optimizer_at(int i); /* NULL past the end */
RF_API const rf_optimizer_row *rf_optimizer_find(const char *name);

/* Fields that a method does not use are ignored.  Start from rf_optimizer_defaults. */
typedef struct rf_optimizer_spec {
    const rf_optimizer_row *method;
    double momentum;     /* sgd; 0 */
    bool nesterov;       /* sgd; false */
    double alpha;        /* rmsprop; 0.99 */
    double beta1, beta2; /* adam, adamw; 0.9, 0.999 */
    double eps;          /* 1e-8 */
    double decay;        /* weight decay, of parameters with p->decay; 0 */
    int patience;        /* nt-asgd: validations without improvement before averaging; 5 */
    bool lazy; /* sparse parameters: only the rows in this step's gradient are updated, and
                          * their moments age with them (PyTorch's SparseAdam).  False: as if the
                          * gradient were dense, which for plain sgd costs no more */
} rf_optimizer_spec;

RF_API rf_optimizer_spec rf_optimizer_defaults(const rf_optimizer_row *method);

typedef struct rf_optimizer rf_optimizer;

/* For the parameters of ps, which must outlive it and not grow; what is frozen at a step is left
 * alone by that step.  NULL with err: a number out of its range, no memory. */
RF_API rf_optimizer *rf_optimizer_new(const rf_optimizer_spec *spec, rf_params *ps, rf_error *err);
RF_API void rf_optimizer_free(rf_optimizer *o);
/* One update at learning rate `rate`, gradients multiplied by `scale`; then gradients are zero. */
RF_API void rf_optimizer_step(rf_optimizer *o, rf_device *d, double rate, double scale);
RF_API int64_t rf_optimizer_steps(const rf_optimizer *o);
/* Tell a validation's metric (lower is better), which may begin the averaging of nt-asgd. */
RF_API void rf_optimizer_validated(rf_optimizer *o, double metric);
RF_API bool rf_optimizer_averaging(const rf_optimizer *o);
/* Exchange parameters and their averages; does nothing while there are none.  Call it before and
 * after a validation. */
RF_API void rf_optimizer_swap(rf_optimizer *o);

/* ---- Schedules of the learning rate ---------------------------------------------------------- */

typedef enum rf_schedule_kind {
    RF_SCHEDULE_CONSTANT,
    RF_SCHEDULE_STEP,   /* times gamma after `after` steps, and then every `every` steps */
    RF_SCHEDULE_COSINE, /* half a cosine down to rate * floor at step `total` */
    RF_SCHEDULE_LINEAR, /* a straight line to rate * floor at step `total` */
    RF_SCHEDULE_PLATEAU /* times gamma after `patience` validations without improvement */
} rf_schedule_kind;

/* "constant", "step", "cosine", "linear", "plateau"; NULL past the end.  -1: unknown name. */
RF_API const char *rf_schedule_name(int kind);
RF_API int rf_schedule_find(const char *name);

typedef struct rf_schedule {
    rf_schedule_kind kind;
    double rate;    /* after warm-up */
    int64_t warmup; /* steps of linear warm-up from rate / warmup; 0: none.  Before any kind */
    int64_t every;  /* step */
    int64_t after;  /* step; 0: as `every` */
    int64_t total;  /* cosine, linear: steps in all, warm-up included */
    double gamma;   /* step, plateau; 0.1 is usual */
    double floor;   /* cosine, linear, plateau: the rate stays at or above rate * floor */
    int patience;   /* plateau: validations without improvement that are borne */
    /* What the plateau schedule remembers; start as zero. */
    double factor; /* 0 means 1 */
    double best;
    int64_t validations, bad;
} rf_schedule;

/* The learning rate of step 0, 1, 2 ... */
RF_API double rf_schedule_rate(const rf_schedule *s, int64_t step);
/* Tell a validation's metric, lower being better. */
RF_API void rf_schedule_validated(rf_schedule *s, double metric);

/* ---- State files -------------------------------------------------------------------------------- */

/* Parameters, optimiser and slots in one safetensors file, complete in itself, for loops other than
 * rf_fit.  meta: key, JSON text, key, JSON text, ..., NULL (see rf_model_set_table); may be NULL.
 * Errors: EIO, EINVAL, ENOMEM; the old file then stays as it was. */
RF_API rf_status rf_state_write(const char *path, const rf_params *ps, const rf_optimizer *o,
                                const rf_slot *slots, int n, const char *const *meta,
                                rf_error *err);
/* Back into the same places.  Errors: EIO, EFORMAT (no training state, other parameters, another
 * optimiser, other slots), after which the contents are undefined. */
RF_API rf_status rf_state_read(const char *path, rf_params *ps, rf_optimizer *o,
                               const rf_slot *slots, int n, rf_error *err);

/* ---- Fit ------------------------------------------------------------------------------------- */

/* Numbers of one validation; the first is the task's metric, which decides what is best. */
#define RF_METRICS 8
typedef struct rf_metrics {
    int n;
    struct {
        const char *name; /* static storage: "loss", "perplexity", "bits_per_char" */
        double value;
    } m[RF_METRICS];
} rf_metrics;

RF_API void rf_metrics_add(rf_metrics *m, const char *name, double value);

typedef enum rf_fit_kind {
    RF_FIT_STEP,  /* progress since the last report */
    RF_FIT_VALID, /* a validation is done */
    RF_FIT_EPOCH, /* an epoch is done */
    RF_FIT_SAVED, /* the state file was written */
    RF_FIT_END    /* nothing follows */
} rf_fit_kind;

typedef struct rf_fit_event {
    rf_fit_kind kind;
    int64_t step; /* steps done, of `steps` in all (0: not known) */
    int64_t steps;
    double epoch;   /* epochs done, with the fraction where it is known */
    double loss;    /* mean training loss since the last report */
    double learned; /* RF_FIT_VALID: mean training loss since the validation before; NaN: no step */
    double rate;    /* learning rate */
    double norm;    /* gradient norm of the last step, before clipping */
    double units;   /* what the task counts (tokens), per second since the last report */
    double elapsed; /* seconds of training, those before a resume included */
    double left;    /* seconds to go as far as epochs, steps and minutes tell; < 0: not known */
    const rf_metrics
        *metrics;    /* RF_FIT_VALID: this validation's; RF_FIT_END: the best's; or NULL */
    bool best;       /* RF_FIT_VALID: better than all before */
    const char *why; /* RF_FIT_END: "all epochs done", "no improvement in 5 validations" ... */
} rf_fit_event;

/* What a task gives to rf_fit.  NULL is allowed where said. */
typedef struct rf_fit_task {
    void *self;
    /* Prepare the next batch: 1 there is one, 0 the epoch is over, or a status < 0 with err. */
    int (*next)(void *self, rf_error *err);
    /* Build the batch's mean loss; *units: how many tokens it is the mean of. */
    rf_node (*loss)(void *self, rf_graph *g, double *units);
    /* After the update, the graph still standing: keep what the next step needs (the carried
     * state) in a slot.  NULL: nothing is carried. */
    void (*carry)(void *self, rf_graph *g);
    /* Validate the parameters as they are and fill in m, m[0] being the metric.  The graph is free
     * to be used.  NULL: the training loss of the epoch is the metric. */
    rf_status (*validate)(void *self, rf_graph *g, rf_metrics *m, rf_error *err);
    /* Write the usable model; called when a validation is the best so far.  NULL: nothing. */
    rf_status (*save)(void *self, const rf_metrics *m, rf_error *err);
    /* Show progress.  NULL: silence. */
    void (*report)(void *self, const rf_fit_event *e);
    /* True asks to stop: the step is finished, the state saved, and rf_fit returns RF_ECANCELLED.
     * Asked once a step.  NULL: never. */
    bool (*stop)(void *self);
} rf_fit_task;

/* Zero means none, off or never, unless said otherwise. */
typedef struct rf_fit_spec {
    rf_fit_task task;
    rf_params *params;
    rf_graph *graph;
    rf_optimizer_spec optimizer;
    rf_schedule schedule;
    double clip;             /* limit of the gradient norm */
    uint64_t seed;           /* of dropout: step s uses rf_key_make(seed, "train", s) */
    int64_t epochs;          /* stop after as many; 0: no limit */
    int64_t steps;           /* likewise; reported as the total where known */
    int64_t steps_per_epoch; /* for progress only */
    double minutes;          /* stop after as many minutes of training */
    int64_t valid_every;     /* steps between validations; 0: after each epoch */
    int patience;            /* stop after as many validations without improvement */
    bool higher;             /* the metric is better when higher */
    double min_delta;        /* what counts as an improvement: by more than this */
    bool keep_last;          /* leave the last parameters in place; false: the best */

    const char *state_path; /* the training state; NULL: none is written */
    bool resume;            /* begin from state_path */
    int64_t save_steps;     /* write it every so many steps */
    double save_seconds;    /* and every so many seconds; it is written at each validation anyway */
    const char *const
        *meta;            /* key, JSON text, ..., NULL: stored in the state file, so that a resume
                              * knows how to build the model, and on which data (rf_model_get_table) */
    const rf_slot *slots; /* the task's own state */
    int n_slots;

    int64_t report_steps;  /* report every so many steps; 0: by time only */
    double report_seconds; /* and every so many seconds; 0: by steps only */
    const char *log_path;  /* JSON lines; a resume goes on where the state was saved */
    const char *plot_path; /* learning curves, SVG, rewritten at each validation */
    const char *title;     /* of the plot */

    /* Processes that train together, joined; NULL: this one is alone.  Each gives rf_fit its lanes of
     * the batch (rf_stream_spec.lanes, rf_graph_set_lanes, rf_slot.split) and otherwise the same
     * spec.  Gradients and losses are those of the whole batch, and parameters the same bits
     * everywhere.  `save`, `report`, logs, plots and the state file are rank 0's; all read the state
     * file.  A validation may share its work through the collective: rank 0's metrics hold. */
    const rf_collective *collective;
} rf_fit_spec;

typedef struct rf_fit_result {
    int64_t steps, epochs;
    double elapsed; /* seconds */
    double best;    /* the best metric; NaN: no validation */
    int64_t best_step;
    rf_metrics
        metrics;  /* of the best validation in this process; n = 0 if it was before a resume */
    char why[96]; /* why it ended */
} rf_fit_result;

/* Train.  Allocates before the first step; steps themselves do not once the graph is warm.  However
 * it ends, the best parameters are in place, or the last if there was no validation.
 *
 * Returns RF_OK: the end was reached (epochs, steps, minutes, patience); RF_ECANCELLED: asked to
 * stop, state saved; RF_EDIVERGED: loss or gradient is not finite: that step is not applied and the
 * state file is not touched; any other: reading or writing failed, a resume that does not fit (other
 * seed, optimiser, parameters or slots), or the task's own failure. */
RF_API rf_status rf_fit(const rf_fit_spec *spec, rf_fit_result *out, rf_error *err);

RF_END
#endif

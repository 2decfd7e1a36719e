/* lab/memory.c -- the verb memory: which cells solve a task that needs a memory, after how many
 * steps of learning, and up to which length. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/training.h>

#include "lab.h"
#include "trials.h"

enum {
    LENGTHS = TRY_COUNT,
    KINDS,
    DEPTH,
    OPTIMIZER,
    SCHEDULE,
    SEEDS,
    EVERY,
    TEST,
    SOLVED,
    STOP,
    DISTANCES,
    SHOW,
    PLOT,
    PLOT_LENGTHS,
    PLOT_DISTANCES,
    COUNT
};

#define TASK_GROUP "The task"
#define MEASURE    "What is measured"
#define FILES      "Pictures"

const rf_option lab_memory_options[COUNT + 1] = {
    TRY_ROWS("elman:0.001,irnn:0.0003,lstm,gru", "3000", 1, "steps of learning at most"),
    [LENGTHS] = {.name = "lengths",
                 .type = RF_STRING,
                 .letter = 'l',
                 .def = "0",
                 .meta = "N,N...",
                 .group = TASK_GROUP,
                 .help = "of the sequences, in the task's own unit; 0: as usual"},
    [KINDS] = {.name = "kinds",
               .type = RF_INT,
               .letter = 'k',
               .def = "0",
               .min = 0,
               .max = 64,
               .group = TASK_GROUP,
               .help = "of symbols to copy, of brackets; 0: as usual"},
    [DEPTH] = {.name = "depth",
               .type = RF_INT,
               .def = "0",
               .min = 0,
               .max = LAB_BRACKET_DEPTH,
               .group = TASK_GROUP,
               .help = "of brackets within brackets, at most; 0: as usual"},
    [OPTIMIZER] = {.name = "optimizer",
                   .type = RF_STRING,
                   .letter = 'o',
                   .def = "adam",
                   .meta = "NAME",
                   .group = TRY_LEARN,
                   .help = "sgd, rmsprop, adam or adamw"},
    [SCHEDULE] = {.name = "schedule",
                  .type = RF_CHOICE,
                  .def = "constant",
                  .choices = rf_training_schedules,
                  .group = TRY_LEARN,
                  .help = "how the learning rate changes"},
    [SEEDS] = {.name = "seeds",
               .type = RF_INT,
               .def = "1",
               .min = 1,
               .max = 1000,
               .group = TRY_LEARN,
               .help = "how often all of it, each time with the next seed"},
    [EVERY] = {.name = "every",
               .type = RF_INT,
               .letter = 'e',
               .def = "100",
               .min = 1,
               .max = 1e9,
               .unit = "steps",
               .group = MEASURE,
               .help = "how often it is measured"},
    [TEST] = {.name = "test",
              .type = RF_INT,
              .def = "512",
              .min = 1,
              .max = 1e7,
              .unit = "sequences",
              .group = MEASURE,
              .help = "how many it is measured on, new ones each time"},
    [SOLVED] = {.name = "solved",
                .type = RF_REAL,
                .def = "0",
                .min = 0,
                .max = 1e6,
                .group = MEASURE,
                .help =
                    "accuracy from which, or squared error below which, a task is solved; 0: as "
                    "usual"},
    [STOP] = {.name = "stop",
              .type = RF_BOOL,
              .def = "1",
              .group = MEASURE,
              .help = "learn no further once it is solved"},
    [DISTANCES] = {.name = "distances",
                   .type = RF_BOOL,
                   .def = "0",
                   .group = MEASURE,
                   .help = "in the end, accuracy by how far back lies what is asked for"},
    [SHOW] = {.name = "show",
              .type = RF_INT,
              .letter = 's',
              .def = "0",
              .min = 0,
              .max = 1e6,
              .group = TASK_GROUP,
              .help = "show as many sequences, and learn nothing"},
    [PLOT] = {.name = "plot",
              .type = RF_OUTFILE,
              .meta = "FILE.svg",
              .group = FILES,
              .help = "what is measured against the step of learning"},
    [PLOT_LENGTHS] = {.name = "svg-lengths",
                      .type = RF_OUTFILE,
                      .meta = "FILE.svg",
                      .group = FILES,
                      .help = "what is attained against the length"},
    [PLOT_DISTANCES] = {.name = "svg-distances",
                        .type = RF_OUTFILE,
                        .meta = "FILE.svg",
                        .group = FILES,
                        .help = "accuracy against the distance, of the last length"},
};

enum { MOST_CELLS = 32, MOST_LENGTHS = 32, MOST_LENGTH = 1000000 };

typedef struct study {
    rf_session *s;
    const rf_run *r;
    const lab_task *task;
    rf_device *d;
    rf_graph *g;
    lab_cell_kind cell[MOST_CELLS];
    rf_index length[MOST_LENGTHS];
    int cells, lengths;
    lab_trials trials;
    lab_trial *now; /* the trial whose turn it is, and its last score */
    lab_score score;
    rf_error *err;
} study;

/* ---- One trial --------------------------------------------------------------------------------- */

static rf_status measure(void *self, rf_graph *g, rf_metrics *m, rf_error *err)
{
    lab_experiment *e = self;
    study *u = e->owner;
    rf_status st = lab_experiment_score(e, g, (rf_index)u->r->opt[TEST].as.i, &u->score, err);
    if (st) return st;
    rf_metrics_add(m, lab_metric_name(e->task->metric), rf_mean_get(&u->score.metric));
    rf_metrics_add(m, "loss", rf_mean_get(&u->score.loss));
    return RF_OK;
}

/* Keep and tell one measurement. */
static rf_status take(study *u, int64_t step, double train_loss, const rf_metrics *m)
{
    lab_trial *t = u->now;
    const double value = m->m[0].value;
    t->step[t->n] = (double)step;
    t->value[t->n++] = value;
    if (t->solved < 0 && lab_trials_solves(&u->trials, value)) t->solved = step;
    const rf_field row[] = {
        rf_field_string("cell", t->cell.name),   rf_field_int("length", t->length),
        rf_field_int("seed", (int64_t)t->seed),  rf_field_int("step", step),
        rf_field_real("train_loss", train_loss), rf_field_real("loss", m->m[1].value),
        rf_field_real(m->m[0].name, value)};
    return rf_emit_record(u->s->host, -1, "curve", row, sizeof row / sizeof *row);
}

static rf_status told(void *self, const rf_fit_event *ev, bool *enough)
{
    const lab_experiment *e = self;
    study *u = e->owner;
    rf_status st = take(u, ev->step, ev->learned, ev->metrics);
    *enough = u->now->solved >= 0 && u->r->opt[STOP].as.i;
    return st;
}

static void log_end(const study *u, const lab_trained *done)
{
    const lab_trial *t = u->now;
    const char *end = t->solved >= 0 ? "solved" : done->diverged ? "diverged" : "not solved";
    rf_logf(u->s->host, RF_LOG_INFO, "%s, length %lld, seed %llu: %s after %lld steps, %.1f s",
            t->cell.name, (long long)t->length, (unsigned long long)t->seed, end,
            (long long)t->steps, done->seconds);
}

static rf_status run_trial(study *u, lab_experiment *e)
{
    lab_trained done;
    e->owner = u;
    e->training.measure = measure;
    e->training.told = told;
    u->now->parameters = rf_params_elements(e->net.params);
    u->now->rate = e->training.rate;
    rf_metrics first = {0};
    rf_status st = measure(e, u->g, &first, u->err);
    if (!st) st = e->training.stopped;
    if (!st) st = take(u, 0, NAN, &first);
    if (!st) st = lab_train(&e->training, &done, u->err);
    if (st) return st;
    u->now->steps = done.steps;
    u->now->diverged = done.diverged;
    memcpy(u->now->by_distance, u->score.by_distance, sizeof u->score.by_distance);
    log_end(u, &done);
    return RF_OK;
}

static lab_task_size size_of(const study *u, rf_index length)
{
    return (lab_task_size){
        .length = length, .kinds = (int)u->r->opt[KINDS].as.i, .depth = (int)u->r->opt[DEPTH].as.i};
}

static rf_status begin_trial(study *u, int i)
{
    const rf_setting *v = u->r->opt;
    const lab_trial *t = u->now;
    lab_experiment e;
    const lab_task_size size = size_of(u, t->length);
    const lab_training loop = {.host = u->s->host,
                               .graph = u->g,
                               .optimizer = rf_optimizer_find(v[OPTIMIZER].as.s),
                               .schedule = (rf_schedule_kind)v[SCHEDULE].as.i,
                               .every = v[EVERY].as.i,
                               .before = (double)i * (double)v[TRY_STEPS].as.i,
                               .total = (double)lab_trials_count(&u->trials) *
                                        (double)v[TRY_STEPS].as.i};
    rf_status st = lab_experiment_init(&e, u->task, &size, &t->cell, v, (rf_index)v[TRY_BATCH].as.i,
                                       &loop, t->seed, u->err);
    if (st) return st;
    st = run_trial(u, &e);
    lab_experiment_free(&e);
    return st;
}

/* ---- Sequences to look at ------------------------------------------------------------------------ */

static void put_symbol(rf_str *out, const lab_batch *b, const lab_task *t, const lab_task_size *s,
                       rf_index at)
{
    if (b->K == 1)
        rf_str_printf(out, "%.2f%s", (double)b->x[2 * at], b->x[2 * at + 1] > 0 ? "*" : "");
    else if (t->symbol)
        rf_str_put(out, t->symbol(s, b->ids[at]));
    else
        rf_str_printf(out, "%d", b->ids[at]);
}

static void put_answer(rf_str *out, const lab_batch *b, const lab_task *t, const lab_task_size *s,
                       rf_index at)
{
    if (b->target[at] < 0)
        rf_str_put(out, ".");
    else if (t->answer)
        rf_str_put(out, t->answer(s, b->target[at]));
    else
        rf_str_printf(out, "%d", b->target[at]);
}

static rf_status show_sequence(study *u, const lab_batch *b, const lab_task_size *s, int64_t i)
{
    rf_str symbols = {0}, answers = {0};
    for (rf_index t = 0; t < b->steps[0]; t++) {
        if (t) rf_str_put(&symbols, " ");
        put_symbol(&symbols, b, u->task, s, lab_batch_at(b, t, 0));
        if (b->K == 1) continue;
        if (t) rf_str_put(&answers, " ");
        put_answer(&answers, b, u->task, s, lab_batch_at(b, t, 0));
    }
    if (b->K == 1) rf_str_printf(&answers, "%.2f", (double)b->value[0]);
    const rf_field row[] = {rf_field_string("sequence", symbols.s),
                            rf_field_string("answers", answers.s)};
    rf_status st = symbols.failed || answers.failed
                       ? rf_no_memory(u->err)
                       : rf_emit_record(u->s->host, i, "sequence", row, 2);
    rf_str_free(&symbols);
    rf_str_free(&answers);
    return st;
}

/* The first of each batch of one: those that training would see with as large a batch. */
static rf_status show(study *u)
{
    lab_batch b;
    lab_task_size s = size_of(u, u->length[0]);
    rf_status st = lab_task_fit(u->task, &s, u->err);
    if (!st) st = lab_batch_init(&b, u->task, &s, 1, u->err);
    if (st) return st;
    for (int64_t i = 0; i < u->r->opt[SHOW].as.i && !st; i++) {
        lab_batch_draw(&b, u->task, &s, rf_key_make(u->r->seed, "lab train", (uint64_t)i));
        st = show_sequence(u, &b, &s, i);
    }
    lab_batch_free(&b);
    return st;
}

/* ---- The verb --------------------------------------------------------------------------------------- */

static rf_status parse_lengths(study *u, const char *text)
{
    const char *item;
    size_t n;
    double x;
    u->lengths = 0;
    for (const char *rest = text; rf_list_next(&rest, &item, &n);) {
        if (!rf_number_parse(item, n, &x) || x != floor(x) || x < 0 || x > MOST_LENGTH)
            return rf_fail(u->err, RF_EINVAL,
                           "--lengths: %s: whole numbers with commas between them are due", text);
        if (u->lengths == MOST_LENGTHS)
            return rf_fail(u->err, RF_EINVAL, "--lengths: %d at most", MOST_LENGTHS);
        u->length[u->lengths++] = x > 0 ? (rf_index)x : u->task->usual.length;
    }
    return RF_OK;
}

static rf_status check(study *u)
{
    const rf_setting *v = u->r->opt;
    rf_status st = lab_task_find(u->r->arg[0], &u->task, u->err);
    if (!st)
        st = lab_cells_parse(&lab_memory_options[TRY_CELL], v[TRY_CELL].as.s, u->cell, MOST_CELLS,
                             &u->cells, u->err);
    if (!st) st = parse_lengths(u, v[LENGTHS].as.s);
    for (int i = 0; i < u->lengths && !st; i++) {
        lab_task_size size = size_of(u, u->length[i]);
        st = lab_task_fit(u->task, &size, u->err);
    }
    if (!st && !rf_optimizer_named(&lab_memory_options[OPTIMIZER], v[OPTIMIZER].as.s, u->err))
        st = RF_EINVAL;
    return st;
}

static rf_status prepare(study *u)
{
    const rf_setting *v = u->r->opt;
    lab_batch shape;
    lab_task_size size = size_of(u, u->length[0]);
    rf_status st = lab_task_fit(u->task, &size, u->err);
    u->d = rf_device_new((int)u->r->threads, u->err);
    u->g = u->d ? rf_graph_new(u->d) : NULL;
    if (!u->g) return rf_no_memory(u->err);
    if (!st)
        st = lab_trials_init(&u->trials, u->task, u->cell, u->cells, u->length, u->lengths,
                             u->r->seed, (int)v[SEEDS].as.i, v[TRY_STEPS].as.i / v[EVERY].as.i + 2,
                             u->err);
    u->task->shape(&size, &shape, &u->trials.guess);
    if (v[SOLVED].as.f > 0) u->trials.solved = v[SOLVED].as.f;
    return st;
}

static rf_status draw(const study *u, int option,
                      rf_status (*plot)(const lab_trials *ts, const char *path, rf_error *err))
{
    const char *path = u->r->opt[option].as.s;
    if (!path) return RF_OK;
    rf_status st = plot(&u->trials, path, u->err);
    return st ? st : rf_emit_plot(u->s->host, path);
}

static rf_status try_all(study *u)
{
    rf_status st = prepare(u);
    for (int i = 0; !st && i < lab_trials_count(&u->trials); i++) {
        u->now = &u->trials.trial[i];
        st = begin_trial(u, i);
    }
    if (!st) st = lab_trials_tell(&u->trials, u->s->host);
    if (!st && u->r->opt[DISTANCES].as.i) st = lab_trials_tell_distances(&u->trials, u->s->host);
    if (!st) st = draw(u, PLOT, lab_trials_plot);
    if (!st) st = draw(u, PLOT_LENGTHS, lab_trials_plot_lengths);
    if (!st) st = draw(u, PLOT_DISTANCES, lab_trials_plot_distances);
    return st;
}

static rf_status list_tasks(const rf_session *s)
{
    rf_status st = RF_OK;
    const lab_task *t;
    for (int i = 0; (t = lab_task_at(i)) && !st; i++) {
        const rf_field row[] = {rf_field_string("task", t->name),
                                rf_field_int("usual_length", t->usual.length),
                                rf_field_string("unit", t->unit),
                                rf_field_string("measured", lab_metric_name(t->metric)),
                                rf_field_real("solved_at", t->solved),
                                rf_field_string("what", t->summary),
                                rf_field_string("source", t->source)};
        st = rf_emit_record(s->host, i, "task", row, sizeof row / sizeof *row);
    }
    return st;
}

rf_status lab_memory(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    if (!r->arg_count) return list_tasks(s);
    study u = {.s = s, .r = r, .err = &err};
    rf_status st = check(&u);
    if (!st) st = r->opt[SHOW].as.i ? show(&u) : try_all(&u);
    lab_trials_free(&u.trials);
    rf_graph_free(u.g);
    rf_device_free(u.d);
    return rf_session_end(s, st, &err);
}

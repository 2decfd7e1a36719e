/* test_fit.c -- the training loop: exact resume, early stopping, guards, logs.
 *
 * The task is a small recurrent network on a stream of tokens with everything that a resume could
 * lose: carried state, dropout, a sparse embedding, windows that vary, a moving learning rate. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <refrain/io.h>
#include <refrain/model.h>
#include <refrain/train.h>

#include "../suite.h"
#include "allocations.h"

/* ---- The task -------------------------------------------------------------------------------------- */

enum { V = 11, E = 6, B = 3, T = 5, TOKENS = 160 };

typedef struct toy {
    rf_device *device;
    rf_params *ps;
    rf_param *embed, *recur, *weight, *bias;
    rf_graph *graph;
    int32_t tokens[TOKENS];
    rf_stream_batches *data, *held;
    rf_stream_batch batch;
    rf_real carried[B * E];
    rf_node last;
    rf_slot slots[2];
    int64_t stop_at, nan_at; /* steps of this process */
    int64_t taken;
    const double *script; /* metrics to pretend, ended by NAN; NULL: measure */
    int scripted;
    int saved, reports, valids, bests, ends;
    double last_epoch;
    char why[96];
    long allocated_at[200];
    bool empty, broken;
    rf_real seen; /* a parameter in the last validation */
} toy;

static int toy_next(void *self, rf_error *err)
{
    toy *t = self;
    if (t->broken) return rf_fail(err, RF_EFORMAT, "data.txt:3: is broken");
    if (t->taken < 200) t->allocated_at[t->taken] = allocations;
    if (t->empty || !rf_stream_batches_next(t->data, &t->batch)) return 0;
    if (t->batch.first) memset(t->carried, 0, sizeof t->carried);
    t->taken++;
    return 1;
}

static rf_node toy_build(toy *t, rf_graph *g, const rf_stream_batch *b, const rf_real *h0)
{
    rf_node w = rf_parameter(g, t->recur), e = rf_parameter(g, t->embed), h[T];
    rf_node state = h0 ? rf_borrow(g, h0, RF_SHAPE(B, E)) : rf_zeros(g, RF_SHAPE(B, E));
    for (rf_index k = 0; k < b->T; k++) {
        rf_node x = rf_embedding(g, e, b->x + k * B, RF_SHAPE(B));
        state = rf_tanh(g, rf_add(g, x, rf_linear(g, state, w, RF_NONE)));
        h[k] = state;
    }
    t->last = state;
    rf_node all = rf_dropout(g, rf_stack(g, (int)b->T, h), 0.3);
    rf_node y = rf_linear(g, all, rf_parameter(g, t->weight), rf_parameter(g, t->bias));
    return rf_cross_entropy(g, y, b->y);
}

static rf_node toy_loss(void *self, rf_graph *g, double *units)
{
    toy *t = self;
    *units = (double)t->batch.count;
    rf_node loss = toy_build(t, g, &t->batch, t->carried);
    return t->nan_at && t->taken == t->nan_at ? rf_affine(g, loss, (double)NAN, 0) : loss;
}

static void toy_carry(void *self, rf_graph *g)
{
    toy *t = self;
    memcpy(t->carried, rf_value(g, t->last).data, sizeof t->carried);
}

static rf_status toy_validate(void *self, rf_graph *g, rf_metrics *m, rf_error *err)
{
    toy *t = self;
    t->seen = t->weight->value.data[0];
    if (t->script) {
        const double value = t->script[t->scripted];
        if (!isnan(value)) t->scripted++;
        rf_metrics_add(m, "score", value);
        return RF_OK;
    }
    rf_mean_value mean = {0};
    rf_stream_batch b;
    while (rf_stream_batches_next(t->held, &b)) {
        rf_graph_begin(g, RF_EVAL, (rf_key){0});
        rf_node loss = toy_build(t, g, &b, NULL);
        rf_status status = rf_graph_status(g, err);
        if (status) return status;
        rf_mean_add(&mean, (double)rf_value(g, loss).data[0], (double)b.count);
    }
    rf_metrics_add(m, "loss", rf_mean_get(&mean));
    rf_metrics_add(m, "perplexity", rf_perplexity(rf_mean_get(&mean)));
    return RF_OK;
}

static rf_status toy_save(void *self, const rf_metrics *m, rf_error *err)
{
    (void)m, (void)err;
    ((toy *)self)->saved++;
    return RF_OK;
}

static void toy_report(void *self, const rf_fit_event *e)
{
    toy *t = self;
    t->reports += e->kind == RF_FIT_STEP;
    t->valids += e->kind == RF_FIT_VALID;
    t->bests += e->best;
    t->ends += e->kind == RF_FIT_END;
    if (e->why) snprintf(t->why, sizeof t->why, "%s", e->why);
    CU_ASSERT(e->epoch >= t->last_epoch || e->kind == RF_FIT_END);
    t->last_epoch = e->epoch;
}

static bool toy_stop(void *self)
{
    const toy *t = self;
    return t->stop_at && t->taken >= t->stop_at;
}

static toy *toy_new(int threads)
{
    toy *t = calloc(1, sizeof *t);
    const rf_init init = {RF_INIT_UNIFORM, 0.3};
    t->device = rf_device_new(threads, NULL);
    t->ps = rf_params_new();
    t->graph = rf_graph_new(t->device);
    t->embed = rf_params_add(t->ps, "embed", RF_SHAPE(V, E), init, NULL);
    t->recur = rf_params_add(t->ps, "recur", RF_SHAPE(E, E), init, NULL);
    t->weight = rf_params_add(t->ps, "weight", RF_SHAPE(V, E), init, NULL);
    t->bias = rf_params_add(t->ps, "bias", RF_SHAPE(V), init, NULL);
    rf_param_set_sparse(t->embed, true);
    rf_params_init(t->ps, 1);
    for (int i = 0; i < TOKENS; i++) t->tokens[i] = (i * i + i / 7) % V;
    const rf_stream_spec spec = {.tokens = t->tokens, .n = TOKENS, .B = B, .T = T, .vary = true};
    const rf_stream_spec held = {.tokens = t->tokens + 40, .n = 61, .B = B, .T = T};
    t->data = rf_stream_batches_new(&spec, NULL);
    t->held = rf_stream_batches_new(&held, NULL);
    t->slots[0] = (rf_slot){"cursor", RF_SLOT_I64, RF_SHAPE(2), rf_stream_batches_cursor(t->data)};
    t->slots[1] = (rf_slot){"carried", RF_SLOT_REAL, RF_SHAPE(B, E), t->carried};
    return t;
}

static void toy_free(toy *t)
{
    rf_stream_batches_free(t->data);
    rf_stream_batches_free(t->held);
    rf_graph_free(t->graph);
    rf_params_free(t->ps);
    rf_device_free(t->device);
    free(t);
}

static rf_fit_spec toy_spec(toy *t, const char *method)
{
    rf_fit_spec s = {.task = {.self = t,
                              .next = toy_next,
                              .loss = toy_loss,
                              .carry = toy_carry,
                              .validate = toy_validate,
                              .save = toy_save,
                              .report = toy_report,
                              .stop = toy_stop},
                     .params = t->ps,
                     .graph = t->graph,
                     .clip = 0.5,
                     .seed = 21,
                     .slots = t->slots,
                     .n_slots = 2};
    s.optimizer = rf_optimizer_defaults(rf_optimizer_find(method));
    s.optimizer.patience = 1;
    s.schedule = (rf_schedule){.rate = strstr(method, "sgd") ? 0.8 : 0.01, .warmup = 5};
    return s;
}

static char folder[] = "/tmp/refrain-fit-XXXXXX";

static const char *path_of(const char *name)
{
    static char paths[64][256];
    static int k;
    char *path = paths[k++ % 64];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static bool same_values(const toy *a, const toy *b)
{
    for (size_t i = 0; i < rf_params_count(a->ps); i++) {
        const rf_param *p = rf_params_at(a->ps, i), *q = rf_params_at(b->ps, i);
        const size_t n = (size_t)rf_shape_count(p->value.shape) * sizeof(rf_real);
        if (memcmp(p->value.data, q->value.data, n) != 0) return false;
    }
    return true;
}

/* rf_fit that should do well: says why it did not. */
static rf_status fit_well(const rf_fit_spec *s, rf_fit_result *out)
{
    rf_error err = {0};
    const rf_status status = rf_fit(s, out, &err);
    if (status && status != RF_ECANCELLED) printf("rf_fit: %s\n", err.text);
    return status;
}

/* ---- Exact resume ------------------------------------------------------------------------------------- */

/* Details of one comparison: how it validates, schedules, ends. */
typedef struct variant {
    const char *method;
    double momentum;
    rf_schedule_kind schedule;
    int64_t valid_every;
    bool keep_last;
} variant;

static rf_fit_spec variant_spec(toy *t, const variant *v)
{
    rf_fit_spec s = toy_spec(t, v->method);
    s.optimizer.momentum = v->momentum;
    s.schedule.kind = v->schedule;
    s.schedule.total = 90;
    s.schedule.gamma = 0.7;
    s.schedule.every = 13;
    s.schedule.patience = 1;
    s.valid_every = v->valid_every;
    s.keep_last = v->keep_last;
    s.state_path = path_of("resume.state");
    return s;
}

static const variant variants[] = {
    {"sgd", 0, RF_SCHEDULE_PLATEAU, 7, true},      {"sgd", 0.9, RF_SCHEDULE_STEP, 0, false},
    {"nt-asgd", 0, RF_SCHEDULE_CONSTANT, 3, true}, {"nt-asgd", 0, RF_SCHEDULE_CONSTANT, 5, false},
    {"rmsprop", 0, RF_SCHEDULE_COSINE, 7, true},   {"adam", 0, RF_SCHEDULE_PLATEAU, 4, true},
    {"adamw", 0, RF_SCHEDULE_LINEAR, 0, false},
};
enum { VARIANTS = sizeof variants / sizeof *variants };

/* 80 steps at once; and 80 steps in pieces, each piece in a process of its own as far as memory goes,
 * ended by a limit of steps or by a request to stop. */
static void resumes_are_exact(void)
{
    const int64_t ends[][4] = {{40, 80}, {1, 33, 34, 80}, {13, 26, 57, 80}};
    for (int i = 0; i < VARIANTS; i++)
        for (int k = 0; k < 3; k++)
            for (int cancel = 0; cancel < 2; cancel++) {
                toy *a = toy_new(1), *b = NULL;
                rf_fit_spec s = variant_spec(a, &variants[i]);
                s.steps = 80;
                rf_fit_result whole, pieces;
                CU_ASSERT_EQUAL(fit_well(&s, &whole), RF_OK);
                int64_t done = 0;
                for (int piece = 0; done < 80; piece++) {
                    toy_free(b ? b : toy_new(1));
                    b = toy_new(piece % 2 ? 2 : 1);
                    rf_params_init(b->ps, piece ? 1234 : 1);
                    s = variant_spec(b, &variants[i]);
                    s.resume = piece > 0;
                    s.steps = cancel ? 80 : ends[k][piece];
                    b->stop_at = cancel && ends[k][piece] < 80 ? ends[k][piece] - done : 0;
                    const rf_status status = fit_well(&s, &pieces);
                    CU_ASSERT_EQUAL_FATAL(status, b->stop_at ? RF_ECANCELLED : RF_OK);
                    done = ends[k][piece];
                    CU_ASSERT_EQUAL(pieces.steps, done);
                }
                CU_ASSERT(same_values(a, b));
                CU_ASSERT_EQUAL(memcmp(a->carried, b->carried, sizeof a->carried), 0);
                CU_ASSERT_EQUAL(whole.best, pieces.best);
                CU_ASSERT_EQUAL(whole.best_step, pieces.best_step);
                CU_ASSERT_EQUAL(whole.epochs, pieces.epochs);
                toy_free(a);
                toy_free(b);
            }
}

/* Losing steps after a checkpoint (kill -9) changes nothing either: they are done again. */
static void lost_steps_are_done_again(void)
{
    for (int i = 0; i < VARIANTS; i++) {
        toy *a = toy_new(1), *b = toy_new(1), *c = toy_new(1);
        rf_fit_spec s = variant_spec(a, &variants[i]);
        s.steps = 60;
        CU_ASSERT_EQUAL(fit_well(&s, NULL), RF_OK);

        s = variant_spec(b, &variants[i]);
        s.save_steps = 10;
        b->nan_at = 38; /* dies without saving: the last checkpoint may be that of step 30 */
        CU_ASSERT_EQUAL(rf_fit(&s, NULL, NULL), RF_EDIVERGED);

        s = variant_spec(c, &variants[i]);
        s.resume = true;
        s.steps = 60;
        CU_ASSERT_EQUAL(fit_well(&s, NULL), RF_OK);
        CU_ASSERT(c->taken < 60 - 25 && c->taken > 60 - 38);
        CU_ASSERT(same_values(a, c));
        toy_free(a);
        toy_free(b);
        toy_free(c);
    }
}

static void threads_change_nothing(void)
{
    toy *a = toy_new(1), *b = toy_new(3);
    rf_fit_spec s = variant_spec(a, &variants[5]);
    s.steps = 30;
    CU_ASSERT_EQUAL(fit_well(&s, NULL), RF_OK);
    s = variant_spec(b, &variants[5]);
    s.steps = 30;
    CU_ASSERT_EQUAL(fit_well(&s, NULL), RF_OK);
    CU_ASSERT(same_values(a, b));
    toy_free(a);
    toy_free(b);
}

static void resume_refuses_what_does_not_fit(void)
{
    toy *t = toy_new(1);
    rf_fit_spec s = variant_spec(t, &variants[0]);
    s.steps = 3;
    CU_ASSERT_EQUAL(fit_well(&s, NULL), RF_OK);
    s.resume = true;
    s.seed = 22;
    rf_error err = {0};
    CU_ASSERT_EQUAL(rf_fit(&s, NULL, &err), RF_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(err.text, "was trained with seed 21; 22 cannot go on from there"));
    s.seed = 21;
    s.n_slots = 2;
    t->slots[1].shape = RF_SHAPE(B, E + 1);
    err = (rf_error){0};
    CU_ASSERT_EQUAL(rf_fit(&s, NULL, &err), RF_EFORMAT);
    s.state_path = path_of("nowhere.state");
    err = (rf_error){0};
    CU_ASSERT_EQUAL(rf_fit(&s, NULL, &err), RF_EIO);
    toy_free(t);
}

/* ---- Learning, stopping, guarding --------------------------------------------------------------------- */

static void training_learns(void)
{
    for (int i = 0; rf_optimizer_at(i); i++) {
        toy *t = toy_new(2);
        rf_fit_spec s = toy_spec(t, rf_optimizer_at(i)->name);
        const double start = log(V);
        s.epochs = 30;
        rf_fit_result r;
        CU_ASSERT_EQUAL(fit_well(&s, &r), RF_OK);
        CU_ASSERT_STRING_EQUAL(r.why, "all epochs done");
        CU_ASSERT_EQUAL(r.epochs, 30);
        CU_ASSERT(r.best < 0.9 * start);
        CU_ASSERT_EQUAL(t->valids, 30);
        CU_ASSERT_EQUAL(t->bests, t->saved);
        CU_ASSERT_EQUAL(t->ends, 1);
        CU_ASSERT_DOUBLE_EQUAL(r.metrics.m[1].value, exp(r.best), 1e-9);

        rf_metrics m = {0}; /* the best parameters are in place */
        CU_ASSERT_EQUAL(toy_validate(t, t->graph, &m, NULL), RF_OK);
        CU_ASSERT_DOUBLE_EQUAL(m.m[0].value, r.best, 1e-12);
        toy_free(t);
    }
}

static void patience_ends_it(void)
{
    const double lower[] = {5, 4, 4.2, 3.999, 4.1, 4.3, 1, 1, (double)NAN};
    const double higher[] = {0.1, 0.5, 0.4, 0.5, 0.45, 0.9, 0.9, (double)NAN};
    for (int k = 0; k < 2; k++) {
        toy *t = toy_new(1);
        rf_fit_spec s = toy_spec(t, "adam");
        s.epochs = 50;
        s.patience = 3;
        s.min_delta = 0.01;
        s.higher = k;
        t->script = k ? higher : lower;
        rf_fit_result r;
        CU_ASSERT_EQUAL(fit_well(&s, &r), RF_OK);
        CU_ASSERT_STRING_EQUAL(r.why, "no improvement in 3 validations");
        CU_ASSERT_STRING_EQUAL(t->why, r.why);
        CU_ASSERT_EQUAL(r.epochs, 5);
        CU_ASSERT_EQUAL(r.best, k ? 0.5 : 4);
        CU_ASSERT_EQUAL(t->saved, 2);
        toy_free(t);
    }
}

/* NaN in the loss: that step is not applied, the state file stays. */
static void nan_stops_it(void)
{
    toy *a = toy_new(1), *b = toy_new(1);
    rf_fit_spec s = toy_spec(a, "adam");
    s.steps = 8;
    s.keep_last = true;
    CU_ASSERT_EQUAL(fit_well(&s, NULL), RF_OK);

    s = toy_spec(b, "adam");
    s.keep_last = true;
    s.state_path = path_of("nan.state");
    s.save_steps = 4;
    b->nan_at = 9;
    rf_error err = {0};
    rf_fit_result r;
    CU_ASSERT_EQUAL(rf_fit(&s, &r, &err), RF_EDIVERGED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "step 8: the loss is"));
    CU_ASSERT_EQUAL(r.steps, 8);
    CU_ASSERT_STRING_EQUAL(r.why, rf_status_name(RF_EDIVERGED));
    CU_ASSERT(same_values(a, b));
    CU_ASSERT_EQUAL(rf_gradient_norm(b->device, b->ps), 0);
    toy_free(b);

    b = toy_new(1);
    s = toy_spec(b, "adam");
    s.keep_last = true;
    s.state_path = path_of("nan.state");
    s.resume = true;
    s.steps = 8; /* nothing is left to do: the state is the good one of step 8 */
    CU_ASSERT_EQUAL(fit_well(&s, &r), RF_OK);
    CU_ASSERT_EQUAL(b->taken, 0);
    CU_ASSERT(same_values(a, b));
    toy_free(a);
    toy_free(b);
}

static void infinite_parameters_are_not_saved(void)
{
    toy *t = toy_new(1);
    rf_fit_spec s = toy_spec(t, "sgd");
    s.schedule = (rf_schedule){.rate = (double)INFINITY};
    s.steps = 5;
    s.state_path = path_of("infinite.state");
    s.save_steps = 1;
    rf_error err = {0};
    CU_ASSERT_EQUAL(rf_fit(&s, NULL, &err), RF_EDIVERGED);
    CU_ASSERT(access(path_of("infinite.state"), F_OK) != 0);
    toy_free(t);
}

static void failures_are_passed_on(void)
{
    toy *t = toy_new(1);
    rf_fit_spec s = toy_spec(t, "sgd");
    rf_error err = {0};
    s.task.report = NULL;
    t->empty = true;
    CU_ASSERT_EQUAL(rf_fit(&s, NULL, &err), RF_EINVAL);
    CU_ASSERT_STRING_EQUAL(err.text, "epoch 1: has no batches");
    t->empty = false;
    t->broken = true;
    err = (rf_error){0};
    CU_ASSERT_EQUAL(rf_fit(&s, NULL, &err), RF_EFORMAT);
    CU_ASSERT_STRING_EQUAL(err.text, "data.txt:3: is broken");
    t->broken = false;
    t->script = (const double[]){(double)NAN};
    s.epochs = 1;
    err = (rf_error){0};
    CU_ASSERT_EQUAL(rf_fit(&s, NULL, &err), RF_EDIVERGED);
    t->script = NULL;
    s.state_path = path_of("no/such/folder.state");
    err = (rf_error){0};
    CU_ASSERT_EQUAL(rf_fit(&s, NULL, &err), RF_EIO);
    s.state_path = NULL;
    s.log_path = path_of("no/such/folder.log");
    err = (rf_error){0};
    CU_ASSERT_EQUAL(rf_fit(&s, NULL, &err), RF_EIO);
    s.log_path = NULL;
    s.minutes = 1e-12;
    rf_fit_result r;
    CU_ASSERT_EQUAL(fit_well(&s, &r), RF_OK);
    CU_ASSERT_STRING_EQUAL(r.why, "the time is up");
    CU_ASSERT_EQUAL(r.steps, 0);
    toy_free(t);
}

static void steps_do_not_allocate(void)
{
    for (int i = 0; rf_optimizer_at(i); i++) {
        toy *t = toy_new(2);
        rf_fit_spec s = toy_spec(t, rf_optimizer_at(i)->name);
        s.steps = 199;
        s.report_steps = 10;
        s.valid_every = 1000;
        s.log_path = path_of("quiet.log");
        CU_ASSERT_EQUAL(fit_well(&s, NULL), RF_OK);
        CU_ASSERT_EQUAL(t->allocated_at[198], t->allocated_at[60]);
        CU_ASSERT(t->allocated_at[60] > 0);
        toy_free(t);
    }
    unlink(path_of("quiet.log"));
}

/* nt-asgd: once it averages, it is the averages that are validated, and that are left at the end. */
static void averages_are_validated(void)
{
    const double worse[] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (int k = 0; k < 2; k++) {
        toy *t = toy_new(1);
        rf_fit_spec s = toy_spec(t, k ? "nt-asgd" : "sgd");
        s.steps = 40;
        s.valid_every = 5;
        s.keep_last = true;
        s.optimizer.momentum = 0;
        t->script = worse;
        CU_ASSERT_EQUAL(fit_well(&s, NULL), RF_OK);
        CU_ASSERT_EQUAL(t->valids, 8);
        CU_ASSERT_EQUAL(t->seen, t->weight->value.data[0]);
        static rf_real plain;
        if (k == 0) plain = t->seen;
        if (k == 1) CU_ASSERT_NOT_EQUAL(t->seen, plain);
        toy_free(t);
    }
}

/* ---- Logs and curves ------------------------------------------------------------------------------------- */

/* Steps of the log's lines never go back, every line is one object; how many lines. */
static int check_log(const char *path, int *valids, int *ends)
{
    rf_str text = {0};
    int lines = 0;
    long long last = 0;
    *valids = *ends = 0;
    CU_ASSERT_EQUAL_FATAL(rf_file_read(path, 0, &text, NULL), RF_OK);
    for (char *line = strtok(text.s, "\n"); line; line = strtok(NULL, "\n")) {
        char event[16];
        long long step = -1;
        CU_ASSERT_EQUAL(sscanf(line, "{\"event\":\"%15[a-z]\",\"step\":%lld", event, &step), 2);
        CU_ASSERT(step >= last);
        CU_ASSERT_EQUAL(line[strlen(line) - 1], '}');
        last = step;
        lines++;
        *valids += !strcmp(event, "valid");
        *ends += !strcmp(event, "end");
    }
    rf_str_free(&text);
    return lines;
}

static void logs_go_on_after_a_resume(void)
{
    const char *log = path_of("run.log"), *plot = path_of("run.svg");
    int valids, ends, lines = 0;
    for (int k = 0; k < 3; k++) {
        toy *t = toy_new(1);
        rf_fit_spec s = toy_spec(t, "adam");
        s.state_path = path_of("log.state");
        s.save_steps = 10;
        s.report_steps = 4;
        s.valid_every = 10;
        s.log_path = log;
        s.plot_path = plot;
        s.title = "toy";
        s.steps_per_epoch = rf_stream_batches_per_epoch(t->data);
        s.steps = 40;
        s.resume = k == 2;
        t->nan_at = k == 1 ? 27 : 0;
        CU_ASSERT_EQUAL(rf_fit(&s, NULL, NULL), k == 1 ? RF_EDIVERGED : RF_OK);
        const int n = check_log(log, &valids, &ends);
        if (k == 0) lines = n;
        if (k == 1) CU_ASSERT(n < lines);
        if (k == 2) CU_ASSERT_EQUAL(n, lines); /* as if nothing had happened */
        CU_ASSERT_EQUAL(ends, 1);
        if (k != 1) CU_ASSERT_EQUAL(valids, 4);
        toy_free(t);
    }
    rf_str svg = {0};
    CU_ASSERT_EQUAL(rf_file_read(plot, 0, &svg, NULL), RF_OK);
    CU_ASSERT(svg.s && strstr(svg.s, "<svg") && strstr(svg.s, "validation loss"));
    rf_str_free(&svg);
}

/* The training loss is the metric of a task without a validation. */
static void training_loss_is_a_metric(void)
{
    toy *t = toy_new(1);
    rf_fit_spec s = toy_spec(t, "adam");
    s.task.validate = NULL;
    s.task.save = NULL;
    s.task.report = NULL;
    s.task.stop = NULL;
    s.epochs = 6;
    rf_fit_result r;
    CU_ASSERT_EQUAL(fit_well(&s, &r), RF_OK);
    CU_ASSERT(r.best > 0 && r.best < log(V));
    CU_ASSERT_STRING_EQUAL(r.metrics.m[0].name, "loss");
    toy_free(t);
}

static void remove_files(void)
{
    static const char *const names[] = {"resume.state", "nan.state", "log.state", "run.log",
                                        "run.svg"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(path_of(names[i]));
    rmdir(folder);
}

int main(void)
{
    CU_TestInfo tests[] = {{"training learns", training_learns},
                           {"resumes are exact", resumes_are_exact},
                           {"lost steps are done again", lost_steps_are_done_again},
                           {"threads change nothing", threads_change_nothing},
                           {"resume refuses what does not fit", resume_refuses_what_does_not_fit},
                           {"patience ends it", patience_ends_it},
                           {"nan stops it", nan_stops_it},
                           {"infinite parameters are not saved", infinite_parameters_are_not_saved},
                           {"failures are passed on", failures_are_passed_on},
                           {"averages are validated", averages_are_validated},
                           {"steps do not allocate", steps_do_not_allocate},
                           {"logs go on after a resume", logs_go_on_after_a_resume},
                           {"training loss is a metric", training_loss_is_a_metric},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "fit", .pTests = tests}, CU_SUITE_INFO_NULL};
    if (!mkdtemp(folder)) return 2;
    const int status = run_suites(suites);
    remove_files();
    return status;
}

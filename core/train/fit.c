/* train/fit.c -- the training loop.
 *
 * Invariant: between two steps everything that the next step depends on is in the parameters, the
 * optimiser, the slots, or f->count, f->number and f->schedule, which are what a state file holds.
 * A validation that only the end of this process calls for comes after the state is saved: a resume
 * must not see it. */
#include <assert.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "train/fit.h"

double rfi_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double rfi_fit_elapsed(const rfi_fit *f) { return f->base + rfi_clock() - f->begun; }

static bool passed(double seconds, double since)
{
    return seconds > 0 && rfi_clock() - since >= seconds;
}

bool rfi_fit_is_late(const rfi_fit *f)
{
    return f->spec->minutes > 0 && rfi_fit_elapsed(f) >= f->spec->minutes * 60;
}

bool rfi_fit_save_is_due(const rfi_fit *f) { return passed(f->spec->save_seconds, f->saved); }

/* ---- One step ---------------------------------------------------------------------------------- */

static rf_status diverged(rfi_fit *f, const char *what, double value, rf_error *err)
{
    rf_params_zero_grad(f->spec->params);
    return rf_fail(err, RF_EDIVERGED,
                   "step %lld: the %s is %g; a learning rate below %.3g or clipping may help",
                   (long long)f->count.step, what, value,
                   rf_schedule_rate(&f->schedule, f->count.step));
}

/* Gradients of this rank's part in the batch's mean loss, then of that mean itself. */
static rf_status differentiate_part(rfi_fit *f, rf_node node, double part, rf_error *err)
{
    const rf_real seed = (rf_real)part;
    rf_adjoint_with(f->spec->graph, node, &seed);
    rf_status status = rf_graph_status(f->spec->graph, err);
    return status ? status : rfi_ranks_sum_gradients(f, err);
}

/* Loss and gradients of the batch. */
static rf_status differentiate(rfi_fit *f, double *loss, double *units, rf_error *err)
{
    const rf_fit_spec *s = f->spec;
    rf_graph_begin(s->graph, RF_TRAIN, rf_key_make(s->seed, "train", (uint64_t)f->count.step));
    *units = 1;
    const rf_node node = s->task.loss(s->task.self, s->graph, units);
    rf_status status = rf_graph_status(s->graph, err);
    if (status) return status;
    *loss = (double)rf_value(s->graph, node).data[0];
    const double own = *units;
    status = rfi_ranks_agree(f, loss, units, err);
    if (status) return status;
    if (!isfinite(*loss)) return diverged(f, "loss", *loss, err);
    if (f->ranks.c) return differentiate_part(f, node, *units > 0 ? own / *units : 0, err);
    rf_adjoint(s->graph, node);
    return rf_graph_status(s->graph, err);
}

static rf_status train_step(rfi_fit *f, rf_error *err)
{
    const rf_fit_spec *s = f->spec;
    rf_device *d = rf_graph_device(s->graph);
    double loss, units;
    rf_status status = differentiate(f, &loss, &units, err);
    if (status) return status;
    rf_graph_span_begin(s->graph);
    f->norm = rf_gradient_norm(d, s->params);
    rf_graph_span_end(s->graph, "gradient norm");
    if (!isfinite(f->norm)) return diverged(f, "gradient's norm", f->norm, err);
    rf_graph_span_begin(s->graph);
    rf_optimizer_step(f->optimizer, d, rf_schedule_rate(&f->schedule, f->count.step),
                      rf_clip_scale(f->norm, s->clip));
    rf_graph_span_end(s->graph, s->optimizer.method->name);
    if (s->task.carry) s->task.carry(s->task.self, s->graph);
    f->count.step++;
    rf_mean_add(&f->number.since_report, loss, units);
    rf_mean_add(&f->number.since_valid, loss, units);
    return RF_OK;
}

/* ---- Validation -------------------------------------------------------------------------------- */

static rf_status measure(rfi_fit *f, rf_metrics *m, rf_error *err)
{
    const rf_fit_task *task = &f->spec->task;
    if (!task->validate) {
        rf_metrics_add(m, "loss", rf_mean_get(&f->number.since_valid));
        return RF_OK;
    }
    rf_status status = task->validate(task->self, f->spec->graph, m, err);
    if (!status) status = rfi_ranks_tell(f, m, err);
    if (status) return status;
    assert(m->n > 0);
    if (isfinite(m->m[0].value)) return RF_OK;
    return rf_fail(err, RF_EDIVERGED, "step %lld: the validation's %s is %g",
                   (long long)f->count.step, m->m[0].name, m->m[0].value);
}

static bool is_better(const rfi_fit *f, double value)
{
    if (!f->count.has_best) return true;
    const double gain = f->spec->higher ? value - f->number.best : f->number.best - value;
    return gain > f->spec->min_delta;
}

static rf_status keep_best(rfi_fit *f, const rf_metrics *m, rf_error *err)
{
    const rf_fit_task *task = &f->spec->task;
    f->count.has_best = 1;
    f->count.best_step = f->count.step;
    f->count.bad = 0;
    f->number.best = m->m[0].value;
    f->metrics = *m;
    rfi_fit_keep_best(f);
    if (!task->save) return RF_OK;
    rf_status status = rfi_ranks_lead(f) ? task->save(task->self, m, err) : RF_OK;
    return rfi_ranks_settle(f, status, err);
}

/* Measure and keep what is best, with averaged parameters in place if there are any. */
static rf_status validate(rfi_fit *f, rf_error *err)
{
    const double start = rfi_clock();
    rf_metrics m = {0};
    bool better = false;
    rf_graph_span_begin(f->spec->graph);
    rf_optimizer_swap(f->optimizer);
    rf_status status = measure(f, &m, err);
    if (!status) better = is_better(f, m.m[0].value);
    if (!status && better) status = keep_best(f, &m, err);
    rf_optimizer_swap(f->optimizer);
    rf_graph_span_end(f->spec->graph, "validation");
    if (status) return status;
    if (!better) f->count.bad++;
    const double cost = f->spec->higher ? -m.m[0].value : m.m[0].value;
    rf_optimizer_validated(f->optimizer, cost);
    rf_schedule_validated(&f->schedule, cost);
    f->count.valid_step = f->count.step;
    f->away += rfi_clock() - start;
    status = rfi_report_valid(f, &m, better, err);
    f->number.since_valid = (rf_mean_value){0};
    return status;
}

/* ---- Saving ------------------------------------------------------------------------------------ */

static rf_status save(rfi_fit *f, rf_error *err)
{
    if (!f->spec->state_path) return RF_OK;
    rf_graph_span_begin(f->spec->graph);
    rf_status status = rfi_ranks_settle(f, rfi_fit_save(f, err), err);
    rf_graph_span_end(f->spec->graph, "saving");
    return status ? status : rfi_report(f, RF_FIT_SAVED, err);
}

static rf_status validate_and_save(rfi_fit *f, rf_error *err)
{
    rf_status status = validate(f, err);
    return status ? status : save(f, err);
}

static bool due(int64_t every, int64_t step) { return every > 0 && step % every == 0; }

static rf_status after_step(rfi_fit *f, rf_error *err)
{
    const rf_fit_spec *s = f->spec;
    const int64_t step = f->count.step;
    rf_status status = RF_OK;
    if (due(s->report_steps, step) || passed(s->report_seconds, f->reported))
        status = rfi_report_step(f, err);
    if (!status && due(s->valid_every, step)) return validate_and_save(f, err);
    const bool in_time = f->ranks.c ? f->ranks.save : rfi_fit_save_is_due(f);
    if (!status && (due(s->save_steps, step) || in_time)) status = save(f, err);
    return status;
}

static rf_status end_epoch(rfi_fit *f, rf_error *err)
{
    if (f->count.step == f->count.epoch_step)
        return rf_fail(err, RF_EINVAL, "epoch %lld: has no batches", (long long)f->count.epoch + 1);
    f->count.epoch++;
    f->count.epoch_step = f->count.step;
    rf_status status = rfi_report(f, RF_FIT_EPOCH, err);
    if (status || f->spec->valid_every > 0) return status;
    return validate_and_save(f, err);
}

/* ---- The loop ---------------------------------------------------------------------------------- */

/* Whether the end is reached; why goes to f->why. */
static bool is_done(rfi_fit *f)
{
    const rf_fit_spec *s = f->spec;
    const char *why = NULL;
    if (s->epochs > 0 && f->count.epoch >= s->epochs) why = "all epochs done";
    if (s->steps > 0 && f->count.step >= s->steps) why = "all steps done";
    if (f->ranks.c ? f->ranks.late : rfi_fit_is_late(f)) why = "the time is up";
    if (why) snprintf(f->why, sizeof f->why, "%s", why);
    if (s->patience > 0 && f->count.bad >= s->patience) {
        snprintf(f->why, sizeof f->why, "no improvement in %lld validations",
                 (long long)f->count.bad);
        return true;
    }
    return why != NULL;
}

static rf_status save_if_new(rfi_fit *f, rf_error *err)
{
    return f->saved_step == f->count.step ? RF_OK : save(f, err);
}

static rf_status end_well(rfi_fit *f, rf_error *err)
{
    rf_status status = save_if_new(f, err);
    const bool measurable = f->spec->task.validate || f->number.since_valid.weight > 0;
    if (!status && measurable && f->count.valid_step != f->count.step) status = validate(f, err);
    return status;
}

static rf_status cancel(rfi_fit *f, rf_error *err)
{
    snprintf(f->why, sizeof f->why, "interrupted");
    rf_status status = save_if_new(f, err);
    if (status) return status;
    if (!f->spec->state_path)
        return rf_fail(err, RF_ECANCELLED, "interrupted at step %lld", (long long)f->count.step);
    return rf_fail(err, RF_ECANCELLED, "interrupted at step %lld; saved in %s",
                   (long long)f->count.step, f->spec->state_path);
}

static bool asked_to_stop(rfi_fit *f)
{
    const rf_fit_task *task = &f->spec->task;
    const bool wants = task->stop && task->stop(task->self);
    if (!f->ranks.c) return wants;
    f->ranks.wants_stop = wants;
    return f->ranks.stop;
}

static rf_status run(rfi_fit *f, rf_error *err)
{
    const rf_fit_task *task = &f->spec->task;
    for (;;) {
        if (is_done(f)) return end_well(f, err);
        rf_graph_span_begin(f->spec->graph);
        const int more = task->next(task->self, err);
        rf_graph_span_end(f->spec->graph, "batches");
        if (more < 0) return more;
        rf_status status = more ? train_step(f, err) : end_epoch(f, err);
        if (!status && more) status = after_step(f, err);
        if (status) return status;
        if (asked_to_stop(f)) return cancel(f, err);
    }
}

static void give_result(const rfi_fit *f, rf_fit_result *out)
{
    *out = (rf_fit_result){.steps = f->count.step,
                           .epochs = f->count.epoch,
                           .elapsed = rfi_fit_elapsed(f),
                           .best = f->number.best,
                           .best_step = f->count.best_step,
                           .metrics = f->metrics};
    memcpy(out->why, f->why, sizeof out->why);
}

static rf_status begin(rfi_fit *f, rf_error *err)
{
    f->begun = f->reported = f->saved = rfi_clock();
    rf_params_zero_grad(f->spec->params);
    rf_status status = f->spec->resume ? rfi_fit_load(f, err) : RF_OK;
    f->begun = f->reported = f->saved = rfi_clock();
    if (!status) status = rfi_ranks_begin(f, err);
    return status ? status : rfi_report_open(f, err);
}

rf_status rf_fit(const rf_fit_spec *spec, rf_fit_result *out, rf_error *err)
{
    assert(spec->params && spec->graph && spec->task.next && spec->task.loss);
    assert(!spec->resume || spec->state_path);
    rf_error own = {0};
    if (!err) err = &own;
    rfi_fit f;
    rf_status status = rfi_fit_init(&f, spec, err);
    if (!status) status = begin(&f, err);
    if (!status) {
        status = run(&f, err);
        if (status && !*f.why) snprintf(f.why, sizeof f.why, "%s", rf_status_name(status));
        if (f.count.has_best && !spec->keep_last)
            rfi_fit_restore_best(&f);
        else
            rf_optimizer_swap(f.optimizer);
        rf_status told = rfi_report(&f, RF_FIT_END, err);
        if (!status) status = told;
    }
    rf_status closed = rfi_report_close(&f, err);
    if (!status) status = closed;
    if (out) give_result(&f, out);
    rfi_fit_free(&f);
    return status;
}

/* train/report.c -- what rf_fit tells: events, the log's JSON lines, the learning curves. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "train/fit.h"
#include <refrain/plot.h>

/* ---- Curves ------------------------------------------------------------------------------------ */

static void curve_add(rfi_curve *c, double x, double y)
{
    if (c->n == RFI_CURVE) {
        for (int64_t i = 0; i < RFI_CURVE / 2; i++) {
            c->x[i] = c->x[2 * i + 1];
            c->y[i] = (c->y[2 * i] + c->y[2 * i + 1]) / 2;
        }
        c->n = RFI_CURVE / 2;
    }
    c->x[c->n] = x;
    c->y[c->n] = y;
    c->n++;
}

static rf_status draw_curves(const rfi_fit *f, rf_error *err)
{
    const rf_fit_spec *s = f->spec;
    if (!s->plot_path || !rfi_ranks_lead(f)) return RF_OK;
    rf_plot *p = rf_plot_new(s->title);
    bool done = p != NULL;
    if (p) rf_plot_axes(p, "step", f->metric, 0);
    done = done && rf_plot_line(p, "training loss", f->train->x, f->train->y, (size_t)f->train->n);
    if (done && f->valid->n) {
        char name[64];
        snprintf(name, sizeof name, "validation %s", f->metric);
        done = rf_plot_line(p, name, f->valid->x, f->valid->y, (size_t)f->valid->n);
    }
    rf_status status = done ? rf_plot_write(p, s->plot_path, err)
                            : rf_fail(err, RF_ENOMEM, "%s: no memory", s->plot_path);
    rf_plot_free(p);
    return status;
}

/* ---- The log ----------------------------------------------------------------------------------- */

static rf_status log_failed(const rfi_fit *f, rf_error *err)
{
    return rf_fail(err, RF_EIO, "%s: %s", f->spec->log_path, strerror(errno));
}

/* A resume goes on where the state was saved: later lines are from steps that will be done again. */
rf_status rfi_report_open(rfi_fit *f, rf_error *err)
{
    const char *path = f->spec->log_path;
    if (!path || !rfi_ranks_lead(f)) return RF_OK;
    struct stat st;
    const bool go_on = f->spec->resume && stat(path, &st) == 0 && S_ISREG(st.st_mode);
    if (go_on && st.st_size > f->count.log_bytes && truncate(path, f->count.log_bytes))
        return log_failed(f, err);
    f->log = fopen(path, f->spec->resume ? "a" : "w");
    return f->log ? RF_OK : log_failed(f, err);
}

rf_status rfi_report_close(rfi_fit *f, rf_error *err)
{
    if (!f->log) return RF_OK;
    FILE *log = f->log;
    f->log = NULL;
    return fclose(log) ? log_failed(f, err) : RF_OK;
}

/* `"name":number`; JSON has no word for what is not finite. */
static void log_number(FILE *log, const char *name, double x)
{
    if (isfinite(x))
        fprintf(log, ",\"%s\":%.9g", name, x);
    else
        fprintf(log, ",\"%s\":null", name);
}

static rf_status log_event(rfi_fit *f, const rf_fit_event *e)
{
    static const char *const kinds[] = {"step", "valid", "epoch", "saved", "end"};
    fprintf(f->log, "{\"event\":\"%s\",\"step\":%lld", kinds[e->kind], (long long)e->step);
    log_number(f->log, "epoch", e->epoch);
    log_number(f->log, "elapsed", e->elapsed);
    if (e->kind == RF_FIT_STEP) {
        log_number(f->log, "loss", e->loss);
        log_number(f->log, "rate", e->rate);
        log_number(f->log, "norm", e->norm);
        log_number(f->log, "units_per_second", e->units);
    }
    for (int i = 0; e->metrics && i < e->metrics->n; i++) {
        char name[80];
        snprintf(name, sizeof name, "valid_%s", e->metrics->m[i].name);
        log_number(f->log, name, e->metrics->m[i].value);
    }
    if (e->kind == RF_FIT_VALID) fprintf(f->log, ",\"best\":%s", e->best ? "true" : "false");
    if (e->why) fprintf(f->log, ",\"why\":\"%s\"", e->why);
    fputs("}\n", f->log);
    if (fflush(f->log) || ferror(f->log)) return RF_EIO;
    const long at = ftell(f->log);
    if (at >= 0) f->count.log_bytes = at;
    return RF_OK;
}

/* ---- Events ------------------------------------------------------------------------------------ */

static int64_t total_steps(const rf_fit_spec *s)
{
    const int64_t epochs = s->epochs * s->steps_per_epoch;
    if (s->steps > 0 && (epochs <= 0 || s->steps < epochs)) return s->steps;
    return epochs;
}

static double seconds_left(const rfi_fit *f)
{
    const int64_t total = total_steps(f->spec), here = f->count.step - f->first_step;
    const double elapsed = rfi_fit_elapsed(f);
    double left = -1;
    if (total > 0 && here > 0)
        left = (elapsed - f->base) / (double)here * (double)(total - f->count.step);
    const double limit = f->spec->minutes * 60 - elapsed;
    if (f->spec->minutes > 0 && (left < 0 || limit < left)) left = fmax(limit, 0);
    return left;
}

static rf_fit_event event_make(const rfi_fit *f, rf_fit_kind kind)
{
    const rf_fit_spec *s = f->spec;
    rf_fit_event e = {.kind = kind,
                      .step = f->count.step,
                      .steps = total_steps(s),
                      .epoch = (double)f->count.epoch,
                      .loss = rf_mean_get(&f->number.since_report),
                      .rate = rf_schedule_rate(&f->schedule, f->count.step),
                      .norm = f->norm,
                      .elapsed = rfi_fit_elapsed(f),
                      .left = seconds_left(f)};
    if (s->steps_per_epoch > 0)
        e.epoch +=
            fmin((double)(f->count.step - f->count.epoch_step) / (double)s->steps_per_epoch, 1);
    const double spent = rfi_clock() - f->reported - f->away;
    if (spent > 0) e.units = f->number.since_report.weight / spent;
    return e;
}

static rf_status tell(rfi_fit *f, const rf_fit_event *e, rf_error *err)
{
    const rf_fit_task *task = &f->spec->task;
    if (!rfi_ranks_lead(f)) return RF_OK;
    rf_status status = f->log && e->kind != RF_FIT_SAVED ? log_event(f, e) : RF_OK;
    if (task->report) task->report(task->self, e);
    return status ? log_failed(f, err) : RF_OK;
}

static void forget_report(rfi_fit *f)
{
    f->number.since_report = (rf_mean_value){0};
    f->reported = rfi_clock();
    f->reported_step = f->count.step;
    f->away = 0;
}

rf_status rfi_report_step(rfi_fit *f, rf_error *err)
{
    const rf_fit_event e = event_make(f, RF_FIT_STEP);
    if (isfinite(e.loss)) curve_add(f->train, (double)e.step, e.loss);
    forget_report(f);
    return tell(f, &e, err);
}

/* The curve is of the loss where there is one, to share its axis with the training loss. */
static double curve_value(rfi_fit *f, const rf_metrics *m)
{
    int shown = 0;
    for (int i = 0; i < m->n; i++)
        if (!strcmp(m->m[i].name, "loss")) shown = i;
    f->metric = m->m[shown].name;
    return m->m[shown].value;
}

rf_status rfi_report_valid(rfi_fit *f, const rf_metrics *m, bool best, rf_error *err)
{
    rf_status status = RF_OK;
    if (f->number.since_report.weight > 0 && !f->spec->report_steps && f->spec->report_seconds <= 0)
        status = rfi_report_step(f, err);
    curve_add(f->valid, (double)f->count.step, curve_value(f, m));
    rf_fit_event e = event_make(f, RF_FIT_VALID);
    e.metrics = m;
    e.best = best;
    e.learned = rf_mean_get(&f->number.since_valid);
    if (!status) status = tell(f, &e, err);
    if (status) return status;
    const double start = rfi_clock();
    status = draw_curves(f, err);
    f->away += rfi_clock() - start;
    return status;
}

rf_status rfi_report(rfi_fit *f, rf_fit_kind kind, rf_error *err)
{
    rf_fit_event e = event_make(f, kind);
    if (kind == RF_FIT_END) {
        e.why = f->why;
        if (f->metrics.n) e.metrics = &f->metrics;
    }
    return tell(f, &e, err);
}

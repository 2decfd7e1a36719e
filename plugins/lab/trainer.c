/* lab/trainer.c -- rf_fit for experiments. */
#include "trainer.h"

static void heed(lab_training *t, rf_status st)
{
    if (st && !t->stopped) t->stopped = st;
}

void lab_train_tick(lab_training *t)
{
    const double done = t->before + (double)t->step;
    heed(t, t->host->progress(t->host, done, t->total > done ? t->total : 0, "steps"));
}

/* One epoch, which is over when it is enough. */
static int next(void *self, rf_error *err)
{
    lab_training *t = self;
    (void)err;
    return !t->enough;
}

static rf_node loss(void *self, rf_graph *g, double *units)
{
    lab_training *t = self;
    *units = 1;
    return t->loss(t->self, g, t->step++);
}

static rf_status measure(void *self, rf_graph *g, rf_metrics *m, rf_error *err)
{
    lab_training *t = self;
    return t->measure(t->self, g, m, err);
}

static void report(void *self, const rf_fit_event *e)
{
    lab_training *t = self;
    if (e->kind != RF_FIT_VALID || !t->told || t->stopped) return;
    heed(t, t->told(t->self, e, &t->enough));
}

static bool stop(void *self)
{
    lab_training *t = self;
    lab_train_tick(t);
    return t->stopped != RF_OK;
}

static rf_status end(lab_training *t, rf_status st, lab_trained *out, rf_error *err)
{
    if (st == RF_ECANCELLED && t->stopped) st = t->stopped;
    out->diverged = st == RF_EDIVERGED;
    if (!out->diverged || !t->bears) return st;
    t->host->log(t->host, RF_LOG_INFO, err->text);
    *err = (rf_error){0};
    return RF_OK;
}

rf_status lab_train(lab_training *t, lab_trained *out, rf_error *err)
{
    const rf_optimizer_row *o = t->optimizer ? t->optimizer : rf_optimizer_find("adam");
    const double rate = t->rate > 0 ? t->rate : o->rate;
    const rf_fit_spec spec = {.task = {.self = t,
                                       .next = next,
                                       .loss = loss,
                                       .validate = t->measure ? measure : NULL,
                                       .report = report,
                                       .stop = stop},
                              .params = t->params,
                              .graph = t->graph,
                              .optimizer = rf_optimizer_defaults(o),
                              .schedule = {.kind = t->schedule,
                                           .rate = rate,
                                           .total = t->steps,
                                           .every = t->steps / 3 + 1,
                                           .gamma = 0.3,
                                           .floor = t->floor > 0 ? t->floor : 0.05,
                                           .patience = 3},
                              .clip = t->clip,
                              .seed = t->seed,
                              .epochs = 1,
                              .steps = t->steps,
                              .valid_every = t->every > 0 ? t->every : t->steps,
                              .higher = t->higher,
                              .keep_last = !t->keep_best};
    rf_fit_result result = {0};
    t->step = 0;
    t->enough = false;
    t->stopped = RF_OK;
    rf_status st = rf_fit(&spec, &result, err);
    *out = (lab_trained){.steps = result.steps, .seconds = result.elapsed};
    return end(t, st, out, err);
}

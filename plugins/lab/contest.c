/* lab/contest.c -- the same search for every cell, and the repetition of what was best. */
#include "contest.h"

#include <math.h>
#include <stdlib.h>

#include "crew.h"
#include "statistics.h"

/* ---- Jobs ------------------------------------------------------------------------------------------ */

/* Random numbers of a training: a function of the run's seed, the cell and which training it is. */
static uint64_t job_seed(const lab_contest *all, const rf_cell *cell, lab_entry e)
{
    uint32_t word[4];
    rf_random(rf_key_make(all->seed, cell->name, (uint64_t)e.trial), (uint64_t)e.seed, word);
    return (uint64_t)word[0] << 32 | word[1];
}

static void make_job(const lab_contest *all, lab_job *j, const rf_cell *cell, int64_t trial,
                     int64_t seed)
{
    j->entry = (lab_entry){cell->name, trial, seed};
    j->trial = (lab_attempt){.frame = &all->frame, .cell = cell};
    j->trial.seed = job_seed(all, cell, j->entry);
    lab_search_draw(all->range, all->seed, trial, j->trial.value);
    j->known = lab_ledger_get(all->ledger, j->entry, &j->out);
}

static rf_status work(void *self, int64_t i, const atomic_bool *stop, rf_error *err)
{
    lab_contest *all = self;
    lab_job *j = &all->jobs[all->todo[i]];
    j->trial.epoch = &j->epoch;
    return lab_attempt_run(&j->trial, stop, &j->out, err);
}

/* Results are told in the order of the jobs, whichever ends first; none once the host said to stop. */
static rf_status tell_known(lab_contest *all)
{
    rf_status st = RF_OK;
    while (!st && !all->stopped && all->told < all->count && all->jobs[all->told].known)
        st = all->tell(all, all->told++);
    if (st) all->stopped = true;
    return st;
}

static rf_status done(void *self, int64_t i, rf_error *err)
{
    lab_contest *all = self;
    lab_job *j = &all->jobs[all->todo[i]];
    rf_status st = lab_ledger_add(all->ledger, j->entry, &j->trial, &j->out, err);
    j->known = true;
    all->finished++;
    return st ? st : tell_known(all);
}

static rf_status watch(void *self, rf_error *err)
{
    lab_contest *all = self;
    const rf_host *h = all->host;
    double under_way = 0;
    (void)err;
    for (int64_t i = 0; i < all->count; i++)
        if (!all->jobs[i].known) under_way += (double)atomic_load(&all->jobs[i].epoch);
    rf_status st = h->progress(h, (double)all->finished + under_way / (double)all->frame.epochs,
                               (double)all->total, "trainings");
    if (st) all->stopped = true;
    return st;
}

static rf_status run_jobs(lab_contest *all, lab_job *jobs, int64_t count,
                          rf_status (*tell)(lab_contest *all, int64_t i))
{
    lab_crew_task task = {.self = all, .work = work, .done = done, .watch = watch};
    all->jobs = jobs;
    all->count = count;
    all->told = 0;
    all->tell = tell;
    for (int64_t i = 0; i < count; i++) {
        if (!jobs[i].known) all->todo[task.jobs++] = i;
        if (jobs[i].known) all->finished++;
    }
    rf_status st = tell_known(all);
    return st ? st : lab_crew_run(&task, all->threads, all->err);
}

/* ---- What is told of each -------------------------------------------------------------------------- */

static const char *short_name(const rf_cell *c)
{
    const lab_variant *v = lab_variant_find(c->name);
    return v ? v->name : c->name;
}

/* Of the settings those that were drawn: the others are the same in every row. */
static rf_status tell_trial(lab_contest *all, int64_t i)
{
    const lab_job *j = &all->jobs[i];
    rf_field row[DRAWS + 4];
    size_t n = 0;
    row[n++] = rf_field_string("variant", short_name(j->trial.cell));
    row[n++] = rf_field_int("trial", j->entry.trial);
    for (int k = 0; k < DRAWS; k++) {
        const lab_draw_row *d = &lab_draw_rows[k];
        if (all->range[k].low == all->range[k].high) continue;
        row[n++] = d->whole ? rf_field_int(d->name, (int64_t)j->trial.value[k])
                            : rf_field_real(d->name, j->trial.value[k]);
    }
    row[n++] = rf_field_int("epochs", j->out.epochs);
    row[n++] = rf_field_real("valid", j->out.valid);
    return rf_emit_record(all->host, i, "trial", row, n);
}

static rf_status tell_repeat(lab_contest *all, int64_t i)
{
    const lab_job *j = &all->jobs[i];
    const rf_field row[] = {rf_field_string("variant", short_name(j->trial.cell)),
                            rf_field_int("trial", j->entry.trial),
                            rf_field_int("seed", j->entry.seed),
                            rf_field_int("epochs", j->out.epochs),
                            rf_field_int("best_epoch", j->out.best_epoch),
                            rf_field_real("valid", j->out.valid),
                            rf_field_real("test", j->out.test)};
    return rf_emit_record(all->host, i, "training", row, sizeof row / sizeof *row);
}

/* ---- Search, then repetition ----------------------------------------------------------------------- */

/* Trial by trial, so that a search cut short has tried as many with each cell. */
static rf_status search(lab_contest *all)
{
    const int64_t trials = all->trial_count;
    for (int64_t t = 0; t < trials; t++)
        for (int c = 0; c < all->cells; c++)
            make_job(all, &all->trials[t * all->cells + c], all->cell[c], t + 1, 0);
    return run_jobs(all, all->trials, trials * all->cells, tell_trial);
}

/* How the validation error goes with a setting: the rank correlation over the trials with one cell,
 * mean over the cells.  A training without a result counts as worse than all others. */
static double influence(const lab_contest *all, int draw, double *x, double *y)
{
    const int n = (int)all->trial_count;
    rf_mean_value mean = {0};
    for (int c = 0; c < all->cells; c++) {
        for (int t = 0; t < n; t++) {
            const lab_job *j = &all->trials[t * all->cells + c];
            x[t] = j->trial.value[draw];
            y[t] = isfinite(j->out.valid) ? j->out.valid : (double)INFINITY;
        }
        const double rho = lab_spearman(x, y, n);
        if (isfinite(rho)) rf_mean_add(&mean, rho, 1);
    }
    return rf_mean_get(&mean);
}

/* With fewer trials a correlation says nothing. */
enum { INFLUENCE_TRIALS = 3 };

static rf_status tell_influence(lab_contest *all)
{
    const int64_t n = all->trial_count;
    double *pair = n < INFLUENCE_TRIALS ? NULL : calloc((size_t)n * 2, sizeof *pair);
    rf_status st = RF_OK;
    if (n < INFLUENCE_TRIALS) return RF_OK;
    if (!pair) return rf_no_memory(all->err);
    for (int k = 0; k < DRAWS && !st; k++) {
        if (all->range[k].low == all->range[k].high) continue;
        const rf_field row[] = {rf_field_string("setting", lab_draw_rows[k].name),
                                rf_field_real("low", all->range[k].low),
                                rf_field_real("high", all->range[k].high),
                                rf_field_real("correlation", influence(all, k, pair, pair + n))};
        st = rf_emit_record(all->host, k, "influence", row, sizeof row / sizeof *row);
    }
    free(pair);
    return st;
}

/* The trial that is best on the validation part; 0: there was no search; -1: none came to a result. */
static int64_t best_trial(const lab_contest *all, int c)
{
    double least = INFINITY;
    int64_t best = all->trial_count ? -1 : 0;
    for (int64_t t = 0; t < all->trial_count; t++) {
        const lab_outcome *out = &all->trials[t * all->cells + c].out;
        if (!(out->valid < least)) continue;
        least = out->valid;
        best = t + 1;
    }
    return best;
}

static void tell_left_out(lab_contest *all, int c)
{
    all->total -= all->seed_count;
    rf_logf(all->host, RF_LOG_WARN, "%s came to no finite number in any trial: it is left out",
            short_name(all->cell[c]));
}

static rf_status repeat(lab_contest *all)
{
    int64_t n = 0;
    for (int c = 0; c < all->cells; c++) {
        const int64_t trial = best_trial(all, c);
        if (trial < 0) tell_left_out(all, c);
        for (int64_t s = 0; trial >= 0 && s < all->seed_count; s++)
            make_job(all, &all->repeats[n++], all->cell[c], trial, s + 1);
    }
    return run_jobs(all, all->repeats, n, tell_repeat);
}

/* ---- The results ----------------------------------------------------------------------------------- */

int lab_contest_groups(const lab_contest *all, lab_group *groups, double *nll)
{
    int count = 0;
    for (int64_t i = 0; i < all->count; i++) {
        const lab_job *j = &all->jobs[i];
        if (!count || groups[count - 1].cell != j->trial.cell)
            groups[count++] = (lab_group){.cell = j->trial.cell,
                                          .name = short_name(j->trial.cell),
                                          .nll = nll,
                                          .parameters = j->out.parameters,
                                          .trial = j->entry.trial,
                                          .hidden = (int64_t)j->trial.value[DRAW_HIDDEN]};
        lab_group *g = &groups[count - 1];
        if (!isfinite(j->out.test)) {
            g->lost++;
            continue;
        }
        *nll++ = j->out.test;
        g->n++;
    }
    return count;
}

/* For people: a clock's reading is no result. */
void lab_contest_time(const lab_contest *all, rf_str *out)
{
    double seconds = 0;
    int n = 0;
    for (int64_t i = 0; i < all->count; i++) {
        const lab_job *j = &all->jobs[i];
        seconds += j->out.seconds;
        n++;
        if (i + 1 < all->count && all->jobs[i + 1].trial.cell == j->trial.cell) continue;
        rf_str_printf(out, "%s%s %.1f",
                      out->n ? ", " : "seconds a training: ", short_name(j->trial.cell),
                      seconds / n);
        seconds = n = 0;
    }
}

/* ---- The whole ----------------------------------------------------------------------------------- */

static rf_status make_room(lab_contest *all)
{
    const int64_t trials = all->cells * all->trial_count, seeds = all->cells * all->seed_count;
    all->total = trials + seeds;
    all->trials = calloc((size_t)trials + 1, sizeof *all->trials);
    all->repeats = calloc((size_t)seeds + 1, sizeof *all->repeats);
    all->todo = calloc((size_t)(trials > seeds ? trials : seeds) + 1, sizeof *all->todo);
    if (all->trials && all->repeats && all->todo) return RF_OK;
    return rf_no_memory(all->err);
}

rf_status lab_contest_run(lab_contest *all)
{
    rf_status st = make_room(all);
    if (!st) st = search(all);
    if (!st) st = tell_influence(all);
    return st ? st : repeat(all);
}

void lab_contest_free(lab_contest *all)
{
    free(all->trials);
    free(all->repeats);
    free(all->todo);
}

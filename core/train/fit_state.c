/* train/fit_state.c -- memory of rf_fit, and how it is saved and resumed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tensor/device.h"
#include "train/fit.h"
#include "train/state.h"

enum { OWN_SLOTS = 6, NAME_BYTES = 32 };

/* ---- Memory ------------------------------------------------------------------------------------ */

static void own_slots(rfi_fit *f, rf_slot *s)
{
    const rf_shape curve = RF_SHAPE((rf_index)(sizeof *f->train / sizeof(double)) - 1);
    s[0] = (rf_slot){"fit.counts", RF_SLOT_I64, RF_SHAPE(sizeof f->count / 8), &f->count};
    s[1] = (rf_slot){"fit.numbers", RF_SLOT_F64, RF_SHAPE(sizeof f->number / 8), &f->number};
    s[2] = (rf_slot){"fit.train_points", RF_SLOT_I64, RF_SCALAR, &f->train->n};
    s[3] = (rf_slot){"fit.train_curve", RF_SLOT_F64, curve, f->train->x};
    s[4] = (rf_slot){"fit.valid_points", RF_SLOT_I64, RF_SCALAR, &f->valid->n};
    s[5] = (rf_slot){"fit.valid_curve", RF_SLOT_F64, curve, f->valid->x};
}

/* One slot for each parameter's place in the block of best parameters. */
static void best_slots(rfi_fit *f, rf_slot *s)
{
    rf_real *at = f->best;
    for (size_t i = 0; i < rf_params_count(f->spec->params); i++) {
        const rf_param *p = rf_params_at(f->spec->params, i);
        char *name = f->slot_names + i * NAME_BYTES;
        snprintf(name, NAME_BYTES, "fit.best.%zu", i);
        s[i] = (rf_slot){name, RF_SLOT_REAL, p->value.shape, at};
        at += rf_shape_count(p->value.shape);
    }
}

rf_status rfi_fit_init(rfi_fit *f, const rf_fit_spec *spec, rf_error *err)
{
    const size_t n = rf_params_count(spec->params), own = OWN_SLOTS + (size_t)spec->n_slots;
    *f =
        (rfi_fit){.spec = spec, .schedule = spec->schedule, .metric = "loss", .begun = rfi_clock()};
    f->optimizer = rf_optimizer_new(&spec->optimizer, spec->params, err);
    if (!f->optimizer) return err && err->status ? err->status : RF_ENOMEM;
    f->train = calloc(1, sizeof *f->train);
    f->valid = calloc(1, sizeof *f->valid);
    f->best = rf_aligned_calloc((size_t)rf_params_elements(spec->params) + 1, sizeof *f->best);
    f->slots = calloc(own + n, sizeof *f->slots);
    f->slot_names = calloc(n + 1, NAME_BYTES);
    if (!f->train || !f->valid || !f->best || !f->slots || !f->slot_names)
        return rf_fail(err, RF_ENOMEM, "training: no memory");
    own_slots(f, f->slots);
    if (spec->n_slots)
        memcpy(f->slots + OWN_SLOTS, spec->slots, (size_t)spec->n_slots * sizeof *f->slots);
    best_slots(f, f->slots + own);
    f->n_slots = (int)own;
    f->count.seed = (int64_t)spec->seed;
    f->number.best = (double)NAN;
    f->count.valid_step = f->saved_step = -1;
    return rfi_ranks_init(f, err);
}

void rfi_fit_free(rfi_fit *f)
{
    rfi_ranks_free(f);
    rf_optimizer_free(f->optimizer);
    free(f->train);
    free(f->valid);
    rf_aligned_free(f->best);
    free(f->slots);
    free(f->slot_names);
}

/* ---- The best parameters ------------------------------------------------------------------------ */

static void copy_best(rfi_fit *f, bool keep)
{
    rf_real *at = f->best;
    for (size_t i = 0; i < rf_params_count(f->spec->params); i++) {
        const rf_param *p = rf_params_at(f->spec->params, i);
        const size_t n = (size_t)rf_shape_count(p->value.shape);
        memcpy(keep ? at : p->value.data, keep ? p->value.data : at, n * sizeof *at);
        at += n;
    }
}

void rfi_fit_keep_best(rfi_fit *f) { copy_best(f, true); }
void rfi_fit_restore_best(rfi_fit *f) { copy_best(f, false); }

/* ---- Saving and resuming ------------------------------------------------------------------------ */

/* A state that cannot go on must not replace one that can. */
static bool all_finite(const rfi_fit *f)
{
    const rfi_kernels *k = rf_graph_device(f->spec->graph)->k;
    for (size_t i = 0; i < rf_params_count(f->spec->params); i++) {
        const rf_param *p = rf_params_at(f->spec->params, i);
        if (!k->finite(rf_shape_count(p->value.shape), p->value.data)) return false;
    }
    return true;
}

rf_status rfi_fit_save(rfi_fit *f, rf_error *err)
{
    const rf_fit_spec *s = f->spec;
    if (!s->state_path) return RF_OK;
    if (!all_finite(f))
        return rf_fail(err, RF_EDIVERGED, "step %lld: a parameter is not finite",
                       (long long)f->count.step);
    const double start = rfi_clock();
    f->number.elapsed = rfi_fit_elapsed(f);
    f->number.plateau_factor = f->schedule.factor;
    f->number.plateau_best = f->schedule.best;
    f->count.plateau_validations = f->schedule.validations;
    f->count.plateau_bad = f->schedule.bad;
    const int best = f->count.has_best ? (int)rf_params_count(s->params) : 0;
    rf_status status = rfi_ranks_gather(f, err);
    if (!status && rfi_ranks_lead(f))
        status = rf_state_write(s->state_path, s->params, f->optimizer, f->slots, f->n_slots + best,
                                s->meta, err);
    f->saved = rfi_clock();
    f->away += f->saved - start;
    f->saved_step = f->count.step;
    return status;
}

static rf_status take_all(rfi_fit *f, const rf_model *m, rf_error *err)
{
    const rf_fit_spec *s = f->spec;
    rf_status status = rfi_state_take(m, s->params, f->optimizer, f->slots, f->n_slots, err);
    if (status) return status;
    if (f->count.seed != (int64_t)s->seed)
        return rf_fail(
            err, RF_EINVAL, "%s: was trained with seed %llu; %llu cannot go on from there",
            rf_model_name(m), (unsigned long long)f->count.seed, (unsigned long long)s->seed);
    if (f->train->n < 0 || f->train->n > RFI_CURVE || f->valid->n < 0 || f->valid->n > RFI_CURVE)
        return rf_fail(err, RF_EFORMAT, "%s: a learning curve is damaged", rf_model_name(m));
    if (!f->count.has_best) return RF_OK;
    return rfi_state_take(m, NULL, NULL, f->slots + f->n_slots, (int)rf_params_count(s->params),
                          err);
}

rf_status rfi_fit_load(rfi_fit *f, rf_error *err)
{
    rf_model *m = rf_model_read(f->spec->state_path, err);
    if (!m) return err && err->status ? err->status : RF_EIO;
    rf_status status = take_all(f, m, err);
    rf_model_free(m);
    if (status) return status;
    rfi_ranks_scatter(f);
    f->schedule.factor = f->number.plateau_factor;
    f->schedule.best = f->number.plateau_best;
    f->schedule.validations = f->count.plateau_validations;
    f->schedule.bad = f->count.plateau_bad;
    f->base = f->number.elapsed;
    f->first_step = f->reported_step = f->saved_step = f->count.step;
    return RF_OK;
}

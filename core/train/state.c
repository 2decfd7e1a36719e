/* train/state.c -- the state of a training as a safetensors file.
 *
 *   parameter/NAME                        the parameters
 *   first/NAME, second/NAME, average/NAME the optimiser's memory, as far as the method has it
 *   optimizer/counters, optimizer/past    see train/optimizer.h
 *   slot/NAME                             slots of the task and of rf_fit
 *
 * and the metadata "train.optimizer", by which a state is told from a model.  Writing and reading
 * walk over the same list of places, so they cannot disagree. */
#include <string.h>

#include "train/optimizer.h"
#include "train/state.h"

#define META_OPTIMIZER "train.optimizer"

static const struct {
    rf_dtype dtype;
    size_t bytes;
} types[] = {
    [RF_SLOT_REAL] = {RF_REAL_BYTES == 4 ? RF_F32 : RF_F64, RF_REAL_BYTES},
    [RF_SLOT_I32] = {RF_I32, 4},
    [RF_SLOT_I64] = {RF_I64, 8},
    [RF_SLOT_F64] = {RF_F64, 8},
};

/* What is done at each place: put into a model, or take from it. */
typedef struct visitor {
    rf_status (*at)(const struct visitor *v, const char *name, const rf_slot *slot);
    rf_model *into;
    const rf_model *from;
    rf_error *err;
} visitor;

static rf_status put(const visitor *v, const char *name, const rf_slot *slot)
{
    return rf_model_add(v->into, name, types[slot->type].dtype, slot->shape, slot->data, v->err);
}

static rf_status take(const visitor *v, const char *name, const rf_slot *slot)
{
    const rf_stored *s = rf_model_find(v->from, name);
    const char *file = rf_model_name(v->from);
    char is[RF_SHAPE_TEXT], due[RF_SHAPE_TEXT];
    if (!s) return rf_fail(v->err, RF_EFORMAT, "%s: %s is missing", file, name);
    if (s->dtype != types[slot->type].dtype)
        return rf_fail(v->err, RF_EFORMAT, "%s: %s holds %s where %s is due", file, name,
                       rf_dtype_name(s->dtype), rf_dtype_name(types[slot->type].dtype));
    if (!rf_shape_equal(s->shape, slot->shape))
        return rf_fail(v->err, RF_EFORMAT, "%s: %s is %s where %s is due", file, name,
                       rf_shape_text(s->shape, is), rf_shape_text(slot->shape, due));
    memcpy(slot->data, s->data, s->bytes);
    return RF_OK;
}

static rf_status visit(const visitor *v, const char *folder, const rf_slot *slot)
{
    rf_str name = {0};
    rf_str_printf(&name, "%s/%s", folder, slot->name);
    rf_status status = name.failed ? rf_fail(v->err, RF_ENOMEM, "%s: no memory", slot->name)
                                   : v->at(v, name.s, slot);
    rf_str_free(&name);
    return status;
}

static rf_status visit_params(const visitor *v, const rf_params *ps, const char *folder,
                              rf_real *const *data)
{
    for (size_t i = 0; i < rf_params_count(ps); i++) {
        const rf_param *p = rf_params_at(ps, i);
        rf_real *at = data ? data[i] : p->value.data;
        if (!at) continue;
        const rf_slot slot = {p->name, RF_SLOT_REAL, p->value.shape, at};
        rf_status status = visit(v, folder, &slot);
        if (status) return status;
    }
    return RF_OK;
}

static rf_status visit_optimizer(const visitor *v, const rf_optimizer *o)
{
    const rf_slot own[] = {
        {"counters", RF_SLOT_I64, RF_SHAPE(RFI_OPT_COUNTERS), o->counters},
        {"past", RF_SLOT_F64, RF_SHAPE(o->spec.patience + 1), o->past},
    };
    rf_status status = visit(v, "optimizer", &own[0]);
    if (!status) status = visit(v, "optimizer", &own[1]);
    if (!status) status = visit_params(v, o->ps, "first", o->first);
    if (!status) status = visit_params(v, o->ps, "second", o->second);
    if (!status) status = visit_params(v, o->ps, "average", o->average);
    return status;
}

static rf_status visit_all(const visitor *v, const rf_params *ps, const rf_optimizer *o,
                           const rf_slot *slots, int n)
{
    rf_status status = ps ? visit_params(v, ps, "parameter", NULL) : RF_OK;
    if (!status && o) status = visit_optimizer(v, o);
    for (int i = 0; i < n && !status; i++) status = visit(v, "slot", &slots[i]);
    return status;
}

rf_status rfi_state_put(rf_model *m, const rf_params *ps, const rf_optimizer *o,
                        const rf_slot *slots, int n, const char *const *meta, rf_error *err)
{
    const visitor v = {.at = put, .into = m, .err = err};
    rf_status status = o ? rf_model_set_text(m, META_OPTIMIZER, o->spec.method->name, err) : RF_OK;
    for (; meta && *meta && !status; meta += 2)
        status = rf_model_set_table(m, meta[0], meta[1], strlen(meta[1]), err);
    return status ? status : visit_all(&v, ps, o, slots, n);
}

static rf_status check_optimizer(const rf_model *m, const rf_optimizer *o, rf_error *err)
{
    rf_str name = {0};
    const char *due = o->spec.method->name;
    rf_status status = RF_OK;
    if (!rf_model_get_text(m, META_OPTIMIZER, &name))
        status = rf_fail(err, RF_EFORMAT, "%s: is not the state of a training", rf_model_name(m));
    else if (name.failed || strcmp(name.s ? name.s : "", due) != 0)
        status = rf_fail(err, RF_EFORMAT, "%s: was trained with %s; %s cannot go on from there",
                         rf_model_name(m), name.s ? name.s : "no optimiser", due);
    rf_str_free(&name);
    return status;
}

rf_status rfi_state_take(const rf_model *m, const rf_params *ps, rf_optimizer *o,
                         const rf_slot *slots, int n, rf_error *err)
{
    const visitor v = {.at = take, .from = m, .err = err};
    rf_status status = o ? check_optimizer(m, o, err) : RF_OK;
    return status ? status : visit_all(&v, ps, o, slots, n);
}

rf_status rf_state_write(const char *path, const rf_params *ps, const rf_optimizer *o,
                         const rf_slot *slots, int n, const char *const *meta, rf_error *err)
{
    rf_model *m = rf_model_new();
    if (!m) return rf_fail(err, RF_ENOMEM, "%s: no memory", path);
    rf_status status = rfi_state_put(m, ps, o, slots, n, meta, err);
    if (!status) status = rf_model_write(m, path, err);
    rf_model_free(m);
    return status;
}

rf_status rf_state_read(const char *path, rf_params *ps, rf_optimizer *o, const rf_slot *slots,
                        int n, rf_error *err)
{
    rf_model *m = rf_model_read(path, err);
    if (!m) return err && err->status ? err->status : RF_EIO;
    rf_status status = rfi_state_take(m, ps, o, slots, n, err);
    rf_model_free(m);
    return status;
}

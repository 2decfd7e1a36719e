/* translate/average.c -- the verb average: the mean of several models' numbers, such as checkpoints of
 * one training.
 *
 * Everything but the numbers is the first model's. */
#include <stdlib.h>
#include <string.h>

#include "translate.h"

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    rf_model *first, *out;
    rf_error *err;
} setup;

static bool is_number(const rf_stored *t)
{
    return t->dtype == RF_F32 || t->dtype == RF_F16 || t->dtype == RF_BF16 || t->dtype == RF_F64;
}

/* sum += what a model has under a tensor's name. */
static rf_status add(const rf_model *m, const rf_stored *like, rf_real *sum, rf_real *one,
                     rf_error *err)
{
    const rf_status st = rf_model_get_real(m, like->name, (rf_tensor){one, like->shape}, err);
    for (rf_index i = 0; !st && i < rf_shape_count(like->shape); i++) sum[i] += one[i];
    return st;
}

static rf_status average_tensor(const setup *u, rf_model *const *all, size_t n,
                                const rf_stored *like)
{
    static const rf_dtype storage[] = {RF_F32, RF_F16, RF_BF16};
    const size_t count = (size_t)rf_shape_count(like->shape);
    rf_real *sum = calloc(2 * count + 1, sizeof *sum);
    rf_status st = sum ? RF_OK : rf_no_memory(u->err);
    for (size_t k = 0; k < n && !st; k++) st = add(all[k], like, sum, sum + count, u->err);
    for (size_t i = 0; i < count && !st; i++) sum[i] /= (rf_real)n;
    if (!st)
        st = rf_model_add_real(u->out, like->name, storage[u->r->opt[AVERAGE_STORAGE].as.i],
                               (rf_tensor){sum, like->shape}, u->err);
    free(sum);
    return st;
}

static rf_status average(const setup *u, rf_model *const *all, size_t n)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < rf_model_meta_count(all[0]) && !st; i++) {
        const char *value, *key = rf_model_meta_at(all[0], i, &value);
        if (strcmp(key, RF_META_CHECKSUM) && strcmp(key, RF_META_METRICS))
            st = rf_model_set(u->out, key, value, u->err);
    }
    for (size_t i = 0; i < rf_model_count(all[0]) && !st; i++) {
        const rf_stored *t = rf_model_at(all[0], i);
        st = is_number(t) ? average_tensor(u, all, n, t)
                          : rf_model_add(u->out, t->name, t->dtype, t->shape, t->data, u->err);
        if (!st)
            st = u->s->host->progress(u->s->host, (double)i, (double)rf_model_count(all[0]),
                                      "tensors");
    }
    return st ? st : rf_model_write(u->out, u->r->model, u->err);
}

/* Models of one vocabulary and shape, or averaging means nothing. */
static rf_status check_alike(const setup *u, rf_model *const *all, size_t k)
{
    static const char *const keys[] = {RF_META_OPTIONS, "translate.source", "translate.target"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        size_t n = 0, m = 0;
        const char *a = rf_model_get_table(all[0], keys[i], &n);
        const char *b = rf_model_get_table(all[k], keys[i], &m);
        if (!a || !b || n != m || memcmp(a, b, n))
            return rf_fail(u->err, RF_EINVAL, "%s: its %s are not those of %s", u->r->arg[k],
                           i ? "vocabularies" : "options", u->r->arg[0]);
    }
    return RF_OK;
}

rf_status tr_average(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .out = rf_model_new(), .err = &err};
    rf_model **all = calloc(r->arg_count, sizeof *all);
    rf_status st = all && u.out ? RF_OK : rf_no_memory(&err);
    for (uint32_t k = 0; k < r->arg_count && !st; k++) {
        all[k] = rf_task_model_read(r->arg[k], TR_PLUGIN, TR_TASK, &err);
        st = all[k] ? check_alike(&u, all, k) : err.status;
    }
    if (!st) st = average(&u, all, r->arg_count);
    if (!st) st = rf_emit_file(s->host, r->model, "model", "application/x-safetensors");
    for (uint32_t k = 0; all && k < r->arg_count; k++) rf_model_free(all[k]);
    free(all);
    rf_model_free(u.out);
    return rf_session_end(s, st, &err);
}

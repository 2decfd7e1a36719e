/* task/file.c -- models of a task: whose they are, their options, their parameters. */
#include <refrain/task.h>
#include <string.h>

/* Metadata `key` must be the text `due`; `what` says what that is. */
static rf_status check_owner(const rf_model *m, const char *key, const char *due, rf_error *err)
{
    rf_str is = {0};
    const bool any = rf_model_get_text(m, key, &is) && is.s;
    rf_status st = RF_OK;
    if (!any)
        st = rf_fail(err, RF_EFORMAT, "%s: no model of refrain: its metadata have no %s",
                     rf_model_name(m), key);
    else if (strcmp(is.s, due) != 0)
        st = rf_fail(err, RF_EFORMAT, "%s: a model of %s, where one of %s is due", rf_model_name(m),
                     is.s, due);
    rf_str_free(&is);
    return st;
}

rf_model *rf_task_model_read(const char *path, const char *plugin, const char *task, rf_error *err)
{
    rf_model *m = rf_model_read(path, err);
    if (!m) return NULL;
    if (!check_owner(m, RF_META_PLUGIN, plugin, err) && !check_owner(m, RF_META_TASK, task, err))
        return m;
    rf_model_free(m);
    return NULL;
}

rf_status rf_task_model_open(const rf_task_opening *o, rf_device **d, rf_graph **g, rf_error *err)
{
    *d = NULL;
    *g = NULL;
    rf_model *file = rf_task_model_read(o->path, o->plugin, o->task, err);
    const rf_status st = file ? o->parse(o->self, file, err) : err->status;
    rf_model_free(file);
    if (st) return st;
    *d = rf_device_new((int)o->threads, err);
    *g = *d ? rf_graph_new(*d) : NULL;
    return *g ? RF_OK : rf_no_memory(err);
}

rf_status rf_task_options_read(const rf_model *m, const rf_option *table, rf_setting *v,
                               rf_arena *texts, rf_error *err)
{
    const char *json = rf_model_get(m, RF_META_OPTIONS);
    if (!json) return rf_fail(err, RF_EFORMAT, "%s: has no options", rf_model_name(m));
    return rf_settings_read(table, v, json, rf_model_name(m), texts, err);
}

rf_tokenizer *rf_task_tokenizer_read(const rf_model *m, rf_error *err)
{
    size_t n = 0;
    const char *json = rf_model_get_table(m, RF_META_TOKENIZER, &n);
    if (json) return rf_tokenizer_parse(json, n, err);
    rf_fail(err, RF_EFORMAT, "%s: has no tokenizer", rf_model_name(m));
    return NULL;
}

rf_vocab *rf_task_vocab_read(const rf_model *m, const char *key, rf_error *err)
{
    size_t n = 0;
    const char *json = rf_model_get_table(m, key, &n);
    rf_vocab *v = json ? rf_vocab_parse(json, n, err) : NULL;
    if (!json) rf_fail(err, RF_EFORMAT, "%s: has no %s", rf_model_name(m), key);
    if (!v || rf_vocab_size(v)) return v;
    rf_fail(err, RF_EFORMAT, "%s: its %s is empty", rf_model_name(m), key);
    rf_vocab_free(v);
    return NULL;
}

rf_status rf_params_store(const rf_params *ps, rf_model *m, rf_dtype storage, rf_error *err)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < rf_params_count(ps) && !st; i++) {
        const rf_param *p = rf_params_at(ps, i);
        st = rf_model_add_real(m, p->name, storage, p->value, err);
    }
    return st;
}

rf_status rf_params_load(rf_params *ps, const rf_model *m, rf_error *err)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < rf_params_count(ps) && !st; i++) {
        const rf_param *p = rf_params_at(ps, i);
        st = rf_model_get_real(m, p->name, p->value, err);
    }
    return st;
}

/* task/settings.c -- options as JSON, generically from the table. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include <refrain/task.h>

/* Files are where they are this time, and a list of texts is not kept. */
static bool is_kept(const rf_option *o)
{
    return !(o->flags & RF_OPT_LIST) &&
           (o->type == RF_BOOL || o->type == RF_INT || o->type == RF_REAL || o->type == RF_STRING ||
            o->type == RF_CHOICE);
}

static json_t *to_json(const rf_option *o, const rf_setting *v)
{
    if (!v->set && !o->def) return NULL;
    switch (o->type) {
    case RF_BOOL:
        return json_boolean(v->as.i);
    case RF_INT:
        return json_integer(v->as.i);
    case RF_REAL:
        return json_real(v->as.f);
    case RF_CHOICE:
        return json_string(o->choices[v->as.i]);
    default:
        return v->as.s ? json_string(v->as.s) : NULL;
    }
}

/* ---- Writing --------------------------------------------------------------------------------- */

static bool is_named(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (!strcmp(*names, name)) return true;
    return false;
}

rf_status rf_settings_write(const rf_option *table, const rf_setting *v, bool model,
                            const char *const *without, rf_str *json, rf_error *err)
{
    json_t *object = json_object();
    for (size_t i = 0; object && table[i].name; i++) {
        if (!is_kept(&table[i]) || model != !!(table[i].flags & RF_OPT_MODEL)) continue;
        json_t *x = is_named(without, table[i].name) ? NULL : to_json(&table[i], &v[i]);
        if (x) json_object_set_new(object, table[i].name, x);
    }
    char *text = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    if (text) rf_str_put(json, text);
    const bool done = text && !json->failed;
    free(text);
    json_decref(object);
    return done ? RF_OK : rf_no_memory(err);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static bool choice_of(const rf_option *o, const char *word, int64_t *i)
{
    for (*i = 0; word && o->choices[*i]; ++*i)
        if (!strcmp(o->choices[*i], word)) return true;
    return false;
}

static bool in_range(const rf_option *o, double x)
{
    if (o->min == 0 && o->max == 0) return true;
    return (o->flags & RF_OPT_ABOVE ? x > o->min : x >= o->min) &&
           (o->flags & RF_OPT_BELOW ? x < o->max : x <= o->max);
}

static rf_status wrong_number(const rf_option *o, const char *file, rf_error *err)
{
    return rf_fail(err, RF_EFORMAT, "%s: its option %s is no number from %g to %g", file, o->name,
                   o->min, o->max);
}

static rf_status number_of(const rf_option *o, const json_t *x, const char *file, rf_setting *out,
                           rf_error *err)
{
    if (o->type == RF_INT) {
        out->as.i = json_integer_value(x);
        if (json_is_integer(x) && in_range(o, (double)out->as.i)) return RF_OK;
    } else {
        out->as.f = json_number_value(x);
        if (json_is_number(x) && in_range(o, out->as.f)) return RF_OK;
    }
    return wrong_number(o, file, err);
}

static rf_status word_of(const rf_option *o, const json_t *x, const char *file, rf_arena *texts,
                         rf_setting *out, rf_error *err)
{
    const char *word = json_string_value(x);
    if (word && o->type == RF_CHOICE && choice_of(o, word, &out->as.i)) return RF_OK;
    if (!word || o->type == RF_CHOICE)
        return rf_fail(err, RF_EFORMAT, "%s: its %s %s is not known here", file, o->name,
                       word ? word : "(no text)");
    out->as.s = rf_arena_strdup(texts, word);
    return out->as.s ? RF_OK : rf_no_memory(err);
}

/* What the file says is not believed: it must be a value that the option would take. */
static rf_status from_json(const rf_option *o, const json_t *x, const char *file, rf_arena *texts,
                           rf_setting *out, rf_error *err)
{
    *out = (rf_setting){.set = 1, .count = 1};
    if (o->type == RF_INT || o->type == RF_REAL) return number_of(o, x, file, out, err);
    if (o->type != RF_BOOL) return word_of(o, x, file, texts, out, err);
    out->as.i = json_is_true(x);
    if (json_is_boolean(x)) return RF_OK;
    return rf_fail(err, RF_EFORMAT, "%s: its option %s is neither true nor false", file, o->name);
}

static rf_status take(const rf_option *o, rf_setting *v, const json_t *x, const char *file,
                      rf_arena *texts, rf_error *err)
{
    rf_setting stored;
    rf_status st = from_json(o, x, file, texts, &stored, err);
    if (st) return st;
    if (!v->set) {
        *v = stored;
        return RF_OK;
    }
    json_t *mine = to_json(o, v);
    const bool same = json_equal(mine, x);
    json_decref(mine);
    if (same || !(o->flags & RF_OPT_MODEL)) return RF_OK;
    return rf_fail(err, RF_EINVAL, "--%s: %s was begun with another value: leave it out", o->name,
                   file);
}

rf_status rf_settings_read(const rf_option *table, rf_setting *v, const char *json,
                           const char *file, rf_arena *texts, rf_error *err)
{
    json_t *object = json_loads(json, 0, NULL);
    rf_status st = RF_OK;
    if (!json_is_object(object)) st = rf_fail(err, RF_EFORMAT, "%s: its options are none", file);
    for (size_t i = 0; !st && table[i].name; i++) {
        const json_t *x = is_kept(&table[i]) ? json_object_get(object, table[i].name) : NULL;
        if (x) st = take(&table[i], &v[i], x, file, texts, err);
    }
    json_decref(object);
    return st;
}

rf_status rf_settings_need(const rf_option *table, const rf_setting *v, const int *which,
                           const char *file, rf_error *err)
{
    for (; *which >= 0; which++)
        if (!v[*which].set)
            return rf_fail(err, RF_EFORMAT, "%s: its options lack %s", file, table[*which].name);
    return RF_OK;
}

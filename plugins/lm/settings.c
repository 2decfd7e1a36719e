/* lm/settings.c -- options as JSON, generically from the table. */
#include "settings.h"

#include <string.h>

/* Files are where they are this time, and a list of texts is not kept. */
static bool is_kept(const rf_option *o)
{
    return o->type == RF_BOOL || o->type == RF_INT || o->type == RF_REAL || o->type == RF_STRING ||
           o->type == RF_CHOICE;
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

json_t *lm_settings_json(const rf_option *table, const rf_setting *v, bool model)
{
    json_t *object = json_object();
    for (size_t i = 0; object && table[i].name; i++) {
        if (!is_kept(&table[i]) || model != !!(table[i].flags & RF_OPT_MODEL)) continue;
        json_t *x = to_json(&table[i], &v[i]);
        if (x) json_object_set_new(object, table[i].name, x);
    }
    return object;
}

static bool choice_of(const rf_option *o, const char *word, int64_t *i)
{
    for (*i = 0; word && o->choices[*i]; ++*i)
        if (!strcmp(o->choices[*i], word)) return true;
    return false;
}

/* False: the value is not of the option's type. */
static bool from_json(const rf_option *o, const json_t *x, rf_setting *out)
{
    *out = (rf_setting){.set = 1, .count = 1};
    switch (o->type) {
    case RF_BOOL:
        out->as.i = json_is_true(x);
        return json_is_boolean(x);
    case RF_INT:
        out->as.i = json_integer_value(x);
        return json_is_integer(x);
    case RF_REAL:
        out->as.f = json_number_value(x);
        return json_is_number(x);
    case RF_CHOICE:
        return choice_of(o, json_string_value(x), &out->as.i);
    default:
        out->as.s = json_string_value(x);
        return out->as.s != NULL;
    }
}

rf_status lm_settings_take(const rf_option *table, rf_setting *v, const json_t *object,
                           const char *file, rf_error *err)
{
    for (size_t i = 0; table[i].name; i++) {
        const json_t *x = is_kept(&table[i]) ? json_object_get(object, table[i].name) : NULL;
        rf_setting stored;
        if (!x || !from_json(&table[i], x, &stored)) continue;
        if (!v[i].set) {
            v[i] = stored;
            continue;
        }
        json_t *mine = to_json(&table[i], &v[i]);
        bool same = json_equal(mine, x);
        json_decref(mine);
        if (!same && table[i].flags & RF_OPT_MODEL)
            return rf_fail(err, RF_EINVAL, "--%s: %s was begun with another value: leave it out",
                           table[i].name, file);
    }
    return RF_OK;
}

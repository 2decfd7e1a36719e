/* lab/ledger.c -- the file of finished trainings. */
#include "ledger.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <refrain/io.h>

#include "search.h"

struct lab_ledger {
    char *path;    /* NULL: nothing is kept */
    rf_str text;   /* of the file */
    rf_map *index; /* name of a training -> its place in outcome */
    lab_outcome *outcome;
    size_t count, found;
};

#define JSON_FORM (JSON_COMPACT | JSON_REAL_PRECISION(17))

/* ---- Trainings in memory ------------------------------------------------------------------------- */

typedef struct entry_name {
    char s[96];
    size_t n;
} entry_name;

static entry_name name_of(lab_entry e)
{
    entry_name name;
    snprintf(name.s, sizeof name.s, "%.40s %" PRId64 " %" PRId64, e.cell, e.trial, e.seed);
    name.n = strlen(name.s);
    return name;
}

static rf_status remember(lab_ledger *l, lab_entry e, const lab_outcome *o, rf_error *err)
{
    const entry_name name = name_of(e);
    lab_outcome *list = realloc(l->outcome, (l->count + 1) * sizeof *list);
    if (list) l->outcome = list;
    if (!list || !rf_map_put(l->index, name.s, name.n, (int64_t)l->count)) return rf_no_memory(err);
    l->outcome[l->count++] = *o;
    return RF_OK;
}

bool lab_ledger_get(const lab_ledger *l, lab_entry which, lab_outcome *out)
{
    const entry_name name = name_of(which);
    const int64_t at = rf_map_get(l->index, name.s, name.n, -1);
    if (at >= 0) *out = l->outcome[at];
    return at >= 0;
}

size_t lab_ledger_found(const lab_ledger *l) { return l->found; }

void lab_ledger_free(lab_ledger *l)
{
    if (!l) return;
    free(l->path);
    free(l->outcome);
    rf_str_free(&l->text);
    rf_map_free(l->index);
    free(l);
}

/* ---- Lines --------------------------------------------------------------------------------------- */

static rf_status add_line(lab_ledger *l, const json_t *object, rf_error *err)
{
    char *line = object ? json_dumps(object, JSON_FORM) : NULL;
    if (line) {
        rf_str_put(&l->text, line);
        rf_str_put(&l->text, "\n");
    }
    const bool ok = line && !l->text.failed;
    free(line);
    return ok ? RF_OK : rf_no_memory(err);
}

/* JSON has no word for what is not finite: null. */
static json_t *number(double x) { return isfinite(x) ? json_real(x) : json_null(); }

static json_t *line_of(lab_entry e, const lab_attempt *t, const lab_outcome *o)
{
    json_t *j = json_object();
    int bad = json_object_set_new(j, "cell", json_string(e.cell));
    bad |= json_object_set_new(j, "trial", json_integer(e.trial));
    bad |= json_object_set_new(j, "seed", json_integer(e.seed));
    for (int k = 0; k < DRAWS; k++)
        bad |= json_object_set_new(j, lab_draw_rows[k].name, json_real(t->value[k]));
    bad |= json_object_set_new(j, "valid", number(o->valid));
    bad |= json_object_set_new(j, "test", number(o->test));
    bad |= json_object_set_new(j, "parameters", json_integer(o->parameters));
    bad |= json_object_set_new(j, "epochs", json_integer(o->epochs));
    bad |= json_object_set_new(j, "best_epoch", json_integer(o->best_epoch));
    bad |= json_object_set_new(j, "seconds", json_real(o->seconds));
    if (!bad) return j;
    json_decref(j);
    return NULL;
}

/* A number of a line, or NaN where it is null; false: neither. */
static bool take_real(const json_t *line, const char *name, double *out)
{
    const json_t *v = json_object_get(line, name);
    *out = json_is_number(v) ? json_number_value(v) : (double)NAN;
    return json_is_number(v) || json_is_null(v);
}

static bool take_int(const json_t *line, const char *name, int64_t *out)
{
    const json_t *v = json_object_get(line, name);
    *out = json_integer_value(v);
    return json_is_integer(v) && *out >= 0;
}

static bool take_line(const json_t *line, lab_entry *e, lab_outcome *o)
{
    e->cell = json_string_value(json_object_get(line, "cell"));
    return e->cell && take_int(line, "trial", &e->trial) && take_int(line, "seed", &e->seed) &&
           take_real(line, "valid", &o->valid) && take_real(line, "test", &o->test) &&
           take_int(line, "parameters", &o->parameters) && take_int(line, "epochs", &o->epochs) &&
           take_int(line, "best_epoch", &o->best_epoch) && take_real(line, "seconds", &o->seconds);
}

/* ---- What all have in common --------------------------------------------------------------------- */

static void put_value(rf_str *out, const json_t *v)
{
    char *text = json_dumps(v, JSON_FORM | JSON_ENCODE_ANY);
    rf_str_put(out, text ? text : "nothing");
    free(text);
}

static rf_status other_common(const char *path, const char *name, const json_t *was,
                              const json_t *is, rf_error *err)
{
    if (!strcmp(name, "data"))
        return rf_fail(err, RF_EINVAL, "%s: holds trainings on other data: choose another file",
                       path);
    rf_str a = {0}, b = {0};
    put_value(&a, was);
    put_value(&b, is);
    rf_status st =
        rf_fail(err, RF_EINVAL, "%s: holds trainings with --%s %s, not %s: choose another file",
                path, name, a.s ? a.s : "", b.s ? b.s : "");
    rf_str_free(&a);
    rf_str_free(&b);
    return st;
}

static rf_status check_common(const char *path, const json_t *line, json_t *common, rf_error *err)
{
    const json_t *kind = json_object_get(line, "refrain");
    const char *name;
    const json_t *value;
    if (!kind || !json_equal(kind, json_object_get(common, "refrain")))
        return rf_fail(err, RF_EFORMAT, "%s:1: not the log of an odyssey", path);
    json_object_foreach(common, name, value)
    {
        const json_t *was = json_object_get(line, name);
        if (!json_equal(was, value)) return other_common(path, name, was, value, err);
    }
    return RF_OK;
}

/* ---- Opening ------------------------------------------------------------------------------------- */

static rf_status read_line(lab_ledger *l, const char *line, size_t n, size_t at_line,
                           const char *name, json_t *common, rf_error *err)
{
    json_error_t why;
    lab_entry e;
    lab_outcome o = {0};
    json_t *j = json_loadb(line, n, 0, &why);
    rf_status st = RF_OK;
    if (!j)
        st = rf_fail(err, RF_EFORMAT, "%s:%zu: %s", name, at_line, why.text);
    else if (at_line == 1)
        st = check_common(name, j, common, err);
    else if (take_line(j, &e, &o))
        st = remember(l, e, &o, err);
    else
        st = rf_fail(err, RF_EFORMAT, "%s:%zu: not the result of a training", name, at_line);
    json_decref(j);
    return st;
}

static rf_status read_lines(lab_ledger *l, const char *name, json_t *common, rf_error *err)
{
    rf_status st = RF_OK;
    size_t at = 0;
    for (size_t k = 1; !st && at < l->text.n; k++) {
        const char *line = l->text.s + at, *end = memchr(line, '\n', l->text.n - at);
        if (!end) return rf_fail(err, RF_EFORMAT, "%s:%zu: the line is cut off", name, k);
        st = read_line(l, line, (size_t)(end - line), k, name, common, err);
        at = (size_t)(end - l->text.s) + 1;
    }
    l->found = l->count;
    return st;
}

static rf_status open_file(lab_ledger *l, json_t *common, bool resume, rf_error *err)
{
    const bool exists = !access(l->path, F_OK);
    if (exists && !resume)
        return rf_fail(err, RF_EINVAL,
                       "%s: exists: give --resume to go on with it, or another name", l->path);
    rf_status st = exists ? rf_file_read(l->path, 0, &l->text, err) : add_line(l, common, err);
    if (st) return st;
    return exists ? read_lines(l, l->path, common, err)
                  : rf_file_write(l->path, l->text.s, l->text.n, err);
}

static lab_ledger *ledger_new(const char *path, rf_error *err)
{
    lab_ledger *l = calloc(1, sizeof *l);
    if (l) l->index = rf_map_new();
    if (l && path) l->path = strdup(path);
    if (l && l->index && (!path || l->path)) return l;
    lab_ledger_free(l);
    rf_no_memory(err);
    return NULL;
}

rf_status lab_ledger_open(lab_ledger **out, const char *path, json_t *common, bool resume,
                          rf_error *err)
{
    lab_ledger *l = *out = ledger_new(path, err);
    if (!l) return err->status;
    return path ? open_file(l, common, resume, err) : RF_OK;
}

lab_ledger *lab_ledger_parse(const char *text, size_t n, const char *name, json_t *common,
                             rf_error *err)
{
    lab_ledger *l = ledger_new(NULL, err);
    if (!l) return NULL;
    rf_str_add(&l->text, text, n);
    rf_status st = l->text.failed ? rf_no_memory(err) : read_lines(l, name, common, err);
    if (!st) return l;
    lab_ledger_free(l);
    return NULL;
}

rf_status lab_ledger_add(lab_ledger *l, lab_entry which, const lab_attempt *t, const lab_outcome *o,
                         rf_error *err)
{
    rf_status st = remember(l, which, o, err);
    if (st || !l->path) return st;
    json_t *line = line_of(which, t, o);
    st = add_line(l, line, err);
    json_decref(line);
    return st ? st : rf_file_write(l->path, l->text.s, l->text.n, err);
}

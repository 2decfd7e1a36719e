/* caption/feature_file.c -- see feature_file.h. */
#include "feature_file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

void cap_features_free(cap_features *f)
{
    rf_aligned_free(f->x);
    rf_map_free(f->number);
    *f = (cap_features){0};
}

static const char *behind_slash(const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash ? slash + 1 : file;
}

/* A name and its short form, which may stand for an earlier one. */
static bool add_name(cap_features *f, const char *file, rf_index row)
{
    const char *base = behind_slash(file);
    if (!rf_map_put(f->number, file, strlen(file), row)) return false;
    return rf_map_get(f->number, base, strlen(base), -1) >= 0 ||
           rf_map_put(f->number, base, strlen(base), row);
}

static rf_status read_names(cap_features *f, const rf_model *m, rf_error *err)
{
    size_t n;
    const char *text = rf_model_get_table(m, "caption.files", &n), *path = rf_model_name(m);
    json_t *names = text ? json_loadb(text, n, 0, NULL) : NULL;
    rf_status st = RF_OK;
    if (!json_is_array(names) || json_array_size(names) != (size_t)f->n)
        st = rf_fail(err, RF_EFORMAT, "%s: caption.files: a list of %lld pictures' names is due",
                     path, (long long)f->n);
    if (!st && !(f->number = rf_map_new())) st = rf_fail(err, RF_ENOMEM, "%s: no memory", path);
    for (rf_index i = 0; i < f->n && !st; i++) {
        const char *file = json_string_value(json_array_get(names, (size_t)i));
        if (!file)
            st = rf_fail(err, RF_EFORMAT, "%s: caption.files[%lld]: a name is due", path,
                         (long long)i);
        else if (!add_name(f, file, i))
            st = rf_fail(err, RF_ENOMEM, "%s: no memory", path);
    }
    json_decref(names);
    return st;
}

static rf_status read_rows(cap_features *f, const rf_model *m, const char *what, rf_error *err)
{
    const char *path = rf_model_name(m);
    const rf_stored *t = rf_model_find(m, what);
    if (!t)
        return rf_fail(err, RF_EFORMAT, "%s: tensor %s is missing%s", path, what,
                       strcmp(what, "map") ? "" : ": encode --map writes it");
    const rf_index all = rf_shape_count(t->shape);
    if (t->shape.rank < 2 || all < 1)
        return rf_fail(err, RF_EFORMAT, "%s: tensor %s: a row a picture is due", path, what);
    f->n = t->shape.dim[0];
    f->width = all / f->n;
    f->row.rank = t->shape.rank - 1;
    for (int i = 0; i < f->row.rank; i++) f->row.dim[i] = t->shape.dim[i + 1];
    f->x = rf_aligned_alloc((size_t)all, sizeof *f->x);
    if (!f->x) return rf_fail(err, RF_ENOMEM, "%s: no memory", path);
    return rf_model_get_real(m, what, (rf_tensor){f->x, t->shape}, err);
}

rf_status cap_features_read(cap_features *f, const char *path, const char *what, rf_error *err)
{
    rf_error local = {0};
    rf_model *m = rf_model_read(path, err ? err : &local);
    rf_status st = m ? read_rows(f, m, what, err) : (err ? err : &local)->status;
    if (!st) st = read_names(f, m, err);
    rf_model_free(m);
    return st;
}

rf_index cap_features_find(const cap_features *f, const char *file)
{
    const char *base = behind_slash(file);
    const rf_index i = rf_map_get(f->number, file, strlen(file), -1);
    return i < 0 ? rf_map_get(f->number, base, strlen(base), -1) : i;
}

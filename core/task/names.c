/* task/names.c -- names that people give, found in a table or not. */
#include <refrain/metric_text.h>
#include <refrain/task.h>
#include <stdio.h>

enum { MOST = 255 }; /* names of a table that are looked at */

rf_status rf_word_unknown(rf_status st, const char *lead, const char *word,
                          const char *const *words, rf_error *err)
{
    const char *near = rf_nearest(word, words);
    rf_str all = {0};
    for (size_t i = 0; !near && words[i]; i++) rf_str_printf(&all, "%s%s", i ? ", " : "", words[i]);
    if (near)
        rf_fail(err, st, "%s %s; did you mean %s?", lead, word, near);
    else
        rf_fail(err, st, "%s %s; known are %s", lead, word, all.s ? all.s : "none");
    rf_str_free(&all);
    return st;
}

/* `what` says what an operand is: an option says it by its name. */
static rf_status unknown(const rf_option *o, const char *what, const char *word,
                         const char *(*name)(int i), rf_error *err)
{
    const char *names[MOST + 1] = {0};
    char lead[80];
    if (!*word && o) return rf_fail(err, RF_EINVAL, "--%s: a name is due", o->name);
    for (int i = 0; i < MOST && (names[i] = name(i)); i++) continue;
    if (o)
        snprintf(lead, sizeof lead, "--%.50s: there is no", o->name);
    else
        snprintf(lead, sizeof lead, "there is no%s", what);
    return rf_word_unknown(RF_EINVAL, lead, word, names, err);
}

rf_status rf_name_unknown(const rf_option *o, const char *word, const char *(*name)(int i),
                          rf_error *err)
{
    return unknown(o, "", word, name, err);
}

const char *rf_cell_name_at(int i)
{
    const rf_cell *c = rf_cell_at(i);
    return c ? c->name : NULL;
}

const char *rf_optimizer_name_at(int i)
{
    const rf_optimizer_row *o = rf_optimizer_at(i);
    return o ? o->name : NULL;
}

const rf_cell *rf_cell_named(const rf_option *o, const char *name, rf_error *err)
{
    const rf_cell *c = rf_cell_find(name);
    if (!c) unknown(o, " cell", name, rf_cell_name_at, err);
    return c;
}

const rf_optimizer_row *rf_optimizer_named(const rf_option *o, const char *name, rf_error *err)
{
    const rf_optimizer_row *row = rf_optimizer_find(name);
    if (!row) unknown(o, " optimizer", name, rf_optimizer_name_at, err);
    return row;
}

rf_status rf_metrics_named(const rf_option *o, const char *list, int *metric, int most, int *count,
                           rf_error *err)
{
    const char *item;
    *count = 0;
    for (size_t n; rf_list_next(&list, &item, &n);) {
        char name[32];
        snprintf(name, sizeof name, "%.*s", (int)(n < 31 ? n : 31), item);
        const int one = rf_text_metric_find(name);
        if (one < 0) return rf_name_unknown(o, name, rf_text_metric_name_at, err);
        if (*count == most)
            return rf_fail(err, RF_EINVAL, "--%s: at most %d are measured at once", o->name, most);
        metric[(*count)++] = one;
    }
    return RF_OK;
}

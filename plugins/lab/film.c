/* lab/film.c -- choosing gates, states and units, keeping their values, and drawing them. */
#include "film.h"

#include <ctype.h>
#include <math.h>
#include <refrain/task.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- What is shown -------------------------------------------------------------------------------- */

/* Names of cells' equations in words, and letters that people write for those that they cannot type. */
static const struct {
    const char *name, *letter, *what;
} names[] = {
    {"i_t", "i", "input gate"},   {"f_t", "f", "forget gate"},      {"o_t", "o", "output gate"},
    {"C̃_t", "g", "cell input"},   {"C_t", "c", "cell state"},       {"r_t", "r", "reset gate"},
    {"z_t", "z", "update gate"},  {"h̃_t", "n", "new state"},        {"n_t", "n", "new state"},
    {"h_t", "h", "hidden state"}, {"y_t", "y", "output, fed back"}, {"out_t", "out", "output"}};
enum { NAMES = sizeof names / sizeof *names };

/* Whether a word of --what, n bytes, means the track: its name, with or without _t, or its letter. */
static bool means(const char *word, size_t n, const char *track)
{
    const size_t whole = strlen(track), stem = whole > 2 ? whole - 2 : whole;
    if ((n == whole || n == stem) && strncmp(word, track, n) == 0) return true;
    for (int k = 0; k < NAMES; k++)
        if (strcmp(names[k].name, track) == 0 && strlen(names[k].letter) == n &&
            strncasecmp(names[k].letter, word, n) == 0)
            return true;
    return false;
}

static bool chosen(const char *what, const char *track)
{
    const char *word;
    size_t n;
    for (const char *rest = what; rf_list_next(&rest, &word, &n);)
        if (means(word, n, track)) return true;
    return !what;
}

/* Every word of --what is a gate or state of the cell. */
static rf_status check_what(const char *what, const rf_cell *cell, const lab_steps *steps,
                            rf_error *err)
{
    const char *word;
    size_t n;
    for (const char *rest = what; rf_list_next(&rest, &word, &n);) {
        rf_str all = {0};
        bool known = false;
        for (int k = 0; k < steps->count && !known; k++) {
            known = means(word, n, steps->track[k].name);
            if (!all.s || !strstr(all.s, steps->track[k].name))
                rf_str_printf(&all, " %s", steps->track[k].name);
        }
        if (!known)
            rf_fail(err, RF_EINVAL, "--what: %s has no %.*s; it has%s", cell->name, (int)n, word,
                    all.s ? all.s : " nothing");
        rf_str_free(&all);
        if (!known) return RF_EINVAL;
    }
    return RF_OK;
}

/* "3" or "0-7", of H units; without a wish the first eight. */
static rf_status read_units(lab_film *f, rf_index H, rf_error *err)
{
    char *end = NULL;
    f->from = 0;
    f->count = H < 8 ? H : 8;
    if (!f->units) return RF_OK;
    const long long a = strtoll(f->units, &end, 10);
    long long b = a;
    if (end != f->units && *end == '-') {
        const char *second = end + 1;
        b = strtoll(second, &end, 10);
        if (end == second) end = NULL;
    }
    if (!end || end == f->units || *end || a < 0 || b < a)
        return rf_fail(err, RF_EINVAL, "--units: %s where units such as 3 or 0-7 are due",
                       f->units);
    if (b >= H)
        return rf_fail(err, RF_EINVAL, "--units: %s, but the last of %lld units is %lld", f->units,
                       (long long)H, (long long)H - 1);
    f->from = (rf_index)a;
    f->count = (rf_index)(b - a + 1);
    return RF_OK;
}

static bool shown(const lab_film *f, const lab_steps *steps, int k)
{
    const lab_track *t = &steps->track[k];
    const int last = steps->track[steps->count - 1].layer;
    return t->layer == (f->layer < 0 ? last : f->layer) && chosen(f->what, t->name);
}

static char *track_title(const lab_track *t, bool both)
{
    char buf[64];
    snprintf(buf, sizeof buf, "%s%s", both ? t->reverse ? "← " : "→ " : "", t->name);
    return strdup(buf);
}

static rf_status begin(lab_film *f, const rf_graph *g, const rf_cell *cell, const lab_steps *steps,
                       rf_error *err)
{
    const int last = steps->count ? steps->track[steps->count - 1].layer : -1;
    const bool both = steps->count && steps->track[steps->count - 1].reverse;
    if (f->layer > last)
        return rf_fail(err, RF_EINVAL, "--layer: %d, but the last layer is %d", f->layer, last);
    rf_status st = check_what(f->what, cell, steps, err);
    for (int k = 0; k < steps->count && !st; k++) {
        if (!shown(f, steps, k) || f->tracks == LAB_FILM_TRACKS) continue;
        if (!f->tracks) st = read_units(f, rf_shape_of(g, steps->track[k].node[0]).dim[1], err);
        if (st) break;
        f->name[f->tracks] = track_title(&steps->track[k], both);
        if (!f->name[f->tracks++]) st = rf_no_memory(err);
    }
    return st;
}

/* ---- Adding ---------------------------------------------------------------------------------------- */

/* Room for n more columns, which hold nothing yet. */
static bool grow(lab_film *f, size_t n)
{
    const size_t all = f->columns + n, units = (size_t)f->count;
    char **label = realloc(f->label, all * sizeof *label);
    if (!label) return false;
    f->label = label;
    for (int k = 0; k < f->tracks; k++) {
        double *v = realloc(f->value[k], all * units * sizeof *v);
        if (!v) return false;
        f->value[k] = v;
        for (size_t i = f->columns * units; i < all * units; i++) v[i] = NAN;
    }
    for (size_t i = f->columns; i < all; i++) f->label[i] = NULL;
    f->columns = all;
    return true;
}

rf_status lab_film_add(lab_film *f, const rf_graph *g, const rf_cell *cell, const lab_steps *steps,
                       const char *const *labels, rf_error *err)
{
    const size_t T = (size_t)(steps->T * steps->B);
    const rf_status st = f->columns ? RF_OK : begin(f, g, cell, steps, err);
    if (st) return st;
    const size_t units = (size_t)f->count, gap = f->columns > 0;
    if (!grow(f, T + gap)) return rf_no_memory(err);
    const size_t first = f->columns - T;
    for (size_t t = 0; t < T; t++) {
        int track = 0;
        if (!(f->label[first + t] = strdup(labels[t]))) return rf_no_memory(err);
        for (int k = 0; k < steps->count && track < f->tracks; k++) {
            if (!shown(f, steps, k)) continue;
            const rf_index at = (rf_index)t / steps->B, row = (rf_index)t % steps->B;
            const rf_real *v = lab_steps_value(g, &steps->track[k], at, row) + f->from;
            double *to = f->value[track++] + (first + t) * units;
            for (size_t i = 0; i < units; i++) to[i] = (double)v[i];
        }
    }
    return RF_OK;
}

rf_status lab_film_emit(const lab_film *f, rf_session *s)
{
    const size_t units = (size_t)f->count;
    rf_real *values = malloc((units + 1) * sizeof *values);
    int64_t text = 1, step = 0;
    rf_status st = values ? RF_OK : s->host->fail(s->host, RF_ENOMEM, "no memory");
    for (size_t t = 0; t < f->columns && !st; t++) {
        step = f->label[t] ? step + 1 : 0;
        text += !f->label[t];
        for (int k = 0; f->label[t] && k < f->tracks && !st; k++) {
            for (size_t i = 0; i < units; i++) values[i] = (rf_real)f->value[k][t * units + i];
            const rf_field row[] = {rf_field_int("text", text), rf_field_int("step", step),
                                    rf_field_string("unit", f->label[t]),
                                    rf_field_string("what", f->name[k]),
                                    rf_field_reals("values", values, &f->count, 1)};
            st = rf_emit_record(s->host, -1, "state", row, sizeof row / sizeof *row);
        }
    }
    free(values);
    return st;
}

/* ---- Drawing --------------------------------------------------------------------------------------- */

/* Values between 0 and 1 are shown on that scale, others around 0. */
static void choose_scale(rf_panel *p)
{
    double low = 0, high = 0;
    for (size_t i = 0; i < p->rows * p->cols; i++) {
        if (isnan(p->values[i])) continue;
        low = fmin(low, p->values[i]);
        high = fmax(high, p->values[i]);
    }
    const double most = fmax(-low, high);
    p->high = low >= 0 && high <= 1 ? 1 : most;
    p->low = low >= 0 ? 0 : -most;
}

static void put_title(rf_str *out, const char *name)
{
    rf_str_put(out, name);
    for (int k = 0; k < NAMES; k++) {
        const char *at = strstr(name, names[k].name);
        if (at && !strcmp(at, names[k].name)) {
            rf_str_printf(out, ": %s", names[k].what);
            return;
        }
    }
}

static bool draw_track(const lab_film *f, rf_plot *p, int k, const char *const *rows)
{
    const size_t units = (size_t)f->count;
    double *turned = malloc((units * f->columns + 1) * sizeof *turned);
    rf_str title = {0};
    put_title(&title, f->name[k]);
    for (size_t t = 0; turned && t < f->columns; t++)
        for (size_t i = 0; i < units; i++) turned[i * f->columns + t] = f->value[k][t * units + i];
    rf_panel panel = {.title = title.s,
                      .values = turned,
                      .rows = units,
                      .cols = f->columns,
                      .row_labels = rows,
                      .col_labels = (const char *const *)f->label};
    bool ok = turned && title.s;
    if (ok) choose_scale(&panel);
    ok = ok && rf_plot_panel(p, &panel);
    rf_str_free(&title);
    free(turned);
    return ok;
}

static bool draw(const lab_film *f, rf_plot *p)
{
    char(*text)[24] = malloc((size_t)f->count * sizeof *text + 1);
    const char **rows = malloc((size_t)f->count * sizeof *rows + 1);
    bool ok = text && rows;
    for (rf_index i = 0; ok && i < f->count; i++) {
        snprintf(text[i], sizeof text[i], "%lld", (long long)(f->from + i));
        rows[i] = text[i];
    }
    rf_plot_axes(p, "time", "unit", 0);
    for (int k = 0; k < f->tracks && ok; k++) ok = draw_track(f, p, k, rows);
    free(rows);
    free(text);
    return ok;
}

rf_status lab_film_write(const lab_film *f, rf_session *s, const char *title, const char *path,
                         rf_error *err)
{
    rf_plot *p = rf_plot_new(title);
    rf_status st = rf_plot_finish(p, p && draw(f, p), path, err);
    return st ? st : rf_emit_plot(s->host, path);
}

void lab_film_free(lab_film *f)
{
    for (int k = 0; k < f->tracks; k++) {
        free(f->name[k]);
        free(f->value[k]);
    }
    for (size_t i = 0; i < f->columns; i++) free(f->label[i]);
    free(f->label);
}

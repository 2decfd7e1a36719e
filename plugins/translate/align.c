/* translate/align.c -- the verb align: which tokens of the source each token of the translation came
 * from, as a table and as a picture. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

/* The decoder's last token. */
#define END "⏎"

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    tr_model x;
    tr_search q;
    rf_error *err;
} setup;

/* ---- What is shown --------------------------------------------------------------------------- */

static const char *shown(const char *piece) { return *piece ? piece : END; }

static rf_status send_rows(const setup *u, const tr_answer *a)
{
    rf_status st = RF_OK;
    const rf_index width[] = {a->source};
    const char **source = calloc((size_t)a->source, sizeof *source);
    for (rf_index i = 0; source && i < a->source; i++) source[i] = shown(a->source_piece[i]);
    for (rf_index t = 0; source && t < a->target && !st; t++) {
        const rf_real *w = a->attention + t * a->source;
        const rf_index top = rf_argmax(w, a->source);
        const rf_field row[] = {rf_field_int("position", t + 1),
                                rf_field_string("token", shown(a->target_piece[t])),
                                rf_field_string("from", source[top]),
                                rf_field_int("at", top + 1),
                                rf_field_real("weight", (double)w[top]),
                                rf_field_strings("source", source, width, 1),
                                rf_field_reals("attention", w, width, 1)};
        st = rf_emit_record(u->s->host, t, "alignment", row, sizeof row / sizeof *row);
    }
    if (!source) st = rf_no_memory(u->err);
    free(source);
    return st;
}

static rf_status draw(const setup *u, const tr_answer *a)
{
    const char *path = u->r->opt[ALIGN_SVG].as.s;
    const size_t S = (size_t)a->source, T = (size_t)a->target;
    const char **name = calloc(S + T, sizeof *name);
    double *weight = calloc(S * T, sizeof *weight);
    rf_plot *p = name && weight ? rf_plot_new(a->text) : NULL;
    for (size_t i = 0; p && i < S + T; i++)
        name[i] = shown(i < S ? a->source_piece[i] : a->target_piece[i - S]);
    for (size_t i = 0; p && i < S * T; i++) weight[i] = (double)a->attention[i];
    if (p) rf_plot_axes(p, "source", "translation", 0);
    const bool done = p && rf_plot_heat(p, weight, T, S, name + S, name);
    const rf_status st = rf_plot_finish(p, done, path, u->err);
    free(name);
    free(weight);
    return st ? st : rf_emit_plot(u->s->host, path);
}

static rf_status each(void *ctx, rf_index line, rf_index rank, const tr_answer *a, rf_error *err)
{
    const setup *u = ctx;
    (void)line;
    (void)rank;
    if (!a->target) return rf_fail(err, RF_EINVAL, "the sentence is empty");
    const rf_status st = send_rows(u, a);
    return st || !u->r->opt[ALIGN_SVG].as.s ? st : draw(u, a);
}

/* ---- The verb -------------------------------------------------------------------------------- */

/* A given translation: the search is bound to it to its end. */
static rf_status force(setup *u, rf_ids *ids)
{
    const char *given = u->r->opt[ALIGN_TARGET].as.s;
    if (!given) return RF_OK;
    const rf_status st =
        tr_units_encode(u->x.lexis.side[1], given, strlen(given), ids, NULL, u->err);
    if (!st && !ids->n) return rf_fail(u->err, RF_EINVAL, "--target: is empty");
    u->q.prefix = ids;
    u->q.most = (rf_index)ids->n + 1;
    u->q.shortest = 0;
    u->q.ends = true;
    u->q.replace = false; /* what the model does not know of it is shown as such */
    return st;
}

static rf_status align(setup *u, rf_ids *given)
{
    rf_status st = tr_model_open(&u->x, u->r->model, u->r, u->err);
    if (st) return st;
    tr_search_of(&u->q, &u->x, u->r->opt);
    u->q.attention = true;
    u->q.B = 1;
    u->q.each = each;
    u->q.ctx = u;
    st = rf_utf8_check(u->r->arg[0], strlen(u->r->arg[0]), "the sentence", u->err);
    if (!st) st = force(u, given);
    if (!st) st = tr_search_begin(&u->q, u->err);
    if (!st) st = tr_search_add(&u->q, u->r->arg[0], strlen(u->r->arg[0]), u->err);
    return st ? st : tr_search_run(&u->q, false, u->err);
}

rf_status tr_align(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    rf_ids given = {0};
    setup u = {.s = s, .r = r, .err = &err};
    const rf_status st = align(&u, &given);
    tr_search_end(&u.q);
    rf_ids_free(&given);
    tr_model_close(&u.x);
    return rf_session_end(s, st, &err);
}

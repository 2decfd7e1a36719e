/* lab/trace_model.c -- what a trained model does while it reads a text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "trace.h"

enum { UNITS_MAX = 400 }; /* of one text: a picture has no room for more */

typedef struct text {
    rf_ids ids;
    char **label; /* [ids.n] */
} text;

static void text_free(text *t)
{
    for (size_t i = 0; t->label && i < t->ids.n; i++) free(t->label[i]);
    free(t->label);
    rf_ids_free(&t->ids);
}

static rf_status text_read(text *t, rf_session *s, const lab_reader *m, const char *words,
                           int number, rf_error *err)
{
    int64_t unknown = 0;
    char name[32];
    *t = (text){.label = NULL};
    snprintf(name, sizeof name, "text %d", number);
    if (m->continues) rf_ids_add(&t->ids, rf_tokenizer_eos(m->tokens));
    const rf_status st =
        rf_tokenizer_encode(m->tokens, words, strlen(words), name, &t->ids, &unknown, err);
    if (st) return st;
    if (!t->ids.n) return rf_fail(err, RF_EINVAL, "%s: is empty", name);
    if (t->ids.n > UNITS_MAX)
        return rf_fail(err, RF_EINVAL, "%s: %zu units where %d are the most", name, t->ids.n,
                       UNITS_MAX);
    if (unknown)
        rf_logf(s->host, RF_LOG_WARN, "%s: the model does not know %lld of %zu units", name,
                (long long)unknown, t->ids.n);
    t->label = calloc(t->ids.n, sizeof *t->label);
    for (size_t i = 0; t->label && i < t->ids.n; i++) {
        rf_str label = {0};
        lab_reader_label(m, t->ids.at[i], &label);
        t->label[i] = label.failed ? NULL : label.s ? label.s : strdup("");
        if (!t->label[i]) return rf_no_memory(err);
    }
    return t->label ? RF_OK : rf_no_memory(err);
}

/* After each unit the likeliest one to follow, and how probable the one that does follow was. */
static rf_status emit_next(rf_session *s, const lab_reader *m, const text *t, int64_t number,
                           const rf_real *p)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < t->ids.n && !st; i++) {
        const rf_real *row = p + (rf_index)i * m->V;
        const int32_t best = (int32_t)rf_argmax(row, m->V);
        rf_str label = {0};
        lab_reader_label(m, best, &label);
        const bool more = i + 1 < t->ids.n;
        const rf_field fields[] = {
            rf_field_int("text", number),
            rf_field_int("step", (int64_t)i + 1),
            rf_field_string("unit", t->label[i]),
            rf_field_string("likeliest_next", label.s ? label.s : ""),
            rf_field_real("probability", (double)row[best]),
            rf_field_real("of_what_comes", more ? (double)row[t->ids.at[i + 1]] : NAN)};
        st = rf_emit_record(s->host, -1, "reading", fields, sizeof fields / sizeof *fields);
        rf_str_free(&label);
    }
    return st;
}

static rf_status read_text(rf_session *s, const lab_reader *m, const text *t, int64_t number,
                           lab_film *film, rf_graph *g, rf_error *err)
{
    lab_steps steps;
    rf_graph_begin(g, RF_INFER, rf_key_make(1, "trace", 0));
    const rf_node x = lab_reader_inputs(g, m, t->ids.at, (rf_index)t->ids.n);
    rf_status st = lab_steps_unroll(&steps, g, &m->spec, m->params, "rnn.", x, err);
    if (st) return st;
    const rf_node next = lab_reader_next(g, m, steps.all.out);
    const rf_real *p = rf_value(g, next).data;
    if (next != RF_NONE && !p) return rf_graph_status(g, err);
    if (p) st = emit_next(s, m, t, number, p);
    if (st) return st;
    return lab_film_add(film, g, m->spec.cell, &steps, (const char *const *)t->label, err);
}

rf_status lab_trace_model(rf_session *s, const rf_run *r, lab_film *film, rf_graph *g,
                          rf_error *err)
{
    lab_reader m;
    rf_status st = lab_reader_open(&m, r->model, err);
    for (uint32_t i = 0; i < r->arg_count && !st; i++) {
        text t;
        st = text_read(&t, s, &m, r->arg[i], (int)i + 1, err);
        if (!st) st = read_text(s, &m, &t, i + 1, film, g, err);
        text_free(&t);
        if (!st) st = s->host->progress(s->host, i + 1, r->arg_count, "texts");
    }
    lab_reader_close(&m);
    return st;
}

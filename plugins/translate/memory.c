/* translate/memory.c -- see memory.h. */
#include "memory.h"

#include <stdlib.h>

#include "nearest.h"

struct tr_memory {
    tr_parallel text;
    tr_units *units;
    tr_nearest *nearest;
    rf_ids ids; /* of a question */
};

void tr_memory_free(tr_memory *m)
{
    if (!m) return;
    tr_parallel_free(&m->text);
    tr_units_free(m->units);
    tr_nearest_free(m->nearest);
    rf_ids_free(&m->ids);
    free(m);
}

static rf_status learn_words(tr_memory *m, int language, rf_error *err)
{
    const tr_units_options o = {.language = language, .letters = TR_LOWER, .unit = TR_WORD};
    const tr_text *const text[2] = {&m->text.side[0], &(tr_text){{0}}};
    tr_units *u[2];
    const rf_status st =
        tr_units_learn((const tr_units_options[2]){o, o}, text, TR_SEPARATE, u, err);
    if (st) return st;
    m->units = u[0];
    tr_units_free(u[1]);
    return RF_OK;
}

static rf_status remember(tr_memory *m, int language, tr_tell *tell, void *ctx, rf_error *err)
{
    tr_sentences all = {0};
    rf_status st = learn_words(m, language, err);
    if (!st) st = tr_units_encode_all(m->units, &m->text.side[0], &all, tell, ctx, err);
    if (!st && !(m->nearest = tr_nearest_new(&all, err))) st = err->status;
    tr_sentences_free(&all);
    return st;
}

rf_status tr_memory_open(tr_memory **out, tr_parallel *text, int language, tr_tell *tell, void *ctx,
                         rf_error *err)
{
    tr_memory *m = calloc(1, sizeof *m);
    *out = m;
    if (!m) {
        tr_parallel_free(text);
        return rf_no_memory(err);
    }
    m->text = *text;
    *text = (tr_parallel){0};
    return remember(m, language, tell, ctx, err);
}

rf_status tr_memory_find(tr_memory *m, const char *line, size_t n, tr_remembered *out,
                         rf_error *err)
{
    *out = (tr_remembered){0};
    m->ids.n = 0;
    const rf_status st = tr_units_encode(m->units, line, n, &m->ids, NULL, err);
    if (st) return st;
    const int64_t i = tr_nearest_find(m->nearest, m->ids.at, m->ids.n, &out->cosine);
    if (i < 0) return RF_OK;
    out->source = tr_text_line(&m->text.side[0], (size_t)i, NULL);
    out->target = tr_text_line(&m->text.side[1], (size_t)i, NULL);
    return RF_OK;
}

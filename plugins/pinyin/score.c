/* pinyin/score.c -- the verb score: how probable given readings of syllables are. */
#include <stdlib.h>
#include <string.h>

#include "pinyin.h"

typedef struct scored {
    const char *text;
    double score; /* NAN: not in the lattice */
    int64_t given;
} scored;

static int by_score(const void *a, const void *b)
{
    const scored *p = a, *q = b;
    const bool x = isnan(p->score), y = isnan(q->score);
    if (x || y) return x != y ? x - y : (int)(p->given - q->given);
    return p->score > q->score ? -1 : p->score < q->score ? 1 : (int)(p->given - q->given);
}

/* The reading is the only answer that its own characters leave. */
static rf_status score_one(py_decoder *d, const char *pinyin, scored *x, rf_error *err)
{
    py_answers a;
    py_decoder_spec(d)->fix = x->text;
    const rf_status st = py_decode(d, pinyin, strlen(pinyin), &a, err);
    x->score = NAN;
    if (!st && a.n && !strcmp(a.at[0].text, x->text)) x->score = a.at[0].score;
    py_answers_free(&a);
    return st;
}

static rf_status emit(rf_session *s, const scored *x, size_t n)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < n && !st; i++) {
        const rf_field row[] = {
            rf_field_int("rank", (int64_t)i + 1), rf_field_real("score", x[i].score),
            rf_field_real("worse_by", x[0].score - x[i].score), rf_field_string("text", x[i].text),
            rf_field_string("note", isnan(x[i].score) ? "not a reading of these syllables" : "")};
        st = rf_emit_record(s->host, (int64_t)i, "reading", row, sizeof row / sizeof *row);
    }
    return st;
}

static rf_status score(rf_session *s, const rf_run *r, py_reader *x, py_decoder **d, scored *list,
                       rf_error *err)
{
    py_decode_spec spec;
    rf_status st = py_reader_open(x, s, r, err);
    if (!st) st = py_options_how(r->opt, x->m, &spec, err);
    if (st) return st;
    spec.context = r->opt[SCORE_CONTEXT].as.s;
    *d = py_decoder_new(x->m, x->d, &spec, err);
    if (!*d) return err->status;
    for (uint32_t i = 0; i < r->arg_count && !st; i++) {
        list[i] = (scored){.text = r->arg[i], .given = i};
        st = score_one(*d, r->opt[SCORE_PINYIN].as.s, &list[i], err);
        if (!st) st = s->host->progress(s->host, i + 1, r->arg_count, "readings");
    }
    if (st) return st;
    qsort(list, r->arg_count, sizeof *list, by_score);
    return emit(s, list, r->arg_count);
}

rf_status py_verb_score(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    py_reader x = {0};
    py_decoder *d = NULL;
    scored *list = calloc((size_t)r->arg_count + 1, sizeof *list);
    const rf_status st = list ? score(s, r, &x, &d, list, &err) : rf_no_memory(&err);
    free(list);
    py_decoder_free(d);
    py_reader_close(&x);
    return rf_session_end(s, st, &err);
}

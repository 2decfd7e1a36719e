/* lm/eval.c -- the verb eval: loss, perplexity and bits of whole texts. */
#include <math.h>

#include "data.h"
#include "options.h"
#include "session.h"
#include "walk.h"

/* What is measured on one text, or on several together. */
typedef struct measure {
    lm_total total;
    int64_t characters, unknown;
} measure;

static rf_status emit(const rf_host *h, const char *of, const measure *x)
{
    double nats = x->total.nats / (double)x->total.tokens;
    double bits = x->total.nats / log(2);
    const struct {
        const char *name, *unit;
        double value;
    } rows[] = {{"loss", "nats", nats},
                {"perplexity", NULL, exp(nats)},
                {"bits_per_unit", "bits", bits / (double)x->total.tokens},
                {"bits_per_char", "bits", bits / (double)x->characters},
                {"units", NULL, (double)x->total.tokens},
                {"characters", NULL, (double)x->characters},
                {"unknown", NULL, (double)x->unknown}};
    rf_status st = RF_OK;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && !st; i++)
        st = rf_emit_metric(h, -1, of, rows[i].name, rows[i].value, rows[i].unit);
    return st;
}

static rf_status show(void *ctx, double done, double total)
{
    const rf_session *s = ctx;
    return s->host->progress(s->host, done, total, "units");
}

static rf_status measure_text(rf_session *s, lm_means *by, const char *path, rf_index lanes,
                              measure *out, rf_error *err)
{
    const char *const one[] = {path};
    rf_unit unit = rf_tokenizer_unit(by->m->tokens);
    rf_str text = {0};
    rf_ids ids = {0};
    *out = (measure){0};
    rf_status st = lm_texts_read(one, 1, unit, &text, err);
    if (!st)
        st = rf_tokenizer_encode(by->m->tokens, text.s, text.n, path, &ids, &out->unknown, err);
    if (!st && !ids.n) st = rf_fail(err, RF_EFORMAT, "%s: nothing to read", path);
    if (!st)
        st = lm_evaluate(by, ids.at, (rf_index)ids.n, lanes, (lm_watch){show, s}, &out->total, err);
    if (!st) out->characters = lm_text_characters(text.s, text.n);
    rf_str_free(&text);
    rf_ids_free(&ids);
    return st;
}

static void add(measure *all, const measure *one)
{
    all->total.nats += one->total.nats;
    all->total.tokens += one->total.tokens;
    all->characters += one->characters;
    all->unknown += one->unknown;
}

rf_status lm_eval(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    lm_reader x;
    measure all = {0}, one;
    rf_status st = lm_reader_open(&x, r, &err);
    lm_means by = lm_reader_means(&x, (rf_weights)r->opt[EVAL_WEIGHTS].as.i);
    for (uint32_t i = 0; i < r->arg_count && !st; i++) {
        st = measure_text(s, &by, r->arg[i], (rf_index)r->opt[EVAL_BATCH].as.i, &one, &err);
        if (!st) st = emit(s->host, r->arg[i], &one);
        add(&all, &one);
    }
    if (!st && r->arg_count > 1) st = emit(s->host, "all texts", &all);
    lm_means_free(&by);
    lm_reader_close(&x);
    return rf_session_end(s, st, &err);
}

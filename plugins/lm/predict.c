/* lm/predict.c -- the verb predict: what may follow a prefix. */
#include <math.h>
#include <stdlib.h>

#include "options.h"
#include "pieces.h"
#include "scorer.h"
#include "session.h"

static rf_status emit(rf_session *s, const rf_tokenizer *t, int64_t item, const char *prefix,
                      const rf_choice *c, int32_t n)
{
    rf_status st = RF_OK;
    for (int32_t k = 0; k < n && !st; k++) {
        rf_str unit = {0};
        lm_unit_text(t, c[k].token, &unit);
        const rf_field row[] = {rf_field_string("prefix", prefix), rf_field_int("rank", k + 1),
                                rf_field_real("probability", c[k].p),
                                rf_field_real("log10p", log10(c[k].p)),
                                rf_field_string("unit", unit.s ? unit.s : "")};
        st = rf_emit_record(s->host, item, "prediction", row, sizeof row / sizeof *row);
        rf_str_free(&unit);
    }
    return st;
}

/* Scores of what follows `ids`, the last row. */
static const rf_real *feed(const rf_scorer *f, const rf_ids *ids)
{
    const rf_real *scores = NULL;
    f->reset(f->self, 1);
    for (size_t i = 0; i < ids->n; i++) scores = f->step(f->self, &ids->at[i], 1);
    return scores;
}

static rf_status predict(rf_session *s, const rf_run *r, const lm_model *m, const rf_scorer *f,
                         rf_sampler *sampler, int64_t item, rf_error *err)
{
    const rf_sample_spec spec = {.temperature = 1, .top_k = (int32_t)r->opt[PREDICT_TOP].as.i};
    const char *prefix = r->arg[item];
    rf_ids ids = {0};
    int32_t n = 0;
    rf_ids_add(&ids, rf_tokenizer_eos(m->tokens));
    rf_status st =
        rf_tokenizer_encode(m->tokens, prefix, strlen(prefix), "prefix", &ids, NULL, err);
    const rf_real *scores = st ? NULL : feed(f, &ids);
    rf_ids_free(&ids);
    if (st) return st;
    double *logp = malloc((size_t)m->V * sizeof *logp);
    const rf_choice *c = scores && logp ? rf_sampler_filter(sampler, scores, &spec, &n) : NULL;
    rf_choice *own = n ? malloc((size_t)n * sizeof *own) : NULL;
    if (c && logp && own) {
        /* The filter renormalises; people want the probability among all units. */
        rf_log_probabilities(scores, m->V, logp);
        for (int32_t k = 0; k < n; k++) own[k] = (rf_choice){c[k].token, exp(logp[c[k].token])};
        st = emit(s, m->tokens, item, prefix, own, n);
    } else {
        st = rf_fail(err, RF_EDIVERGED, "%s: gives no finite score", r->model);
    }
    free(own);
    free(logp);
    return st;
}

rf_status lm_predict(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    lm_reader x;
    lm_scorer *scorer = NULL;
    rf_sampler *sampler = NULL;
    rf_status st = lm_reader_open(&x, r, &err);
    if (!st) scorer = lm_scorer_new(x.m, x.d, 1, (rf_weights)r->opt[PREDICT_WEIGHTS].as.i, &err);
    if (scorer) sampler = rf_sampler_new(x.m->V, &err);
    if (!st && !sampler) st = err.status;
    for (uint32_t i = 0; i < r->arg_count && !st; i++)
        st = predict(s, r, x.m, lm_scorer_interface(scorer), sampler, i, &err);
    rf_sampler_free(sampler);
    lm_scorer_free(scorer);
    lm_reader_close(&x);
    return rf_session_end(s, st, &err);
}

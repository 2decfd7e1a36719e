/* lm/generate.c -- the verb generate: sampling that streams, and beam search. */
#include <math.h>
#include <stdlib.h>

#include "options.h"
#include "pieces.h"
#include "scorer.h"
#include "session.h"

/* One run. */
typedef struct writer {
    rf_session *s;
    const rf_run *r;
    const lm_model *m;
    const rf_scorer *scorer;
    rf_ids prompt;    /* begins with a line end */
    uint8_t *forbid;  /* [V]: what is unknown is not written */
    lm_pieces pieces; /* of the text in progress */
    int64_t lines, length;
    rf_status status; /* why a callback said stop; RF_OK: enough lines */
    rf_error *err;
} writer;

static bool on_token(void *ctx, rf_index i, rf_index t, int32_t token, double logp)
{
    writer *w = ctx;
    const rf_host *h = w->s->host;
    (void)i;
    w->status = lm_pieces_put(&w->pieces, token, logp);
    if (!w->status) w->status = h->progress(h, (double)(t + 1), (double)w->length, "units");
    if (token == rf_tokenizer_eos(w->m->tokens)) w->lines++;
    int64_t most = w->r->opt[GENERATE_LINES].as.i;
    return !w->status && !(most && w->lines >= most);
}

static rf_sample_spec sample_spec(const writer *w)
{
    const rf_setting *v = w->r->opt;
    int64_t k = v[GENERATE_TOP_K].as.i;
    return (rf_sample_spec){.temperature = v[GENERATE_TEMPERATURE].as.f,
                            .top_k = (int32_t)(k < w->m->V ? k : w->m->V),
                            .top_p = v[GENERATE_TOP_P].as.f,
                            .forbid = w->forbid,
                            .seed = w->r->seed};
}

static rf_status write_prompt(writer *w, int64_t item)
{
    const char *prompt = w->r->opt[GENERATE_PROMPT].as.s;
    if (!w->r->opt[GENERATE_ECHO].as.i || !*prompt) return RF_OK;
    return rf_emit_text(w->s->host, item, prompt, strlen(prompt), NAN);
}

static rf_status write_one(writer *w, int64_t item)
{
    rf_generate_spec spec = {.sample = sample_spec(w),
                             .prompt = w->prompt.at,
                             .prompts = (rf_index)w->prompt.n,
                             .length = (rf_index)w->length,
                             .end = -1,
                             .count = 1,
                             .first = item,
                             .token = on_token,
                             .ctx = w};
    size_t n = w->prompt.n;
    w->pieces = (lm_pieces){.tokens = w->m->tokens,
                            .host = w->s->host,
                            .item = item,
                            .last = n > 1 ? w->prompt.at[n - 1] : -1};
    w->lines = 0;
    w->status = RF_OK;
    rf_status st = write_prompt(w, item);
    if (!st) st = rf_generate(w->scorer, &spec, w->err);
    if (st == RF_ECANCELLED) {
        *w->err = (rf_error){0};
        st = w->status;
    }
    rf_status ended = lm_pieces_end(&w->pieces);
    return st ? st : ended;
}

/* ---- Beam search ----------------------------------------------------------------------------- */

static rf_status emit_hypothesis(writer *w, int64_t rank, const rf_hypothesis *x)
{
    rf_str text = {0};
    size_t n = w->prompt.n;
    if (w->r->opt[GENERATE_ECHO].as.i) rf_str_put(&text, w->r->opt[GENERATE_PROMPT].as.s);
    lm_pieces_text(w->m->tokens, n > 1 ? w->prompt.at[n - 1] : -1, x->tokens, x->n, &text);
    const rf_field row[] = {rf_field_int("rank", rank + 1),
                            rf_field_real("log10p", x->logp / log(10)),
                            rf_field_real("perplexity", exp(-x->logp / (double)(x->n + x->ended))),
                            rf_field_string("text", text.s ? text.s : "")};
    rf_status st = rf_emit_record(w->s->host, 0, "hypothesis", row, sizeof row / sizeof *row);
    rf_str_free(&text);
    return st;
}

static rf_status search_best(writer *w)
{
    const rf_setting *v = w->r->opt;
    rf_beam_spec spec = {.beam = (rf_index)v[GENERATE_BEAM].as.i,
                         .best = (rf_index)v[GENERATE_COUNT].as.i,
                         .prompt = w->prompt.at,
                         .prompts = (rf_index)w->prompt.n,
                         .max_length = (rf_index)w->length,
                         .end = v[GENERATE_LINES].as.i ? rf_tokenizer_eos(w->m->tokens) : -1,
                         .forbid = w->forbid};
    rf_hypotheses found = {0};
    if (spec.best > spec.beam)
        return rf_fail(w->err, RF_EINVAL, "--count: at most as many as --beam: %lld",
                       (long long)spec.beam);
    rf_status st = rf_beam_search(w->scorer, &spec, &found, w->err);
    for (rf_index k = 0; k < found.n && !st; k++) st = emit_hypothesis(w, k, &found.h[k]);
    rf_hypotheses_free(&found);
    return st;
}

/* ---- The verb -------------------------------------------------------------------------------- */

static rf_status prepare(writer *w)
{
    const char *prompt = w->r->opt[GENERATE_PROMPT].as.s;
    rf_tokenizer *t = w->m->tokens;
    int32_t unk = rf_tokenizer_unk(t);
    w->length = w->r->opt[GENERATE_LENGTH].as.i;
    w->forbid = calloc((size_t)w->m->V, 1);
    rf_ids_add(&w->prompt, rf_tokenizer_eos(t));
    if (!w->forbid || w->prompt.failed) return rf_no_memory(w->err);
    if (unk >= 0) w->forbid[unk] = 1;
    return rf_tokenizer_encode(t, prompt, strlen(prompt), "--prompt", &w->prompt, NULL, w->err);
}

rf_status lm_generate(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    lm_reader x;
    lm_scorer *scorer = NULL;
    int64_t beam = r->opt[GENERATE_BEAM].as.i;
    rf_status st = lm_reader_open(&x, r, &err);
    writer w = {.s = s, .r = r, .m = x.m, .err = &err};
    if (!st)
        scorer = lm_scorer_new(x.m, x.d, beam ? (rf_index)beam : 1,
                               (rf_weights)r->opt[GENERATE_WEIGHTS].as.i, &err);
    if (!st && !scorer) st = err.status;
    if (!st) st = prepare(&w);
    if (!st) w.scorer = lm_scorer_interface(scorer);
    if (!st && beam) st = search_best(&w);
    for (int64_t i = 0; i < r->opt[GENERATE_COUNT].as.i && !beam && !st; i++) st = write_one(&w, i);
    free(w.forbid);
    rf_ids_free(&w.prompt);
    lm_scorer_free(scorer);
    lm_reader_close(&x);
    return rf_session_end(s, st, &err);
}

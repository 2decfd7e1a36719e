/* pinyin/tune.c -- the two weights of a model, chosen on what was held out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trainer.h"

enum {
    MIX_TOKENS = 20000, /* held-out characters that choose the mixture */
    MIX_ROUNDS = 30,
    SHORTEST = 12, /* bytes of a sentence that chooses the weight of words */
    LONGEST = 75
};

/* ---- The mixture ----------------------------------------------------------------------------- */

/* Probabilities of the tokens at[1 .. n) by both models. */
static rf_status both(py_trainer *t, const int32_t *at, size_t n, double *counted, double *learned)
{
    py_machine *m = py_machine_new(t->m->net, t->base.device, 1, RF_WEIGHTS_F32, t->err);
    const size_t numbers = m ? py_machine_numbers(m) : 0;
    float *state = m ? malloc(2 * numbers * sizeof *state) : NULL;
    const float *before = NULL;
    py_context c = py_ngram_begin(&t->m->by_char);
    rf_status st = m ? state ? RF_OK : rf_no_memory(t->err) : t->err->status;
    for (size_t i = 0; i + 1 < n && !st; i++) {
        float *after = state + (i % 2) * numbers; /* the two take turns */
        py_machine_step(m, &before, &at[i], 1, &after);
        counted[i] = exp((double)py_ngram_logp(&t->m->by_char, &c, at[i + 1]));
        learned[i] = exp((double)py_machine_logp(m, after, at[i + 1]));
        c = py_ngram_next(&t->m->by_char, &c, at[i + 1]);
        before = after;
        if (i % 200 == 0)
            st = t->base.s->host->progress(t->base.s->host, (double)i, (double)n, "characters");
    }
    free(state);
    py_machine_free(m);
    return st;
}

/* Dempster, Laird and Rubin 1977: the mixture of two that the text is most probable under. */
static double expectation(const double *counted, const double *learned, size_t n, double mix)
{
    for (int round = 0; round < MIX_ROUNDS; round++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++) {
            const double own = mix * learned[i];
            sum += own / (own + (1 - mix) * counted[i] + 1e-300);
        }
        mix = sum / (double)n;
    }
    return mix < 0.02 ? 0.02 : mix > 0.98 ? 0.98 : mix;
}

static rf_status tune_mix(py_trainer *t)
{
    const size_t n = t->valid.n < MIX_TOKENS ? t->valid.n : MIX_TOKENS;
    double *p = malloc(2 * (n + 1) * sizeof *p), counted = 0, learned = 0, mixed = 0;
    if (!p) return rf_no_memory(t->err);
    double *q = p + n + 1;
    const rf_status st = both(t, t->valid.at, n, p, q);
    if (!st) {
        const double mix = t->m->mix = expectation(p, q, n - 1, 0.5);
        for (size_t i = 0; i + 1 < n; i++) {
            counted -= log(p[i] + 1e-30);
            learned -= log(q[i] + 1e-30);
            mixed -= log(mix * q[i] + (1 - mix) * p[i] + 1e-30);
        }
        rf_logf(t->base.s->host, RF_LOG_INFO,
                "perplexity of a held-out character: %.2f by n-grams, %.2f by the network, %.2f "
                "by both, %.0f%% of it the network",
                exp(counted / (double)(n - 1)), exp(learned / (double)(n - 1)),
                exp(mixed / (double)(n - 1)), 100 * mix);
    }
    free(p);
    return st;
}

/* ---- The weight of words --------------------------------------------------------------------- */

/* How a stretch is read, in syllables without tones; false: not all of it can be. */
static bool read_aloud(const py_lexicon *x, py_splitter *split, const char *s, size_t n,
                       rf_str *out)
{
    rf_ids words = {0};
    bool good = py_split(split, s, n, &words);
    rf_str_clear(out);
    for (size_t i = 0; i < words.n && good; i++) {
        const int32_t w = words.at[i];
        const py_entry *e = w < 0 ? NULL : &x->entry[py_lexicon_entry_of(x, w)];
        good = e != NULL;
        for (int k = 0; good && k < e->length; k++)
            rf_str_printf(out, "%s ",
                          py_syllable_at(PY_BASE(x->reading[e->reading + (uint32_t)k])));
    }
    rf_ids_free(&words);
    return good && !out->failed;
}

/* Characters of an answer that are not those at their places. */
static size_t wrong(const char *answer, const char *s, size_t n)
{
    size_t bad = 0;
    for (size_t i = 0; i + 2 < n; i += 3)
        bad += strlen(answer) < i + 3 || memcmp(answer + i, s + i, 3);
    return bad;
}

/* Wrong characters in the held-out sentences under the decoder's weights. */
static rf_status count_wrong(py_trainer *t, py_decoder *d, double *errors, size_t *count)
{
    py_splitter split = {.x = &t->m->x};
    rf_str pinyin = {0};
    const size_t most = (size_t)t->v[TRAIN_TUNE].as.i;
    size_t from = 0, n = 0, bad = 0, all = 0;
    rf_status st = RF_OK;
    *count = 0;
    while (!st && *count < most && py_stretch_next(t->held.s, t->held.n, &from, &n)) {
        py_answers a = {0};
        if (n < SHORTEST || n > LONGEST ||
            !read_aloud(&t->m->x, &split, t->held.s + from, n, &pinyin))
            continue;
        st = py_decode(d, pinyin.s, pinyin.n, &a, t->err);
        if (!st) bad += wrong(a.n ? a.at[0].text : "", t->held.s + from, n);
        all += n / 3;
        ++*count;
        py_answers_free(&a);
        if (!st)
            st = t->base.s->host->progress(t->base.s->host, (double)*count, (double)most,
                                           "sentences");
    }
    *errors = all ? 100.0 * (double)bad / (double)all : 0;
    rf_str_free(&pinyin);
    py_splitter_free(&split);
    return st;
}

static rf_status tune_words(py_trainer *t)
{
    static const double tried[] = {0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8};
    py_decode_spec spec = {
        .beam = 8, .nbest = 1, .mix = t->m->net ? t->m->mix : 0, .form = RF_WEIGHTS_INT8};
    py_decoder *d = py_decoder_new(t->m, t->base.device, &spec, t->err);
    double least = INFINITY, errors;
    size_t count = 0;
    rf_status st = d ? RF_OK : t->err->status;
    for (size_t i = 0; i < sizeof tried / sizeof *tried && !st; i++) {
        py_decoder_spec(d)->words = tried[i];
        st = count_wrong(t, d, &errors, &count);
        if (st || !count) break;
        rf_logf(t->base.s->host, RF_LOG_INFO, "weight of words %.2f: %.2f%% of characters wrong",
                tried[i], errors);
        if (errors < least) {
            least = errors;
            t->m->words = tried[i];
        }
    }
    py_decoder_free(d);
    return st;
}

rf_status py_trainer_tune(py_trainer *t)
{
    rf_status st = RF_OK;
    if (t->m->net && t->valid.n > 2) st = tune_mix(t);
    if (!st && t->v[TRAIN_TUNE].as.i && t->held.n) st = tune_words(t);
    return st;
}

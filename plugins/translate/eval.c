/* translate/eval.c -- the verb eval: how good translations are, and whether one system is better. */
#include <math.h>
#include <refrain/metric_text.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "search.h"
#include "words.h"

enum {
    EVAL_HYPOTHESES,
    EVAL_REFERENCES,
    EVAL_AGAINST,
    EVAL_SOURCE,
    EVAL_BEAM,
    EVAL_PENALTY,
    EVAL_METRIC,
    EVAL_TOKENIZE,
    EVAL_LOWERCASE,
    EVAL_SMOOTH,
    EVAL_SMOOTH_VALUE,
    EVAL_CHAR_ORDER,
    EVAL_WORD_ORDER,
    EVAL_BETA,
    EVAL_WHITESPACE,
    EVAL_SENTENCES,
    EVAL_SAMPLES,
    EVAL_COUNT
};

#define MODEL "With --model"
#define BLEU  "BLEU"
#define CHRF  "chrF"

const rf_option tr_eval_options[] = {
    [EVAL_HYPOTHESES] = {.name = "hypotheses",
                         .type = RF_INFILE,
                         .letter = 'i',
                         .help = "translations to measure, a line each; standard input by default"},
    [EVAL_SOURCE] = {.name = "source",
                     .type = RF_INFILE,
                     .group = MODEL,
                     .help = "texts that the model translates, to measure that"},
    [EVAL_BEAM] = {.name = "beam",
                   .type = RF_INT,
                   .letter = 'k',
                   .def = "5",
                   .min = 1,
                   .max = 4096,
                   .group = MODEL,
                   .help = "translations that are followed side by side; 1: greedy"},
    [EVAL_PENALTY] = {.name = "length-penalty",
                      .type = RF_REAL,
                      .def = "1",
                      .max = 10,
                      .meta = "ALPHA",
                      .group = MODEL,
                      .help = "a score is log p / ((5 + n) / 6)^ALPHA, n tokens"},
    [EVAL_REFERENCES] = {.name = "references",
                         .type = RF_INFILE,
                         .letter = 'r',
                         .flags = RF_OPT_LIST,
                         .help = "translations by people, line by line; several: give it again"},
    [EVAL_AGAINST] = {.name = "against",
                      .type = RF_INFILE,
                      .letter = 'a',
                      .help = "translations by another system, which is compared"},
    [EVAL_METRIC] =
        {.name = "metric",
         .type = RF_STRING,
         .def = "bleu,chrf",
         .meta = "NAME,...",
         .help = "what is measured: bleu, bleu-1 to bleu-4, chrf, chrf++, rouge-1, rouge-2, "
                 "rouge-l, rouge-l-coco, cider, meteor (without synonyms), exact"},
    [EVAL_TOKENIZE] = {.name = "tokenize",
                       .type = RF_CHOICE,
                       .letter = 't',
                       .def = "13a",
                       .choices = rf_text_tokenizers,
                       .help =
                           "what a word is: 13a: punctuation apart; zh: each Chinese character; "
                           "none: what is between blanks"},
    [EVAL_LOWERCASE] = {.name = "lowercase",
                        .type = RF_BOOL,
                        .def = "0",
                        .help = "make no difference between large and small letters"},
    [EVAL_SMOOTH] = {.name = "smooth",
                     .type = RF_CHOICE,
                     .def = "exp",
                     .choices = rf_text_smoothings,
                     .flags = RF_OPT_ADVANCED,
                     .group = BLEU,
                     .help = "what counts where no n-gram of a length is right"},
    [EVAL_SMOOTH_VALUE] = {.name = "smooth-value",
                           .type = RF_REAL,
                           .def = "0",
                           .max = 1000,
                           .flags = RF_OPT_ADVANCED,
                           .group = BLEU,
                           .help = "how much; 0: the usual value, 0.1 of floor and 1 of add-k"},
    [EVAL_CHAR_ORDER] = {.name = "char-order",
                         .type = RF_INT,
                         .def = "6",
                         .min = 1,
                         .max = 10,
                         .flags = RF_OPT_ADVANCED,
                         .group = CHRF,
                         .help = "longest n-grams of characters"},
    [EVAL_WORD_ORDER] = {.name = "word-order",
                         .type = RF_INT,
                         .def = "0",
                         .max = 4,
                         .flags = RF_OPT_ADVANCED,
                         .group = CHRF,
                         .help = "longest n-grams of words; chrf++ has 2"},
    [EVAL_BETA] = {.name = "beta",
                   .type = RF_INT,
                   .def = "2",
                   .max = 100,
                   .flags = RF_OPT_ADVANCED,
                   .group = CHRF,
                   .help = "how much more finding counts than being right"},
    [EVAL_WHITESPACE] = {.name = "whitespace",
                         .type = RF_BOOL,
                         .def = "0",
                         .flags = RF_OPT_ADVANCED,
                         .group = CHRF,
                         .help = "blanks are characters, too"},
    [EVAL_SENTENCES] = {.name = "sentences",
                        .type = RF_BOOL,
                        .letter = 's',
                        .def = "0",
                        .help = "the score of each sentence as well"},
    [EVAL_SAMPLES] = {.name = "samples",
                      .type = RF_INT,
                      .def = "0",
                      .max = 1e6,
                      .help = "draw as many test sets from this one, for an interval; 0: none, or "
                              "1000 where systems are compared"},
    {0}};

/* Metrics that are asked for at once. */
enum { MOST = 16 };

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    tr_text system[2], *reference; /* [references] */
    int systems, samples;
    size_t references;
    const char *name[2];
    int metric[MOST], metrics;
    rf_text_tokens tokens;
    bool lowercase;
    double done, total; /* sentences, samples */
    rf_error *err;
} setup;

/* ---- Translating ----------------------------------------------------------------------------- */

/* Lines that are translated at once, and those of them that stand side by side. */
enum { AT_ONCE = 512, SIDE_BY_SIDE = 32 };

static rf_status take_answer(void *ctx, rf_index line, rf_index rank, const tr_answer *a,
                             rf_error *err)
{
    setup *u = ctx;
    (void)line, (void)rank;
    if (tr_text_add(&u->system[0], a->text, strlen(a->text))) return RF_OK;
    return rf_fail(err, RF_ENOMEM, "no memory for translations");
}

static rf_status tell_lines(void *ctx, double done, double total)
{
    const setup *u = ctx;
    (void)total;
    return u->s->host->progress(u->s->host, (double)u->system[0].n + done, 0, "lines");
}

static rf_status translate_lines(setup *u, tr_search *q, const tr_text *source)
{
    rf_status st = tr_search_begin(q, u->err);
    for (size_t i = 0; i < source->n && !st; i++) {
        size_t n;
        const char *line = tr_text_line(source, i, &n);
        st = tr_search_add(q, line, n, u->err);
        const bool full = (i + 1) % AT_ONCE == 0 || i + 1 == source->n;
        if (!st && full) st = tr_search_run(q, false, u->err);
        if (full) tr_search_clear(q);
    }
    tr_search_end(q);
    return st;
}

/* Where it is not said otherwise, words are those of the model's target language, in its letters. */
static void ask_model(setup *u, const tr_model *x)
{
    const tr_units_options *o = tr_units_asked(x->lexis.side[1]);
    if (!u->r->opt[EVAL_TOKENIZE].set) u->tokens = tr_words_tokens(o->language);
    if (!u->r->opt[EVAL_LOWERCASE].set) u->lowercase = o->letters == TR_LOWER;
}

static rf_status translate_source(setup *u)
{
    const rf_setting *opt = u->r->opt;
    tr_model x = {0};
    tr_text source = {0};
    rf_status st = tr_model_open(&x, u->r->model, u->r, u->err);
    if (!st) st = tr_text_read(&source, opt[EVAL_SOURCE].as.s, u->err);
    if (!st) {
        tr_search q = {.lexis = &x.lexis,
                       .m = x.m,
                       .d = x.d,
                       .g = x.g,
                       .B = SIDE_BY_SIDE,
                       .beam = (rf_index)opt[EVAL_BEAM].as.i,
                       .best = 1,
                       .alpha = opt[EVAL_PENALTY].as.f,
                       .replace = true,
                       .each = take_answer,
                       .tell = tell_lines,
                       .ctx = u};
        ask_model(u, &x);
        st = translate_lines(u, &q, &source);
    }
    tr_text_free(&source);
    tr_model_close(&x);
    return st;
}

static rf_status check_model(const setup *u)
{
    const bool model = u->r->model, source = u->r->opt[EVAL_SOURCE].as.s;
    if (model != source)
        return rf_fail(u->err, RF_EINVAL, "%s: goes with %s", model ? "--model" : "--source",
                       model ? "--source" : "--model");
    if (model && u->r->opt[EVAL_HYPOTHESES].as.s)
        return rf_fail(u->err, RF_EINVAL, "--hypotheses: with --model it writes its own");
    return RF_OK;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static rf_status check_lines(const setup *u, const tr_text *t, const char *name)
{
    const tr_text *due = &u->system[0];
    if (t->n == due->n) return RF_OK;
    return rf_fail(u->err, RF_EFORMAT, "%s:%zu: %zu lines, where %s has %zu", name,
                   (t->n < due->n ? t->n : due->n) + 1, t->n, u->name[0], due->n);
}

static rf_status read_texts(setup *u)
{
    const rf_setting *opt = u->r->opt, *list = &opt[EVAL_REFERENCES];
    rf_status st = RF_OK;
    if (!list->count) return rf_fail(u->err, RF_EINVAL, "--references: a file is needed");
    u->name[0] = u->r->model                 ? u->r->model
                 : opt[EVAL_HYPOTHESES].as.s ? opt[EVAL_HYPOTHESES].as.s
                                             : "-";
    u->name[1] = opt[EVAL_AGAINST].as.s;
    u->systems = u->name[1] ? 2 : 1;
    u->reference = calloc(list->count, sizeof *u->reference);
    if (!u->reference) return rf_fail(u->err, RF_ENOMEM, "no memory for the references");
    u->references = list->count;
    for (int k = 0; k < u->systems && !st; k++) {
        st = !k && u->r->model ? translate_source(u)
                               : tr_text_read(&u->system[k], u->name[k], u->err);
        u->name[k] = rf_input_name(u->name[k]);
        if (!st) st = check_lines(u, &u->system[k], u->name[k]);
    }
    for (size_t i = 0; i < u->references && !st; i++) {
        st = tr_text_read(&u->reference[i], list->as.list[i], u->err);
        if (!st) st = check_lines(u, &u->reference[i], list->as.list[i]);
    }
    if (!st && !u->system[0].n) st = rf_fail(u->err, RF_EFORMAT, "%s: no lines", u->name[0]);
    return st;
}

/* ---- Measuring ------------------------------------------------------------------------------- */

static rf_text_metric_options options_of(const setup *u, bool one_sentence)
{
    const rf_setting *opt = u->r->opt;
    rf_text_metric_options o = RF_TEXT_METRIC_OPTIONS;
    o.tokens = u->tokens;
    o.lowercase = u->lowercase;
    o.smoothing = (rf_text_smoothing)opt[EVAL_SMOOTH].as.i;
    if (opt[EVAL_SMOOTH_VALUE].as.f > 0) o.smooth_value = opt[EVAL_SMOOTH_VALUE].as.f;
    o.effective_order = one_sentence;
    o.char_order = (int)opt[EVAL_CHAR_ORDER].as.i;
    o.word_order = (int)opt[EVAL_WORD_ORDER].as.i;
    o.beta = (int)opt[EVAL_BETA].as.i;
    o.whitespace = opt[EVAL_WHITESPACE].as.i;
    return o;
}

static bool go_on(void *ctx, double part)
{
    setup *u = ctx;
    return !u->s->host->progress(u->s->host, u->done + part, u->total, "steps");
}

/* A metric with all sentences of a system.  NULL with u->err. */
static rf_text_metric *measure(setup *u, int metric, int system, bool one_sentence)
{
    const rf_text_metric_options o = options_of(u, one_sentence);
    const char **reference = calloc(u->references, sizeof *reference);
    rf_text_metric *s = rf_text_metric_new(metric, &o, u->err);
    rf_status st = s && reference ? RF_OK : rf_fail(u->err, RF_ENOMEM, "no memory for a score");
    const size_t n = u->system[system].n;
    for (size_t i = 0; i < n && !st; i++) {
        for (size_t k = 0; k < u->references; k++)
            reference[k] = tr_text_line(&u->reference[k], i, NULL);
        st = rf_text_metric_add(s, tr_text_line(&u->system[system], i, NULL), reference,
                                u->references, u->err);
        if (!st && i % 64 == 0 && !go_on(u, (double)i / (double)n))
            st = rf_fail(u->err, RF_ECANCELLED, "interrupted");
    }
    u->done++;
    free(reference);
    if (!st) return s;
    rf_text_metric_free(s);
    return NULL;
}

/* ---- Telling --------------------------------------------------------------------------------- */

static rf_status tell(const setup *u, int system, rf_text_metric *s, const rf_bootstrap *b)
{
    rf_str title = {0}, sign = {0}, details = {0};
    rf_text_score score;
    rf_text_metric_corpus(s, &score);
    rf_text_metric_title(s, &title);
    rf_text_metric_sign(s, &sign);
    rf_text_score_parts(&score, &details);
    const rf_field row[] = {rf_field_string("system", u->name[system]),
                            rf_field_string("metric", title.s),
                            rf_field_real("score", score.value),
                            rf_field_real("low", b->low),
                            rf_field_real("high", b->high),
                            rf_field_real("p", b->p),
                            rf_field_string("details", details.s),
                            rf_field_string("signature", sign.s)};
    const rf_status st =
        title.failed || sign.failed || details.failed
            ? rf_fail(u->err, RF_ENOMEM, "no memory for a score")
            : rf_emit_record(u->s->host, system, "score", row, sizeof row / sizeof *row);
    rf_str_free(&title);
    rf_str_free(&sign);
    rf_str_free(&details);
    return st;
}

static rf_status tell_sentences(setup *u, int metric, int system)
{
    rf_text_metric *s = measure(u, metric, system, true);
    rf_str title = {0};
    rf_status st = s ? RF_OK : u->err->status;
    if (s) rf_text_metric_title(s, &title);
    for (size_t i = 0; s && i < rf_text_metric_count(s) && !st; i++) {
        rf_text_score score;
        rf_text_metric_sentence(s, i, &score);
        const rf_field row[] = {
            rf_field_int("line", (int64_t)i + 1), rf_field_string("system", u->name[system]),
            rf_field_string("metric", title.s), rf_field_real("score", score.value),
            rf_field_string("hypothesis", tr_text_line(&u->system[system], i, NULL))};
        st = rf_emit_record(u->s->host, (int64_t)i, "sentence", row, sizeof row / sizeof *row);
    }
    rf_str_free(&title);
    rf_text_metric_free(s);
    return st;
}

/* One metric of all systems. */
static rf_status tell_metric(setup *u, int metric)
{
    rf_text_metric *s[2] = {NULL, NULL};
    rf_bootstrap b[2] = {{.low = NAN, .high = NAN, .p = NAN}, {.low = NAN, .high = NAN, .p = NAN}};
    rf_status st = RF_OK;
    for (int k = 0; k < u->systems && !st; k++) {
        s[k] = measure(u, metric, k, false);
        if (!s[k]) st = u->err->status;
    }
    for (int k = 0; k < u->systems && !st && u->samples; k++)
        st = rf_text_metric_bootstrap(s[k], s[1 - k], u->samples, u->r->seed, go_on, u, &b[k],
                                      u->err);
    for (int k = 0; k < u->systems && !st; k++) st = tell(u, k, s[k], &b[k]);
    rf_text_metric_free(s[0]);
    rf_text_metric_free(s[1]);
    return st;
}

static rf_status eval(setup *u)
{
    const rf_setting *samples = &u->r->opt[EVAL_SAMPLES];
    u->tokens = (rf_text_tokens)u->r->opt[EVAL_TOKENIZE].as.i;
    u->lowercase = u->r->opt[EVAL_LOWERCASE].as.i;
    rf_status st = check_model(u);
    if (!st)
        st = rf_metrics_named(&tr_eval_options[EVAL_METRIC], u->r->opt[EVAL_METRIC].as.s, u->metric,
                              MOST, &u->metrics, u->err);
    if (!st) st = read_texts(u);
    u->samples = u->systems == 2 && !samples->set ? 1000 : (int)samples->as.i;
    u->total = u->metrics * u->systems * (u->r->opt[EVAL_SENTENCES].as.i ? 2 : 1);
    for (int i = 0; i < u->metrics && !st; i++) st = tell_metric(u, u->metric[i]);
    for (int i = 0; i < u->metrics && !st && u->r->opt[EVAL_SENTENCES].as.i; i++)
        for (int k = 0; k < u->systems && !st; k++) st = tell_sentences(u, u->metric[i], k);
    return st;
}

rf_status tr_eval(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .err = &err};
    const rf_status st = eval(&u);
    for (int k = 0; k < 2; k++) tr_text_free(&u.system[k]);
    for (size_t i = 0; i < u.references; i++) tr_text_free(&u.reference[i]);
    free(u.reference);
    return rf_session_end(s, st, &err);
}

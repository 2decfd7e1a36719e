/* caption/eval.c -- the verb eval: how good descriptions are, and whether one system's are better. */
#include <math.h>
#include <refrain/metric_text.h>
#include <stdlib.h>
#include <string.h>

#include "caption.h"
#include "exam_options.h"

enum {
    EVAL_HYPOTHESES = EXAM_COUNT,
    EVAL_BASELINE,
    EVAL_AGAINST,
    EVAL_METRICS,
    EVAL_SENTENCES,
    EVAL_SAMPLES
};

const rf_option cap_eval_options[] = {
    EXAM_ROWS,
    [EVAL_HYPOTHESES] = {.name = "hypotheses",
                         .type = RF_INFILE,
                         .letter = 'i',
                         .help = "descriptions to measure: rows of file and caption, any file of "
                                 "captions, or a line each in the order of --captions"},
    [EVAL_BASELINE] = {.name = "baseline",
                       .type = RF_CHOICE,
                       .choices = cap_baselines,
                       .help = "measure instead what needs no network: the best caption for all, "
                               "or that of the most similar picture"},
    [EVAL_AGAINST] = {.name = "against",
                      .type = RF_STRING,
                      .letter = 'a',
                      .meta = "constant|nearest|FILE",
                      .help = "compare with this baseline, or these descriptions"},
    [EVAL_METRICS] = {.name = "metric",
                      .type = RF_STRING,
                      .def = "bleu-1,bleu-2,bleu-3,bleu-4,meteor,rouge-l-coco,cider,exact",
                      .meta = "NAME,...",
                      .help = "what is measured; also bleu, chrf, rouge-1, rouge-2, rouge-l"},
    [EVAL_SENTENCES] = {.name = "sentences",
                        .type = RF_BOOL,
                        .letter = 's',
                        .def = "0",
                        .help = "the scores of each picture as well"},
    [EVAL_SAMPLES] = {.name = "samples",
                      .type = RF_INT,
                      .def = "0",
                      .max = 1e6,
                      .help = "draw as many sets of pictures from this one, for an interval; 0: "
                              "none, or 1000 where systems are compared"},
    {0}};

/* Metrics that are asked for at once; systems. */
enum { MOST = 16, SYSTEMS = 2 };

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    cap_exam x;
    cap_told told[SYSTEMS];
    int systems, metric[MOST], metrics, samples;
    /* Of one language, whose items are first .. end - 1. */
    int language;
    rf_index first, end;
    rf_text_metric *score[SYSTEMS][MOST];
    rf_bootstrap range[SYSTEMS][MOST];
    double done, total;
    rf_error *err;
} setup;

/* ---- Systems ------------------------------------------------------------------------------------- */

static rf_status tell_progress(void *ctx, double done, double total)
{
    const setup *u = ctx;
    return u->s->host->progress(u->s->host, done, total, "steps");
}

static int find_baseline(const char *name)
{
    for (int i = 0; cap_baselines[i]; i++)
        if (!strcmp(cap_baselines[i], name)) return i;
    return -1;
}

static rf_status hear_baseline(setup *u, cap_told *t, int which)
{
    cap_baseline b = {.x = &u->x, .tell = tell_progress, .ctx = u};
    rf_status st = cap_told_begin(t, &u->x, cap_baselines[which], u->err);
    if (!st) st = cap_baseline_asked(&b, u->r->opt, u->err);
    return st ? st : cap_baseline_run(which, &b, t, u->err);
}

static rf_status hear_file(setup *u, cap_told *t, const char *path)
{
    const rf_status st =
        cap_told_begin(t, &u->x, strcmp(path, "-") ? path : "standard input", u->err);
    return st ? st : cap_told_read(t, &u->x, path, u->err);
}

static rf_status hear_systems(setup *u)
{
    const rf_setting *opt = u->r->opt;
    const char *file = opt[EVAL_HYPOTHESES].as.s, *against = opt[EVAL_AGAINST].as.s;
    const bool baseline = opt[EVAL_BASELINE].count;
    if (!file == !baseline)
        return rf_fail(u->err, RF_EINVAL, "--hypotheses: %s",
                       file ? "not beside --baseline" : "a file is needed, or --baseline");
    rf_status st = baseline ? hear_baseline(u, &u->told[0], (int)opt[EVAL_BASELINE].as.i)
                            : hear_file(u, &u->told[0], file);
    u->systems = against ? 2 : 1;
    if (st || !against) return st;
    const int which = find_baseline(against);
    return which < 0 ? hear_file(u, &u->told[1], against) : hear_baseline(u, &u->told[1], which);
}

/* ---- Measuring ----------------------------------------------------------------------------------- */

static bool go_on(void *ctx, double part)
{
    const setup *u = ctx;
    return !u->s->host->progress(u->s->host, u->done + part, u->total, "steps");
}

static rf_status add_items(setup *u, rf_text_metric *s, int system)
{
    rf_status st = RF_OK;
    for (rf_index i = u->first; i < u->end && !st; i++) {
        const cap_item *item = &u->x.item[i];
        st = rf_text_metric_add(s, u->told[system].words[i], u->x.reference + item->first,
                                item->count, u->err);
        if (!st && i % 64 == 0 && !go_on(u, 0)) st = rf_fail(u->err, RF_ECANCELLED, "interrupted");
    }
    return st;
}

/* Words are cut already; single texts are scored by BLEU with the lengths that they have. */
static rf_status measure(setup *u, int system, int m)
{
    rf_text_metric_options o = RF_TEXT_METRIC_OPTIONS;
    o.tokens = RF_TOKENS_NONE;
    rf_text_metric *s = rf_text_metric_new(u->metric[m], &o, u->err);
    u->score[system][m] = s;
    u->range[system][m] = (rf_bootstrap){.low = NAN, .high = NAN, .p = NAN};
    const rf_status st = s ? add_items(u, s, system) : u->err->status;
    u->done++;
    return st;
}

static rf_status measure_all(setup *u)
{
    rf_status st = RF_OK;
    for (int m = 0; m < u->metrics && !st; m++) {
        for (int k = 0; k < u->systems && !st; k++) st = measure(u, k, m);
        for (int k = 0; k < u->systems && !st && u->samples; k++) {
            rf_text_metric *other = u->systems == 2 ? u->score[1 - k][m] : NULL;
            st = rf_text_metric_bootstrap(u->score[k][m], other, u->samples, u->r->seed, go_on, u,
                                          &u->range[k][m], u->err);
            u->done++;
        }
    }
    return st;
}

static void free_scores(setup *u)
{
    for (int k = 0; k < SYSTEMS; k++)
        for (int m = 0; m < MOST; m++) {
            rf_text_metric_free(u->score[k][m]);
            u->score[k][m] = NULL;
        }
}

/* ---- Telling ------------------------------------------------------------------------------------- */

static rf_status send_score(const setup *u, int system, int m)
{
    rf_text_score x;
    rf_str title = {0};
    rf_text_metric_corpus(u->score[system][m], &x);
    rf_text_metric_title(u->score[system][m], &title);
    const rf_field row[] = {rf_field_string("language", cap_languages[u->language]),
                            rf_field_string("metric", title.s),
                            rf_field_string("system", u->told[system].name),
                            rf_field_real("score", x.value),
                            rf_field_real("low", u->range[system][m].low),
                            rf_field_real("high", u->range[system][m].high)};
    const rf_status st = title.failed
                             ? rf_fail(u->err, RF_ENOMEM, "no memory")
                             : rf_emit_record(u->s->host, system, "score", row, u->samples ? 6 : 4);
    rf_str_free(&title);
    return st;
}

static rf_status send_difference(const setup *u, int m)
{
    const rf_bootstrap *b = &u->range[0][m];
    rf_str title = {0};
    rf_text_metric_title(u->score[0][m], &title);
    const rf_field row[] = {rf_field_string("language", cap_languages[u->language]),
                            rf_field_string("metric", title.s),
                            rf_field_real("better_by", b->difference),
                            rf_field_real("low", b->difference_low),
                            rf_field_real("high", b->difference_high),
                            rf_field_real("p", b->p)};
    const rf_status st =
        title.failed ? rf_fail(u->err, RF_ENOMEM, "no memory")
                     : rf_emit_record(u->s->host, m, "difference", row, sizeof row / sizeof *row);
    rf_str_free(&title);
    return st;
}

static rf_status send_sentence(const setup *u, int system, rf_index i)
{
    const cap_item *item = &u->x.item[i];
    const char *words = u->told[system].words[i];
    rf_str text = {0};
    cap_words_join(item->language, words, strlen(words), &text);
    rf_field row[4 + MOST] = {rf_field_string("file", u->x.c.file[item->picture]),
                              rf_field_string("language", cap_languages[item->language]),
                              rf_field_string("system", u->told[system].name)};
    for (int m = 0; m < u->metrics; m++) {
        rf_text_score x;
        rf_text_metric_sentence(u->score[system][m], (size_t)(i - u->first), &x);
        row[3 + m] = rf_field_real(rf_text_metric_name_at(u->metric[m]), x.value);
    }
    row[3 + u->metrics] = rf_field_string("caption", text.s ? text.s : "");
    const rf_status st =
        text.failed ? rf_fail(u->err, RF_ENOMEM, "no memory")
                    : rf_emit_record(u->s->host, i, "sentence", row, (uint32_t)u->metrics + 4);
    rf_str_free(&text);
    return st;
}

static rf_status send_all(const setup *u)
{
    rf_status st = RF_OK;
    for (int m = 0; m < u->metrics && !st; m++)
        for (int k = 0; k < u->systems && !st; k++) st = send_score(u, k, m);
    for (int m = 0; m < u->metrics && !st && u->systems == 2 && u->samples; m++)
        st = send_difference(u, m);
    for (rf_index i = u->first; i < u->end && !st && u->r->opt[EVAL_SENTENCES].as.i; i++)
        for (int k = 0; k < u->systems && !st; k++) st = send_sentence(u, k, i);
    return st;
}

static rf_status eval_language(setup *u, rf_index first)
{
    u->first = u->end = first;
    u->language = u->x.item[first].language;
    while (u->end < u->x.n && u->x.item[u->end].language == u->language) u->end++;
    rf_status st = measure_all(u);
    if (!st) st = send_all(u);
    free_scores(u);
    return st;
}

static rf_status eval(setup *u)
{
    const rf_setting *opt = u->r->opt, *samples = &opt[EVAL_SAMPLES];
    rf_status st = rf_metrics_named(&cap_eval_options[EVAL_METRICS], opt[EVAL_METRICS].as.s,
                                    u->metric, MOST, &u->metrics, u->err);
    if (!st) st = cap_exam_asked(&u->x, opt, u->err);
    if (!st) st = hear_systems(u);
    u->samples = u->systems == 2 && !samples->set ? 1000 : (int)samples->as.i;
    u->total = CAP_LANGUAGES * u->systems * u->metrics * (u->samples ? 2 : 1);
    for (rf_index i = 0; i < u->x.n && !st; i = u->end) st = eval_language(u, i);
    return st;
}

rf_status cap_eval(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .err = &err};
    const rf_status st = eval(&u);
    for (int k = 0; k < SYSTEMS; k++) cap_told_free(&u.told[k]);
    cap_exam_close(&u.x);
    return rf_session_end(s, st, &err);
}

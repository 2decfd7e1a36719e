/* caption/eval.c -- the verb eval: how good descriptions are, and whether one system's are better. */
#include <math.h>
#include <refrain/io.h>
#include <refrain/metric_text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exam_model.h"
#include "exam_options.h"

enum {
    EVAL_HYPOTHESES = EXAM_COUNT,
    EVAL_BASELINE,
    EVAL_AGAINST,
    EVAL_METRICS,
    EVAL_SENTENCES,
    EVAL_SAMPLES,
    EVAL_PICTURES,
    EVAL_LOOK /* those of look.h */
};

#define MODEL "With --model"

/* No baseline, then those of cap_baselines. */
static const char *const baselines[] = {"none", "constant", "nearest", NULL};

const rf_option cap_eval_options[] = {
    EXAM_ROWS,
    [EVAL_HYPOTHESES] = {.name = "hypotheses",
                         .type = RF_INFILE,
                         .letter = 'i',
                         .help = "descriptions to measure: rows of file and caption, any file of "
                                 "captions, or a line each in the order of --captions"},
    [EVAL_BASELINE] = {.name = "baseline",
                       .type = RF_CHOICE,
                       .def = "none",
                       .choices = baselines,
                       .help = "measure instead what needs no network: the best caption for all, "
                               "or that of the most similar picture"},
    [EVAL_AGAINST] = {.name = "against",
                      .type = RF_STRING,
                      .letter = 'a',
                      .meta = "constant|nearest|FILE",
                      .help = "compare with this baseline, with these descriptions, or with what "
                              "this model says"},
    [EVAL_METRICS] = {.name = "metric",
                      .type = RF_STRING,
                      .def = "bleu-1, bleu-2, bleu-3, bleu-4, meteor, rouge-l-coco, cider, exact",
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
    [EVAL_PICTURES] = {.name = "pictures",
                       .type = RF_PATH,
                       .letter = 'p',
                       .meta = "FOLDER",
                       .group = MODEL,
                       .help = "where the pictures are, if the model or --encoder looks at them"},
    LOOK_ROWS(MODEL),
    {0}};

/* Metrics that are asked for at once; systems. */
enum { MOST = 16, SYSTEMS = 2 };

/* One language. */
typedef struct part {
    int language;
    rf_index first, end; /* its items are first .. end - 1 */
    rf_text_metric *score[SYSTEMS][MOST];
    rf_bootstrap range[SYSTEMS][MOST];
} part;

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    cap_exam x;
    cap_told told[SYSTEMS];
    int systems, metric[MOST], metrics, samples;
    part part[CAP_LANGUAGES];
    int parts;
    double done, total; /* metrics of systems */
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
    const rf_status st = cap_told_begin(t, &u->x, rf_input_name(path), u->err);
    return st ? st : cap_told_read(t, &u->x, path, u->err);
}

/* alone: not with the models of --with. */
static rf_status hear_model(setup *u, cap_told *t, const char *path, bool alone)
{
    const rf_setting *opt = u->r->opt;
    const cap_exam_model o = {.path = path,
                              .r = u->r,
                              .host = u->s->host,
                              .features = opt[EXAM_FEATURES].as.s,
                              .folder = opt[EVAL_PICTURES].as.s,
                              .opt = opt + EVAL_LOOK,
                              .alone = alone};
    const rf_status st = cap_told_begin(t, &u->x, path, u->err);
    return st ? st : cap_exam_describe(&o, &u->x, t, u->err);
}

/* Whether a file is a model rather than text: the length that it begins with has bytes of zero. */
static bool is_model(const char *path)
{
    char head[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    FILE *f = strcmp(path, "-") ? fopen(path, "rb") : NULL;
    const bool read = f && fread(head, 1, sizeof head, f) == sizeof head;
    if (f) fclose(f);
    return read && !head[7] && head[8] == '{';
}

static rf_status hear_other(setup *u, cap_told *t, const char *what)
{
    const int which = find_baseline(what);
    if (which >= 0) return hear_baseline(u, t, which);
    return is_model(what) ? hear_model(u, t, what, true) : hear_file(u, t, what);
}

static rf_status hear_systems(setup *u)
{
    const rf_setting *opt = u->r->opt;
    const char *file = opt[EVAL_HYPOTHESES].as.s, *against = opt[EVAL_AGAINST].as.s;
    const int baseline = (int)opt[EVAL_BASELINE].as.i - 1;
    const char *model = u->r->model;
    rf_status st = RF_OK;
    if (!file + !model + (baseline < 0) != 2)
        return rf_fail(u->err, RF_EINVAL,
                       "one of --model, --hypotheses and --baseline is needed, and only one");
    u->systems = against ? 2 : 1;
    if (model) st = hear_model(u, &u->told[0], model, false);
    if (file) st = hear_file(u, &u->told[0], file);
    if (baseline >= 0) st = hear_baseline(u, &u->told[0], baseline);
    return !st && against ? hear_other(u, &u->told[1], against) : st;
}

/* ---- Measuring ----------------------------------------------------------------------------------- */

static bool go_on(void *ctx, double more)
{
    const setup *u = ctx;
    return !u->s->host->progress(u->s->host, u->done + more, u->total, "steps");
}

static rf_status add_items(setup *u, const part *p, rf_text_metric *s, int system)
{
    rf_status st = RF_OK;
    for (rf_index i = p->first; i < p->end && !st; i++) {
        const cap_item *item = &u->x.item[i];
        st = rf_text_metric_add(s, u->told[system].words[i], u->x.reference + item->first,
                                item->count, u->err);
        if (!st && i % 64 == 0 && !go_on(u, 0)) st = rf_fail(u->err, RF_ECANCELLED, "interrupted");
    }
    return st;
}

/* Texts are words already. */
static rf_status measure(setup *u, part *p, int system, int m)
{
    rf_text_metric *s = cap_metric_new(u->metric[m], u->err);
    p->score[system][m] = s;
    u->done++;
    return s ? add_items(u, p, s, system) : u->err->status;
}

static rf_status measure_all(setup *u, part *p)
{
    rf_status st = RF_OK;
    for (int m = 0; m < u->metrics && !st; m++) {
        for (int k = 0; k < u->systems && !st; k++) st = measure(u, p, k, m);
        for (int k = 0; k < u->systems && !st && u->samples; k++) {
            rf_text_metric *other = u->systems == 2 ? p->score[1 - k][m] : NULL;
            st = rf_text_metric_bootstrap(p->score[k][m], other, u->samples, u->r->seed, go_on, u,
                                          &p->range[k][m], u->err);
            u->done++;
        }
    }
    return st;
}

/* Items stand by their languages. */
static void find_parts(setup *u)
{
    for (rf_index i = 0; i < u->x.n; i++) {
        const int language = u->x.item[i].language;
        if (!i || u->part[u->parts - 1].language != language)
            u->part[u->parts++] = (part){.language = language, .first = i};
        u->part[u->parts - 1].end = i + 1;
    }
}

/* ---- Telling ------------------------------------------------------------------------------------- */

/* All scores of a system, a column each. */
static rf_status send_scores(const setup *u, const part *p, int system)
{
    rf_field row[3 + MOST] = {rf_field_string("language", cap_languages[p->language]),
                              rf_field_int("pictures", p->end - p->first)};
    for (int m = 0; m < u->metrics; m++) {
        rf_text_score x;
        rf_text_metric_corpus(p->score[system][m], &x);
        row[2 + m] = rf_field_real(rf_text_metric_name_at(u->metric[m]), x.value);
    }
    row[2 + u->metrics] = rf_field_string("system", u->told[system].name);
    return rf_emit_record(u->s->host, system, "score", row, (uint32_t)u->metrics + 3);
}

static rf_status send_interval(const setup *u, const part *p, int m, int system)
{
    const rf_bootstrap *b = &p->range[system][m];
    const rf_field row[] = {rf_field_string("language", cap_languages[p->language]),
                            rf_field_real("score", b->value),
                            rf_field_real("low", b->low),
                            rf_field_real("high", b->high),
                            rf_field_string("metric", rf_text_metric_name_at(u->metric[m])),
                            rf_field_string("system", u->told[system].name)};
    return rf_emit_record(u->s->host, m, "interval", row, sizeof row / sizeof *row);
}

static rf_status send_difference(const setup *u, const part *p, int m)
{
    const rf_bootstrap *b = &p->range[0][m];
    const rf_field row[] = {rf_field_string("language", cap_languages[p->language]),
                            rf_field_real("better_by", b->difference),
                            rf_field_real("low", b->difference_low),
                            rf_field_real("high", b->difference_high),
                            rf_field_real("p", b->p),
                            rf_field_string("metric", rf_text_metric_name_at(u->metric[m]))};
    return rf_emit_record(u->s->host, m, "difference", row, sizeof row / sizeof *row);
}

static rf_status send_sentence(const setup *u, const part *p, rf_index i, int system)
{
    const cap_item *item = &u->x.item[i];
    const char *words = u->told[system].words[i];
    rf_str text = {0};
    rf_str_put(&text, "");
    cap_words_join(item->language, words, strlen(words), &text);
    rf_field row[4 + MOST] = {rf_field_string("file", u->x.c.file[item->picture]),
                              rf_field_string("language", cap_languages[item->language])};
    for (int m = 0; m < u->metrics; m++) {
        rf_text_score x;
        rf_text_metric_sentence(p->score[system][m], (size_t)(i - p->first), &x);
        row[2 + m] = rf_field_real(rf_text_metric_name_at(u->metric[m]), x.value);
    }
    row[2 + u->metrics] = rf_field_string("system", u->told[system].name);
    row[3 + u->metrics] = rf_field_string("caption", text.s);
    const rf_status st =
        text.failed ? rf_no_memory(u->err)
                    : rf_emit_record(u->s->host, i, "sentence", row, (uint32_t)u->metrics + 4);
    rf_str_free(&text);
    return st;
}

/* ---- The verb ------------------------------------------------------------------------------------ */

static rf_status send_all(const setup *u)
{
    rf_status st = RF_OK;
    const part *const end = u->part + u->parts;
    const int intervals = u->samples ? u->metrics : 0;
    for (const part *p = u->part; p < end; p++)
        for (int k = 0; k < u->systems && !st; k++) st = send_scores(u, p, k);
    for (const part *p = u->part; p < end; p++)
        for (int i = 0; i < intervals * u->systems && !st; i++)
            st = send_interval(u, p, i / u->systems, i % u->systems);
    for (const part *p = u->part; p < end && u->systems == 2; p++)
        for (int m = 0; m < intervals && !st; m++) st = send_difference(u, p, m);
    for (const part *p = u->part; p < end && u->r->opt[EVAL_SENTENCES].as.i; p++)
        for (rf_index i = p->first; i < p->end; i++)
            for (int k = 0; k < u->systems && !st; k++) st = send_sentence(u, p, i, k);
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
    find_parts(u);
    u->total = u->parts * u->systems * u->metrics * (u->samples ? 2 : 1);
    for (int i = 0; i < u->parts && !st; i++) st = measure_all(u, &u->part[i]);
    return st ? st : send_all(u);
}

rf_status cap_eval(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .err = &err};
    const rf_status st = eval(&u);
    for (int i = 0; i < u.parts; i++)
        for (int k = 0; k < SYSTEMS; k++)
            for (int m = 0; m < MOST; m++) rf_text_metric_free(u.part[i].score[k][m]);
    for (int k = 0; k < SYSTEMS; k++) cap_told_free(&u.told[k]);
    cap_exam_close(&u.x);
    return rf_session_end(s, st, &err);
}

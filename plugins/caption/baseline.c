/* caption/baseline.c -- the verb baseline: pictures described without a network, to compare one with. */
#include <math.h>
#include <refrain/metric_text.h>
#include <stdlib.h>
#include <string.h>

#include "caption.h"
#include "exam_options.h"

enum { BASE_METHOD = EXAM_COUNT };

const rf_option cap_baseline_options[] = {
    EXAM_ROWS,
    [BASE_METHOD] = {.name = "method",
                     .type = RF_CHOICE,
                     .def = "nearest",
                     .choices = cap_baselines,
                     .group = BASELINES,
                     .help = "constant: the best caption for all; nearest: that of the picture "
                             "with the most similar features"},
    {0}};

rf_status cap_exam_asked(cap_exam *x, const rf_setting *opt, rf_error *err)
{
    const cap_exam_spec o = {.captions = &opt[EXAM_CAPTIONS],
                             .splits = opt[EXAM_SPLITS].as.s,
                             .split = opt[EXAM_SPLIT].as.s,
                             .learn = opt[EXAM_LEARN].as.s,
                             .choose = opt[EXAM_CHOOSE].as.s,
                             .language = (int)opt[EXAM_LANGUAGE].as.i};
    return cap_exam_open(x, &o, err);
}

rf_status cap_baseline_asked(cap_baseline *b, const rf_setting *opt, rf_error *err)
{
    int metrics;
    b->choose = opt[EXAM_CHOOSE].as.s;
    b->finalists = (rf_index)opt[EXAM_FINALISTS].as.i;
    b->features = opt[EXAM_FEATURES].as.s;
    b->neighbours = (rf_index)opt[EXAM_NEIGHBOURS].as.i;
    if (!b->x->learn && !b->x->split)
        return rf_fail(err, RF_EINVAL,
                       "--split: say which pictures are described; the others are learned from");
    return rf_metrics_named(&cap_baseline_options[EXAM_METRIC], opt[EXAM_METRIC].as.s, &b->metric,
                            1, &metrics, err);
}

/* ---- The verb ------------------------------------------------------------------------------------ */

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    cap_exam x;
    cap_told told;
    cap_baseline b;
    rf_error *err;
} setup;

static rf_status tell_progress(void *ctx, double done, double total)
{
    const setup *u = ctx;
    return u->s->host->progress(u->s->host, done, total, "steps");
}

static rf_status send(const setup *u, rf_index i)
{
    const cap_item *item = &u->x.item[i];
    const bool nearest = u->r->opt[BASE_METHOD].as.i == CAP_NEAREST;
    rf_str text = {0};
    cap_words_join(item->language, u->told.words[i], strlen(u->told.words[i]), &text);
    const rf_field row[] = {rf_field_string("file", u->x.c.file[item->picture]),
                            rf_field_string("language", cap_languages[item->language]),
                            rf_field_string("caption", text.s ? text.s : ""),
                            rf_field_string("nearest", u->b.from[i]),
                            rf_field_real("cosine", u->b.cosine[i])};
    const rf_status st = text.failed
                             ? rf_no_memory(u->err)
                             : rf_emit_record(u->s->host, i, "description", row, nearest ? 5 : 3);
    rf_str_free(&text);
    return st;
}

static rf_status describe(setup *u)
{
    const rf_setting *opt = u->r->opt;
    rf_status st = cap_exam_asked(&u->x, opt, u->err);
    if (st) return st;
    u->b.x = &u->x;
    u->b.tell = tell_progress;
    u->b.ctx = u;
    u->b.from = calloc((size_t)u->x.n + 1, sizeof *u->b.from);
    u->b.cosine = calloc((size_t)u->x.n + 1, sizeof *u->b.cosine);
    if (!u->b.from || !u->b.cosine) return rf_no_memory(u->err);
    st = cap_baseline_asked(&u->b, opt, u->err);
    if (!st) st = cap_told_begin(&u->told, &u->x, "baseline", u->err);
    if (!st) st = cap_baseline_run((int)opt[BASE_METHOD].as.i, &u->b, &u->told, u->err);
    for (rf_index i = 0; i < u->x.n && !st; i++) st = send(u, i);
    return st;
}

rf_status cap_baseline_verb(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .err = &err};
    const rf_status st = describe(&u);
    cap_told_free(&u.told);
    free(u.b.from);
    free(u.b.cosine);
    cap_exam_close(&u.x);
    return rf_session_end(s, st, &err);
}

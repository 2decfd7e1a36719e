/* lab/classify_folds.c -- the verb classify-folds: leave a part out, learn from the others, judge on it.
 *
 * Nothing of the part that is left out is seen before it is judged: not by the vocabulary, not by the
 * scale of the features, and not to choose when to stop. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classify.h"
#include "mark.h"

enum { NETWORKS = 3 };

/* One network over all folds. */
typedef struct tally {
    int network;
    lab_judgement all;
    double f1, accuracy; /* sums over folds */
} tally;

typedef struct folds {
    rf_session *s;
    const rf_run *r;
    rf_setting v[FOLDS_SETTINGS];
    lab_samples samples;
    int32_t *fold;         /* [n] of each item */
    int32_t *learn, *test; /* [n] items */
    rf_index learns, tests;
    int32_t count;
    tally tally[NETWORKS];
    int networks;
    rf_error *err;
} folds;

/* ---- Parts ----------------------------------------------------------------------------------- */

static rf_status make_folds(folds *f)
{
    const rf_index n = f->samples.n, k = f->v[FOLDS_FOLDS].as.i;
    uint32_t *order = calloc((size_t)n, sizeof *order);
    f->fold = calloc((size_t)n, sizeof *f->fold);
    f->learn = calloc((size_t)n, sizeof *f->learn);
    f->test = calloc((size_t)n, sizeof *f->test);
    f->count = (int32_t)(k ? k : f->samples.groups);
    if (!order || !f->fold || !f->learn || !f->test) {
        free(order);
        return rf_no_memory(f->err);
    }
    rf_shuffle(rf_key_make(f->r->seed, "folds", 0), order, (uint32_t)n);
    for (rf_index i = 0; i < n; i++)
        f->fold[i] = (int32_t)(k ? order[i] % (uint32_t)k : f->samples.item[i].group);
    free(order);
    if (f->count > 1 && (!k || k <= n)) return RF_OK;
    return rf_fail(f->err, RF_EINVAL,
                   "--folds: %d part%s of %" PRId64 " sequences: two are due at least", f->count,
                   f->count == 1 ? "" : "s", n);
}

static void choose(folds *f, int32_t fold)
{
    f->learns = f->tests = 0;
    for (rf_index i = 0; i < f->samples.n; i++) {
        if (f->fold[i] == fold)
            f->test[f->tests++] = (int32_t)i;
        else
            f->learn[f->learns++] = (int32_t)i;
    }
}

/* ---- One network on one fold ------------------------------------------------------------------- */

static rf_tokenizer *learn_tokens(folds *f)
{
    const rf_setting *v = f->v;
    const rf_tokenizer_options o = {.unit = (rf_unit)v[NET_UNIT].as.i,
                                    .max_size = (int32_t)v[NET_VOCABULARY].as.i,
                                    .min_count = v[NET_MIN_COUNT].as.i,
                                    .merges = (int32_t)v[NET_BPE_MERGES].as.i};
    rf_tokenizer *t = lab_samples_tokens(&f->samples, f->learn, f->learns, &o, f->err);
    const rf_index longest = (rf_index)v[NET_MAX_LENGTH].as.i;
    if (t && !lab_samples_encode(&f->samples, t, longest, f->err)) return t;
    rf_tokenizer_free(t);
    return NULL;
}

static rf_status make_model(folds *f, lab_learner *l, int network)
{
    lab_classifier_shape shape = lab_classify_shape(f->v);
    rf_tokenizer *tokens = f->samples.is_text ? learn_tokens(f) : NULL;
    shape.network = network;
    if (f->samples.is_text && !tokens) return f->err->status;
    rf_vocab *classes = lab_vocab_copy(f->samples.classes, f->err);
    if (!classes) {
        rf_tokenizer_free(tokens);
        return f->err->status;
    }
    l->m = lab_classifier_new(&shape, tokens, classes, f->samples.I, f->err);
    return l->m ? RF_OK : f->err->status;
}

static rf_status judge(folds *f, lab_learner *l, lab_judgement *j)
{
    lab_set set = {0};
    rf_status st = lab_learner_set(&set, &f->samples, f->test, f->tests, 0, f->err);
    const lab_walk w = {.g = l->base.graph,
                        .m = l->m,
                        .s = &f->samples,
                        .set = &set,
                        .B = l->B,
                        .watch = {lab_classify_progress, f->s}};
    if (!st) st = lab_judgement_init(j, l->m->K, f->err);
    if (!st) st = lab_judge(j, w, f->err);
    lab_set_free(&set);
    return st;
}

static rf_status learn_and_judge(folds *f, int network, lab_judgement *j)
{
    lab_learner l = {.base = {.s = f->s,
                              .r = f->r,
                              .table = lab_classify_folds_options,
                              .v = f->v,
                              .learn = FOLDS_LEARN,
                              .plugin = LAB_ID,
                              .task = LAB_CLASSIFY,
                              .rate = 0.002}};
    rf_fit_result result = {0};
    const rf_index window = (rf_index)f->v[NET_WINDOW].as.i;
    rf_status st = rf_training_begin(&l.base, f->err);
    l.s = l.s_valid = &f->samples;
    if (!st) st = make_model(f, &l, network);
    if (!st) st = lab_learner_set(&l.train, &f->samples, f->learn, f->learns, window, f->err);
    if (!st) st = lab_learner_begin(&l, f->v, f->err);
    if (!st) st = lab_learner_fit(&l, &result, f->err);
    if (!st) st = judge(f, &l, j);
    lab_learner_end(&l);
    return st;
}

/* ---- All of them ------------------------------------------------------------------------------- */

static const char *network_name(int network)
{
    return lab_classify_train_options[NET_NETWORK].choices[network];
}

static void add(tally *t, const lab_judgement *j)
{
    const rf_index K = j->told.K;
    for (rf_index i = 0; i < K * K; i++) t->all.told.pair[i] += j->told.pair[i];
    t->all.rows += j->rows;
    t->all.nats += j->nats;
    t->f1 += rf_confusion_macro_f1(&j->told);
    t->accuracy += lab_judgement_accuracy(j);
}

static rf_status emit_fold(const folds *f, int32_t fold, int network, const lab_judgement *j)
{
    char name[32];
    snprintf(name, sizeof name, "%" PRId32, fold + 1);
    const char *what = f->v[FOLDS_FOLDS].as.i || !f->r->arg_count ? name : f->r->arg[fold];
    const rf_field row[] = {
        rf_field_string("left_out", what), rf_field_string("network", network_name(network)),
        rf_field_int("labels", j->rows), rf_field_real("accuracy", lab_judgement_accuracy(j)),
        rf_field_real("macro_f1", rf_confusion_macro_f1(&j->told))};
    return rf_emit_record(f->s->host, fold, "fold", row, sizeof row / sizeof *row);
}

static rf_status run_fold(folds *f, int32_t fold)
{
    rf_status st = RF_OK;
    choose(f, fold);
    if (!f->tests || !f->learns) return RF_OK;
    for (int i = 0; i < f->networks && !st; i++) {
        lab_judgement j = {0};
        st = learn_and_judge(f, f->tally[i].network, &j);
        if (!st) add(&f->tally[i], &j);
        if (!st) st = emit_fold(f, fold, f->tally[i].network, &j);
        lab_judgement_free(&j);
    }
    return st;
}

/* Over all labels together, and the mean of the folds. */
static rf_status emit_tally(const folds *f, const tally *t)
{
    const double n = f->count;
    const struct {
        const char *name;
        double value;
    } rows[] = {{"accuracy", lab_judgement_accuracy(&t->all)},
                {"macro_f1", rf_confusion_macro_f1(&t->all.told)},
                {"mean_accuracy", t->accuracy / n},
                {"mean_macro_f1", t->f1 / n}};
    rf_status st = RF_OK;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && !st; i++)
        st = rf_emit_metric(f->s->host, -1, network_name(t->network), rows[i].name, rows[i].value,
                            NULL);
    return st;
}

static rf_status run_all(folds *f)
{
    const lab_reading how = lab_classify_reading(f->v, f->v);
    const int network = (int)f->v[NET_NETWORK].as.i;
    rf_status st = lab_classify_check(f->v, f->err);
    if (!st) st = lab_classify_read(&f->samples, &how, f->r, f->v, f->err);
    if (!st) st = make_folds(f);
    f->tally[f->networks++].network = network;
    for (int i = LAB_LOGISTIC; i <= LAB_MAJORITY && f->v[FOLDS_BASELINES].as.i; i++)
        if (i != network) f->tally[f->networks++].network = i;
    for (int i = 0; i < f->networks && !st; i++)
        st = lab_judgement_init(&f->tally[i].all, rf_vocab_size(f->samples.classes), f->err);
    for (int32_t k = 0; k < f->count && !st; k++) st = run_fold(f, k);
    for (int i = 0; i < f->networks && !st; i++) st = emit_tally(f, &f->tally[i]);
    return st;
}

rf_status lab_classify_folds(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    folds f = {.s = s, .r = r, .err = &err};
    memcpy(f.v, r->opt, FOLDS_COUNT * sizeof *f.v);
    rf_status st = run_all(&f);
    for (int i = 0; i < NETWORKS; i++) lab_judgement_free(&f.tally[i].all);
    free(f.fold);
    free(f.learn);
    free(f.test);
    st = lab_end_marked(s, st, &f.samples.where, &err);
    lab_samples_free(&f.samples);
    return st;
}

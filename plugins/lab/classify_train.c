/* lab/classify_train.c -- the verb classify-train: labelled sequences to a classifier. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classify.h"
#include "mark.h"

/* What a run holds besides the learner. */
typedef struct setup {
    lab_learner l;
    rf_setting v[TRAIN_COUNT];
    lab_samples s, valid;
    int32_t *order; /* [n] items: those to learn from, then those held out */
    rf_index kept;
    rf_tokenizer *tokens;
    rf_vocab *classes;
    rf_str tokens_json, classes_json;
    rf_error *err;
} setup;

/* ---- Data ------------------------------------------------------------------------------------ */

/* Items in an order of chance, the last of them held out unless --valid has others. */
static rf_status split(setup *u)
{
    const double part = u->v[TRAIN_VALID].count ? 0 : u->v[TRAIN_VALID_FRACTION].as.f;
    u->order = rf_training_hold_out(&u->l.base, u->s.n, part, &u->kept, u->err);
    return u->order ? RF_OK : u->err->status;
}

static rf_status read_valid(setup *u)
{
    const rf_setting *files = &u->v[TRAIN_VALID];
    lab_reading how = lab_classify_reading(u->v, u->v);
    how.known = u->s.classes;
    how.features = u->s.I;
    how.counts = NULL;
    if (!files->count) return RF_OK;
    if (how.input == LAB_IMAGES)
        return rf_fail(u->err, RF_EINVAL, "--valid: of images --valid-fraction is held out");
    return lab_samples_read(&u->valid, &how, files->as.list, files->count, u->err);
}

static rf_status encode(setup *u)
{
    const rf_setting *v = u->v;
    const rf_index longest = (rf_index)v[NET_MAX_LENGTH].as.i;
    const rf_tokenizer_options o = {.unit = (rf_unit)v[NET_UNIT].as.i,
                                    .max_size = (int32_t)v[NET_VOCABULARY].as.i,
                                    .min_count = v[NET_MIN_COUNT].as.i,
                                    .merges = (int32_t)v[NET_BPE_MERGES].as.i};
    if (!u->s.is_text) return RF_OK;
    u->tokens = lab_samples_tokens(&u->s, u->order, u->kept, &o, u->err);
    if (!u->tokens) return u->err->status;
    rf_status st = lab_samples_encode(&u->s, u->tokens, longest, u->err);
    return st || !u->valid.n ? st : lab_samples_encode(&u->valid, u->tokens, longest, u->err);
}

static void tell_data(const setup *u, rf_index held)
{
    char units[40] = "";
    if (u->tokens) snprintf(units, sizeof units, ", %d units", rf_tokenizer_size(u->tokens));
    rf_logf(u->l.base.s->host, RF_LOG_INFO,
            "%" PRId64 " sequences to learn from, %" PRId64 " held out; %d labels%s", u->kept, held,
            rf_vocab_size(u->s.classes), units);
}

static rf_status read_data(setup *u)
{
    const lab_reading how = lab_classify_reading(u->v, u->v);
    rf_status st = lab_classify_read(&u->s, &how, u->l.base.r, u->v, u->err);
    if (!st && rf_vocab_size(u->s.classes) < 2)
        st = rf_fail(u->err, RF_EFORMAT, "all sequences have one label: there is nothing to tell");
    if (!st) st = split(u);
    if (!st) st = read_valid(u);
    if (!st) st = encode(u);
    return st;
}

static rf_status make_sets(setup *u)
{
    lab_learner *l = &u->l;
    const rf_index window = (rf_index)u->v[NET_WINDOW].as.i;
    rf_status st = lab_learner_set(&l->train, &u->s, u->order, u->kept, window, u->err);
    l->s = l->s_valid = &u->s;
    if (!st)
        st = lab_learner_set(&l->valid, &u->s, u->order + u->kept, u->s.n - u->kept, 0, u->err);
    if (!st && u->valid.n) {
        l->s_valid = &u->valid;
        st = lab_classify_whole(&l->valid, &u->valid, u->err);
    }
    if (!st) tell_data(u, l->valid.n);
    return st;
}

/* ---- The model ------------------------------------------------------------------------------- */

static rf_status make_model(setup *u)
{
    const lab_classifier_shape shape = lab_classify_shape(u->v);
    rf_tokenizer *tokens = u->tokens;
    rf_vocab *classes = lab_vocab_copy(u->s.classes, u->err);
    if (!classes) return u->err->status;
    u->tokens = NULL;
    u->l.m = lab_classifier_new(&shape, tokens, classes, u->s.I, u->err);
    return u->l.m ? RF_OK : u->err->status;
}

static rf_status describe(setup *u)
{
    const lab_classifier *m = u->l.m;
    rf_status st = rf_vocab_write(m->classes, &u->classes_json, u->err);
    if (!st && m->tokens) st = rf_tokenizer_write(m->tokens, &u->tokens_json, u->err);
    if (st) return st;
    const char *const more[] = {LAB_META_CLASSES, u->classes_json.s,
                                m->tokens ? RF_META_TOKENIZER : NULL, u->tokens_json.s, NULL};
    return rf_training_describe(&u->l.base, more, u->err);
}

/* ---- The verb -------------------------------------------------------------------------------- */

static rf_status train(setup *u)
{
    rf_fit_result result = {0};
    rf_status st = rf_training_begin(&u->l.base, u->err);
    if (!st) st = lab_classify_check(u->v, u->err);
    if (!st) st = read_data(u);
    if (!st) st = rf_training_know(&u->l.base, LAB_META_DATA, lab_samples_hash(&u->s), u->err);
    if (!st) st = make_sets(u);
    if (!st) st = make_model(u);
    if (!st) st = lab_learner_begin(&u->l, u->v, u->err);
    if (!st) st = describe(u);
    if (!st) st = lab_learner_fit(&u->l, &result, u->err);
    return st ? st : rf_training_finish(&u->l.base, u->l.base.graph, &result);
}

rf_status lab_classify_train(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.err = &err};
    memcpy(u.v, r->opt, sizeof u.v);
    u.l.base = (rf_training){.s = s,
                             .r = r,
                             .table = lab_classify_train_options,
                             .v = u.v,
                             .learn = TRAIN_LEARN,
                             .plugin = LAB_ID,
                             .task = LAB_CLASSIFY,
                             .rate = 0.002};
    rf_status st = train(&u);
    lab_learner_end(&u.l);
    st = lab_end_marked(s, st, u.valid.where.n ? &u.valid.where : &u.s.where, &err);
    rf_tokenizer_free(u.tokens);
    free(u.order);
    rf_str_free(&u.tokens_json);
    rf_str_free(&u.classes_json);
    lab_samples_free(&u.s);
    lab_samples_free(&u.valid);
    return st;
}

/* pos/train.c -- the verb train: tagged sentences and options to a model and a training, begun or
 * resumed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learner.h"
#include "model.h"
#include "read.h"
#include "vectors.h"

/* Networks of this kind bear a larger step of Adam than most. */
#define USUAL_RATE 0.002

/* What a run holds besides the learner. */
typedef struct setup {
    pos_learner l;
    rf_setting v[TRAIN_COUNT];
    pos_corpus c, valid;
    int32_t *order; /* sentences: those to learn from, then those held out */
    rf_index kept;
    pos_vectors vectors;
    pos_lexis lexis;
    rf_str json[1 + POS_TABLES]; /* of the tags and the tables */
    char meta[POS_TABLES][POS_META_NAME];
    rf_error *err;
} setup;

/* ---- Data ------------------------------------------------------------------------------------ */

/* Sentences in an order of chance, the last of them held out unless --valid has others. */
static rf_status split(setup *u)
{
    const double part = u->v[TRAIN_VALID].count ? 0 : u->v[TRAIN_VALID_FRACTION].as.f;
    u->order = rf_training_hold_out(&u->l.base, u->c.n, part, &u->kept, u->err);
    return u->order ? RF_OK : u->err->status;
}

static rf_status read_data(setup *u)
{
    const rf_run *r = u->l.base.r;
    const int input = (int)u->v[TRAIN_INPUT].as.i, column = (int)u->v[TRAIN_TAG].as.i;
    const rf_setting *valid = &u->v[TRAIN_VALID];
    rf_status st = pos_corpus_init(&u->c, NULL, u->err);
    if (!st) st = pos_corpus_read(&u->c, r->arg, r->arg_count, input, column, u->err);
    if (!st && rf_vocab_size(u->c.tags) < 2)
        st = rf_fail(u->err, RF_EFORMAT, "%s: %d different tags: there is nothing to tell",
                     r->arg[0], rf_vocab_size(u->c.tags));
    if (!st) st = split(u);
    if (!st && valid->count) st = pos_corpus_init(&u->valid, u->c.tags, u->err);
    if (!st && valid->count)
        st = pos_corpus_read(&u->valid, valid->as.list, valid->count, input, column, u->err);
    return st;
}

/* ---- Vocabularies ---------------------------------------------------------------------------- */

static rf_status learn_lexis(setup *u)
{
    const rf_setting *v = u->v;
    const char *vectors = v[TRAIN_VECTORS].as.s;
    rf_status st = RF_OK;
    pos_lexis_of(v, &u->lexis);
    if (vectors) st = pos_vectors_read(&u->vectors, vectors, u->lexis.task, u->err);
    if (st) return st;
    const pos_keep many = {v[TRAIN_PAIR_COUNT].as.i, (int32_t)v[TRAIN_PAIRS].as.i, NULL};
    pos_keep keep[POS_TABLES] = {[POS_UNIT] = {v[TRAIN_MIN_COUNT].as.i,
                                               (int32_t)v[TRAIN_VOCABULARY].as.i,
                                               u->vectors.of[POS_UNIT]},
                                 [POS_PAIR] = many,
                                 [POS_AFFIX] = many,
                                 [POS_SHAPE] = {1, 0, NULL},
                                 [POS_LETTER] = {1, 0, NULL}};
    keep[POS_PAIR].more = u->vectors.of[POS_PAIR];
    return pos_lexis_learn(&u->lexis, &u->c, u->order, u->kept, keep, u->err);
}

/* Sentences to learn from that are not too long. */
static rf_index drop_long(setup *u)
{
    const rf_index longest = (rf_index)u->v[TRAIN_LONGEST].as.i;
    rf_index n = 0;
    for (rf_index i = 0; i < u->kept; i++) {
        const rf_index s = u->order[i], units = u->c.start[s + 1] - u->c.start[s];
        if (!longest || units <= longest) u->order[n++] = (int32_t)s;
    }
    return n;
}

static void tell_data(const setup *u)
{
    const rf_host *h = u->l.base.s->host;
    const pos_lexis *x = &u->lexis;
    rf_str line = {0};
    rf_str_printf(&line,
                  "%" PRId64 " sentences to learn from, %" PRId64 " held out; %d tags, %d %s",
                  u->l.train.n, u->l.valid.n, rf_vocab_size(x->tags),
                  rf_vocab_size(x->table[POS_UNIT]), x->task == POS_TAGS ? "words" : "characters");
    if (x->table[POS_PAIR]) rf_str_printf(&line, ", %d pairs", rf_vocab_size(x->table[POS_PAIR]));
    if (line.s) h->log(h, RF_LOG_INFO, line.s);
    rf_str_free(&line);
}

static rf_status encode(setup *u)
{
    pos_learner *l = &u->l;
    rf_status st = learn_lexis(u);
    if (st) return st;
    const rf_index held = u->c.n - u->kept, n = drop_long(u);
    const int32_t *rest = u->order + u->kept;
    st = pos_lexis_corpus(&u->lexis, &l->train, &u->c, u->order, n, false, NULL, u->err);
    if (!st && !l->train.n) st = rf_fail(u->err, RF_EFORMAT, "there is no sentence to learn from");
    if (!st && held)
        st = pos_lexis_corpus(&u->lexis, &l->valid, &u->c, rest, held, false, NULL, u->err);
    if (!st && u->valid.n)
        st = pos_lexis_corpus(&u->lexis, &l->valid, &u->valid, NULL, u->valid.n, false, NULL,
                              u->err);
    if (!st) tell_data(u);
    return st;
}

/* ---- The model ------------------------------------------------------------------------------- */

static rf_status make_model(setup *u)
{
    const pos_shape shape = pos_shape_of(u->v);
    const rf_host *h = u->l.base.s->host;
    u->l.m = pos_tagger_new(&shape, &u->lexis, u->err);
    if (!u->l.m) return u->err->status;
    rf_params_init(u->l.m->params, u->l.base.seed);
    if (!u->v[TRAIN_VECTORS].as.s) return RF_OK;
    int64_t set;
    char line[64];
    const rf_status st = pos_vectors_use(&u->vectors, u->l.m, &set, u->err);
    snprintf(line, sizeof line, "%" PRId64 " vectors to begin with", set);
    if (!st) h->log(h, RF_LOG_INFO, line);
    return st;
}

static rf_status describe(setup *u)
{
    const pos_lexis *x = &u->l.m->lexis;
    const char *more[2 * (1 + POS_TABLES) + 1] = {NULL};
    int n = 0;
    rf_status st = rf_vocab_write(x->tags, &u->json[0], u->err);
    more[n++] = POS_META_TAGS;
    more[n++] = u->json[0].s;
    for (int t = 0; t < POS_TABLES && !st; t++) {
        if (!x->table[t]) continue;
        pos_meta_table(t, u->meta[t]);
        st = rf_vocab_write(x->table[t], &u->json[1 + t], u->err);
        more[n++] = u->meta[t];
        more[n++] = u->json[1 + t].s;
    }
    if (st) return st;
    return rf_training_describe(&u->l.base, more, u->err);
}

/* ---- The verb -------------------------------------------------------------------------------- */

static rf_status train(setup *u)
{
    rf_fit_result result = {0};
    rf_status st = rf_training_begin(&u->l.base, u->err);
    if (!st) st = pos_check_options(u->v, u->err);
    if (!st) st = read_data(u);
    if (!st) st = rf_training_know(&u->l.base, POS_META_DATA, pos_corpus_hash(&u->c), u->err);
    if (!st) st = encode(u);
    if (!st) st = make_model(u);
    if (!st) st = pos_learner_begin(&u->l, (rf_index)u->v[TRAIN_BATCH].as.i, u->err);
    if (!st) st = describe(u);
    if (!st) st = pos_learner_fit(&u->l, &result, u->err);
    return st ? st : rf_training_finish(&u->l.base, u->l.base.graph, &result);
}

static void setup_free(setup *u)
{
    pos_learner_end(&u->l);
    pos_corpus_free(&u->c);
    pos_corpus_free(&u->valid);
    pos_vectors_free(&u->vectors);
    pos_lexis_free(&u->lexis);
    free(u->order);
    for (int i = 0; i <= POS_TABLES; i++) rf_str_free(&u->json[i]);
}

rf_status pos_train(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.err = &err};
    memcpy(u.v, r->opt, sizeof u.v);
    u.l.base = (rf_training){.s = s,
                             .r = r,
                             .table = pos_train_options,
                             .v = u.v,
                             .learn = TRAIN_LEARN,
                             .plugin = POS_ID,
                             .task = POS_TASK,
                             .rate = USUAL_RATE};
    rf_status st = train(&u);
    setup_free(&u);
    return rf_session_end(s, st, &err);
}

/* pinyin/annotate_train.c -- the verb annotate-train: sentences, lexicon and options to a model, begun or
 * resumed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "annotate.h"
#include "annotate_plain.h"
#include "model.h"

typedef struct learner {
    rf_training base; /* first */
    rf_setting v[AN_TRAIN_COUNT];
    an_corpus c, held; /* held: that of --valid */
    int32_t *order;    /* sentences of c: those to learn from, plain text, those held out */
    rf_index kept;     /* of the first */
    rf_index plain;    /* how many there are before plain text in c */
    an_model *begin;   /* [begins] */
    uint32_t begins;
    const an_lexis **known; /* [begins]: theirs */
    an_lexis lexis;
    an_net *m;
    an_set train, valid;
    rf_str chars, pairs, classes; /* in JSON */
    rf_error *err;
} learner;

/* ---- Callbacks ------------------------------------------------------------------------------- */

static rf_node loss(void *self, rf_graph *g, double *units)
{
    learner *l = self;
    an_rows rows;
    if (!an_rows_find(g, l->m, &l->train, &l->base.batch, true, &rows)) return RF_POISON;
    *units = (double)rows.n;
    return an_net_loss(g, l->m, &l->train, &l->base.batch, &rows);
}

typedef struct judge {
    learner *l;
    double right, n, loss;
} judge;

static rf_status count(void *ctx, int32_t item, int32_t place, const rf_real *p, rf_error *err)
{
    judge *j = ctx;
    const an_set *set = &j->l->valid;
    const rf_index k = set->start[item] + place;
    int32_t best = 0;
    (void)err;
    for (int32_t i = 1; i < set->count.at[k]; i++)
        if (p[i] > p[best]) best = i;
    j->right += best == set->right.at[k];
    j->loss -= log((double)p[set->right.at[k]] + 1e-30);
    j->n++;
    return RF_OK;
}

static rf_status validate(void *self, rf_graph *g, rf_metrics *m, rf_error *err)
{
    learner *l = self;
    judge j = {.l = l};
    const an_walk w = {.g = g,
                       .m = l->m,
                       .set = &l->valid,
                       .told = true,
                       .each = count,
                       .ctx = &j,
                       .tell = rf_training_watch,
                       .tell_ctx = l};
    const rf_status st = an_walk_run(&w, err);
    if (st) return st;
    rf_metrics_add(m, "accuracy", j.n > 0 ? j.right / j.n : (double)NAN);
    rf_metrics_add(m, "loss", j.n > 0 ? j.loss / j.n : (double)NAN);
    return RF_OK;
}

static rf_status store(const void *self, rf_model *f, rf_error *err)
{
    const learner *l = self;
    return l->m->lexis.x.words ? py_lexicon_store(&l->m->lexis.x, f, err) : RF_OK;
}

/* ---- What to begin with ---------------------------------------------------------------------- */

static rf_status open_begins(learner *l)
{
    const rf_setting *v = &l->v[AN_TRAIN_BEGIN];
    rf_status st = RF_OK;
    if (!v->count) return RF_OK;
    l->begin = calloc(v->count, sizeof *l->begin);
    l->known = calloc(v->count, sizeof *l->known);
    if (!l->begin || !l->known) return rf_no_memory(l->err);
    while (l->begins < v->count && !st) {
        an_model *x = &l->begin[l->begins];
        st = an_model_open(x, v->as.list[l->begins], 1, l->err);
        if (!st) l->known[l->begins] = &x->m->lexis;
        l->begins++;
    }
    return st;
}

/* ---- Data ------------------------------------------------------------------------------------ */

static rf_status read_bans(learner *l)
{
    const rf_setting *v = &l->v[AN_TRAIN_EXCLUDE];
    rf_status st = RF_OK;
    if (!v->count) return RF_OK;
    if (!(l->c.bans = py_bans_new())) return rf_no_memory(l->err);
    for (uint32_t i = 0; i < v->count && !st; i++)
        st = py_bans_read(l->c.bans, v->as.list[i], l->err);
    return st;
}

/* What is learned from: sentences that are told, then plain text. */
static rf_status read_texts(learner *l)
{
    const rf_run *r = l->base.r;
    const rf_setting *valid = &l->v[AN_TRAIN_VALID], *plain = &l->v[AN_TRAIN_PLAIN];
    rf_status st = read_bans(l);
    for (uint32_t i = 0; i < r->arg_count && !st; i++)
        st = an_corpus_read(&l->c, r->arg[i], l->err);
    l->plain = (rf_index)an_corpus_count(&l->c);
    for (uint32_t i = 0; i < plain->count && !st; i++)
        st = an_plain_read(&l->c, plain->as.list[i], l->err);
    for (uint32_t i = 0; i < valid->count && !st; i++)
        st = an_corpus_read(&l->held, valid->as.list[i], l->err);
    return st;
}

/* The n sentences of plain text, before those that are held out. */
static rf_status put_plain(learner *l, rf_index n)
{
    const rf_index held = l->plain - l->kept;
    if (!rf_resize(&l->order, (size_t)(l->plain + n), sizeof *l->order))
        return rf_no_memory(l->err);
    memmove(l->order + l->kept + n, l->order + l->kept, (size_t)held * sizeof *l->order);
    for (rf_index i = 0; i < n; i++) l->order[l->kept + i] = (int32_t)(l->plain + i);
    return RF_OK;
}

static const char *first_file(const learner *l)
{
    return l->base.r->arg_count ? l->base.r->arg[0] : l->v[AN_TRAIN_PLAIN].as.list[0];
}

static rf_status read_data(learner *l)
{
    rf_status st = read_texts(l);
    const rf_index n = (rf_index)an_corpus_count(&l->c);
    if (st) return st;
    if (!n && !l->base.r->arg_count && !l->v[AN_TRAIN_PLAIN].count)
        return rf_fail(l->err, RF_EINVAL, "nothing to learn: TEXT or --plain is due");
    if (!n) return rf_fail(l->err, RF_EFORMAT, "%s: no sentence to learn from", first_file(l));
    const double part = l->v[AN_TRAIN_VALID].count ? 0 : l->v[AN_TRAIN_VALID_FRACTION].as.f;
    l->order = rf_training_hold_out(&l->base, l->plain, part, &l->kept, l->err);
    return l->order ? put_plain(l, n - l->plain) : l->err->status;
}

static uint64_t hash_vocab(uint64_t h, const rf_vocab *v)
{
    for (int32_t i = 0; i < rf_vocab_size(v); i++) {
        size_t n;
        const char *s = rf_vocab_at(v, i, &n);
        h = rf_hash(h, s, n);
    }
    return h;
}

static uint64_t hash_data(const learner *l)
{
    const an_corpus *c = &l->c;
    const py_lexicon *x = &l->lexis.x;
    uint64_t h = rf_hash(RF_HASH, c->code.at, c->code.n * sizeof *c->code.at);
    h = rf_hash(h, c->reading.at, c->reading.n * sizeof *c->reading.at);
    if (x->words) h = rf_hash(h, x->text, x->at[x->words]);
    for (uint32_t i = 0; i < l->begins; i++)
        h = hash_vocab(hash_vocab(h, l->known[i]->chars), l->known[i]->pairs);
    return h;
}

/* Sentences in which some character has a choice and a told reading; of one with a single such character
 * the window around it. */
static rf_status encode(learner *l, an_set *set, const an_corpus *c, int32_t sentence,
                        int32_t window)
{
    int32_t from = c->start.at[sentence], to = c->start.at[sentence + 1], choices = 0, at = 0;
    for (int32_t k = from; k < to; k++) {
        int32_t n = 0;
        if (c->reading.at[k] < 0) continue;
        an_lexis_classes(&l->lexis, c->code.at[k], &n);
        choices += n > 1;
        if (n > 1) at = k;
    }
    if (!choices) return RF_OK;
    if (window && choices == 1) {
        if (at - window > from) from = at - window;
        if (at + window + 1 < to) to = at + window + 1;
    }
    return an_lexis_encode(&l->lexis, set, c->code.at + from, c->reading.at + from,
                           (size_t)(to - from), l->err);
}

static rf_status encode_plain(learner *l, int32_t sentence)
{
    const an_corpus *c = &l->c;
    const int32_t from = c->start.at[sentence], to = c->start.at[sentence + 1];
    const rf_key key = rf_key_make(l->base.seed, "annotate.plain", (uint64_t)sentence);
    const rf_status st =
        an_lexis_encode(&l->lexis, &l->train, c->code.at + from, NULL, (size_t)(to - from), l->err);
    if (!st) an_plain_tell(&l->lexis, &l->train, key);
    return st;
}

static void tell_data(const learner *l)
{
    const an_lexis *x = &l->lexis;
    rf_logf(l->base.s->host, RF_LOG_INFO,
            "%lld sentences to learn from, %lld held out, %zu left out; %d readings, %d "
            "characters, %d pairs, %d words",
            (long long)l->train.n, (long long)l->valid.n, l->c.left_out + l->held.left_out,
            rf_vocab_size(x->classes), rf_vocab_size(x->chars), rf_vocab_size(x->pairs),
            x->x.words);
    if (l->c.bans)
        rf_logf(l->base.s->host, RF_LOG_INFO, "%zu lines left out for %zu sentences of --exclude",
                l->c.banned, py_bans_count(l->c.bans));
}

static rf_status encode_all(learner *l)
{
    const rf_index n = (rf_index)an_corpus_count(&l->c), held = n - (l->plain - l->kept);
    const int32_t window = (int32_t)l->v[AN_TRAIN_WINDOW].as.i;
    rf_status st = RF_OK;
    for (rf_index i = 0; i < l->kept && !st; i++)
        st = encode(l, &l->train, &l->c, l->order[i], window);
    for (rf_index i = l->kept; i < held && !st; i++) st = encode_plain(l, l->order[i]);
    for (rf_index i = held; i < n && !st; i++) st = encode(l, &l->valid, &l->c, l->order[i], 0);
    for (size_t i = 0; i < an_corpus_count(&l->held) && !st; i++)
        st = encode(l, &l->valid, &l->held, (int32_t)i, 0);
    if (!st)
        st = an_lexis_phrases(&l->lexis, &l->train, (rf_index)l->v[AN_TRAIN_PHRASES].as.i, l->err);
    if (!st && !l->train.n)
        st = rf_fail(l->err, RF_EFORMAT, "%s: no character has several readings", first_file(l));
    if (!st) tell_data(l);
    return st;
}

static rf_status learn_lexis(learner *l)
{
    const rf_setting *v = l->v, *lexicon = &v[AN_TRAIN_LEXICON];
    const rf_index plain = (rf_index)an_corpus_count(&l->c) - l->plain;
    const an_keep keep = {.chars = v[AN_TRAIN_MIN_COUNT].as.i,
                          .pairs = v[AN_TRAIN_PAIR_COUNT].as.i,
                          .all = plain > 0,
                          .more = l->known,
                          .others = l->begins};
    rf_status st = RF_OK;
    if (lexicon->count)
        st = an_lexis_lexicon(&l->lexis, lexicon->as.list, lexicon->count,
                              (int32_t)v[AN_TRAIN_WORDS].as.i, l->err);
    if (!st) st = rf_training_know(&l->base, AN_META_DATA, hash_data(l), l->err);
    if (!st)
        st = an_lexis_learn(&l->lexis, &l->c, l->order, (size_t)(l->kept + plain), &keep, l->err);
    return st;
}

/* ---- The verb -------------------------------------------------------------------------------- */

static bool make_sparse(an_net *m)
{
    bool good = true;
    for (int k = 0; k < m->shape.members && good; k++) {
        an_member *e = &m->member[k];
        good = rf_param_set_sparse(e->reading.weight, true);
        for (int t = 0; t < AN_TABLE_PLACE && good; t++)
            if (e->table[t].weight) good = rf_param_set_sparse(e->table[t].weight, true);
    }
    return good;
}

static rf_status make_network(learner *l)
{
    const an_shape shape = an_shape_of(l->v);
    l->m = an_net_new(&shape, &l->lexis, l->err);
    if (!l->m) return l->err->status;
    rf_params_init(l->m->params, l->base.seed);
    if (l->begins)
        rf_logf(l->base.s->host, RF_LOG_INFO, "%lld rows to begin with",
                (long long)an_net_begin(l->m, l->begin, l->begins));
    const rf_bucket_spec spec = {
        .lengths = l->train.lengths, .n = l->train.n, .B = (rf_index)l->v[AN_TRAIN_BATCH].as.i};
    l->base.higher = l->valid.n > 0;
    if (!make_sparse(l->m)) return rf_no_memory(l->err);
    return rf_training_open(&l->base, &spec, l->m->params, l->err);
}

static rf_status describe(learner *l)
{
    const an_lexis *x = &l->m->lexis;
    rf_status st = rf_vocab_write(x->chars, &l->chars, l->err);
    if (!st) st = rf_vocab_write(x->pairs, &l->pairs, l->err);
    if (!st) st = rf_vocab_write(x->classes, &l->classes, l->err);
    if (st) return st;
    const char *const more[] = {AN_META_CHARS,   l->chars.s,   AN_META_PAIRS, l->pairs.s,
                                AN_META_CLASSES, l->classes.s, NULL};
    return rf_training_describe(&l->base, more, l->err);
}

static rf_status train(learner *l)
{
    rf_fit_result result = {0};
    const rf_option *cell = &an_train_options[AN_TRAIN_CELL];
    rf_status st = rf_training_begin(&l->base, l->err);
    if (!st && !rf_cell_named(cell, l->v[AN_TRAIN_CELL].as.s, l->err)) st = RF_EINVAL;
    if (!st) st = open_begins(l);
    if (!st) st = read_data(l);
    if (!st) st = learn_lexis(l);
    if (!st) st = encode_all(l);
    if (!st) st = make_network(l);
    if (!st) st = describe(l);
    const rf_fit_task task = {.loss = loss, .validate = l->valid.n ? validate : NULL};
    if (!st) st = rf_training_learn(&l->base, task, &result, l->err);
    return st ? st : rf_training_finish(&l->base, l->base.graph, &result);
}

static void learner_free(learner *l)
{
    an_net_free(l->m);
    for (uint32_t i = 0; i < l->begins; i++) an_model_close(&l->begin[i]);
    free(l->begin);
    free(l->known);
    py_bans_free(l->c.bans);
    an_lexis_free(&l->lexis);
    an_corpus_free(&l->c);
    an_corpus_free(&l->held);
    an_set_free(&l->train);
    an_set_free(&l->valid);
    rf_str_free(&l->chars);
    rf_str_free(&l->pairs);
    rf_str_free(&l->classes);
    free(l->order);
    rf_training_end(&l->base);
}

rf_status an_verb_train(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    learner l = {.err = &err};
    memcpy(l.v, r->opt, sizeof l.v);
    l.base = (rf_training){.s = s,
                           .r = r,
                           .table = an_train_options,
                           .v = l.v,
                           .learn = AN_TRAIN_LEARN,
                           .plugin = PY_ID,
                           .task = AN_TASK,
                           .rate = 0.002,
                           .store = store};
    const rf_status st = train(&l);
    learner_free(&l);
    return rf_session_end(s, st, &err);
}

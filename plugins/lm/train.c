/* lm/train.c -- the verb train: texts and options to a model and a training, begun or resumed. */
#include <inttypes.h>
#include <stdlib.h>

#include "data.h"
#include "options.h"
#include "trainer.h"

#define META_TEXT "lm.text" /* a hash, by which the training text is recognised */

/* Networks of this kind bear a larger step of Adam than most. */
#define USUAL_RATE 0.003

/* What a run holds besides the trainer. */
typedef struct setup {
    lm_trainer t;
    rf_setting v[TRAIN_COUNT];
    rf_tokenizer *tokens;
    rf_str tokens_json, cutoffs;
    rf_error *err;
} setup;

/* ---- Options --------------------------------------------------------------------------------- */

static rf_status check_options(setup *u)
{
    const rf_setting *v = u->v;
    if (!rf_cell_named(&lm_train_options[TRAIN_CELL], v[TRAIN_CELL].as.s, u->err)) return RF_EINVAL;
    if (v[TRAIN_TIE].as.i && v[TRAIN_EMBED].as.i && v[TRAIN_EMBED].as.i != v[TRAIN_HIDDEN].as.i)
        return rf_fail(u->err, RF_EINVAL,
                       "--tie: --embed must be --hidden: %" PRId64 " is not %" PRId64,
                       v[TRAIN_EMBED].as.i, v[TRAIN_HIDDEN].as.i);
    if (v[TRAIN_SOFTMAX].as.i != LM_FULL && v[TRAIN_UNIT].as.i == RF_BYTE)
        return rf_fail(u->err, RF_EINVAL, "--softmax: --unit byte is not numbered by frequency");
    return RF_OK;
}

/* ---- Texts ----------------------------------------------------------------------------------- */

/* A training that is resumed has its units. */
static rf_status take_tokens(setup *u)
{
    if (!u->t.base.state) return RF_OK;
    u->tokens = rf_task_tokenizer_read(u->t.base.state, u->err);
    return u->tokens ? RF_OK : u->err->status;
}

static rf_status learn_tokens(setup *u, const char *text, size_t n)
{
    const rf_tokenizer_options o = {.unit = (rf_unit)u->v[TRAIN_UNIT].as.i,
                                    .max_size = (int32_t)u->v[TRAIN_VOCABULARY].as.i,
                                    .min_count = u->v[TRAIN_MIN_COUNT].as.i,
                                    .merges = (int32_t)u->v[TRAIN_BPE_MERGES].as.i};
    if (!u->tokens) u->tokens = rf_tokenizer_learn(&o, text, n, "the texts", u->err);
    return u->tokens ? RF_OK : u->err->status;
}

/* The training part of `text` ends at `split`; what follows, or --valid, is held out. */
static rf_status encode(setup *u, const rf_str *text, size_t split, const rf_str *valid)
{
    lm_trainer *t = &u->t;
    const char *held = valid->n ? valid->s : text->s + split;
    size_t held_n = valid->n ? valid->n : text->n - split;
    rf_status st = learn_tokens(u, text->s, split);
    if (!st) st = rf_tokenizer_encode(u->tokens, text->s, split, "text", &t->train, NULL, u->err);
    if (!st && t->train.n < 2)
        st = rf_fail(u->err, RF_EFORMAT, "%s: too short: %zu units where 2 are due at least",
                     t->base.r->arg[0], t->train.n);
    if (!st) st = rf_tokenizer_encode(u->tokens, held, held_n, "text", &t->valid, NULL, u->err);
    t->valid_characters = lm_text_characters(held, held_n);
    return st;
}

static void tell_split(const setup *u, bool given)
{
    const lm_trainer *t = &u->t;
    rf_logf(t->base.s->host, RF_LOG_INFO,
            "%zu units to learn from, %zu held out%s; %d different ones", t->train.n, t->valid.n,
            given ? "" : " from the end", rf_tokenizer_size(u->tokens));
}

static rf_status read_texts(setup *u)
{
    const rf_run *r = u->t.base.r;
    const rf_setting *valid = &u->v[TRAIN_VALID];
    rf_unit unit = (rf_unit)u->v[TRAIN_UNIT].as.i;
    rf_str text = {0}, held = {0};
    rf_status st = lm_texts_read(r->arg, r->arg_count, unit, &text, u->err);
    if (!st && valid->set && valid->count)
        st = lm_texts_read(valid->as.list, valid->count, unit, &held, u->err);
    if (!st) st = rf_training_know(&u->t.base, META_TEXT, rf_hash(RF_HASH, text.s, text.n), u->err);
    size_t split = held.n ? text.n : lm_text_split(&text, u->v[TRAIN_VALID_FRACTION].as.f, unit);
    if (!st) st = encode(u, &text, split, &held);
    if (!st) tell_split(u, held.n > 0);
    rf_str_free(&text);
    rf_str_free(&held);
    return st;
}

/* ---- The model and its training -------------------------------------------------------------- */

/* -1 stands for what another option says. */
static double either(const rf_setting *v, double otherwise)
{
    return v->as.f >= 0 ? v->as.f : otherwise;
}

/* Those of the option, or of the text; then they are the option's. */
static rf_status choose_cutoffs(setup *u, lm_cutoffs *out)
{
    rf_setting *v = &u->v[TRAIN_CUTOFFS];
    const rf_index V = rf_tokenizer_size(u->tokens);
    if (u->v[TRAIN_SOFTMAX].as.i != LM_ADAPTIVE) return RF_OK;
    if (v->as.s && *v->as.s) {
        if (lm_cutoffs_parse(v->as.s, V, out)) return RF_OK;
        return rf_fail(u->err, RF_EINVAL,
                       "--cutoffs: %s: up to %d rising numbers below %lld are due", v->as.s,
                       RF_ADAPTIVE_CLUSTERS, (long long)V);
    }
    if (!lm_cutoffs_choose(u->t.train.at, u->t.train.n, V, out)) return rf_no_memory(u->err);
    lm_cutoffs_write(out, &u->cutoffs);
    if (u->cutoffs.failed) return rf_no_memory(u->err);
    *v = (rf_setting){.set = 1, .count = 1, .as.s = u->cutoffs.s};
    return RF_OK;
}

/* Most rows of a large vocabulary have no gradient in a step, as far as they are found by number. */
static bool make_sparse(const lm_model *m)
{
    const bool sampled = m->output.kind == LM_SAMPLED;
    if (m->shape.tie) return !sampled || rf_param_set_sparse(m->in.weight, true);
    return rf_param_set_sparse(m->in.weight, true) &&
           (!sampled || rf_param_set_sparse(m->output.weight, true));
}

/* Evenly from -width to width, whatever their own beginning; 0: by that. */
static void draw_parameters(lm_model *m, double width, uint64_t seed)
{
    for (size_t i = 0; width > 0 && i < rf_params_count(m->params); i++) {
        rf_init *init = &rf_params_at(m->params, i)->init;
        init->kind = RF_INIT_UNIFORM;
        init->scale = width;
    }
    rf_params_init(m->params, seed);
}

static rf_status make_model(setup *u)
{
    const rf_setting *v = u->v;
    lm_trainer *t = &u->t;
    double p = v[TRAIN_DROPOUT].as.f;
    lm_shape shape = {.cell = rf_cell_find(v[TRAIN_CELL].as.s),
                      .hidden = (rf_index)v[TRAIN_HIDDEN].as.i,
                      .embed = (rf_index)v[TRAIN_EMBED].as.i,
                      .layers = (int)v[TRAIN_LAYERS].as.i,
                      .tie = v[TRAIN_TIE].as.i,
                      .layer_norm = v[TRAIN_LAYER_NORM].as.i,
                      .softmax = (lm_softmax)v[TRAIN_SOFTMAX].as.i,
                      .forget_bias = v[TRAIN_FORGET_BIAS].as.f};
    lm_dropout drop = {.input = either(&v[TRAIN_DROPOUT_INPUT], p / 2),
                       .hidden = either(&v[TRAIN_DROPOUT_HIDDEN], p),
                       .output = either(&v[TRAIN_DROPOUT_OUTPUT], p),
                       .weight = v[TRAIN_WEIGHT_DROPOUT].as.f,
                       .variational = v[TRAIN_VARIATIONAL].as.i};
    rf_status st = choose_cutoffs(u, &shape.cutoffs);
    if (st) return st;
    if (!shape.embed) shape.embed = shape.hidden;
    rf_tokenizer *tokens = u->tokens;
    u->tokens = NULL;
    t->m = lm_model_new(&shape, &drop, tokens, u->err);
    if (!t->m) return u->err->status;
    t->m->output.samples = (rf_index)v[TRAIN_SAMPLES].as.i;
    if (!make_sparse(t->m)) return rf_no_memory(u->err);
    draw_parameters(t->m, v[TRAIN_INIT].as.f, t->base.seed);
    return RF_OK;
}

static rf_status make_sampler(setup *u)
{
    lm_trainer *t = &u->t;
    int32_t unk = rf_tokenizer_unk(t->m->tokens);
    if (!u->v[TRAIN_SAMPLE].as.i || (t->base.ranks && t->base.ranks->rank(t->base.ranks)))
        return RF_OK;
    t->scorer = lm_scorer_new(t->m, t->base.device, 1, RF_WEIGHTS_F32, u->err);
    t->forbid = calloc((size_t)t->m->V, 1);
    if (!t->scorer || !t->forbid) return rf_no_memory(u->err);
    if (unk >= 0) t->forbid[unk] = 1;
    return RF_OK;
}

/* This process's lanes of the batch: all where it is alone. */
static rf_status share_lanes(setup *u, rf_stream_spec *spec)
{
    const rf_collective *c = u->t.base.ranks;
    spec->lanes = spec->B;
    if (!c) return RF_OK;
    rf_rank_share(spec->B, c->rank(c), c->ranks(c), &spec->lane_from, &spec->lanes);
    if (spec->B >= c->ranks(c)) return RF_OK;
    return rf_fail(u->err, RF_EINVAL,
                   "--batch: %" PRId64 " places of the text for %d processes: each needs one",
                   (int64_t)spec->B, c->ranks(c));
}

static rf_status make_trainer(setup *u)
{
    lm_trainer *t = &u->t;
    rf_stream_spec spec = {.tokens = t->train.at,
                           .n = (rf_index)t->train.n,
                           .B = (rf_index)u->v[TRAIN_BATCH].as.i,
                           .T = (rf_index)u->v[TRAIN_BPTT].as.i,
                           .seed = t->base.seed};
    if (spec.B > spec.n - 1) spec.B = spec.n - 1;
    rf_status st = share_lanes(u, &spec);
    if (!st) st = rf_training_open(&t->base, NULL, t->m->params, u->err);
    if (st) return st;
    t->batches = rf_stream_batches_new(&spec, u->err);
    if (!t->batches || !rf_carried_init(&t->state, t->m->rnn, spec.lanes))
        return rf_no_memory(u->err);
    if (t->base.ranks) rf_graph_set_lanes(t->base.graph, 1, spec.lane_from, spec.B);
    t->base.cursor = rf_stream_batches_cursor(t->batches);
    t->base.per_epoch = rf_stream_batches_per_epoch(t->batches);
    t->base.carried = &t->state;
    t->base.lanes = spec.B;
    return make_sampler(u);
}

static rf_status describe(setup *u)
{
    rf_status st = rf_tokenizer_write(u->t.m->tokens, &u->tokens_json, u->err);
    if (st) return st;
    const char *const more[] = {RF_META_TOKENIZER, u->tokens_json.s, NULL};
    return rf_training_describe(&u->t.base, more, u->err);
}

/* ---- The verb -------------------------------------------------------------------------------- */

static rf_status train(setup *u)
{
    rf_fit_result result = {0};
    rf_status st = rf_training_begin(&u->t.base, u->err);
    if (!st) st = take_tokens(u);
    if (!st) st = check_options(u);
    if (!st) st = read_texts(u);
    if (!st) st = make_model(u);
    if (!st) st = make_trainer(u);
    if (!st) st = describe(u);
    if (!st && u->t.scorer && !u->t.base.resume) st = lm_trainer_sample(&u->t, u->err);
    if (!st) st = rf_training_learn(&u->t.base, lm_trainer_task(&u->t), &result, u->err);
    return st ? st : rf_training_finish(&u->t.base, u->t.base.graph, &result);
}

static void setup_free(setup *u)
{
    lm_scorer_free(u->t.scorer);
    free(u->t.forbid);
    rf_carried_free(&u->t.state);
    rf_stream_batches_free(u->t.batches);
    lm_model_free(u->t.m);
    rf_ids_free(&u->t.train);
    rf_ids_free(&u->t.valid);
    rf_tokenizer_free(u->tokens);
    rf_str_free(&u->tokens_json);
    rf_str_free(&u->cutoffs);
    rf_training_end(&u->t.base);
}

rf_status lm_train(rf_session *s, const rf_run *r)
{
    static const char *const passing[] = {"sample", NULL};
    rf_error err = {0};
    setup u = {.err = &err};
    memcpy(u.v, r->opt, sizeof u.v);
    u.t.base = (rf_training){.s = s,
                             .r = r,
                             .table = lm_train_options,
                             .v = u.v,
                             .learn = TRAIN_LEARN,
                             .plugin = LM_ID,
                             .task = "lm",
                             .passing = passing,
                             .ranks = s->host->service(s->host, RF_COLLECTIVE),
                             .rate = USUAL_RATE,
                             .tell = LM_TELL_STEPS};
    rf_status st = train(&u);
    setup_free(&u);
    return rf_session_end(s, st, &err);
}

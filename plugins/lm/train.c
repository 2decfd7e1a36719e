/* lm/train.c -- the verb train: texts and options to a model and a training, begun or resumed. */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "data.h"
#include "options.h"
#include "settings.h"
#include "trainer.h"

#define META_TRAINING "lm.training" /* {"batch":16, ...}: what does not shape the model */
#define META_SEED     "lm.seed"
#define META_TEXT     "lm.text" /* a hash, by which the training text is recognised */

/* What a run holds besides the trainer. */
typedef struct setup {
    lm_trainer t;
    rf_setting v[TRAIN_COUNT];
    rf_str state_path;
    json_t *stored[2]; /* options of the state that is resumed: they own texts in v */
    rf_tokenizer *tokens;
    rf_str text_hash, stored_hash, tokens_json, cutoffs;
    char *model_json, *training_json, seed_json[32];
    const char *meta[13];
    bool resume;
    rf_error *err;
} setup;

/* ---- Resuming -------------------------------------------------------------------------------- */

static rf_status take_options(setup *u, const rf_model *f)
{
    static const char *const keys[] = {RF_META_OPTIONS, META_TRAINING};
    for (int i = 0; i < 2; i++) {
        const char *text = rf_model_get(f, keys[i]);
        u->stored[i] = text ? json_loads(text, 0, NULL) : NULL;
        if (!u->stored[i])
            return rf_fail(u->err, RF_EFORMAT, "%s: no state of a language model's training",
                           u->state_path.s);
        rf_status st =
            lm_settings_take(lm_train_options, u->v, u->stored[i], u->state_path.s, u->err);
        if (st) return st;
    }
    return RF_OK;
}

static rf_status take_state(setup *u, const rf_model *f)
{
    rf_status st = take_options(u, f);
    size_t n = 0;
    if (st) return st;
    rf_str seed = {0};
    if (rf_model_get_text(f, META_SEED, &seed) && seed.s) u->t.seed = strtoull(seed.s, NULL, 10);
    rf_str_free(&seed);
    rf_model_get_text(f, META_TEXT, &u->stored_hash);
    const char *json = rf_model_get_table(f, RF_META_TOKENIZER, &n);
    u->tokens = json ? rf_tokenizer_parse(json, n, u->err) : NULL;
    return u->tokens ? RF_OK : rf_fail(u->err, RF_EFORMAT, "%s: has no tokenizer", u->state_path.s);
}

static rf_status read_state(setup *u)
{
    const rf_host *h = u->t.s->host;
    rf_str_printf(&u->state_path, "%s.state", u->t.r->model);
    if (u->state_path.failed) return rf_fail(u->err, RF_ENOMEM, "no memory");
    u->resume = u->v[TRAIN_RESUME].as.i;
    if (u->resume && access(u->state_path.s, F_OK)) {
        h->log(h, RF_LOG_INFO, "there is no state to resume yet: the training begins");
        u->resume = false;
    }
    if (!u->resume) return RF_OK;
    rf_model *f = rf_model_read(u->state_path.s, u->err);
    rf_status st = f ? take_state(u, f) : u->err->status;
    rf_model_free(f);
    return st;
}

/* ---- Options --------------------------------------------------------------------------------- */

static const char *cell_name(int i)
{
    const rf_cell *c = rf_cell_at(i);
    return c ? c->name : NULL;
}

static const char *optimizer_name(int i)
{
    const rf_optimizer_row *o = rf_optimizer_at(i);
    return o ? o->name : NULL;
}

/* "--cell: there is no lsmt; did you mean lstm?" */
static rf_status unknown_name(setup *u, int which, const char *(*name)(int i))
{
    const char *word = u->v[which].as.s;
    const char *names[256] = {0};
    rf_str all = {0};
    for (int i = 0; i < 255 && (names[i] = name(i)); i++)
        rf_str_printf(&all, "%s%s", i ? ", " : "", names[i]);
    const char *near = rf_nearest(word, names);
    rf_status st =
        rf_fail(u->err, RF_EINVAL, "--%s: there is no %s; %s%s%s", lm_train_options[which].name,
                word, near ? "did you mean " : "known are ", near ? near : all.s, near ? "?" : "");
    rf_str_free(&all);
    return st;
}

static rf_status check_options(setup *u)
{
    const rf_setting *v = u->v;
    if (!rf_cell_find(v[TRAIN_CELL].as.s)) return unknown_name(u, TRAIN_CELL, cell_name);
    if (!rf_optimizer_find(v[TRAIN_OPTIMIZER].as.s))
        return unknown_name(u, TRAIN_OPTIMIZER, optimizer_name);
    if (!v[TRAIN_EPOCHS].as.i && !v[TRAIN_STEPS].as.i && v[TRAIN_MINUTES].as.f <= 0 &&
        !v[TRAIN_PATIENCE].as.i)
        return rf_fail(u->err, RF_EINVAL,
                       "--epochs 0: the training would never end; give --minutes or --patience");
    if (v[TRAIN_TIE].as.i && v[TRAIN_EMBED].as.i && v[TRAIN_EMBED].as.i != v[TRAIN_HIDDEN].as.i)
        return rf_fail(u->err, RF_EINVAL,
                       "--tie: --embed must be --hidden: %" PRId64 " is not %" PRId64,
                       v[TRAIN_EMBED].as.i, v[TRAIN_HIDDEN].as.i);
    if (v[TRAIN_SOFTMAX].as.i != LM_FULL && v[TRAIN_UNIT].as.i == RF_BYTE)
        return rf_fail(u->err, RF_EINVAL, "--softmax: --unit byte is not numbered by frequency");
    return RF_OK;
}

/* ---- Texts ----------------------------------------------------------------------------------- */

static rf_status learn_tokens(setup *u, const char *text, size_t n)
{
    const rf_tokenizer_options o = {.unit = (rf_unit)u->v[TRAIN_UNIT].as.i,
                                    .max_size = (int32_t)u->v[TRAIN_VOCABULARY].as.i,
                                    .min_count = u->v[TRAIN_MIN_COUNT].as.i,
                                    .merges = (int32_t)u->v[TRAIN_BPE_MERGES].as.i};
    if (!u->tokens) u->tokens = rf_tokenizer_learn(&o, text, n, "the texts", u->err);
    return u->tokens ? RF_OK : u->err->status;
}

static rf_status check_text(setup *u, const rf_str *text)
{
    rf_str_printf(&u->text_hash, "\"%016" PRIx64 "\"", lm_text_hash(text->s, text->n));
    if (u->text_hash.failed) return rf_fail(u->err, RF_ENOMEM, "no memory");
    if (!u->resume || !u->stored_hash.n) return RF_OK;
    if (!strncmp(u->text_hash.s + 1, u->stored_hash.s, 16)) return RF_OK;
    return rf_fail(u->err, RF_EINVAL, "%s: was trained on another text", u->state_path.s);
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
                     t->r->arg[0], t->train.n);
    if (!st) st = rf_tokenizer_encode(u->tokens, held, held_n, "text", &t->valid, NULL, u->err);
    t->valid_characters = lm_text_characters(held, held_n);
    return st;
}

static void tell_split(const setup *u, bool given)
{
    const lm_trainer *t = &u->t;
    const rf_host *h = t->s->host;
    rf_str line = {0};
    rf_str_printf(&line, "%zu units to learn from, %zu held out%s; %d different ones", t->train.n,
                  t->valid.n, given ? "" : " from the end", rf_tokenizer_size(u->tokens));
    if (line.s) h->log(h, RF_LOG_INFO, line.s);
    rf_str_free(&line);
}

static rf_status read_texts(setup *u)
{
    const rf_run *r = u->t.r;
    const rf_setting *valid = &u->v[TRAIN_VALID];
    rf_unit unit = (rf_unit)u->v[TRAIN_UNIT].as.i;
    rf_str text = {0}, held = {0};
    rf_status st = lm_texts_read(r->arg, r->arg_count, unit, &text, u->err);
    if (!st && valid->set && valid->count)
        st = lm_texts_read(valid->as.list, valid->count, unit, &held, u->err);
    if (!st) st = check_text(u, &text);
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
    if (!lm_cutoffs_choose(u->t.train.at, u->t.train.n, V, out))
        return rf_fail(u->err, RF_ENOMEM, "no memory");
    lm_cutoffs_write(out, &u->cutoffs);
    if (u->cutoffs.failed) return rf_fail(u->err, RF_ENOMEM, "no memory");
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
    if (!make_sparse(t->m)) return rf_fail(u->err, RF_ENOMEM, "no memory");
    draw_parameters(t->m, v[TRAIN_INIT].as.f, t->seed);
    return RF_OK;
}

static rf_status make_sampler(setup *u)
{
    lm_trainer *t = &u->t;
    int32_t unk = rf_tokenizer_unk(t->m->tokens);
    if (!u->v[TRAIN_SAMPLE].as.i || (t->ranks && t->ranks->rank(t->ranks))) return RF_OK;
    t->scorer = lm_scorer_new(t->m, t->d, 1, RF_WEIGHTS_F32, u->err);
    t->forbid = calloc((size_t)t->m->V, 1);
    if (!t->scorer || !t->forbid) return rf_fail(u->err, RF_ENOMEM, "no memory");
    if (unk >= 0) t->forbid[unk] = 1;
    return RF_OK;
}

/* This process's lanes of the batch: all where it is alone. */
static rf_status share_lanes(setup *u, rf_stream_spec *spec)
{
    const rf_collective *c = u->t.ranks;
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
                           .seed = t->seed};
    if (spec.B > spec.n - 1) spec.B = spec.n - 1;
    rf_status st = share_lanes(u, &spec);
    if (st) return st;
    t->d = rf_device_new((int)t->r->threads, u->err);
    t->g = t->d ? rf_graph_new(t->d) : NULL;
    t->batches = t->g ? rf_stream_batches_new(&spec, u->err) : NULL;
    if (!t->batches || !lm_state_init(&t->state, t->m, spec.lanes))
        return rf_fail(u->err, RF_ENOMEM, "no memory");
    if (t->ranks) rf_graph_set_lanes(t->g, 1, spec.lane_from, spec.B);
    t->lanes = spec.B;
    return make_sampler(u);
}

static char *dump(const setup *u, bool model)
{
    static const int passing[] = {TRAIN_RESUME, TRAIN_CHECKPOINT, TRAIN_SAMPLE, TRAIN_PROFILE};
    json_t *object = lm_settings_json(lm_train_options, u->v, model);
    /* What changes nothing of the model is not of the model: a resumed one is the same file. */
    for (size_t i = 0; object && i < sizeof passing / sizeof *passing; i++)
        json_object_del(object, lm_train_options[passing[i]].name);
    char *text = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(object);
    return text;
}

static rf_status make_meta(setup *u)
{
    u->model_json = dump(u, true);
    u->training_json = dump(u, false);
    snprintf(u->seed_json, sizeof u->seed_json, "\"%" PRIu64 "\"", u->t.seed);
    rf_status st = rf_tokenizer_write(u->t.m->tokens, &u->tokens_json, u->err);
    if (st) return st;
    if (!u->model_json || !u->training_json) return rf_fail(u->err, RF_ENOMEM, "no memory");
    const char *const pairs[] = {RF_META_PLUGIN,
                                 "\"" LM_ID "\"",
                                 RF_META_TASK,
                                 "\"lm\"",
                                 RF_META_OPTIONS,
                                 u->model_json,
                                 RF_META_TOKENIZER,
                                 u->tokens_json.s,
                                 META_TRAINING,
                                 u->training_json,
                                 META_SEED,
                                 u->seed_json,
                                 NULL};
    memcpy(u->meta, pairs, sizeof pairs);
    u->t.meta = u->meta;
    return RF_OK;
}

/* Networks of this kind bear a larger step of Adam than most. */
static double usual_rate(const rf_optimizer_row *method)
{
    return strncmp(method->name, "adam", 4) ? method->rate : 0.003;
}

static rf_schedule make_schedule(const setup *u, double usual, int64_t per_epoch)
{
    const rf_setting *v = u->v;
    double rate = v[TRAIN_LEARNING_RATE].as.f;
    int64_t epochs = v[TRAIN_EPOCHS].as.i * per_epoch, steps = v[TRAIN_STEPS].as.i;
    return (rf_schedule){.kind = (rf_schedule_kind)v[TRAIN_SCHEDULE].as.i,
                         .rate = rate > 0 ? rate : usual,
                         .warmup = v[TRAIN_WARMUP].as.i,
                         .every = v[TRAIN_GAMMA_EVERY].as.i * per_epoch,
                         .after = v[TRAIN_GAMMA_AFTER].as.i * per_epoch,
                         .total = steps && (!epochs || steps < epochs) ? steps : epochs,
                         .gamma = v[TRAIN_GAMMA].as.f,
                         .floor = v[TRAIN_FLOOR].as.f,
                         .patience = (int)v[TRAIN_GAMMA_EVERY].as.i};
}

static rf_status fit(setup *u, rf_fit_result *result)
{
    const rf_setting *v = u->v;
    lm_trainer *t = &u->t;
    int64_t per_epoch = rf_stream_batches_per_epoch(t->batches);
    const rf_optimizer_row *method = rf_optimizer_find(v[TRAIN_OPTIMIZER].as.s);
    rf_optimizer_spec optimizer = rf_optimizer_defaults(method);
    optimizer.momentum = v[TRAIN_MOMENTUM].as.f;
    optimizer.decay = v[TRAIN_WEIGHT_DECAY].as.f;
    /* The text's hash is of the state alone: the model stands for itself. */
    const char *meta[15] = {META_TEXT, u->text_hash.s};
    memcpy(meta + 2, u->meta, sizeof u->meta);
    const rf_slot slots[] = {
        {"cursor", RF_SLOT_I64, RF_SHAPE(2), rf_stream_batches_cursor(t->batches)},
        {"carried_h", RF_SLOT_REAL, t->state.shape, t->state.h, 2, t->lanes},
        {"carried_c", RF_SLOT_REAL, t->state.shape, t->state.c, 2, t->lanes}};
    const rf_fit_spec spec = {.task = lm_trainer_task(t),
                              .params = t->m->params,
                              .graph = t->g,
                              .optimizer = optimizer,
                              .schedule = make_schedule(u, usual_rate(method), per_epoch),
                              .clip = v[TRAIN_CLIP].as.f,
                              .seed = t->seed,
                              .epochs = v[TRAIN_EPOCHS].as.i,
                              .steps = v[TRAIN_STEPS].as.i,
                              .steps_per_epoch = per_epoch,
                              .minutes = v[TRAIN_MINUTES].as.f,
                              .valid_every = v[TRAIN_VALID_EVERY].as.i,
                              .patience = (int)v[TRAIN_PATIENCE].as.i,
                              .state_path = u->state_path.s,
                              .resume = u->resume,
                              .save_seconds = v[TRAIN_CHECKPOINT].as.f,
                              .meta = meta,
                              .slots = slots,
                              .n_slots = t->state.c ? 3 : 2,
                              .report_steps = LM_REPORT_STEPS,
                              .log_path = v[TRAIN_LOG].as.s,
                              .plot_path = v[TRAIN_PLOT].as.s,
                              .title = t->r->model,
                              .collective = t->ranks};
    rf_status st = rf_graph_profile(t->g, v[TRAIN_PROFILE].as.i, u->err);
    return st ? st : rf_fit(&spec, result, u->err);
}

/* A row for each op and span, and one for what they lack. */
static rf_status tell_profile(const setup *u)
{
    int n;
    double seconds;
    const rf_profile_row *rows = rf_graph_profile_rows(u->t.g, &n, &seconds);
    rf_profile_row rest = {.name = "rest", .forward = seconds};
    rf_status st = RF_OK;
    for (int i = 0; rows && i <= n && !st; i++) {
        const rf_profile_row *p = i < n ? &rows[i] : &rest;
        const double own = p->forward + p->backward;
        rest.forward -= i < n ? own : 0;
        const rf_field row[] = {rf_field_string("part", p->name),
                                rf_field_int("calls", p->calls),
                                rf_field_real("forward_ms", 1e3 * p->forward),
                                rf_field_real("backward_ms", 1e3 * p->backward),
                                rf_field_real("share", seconds > 0 ? own / seconds : 0),
                                rf_field_real("gflops", own > 0 ? p->flop / own * 1e-9 : 0)};
        st = rf_emit_record(u->t.s->host, i, "profile", row, sizeof row / sizeof *row);
    }
    return st;
}

/* ---- The verb -------------------------------------------------------------------------------- */

static rf_status finish(setup *u, const rf_fit_result *result)
{
    static const char *const units[] = {"nats", NULL, "bits"};
    const rf_host *h = u->t.s->host;
    rf_status st = RF_OK;
    for (int i = 0; i < result->metrics.n && !st; i++)
        st = rf_emit_metric(h, result->best_step, "best", result->metrics.m[i].name,
                            result->metrics.m[i].value, i < 3 ? units[i] : NULL);
    if (!st && result->why[0]) h->log(h, RF_LOG_INFO, result->why);
    if (!st) st = rf_emit_file(h, u->t.r->model, "model", "application/x-safetensors");
    if (!st && u->v[TRAIN_PLOT].as.s)
        st = rf_emit_file(h, u->v[TRAIN_PLOT].as.s, "plot", "image/svg+xml");
    return st ? st : tell_profile(u);
}

static rf_status train(setup *u)
{
    rf_fit_result result = {0};
    rf_status st = read_state(u);
    if (!st) st = check_options(u);
    if (!st) st = read_texts(u);
    if (!st) st = make_model(u);
    if (!st) st = make_trainer(u);
    if (!st) st = make_meta(u);
    if (!st && u->t.scorer && !u->resume) st = lm_trainer_sample(&u->t, u->err);
    if (!st) st = fit(u, &result);
    /* An output that is lost has been explained; stopping for it was no failure of its own. */
    if (st == RF_ECANCELLED && u->t.stopped) st = u->t.stopped;
    return st ? st : finish(u, &result);
}

static void setup_free(setup *u)
{
    lm_scorer_free(u->t.scorer);
    free(u->t.forbid);
    lm_state_free(&u->t.state);
    rf_stream_batches_free(u->t.batches);
    rf_graph_free(u->t.g);
    rf_device_free(u->t.d);
    lm_model_free(u->t.m);
    rf_ids_free(&u->t.train);
    rf_ids_free(&u->t.valid);
    rf_tokenizer_free(u->tokens);
    rf_str_free(&u->state_path);
    rf_str_free(&u->text_hash);
    rf_str_free(&u->stored_hash);
    rf_str_free(&u->tokens_json);
    rf_str_free(&u->cutoffs);
    json_decref(u->stored[0]);
    json_decref(u->stored[1]);
    free(u->model_json);
    free(u->training_json);
}

rf_status lm_train(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.err = &err};
    memcpy(u.v, r->opt, sizeof u.v);
    u.t.s = s;
    u.t.r = r;
    u.t.v = u.v;
    u.t.seed = r->seed;
    u.t.ranks = s->host->service(s->host, RF_COLLECTIVE);
    rf_status st = train(&u);
    setup_free(&u);
    return rf_session_end(s, st, &err);
}

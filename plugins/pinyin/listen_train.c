/* pinyin/listen_train.c -- the verb listen-train: recordings with transcripts to an acoustic model. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "listen_batch.h"
#include "listen_model.h"
#include "model.h"
#include "speech_errors.h"

#define VALID_ROUND 1000003 /* of joining what is held out: no round of the training */

typedef struct setup {
    rf_training base; /* first */
    rf_setting v[LISTEN_TRAIN_COUNT];
    speech_set set;
    int32_t *order; /* recordings: those to learn from, then those held out */
    rf_index kept;
    speech_units units;
    speech_model *m;
    listen_batches train, valid;
    int32_t *best; /* [T] of a sound that is validated */
    size_t best_cap;
    rf_str json[2]; /* of units and syllables */
    rf_error *err;
} setup;

/* ---- Data ------------------------------------------------------------------------------------------- */

static speech_query query_of(const rf_setting *v)
{
    return (speech_query){.folder = v[LISTEN_TRAIN_FOLDER].as.s,
                          .column = v[LISTEN_TRAIN_COLUMN].as.s,
                          .where = v[LISTEN_TRAIN_WHERE].as.list,
                          .kind = listen_kind_of(v),
                          .rate = (int)v[LISTEN_TRAIN_RATE].as.i,
                          .most = v[LISTEN_TRAIN_LONGEST].as.f};
}

static rf_status read_data(setup *u)
{
    const rf_run *r = u->base.r;
    const speech_query q = query_of(u->v);
    rf_status st = RF_OK;
    for (uint32_t i = 0; i < r->arg_count && !st; i++)
        st = speech_set_read(&u->set, r->arg[i], &q, u->base.s->host, u->err);
    if (!st && !u->set.n)
        st = rf_fail(u->err, RF_EFORMAT, "%s: no recording to learn from", r->arg[0]);
    if (!st) st = rf_training_know(&u->base, SPEECH_META_DATA, speech_set_hash(&u->set), u->err);
    if (st) return st;
    u->order = rf_training_hold_out(&u->base, u->set.n, u->v[LISTEN_TRAIN_VALID_FRACTION].as.f,
                                    &u->kept, u->err);
    return u->order ? RF_OK : u->err->status;
}

static rf_status learn_units(setup *u)
{
    rf_map *units = rf_map_new(), *syllables = rf_map_new();
    const int kind = listen_kind_of(u->v);
    rf_status st = units && syllables ? RF_OK : rf_no_memory(u->err);
    for (rf_index i = 0; i < u->kept && !st; i++)
        st = speech_units_count(kind, speech_set_clean(&u->set, u->order[i]), units, syllables,
                                u->err);
    if (!st && !rf_map_count(units))
        st = rf_fail(u->err, RF_EFORMAT, "%s: the transcripts are empty", u->base.r->arg[0]);
    if (!st) st = speech_units_make(&u->units, kind, units, syllables, u->err);
    rf_map_free(units);
    rf_map_free(syllables);
    return st;
}

static void tell_data(const setup *u)
{
    const rf_host *h = u->base.s->host;
    const double seconds = (double)u->set.at[u->set.n] / u->set.rate;
    rf_logf(h, RF_LOG_INFO,
            "%" PRId64 " recordings to learn from, %" PRId64 " held out, %.1f minutes; %d units",
            u->kept, u->set.n - u->kept, seconds / 60, rf_vocab_size(u->m->units.unit) - 1);
    if (u->set.left_out)
        rf_logf(h, RF_LOG_WARN, "%" PRId64 " rows left out: their transcripts are not pinyin",
                u->set.left_out);
}

/* ---- The model -------------------------------------------------------------------------------------- */

/* Steps that item i needs at least, a blank between equal units, and does not have. */
static rf_index steps_short(const setup *u, int32_t i, rf_ids *label)
{
    const speech_ear *e = &u->m->ear;
    const rf_index frames = speech_mel_frames(e->mel, speech_set_samples(&u->set, i));
    label->n = 0;
    speech_units_encode(&u->m->units, speech_set_clean(&u->set, i), label);
    rf_index due = (rf_index)label->n;
    for (size_t k = 1; k < label->n; k++) due += label->at[k] == label->at[k - 1];
    return due - speech_steps(frames, e->spec.stack);
}

/* What is too short for its transcript teaches nothing. */
static rf_status check_lengths(setup *u)
{
    rf_ids label = {0};
    rf_index wrong = 0;
    int32_t first = 0;
    for (rf_index i = 0; i < u->kept; i++)
        if (steps_short(u, u->order[i], &label) > 0 && !wrong++) first = u->order[i];
    const bool failed = label.failed;
    rf_ids_free(&label);
    if (failed) return rf_no_memory(u->err);
    if (wrong == u->kept)
        return rf_fail(u->err, RF_EFORMAT, "%s: too short for its transcript, as all are",
                       speech_set_name(&u->set, first));
    if (wrong)
        rf_logf(u->base.s->host, RF_LOG_WARN,
                "%" PRId64 " recordings are too short for their transcripts, first %s", wrong,
                speech_set_name(&u->set, first));
    return RF_OK;
}

/* Mean and deviation of the frames to learn from. */
static rf_status measure(setup *u)
{
    speech_model *m = u->m;
    speech_sums *sums = &m->ear.sums;
    speech_sound sound = {0};
    rf_status st = RF_OK;
    speech_sums_begin(sums, NULL, NULL, 0);
    for (rf_index i = 0; i < u->kept && !st; i++) {
        sound.n = 0;
        if (!speech_set_put(&u->set, u->order[i], &sound)) st = rf_no_memory(u->err);
        const rf_index T = st ? 0 : speech_ear_frames(&m->ear, sound.x, sound.n);
        if (T < 0) st = rf_no_memory(u->err);
        for (rf_index t = 0; t < T; t++) speech_sums_add(sums, m->ear.frame + t * m->ear.M);
        if (!st)
            st = u->base.s->host->progress(u->base.s->host, (double)i, (double)u->kept, "files");
    }
    speech_sound_free(&sound);
    for (rf_index b = 0; b < m->ear.M && !st; b++) {
        const double mean = sums->sum[b] / sums->n, square = sums->square[b] / sums->n;
        m->mean->value.data[b] = (rf_real)mean;
        m->deviation->value.data[b] = (rf_real)sqrt(fmax(square - mean * mean, 1e-6));
    }
    return st;
}

static rf_status make_model(setup *u)
{
    const rf_option *cell = &listen_train_options[LISTEN_TRAIN_CELL];
    if (!rf_cell_named(cell, u->v[LISTEN_TRAIN_CELL].as.s, u->err)) return u->err->status;
    const speech_shape shape = listen_shape_of(u->v);
    const speech_ear_spec ear = listen_ear_of(u->v);
    u->m = speech_model_new(&shape, &ear, &u->units, u->err);
    if (!u->m) return u->err->status;
    rf_params_init(u->m->params, u->base.seed);
    tell_data(u);
    const rf_status st = check_lengths(u);
    return st ? st : measure(u);
}

static speech_augment augment_of(const rf_setting *v, uint64_t seed)
{
    const double gap = v[LISTEN_TRAIN_GAP].as.f;
    return (speech_augment){.seed = seed,
                            .gap_least = gap / 6,
                            .gap_most = gap,
                            .speed = v[LISTEN_TRAIN_SPEED].as.f,
                            .gain = v[LISTEN_TRAIN_GAIN].as.f,
                            .noise = v[LISTEN_TRAIN_NOISE].as.f,
                            .masks = (int)v[LISTEN_TRAIN_MASKS].as.i,
                            .mask_time = v[LISTEN_TRAIN_MASK_TIME].as.f,
                            .mask_bands = (rf_index)v[LISTEN_TRAIN_MASK_BANDS].as.i};
}

static rf_status make_batches(setup *u)
{
    const listen_batches common = {.set = &u->set,
                                   .B = (rf_index)u->v[LISTEN_TRAIN_BATCH].as.i,
                                   .join = (int)u->v[LISTEN_TRAIN_JOIN].as.i,
                                   .augment = augment_of(u->v, u->base.seed),
                                   .ear = &u->m->ear,
                                   .units = &u->m->units};
    u->train = u->valid = common;
    u->train.item = u->order;
    u->train.n = u->kept;
    u->train.change = true;
    u->valid.item = u->order + u->kept;
    u->valid.n = u->set.n - u->kept;
    rf_status st = listen_batches_begin(&u->train, u->err);
    if (!st && u->valid.n) st = listen_batches_begin(&u->valid, u->err);
    u->base.cursor = &u->train.cursor;
    u->base.per_epoch = listen_batches_per_round(&u->train);
    return st ? st : rf_training_open(&u->base, NULL, u->m->params, u->err);
}

static rf_status describe(setup *u)
{
    const speech_units *x = &u->m->units;
    rf_status st = rf_vocab_write(x->unit, &u->json[0], u->err);
    if (!st && x->syllable) st = rf_vocab_write(x->syllable, &u->json[1], u->err);
    if (st) return st;
    const char *const more[] = {SPEECH_META_UNITS, u->json[0].s,
                                x->syllable ? SPEECH_META_SYLLABLES : NULL, u->json[1].s, NULL};
    return rf_training_describe(&u->base, more, u->err);
}

/* ---- Steps ------------------------------------------------------------------------------------------ */

static int next(void *self, rf_error *err)
{
    setup *u = self;
    return listen_batches_next(&u->train, err);
}

static rf_node logits_of(rf_graph *g, const speech_model *m, const listen_batches *b)
{
    const rf_node x = rf_borrow(g, b->x, RF_SHAPE(b->T, b->count, b->ear->I));
    return speech_model_apply(g, m, x, b->steps, NULL, NULL);
}

/* -ln p of all labels of the batch, per label. */
static rf_node loss_of(rf_graph *g, rf_node logits, const listen_batches *b)
{
    const rf_ctc ctc = {
        .steps = b->steps, .labels = b->label.at, .counts = b->labels, .zero_infinity = true};
    const rf_node each = rf_ctc_loss(g, logits, &ctc);
    return rf_affine(g, rf_sum(g, each), 1 / fmax(1, (double)b->label.n), 0);
}

static rf_node loss(void *self, rf_graph *g, double *units)
{
    setup *u = self;
    *units = fmax(1, (double)u->train.label.n);
    return loss_of(g, logits_of(g, u->m, &u->train), &u->train);
}

/* What sound k of the batch is heard as by the best path, against what was said. */
static rf_status judge(setup *u, rf_graph *g, rf_node logits, rf_index k, speech_errors *e)
{
    const listen_batches *b = &u->valid;
    const rf_ctc_frames f = {.T = b->steps[k],
                             .K = u->m->K,
                             .stride = b->count * u->m->K,
                             .logp = rf_value(g, logits).data + k * u->m->K};
    rf_str said = {0}, heard = {0};
    if ((size_t)f.T > u->best_cap) {
        if (!rf_resize(&u->best, (size_t)f.T, sizeof *u->best)) return rf_no_memory(u->err);
        u->best_cap = (size_t)f.T;
    }
    const rf_index n = rf_ctc_greedy(&f, u->best, NULL, NULL);
    const rf_index group = b->group[k];
    speech_units_decode(&u->m->units, u->best, n, &heard);
    for (rf_index i = b->plan.start[group]; i < b->plan.start[group + 1]; i++)
        rf_str_printf(&said, " %s", speech_set_clean(b->set, b->plan.order[i]));
    const bool done = !said.failed && !heard.failed &&
                      speech_errors_add(e, said.s ? said.s : "", heard.s ? heard.s : "");
    rf_str_free(&said);
    rf_str_free(&heard);
    return done ? RF_OK : rf_no_memory(u->err);
}

static rf_status validate(void *self, rf_graph *g, rf_metrics *m, rf_error *err)
{
    setup *u = self;
    listen_batches *b = &u->valid;
    speech_errors e = {0};
    rf_mean_value mean = {0};
    rf_status st = RF_OK;
    int more = 0;
    b->cursor = (rf_cursor){VALID_ROUND, 0};
    b->planned = -1;
    while (!st && (more = listen_batches_next(b, err)) > 0) {
        rf_graph_begin(g, RF_INFER, (rf_key){0});
        const rf_node logits = logits_of(g, u->m, b), value = loss_of(g, logits, b);
        st = rf_graph_status(g, err);
        if (st) break;
        rf_mean_add(&mean, (double)*rf_value(g, value).data, (double)b->label.n);
        for (rf_index k = 0; k < b->count && !st; k++) st = judge(u, g, logits, k, &e);
        rf_training_stop(u);
    }
    rf_metrics_add(m, "error", speech_errors_rate(&e));
    rf_metrics_add(m, "loss", rf_mean_get(&mean));
    return !st && more < 0 ? more : st;
}

/* ---- The verb --------------------------------------------------------------------------------------- */

static rf_status train(setup *u)
{
    rf_fit_result result = {0};
    rf_status st = rf_training_begin(&u->base, u->err);
    if (!st) st = read_data(u);
    if (!st) st = learn_units(u);
    if (!st) st = make_model(u);
    if (!st) st = make_batches(u);
    if (!st) st = describe(u);
    const rf_fit_task task = {.next = next, .loss = loss, .validate = u->valid.n ? validate : NULL};
    if (!st) st = rf_training_learn(&u->base, task, &result, u->err);
    return st ? st : rf_training_finish(&u->base, u->base.graph, &result);
}

static void setup_free(setup *u)
{
    listen_batches_end(&u->train);
    listen_batches_end(&u->valid);
    speech_model_free(u->m);
    speech_units_free(&u->units);
    speech_set_free(&u->set);
    rf_str_free(&u->json[0]);
    rf_str_free(&u->json[1]);
    free(u->order);
    free(u->best);
    rf_training_end(&u->base);
}

rf_status listen_train(rf_session *s, const rf_run *r)
{
    static const char *const passing[] = {"folder", NULL};
    rf_error err = {0};
    setup u = {.err = &err};
    memcpy(u.v, r->opt, sizeof u.v);
    u.base = (rf_training){.s = s,
                           .r = r,
                           .table = listen_train_options,
                           .v = u.v,
                           .learn = LISTEN_TRAIN_LEARN,
                           .plugin = PY_ID,
                           .task = SPEECH_TASK,
                           .passing = passing,
                           .rate = 0.002};
    const rf_status st = train(&u);
    setup_free(&u);
    return rf_session_end(s, st, &err);
}

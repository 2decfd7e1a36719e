/* music/roll_train.c -- the verb roll-train: pieces to a model, begun or resumed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "roll.h"

/* Pieces are few: steps twice as long as usual get through them in time. */
#define USUAL_RATE 0.002

enum { MEASURED = 32 }; /* pieces side by side in validations */

typedef struct setup {
    rf_training base; /* first */
    rf_setting v[ROLL_TRAIN_COUNT];
    roll_set part[RF_SPLITS]; /* train, valid; the test part of a file is read and not used */
    int8_t (*range)[2];       /* [n] how far a piece may be moved down and up */
    int32_t *shift;           /* [B] */
    roll_net *m;
    rf_error *err;
} setup;

/* ---- Pieces -------------------------------------------------------------------------------------------- */

/* Of the pieces to learn from, `part` drawn by chance become the held-out ones. */
static rf_status hold_out(setup *u, double part)
{
    roll_set *all = &u->part[RF_SPLIT_TRAIN], kept = {0};
    rf_index learned = 0;
    int32_t *order = rf_training_hold_out(&u->base, all->n, part, &learned, u->err);
    bool fine = order != NULL;
    for (rf_index i = 0; i < all->n && fine; i++)
        fine = roll_set_add(i < learned ? &kept : &u->part[RF_SPLIT_VALID], &all->piece[order[i]]);
    free(order);
    roll_set_free(all);
    *all = kept;
    return fine ? RF_OK : rf_no_memory(u->err);
}

static rf_status read_valid(setup *u, roll_reader *r)
{
    const rf_setting *valid = &u->v[ROLL_TRAIN_VALID];
    roll_set given[RF_SPLITS] = {{0}};
    rf_status st = RF_OK;
    r->midi = RF_SPLIT_VALID;
    for (uint32_t i = 0; i < valid->count && !st; i++)
        st = roll_read(r, valid->as.list[i], given, u->err);
    if (!st && !given[RF_SPLIT_VALID].n)
        st = rf_fail(u->err, RF_EFORMAT, "%s: no piece of two or more steps is held out",
                     valid->as.list[0]);
    roll_set_free(&u->part[RF_SPLIT_VALID]);
    u->part[RF_SPLIT_VALID] = given[RF_SPLIT_VALID];
    given[RF_SPLIT_VALID] = (roll_set){0};
    roll_sets_free(given);
    return st;
}

static rf_status read_data(setup *u)
{
    const rf_run *r = u->base.r;
    const rf_host *h = u->base.s->host;
    roll_reader reader = {.h = h, .grid = (int32_t)u->v[ROLL_TRAIN_GRID].as.i};
    rf_status st = RF_OK;
    for (uint32_t i = 0; i < r->arg_count && !st; i++)
        st = roll_read(&reader, r->arg[i], u->part, u->err);
    if (!st && !u->part[RF_SPLIT_TRAIN].n)
        st = rf_fail(u->err, RF_EFORMAT, "%s: train: there is no piece of two or more steps",
                     r->arg[0]);
    if (!st && u->v[ROLL_TRAIN_VALID].count) st = read_valid(u, &reader);
    const double part = u->v[ROLL_TRAIN_VALID_FRACTION].as.f;
    if (!st && !u->part[RF_SPLIT_VALID].n && part > 0) st = hold_out(u, part);
    if (st) return st;
    rf_logf(h, RF_LOG_INFO, "%lld pieces of %lld steps to learn from, %lld of %lld held out",
            (long long)u->part[0].n, (long long)u->part[0].frames, (long long)u->part[1].n,
            (long long)u->part[1].frames);
    const uint64_t hash = roll_set_hash(roll_set_hash(RF_HASH, &u->part[0]), &u->part[1]);
    return rf_training_know(&u->base, ROLL_META_DATA, hash, u->err);
}

/* ---- Steps --------------------------------------------------------------------------------------------- */

/* Any move that leaves a piece on the keyboard is as probable as any other. */
static void draw_shifts(setup *u)
{
    const int64_t epoch = u->base.cursor->epoch;
    const rf_key key = rf_key_make(u->base.seed, "transpose", (uint64_t)epoch);
    for (rf_index i = 0; i < u->base.batch.B; i++) {
        const int32_t item = u->base.batch.item[i];
        const int down = u->range[item][0], up = u->range[item][1];
        u->shift[i] = down + (int)(rf_uniform(key, (uint64_t)item) * (up - down + 1));
    }
}

static rf_node loss(void *self, rf_graph *g, double *units)
{
    setup *u = self;
    draw_shifts(u);
    const roll_batch batch = {&u->part[RF_SPLIT_TRAIN], &u->base.batch, u->shift};
    const roll_told t = roll_net_apply(g, u->m, &batch);
    *units = (double)t.frames;
    return roll_net_loss(g, &t);
}

static rf_status validate(void *self, rf_graph *g, rf_metrics *m, rf_error *err)
{
    setup *u = self;
    const roll_set *set = &u->part[RF_SPLIT_VALID];
    const roll_meter meter = {
        .g = g, .m = u->m, .B = MEASURED, .watch = rf_training_watch, .ctx = u};
    roll_score *score = calloc((size_t)set->n, sizeof *score);
    if (!score) return rf_no_memory(err);
    rf_status st = roll_measure(&meter, set, score, err);
    const roll_score all = roll_total(score, set->n);
    free(score);
    rf_metrics_add(m, "loss", all.nats / (double)all.frames);
    return st;
}

/* ---- Learning ------------------------------------------------------------------------------------------ */

static rf_status take_ranges(setup *u)
{
    const roll_set *set = &u->part[RF_SPLIT_TRAIN];
    u->range = calloc((size_t)set->n, sizeof *u->range);
    u->shift = calloc((size_t)u->v[ROLL_TRAIN_BATCH].as.i, sizeof *u->shift);
    if (!u->range || !u->shift) return rf_no_memory(u->err);
    for (rf_index i = 0; i < set->n; i++) {
        int down, up;
        roll_range(&set->piece[i], (int)u->v[ROLL_TRAIN_TRANSPOSE].as.i, &down, &up);
        u->range[i][0] = (int8_t)down;
        u->range[i][1] = (int8_t)up;
    }
    return RF_OK;
}

static rf_status begin(setup *u)
{
    const roll_set *set = &u->part[RF_SPLIT_TRAIN];
    const rf_bucket_spec spec = {.lengths = set->lengths,
                                 .n = set->n,
                                 .B = (rf_index)u->v[ROLL_TRAIN_BATCH].as.i,
                                 .cells = (rf_index)u->v[ROLL_TRAIN_CELLS].as.i};
    const rf_status st = take_ranges(u);
    return st ? st : rf_training_open(&u->base, &spec, u->m->params, u->err);
}

/* The output begins with how often each key sounds, and need not learn that first. */
static void begin_with_frequencies(setup *u)
{
    const roll_set *set = &u->part[RF_SPLIT_TRAIN];
    rf_real *bias = roll_net_bias(u->m)->value.data;
    double steps = 1, sounds[RF_KEYS] = {0};
    for (rf_index i = 0; i < set->n; i++) {
        const roll_piece *p = &set->piece[i];
        steps += (double)p->steps;
        for (rf_index k = 0; k < p->steps * RF_KEYS; k++) sounds[k % RF_KEYS] += p->keys[k];
    }
    for (int k = 0; k < RF_KEYS; k++)
        bias[k] = (rf_real)log((sounds[k] + 0.5) / (steps - sounds[k] + 0.5));
}

static rf_status make_network(setup *u)
{
    roll_shape shape;
    rf_status st = roll_shape_of(u->v, &shape, u->err);
    if (!st && !(u->m = roll_net_new(&shape, u->err))) st = u->err->status;
    if (st) return st;
    rf_params_init(u->m->params, u->base.seed);
    begin_with_frequencies(u);
    return RF_OK;
}

static rf_status train(setup *u)
{
    rf_fit_result result = {0};
    rf_status st = rf_training_begin(&u->base, u->err);
    if (!st) st = read_data(u);
    if (!st) st = make_network(u);
    if (!st) st = begin(u);
    if (!st) st = rf_training_describe(&u->base, NULL, u->err);
    const rf_fit_task task = {.loss = loss,
                              .validate = u->part[RF_SPLIT_VALID].n ? validate : NULL};
    if (!st) st = rf_training_learn(&u->base, task, &result, u->err);
    return st ? st : rf_training_finish(&u->base, u->base.graph, &result);
}

static void setup_free(setup *u)
{
    roll_net_free(u->m);
    roll_sets_free(u->part);
    free(u->range);
    free(u->shift);
    rf_training_end(&u->base);
}

rf_status roll_train(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.err = &err};
    memcpy(u.v, r->opt, sizeof u.v);
    u.base = (rf_training){.s = s,
                           .r = r,
                           .table = roll_train_options,
                           .v = u.v,
                           .learn = ROLL_TRAIN_LEARN,
                           .plugin = MUSIC_ID,
                           .task = ROLL_TASK,
                           .rate = USUAL_RATE};
    rf_status st = train(&u);
    setup_free(&u);
    return rf_session_end(s, st, &err);
}

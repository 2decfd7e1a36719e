/* music/song_train.c -- the verb train: corpora to a model of songs, begun or resumed. */
#include <stdlib.h>
#include <string.h>

#include "corpus.h"
#include "song_set.h"
#include "song_verbs.h"

#define META_DATA  "song.data" /* of the state: a hash of the songs */
#define VALID_SIDE 32          /* windows side by side in validation */

/* Songs to learn from, or to choose by. */
typedef struct part {
    song **song; /* [n], borrowed of the corpus */
    song_origin *origin;
    size_t n;
    song_set set;
} part;

typedef struct learner {
    rf_training base; /* first */
    rf_setting v[TRAIN_COUNT];
    music_corpus corpus;
    song_grooves grooves;
    song_census census;
    part train, valid;
    song_model *m;
    song_window *window; /* [B] */
    rf_error *err;
} learner;

/* ---- Data -------------------------------------------------------------------------------------- */

static rf_status progress(void *ctx, double done, double total)
{
    const rf_host *h = ctx;
    return h->progress(h, done, total, "files");
}

static rf_status read_grooves(learner *l)
{
    const rf_host *h = l->base.s->host;
    const char *name = l->v[TRAIN_DRUMS].as.s;
    char path[4096];
    if (name && !strcmp(name, "none")) return RF_OK;
    if (name) return song_grooves_read(&l->grooves, name, l->err);
    if (!h->data_path(h, "music/drums.txt", path, sizeof path))
        return song_grooves_read(&l->grooves, path, l->err);
    return rf_fail(l->err, RF_EINVAL,
                   "--drums: music/drums.txt is not installed; name a table, or none");
}

static bool reserve(part *p, size_t n)
{
    p->song = calloc(n + 1, sizeof *p->song);
    p->origin = calloc(n + 1, sizeof *p->origin);
    return p->song && p->origin;
}

/* What is not to be learned from nor chosen by is left for measuring. */
static rf_status deal_out(learner *l)
{
    const music_corpus *c = &l->corpus;
    const bool drums = !l->v[TRAIN_DRUMS].as.s || strcmp(l->v[TRAIN_DRUMS].as.s, "none");
    if (!reserve(&l->train, c->count) || !reserve(&l->valid, c->count)) return rf_no_memory(l->err);
    for (size_t i = 0; i < c->count; i++) {
        song *s = c->song[i];
        part *p = c->part[i] == RF_SPLIT_TRAIN ? &l->train : &l->valid;
        if (c->part[i] == RF_SPLIT_TEST) continue;
        p->origin[p->n] = song_origin_of(s);
        if (l->v[TRAIN_QPM].as.f > 0) s->qpm = l->v[TRAIN_QPM].as.f;
        if (!song_prepare(s)) continue;
        if (!drums) s->has_drums = false;
        if (drums && !s->has_drums) song_groove_play(&l->grooves, s, l->base.seed);
        p->song[p->n++] = s;
    }
    return l->train.n ? RF_OK
                      : rf_fail(l->err, RF_EFORMAT, "%s: no song of %d bars or more to learn from",
                                l->base.r->arg[0], SONG_BARS_LEAST);
}

static uint64_t hash_of(const music_corpus *c)
{
    uint64_t h = RF_HASH;
    for (size_t i = 0; i < c->count; i++) {
        const song *s = c->song[i];
        const size_t steps = (size_t)song_steps(s);
        h = rf_hash(h, s->name, strlen(s->name) + 1);
        h = rf_hash(h, s->melody, steps * sizeof *s->melody);
        h = rf_hash(h, s->chord, (size_t)s->bars * 2 * sizeof *s->chord);
        h = rf_hash(h, s->drums, steps * sizeof *s->drums);
    }
    return h;
}

static rf_status read_data(learner *l)
{
    const rf_run *r = l->base.r;
    const music_corpus_watch watch = {.progress = progress,
                                      .ctx = (void *)(uintptr_t)l->base.s->host};
    rf_status st = read_grooves(l);
    if (!st)
        st = music_corpus_read(&l->corpus, r->arg, r->arg_count, (int)l->v[TRAIN_STEPS].as.i, watch,
                               l->err);
    if (!st) st = deal_out(l);
    if (st) return st;
    song_census_take(&l->census, l->train.song, l->train.n);
    rf_logf(l->base.s->host, RF_LOG_INFO,
            "%zu songs to learn from, %zu held out, %zu left for measuring; %zu passed over",
            l->train.n, l->valid.n, l->corpus.count - l->train.n - l->valid.n, l->corpus.passed);
    return RF_OK;
}

/* ---- The model --------------------------------------------------------------------------------- */

static rf_status make_model(learner *l)
{
    song_shape shape = song_shape_of(l->v);
    int programs[3];
    const int bars = (int)l->v[TRAIN_WINDOW].as.i;
    rf_status st = song_programs_parse(&song_train_options[TRAIN_PROGRAMS],
                                       l->v[TRAIN_PROGRAMS].as.s, programs, l->err);
    if (st) return st;
    shape.metres = l->census.metres;
    shape.patterns = l->census.patterns;
    if (!(l->m = song_model_new(&shape, l->err))) return l->err->status;
    rf_params_init(l->m->params, l->base.seed);
    song_style_count(l->m, &l->census, l->train.song, l->train.origin, l->train.n, programs);
    song_profiles p = song_model_profiles(l->m);
    st = song_profiles_learn(&p, l->train.song, l->train.n, l->base.seed, l->err);
    song_model_settle(l->m);
    if (!st) st = song_set_make(&l->train.set, l->train.song, l->train.n, &p, bars, l->err);
    if (!st) st = song_set_make(&l->valid.set, l->valid.song, l->valid.n, &p, bars, l->err);
    return st;
}

/* ---- Steps ------------------------------------------------------------------------------------- */

static const song_window *gather(const learner *l, const song_set *set, const rf_bucket_batch *b)
{
    for (rf_index k = 0; k < b->B; k++) l->window[k] = set->window[b->item[k]];
    return l->window;
}

static rf_node loss(void *self, rf_graph *g, double *units)
{
    learner *l = self;
    const rf_bucket_batch *b = &l->base.batch;
    const song_losses x = song_model_losses(g, l->m, gather(l, &l->train.set, b), b->B);
    *units = (double)x.count[SONG_NATS_ACT];
    return song_model_loss(g, &x);
}

/* ---- Validation -------------------------------------------------------------------------------- */

static void add_means(rf_graph *g, const song_losses *x, rf_mean_value *mean)
{
    for (int i = 0; i < SONG_NATS; i++)
        if (x->count[i])
            rf_mean_add(&mean[i], (double)*rf_value(g, x->mean[i]).data, (double)x->count[i]);
}

/* The loss is the sum that training makes smaller; melody is nats a note, rhythm and pitch together. */
static void tell_means(const rf_mean_value *mean, rf_metrics *m)
{
    const double act = rf_mean_get(&mean[SONG_NATS_ACT]),
                 pitch = rf_mean_get(&mean[SONG_NATS_PITCH]);
    const double per_step = act + pitch * mean[SONG_NATS_PITCH].weight / mean[SONG_NATS_ACT].weight;
    const bool chords = mean[SONG_NATS_CHORD].weight > 0, drums = mean[SONG_NATS_DRUMS].weight > 0;
    const double chord = chords ? rf_mean_get(&mean[SONG_NATS_CHORD]) : 0;
    const double drum = drums ? rf_mean_get(&mean[SONG_NATS_DRUMS]) : 0;
    rf_metrics_add(m, "loss", per_step + chord + drum);
    rf_metrics_add(m, "note_nats",
                   per_step * mean[SONG_NATS_ACT].weight / mean[SONG_NATS_PITCH].weight);
    if (chords) rf_metrics_add(m, "chord_nats", chord);
    if (drums) rf_metrics_add(m, "drum_nats", drum);
}

static rf_status validate(void *self, rf_graph *g, rf_metrics *m, rf_error *err)
{
    learner *l = self;
    const song_set *set = &l->valid.set;
    rf_mean_value mean[SONG_NATS] = {{0}};
    rf_status st = RF_OK;
    for (rf_index at = 0; at < set->windows && !st; at += VALID_SIDE) {
        const rf_index left = set->windows - at;
        rf_graph_begin(g, RF_INFER, (rf_key){0});
        const song_losses x =
            song_model_losses(g, l->m, set->window + at, left < VALID_SIDE ? left : VALID_SIDE);
        st = rf_graph_status(g, err);
        if (!st) add_means(g, &x, mean);
        rf_training_stop(l);
    }
    if (!st) tell_means(mean, m);
    return st;
}

/* ---- Learning ---------------------------------------------------------------------------------- */

static rf_status begin(learner *l)
{
    const rf_index B = (rf_index)l->v[TRAIN_BATCH].as.i;
    const song_set *set = &l->train.set;
    const rf_bucket_spec spec = {.lengths = set->lengths, .n = set->windows, .B = B};
    l->window = calloc((size_t)B, sizeof *l->window);
    if (!l->window) return rf_no_memory(l->err);
    return rf_training_open(&l->base, &spec, l->m->params, l->err);
}

/* ---- The verb ---------------------------------------------------------------------------------- */

static rf_status train(learner *l)
{
    rf_fit_result result = {0};
    rf_status st = rf_training_begin(&l->base, l->err);
    if (!st && !rf_cell_named(&song_train_options[TRAIN_CELL], l->v[TRAIN_CELL].as.s, l->err))
        st = RF_EINVAL;
    if (!st) st = read_data(l);
    if (!st) st = rf_training_know(&l->base, META_DATA, hash_of(&l->corpus), l->err);
    if (!st) st = make_model(l);
    if (!st) st = begin(l);
    if (!st) st = rf_training_describe(&l->base, NULL, l->err);
    const rf_fit_task task = {.loss = loss, .validate = l->valid.set.windows ? validate : NULL};
    if (!st) st = rf_training_learn(&l->base, task, &result, l->err);
    return st ? st : rf_training_finish(&l->base, l->base.graph, &result);
}

static void part_free(part *p)
{
    song_set_free(&p->set);
    free(p->song);
    free(p->origin);
}

rf_status music_train(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    learner *l = calloc(1, sizeof *l);
    if (!l) return rf_session_end(s, rf_no_memory(&err), &err);
    l->err = &err;
    memcpy(l->v, r->opt, sizeof l->v);
    l->base = (rf_training){.s = s,
                            .r = r,
                            .table = song_train_options,
                            .v = l->v,
                            .learn = TRAIN_LEARN,
                            .plugin = MUSIC_ID,
                            .task = SONG_TASK,
                            .rate = 0.002};
    const rf_status st = train(l);
    part_free(&l->train);
    part_free(&l->valid);
    song_model_free(l->m);
    song_grooves_free(&l->grooves);
    music_corpus_free(&l->corpus);
    free(l->window);
    rf_training_end(&l->base);
    free(l);
    return rf_session_end(s, st, &err);
}

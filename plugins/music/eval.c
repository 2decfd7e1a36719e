/* music/eval.c -- the verb eval: what songs are like, and how likely those held out are to a Markov chain. */
#include <stdlib.h>

#include "corpus.h"
#include "eval.h"
#include "markov.h"
#include "song_set.h"
#include "song_verbs.h"

enum {
    EVAL_STYLE = MAKE_STYLE, /* where song_model_choose looks */
    EVAL_PART,
    EVAL_ROLL_STEPS,
    EVAL_ORDER,
    EVAL_SONGS,
    EVAL_BARS,
    EVAL_TEMPERATURE,
    EVAL_TOP_P,
    EVAL_GENERATED,
    EVAL_PASSED,
    EVAL_SVG
};

const rf_option music_eval_options[] = {
    [EVAL_STYLE] = {.name = "style",
                    .type = RF_STRING,
                    .letter = 's',
                    .meta = "NAME",
                    .help = "a style, as installed, to measure; a model of one's own is given by "
                            "--model"},
    [EVAL_PART] = {.name = "part",
                   .type = RF_CHOICE,
                   .def = "test",
                   .choices = music_parts,
                   .help = "which part of the pieces to measure on; the chain learns from train"},
    [EVAL_ROLL_STEPS] = {.name = "steps",
                         .type = RF_INT,
                         .def = "4",
                         .min = 1,
                         .max = 96,
                         .unit = "per quarter note",
                         .help = "how many time steps of piano rolls make a quarter note"},
    [EVAL_ORDER] = {.name = "order",
                    .type = RF_INT,
                    .def = "5",
                    .min = 0,
                    .max = MUSIC_ORDER_MOST,
                    .unit = "events",
                    .help = "how far back the Markov chain looks"},
    [EVAL_SONGS] = {.name = "songs",
                    .type = RF_INT,
                    .def = "100",
                    .min = 0,
                    .max = 100000,
                    .help = "how many songs to compose for the statistics"},
    [EVAL_BARS] = {.name = "bars",
                   .type = RF_INT,
                   .def = "32",
                   .min = 4,
                   .max = SONG_BARS_MOST,
                   .help = "how long composed songs are at most; as long as the data's otherwise"},
    [EVAL_TEMPERATURE] = {.name = "temperature",
                          .type = RF_REAL,
                          .def = "1",
                          .min = 0,
                          .max = 10,
                          .help = "of the model's songs, as of compose"},
    [EVAL_TOP_P] = {.name = "top-p",
                    .type = RF_REAL,
                    .def = "0.95",
                    .min = 0,
                    .max = 1,
                    .help = "of the model's songs, as of compose"},
    [EVAL_GENERATED] = {.name = "generated",
                        .type = RF_PATH,
                        .flags = RF_OPT_LIST,
                        .help = "music that was composed, MIDI files or folders, to compare too"},
    [EVAL_PASSED] = {.name = "passed",
                     .type = RF_BOOL,
                     .def = "0",
                     .help = "tell which pieces were passed over, and why"},
    [EVAL_SVG] = {.name = "svg",
                  .type = RF_OUTFILE,
                  .help = "draw intervals, lengths and repetition"},
    {0}};

enum { SET_DATA, SET_TRAIN, SET_MARKOV, SETS = SET_MARKOV + 3 }; /* then model, generated */

typedef struct setup {
    const rf_host *h;
    const rf_run *r;
    music_corpus data;
    rf_map *learned; /* melodies of the training part */
    music_markov *chain;
    music_networks *networks; /* or NULL */
    music_set set[SETS];
    int sets;
    rf_error *err;
} setup;

/* ---- Reading ----------------------------------------------------------------------------------- */

static rf_status progress(void *ctx, double done, double total)
{
    const setup *u = ctx;
    return u->h->progress(u->h, done, total, "files");
}

static rf_status progress_orders(void *ctx, double done, double total)
{
    const setup *u = ctx;
    return u->h->progress(u->h, done, total, "orders");
}

static rf_status pass(void *ctx, const char *piece, const char *why)
{
    const setup *u = ctx;
    const rf_field row[] = {rf_field_string("piece", piece), rf_field_string("why", why)};
    if (!u->r->opt[EVAL_PASSED].as.i) return RF_OK;
    return rf_emit_record(u->h, -1, "passed", row, sizeof row / sizeof *row);
}

/* As networks learn them: in C, without long rests; those that are too short go. */
static void prepare(setup *u)
{
    music_corpus *c = &u->data;
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (song_prepare(c->song[i])) {
            c->part[n] = c->part[i];
            c->song[n++] = c->song[i];
        } else
            song_free(c->song[i]);
    }
    c->passed += c->count - n;
    c->count = n;
}

static rf_status read(setup *u)
{
    const music_corpus_watch watch = {progress, u, pass, NULL};
    const rf_run *r = u->r;
    rf_status st = music_corpus_read(&u->data, r->arg, r->arg_count,
                                     (int)r->opt[EVAL_ROLL_STEPS].as.i, watch, u->err);
    if (!st) prepare(u);
    size_t parts[RF_SPLITS] = {0};
    for (size_t i = 0; i < u->data.count; i++) parts[u->data.part[i]]++;
    const int64_t part = r->opt[EVAL_PART].as.i;
    if (st) return st;
    if (u->data.passed)
        rf_logf(u->h, RF_LOG_INFO, "%zu pieces, %zu passed over", u->data.count, u->data.passed);
    if (!parts[RF_SPLIT_TRAIN] || !parts[part])
        return rf_fail(u->err, RF_EINVAL, "%s: no pieces in part %s: %zu were read", r->arg[0],
                       rf_split_name(parts[part] ? RF_SPLIT_TRAIN : (rf_split)part), u->data.count);
    return RF_OK;
}

/* ---- The sets ---------------------------------------------------------------------------------- */

static rf_status add_data(setup *u, music_set *to, rf_split part)
{
    rf_status st = RF_OK;
    uint32_t broken;
    for (size_t i = 0; i < u->data.count && !st; i++) {
        const song *x = u->data.song[i];
        if (u->data.part[i] != part) continue;
        st = music_song_broken(x, &broken, u->err);
        if (!st) st = music_set_add(to, x, broken, NULL, u->err);
        if (!st) st = u->h->progress(u->h, (double)i, (double)u->data.count, "pieces");
    }
    return st;
}

/* Choose the chain's weights on the pieces to choose by. */
static rf_status tune(setup *u)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < u->data.count && !st; i++) {
        if (u->data.part[i] == RF_SPLIT_VALID)
            st = music_markov_hold(u->chain, u->data.song[i], u->err);
        if (!st) st = u->h->progress(u->h, (double)i, (double)u->data.count, "pieces");
    }
    if (!st) music_markov_tune(u->chain);
    return st;
}

static rf_status learn(setup *u)
{
    rf_status st = RF_OK;
    u->chain = music_markov_new((int)u->r->opt[EVAL_ORDER].as.i);
    u->learned = rf_map_new();
    if (!u->chain || !u->learned) return rf_no_memory(u->err);
    for (size_t i = 0; i < u->data.count && !st; i++) {
        if (u->data.part[i] != RF_SPLIT_TRAIN) continue;
        const uint64_t melody = music_song_hash(u->data.song[i], false);
        st = music_markov_add(u->chain, u->data.song[i], u->err);
        if (!rf_map_put(u->learned, (const char *)&melody, sizeof melody, 1))
            return rf_no_memory(u->err);
    }
    if (!st) st = music_markov_settle(u->chain, (music_watch){progress_orders, u}, u->err);
    return st ? st : tune(u);
}

static rf_status markov_nats(void *ctx, const song *x, music_nats *to, rf_error *err)
{
    double nats;
    int64_t notes;
    rf_status st = music_markov_nats(ctx, x, &nats, &notes, err);
    if (st) return st;
    to->sum[MUSIC_MELODY] += nats;
    to->count[MUSIC_MELODY] += notes;
    return RF_OK;
}

/* Another melody over the chords of `like`. */
static song *markov_compose(void *ctx, const song *like, uint64_t seed, int64_t i, rf_error *err)
{
    song *x = song_copy(like, 0, like->bars, err);
    if (x) music_markov_sample(ctx, x, rf_key_make(seed, "markov", (uint64_t)i));
    return x;
}

/* What the held-out songs cost. */
static rf_status judge(setup *u, const music_judge *by, music_set *to)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < u->data.count && !st; i++) {
        if (u->data.part[i] != u->r->opt[EVAL_PART].as.i) continue;
        st = by->nats(by->ctx, u->data.song[i], &to->nats, u->err);
        if (!st) st = u->h->progress(u->h, (double)i, (double)u->data.count, "pieces");
    }
    return st;
}

/* A held-out song that a composed one is like, those in turn, cut to --bars.  The caller frees it. */
static song *like(setup *u, size_t *at)
{
    const rf_setting *opt = u->r->opt;
    for (*at %= u->data.count; u->data.part[*at] != opt[EVAL_PART].as.i;)
        *at = (*at + 1) % u->data.count;
    const song *x = u->data.song[(*at)++];
    return song_copy(x, 0, x->bars < opt[EVAL_BARS].as.i ? x->bars : (int)opt[EVAL_BARS].as.i,
                     u->err);
}

static rf_status compose_one(setup *u, const music_judge *by, music_set *to, int64_t i, size_t *at)
{
    uint32_t broken;
    song *model = like(u, at);
    song *x = model ? by->compose(by->ctx, model, u->r->seed, i, u->err) : NULL;
    rf_status st = x ? music_song_broken(x, &broken, u->err) : u->err->status;
    if (!st) st = music_set_add(to, x, broken, u->learned, u->err);
    song_free(model);
    song_free(x);
    return st;
}

static rf_status compose(setup *u, const music_judge *by, music_set *to)
{
    const int64_t n = u->r->opt[EVAL_SONGS].as.i;
    size_t at = 0;
    rf_status st = RF_OK;
    for (int64_t i = 0; i < n && !st; i++) {
        st = compose_one(u, by, to, i, &at);
        if (!st) st = u->h->progress(u->h, (double)i, (double)n, "songs");
    }
    return st;
}

static rf_status take_generated(void *ctx, const rf_score *s, const song *x)
{
    setup *u = ctx;
    return music_set_add(&u->set[u->sets - 1], x, music_rules_broken(&(music_piece){s, x}),
                         u->learned, u->err);
}

/* The same piece again is a song that does not differ. */
static rf_status read_generated(setup *u)
{
    const rf_setting *v = &u->r->opt[EVAL_GENERATED];
    const music_corpus_watch watch = {progress, u, pass, take_generated};
    music_corpus c = {0};
    rf_status st = music_set_begin(&u->set[u->sets++], "generated", u->err);
    if (!st)
        st = music_corpus_read(&c, v->as.list, v->count, (int)u->r->opt[EVAL_ROLL_STEPS].as.i,
                               watch, u->err);
    u->set[u->sets - 1].songs += (int64_t)c.passed;
    music_corpus_free(&c);
    return st;
}

/* ---- The verb ---------------------------------------------------------------------------------- */

static rf_status open_model(setup *u)
{
    const rf_run *r = u->r;
    if (!r->model && !r->opt[EVAL_STYLE].set) return RF_OK;
    song_model *m = song_model_choose(u->h, r, u->err);
    if (!m) return u->err->status;
    u->networks = music_networks_new(m, (int)r->threads, r->opt[EVAL_TEMPERATURE].as.f,
                                     r->opt[EVAL_TOP_P].as.f, u->err);
    return u->networks ? RF_OK : u->err->status;
}

static rf_status measure_judge(setup *u, const music_judge *by)
{
    music_set *to = &u->set[u->sets++];
    rf_status st = music_set_begin(to, by->name, u->err);
    if (!st) st = judge(u, by, to);
    return st ? st : compose(u, by, to);
}

static rf_status measure(setup *u)
{
    static const char *const names[] = {"data", "train"};
    const rf_split parts[] = {(rf_split)u->r->opt[EVAL_PART].as.i, RF_SPLIT_TRAIN};
    rf_status st = RF_OK;
    for (int i = 0; i < SET_MARKOV && !st; i++) {
        st = music_set_begin(&u->set[u->sets++], names[i], u->err);
        if (!st) st = add_data(u, &u->set[i], parts[i]);
    }
    if (!st) st = learn(u);
    const music_judge markov = {"markov", u->chain, markov_nats, markov_compose};
    if (!st) st = measure_judge(u, &markov);
    const music_judge model = music_networks_judge(u->networks);
    if (!st && u->networks) st = measure_judge(u, &model);
    return !st && u->r->opt[EVAL_GENERATED].count ? read_generated(u) : st;
}

rf_status music_eval(rf_session *ses, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.h = ses->host, .r = r, .err = &err};
    const char *svg = r->opt[EVAL_SVG].as.s;
    rf_status st = open_model(&u);
    if (!st) st = read(&u);
    if (!st) st = measure(&u);
    if (!st) st = music_sets_tell(u.h, u.set, u.sets);
    if (!st && svg) st = music_sets_plot(u.set, u.sets, svg, &err);
    if (!st && svg) st = rf_emit_plot(u.h, svg);
    for (int i = 0; i < SETS; i++) music_set_end(&u.set[i]);
    music_networks_free(u.networks);
    music_markov_free(u.chain);
    rf_map_free(u.learned);
    music_corpus_free(&u.data);
    return rf_session_end(ses, st, &err);
}

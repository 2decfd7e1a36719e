/* caption/describe.c -- the verb describe: pictures, or their features, to sentences. */
#include <refrain/io.h>
#include <stdlib.h>
#include <string.h>

#include "encoded.h"
#include "model.h"
#include "overlay.h"
#include "search.h"

#define INSTALLED "caption/scenes.safetensors"

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    cap_model x;
    cap_search q;
    cap_features features; /* given, or made by an encoder */
    cap_encoder *encoder;
    cap_pictures pixels; /* of a batch */
    const char **file;   /* [n] */
    int32_t *row;        /* [n] */
    rf_index n, from;    /* pictures; where the batch begins */
    int language[CAP_LANGUAGES];
    rf_index languages;
    cap_wish *wish; /* of a batch */
    rf_str text;
    cap_overlay overlay;
    rf_index drawn; /* the picture that the overlay has last; -1: none */
    uint8_t background[3];
    rf_error *err;
} setup;

static const rf_setting *option(const setup *u, int i) { return &u->r->opt[i]; }

static rf_status no_memory(const setup *u) { return rf_fail(u->err, RF_ENOMEM, "no memory"); }

/* ---- What is seen -------------------------------------------------------------------------------- */

/* Features must be as wide as those the model learned from. */
static rf_status check_width(const setup *u, const cap_sight *due, const char *from)
{
    const cap_sight *s = &u->x.n.sight;
    if (s->rows == due->rows && s->columns == due->columns && s->channels == due->channels)
        return RF_OK;
    return rf_fail(u->err, RF_EINVAL,
                   "%s: %lld x %lld vectors of %lld a picture where the model learned from "
                   "%lld x %lld of %lld",
                   from, (long long)s->rows, (long long)s->columns, (long long)s->channels,
                   (long long)due->rows, (long long)due->columns, (long long)due->channels);
}

/* All names in a file of features, in their order. */
static rf_status all_rows(setup *u)
{
    const cap_features *f = &u->features;
    u->n = f->n;
    if (!rf_resize(&u->file, (size_t)f->n, sizeof *u->file)) return no_memory(u);
    memset(u->file, 0, (size_t)f->n * sizeof *u->file);
    for (size_t i = 0; i < rf_map_count(f->number); i++) {
        int64_t row;
        const char *name = rf_map_at(f->number, i, NULL, &row);
        if (!u->file[row]) u->file[row] = name;
    }
    return RF_OK;
}

static rf_status see_features(setup *u)
{
    const char *path = option(u, DESCRIBE_FEATURES)->as.s;
    const char *what = u->x.v[TRAIN_POOLED].as.i ? "features" : "map";
    const cap_sight due = u->x.n.sight;
    rf_status st = cap_features_read(&u->features, path, what, u->err);
    if (st) return st;
    cap_sight_give(&u->x.n.sight, &u->features);
    st = check_width(u, &due, path);
    return !st && !u->n ? all_rows(u) : st;
}

static rf_status see_encoded(setup *u)
{
    const char *folder = option(u, DESCRIBE_ENCODER)->as.s;
    const cap_sight due = u->x.n.sight;
    u->encoder = cap_encoder_open(folder, u->err);
    if (!u->encoder) return u->err->status;
    if (u->x.encoder.n && strcmp(u->x.encoder.s, cap_encoder_name(u->encoder)))
        return rf_fail(u->err, RF_EINVAL, "--encoder: is %s where the model learned through %s",
                       cap_encoder_name(u->encoder), u->x.encoder.s);
    cap_encoding e = {.encoder = u->encoder,
                      .d = u->x.d,
                      .pictures = {.crop = u->x.v[TRAIN_CROP].as.f, .host = u->s->host},
                      .pooled = u->x.v[TRAIN_POOLED].as.i};
    memcpy(e.pictures.background, u->background, sizeof u->background);
    const rf_status st = cap_encode_all(&e, u->file, u->n, &u->features, u->err);
    if (st) return st;
    cap_sight_give(&u->x.n.sight, &u->features);
    return check_width(u, &due, folder);
}

/* Before batches: features of all pictures. */
static rf_status see_all(setup *u)
{
    const bool given = option(u, DESCRIBE_FEATURES)->as.s,
               encoder = option(u, DESCRIBE_ENCODER)->as.s;
    if (u->x.n.sight.kind != CAP_GIVEN) {
        if (given || encoder)
            return rf_fail(u->err, RF_EINVAL,
                           "--%s: %s looks at the pictures itself, or not at all",
                           given ? "features" : "encoder", u->r->model ? u->r->model : "the model");
    } else if (given) {
        return see_features(u);
    } else if (encoder) {
        return u->n ? see_encoded(u) : RF_OK;
    } else {
        return rf_fail(u->err, RF_EINVAL,
                       "--features or --encoder: is needed, as the model learned from features%s%s",
                       u->x.encoder.n ? " of " : "", u->x.encoder.n ? u->x.encoder.s : "");
    }
    return RF_OK;
}

/* Rows of the pictures of a batch of B. */
static rf_status see_batch(setup *u, rf_index B)
{
    cap_sight *s = &u->x.n.sight;
    for (rf_index b = 0; b < B; b++) {
        u->row[b] = s->kind == CAP_BLIND ? -1 : (int32_t)b;
        if (s->kind != CAP_GIVEN) continue;
        u->row[b] = (int32_t)cap_features_find(&u->features, u->file[u->from + b]);
        if (u->row[b] < 0)
            return rf_fail(u->err, RF_EINVAL, "%s: has no features of %s",
                           option(u, DESCRIBE_FEATURES)->as.s, u->file[u->from + b]);
    }
    if (s->kind != CAP_SEEN) return RF_OK;
    cap_pictures_spec spec = {.size = s->size,
                              .crop = u->x.v[TRAIN_CROP].as.f,
                              .grey = s->planes == 1,
                              .host = u->s->host};
    memcpy(spec.background, u->background, sizeof spec.background);
    cap_pictures_free(&u->pixels);
    const rf_status st = cap_pictures_read(&u->pixels, &spec, u->file + u->from, B, u->err);
    s->pixel = u->pixels.pixel;
    return st;
}

/* ---- Answers ------------------------------------------------------------------------------------- */

static rf_status draw(setup *u, rf_index picture, const cap_answer *a)
{
    const char *path = u->file[picture];
    cap_image im = {0}, small = {0};
    rf_status st = RF_OK;
    if (u->drawn != picture) {
        st = cap_image_read(&im, path, u->background, u->err);
        if (!st)
            st = cap_image_resize(&im, u->x.v[TRAIN_CROP].as.f, 2 * CAP_OVERLAY_SIDE,
                                  2 * CAP_OVERLAY_SIDE, &small, u->err);
        if (!st) st = cap_overlay_picture(&u->overlay, &small, u->err);
        cap_image_free(&im);
        cap_image_free(&small);
        u->drawn = picture;
    }
    const cap_looking l = {.title = u->text.s,
                           .n = a->n,
                           .word = a->word,
                           .attention = a->attention,
                           .rows = u->x.n.sight.rows,
                           .columns = u->x.n.sight.columns};
    return st ? st : cap_overlay_add(&u->overlay, &l, u->err);
}

static rf_status send(const setup *u, rf_index picture, int language, rf_index rank,
                      const cap_answer *a)
{
    const rf_index words[] = {a->n};
    const rf_index map[] = {a->n, u->x.n.sight.rows, u->x.n.sight.columns};
    const bool weights = option(u, DESCRIBE_ATTENTION)->as.i;
    const size_t places = a->attention ? 3 : 0;
    const rf_field row[] = {rf_field_string("file", u->file[picture]),
                            rf_field_string("language", cap_languages[language]),
                            rf_field_int("rank", rank + 1),
                            rf_field_string("description", u->text.s),
                            rf_field_real("score", a->score),
                            rf_field_real("log_p", a->logp),
                            rf_field_strings("words", a->word, words, 1),
                            rf_field_reals("attention", a->attention, map, 3)};
    if (weights) return rf_emit_record(u->s->host, picture, "description", row, places ? 8 : 7);
    if (option(u, DESCRIBE_NBEST)->as.i)
        return rf_emit_record(u->s->host, picture, "description", row, 6);
    const rf_field brief[] = {row[0], row[1], row[3]};
    return rf_emit_record(u->s->host, picture, "description", brief, 3);
}

/* Answer of wish i: those of a picture are one after the other. */
static rf_status each(void *ctx, rf_index i, rf_index rank, const cap_answer *a, rf_error *err)
{
    setup *u = ctx;
    const rf_index picture = u->from + i / u->languages;
    (void)err;
    rf_str_clear(&u->text);
    cap_words_join(u->wish[i].language, a->words, strlen(a->words), &u->text);
    rf_str_put(&u->text, "");
    if (u->text.failed) return no_memory(u);
    rf_status st = send(u, picture, u->wish[i].language, rank, a);
    if (!st && !rank && option(u, DESCRIBE_SVG)->as.s) st = draw(u, picture, a);
    return st;
}

/* ---- The verb ------------------------------------------------------------------------------------ */

static rf_status tell(void *watcher, double done, double total)
{
    const setup *u = watcher;
    (void)total;
    return u->s->host->progress(u->s->host, (double)u->from + done / (double)u->languages,
                                (double)u->n, "pictures");
}

static rf_status open_model(setup *u)
{
    char path[4096];
    if (u->r->model) return cap_model_open(&u->x, u->r->model, u->r, u->err);
    if (!u->s->host->data_path(u->s->host, INSTALLED, path, sizeof path))
        return cap_model_open(&u->x, path, u->r, u->err);
    return rf_fail(u->err, RF_EINVAL, "--model: is needed, as no " INSTALLED " is installed");
}

/* Which languages: what is asked for, of what the model knows. */
static rf_status choose_languages(setup *u)
{
    const int64_t asked = option(u, DESCRIBE_LANGUAGE)->as.i;
    for (int l = 0; l < CAP_LANGUAGES; l++)
        if ((asked == CAP_BOTH || asked == l) && cap_model_knows(&u->x, l))
            u->language[u->languages++] = l;
    if (u->languages) return RF_OK;
    return rf_fail(u->err, RF_EINVAL, "--language %s: the model has not learned it",
                   cap_languages[asked]);
}

static rf_status check(setup *u)
{
    const bool svg = option(u, DESCRIBE_SVG)->as.s;
    if (svg && (u->x.v[TRAIN_ATTENTION].as.i > RF_ATTENTION_GENERAL ||
                cap_sight_places(&u->x.n.sight) < 2))
        return rf_fail(u->err, RF_EINVAL, "--svg: the model does not attend to places");
    if (!u->r->arg_count && !option(u, DESCRIBE_FEATURES)->as.s)
        return rf_fail(u->err, RF_EINVAL, "IMAGE: is needed, or --features");
    return cap_colour_parse(option(u, DESCRIBE_BACKGROUND)->as.s, "--background", u->background,
                            u->err);
}

static rf_status prepare(setup *u)
{
    rf_status st = open_model(u);
    if (!st) st = choose_languages(u);
    if (!st) st = check(u);
    if (st) return st;
    u->n = u->r->arg_count;
    if (!rf_resize(&u->file, (size_t)u->n + 1, sizeof *u->file)) return no_memory(u);
    for (rf_index i = 0; i < u->n; i++) u->file[i] = u->r->arg[i];
    st = see_all(u);
    if (st) return st;
    const rf_index best = (rf_index)option(u, DESCRIBE_NBEST)->as.i;
    const rf_index beam = (rf_index)option(u, DESCRIBE_BEAM)->as.i;
    u->q = (cap_search){.words = u->x.words,
                        .net = &u->x.n,
                        .d = u->x.d,
                        .g = u->x.g,
                        .B = (rf_index)option(u, DESCRIBE_BATCH)->as.i * u->languages,
                        .beam = beam > best ? beam : best,
                        .best = best ? best : 1,
                        .alpha = option(u, DESCRIBE_PENALTY)->as.f,
                        .most = (rf_index)option(u, DESCRIBE_MAX)->as.i,
                        .no_repeat = (int32_t)option(u, DESCRIBE_REPEAT)->as.i,
                        .attention =
                            option(u, DESCRIBE_ATTENTION)->as.i || option(u, DESCRIBE_SVG)->as.s,
                        .each = each,
                        .ctx = u,
                        .tell = tell,
                        .watcher = u};
    return cap_search_begin(&u->q, u->err);
}

/* The next B pictures. */
static rf_status describe_batch(setup *u, rf_index B)
{
    rf_status st = see_batch(u, B);
    for (rf_index i = 0; i < B * u->languages; i++)
        u->wish[i] = (cap_wish){u->row[i / u->languages], u->language[i % u->languages]};
    return st ? st : cap_search_run(&u->q, u->wish, B * u->languages, false, u->err);
}

static rf_status describe(setup *u)
{
    rf_status st = prepare(u);
    if (st) return st;
    const char *svg = option(u, DESCRIBE_SVG)->as.s;
    const rf_index batch = u->q.B / u->languages;
    u->row = calloc((size_t)batch, sizeof *u->row);
    u->wish = calloc((size_t)u->q.B, sizeof *u->wish);
    if (!u->row || !u->wish) return no_memory(u);
    for (u->from = 0; u->from < u->n && !st; u->from += batch)
        st = describe_batch(u, u->n - u->from < batch ? u->n - u->from : batch);
    if (st || !svg) return st;
    st = cap_overlay_write(&u->overlay, svg, u->err);
    return st ? st : rf_emit_plot(u->s->host, svg);
}

rf_status cap_describe(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .drawn = -1, .err = &err};
    const rf_status st = describe(&u);
    cap_search_end(&u.q);
    cap_overlay_free(&u.overlay);
    cap_features_free(&u.features);
    cap_pictures_free(&u.pixels);
    cap_encoder_free(u.encoder);
    cap_model_close(&u.x);
    free(u.file);
    free(u.row);
    free(u.wish);
    rf_str_free(&u.text);
    return rf_session_end(s, st, &err);
}
